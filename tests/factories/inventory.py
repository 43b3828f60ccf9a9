"""An inventory of accounts that runs in the test city."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.access.actor import Actor
from app.db.session import Database
from app.kernel.clock import business_date
from app.kernel.ids import AccountId
from app.people.commands.inventory import open_round
from app.people.models import Account
from app.people.queries import actor_on
from app.people.rules.inventory import DUE_AFTER, SUSPEND_AFTER, Quarter
from tests.people import NAKAMURA, STORY, Cast

QUARTER: Final = Quarter(2026, 3)
OPENED: Final = business_date(STORY)
DUE: Final = OPENED + DUE_AFTER
SUSPEND: Final = DUE + SUSPEND_AFTER


def person(database: Database, cast: Cast) -> Actor:
    """Return somebody with the rights of the story's day."""
    with database.reading() as session:
        return actor_on(session, person_id=cast.id, day=OPENED)


def running_inventory(database: Database, *, now: datetime = STORY) -> UUID:
    """Open the round of the quarter of a moment, with the days that the page offers; return its id."""
    actor, today = person(database, NAKAMURA), business_date(now)
    with database.transaction() as session:
        return open_round(
            session,
            actor=actor,
            quarter=Quarter.containing(today),
            due_on=today + DUE_AFTER,
            suspend_on=today + DUE_AFTER + SUSPEND_AFTER,
            now=now,
        )


def account_of(database: Database, cast: Cast) -> AccountId:
    """Return the id of somebody's account."""
    with database.reading() as session:
        return AccountId(session.scalars(select(Account.id).where(Account.person_id == cast.id)).one())
