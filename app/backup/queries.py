"""What the journal knows of backups."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.journal.queries import last_line, lines_of
from app.journal.rules import Subject, SubjectType

BACKUPS: Final = Subject(type=SubjectType.BACKUP, id="backup")
"""The chain of all backups of this installation."""
CREATED: Final = "backup.created"
RESTORED: Final = "backup.restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastBackup:
    """The newest backup that was completed. `size` is in bytes, `digest` the SHA-256 of the file."""

    at: datetime
    digest: str
    size: int


def last_backup(session: Session) -> LastBackup | None:
    """Return the newest completed backup; None before the first one."""
    line = last_line(session, subject=BACKUPS, event=CREATED)
    if line is None:
        return None
    return LastBackup(at=line.at, digest=line.facts["file"], size=line.facts["size"])


def made_here_at(session: Session, *, digest: str) -> datetime | None:
    """Return when this installation recorded the backup with this SHA-256; None when it never did."""
    found = (
        line.at
        for line in lines_of(session, subject=BACKUPS)
        if line.event == CREATED and line.facts["file"] == digest
    )
    return next(found, None)
