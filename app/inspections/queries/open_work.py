"""What a unit still has to do here: named before a reorganisation is confirmed, and shared out where a unit is split."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.inspections.models import Campaign, Inspection, Revision, SealedRevision
from app.inspections.queries.holding import holder
from app.inspections.rules import SEALED, CampaignState
from app.kernel.clock import business_date
from app.kernel.ids import UnitId
from app.kernel.ports import OpenThing

SHEET: Final = "inspection"


class OpenSheets:
    """The sheets of running campaigns that are not sealed yet."""

    def open_things(self, session: Session, *, unit_ids: Iterable[UnitId], day: date) -> Sequence[OpenThing]:
        """Return the open sheets for which some units answer on a day, in one statement."""
        unit = holder(day=day)
        rows = session.execute(
            select(Inspection.id, Inspection.system_name, Campaign.title, unit.label("unit_id"))
            .join(Revision, Revision.inspection_id == Inspection.id)
            .join(Campaign, Campaign.id == Inspection.campaign_id)
            .where(
                Revision.current.is_(True),
                Campaign.state == CampaignState.OPEN.value,
                Revision.state.not_in([state.value for state in SEALED]),
                unit.in_(list(unit_ids)),
            )
            .order_by(Campaign.base_date, Campaign.title, Inspection.system_name, Inspection.id)
        )
        return [
            OpenThing(
                kind=SHEET,
                id=row.id,
                label="点検票",
                title=f"{row.title}　{row.system_name}" if row.system_name else row.title,
                unit_id=UnitId(row.unit_id),
            )
            for row in rows
        ]

    def last_closed_on(self, session: Session) -> date | None:
        """Return the last day on which a sheet was sealed: its people and its unit are those of that day."""
        last = session.scalar(select(func.max(SealedRevision.sealed_at)))
        return business_date(last) if last else None
