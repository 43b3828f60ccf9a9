"""Next year's campaign from last year's, in one act."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.calendar.queries import city_calendar
from app.checklists.queries import load_edition, newest_published
from app.inspections.commands.campaign import (
    LONGEST_NOTICE,
    LONGEST_TITLE,
    CampaignDraft,
    change_campaign,
    prepare_campaign,
)
from app.inspections.models import Campaign
from app.inspections.queries.campaigns.next_year import following_campaign
from app.inspections.queries.campaigns.preparation import offer_of, stored_preparation, units_of
from app.inspections.queries.sheet import campaign_dates
from app.inspections.rules import CampaignKind, CampaignState
from app.inspections.rules.next_year import dates_of, renewed, shifts
from app.kernel.errors import InvalidInput, NotFound, NotNow
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import CampaignId, EditionId, UnitId
from app.organisation.queries import tree_on

NOT_REGULAR = "次の年度の点検を準備できるのは、定期の点検からだけです。"
NOT_OPENED = "準備中の点検からは、次の年度の点検を準備できません。始めてから、もう一度開いてください。"
NO_UNITS_LEFT = "この点検の所属は、1年後の基準日にはどれもありません。「点検を準備する」から、はじめから準備してください。"
NOBODY_CHOSEN = "対象に加える所属を選んでください。"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextYear:
    """Next year's campaign: made now, or found because somebody made it before."""

    campaign_id: CampaignId
    title: str
    state: CampaignState
    found: bool


def prepare_next_year(session: Session, *, actor: Actor, campaign_id: CampaignId, now: datetime) -> NextYear:
    """Make a draft of next year's campaign from one that was opened, or return the one that exists: never two.

    Raises:
        NotFound: there is no such campaign.
        NotNow: it is no regular one, it was not opened yet, or none of its units exists any more.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    source = _held(session, campaign_id=campaign_id)
    if source.kind != CampaignKind.REGULAR.value:
        raise NotNow(NOT_REGULAR)
    if source.state == CampaignState.DRAFT.value:
        raise NotNow(NOT_OPENED)
    there = following_campaign(session, source=source)
    if there is not None:
        return NextYear(campaign_id=there.id, title=there.title, state=there.state, found=True)
    draft = _draft(session, source=source)
    made = prepare_campaign(session, actor=actor, draft=draft, now=now)
    return NextYear(campaign_id=made, title=draft.title, state=CampaignState.DRAFT, found=False)


def _held(session: Session, *, campaign_id: CampaignId) -> Campaign:
    # Two persons at the same moment: the second waits here and finds what the first has made.
    campaign = session.scalars(
        select(Campaign).where(Campaign.id == campaign_id).with_for_update()
    ).one_or_none()
    if campaign is None:
        raise NotFound
    return campaign


def _draft(session: Session, *, source: Campaign) -> CampaignDraft:
    """Return last year's campaign a year on: the newest edition, the units that exist on the new base date."""
    year = FiscalYear(source.fiscal_year)
    dates = dates_of(shifts(campaign_dates(source), calendar=city_calendar(session)))
    edition = load_edition(session, edition_id=EditionId(source.edition_id))
    newest = newest_published(session, code=edition.code) or edition
    units = units_of(session, campaign=source) & set(tree_on(session, day=dates.base_date).by_id)
    if not units:
        raise NotNow(NO_UNITS_LEFT)
    return CampaignDraft(
        title=renewed(source.title, year=year, longest=LONGEST_TITLE),
        kind=CampaignKind(source.kind),
        fiscal_year=year.year + 1,
        edition_id=newest.id,
        dates=dates,
        notice=renewed(source.notice, year=year, longest=LONGEST_NOTICE),
        unit_ids=units,
        taking_over=offer_of(source),
        prepared_from=CampaignId(source.id),
    )


def add_units_to_draft(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    unit_ids: Collection[UnitId],
    seen_version: int,
    now: datetime,
) -> None:
    """Add units to a draft and leave all else of it as it is.

    Raises:
        InvalidInput: none was chosen, or one does not exist on the base date.
        NotNow: the campaign was opened.
        StaleVersion: somebody else changed the draft.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    if not unit_ids:
        raise InvalidInput.of(NOBODY_CHOSEN, field="units")
    kept = stored_preparation(session, actor=actor, campaign_id=campaign_id)
    if kept.edition_id is None:
        raise NotFound
    draft = CampaignDraft(
        title=kept.title,
        kind=kept.kind,
        fiscal_year=kept.fiscal_year,
        edition_id=kept.edition_id,
        dates=kept.dates,
        notice=kept.notice,
        unit_ids=kept.unit_ids | frozenset(unit_ids),
        taking_over=kept.taking_over,
    )
    change_campaign(
        session, actor=actor, campaign_id=campaign_id, draft=draft, seen_version=seen_version, now=now
    )
