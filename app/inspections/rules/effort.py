"""How long somebody was at work on a sheet, as far as the times of the saves tell."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Final

LONGEST_PAUSE: Final = 300
"""Seconds between two saves above which nobody was at work."""


def active_seconds(times: Iterable[datetime]) -> int:
    """Return the seconds of work: the gaps between saves, without the pauses of more than five minutes."""
    gaps = (int((later - earlier).total_seconds()) for earlier, later in pairwise(sorted(times)))
    return sum(gap for gap in gaps if gap <= LONGEST_PAUSE)
