"""The annexes of the inspection result: how the score was made, who approved what, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reportlab.pdfgen.canvas import Canvas

from app.reports.pdf.document import WIDTH, Flow, Row
from app.reports.pdf.fonts import GETA
from app.reports.pdf.tables import BODY, BODY_BOLD, FINE, SMALL, SMALL_BOLD, SMALL_RIGHT, TableMaker
from app.reports.pdf.typesetting import Align, Style
from app.reports.rules import Approval, EvidenceLine, InspectionReport, ScoreLine, verification_number


def place_annexes(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    """Place the annexes, each beginning where the one before ends."""
    flow.bookmark("別紙", level=0)
    _place_score(flow, report, maker=maker)
    _place_approvals(flow, report, maker=maker)
    _place_evidence(flow, report, maker=maker)
    _place_pieces(flow, report, maker=maker)
    _place_replacements(flow, maker=maker)


# --- 1: the score --------------------------------------------------------------------------------

_NUMBER, _LEVEL, _POINTS = 32.0, 72.0, 27.0
_GUTTER = 14.0
_HALF = (WIDTH - _GUTTER) / 2
_NOTE = _HALF - _NUMBER - _LEVEL - 3 * _POINTS
_CHUNK = 80  # two columns of 40 lines fill a page: down the left column, then down the right


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two rows side by side, equally high."""

    left: Row
    right: Row | None

    @property
    def height(self) -> float:
        return self.left.height

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        self.left.draw(canvas, x, top)
        if self.right is not None:
            self.right.draw(canvas, x + _HALF + _GUTTER, top)


def _pair(left: Row, right: Row | None) -> _Pair:
    height = max(left.height, right.height if right else 0.0)
    return _Pair(replace(left, least=height), replace(right, least=height) if right else None)


def _place_score(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    flow.bookmark("別紙1　得点の計算", level=1)
    flow.add(maker.heading("別紙1　得点の計算", aside=report.method_name))
    if not report.score_lines:
        flow.add(maker.text("得点は、まだ計算されていません。", width=WIDTH, style=BODY))
    for text, style in (
        (report.score_basis, BODY),
        (report.score_formula, BODY_BOLD),
        (report.grade_note, BODY),
    ):
        if text:
            flow.add(maker.text(text, width=WIDTH, style=style))
    flow.gap(5)
    head = _pair(_score_head(maker=maker), _score_head(maker=maker))
    for at in range(0, len(report.score_lines), _CHUNK):
        rows = [_score_row(line, maker=maker) for line in report.score_lines[at : at + _CHUNK]]
        half = (len(rows) + 1) // 2
        flow.rows(map(_pair, rows[:half], [*rows[half:], None]), head=head, again=head)
        flow.gap(10)
    flow.gap(12)


def _score_head(*, maker: TableMaker) -> Row:
    return maker.head(
        [
            ("番号", _NUMBER, Align.LEFT),
            ("判定", _LEVEL, Align.LEFT),
            ("重み", _POINTS, Align.RIGHT),
            ("得点", _POINTS, Align.RIGHT),
            ("満点", _POINTS, Align.RIGHT),
            ("備考", _NOTE, Align.LEFT),
        ]
    )


def _score_row(line: ScoreLine, *, maker: TableMaker) -> Row:
    return Row(
        (
            maker.cell(line.number, width=_NUMBER, style=SMALL_BOLD),
            maker.level_in_line(line.level, width=_LEVEL),
            maker.cell(line.weight_text, width=_POINTS, style=SMALL_RIGHT),
            maker.cell(line.earned_text, width=_POINTS, style=SMALL_RIGHT),
            maker.cell(line.possible_text, width=_POINTS, style=SMALL_RIGHT),
            maker.cell(line.note, width=_NOTE, style=FINE),
        ),
        pad=1.2,
    )


# --- 2: approvals --------------------------------------------------------------------------------

_APPROVAL_COLUMNS = (
    ("段階", 58.0),
    ("職・氏名", 98.0),
    ("資格", 84.0),
    ("日時", 104.0),
    ("承認した内容の照合値", WIDTH - 344.0),
)


_DIGEST = Style(6.4, 9.5)  # half of 64 hexadecimal digits always fits into its column


def _place_approvals(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    last = report.sign_off or (report.ending.decision if report.ending else None)
    decisions = [*report.approvals, *([last] if last else [])]
    heading = maker.heading("別紙2　承認の経過")
    flow.keep(heading.height + 60)
    flow.bookmark("別紙2　承認の経過", level=1)
    flow.add(heading)
    if decisions:
        head = maker.head([(name, width, Align.LEFT) for name, width in _APPROVAL_COLUMNS])
        flow.rows([_approval_row(each, maker=maker) for each in decisions], head=head, again=head)
    else:
        flow.add(maker.text("まだ承認されていません。", width=WIDTH, style=BODY))
    flow.gap(18)


def _approval_row(approval: Approval, *, maker: TableMaker) -> Row:
    step, name, capacity, time, digest = (width for _name, width in _APPROVAL_COLUMNS)
    return Row(
        (
            maker.cell(approval.step, width=step, style=SMALL_BOLD),
            maker.cell(f"{approval.post}\n{approval.name}".strip("\n"), width=name),
            maker.cell(f"{approval.capacity}\n{approval.note}".strip("\n"), width=capacity),
            maker.cell(approval.at_text, width=time),
            maker.cell(_in_two_lines(approval.digest), width=digest, style=_DIGEST),
        )
    )


def _in_two_lines(digest: str) -> str:
    half = (len(digest) + 1) // 2
    return f"{digest[:half]}\n{digest[half:]}" if digest else "―"


# --- 3: edition, method, digests -----------------------------------------------------------------


def _place_evidence(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    heading = maker.heading("別紙3　版と照合値")
    facts = maker.facts(_evidence(report), label_width=104.0)
    flow.keep(heading.height + facts.height)
    flow.bookmark("別紙3　版と照合値", level=1)
    flow.add(heading)
    flow.add(facts)
    flow.gap(14)


def _evidence(report: InspectionReport) -> list[tuple[str, str]]:
    seal = report.journal_seal
    return [
        ("点検票と版", f"{report.checklist_title} {report.edition_label}"),
        ("版の照合値", report.edition_digest),
        ("採点方法", report.method_name),
        ("採点方法の照合値", report.method_digest or "―"),
        ("点検結果の回", f"第{report.revision_number}回"),
        ("点検結果の照合値", report.revision_digest or "―"),
        ("照合番号", verification_number(report.revision_digest)),
        ("操作ログの封印", f"第{seal.sequence}号" if seal else "―"),
        ("封印の照合値", seal.digest if seal else "―"),
        ("作成", report.generated_at),
    ]


# --- 4: what shows that the answers are true (only where something was given) ---------------------

_PIECE_COLUMNS = (
    ("番号", 34.0),
    ("証跡", 128.0),
    ("ファイル名・文書番号・場所", WIDTH - 34.0 - 128.0 - 110.0 - 96.0),
    ("いつの状態か（有効期限）", 110.0),
    ("ファイルの照合番号", 96.0),
)


def _place_pieces(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    if not report.evidence:
        return
    heading = maker.heading("別紙4　証跡の一覧")
    flow.keep(heading.height + 60)
    flow.bookmark("別紙4　証跡の一覧", level=1)
    flow.add(heading)
    head = maker.head([(name, width, Align.LEFT) for name, width in _PIECE_COLUMNS])
    flow.rows([_piece_row(one, maker=maker) for one in report.evidence], head=head, again=head)
    flow.gap(18)


def _piece_row(line: EvidenceLine, *, maker: TableMaker) -> Row:
    number, title, place, days, digest = (width for _name, width in _PIECE_COLUMNS)
    until = f"\n（{line.expires_on}まで）" if line.expires_on else ""
    return Row(
        (
            maker.cell(line.number, width=number, style=SMALL_BOLD),
            maker.cell(line.title, width=title),
            maker.cell(line.whereabouts, width=place),
            maker.cell(f"{line.stands_for}{until}", width=days),
            maker.cell(verification_number(line.digest), width=digest, style=_DIGEST),
        )
    )


# --- 5: what could not be printed ----------------------------------------------------------------


def _place_replacements(flow: Flow, *, maker: TableMaker) -> None:
    missing = sorted(maker.typesetter.missing)
    if not missing:
        return
    codes = "、".join(f"U+{ord(char):04X}" for char in missing)
    text = f"この文書の文字にないため「{GETA}」で示した文字: {codes}。元の文字は、システムの記録にあります。"
    flow.add(maker.text(text, width=WIDTH, style=SMALL))
