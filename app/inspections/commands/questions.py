"""Asking the lead division about an item, and answering there. わからない asks by itself."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, require
from app.checklists.rules import UNKNOWN
from app.inspections.commands.steps import journal_subject
from app.inspections.commands.telling import tell_clerks
from app.inspections.models import Question, QuestionMessage
from app.inspections.queries.sheet import Lock, Sheet, answering_subject, find_sheet, find_sheets
from app.inspections.rules import SEALED, AnswerFact
from app.inspections.rules.audiences import QUESTION_ANSWERED
from app.inspections.rules.questions import LONGEST_MESSAGE, QuestionState, Side, after_message
from app.journal.commands import Entry, record, record_many
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotFound, NotNow
from app.kernel.ids import InspectionId, ItemId, new_id
from app.kernel.text import clean, text_problems


def ask(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_id: ItemId,
    text: str,
    now: datetime,
) -> None:
    """Write to the lead division about an item: the first word opens the question, a later one opens it again.

    Raises:
        NotAllowed: the actor does not answer for the unit.
        NotFound: there is no such item.
        NotNow: the sheet is sealed.
        InvalidInput: there is nothing to read, or it cannot be kept.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet))
    if sheet.state in SEALED:
        raise NotNow("確定した点検票には質問できません。情報主管課に直接聞いてください。")
    _require_item(sheet, item_id)
    _write(session, sheet=sheet, item_id=item_id, text=_checked(text), actor=actor, now=now)


def answer_questions(
    session: Session,
    *,
    actor: Actor,
    item_id: ItemId,
    inspection_ids: Iterable[InspectionId],
    text: str,
    now: datetime,
) -> int:
    """Answer one question, or the same question of many units with one reply; return how many.

    Raises:
        NotAllowed: the actor may not answer one of the units; nothing was written.
        NotFound: one of them has no such question.
        InvalidInput: nobody was chosen, or there is nothing to read.
    """
    words, wanted = _checked(text), frozenset(inspection_ids)
    if not wanted:
        raise InvalidInput.of("返信する質問を選んでください。", field="questions")
    sheets = find_sheets(session, actor=actor, inspection_ids=wanted, lock=Lock.HELD)
    for sheet in sheets.values():
        require(Permission.UNIT_QUESTION_ANSWER, actor=actor, subject=Subject(unit_id=sheet.unit_id))
    asked = session.scalars(
        select(Question).where(Question.inspection_id.in_(list(sheets)), Question.item_id == item_id)
    ).all()
    if len(asked) < len(wanted):
        raise NotFound
    _reply(session, asked=asked, sheets=sheets, item_id=item_id, text=words, actor=actor, now=now)
    return len(wanted)


def _reply(
    session: Session,
    *,
    asked: Sequence[Question],
    sheets: Mapping[InspectionId, Sheet],
    item_id: ItemId,
    text: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Write the lead division's words to every thread, in a number of statements that does not grow with them."""
    salts = {question.id: new_salt() for question in asked}
    rows = [
        {
            "question_id": question.id,
            "sequence": question.messages + 1,
            "side": Side.LEAD.value,
            "text": text,
            "salt": salts[question.id],
            "written_by": actor.person_id,
            "written_at": now,
        }
        for question in asked
    ]
    session.execute(insert(QuestionMessage), rows)
    of = [(question, sheets[InspectionId(question.inspection_id)]) for question in asked]
    entries = [
        Entry(
            subject=journal_subject(sheet.id),
            event="question.answered",
            facts={
                **_facts(sheet, item_id=item_id),
                "words": salted_digest(text, salt=salts[question.id]),
            },
        )
        for question, sheet in of
    ]
    record_many(session, entries=entries, actor=actor.mark, now=now)
    told = [
        (sheet, f"question/{sheet.edition.items[item_id].key}/{question.messages + 1}")
        for question, sheet in of
    ]
    tell_clerks(session, kind=QUESTION_ANSWERED, sheets=told, actor=actor, now=now)
    session.execute(
        update(Question)
        .where(Question.id.in_(list(salts)))
        .values(
            messages=Question.messages + 1,
            state=after_message(Side.LEAD).value,
            closed_by=None,
            closed_at=None,
        )
    )


def close_question(
    session: Session, *, actor: Actor, inspection_id: InspectionId, item_id: ItemId, now: datetime
) -> None:
    """End a question: the unit has understood. A closed one stays on the item.

    Raises:
        NotAllowed: the actor does not answer for the unit.
        NotFound: there is no such question.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet))
    held = _held(session, sheet=sheet, item_id=item_id)
    if held is None:
        raise NotFound
    if held.state != QuestionState.CLOSED.value:
        _close(session, sheet=sheet, item_ids=[item_id], actor=actor, now=now)


def follow_answers(
    session: Session,
    *,
    sheet: Sheet,
    before: Mapping[ItemId, AnswerFact],
    answers: Mapping[ItemId, AnswerFact],
    actor: Actor,
    now: datetime,
) -> None:
    """Open a question for each answer that became わからない, and close that of each that is so no longer.

    Costs nothing while no answer comes to or leaves わからない.
    """
    was = {item_id for item_id, answer in before.items() if answer.level == UNKNOWN}
    now_unknown = {item_id for item_id, answer in answers.items() if answer.level == UNKNOWN}
    for item_id in now_unknown - was:
        held = _held(session, sheet=sheet, item_id=item_id)
        if held is None:
            _open(session, sheet=sheet, item_id=item_id, actor=actor, now=now)
        elif held.state == QuestionState.CLOSED.value:
            _state(session, sheet=sheet, item_id=item_id, state=QuestionState.WAITING)
            _record(session, sheet=sheet, event="question.asked", item_id=item_id, actor=actor, now=now)
    if left := was - now_unknown:
        _close(session, sheet=sheet, item_ids=left, actor=actor, now=now)


def _checked(text: str) -> str:
    words = clean(text)
    if not words:
        raise InvalidInput.of("聞きたいことや返事を書いてから送ってください。", field="text")
    if problems := text_problems(words, field="text", label="文章", longest=LONGEST_MESSAGE):
        raise InvalidInput(problems)
    return words


def _require_item(sheet: Sheet, item_id: ItemId) -> None:
    if item_id not in sheet.edition.items:
        raise NotFound


def _held(session: Session, *, sheet: Sheet, item_id: ItemId) -> Question | None:
    return session.scalars(
        select(Question).where(Question.inspection_id == sheet.id, Question.item_id == item_id)
    ).one_or_none()


def _open(session: Session, *, sheet: Sheet, item_id: ItemId, actor: Actor, now: datetime) -> None:
    session.execute(
        insert(Question).values(
            id=new_id(),
            inspection_id=sheet.id,
            item_id=item_id,
            state=QuestionState.WAITING.value,
            messages=0,
            opened_by=actor.person_id,
            opened_at=now,
        )
    )
    _record(session, sheet=sheet, event="question.asked", item_id=item_id, actor=actor, now=now)


def _write(
    session: Session,
    *,
    sheet: Sheet,
    item_id: ItemId,
    text: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Write the unit's words to the thread of an item; the first of them open it."""
    held = _held(session, sheet=sheet, item_id=item_id)
    if held is None:
        _open(session, sheet=sheet, item_id=item_id, actor=actor, now=now)
        held = _held(session, sheet=sheet, item_id=item_id)
        assert held is not None  # noqa: S101 - it was just written
    sequence, salt = held.messages + 1, new_salt()
    session.execute(
        insert(QuestionMessage).values(
            question_id=held.id,
            sequence=sequence,
            side=Side.UNIT.value,
            text=text,
            salt=salt,
            written_by=actor.person_id,
            written_at=now,
        )
    )
    session.execute(
        update(Question)
        .where(Question.id == held.id)
        .values(messages=sequence, state=after_message(Side.UNIT).value, closed_by=None, closed_at=None)
    )
    session.refresh(held)
    words = salted_digest(text, salt=salt)
    _record(session, sheet=sheet, event="question.asked", item_id=item_id, actor=actor, now=now, words=words)


def _state(session: Session, *, sheet: Sheet, item_id: ItemId, state: QuestionState) -> None:
    session.execute(
        update(Question)
        .where(Question.inspection_id == sheet.id, Question.item_id == item_id)
        .values(state=state.value, closed_by=None, closed_at=None)
    )


def _close(
    session: Session, *, sheet: Sheet, item_ids: Iterable[ItemId], actor: Actor, now: datetime
) -> None:
    closed = session.scalars(
        update(Question)
        .where(
            Question.inspection_id == sheet.id,
            Question.item_id.in_(list(item_ids)),
            Question.state != QuestionState.CLOSED.value,
        )
        .values(state=QuestionState.CLOSED.value, closed_by=actor.person_id, closed_at=now)
        .returning(Question.item_id)
    ).all()
    for item_id in closed:
        _record(session, sheet=sheet, event="question.closed", item_id=ItemId(item_id), actor=actor, now=now)


def _record(
    session: Session,
    *,
    sheet: Sheet,
    event: str,
    item_id: ItemId,
    actor: Actor,
    now: datetime,
    words: str | None = None,
) -> None:
    record(
        session,
        subject=journal_subject(sheet.id),
        event=event,
        actor=actor.mark,
        now=now,
        facts={**_facts(sheet, item_id=item_id), **({"words": words} if words else {})},
    )


def _facts(sheet: Sheet, *, item_id: ItemId) -> dict[str, Any]:
    return {"revision": sheet.number, "item": sheet.edition.items[item_id].key}
