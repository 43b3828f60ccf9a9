"""How a sheet is being worked on, from the history of its answers: what stood before a save, and the time spent."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.models import AnswerHistory
from app.inspections.queries.sheet import answering_subject, find_sheet
from app.inspections.rules import Origin, active_time
from app.kernel.errors import NotFound
from app.kernel.ids import InspectionId, ItemId, PersonId, RevisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsBefore:
    """What stood before a save: level, comment, reply and planned date (ISO, or empty) of the save before it; version 0 when nothing did."""

    version: int
    level: str | None
    comment: str
    reply: str
    due: str


def words_before(
    session: Session, *, actor: Actor, inspection_id: InspectionId, item_id: ItemId, version: int
) -> WordsBefore:
    """Return what an answer was before one of its saves, for whoever may answer the sheet.

    Raises:
        NotFound: there is no such sheet for the actor, or no such save of the item.
        NotAllowed: the actor is neither clerk nor head of the unit.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet))
    rows = session.scalars(
        select(AnswerHistory).where(
            AnswerHistory.revision_id == sheet.revision_id,
            AnswerHistory.item_id == item_id,
            AnswerHistory.version.in_([version - 1, version]),
        )
    )
    saves = {row.version: row for row in rows}
    if version not in saves:
        raise NotFound
    before = saves.get(version - 1)
    if before is None:
        return WordsBefore(version=0, level=None, comment="", reply="", due="")
    return WordsBefore(
        version=before.version,
        level=before.level,
        comment=before.comment,
        reply=before.reply or "",
        due=before.action_due.isoformat() if before.action_due else "",
    )


def time_spent(session: Session, *, revision_id: RevisionId) -> timedelta:
    """Return how long people worked on the answers of a revision, as far as their saves tell (`active_time`)."""
    rows = session.execute(
        select(AnswerHistory.answered_by, AnswerHistory.answered_at)
        .where(AnswerHistory.revision_id == revision_id, AnswerHistory.origin == Origin.GIVEN.value)
        .order_by(AnswerHistory.answered_at)
    )
    saves: defaultdict[PersonId, list[datetime]] = defaultdict(list)
    for row in rows:
        saves[PersonId(row.answered_by)].append(row.answered_at)
    return sum((active_time(own) for own in saves.values()), start=timedelta())
