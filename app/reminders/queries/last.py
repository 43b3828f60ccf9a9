"""When departments were reminded last, for the rooms below."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.kernel.ids import CampaignId
from app.notices.queries import last_sent_within
from app.reminders.rules import OF_SHEETS, ReminderKind

TO_DEPARTMENTS: Final = tuple({*(rule.kind.value for rule in OF_SHEETS), ReminderKind.BY_HAND.value})
"""What the lead division is told of its own work, and of all late departments in one, reminds no department."""


class LastReminded:
    """The reminders that were sent, as the board names them."""

    def last_reminded(
        self, session: Session, *, campaign_ids: Iterable[CampaignId]
    ) -> Mapping[CampaignId, datetime]:
        """Return when a department was reminded of its sheet last, for each campaign, in one statement."""
        found = last_sent_within(session, context_ids=tuple(campaign_ids), kinds=TO_DEPARTMENTS)
        return {CampaignId(campaign_id): at for campaign_id, at in found.items()}
