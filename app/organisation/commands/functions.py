"""Giving units their functions (情報主管課, 代替審査, 監査)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import InvalidInput
from app.kernel.ids import UnitId
from app.organisation.commands.installation import By, authorised
from app.organisation.models import Unit, UnitFunctionAssignment
from app.organisation.queries import unit_histories, unit_ids_by_code
from app.organisation.rules import Outcome, UnitFunction


def assign_unit_function(
    session: Session,
    *,
    unit_code: str,
    function: UnitFunction,
    valid_from: date,
    valid_to: date | None,
    by: By,
    now: datetime,
) -> Outcome:
    """Give a unit a function for a time, or give the assignment that begins on that day another end.

    Raises:
        InvalidInput: no such unit on the first day, reversed dates, or an overlap with another time.
    """
    mark = authorised(by)
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidInput.of("終了日は、開始日より後の日にしてください。", field="to")
    unit_id = _unit_on(session, code=unit_code, day=valid_from)
    # Locked: who gives the same unit a function at the same time waits here, and then sees this one.
    session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update(key_share=True)).all()
    held = session.scalars(
        select(UnitFunctionAssignment).where(
            UnitFunctionAssignment.unit_id == unit_id, UnitFunctionAssignment.function == function.value
        )
    ).all()
    same = next((one for one in held if one.valid_from == valid_from), None)
    if same is not None and same.valid_to == valid_to:
        return Outcome.UNCHANGED
    _refuse_overlap(held, apart_from=same, valid_from=valid_from, valid_to=valid_to)
    if same is None:
        same = UnitFunctionAssignment(unit_id=unit_id, function=function.value, valid_from=valid_from)
        session.add(same)
        outcome = Outcome.NEW
    else:
        outcome = Outcome.ENDED if valid_to else Outcome.CHANGED
    same.valid_to = valid_to
    session.flush()
    record(
        session,
        subject=Subject(type=SubjectType.UNIT, id=str(unit_id)),
        event="unit.function-assigned",
        actor=mark,
        now=now,
        facts={
            "function": function.value,
            "from": valid_from.isoformat(),
            "to": valid_to.isoformat() if valid_to else None,
        },
    )
    return outcome


def _unit_on(session: Session, *, code: str, day: date) -> UnitId:
    history = unit_histories(session).get(code, ())
    if not any(span.covers(day) for span in history):
        raise InvalidInput.of(
            f"所属コード「{code}」の所属は、{day.isoformat()}にはありません。コードと日付を確かめてください。",
            field="unit",
        )
    return unit_ids_by_code(session, codes=[code])[code]


def _refuse_overlap(
    held: Sequence[UnitFunctionAssignment],
    *,
    apart_from: UnitFunctionAssignment | None,
    valid_from: date,
    valid_to: date | None,
) -> None:
    for other in held:
        ends_before = other.valid_to is not None and other.valid_to <= valid_from
        begins_after = valid_to is not None and other.valid_from >= valid_to
        if other is not apart_from and not ends_before and not begins_after:
            raise InvalidInput.of(
                "この所属は、重なる期間にもうこの役割を持っています。日付を確かめてください。", field="from"
            )
