"""What is told of somebody's posts. A transfer is secret until its day: nothing that lies ahead is shown, not even an end."""

from datetime import date, timedelta


def last_day_told(valid_to: date | None, *, today: date) -> date | None:
    """Return the last day of what is over, and None for what still holds: whether and when that will end is nobody's yet."""
    return valid_to - timedelta(days=1) if valid_to is not None and valid_to <= today else None
