"""Workbooks are read like CSV files, and never unfolded beyond reason."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, time

import pytest
from openpyxl import Workbook

from app.kernel.errors import InvalidInput
from app.organisation.files import Column, read_lines, unit_rows
from app.organisation.files.workbook import MOST_PARTS, NOT_READABLE, TOO_LARGE

COLUMNS = (Column("番号"), Column("名"))
HEADER = (
    "所属コード",
    "所属名",
    "かな",
    "種別",
    "ポリシー主体",
    "上位所属コード",
    "並び順",
    "有効開始日",
    "有効終了日",
)


def workbook(*rows: Sequence[object]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return target.getvalue()


def test_cells_are_read_as_somebody_would_type_them() -> None:
    data = workbook(("番号", "名"), (12.0, "総務課"), ("0012", date(2026, 4, 1)), (3.5, time(9)))
    assert [tuple(line.cells.values()) for line in read_lines(data, columns=COLUMNS)] == [
        ("12", "総務課"),
        ("0012", "2026-04-01"),
        ("3.5", "09:00:00"),
    ]


def test_empty_rows_and_columns_are_left_out_and_rows_count_as_in_excel() -> None:
    data = workbook(("番号", "名", None), (None, None, None), ("1", "総務課", None))
    assert [(line.row, line.cells["名"]) for line in read_lines(data, columns=COLUMNS)] == [(3, "総務課")]


def test_a_list_of_units_may_be_a_workbook() -> None:
    row = ("0101", "総務課", "そうむか", "課", "市長部局", None, 11, date(2026, 4, 1), None)
    (unit,) = unit_rows(workbook(HEADER, row))
    assert (unit.row, unit.span.name, unit.span.valid_from) == (2, "総務課", date(2026, 4, 1))


def test_problems_name_row_and_column_as_in_a_csv_file() -> None:
    row = ("0101", "総務課", "そうむか", "課", "市長部局", None, "たくさん", "きのう", None)
    with pytest.raises(InvalidInput) as refusal:
        unit_rows(workbook(HEADER, row))
    named = {(problem.row, problem.field) for problem in refusal.value.problems}
    assert named == {(2, "並び順"), (2, "有効開始日")}


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 and then nothing",
        archive({"word/document.xml": b"<w/>"}),
        archive({"xl/workbook.xml": b"<workbook"}),
        archive({"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><workbook>&a;</workbook>'}),
    ],
    ids=["cut short", "a Word file", "broken", "with a document type"],
)
def test_what_is_no_workbook_is_refused_with_a_way_out(data: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_lines(data, columns=COLUMNS)
    assert refusal.value.message == NOT_READABLE


@pytest.mark.parametrize(
    "parts",
    [
        {"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": bytes(61_000_000)},
        {"xl/workbook.xml": b"<workbook/>", **{f"part{number}": b"" for number in range(MOST_PARTS)}},
    ],
    ids=["a bomb", "too many parts"],
)
def test_what_would_unfold_beyond_reason_is_refused_before_it_does(parts: dict[str, bytes]) -> None:
    data = archive(parts)
    assert len(data) < 100_000
    with pytest.raises(InvalidInput) as refusal:
        read_lines(data, columns=COLUMNS)
    assert refusal.value.message == TOO_LARGE


def test_more_rows_than_can_be_read_are_refused() -> None:
    data = workbook(("番号", "名"), *(("1", "総務課"),) * 20_002)
    with pytest.raises(InvalidInput, match="行が多すぎます"):
        read_lines(data, columns=COLUMNS)
