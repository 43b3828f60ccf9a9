"""YAML as plain values with the line of each: only mappings, lists and scalars, nothing clever.

Anchors, aliases, tags, merge keys, directives and folded texts are refused, because two readers of one file
could understand them in two ways. Plain scalars follow the core schema of YAML 1.2.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from app.kernel.text import BIDI_CONTROLS

Path = tuple[str | int, ...]
"""The way to a value: keys of mappings and places in lists."""

DEEPEST: Final = 12
"""Mappings and lists within one another; the format itself needs eight."""

_INVISIBLE: Final = BIDI_CONTROLS | frozenset("\ufeff\ufffe\uffff")
_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})")
_FLOAT: Final = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{0,15}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_BLOCK_STYLES: Final = frozenset("|>")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something to mend at a line (1-based)."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A document: its value and the line on which each part of it begins."""

    value: dict[str, Any]
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """Return the line of a value, or of the nearest one around it; parts not in the file are skipped."""
        known: Path = ()
        for part in path:
            if (*known, part) in self.lines:
                known = (*known, part)
        return self.lines[known]


def parse(text: str) -> tuple[Tree | None, list[Fault]]:
    """Return the tree of a document with its faults; None where the text cannot be read as one mapping."""
    normal = text.replace("\r\n", "\n") + "\n"
    faults = [
        Fault(number, "目に見えない文字（制御文字など）が入っています。打ち直してください。")
        for number, line in enumerate(normal.split("\n"), start=1)
        if any(_invisible(character) and character != "\t" for character in line)
    ]
    if faults:
        return None, faults
    return _Builder(normal).build()


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE_CATEGORIES or character in _INVISIBLE


class _Unreadable(Exception):  # noqa: N818 - ends the reading of this file, caught below
    """The rest of the document cannot be understood; the last fault says why."""


@dataclass(slots=True)
class _Builder:
    """Turns the events of one document into values, and notes what is refused."""

    text: str
    source: list[str] = field(init=False)
    events: Iterator[Event] = field(init=False)
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = self.text.split("\n")
        self.events = iter(YAML(typ="safe", pure=True).parse(self.text))

    def build(self) -> tuple[Tree | None, list[Fault]]:
        """Read the one document."""
        try:
            value = self._document()
        except MarkedYAMLError as error:
            self._syntax_fault(error)
        except _Unreadable:
            pass
        else:
            if isinstance(value, dict):
                return Tree(value, self.lines), self.faults
            self._fault(1, "ファイルの一番外側は「欄: 値」の組で書きます。")
        return None, self.faults

    def _document(self) -> Any:  # noqa: ANN401 - any YAML value
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if event.version or event.tags:
                    self._fault(1, "「%」で始まる指示は使えません。消してください。")
                value = self._node((), next(self.events))
                self._refuse_second_document()
                return value
        self._fault(1, "ファイルが空です。")
        raise _Unreadable

    def _refuse_second_document(self) -> None:
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                self._fault(
                    _line(event),
                    "「---」で区切った2つ目の文書は読みません。1つのファイルには1つの版だけを書きます。",
                )
                raise _Unreadable

    def _node(self, path: Path, event: Event) -> Any:  # noqa: ANN401 - any YAML value
        self.lines.setdefault(path, _line(event))
        if isinstance(event, AliasEvent):
            self._fault(_line(event), "別名（*）は使えません。同じ内容でも書き写してください。")
            return None
        self._refuse_marks(event)
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if len(path) >= DEEPEST:
            self._fault(_line(event), f"入れ子が深すぎます（{DEEPEST}段まで）。")
            raise _Unreadable
        return self._mapping(path) if isinstance(event, MappingStartEvent) else self._sequence(path)

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in iter(self._until(MappingEndEvent), None):
            key = self._key(event)
            here = (*path, key)
            if key in found:
                first = self.lines[here]
                self._fault(
                    _line(event),
                    f"「{key}」が二重に書かれています（1つ目は{first}行目）。1つにしてください。",
                )
            self.lines[here] = _line(event)
            found[key] = self._node(here, next(self.events))
        return found

    def _key(self, event: Event) -> str:
        if not isinstance(event, ScalarEvent):
            self._fault(_line(event), "欄の名前は、ただの文字で書きます。")
            raise _Unreadable
        if event.value == "<<":
            self._fault(_line(event), "取込みの指定（<<）は使えません。内容を書き写してください。")
        self._refuse_marks(event)
        return str(event.value)

    def _refuse_marks(self, event: Event) -> None:
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._fault(_line(event), "目印（&）は使えません。消してください。")
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.ctag is not None:
            self._fault(_line(event), "型の指定（!）は使えません。消してください。")

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        for event in iter(self._until(SequenceEndEvent), None):
            found.append(self._node((*path, len(found)), event))
        return found

    def _until(self, end: type[Event]) -> Callable[[], Event | None]:
        def following() -> Event | None:
            event = next(self.events)
            return None if isinstance(event, end) else event

        return following

    def _scalar(self, event: ScalarEvent) -> Any:  # noqa: ANN401 - str, int, float, bool or None
        text = str(event.value)
        if self._is_folded(event):
            self._fault(
                _line(event), "文章が2行以上に分かれています。途中に空白が入るので、1行で書いてください。"
            )
        if any(_invisible(character) for character in text):
            self._fault(
                _line(event), "値に、改行や目に見えない文字が入っています。1行の文字だけで書いてください。"
            )
            return _visible(text)
        return self._plain(text, event) if event.implicit[0] else text

    def _is_folded(self, event: ScalarEvent) -> bool:
        first, last = event.start_mark.line, event.end_mark.line
        if event.style in _BLOCK_STYLES:
            return sum(1 for line in self.source[first + 1 : last] if line.strip()) > 1
        return bool(last > first)

    def _plain(self, text: str, event: ScalarEvent) -> Any:  # noqa: ANN401 - str, int, float, bool or None
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _DATE.fullmatch(text):
            self._fault(_line(event), f'日付は引用符で囲みます（"{text}"）。')
        return text

    def _fault(self, line: int, message: str) -> None:
        self.faults.append(Fault(line, message))

    def _syntax_fault(self, error: MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        self._fault(
            mark.line + 1,
            f"YAMLとして読めません（{mark.column + 1}文字目のあたり）。"
            "字下げ（空白だけを使う）、「:」のあとの空白、引用符やかっこの閉じ忘れを確かめてください。",
        )


def _visible(text: str) -> str:
    return "".join("?" if _invisible(character) else character for character in text)


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
