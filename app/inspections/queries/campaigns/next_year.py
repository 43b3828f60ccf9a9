"""Next year's inspection made from last year's: what is offered, and what of the draft differs from the year before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.calendar.queries import city_calendar
from app.checklists.queries import descent_between, label_order, load_edition, load_editions
from app.checklists.rules import Edition, EditionDiff, Entry, EntryKind, Facet, edition_diff
from app.inspections.models import Campaign
from app.inspections.queries.campaigns.preparation import SHEET_KINDS, units_of
from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.queries.sheet import campaign_dates
from app.inspections.rules import CampaignDates, CampaignKind, CampaignState
from app.inspections.rules.next_year import Shift, shifts
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import CampaignId, EditionId, UnitId
from app.organisation.queries import tree_on
from app.organisation.rules import UnitTree

SHOWN: Final = (
    Facet.ADDED,
    Facet.RETIRED,
    Facet.REWORDED,
    Facet.SPLIT,
    Facet.MERGED,
    Facet.WEIGHT,
    Facet.MANDATORY,
    Facet.EVIDENCE_DEMANDED,
    Facet.CRITERIA,
    Facet.CONDITIONS,
    Facet.NOT_COMPARABLE,
)
"""What is counted and marked: changes that departments or the score feel. All others stand on the page side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The campaign of the year after another."""

    id: CampaignId
    title: str
    state: CampaignState


@dataclass(frozen=True, slots=True, kw_only=True)
class NextYearOffer:
    """What the page of a campaign offers who prepares: to make next year's, or to go to the one that exists."""

    year: FiscalYear
    following: Following | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateLine:
    """One date: last year's, where it moved by rule, and what the draft has now."""

    shift: Shift
    day: date

    @property
    def by_hand(self) -> bool:
        """Whether somebody chose another day than the rule."""
        return self.day != self.shift.day


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """Items of last year's edition with what became of them; one side is empty for new and retired ones."""

    entry: Entry
    facets: tuple[Facet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionChanges:
    """What the draft's edition asks otherwise than last year's."""

    diff: EditionDiff
    counts: Mapping[Facet, int]
    lines: tuple[ItemLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A unit that fills in sheets, was not in last year's campaign and is not in this one. `is_new`: it did not exist then."""

    id: UnitId
    name: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NextYearPage:
    """What of a draft differs from the campaign that it was made from.

    Attributes:
        before, after: the editions; `changes` is None where they are the same, or cannot be laid side by side.
        gone: units of last year's campaign that do not exist on the base date.
    """

    campaign_id: CampaignId
    source_id: CampaignId
    source_title: str
    before: Edition
    after: Edition
    changes: EditionChanges | None
    dates: tuple[DateLine, ...]
    gone: tuple[str, ...]
    newcomers: tuple[Newcomer, ...]
    version: int
    may_prepare: bool

    @property
    def is_same_edition(self) -> bool:
        """Whether the same edition is asked again."""
        return self.before.id == self.after.id


def following_campaign(session: Session, *, source: Campaign) -> Following | None:
    """Return next year's regular campaign over the same checklist, made from this one or by hand; a running one first."""
    code = load_edition(session, edition_id=EditionId(source.edition_id)).code
    rows = session.scalars(
        select(Campaign)
        .where(Campaign.fiscal_year == source.fiscal_year + 1, Campaign.kind == CampaignKind.REGULAR.value)
        .order_by(Campaign.opened_at.is_(None), Campaign.prepared_at, Campaign.id)
    ).all()
    editions = load_editions(session, edition_ids=[EditionId(row.edition_id) for row in rows])
    for row in rows:
        if editions[EditionId(row.edition_id)].code == code:
            return Following(id=CampaignId(row.id), title=row.title, state=CampaignState(row.state))
    return None


def next_year_offer(session: Session, *, actor: Actor, campaign_id: CampaignId) -> NextYearOffer | None:
    """Return what an opened regular campaign offers for the year after; None to who does not prepare, and for other kinds.

    Raises:
        NotFound: there is no such campaign.
    """
    if not may(Permission.CITY_CAMPAIGN_PREPARE, actor=actor):
        return None
    row = campaign_row(session, campaign_id=campaign_id)
    if row.kind != CampaignKind.REGULAR.value or row.state == CampaignState.DRAFT.value:
        return None
    return NextYearOffer(
        year=FiscalYear(row.fiscal_year + 1), following=following_campaign(session, source=row)
    )


def next_year_page(session: Session, *, actor: Actor, campaign_id: CampaignId) -> NextYearPage | None:
    """Return what a draft has otherwise than the campaign it was made from; None where it was made from none.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    row = campaign_row(session, campaign_id=campaign_id)
    if row.prepared_from_id is None:
        return None
    source = campaign_row(session, campaign_id=CampaignId(row.prepared_from_id))
    before, after = (load_edition(session, edition_id=EditionId(one.edition_id)) for one in (source, row))
    old, new = (tree_on(session, day=one.base_date) for one in (source, row))
    then, now = (units_of(session, campaign=one) for one in (source, row))
    return NextYearPage(
        campaign_id=campaign_id,
        source_id=CampaignId(source.id),
        source_title=source.title,
        before=before,
        after=after,
        changes=_changes(session, before=before, after=after),
        dates=_dates(
            shifts(campaign_dates(source), calendar=city_calendar(session)), now=campaign_dates(row)
        ),
        gone=_names(then - set(new.by_id), tree=old),
        newcomers=_newcomers(old, new=new, known=then | now),
        version=row.version,
        may_prepare=may(Permission.CITY_CAMPAIGN_PREPARE, actor=actor),
    )


def _changes(session: Session, *, before: Edition, after: Edition) -> EditionChanges | None:
    backwards = label_order(after.label) <= label_order(before.label)
    if before.code != after.code or backwards:
        return None
    diff = edition_diff(before, after, along=descent_between(session, before=before, after=after))
    counts = {facet: len(diff.having(facet)) for facet in SHOWN}
    return EditionChanges(
        diff=diff,
        counts={facet: count for facet, count in counts.items() if count},
        lines=tuple(_lines(diff.entries)),
    )


def _lines(entries: Iterable[Entry]) -> Iterable[ItemLine]:
    for entry in entries:
        facets = tuple(facet for facet in SHOWN if facet in entry.facets)
        if entry.kind is not EntryKind.SAME and facets:
            yield ItemLine(entry=entry, facets=facets)


def _dates(moved: Iterable[Shift], *, now: CampaignDates) -> tuple[DateLine, ...]:
    return tuple(DateLine(shift=shift, day=getattr(now, shift.field)) for shift in moved)


def _names(units: Iterable[UnitId], *, tree: UnitTree) -> tuple[str, ...]:
    wanted = frozenset(units)
    return tuple(unit.name for unit in tree.units if unit.id in wanted)


def _newcomers(old: UnitTree, *, new: UnitTree, known: Iterable[UnitId]) -> tuple[Newcomer, ...]:
    seen = frozenset(known)
    return tuple(
        Newcomer(id=unit.id, name=unit.name, is_new=unit.id not in old.by_id)
        for unit in new.units
        if unit.kind in SHEET_KINDS and unit.id not in seen
    )
