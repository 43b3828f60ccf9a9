"""What a journal entry says, and how a chain is verified. Pure: the verifier is given rows, not a database."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.kernel.digest import GENESIS, canonical, digest_of, link


class Via(StrEnum):
    """The door through which somebody acted."""

    WEB = "web"
    CLI = "cli"
    JOB = "job"


class SubjectType(StrEnum):
    """The kinds of things that have a chain of their own."""

    INSTALLATION = "installation"
    ACCOUNT = "account"
    UNIT = "unit"
    PERSON = "person"
    CHECKLIST = "checklist"
    CAMPAIGN = "campaign"
    INSPECTION = "inspection"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorMark:
    """Who acted, in ids only. `operator` is the operating-system account of a command line."""

    person_id: str | None
    via: Via
    operator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The thing whose chain an entry extends."""

    type: SubjectType
    id: str


def payload_of(*, subject: Subject, event: str, actor: ActorMark, at: datetime, facts: Mapping[str, Any]) -> str:
    """Return the canonical payload of an entry. `facts` holds ids, codes, numbers and digests, never free text."""
    return canonical(
        {
            "actor": actor.person_id,
            "at": at.isoformat(),
            "event": event,
            "facts": dict(facts),
            "operator": actor.operator,
            "subject": [subject.type.value, subject.id],
            "via": actor.via.value,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """A stored entry as the verifier sees it."""

    subject: tuple[str, str]
    sequence: int
    recorded_at: str
    payload: str
    previous_digest: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRow:
    """A stored head as the verifier sees it; also one line of a seal."""

    subject: tuple[str, str]
    sequence: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRow:
    """A stored seal with its lines."""

    sequence: int
    sealed_at: str
    reason: str
    subjects: int
    entries: int
    lines_digest: str
    previous_digest: str
    digest: str
    lines: tuple[HeadRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One place where the journal does not hold, and what is wrong there."""

    place: str
    message: str


def lines_digest(lines: Iterable[HeadRow]) -> str:
    """Return the digest of a seal's lines, in the order of their subjects."""
    return digest_of([[*line.subject, line.sequence, line.digest] for line in sorted(lines, key=lambda line: line.subject)])


def seal_payload(*, sealed_at: str, reason: str, subjects: int, entries: int, lines: str) -> str:
    """Return the canonical payload that a seal's digest binds."""
    return canonical({"at": sealed_at, "entries": entries, "lines": lines, "reason": reason, "subjects": subjects})


def chain_faults(subject: tuple[str, str], entries: Sequence[EntryRow], head: HeadRow | None) -> Iterator[Fault]:
    """Yield what is wrong with one chain: `entries` in the order of their sequence."""
    place = "/".join(subject)
    previous = GENESIS
    expected = 1
    for entry in entries:
        here = f"{place} #{entry.sequence}"
        if entry.sequence != expected:
            yield Fault(place=here, message=f"the entry before is missing: expected #{expected}")
        elif entry.previous_digest != previous:
            yield Fault(place=here, message="does not follow the entry before")
        if entry.digest != link(previous=entry.previous_digest, sequence=entry.sequence, payload=entry.payload):
            yield Fault(place=here, message="was altered")
        elif not _columns_agree(entry):
            yield Fault(place=here, message="its columns do not say what its payload says")
        previous = entry.digest
        expected = entry.sequence + 1
    yield from _head_faults(place, entries, head)


def _columns_agree(entry: EntryRow) -> bool:
    payload = json.loads(entry.payload)
    return payload["subject"] == list(entry.subject) and payload["at"] == entry.recorded_at


def _head_faults(place: str, entries: Sequence[EntryRow], head: HeadRow | None) -> Iterator[Fault]:
    if head is None:
        yield Fault(place=place, message="has entries but no head")
    elif not entries:
        yield Fault(place=place, message="has a head but no entries")
    elif head.sequence != entries[-1].sequence:
        yield Fault(place=f"{place} #{head.sequence}", message=f"the tail is cut off after #{entries[-1].sequence}"
                    if head.sequence > entries[-1].sequence else "an entry was added behind the head")
    elif head.digest != entries[-1].digest:
        yield Fault(place=f"{place} #{head.sequence}", message="the last entry is not the one the head names")


def seal_faults(seals: Sequence[SealRow], digests: Mapping[tuple[str, str, int], str]) -> Iterator[Fault]:
    """Yield what is wrong with the chain of seals. `digests` maps (type, id, sequence) of each stored entry to its digest."""
    previous = GENESIS
    sealed: dict[tuple[str, str], int] = {}
    for expected, seal in enumerate(seals, start=1):
        place = f"seal #{seal.sequence}"
        if seal.sequence != expected:
            yield Fault(place=place, message=f"the seal before is missing: expected #{expected}")
            return
        if seal.previous_digest != previous:
            yield Fault(place=place, message="does not follow the seal before")
        if seal.lines_digest != lines_digest(seal.lines):
            yield Fault(place=place, message="its list of heads was altered")
        payload = seal_payload(
            sealed_at=seal.sealed_at, reason=seal.reason, subjects=seal.subjects, entries=seal.entries, lines=seal.lines_digest
        )
        if seal.digest != link(previous=seal.previous_digest, sequence=seal.sequence, payload=payload):
            yield Fault(place=place, message="was altered")
        for line in seal.lines:
            if digests.get((*line.subject, line.sequence)) != line.digest:
                yield Fault(place=f"{'/'.join(line.subject)} #{line.sequence}", message=f"is not what {place} has seen")
            sealed[line.subject] = line.sequence
        if (len(sealed), sum(sealed.values())) != (seal.subjects, seal.entries):
            yield Fault(place=place, message="its counts do not fit its lines")
        previous = seal.digest
