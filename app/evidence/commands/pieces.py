"""Adding a piece of evidence, changing what is said of it, withdrawing it.

Whether a piece is in use, and where, only the rooms above know: they decide when it may still be changed and call these.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject as AccessSubject
from app.access.policy import require
from app.evidence.models import Evidence, EvidenceFile
from app.evidence.queries import find_piece
from app.evidence.rules import CheckedFile, Description, Kind, Piece, description_problems
from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import canonical, new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotNow, StaleVersion
from app.kernel.ids import EvidenceId, UnitId, new_id
from app.kernel.text import search_key

LONGEST_SEARCH_KEY = 1000


def add_file(
    session: Session,
    *,
    actor: Actor,
    unit_id: UnitId,
    file: CheckedFile,
    description: Description,
    now: datetime,
) -> Piece:
    """Add a file that was checked and whose bytes are kept already.

    Raises:
        InvalidInput: what is said of it cannot be taken.
    """
    said = replace(description, document_number="", place="")
    piece = _add(session, actor=actor, unit_id=unit_id, kind=Kind.FILE, description=said, file=file, now=now)
    session.execute(
        insert(EvidenceFile).values(
            evidence_id=piece.id,
            file_digest=file.digest,
            size=file.size,
            file_kind=file.kind.value,
            name=file.name,
        )
    )
    return piece


def add_reference(
    session: Session, *, actor: Actor, unit_id: UnitId, description: Description, now: datetime
) -> Piece:
    """Add where something is to be found: its number, its place, or both.

    Raises:
        InvalidInput: what is said of it cannot be taken.
    """
    return _add(
        session,
        actor=actor,
        unit_id=unit_id,
        kind=Kind.REFERENCE,
        description=description,
        file=None,
        now=now,
    )


def _add(
    session: Session,
    *,
    actor: Actor,
    unit_id: UnitId,
    kind: Kind,
    description: Description,
    file: CheckedFile | None,
    now: datetime,
) -> Piece:
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=AccessSubject(unit_id=unit_id))
    said = _checked(description, kind=kind, now=now)
    piece = Piece(
        id=EvidenceId(new_id()),
        unit_id=unit_id,
        kind=kind,
        description=said,
        version=1,
        recorded_by=actor.person_id,
        recorded_at=now,
        withdrawn_at=None,
        file=file,
    )
    salt = new_salt()
    session.execute(
        insert(Evidence).values(
            id=piece.id,
            unit_id=unit_id,
            kind=kind.value,
            version=1,
            salt=salt,
            recorded_by=actor.person_id,
            recorded_at=now,
            **_values(piece),
        )
    )
    facts = {"unit": str(unit_id), "kind": kind.value, **_said(piece, salt=salt)}
    if file is not None:
        facts |= {"file": salted_digest(file.digest, salt=salt), "size": file.size}
    _record(session, piece, event="evidence.added", actor=actor, now=now, facts=facts)
    return piece


def _checked(description: Description, *, kind: Kind, now: datetime) -> Description:
    said = description.cleaned()
    if problems := description_problems(said, kind=kind, today=business_date(now)):
        raise InvalidInput(problems)
    return said


def _values(piece: Piece) -> dict[str, Any]:
    said = piece.description
    words = f"{said.title} {piece.whereabouts}"
    return {
        "title": said.title,
        "search_key": search_key(words)[:LONGEST_SEARCH_KEY],
        "stands_for": said.stands_for,
        "expires_on": said.expires_on,
        "document_number": said.document_number,
        "place": said.place,
    }


def _said(piece: Piece, *, salt: str) -> dict[str, Any]:
    """Return what the journal keeps of the words: a salted digest."""
    said = piece.description
    dates = [said.stands_for.isoformat(), said.expires_on.isoformat() if said.expires_on else None]
    words = canonical([said.title, said.document_number, said.place, *dates])
    return {"version": piece.version, "words": salted_digest(words, salt=salt)}


def change_description(
    session: Session,
    *,
    actor: Actor,
    evidence_id: EvidenceId,
    description: Description,
    seen_version: int,
    now: datetime,
) -> Piece:
    """Change what is said of a piece: its name, its dates, where it is. Its bytes never change.

    Raises:
        StaleVersion: somebody else changed it since the page was shown.
        NotNow: it was withdrawn.
        InvalidInput: what is said cannot be taken.
    """
    found = find_piece(session, actor=actor, evidence_id=evidence_id)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=AccessSubject(unit_id=found.unit_id))
    _require_standing(found)
    if found.version != seen_version:
        raise StaleVersion(
            "この証跡は、画面を開いたあとにほかの人が変えました。画面を開き直し、いまの内容を確かめてください。"
        )
    wanted = (
        description if found.kind is Kind.REFERENCE else replace(description, document_number="", place="")
    )
    said = _checked(wanted, kind=found.kind, now=now)
    if said == found.description:
        return found
    changed = replace(found, description=said, version=found.version + 1)
    salt = session.get_one(Evidence, evidence_id).salt
    _update(session, found, values={**_values(changed), "version": changed.version})
    _record(session, changed, event="evidence.changed", actor=actor, now=now, facts=_said(changed, salt=salt))
    return changed


def withdraw(session: Session, *, actor: Actor, evidence_id: EvidenceId, now: datetime) -> None:
    """Offer a piece no more. What cites it already goes on citing it; nothing is deleted.

    Raises:
        NotNow: it was withdrawn before.
    """
    found = find_piece(session, actor=actor, evidence_id=evidence_id)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=AccessSubject(unit_id=found.unit_id))
    _require_standing(found)
    _update(session, found, values={"withdrawn_by": actor.person_id, "withdrawn_at": now})
    _record(session, found, event="evidence.withdrawn", actor=actor, now=now, facts={})


def note_damage(session: Session, *, actor: Actor, evidence_id: EvidenceId, now: datetime) -> None:
    """Record that the bytes of a piece were asked for and were missing or altered."""
    found = find_piece(session, actor=actor, evidence_id=evidence_id)
    _record(session, found, event="evidence.found_damaged", actor=actor, now=now, facts={})


def _require_standing(piece: Piece) -> None:
    if piece.withdrawn_at is not None:
        raise NotNow("この証跡は、もう取り下げられています。")


def _update(session: Session, found: Piece, *, values: dict[str, Any]) -> None:
    result = session.execute(
        update(Evidence)
        .where(Evidence.id == found.id, Evidence.version == found.version, Evidence.withdrawn_at.is_(None))
        .values(**values)
    )
    if getattr(result, "rowcount", 0) != 1:
        raise StaleVersion("ほかの人が同時にこの証跡を変えました。画面を開き直してください。")


def _record(
    session: Session, piece: Piece, *, event: str, actor: Actor, now: datetime, facts: dict[str, Any]
) -> None:
    record(session, subject=journal_subject(piece.id), event=event, actor=actor.mark, now=now, facts=facts)


def journal_subject(evidence_id: EvidenceId) -> Subject:
    """Return the chain of a piece."""
    return Subject(type=SubjectType.EVIDENCE, id=str(evidence_id))
