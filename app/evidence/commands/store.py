"""Kept files: each lies once under the SHA-256 of its bytes, outside the web root, readable by this system only.

A file is whole and on the disk before any row names it; so what a kill between both leaves is a file without a row, which
`sweep` takes away once it is a day old. It is proved by its digest each time it is read.
"""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.base import Base
from app.kernel.errors import Refusal

NAMING_COLUMN: Final = "file_digest"
"""By this name a table of any room says that a kept file belongs to the row."""
RESERVE: Final = 512 * 1024 * 1024
"""Bytes of the disk that stay free for the database, whoever sends files."""
ORPHAN_AGE: Final = timedelta(days=1)
INCOMING: Final = "incoming"
_CHUNK: Final = 1024 * 1024
_FULL: Final = "サーバーのディスクに空きが少ないため、いまはファイルを受け取れません。回答は保存できます。情報主管課に知らせてください。"


class StoreFull(Refusal):
    """The disk is nearly full: files are refused first, so that answers can still be saved."""

    status = 503

    def __init__(self) -> None:
        super().__init__(_FULL)


class FileDamaged(Refusal):
    """A kept file is missing or is not what was kept."""

    status = 500

    def __init__(self) -> None:
        super().__init__(
            "保管したファイルが見つからないか、書き換えられています。情報主管課に知らせ、バックアップから戻してください。"
        )


def path_of(digest: str, *, folder: Path) -> Path:
    """Return where a file lies by its digest."""
    return folder / digest[:2] / digest


@contextmanager
def refusing_when_full() -> Iterator[None]:
    """Turn a disk without room into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreFull from error
        raise


def require_room(folder: Path, *, size: int) -> None:
    """Refuse while the disk would come near its end.

    Raises:
        StoreFull: less than the reserve would stay free.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free - size < RESERVE:
        raise StoreFull


def keep(stream: IO[bytes], *, digest: str, size: int, folder: Path) -> None:
    """Keep an open file under its digest: whole or not at all, and on the disk before this returns.

    Raises:
        StoreFull: the disk is full to its end; who sends files is refused before that by `require_room`.
        OSError: the bytes are not those of the digest, or the disk fails.
    """
    if _is_here_already(digest, size=size, folder=folder):
        return
    with refusing_when_full():
        _write(stream, digest=digest, folder=folder)


def _is_here_already(digest: str, *, size: int, folder: Path) -> bool:
    """Return whether the same bytes are kept; they are young again then, so that no sweep takes them before the row is there."""
    target = path_of(digest, folder=folder)
    try:
        os.utime(target)
        return target.stat().st_size == size and _digest_of(target) == digest
    except FileNotFoundError:
        return False


def _write(stream: IO[bytes], *, digest: str, folder: Path) -> None:
    target, incoming = path_of(digest, folder=folder), folder / INCOMING
    for place in (incoming, target.parent):
        if not place.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.mkdir(mode=0o700, exist_ok=True)
            _sync(place.parent)
    handle, partial = tempfile.mkstemp(dir=incoming)  # readable by its owner only
    try:
        with os.fdopen(handle, "wb") as file:
            _copy(stream, file, digest=digest)
        Path(partial).replace(target)
        _sync(target.parent)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _copy(stream: IO[bytes], file: IO[bytes], *, digest: str) -> None:
    sha = hashlib.sha256()
    stream.seek(0)
    while piece := stream.read(_CHUNK):
        sha.update(piece)
        file.write(piece)
    if sha.hexdigest() != digest:
        message = "the bytes changed while they were kept"
        raise OSError(message)
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(digest: str, *, folder: Path) -> bytes:
    """Return kept bytes, proved by their digest.

    Raises:
        FileDamaged: they are missing or altered.
    """
    try:
        content = path_of(digest, folder=folder).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise FileDamaged from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise FileDamaged
    return content


def is_whole(digest: str, *, folder: Path) -> bool:
    """Return whether a kept file is there as it was kept; reads all of it."""
    try:
        return _digest_of(path_of(digest, folder=folder)) == digest
    except OSError:
        return False


def _digest_of(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            sha.update(piece)
    return sha.hexdigest()


def named_digests(session: Session) -> set[str]:
    """Return the digest of every kept file that a row of any room names."""
    columns = (table.c[NAMING_COLUMN] for table in Base.metadata.sorted_tables if NAMING_COLUMN in table.c)
    return {digest for column in columns for digest in session.scalars(select(column).distinct())}


def sweep(named: Callable[[], set[str]], *, folder: Path, age: timedelta = ORPHAN_AGE) -> int:
    """Remove files that no row names and that are older than a day by the clock of the disk; return how many.

    `named` is asked after the files were listed. A file is moved aside before it goes and put back when somebody has just kept
    the same bytes again: from then on it is looked for and not found, so it is written anew.
    """
    if not folder.is_dir():
        return 0
    _put_back_what_a_kill_left_aside(folder)
    oldest = _moment_of_the_disk(folder) - age.total_seconds()
    old = [path for path in _files(folder) if _age_mark(path) < oldest]
    wanted = named() if old else set()
    return sum(_remove(path, folder=folder, oldest=oldest) for path in old if path.name not in wanted)


def _put_back_what_a_kill_left_aside(folder: Path) -> None:
    for aside in (folder / INCOMING).glob("*.swept"):
        target = path_of(aside.name.removesuffix(".swept"), folder=folder)
        if not target.exists():
            aside.rename(target)


def _moment_of_the_disk(folder: Path) -> float:
    (folder / INCOMING).mkdir(mode=0o700, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder / INCOMING) as mark:
        return Path(mark.name).stat().st_mtime


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("*/*")) if path.is_file() and not path.is_symlink())


def _age_mark(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _remove(path: Path, *, folder: Path, oldest: float) -> int:
    aside = folder / INCOMING / f"{path.name}.swept"
    try:
        path.rename(aside)
    except FileNotFoundError:
        return 0
    if aside.stat().st_mtime >= oldest and not path.exists():
        aside.rename(path)
        return 0
    aside.unlink()
    return 1
