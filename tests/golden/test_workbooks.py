"""Workbooks by their cells: as reviewed, the same bytes for the same report, and nothing in them that acts.

UPDATE_GOLDEN=1 writes the expected cells anew; the change is then reviewed as a diff.
"""

import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from app.reminders.files import reminder_csv
from app.reports.excel import campaign_result, reminder_list
from app.reports.excel.inspection_result import render
from app.reports.rules import InspectionReport
from tests.golden.sample_campaign import IMPRINT, campaign_report
from tests.golden.sample_reminders import reminder_rows
from tests.golden.sample_report import COMMENTS, MADE_AT, draft_report, rich_report
from tests.golden.workbooks import dump, margins

HERE = Path(__file__).parent
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"


def as_reviewed(name: str, content: bytes) -> None:
    """Compare the cells of a workbook with the reviewed ones."""
    golden, found = HERE / f"{name}.txt", dump(content)
    if UPDATE:
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "build"), [("inspection_workbook", rich_report), ("inspection_workbook_draft", draft_report)]
)
def test_cells_are_as_reviewed(name: str, build: Callable[[], InspectionReport]) -> None:
    as_reviewed(name, render(build()))


def test_cells_of_a_campaign_are_as_reviewed() -> None:
    as_reviewed("campaign_workbook", campaign_result.render(campaign_report()))


def reminder_workbook() -> bytes:
    """The list of reminders of a campaign whose name has signs that Excel's margins take for codes."""
    return reminder_list.render(reminder_rows(), imprint=IMPRINT, campaign="令和8年度 点検 & 研修")


def test_cells_of_the_list_of_reminders_are_as_reviewed() -> None:
    as_reviewed("reminder_workbook", reminder_workbook())


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_the_csv_of_the_list_of_reminders_is_as_reviewed(encoding: str) -> None:
    golden = HERE / f"reminder_list_{encoding}.txt"
    content = reminder_csv(reminder_rows(), encoding=encoding)
    lines = content.decode(encoding).split("\r\n")
    # Kept in UTF-8 and with the line ends of the sources, so that a change can be read as a diff.
    found = "\n".join(lines)
    if UPDATE:
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")
    assert len(lines) == len(reminder_rows()) + 2


@pytest.mark.parametrize("build", [lambda: campaign_result.render(campaign_report()), reminder_workbook])
def test_a_list_gives_the_same_bytes_too(monkeypatch: pytest.MonkeyPatch, build: Callable[[], bytes]) -> None:
    first = build()
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert build() == first


def test_the_same_report_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = render(rich_report())
    # Neither the hour nor the time zone of the machine gets in.
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert render(rich_report()) == first


@pytest.mark.parametrize("content", [render(rich_report()), reminder_workbook()], ids=["sheet", "reminders"])
def test_the_file_holds_nothing_that_acts(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        text = "".join(archive.read(name).decode() for name in names)
    assert not any("vba" in name.lower() or "external" in name.lower() for name in names)
    for word in ("<f>", "<f ", "hyperlink", 'TargetMode="External"', "DDE"):
        assert word not in text


def test_the_file_names_the_city_and_no_person() -> None:
    book = load_workbook(io.BytesIO(render(rich_report())))
    assert (book.properties.creator, book.properties.lastModifiedBy) == ("見本市", "見本市")
    assert book.properties.created is not None
    assert book.properties.created.isoformat() == MADE_AT.replace(tzinfo=None).isoformat()
    about = f"{book.properties.title}{book.properties.subject}{book.properties.keywords}"
    assert not any(name in about for name in ("佐藤", "田中", "木村"))


def test_the_long_comment_is_whole() -> None:
    sheet = load_workbook(io.BytesIO(render(rich_report())))["回答"]
    comments = {row[0].value: row[7].value for row in sheet.iter_rows(min_row=2)}
    assert comments["2-3"] == COMMENTS["2-3"]
    assert (
        comments["5-6"]
        == "見た目は「exe.pdf」: report〔U+202E〕fdp.exe 制御文字: 〔U+0007〕 終わり。絵文字: 🔒 外字: \ue000"
    )


def test_marks_of_a_draft_and_of_a_copy_stand_in_the_margin_of_every_sheet() -> None:
    copy = replace(draft_report(), copy_mark="写し（監査用 & 保存用）")
    for sheet in load_workbook(io.BytesIO(render(copy))).worksheets:
        assert "下書き（確定前）" in margins(sheet.oddHeader)[0]
        assert "写し（監査用 && 保存用）" in margins(sheet.oddHeader)[0]


def test_a_report_without_items_is_still_a_workbook() -> None:
    bare = replace(rich_report(), items=(), sections=(), course=(), level_counts=(), bands=())
    assert [sheet.max_row for sheet in load_workbook(io.BytesIO(render(bare))).worksheets][1:] == [1, 1, 1]


def test_no_text_is_too_long_for_its_cell_or_for_the_margin() -> None:
    report = rich_report()
    long = "𠮷田の長い文。" * 9000
    items = (replace(report.items[0], comment=long),)
    content = render(replace(report, items=items, classification=long, unit_name=long))
    sheet = load_workbook(io.BytesIO(content))["回答"]
    cut = sheet["H2"].value
    assert isinstance(cut, str)
    assert cut.endswith("全文はシステムにあります。）")
    assert 32_700 < len(cut.encode("utf-16-le")) // 2 <= 32_767
