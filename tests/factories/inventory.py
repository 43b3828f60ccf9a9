"""An inventory of accounts that runs in the test city."""

from datetime import timedelta
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
from app.people.rules.inventory import Quarter
from tests.people import NAKAMURA, STORY, Cast

QUARTER: Final = Quarter(2026, 3)
OPENED: Final = business_date(STORY)
DUE: Final = OPENED + timedelta(days=14)
SUSPEND: Final = OPENED + timedelta(days=21)


def person(database: Database, cast: Cast) -> Actor:
    """Return somebody with the rights of the story's day."""
    with database.reading() as session:
        return actor_on(session, person_id=cast.id, day=OPENED)


def running_inventory(database: Database) -> UUID:
    """Open the round of this quarter; return its id."""
    actor = person(database, NAKAMURA)
    with database.transaction() as session:
        return open_round(session, actor=actor, quarter=QUARTER, due_on=DUE, suspend_on=SUSPEND, now=STORY)


def account_of(database: Database, cast: Cast) -> AccountId:
    """Return the id of somebody's account."""
    with database.reading() as session:
        return AccountId(session.scalars(select(Account.id).where(Account.person_id == cast.id)).one())
