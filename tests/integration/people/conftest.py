"""Fixtures of the tests about people: browsers, and posts, duties and functions on any day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.actor import Actor
from app.db.session import Database
from app.kernel.ids import AccountId
from app.people.commands import Origin, SignedInAs, sign_in
from app.people.models import DutyAssignment, PersonFunctionAssignment, Posting
from app.people.queries import actor_on
from app.people.rules import SessionLimits
from tests.people import FIRST_DAY, PASSWORD, STORY, SUZUKI, Cast, Place

LIMITS = SessionLimits(
    idle=timedelta(minutes=30), administrator_idle=timedelta(minutes=10), absolute=timedelta(hours=12)
)
HERE = Origin(address="10.0.0.1", user_agent="Edge", secret="only for tests")
ELSEWHERE = Origin(address="10.0.0.2", user_agent="Firefox", secret="only for tests")


@dataclass(frozen=True, slots=True)
class Office:
    """The test city, with the means to give people more than their one post."""

    database: Database

    def actor(self, cast: Cast, day: date) -> Actor:
        """Return somebody with the rights of a day."""
        with self.database.reading() as session:
            return actor_on(session, person_id=cast.id, day=day)

    def post(
        self,
        cast: Cast,
        unit: Place,
        *,
        since: date,
        until: date | None = None,
        position: str = "staff",
        kind: str = "concurrent",
    ) -> None:
        """Give somebody another post for `[since, until)`."""
        with self.database.transaction() as session:
            session.add(
                Posting(
                    person_id=cast.id,
                    unit_id=unit.id,
                    kind=kind,
                    position=position,
                    title="主幹",
                    valid_from=since,
                    valid_to=until,
                    known_from=since,
                    recorded_at=STORY,
                )
            )

    def leave(self, cast: Cast, unit: Place, *, day: date) -> None:
        """End somebody's post in a unit before a day."""
        with self.database.transaction() as session:
            for posting in session.query(Posting).filter_by(person_id=cast.id, unit_id=unit.id):
                posting.valid_to = day

    def name(
        self, cast: Cast, unit: Place, duty: str, *, since: date = FIRST_DAY, until: date | None = None
    ) -> None:
        """Name somebody for a duty for `[since, until)`."""
        with self.database.transaction() as session:
            session.add(
                DutyAssignment(
                    unit_id=unit.id,
                    person_id=cast.id,
                    duty=duty,
                    valid_from=since,
                    valid_to=until,
                    named_by=SUZUKI.id,
                    named_at=datetime.fromisoformat("2026-04-01T00:00:00+00:00"),
                )
            )

    def function(
        self, cast: Cast, function: str, *, since: date = FIRST_DAY, until: date | None = None
    ) -> None:
        """Give somebody a function for `[since, until)`."""
        with self.database.transaction() as session:
            session.add(
                PersonFunctionAssignment(
                    person_id=cast.id, function=function, valid_from=since, valid_to=until
                )
            )

    def open(
        self, cast: Cast, *, now: datetime, origin: Origin = HERE, password: str = PASSWORD
    ) -> SignedInAs:
        """Sign somebody in."""
        return sign_in(
            self.database.transaction,
            staff_no=cast.staff_no,
            password=password,
            origin=origin,
            limits=LIMITS,
            now=now,
        )

    def signed_in_actor(self, cast: Cast, *, day: date, account_id: AccountId) -> Actor:
        """Return somebody with the rights of a day and the own account."""
        with self.database.reading() as session:
            return actor_on(session, person_id=cast.id, day=day, account_id=account_id)


@pytest.fixture
def office(database: Database) -> Office:
    """The test city."""
    return Office(database)


BrowserOf = Callable[[Cast], FlaskClient]


@pytest.fixture
def browser_of(app: Flask) -> BrowserOf:
    """Return a browser in which somebody of the cast is signed in."""

    def open_browser(cast: Cast) -> FlaskClient:
        client = app.test_client()
        reply = client.post("/login", data={"staff_no": cast.staff_no, "password": PASSWORD})
        assert reply.status_code == 303, reply.text
        return client

    return open_browser
