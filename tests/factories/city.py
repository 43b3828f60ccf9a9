"""The small city of `tests/people.py` in a database, with accounts whose password is known."""

from functools import cache

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from app.organisation.models import Installation, Unit, UnitFunctionAssignment, UnitVersion
from app.people.models import Account, DutyAssignment, Person, PersonFunctionAssignment, Posting
from tests.people import AUDIT, EVERYBODY, FIRST_DAY, LEAD, MANAGEMENT, PASSWORD, PLACES, STORY, SUZUKI


@cache
def password_hash() -> str:
    """Return a hash of the common password, cheap on purpose: tests sign in often."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def build_city(session: Session) -> None:
    """Fill an empty database with the test city, its people, functions and accounts."""
    session.add(Installation(id=1, kind="city", created_at=STORY, story_start=None))
    by_code = {place.code: place for place in PLACES}
    session.add_all(Unit(id=place.id, code=place.code, created_at=STORY) for place in PLACES)
    session.flush()
    for order, place in enumerate(PLACES):
        session.add(
            UnitVersion(
                unit_id=place.id,
                name=place.name,
                kana=place.kana,
                kind=place.kind,
                policy_owner=place.owner,
                parent_id=by_code[place.parent].id if place.parent else None,
                sort_order=order,
                valid_from=FIRST_DAY.replace(year=2020),
            )
        )
    for place, function in ((LEAD, "lead-division"), (MANAGEMENT, "substitute-review"), (AUDIT, "audit")):
        session.add(
            UnitFunctionAssignment(
                unit_id=place.id, function=function, valid_from=FIRST_DAY.replace(year=2020)
            )
        )
    _add_people(session)


def _add_people(session: Session) -> None:
    session.add_all(
        Person(id=c.id, staff_no=c.staff_no, name=c.name, kana=c.kana, created_at=STORY) for c in EVERYBODY
    )
    session.flush()
    for cast in EVERYBODY:
        session.add(
            Posting(
                person_id=cast.id,
                unit_id=cast.unit.id,
                kind="main",
                position=cast.position,
                title="課長" if cast.position == "head" else "主任",
                valid_from=FIRST_DAY,
                known_from=FIRST_DAY,
                recorded_at=STORY,
            )
        )
        session.add(
            Account(
                person_id=cast.id, password_hash=password_hash(), must_change_password=False, created_at=STORY
            )
        )
        if cast.duty:
            session.add(
                DutyAssignment(
                    unit_id=cast.unit.id,
                    person_id=cast.id,
                    duty=cast.duty,
                    valid_from=FIRST_DAY,
                    named_by=SUZUKI.id,
                    named_at=STORY,
                )
            )
        if cast.function:
            session.add(
                PersonFunctionAssignment(person_id=cast.id, function=cast.function, valid_from=FIRST_DAY)
            )
    session.flush()
