"""LibreOffice Calc opens every workbook: what people typed is text there, equal and never a formula."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from app.reminders.files import COLUMNS as REMINDER_COLUMNS
from app.reminders.files import reminder_cells, reminder_csv
from app.reports.excel import campaign_result, reminder_list
from app.reports.excel.book import About, Book, Column, Size
from app.reports.excel.inspection_result import render
from app.reports.excel.words import cell_text
from tests.golden.libreoffice import Seen, is_installed, opened, opened_csv
from tests.golden.sample_campaign import IMPRINT, campaign_report
from tests.golden.sample_reminders import reminder_rows
from tests.golden.sample_report import rich_report

GENERATED: Final = 100_000
COLUMNS: Final = 20
SEED: Final = 20261122
STARTS: Final = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "＝",
    "＋",
    "－",
    "＠",
    "'",
    '"',
    "{=",
    "=@",
    "%",
    " =",
    "\n=",
)
NASTY: Final = (
    "=1+1", '=HYPERLINK("http://127.0.0.1/","x")', "=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "+1", "-1",
    "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠SUM(1)", "'quoted", "''", "0012", "1e5", "1,000", "2026-11-20", "11/20", "令和8年11月20日",
    "12:30", "50%", "¥100", "TRUE", "#N/A", "#REF!", "http://127.0.0.1/", "mailto:x@example.jp", "file:///etc/passwd", "{=1+1}",
    "<b>&amp;</b>", "<r>=1+1</r>", "<r><t>x</t></r>", "_x0041_", "_x000D_", "\ufffe", "a\x00b", "\ud800", "\u202efdp.exe", "👨‍👩‍👧‍👦", "𠮷野家 髙﨑",
    "葛\U000e0100城", "か\u3099", "一\n二\n\n三", "一\r\n二", "  前後の空白  ", "\u3000全角の空白", "あ" * 4000, "x" * 32_767, "𠮷" * 20_000, "]]>", "%s{{7*7}}${x}",
)  # fmt: skip
PARTS: Final = (
    *NASTY[:20],
    "1",
    "A1",
    "SUM(A1:B2)",
    "税務課",
    "台帳",
    "、",
    "。",
    " ",
    "\n",
    "\t",
    "𠮷",
    "👩‍💻",
    "&",
    "<",
    ">",
    '"',
    ";",
    "|",
    "_x0007_",
)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    chance = random.Random(SEED)  # noqa: S311 - no secret
    made = [
        chance.choice(STARTS) + "".join(chance.choices(PARTS, k=chance.randint(0, 4)))
        for _ in range(GENERATED)
    ]
    return [*NASTY, *made]


@pytest.fixture(scope="module")
def books(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> dict[str, dict[str, list[list[Seen]]]]:
    if not is_installed():
        pytest.skip("libreoffice-calc is not installed")
    folder = tmp_path_factory.mktemp("libreoffice")
    made = {
        "sheet": render(rich_report()),
        "texts": book_of(texts, size=Size.LARGE),
        "few": book_of(texts[:500]),
        "campaign": campaign_result.render(campaign_report()),
        "reminders": reminder_list.render(reminder_rows(), imprint=IMPRINT, campaign="令和8年度"),
    }
    paths = [folder / f"{name}.xlsx" for name in made]
    for path, content in zip(paths, made.values(), strict=True):
        path.write_bytes(content)
    return opened(paths, folder=folder)


def book_of(texts: list[str], *, size: Size = Size.SMALL) -> bytes:
    about = About(
        title="x",
        subject="",
        author="見本市",
        keywords="",
        made_at=datetime(2026, 11, 20, tzinfo=UTC),
        classification="&A & 秘密 &D",
        header="&Z&F",
        footer="",
    )
    book = Book(about, size=size)
    rows = (texts[at : at + COLUMNS] for at in range(0, len(texts), COLUMNS))
    columns = [Column(title=str(number), width=40) for number in range(COLUMNS)]
    book.table("語", columns=columns, rows=(row + [""] * (COLUMNS - len(row)) for row in rows))
    return book.finished()


@pytest.mark.parametrize("name", ["texts", "few"])
def test_no_text_is_read_as_anything_else(
    books: dict[str, dict[str, list[list[Seen]]]], texts: list[str], name: str
) -> None:
    """Both ways in which the library stores texts: in a table of its own, and in the cells."""
    wanted = texts if name == "texts" else texts[:500]
    found = [cell for row in books[name]["語"][1:] for cell in row][: len(wanted)]
    assert len(found) == len(wanted)
    assert {(cell.kind, cell.acts) for cell in found} == {("string", False)}
    for typed, cell in zip(wanted, found, strict=True):
        assert cell.text == cell_text(typed)


def test_the_workbook_of_a_sheet_is_read_as_it_was_made(
    books: dict[str, dict[str, list[list[Seen]]]],
) -> None:
    sheets = books["sheet"]
    assert list(sheets) == ["概要", "回答", "分野別", "経過"]
    assert not any(cell.acts for sheet in sheets.values() for row in sheet for cell in row)
    report = rich_report()
    rows = sheets["回答"][1 : len(report.items) + 1]
    assert [row[0].text for row in rows] == [item.number for item in report.items]
    assert [row[7].text for row in rows] == [cell_text(item.comment) for item in report.items]
    assert {row[0].kind for row in rows} == {"string"}
    assert {row[5].kind for row in rows} == {"float"}
    assert {row[9].kind for row in rows} == {"", "date"}


def test_the_workbook_of_a_campaign_is_read_as_it_was_made(
    books: dict[str, dict[str, list[list[Seen]]]],
) -> None:
    sheets, report = books["campaign"], campaign_report()
    assert not any(cell.acts for sheet in sheets.values() for row in sheet for cell in row)
    units = sheets["所属別"][1 : len(report.units) + 1]
    assert [(row[0].text, row[1].text) for row in units] == [
        (one.department, one.name) for one in report.units
    ]
    assert [row[7].text for row in units] == ["62.5", "62.5", "―", ""]
    matrix = sheets["項目別（審査後）"][1]
    assert [cell.text for cell in matrix[3:7]] == ["○", "○", "×", ""]
    assert [row[6].text for row in sheets["未達の重要項目"][1:3]] == [one.comment for one in report.missed]


def test_the_list_of_reminders_is_read_as_it_was_made(
    books: dict[str, dict[str, list[list[Seen]]]],
) -> None:
    head, *found = books["reminders"]["督促リスト"][: len(reminder_rows()) + 1]
    assert not any(cell.acts for row in [head, *found] for cell in row)
    assert [cell.text for cell in head] == list(REMINDER_COLUMNS)
    for row, made in zip(found, map(reminder_cells, reminder_rows()), strict=True):
        assert (row[4].kind, row[5].kind) == ("date", "float")
        texts = [cell_text(value) for value in made if isinstance(value, str)]
        assert [cell.text for at, cell in enumerate(row) if at not in {4, 5}] == texts


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_the_csv_of_the_list_of_reminders_acts_nowhere(tmp_path: Path, encoding: str) -> None:
    if not is_installed():
        pytest.skip("libreoffice-calc is not installed")
    path = tmp_path / "reminders.csv"
    path.write_bytes(reminder_csv(reminder_rows(), encoding=encoding))
    head, *found = opened_csv(path, encoding=encoding)
    assert [cell.text for cell in head] == list(REMINDER_COLUMNS)
    assert [row[1].text for row in found[:3]] == [
        "総務課",
        "'=cmd|' /C calc'!A0",
        "𠮷田・髙﨑出張所" if encoding == "utf-8" else "〓田・髙﨑出張所",
    ]
    assert not any(cell.acts for row in found for cell in row)
