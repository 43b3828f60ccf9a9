"""The invented results of a campaign: units before, during and after the review, difficult names, words that look like formulas."""

from datetime import UTC, date, datetime
from typing import Final

from app.kernel.fiscal_year import long_date, long_instant
from app.reports.rules import LevelCount, ReportDay, ReportLevel, ScoreFigure
from app.reports.rules.campaign import (
    Assessment,
    BoardCell,
    BoardFigures,
    BoardLine,
    BoardMean,
    BoardMiss,
    BoardStage,
    CampaignItem,
    CampaignReport,
    Imprint,
    MissedItem,
    OpenItem,
    ReportSection,
    UnitResult,
)
from tests.golden.sample_report import (
    DONE,
    NOT_APPLICABLE,
    NOT_DONE,
    PARTLY,
    SECTIONS,
    UNANSWERED,
    UNKNOWN,
    digest,
)

MADE_AT: Final = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
IMPRINT: Final = Imprint(
    city="見本市", classification="取扱注意　機密性2", made_at=MADE_AT, generated_at=long_instant(MADE_AT)
)
LEVELS: Final = (DONE, PARTLY, NOT_DONE, NOT_APPLICABLE, UNKNOWN, UNANSWERED)
NUMBERS: Final = tuple(f"{section}-{at}" for section in range(1, 4) for at in range(1, 5))
_SECTIONS: Final = tuple(ReportSection(number=str(at), title=SECTIONS[at - 1]) for at in range(1, 4))
_DUE: Final = ReportDay(text=long_date(date(2027, 1, 29)), day=date(2027, 1, 29))


def campaign_report() -> CampaignReport:
    """Three units and the system of one."""
    own = _assessment((DONE, PARTLY, NOT_DONE, DONE) * 3, percent=62.5, grade="C", missed=1)
    better = _assessment((DONE, DONE, NOT_DONE, None) * 3, percent=75.0, grade="C", missed=1)
    nothing = _assessment((NOT_APPLICABLE,) * 12, percent=None, grade="", missed=0)
    return CampaignReport(
        imprint=IMPRINT,
        title="情報セキュリティ自己点検　結果一覧",
        campaign_title="令和8年度 情報セキュリティ自己点検",
        kind="定期自己点検",
        fiscal_year="令和8年度",
        state="実施中",
        dates=(("基準日", ReportDay(text=long_date(date(2026, 10, 1)), day=date(2026, 10, 1))),),
        checklist_title="所属点検票",
        edition_label="第4版",
        edition_digest=digest("edition"),
        method_name="重み付き平均・重要項目の上限つき 第1版",
        total=4,
        handed_in=3,
        signed_off=1,
        excluded=1,
        answer_rate_text="75.0%",
        sections=_SECTIONS,
        items=tuple(_item(number) for number in NUMBERS),
        levels=LEVELS,
        units=(
            _unit("総務部", "税務課", "確定", own, better),
            _unit("総務部", "𠮷田・髙﨑出張所", "審査中", own, None),
            _unit("=総務部", "-財務会計システム（税務課）", "確定待ち", nothing, nothing),
            _unit("（部のない所属）", "議会事務局", "回答中", None, None, answered=3),
        ),
        missed=(
            MissedItem(
                department="総務部",
                unit="税務課",
                number="1-3",
                statement="離席するときは、端末の画面をロックしている。",
                level=NOT_DONE,
                basis="審査後",
                comment='=HYPERLINK("http://127.0.0.1/")\n2行目',
                action_due=_DUE,
            ),
            MissedItem(
                department="総務部",
                unit="𠮷田・髙﨑出張所",
                number="1-3",
                statement="離席するときは、端末の画面をロックしている。",
                level=NOT_DONE,
                basis="自己点検",
                comment="",
                action_due=None,
            ),
        ),
        open_items=tuple(
            OpenItem(
                department="（部のない所属）",
                unit="議会事務局",
                state="回答中",
                number=number,
                statement="台帳を見直している。",
                is_mandatory=number.endswith("-3"),
            )
            for number in NUMBERS[3:6]
        ),
        board=board_figures(),
    )


def board_figures(*, units: int = 40) -> BoardFigures:
    """Return a board of so many units: every tone, every reason for a missing figure, names that are long or rare."""
    tones = (("97", 0), ("84", 1), ("76", 2), ("61", 3), ("!42", 4), ("・", None))
    lines = tuple(
        BoardLine(
            department="総務部",
            name="𠮷田・髙﨑出張所" if at == 0 else f"第{at}試験課",
            state="審査中",
            cells=tuple(
                BoardCell(text=tones[(at + place) % len(tones)][0], tone=tones[(at + place) % len(tones)][1])
                for place in range(len(SECTIONS))
            ),
            score=ScoreFigure(text=f"{60 + at}.0点", percent=60.0 + at),
            change=("▼ 7", "▲ 2", "± 0", "―")[at % 4],
            points=(-7, 2, 0, None)[at % 4],
            reasons="重要項目の未達・60未満の分野" if at < 3 else "",
        )
        for at in range(units - 1)
    )
    left = BoardLine(
        department="（部のない所属）",
        name="議会事務局に属する長い名前の所属の財務会計システム（税務課）",
        state="未着手",
        cells=(BoardCell(text="未提出", tone=None),) * len(SECTIONS),
        score=ScoreFigure(text="―", percent=None),
        change="―",
        points=None,
        reasons="",
    )
    return BoardFigures(
        measure="自己点検",
        order="弱い順",
        scored=units - 1,
        target="90.0点",
        stages=(
            BoardStage(label="確定", count=3, detail="確定 3", tone="1"),
            BoardStage(label="審査", count=20, detail="審査待ち 12、審査中 8", tone="2"),
            BoardStage(label="承認待ち", count=0, detail="", tone="3"),
            BoardStage(label="回答・差戻し", count=16, detail="回答中 16", tone="4"),
            BoardStage(label="未着手", count=1, detail="未着手 1", tone="5"),
        ),
        whole=_mean("", "総合", 78.3),
        means=tuple(_mean(str(at), title, 95.0 - 3 * at) for at, title in enumerate(SECTIONS, start=1)),
        lines=(*lines, left),
        dropped=lines[0:9:4],
        support=lines[:3],
        support_more=4,
        missed=tuple(
            BoardMiss(number=number, statement="離席するときは、端末の画面をロックしている。", units=30 - at)
            for at, number in enumerate(NUMBERS[:10])
        ),
    )


def _mean(number: str, title: str, percent: float) -> BoardMean:
    return BoardMean(
        number=number,
        title=title,
        short=title.partition("と")[0][:6],
        now=ScoreFigure(text=f"{percent:.1f}点", percent=percent),
        last=ScoreFigure(text="―", percent=None),
        low=percent < 90,
    )


def _assessment(
    levels: tuple[ReportLevel | None, ...], *, percent: float | None, grade: str, missed: int
) -> Assessment:
    figure = ScoreFigure(text="―" if percent is None else f"{percent:.1f}点", percent=percent)
    return Assessment(
        score=figure, grade=grade, mandatory_missed=missed, sections=(figure,) * len(_SECTIONS), levels=levels
    )


def _unit(
    department: str,
    name: str,
    state: str,
    own: Assessment | None,
    reviewed: Assessment | None,
    *,
    answered: int = 12,
) -> UnitResult:
    return UnitResult(
        department=department,
        name=name,
        state=state,
        applicable=12,
        answered=answered,
        unknown=0,
        taken_over=2,
        own=own,
        reviewed=reviewed,
    )


def _item(number: str) -> CampaignItem:
    counts = tuple(LevelCount(level=level, items=at) for at, level in enumerate(LEVELS))
    return CampaignItem(
        number=number,
        key=f"sample.{number}",
        section=f"{number[0]}　{SECTIONS[int(number[0]) - 1]}",
        statement="USBメモリは、管理簿に記録した市の物だけを使い、使い終わったら所定の場所に戻して鍵をかけている。",
        is_mandatory=number.endswith("-3"),
        weight=2,
        counts=counts,
        not_asked=1,
    )
