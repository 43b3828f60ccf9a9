"""Renewing the keys by which people and units are found, when a new version of the program folds more alike."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.db.search import renew_keys
from app.journal.commands import record
from app.organisation.commands import INSTALLATION, By, authorised


def refresh_search(session: Session, *, by: By, now: datetime) -> int:
    """Write every key anew that is not what it would be today; return how many there were.

    Raises:
        NotAllowed: the actor is no administrator.
    """
    mark = authorised(by)
    renewed = renew_keys(session)
    session.flush()
    if renewed:
        record(
            session,
            subject=INSTALLATION,
            event="search.refreshed",
            actor=mark,
            now=now,
            facts={"renewed": renewed},
        )
    return renewed
