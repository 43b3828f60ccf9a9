"""The way of one sheet as events in time, up to the state at which the story leaves it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from app.cli.demo.answers import chance
from app.cli.demo.desk import Desk
from app.inspections.rules import State
from app.kernel.clock import JST

HOLIDAYS: Final = frozenset(
    {
        date(2025, 10, 13),
        date(2025, 11, 3),
        date(2025, 11, 24),
        date(2025, 12, 29),
        date(2025, 12, 30),
        date(2025, 12, 31),
        date(2026, 1, 1),
        date(2026, 1, 2),
        date(2026, 1, 12),
        date(2026, 11, 3),
    }
)
_SATURDAY: Final = 5

Act = Callable[[datetime], None]


class Journey(StrEnum):
    """Whether something on the way went wrong first."""

    STRAIGHT = "straight"
    GIVEN_BACK = "given-back"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that somebody does at an instant."""

    at: datetime
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How far a sheet goes, and how.

    Attributes:
        first_day: the day of the first answer; `pace` stretches the working days between the steps.
        progress: thousandths of the items that are answered; 0 is 未着手.
        corrected: percent of the returned items that are answered, where the sheet stays returned.
    """

    goal: State
    first_day: date
    pace: int = 1
    journey: Journey = Journey.STRAIGHT
    progress: int = 1000
    corrected: int = 0


class Diary:
    """Instants of one sheet, each later than the one before, in office hours of working days."""

    def __init__(self, first_day: date, *, seed: str) -> None:
        self._chance = chance("diary", seed)
        self._day = working_day(first_day)
        self._minute = self._morning()

    def after(self, days: int) -> datetime:
        """Return an instant so many working days later; 0 is later on the same day."""
        if days:
            for _ in range(days):
                self._day = working_day(self._day + timedelta(days=1))
            self._minute = self._morning()
        else:
            self._minute += self._chance.randint(9, 38)
        return at_minute(self._day, self._minute)

    def _morning(self) -> int:
        return self._chance.randint(8 * 60 + 45, 13 * 60 + 20)


def working_day(day: date) -> date:
    """Return the day itself, or the next one on which offices are open."""
    while day.weekday() >= _SATURDAY or day in HOLIDAYS:
        day += timedelta(days=1)
    return day


def at_minute(day: date, minute: int) -> datetime:
    """Return the instant of a minute of a day in Japan."""
    return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=JST).astimezone(UTC)


def events_of(desk: Desk, route: Route) -> Iterator[Event]:
    """Yield what happens to a sheet, in order."""
    diary = Diary(route.first_day, seed=f"{desk.year} {desk.office.code}")
    steps: list[tuple[State, int, Act]] = [*_answering(desk, route), *_from_clerk_to_head(desk, route)]
    if route.journey is Journey.RETURNED:
        steps += _returned(desk, route)
    else:
        steps += _reviewed_at_once(desk, route)
    steps.append((State.SIGNED_OFF, 2, desk.sign_off))
    wanted = _until(route.goal, steps)
    return (Event(diary.after(days * route.pace), act) for _, days, act in wanted)


def _until(goal: State, steps: list[tuple[State, int, Act]]) -> list[tuple[State, int, Act]]:
    """Keep the steps up to the last one that leaves the sheet in the state that is wanted."""
    if goal in {State.CLOSED_UNSUBMITTED, State.EXCLUDED}:
        goal = State.ANSWERING
    last = max((place for place, (state, _, _) in enumerate(steps) if state is goal), default=-1)
    return steps[: last + 1]


def _answering(desk: Desk, route: Route) -> Iterator[tuple[State, int, Act]]:
    if not route.progress:
        return
    sittings = chance("sittings", desk.year, desk.office.code).randint(2, 4)
    yield State.ANSWERING, 0, desk.confirm_profile
    edges = [route.progress * number // sittings for number in range(sittings + 1)]
    for sitting in range(sittings):
        part = edges[sitting], edges[sitting + 1]
        yield State.ANSWERING, min(sitting, 1), partial(desk.answer, sitting=sitting, part=part)
    if route.progress == 1000:  # noqa: PLR2004 - thousandths: all of it
        yield State.ANSWERING, 0, desk.look_again
        yield State.ANSWERING, 0, desk.keep_evidence


def _from_clerk_to_head(desk: Desk, route: Route) -> Iterator[tuple[State, int, Act]]:
    yield State.AWAITING_HEAD, 0, desk.hand_over
    if route.journey is Journey.GIVEN_BACK:
        yield State.AWAITING_HEAD, 1, desk.give_back
        yield State.AWAITING_HEAD, 0, desk.improve
        yield State.AWAITING_HEAD, 0, desk.hand_over
    yield State.SUBMITTED, 1, desk.approve


def _reviewed_at_once(desk: Desk, route: Route) -> Iterator[tuple[State, int, Act]]:
    if route.goal is State.UNDER_REVIEW:
        half = chance("half", desk.year, desk.office.code).randrange(350, 700)
        yield State.UNDER_REVIEW, 1, partial(desk.judge, part=(0, half))
        return
    yield State.REVIEWED, 2, partial(desk.judge, part=(0, 1000))
    yield State.REVIEWED, 0, desk.finish_review


def _returned(desk: Desk, route: Route) -> Iterator[tuple[State, int, Act]]:
    yield State.UNDER_REVIEW, 1, desk.mark
    yield State.RETURNED, 0, desk.return_items
    if route.goal is State.RETURNED:
        if route.corrected:
            yield State.RETURNED, 1, partial(desk.correct, share=route.corrected)
        return
    yield State.AWAITING_REAPPROVAL, 1, partial(desk.correct, share=100)
    yield State.AWAITING_REAPPROVAL, 0, desk.hand_over
    yield State.UNDER_REVIEW, 1, desk.approve
    yield State.REVIEWED, 1, desk.judge_corrections
    yield State.REVIEWED, 0, desk.finish_review
