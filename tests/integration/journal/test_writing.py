"""Writing the journal: with the change or not at all, in order, also when many write at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Final

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.session import Database
from app.journal.commands import Entry, record, record_births, record_many, seal
from app.journal.models import JournalEntry, JournalHead, JournalSealLine
from app.journal.queries import Verification, lines_of, verify
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import JST
from tests.integration.journal.conftest import CLERK
from tests.people import STORY

SHEET: Final = Subject(type=SubjectType.INSPECTION, id="one sheet")
WRITERS: Final = 6
EACH: Final = 5


def write(database: Database, subject: Subject = SHEET) -> None:
    with database.transaction() as session:
        record(session, subject=subject, event="test.happened", actor=CLERK, now=STORY)


def verified(database: Database) -> Verification:
    with database.reading() as session:
        return verify(session)


def in_parallel(acts: Iterable[Callable[[], None]]) -> None:
    """Start every act at the same moment and wait for all; the first exception is raised."""
    wanted = tuple(acts)
    line = Barrier(len(wanted))

    def start(act: Callable[[], None]) -> None:
        line.wait(timeout=30)
        act()

    with ThreadPoolExecutor(len(wanted)) as pool:
        for done in [pool.submit(start, act) for act in wanted]:
            done.result(timeout=60)


def test_an_entry_in_a_transaction_that_is_undone_leaves_nothing(database: Database) -> None:
    write(database)
    before = verified(database)
    with pytest.raises(RuntimeError, match="changed my mind"):
        _write_and_fail(database)
    assert verified(database) == before
    with database.reading() as session:
        assert [line.sequence for line in lines_of(session, subject=SHEET)] == [1]
        assert session.scalars(select(JournalHead.sequence)).all() == [1]


def _write_and_fail(database: Database) -> None:
    with database.transaction() as session:
        record(session, subject=SHEET, event="test.happened", actor=CLERK, now=STORY)
        record(session, subject=Subject(type=SubjectType.UNIT, id="x"), event="test", actor=CLERK, now=STORY)
        seal(session, reason="test", now=STORY)
        raise RuntimeError("changed my mind")


def test_an_entry_says_who_did_what_when_and_through_which_door(database: Database) -> None:
    with database.transaction() as session:
        record(session, subject=SHEET, event="test.happened", actor=CLERK, now=STORY, facts={"item": "D01"})
    with database.reading() as session:
        [line] = lines_of(session, subject=SHEET)
    assert (line.event, line.person_id, line.via, line.at, line.facts) == (
        "test.happened",
        "clerk",
        "web",
        STORY,
        {"item": "D01"},
    )


def test_an_instant_of_another_time_zone_is_kept_as_the_same_instant(database: Database) -> None:
    with database.transaction() as session:
        record(session, subject=SHEET, event="test.happened", actor=CLERK, now=STORY.astimezone(JST))
        seal(session, reason="test", now=STORY.astimezone(JST))
    assert verified(database).faults == ()


def test_many_births_are_as_good_as_single_ones(database: Database) -> None:
    subjects = [Subject(type=SubjectType.INSPECTION, id=str(number)) for number in range(50)]
    with database.transaction() as session:
        record_births(session, subjects=subjects, event="inspection.opened", actor=CLERK, now=STORY)
        record_births(session, subjects=[], event="inspection.opened", actor=CLERK, now=STORY)
        record(session, subject=subjects[7], event="test.happened", actor=CLERK, now=STORY)
        seal(session, reason="test", now=STORY)
    outcome = verified(database)
    assert (outcome.entries, outcome.subjects, outcome.seals, outcome.faults) == (51, 50, 1, ())


def test_a_seal_binds_only_the_heads_that_moved(database: Database) -> None:
    other = Subject(type=SubjectType.UNIT, id="x")
    for number, subject in enumerate((SHEET, other, SHEET)):
        write(database, subject)
        with database.transaction() as session:
            made = seal(session, reason="test", now=STORY + timedelta(minutes=number))
            assert (made.sequence, made.entries, made.subjects) == (
                number + 1,
                number + 1,
                min(number + 1, 2),
            )
    with database.reading() as session:
        lines = session.execute(select(JournalSealLine.seal_sequence, JournalSealLine.subject_id)).all()
    assert sorted((row.seal_sequence, row.subject_id) for row in lines) == [
        (1, SHEET.id),
        (2, "x"),
        (3, SHEET.id),
    ]
    assert verified(database).faults == ()


# ------------------------------------------------------------------------------------- many at once


def test_many_writers_of_one_subject_leave_no_gap_and_nothing_twice(database: Database) -> None:
    write(database)

    def several() -> None:
        for _ in range(EACH):
            write(database)

    in_parallel([several] * WRITERS)
    assert _sequences(database) == list(range(1, WRITERS * EACH + 2))
    assert verified(database).faults == ()


def test_the_first_entry_of_a_subject_may_be_written_by_many_at_once(database: Database) -> None:
    for number in range(5):
        subject = Subject(type=SubjectType.ACCOUNT, id=f"account {number}")
        in_parallel([lambda subject=subject: write(database, subject)] * 4)  # type: ignore[misc]
    outcome = verified(database)
    assert (outcome.entries, outcome.subjects, outcome.faults) == (20, 5, ())


def test_many_seals_at_once_make_one_chain(database: Database) -> None:
    def write_and_seal(name: str) -> None:
        for _ in range(EACH):
            with database.transaction() as session:
                subject = Subject(type=SubjectType.INSPECTION, id=name)
                record(session, subject=subject, event="test.happened", actor=CLERK, now=STORY)
                seal(session, reason="sheet-sealed", now=STORY)

    in_parallel([lambda name=str(number): write_and_seal(name) for number in range(WRITERS)])  # type: ignore[misc]
    outcome = verified(database)
    assert (outcome.entries, outcome.seals, outcome.faults) == (WRITERS * EACH, WRITERS * EACH, ())


def _sequences(database: Database) -> list[int]:
    with database.reading() as session:
        return list(_read_sequences(session))


def _read_sequences(session: Session) -> Iterable[int]:
    return session.scalars(
        select(JournalEntry.sequence)
        .where(JournalEntry.subject_id == SHEET.id)
        .order_by(JournalEntry.sequence)
    )


def test_two_seals_in_one_transaction_see_what_happened_between_them(database: Database) -> None:
    with database.transaction() as session:
        for _ in range(2):
            record(session, subject=SHEET, event="test.happened", actor=CLERK, now=STORY)
            seal(session, reason="test", now=STORY)
    outcome = verified(database)
    assert (outcome.entries, outcome.seals, outcome.faults) == (2, 2, ())


def test_a_second_seal_reads_the_heads_afresh_where_a_session_still_holds_them(database: Database) -> None:
    with database.transaction() as session:
        record(session, subject=SHEET, event="test.happened", actor=CLERK, now=STORY)
        seal(session, reason="test", now=STORY)
        held = session.scalars(select(JournalHead)).all()
        digest = record(session, subject=SHEET, event="test.happened", actor=CLERK, now=STORY)
        made = seal(session, reason="test", now=STORY)
        line = session.get_one(JournalSealLine, (2, SHEET.type.value, SHEET.id))
        assert (line.sequence, line.digest) == (2, digest)
    assert [head.subject_id for head in held] == [SHEET.id]
    assert (made.sequence, made.entries, made.subjects) == (2, 2, 1)
    assert verified(database).faults == ()


# ------------------------------------------------------------------------------------------- many at once

OTHER: Final = Subject(type=SubjectType.INSPECTION, id="another sheet")
THIRD: Final = Subject(type=SubjectType.CAMPAIGN, id="one campaign")


def write_many(database: Database, subjects: Iterable[Subject]) -> None:
    entries = [
        Entry(subject=subject, event="test.happened", facts={"place": place})
        for place, subject in enumerate(subjects)
    ]
    with database.transaction() as session:
        record_many(session, entries=entries, actor=CLERK, now=STORY)


def test_many_entries_are_the_same_as_one_by_one(database: Database) -> None:
    """On chains that are there and on new ones, in the order given."""
    write(database)
    order = [SHEET, OTHER, SHEET, THIRD, SHEET, OTHER]
    write_many(database, order)
    with database.reading() as session:
        found = {one: lines_of(session, subject=one) for one in (SHEET, OTHER, THIRD)}
    assert {one: len(lines) for one, lines in found.items()} == {SHEET: 4, OTHER: 2, THIRD: 1}
    assert [line.facts["place"] for line in found[SHEET][1:]] == [0, 2, 4]
    assert verified(database).faults == ()


def test_nothing_to_write_writes_nothing(database: Database) -> None:
    before = verified(database)
    write_many(database, [])
    assert verified(database) == before


def test_writers_of_many_wait_for_each_other_and_for_single_ones(database: Database) -> None:
    crossed = [[SHEET, OTHER, THIRD], [THIRD, OTHER, SHEET]] * 2
    in_parallel(
        [
            *(lambda subjects=subjects: write_many(database, subjects * EACH) for subjects in crossed),
            *(lambda subject=subject: write(database, subject) for subject in (SHEET, OTHER)),
        ]
    )
    assert verified(database).faults == ()
    with database.reading() as session:
        assert len(lines_of(session, subject=SHEET)) == len(crossed) * EACH + 1
