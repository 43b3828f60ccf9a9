"""The form of a backup file. Pure: bytes and values, no database and no disk.

A backup is a plain tar file that any tool can list. Its members are, in this order:

    SELF-INSPECTION-BACKUP          the number of the format
    tables/<table>/00001.jsonl.gz   rows, one JSON array a line, about 4 MB of lines a part
    evidence/<path>                 kept files as they are
    manifest.json                   what there is, with digests
    digest.sha256                   the SHA-256 of every byte before this member

The last member, with the zeros that end a tar file, is always the same number of bytes and follows from the
bytes before it. So one comparison proves the file whole: no byte of it, padding and headers included, can
change unseen. Rows are written in an engine-neutral way: a backup of SQLite can be restored to PostgreSQL.
"""

import hashlib
import json
import re
import tarfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.kernel.digest import canonical
from app.kernel.errors import Refusal

FORMAT: Final = 1
PRODUCT: Final = "security-self-inspection"
DATABASE_FILE: Final = "self-inspection.sqlite3"
"""The name of the embedded database in an instance folder."""
PART_SIZE: Final = 4 * 1024 * 1024
"""Bytes of lines after which a part of a table ends; a part also holds the line that passes it."""
LARGEST_PART: Final = 16 * PART_SIZE
LARGEST_MANIFEST: Final = 64 * 1024 * 1024
BLOCK: Final = tarfile.BLOCKSIZE

MAGIC_NAME: Final = "SELF-INSPECTION-BACKUP"
MANIFEST_NAME: Final = "manifest.json"
DIGEST_NAME: Final = "digest.sha256"
_PART: Final = re.compile(r"tables/[a-z][a-z0-9_]{0,62}/[0-9]{5}\.jsonl\.gz")
_STEP: Final = r"[0-9A-Za-z][0-9A-Za-z_-]*(?:\.[0-9A-Za-z_-]+)*"
_EVIDENCE: Final = re.compile(rf"evidence/{_STEP}(?:/{_STEP})*")
_LONGEST_NAME: Final = 100


class Unusable(Refusal):
    """A file cannot be used as a backup; the sentence says why."""

    status = 422


class Kind(StrEnum):
    """What a column holds, the same on both engines."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"
    INSTANT = "instant"
    UUID = "uuid"


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TableEntry(_Part):
    """One table: its columns in the order of the lines, and the SHA-256 of all its lines."""

    name: Name
    columns: tuple[tuple[Name, Kind], ...]
    rows: Count
    parts: Count
    digest: Digest


class MemberEntry(_Part):
    """One member of the tar file."""

    name: str
    size: Count
    digest: Digest


class SealMark(_Part):
    """The last seal of the journal in the backup."""

    sequence: int
    digest: Digest


class Manifest(_Part):
    """What a backup holds. `missing` names kept files that were already lost when it was made."""

    format: Literal[1]
    product: Literal["security-self-inspection"]
    product_version: str
    engine: str
    created_at: str
    revision: Annotated[str, Field(pattern=r"^[0-9A-Za-z_]{1,64}$")]
    tables: tuple[TableEntry, ...]
    members: tuple[MemberEntry, ...]
    seal: SealMark | None
    missing: tuple[Digest, ...]

    @property
    def rows(self) -> int:
        """Return the number of rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def evidence(self) -> tuple[MemberEntry, ...]:
        """Return the kept files."""
        return tuple(member for member in self.members if is_evidence(member.name))


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as canonical JSON."""
    return canonical(manifest.model_dump(mode="json")).encode()


def manifest_from(data: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        Unusable: it is none, or of another format.
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        raise Unusable(
            "控えの目録を読み取れません。このシステムが作ったファイルではないようです。"
        ) from error


# ------------------------------------------------------------------------------------------------ members


def part_name(table: str, number: int) -> str:
    """Return the member name of a part of a table, counted from 1."""
    return f"tables/{table}/{number:05d}.jsonl.gz"


def is_part(name: str) -> bool:
    """Return whether a member is a part of a table."""
    return _PART.fullmatch(name) is not None


def evidence_name(path: str) -> str:
    """Return the member name of a kept file."""
    return f"evidence/{path}"


def is_evidence(name: str) -> bool:
    """Return whether a member name is that of a kept file: nothing hidden, nothing that leads upwards."""
    return len(name) <= _LONGEST_NAME and _EVIDENCE.fullmatch(name) is not None


def header(name: str, *, size: int) -> bytes:
    """Return the tar header of a member: always the same for the same name and size."""
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o600
    return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def padding(size: int) -> bytes:
    """Return the zeros that fill a member to whole blocks."""
    return b"\0" * (-size % BLOCK)


def member(name: str, data: bytes) -> bytes:
    """Return a whole member: header, content, padding."""
    return header(name, size=len(data)) + data + padding(len(data))


HEAD: Final = member(MAGIC_NAME, b"%d\n" % FORMAT)
"""The first bytes of every backup of this format."""


def tail(digest: str) -> bytes:
    """Return the last bytes of a backup. `digest` is the SHA-256 (hexadecimal) of all bytes before them."""
    return member(DIGEST_NAME, f"{digest}\n".encode()) + b"\0" * (2 * BLOCK)


TAIL_SIZE: Final = len(tail("0" * 64))


# --------------------------------------------------------------------------------------------------- rows


def line_of(values: Sequence[Any]) -> bytes:
    """Return a row as a line: a JSON array in the order of the columns.

    For text, whole numbers, true, false and null this is RFC 8785 as well, written by the fast encoder.
    """
    plain = [_plain(value) for value in values]
    return (json.dumps(plain, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _plain(value: Any) -> str | int | bool | None:  # noqa: ANN401 - a value of any column
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    message = f"a backup cannot hold {type(value).__name__}"
    raise TypeError(message)


def values_of(line: bytes, *, kinds: Sequence[Kind]) -> list[Any]:
    """Read a row back.

    Raises:
        Unusable: the line does not fit the columns.
    """
    try:
        return _values(json.loads(line), kinds=kinds)
    except (ValueError, TypeError) as error:
        raise Unusable("控えの中の表を読み取れません。作り直した控えを使ってください。") from error


def _values(found: Any, *, kinds: Sequence[Kind]) -> list[Any]:  # noqa: ANN401 - any JSON value
    if not isinstance(found, list):
        raise TypeError(found)
    return [_value(value, kind=kind) for value, kind in zip(found, kinds, strict=True)]


def _value(value: Any, *, kind: Kind) -> Any:  # noqa: ANN401 - a value of any column
    if value is None:
        return None
    read, wanted = _READERS[kind]
    if type(value) is not wanted:
        raise TypeError(value)
    return read(value)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(instant)
    return instant


def _whole(number: int) -> int:
    if abs(number) >= _LARGEST_NUMBER:
        raise ValueError(number)
    return number


_LARGEST_NUMBER: Final = 2**63
_READERS: Final[Mapping[Kind, tuple[Callable[[Any], Any], type]]] = {
    Kind.TEXT: (str, str),
    Kind.NUMBER: (_whole, int),
    Kind.FLAG: (bool, bool),
    Kind.DATE: (date.fromisoformat, str),
    Kind.INSTANT: (lambda value: _aware(datetime.fromisoformat(value)), str),
    Kind.UUID: (UUID, str),
}


class Lines:
    """Counts and digests the lines of one table."""

    def __init__(self) -> None:
        self.rows = 0
        self._sha = hashlib.sha256()

    def add(self, line: bytes) -> None:
        """Take one more line."""
        self.rows += 1
        self._sha.update(line)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all lines so far."""
        return self._sha.hexdigest()
