"""A campaign at a glance, for rooms above that show something of it. Those have checked who asks."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.queries.sheet import CampaignLine, campaign_line
from app.inspections.rules import CampaignState
from app.kernel.ids import CampaignId


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOutline:
    """A campaign and where it stands."""

    line: CampaignLine
    state: CampaignState


def campaign_outline(session: Session, *, campaign_id: CampaignId) -> CampaignOutline:
    """Return a campaign.

    Raises:
        NotFound: there is none.
    """
    row = campaign_row(session, campaign_id=campaign_id)
    return CampaignOutline(line=campaign_line(row), state=CampaignState(row.state))
