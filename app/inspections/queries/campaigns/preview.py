"""A draft before it is opened: who would get a sheet, and what will go wrong when nobody mends it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.calendar.queries import city_calendar
from app.calendar.rules import CityCalendar
from app.checklists.queries import load_edition, load_editions
from app.checklists.rules import Edition
from app.inspections.models import Campaign, CampaignUnit, Inspection
from app.inspections.queries.campaigns.preparation import SHEET_KINDS
from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.queries.campaigns.targets import previous_of, targets_of
from app.inspections.queries.places import department_of
from app.inspections.queries.sheet import CampaignLine, campaign_line
from app.inspections.rules import CampaignKind, CampaignState
from app.kernel.fiscal_year import short_date
from app.kernel.ids import CampaignId, EditionId, UnitId
from app.organisation.queries import tree_on
from app.organisation.rules import UnitTree
from app.people.queries import clerks_on, heads_on


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewUnit:
    """A unit that will get a sheet; over a checklist about systems, one for each of `systems`. `has_previous`: for all of them."""

    id: UnitId
    name: str
    has_head: bool
    has_clerk: bool
    has_previous: bool
    systems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewGroup:
    """The units of one 部, in the order of the tree."""

    name: str
    units: tuple[PreviewUnit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCampaign:
    """Another campaign of the same checklist: it runs now, or belongs to the same fiscal year.

    Attributes:
        shared: how many of the draft's units have a sheet of it, or would get one.
    """

    id: CampaignId
    title: str
    state: CampaignState
    shared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage:
    """A draft with its units and warnings; each list holds names of units. `total` counts the sheets."""

    campaign: CampaignLine
    edition: Edition
    version: int
    groups: tuple[PreviewGroup, ...]
    total: int
    no_system: tuple[str, ...]
    no_head: tuple[str, ...]
    no_clerk: tuple[str, ...]
    no_previous: tuple[str, ...]
    left_out: tuple[str, ...]
    date_warnings: tuple[str, ...]
    others: tuple[OtherCampaign, ...]
    may_prepare: bool
    may_open: bool


def preview_page(session: Session, *, actor: Actor, campaign_id: CampaignId, today: date) -> PreviewPage:
    """Return what opening a draft would do.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    row = campaign_row(session, campaign_id=campaign_id)
    line, edition = campaign_line(row), load_edition(session, edition_id=EditionId(row.edition_id))
    tree = tree_on(session, day=line.dates.base_date)
    wanted = session.scalars(select(CampaignUnit.unit_id).where(CampaignUnit.campaign_id == campaign_id))
    chosen = frozenset(UnitId(unit_id) for unit_id in wanted)
    units = _units(session, tree=tree, chosen=chosen, line=line, edition=edition, today=today)
    return PreviewPage(
        campaign=line,
        edition=edition,
        version=row.version,
        groups=_groups(units, tree=tree),
        total=sum(len(unit.systems) or 1 for unit in units),
        no_system=tuple(unit.name for unit in tree.units if unit.id in chosen - {one.id for one in units}),
        no_head=tuple(unit.name for unit in units if not unit.has_head),
        no_clerk=tuple(unit.name for unit in units if not unit.has_clerk),
        no_previous=tuple(unit.name for unit in units if not unit.has_previous),
        left_out=tuple(
            unit.name for unit in tree.units if unit.kind in SHEET_KINDS and unit.id not in chosen
        ),
        date_warnings=tuple(_date_warnings(line, calendar=city_calendar(session), today=today)),
        others=_others(session, line=line, edition=edition, chosen=chosen),
        may_prepare=may(Permission.CITY_CAMPAIGN_PREPARE, actor=actor),
        may_open=may(Permission.CITY_CAMPAIGN_OPEN, actor=actor),
    )


def _units(
    session: Session,
    *,
    tree: UnitTree,
    chosen: Collection[UnitId],
    line: CampaignLine,
    edition: Edition,
    today: date,
) -> tuple[PreviewUnit, ...]:
    heads = heads_on(session, unit_ids=chosen, day=today)
    clerks = clerks_on(session, unit_ids=chosen, day=today)
    targets = targets_of(session, edition=edition, unit_ids=chosen, day=line.dates.base_date)
    previous = previous_of(session, code=edition.code, targets=targets, before=line.dates.base_date)
    without = {target.unit_id for target in targets if target not in previous}
    systems: dict[UnitId, list[str]] = {}
    for target in targets:
        if target.system_name:
            systems.setdefault(target.unit_id, []).append(target.system_name)
    concerned = {target.unit_id for target in targets}
    return tuple(
        PreviewUnit(
            id=unit.id,
            name=unit.name,
            has_head=unit.id in heads,
            has_clerk=unit.id in clerks,
            has_previous=unit.id not in without,
            systems=tuple(systems.get(unit.id, ())),
        )
        for unit in tree.units
        if unit.id in concerned
    )


def _others(
    session: Session, *, line: CampaignLine, edition: Edition, chosen: Collection[UnitId]
) -> tuple[OtherCampaign, ...]:
    """Return the campaigns with which a draft would ask the same twice, the newest first."""
    rows = session.scalars(
        select(Campaign)
        .where(
            Campaign.id != line.id,
            Campaign.kind != CampaignKind.TRIAL.value,
            or_(Campaign.state == CampaignState.OPEN.value, Campaign.fiscal_year == line.fiscal_year.year),
        )
        .order_by(Campaign.base_date.desc(), Campaign.id)
    ).all()
    editions = load_editions(session, edition_ids=[EditionId(row.edition_id) for row in rows])
    same = [row for row in rows if editions[EditionId(row.edition_id)].code == edition.code]
    units = _units_of(session, campaigns=same)
    return tuple(
        OtherCampaign(
            id=CampaignId(row.id),
            title=row.title,
            state=CampaignState(row.state),
            shared=len(units.get(CampaignId(row.id), frozenset()) & frozenset(chosen)),
        )
        for row in same
    )


def _units_of(session: Session, *, campaigns: Iterable[Campaign]) -> dict[CampaignId, frozenset[UnitId]]:
    """Return the units of each campaign: as chosen, and whoever got a sheet after the opening."""
    wanted = [campaign.id for campaign in campaigns]
    rows = session.execute(
        select(CampaignUnit.campaign_id, CampaignUnit.unit_id)
        .where(CampaignUnit.campaign_id.in_(wanted))
        .union(select(Inspection.campaign_id, Inspection.unit_id).where(Inspection.campaign_id.in_(wanted)))
    )
    found: dict[CampaignId, set[UnitId]] = {}
    for campaign_id, unit_id in rows:
        found.setdefault(CampaignId(campaign_id), set()).add(UnitId(unit_id))
    return {campaign_id: frozenset(units) for campaign_id, units in found.items()}


def _groups(units: Iterable[PreviewUnit], *, tree: UnitTree) -> tuple[PreviewGroup, ...]:
    found: dict[tuple[UnitId | None, str], list[PreviewUnit]] = {}
    for unit in units:
        found.setdefault(department_of(tree, unit.id), []).append(unit)
    return tuple(PreviewGroup(name=name, units=tuple(members)) for (_, name), members in found.items())


def _date_warnings(line: CampaignLine, *, calendar: CityCalendar, today: date) -> Iterable[str]:
    dates = line.dates
    deadlines = (
        ("回答の期限", dates.answer_due),
        ("所属長承認の期限", dates.approval_due),
        ("審査の期限", dates.review_due),
        ("猶予日", dates.grace_until),
    )
    for label, day in deadlines:
        reason = calendar.reason_closed(day)
        if reason is not None:
            after = short_date(calendar.next_business_day(day))
            yield f"{label}の{short_date(day)}は、閉庁日（{reason}）です。次の開庁日は{after}です。"
    if dates.answer_due < today:
        yield f"回答の期限の{short_date(dates.answer_due)}は、もう過ぎています。"
    if dates.base_date not in line.fiscal_year:
        yield f"基準日が{line.fiscal_year.label}の中にありません。"
