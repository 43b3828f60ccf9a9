"""Page 1 of the inspection result: who and when, figures, charts of the sections, approvals, statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.pdfgen.canvas import Canvas

from app.reports.pdf.charts import (
    MIN_AXES,
    TINT,
    Radar,
    ScoreSeries,
    SectionBars,
    SeriesLegend,
    draw_level,
    pen,
    series_of,
    text_of,
)
from app.reports.pdf.document import WIDTH, Block, Cell, Drawing, Flow, Row, Stack
from app.reports.pdf.fonts import Weight
from app.reports.pdf.tables import (
    BODY,
    BODY_BOLD,
    FINE,
    LABEL,
    SMALL,
    SMALL_BOLD,
    TableMaker,
    centred,
    top_rule,
)
from app.reports.pdf.typesetting import INK, Align, Paragraph, Style
from app.reports.rules import Approval, Ending, GradeBand, InspectionReport, LevelMark

_TITLE = Style(17.0, 24.0, weight=Weight.BOLD, align=Align.CENTRE)
_UNIT = Style(11.5, 16.0, weight=Weight.BOLD)
_CITY_RIGHT = Style(9.0, 16.0, align=Align.RIGHT)
_FIGURE = Style(21.0, 25.0, weight=Weight.BOLD, align=Align.CENTRE)
_FIGURE_QUIET = Style(15.0, 25.0, align=Align.CENTRE)
_NAME = Style(9.4, 13.0, align=Align.CENTRE)
_CHART_HEIGHT = 244.0
_RADAR_WIDTH = 200.0


def place_summary(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    """Place the first page (more if a city has very many sections or long statements)."""
    flow.bookmark("点検結果の概要", level=0)
    flow.add(_title(report, maker=maker))
    flow.add(maker.facts(_facts(report), columns=2))
    flow.gap(9)
    if report.ending:
        flow.add(_ending(report.ending, maker=maker))
        flow.gap(9)
    flow.add(_figures(report, maker=maker))
    flow.add(_counts(report, maker=maker))
    if report.bands:
        flow.add(_bands(report, maker=maker))
    if report.grade_note:
        flow.add(maker.text(report.grade_note, width=WIDTH))
    flow.gap(12)
    _place_charts(flow, report, maker=maker)
    flow.gap(12)
    flow.add(_stamps(report, maker=maker))
    _place_statements(flow, report, maker=maker)


def _title(report: InspectionReport, *, maker: TableMaker) -> Drawing:
    typesetter = maker.typesetter
    title = typesetter.single(report.whole_title, style=_TITLE, measure=WIDTH)
    unit = typesetter.single(f"{report.unit_path}　{report.unit_name}", style=_UNIT, measure=WIDTH * 0.6)
    city = typesetter.single(f"{report.city}　{report.fiscal_year}", style=_CITY_RIGHT, measure=WIDTH * 0.38)

    def paint(canvas: Canvas, x: float, top: float) -> None:
        title.draw(canvas, x, top - 2)
        unit.draw(canvas, x, top - 31)
        city.draw(canvas, x + WIDTH * 0.62, top - 31)

    return Drawing(51.0, paint)


def _facts(report: InspectionReport) -> list[tuple[str, str]]:
    return [
        ("点検実施", f"{report.campaign_title}（{report.kind}）"),
        ("基準日", report.base_date),
        ("点検票", f"{report.checklist_title} {report.edition_label}"),
        ("点検結果の回", f"第{report.revision_number}回"),
        ("文書番号", report.document_number or "―"),
        ("採点方法", report.method_name),
        (
            "前回の写し",
            f"写した項目 {report.taken_over_text}　回答の時間 {report.time_text}",
        ),
        ("対応の期限", report.action_text),
    ]


def _ending(ending: Ending, *, maker: TableMaker) -> Stack:
    """A frame that nobody overlooks: how the sheet ended, why, and who decided so when."""
    decision = ending.decision
    head = Row(
        (maker.cell(f"{decision.step}：{ending.sentence}", width=WIDTH, style=BODY_BOLD, fill=TINT),),
        grid=INK,
        line=INK,
    )
    who = f"{decision.post}　{decision.name}".strip("　")
    facts = [("理由", ending.reason), (decision.capacity, f"{who}　{decision.at_text}")]
    return Stack((top_rule(INK), head, maker.facts(facts)))


# --- figures -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tile:
    """A label, a large figure and a note."""

    label: Paragraph
    figure: Paragraph
    note: Paragraph
    height: float = 48.0

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        self.label.draw(canvas, x, top)
        self.figure.draw(canvas, x, top - 11)
        self.note.draw(canvas, x, top - 38)


def _figures(report: InspectionReport, *, maker: TableMaker) -> Stack:
    missed = len(report.mandatory_misses)
    tiles = (
        (
            "未達の重要項目",
            f"{missed}項目" if missed else "なし",
            f"重要 {report.mandatory_total}項目のうち",
            _FIGURE,
        ),
        ("総合評価", report.grade or "―", _grade_range(report), _FIGURE),
        ("審査後の得点", text_of(report.reviewed_score), "情報主管課の審査", _FIGURE),
        ("自己点検の得点", text_of(report.self_score), f"回答率 {report.answer_rate_text}", _FIGURE_QUIET),
        ("前回の得点", text_of(report.last_year_score), report.last_fiscal_year, _FIGURE_QUIET),
    )
    width = WIDTH / len(tiles)
    cells = [
        Cell(_tile(label, figure, note, width=width, style=style, maker=maker), width)
        for label, figure, note, style in tiles
    ]
    return Stack((top_rule(INK), Row(tuple(cells), grid=INK, line=INK)))


def _grade_range(report: InspectionReport) -> str:
    return next((band.range_text for band in report.bands if band.grade == report.grade), "")


def _tile(label: str, figure: str, note: str, *, width: float, style: Style, maker: TableMaker) -> _Tile:
    measure = width - 8
    single = maker.typesetter.single
    return _Tile(
        single(label, style=centred(LABEL), measure=measure),
        single(figure, style=style, measure=measure),
        single(note, style=centred(FINE), measure=measure),
    )


_APART = (LevelMark.UNKNOWN, LevelMark.UNANSWERED)


def _counts(report: InspectionReport, *, maker: TableMaker) -> Drawing:
    """One line: each level with shape, word and number; わからない and 未回答 stand apart at the right."""
    left = [
        (count.level.mark, f"{count.level.label} {count.items}")
        for count in report.level_counts
        if count.level.mark not in _APART
    ]
    right = [
        (LevelMark.UNKNOWN, f"わからない {report.unknown_items}"),
        (LevelMark.UNANSWERED, f"未回答 {report.unanswered_items}"),
    ]
    plain, apart = _Tally(left, SMALL, maker=maker), _Tally(right, SMALL_BOLD, maker=maker)

    def paint(canvas: Canvas, x: float, top: float) -> None:
        plain.draw(canvas, x + 2, top - 6)
        apart.draw(canvas, x + WIDTH - apart.width, top - 6)

    return Drawing(21.0, paint)


class _Tally:
    """Shapes with words and numbers in one line."""

    def __init__(self, counts: Sequence[tuple[LevelMark, str]], style: Style, *, maker: TableMaker) -> None:
        self._words = [
            (mark, maker.typesetter.single(text, style=style, measure=WIDTH)) for mark, text in counts
        ]
        self.width = sum(word.width + 26.0 for _mark, word in self._words) - 12.0

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        for mark, word in self._words:
            draw_level(canvas, mark, x=x + 4.5, y=top - 6.2, size=8.0)
            word.draw(canvas, x + 12.0, top)
            x += word.width + 26.0


def _bands(report: InspectionReport, *, maker: TableMaker) -> Drawing:
    """The table of grades in one line, the own one framed."""
    label = maker.typesetter.single("評価の区分", style=LABEL, measure=60)
    words = [_band_word(band, report.grade, maker=maker) for band in report.bands]

    def paint(canvas: Canvas, x: float, top: float) -> None:
        label.draw(canvas, x + 2, top - 2)
        left = x + 62
        for band, word in zip(report.bands, words, strict=True):
            if band.grade == report.grade:
                with pen(canvas, stroke=INK, width=1.1):
                    canvas.roundRect(left - 5, top - 14.5, word.width + 10, 14.5, 2, stroke=1, fill=0)
            word.draw(canvas, left, top - 1)
            left += word.width + 22

    return Drawing(18.0, paint)


def _band_word(band: GradeBand, grade: str, *, maker: TableMaker) -> Paragraph:
    style = SMALL_BOLD if band.grade == grade else SMALL
    return maker.typesetter.single(f"{band.grade}　{band.range_text}", style=style, measure=130)


# --- charts --------------------------------------------------------------------------------------


def _place_charts(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    series = series_of(report.sections, last_fiscal_year=report.last_fiscal_year)
    if not series.traces():
        return
    heading = maker.heading("分野別の得点")
    chart = _chart(report, series, maker=maker)
    flow.keep(heading.height + chart.height)
    legend = SeriesLegend(series, maker.typesetter, WIDTH)

    def paint(canvas: Canvas, x: float, top: float) -> None:
        heading.draw(canvas, x, top)
        legend.draw(canvas, x, top - 2)

    flow.add(Drawing(heading.height, paint))
    flow.add(chart)


def _chart(report: InspectionReport, series: ScoreSeries, *, maker: TableMaker) -> Drawing:
    with_radar = len(report.sections) >= MIN_AXES
    left = _RADAR_WIDTH + 10 if with_radar else 0.0
    row_height = min(max((_CHART_HEIGHT - 12) / len(report.sections), 15.0), 25.0)
    bars = SectionBars(report.sections, series, maker.typesetter, WIDTH - left, row_height)
    height = max(bars.height, 200.0) if with_radar else bars.height
    radar = Radar(report.sections, series, maker.typesetter, _RADAR_WIDTH, height)

    def paint(canvas: Canvas, x: float, top: float) -> None:
        if with_radar:
            radar.draw(canvas, x, top)
        bars.draw(canvas, x + left, top - (height - bars.height) / 2)

    return Drawing(height, paint)


# --- statements and approvals --------------------------------------------------------------------


def _place_statements(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    statements = (("所属長の意見", report.head_statement), ("情報主管課の所見", report.reviewer_statement))
    for title, text in statements:
        if text.strip():
            flow.gap(8)
            label = maker.typesetter.single(title, style=SMALL_BOLD, measure=WIDTH)
            body = maker.typesetter.paragraph(text.strip("\n"), style=BODY, measure=WIDTH)
            flow.add(Stack((label, body)))


def _stamps(report: InspectionReport, *, maker: TableMaker) -> Stack:
    """A box for each decision with post, name and time, as the row of seals on paper."""
    decisions = [*report.approvals, *([report.sign_off] if report.sign_off else [])]
    if not decisions:
        return Stack(())
    width = WIDTH / len(decisions)
    head = Row(
        tuple(maker.cell(each.step, width=width, style=centred(SMALL_BOLD), fill=TINT) for each in decisions),
        grid=INK,
        line=INK,
    )
    names = Row(
        tuple(Cell(_stamp(each, width=width, maker=maker), width) for each in decisions), grid=INK, line=INK
    )
    return Stack((top_rule(INK), head, names))


def _stamp(approval: Approval, *, width: float, maker: TableMaker) -> Stack:
    quiet = centred(FINE)
    texts: Sequence[tuple[str, Style]] = (
        (approval.post, quiet),
        (approval.name, _NAME),
        (f"{approval.capacity}", quiet),
        (approval.at_text, quiet),
    )
    parts: list[Block] = [maker.text(text, width=width, style=style) for text, style in texts if text]
    return Stack(tuple(parts))
