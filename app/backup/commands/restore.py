"""Proving a backup and putting it back: always into a new and empty place, never into what is running."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.backup.commands.archive import LEFT_OVER, Archive, open_archive, sync_folder
from app.backup.commands.tables import (
    advance_sequences,
    drop_foreign_keys,
    fill,
    lines_of,
    matching,
    restore_foreign_keys,
    stored_tables,
)
from app.backup.queries import BACKUPS, RESTORED
from app.backup.rules import DATABASE_FILE, Manifest, Unusable
from app.db.engine import make_engine
from app.db.guards import check, remove
from app.db.migrate import configuration
from app.db.registry import GUARDS
from app.db.session import Database
from app.journal.commands import record
from app.journal.queries import Verification, verify
from app.journal.rules import ActorMark
from app.kernel.errors import NotNow
from app.kernel.ids import AccountId
from app.people.commands.sessions import end_sessions_of
from app.people.rules import SessionEnd


class JournalFaults(StrEnum):
    """What to do with a backup whose journal does not hold: it was so before the backup was made."""

    REFUSED = "refused"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A backup that was put back, or only tried out.

    Attributes:
        digest: the SHA-256 of the backup file.
        sessions: sessions that were open in the backup and are ended in the copy.
    """

    manifest: Manifest
    digest: str
    journal: Verification
    sessions: int


def verify_backup(path: Path, *, mark: ActorMark, now: datetime) -> Restored:
    """Read a whole backup and try it out: restore it to a temporary place, compare, and verify its journal.

    Faults of the journal are in the result.

    Raises:
        Unusable: it is damaged, foreign, or does not fit this version.
    """
    with open_archive(path) as archive, TemporaryDirectory(prefix="self-inspection-backup-") as folder:
        url = f"sqlite:///{Path(folder) / DATABASE_FILE}"
        return _restore_database(archive, url=url, faults=JournalFaults.KEPT, mark=mark, now=now)


def restore_to_folder(
    path: Path, *, folder: Path, faults: JournalFaults, mark: ActorMark, now: datetime
) -> Restored:
    """Restore a backup as an instance folder of its own: the embedded database and the kept files.

    Raises:
        Unusable: the backup cannot be used.
        NotNow: the folder is not new and empty.
    """
    with open_archive(path) as archive, _new_folder(folder) as place:
        url = f"sqlite:///{place / DATABASE_FILE}"
        outcome = _restore_database(archive, url=url, faults=faults, mark=mark, now=now)
        (place / DATABASE_FILE).chmod(0o600)
        _restore_evidence(archive, folder=place / "evidence")
        return outcome


def restore_to_server(
    path: Path, *, url: str, folder: Path, faults: JournalFaults, mark: ActorMark, now: datetime
) -> Restored:
    """Restore a backup to an empty PostgreSQL database, and the kept files to a new instance folder.

    Raises:
        Unusable: the backup cannot be used.
        NotNow: the database or the folder is not empty.
    """
    with open_archive(path) as archive, _new_folder(folder) as place:
        _restore_evidence(archive, folder=place / "evidence")
        return _restore_database(archive, url=url, faults=faults, mark=mark, now=now)


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder that appears under its name only when everything in it is complete."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotNow(
            f"{folder} は空ではありません。新しい場所を指定してください。動いているものには戻しません。"
        )
    place = folder.with_name(f"{folder.name}.partial")
    try:
        place.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise NotNow(LEFT_OVER.format(place)) from error
    try:
        yield place
        sync_folder(place)
        place.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _restore_evidence(archive: Archive, *, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for member in archive.manifest.evidence:
        target = folder / member.name.removeprefix("evidence/")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("xb") as file:
            target.chmod(0o600)
            archive.copy(member, target=file)
            file.flush()
            os.fsync(file.fileno())


# ------------------------------------------------------------------------------------------- the database


def _restore_database(
    archive: Archive, *, url: str, faults: JournalFaults, mark: ActorMark, now: datetime
) -> Restored:
    """Fill an empty database in one transaction: either all of it is there and proved, or nothing is."""
    database = Database(make_engine(url))
    try:
        with database.migrating() as connection:
            _load(archive, connection)
            with Session(connection, autoflush=False) as session:
                journal = verify(session)
                if journal.faults and faults is JournalFaults.REFUSED:
                    raise Unusable(_faulty(journal))
                sessions = _end_sessions(session, archive=archive, mark=mark, now=now)
                facts = {"file": archive.digest, "sessions": sessions, "faults": len(journal.faults)}
                record(session, subject=BACKUPS, event=RESTORED, actor=mark, now=now, facts=facts)
                session.flush()
    except (IntegrityError, DataError) as error:
        sentence = "控えの中の行が、表の決まりに合いません。壊れた控えか、別の版の控えです。"
        raise Unusable(sentence) from error
    finally:
        database.engine.dispose()
    return Restored(manifest=archive.manifest, digest=archive.digest, journal=journal, sessions=sessions)


def _load(archive: Archive, connection: Connection) -> None:
    manifest = archive.manifest
    if inspect(connection).get_table_names():
        raise NotNow("戻す先のデータベースが空ではありません。新しい空のデータベースを指定してください。")
    _migrate(connection, to=manifest.revision)
    remove(connection)
    foreign_keys = drop_foreign_keys(connection)
    stored = stored_tables(connection)
    if {table.name for table in manifest.tables} != {table.name for table in stored}:
        raise Unusable("控えの表の数が、この版のシステムと合いません。同じ版のシステムで戻してください。")
    for entry in manifest.tables:
        table = matching(stored, name=entry.name, columns=entry.columns)
        fill(connection, table, archive.rows(entry))
        advance_sequences(connection, table)
        found = lines_of(connection, table)
        if (found.rows, found.digest) != (entry.rows, entry.digest):
            raise Unusable(f"戻した表 {entry.name} が、控えと同じになりませんでした。")
    restore_foreign_keys(connection, foreign_keys)
    _migrate(connection, to="head")
    if missing := check(connection, GUARDS):
        raise Unusable(f"書き換え防止の仕組みを{len(missing)}件、入れられませんでした。")


def _migrate(connection: Connection, *, to: str) -> None:
    config = configuration(connection)
    try:
        ScriptDirectory.from_config(config).get_revision(to)
    except CommandError as error:
        sentence = "この控えは、より新しい版のシステムで作られています。同じ版のシステムで戻してください。"
        raise Unusable(sentence) from error
    command.upgrade(config, to)


def _faulty(journal: Verification) -> str:
    place, message = journal.faults[0].place, journal.faults[0].message
    return (
        f"控えの操作ログに食い違いが{len(journal.faults)}件あります（最初は {place}：{message}）。"
        "控える前からのものです。承知のうえで戻すときは --keep-journal-faults を付けてください。"
    )


def _end_sessions(session: Session, *, archive: Archive, mark: ActorMark, now: datetime) -> int:
    """End every session that was open: nobody is signed in to a copy by a cookie of the original."""
    entry = next(table for table in archive.manifest.tables if table.name == "sign_in_session")
    names = [name for name, _ in entry.columns]
    account, ended = names.index("account_id"), names.index("ended_at")
    accounts = {row[account] for row in archive.rows(entry) if row[ended] is None}
    ended_counts = [
        end_sessions_of(
            session,
            account_id=AccountId(account_id),
            reason=SessionEnd.ADMINISTRATOR,
            mark=mark,
            now=now,
        )
        for account_id in sorted(accounts, key=str)
    ]
    return sum(ended_counts)
