"""The result of one department's inspection as a PDF: page 1 says what matters, the rest shows why.

Order: summary (grade, scores, charts, approvals) · mandatory items that are not met · every item by section
with answer, judgement and remark · annexes: how the score was made, who approved what, edition and digests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from reportlab.pdfgen.canvas import Canvas

from app.reports.pdf.charts import TINT, draw_level, pen, text_of
from app.reports.pdf.document import (
    PAD_X,
    WIDTH,
    Block,
    Cell,
    Drawing,
    Flow,
    Furniture,
    Metadata,
    Row,
    Stack,
    write_document,
)
from app.reports.pdf.fonts import Weight
from app.reports.pdf.inspection_annex import place_annexes
from app.reports.pdf.inspection_summary import place_summary
from app.reports.pdf.tables import BODY, BODY_BOLD, CLOSING_RULE, LABEL, SMALL_BOLD, TableMaker
from app.reports.pdf.typesetting import Align, Style, Typesetter
from app.reports.rules import (
    InspectionReport,
    LevelCount,
    MandatoryMiss,
    ReportItem,
    SectionLine,
    Standing,
    verification_number,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedDocument:
    """A finished file: its bytes, its number of pages, and the characters printed as 〓."""

    content: bytes
    pages: int
    missing_characters: tuple[str, ...]


def render(report: InspectionReport) -> bytes:
    """The document of a report. The same report always gives the same bytes."""
    return render_document(report).content


def render_document(report: InspectionReport) -> RenderedDocument:
    """The document of a report together with what its maker should be told."""
    maker, flow = TableMaker(Typesetter()), Flow()
    place_summary(flow, report, maker=maker)
    flow.new_page()
    _place_misses(flow, report, maker=maker)
    _place_items(flow, report, maker=maker)
    flow.new_page()
    place_annexes(flow, report, maker=maker)
    content = write_document(
        flow, furniture=_furniture(report), metadata=_metadata(report), typesetter=maker.typesetter
    )
    missing = tuple(sorted(maker.typesetter.missing))
    return RenderedDocument(content=content, pages=len(flow.pages), missing_characters=missing)


def _furniture(report: InspectionReport) -> Furniture:
    draft = report.standing is Standing.DRAFT
    edition = f"{report.checklist_title} {report.edition_label}"
    return Furniture(
        classification=report.classification,
        notice=_joined(
            "下書き（確定前）" if draft else "",
            report.ending.decision.step if report.ending else "",
            report.copy_mark or "",
        ),
        first_right=report.form_number,
        running_right=f"{report.title}　{report.unit_name}",
        footer=(
            _joined(report.campaign_title, edition, _numbered(report.document_number)),
            _joined(f"照合番号 {verification_number(report.revision_digest)}", f"作成 {report.generated_at}"),
        ),
        stamp="下書き" if draft else "",
    )


def _numbered(document_number: str) -> str:
    return f"文書番号 {document_number}" if document_number else ""


def _joined(*texts: str) -> str:
    return "　".join(filter(None, texts))


def _metadata(report: InspectionReport) -> Metadata:
    keywords = (
        report.document_number,
        report.edition_label,
        f"edition:{report.edition_digest}",
        f"revision:{report.revision_digest}",
    )
    return Metadata(
        title=f"{report.whole_title}　{report.fiscal_year}　{report.unit_name}",
        author=report.city,
        subject=f"{report.campaign_title}　{report.unit_path} {report.unit_name}",
        keywords=", ".join(keywords),
        creator=report.product_name,
        made_at=report.made_at,
    )


# --- mandatory items that are not met ------------------------------------------------------------

_MISS_COLUMNS = (
    ("番号", 40.0, Align.LEFT),
    ("重要項目", 204.0, Align.LEFT),
    ("判定", 52.0, Align.CENTRE),
    ("説明", WIDTH - 296.0, Align.LEFT),
)


def _place_misses(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    misses = report.mandatory_misses
    flow.bookmark("未達の重要項目", level=0)
    flow.add(
        maker.heading("未達の重要項目", aside=f"重要 {report.mandatory_total}項目のうち {len(misses)}項目")
    )
    if misses:
        head = maker.head(_MISS_COLUMNS)
        flow.rows([_miss_row(miss, maker=maker) for miss in misses], head=head, again=head)
    else:
        flow.add(maker.text("重要項目は、すべて実施されています。", width=WIDTH, style=BODY))
    flow.gap(16)


def _miss_row(miss: MandatoryMiss, *, maker: TableMaker) -> Row:
    number, statement, level, comment = (width for _name, width, _align in _MISS_COLUMNS)
    return Row(
        (
            maker.cell(miss.number, width=number, style=BODY_BOLD),
            maker.cell(miss.statement, width=statement, style=BODY),
            maker.level(miss.level, width=level),
            maker.cell(_reason(miss), width=comment),
        )
    )


def _reason(miss: MandatoryMiss) -> str:
    due = f"対応の期限　{miss.action_due.text}" if miss.action_due else ""
    return "\n".join(filter(None, (miss.comment, due))) or "―"


# --- every item ----------------------------------------------------------------------------------

_NUMBER, _LEVEL, _JUDGEMENT = 40.0, 48.0, 64.0
_STATEMENT = WIDTH - _NUMBER - 3 * _LEVEL - _JUDGEMENT
_BAND = Style(10.0, 14.0, weight=Weight.BOLD)
_BAND_FIGURES = Style(7.6, 10.0, align=Align.RIGHT)
_BAND_FILL = (0.88, 0.88, 0.88)
_TAKEN_OVER = "写し"
_TAKEN_OVER_MEANS = "「写し」は、前回の回答を確かめて今年の回答にした項目"


def _place_items(flow: Flow, report: InspectionReport, *, maker: TableMaker) -> None:
    sections = {section.number: section for section in report.sections}
    head = _item_head(maker=maker)
    aside = _TAKEN_OVER_MEANS if any(item.is_taken_over for item in report.items) else ""
    first = True
    for number, items in groupby(report.items, key=lambda item: item.section_number):
        rows = [_item_block(item, maker=maker) for item in items]
        band, again = _bands(sections.get(number), number, maker=maker)
        heading = (
            Stack((maker.heading("全項目の回答と審査", aside=aside), band, head))
            if first
            else Stack((band, head))
        )
        flow.keep(heading.height + rows[0].height)
        if first:
            flow.bookmark("全項目の回答と審査", level=0)
        flow.bookmark(_section_name(sections.get(number), number), level=1)
        flow.rows(rows, head=heading, again=Stack((again, head)))
        flow.gap(12)
        first = False


def _section_name(section: SectionLine | None, number: str) -> str:
    return f"{number}　{section.title}" if section else number


def _item_head(*, maker: TableMaker) -> Row:
    centre = Align.CENTRE
    return maker.head(
        [
            ("番号", _NUMBER, Align.LEFT),
            ("点検項目", _STATEMENT, Align.LEFT),
            ("前回", _LEVEL, centre),
            ("自己点検", _LEVEL, centre),
            ("審査", _LEVEL, centre),
            ("審査の判断", _JUDGEMENT, centre),
        ]
    )


def _bands(section: SectionLine | None, number: str, *, maker: TableMaker) -> tuple[Drawing, Drawing]:
    """The band over a section, and the shorter one for the pages on which it continues."""
    name = _section_name(section, number)
    typesetter = maker.typesetter
    title = typesetter.single(name, style=_BAND, measure=WIDTH * 0.44)
    again = typesetter.single(f"{name}（つづき）", style=_BAND, measure=WIDTH * 0.9)
    figures = typesetter.single(_figures(section), style=_BAND_FIGURES, measure=WIDTH * 0.4)

    def paint(canvas: Canvas, x: float, top: float) -> None:
        _fill_band(canvas, x, top)
        title.draw(canvas, x + PAD_X, top - 2)
        figures.draw(canvas, x + WIDTH * 0.6 - PAD_X, top - 4)
        if section:
            _draw_counts(canvas, section.counts, x + WIDTH - figures.width - 18, top, maker=maker)

    def paint_again(canvas: Canvas, x: float, top: float) -> None:
        _fill_band(canvas, x, top)
        again.draw(canvas, x + PAD_X, top - 2)

    return Drawing(18.0, paint), Drawing(18.0, paint_again)


def _fill_band(canvas: Canvas, x: float, top: float) -> None:
    with pen(canvas, fill=_BAND_FILL):
        canvas.rect(x, top - 18.0, WIDTH, 18.0, stroke=0, fill=1)


def _figures(section: SectionLine | None) -> str:
    if section is None:
        return ""
    scores = (
        ("自己", section.self_score),
        ("審査", section.reviewed_score),
        ("前回", section.last_year_score),
    )
    return "　".join(f"{name} {text_of(score)}" for name, score in scores)


def _draw_counts(
    canvas: Canvas, counts: tuple[LevelCount, ...], right: float, top: float, *, maker: TableMaker
) -> None:
    for count in reversed([count for count in counts if count.items]):
        number = maker.typesetter.single(str(count.items), style=LABEL, measure=30.0)
        right -= number.width
        number.draw(canvas, right, top - 4)
        right -= 6.5
        draw_level(canvas, count.level.mark, x=right, y=top - 9.2, size=7.0)
        right -= 9.5


def _item_block(item: ReportItem, *, maker: TableMaker) -> Stack:
    notes = tuple(_notes(item, maker=maker))
    return Stack((_item_row(item, maker=maker), *notes, CLOSING_RULE))


def _item_row(item: ReportItem, *, maker: TableMaker) -> Row:
    number = maker.text(item.number, width=_NUMBER, style=SMALL_BOLD)
    words = (("重要", item.is_mandatory), (_TAKEN_OVER, item.is_taken_over))
    mark = Stack((number, *(maker.tag(word) for word, shown in words if shown)))
    changed = item.reviewed_level is not None and item.reviewed_level != item.level
    return Row(
        (
            Cell(mark, _NUMBER, vertical=0.0),
            Cell(maker.text(item.statement, width=_STATEMENT, style=BODY), _STATEMENT, vertical=0.0),
            maker.level(item.last_year, width=_LEVEL),
            maker.level(item.level, width=_LEVEL),
            maker.level(item.reviewed_level, width=_LEVEL, fill=TINT if changed else None),
            maker.judgement(item.judgement, returned=item.returned_count, width=_JUDGEMENT),
        ),
        line=None,
    )


def _notes(item: ReportItem, *, maker: TableMaker) -> Iterator[Block]:
    texts = (
        ("対象外の理由", item.not_applicable_reason),
        ("説明", item.comment),
        ("対応の期限", item.action_due.text if item.action_due else ""),
        ("所見", item.remark),
    )
    for label, text in texts:
        if text.strip():
            yield maker.note(label, text, number=item.number, indent=_NUMBER + PAD_X)
