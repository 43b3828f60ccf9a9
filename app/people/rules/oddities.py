"""What makes a sign-in unusual, so that the person is told."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from app.kernel.clock import JST

USUAL_HOURS: Final = range(6, 22)
MANY_FAILURES: Final = 5


class Oddity(StrEnum):
    """One way in which a sign-in is unusual."""

    NEW_DEVICE = "new-device"
    AT_NIGHT = "at-night"
    CLOSED_DAY = "closed-day"
    AFTER_FAILURES = "after-failures"


class Familiarity(StrEnum):
    """Whether somebody signed in from a browser before. Nobody is warned of the very first sign-in."""

    FIRST_OF_ALL = "first-of-all"
    KNOWN = "known"
    NEW = "new"


class DayKind(StrEnum):
    """Whether the city works on a day."""

    OPEN = "open"
    CLOSED = "closed"


def oddities(*, at: datetime, device: Familiarity, day: DayKind, failures: int) -> tuple[Oddity, ...]:
    """Return in which ways a sign-in is unusual: none of them keeps anybody out.

    `failures` are the failed attempts just before it, for this name, from anywhere.
    """
    found = (
        (Oddity.NEW_DEVICE, device is Familiarity.NEW),
        (Oddity.AT_NIGHT, at.astimezone(JST).hour not in USUAL_HOURS),
        (Oddity.CLOSED_DAY, day is DayKind.CLOSED),
        (Oddity.AFTER_FAILURES, failures >= MANY_FAILURES),
    )
    return tuple(oddity for oddity, holds in found if holds)


def packed(found: tuple[Oddity, ...]) -> str:
    """Return oddities as they are stored."""
    return " ".join(oddity.value for oddity in found)


def unpacked(stored: str) -> tuple[Oddity, ...]:
    """Return stored oddities."""
    return tuple(Oddity(code) for code in stored.split())
