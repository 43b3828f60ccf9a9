"""What commands at the terminal share: the present instant, who acts, dates as typed, refusals."""

import getpass
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

import click
from flask import current_app
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.journal.rules import ActorMark, Via
from app.kernel.clock import Clock, business_date
from app.kernel.errors import InvalidInput, Problem, Refusal
from app.organisation.commands import By
from app.organisation.files import day_of
from app.organisation.rules import Outcome
from app.people.queries import actor_by_staff_no

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
OUTCOME: Final = {
    Outcome.NEW: "新規",
    Outcome.CHANGED: "変更",
    Outcome.UNCHANGED: "変更なし",
    Outcome.ENDED: "終了",
}


class Day(click.ParamType[date]):
    """A date as people write it: 2026-04-01, 2026/4/1, 令和8年4月1日, R8.4.1."""

    name = "日付"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ANN401
        """Read a date, or refuse with the forms that are read."""
        found = value if isinstance(value, date) else day_of(str(value))
        if found is None:
            self.fail("日付は 2026-04-01 か 令和8年4月1日 のように書いてください。", param, ctx)
        return found


def now() -> datetime:
    """Return the present instant of this installation's clock."""
    return cast("Clock", current_app.extensions["clock"]).now()


def today() -> date:
    """Return the business date of this installation's clock."""
    return business_date(now())


def operator() -> ActorMark:
    """Return the mark of the machine's own operator: the operating-system account and no person."""
    return ActorMark(person_id=None, via=Via.CLI, operator=getpass.getuser())


def named_actor(session: Session, *, staff_no: str) -> Actor:
    """Return the person in whose name a command runs."""
    return actor_by_staff_no(session, staff_no=staff_no, day=today(), via=Via.CLI, operator=getpass.getuser())


def by_whom(session: Session, *, staff_no: str | None) -> By:
    """Return the named person, or the operator alone when nobody is named."""
    return named_actor(session, staff_no=staff_no) if staff_no else operator()


def day_after(last_day: date | None) -> date | None:
    """Return the first day on which something no longer holds, from the last day as people write it."""
    return last_day + timedelta(days=1) if last_day else None


@contextmanager
def refusals() -> Iterator[None]:
    """Print a refusal on stderr, every problem on its line, and end with the exit code 1."""
    try:
        yield
    except InvalidInput as refusal:
        for problem in refusal.problems:
            click.echo(_line(problem), err=True)
        raise SystemExit(1) from refusal
    except Refusal as refusal:
        click.echo(refusal.message, err=True)
        raise SystemExit(1) from refusal


def _line(problem: Problem) -> str:
    return f"{problem.row}行目　{problem.message}" if problem.row else problem.message


def count_line(counts: Mapping[Outcome, int]) -> str:
    """Return 新規 3件、変更 1件、変更なし 120件、終了 0件."""
    return "、".join(f"{word} {counts.get(outcome, 0)}件" for outcome, word in OUTCOME.items())
