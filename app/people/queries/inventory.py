"""Reading an inventory of accounts: its rounds, who is asked for which account today, and how far it is."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.db.session import READS_ONE_MOMENT
from app.kernel.clock import business_date
from app.kernel.errors import NotFound
from app.kernel.ids import AccountId, PersonId, UnitId
from app.kernel.ports import NoticeRef, NoticeWords
from app.organisation.queries import tree_on
from app.organisation.rules import UnitTree
from app.people.models import Account, InventoryLine, InventoryRound, Person, Posting
from app.people.queries.holders import deputies_on, heads_on, holders_of, people_by_id
from app.people.queries.in_force import post_held
from app.people.queries.standing import units_of_people
from app.people.rules import PersonView, is_over
from app.people.rules.inventory import (
    DUE_AFTER,
    SUSPEND_AFTER,
    Asked,
    Decision,
    Ending,
    Quarter,
    Responsible,
    asked_for,
    offered_quarters,
)
from app.people.rules.standing import Concern, HeldRole
from app.people.texts import INVENTORY_NOTICE

PAGE_SIZE: Final = 50
HOME_KEY: Final = "home"
MENU_KEY: Final = "account-inventory"
NO_UNIT: Final = "所属なし"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundView:
    """One round. `closed_on` is the day on which what nobody confirmed was suspended; None while it runs."""

    id: UUID
    quarter: Quarter
    due_on: date
    suspend_on: date
    opened_by: PersonId
    opened_on: date
    closed_on: date | None

    @property
    def label(self) -> str:
        """Return what the round is called."""
        return self.quarter.label


def round_view(row: InventoryRound) -> RoundView:
    """Return a round as pages and rules know it."""
    return RoundView(
        id=row.id,
        quarter=Quarter(row.fiscal_year, row.quarter),
        due_on=row.due_on,
        suspend_on=row.suspend_on,
        opened_by=PersonId(row.opened_by),
        opened_on=business_date(row.opened_at),
        closed_on=business_date(row.closed_at) if row.closed_at else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One account of a round: as it stood then, where it belongs today, who is asked for it, and what was decided."""

    account_id: AccountId
    person: PersonView
    unit_id: UnitId | None
    unit_name: str
    roles: tuple[HeldRole, ...]
    concerns: tuple[Concern, ...]
    last_sign_in_at: datetime | None
    expires_on: date | None
    version: int
    decision: Decision | None
    reason: str
    decided_by: PersonId | None
    decided_at: datetime | None
    ending: Ending | None
    disabled: bool
    over: bool
    asked: Asked

    @property
    def open(self) -> bool:
        """Return whether somebody still has to say something: an account that is closed anyway waits for nobody."""
        return self.decision is None and self.ending is None and not self.disabled and not self.over

    @property
    def subject(self) -> Subject:
        """Return what the permission table has to know: nobody confirms the own account."""
        return Subject(unit_id=self.unit_id, requested_by=frozenset({self.person.id}))

    def asks(self, actor: Actor) -> bool:
        """Return whether this person is asked, or may answer because nobody is."""
        nearest = actor.person_id in self.asked.people or not self.asked.people
        return nearest and may(Permission.UNIT_ACCOUNT_INVENTORY_CONFIRM, actor=actor, subject=self.subject)


def responsible_on(session: Session, *, tree: UnitTree, today: date) -> Responsible:
    """Return who leads what on a day, in six statements."""
    able = session.scalars(
        select(Account.person_id).where(
            Account.disabled_at.is_(None), or_(Account.expires_on.is_(None), Account.expires_on >= today)
        )
    )
    return Responsible(
        able=frozenset(PersonId(one) for one in able),
        heads=heads_on(session, unit_ids=tree.by_id, day=today),
        deputies=deputies_on(session, unit_ids=tree.by_id, day=today),
        chiefs=holders_of(session, function=Function.CHIEF, day=today),
        administrators=holders_of(session, function=Function.ADMINISTRATOR, day=today),
    )


def lines_of(
    session: Session,
    *,
    round_id: UUID,
    today: date,
    only: Sequence[ColumnElement[bool]] = (),
) -> tuple[LineView, ...]:
    """Return the lines of a round in the order of the units, each with who is asked for it today; in eight statements."""
    rows = session.execute(
        select(InventoryLine, Person, Account.disabled_at, Account.expires_on.label("ends"))
        .join(Person, Person.id == InventoryLine.person_id)
        .join(Account, Account.id == InventoryLine.account_id)
        .where(InventoryLine.round_id == round_id, *only)
        .order_by(Person.kana, Person.staff_no)
    ).all()
    if not rows:
        return ()
    tree = tree_on(session, day=today)
    those = select(InventoryLine.person_id).where(InventoryLine.round_id == round_id, *only)
    units = units_of_people(session, people=those, today=today)
    who = responsible_on(session, tree=tree, today=today)
    place = {unit.id: number for number, unit in enumerate(tree.units)}
    lines = [
        _line(
            line,
            person=person,
            disabled_at=disabled_at,
            ends=ends,
            unit_id=units.get(PersonId(line.person_id)),
            tree=tree,
            who=who,
        )
        for line, person, disabled_at, ends in rows
    ]
    return tuple(sorted(lines, key=lambda one: place.get(one.unit_id, -1) if one.unit_id else -1))


def _line(
    line: InventoryLine,
    *,
    person: Person,
    disabled_at: datetime | None,
    ends: date | None,
    unit_id: UnitId | None,
    tree: UnitTree,
    who: Responsible,
) -> LineView:
    unit = tree.by_id.get(unit_id) if unit_id else None
    path = [one.id for one in reversed(tree.path(unit.id))] if unit else []
    return LineView(
        account_id=AccountId(line.account_id),
        person=PersonView(
            id=PersonId(person.id), staff_no=person.staff_no, name=person.name, kana=person.kana
        ),
        unit_id=unit.id if unit else None,
        unit_name=unit.name if unit else NO_UNIT,
        roles=tuple(HeldRole(code) for code in json.loads(line.roles)),
        concerns=tuple(Concern(code) for code in json.loads(line.concerns)),
        last_sign_in_at=line.last_sign_in_at,
        expires_on=ends,
        version=line.version,
        decision=Decision(line.decision) if line.decision else None,
        reason=line.reason,
        decided_by=PersonId(line.decided_by) if line.decided_by else None,
        decided_at=line.decided_at,
        ending=Ending(line.ending) if line.ending else None,
        disabled=disabled_at is not None,
        over=is_over(ends, today=tree.day),
        asked=asked_for(PersonId(person.id), path=path, who=who),
    )


# ------------------------------------------------------------------------------------------ the rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundLine:
    """A round in the list of rounds, with how many accounts it has and how many were decided, stopped and suspended."""

    round: RoundView
    total: int
    decided: int
    stopped: int
    suspended: int
    spared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsPage:
    """A page of rounds, the newest first, and what the form for a new one offers."""

    lines: tuple[RoundLine, ...]
    total: int
    number: int
    running: RoundView | None
    quarters: tuple[Quarter, ...]
    due_on: date
    suspend_on: date

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // PAGE_SIZE))


def rounds_page(session: Session, *, actor: Actor, number: int, today: date) -> RoundsPage:
    """Return a page of rounds, in three statements."""
    require(Permission.CITY_ACCOUNT_INVENTORY_READ, actor=actor)
    quarters = session.execute(select(InventoryRound.fiscal_year, InventoryRound.quarter)).all()
    number = min(max(number, 1), max(1, -(-len(quarters) // PAGE_SIZE)))
    rows = session.scalars(
        select(InventoryRound)
        .order_by(InventoryRound.fiscal_year.desc(), InventoryRound.quarter.desc())
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    ).all()
    counted = session.execute(
        select(
            InventoryLine.round_id,
            func.count().label("total"),
            func.count(InventoryLine.decision).label("decided"),
            _sum(InventoryLine.decision == Decision.STOP.value).label("stopped"),
            _sum(InventoryLine.ending == Ending.SUSPENDED.value).label("suspended"),
            _sum(InventoryLine.ending == Ending.SPARED.value).label("spared"),
        )
        .where(InventoryLine.round_id.in_([row.id for row in rows]))
        .group_by(InventoryLine.round_id)
    )
    counts = {row.round_id: row for row in counted}
    lines = tuple(
        RoundLine(
            round=round_view(row),
            total=counts[row.id].total,
            decided=counts[row.id].decided,
            stopped=counts[row.id].stopped,
            suspended=counts[row.id].suspended,
            spared=counts[row.id].spared,
        )
        for row in rows
        if row.id in counts
    )
    return RoundsPage(
        lines=lines,
        total=len(quarters),
        number=number,
        running=next((line.round for line in lines if line.round.closed_on is None), None),
        quarters=offered_quarters(today, done=[Quarter(one.fiscal_year, one.quarter) for one in quarters]),
        due_on=today + DUE_AFTER,
        suspend_on=today + DUE_AFTER + SUSPEND_AFTER,
    )


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def find_round(session: Session, *, round_id: UUID) -> RoundView:
    """Return a round.

    Raises:
        NotFound: there is none.
    """
    row = session.get(InventoryRound, round_id)
    if row is None:
        raise NotFound
    return round_view(row)


# -------------------------------------------------------------------------------------- confirming a page


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPage:
    """The accounts for which the reader is asked: those still open first, then what can be changed until the round closes."""

    round: RoundView
    lines: tuple[LineView, ...]
    people: Mapping[PersonId, PersonView]
    total: int
    open: int
    number: int

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // PAGE_SIZE))


def confirm_page(session: Session, *, actor: Actor, round_id: UUID, number: int, today: date) -> ConfirmPage:
    """Return a page of the accounts for which somebody is asked.

    Raises:
        NotFound: there is no such round, or it never asked this person anything.
    """
    found = find_round(session, round_id=round_id)
    lines = lines_of(session, round_id=round_id, today=today)
    mine = [line for line in lines if line.decided_by == actor.person_id or line.asks(actor)]
    if not mine and not may(Permission.CITY_ACCOUNT_INVENTORY_READ, actor=actor):
        raise NotFound
    mine.sort(key=lambda line: not line.open)
    number = min(max(number, 1), max(1, -(-len(mine) // PAGE_SIZE)))
    shown = tuple(mine[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    return ConfirmPage(
        round=found,
        lines=shown,
        people=people_by_id(session, person_ids=[line.decided_by for line in shown if line.decided_by]),
        total=len(mine),
        open=sum(line.open and line.asks(actor) for line in mine),
        number=number,
    )


# ---------------------------------------------------------------------------------------- how far it is


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitProgress:
    """How far one unit is, and who is asked for what is still open there."""

    unit_id: UnitId | None
    unit_name: str
    total: int
    kept: int
    stopped: int
    open: int
    asked: tuple[str, ...]
    nobody: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressPage:
    """How far a round is. `spared` and `waiting` name accounts at which somebody has to look now."""

    round: RoundView
    units: tuple[UnitProgress, ...]
    counts: Mapping[str, int]
    spared: tuple[LineView, ...]
    waiting: tuple[LineView, ...]
    asked_here: int
    total: int
    number: int

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // PAGE_SIZE))


def progress_page(
    session: Session, *, actor: Actor, round_id: UUID, number: int, today: date
) -> ProgressPage:
    """Return how far a round is by unit, the units in which something is open first."""
    require(Permission.CITY_ACCOUNT_INVENTORY_READ, actor=actor)
    found = find_round(session, round_id=round_id)
    lines = lines_of(session, round_id=round_id, today=today)
    by_unit: dict[UnitId | None, list[LineView]] = {}
    for line in lines:
        by_unit.setdefault(line.unit_id, []).append(line)
    order = sorted(by_unit, key=lambda unit: not any(line.open for line in by_unit[unit]))
    number = min(max(number, 1), max(1, -(-len(order) // PAGE_SIZE)))
    shown = order[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    asked = {person for unit in shown for line in by_unit[unit] if line.open for person in line.asked.people}
    names = people_by_id(session, person_ids=asked)
    return ProgressPage(
        round=found,
        units=tuple(_progress(by_unit[unit], names=names) for unit in shown),
        counts={
            "total": len(lines),
            "kept": sum(line.decision is Decision.KEEP for line in lines),
            "stopped": sum(line.decision is Decision.STOP for line in lines),
            "suspended": sum(line.ending is Ending.SUSPENDED for line in lines),
            "open": sum(line.open for line in lines),
        },
        spared=tuple(line for line in lines if line.ending is Ending.SPARED),
        waiting=tuple(line for line in lines if line.decision is Decision.KEEP and line.disabled),
        asked_here=sum(line.open and line.asks(actor) for line in lines),
        total=len(order),
        number=number,
    )


def _progress(lines: Sequence[LineView], *, names: Mapping[PersonId, PersonView]) -> UnitProgress:
    waiting = [line for line in lines if line.open]
    asked = {names[person] for line in waiting for person in line.asked.people}
    return UnitProgress(
        unit_id=lines[0].unit_id,
        unit_name=lines[0].unit_name,
        total=len(lines),
        kept=sum(line.decision is Decision.KEEP for line in lines),
        stopped=sum(line.decision is Decision.STOP for line in lines),
        open=len(waiting),
        asked=tuple(person.name for person in sorted(asked, key=lambda one: one.staff_no)),
        nobody=any(not line.asked.people for line in waiting),
    )


# --------------------------------------------------------------------------------------- what waits for whom


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryWork:
    """A running round that waits for somebody, with the number of accounts that do."""

    round: RoundView
    accounts: int


_LEADERS: Final = frozenset({Function.CHIEF, Function.ADMINISTRATOR})


def inventory_work(session: Session, *, actor: Actor, today: date) -> tuple[InventoryWork, ...]:
    """Return the running rounds that wait for somebody; one statement where none runs, none for who leads nothing.

    A reading session sees one moment, so the page and the figures in its header ask once.
    """
    if not (actor.head_of or actor.deputy_of or actor.functions & _LEADERS):
        return ()
    if not session.info.get(READS_ONE_MOMENT):
        return _work(session, actor=actor, today=today)
    key = ("inventory work", actor.person_id, today)
    if key not in session.info:
        session.info[key] = _work(session, actor=actor, today=today)
    return cast("tuple[InventoryWork, ...]", session.info[key])


def _work(session: Session, *, actor: Actor, today: date) -> tuple[InventoryWork, ...]:
    running = session.scalars(select(InventoryRound).where(InventoryRound.closed_at.is_(None))).all()
    found = []
    for row in running:
        lines = lines_of(session, round_id=row.id, today=today, only=_perhaps(actor, today=today))
        accounts = sum(line.open and line.asks(actor) for line in lines)
        if accounts:
            found.append(InventoryWork(round=round_view(row), accounts=accounts))
    return tuple(found)


def _perhaps(actor: Actor, *, today: date) -> tuple[ColumnElement[bool], ...]:
    """Return the condition on lines for which somebody may be asked at all: most heads look at a few units only."""
    undecided = InventoryLine.decision.is_(None)
    if actor.functions & _LEADERS:
        return (undecided,)
    led = select(Posting.person_id).where(
        Posting.unit_id.in_(actor.oversees | actor.deputy_of),
        post_held(today),
    )
    return (undecided, InventoryLine.person_id.in_(led))


class InventoryCounter:
    """How many accounts wait for somebody's confirmation: beside ホーム for heads, beside 棚卸し for who has that entry."""

    def waiting(self, session: Session, *, actor: Actor, today: date) -> Mapping[str, int]:
        """Return the number of accounts under the key of the menu entry that leads to them."""
        accounts = sum(one.accounts for one in inventory_work(session, actor=actor, today=today))
        if not accounts:
            return {}
        in_menu = may(Permission.CITY_ACCOUNT_INVENTORY_READ, actor=actor)
        return {MENU_KEY if in_menu else HOME_KEY: accounts}


class InventoryNoticeWords:
    """Words for the notices of an inventory."""

    def words(
        self, session: Session, *, notices: Sequence[NoticeRef], today: date
    ) -> Mapping[UUID, NoticeWords]:
        """Return the words by the ids of the notices, in one statement."""
        del today
        ours = [notice for notice in notices if notice.kind in INVENTORY_NOTICE]
        if not ours:
            return {}
        rounds = _rounds(session, ids={notice.subject_id for notice in ours})
        return {
            notice.id: _worded(notice, rounds[notice.subject_id])
            for notice in ours
            if notice.subject_id in rounds
        }


def _rounds(session: Session, *, ids: Iterable[UUID]) -> Mapping[UUID, RoundView]:
    rows = session.scalars(select(InventoryRound).where(InventoryRound.id.in_(list(ids))))
    return {row.id: round_view(row) for row in rows}


def _worded(notice: NoticeRef, found: RoundView) -> NoticeWords:
    title, detail, path = INVENTORY_NOTICE[notice.kind]
    return NoticeWords(
        title=title, detail=detail.format(label=found.label), path=path.format(round=notice.subject_id)
    )
