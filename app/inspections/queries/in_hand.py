"""Sheets that somebody still has in hand, for rooms that remind of them. Those have checked who asks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.inspections.models import Campaign, Inspection, ItemReturn, Revision
from app.inspections.queries.holding import holder
from app.inspections.queries.sheet import campaign_dates
from app.inspections.rules import SEALED, CampaignDates, CampaignState, State
from app.kernel.clock import business_date
from app.kernel.ids import CampaignId, InspectionId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetInHand:
    """An unsealed sheet of a running campaign: where it stands since when, and until when.

    Attributes:
        run: tells one run of the sheet from another: the number of its revision and of its return.
        dates: of the campaign, or of the sheet's extension.
        due: the earliest date of the open returns where there are any, otherwise the sheet's own.
    """

    id: InspectionId
    unit_id: UnitId
    system_name: str | None
    campaign_id: CampaignId
    campaign_title: str
    dates: CampaignDates
    run: str
    state: State
    since: date
    answered: int
    applicable: int
    due: date

    def locked(self, today: date) -> bool:
        """Return whether the grace date passed while the department was still answering."""
        return self.dates.locked(self.state, since=self.since, today=today)


def sheets_in_hand(
    session: Session, *, today: date, campaign_id: CampaignId | None = None
) -> tuple[SheetInHand, ...]:
    """Return the unsealed sheets of all running campaigns, or of one, in two statements."""
    of_one = () if campaign_id is None else (Inspection.campaign_id == campaign_id,)
    open_ones = (
        Revision.current.is_(True),
        Campaign.state == CampaignState.OPEN.value,
        Revision.state.not_in([state.value for state in SEALED]),
        *of_one,
    )
    rows = session.execute(
        select(Inspection, Revision, Campaign, holder(day=today))
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(*open_ones)
        .order_by(Inspection.campaign_id, Inspection.id)
    ).all()
    returned = session.execute(
        select(ItemReturn.revision_id, func.min(ItemReturn.due_on))
        .join(
            Revision,
            and_(Revision.id == ItemReturn.revision_id, Revision.return_round == ItemReturn.round),
        )
        .join(Inspection, Inspection.id == Revision.inspection_id)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(*open_ones, Revision.state.in_([State.RETURNED.value, State.AWAITING_REAPPROVAL.value]))
        .group_by(ItemReturn.revision_id)
    )
    dues = {row[0]: row[1] for row in returned}
    return tuple(
        _sheet(inspection, revision, campaign, unit_id=UnitId(unit_id), due=dues.get(revision.id))
        for inspection, revision, campaign, unit_id in rows
    )


def _sheet(
    inspection: Inspection, revision: Revision, campaign: Campaign, *, unit_id: UnitId, due: date | None
) -> SheetInHand:
    dates, state = campaign_dates(campaign).extended(revision.extended_to), State(revision.state)
    return SheetInHand(
        id=InspectionId(inspection.id),
        unit_id=unit_id,
        system_name=inspection.system_name,
        campaign_id=CampaignId(campaign.id),
        campaign_title=campaign.title,
        dates=dates,
        run=f"{revision.number}.{revision.return_round}",
        state=state,
        since=business_date(revision.state_since),
        answered=revision.answered,
        applicable=revision.applicable,
        due=due or dates.due(state) or dates.review_due,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedThing:
    """What a notice is about: a campaign, or a sheet of it with its unit and, where there is one, its system."""

    campaign_id: CampaignId
    campaign_title: str
    unit_id: UnitId | None
    system_name: str | None = None


def named_things(session: Session, *, ids: Collection[object], today: date) -> Mapping[object, NamedThing]:
    """Return the sheets and campaigns behind some ids, in two statements; unknown ids are absent."""
    sheets = session.execute(
        select(
            Inspection.id,
            holder(day=today).label("unit_id"),
            Inspection.system_name,
            Campaign.id.label("campaign_id"),
            Campaign.title,
        )
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(Inspection.id.in_(ids))
    )
    campaigns = session.execute(select(Campaign.id, Campaign.title).where(Campaign.id.in_(ids)))
    found: dict[object, NamedThing] = {
        row.id: NamedThing(
            campaign_id=CampaignId(row.campaign_id),
            campaign_title=row.title,
            unit_id=UnitId(row.unit_id),
            system_name=row.system_name,
        )
        for row in sheets
    }
    found |= {
        row.id: NamedThing(campaign_id=CampaignId(row.id), campaign_title=row.title, unit_id=None)
        for row in campaigns
    }
    return found
