"""Believable answers: how well an office does on an item in a year, and the words beside it.

How well is a sum: how well the office is kept, how hard the item is for every city, what is hard for this
kind of office, and a chance that stays the same over the years, plus a small one of the year, so that last
year looks like this year but not quite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from app.checklists.rules import Item
from app.cli.demo.city import SECOND_YEAR, Kind, Office
from app.cli.demo.words import CORRECTIONS, sentences_for

IMPLEMENTED: Final = "implemented"
PARTIAL: Final = "partial"
NOT_IMPLEMENTED: Final = "not_implemented"
NOT_APPLICABLE: Final = "not_applicable"
UNKNOWN: Final = "unknown"

_HARD: Final[Mapping[str, float]] = {
    "D73": 1.5,
    "D75": 1.5,
    "D77": 2.5,
    "D78": 1.0,
    "D79": 3.0,
    "D03": 2.0,
    "D07": 2.0,
    "D09": 3.5,
    "D11": 4.0,
    "D14": 1.0,
    "D36": 1.5,
    "D42": 2.0,
    "D44": 5.0,
    "D48": 2.0,
    "D56": 1.5,
    "D57": 2.0,
    "D62": 2.5,
    "D66": 4.0,
    "D69": 1.0,
    "D70": 4.5,
    "D71": 4.0,
    "D72": 2.0,
}
"""What is hard everywhere: drills, restoring from backups, tidying up, exceptions."""

_WEAK: Final[Mapping[Kind, Mapping[str, float]]] = {
    Kind.COUNTER: {"D13": 1.5, "D15": 1.5, "D27": 3.0, "D28": 1.0, "D30": 1.5, "D47": 5.0, "D49": 2.5},
    Kind.WELFARE: {"D12": 2.0, "D16": 2.0, "D17": 2.0, "D34": 2.5, "D35": 2.5, "D36": 1.5, "D63": 1.5},
    Kind.SITE: {"D25": 2.5, "D26": 2.0, "D33": 3.5, "D36": 2.0, "D39": 1.5, "D41": 1.5, "D59": 1.0},
    Kind.FACILITY: {"D29": 2.5, "D31": 3.0, "D51": 2.0, "D53": 1.5, "D54": 3.0, "D65": 2.0, "D67": 1.0},
    Kind.INSIDE: {"D10": 1.5, "D21": 1.0, "D22": 1.5, "D48": 1.5, "D60": 1.0},
}
"""What is hard for one kind of office."""

_ABSENT: Final[Mapping[str, int]] = {
    "D76": 20,
    "D78": 25,
    "D79": 15,
    "D03": 12,
    "D04": 25,
    "D05": 8,
    "D14": 10,
    "D17": 12,
    "D18": 15,
    "D21": 15,
    "D31": 25,
    "D33": 12,
    "D34": 10,
    "D35": 15,
    "D37": 45,
    "D40": 15,
    "D41": 15,
    "D45": 12,
    "D46": 55,
    "D50": 25,
    "D52": 20,
    "D53": 25,
    "D55": 30,
    "D57": 45,
    "D60": 15,
    "D63": 8,
    "D64": 25,
    "D67": 50,
    "D69": 50,
}
"""Percent of offices to which an item does not apply."""

_ABSENT_FOR: Final[Mapping[tuple[str, Kind], int]] = {
    ("D16", Kind.INSIDE): 100,
    ("D16", Kind.SITE): 70,
    ("D26", Kind.COUNTER): 40,
    ("D31", Kind.INSIDE): 75,
    ("D35", Kind.INSIDE): 60,
    ("D35", Kind.COUNTER): 50,
    ("D55", Kind.COUNTER): 75,
    ("D55", Kind.SITE): 55,
}

_DONE: Final = 4.5
_HALF_DONE: Final = 2.4
_MANDATORY_CARE: Final = 2.3
"""Offices look after what is mandatory first."""

_TIDY: Final = frozenset({"6030", "9220"})
"""Offices that have everything in order, so that the reviewers also meet sheets without a flag."""

_UNKNOWN_BELOW: Final = 25
"""Percent of weak points that nobody looked at, where the words for わからない fit."""

_SPEAKS_OF_SUCCESS: Final = 40
"""Percent of 実施 with a word beside it, where there is one to say."""

_FORGETS_EVIDENCE: Final = 12
"""Percent of 実施 without evidence, where it is demanded."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """A level with the words beside it."""

    level: str
    comment: str


def given_answer(office: Office, item: Item, *, year: int) -> GivenAnswer:
    """Return what an office answers in a year: always the same for the same office, item and year."""
    level = level_of(office, item, year=year)
    return GivenAnswer(level, comment_of(office, item, level=level, year=year))


def level_of(office: Office, item: Item, *, year: int) -> str:
    """Return the level that an office gives an item."""
    if office.code in _TIDY:
        return IMPLEMENTED
    lasting = chance("lasting", office.code, item.key)
    if lasting.randrange(100) < _absent_percent(office, item.key):
        return NOT_APPLICABLE
    quality = _quality_of(office) - _HARD.get(item.key, 0.0) - _WEAK[office.kind].get(item.key, 0.0)
    quality += _MANDATORY_CARE if item.mandatory else 0.0
    quality += lasting.uniform(-3.4, 3.2) + _of_the_year(office, item.key, year=year)
    if (
        quality < _DONE
        and lasting.randrange(100) < _UNKNOWN_BELOW
        and _can_say(office, item.key, UNKNOWN, year=year)
    ):
        return UNKNOWN
    return _level(quality)


def _quality_of(office: Office) -> float:
    """The best offices do nearly all of it, the weakest half."""
    return 0.95 * office.strength - 0.1


def _absent_percent(office: Office, key: str) -> int:
    if key == "D15" and "PI" not in office.flags:
        return 100
    return _ABSENT_FOR.get((key, office.kind), _ABSENT.get(key, 0))


def _of_the_year(office: Office, key: str, *, year: int) -> float:
    """Most stays as it was; a little gets better from one year to the next."""
    better = 0.6 if year == SECOND_YEAR else 0.0
    return better + chance(year, office.code, key).choice((-1.8, -0.6, 0.0, 0.0, 0.6, 1.2))


def _level(quality: float) -> str:
    if quality >= _DONE:
        return IMPLEMENTED
    return PARTIAL if quality >= _HALF_DONE else NOT_IMPLEMENTED


def _can_say(office: Office, key: str, level: str, *, year: int) -> bool:
    return bool(sentences_for(key, level=level, kind=office.kind, year=year))


def comment_of(office: Office, item: Item, *, level: str, year: int) -> str:
    """Return the words beside an answer; 実施 mostly goes without."""
    sentences = sentences_for(item.key, level=level, kind=office.kind, year=year)
    drawn = chance("words", year, office.code, item.key)
    if not sentences or (level == IMPLEMENTED and drawn.randrange(100) >= _SPEAKS_OF_SUCCESS):
        return ""
    return drawn.choice(sentences).replace("{n}", drawn.choice("23"))


def is_corrected(office: Office, item: Item, *, level: str, year: int) -> bool:
    """Return whether the reviewer finds less than the office says."""
    if level != IMPLEMENTED or item.key not in CORRECTIONS:
        return False
    return chance("corrected", year, office.code, item.key).randrange(100) < 30 - 3 * office.strength


def is_forgotten(office: Office, item: Item, *, year: int) -> bool:
    """Return whether an office answers 実施 without the evidence that the item demands."""
    if office.code in _TIDY:
        return False
    return chance("evidence", year, office.code, item.key).randrange(100) < _FORGETS_EVIDENCE


def chance(*parts: object) -> Random:
    """Return a source of chances that begins alike every time."""
    return Random(" ".join(str(part) for part in parts))  # noqa: S311 - a story, no secret
