"""Campaigns in lists: each with the counts of its sheets, by one grouped statement for all of them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require, scope_of
from app.access.scope import Scope
from app.checklists.queries import load_editions
from app.checklists.rules import Edition, percent
from app.inspections.models import (
    Answer,
    AnswerHistory,
    Campaign,
    CampaignUnit,
    Inspection,
    ItemReturn,
    Revision,
)
from app.inspections.queries.holding import holder
from app.inspections.queries.sheet import campaign_dates
from app.inspections.rules import CampaignDates, CampaignKind, CampaignState, State
from app.inspections.rules.extension import CORRECTING
from app.inspections.texts import NOT_STARTED as NOT_STARTED_LABEL
from app.inspections.texts import STATE
from app.kernel.errors import NotFound
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import CampaignId, EditionId, InspectionId

PAGE_SIZE: Final = 50
NOT_STARTED: Final = "not_started"
STANDING_LABELS: Final[Mapping[str, str]] = {
    NOT_STARTED: NOT_STARTED_LABEL,
    **{state.value: label for state, label in STATE.items()},
}
"""The words for where a sheet stands in lists: its state, or 未着手."""

NOT_HANDED_IN: Final = frozenset(
    {NOT_STARTED, State.ANSWERING, State.AWAITING_HEAD, State.CLOSED_UNSUBMITTED, State.EXCLUDED}
)
_BARS: Final = (
    ("確定", 1, (State.SIGNED_OFF,)),
    ("審査", 2, (State.SUBMITTED, State.UNDER_REVIEW, State.REVIEWED)),
    ("承認待ち", 3, (State.AWAITING_HEAD, State.AWAITING_REAPPROVAL)),
    ("回答・差戻し", 4, (State.ANSWERING, State.RETURNED)),
    ("未着手", 5, (NOT_STARTED,)),
    ("未提出で締切", "bad", (State.CLOSED_UNSUBMITTED,)),
)


def standing(state: State, *, answered: int) -> str:
    """Return the code of where a sheet stands in lists: 未着手 is being answered, without any answer yet."""
    return NOT_STARTED if state is State.ANSWERING and answered == 0 else state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One part of the stacked bar; `tone` as the macro wants it; `parts`: the standings in it that occur, with their counts."""

    label: str
    count: int
    tone: int | str
    parts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetCounts:
    """How many sheets stand where. `by_standing` holds what occurs; excluded units belong to no total."""

    by_standing: Mapping[str, int]

    def of(self, *codes: str) -> int:
        """Return how many sheets stand at any of these: values of `State`, or `NOT_STARTED`."""
        return sum(self.by_standing.get(code, 0) for code in codes)

    @property
    def excluded(self) -> int:
        """Sheets of units that were withdrawn."""
        return self.of(State.EXCLUDED)

    @property
    def total(self) -> int:
        """Sheets that are due: all but the excluded ones."""
        return sum(self.by_standing.values()) - self.excluded

    @property
    def handed_in(self) -> int:
        """Sheets that a head approved: closed ones without submission stay in the total, and out of this."""
        return sum(count for code, count in self.by_standing.items() if code not in NOT_HANDED_IN)

    @property
    def answer_rate(self) -> str:
        """回答率 in percent: handed in over due; 「―」 without any sheet."""
        return percent(Fraction(self.handed_in, self.total) if self.total else None)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The stacked bar, the most mature part first; 未提出で締切 only where there is one."""
        bars = (
            Bar(
                label=label,
                count=self.of(*codes),
                tone=tone,
                parts=tuple((str(code), self.of(code)) for code in codes if self.of(code)),
            )
            for label, tone, codes in _BARS
        )
        return tuple(bar for bar in bars if bar.count or bar.tone != "bad")

    @property
    def sentence(self) -> str:
        """The bar in words, for those who do not see it."""
        return "、".join(f"{bar.label}{bar.count}" for bar in self.bars)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSummary:
    """A campaign with the counts of the sheets that the actor sees.

    `planned` counts the units that were chosen before the opening; `overdue` the sheets past their deadline.
    """

    id: CampaignId
    title: str
    kind: CampaignKind
    state: CampaignState
    fiscal_year: FiscalYear
    edition_code: str
    edition_label: str
    edition_title: str
    own_draft: bool
    dates: CampaignDates
    counts: SheetCounts
    planned: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignListPage:
    """One page of the list of campaigns."""

    campaigns: tuple[CampaignSummary, ...]
    total: int
    number: int
    may_prepare: bool

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // PAGE_SIZE))


def campaign_list(session: Session, *, actor: Actor, today: date, number: int) -> CampaignListPage:
    """Return a page of all campaigns, the newest first.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    total = session.scalar(select(func.count()).select_from(Campaign)) or 0
    number = min(max(number, 1), max(1, -(-total // PAGE_SIZE)))
    campaigns = session.scalars(
        select(Campaign)
        .order_by(
            Campaign.fiscal_year.desc(), Campaign.base_date.desc(), Campaign.prepared_at.desc(), Campaign.id
        )
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    ).all()
    return CampaignListPage(
        campaigns=_summaries(session, campaigns, scope=Scope.city(), today=today),
        total=total,
        number=number,
        may_prepare=may(Permission.CITY_CAMPAIGN_PREPARE, actor=actor),
    )


def open_campaigns(session: Session, *, actor: Actor, today: date) -> tuple[CampaignSummary, ...]:
    """Return the running campaigns with counts of the sheets that the actor sees; none without a post."""
    if not may(Permission.CITY_CAMPAIGN_READ, actor=actor):
        return ()
    campaigns = session.scalars(
        select(Campaign)
        .where(Campaign.state == CampaignState.OPEN.value)
        .order_by(Campaign.answer_due, Campaign.prepared_at, Campaign.id)
    ).all()
    return _summaries(session, campaigns, scope=scope_of(actor), today=today)


def campaign_row(session: Session, *, campaign_id: CampaignId) -> Campaign:
    """Return the row of a campaign.

    Raises:
        NotFound: there is none.
    """
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound
    return campaign


def campaign_state(session: Session, *, campaign_id: CampaignId) -> CampaignState:
    """Return where a campaign stands.

    Raises:
        NotFound: there is none.
    """
    return CampaignState(campaign_row(session, campaign_id=campaign_id).state)


def _summaries(
    session: Session, campaigns: Iterable[Campaign], *, scope: Scope, today: date
) -> tuple[CampaignSummary, ...]:
    rows = tuple(campaigns)
    ids = [CampaignId(row.id) for row in rows]
    counts = _counts(session, campaign_ids=ids, scope=scope, today=today)
    planned = _planned(session, campaign_ids=ids)
    dues = return_dues(session, campaign_ids=ids, scope=scope, today=today)
    editions = load_editions(session, edition_ids=[EditionId(row.edition_id) for row in rows])
    return tuple(
        _summary(
            row,
            edition=editions[EditionId(row.edition_id)],
            counted=counts.get(CampaignId(row.id), _Counted()),
            planned=planned.get(CampaignId(row.id), 0),
            returned=[due for (campaign_id, _), due in dues.items() if campaign_id == row.id],
            today=today,
        )
        for row in rows
    )


def _summary(
    row: Campaign,
    *,
    edition: Edition,
    counted: "_Counted",
    planned: int,
    returned: Iterable[date],
    today: date,
) -> CampaignSummary:
    dates = campaign_dates(row)
    return CampaignSummary(
        id=CampaignId(row.id),
        title=row.title,
        kind=CampaignKind(row.kind),
        state=CampaignState(row.state),
        fiscal_year=FiscalYear(row.fiscal_year),
        edition_code=edition.code,
        edition_label=edition.label,
        edition_title=edition.title,
        own_draft=not edition.published,
        dates=dates,
        counts=SheetCounts(by_standing=counted.by_standing),
        planned=planned,
        overdue=_overdue(counted.by_run, dates=dates, today=today)
        + sum(1 for due in returned if due < today),
    )


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many sheets of a campaign stand where; and in which state, extended until when."""

    by_standing: Counter[str] = field(default_factory=Counter)
    by_run: Counter[tuple[State, date | None]] = field(default_factory=Counter)


def _overdue(counts: Mapping[tuple[State, date | None], int], *, dates: CampaignDates, today: date) -> int:
    """Count what is past the campaign's dates, or past its own where it was extended; returned sheets have dates of their own."""
    late = 0
    for (state, extended_to), count in counts.items():
        due = dates.extended(extended_to).due(state)
        if state not in CORRECTING and due is not None and due < today:
            late += count
    return late


def _counts(
    session: Session, *, campaign_ids: Iterable[CampaignId], scope: Scope, today: date
) -> dict[CampaignId, _Counted]:
    untouched = func.sum(case((Revision.answered == 0, 1), else_=0))
    rows = session.execute(
        select(
            Inspection.campaign_id,
            Revision.state,
            Revision.extended_to,
            func.count().label("sheets"),
            untouched.label("untouched"),
        )
        .join(Revision, Revision.inspection_id == Inspection.id)
        .where(
            Inspection.campaign_id.in_(list(campaign_ids)),
            Revision.current.is_(True),
            scope.where(holder(day=today)),
        )
        .group_by(Inspection.campaign_id, Revision.state, Revision.extended_to)
    )
    found: dict[CampaignId, _Counted] = {}
    for row in rows:
        counted = found.setdefault(CampaignId(row.campaign_id), _Counted())
        counted.by_run[State(row.state), row.extended_to] += row.sheets
        begun = row.sheets - (row.untouched if row.state == State.ANSWERING.value else 0)
        for code, count in ((row.state, begun), (NOT_STARTED, row.sheets - begun)):
            if count:
                counted.by_standing[code] += count
    return found


def _planned(session: Session, *, campaign_ids: Iterable[CampaignId]) -> dict[CampaignId, int]:
    rows = session.execute(
        select(CampaignUnit.campaign_id, func.count().label("units"))
        .where(CampaignUnit.campaign_id.in_(list(campaign_ids)))
        .group_by(CampaignUnit.campaign_id)
    )
    return {CampaignId(row.campaign_id): row.units for row in rows}


def return_dues(
    session: Session, *, campaign_ids: Iterable[CampaignId], scope: Scope, today: date
) -> dict[tuple[CampaignId, InspectionId], date]:
    """Return the date by which each returned sheet is to come back, with the approval of its corrections.

    The earliest date of its items that still wait; once all were answered, of the whole round.
    """
    waiting = and_(
        ItemReturn.reply == "",
        Answer.level.is_not_distinct_from(AnswerHistory.level),
        Answer.comment == AnswerHistory.comment,
    )
    rows = session.execute(
        select(
            Inspection.campaign_id,
            Inspection.id,
            func.min(case((waiting, ItemReturn.due_on))).label("waiting"),
            func.min(ItemReturn.due_on).label("earliest"),
        )
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(
            ItemReturn, and_(ItemReturn.revision_id == Revision.id, ItemReturn.round == Revision.return_round)
        )
        .join(
            Answer, and_(Answer.revision_id == ItemReturn.revision_id, Answer.item_id == ItemReturn.item_id)
        )
        .join(
            AnswerHistory,
            and_(
                AnswerHistory.revision_id == ItemReturn.revision_id,
                AnswerHistory.item_id == ItemReturn.item_id,
                AnswerHistory.version == ItemReturn.answer_version,
            ),
        )
        .where(
            Inspection.campaign_id.in_(list(campaign_ids)),
            Revision.current.is_(True),
            Revision.state.in_([state.value for state in CORRECTING]),
            scope.where(holder(day=today)),
        )
        .group_by(Inspection.campaign_id, Inspection.id)
    )
    return {(CampaignId(row.campaign_id), InspectionId(row.id)): row.waiting or row.earliest for row in rows}
