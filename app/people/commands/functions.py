"""Functions that named persons hold for a time (統括, CIO, 監査人, システム管理者)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.journal.commands import record
from app.kernel.errors import InvalidInput, NotAllowed, NotFound
from app.kernel.ids import PersonId
from app.organisation.commands import By, authorised
from app.organisation.rules import Outcome
from app.people.commands.import_ import person_subject
from app.people.models import Person, PersonFunctionAssignment
from app.people.rules import PersonFunction


def assign_person_function(
    session: Session,
    *,
    staff_no: str,
    function: PersonFunction,
    valid_from: date,
    valid_to: date | None,
    by: By,
    now: datetime,
) -> Outcome:
    """Give somebody a function for `[valid_from, valid_to)`, or another end to the one of that first day.

    Nobody gives a right to himself. Who becomes system administrator loses all business rights for that time.

    Raises:
        NotAllowed: no administrator, or the actor's own function.
        NotFound: nobody has that staff number.
        InvalidInput: reversed dates, or an overlap with another time of the same function.
    """
    mark = authorised(by)
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidInput.of("終了日は、開始日と同じ日か、それより後の日にしてください。", field="to")
    # Locked: who gives the same person a function at the same time waits here, and then sees this one.
    person_id = session.scalar(
        select(Person.id).where(Person.staff_no == staff_no).with_for_update(key_share=True)
    )
    if person_id is None:
        raise NotFound(f"職員番号{staff_no}の職員は登録されていません。番号を確かめてください。")
    if mark.person_id == str(person_id):
        raise NotAllowed("自分の役割は、自分では決められません。もう一人のシステム管理者に頼んでください。")
    assigned, outcome = _assigned(
        session, person_id=PersonId(person_id), function=function, valid_from=valid_from, valid_to=valid_to
    )
    if outcome is Outcome.UNCHANGED:
        return outcome
    assigned.valid_to = valid_to
    session.flush()
    record(
        session,
        subject=person_subject(PersonId(person_id)),
        event="person.function-assigned",
        actor=mark,
        now=now,
        facts={
            "function": function.value,
            "from": valid_from.isoformat(),
            "to": valid_to.isoformat() if valid_to else None,
        },
    )
    return outcome


def _assigned(
    session: Session,
    *,
    person_id: PersonId,
    function: PersonFunction,
    valid_from: date,
    valid_to: date | None,
) -> tuple[PersonFunctionAssignment, Outcome]:
    held = session.scalars(
        select(PersonFunctionAssignment).where(
            PersonFunctionAssignment.person_id == person_id,
            PersonFunctionAssignment.function == function.value,
        )
    ).all()
    same = next((one for one in held if one.valid_from == valid_from), None)
    if same is not None and same.valid_to == valid_to:
        return same, Outcome.UNCHANGED
    _refuse_overlap([one for one in held if one is not same], valid_from=valid_from, valid_to=valid_to)
    if same is not None:
        return same, Outcome.ENDED if valid_to else Outcome.CHANGED
    new = PersonFunctionAssignment(person_id=person_id, function=function.value, valid_from=valid_from)
    session.add(new)
    return new, Outcome.NEW


def _refuse_overlap(
    others: Sequence[PersonFunctionAssignment], *, valid_from: date, valid_to: date | None
) -> None:
    for other in others:
        ends_before = other.valid_to is not None and other.valid_to <= valid_from
        begins_after = valid_to is not None and other.valid_from >= valid_to
        if not ends_before and not begins_after:
            raise InvalidInput.of(
                "重なる期間に、もうこの役割を持っています。日付を確かめてください。", field="from"
            )
