"""Taking last year's answers over: which may be proposed again, and why the others may not.

What is taken over is a proposal. It counts once a person of the unit has confirmed it, item by item or for a section at once, and it
stays marked as taken over to the head, to the reviewer and in the documents.

Basis: 市 情報セキュリティ対策基準 (自己点検): every year anew; what matters most, what was asked otherwise and what was not kept is always
looked at afresh.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.checklists.rules import Item, Level, Symbol


class Barred(StrEnum):
    """Why last year's answer is not proposed, in the order in which the reasons are looked at."""

    OFF = "off"
    ANSWERED = "answered"
    NEW = "new"
    MANDATORY = "mandatory"
    REWORDED = "reworded"
    NOT_KEPT = "not_kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastYear:
    """Last year's answer as it stood after the review. `reworded`: the item asks in other words this year."""

    level: Level
    comment: str
    reworded: bool


KEPT: Final = frozenset({Symbol.CIRCLE, Symbol.DASH})
"""What may stand another year: implemented, or not applicable."""


class Offer(StrEnum):
    """Whether a campaign lets last year's answers be taken over."""

    OFFERED = "offered"
    NOT_OFFERED = "not_offered"


def barred(item: Item, *, before: LastYear | None, answered: str | None, offer: Offer) -> Barred | None:
    """Return why last year's answer to an item is not proposed; None where it may be.

    Args:
        item: this year's item.
        before: last year's answer where the item goes on from one and answers stay comparable.
        answered: this year's level, when there is one.
        offer: whether the campaign allows it at all.
    """
    if offer is Offer.NOT_OFFERED:
        return Barred.OFF
    if answered is not None:
        return Barred.ANSWERED
    if before is None:
        return Barred.NEW
    if item.mandatory:
        return Barred.MANDATORY
    if before.reworded:
        return Barred.REWORDED
    return None if before.level.symbol in KEPT else Barred.NOT_KEPT


class Source(StrEnum):
    """Where the words of an answer come from."""

    OWN = "own"
    LAST_YEAR = "last_year"


class Settling(StrEnum):
    """What became of a proposal."""

    CONFIRMED = "confirmed"
    DROPPED = "dropped"
