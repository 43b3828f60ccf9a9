"""The form of a backup file: rows keep their values, names cannot lead away, the end proves the rest."""

import tarfile
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from uuid import UUID

import pytest

from app.backup.rules import (
    BLOCK,
    HEAD,
    TAIL_SIZE,
    Kind,
    Lines,
    Unusable,
    evidence_name,
    is_evidence,
    is_part,
    line_of,
    manifest_from,
    part_name,
    tail,
    values_of,
)

ROW = (
    UUID("6d2a1a57-3b0c-4f5a-9a51-2f1c3b7f9d10"),
    datetime(2026, 11, 20, 0, 0, 0, 1, tzinfo=UTC),
    date(2026, 4, 1),
    True,
    -7,
    '𠮷田 "一人"\n\u2028\tおわり',
    None,
)
KINDS = (Kind.UUID, Kind.INSTANT, Kind.DATE, Kind.FLAG, Kind.NUMBER, Kind.TEXT, Kind.TEXT)


def test_a_row_comes_back_as_it_was() -> None:
    line = line_of(ROW)
    assert line.count(b"\n") == 1
    assert tuple(values_of(line, kinds=KINDS)) == ROW


def test_an_instant_is_written_in_utc_whatever_its_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    here, there = datetime(2026, 11, 20, 9, tzinfo=tokyo), datetime(2026, 11, 20, tzinfo=UTC)
    assert line_of([here]) == line_of([there])


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"[1]", Kind.TEXT),
        (b'["1"]', Kind.NUMBER),
        (b"[true]", Kind.NUMBER),
        (b"[1]", Kind.FLAG),
        (b"[1.5]", Kind.NUMBER),
        (b"[9223372036854775808]", Kind.NUMBER),
        (b'["2026-11-20T00:00:00"]', Kind.INSTANT),
        (b'["20. November"]', Kind.DATE),
        (b'["x"]', Kind.UUID),
        (b"[]", Kind.TEXT),
        (b'["a","b"]', Kind.TEXT),
        (b'{"a":1}', Kind.TEXT),
        (b"[", Kind.TEXT),
        (b"\xff", Kind.TEXT),
    ],
)
def test_a_line_that_does_not_fit_its_column_is_refused(line: bytes, kind: Kind) -> None:
    with pytest.raises(Unusable):
        values_of(line, kinds=[kind])


@pytest.mark.parametrize("value", [1.5, b"bytes", object()])
def test_a_value_of_an_unknown_kind_stops_the_backup(value: object) -> None:
    with pytest.raises(TypeError):
        line_of([value])


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/etc/passwd",
        "a/../b",
        "a//b",
        "./a",
        ".hidden",
        "a/.hidden",
        "a\\b",
        "C:x",
        "a\nb",
        "a\0b",
        "a/",
        "",
        "x" * 200,
        "写真.pdf",
        "a.",
        "a..b",
        "-a",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_no_kept_file(path: str) -> None:
    assert not is_evidence(evidence_name(path))


def test_plain_paths_are_kept_files() -> None:
    assert is_evidence(evidence_name("ab/abcdef0123.pdf"))
    assert is_evidence(evidence_name("abcdef0123"))


def test_parts_are_named_by_table_and_number() -> None:
    assert is_part(part_name("answer_history", 12))
    assert not is_part("tables/answer/1.jsonl.gz")
    assert not is_part("tables/../00001.jsonl.gz")


def test_the_end_has_one_size_and_is_a_plain_tar_end() -> None:
    end = tail("a" * 64)
    assert len(end) == TAIL_SIZE == 4 * BLOCK
    with tarfile.open(fileobj=BytesIO(HEAD + end)) as tar:
        assert tar.getnames() == ["SELF-INSPECTION-BACKUP", "digest.sha256"]


def test_the_digest_of_lines_depends_on_their_order() -> None:
    one, two = Lines(), Lines()
    for line in (b"a\n", b"b\n"):
        one.add(line)
    for line in (b"b\n", b"a\n"):
        two.add(line)
    assert one.rows == two.rows == 2
    assert one.digest != two.digest


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format":2}', b"\xff"])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(Unusable):
        manifest_from(data)
