"""Tables from a spreadsheet: CSV or Excel in, typed rows out, with every problem of every row at once. No database.

UTF-8 (with or without its mark) and CP932 (what Excel calls CSV) are read, and workbooks (.xlsx, the first sheet). Names are kept exactly as typed;
only codes, numbers and dates are folded to half width. Rows are counted as Excel does: the header is row 1.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from app.kernel.errors import InvalidInput, Problem
from app.kernel.fiscal_year import ERAS, LATEST_DAY, is_reckoned
from app.kernel.text import half_width, text_problems
from app.organisation.files.workbook import is_workbook, workbook_records
from app.organisation.rules import CODE_LENGTH, LARGEST_ORDER

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

LARGEST_FILE: Final = 5_000_000
"""Bytes: far more than any city's list of staff."""

MOST_ROWS: Final = 20_000


# ------------------------------------------------------------------------------------ from bytes to cells


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list, by the words in its header."""

    label: str
    optional: bool = False


def read_lines(data: bytes, *, columns: Sequence[Column]) -> tuple["Line", ...]:
    """Return the filled rows of a CSV file or a workbook.

    Raises:
        InvalidInput: another encoding, a header that does not fit, a broken quotation, too much.
    """
    records = _all_records(data)
    return _lines(records, labels=_labels(next(records, (1, []))[1], columns=columns))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list whose header nobody has agreed on: its words as they stand, and its filled rows by those words.

    Where a word heads two columns, `lines` hold the cell of the last; a column without a word is left out.
    """

    header: tuple[str, ...]
    lines: tuple["Line", ...]


def read_sheet(data: bytes) -> Sheet:
    """Return a CSV file or a workbook whose columns are to be found out.

    Raises:
        InvalidInput: another encoding, no header, a broken quotation, too much.
    """
    records = _all_records(data)
    header = _trimmed(next(records, (1, []))[1])
    if not any(header):
        message = f"1行目に見出しがありません。1行目が見出しになるように直してください。文字が化けているときは、{_HOW_TO_SAVE}"
        raise InvalidInput([Problem(message=message, row=1)])
    return Sheet(tuple(header), _lines(records, labels=header))


def _all_records(data: bytes) -> Iterator[tuple[int, list[str]]]:
    if len(data) > LARGEST_FILE:
        raise InvalidInput.of(f"ファイルが大きすぎます。{LARGEST_FILE // 1_000_000}MBまで読み取れます。")
    return workbook_records(data) if is_workbook(data) else _records(decoded(data))


def _lines(records: Iterator[tuple[int, list[str]]], *, labels: Sequence[str]) -> tuple["Line", ...]:
    lines = [_line(row, record, labels) for row, record in records if any(c.strip() for c in record)]
    if not lines:
        raise InvalidInput.of("見出しの下に行がありません。データのあるファイルを選んでください。")
    if len(lines) > MOST_ROWS:
        raise InvalidInput.of(f"行が多すぎます。{MOST_ROWS}行までに分けてください。")
    return tuple(lines)


def decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8 or CP932.

    Raises:
        InvalidInput: any other encoding, or both in one file; the text is never guessed.
    """
    if not data.strip():
        raise InvalidInput.of("ファイルが空です。データのあるファイルを選んでください。")
    if b"\0" in data:
        raise InvalidInput.of(
            f"このファイルは読み取れません（UTF-16か、CSVではないファイルです）。{_HOW_TO_SAVE}"
        )
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8-sig" or not _japanese_utf8_lines(data):
            return text
    if rows := _japanese_utf8_lines(data):
        raise InvalidInput.of(
            f"文字コードが混ざっています（{rows[0]}行目はUTF-8、ほかはそうではありません）。{_HOW_TO_SAVE}"
        )
    raise InvalidInput.of(f"文字コードを読み取れません。{_HOW_TO_SAVE}")


_HOW_TO_SAVE: Final = "Excelの「名前を付けて保存」で「CSV UTF-8」か「CSV」を選び、保存し直してください。"


def _japanese_utf8_lines(data: bytes) -> list[int]:
    """Return the numbers of the lines that can only be Japanese in UTF-8: CP932 is never so by chance."""
    return [number for number, line in enumerate(data.splitlines(), start=1) if _is_japanese_utf8(line)]


def _is_japanese_utf8(line: bytes) -> bool:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return any("\u3000" <= character <= "\u9fff" for character in text)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    row = 0
    try:
        for row, record in enumerate(reader, start=1):
            yield row, record
    except csv.Error as error:
        message = 'この行の引用符（"）の付け方が崩れています。Excelで開き、保存し直してください。'
        raise InvalidInput([Problem(message=message, row=row + 1)]) from error


def _labels(header: Sequence[str], *, columns: Sequence[Column]) -> list[str]:
    labels = _trimmed(header)
    known = {column.label for column in columns}
    missing = [column.label for column in columns if not column.optional and column.label not in labels]
    if not known & set(labels):
        wanted = "、".join(column.label for column in columns if not column.optional)
        message = f"1行目に見出しがありません（{wanted}）。文字が化けているときは、{_HOW_TO_SAVE}"
        raise InvalidInput([Problem(message=message, row=1)])
    strange = [label for label in labels if label not in known]
    doubled = sorted({label for label in labels if labels.count(label) > 1})
    problems = [
        *(f"見出しに「{label}」の列がありません。" for label in missing),
        *(f"見出し「{label[:30]}」は使えません。消すか、正しい見出しに直してください。" for label in strange),
        *(f"見出し「{label}」が二つあります。" for label in doubled if label in known),
    ]
    if problems:
        raise InvalidInput([Problem(message=message, row=1) for message in problems])
    return labels


def _trimmed(header: Sequence[str]) -> list[str]:
    labels = [label.strip() for label in header]
    while labels and not labels[-1]:
        labels.pop()
    return labels


def _line(row: int, record: Sequence[str], labels: Sequence[str]) -> "Line":
    padded = [*record, *[""] * (len(labels) - len(record))]
    line = Line(row, {label: cell.strip() for label, cell in zip(labels, padded, strict=False)})
    if any(cell.strip() for cell in record[len(labels) :]):
        line.complain(labels[-1], "見出しのない列に値があります。カンマの数を確かめてください。")
    return line


# ------------------------------------------------------------------------------------ from cells to values


@dataclass(slots=True)
class Line:
    """One row that is being read. Each reader returns a value, or notes a problem and returns a stand-in."""

    row: int
    cells: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def complain(self, label: str, message: str) -> None:
        """Note what is to be mended in this row."""
        self.problems.append(Problem(message=message, field=label, row=self.row))

    def text(self, label: str, *, longest: int) -> str:
        """Read a text of one line, exactly as typed."""
        typed = self.cells.get(label, "")
        if not typed:
            self.complain(label, f"{label}を入れてください。")
        if "\n" in typed or "\t" in typed or "\r" in typed:
            self.complain(label, f"{label}に、改行かタブが入っています。消してください。")
            return ""
        for problem in text_problems(typed, field=label, label=label, longest=longest):
            self.complain(label, problem.message)
        return typed

    def code(self, label: str) -> str:
        """Read a code; full-width letters and digits are accepted."""
        typed = half_width(self.cells.get(label, ""))
        if not typed:
            self.complain(label, f"{label}を入れてください。")
        elif not _CODE.fullmatch(typed):
            self.complain(label, f"{label}は、半角の英数字と - _ . で{CODE_LENGTH}文字までにしてください。")
        return typed

    def optional_code(self, label: str) -> str | None:
        """Read a code that may be left out."""
        return self.code(label) if self.cells.get(label) else None

    def number(self, label: str) -> int:
        """Read a whole number from 0 to 999999."""
        typed = half_width(self.cells.get(label, ""))
        if not re.fullmatch(r"[0-9]{1,6}", typed):
            self.complain(label, f"{label}は、0から{LARGEST_ORDER}までの数字にしてください。")
            return 0
        return int(typed)

    def choice(self, label: str, choices: Mapping[E, str]) -> E:
        """Read one of the Japanese words for a code."""
        typed = self.cells.get(label, "")
        found = next((code for code, word in choices.items() if word == typed), None)
        if found is None:
            words = "・".join(choices.values())
            self.complain(label, f"{label}「{typed[:30]}」は使えません。{words} のどれかにしてください。")
            return next(iter(choices))
        return found

    def day(self, label: str) -> date:
        """Read a date."""
        typed = self.cells.get(label, "")
        found = day_of(typed)
        if (
            found is None
            and (year := _WESTERN.fullmatch(half_width(typed)))
            and year[1] > f"{LATEST_DAY.year}"
        ):
            self.complain(
                label,
                f"{label}「{typed[:30]}」は遠すぎます。終わりが決まっていないときは、終了日を空けてください。",
            )
            return date.min
        if found is None:
            self.complain(
                label,
                f"{label}「{typed[:30]}」は日付として読み取れません。"
                "2026-04-01 か 令和8年4月1日 のように書いてください。",
            )
            return date.min
        return found

    def validity(self, start: str, end: str) -> tuple[date, date | None]:
        """Read a first and a last day as `[first, last + 1)`; without a last day there is no end."""
        first = self.day(start)
        last = self.day(end) if self.cells.get(end) else None
        if last is None:
            return first, None
        if date.min < last < first:
            self.complain(end, f"{end}は、{start}と同じ日か、それより後の日にしてください。")
        return first, last + timedelta(days=1)


_CODE: Final = re.compile(rf"[0-9A-Za-z][0-9A-Za-z_.-]{{0,{CODE_LENGTH - 1}}}")
_WESTERN: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_ERA: Final = re.compile(r"(令和|平成|昭和|[RHSrhs])([0-9]{1,2}|元)[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


def day_of(typed: str) -> date | None:
    """Read 2026-04-01, 2026/4/1, 2026年4月1日, 令和8年4月1日 or R8.4.1; None when it is no such day.

    The year of an era has to lie in that era: 平成32年 is refused, since it is more often a slip than meant.
    """
    folded = re.sub(r"\s", "", half_width(typed))
    if match := _WESTERN.fullmatch(folded):
        year, month, day = (int(part) for part in match.groups())
        return _real_day(year, month, day)
    if match := _ERA.fullmatch(folded):
        era, number, month_text, day_text = match.groups()
        return _day_of_era(era, 1 if number == "元" else int(number), int(month_text), int(day_text))
    return None


def _day_of_era(era: str, number: int, month: int, day: int) -> date | None:
    later: date | None = None
    for start, name, letter in ERAS:
        if era in {name, letter, letter.lower()}:
            found = _real_day(start.year + number - 1, month, day)
            inside = found is not None and number >= 1 and start <= found and (later is None or found < later)
            return found if inside else None
        later = start
    return None


def _real_day(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if is_reckoned(found) else None


def typed_rows(lines: Sequence[Line], read: Callable[[Line], T]) -> tuple[T, ...]:
    """Read every row, then refuse with the problems of all of them.

    Raises:
        RowsRefused: any row has a problem.
    """
    rows = tuple(read(line) for line in lines)
    if problems := [problem for line in lines for problem in line.problems]:
        sound = tuple(row for row, line in zip(rows, lines, strict=True) if not line.problems)
        cells = frozenset(cell for line in lines if line.problems for cell in line.cells.values() if cell)
        raise RowsRefused(problems, sound=sound, faulty=cells)
    return rows


class RowsRefused(InvalidInput):
    """Rows that cannot be read. The others are at hand, so that what else is wrong with the list is told with it."""

    def __init__(self, problems: Sequence[Problem], *, sound: Sequence[Any], faulty: frozenset[str]) -> None:
        super().__init__(problems)
        self.sound, self.faulty = tuple(sound), faulty

    def with_problems_of(self, plan: Callable[[Sequence[Any]], object]) -> InvalidInput:
        """Return the refusal with what planning the sound rows finds; what may only be missing because of a faulty row is left out."""
        try:
            plan(self.sound)
        except InvalidInput as more:
            named = tuple(f"「{cell}」" for cell in self.faulty)
            told = [p for p in more.problems if not any(name in p.message for name in named)]
            return InvalidInput(sorted((*self.problems, *told), key=lambda problem: problem.row or 0))
        return self
