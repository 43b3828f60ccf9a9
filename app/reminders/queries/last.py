"""When departments were reminded last, for the rooms below."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.ids import CampaignId
from app.notices.queries import last_sent_within
from app.reminders.queries.pages import URGING


class LastReminded:
    """The reminders that were sent, as the board names them."""

    def last_reminded(
        self, session: Session, *, campaign_ids: Iterable[CampaignId]
    ) -> Mapping[CampaignId, datetime]:
        """Return when somebody was reminded of each campaign last, in one statement."""
        found = last_sent_within(session, context_ids=tuple(campaign_ids), kinds=URGING)
        return {CampaignId(campaign_id): at for campaign_id, at in found.items()}
