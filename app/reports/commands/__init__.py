"""Keeping documents: made once from a sealed revision, after its commit, and served from then on byte by byte."""

import hashlib
from datetime import datetime
from io import BytesIO
from pathlib import Path

from sqlalchemy.orm import Session

from app.evidence.commands.store import FileDamaged, keep, read
from app.inspections.queries.sealed import SealedSheet
from app.journal.commands import record
from app.journal.rules import ActorMark, Subject, SubjectType
from app.kernel.errors import Refusal
from app.reports.models import KeptDocument
from app.reports.queries import document_number


class DocumentDamaged(Refusal):
    """The kept file is missing or is not what was kept."""

    status = 500


def kept_document(session: Session, *, found: SealedSheet) -> KeptDocument | None:
    """Return the document that was kept for a revision."""
    return session.get(KeptDocument, found.sheet.revision_id)


def keep_document(
    session: Session, *, mark: ActorMark, found: SealedSheet, content: bytes, folder: Path, now: datetime
) -> None:
    """Keep a document. The file lies under its digest before the row names it, so a row never points to nothing."""
    digest, number = hashlib.sha256(content).hexdigest(), document_number(found)
    keep(BytesIO(content), digest=digest, size=len(content), folder=folder)
    session.add(
        KeptDocument(
            revision_id=found.sheet.revision_id,
            number=number,
            file_digest=digest,
            size=len(content),
            made_at=now,
        )
    )
    session.flush()
    record(
        session,
        subject=Subject(type=SubjectType.INSPECTION, id=str(found.sheet.id)),
        event="document.kept",
        actor=mark,
        now=now,
        facts={"revision": found.sheet.number, "number": number, "file": digest},
    )


def read_document(kept: KeptDocument, *, folder: Path) -> bytes:
    """Return the kept bytes.

    Raises:
        DocumentDamaged: the file is missing or altered: restore it from a backup.
    """
    try:
        return read(kept.file_digest, folder=folder)
    except FileDamaged as error:
        sentence = "保管した書類が見つからないか、書き換えられています。情報主管課に知らせ、バックアップから戻してください。"
        raise DocumentDamaged(sentence) from error
