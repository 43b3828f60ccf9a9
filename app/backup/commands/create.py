"""Making a backup while people work: one moment of the database, and every kept file that moment knows."""

import gzip
import platform
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.backup.commands.archive import ArchiveWriter, new_file
from app.backup.commands.tables import StoredTable, rows_of, stored_tables
from app.backup.queries import BACKUPS, CREATED
from app.backup.rules import (
    FORMAT,
    PART_SIZE,
    PRODUCT,
    Kind,
    Lines,
    Manifest,
    SealMark,
    TableEntry,
    evidence_name,
    is_evidence,
    line_of,
    part_name,
)
from app.config import ROOT
from app.db.migrate import current
from app.db.session import Database
from app.evidence.commands.store import INCOMING
from app.evidence.commands.store import NAMING_COLUMN as KEPT_FILE_COLUMN
from app.journal.commands import record
from app.journal.queries import last_seal
from app.journal.rules import ActorMark
from app.kernel.errors import NotNow


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A finished backup.

    Attributes:
        digest: the SHA-256 of the file.
        size: bytes of the file.
        missing: digests of kept files that the database names and the evidence folder does not hold.
        strangers: files of the evidence folder that are none of ours and were left out.
    """

    path: Path
    digest: str
    size: int
    rows: int
    files: int
    missing: tuple[str, ...]
    strangers: tuple[str, ...]


def create_backup(database: Database, *, target: Path, evidence: Path, now: datetime) -> Created:
    """Write a backup of the database and of the evidence folder to a new file.

    People may go on working: all tables are read in one snapshot. Memory does not grow with the tables.

    Raises:
        NotNow: the target exists, or the database is empty.
        OSError: the disk is full or a file cannot be read; then no target exists.
    """
    with new_file(target) as stream, database.reading() as session:
        connection = session.connection()
        revision = current(connection)
        if revision is None:
            raise NotNow("データベースがまだ空です。控えるものがありません。")
        writer = ArchiveWriter(stream)
        named: set[str] = set()
        tables = tuple(
            _add_table(writer, connection, stored, named=named) for stored in stored_tables(connection)
        )
        held, strangers = _add_evidence(writer, folder=evidence)
        seal = last_seal(session)
        manifest = Manifest(
            format=FORMAT,
            product=PRODUCT,
            product_version=product_version(),
            engine=engine_name(connection),
            created_at=now.isoformat(),
            revision=revision,
            tables=tables,
            members=tuple(writer.members),
            seal=SealMark(sequence=seal[0], digest=seal[1]) if seal else None,
            missing=tuple(sorted(named - held)),
        )
        digest = writer.finish(manifest)
    return Created(
        path=target,
        digest=digest,
        size=writer.size,
        rows=manifest.rows,
        files=len(manifest.evidence),
        missing=manifest.missing,
        strangers=strangers,
    )


def note_backup(session: Session, *, created: Created, mark: ActorMark, now: datetime) -> None:
    """Record in the journal that a backup was made: pages and `flask doctor` read its age from there."""
    facts = {
        "file": created.digest,
        "size": created.size,
        "rows": created.rows,
        "files": created.files,
        "missing": len(created.missing),
    }
    record(session, subject=BACKUPS, event=CREATED, actor=mark, now=now, facts=facts)


def engine_name(connection: Connection) -> str:
    """Return the engine with its version, for people."""
    version = ".".join(map(str, connection.dialect.server_version_info or ()))
    return f"{connection.dialect.name} {version}, Python {platform.python_version()}"


def product_version() -> str:
    """Return the version of this product."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _add_table(
    writer: ArchiveWriter, connection: Connection, stored: StoredTable, *, named: set[str]
) -> TableEntry:
    lines = Lines()
    parts = 0
    places = [n for n, column in enumerate(stored.columns) if column == (KEPT_FILE_COLUMN, Kind.TEXT)]
    for part in _parts(connection, stored, lines=lines, named=named, places=places):
        parts += 1
        # A fixed time in the packed part: the same rows always give the same bytes.
        writer.add(part_name(stored.name, parts), gzip.compress(part, 1, mtime=0))
    return TableEntry(
        name=stored.name, columns=stored.columns, rows=lines.rows, parts=parts, digest=lines.digest
    )


def _parts(
    connection: Connection, stored: StoredTable, *, lines: Lines, named: set[str], places: list[int]
) -> Iterator[bytes]:
    held = bytearray()
    for row in rows_of(connection, stored):
        line = line_of(row)
        lines.add(line)
        held += line
        named.update(row[place] for place in places if row[place] is not None)
        if len(held) >= PART_SIZE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def _add_evidence(writer: ArchiveWriter, *, folder: Path) -> tuple[set[str], tuple[str, ...]]:
    """Add every kept file. The snapshot is older than this list, so each file that it names is in it."""
    held: set[str] = set()
    strangers: list[str] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        if (path.is_dir() and not path.is_symlink()) or inside.startswith(f"{INCOMING}/"):
            # What is only arriving belongs to nobody yet.
            continue
        if path.is_symlink() or not path.is_file() or not is_evidence(evidence_name(inside)):
            strangers.append(inside)
            continue
        # One that vanished since the list was taken was never kept: kept files stay.
        with suppress(FileNotFoundError), path.open("rb") as source:
            held.add(writer.add_file(evidence_name(inside), source))
    return held, tuple(strangers)
