"""What is told of somebody's posts."""

from datetime import date

import pytest

from app.people.rules import last_day_told

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("valid_to", "told"),
    [
        (None, None),
        (date(2027, 4, 1), None),
        # Today is the last day: that it ends is told tomorrow.
        (date(2026, 11, 21), None),
        (TODAY, date(2026, 11, 19)),
        (date(2026, 4, 1), date(2026, 3, 31)),
    ],
)
def test_an_end_is_told_when_it_is_past(valid_to: date | None, told: date | None) -> None:
    assert last_day_told(valid_to, today=TODAY) == told
