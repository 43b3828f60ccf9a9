"""What an entry says, and the verifier on rows without any database."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from app.journal.rules import (
    ActorMark,
    EntryRow,
    ExportedSeal,
    HeadRow,
    SealRow,
    Subject,
    SubjectType,
    Via,
    chain_faults,
    exported_faults,
    exported_seal_from,
    exported_text,
    lines_digest,
    mark_faults,
    payload_of,
    seal_faults,
    seal_payload,
    seal_place,
)
from app.kernel.clock import JST
from app.kernel.digest import GENESIS, link
from app.kernel.errors import InvalidInput

NOW: Final = datetime(2026, 11, 20, tzinfo=UTC)
SHEET: Final = Subject(type=SubjectType.INSPECTION, id="a")
CHAIN: Final = ("inspection", "a")


def entry(sequence: int, *, previous: str, event: str = "test.happened") -> EntryRow:
    mark = ActorMark(person_id="p", via=Via.CLI, operator="root")
    payload = payload_of(subject=SHEET, event=event, actor=mark, at=NOW, facts={"n": sequence})
    return EntryRow(
        subject=CHAIN,
        sequence=sequence,
        recorded_at=NOW.isoformat(),
        payload=payload,
        previous_digest=previous,
        digest=link(previous=previous, sequence=sequence, payload=payload),
    )


FIRST: Final = entry(1, previous=GENESIS)
SECOND: Final = entry(2, previous=FIRST.digest)
HEAD: Final = HeadRow(subject=CHAIN, sequence=2, digest=SECOND.digest)


def seal(sequence: int, *, previous: str, lines: tuple[HeadRow, ...], entries: int) -> SealRow:
    payload = seal_payload(
        sealed_at=NOW.isoformat(), reason="test", subjects=1, entries=entries, lines=lines_digest(lines)
    )
    return SealRow(
        sequence=sequence,
        sealed_at=NOW.isoformat(),
        reason="test",
        subjects=1,
        entries=entries,
        lines_digest=lines_digest(lines),
        previous_digest=previous,
        digest=link(previous=previous, sequence=sequence, payload=payload),
        lines=lines,
    )


ONE: Final = seal(
    1, previous=GENESIS, lines=(HeadRow(subject=CHAIN, sequence=1, digest=FIRST.digest),), entries=1
)
TWO: Final = seal(2, previous=ONE.digest, lines=(HEAD,), entries=2)
DIGESTS: Final = {(*CHAIN, 1): FIRST.digest, (*CHAIN, 2): SECOND.digest}


def test_a_payload_holds_ids_codes_and_the_instant_in_utc() -> None:
    mark = ActorMark(person_id="p", via=Via.CLI, operator="root")
    payload = payload_of(
        subject=SHEET, event="e", actor=mark, at=NOW.astimezone(JST), facts={"b": 1, "a": None}
    )
    assert json.loads(payload) == {
        "actor": "p",
        "at": "2026-11-20T00:00:00+00:00",
        "event": "e",
        "facts": {"a": None, "b": 1},
        "operator": "root",
        "subject": ["inspection", "a"],
        "via": "cli",
    }


def test_a_whole_chain_has_no_faults() -> None:
    assert list(chain_faults(CHAIN, [FIRST, SECOND], HEAD)) == []
    assert list(seal_faults([ONE, TWO], DIGESTS)) == []
    assert list(mark_faults({CHAIN: 2}, [ONE, TWO])) == []


@pytest.mark.parametrize(
    ("entries", "head", "places"),
    [
        ([], HEAD, ["inspection/a"]),
        ([FIRST, SECOND], None, ["inspection/a"]),
        ([FIRST], HEAD, ["inspection/a #2"]),
        ([SECOND], HEAD, ["inspection/a #2"]),
        ([FIRST, SECOND], replace(HEAD, sequence=1), ["inspection/a #1"]),
        ([FIRST, SECOND], replace(HEAD, digest=FIRST.digest), ["inspection/a #2"]),
        ([FIRST, replace(SECOND, recorded_at="2026-11-21T00:00:00+00:00")], HEAD, ["inspection/a #2"]),
        ([FIRST, replace(SECOND, payload="{}")], HEAD, ["inspection/a #2"]),
        ([entry(1, previous="1" * 64), SECOND], HEAD, ["inspection/a #1", "inspection/a #2"]),
    ],
)
def test_each_fault_of_a_chain_is_named_once(
    entries: list[EntryRow], head: HeadRow | None, places: list[str]
) -> None:
    assert [fault.place for fault in chain_faults(CHAIN, entries, head)] == places


@pytest.mark.parametrize(
    ("seals", "places"),
    [
        ([TWO], [seal_place(2)]),
        ([ONE, replace(TWO, reason="other")], [seal_place(2)]),
        ([ONE, replace(TWO, lines=())], [seal_place(2), seal_place(2)]),
        ([ONE, seal(2, previous=GENESIS, lines=(HEAD,), entries=2)], [seal_place(2)]),
        ([ONE, seal(2, previous=ONE.digest, lines=(HEAD,), entries=3)], [seal_place(2)]),
    ],
)
def test_each_fault_of_the_seals_is_named(seals: list[SealRow], places: list[str]) -> None:
    assert [fault.place for fault in seal_faults(seals, DIGESTS)] == places


def test_an_entry_that_is_not_what_a_seal_saw_is_named() -> None:
    faults = list(seal_faults([ONE, TWO], {**DIGESTS, (*CHAIN, 2): "other"}))
    assert [fault.place for fault in faults] == ["inspection/a #2"]


@pytest.mark.parametrize("mark", [0, 1, 3])
def test_a_head_that_could_slip_past_the_next_seal_is_named(mark: int) -> None:
    assert [fault.place for fault in mark_faults({CHAIN: mark}, [ONE, TWO])] == ["inspection/a"]


EXPORTED: Final = ExportedSeal(
    sequence=2, sealed_at=NOW.isoformat(), digest=TWO.digest, subjects=1, entries=2
)


def test_an_exported_seal_is_read_back() -> None:
    assert exported_seal_from(exported_text(EXPORTED)) == EXPORTED
    assert list(exported_faults(EXPORTED, [ONE, TWO])) == []


@pytest.mark.parametrize(
    "seals", [[ONE], [ONE, replace(TWO, digest="other")], [ONE, replace(TWO, entries=9)]]
)
def test_a_journal_that_is_not_the_exported_one_is_found(seals: list[SealRow]) -> None:
    assert [fault.place for fault in exported_faults(EXPORTED, seals)] == [seal_place(2)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "not json",
        exported_text(EXPORTED).replace('"format":1', '"format":2'),
        exported_text(EXPORTED).replace('"entries":2', '"entries":2.5'),
        exported_text(EXPORTED).replace("{", '{"more":1,'),
    ],
)
def test_a_damaged_export_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="封印の控え"):
        exported_seal_from(text)
