"""What the editions before say to the next one."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checklists.models import ChecklistItem
from app.checklists.queries.loading import label_order, labels_published


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestry:
    """What a new edition has to answer for.

    Attributes:
        label: the newest published edition; None while nothing is published.
        keys: the keys of its items: each has to go on, or to be named as retired.
        used: every key that any published edition ever had: none of them may come back as another item.
    """

    label: str | None = None
    keys: frozenset[str] = field(default=frozenset())
    used: frozenset[str] = field(default=frozenset())


def ancestry(session: Session, *, code: str) -> Ancestry:
    """Return the ancestry for the next edition of a checklist."""
    editions = labels_published(session, code=code)
    if not editions:
        return Ancestry()
    newest = max(editions, key=label_order)
    rows = session.execute(
        select(ChecklistItem.edition_id, ChecklistItem.item_key).where(
            ChecklistItem.edition_id.in_(editions.values())
        )
    ).all()
    return Ancestry(
        label=newest,
        keys=frozenset(row.item_key for row in rows if row.edition_id == editions[newest]),
        used=frozenset(row.item_key for row in rows),
    )
