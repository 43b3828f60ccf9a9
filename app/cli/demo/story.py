"""The story of みほん市, told in order through the real commands: 令和7年4月 to 令和8年11月20日.

Everything happens in the one transaction of the caller: a story that breaks off leaves nothing behind.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from heapq import merge
from typing import Final

from sqlalchemy import Boolean, column, table, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.calendar.commands import add_closing_day
from app.calendar.queries import city_calendar
from app.checklists.commands import EditionDraft, import_edition, publish_edition
from app.cli.demo.answers import chance
from app.cli.demo.april import prepare_april, rename_in_april
from app.cli.demo.city import (
    ADMINISTRATOR,
    CHIEF,
    CIO_DEPUTY,
    FIRST_YEAR,
    MANAGER,
    PERSON_FUNCTIONS,
    REVIEWERS,
    SECOND_YEAR,
    UNIT_FUNCTIONS,
    UNITS,
    Role,
    employees,
    offices,
    posting_list,
    team,
)
from app.cli.demo.desk import Desk, People
from app.cli.demo.extension import ask_for_more_time
from app.cli.demo.ledger import inspect_systems, keep_ledger
from app.cli.demo.way import Event, Journey, Route, at_minute, events_of
from app.cli.demo.words import NOTICE
from app.db.types import Instant
from app.inspections.commands.campaign import CampaignDraft, close_campaign, open_campaign, prepare_campaign
from app.inspections.queries.sheet import find_sheet
from app.inspections.rules import SEALED, CampaignDates, CampaignKind, State
from app.journal.rules import ActorMark
from app.kernel.clock import business_date
from app.kernel.ids import CampaignId, EditionId, InspectionId, UnitId
from app.kernel.ports import Ports
from app.organisation.commands import assign_unit_function, import_units, register_installation
from app.organisation.files import unit_rows
from app.organisation.queries import unit_ids_by_code
from app.organisation.rules import InstallationKind
from app.people.commands import (
    assign_person_function,
    create_accounts,
    import_people,
    name_for_duty,
)
from app.people.files import posting_rows
from app.people.queries import people_without_account
from app.people.rules import Duty, PersonFunction
from app.reminders.commands import remind_by_rule, tell_of_locks

STORY_START: Final = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
"""9:00 in Japan on 令和8年11月20日: the demonstration's clock begins here."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sheet that came to its end: who sealed it, and when."""

    inspection_id: InspectionId
    signer: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One campaign as it is prepared."""

    fiscal_year: int
    title: str
    dates: CampaignDates
    prepared: date
    opened: date


LAST_YEAR: Final = Year(
    fiscal_year=FIRST_YEAR,
    title="令和7年度　定期自己点検",
    dates=CampaignDates(
        base_date=date(2025, 9, 1),
        answer_from=date(2025, 10, 1),
        answer_due=date(2025, 10, 31),
        approval_due=date(2025, 11, 7),
        review_due=date(2025, 12, 19),
        grace_until=date(2025, 11, 14),
    ),
    prepared=date(2025, 9, 10),
    opened=date(2025, 9, 24),
)
THIS_YEAR: Final = Year(
    fiscal_year=SECOND_YEAR,
    title="令和8年度　定期自己点検",
    dates=CampaignDates(
        base_date=date(2026, 10, 1),
        answer_from=date(2026, 11, 2),
        answer_due=date(2026, 11, 27),
        approval_due=date(2026, 12, 4),
        review_due=date(2026, 12, 18),
        grace_until=date(2026, 12, 11),
    ),
    prepared=date(2026, 10, 13),
    opened=date(2026, 10, 26),
)


CLOSING_DAYS: Final = (
    (date(2025, 6, 12), "市制記念日"),
    (date(2026, 6, 12), "市制記念日"),
    (date(2026, 12, 28), "庁舎の電気設備の点検"),
)


def tell(
    session: Session,
    *,
    editions: Mapping[int, EditionDraft],
    further: Iterable[EditionDraft],
    password_hash: str,
    by: ActorMark,
    real_now: datetime,
) -> tuple[Sealed, ...]:
    """Tell the whole story, each year with its edition; return the sheets that were signed off.

    Raises:
        Refusal: a rule has changed so that the story does not hold any more; nothing is kept.
    """
    people = People(session)
    register_installation(session, kind=InstallationKind.DEMO, story_start=STORY_START, now=real_now)
    _found_the_city(session, by=by)
    _begin_year(people, year=FIRST_YEAR, password_hash=password_hash)
    _close_some_days(people)
    first = _publish(people, draft=editions[FIRST_YEAR], year=FIRST_YEAR)
    last = _run(people, year=LAST_YEAR, edition_id=first, routes=_routes_of_last_year())
    _reorganise(people)
    _begin_year(people, year=SECOND_YEAR, password_hash=password_hash)
    _cio_is_away(people)
    second = _publish(people, draft=editions[SECOND_YEAR], year=SECOND_YEAR)
    keep_ledger(people)
    others = {draft.code: _publish_further(people, draft=draft) for draft in further}
    this = _run(people, year=THIS_YEAR, edition_id=second, routes=_routes_of_this_year())
    ask_for_more_time(people)
    inspect_systems(people, edition_id=others["system"])
    prepare_april(people)
    _read_what_is_old(session)
    return (*last, *this)


# ------------------------------------------------------------------------------------ the city and its people


def _found_the_city(session: Session, *, by: ActorMark) -> None:
    """The operator of the machine reads in units, people and functions, before there is any administrator."""
    now, first_day = at_minute(date(2025, 3, 26), 600), date(2025, 4, 1)
    import_units(session, rows=unit_rows(UNITS.encode()), by=by, ports=Ports(), now=now)
    import_people(session, rows=posting_rows(posting_list(year=FIRST_YEAR)), by=by, now=now)
    for code, unit_function in UNIT_FUNCTIONS:
        assign_unit_function(
            session,
            unit_code=code,
            function=unit_function,
            valid_from=first_day,
            valid_to=None,
            by=by,
            now=now,
        )
    for staff_no, function in (*PERSON_FUNCTIONS, (ADMINISTRATOR, PersonFunction.ADMINISTRATOR)):
        assign_person_function(
            session, staff_no=staff_no, function=function, valid_from=first_day, valid_to=None, by=by, now=now
        )


def _reorganise(people: People) -> None:
    """A division gets another name, and the administrator reads in the transfers of April."""
    people.turn_the_page()
    rename_in_april(people)
    now = at_minute(date(2026, 3, 25), 660)
    by = people.actor(ADMINISTRATOR, now=now)
    rows = posting_rows(posting_list(year=SECOND_YEAR))
    import_people(people.session, rows=rows, by=by, now=now + timedelta(minutes=12))


def _begin_year(people: People, *, year: int, password_hash: str) -> None:
    """Newcomers get accounts on the first day; then the heads name clerks and deputies."""
    people.turn_the_page()
    now = at_minute(date(year, 4, 1), 580)
    administrator = people.actor(ADMINISTRATOR, now=now)
    _give_accounts(people.session, by=administrator, password_hash=password_hash, now=now)
    first_day = date(year, 4, 1)
    ids = unit_ids_by_code(people.session, codes=[office.code for office in offices()])
    for number, (code, role, staff_no) in enumerate(_new_duties(year)):
        at = at_minute(date(year, 4, 2), 540 + number * 3)
        name_for_duty(
            people.session,
            actor=people.actor(team(code, year=year).head, now=at),
            unit_id=ids[code],
            staff_no=staff_no,
            duty=Duty.DEPUTY if role is Role.DEPUTY else Duty.CLERK,
            valid_from=first_day,
            valid_to=None,
            now=at,
        )


def _new_duties(year: int) -> Iterator[tuple[str, Role, str]]:
    """Yield who is to be named: in the second year only who came to the seat in April."""
    wanted = {office.code for office in offices()}
    named = {Role.CLERK, Role.ALTERNATE, Role.DEPUTY}
    for one in employees():
        before = one.seats[FIRST_YEAR] if year == SECOND_YEAR else ()
        for seat in one.seats[year]:
            if seat.unit in wanted and seat.role in named and seat not in before:
                yield seat.unit, seat.role, one.staff_no


def _give_accounts(session: Session, *, by: Actor, password_hash: str, now: datetime) -> None:
    newcomers = people_without_account(session, day=business_date(now))
    hashes = {one.person.id: password_hash for one in newcomers}
    create_accounts(session, hashes=hashes, by=by, now=now)
    # The published password stays: whoever tries the system out is not asked for another one first.
    accounts = table("account", column("must_change_password", Boolean()))
    session.execute(update(accounts).values(must_change_password=False))


def _cio_is_away(people: People) -> None:
    """For two weeks of August 総務部長 stands in as CIO (職務代理)."""
    now = at_minute(date(2026, 8, 6), 900)
    assign_person_function(
        people.session,
        staff_no=CIO_DEPUTY,
        function=PersonFunction.CIO,
        valid_from=date(2026, 8, 10),
        valid_to=date(2026, 8, 24),
        by=people.actor(ADMINISTRATOR, now=now),
        now=now,
    )


# ------------------------------------------------------------------------------------------------ the year


_PUBLICATION: Final = {
    FIRST_YEAR: "情報化推進委員会で説明した内容のとおり、定期自己点検に使う。",
    SECOND_YEAR: "ガイドラインの改定（令和8年3月）と前年度の点検の結果に合わせて改めた。版の違いを情報化推進委員会で説明した。",
}
"""Why the edition of each year was published."""


def _publish(people: People, *, draft: EditionDraft, year: int) -> EditionId:
    """A reviewer imports the checklist of a year, and the manager publishes it together with 統括."""
    people.turn_the_page()
    imported, published = at_minute(date(year, 8, 19), 620), at_minute(date(year, 8, 27), 875)
    reviewer = people.actor(REVIEWERS[year][0], now=imported)
    edition_id = import_edition(people.session, actor=reviewer, draft=draft, now=imported)
    publish_edition(
        people.session,
        actor=people.actor(MANAGER, now=published),
        confirmed_by=people.actor(CHIEF, now=published),
        edition_id=edition_id,
        note=_PUBLICATION[year],
        now=published,
    )
    return edition_id


def _publish_further(people: People, *, draft: EditionDraft) -> EditionId:
    """In 令和8年9月 the same desks publish a checklist of another kind."""
    imported, published = at_minute(date(2026, 9, 15), 605), at_minute(date(2026, 9, 24), 890)
    reviewer = people.actor(REVIEWERS[SECOND_YEAR][0], now=imported)
    edition_id = import_edition(people.session, actor=reviewer, draft=draft, now=imported)
    publish_edition(
        people.session,
        actor=people.actor(MANAGER, now=published),
        confirmed_by=people.actor(CHIEF, now=published),
        edition_id=edition_id,
        note="所属の点検に続いて使えるように、職員へ示す。",
        now=published,
    )
    return edition_id


def _run(
    people: People, *, year: Year, edition_id: EditionId, routes: Mapping[str, Route]
) -> tuple[Sealed, ...]:
    """Prepare and open a campaign, let every sheet go its way, and close the campaign when all are sealed."""
    people.turn_the_page()
    codes = unit_ids_by_code(people.session, codes=routes)
    campaign_id, sheets = _open(people, year=year, edition_id=edition_id, units=codes)
    sealed: list[Sealed] = []
    ways = [
        _way(people, year=year, code=code, route=route, inspection_id=sheets[code], sealed=sealed)
        for code, route in routes.items()
    ]
    # Merged by time, as the city lived it: the journal and its seals are in order.
    for event in merge(*ways, _rounds(people, year=year), key=lambda event: event.at):
        event.act(event.at)
    if year is LAST_YEAR:
        end = at_minute(date(2026, 1, 30), 930)
        close_campaign(people.session, actor=people.actor(MANAGER, now=end), campaign_id=campaign_id, now=end)
    return tuple(sealed)


def _rounds(people: People, *, year: Year) -> Iterator[Event]:
    """Yield the regular reminders of each morning on which the city works, until the story's present."""
    calendar = city_calendar(people.session)
    last = min(business_date(STORY_START), year.dates.review_due)
    day = calendar.next_business_day(year.dates.answer_from)
    while day <= last:
        yield Event(at_minute(day, 530), partial(_remind, people.session))
        day = calendar.add_business_days(day, 1)


def _remind(session: Session, now: datetime) -> None:
    remind_by_rule(session, now=now)
    tell_of_locks(session, now=now)


def _close_some_days(people: People) -> None:
    """The reviewers keep the city's own closed days."""
    now = at_minute(date(2025, 4, 8), 640)
    for day, name in CLOSING_DAYS:
        add_closing_day(
            people.session,
            actor=people.actor(REVIEWERS[FIRST_YEAR][0], now=now),
            day=day,
            name=name,
            now=now,
        )


def _read_what_is_old(session: Session) -> None:
    """People have read their notices up to the last days: unread is what came since."""
    notices = table("notice", column("created_at", Instant()), column("read_at", Instant()))
    old = notices.c.created_at < STORY_START - timedelta(days=3)
    session.execute(update(notices).where(old).values(read_at=notices.c.created_at))


def _open(
    people: People, *, year: Year, edition_id: EditionId, units: Mapping[str, UnitId]
) -> tuple[CampaignId, dict[str, InspectionId]]:
    prepared, opened = at_minute(year.prepared, 610), at_minute(year.opened, 550)
    reviewer = people.actor(REVIEWERS[year.fiscal_year][0], now=prepared)
    manager = people.actor(MANAGER, now=opened)
    draft = CampaignDraft(
        title=year.title,
        kind=CampaignKind.REGULAR,
        fiscal_year=year.fiscal_year,
        edition_id=edition_id,
        dates=year.dates,
        notice=NOTICE,
        unit_ids=frozenset(units.values()),
    )
    campaign_id = prepare_campaign(people.session, actor=reviewer, draft=draft, now=prepared)
    made = open_campaign(people.session, actor=manager, campaign_id=campaign_id, seen_version=1, now=opened)
    names = {unit_id: code for code, unit_id in units.items()}
    found = (find_sheet(people.session, actor=manager, inspection_id=one) for one in made)
    return campaign_id, {names[sheet.unit_id]: sheet.id for sheet in found}


def _way(
    people: People, *, year: Year, code: str, route: Route, inspection_id: InspectionId, sealed: list[Sealed]
) -> Iterator[Event]:
    office = next(office for office in offices() if office.code == code)
    approver, heads_part = _approver(code, year=year.fiscal_year)
    desk = Desk(
        people=people,
        office=office,
        year=year.fiscal_year,
        inspection_id=inspection_id,
        approver=approver,
        heads_part=heads_part,
    )
    events = tuple(events_of(desk, route))
    yield from events
    end = events[-1] if events else None
    if route.goal is State.CLOSED_UNSUBMITTED:
        end = Event(at_minute(date(2025, 11, 18), 990), desk.close_unsubmitted)
        yield end
    if route.goal is State.EXCLUDED:
        end = Event(at_minute(date(2026, 11, 9), 930), desk.exclude)
        yield end
    if route.goal in SEALED and end is not None:
        yield Event(end.at, partial(_note_sealed, sealed, inspection_id, desk.signer))


def _note_sealed(sealed: list[Sealed], inspection_id: InspectionId, signer: str, at: datetime) -> None:
    sealed.append(Sealed(inspection_id, signer, at))


def _approver(code: str, *, year: int) -> tuple[str | None, int]:
    """Return who approves in place of the head, and how many items the head recorded.

    北出張所 has one person, so 市民部長 approves. In 広報課 the head recorded some items of this year, so
    企画部長 does. A few offices are approved by the deputy.
    """
    if code == "4040":
        return team("4000", year=year).head, 0
    if code == "1040" and year == SECOND_YEAR:
        return None, 6
    deputies = team(code, year=year).deputies
    by_deputy = code in {"3010", "5040", "9100"} and deputies
    return (deputies[0] if by_deputy else None), 0


# ------------------------------------------------------------------------------------- how far each one goes


def _routes_of_last_year() -> dict[str, Route]:
    """Everything was signed off; 建築指導課 never handed its sheet in."""
    return {office.code: _finished(office.code) for office in offices()}


def _finished(code: str) -> Route:
    drawn = chance("route", FIRST_YEAR, code)
    first_day = date(2025, 10, 1) + timedelta(days=drawn.randrange(10))
    if code == "7520":
        return Route(goal=State.CLOSED_UNSUBMITTED, first_day=first_day, pace=3, progress=220)
    journeys = (Journey.STRAIGHT, Journey.STRAIGHT, Journey.RETURNED, Journey.GIVEN_BACK)
    return Route(
        goal=State.SIGNED_OFF,
        first_day=first_day,
        pace=drawn.choice((3, 4)),
        journey=drawn.choice(journeys),
    )


def _routes_of_this_year() -> dict[str, Route]:
    return {
        **{code: Route(goal=State.ANSWERING, first_day=date(2026, 11, 4), progress=0) for code in _NOT_BEGUN},
        **{
            code: Route(goal=State.ANSWERING, first_day=date(2026, 11, day), progress=progress, pace=2)
            for code, (day, progress) in _BEING_ANSWERED.items()
        },
        _TAKEN_OUT: Route(goal=State.EXCLUDED, first_day=date(2026, 11, 4), progress=0),
        **{code: route for route, codes in _UNDER_WAY for code in codes},
    }


_NOT_BEGUN: Final = ("2040", "4030", "7520", "8020")
_TAKEN_OUT: Final = "9400"
_BEING_ANSWERED: Final = {
    "1030": (6, 1000),
    "2010": (10, 520),
    "3030": (9, 210),
    "5010": (9, 800),
    "6010": (10, 350),
    "7010": (12, 120),
    "8010": (6, 450),
    "9020": (5, 650),
    "9040": (6, 960),
    "9210": (11, 700),
}
"""The day of November on which an office began, and thousandths of the items that it answered."""


def _route(goal: State, *, day: int, journey: Journey = Journey.STRAIGHT, corrected: int = 0) -> Route:
    return Route(goal=goal, first_day=date(2026, 11, day), journey=journey, corrected=corrected)


_BACK: Final = Journey.RETURNED
_UNDER_WAY: Final[Sequence[tuple[Route, Iterable[str]]]] = (
    (_route(State.AWAITING_HEAD, day=13), ("2020", "9100")),
    (_route(State.AWAITING_HEAD, day=16), ("1040",)),
    (_route(State.AWAITING_HEAD, day=12, journey=Journey.GIVEN_BACK), ("5030",)),
    (_route(State.SUBMITTED, day=12), ("3010", "7510")),
    (_route(State.SUBMITTED, day=9), ("9220",)),
    (_route(State.SUBMITTED, day=10, journey=Journey.GIVEN_BACK), ("5040",)),
    (_route(State.SUBMITTED, day=11), ("6030",)),
    (_route(State.UNDER_REVIEW, day=11), ("1010", "4020")),
    (_route(State.UNDER_REVIEW, day=9), ("9310",)),
    (_route(State.UNDER_REVIEW, day=6, journey=_BACK), ("2050",)),
    (_route(State.RETURNED, day=10, journey=_BACK), ("4010",)),
    (_route(State.RETURNED, day=6, journey=_BACK), ("6020",)),
    (_route(State.RETURNED, day=9, journey=_BACK, corrected=50), ("5020",)),
    (_route(State.AWAITING_REAPPROVAL, day=10, journey=_BACK), ("3020",)),
    (_route(State.AWAITING_REAPPROVAL, day=6, journey=_BACK), ("9030",)),
    (_route(State.REVIEWED, day=4), ("2030",)),
    (_route(State.REVIEWED, day=9), ("1020", "4040")),
    (_route(State.REVIEWED, day=5, journey=_BACK), ("8500",)),
    (_route(State.SIGNED_OFF, day=2), ("9600",)),
    (_route(State.SIGNED_OFF, day=5), ("7020",)),
    (_route(State.SIGNED_OFF, day=4, journey=_BACK), ("9010",)),
)
