"""A city's rows from each earlier revision come through to the newest one, and its work goes on from there.

Beside this file lies, for every revision that a city may have run, what the program wrote under it.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Date, Integer, String, Uuid, column, select, text, update
from sqlalchemy import table as sa_table

from app.access.actor import Actor
from app.db.engine import make_engine
from app.db.guards import check, remove
from app.db.migrate import FOLDER, upgrade
from app.db.registry import GUARDS
from app.db.search import stale_keys
from app.db.session import Database
from app.inspections.commands.reopening import decline_reopening
from app.inspections.models import (
    AnswerHistory,
    ProfileFlag,
    ProfileHistory,
    Reopening,
    Revision,
    SealedRevision,
)
from app.inspections.queries.sheet import content_of_sheet, find_sheet, is_answered, subject_of
from app.inspections.rules import State
from app.journal.queries import verify
from app.kernel.digest import digest_text
from app.kernel.ids import InspectionId, UnitId
from app.organisation.queries import computed_heirs, ends_without_succession, stored_heirs, tree_on
from app.people.models import Person, Posting
from app.people.queries import actor_on
from tests.people import GENERAL, KIMURA, SATO, TAKAHASHI

HERE: Final = Path(__file__).parent
ROWS: Final = sorted(HERE.glob("rows_of_*.sql"))
LATER: Final = datetime(2026, 12, 20, tzinfo=UTC)


def rows(path: Path) -> Iterator[str]:
    """Yield the statements of a file; words may hold line ends."""
    text = path.read_text(encoding="utf-8").partition("\n")[2]
    yield from (
        f"INSERT INTO {part}" for part in re.split(r"^INSERT INTO ", text, flags=re.MULTILINE) if part
    )


def load(connection: Connection, path: Path) -> None:
    """Write the rows as they were, past the guards: sealed ones too."""
    remove(connection)
    for statement in rows(path):
        connection.exec_driver_sql(
            statement.replace("%", "%%") if connection.dialect.name == "postgresql" else statement
        )


@pytest.fixture(params=ROWS, ids=lambda path: path.stem)
def upgraded(request: pytest.FixtureRequest, empty_url: str) -> Iterator[Database]:
    """A city that began under an earlier revision, brought to the newest."""
    database = Database(make_engine(empty_url))
    upgrade(database, target=request.param.stem.removeprefix("rows_of_"))
    with database.migrating() as connection:
        load(connection, request.param)
    upgrade(database)
    yield database
    database.engine.dispose()


def manager(database: Database) -> Actor:
    with database.reading() as session:
        return actor_on(session, person_id=KIMURA.id, day=LATER.date())


def test_every_revision_but_the_newest_has_its_rows() -> None:
    steps = [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()]
    assert {path.stem.removeprefix("rows_of_") for path in ROWS} >= set(steps[1:])


def test_the_guards_stand_and_the_journal_verifies(upgraded: Database) -> None:
    with upgraded.engine.connect() as connection:
        assert check(connection, GUARDS) == []
    with upgraded.reading() as session:
        outcome = verify(session)
    assert outcome.faults == ()
    assert outcome.entries > 0


def test_everybody_and_every_unit_is_found_by_name(upgraded: Database) -> None:
    with upgraded.reading() as session:
        assert session.scalars(select(Person.search_key)).all()
        assert stale_keys(session) == 0


def test_what_was_sealed_is_as_it_was(upgraded: Database) -> None:
    with upgraded.reading() as session:
        sealed = session.scalars(select(SealedRevision)).all()
        assert sealed
        assert all(digest_text(row.content) == row.digest for row in sealed)


def test_every_sheet_can_be_read_and_what_was_approved_still_is(upgraded: Database) -> None:
    actor = manager(upgraded)
    with upgraded.reading() as session:
        states = set()
        for inspection_id in session.scalars(
            select(Revision.inspection_id).where(Revision.current.is_(True))
        ).all():
            sheet = find_sheet(session, actor=actor, inspection_id=InspectionId(inspection_id))
            content = content_of_sheet(session, sheet=sheet)
            assert content.completeness(sheet).answered == sheet.answered
            if sheet.state is State.UNDER_REVIEW:
                assert content.digest == content.approved_digest
            states.add(sheet.state)
    assert states == {State.ANSWERING, State.RETURNED, State.UNDER_REVIEW, State.CLOSED_UNSUBMITTED}


def test_confirmations_of_profiles_begin_a_history(upgraded: Database) -> None:
    with upgraded.reading() as session:
        confirmed = set(
            session.scalars(select(ProfileFlag.revision_id).where(ProfileFlag.confirmed_at.is_not(None)))
        )
        history = {row.revision_id: row for row in session.scalars(select(ProfileHistory))}
        assert set(history) == confirmed
        assert all(json.loads(row.flags) == {"MN": False} for row in history.values())
        assert {row.origin for row in session.scalars(select(AnswerHistory))} <= {"given", "carried"}


def test_who_replied_before_still_took_part(upgraded: Database) -> None:
    actor = manager(upgraded)
    with upgraded.reading() as session:
        returned = session.scalars(select(Revision).where(Revision.state == State.RETURNED.value)).one()
        sheet = find_sheet(session, actor=actor, inspection_id=InspectionId(returned.inspection_id))
        content = content_of_sheet(session, sheet=sheet)
        answered = [entry for entry in content.returns if is_answered(entry, content.answers[entry.item_id])]
        subject = subject_of(session, sheet=sheet, today=LATER.date())
    assert [entry.reply for entry in answered] == ["来月に直します。"]
    assert TAKAHASHI.id in subject.recorded_by


def test_what_was_recorded_in_a_first_revision_was_given(upgraded: Database) -> None:
    first = select(Revision.id).where(Revision.number == 1)
    with upgraded.reading() as session:
        for table in (AnswerHistory, ProfileHistory):
            found = session.scalars(select(table.origin).where(table.revision_id.in_(first))).all()
            assert set(found) == {"given"}, table.__tablename__


def test_a_request_to_reopen_from_before_is_the_first_of_its_revision(upgraded: Database) -> None:
    with upgraded.reading() as session:
        assert session.scalars(select(Reopening.sequence)).all() == [1, 1]


def test_whoever_recorded_answers_before_still_took_part_by_them_alone(empty_url: str) -> None:
    """Without the confirmation of the profile, which names the same people."""
    database = Database(make_engine(empty_url))
    upgrade(database, target="0001")
    with database.migrating() as connection:
        load(connection, HERE / "rows_of_0001.sql")
        connection.execute(update(ProfileFlag).values(confirmed_by=None, confirmed_at=None))
    upgrade(database)
    actor = manager(database)
    with database.reading() as session:
        returned = session.scalars(select(Revision).where(Revision.state == State.RETURNED.value)).one()
        sheet = find_sheet(session, actor=actor, inspection_id=InspectionId(returned.inspection_id))
        subject = subject_of(session, sheet=sheet, today=LATER.date())
        assert session.scalars(select(ProfileHistory)).all() == []
    assert subject.recorded_by == {TAKAHASHI.id}
    database.engine.dispose()


def test_a_request_to_reopen_that_waited_can_be_decided(upgraded: Database) -> None:
    with upgraded.reading() as session:
        found = {row.outcome: row for row in session.scalars(select(Reopening))}
        waiting = session.get_one(Revision, found[None].revision_id).inspection_id
    assert set(found) == {None, "granted"}
    with upgraded.transaction() as session:
        decline_reopening(
            session,
            actor=manager(upgraded),
            inspection_id=InspectionId(waiting),
            reason="締め切ったため",
            now=LATER,
        )


ENDED: Final = UUID("0e0d0c0b-0a09-4807-8605-040302010000")
FAR: Final = date(2199, 4, 1)


@pytest.fixture
def with_an_end(empty_url: str) -> Iterator[Database]:
    """A city of before in which a unit had ended, and a post begins far in the future."""
    database = Database(make_engine(empty_url))
    upgrade(database, target="0004")
    with database.migrating() as connection:
        load(connection, HERE / "rows_of_0004.sql")
        connection.execute(
            text("INSERT INTO unit (id, code, created_at) VALUES (:id, '0099', '2020-04-01 00:00:00')"),
            {"id": ENDED if connection.dialect.name == "postgresql" else ENDED.hex},
        )
        version = sa_table(
            "unit_version",
            *(column(name, Uuid()) for name in ("id", "unit_id", "parent_id")),
            *(column(name, String()) for name in ("name", "kana", "kind", "policy_owner")),
            column("sort_order", Integer()),
            *(column(name, Date()) for name in ("valid_from", "valid_to")),
        )
        connection.execute(
            version.insert().values(
                id=uuid4(),
                unit_id=ENDED,
                parent_id=GENERAL.id,
                name="文書課",
                kana="ぶんしょか",
                kind="division",
                policy_owner="mayor",
                sort_order=1,
                valid_from=date(2020, 4, 1),
                valid_to=date(2024, 4, 1),
            )
        )
        post = sa_table("posting", column("person_id", Uuid()), column("valid_from", Date()))
        connection.execute(post.update().where(post.c.person_id == SATO.id).values(valid_from=FAR))
    upgrade(database)
    yield database
    database.engine.dispose()


def test_a_unit_that_had_ended_is_followed_by_the_one_above(with_an_end: Database) -> None:
    with with_an_end.reading() as session:
        assert tree_on(session, day=LATER.date()).responsible(UnitId(ENDED)) == GENERAL.id
        assert ends_without_succession(session) == frozenset()
        assert stored_heirs(session) == frozenset(computed_heirs(session))


def test_a_post_to_come_is_known_already(with_an_end: Database) -> None:
    with with_an_end.reading() as session:
        (row,) = session.scalars(select(Posting).where(Posting.person_id == SATO.id)).all()
    assert row.valid_from == FAR
    assert row.known_from < FAR
