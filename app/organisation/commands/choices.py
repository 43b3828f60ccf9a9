"""Choices that were made when a unit was split, and what comes after them."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.organisation.models import OpenWorkChoice


def end_choices(session: Session, *, subject_ids: Iterable[UUID]) -> None:
    """Let no choice count any more for things to which somebody has given another unit since."""
    wanted = list(subject_ids)
    if wanted:
        session.execute(
            update(OpenWorkChoice)
            .where(OpenWorkChoice.subject_id.in_(wanted))
            .values(unit_id=None, in_force_from=None)
        )
