"""Writing and reading the one file: nothing is believed before the whole file has been proved."""

import gzip
import hashlib
import os
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from app.backup.rules import (
    BLOCK,
    DIGEST_NAME,
    HEAD,
    LARGEST_MANIFEST,
    LARGEST_PART,
    MAGIC_NAME,
    MANIFEST_NAME,
    TAIL_SIZE,
    Kind,
    Lines,
    Manifest,
    MemberEntry,
    TableEntry,
    Unusable,
    header,
    is_evidence,
    is_part,
    manifest_bytes,
    manifest_from,
    padding,
    part_name,
    tail,
    values_of,
)
from app.kernel.errors import NotNow

CHUNK: Final = 1024 * 1024
DAMAGED: Final = "控えのファイルが、途中で切れているか、書き換えられています。別の控えを使ってください。"
FOREIGN: Final = "このシステムの控えではないか、先頭が壊れています。ファイルを確かめてください。"
LEFT_OVER: Final = (
    "作りかけの {} があります。ほかの作業が動いていないことを確かめ、消してからやり直してください。"
)


# ------------------------------------------------------------------------------------------------ writing


@contextmanager
def new_file(target: Path) -> Iterator[BinaryIO]:
    """Yield a file that appears under its name only when it is complete and on the disk.

    It is written beside the target, readable by its owner only, and removed again by any exception.

    Raises:
        NotNow: the target exists, or another backup to it is being made.
    """
    _refuse_existing(target)
    partial = target.with_name(f"{target.name}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise NotNow(LEFT_OVER.format(partial)) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _refuse_existing(target)
        partial.rename(target)
        sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise NotNow(f"{target} はもうあります。上書きはしません。別の名前を指定してください。")


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class ArchiveWriter:
    """Writes members one after another and remembers the digest of each and of all."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._sha = hashlib.sha256()
        self.size = 0
        self.members: list[MemberEntry] = []
        self._write(HEAD)

    def add(self, name: str, data: bytes) -> None:
        """Add a member that is in memory."""
        self._write(header(name, size=len(data)) + data + padding(len(data)))
        self._remember(name, size=len(data), digest=hashlib.sha256(data).hexdigest())

    def add_file(self, name: str, source: BinaryIO) -> str:
        """Add an open file and return its SHA-256; one that shrinks while it is read is a fault."""
        size = os.fstat(source.fileno()).st_size
        sha = hashlib.sha256()
        self._write(header(name, size=size))
        left = size
        while left:
            piece = source.read(min(CHUNK, left))
            if not piece:
                message = f"{name} became shorter while it was read"
                raise OSError(message)
            sha.update(piece)
            self._write(piece)
            left -= len(piece)
        self._write(padding(size))
        self._remember(name, size=size, digest=sha.hexdigest())
        return sha.hexdigest()

    def finish(self, manifest: Manifest) -> str:
        """Add the manifest and the proof; return the SHA-256 of the whole file."""
        data = manifest_bytes(manifest)
        self._write(header(MANIFEST_NAME, size=len(data)) + data + padding(len(data)))
        self._write(tail(self._sha.hexdigest()))
        return self._sha.hexdigest()

    def _remember(self, name: str, *, size: int, digest: str) -> None:
        self.members.append(MemberEntry(name=name, size=size, digest=digest))

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._sha.update(data)
        self.size += len(data)


# ------------------------------------------------------------------------------------------------ reading


class Archive:
    """A proved backup, open for reading."""

    def __init__(self, tar: tarfile.TarFile, index: dict[str, tarfile.TarInfo], *, digest: str) -> None:
        self._tar = tar
        self._index = index
        self.digest = digest
        self.manifest = manifest_from(self._bytes(MANIFEST_NAME, limit=LARGEST_MANIFEST))

    def rows(self, table: TableEntry) -> Iterator[list[Any]]:
        """Yield the rows of a table and prove at the end that they are all of them.

        Raises:
            Unusable: a row cannot be read, or they are not what the manifest says.
        """
        kinds: list[Kind] = [kind for _, kind in table.columns]
        lines = Lines()
        for number in range(1, table.parts + 1):
            for line in self._part(part_name(table.name, number)):
                lines.add(line)
                yield values_of(line, kinds=kinds)
        if (lines.rows, lines.digest) != (table.rows, table.digest):
            raise Unusable(DAMAGED)

    def copy(self, member: MemberEntry, *, target: BinaryIO) -> None:
        """Write a member's bytes to an open file."""
        with self._open(member.name) as source:
            while piece := source.read(CHUNK):
                target.write(piece)

    def _part(self, name: str) -> list[bytes]:
        try:
            with self._open(name) as packed, gzip.GzipFile(fileobj=packed) as unpacked:
                data = unpacked.read(LARGEST_PART + 1)
        except (OSError, EOFError) as error:
            raise Unusable(DAMAGED) from error
        if len(data) > LARGEST_PART:
            raise Unusable(DAMAGED)
        return data.splitlines(keepends=True)

    def _bytes(self, name: str, *, limit: int) -> bytes:
        if self._index[name].size > limit:
            raise Unusable(DAMAGED)
        with self._open(name) as source:
            return source.read()

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        found = self._tar.extractfile(self._index[name])
        if found is None:
            raise Unusable(DAMAGED)
        with found:
            yield found

    def prove_members(self) -> None:
        """Compare every member with the manifest.

        Raises:
            Unusable: one is missing, added, or another one.
        """
        named = {member.name: member for member in self.manifest.members}
        own = {MAGIC_NAME, MANIFEST_NAME, DIGEST_NAME}
        parts = {part_name(table.name, n + 1) for table in self.manifest.tables for n in range(table.parts)}
        complete = set(self._index) == set(named) | own and parts == set(filter(is_part, named))
        if not complete or len(named) != len(self.manifest.members):
            raise Unusable("控えの中身が、目録と合いません。足りないものか、余分なものがあります。")
        for member in named.values():
            if (self._index[member.name].size, self._digest(member.name)) != (member.size, member.digest):
                raise Unusable(DAMAGED)

    def _digest(self, name: str) -> str:
        sha = hashlib.sha256()
        with self._open(name) as source:
            while piece := source.read(CHUNK):
                sha.update(piece)
        return sha.hexdigest()


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Prove a whole backup file and open it.

    Raises:
        Unusable: it cannot be read, is no backup, or is not as it was written.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            digest = _prove_bytes(file)
            file.seek(0)
            tar = stack.enter_context(tarfile.open(fileobj=file, mode="r:"))
            archive = Archive(tar, _index(tar), digest=digest)
            archive.prove_members()
        except tarfile.TarError as error:
            raise Unusable(DAMAGED) from error
        except OSError as error:
            raise Unusable(f"{path} を読めません（{error.strerror}）。") from error
        yield archive


def _prove_bytes(file: BinaryIO) -> str:
    size = os.fstat(file.fileno()).st_size
    head = file.read(len(HEAD))
    if head != HEAD:
        raise Unusable(_unknown_head(head))
    if size < len(HEAD) + TAIL_SIZE or size % BLOCK:
        raise Unusable(DAMAGED)
    sha = hashlib.sha256(head)
    left = size - len(HEAD) - TAIL_SIZE
    while left:
        piece = file.read(min(CHUNK, left))
        sha.update(piece)
        left -= len(piece)
    expected = tail(sha.hexdigest())
    if file.read() != expected:
        raise Unusable(DAMAGED)
    sha.update(expected)
    return sha.hexdigest()


def _unknown_head(head: bytes) -> str:
    own = head[:BLOCK] == HEAD[:BLOCK] and len(head) == len(HEAD) and head[BLOCK:].strip(b"\0\n").isdigit()
    return (
        "この控えは、より新しい版のシステムで作られています。同じ版のシステムで読んでください。"
        if own
        else FOREIGN
    )


def _index(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    index: dict[str, tarfile.TarInfo] = {}
    for info in tar:
        known = info.name in {MAGIC_NAME, MANIFEST_NAME, DIGEST_NAME}
        allowed = known or is_part(info.name) or is_evidence(info.name)
        if info.type != tarfile.REGTYPE or not allowed or info.name in index:
            raise Unusable("控えの中に、このシステムのものではないファイルがあります。使えません。")
        index[info.name] = info
    if MANIFEST_NAME not in index:
        raise Unusable("控えに目録がありません。使えません。")
    return index
