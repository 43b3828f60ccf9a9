"""Documents of many sheets at once: what can be asked for, how it stands, and how the files are named."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Final


class BundleKind(StrEnum):
    """What a bundle holds of each sealed sheet."""

    PDF = "pdf"
    XLSX = "xlsx"
    ALL = "all"

    @property
    def endings(self) -> tuple[str, ...]:
        """Return the kinds of files, by the endings of their names."""
        return ("pdf", "xlsx") if self is BundleKind.ALL else (self.value,)


class RequestState(StrEnum):
    """How a request stands. A made bundle is removed after its days; the request stays on record."""

    WAITING = "waiting"
    MADE = "made"
    FAILED = "failed"
    REMOVED = "removed"


LEASE: Final = timedelta(minutes=15)
"""After that, whoever began a bundle is taken for dead and another round begins it again."""
MOST_FAILURES: Final = 3
"""Rounds in which a bundle may fail before it is given up."""
LONGEST_NAME: Final = 60
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff<>:"/\\|?*]')


def member_name(*, place: int, unit: str, number: str, ending: str) -> str:
    """Return the name of one document in a bundle, fit for every system: 001_総務課_R08-3F2A91C4.pdf."""
    safe = _UNSAFE.sub("_", unit).strip(" .")[:LONGEST_NAME]
    return f"{place:03d}_{safe}_{number}.{ending}"
