"""What can be done next about the figures of the board, each with how much there is of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.inspections.queries.board.city import BoardPage
from app.inspections.queries.campaigns.summaries import NOT_STARTED
from app.inspections.queries.review_queue import campaign_lanes
from app.inspections.rules import CampaignState, State
from app.inspections.rules.flags import Lane
from app.kernel.ports import Ports

WITH_UNIT: Final = (
    NOT_STARTED,
    State.ANSWERING,
    State.AWAITING_HEAD,
    State.RETURNED,
    State.AWAITING_REAPPROVAL,
)
"""Where a sheet stands while its unit has it in hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextActions:
    """How many sheets wait for a judgement (`alert` and `clear` are lanes of these), and how many are still with their units.

    `reviews` and `reminds` say whether the reader is one who does so, or only looks.
    """

    waiting: int
    alert: int
    clear: int
    with_units: int
    reminded_at: datetime | None
    reviews: bool
    reminds: bool


def next_actions(session: Session, *, actor: Actor, page: BoardPage, ports: Ports) -> NextActions | None:
    """Return what can be done next, in two statements for any number of sheets; None where the campaign is closed.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    if page.state is not CampaignState.OPEN:
        return None
    campaign_id = page.campaign.id
    lanes = campaign_lanes(session, campaign_id=campaign_id)
    return NextActions(
        waiting=sum(lanes.values()),
        alert=lanes[Lane.ALERT],
        clear=lanes[Lane.CLEAR],
        with_units=page.counts.of(*WITH_UNIT),
        reminded_at=ports.last_reminded(session, campaign_ids=[campaign_id]).get(campaign_id),
        reviews=may(Permission.UNIT_INSPECTION_REVIEW, actor=actor),
        reminds=may(Permission.CITY_REMINDER_SEND, actor=actor),
    )
