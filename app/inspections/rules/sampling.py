"""The sample that is opened before many sheets are accepted together: drawn at random, from a seed that is kept."""

from collections.abc import Iterable
from random import Random
from typing import Final
from uuid import UUID

SAMPLE_PERCENT: Final = 10
SMALLEST_SAMPLE: Final = 3


def sample_size(sheets: int) -> int:
    """Return how many of so many sheets are opened: a tenth, rounded up, at least three, all where there are fewer."""
    return min(sheets, max(SMALLEST_SAMPLE, -(-sheets * SAMPLE_PERCENT // 100)))


def drawn(ids: Iterable[UUID], *, seed: str) -> frozenset[UUID]:
    """Return the sheets that a seed draws: the same for everybody who draws again from the same list."""
    ordered = sorted(ids)
    return frozenset(Random(seed).sample(ordered, sample_size(len(ordered))))  # noqa: S311 - a sample, not a secret
