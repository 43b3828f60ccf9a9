"""Posts as documents name them: the title and the unit of the day."""

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.ids import PersonId, UnitId
from app.organisation.queries import tree_on
from app.people.models import Posting
from app.people.queries.in_force import post_held
from app.people.rules import PostingKind


def titles_on(session: Session, *, person_ids: Iterable[PersonId], day: date) -> Mapping[PersonId, str]:
    """Return 「総務課 課長」 for each person's main post of a day; who has none is absent."""
    names = {unit.id: unit.name for unit in tree_on(session, day=day).units}
    rows = session.execute(
        select(Posting.person_id, Posting.unit_id, Posting.title).where(
            Posting.person_id.in_(set(person_ids)),
            Posting.kind == PostingKind.MAIN.value,
            post_held(day),
        )
    )
    return {
        PersonId(row.person_id): f"{names.get(UnitId(row.unit_id), '')} {row.title}".strip() for row in rows
    }
