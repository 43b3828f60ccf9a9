"""Lists of the personnel office in the city's own columns: typed rows, or every problem of every row. No database.

UTF-8, CP932 and workbooks are read. Names, readings and titles are kept exactly as typed. A day in the file is the
first on which something holds; a last day (終了日, 退職日) is the last one, and becomes the first day after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.kernel.errors import InvalidInput
from app.kernel.text import private_use
from app.organisation.files import (
    KANA_LENGTH,
    NAME_LENGTH,
    Line,
    Sheet,
    day_of,
    half_width,
    read_sheet,
    typed_rows,
)
from app.people.files.mapping import COMPACT, ERA_NUMBER, code_of, mapping_problems
from app.people.files.staff import TITLE_LENGTH
from app.people.rules import (
    KIND_ENDED,
    KIND_GIVEN,
    PRESENT,
    SILENT,
    AbsenceKind,
    Caution,
    Change,
    ColumnMapping,
    DateForm,
    EmploymentType,
    FileAbsence,
    FilePost,
    FileShape,
    HrField,
    HrRow,
    LeavingDay,
    Position,
    PostingKind,
)
from app.people.texts import CHANGE, HR_FIELD, POSTING_KIND

ORDER_LENGTH: Final = 60
_ERAS: Final = {"3": "昭和", "4": "平成", "5": "令和"}
_ENDLESS: Final = frozenset(("99999999", "9999999", "9999-12-31", "9999/12/31"))
"""What other programs write for no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HrFile:
    """What a file says, and what is to be looked at in it."""

    rows: tuple[HrRow, ...]
    cautions: tuple[Caution, ...]


def hr_file(data: bytes, *, mapping: ColumnMapping, effective: date) -> HrFile:
    """Read a file by a mapping; a row without a day of its own holds from the effective day.

    Raises:
        InvalidInput: the file or the mapping does not fit, or any row has a problem: all are named, nothing is read.
    """
    return hr_sheet(read_sheet(data), mapping=mapping, effective=effective)


def hr_sheet(sheet: Sheet, *, mapping: ColumnMapping, effective: date) -> HrFile:
    """Read a sheet whose columns were looked at already, as `hr_file` does.

    Raises:
        InvalidInput: as above.
    """
    if problems := mapping_problems(mapping, sheet.header):
        raise InvalidInput(problems)
    reader = _Reader(mapping, effective)
    rows = typed_rows([reader.line(line) for line in sheet.lines], reader.row)
    return HrFile(rows=rows, cautions=tuple(_private(rows, reader)))


def _private(rows: Sequence[HrRow], reader: "_Reader") -> list[Caution]:
    """Name characters that only the personnel office's own machines can show. They are kept as they are."""
    return [
        Caution(
            message=f"{reader.label(field)}に外字（{'、'.join(points)}）があります。そのまま取り込みますが、"
            "ほかの機器では別の字か空白に見えます。標準の文字に直せないか、人事担当に確かめてください。",
            row=row.row,
            field=reader.label(field),
        )
        for row in rows
        for field, text in (
            (HrField.NAME, row.name),
            (HrField.KANA, row.kana or ""),
            (HrField.TITLE, row.post.title if row.post else ""),
        )
        if (points := private_use(text))
    ]


class _Reader:
    """Rows by one mapping. Problems stand under the words of the file's own header."""

    def __init__(self, mapping: ColumnMapping, effective: date) -> None:
        self._mapping, self._effective = mapping, effective
        self._fields = [field for field in HrField if field not in SILENT[mapping.shape]]

    def label(self, field: HrField) -> str:
        """Return the column of a field as the file heads it; our own word where it has none."""
        return "・".join(self._mapping.columns.get(field, ())) or HR_FIELD[field]

    def line(self, line: Line) -> Line:
        """Return a row with one cell for each field that has a column, under its label."""
        cells = {
            self.label(field): " ".join(filter(None, (line.cells.get(word, "") for word in words)))
            for field, words in self._mapping.columns.items()
        }
        return Line(line.row, cells, list(line.problems))

    def row(self, line: Line) -> HrRow:
        """Read a row, noting every problem of it in the line."""
        reading = _Reading(self, line, self._mapping, self._effective)
        if self._mapping.shape is FileShape.WHOLE_LIST:
            return reading.of_whole_list()
        return reading.of_changes()

    def has(self, field: HrField) -> bool:
        """Return whether a field has a column or a constant, and says something in this shape of file."""
        mapping = self._mapping
        return field in self._fields and bool(mapping.columns.get(field) or mapping.constants.get(field))


class _Reading:
    """One row that is being read."""

    def __init__(self, reader: _Reader, line: Line, mapping: ColumnMapping, effective: date) -> None:
        self._reader, self._line, self._mapping, self._effective = reader, line, mapping, effective

    # ------------------------------------------------------------------------------------- the two shapes

    def of_whole_list(self) -> HrRow:
        left = self._day_after(HrField.LEFT_ON)
        if left is not None and left <= self._effective:
            return self._made(change=Change.DEPART, post=None, day=left)
        until = min((day for day in (self._day_after(HrField.LAST_DAY), left) if day), default=None)
        kind = PostingKind(self._code(HrField.KIND, PostingKind.MAIN))
        day = self._day(HrField.FIRST_DAY) or self._effective
        post = self._post(kind)
        return self._made(change=None, post=post, day=day, until=until, absence=self._absence())

    def of_changes(self) -> HrRow:
        change = Change(self._code(HrField.CHANGE, Change.MOVE))
        self._compare_kind(change)
        ends = [self._day_after(HrField.LAST_DAY)]
        if change is not Change.DEPART:
            ends.append(self._day_after(HrField.LEFT_ON))
        return self._made(
            change=change,
            post=self._post_of(change),
            day=self._first_away() if change is Change.DEPART else self._first_day(),
            until=min((day for day in ends if day), default=None) if change in _WITH_AN_END else None,
        )

    def _made(
        self,
        *,
        change: Change | None,
        post: FilePost | None,
        day: date,
        until: date | None = None,
        absence: FileAbsence | None = None,
    ) -> HrRow:
        return HrRow(
            row=self._line.row,
            staff_no=self._line.code(self._label(HrField.STAFF_NO)),
            name=self._text(HrField.NAME, longest=NAME_LENGTH),
            kana=self._optional(HrField.KANA, longest=KANA_LENGTH),
            employment=self._employment(change),
            change=change,
            post=post,
            day=day,
            until=until,
            absence=absence,
            order_no=self._optional(HrField.ORDER_NO, longest=ORDER_LENGTH),
        )

    # ------------------------------------------------------------------------------------- posts and people

    def _post(self, kind: PostingKind) -> FilePost:
        return FilePost(
            unit_code=self._line.code(self._label(HrField.UNIT_CODE)),
            kind=kind,
            title=self._text(HrField.TITLE, longest=TITLE_LENGTH),
            position=Position(self._code(HrField.POSITION, Position.STAFF)),
        )

    def _post_of(self, change: Change) -> FilePost | None:
        if change in KIND_GIVEN:
            return self._post(KIND_GIVEN[change])
        if change in KIND_ENDED:
            unit_code = self._line.code(self._label(HrField.UNIT_CODE))
            return FilePost(unit_code=unit_code, kind=KIND_ENDED[change])
        if change is Change.BACK and self._cell(HrField.UNIT_CODE):
            return self._post(PostingKind.MAIN)
        return None

    def _compare_kind(self, change: Change) -> None:
        """Refuse 異動 with 兼務 beside it: one of the two columns is wrong, or they mean something else."""
        kind = {**KIND_GIVEN, **KIND_ENDED}.get(change)
        if kind is None or not self._cell(HrField.KIND):
            return
        if self._code(HrField.KIND, kind) != kind:
            message = (
                f"{self._label(HrField.CHANGE)}「{CHANGE[change]}」は{POSTING_KIND[kind]}の発令ですが、"
                f"{self._label(HrField.KIND)}は「{self._cell(HrField.KIND)[:30]}」です。どちらかを直してください。"
            )
            self._line.complain(self._label(HrField.KIND), message)

    def _employment(self, change: Change | None) -> EmploymentType | None:
        enters = change in {None, Change.HIRE}
        if not self._reader.has(HrField.EMPLOYMENT) or not (enters or self._value(HrField.EMPLOYMENT)):
            return None
        return EmploymentType(self._code(HrField.EMPLOYMENT, EmploymentType.REGULAR))

    def _absence(self) -> FileAbsence | None:
        if not self._reader.has(HrField.ABSENCE):
            return None
        code = self._code(HrField.ABSENCE, PRESENT)
        if code == PRESENT:
            return FileAbsence(kind=None, day=self._effective)
        return FileAbsence(
            kind=AbsenceKind(code),
            day=self._day(HrField.ABSENCE_FROM) or self._effective,
            until=self._day_after(HrField.ABSENCE_TO),
        )

    # ------------------------------------------------------------------------------------------------ days

    def _first_day(self) -> date:
        return self._day(HrField.FIRST_DAY) or self._effective

    def _first_away(self) -> date:
        if left := self._day_after(HrField.LEFT_ON):
            return left
        if self._mapping.leaving_day is LeavingDay.LAST_IN_OFFICE:
            return self._day_after(HrField.FIRST_DAY) or self._effective
        return self._first_day()

    def _day(self, field: HrField) -> date | None:
        typed = half_width(self._cell(field))
        if not typed.strip("0"):
            return None
        found = self._in_form(typed) or day_of(typed)
        if found is None:
            example = {DateForm.COMPACT: "20260401", DateForm.ERA_NUMBER: "5080401"}.get(self._mapping.dates)
            ways = "2026-04-01 か 令和8年4月1日" + (f" か {example}" if example else "")
            label = self._label(field)
            message = f"{label}「{typed[:30]}」は日付として読み取れません。{ways} のように書いてください。"
            self._line.complain(label, message)
        return found

    def _day_after(self, field: HrField) -> date | None:
        if half_width(self._cell(field)) in _ENDLESS:
            return None
        last = self._day(field)
        return last + timedelta(days=1) if last else None

    def _in_form(self, typed: str) -> date | None:
        if self._mapping.dates is DateForm.COMPACT and COMPACT.fullmatch(typed):
            return day_of(f"{typed[:4]}-{typed[4:6]}-{typed[6:]}")
        if self._mapping.dates is DateForm.ERA_NUMBER and ERA_NUMBER.fullmatch(typed):
            return day_of(f"{_ERAS[typed[0]]}{typed[1:3]}年{typed[3:5]}月{typed[5:]}日")
        return None

    # ----------------------------------------------------------------------------------------------- cells

    def _label(self, field: HrField) -> str:
        return self._reader.label(field)

    def _cell(self, field: HrField) -> str:
        return self._line.cells.get(self._label(field), "") if self._mapping.columns.get(field) else ""

    def _value(self, field: HrField) -> str:
        return self._cell(field) or self._mapping.constants.get(field, "")

    def _text(self, field: HrField, *, longest: int) -> str:
        line = Line(self._line.row, {self._label(field): self._value(field)}, self._line.problems)
        return line.text(self._label(field), longest=longest)

    def _optional(self, field: HrField, *, longest: int) -> str | None:
        return self._text(field, longest=longest) if self._value(field) else None

    def _code(self, field: HrField, stand_in: str) -> str:
        """Read a word for one of our codes; what has no meaning is complained about, `stand_in` taken meanwhile."""
        typed = self._cell(field)
        found = code_of(self._mapping, field, typed)
        if found is not None:
            return found
        label = self._label(field)
        message = (
            f"{label}「{typed[:30]}」の意味が決まっていません。列の対応で、この言葉の意味を決めてください。"
            if typed
            else f"{label}を入れてください。"
        )
        self._line.complain(label, message)
        return stand_in


_WITH_AN_END: Final = frozenset((*KIND_GIVEN, Change.LEAVE, Change.PARENTAL, Change.SECONDED))
