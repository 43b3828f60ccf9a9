"""What a journal entry says, and how a chain is verified. Pure: the verifier gets rows, not a database."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from app.kernel.digest import GENESIS, canonical, digest_of, link
from app.kernel.errors import InvalidInput


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
    EVIDENCE = "evidence"
    BACKUP = "backup"
    SYSTEM = "system"
    DISPOSAL = "disposal"
    REORGANISATION = "reorganisation"


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


def payload_of(
    *, subject: Subject, event: str, actor: ActorMark, at: datetime, facts: Mapping[str, Any]
) -> str:
    """Return the canonical payload of an entry.

    `facts` holds ids, codes, numbers and digests, never free text.
    """
    return canonical(
        {
            "actor": actor.person_id,
            "at": at.astimezone(UTC).isoformat(),
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


def seal_place(sequence: int) -> str:
    """Return how a seal is named in a fault."""
    return f"封印 #{sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedSeal:
    """A seal as it was taken off the machine: what an owner of the database cannot rewrite.

    Attributes:
        sealed_at: the instant in UTC, as ISO 8601.
        digest: binds the whole chain of seals up to this one, and through it every entry sealed until then.
        subjects: how many chains there were.
        entries: how many entries all chains had together.
    """

    sequence: int
    sealed_at: str
    digest: str
    subjects: int
    entries: int


_SEAL_FILE_FORMAT = 1


def exported_text(seal: ExportedSeal) -> str:
    """Return the file of an exported seal: one line of canonical JSON."""
    return canonical({"format": _SEAL_FILE_FORMAT, **asdict(seal)}) + "\n"


def exported_seal_from(text: str) -> ExportedSeal:
    """Read the file of an exported seal.

    Raises:
        InvalidInput: it is not such a file, or it was damaged.
    """
    try:
        found = json.loads(text)
        seal = ExportedSeal(
            **{name: found[name] for name in ("sequence", "sealed_at", "digest", "subjects", "entries")}
        )
        whole = exported_text(seal) == text.strip() + "\n"
    except (ValueError, TypeError, KeyError):
        whole = False
    if not whole:
        raise InvalidInput.of(
            "封印の控えとして読めません。書き出したときのままのファイルを指定してください。"
        )
    return seal


def exported_faults(exported: ExportedSeal, seals: Sequence[SealRow]) -> Iterator[Fault]:
    """Yield how the journal differs from a seal that was taken off the machine."""
    place = seal_place(exported.sequence)
    held = next((seal for seal in seals if seal.sequence == exported.sequence), None)
    if held is None:
        yield Fault(
            place=place,
            message="書き出した封印が、データベースにありません（古いデータベースに戻されたか、切り取られています）",
        )
        return
    same = ExportedSeal(
        sequence=held.sequence,
        sealed_at=held.sealed_at,
        digest=held.digest,
        subjects=held.subjects,
        entries=held.entries,
    )
    if same != exported:
        yield Fault(
            place=place, message="書き出した封印と違います（この封印より前の操作ログが、書き直されています）"
        )


def mark_faults(marks: Mapping[tuple[str, str], int], seals: Sequence[SealRow]) -> Iterator[Fault]:
    """Yield the heads whose mark of the last seal is not what the seals say.

    Such a head could slip past the next seal.
    """
    sealed = {line.subject: line.sequence for seal in seals for line in seal.lines}
    for subject, mark in marks.items():
        if mark != sealed.get(subject, 0):
            yield mark_fault(subject)


def mark_fault(subject: tuple[str, str]) -> Fault:
    """Return that a head's mark of the last seal is not what the seals say."""
    return Fault(place="/".join(subject), message="末尾の印の「封印済み」が、封印と食い違っています")


def lines_digest(lines: Iterable[HeadRow]) -> str:
    """Return the digest of a seal's lines, in the order of their subjects."""
    return digest_of(
        [[*line.subject, line.sequence, line.digest] for line in sorted(lines, key=lambda line: line.subject)]
    )


def seal_payload(*, sealed_at: str, reason: str, subjects: int, entries: int, lines: str) -> str:
    """Return the canonical payload that a seal's digest binds."""
    return canonical(
        {"at": sealed_at, "entries": entries, "lines": lines, "reason": reason, "subjects": subjects}
    )


def chain_faults(
    subject: tuple[str, str], entries: Sequence[EntryRow], head: HeadRow | None
) -> Iterator[Fault]:
    """Yield what is wrong with one chain: `entries` in the order of their sequence."""
    place = "/".join(subject)
    previous = GENESIS
    expected = 1
    for entry in entries:
        here = f"{place} #{entry.sequence}"
        if entry.sequence != expected:
            yield Fault(place=here, message=f"前の記録が抜けています（次は #{expected} のはずです）")
        elif entry.previous_digest != previous:
            yield Fault(place=here, message="前の記録とつながっていません")
        if entry.digest != link(
            previous=entry.previous_digest, sequence=entry.sequence, payload=entry.payload
        ):
            yield Fault(place=here, message="書き換えられています")
        elif not _columns_agree(entry):
            yield Fault(place=here, message="列の値が、記録の本文と食い違っています")
        previous = entry.digest
        expected = entry.sequence + 1
    yield from _head_faults(place, entries, head)


def _columns_agree(entry: EntryRow) -> bool:
    payload = json.loads(entry.payload)
    return bool(payload["subject"] == list(entry.subject) and payload["at"] == entry.recorded_at)


def _head_faults(place: str, entries: Sequence[EntryRow], head: HeadRow | None) -> Iterator[Fault]:
    if head is None:
        yield Fault(place=place, message="記録があるのに、末尾の印がありません")
    elif not entries:
        yield Fault(place=place, message="末尾の印があるのに、記録がありません")
    elif head.sequence != entries[-1].sequence:
        cut = head.sequence > entries[-1].sequence
        message = (
            f"#{entries[-1].sequence} より後ろが切り取られています"
            if cut
            else "末尾の印より後ろに、記録が足されています"
        )
        yield Fault(place=f"{place} #{head.sequence}", message=message)
    elif head.digest != entries[-1].digest:
        yield Fault(place=f"{place} #{head.sequence}", message="最後の記録が、末尾の印の指すものと違います")


def sealed_fault(subject: tuple[str, str], *, number: int, seal: int) -> Fault:
    """Return that an entry is not the one that a seal saw."""
    return Fault(
        place=f"{'/'.join(subject)} #{number}", message=f"{seal_place(seal)} が封印したときの記録と違います"
    )


def seal_faults(seals: Sequence[SealRow], digests: Mapping[tuple[str, str, int], str]) -> Iterator[Fault]:
    """Yield what is wrong with the chain of seals.

    `digests` maps (type, id, sequence) of the stored entries that a seal names to their digests.
    """
    previous = GENESIS
    sealed: dict[tuple[str, str], int] = {}
    for expected, seal in enumerate(seals, start=1):
        place = seal_place(seal.sequence)
        if seal.sequence != expected:
            yield Fault(place=place, message=f"前の封印が抜けています（次は #{expected} のはずです）")
            return
        if seal.previous_digest != previous:
            yield Fault(place=place, message="前の封印とつながっていません")
        if seal.lines_digest != lines_digest(seal.lines):
            yield Fault(place=place, message="封印した末尾の一覧が書き換えられています")
        payload = seal_payload(
            sealed_at=seal.sealed_at,
            reason=seal.reason,
            subjects=seal.subjects,
            entries=seal.entries,
            lines=seal.lines_digest,
        )
        if seal.digest != link(previous=seal.previous_digest, sequence=seal.sequence, payload=payload):
            yield Fault(place=place, message="書き換えられています")
        for line in seal.lines:
            if digests.get((*line.subject, line.sequence)) != line.digest:
                yield sealed_fault(line.subject, number=line.sequence, seal=seal.sequence)
            sealed[line.subject] = line.sequence
        if (len(sealed), sum(sealed.values())) != (seal.subjects, seal.entries):
            yield Fault(place=place, message="封印の件数が、一覧と合いません")
        previous = seal.digest
