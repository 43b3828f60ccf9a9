"""The results of a campaign as a workbook: the board's figures, units by sections and by items, what is missed, what is not answered."""

from collections.abc import Callable, Iterator
from typing import Final

from app.reports.excel.book import About, Book, Column, Look, Paper, Size, Value
from app.reports.excel.figures import day_cells, points
from app.reports.rules.campaign import Assessment, CampaignReport, Imprint, UnitResult
from app.reports.texts import SIGN

_UNIT: Final = (
    Column(title="部", width=16),
    Column(title="所属", width=22),
    Column(title="状態", width=12, look=Look.CENTRE),
)
_MISSED: Final = (
    Column(title="部", width=16),
    Column(title="所属", width=22),
    Column(title="番号", width=7, look=Look.CENTRE),
    Column(title="重要項目", width=42),
    Column(title="判定", width=10, look=Look.CENTRE),
    Column(title="もとにした評価", width=10, look=Look.CENTRE),
    Column(title="説明", width=42),
    Column(title="対応の期限", width=20),
    Column(title="対応の期限（西暦）", width=12, look=Look.DAY),
)
_MEANS: Final = (
    Column(title="番号", width=7, look=Look.CENTRE),
    Column(title="分野", width=28),
    Column(title="今回（点）", width=10, look=Look.SCORE),
    Column(title="前回（点）", width=10, look=Look.SCORE),
    Column(title="目標に届かない", width=12, look=Look.CENTRE),
)
_BOARD: Final = (
    *_UNIT,
    Column(title="得点（点）", width=10, look=Look.SCORE),
    Column(title="前回との差（点）", width=12, look=Look.NUMBER),
    Column(title="支援が必要なわけ", width=42),
)
_OPEN: Final = (
    *_UNIT,
    Column(title="番号", width=7, look=Look.CENTRE),
    Column(title="点検項目", width=60),
    Column(title="重要", width=6, look=Look.CENTRE),
)
Side = Callable[[UnitResult], Assessment | None]


def render(report: CampaignReport) -> bytes:
    """The workbook of a campaign. The same report always gives the same bytes."""
    book = Book(about(report.imprint, title=report.title, campaign=report.campaign_title), size=Size.LARGE)
    _place_summary(book, report)
    book.table(f"全庁の平均（{report.board.measure}）", columns=_MEANS, rows=_means(report), frozen=2)
    book.table(f"支援と前回比（{report.board.measure}）", columns=_BOARD, rows=_board(report), frozen=2)
    _place_units(book, report)
    for name, side in (("自己点検", _own), ("審査後", _reviewed)):
        _place_sections(book, report, name=f"分野別（{name}）", side=side)
    for name, side in (("自己点検", _own), ("審査後", _reviewed)):
        _place_matrix(book, report, name=f"項目別（{name}）", side=side)
    _place_items(book, report)
    book.table("未達の重要項目", columns=_MISSED, rows=_missed(report), frozen=2)
    book.table("未回答の項目", columns=_OPEN, rows=_open(report), frozen=2)
    return book.finished()


def about(imprint: Imprint, *, title: str, campaign: str) -> About:
    """What a workbook over a campaign says of itself."""
    return About(
        title=f"{title}　{campaign}",
        subject=campaign,
        author=imprint.city,
        keywords="",
        made_at=imprint.made_at,
        classification=imprint.classification,
        header=f"{title}　{campaign}",
        footer=f"{imprint.city}　{imprint.generated_at} 現在",
    )


def _own(unit: UnitResult) -> Assessment | None:
    return unit.own


def _reviewed(unit: UnitResult) -> Assessment | None:
    return unit.reviewed


def _place_summary(book: Book, report: CampaignReport) -> None:
    facts = book.facts(
        "概要",
        title=report.title,
        under_title=f"{report.imprint.city}　{report.campaign_title}",
        widths=(24, 60, 18),
    )
    facts.heading("点検")
    for label, text in (
        ("点検実施", f"{report.campaign_title}（{report.kind}）"),
        ("年度", report.fiscal_year),
        ("状態", report.state),
        ("点検票", f"{report.checklist_title}　{report.edition_label}"),
        ("版の照合値", report.edition_digest),
        ("採点方法", report.method_name),
        ("取扱い", report.imprint.classification),
    ):
        facts.fact(label, (text, Look.TEXT))
    facts.heading("日付", "", "西暦")
    for label, day in report.dates:
        facts.fact(label, (day.text, Look.TEXT), (day.day, Look.DAY))
    facts.fact(
        "この表の時点", (report.imprint.generated_at, Look.TEXT), (report.imprint.made_at, Look.MOMENT)
    )
    facts.heading("数", "", "件")
    for label, note, count in (
        ("対象", "対象から除外した所属を含まない", report.total),
        ("提出した所属", f"回答率 {report.answer_rate_text}", report.handed_in),
        ("確定した所属", "", report.signed_off),
        ("対象から除外", "この表のほかのシートには出ない", report.excluded),
        ("未達の重要項目", "のべ", len(report.missed)),
        ("未回答の項目", "のべ", len(report.open_items)),
    ):
        facts.fact(label, (note, Look.TEXT), (count, Look.NUMBER))
    facts.heading("見方")
    for level in report.levels:
        facts.fact(SIGN[level.mark], (level.label, Look.TEXT))
    facts.fact("空欄", ("項目がその所属に当たらない。または、まだ提出・審査の途中で、結果がない", Look.TEXT))


def _place(unit: UnitResult) -> tuple[Value, ...]:
    return unit.department, unit.name, unit.state


def _place_units(book: Book, report: CampaignReport) -> None:
    columns = (
        *_UNIT,
        Column(title="対象項目", width=8, look=Look.NUMBER),
        Column(title="回答済み", width=8, look=Look.NUMBER),
        Column(title="わからない", width=8, look=Look.NUMBER),
        Column(title="前回の写し", width=8, look=Look.NUMBER),
        *(
            column
            for name in ("自己点検", "審査後")
            for column in (
                Column(title=f"{name}（点）", width=10, look=Look.SCORE),
                Column(title=f"{name}の評価", width=10, look=Look.CENTRE),
                Column(title=f"未達の重要項目（{name}）", width=12, look=Look.NUMBER),
            )
        ),
    )
    rows = (
        (
            *_place(unit),
            unit.applicable,
            unit.answered,
            unit.unknown,
            unit.taken_over,
            *_totals(unit.own),
            *_totals(unit.reviewed),
        )
        for unit in report.units
    )
    book.table("所属別", columns=columns, rows=rows, frozen=2)


def _totals(side: Assessment | None) -> tuple[Value, ...]:
    return (points(side.score), side.grade, side.mandatory_missed) if side else (None, None, None)


def _place_sections(book: Book, report: CampaignReport, *, name: str, side: Side) -> None:
    columns = (
        *_UNIT,
        Column(title="全体（点）", width=9, look=Look.SCORE),
        Column(title="評価", width=6, look=Look.CENTRE),
        *(
            Column(title=f"{section.number}　{section.title}", width=12, look=Look.SCORE)
            for section in report.sections
        ),
    )
    empty = (None,) * (2 + len(report.sections))
    rows = (
        (*_place(unit), *((points(one.score), one.grade, *map(points, one.sections)) if one else empty))
        for unit in report.units
        for one in [side(unit)]
    )
    book.table(name, columns=columns, rows=rows, frozen=2)


def _place_matrix(book: Book, report: CampaignReport, *, name: str, side: Side) -> None:
    columns = (*_UNIT, *(Column(title=item.number, width=5, look=Look.CENTRE) for item in report.items))
    rows = ((*_place(unit), *_signs(side(unit), width=len(report.items))) for unit in report.units)
    book.table(name, columns=columns, rows=rows, frozen=2, paper=Paper.A3_WIDE)


def _signs(side: Assessment | None, *, width: int) -> tuple[Value, ...]:
    if side is None:
        return ("",) * width
    return tuple(SIGN[level.mark] if level else "" for level in side.levels)


def _place_items(book: Book, report: CampaignReport) -> None:
    columns = (
        Column(title="番号", width=7, look=Look.CENTRE),
        Column(title="項目キー", width=9, look=Look.CENTRE),
        Column(title="分野", width=22),
        Column(title="点検項目", width=54),
        Column(title="重要", width=6, look=Look.CENTRE),
        Column(title="重み", width=6, look=Look.NUMBER),
        *(Column(title=level.label, width=9, look=Look.NUMBER) for level in report.levels),
        Column(title="当てはまらない", width=9, look=Look.NUMBER),
    )
    rows = (
        (
            item.number,
            item.key,
            item.section,
            item.statement,
            "重要" if item.is_mandatory else "",
            item.weight,
            *(count.items for count in item.counts),
            item.not_asked,
        )
        for item in report.items
    )
    book.table("項目の集計（自己点検）", columns=columns, rows=rows, frozen=1)


def _means(report: CampaignReport) -> Iterator[tuple[Value, ...]]:
    for mean in (report.board.whole, *report.board.means):
        low = "届かない" if mean.low else ""
        yield mean.number, mean.title, points(mean.now), points(mean.last), low


def _board(report: CampaignReport) -> Iterator[tuple[Value, ...]]:
    for line in report.board.lines:
        yield line.department, line.name, line.state, points(line.score), line.points, line.reasons


def _missed(report: CampaignReport) -> Iterator[tuple[Value, ...]]:
    for line in report.missed:
        yield (
            line.department,
            line.unit,
            line.number,
            line.statement,
            line.level.label,
            line.basis,
            line.comment,
            *day_cells(line.action_due),
        )


def _open(report: CampaignReport) -> Iterator[tuple[Value, ...]]:
    for line in report.open_items:
        mandatory = "重要" if line.is_mandatory else ""
        yield line.department, line.unit, line.state, line.number, line.statement, mandatory
