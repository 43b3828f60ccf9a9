"""Whatever an owner of the database does to the rows of the journal, `verify` finds it and names the place.

Every column of every row at every place of a small log is altered, every row is deleted, doubled and swapped.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest

from app.journal.models import JournalEntry, JournalHead, JournalSeal, JournalSealLine
from app.journal.queries import exported_seal, verify_subject
from app.journal.rules import HeadRow, Subject, SubjectType, lines_digest, seal_payload, seal_place
from app.kernel.digest import GENESIS, link
from tests.integration.journal.conftest import LENGTH, SUBJECTS, Owner

CHAINS: Final = tuple((subject.type.value, subject.id) for subject in SUBJECTS)
PLACES: Final = tuple((*chain, number) for chain in CHAINS for number in range(1, LENGTH + 1))
SEALS: Final = (1, 2)
LINES: Final = tuple((seal, *chain) for seal in SEALS for chain in CHAINS)
THIS_CHAIN: Final = "subject_type = :kind AND subject_id = :name"
THIS_ENTRY: Final = f"{THIS_CHAIN} AND sequence = :number"
THIS_LINE: Final = f"{THIS_CHAIN} AND seal_sequence = :seal"


def columns(table: type[JournalEntry | JournalHead | JournalSeal | JournalSealLine]) -> list[str]:
    return [column.name for column in table.__table__.columns]


def places(owner: Owner) -> set[str]:
    return {fault.place for fault in owner.verified().faults}


def chains(found: set[str]) -> set[str]:
    return {place.split(" ")[0] for place in found}


def others(value: Any) -> Iterator[object]:  # noqa: ANN401 - the value of any column
    """Other values of the same type, near and far."""
    if isinstance(value, int):
        yield from (value + 1, value - 1, value + 100)
    elif isinstance(value, datetime):
        yield from (value + timedelta(microseconds=1), value - timedelta(days=1))
    elif value.startswith("2026-"):
        yield from (value[:-1] + "1", value.replace("2026", "2025"))
    elif value.startswith("{"):
        yield from (value.replace(":", ": ", 1), value.replace("happened", "happenee"), value + " ", "{}")
    else:
        yield from (value[:-1] + "~", "f" + value[1:], value[:-1])


def alterations(owner: Owner, *, table: str, column: str, where: str, **key: object) -> Iterator[None]:
    """Alter one column of one row, once for each other value that is no other row's key."""
    [row] = owner.rows(f"SELECT {column} FROM {table} WHERE {where}", **key)  # noqa: S608 - our own names
    for value in others(row[column]):
        taken = column == "sequence" and value in range(LENGTH + 1)
        if not taken and not (column == "seal_sequence" and value in SEALS):
            with owner.trying():
                owner.run(f"UPDATE {table} SET {column} = :new WHERE {where}", new=value, **key)  # noqa: S608
                yield


def test_the_log_as_it_was_written_verifies(owner: Owner) -> None:
    outcome = owner.verified()
    assert (outcome.entries, outcome.subjects, outcome.seals, outcome.faults) == (12, 3, 2, ())


# ------------------------------------------------------------------------------------------- entries


@pytest.mark.parametrize("column", columns(JournalEntry))
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_an_altered_entry_is_found(owner: Owner, place: tuple[str, str, int], column: str) -> None:
    kind, name, number = place
    key: dict[str, Any] = {"kind": kind, "name": name, "number": number}
    tried = 0
    for _ in alterations(owner, table="journal_entry", column=column, where=THIS_ENTRY, **key):
        tried += 1
        found = places(owner)
        assert f"{kind}/{name}" in chains(found)
        if column in {"recorded_at", "payload", "previous_digest", "digest"}:
            assert f"{kind}/{name} #{number}" in found
    assert tried > 0


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_deleted_entry_is_found(owner: Owner, place: tuple[str, str, int]) -> None:
    kind, name, number = place
    owner.run(f"DELETE FROM journal_entry WHERE {THIS_ENTRY}", kind=kind, name=name, number=number)  # noqa: S608
    # The entry behind the gap is named, or, where there is none, the head that misses its entry.
    assert f"{kind}/{name} #{min(number + 1, LENGTH)}" in places(owner)


def test_a_whole_payload_cannot_be_put_under_another_entry(owner: Owner) -> None:
    for first, second in [*pairwise(PLACES), (PLACES[0], PLACES[-1])]:
        with owner.trying():
            _swap(owner, first, second, names=("payload", "recorded_at"))
            found = places(owner)
            assert {_name(first), _name(second)} <= found


def test_two_whole_entries_cannot_change_places(owner: Owner) -> None:
    for first, second in [*pairwise(PLACES), (PLACES[0], PLACES[-1])]:
        with owner.trying():
            _swap(owner, first, second, names=("payload", "recorded_at", "previous_digest", "digest"))
            found = places(owner)
            assert {_name(first), _name(second)} & found
            assert {chain.split(" ")[0] for chain in (_name(first), _name(second))} <= chains(found)


def _name(place: tuple[str, str, int]) -> str:
    return f"{place[0]}/{place[1]} #{place[2]}"


def _swap(
    owner: Owner, first: tuple[str, str, int], second: tuple[str, str, int], *, names: tuple[str, ...]
) -> None:
    keys = [dict(zip(("kind", "name", "number"), place, strict=True)) for place in (first, second)]
    rows = [owner.rows(f"SELECT * FROM journal_entry WHERE {THIS_ENTRY}", **key)[0] for key in keys]  # noqa: S608
    # The digest is a unique key: out of the way first.
    owner.run(f"UPDATE journal_entry SET digest = 'elsewhere' WHERE {THIS_ENTRY}", **keys[0])  # noqa: S608
    sets = ", ".join(f"{name} = :{name}" for name in {*names, "digest"})
    for key, own, other in ((keys[1], rows[1], rows[0]), (keys[0], rows[0], rows[1])):
        values = {name: other[name] if name in names else own[name] for name in {*names, "digest"}}
        owner.run(f"UPDATE journal_entry SET {sets} WHERE {THIS_ENTRY}", **key, **values)  # noqa: S608


@pytest.mark.parametrize("cut", range(1, LENGTH + 1))
@pytest.mark.parametrize("chain", CHAINS, ids="/".join)
def test_a_tail_that_was_cut_off_is_found(owner: Owner, chain: tuple[str, str], cut: int) -> None:
    kind, name = chain
    sql = f"DELETE FROM journal_entry WHERE {THIS_CHAIN} AND sequence > :last"  # noqa: S608 - our own names
    owner.run(sql, kind=kind, name=name, last=LENGTH - cut)
    # A chain of which nothing is left is named without a number.
    assert (f"{kind}/{name} #{LENGTH}" if cut < LENGTH else f"{kind}/{name}") in places(owner)


@pytest.mark.parametrize("cut", range(2, LENGTH + 1))
@pytest.mark.parametrize("chain", CHAINS, ids="/".join)
def test_a_sealed_tail_is_missed_even_when_the_head_was_moved_back(
    owner: Owner, chain: tuple[str, str], cut: int
) -> None:
    kind, name = chain
    key = {"kind": kind, "name": name}
    last = LENGTH - cut
    owner.run(f"DELETE FROM journal_entry WHERE {THIS_CHAIN} AND sequence > :last", **key, last=last)  # noqa: S608
    if last:
        owner.run(
            f"UPDATE journal_head SET sequence = :last, sealed_sequence = :last, digest = "  # noqa: S608
            f"(SELECT digest FROM journal_entry WHERE {THIS_CHAIN} AND sequence = :last) WHERE {THIS_CHAIN}",
            **key,
            last=last,
        )
    else:
        owner.run(f"DELETE FROM journal_head WHERE {THIS_CHAIN}", **key)  # noqa: S608 - our own names
    assert f"{kind}/{name} #3" in places(owner)


@pytest.mark.parametrize("number", range(1, LENGTH + 2))
@pytest.mark.parametrize("chain", CHAINS, ids="/".join)
def test_an_inserted_entry_is_found(owner: Owner, chain: tuple[str, str], number: int) -> None:
    kind, name = chain
    key = {"kind": kind, "name": name}
    [copied] = owner.rows(f"SELECT * FROM journal_entry WHERE {THIS_ENTRY}", **key, number=1)  # noqa: S608
    copied["payload"] = copied["payload"].replace("happened", "imagined")
    for later in range(LENGTH, number - 1, -1):
        sql = f"UPDATE journal_entry SET sequence = :new WHERE {THIS_ENTRY}"  # noqa: S608 - our own names
        owner.run(sql, **key, number=later, new=later + 1)
    before = owner.rows(f"SELECT digest FROM journal_entry WHERE {THIS_ENTRY}", **key, number=number - 1)  # noqa: S608
    previous = before[0]["digest"] if before else GENESIS
    digest = link(previous=previous, sequence=number, payload=copied["payload"])
    forged = {**copied, "sequence": number, "previous_digest": previous, "digest": digest}
    names = ", ".join(forged)
    binds = ", ".join(f":{name}" for name in forged)
    owner.run(f"INSERT INTO journal_entry ({names}) VALUES ({binds})", **forged)  # noqa: S608 - our own names
    moved = f"UPDATE journal_head SET sequence = sequence + 1 WHERE {THIS_CHAIN}"  # noqa: S608 - our own names
    for also_the_head in (False, True):
        if also_the_head:
            owner.run(moved, **key)
        assert f"{kind}/{name}" in chains(places(owner))


# --------------------------------------------------------------------------------------------- heads


@pytest.mark.parametrize("column", columns(JournalHead))
@pytest.mark.parametrize("chain", CHAINS, ids="/".join)
def test_an_altered_head_is_found(owner: Owner, chain: tuple[str, str], column: str) -> None:
    kind, name = chain
    key: dict[str, Any] = {"kind": kind, "name": name}
    for _ in alterations(owner, table="journal_head", column=column, where=THIS_CHAIN, **key):
        assert f"{kind}/{name}" in chains(places(owner))


@pytest.mark.parametrize("chain", CHAINS, ids="/".join)
def test_a_deleted_head_or_chain_is_found(owner: Owner, chain: tuple[str, str]) -> None:
    kind, name = chain
    for tables in (("journal_head",), ("journal_entry",), ("journal_entry", "journal_head")):
        with owner.trying():
            for table in tables:
                owner.run(f"DELETE FROM {table} WHERE {THIS_CHAIN}", kind=kind, name=name)  # noqa: S608
            assert f"{kind}/{name}" in chains(places(owner))


def test_a_head_without_entries_is_found(owner: Owner) -> None:
    owner.run(
        "INSERT INTO journal_head (subject_type, subject_id, sequence, digest, sealed_sequence) "
        "VALUES ('unit', 'x', 1, 'd', 0)"
    )
    assert places(owner) == {"unit/x"}


# --------------------------------------------------------------------------------------------- seals


@pytest.mark.parametrize("column", columns(JournalSeal))
@pytest.mark.parametrize("seal", SEALS)
def test_an_altered_seal_is_found(owner: Owner, seal: int, column: str) -> None:
    for _ in alterations(owner, table="journal_seal", column=column, where="sequence = :seal", seal=seal):
        found = places(owner)
        assert any(place.startswith(seal_place(seal).split("#")[0]) for place in found)
        if column != "sequence":
            assert seal_place(seal) in found


@pytest.mark.parametrize("column", columns(JournalSealLine))
@pytest.mark.parametrize("line", LINES, ids=str)
def test_an_altered_line_of_a_seal_is_found(owner: Owner, line: tuple[int, str, str], column: str) -> None:
    seal, kind, name = line
    key: dict[str, Any] = {"seal": seal, "kind": kind, "name": name}
    for _ in alterations(owner, table="journal_seal_line", column=column, where=THIS_LINE, **key):
        assert seal_place(seal) in places(owner)


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_deleted_line_of_a_seal_is_found(owner: Owner, line: tuple[int, str, str]) -> None:
    seal, kind, name = line
    owner.run(f"DELETE FROM journal_seal_line WHERE {THIS_LINE}", seal=seal, kind=kind, name=name)  # noqa: S608
    assert seal_place(seal) in places(owner)


@pytest.mark.parametrize("seal", [1, 2, 3])
def test_an_added_line_of_a_seal_is_found(owner: Owner, seal: int) -> None:
    owner.run(
        "INSERT INTO journal_seal_line (seal_sequence, subject_type, subject_id, sequence, digest) "
        "VALUES (:seal, 'unit', 'x', 1, 'd')",
        seal=seal,
    )
    # Also when the seal that it belongs to is not there at all.
    assert seal_place(seal) in places(owner)


@pytest.mark.parametrize("seal", SEALS)
@pytest.mark.parametrize("also", ["the seal alone", "its lines too"])
def test_a_deleted_seal_is_found(owner: Owner, seal: int, also: str) -> None:
    if also == "its lines too":
        owner.run("DELETE FROM journal_seal_line WHERE seal_sequence = :seal", seal=seal)
    owner.run("DELETE FROM journal_seal WHERE sequence = :seal", seal=seal)
    assert places(owner)


def test_two_seals_cannot_change_places(owner: Owner) -> None:
    for table, column in (("journal_seal", "sequence"), ("journal_seal_line", "seal_sequence")):
        for old, new in ((1, 99), (2, 1), (99, 2)):
            owner.run(f"UPDATE {table} SET {column} = :new WHERE {column} = :old", old=old, new=new)  # noqa: S608
    assert {seal_place(1), seal_place(2)} <= places(owner)


def test_a_seal_that_was_added_is_found(owner: Owner) -> None:
    kept = "sealed_at, reason, subjects, entries, lines_digest, previous_digest"
    owner.run(
        f"INSERT INTO journal_seal (sequence, {kept}, digest) "  # noqa: S608 - our own names
        f"SELECT 3, {kept}, 'forged' FROM journal_seal WHERE sequence = 2"
    )
    assert seal_place(3) in places(owner)


# -------------------------------------------------------------------- rewriting more than a single row


def rewrite_chain(owner: Owner, chain: tuple[str, str]) -> None:
    """Change the first entry of a chain and make all that follows fit, the head included."""
    kind, name = chain
    previous = GENESIS
    for number in range(1, LENGTH + 1):
        key = {"kind": kind, "name": name, "number": number}
        [row] = owner.rows(f"SELECT payload FROM journal_entry WHERE {THIS_ENTRY}", **key)  # noqa: S608
        payload = row["payload"].replace("test.happened", "test.imagined") if number == 1 else row["payload"]
        digest = link(previous=previous, sequence=number, payload=payload)
        sets = "payload = :payload, previous_digest = :previous, digest = :digest"
        new = {"payload": payload, "previous": previous, "digest": digest}
        owner.run(f"UPDATE journal_entry SET {sets} WHERE {THIS_ENTRY}", **key, **new)  # noqa: S608
        previous = digest
    sql = f"UPDATE journal_head SET digest = :digest WHERE {THIS_CHAIN}"  # noqa: S608 - our own names
    owner.run(sql, kind=kind, name=name, digest=previous)


def rewrite_seals(owner: Owner) -> None:
    """Make both seals fit what the chains now say."""
    previous = GENESIS
    owner.run(
        "UPDATE journal_seal_line SET digest = (SELECT e.digest FROM journal_entry e WHERE e.sequence = "
        "journal_seal_line.sequence AND e.subject_type = journal_seal_line.subject_type "
        "AND e.subject_id = journal_seal_line.subject_id)"
    )
    for seal in SEALS:
        rows = owner.rows("SELECT * FROM journal_seal_line WHERE seal_sequence = :seal", seal=seal)
        lines = lines_digest(
            HeadRow(
                subject=(row["subject_type"], row["subject_id"]),
                sequence=row["sequence"],
                digest=row["digest"],
            )
            for row in rows
        )
        [held] = owner.rows("SELECT * FROM journal_seal WHERE sequence = :seal", seal=seal)
        payload = seal_payload(
            sealed_at=_stored_instant(owner, seal),
            reason=held["reason"],
            subjects=held["subjects"],
            entries=held["entries"],
            lines=lines,
        )
        digest = link(previous=previous, sequence=seal, payload=payload)
        owner.run(
            "UPDATE journal_seal SET lines_digest = :lines, previous_digest = :previous, digest = :digest "
            "WHERE sequence = :seal",
            seal=seal,
            lines=lines,
            previous=previous,
            digest=digest,
        )
        previous = digest


def _stored_instant(owner: Owner, seal: int) -> str:
    with owner.session() as session:
        return session.get_one(JournalSeal, seal).sealed_at.isoformat()


@pytest.mark.parametrize("chain", CHAINS, ids="/".join)
def test_a_chain_rewritten_from_its_beginning_is_found_by_the_seals(
    owner: Owner, chain: tuple[str, str]
) -> None:
    rewrite_chain(owner, chain)
    assert places(owner) == {f"{'/'.join(chain)} #2", f"{'/'.join(chain)} #3"}


def test_a_journal_rewritten_with_all_its_seals_is_found_by_an_exported_seal(owner: Owner) -> None:
    with owner.session() as session:
        exported = exported_seal(session)
    assert exported is not None
    rewrite_chain(owner, CHAINS[0])
    rewrite_seals(owner)
    # This is what an owner of the database could hide, …
    assert places(owner) == set()
    # … were it not for the seal that was taken off the machine.
    assert {fault.place for fault in owner.verified(exported=[exported]).faults} == {seal_place(2)}


# ---------------------------------------------------------------------------------------- one chain alone


def of_subject(owner: Owner, chain: tuple[str, str]) -> set[str]:
    subject = Subject(type=SubjectType(chain[0]), id=chain[1])
    with owner.session() as session:
        return {fault.place for fault in verify_subject(session, subject=subject).faults}


@pytest.mark.parametrize("chain", CHAINS)
def test_one_chain_as_it_was_written_verifies(owner: Owner, chain: tuple[str, str]) -> None:
    with owner.session() as session:
        found = verify_subject(session, subject=Subject(type=SubjectType(chain[0]), id=chain[1]))
    assert (found.entries, found.seals, found.faults) == (LENGTH, len(SEALS), ())
    assert found.last_seal == owner.rows("SELECT digest FROM journal_seal WHERE sequence = 2")[0]["digest"]


@pytest.mark.parametrize("number", range(1, LENGTH + 1))
@pytest.mark.parametrize("column", ["payload", "digest", "previous_digest", "recorded_at"])
def test_an_altered_entry_is_found_in_its_own_chain_only(owner: Owner, number: int, column: str) -> None:
    kind, name = CHAINS[0]
    key: dict[str, object] = {"kind": kind, "name": name, "number": number}
    for _ in alterations(owner, table="journal_entry", column=column, where=THIS_ENTRY, **key):
        assert f"{kind}/{name} #{number}" in of_subject(owner, CHAINS[0])
        assert of_subject(owner, CHAINS[1]) == set()


def test_a_cut_tail_an_emptied_chain_and_a_moved_mark_are_found_in_one_chain(owner: Owner) -> None:
    kind, name = CHAINS[0]
    key = {"kind": kind, "name": name}
    for change, also in (
        ("DELETE FROM journal_entry", " AND sequence = 4"),
        ("DELETE FROM journal_entry", ""),
        ("DELETE FROM journal_head", ""),
        ("UPDATE journal_head SET sealed_sequence = 0", ""),
        ("DELETE FROM journal_seal_line", " AND seal_sequence = 2"),
        ("UPDATE journal_seal_line SET digest = 'x'", " AND seal_sequence = 1"),
    ):
        with owner.trying():
            owner.run(f"{change} WHERE {THIS_CHAIN}{also}", **key)
            assert of_subject(owner, CHAINS[0]), change


def test_a_chain_rewritten_with_its_head_is_found_by_its_seals(owner: Owner) -> None:
    """The tail that no seal has seen yet can be rewritten; what was sealed cannot."""
    kind, name = CHAINS[0]
    key: dict[str, object] = {"kind": kind, "name": name}
    with owner.trying():
        owner.run(f"DELETE FROM journal_entry WHERE {THIS_CHAIN} AND sequence > 2", **key)  # noqa: S608 - our own names
        [last] = owner.rows(f"SELECT digest FROM journal_entry WHERE {THIS_CHAIN} AND sequence = 2", **key)  # noqa: S608
        change = f"UPDATE journal_head SET sequence = 2, digest = :last WHERE {THIS_CHAIN}"  # noqa: S608
        owner.run(change, last=last["digest"], **key)
        assert of_subject(owner, CHAINS[0]) == {f"{kind}/{name} #3"}
