"""A day that somebody asks for in an address. No database."""

from dataclasses import dataclass
from datetime import date

from app.organisation.files.table import day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDay:
    """The day to show. `problem` says why it is not the one that was typed."""

    day: date
    typed: str = ""
    problem: str = ""


def asked_day(typed: str, *, today: date) -> AskedDay:
    """Read a day as people write it, by either calendar; without one it is today, and also where it cannot be read."""
    if not typed.strip():
        return AskedDay(day=today)
    found = day_of(typed)
    if found is None:
        problem = "日付として読み取れません。2026-04-01 か 令和8年4月1日 のように書いてください。"
        return AskedDay(day=today, typed=typed[:30], problem=problem)
    return AskedDay(day=found, typed=typed[:30])
