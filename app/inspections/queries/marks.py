"""What stands on a sheet's items beside the answers: proposals from last year, who looks after them, questions. In one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, String, Uuid, and_, bindparam, cast, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from app.inspections.models import Answer, ItemAssignment, Question, QuestionMessage, Revision, TakenOver
from app.inspections.queries.questions import Message, Thread
from app.inspections.queries.sheet import Sheet
from app.inspections.queries.taking_over import Proposal
from app.inspections.rules import State
from app.inspections.rules.questions import QuestionState, Side
from app.kernel.ids import InspectionId, ItemId, PersonId
from app.people.queries import people_by_id
from app.people.rules import PersonView


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Everything of a sheet by item. `asked_before` holds last year's questions by the item of that year."""

    proposals: Mapping[ItemId, Proposal]
    assigned: Mapping[ItemId, PersonView]
    asked: Mapping[ItemId, Thread]
    asked_before: Mapping[ItemId, Thread]


_PREVIOUS: Final = (
    select(Revision.inspection_id).where(Revision.id == bindparam("previous", type_=Uuid())).scalar_subquery()
)
_ASKED: Final = or_(
    Question.inspection_id == bindparam("inspection", type_=Uuid()), Question.inspection_id == _PREVIOUS
)


def _text(value: str | None) -> Any:  # noqa: ANN401 - a column of the statement
    return cast(null(), String) if value is None else literal(value, String)


# kind, sheet, item, code, words, person, instant, place among its kind
_MARKS: Final = union_all(
    select(
        _text("proposal").label("kind"),
        cast(null(), Uuid()).label("inspection_id"),
        TakenOver.item_id,
        TakenOver.level.label("code"),
        TakenOver.comment.label("words"),
        TakenOver.taken_by.label("person_id"),
        TakenOver.taken_at.label("at"),
        literal(0).label("place"),
    )
    .outerjoin(Answer, and_(Answer.revision_id == TakenOver.revision_id, Answer.item_id == TakenOver.item_id))
    .where(
        TakenOver.revision_id == bindparam("revision", type_=Uuid()),
        TakenOver.outcome.is_(None),
        or_(Answer.item_id.is_(None), Answer.level.is_(None)),
    ),
    select(
        _text("assignment"),
        cast(null(), Uuid()),
        ItemAssignment.item_id,
        _text(None),
        _text(None),
        ItemAssignment.person_id,
        ItemAssignment.assigned_at,
        literal(0),
    ).where(ItemAssignment.revision_id == bindparam("revision", type_=Uuid())),
    select(
        _text("question"),
        Question.inspection_id,
        Question.item_id,
        Question.state,
        _text(None),
        Question.opened_by,
        Question.opened_at,
        literal(0),
    ).where(_ASKED),
    select(
        _text("message"),
        Question.inspection_id,
        Question.item_id,
        QuestionMessage.side,
        QuestionMessage.text,
        QuestionMessage.written_by,
        QuestionMessage.written_at,
        QuestionMessage.sequence,
    )
    .join(Question, Question.id == QuestionMessage.question_id)
    .where(_ASKED),
)
"""Built once: it runs with every page of a section."""

_Rows = Sequence[Row[*tuple[Any, ...]]]


def marks_of(session: Session, *, sheet: Sheet) -> Marks:
    """Return the marks of a sheet: one statement, and one more for the names where there are any."""
    values = {
        "revision": sheet.revision_id,
        "inspection": sheet.id,
        "previous": sheet.previous_revision_id,
    }
    rows = session.execute(_MARKS, values).all()
    if not rows:
        return Marks(proposals={}, assigned={}, asked={}, asked_before={})
    people = people_by_id(session, person_ids={PersonId(row.person_id) for row in rows})
    threads = _threads(rows, people=people)
    return Marks(
        proposals=_proposals(rows, sheet=sheet),
        assigned={
            ItemId(row.item_id): people[PersonId(row.person_id)] for row in rows if row.kind == "assignment"
        },
        asked={one.item_id: one for one in threads if one.inspection_id == sheet.id},
        asked_before={one.item_id: one for one in threads if one.inspection_id != sheet.id},
    )


def _proposals(rows: _Rows, *, sheet: Sheet) -> dict[ItemId, Proposal]:
    """A proposal stands while the sheet is answered for the first time, and its level is one of this year's."""
    if sheet.state is not State.ANSWERING:
        return {}
    found = {}
    for row in rows:
        level = sheet.edition.level(row.code) if row.kind == "proposal" else None
        if level is not None:
            found[ItemId(row.item_id)] = Proposal(
                level=level,
                comment=row.words,
                reworded=False,
                taken_by=PersonId(row.person_id),
                taken_at=row.at,
            )
    return found


def _threads(rows: _Rows, *, people: Mapping[PersonId, PersonView]) -> tuple[Thread, ...]:
    messages: dict[tuple[UUID, UUID], list[Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        if row.kind == "message":
            messages.setdefault((row.inspection_id, row.item_id), []).append(row)
    return tuple(
        Thread(
            inspection_id=InspectionId(row.inspection_id),
            item_id=ItemId(row.item_id),
            state=QuestionState(row.code),
            opened_by=people[PersonId(row.person_id)].name,
            opened_at=row.at,
            messages=tuple(
                Message(
                    side=Side(one.code),
                    text=one.words,
                    person=people[PersonId(one.person_id)].name,
                    at=one.at,
                )
                for one in sorted(
                    messages.get((row.inspection_id, row.item_id), ()), key=lambda one: int(one.place)
                )
            ),
        )
        for row in rows
        if row.kind == "question"
    )
