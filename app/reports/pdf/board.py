"""The board of a campaign as a PDF on wide paper: stages, means of the sections, units by sections, who needs support, what is missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from reportlab.pdfgen.canvas import Canvas

from app.reports.pdf.charts import ALERT, RULE, TINT, pen
from app.reports.pdf.document import (
    WIDE,
    Cell,
    Drawing,
    Flow,
    Furniture,
    Metadata,
    Row,
    write_document,
)
from app.reports.pdf.fonts import Weight
from app.reports.pdf.tables import BODY, LABEL, SMALL, SMALL_BOLD, SMALL_RIGHT, TableMaker, centred
from app.reports.pdf.typesetting import BLACK, INK, QUIET, WHITE, Align, Colour, Style, Typesetter
from app.reports.rules.campaign import BoardCell, BoardLine, BoardMean, BoardStage, CampaignReport

TITLE: Final = "情報セキュリティ自己点検　全庁の状況"
_WIDTH: Final = WIDE.measure
_TITLE: Final = Style(17.0, 24.0, weight=Weight.BOLD)
_UNDER_TITLE: Final = Style(9.0, 13.0, colour=QUIET)
_FIGURE: Final = replace(SMALL_BOLD, align=Align.RIGHT)
# Each step darker than the one before, so that a grey print tells them apart; the number stands in every cell.
_TONES: Final[tuple[tuple[Colour, Style], ...]] = (
    (WHITE, centred(SMALL)),
    ((1.0, 0.93, 0.87), centred(SMALL)),
    ((1.0, 0.76, 0.60), centred(SMALL)),
    ((1.0, 0.55, 0.27), centred(replace(SMALL_BOLD, colour=BLACK))),
    ((0.54, 0.19, 0.0), centred(replace(SMALL_BOLD, colour=WHITE))),
)
_NO_FIGURE: Final = centred(replace(SMALL, colour=QUIET))
_STAGES: Final[dict[str, tuple[Colour, Colour]]] = {
    "1": ((0.0, 0.07, 0.42), WHITE),
    "2": ((0.30, 0.47, 0.96), BLACK),
    "3": ((0.77, 0.84, 0.98), BLACK),
    "4": (WHITE, BLACK),
    "5": ((0.90, 0.90, 0.90), BLACK),
    "bad": (ALERT, WHITE),
}
"""Ground and figure of each part of the bar."""


def render(report: CampaignReport) -> bytes:
    """The board of a report. The same report always gives the same bytes."""
    maker, flow = TableMaker(Typesetter(), _WIDTH), Flow(paper=WIDE)
    _place_title(flow, report, maker=maker)
    _place_stages(flow, report.board.stages, maker=maker)
    _place_means(flow, report, maker=maker)
    flow.new_page()
    _place_heat(flow, report, maker=maker)
    flow.new_page()
    _place_support(flow, report, maker=maker)
    _place_dropped(flow, report, maker=maker)
    _place_missed(flow, report, maker=maker)
    return write_document(
        flow, furniture=_furniture(report), metadata=_metadata(report), typesetter=maker.typesetter
    )


def _furniture(report: CampaignReport) -> Furniture:
    return Furniture(
        classification=report.imprint.classification,
        notice="",
        first_right="",
        running_right=f"全庁の状況　{report.campaign_title}",
        footer=(
            f"{report.campaign_title}　{report.checklist_title} {report.edition_label}",
            f"{report.imprint.city}　{report.imprint.generated_at} 現在",
        ),
        stamp="",
    )


def _metadata(report: CampaignReport) -> Metadata:
    return Metadata(
        title=f"{TITLE}　{report.campaign_title}",
        author=report.imprint.city,
        subject=report.campaign_title,
        keywords=f"{report.edition_label}, edition:{report.edition_digest}",
        creator=report.imprint.city,
        made_at=report.imprint.made_at,
    )


def _place_title(flow: Flow, report: CampaignReport, *, maker: TableMaker) -> None:
    board = report.board
    flow.bookmark("全庁の状況", level=0)
    flow.add(maker.typesetter.single(TITLE, style=_TITLE, measure=_WIDTH))
    under = f"{report.imprint.city}　{report.campaign_title}　{report.imprint.generated_at} 現在"
    flow.add(maker.typesetter.single(under, style=_UNDER_TITLE, measure=_WIDTH))
    flow.gap(6)
    facts = [
        ("対象", f"{report.total}件（対象から除外 {report.excluded}件を含まない）"),
        ("提出", f"{report.handed_in}件（回答率 {report.answer_rate_text}）"),
        ("確定", f"{report.signed_off}件"),
        ("点検票", f"{report.checklist_title} {report.edition_label}"),
        ("得点", f"{board.measure}　{board.scored}件の平均 {board.whole.now.text}"),
        ("目標", board.target),
        *((label, day.text) for label, day in report.dates),
    ]
    flow.add(maker.facts(facts, columns=3))


# --- stages --------------------------------------------------------------------------------------


def _place_stages(flow: Flow, stages: Sequence[BoardStage], *, maker: TableMaker) -> None:
    flow.gap(12)
    flow.bookmark("提出と審査の進み具合", level=0)
    flow.add(maker.heading("提出と審査の進み具合", aside="点検票の数"))
    flow.gap(4)
    flow.add(_bar(stages, maker=maker))
    flow.gap(4)
    width = _WIDTH / max(1, len(stages))
    head = maker.head([(stage.label, width, Align.CENTRE) for stage in stages])
    counts = [
        maker.cell(f"{stage.count}件\n{stage.detail}".strip(), width=width, style=centred(SMALL))
        for stage in stages
    ]
    flow.rows([Row(tuple(counts), grid=RULE)], head=head, again=head)


def _bar(stages: Sequence[BoardStage], *, maker: TableMaker) -> Drawing:
    """The bar of the page: what is too narrow for its figure has it in the table below."""
    total = sum(stage.count for stage in stages)
    height, least = 18.0, 16.0

    def paint(canvas: Canvas, x: float, top: float) -> None:
        for stage in stages:
            width = _WIDTH * stage.count / total if total else 0.0
            if not width:
                continue
            ground, ink = _STAGES[stage.tone]
            with pen(canvas, stroke=INK, fill=ground, width=0.5):
                canvas.rect(x, top - height, width, height, stroke=1, fill=1)
            if width >= least:
                style = centred(replace(SMALL_BOLD, colour=ink))
                maker.typesetter.single(str(stage.count), style=style, measure=width).draw(
                    canvas, x, top - 3.0
                )
            x += width

    return Drawing(height, paint)


# --- means of the sections -----------------------------------------------------------------------

_MEANS: Final = (
    ("番号", 44.0, Align.CENTRE),
    ("分野", _WIDTH - 384.0, Align.LEFT),
    ("今回", 90.0, Align.RIGHT),
    ("前回", 90.0, Align.RIGHT),
    ("目標", 90.0, Align.RIGHT),
    ("見方", 70.0, Align.CENTRE),
)


def _place_means(flow: Flow, report: CampaignReport, *, maker: TableMaker) -> None:
    board = report.board
    flow.gap(12)
    flow.bookmark("分野別の平均", level=0)
    flow.add(maker.heading("分野別の平均", aside=f"{board.measure}　{board.scored}件"))
    head = maker.head(_MEANS)
    rows = [_mean_row(mean, target=board.target, maker=maker) for mean in (*board.means, board.whole)]
    flow.rows(rows, head=head, again=head)


def _mean_row(mean: BoardMean, *, target: str, maker: TableMaker) -> Row:
    word = "目標未満" if mean.low else "" if mean.now.percent is None else "達成"
    texts = (mean.number, mean.title, mean.now.text, mean.last.text, target, word)
    styles = (
        centred(SMALL),
        SMALL,
        _FIGURE,
        SMALL_RIGHT,
        SMALL_RIGHT,
        centred(SMALL_BOLD if mean.low else SMALL),
    )
    return _row(texts, styles, widths=[width for _, width, _ in _MEANS], maker=maker)


def _row(texts: Iterable[str], styles: Iterable[Style], *, widths: Iterable[float], maker: TableMaker) -> Row:
    cells = (
        maker.cell(text, width=width, style=style)
        for text, style, width in zip(texts, styles, widths, strict=True)
    )
    return Row(tuple(cells), grid=RULE, pad=2.2)


# --- units by sections ---------------------------------------------------------------------------

_UNIT: Final = 130.0
_STATE: Final = 74.0
_SCORE: Final = 54.0
_CHANGE: Final = 48.0
_NARROW: Final = 6.9
"""Six characters of a section's name stand in one line above nine sections."""


def _place_heat(flow: Flow, report: CampaignReport, *, maker: TableMaker) -> None:
    board = report.board
    flow.bookmark("所属 × 分野の得点", level=0)
    flow.add(maker.heading("所属 × 分野の得点", aside=f"{board.measure}　{board.order}"))
    flow.add(_key(maker=maker))
    flow.gap(3)
    width = (_WIDTH - _UNIT - _STATE - _SCORE - _CHANGE) / max(1, len(board.means))
    head = maker.head(
        [
            ("所属", _UNIT, Align.LEFT),
            ("状態", _STATE, Align.CENTRE),
            *((mean.short, width, Align.CENTRE) for mean in board.means),
            ("総合", _SCORE, Align.RIGHT),
            ("前回比", _CHANGE, Align.RIGHT),
        ],
        size=_NARROW,
    )
    flow.rows([_heat_row(line, width=width, maker=maker) for line in board.lines], head=head, again=head)


def _key(*, maker: TableMaker) -> Row:
    words = ("90以上", "80台", "70台", "60台", "!59以下")
    cells = [
        maker.cell(word, width=60.0, style=style, fill=fill)
        for word, (fill, style) in zip(words, _TONES, strict=True)
    ]
    note = "得点の割合（小数点以下は切り捨て）。「・」は対象の項目なし、「―」は集計なし。"
    return Row((*cells, maker.cell(note, width=_WIDTH - 300.0, style=LABEL)), grid=RULE, pad=1.5)


def _heat_row(line: BoardLine, *, width: float, maker: TableMaker) -> Row:
    cells = (
        maker.cell(line.name, width=_UNIT, style=SMALL_BOLD),
        maker.cell(line.state, width=_STATE, style=centred(SMALL)),
        *(_heat_cell(cell, width=width, maker=maker) for cell in line.cells),
        maker.cell(line.score.text, width=_SCORE, style=_FIGURE),
        maker.cell(line.change, width=_CHANGE, style=SMALL_RIGHT),
    )
    return Row(cells, grid=RULE, pad=1.8)


def _heat_cell(cell: BoardCell, *, width: float, maker: TableMaker) -> Cell:
    if cell.tone is None:
        return maker.cell(cell.text, width=width, style=_NO_FIGURE, fill=TINT)
    fill, style = _TONES[cell.tone]
    return maker.cell(cell.text, width=width, style=style, fill=fill)


# --- lists ---------------------------------------------------------------------------------------

_LISTED: Final = (
    ("部", 130.0, Align.LEFT),
    ("所属", 170.0, Align.LEFT),
    ("得点", 60.0, Align.RIGHT),
    ("前回比", 54.0, Align.RIGHT),
    ("理由", _WIDTH - 414.0, Align.LEFT),
)
_MISSED: Final = (
    ("番号", 50.0, Align.CENTRE),
    ("点検項目", _WIDTH - 120.0, Align.LEFT),
    ("所属数", 70.0, Align.RIGHT),
)


def _place_support(flow: Flow, report: CampaignReport, *, maker: TableMaker) -> None:
    more = "情報主管課・監査・委員会だけに示す"
    if report.board.support_more:
        more = f"ほか{report.board.support_more}件　{more}"
    _place_lines(flow, "支援が必要な所属", report.board.support, aside=more, maker=maker)
    note = "訪問や相談の順を決めるためのもので、所属の順位ではありません。"
    flow.add(maker.text(note, width=_WIDTH, style=LABEL))


def _place_dropped(flow: Flow, report: CampaignReport, *, maker: TableMaker) -> None:
    _place_lines(flow, "前回から下がった所属", report.board.dropped, aside="", maker=maker)


def _place_lines(
    flow: Flow, title: str, lines: Sequence[BoardLine], *, aside: str, maker: TableMaker
) -> None:
    rows = [
        _row(
            (line.department, line.name, line.score.text, line.change, line.reasons or "―"),
            (SMALL, SMALL_BOLD, _FIGURE, SMALL_RIGHT, SMALL),
            widths=[width for _, width, _ in _LISTED],
            maker=maker,
        )
        for line in lines
    ]
    _place_table(flow, title, rows, columns=_LISTED, aside=aside, maker=maker)


def _place_missed(flow: Flow, report: CampaignReport, *, maker: TableMaker) -> None:
    rows = [
        _row(
            (one.number, one.statement, str(one.units)),
            (centred(SMALL), SMALL, _FIGURE),
            widths=[width for _, width, _ in _MISSED],
            maker=maker,
        )
        for one in report.board.missed
    ]
    _place_table(flow, "未達の多い項目", rows, columns=_MISSED, aside="", maker=maker)


def _place_table(
    flow: Flow,
    title: str,
    rows: Sequence[Row],
    *,
    columns: Sequence[tuple[str, float, Align]],
    aside: str,
    maker: TableMaker,
) -> None:
    heading, head = maker.heading(title, aside=aside), maker.head(columns)
    flow.gap(10)
    # A heading stays with the head of its table and the first two rows.
    flow.keep(heading.height + head.height + sum(row.height for row in rows[:2]))
    flow.bookmark(title, level=0)
    flow.add(heading)
    if rows:
        flow.rows(rows, head=head, again=head)
    else:
        flow.add(maker.text("いまのところありません。", width=_WIDTH, style=BODY))
