"""Naming 点検担当者 and 代決者, with dates: the head of a unit, or of one above it, does this."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject as PolicySubject
from app.access.policy import require
from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import InvalidInput, NotFound, NotNow
from app.kernel.ids import PersonId, UnitId, new_id
from app.people.models import DutyAssignment, Person
from app.people.queries import actor_on, heads_on
from app.people.rules import Duty


def name_for_duty(
    session: Session,
    *,
    actor: Actor,
    unit_id: UnitId,
    staff_no: str,
    duty: Duty,
    valid_from: date,
    valid_to: date | None,
    now: datetime,
) -> UUID:
    """Name somebody for a duty in a unit, for the time `[valid_from, valid_to)`; return the id of the naming.

    Clerks and deputies may belong to any unit. What can only be a slip is refused: the head as the own
    deputy, a system administrator, who has no business rights, and somebody without any post.

    Raises:
        NotFound, NotAllowed: the actor leads neither the unit nor one above it.
        InvalidInput: reversed dates, no such person, nobody who can hold the duty, or named already.
    """
    require(Permission.UNIT_DUTY_NAME, actor=actor, subject=PolicySubject(unit_id=unit_id))
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidInput.of(
            "最後の日は、最初の日と同じ日か、それより後の日にしてください。", field="last_day"
        )
    person_id = _holder(session, unit_id=unit_id, staff_no=staff_no, duty=duty, day=valid_from)
    _refuse_overlap(
        session, unit_id=unit_id, person_id=person_id, duty=duty, valid_from=valid_from, valid_to=valid_to
    )
    named = DutyAssignment(
        id=new_id(),
        unit_id=unit_id,
        person_id=person_id,
        duty=duty.value,
        valid_from=valid_from,
        valid_to=valid_to,
        named_by=actor.person_id,
        named_at=now,
    )
    session.add(named)
    session.flush()
    _journal(session, named=named, event="duty.named", actor=actor, now=now)
    return named.id


def end_duty(session: Session, *, actor: Actor, duty_id: UUID, valid_to: date, now: datetime) -> None:
    """Let a duty end before the day `valid_to`; one that had not begun by then is ended on its first day.

    Raises:
        NotFound, NotAllowed: no such duty, or the actor leads neither its unit nor one above it.
        NotNow: it has ended already.
    """
    named = session.scalars(
        select(DutyAssignment).where(DutyAssignment.id == duty_id).with_for_update()
    ).one_or_none()
    if named is None:
        raise NotFound
    require(Permission.UNIT_DUTY_NAME, actor=actor, subject=PolicySubject(unit_id=UnitId(named.unit_id)))
    if named.valid_to is not None and named.valid_to <= valid_to:
        raise NotNow("この指名は、もう終わっています。画面を開き直してください。")
    if named.valid_from >= valid_to:
        _journal(session, named=named, event="duty.withdrawn", actor=actor, now=now)
        session.delete(named)
        session.flush()
        return
    named.valid_to = valid_to
    session.flush()
    _journal(session, named=named, event="duty.ended", actor=actor, now=now)


def _holder(session: Session, *, unit_id: UnitId, staff_no: str, duty: Duty, day: date) -> PersonId:
    field = "staff_no"
    # Locked: who names the same person at the same time waits here, and then sees this naming.
    found = session.scalar(
        select(Person.id).where(Person.staff_no == staff_no).with_for_update(key_share=True)
    )
    if found is None:
        raise InvalidInput.of(
            f"職員番号{staff_no}の職員は登録されていません。番号を確かめてください。", field=field
        )
    person_id = PersonId(found)
    if not actor_on(session, person_id=person_id, day=day).member_of:
        raise InvalidInput.of(
            "この職員は、その日に所属がないか、システム管理者なので指名できません。", field=field
        )
    heads = heads_on(session, unit_ids=[unit_id], day=day).get(unit_id, frozenset())
    if duty is Duty.DEPUTY and person_id in heads:
        raise InvalidInput.of(
            "所属長は、自分の代決者にはなれません。ほかの職員を選んでください。", field=field
        )
    return person_id


def _refuse_overlap(
    session: Session,
    *,
    unit_id: UnitId,
    person_id: PersonId,
    duty: Duty,
    valid_from: date,
    valid_to: date | None,
) -> None:
    held = session.scalars(
        select(DutyAssignment).where(
            DutyAssignment.unit_id == unit_id,
            DutyAssignment.person_id == person_id,
            DutyAssignment.duty == duty.value,
        )
    )
    for other in held:
        ends_before = other.valid_to is not None and other.valid_to <= valid_from
        begins_after = valid_to is not None and other.valid_from >= valid_to
        if not ends_before and not begins_after:
            raise InvalidInput.of(
                "この職員は、重なる期間にもう指名されています。一覧で確かめてください。", field="staff_no"
            )


def _journal(session: Session, *, named: DutyAssignment, event: str, actor: Actor, now: datetime) -> None:
    record(
        session,
        subject=Subject(type=SubjectType.UNIT, id=str(named.unit_id)),
        event=event,
        actor=actor.mark,
        now=now,
        facts={
            "duty": named.duty,
            "person": str(named.person_id),
            "from": named.valid_from.isoformat(),
            "to": named.valid_to.isoformat() if named.valid_to else None,
        },
    )
