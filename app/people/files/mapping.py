"""How a city's own columns are read: proposed from the header, checked, and kept as canonical JSON. No database."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

from app.kernel.digest import canonical
from app.kernel.errors import InvalidInput, Problem
from app.kernel.text import search_key
from app.organisation.files import Sheet, half_width
from app.people.files.words import HEADER_WORDS, HEADERS_IN_TWO, MEANING, header_keys
from app.people.rules import (
    ANY_OTHER,
    CODES,
    DAYS,
    JOINED,
    MAY_BE_CONSTANT,
    NEEDED,
    PRESENT,
    SILENT,
    ColumnMapping,
    DateForm,
    FileShape,
    HrField,
    LeavingDay,
    PostingKind,
)
from app.people.texts import HR_FIELD

E = TypeVar("E", bound=StrEnum)

COMPACT: Final = re.compile(r"[12][0-9]{7}")
ERA_NUMBER: Final = re.compile(r"[345][0-9]{6}")


# ---------------------------------------------------------------------------------------------- as JSON


def mapping_text(mapping: ColumnMapping) -> str:
    """Return a mapping as canonical JSON: codes and the city's words, equal mappings as equal text."""
    return canonical(
        {
            "columns": {field.value: list(words) for field, words in mapping.columns.items()},
            "constants": {field.value: value for field, value in mapping.constants.items()},
            "dates": mapping.dates.value,
            "leaving_day": mapping.leaving_day.value,
            "shape": mapping.shape.value,
            "words": {field.value: dict(words) for field, words in mapping.words.items()},
        }
    )


def mapping_from(text: str) -> ColumnMapping:
    """Return the mapping that a text holds.

    Raises:
        InvalidInput: it is no mapping of this program.
    """
    try:
        said = json.loads(text)
        return ColumnMapping(
            shape=FileShape(said["shape"]),
            columns={
                HrField(field): tuple(map(_string, _list(words))) for field, words in said["columns"].items()
            },
            constants=_strings(said["constants"]),
            words={
                HrField(field): {word: _string(code) for word, code in codes.items()}
                for field, codes in said["words"].items()
            },
            dates=DateForm(said["dates"]),
            leaving_day=LeavingDay(said["leaving_day"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput.of(
            "列の対応を読み取れません。もう一度、ファイルから作り直してください。"
        ) from error


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _strings(said: Mapping[str, object]) -> dict[HrField, str]:
    return {HrField(field): _string(value) for field, value in said.items()}


# -------------------------------------------------------------------------------------- proposed and checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A mapping for an unknown file, for somebody to look at.

    Attributes:
        missing: fields without which the file cannot be read, and for which no column was found.
        unmatched: other fields of which the file seems to say nothing.
        unused: words of the header that nothing is read from.
    """

    mapping: ColumnMapping
    missing: tuple[HrField, ...]
    unmatched: tuple[HrField, ...]
    unused: tuple[str, ...]


def proposed_mapping(sheet: Sheet) -> Proposal:
    """Propose how to read a file, by the words of its header and the look of its dates.

    Nothing is guessed that gives rights: who is a head is told by a column of its own, or by somebody.
    """
    columns = _columns_of(sheet.header)
    shape = FileShape.CHANGES_ONLY if HrField.CHANGE in columns else FileShape.WHOLE_LIST
    columns = {field: words for field, words in columns.items() if field not in SILENT[shape]}
    constants: dict[HrField, str] = {}
    if shape is FileShape.WHOLE_LIST and HrField.KIND not in columns:
        constants[HrField.KIND] = PostingKind.MAIN.value
    mapping = ColumnMapping(shape=shape, columns=columns, constants=constants)
    without = [f for f in HrField if f not in columns and f not in constants and f not in SILENT[shape]]
    used = {word for words in columns.values() for word in words}
    return Proposal(
        mapping=replace(mapping, dates=_date_form(sheet, mapping)),
        missing=tuple(field for field in without if field in NEEDED[shape]),
        unmatched=tuple(field for field in without if field not in NEEDED[shape]),
        unused=tuple(word for word in sheet.header if word and word not in used),
    )


def _columns_of(header: Sequence[str]) -> dict[HrField, tuple[str, ...]]:
    """Match the words of a header; a word that heads two columns is left to somebody."""
    counted = Counter(header)
    by_key: dict[str, str] = {}
    for place in (0, 1):
        for word in header:
            if word and counted[word] == 1:
                by_key.setdefault(header_keys(word)[place], word)
    found: dict[HrField, tuple[str, ...]] = {}
    for field, names in HEADER_WORDS.items():
        ways = [(name,) for name in names] + list(HEADERS_IN_TWO.get(field, ()))
        for way in ways:
            words = [by_key.get(search_key(name)) for name in way]
            if all(words):
                found[field] = tuple(word for word in words if word)
                break
    return found


def _date_form(sheet: Sheet, mapping: ColumnMapping) -> DateForm:
    days = [half_width(cell) for field in DAYS for cell in _cells(sheet, mapping, field)]
    for form, pattern in ((DateForm.COMPACT, COMPACT), (DateForm.ERA_NUMBER, ERA_NUMBER)):
        if any(pattern.fullmatch(day) for day in days):
            return form
    return DateForm.WRITTEN


def _cells(sheet: Sheet, mapping: ColumnMapping, field: HrField) -> Iterator[str]:
    for word in mapping.columns.get(field, ())[:1]:
        yield from (line.cells[word] for line in sheet.lines if line.cells.get(word))


def mapping_problems(mapping: ColumnMapping, header: Sequence[str]) -> tuple[Problem, ...]:
    """Return why a file with this header cannot be read so; `field` is the code of the field."""
    found = [*_missing(mapping), *_wrong_columns(mapping, Counter(header))]
    found += [*_wrong_constants(mapping), *_wrong_words(mapping)]
    return tuple(Problem(message=message, field=field.value) for field, message in found)


Found = Iterator[tuple[HrField, str]]


def _missing(mapping: ColumnMapping) -> Found:
    for field in NEEDED[mapping.shape]:
        if not mapping.columns.get(field) and not mapping.constants.get(field):
            way = "選ぶか、すべての行に同じ値を決めて" if field in MAY_BE_CONSTANT else "選んで"
            yield field, f"「{HR_FIELD[field]}」の列を{way}ください。"


def _wrong_columns(mapping: ColumnMapping, header: Mapping[str, int]) -> Found:
    for field, words in mapping.columns.items():
        if len(words) > 1 and field not in JOINED:
            yield field, f"「{HR_FIELD[field]}」の列は一つだけ選んでください。"
        for word in words:
            if not header.get(word):
                yield field, f"見出し「{word[:30]}」の列がファイルにありません。列を選び直してください。"
            elif header[word] > 1:
                yield field, f"見出し「{word[:30]}」が二つあります。ファイルの見出しを書き分けてください。"


def _wrong_constants(mapping: ColumnMapping) -> Found:
    for field, value in mapping.constants.items():
        if field not in MAY_BE_CONSTANT:
            yield field, f"「{HR_FIELD[field]}」は、すべての行に同じ値にはできません。列を選んでください。"
        elif field in CODES and value not in CODES[field]:
            yield field, f"「{HR_FIELD[field]}」に決めた値「{value[:30]}」は使えません。選び直してください。"


def _wrong_words(mapping: ColumnMapping) -> Found:
    for field, words in mapping.words.items():
        if field not in CODES:
            yield field, f"「{HR_FIELD[field]}」の値は、そのまま読み取ります。言葉の対応は要りません。"
            continue
        for word, code in words.items():
            if code not in CODES[field]:
                yield field, f"「{word[:30]}」の読み方「{code[:30]}」は使えません。選び直してください。"


# ------------------------------------------------------------------------------------- words and their codes


def code_of(mapping: ColumnMapping, field: HrField, typed: str) -> str | None:
    """Return the code for a cell: by the city's own words, then everybody's, then the constant of an empty cell."""
    own = {search_key(word): code for word, code in mapping.words.get(field, {}).items()}
    key = search_key(typed)
    if key in own and key != ANY_OTHER:
        return own[key]
    if key in MEANING[field]:
        return MEANING[field][key]
    if not key and field in mapping.constants:
        return mapping.constants[field]
    if not key and field is HrField.ABSENCE:
        return PRESENT
    return own.get(ANY_OTHER)


def words_without_meaning(sheet: Sheet, mapping: ColumnMapping) -> Mapping[HrField, tuple[str, ...]]:
    """Return the words of a file for which nobody has said what they mean, in the order of the file."""
    found = {
        field: tuple(
            dict.fromkeys(c for c in _cells(sheet, mapping, field) if code_of(mapping, field, c) is None)
        )
        for field in CODES
        if field not in SILENT[mapping.shape]
    }
    return {field: words for field, words in found.items() if words}
