"""Damaged, cut, altered and foreign files are refused, and a refused restore leaves nothing behind."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.backup.commands import JournalFaults, create_backup, restore_to_folder, verify_backup
from app.backup.commands.archive import open_archive
from app.backup.rules import HEAD, TAIL_SIZE, Unusable, header, line_of, member, padding, tail
from app.db.engine import make_engine
from app.db.session import Database
from app.journal.rules import ActorMark, Via
from tests.databases import copy_of
from tests.factories.inspections import running_year
from tests.people import AFFAIRS, STORY

MARK = ActorMark(person_id=None, via=Via.CLI, operator="operator")
Members = dict[str, bytes]


@pytest.fixture(scope="module")
def whole(city_template: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup with one kept file, made once."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "evidence").mkdir()
    (folder / "evidence" / "kept.pdf").write_bytes(b"%PDF-1.7 kept")
    target = folder / "backup.tar"
    with copy_of(city_template, folder=folder) as url:
        database = Database(make_engine(url))
        running_year(database).answer(AFFAIRS)
        create_backup(database, target=target, evidence=folder / "evidence", now=STORY)
        database.engine.dispose()
    return target.read_bytes()


@pytest.fixture
def backup(whole: bytes, tmp_path: Path) -> Path:
    """A file of one's own with that backup."""
    target = tmp_path / "backup.tar"
    target.write_bytes(whole)
    return target


def refused(path: Path) -> str:
    """Verify and restore; return the sentence of the refusal. Nothing may be left."""
    elsewhere = path.parent / "elsewhere"
    with pytest.raises(Unusable) as refusal:
        restore_to_folder(path, folder=elsewhere, faults=JournalFaults.KEPT, mark=MARK, now=STORY)
    assert not elsewhere.exists()
    assert not elsewhere.with_name("elsewhere.partial").exists()
    with pytest.raises(Unusable):
        verify_backup(path, mark=MARK, now=STORY)
    return refusal.value.message


# --------------------------------------------------------------------------------------------- plain damage


def test_no_byte_can_change_unseen(backup: Path) -> None:
    """Every fifth byte, so every header, content and padding; and every byte of both ends."""
    size = backup.stat().st_size
    places = {*range(len(HEAD)), *range(0, size, 5), *range(size - TAIL_SIZE, size)}
    missed = []
    with backup.open("r+b", buffering=0) as file:
        for place in sorted(places):
            (byte,) = os.pread(file.fileno(), 1, place)
            os.pwrite(file.fileno(), bytes([byte ^ (1 << place % 8)]), place)
            if _passes(backup):
                missed.append(place)
            os.pwrite(file.fileno(), bytes([byte]), place)
    assert missed == []
    assert _passes(backup)


def _passes(path: Path) -> bool:
    try:
        with open_archive(path):
            return True
    except Unusable:
        return False


def test_a_cut_file_is_refused(backup: Path) -> None:
    data = backup.read_bytes()
    for length in (
        0,
        1,
        511,
        512,
        len(HEAD),
        len(HEAD) + TAIL_SIZE,
        len(data) // 2,
        len(data) - 512,
        len(data) - 1,
    ):
        backup.write_bytes(data[:length])
        assert refused(backup)


def test_a_file_that_grew_is_refused(backup: Path) -> None:
    data = backup.read_bytes()
    for more in (b"\0", b"\0" * 512, b"\0" * 10240, data):
        backup.write_bytes(data + more)
        assert "書き換え" in refused(backup)


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0" * 100, b"\x1f\x8b\x08" + b"x" * 5000, os.urandom(9000)]
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(content)
    assert "このシステムの控えではない" in refused(path)


def test_another_tar_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("hello"), io.BytesIO())
    assert "このシステムの控えではない" in refused(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "読めません" in refused(tmp_path / "nothing")
    assert "読めません" in refused(tmp_path)


def test_a_later_format_is_named_as_such(backup: Path) -> None:
    later = member("SELF-INSPECTION-BACKUP", b"2\n")
    backup.write_bytes(later + backup.read_bytes()[len(later) :])
    assert "より新しい版" in refused(backup)


# ---------------------------------------------------- altered on purpose, with every digest made to fit again


def members_of(path: Path) -> Members:
    with tarfile.open(path) as tar:
        found = {info.name: tar.extractfile(info) for info in tar}
        return {name: file.read() for name, file in found.items() if file is not None}


def rebuilt(path: Path, members: Members, *, extra: bytes = b"") -> None:
    """Write members again with an end that fits them."""
    own = {"SELF-INSPECTION-BACKUP", "digest.sha256"}
    body = HEAD + b"".join(member(name, data) for name, data in members.items() if name not in own) + extra
    path.write_bytes(body + tail(hashlib.sha256(body).hexdigest()))


def manifest_of(members: Members) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(members["manifest.json"])
    return found


def with_manifest(members: Members, manifest: dict[str, Any]) -> Members:
    return {**members, "manifest.json": json.dumps(manifest).encode()}


def test_rebuilding_alone_changes_nothing(backup: Path) -> None:
    before = backup.read_bytes()
    rebuilt(backup, members_of(backup))
    assert backup.read_bytes() == before


def test_a_missing_member_is_refused(backup: Path) -> None:
    members = members_of(backup)
    for name in ("tables/answer/00001.jsonl.gz", "evidence/kept.pdf", "manifest.json"):
        rebuilt(backup, {other: data for other, data in members.items() if other != name})
        assert "目録" in refused(backup)


def test_an_extra_member_is_refused(backup: Path) -> None:
    members = members_of(backup)
    for name in ("tables/answer/00002.jsonl.gz", "evidence/more.pdf"):
        rebuilt(backup, {**members, name: b"x"})
        assert "目録" in refused(backup)


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "evidence/../../evil", "evidence/.ssh", "tables/x", "a"]
)
def test_a_name_that_leads_away_is_refused(backup: Path, name: str) -> None:
    members = members_of(backup)
    manifest = manifest_of(members)
    manifest["members"].append({"name": name, "size": 1, "digest": hashlib.sha256(b"x").hexdigest()})
    rebuilt(backup, with_manifest({name: b"x", **members}, manifest))
    assert "ではないファイル" in refused(backup)
    assert not list(backup.parent.rglob("evil"))


def _link(kind: bytes) -> bytes:
    info = tarfile.TarInfo("evidence/kept2.pdf")
    info.type, info.linkname = kind, "/etc/passwd"
    return info.tobuf(tarfile.USTAR_FORMAT)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_only_plain_files_are_taken(backup: Path, kind: bytes) -> None:
    rebuilt(backup, members_of(backup), extra=_link(kind))
    assert refused(backup)


def test_a_member_twice_is_refused(backup: Path) -> None:
    rebuilt(backup, members_of(backup), extra=member("evidence/kept.pdf", b"other"))
    assert refused(backup)


def test_altered_members_are_refused_one_by_one(backup: Path) -> None:
    members = members_of(backup)
    for name in members:
        if name not in {"SELF-INSPECTION-BACKUP", "digest.sha256", "manifest.json"}:
            rebuilt(backup, {**members, name: members[name][:-1] + b"?"})
            assert not _passes(backup), name


def _forget_a_table(manifest: dict[str, Any]) -> None:
    gone = next(table for table in manifest["tables"] if table["name"] == "sent_form")
    manifest["tables"].remove(gone)


def _rename_a_column(manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["columns"][0][0] = "other"


def _change_a_kind(manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["columns"][0][1] = "flag"


def _miscount(manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["rows"] += 1


def _name_a_later_revision(manifest: dict[str, Any]) -> None:
    manifest["revision"] = "9999"


def _name_another_format(manifest: dict[str, Any]) -> None:
    manifest["format"] = 2


def _lead_away(manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["name"] = "../x"


def _say_more(manifest: dict[str, Any]) -> None:
    manifest["more"] = 1


@pytest.mark.parametrize(
    "alter",
    [
        _forget_a_table,
        _rename_a_column,
        _change_a_kind,
        _miscount,
        _name_a_later_revision,
        _name_another_format,
        _lead_away,
        _say_more,
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    backup: Path, alter: Callable[[dict[str, Any]], None]
) -> None:
    members = members_of(backup)
    manifest = manifest_of(members)
    alter(manifest)
    rebuilt(backup, with_manifest(members, manifest))
    refused(backup)


def rewritten(members: Members, table: str, change: Callable[[list[Any]], list[Any]]) -> Members:
    """Alter the rows of a table and make every digest fit again, as somebody would who wants to hide it."""
    name = f"tables/{table}/00001.jsonl.gz"
    rows = [change(json.loads(line)) for line in gzip.decompress(members[name]).splitlines()]
    lines = b"".join(line_of(row) for row in rows)
    packed = gzip.compress(lines, 1, mtime=0)
    manifest = manifest_of(members)
    entry = next(one for one in manifest["tables"] if one["name"] == table)
    entry["digest"] = hashlib.sha256(lines).hexdigest()
    part = next(one for one in manifest["members"] if one["name"] == name)
    part["size"], part["digest"] = len(packed), hashlib.sha256(packed).hexdigest()
    return with_manifest({**members, name: packed}, manifest)


def _other_event(row: list[Any]) -> list[Any]:
    return [
        value.replace("answer.recorded", "answer.forgotten") if isinstance(value, str) else value
        for value in row
    ]


def test_a_rewritten_journal_is_found_and_only_restored_knowingly(backup: Path) -> None:
    rebuilt(backup, rewritten(members_of(backup), "journal_entry", _other_event))
    found = verify_backup(backup, mark=MARK, now=STORY)
    assert found.journal.faults
    assert all("書き換え" in fault.message for fault in found.journal.faults)
    folder = backup.parent / "elsewhere"
    with pytest.raises(Unusable, match="keep-journal-faults"):
        restore_to_folder(backup, folder=folder, faults=JournalFaults.REFUSED, mark=MARK, now=STORY)
    assert not folder.exists()
    restore_to_folder(backup, folder=folder, faults=JournalFaults.KEPT, mark=MARK, now=STORY)
    assert folder.exists()


def test_rows_that_lead_nowhere_are_refused(backup: Path) -> None:
    members = members_of(backup)
    table = next(one for one in manifest_of(members)["tables"] if one["name"] == "account")
    place = [name for name, _ in table["columns"]].index("person_id")
    nobody = iter(f"00000000-0000-0000-0000-{number:012d}" for number in range(1000))

    def nowhere(row: list[Any]) -> list[Any]:
        return [*row[:place], next(nobody), *row[place + 1 :]]

    rebuilt(backup, rewritten(members, "account", nowhere))
    assert "つながる先のない" in refused(backup)


def test_rows_that_break_a_constraint_are_refused(backup: Path) -> None:
    rebuilt(backup, rewritten(members_of(backup), "installation", lambda row: [2, *row[1:]]))
    assert "決まり" in refused(backup)


def test_a_part_that_unpacks_without_end_is_refused(backup: Path) -> None:
    members = members_of(backup)
    bomb = gzip.compress(b"\n" * (200 * 1024 * 1024), 9, mtime=0)
    name = "tables/answer/00001.jsonl.gz"
    manifest = manifest_of(members)
    part = next(one for one in manifest["members"] if one["name"] == name)
    part["size"], part["digest"] = len(bomb), hashlib.sha256(bomb).hexdigest()
    rebuilt(backup, with_manifest({**members, name: bomb}, manifest))
    refused(backup)


def test_our_members_are_what_tar_itself_would_write() -> None:
    info = tarfile.TarInfo("evidence/a")
    info.size, info.mode = 3, 0o600
    assert header("evidence/a", size=3) == info.tobuf(tarfile.USTAR_FORMAT)
    assert len(member("evidence/a", b"abc")) == 1024
    assert padding(512) == b""
