"""Reorganisations that are prepared, confirmed or undone, and what each of them does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.kernel.errors import InvalidInput, NotFound, Problem
from app.kernel.ids import PersonId
from app.kernel.ports import OpenThing, Ports
from app.organisation.models import OpenWorkChoice, Reorganisation, ReorganisationEditor
from app.organisation.queries.histories import unit_histories, unit_ids_by_code
from app.organisation.queries.trees import tree_on
from app.organisation.rules import (
    REORGANISATION_STEPS,
    BatchAction,
    BatchFacts,
    BatchState,
    NewTree,
    NewUnit,
    PlannedSuccession,
    ReorganisationPlan,
    UnitChange,
    act_of,
    plan_digest,
    plan_reorganisation,
    tree_of,
)

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorganisationLine:
    """A reorganisation in the list."""

    id: UUID
    title: str
    effective_on: date
    state: BatchState
    prepared_by: str
    prepared_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorganisationList:
    """One page of all reorganisations, the latest day first."""

    lines: tuple[ReorganisationLine, ...]
    page: int
    pages: int
    may_prepare: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """Something open whose responsible unit will be another one.

    Attributes:
        options: between whom it is to be chosen, as (code, name); empty where the succession says it.
        chosen: the code that is chosen, or that follows; None while it is still to be chosen.
    """

    thing: OpenThing
    unit_code: str
    unit_name: str
    options: tuple[tuple[str, str], ...]
    chosen: str | None
    chosen_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorganisationPage:
    """What a reorganisation does, to be looked at before it is confirmed, and afterwards.

    Attributes:
        problems: why it cannot be confirmed as it stands, because the organisation has changed since.
        editors: who had a hand in it.
    """

    line: ReorganisationLine
    today: date
    version: int
    tree: NewTree
    changes: tuple[UnitChange, ...]
    successions: tuple[PlannedSuccession, ...]
    names: Mapping[str, str]
    open_lines: tuple[OpenLine, ...]
    problems: tuple[Problem, ...]
    editors: tuple[str, ...]
    may_prepare: bool
    may_confirm: bool
    may_undo: bool

    @property
    def to_choose(self) -> int:
        """Return how many open things nobody is named for yet."""
        return sum(line.chosen is None for line in self.open_lines)

    @property
    def waits_for(self) -> str | None:
        """Return what has to be done before it can be confirmed; the guards of the step say it."""
        if self.problems:
            return "上に書いたところが直るまで、確定できません。"
        facts = BatchFacts(
            effective_on=self.line.effective_on,
            today=self.today,
            changes=len(self.changes) + len(self.successions),
            without_successor=self.to_choose,
        )
        step = next(one for one in REORGANISATION_STEPS if one.action is BatchAction.CONFIRM)
        return next((reason for guard in step.guards if (reason := guard(facts))), None)


def reorganisation_list(session: Session, *, actor: Actor, ports: Ports, page: int) -> ReorganisationList:
    """Return one page of the reorganisations."""
    require(Permission.CITY_REORGANISATION_READ, actor=actor)
    total = session.scalar(select(func.count()).select_from(Reorganisation)) or 0
    rows = session.scalars(
        select(Reorganisation)
        .order_by(Reorganisation.effective_on.desc(), Reorganisation.prepared_at.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    names = ports.names_of(session, person_ids=_people(rows))
    return ReorganisationList(
        lines=tuple(_line(row, names=names) for row in rows),
        page=page,
        pages=max(1, -(-total // PAGE_SIZE)),
        may_prepare=may(Permission.CITY_REORGANISATION_PREPARE, actor=actor),
    )


def reorganisation_page(
    session: Session, *, actor: Actor, reorganisation_id: UUID, ports: Ports, today: date
) -> ReorganisationPage:
    """Return what a reorganisation does.

    Raises:
        NotFound: there is none.
        NotAllowed: the actor does not follow the city.
    """
    require(Permission.CITY_REORGANISATION_READ, actor=actor)
    row = session.get(Reorganisation, reorganisation_id)
    if row is None:
        raise NotFound
    editors = editors_of(session, reorganisation_id=row.id)
    names = ports.names_of(session, person_ids=_people([row]) | editors)
    plan, problems = _plan_now(session, row=row, ports=ports)
    unit_names = {code: spans[-1].name for code, spans in unit_histories(session).items()}
    unit_names |= {one.code: one.name for one in tree_of(row.tree) if isinstance(one, NewUnit)}
    return ReorganisationPage(
        line=_line(row, names=names),
        today=today,
        version=row.version,
        tree=tree_of(row.tree),
        changes=plan.changes,
        successions=plan.successions,
        names=unit_names,
        open_lines=_open_lines(session, row=row, plan=plan, names=unit_names, ports=ports),
        problems=problems,
        editors=tuple(sorted(names[one] for one in editors if one in names)),
        may_prepare=may(Permission.CITY_REORGANISATION_PREPARE, actor=actor),
        may_confirm=may(
            Permission.CITY_REORGANISATION_CONFIRM, actor=actor, subject=Subject(requested_by=editors)
        ),
        may_undo=row.state == BatchState.CONFIRMED.value and today < row.effective_on,
    )


def tree_of_day(session: Session, *, day: date) -> NewTree:
    """Return the organisation of a day as the rows of a new tree that changes nothing: where a preparation on the page begins."""
    tree = tree_on(session, day=day)
    return tuple(
        NewUnit(
            row=row,
            code=unit.code,
            name=unit.name,
            kana=unit.kana,
            kind=unit.kind,
            policy_owner=unit.policy_owner,
            parent_code=tree.by_id[unit.parent_id].code if unit.parent_id else None,
            sort_order=unit.sort_order,
        )
        for row, unit in enumerate(tree.units, start=2)
    )


def _plan_now(
    session: Session, *, row: Reorganisation, ports: Ports
) -> tuple[ReorganisationPlan, tuple[Problem, ...]]:
    """Return what a prepared one does to the organisation of now; of a confirmed one, what it did."""
    if row.act is not None:
        return act_of(row.act, effective_on=row.effective_on)[0], ()
    if row.state != BatchState.PREPARED.value:
        return ReorganisationPlan(effective_on=row.effective_on), ()
    try:
        plan = plan_reorganisation(
            unit_histories(session),
            tree_of(row.tree),
            effective_on=row.effective_on,
            last_closed=ports.last_closed_on(session),
        )
    except InvalidInput as refusal:
        return ReorganisationPlan(effective_on=row.effective_on), refusal.problems
    if plan_digest(plan) != row.plan_digest:
        message = "準備した後に組織が変わりました。下の内容を確かめて、「内容を確かめて保存し直す」を押してください。"
        return plan, (Problem(message=message),)
    return plan, ()


def _open_lines(
    session: Session,
    *,
    row: Reorganisation,
    plan: ReorganisationPlan,
    names: Mapping[str, str],
    ports: Ports,
) -> tuple[OpenLine, ...]:
    if row.state != BatchState.PREPARED.value:
        return ()
    chosen = choices_of(session, reorganisation_id=row.id)
    found = []
    for code, thing in open_things(session, plan=plan, ports=ports):
        options = plan.heirs_to_choose(code)
        default = None if plan.has_to_be_chosen(code) else plan.heir(code)
        heir = chosen.get((thing.kind, thing.id), default)
        heir = heir if not options or heir in options else default
        if heir != code or options:
            found.append(
                OpenLine(
                    thing=thing,
                    unit_code=code,
                    unit_name=names.get(code, code),
                    options=tuple((one, names.get(one, one)) for one in options),
                    chosen=heir,
                    chosen_name=names.get(heir, heir) if heir else "",
                )
            )
    return tuple(found)


def open_things(
    session: Session, *, plan: ReorganisationPlan, ports: Ports
) -> tuple[tuple[str, OpenThing], ...]:
    """Return everything for which the units that hand something over answer on the last day before, with their codes."""
    codes = plan.predecessors
    ids = unit_ids_by_code(session, codes=codes)
    code_of = {unit_id: code for code, unit_id in ids.items()}
    eve = plan.effective_on - timedelta(days=1)
    things = ports.open_things(session, unit_ids=ids.values(), day=eve)
    return tuple((code_of[thing.unit_id], thing) for thing in things)


def choices_of(session: Session, *, reorganisation_id: UUID) -> dict[tuple[str, UUID], str]:
    """Return the chosen unit's code for each thing."""
    rows = session.execute(
        select(OpenWorkChoice.kind, OpenWorkChoice.subject_id, OpenWorkChoice.unit_code).where(
            OpenWorkChoice.reorganisation_id == reorganisation_id
        )
    )
    return {(row.kind, row.subject_id): row.unit_code for row in rows}


def editors_of(session: Session, *, reorganisation_id: UUID) -> frozenset[PersonId]:
    """Return who had a hand in a reorganisation: none of them confirms it."""
    rows = session.scalars(
        select(ReorganisationEditor.person_id).where(
            ReorganisationEditor.reorganisation_id == reorganisation_id
        )
    )
    return frozenset(PersonId(row) for row in rows)


def _line(row: Reorganisation, *, names: Mapping[PersonId, str]) -> ReorganisationLine:
    return ReorganisationLine(
        id=row.id,
        title=row.title,
        effective_on=row.effective_on,
        state=BatchState(row.state),
        prepared_by=names.get(PersonId(row.prepared_by), ""),
        prepared_at=row.prepared_at,
        confirmed_by=names.get(PersonId(row.confirmed_by), "") if row.confirmed_by else "",
        confirmed_at=row.confirmed_at,
    )


def _people(rows: Sequence[Reorganisation]) -> frozenset[PersonId]:
    found = {row.prepared_by for row in rows} | {row.confirmed_by for row in rows if row.confirmed_by}
    return frozenset(PersonId(one) for one in found)
