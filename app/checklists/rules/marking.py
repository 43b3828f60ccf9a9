"""Which words of a text changed, marked so that a person can read it.

Japanese has no spaces: words are told apart by their script (漢字, カタカナ, letters and digits) and by the particles
behind them. That is no grammar, and need not be: it only has to cut both texts alike, so that marks begin and end
where a reader would put them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby
from typing import Final


class Mark(StrEnum):
    """What became of a part of a text."""

    SAME = "same"
    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text with its mark."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Marking:
    """Two texts as one row of parts; what went stands before what came in its place."""

    parts: tuple[Part, ...]

    @property
    def old_parts(self) -> tuple[Part, ...]:
        """The parts of the earlier text."""
        return tuple(part for part in self.parts if part.mark is not Mark.NEW)

    @property
    def new_parts(self) -> tuple[Part, ...]:
        """The parts of the later text."""
        return tuple(part for part in self.parts if part.mark is not Mark.OLD)

    @property
    def old(self) -> str:
        """The earlier text."""
        return "".join(part.text for part in self.old_parts)

    @property
    def new(self) -> str:
        """The later text."""
        return "".join(part.text for part in self.new_parts)


_KANJI: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆ヶヵ"
_HIRAGANA: Final = "\u3041-\u309f"
_KATAKANA: Final = "\u30a0-\u30ff\uff66-\uff9f"
_PARTICLE: Final = "から|まで|より|だけ|しか|など|ので|のに|では|には|とは|[をがはにでともへのや]"
_TOKEN: Final = re.compile(
    # A word with its ending, up to the particle behind it (台帳 を, 付けている, 確かめた).
    rf"[{_KANJI}]+(?:(?!{_PARTICLE})[{_HIRAGANA}](?:(?![をがはに](?![{_HIRAGANA}]))[{_HIRAGANA}])*)?"
    rf"|[{_KATAKANA}]+"
    r"|[A-Za-z0-9Ａ-Ｚａ-ｚ０-９]+(?:[.\-_][A-Za-z0-9]+)*"
    rf"|(?:{_PARTICLE})"
    rf"|(?:(?!{_PARTICLE})[{_HIRAGANA}])+"
    r"|\s+"
    r"|.",
    re.DOTALL,
)
_CONTENT: Final = re.compile(rf"[{_KANJI}{_KATAKANA}A-Za-z0-9Ａ-Ｚａ-ｚ０-９]")
_COMPOUND: Final = re.compile(rf"[{_KANJI}{_KATAKANA}]")
_ENDING: Final = re.compile(rf"[{_HIRAGANA}]")
_LONGEST_FILLER: Final = 4
"""Characters of kana or punctuation between two changes that are marked with them."""
_KEPT_AT_LEAST: Final = 0.25
"""Share of the longer text that has to be kept; below it the whole text counts as another one."""


def tokens(text: str) -> tuple[str, ...]:
    """Cut a text into words, particles and signs; together they are the text."""
    return tuple(_TOKEN.findall(text))


def marked(old: str, *, new: str) -> Marking:
    """Mark which words went and which came."""
    if old == new:
        return Marking(_joined([Part(Mark.SAME, old)]))
    found = list(_peeled(_joined(_tidy(_compared(tokens(old), tokens(new))))))
    kept = sum(len(part.text) for part in found if part.mark is Mark.SAME)
    if kept < _KEPT_AT_LEAST * max(len(old), len(new)):
        found = [Part(Mark.OLD, old), Part(Mark.NEW, new)]
    return Marking(_joined(found))


def _compared(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Part]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            yield Part(Mark.SAME, "".join(old[old_from:old_to]))
        else:
            yield Part(Mark.OLD, "".join(old[old_from:old_to]))
            yield Part(Mark.NEW, "".join(new[new_from:new_to]))


def _tidy(parts: Iterable[Part]) -> Iterator[Part]:
    """Mark what hardly says anything together with the changes around it: no confetti of single kana."""
    found = [part for part in parts if part.text]
    for place, part in enumerate(found):
        inside = 0 < place < len(found) - 1
        if part.mark is Mark.SAME and inside and _is_filler(part.text):
            yield Part(Mark.OLD, part.text)
            yield Part(Mark.NEW, part.text)
        else:
            yield part


def _is_filler(text: str) -> bool:
    return len(text) <= _LONGEST_FILLER and not _CONTENT.search(text)


def _peeled(parts: Iterable[Part]) -> Iterator[Part]:
    """Leave out of two marks what compounds at their edges have in common: 緊急連絡網 and 事故連絡網 differ in half."""
    found = list(parts)
    for place, part in enumerate(found):
        if part.mark is Mark.OLD and found[place + 1 : place + 2] and found[place + 1].mark is Mark.NEW:
            yield from _without_shared_edges(part.text, found[place + 1].text)
        elif part.mark is not Mark.NEW or not place or found[place - 1].mark is not Mark.OLD:
            yield part


def _without_shared_edges(old: str, new: str) -> Iterator[Part]:
    first = _shared_head(old, new)
    last = _shared_tail(old[first:], new[first:])
    went, came = old[first : len(old) - last], new[first : len(new) - last]
    if 1 in {len(went), len(came)}:
        # 今年度 and 前年度 are two words; a mark on one sign of them is harder to read than both.
        yield from (Part(Mark.OLD, old), Part(Mark.NEW, new))
    else:
        yield from (Part(Mark.SAME, old[:first]), Part(Mark.OLD, went), Part(Mark.NEW, came))
        yield Part(Mark.SAME, old[len(old) - last :])


def _shared_head(old: str, new: str) -> int:
    length = _shared(old, new)
    # A verb with another ending is another word: 見直した and 見直している share no compound.
    endings = [text[length : length + 1] for text in (old, new)]
    return 0 if all(_ENDING.match(ending) for ending in endings) else length


def _shared_tail(old: str, new: str) -> int:
    return _shared(old[::-1], new[::-1])


def _shared(old: str, new: str) -> int:
    """Return how many signs of a compound both texts begin with; a single one is no compound."""
    length = 0
    for one, other in zip(old, new, strict=False):
        if one != other or not _COMPOUND.match(one):
            break
        length += 1
    return length if length > 1 else 0


def _joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Join neighbours: between two kept parts stands one that went, then one that came."""
    found: list[Part] = []
    for kept, run in groupby((part for part in parts if part.text), key=lambda part: part.mark is Mark.SAME):
        here = list(run)
        for mark in (Mark.SAME,) if kept else (Mark.OLD, Mark.NEW):
            text = "".join(part.text for part in here if part.mark is mark)
            if text:
                found.append(Part(mark, text))
    return tuple(found)
