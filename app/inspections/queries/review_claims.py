"""Who has which sheet in hand: a claim lives as long as its reviewer does something, and twenty minutes longer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.inspections.models import ReviewClaim
from app.kernel.fiscal_year import clock_time
from app.kernel.ids import PersonId, RevisionId
from app.people.queries import people_by_id

IDLE: Final = timedelta(minutes=20)
"""Time without any act after which a sheet is free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sheet in somebody's hand.

    Attributes:
        taken_at, active_at: since when, and when the reviewer last did something with it.
        reason: why it was taken from somebody else; empty where it was free.
    """

    sequence: int
    reviewer_id: PersonId
    reviewer: str
    taken_at: datetime
    active_at: datetime
    reason: str

    @property
    def family_name(self) -> str:
        """Return the family name: people of one division call each other by it."""
        return self.reviewer.split()[0]

    def is_of(self, actor: Actor) -> bool:
        """Whether it is the reader's own."""
        return self.reviewer_id == actor.person_id

    @property
    def sentence(self) -> str:
        """Say why nobody else judges the sheet just now."""
        return (
            f"{self.family_name}さんが審査中です（{clock_time(self.active_at)}に最後の操作）。"
            f"{IDLE.seconds // 60}分なにもしないと、ほかの人が引き継げます。"
        )


def claims_of(
    session: Session, *, revision_ids: Iterable[RevisionId], now: datetime
) -> Mapping[RevisionId, Claim]:
    """Return the claims on sheets that still hold, by revision: two statements, one where there are none."""
    rows = session.scalars(
        select(ReviewClaim).where(
            ReviewClaim.revision_id.in_(list(revision_ids)),
            ReviewClaim.ended_at.is_(None),
            ReviewClaim.active_at > now - IDLE,
        )
    ).all()
    if not rows:
        return {}
    names = people_by_id(session, person_ids={PersonId(row.reviewer_id) for row in rows})
    return {
        RevisionId(row.revision_id): Claim(
            sequence=row.sequence,
            reviewer_id=PersonId(row.reviewer_id),
            reviewer=names[PersonId(row.reviewer_id)].name,
            taken_at=row.taken_at,
            active_at=row.active_at,
            reason=row.reason,
        )
        for row in rows
    }
