"""The result of one department's inspection as a workbook: the same facts as the PDF, one row an item, for further work.

Sheets: 概要 (figures, dates, approvals, seals), 回答 (every item), 分野別 (scores and counts), 経過 (steps and returns).
"""

from collections.abc import Iterator
from typing import Final

from app.reports.excel.book import About, Book, Column, Look, Value
from app.reports.excel.figures import day_cells, points
from app.reports.rules import (
    Approval,
    CourseLine,
    InspectionReport,
    LevelCount,
    LevelMark,
    ReportItem,
    ScoreFigure,
    SectionLine,
    Standing,
    verification_number,
)

Cell = tuple[Value, Look]
_APART: Final = frozenset({LevelMark.UNKNOWN, LevelMark.UNANSWERED})
"""Always counted on lines of their own."""
_SUMMARY_WIDTHS: Final = (22, 50, 17, 36)
ITEM_COLUMNS: Final = (
    Column(title="番号", width=6, look=Look.CENTRE),
    Column(title="項目キー", width=8, look=Look.CENTRE),
    Column(title="分野", width=15),
    Column(title="点検項目", width=38),
    Column(title="重要", width=5, look=Look.CENTRE),
    Column(title="重み", width=5, look=Look.NUMBER),
    Column(title="今年の回答", width=9, look=Look.CENTRE),
    Column(title="説明", width=36),
    Column(title="対応の期限", width=13),
    Column(title="対応の期限（西暦）", width=11, look=Look.DAY),
    Column(title="前回の写し", width=6, look=Look.CENTRE),
    Column(title="前回の回答", width=9, look=Look.CENTRE),
    Column(title="審査の判断", width=10, look=Look.CENTRE),
    Column(title="審査後の評価", width=9, look=Look.CENTRE),
    Column(title="所見", width=28),
    Column(title="差戻しの回数", width=7, look=Look.NUMBER),
    Column(title="当てはまらない理由", width=15),
)
COURSE_COLUMNS: Final = (
    Column(title="日時", width=30),
    Column(title="日時（西暦）", width=17, look=Look.MOMENT),
    Column(title="できごと", width=26),
    Column(title="番号", width=7, look=Look.CENTRE),
    Column(title="職・氏名", width=26),
    Column(title="理由・所見・返信", width=54),
    Column(title="直す期限", width=20),
    Column(title="直す期限（西暦）", width=12, look=Look.DAY),
)


def render(report: InspectionReport) -> bytes:
    """The workbook of a report. The same report always gives the same bytes."""
    book = Book(_about(report))
    _place_summary(book, report)
    sections = {section.number: section for section in report.sections}
    book.table("回答", columns=ITEM_COLUMNS, rows=(_item(item, sections) for item in report.items), frozen=4)
    _place_sections(book, report)
    book.table("経過", columns=COURSE_COLUMNS, rows=map(_course, report.course))
    return book.finished()


def _about(report: InspectionReport) -> About:
    draft = "下書き（確定前）" if report.standing is Standing.DRAFT else ""
    number = f"文書番号 {report.document_number}" if report.document_number else ""
    marks = _joined(report.classification, draft, report.copy_mark or "")
    return About(
        title=f"{report.whole_title}　{report.fiscal_year}　{report.unit_name}",
        subject=f"{report.campaign_title}　{report.unit_path} {report.unit_name}",
        author=report.city,
        keywords=_joined(report.document_number, report.edition_label),
        made_at=report.made_at,
        classification=marks,
        header=f"{report.whole_title}　{report.unit_name}",
        footer=_joined(number, f"照合番号 {verification_number(report.revision_digest)}"),
    )


def _joined(*texts: str) -> str:
    return "　".join(filter(None, texts))


# --- 概要 ----------------------------------------------------------------------------------------


def _place_summary(book: Book, report: InspectionReport) -> None:
    facts = book.facts(
        "概要",
        title=report.whole_title,
        under_title=f"{report.city}　{report.fiscal_year}　{_joined(report.unit_path, report.unit_name)}",
        widths=_SUMMARY_WIDTHS,
    )
    for heading, lines in (
        (("点検",), _what(report)),
        (("日付", "", "西暦"), _dates(report)),
        (("結果", "", "点・件"), _results(report)),
        (("承認の経過", "職・氏名", "日時（西暦）", "承認した内容の照合値"), _approvals(report)),
        (("版と照合値",), _evidence(report)),
        (("意見",), _statements(report)),
    ):
        shown = list(lines)
        if shown:
            facts.heading(*heading)
        for label, *cells in shown:
            facts.fact(label, *cells)


Fact = tuple[str, *tuple[Cell, ...]]


def _text(label: str, text: str) -> Fact:
    return (label, (text, Look.TEXT))


def _what(report: InspectionReport) -> Iterator[Fact]:
    yield _text("市", report.city)
    yield _text("所属", _joined(report.unit_path, report.unit_name))
    yield _text("点検実施", f"{report.campaign_title}（{report.kind}）")
    yield _text("点検票", _joined(report.checklist_title, report.edition_label))
    yield _text("点検結果の回", f"第{report.revision_number}回")
    yield _text("文書番号", report.document_number or "―")
    yield _text("取扱い", report.classification)
    if report.standing is Standing.DRAFT:
        yield _text("位置づけ", "下書き（確定前）")
    if report.copy_mark:
        yield _text("写し", report.copy_mark)
    if report.ending:
        yield _text(report.ending.decision.step, report.ending.sentence)
        yield _text("理由", report.ending.reason)


def _dates(report: InspectionReport) -> Iterator[Fact]:
    for label, day in report.dates:
        yield (label, (day.text, Look.TEXT), (day.day, Look.DAY))
    yield ("作成", (report.generated_at, Look.TEXT), (report.made_at, Look.MOMENT))


def _results(report: InspectionReport) -> Iterator[Fact]:
    missed = len(report.mandatory_misses)
    yield (
        "未達の重要項目",
        (f"重要 {report.mandatory_total}項目のうち {missed}項目", Look.TEXT),
        (missed, Look.NUMBER),
    )
    yield _text("総合評価", _joined(report.grade or "―", report.grade_note))
    yield _score("審査後の得点", report.reviewed_score)
    yield _score("自己点検の得点", report.self_score)
    yield _score(f"前回の得点（{report.last_fiscal_year}）", report.last_year_score)
    yield _text("得点の計算", _joined(report.score_basis, report.score_formula))
    yield _text("評価の区分", "　".join(f"{band.grade} {band.range_text}" for band in report.bands))
    yield _text("回答率", report.answer_rate_text)
    yield ("わからない", ("", Look.TEXT), (report.unknown_items, Look.NUMBER))
    yield ("未回答", ("", Look.TEXT), (report.unanswered_items, Look.NUMBER))
    for count in report.level_counts:
        if count.level.mark in _APART:
            continue
        yield (f"回答の内訳：{count.level.label}", ("", Look.TEXT), (count.items, Look.NUMBER))
    yield _text("前回の回答を写した項目", report.taken_over_text)
    yield _text("回答にかけた時間", report.time_text)
    yield _text("対応の期限のある項目", report.action_text)


def _score(label: str, figure: ScoreFigure | None) -> Fact:
    return (label, (figure.text if figure else "―", Look.TEXT), (points(figure), Look.SCORE))


def _approvals(report: InspectionReport) -> Iterator[Fact]:
    last = report.sign_off or (report.ending.decision if report.ending else None)
    for approval in (*report.approvals, *([last] if last else [])):
        yield (
            f"{approval.step}（{approval.capacity}）",
            (_who(approval), Look.TEXT),
            (approval.at, Look.MOMENT),
            (approval.digest or "―", Look.TEXT),
        )


def _who(approval: Approval) -> str:
    return "\n".join(filter(None, (_joined(approval.post, approval.name), approval.at_text, approval.note)))


def _evidence(report: InspectionReport) -> Iterator[Fact]:
    seal = report.journal_seal
    yield _text("版の照合値", report.edition_digest)
    yield _text("採点方法", report.method_name)
    yield _text("採点方法の照合値", report.method_digest or "―")
    yield _text("点検結果の照合値", report.revision_digest or "―")
    yield _text("照合番号", verification_number(report.revision_digest))
    yield _text("操作ログの封印", f"第{seal.sequence}号" if seal else "―")
    yield _text("封印の照合値", seal.digest if seal else "―")


def _statements(report: InspectionReport) -> Iterator[Fact]:
    for label, text in (
        ("所属長の意見", report.head_statement),
        ("情報主管課の所見", report.reviewer_statement),
    ):
        if text.strip():
            yield _text(label, text)


# --- 回答, 分野別, 経過 --------------------------------------------------------------------------------


def _item(item: ReportItem, sections: dict[str, SectionLine]) -> tuple[Value, ...]:
    section = sections.get(item.section_number)
    return (
        item.number,
        item.key,
        _joined(item.section_number, section.title if section else ""),
        item.statement,
        "重要" if item.is_mandatory else "",
        item.weight,
        item.level.label,
        item.comment,
        *day_cells(item.action_due),
        "写し" if item.is_taken_over else "",
        item.last_year.label if item.last_year else "",
        item.judgement.label if item.judgement else "",
        item.reviewed_level.label if item.reviewed_level else "",
        item.remark,
        item.returned_count,
        item.not_applicable_reason,
    )


def _place_sections(book: Book, report: InspectionReport) -> None:
    labels = list(dict.fromkeys(count.level.label for count in _counts(report)))
    columns = (
        Column(title="番号", width=7, look=Look.CENTRE),
        Column(title="分野", width=34),
        Column(title="自己点検（点）", width=11, look=Look.SCORE),
        Column(title="審査後（点）", width=11, look=Look.SCORE),
        Column(title="前回（点）", width=11, look=Look.SCORE),
        *(Column(title=label, width=10, look=Look.NUMBER) for label in labels),
    )
    book.table("分野別", columns=columns, rows=(_section(line, labels) for line in report.sections), frozen=2)


def _counts(report: InspectionReport) -> Iterator[LevelCount]:
    yield from report.level_counts
    for section in report.sections:
        yield from section.counts


def _section(line: SectionLine, labels: list[str]) -> tuple[Value, ...]:
    counts = {count.level.label: count.items for count in line.counts}
    scores = (line.self_score, line.reviewed_score, line.last_year_score)
    return (line.number, line.title, *map(points, scores), *(counts.get(label, 0) for label in labels))


def _course(line: CourseLine) -> tuple[Value, ...]:
    return (line.at_text, line.at, line.what, line.item_number, line.who, line.words, *day_cells(line.due))
