"""Where bytes lie: whole or not at all, once, private, proved when read; and what is swept."""

import errno
import hashlib
import os
import stat
import threading
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.session import Database
from app.evidence.commands import store
from app.evidence.commands.store import (
    FileDamaged,
    StoreFull,
    is_whole,
    keep,
    named_digests,
    path_of,
    read,
    sweep,
)
from app.evidence.models import EvidenceFile
from app.evidence.rules import CheckedFile, Description, FileKind
from app.inspections.commands.evidence import attach_files
from tests.factories.inspections import Year
from tests.people import AFFAIRS, SATO

BYTES = b"a,b\n1,2\n"
DIGEST = hashlib.sha256(BYTES).hexdigest()


def put(folder: Path, data: bytes = BYTES) -> str:
    digest = hashlib.sha256(data).hexdigest()
    keep(BytesIO(data), digest=digest, size=len(data), folder=folder)
    return digest


def grown_old(path: Path) -> None:
    os.utime(path, (0, 0))


def test_a_file_lies_under_its_digest_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    digest = put(tmp_path / "evidence")
    path = path_of(digest, folder=tmp_path / "evidence")
    assert path.read_bytes() == BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_same_bytes_lie_once_also_when_many_bring_them_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    threads = [threading.Thread(target=put, args=(folder,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [DIGEST]


def test_bytes_that_are_not_those_of_the_digest_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="changed"):
        keep(BytesIO(b"other"), digest=DIGEST, size=5, folder=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_altered_bytes_are_mended_by_who_brings_them_again(tmp_path: Path) -> None:
    put(tmp_path)
    path_of(DIGEST, folder=tmp_path).write_bytes(b"x" * len(BYTES))
    put(tmp_path)
    assert read(DIGEST, folder=tmp_path) == BYTES


def test_missing_and_altered_bytes_are_told_apart_from_whole_ones(tmp_path: Path) -> None:
    put(tmp_path)
    assert is_whole(DIGEST, folder=tmp_path)
    path_of(DIGEST, folder=tmp_path).write_bytes(b"altered")
    assert not is_whole(DIGEST, folder=tmp_path)
    with pytest.raises(FileDamaged, match="書き換えられて"):
        read(DIGEST, folder=tmp_path)
    path_of(DIGEST, folder=tmp_path).unlink()
    with pytest.raises(FileDamaged):
        read(DIGEST, folder=tmp_path)


def test_a_disk_that_is_nearly_full_takes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RESERVE", 1 << 62)
    with pytest.raises(StoreFull, match="回答は保存できます"):
        store.require_room(tmp_path / "evidence", size=1)
    # The result of a sheet that was just sealed still finds its place.
    put(tmp_path / "evidence")


def test_a_disk_that_fills_meanwhile_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "incoming").mkdir()
    path_of(DIGEST, folder=tmp_path).parent.mkdir()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFull):
        put(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# -------------------------------------------------------------------------------------------- the sweep


def test_a_sweep_takes_what_no_row_names_once_it_is_old(tmp_path: Path) -> None:
    named, orphan, young = put(tmp_path, b"named"), put(tmp_path, b"orphan"), put(tmp_path, b"young")
    (tmp_path / "incoming" / "half").write_bytes(b"ha")
    for path in (
        path_of(named, folder=tmp_path),
        path_of(orphan, folder=tmp_path),
        tmp_path / "incoming" / "half",
    ):
        grown_old(path)
    assert sweep(lambda: {named}, folder=tmp_path) == 2
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {named, young}


def test_a_sweep_spares_what_somebody_brings_again_meanwhile(tmp_path: Path) -> None:
    put(tmp_path)
    grown_old(path_of(DIGEST, folder=tmp_path))

    def brought_again() -> set[str]:
        put(tmp_path)
        return set()

    assert sweep(brought_again, folder=tmp_path) == 0
    assert read(DIGEST, folder=tmp_path) == BYTES


def test_what_a_kill_left_aside_comes_back(tmp_path: Path) -> None:
    put(tmp_path)
    path_of(DIGEST, folder=tmp_path).rename(tmp_path / "incoming" / f"{DIGEST}.swept")
    assert sweep(lambda: {DIGEST}, folder=tmp_path) == 0
    assert read(DIGEST, folder=tmp_path) == BYTES


def test_a_sweep_of_nothing_does_nothing(tmp_path: Path) -> None:
    assert sweep(set, folder=tmp_path / "none") == 0


def test_a_kill_between_store_and_commit_leaves_no_half_piece(
    year: Year, database: Database, tmp_path: Path
) -> None:
    put(tmp_path)
    sheet = year.sheet(AFFAIRS)
    file = CheckedFile(name="a.csv", kind=FileKind.CSV, size=len(BYTES), digest=DIGEST)
    said = Description(title="a", stands_for=year.now.date())

    def killed(session: Session) -> None:
        attach_files(
            session,
            actor=year.actor(SATO),
            inspection_id=sheet.id,
            item_id=year.item_id("D01"),
            files=[(file, said)],
            quota=1 << 30,
            now=year.now,
        )
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), database.transaction() as session:
        killed(session)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(EvidenceFile)) == 0
        grown_old(path_of(DIGEST, folder=tmp_path))
        assert sweep(lambda: named_digests(session), folder=tmp_path) == 1
    assert not is_whole(DIGEST, folder=tmp_path)


def test_every_room_that_keeps_files_names_them(year: Year, database: Database, tmp_path: Path) -> None:
    """The results of sealed sheets lie in the same place: a sweep that forgot them would take them."""
    tables = {table.name for table in EvidenceFile.metadata.sorted_tables if "file_digest" in table.c}
    assert {"evidence_file", "kept_document"} <= tables
    with database.reading() as session:
        assert named_digests(session) == set()
    assert timedelta(hours=12) <= store.ORPHAN_AGE
