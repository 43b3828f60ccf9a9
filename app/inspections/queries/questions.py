"""Questions as pages show them: the thread of an item, this year's and last year's, and what waits for an answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.checklists.queries import load_edition
from app.checklists.rules import Item, Level
from app.inspections.models import Answer, Campaign, Inspection, Question, QuestionMessage, Revision
from app.inspections.queries.holding import HOLDER, holder
from app.inspections.queries.review_queue import queue_scope
from app.inspections.queries.sheet import Sheet, answering_subject, find_sheet
from app.inspections.rules import SEALED
from app.inspections.rules.questions import QuestionState, Side
from app.inspections.texts import sheet_name
from app.kernel.errors import NotFound
from app.kernel.ids import CampaignId, EditionId, InspectionId, ItemId, PersonId, UnitId
from app.organisation.queries import tree_on
from app.people.queries import people_by_id

MOST_SHOWN: Final = 200
"""Questions on one page: the oldest first, so that nobody is forgotten behind the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a thread."""

    side: Side
    text: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A question with its messages, the oldest first. `opened_by` asked it, if only by answering わからない."""

    inspection_id: InspectionId
    item_id: ItemId
    state: QuestionState
    opened_by: str
    opened_at: datetime
    messages: tuple[Message, ...]


_SHEETS_ASKED: Final = or_(
    Question.inspection_id == bindparam("inspection"),
    Question.inspection_id
    == select(Revision.inspection_id).where(Revision.id == bindparam("previous")).scalar_subquery(),
)
_THREADS: Final = (
    select(
        Question.id,
        Question.inspection_id,
        Question.item_id,
        Question.state,
        Question.opened_by,
        Question.opened_at,
        QuestionMessage.side,
        QuestionMessage.text,
        QuestionMessage.written_by,
        QuestionMessage.written_at,
    )
    .outerjoin(QuestionMessage, QuestionMessage.question_id == Question.id)
    .where(_SHEETS_ASKED)
    .order_by(Question.opened_at, Question.id, QuestionMessage.sequence)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadsOfSheet:
    """The threads of a sheet by item, and those of the year before by the item of that year."""

    now: Mapping[ItemId, Thread]
    before: Mapping[ItemId, Thread]


def threads_of(session: Session, *, sheet: Sheet) -> ThreadsOfSheet:
    """Return the threads of a sheet and of the one before, in one statement, and one more for the names where there are any."""
    values = {"inspection": sheet.id, "previous": sheet.previous_revision_id}
    threads = _threads(session, session.execute(_THREADS, values).all())
    return ThreadsOfSheet(
        now={one.item_id: one for one in threads if one.inspection_id == sheet.id},
        before={one.item_id: one for one in threads if one.inspection_id != sheet.id},
    )


def _threads(session: Session, rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[Thread, ...]:
    if not rows:
        return ()
    ids = {row.opened_by for row in rows} | {row.written_by for row in rows if row.written_by}
    names = people_by_id(session, person_ids={PersonId(one) for one in ids})
    by_question: dict[Any, list[Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        by_question.setdefault(row.id, []).append(row)
    return tuple(
        Thread(
            inspection_id=InspectionId(lines[0].inspection_id),
            item_id=ItemId(lines[0].item_id),
            state=QuestionState(lines[0].state),
            opened_by=names[PersonId(lines[0].opened_by)].name,
            opened_at=lines[0].opened_at,
            messages=tuple(
                Message(
                    side=Side(line.side),
                    text=line.text,
                    person=names[PersonId(line.written_by)].name,
                    at=line.written_at,
                )
                for line in lines
                if line.side
            ),
        )
        for lines in by_question.values()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPage:
    """One item with its thread, and what the reader may do about it."""

    sheet: Sheet
    unit_name: str
    item: Item
    slug: str
    level: Level | None
    comment: str
    thread: Thread | None
    may_ask: bool
    may_answer: bool

    @property
    def side(self) -> Side | None:
        """Return for whom the reader writes; None for who only reads."""
        if self.may_ask:
            return Side.UNIT
        return Side.LEAD if self.may_answer else None


def question_page(
    session: Session, *, actor: Actor, inspection_id: InspectionId, item_id: ItemId, today: date
) -> QuestionPage:
    """Return the thread of an item.

    Raises:
        NotFound: there is no such sheet or item for the actor.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    item = sheet.edition.items.get(item_id)
    if item is None:
        raise NotFound
    answer = session.execute(
        select(Answer.level, Answer.comment).where(
            Answer.revision_id == sheet.revision_id, Answer.item_id == item_id
        )
    ).one_or_none()
    tree = tree_on(session, day=today)
    unit = tree.by_id.get(sheet.unit_id)
    open_still = sheet.state not in SEALED
    subject = answering_subject(session, sheet=sheet)
    return QuestionPage(
        sheet=sheet,
        unit_name=sheet_name(unit.name if unit else "（廃止された所属）", system_name=sheet.system_name),
        item=item,
        slug=next(section.slug for section in sheet.edition.sections if item in section.items),
        level=sheet.edition.level(answer.level) if answer else None,
        comment=answer.comment if answer else "",
        thread=threads_of(session, sheet=sheet).now.get(item_id),
        may_ask=open_still and may(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=subject),
        may_answer=may(Permission.UNIT_QUESTION_ANSWER, actor=actor, subject=Subject(unit_id=sheet.unit_id)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingQuestion:
    """One question on the lead division's list."""

    thread: Thread
    unit_name: str
    comment: str
    may_answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedItem:
    """An item with everything that units ask about it: one reply may serve many."""

    item: Item
    campaign_id: CampaignId
    campaign_title: str
    questions: tuple[WaitingQuestion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionListPage:
    """The questions that wait for an answer, by item; those asked most first."""

    items: tuple[AskedItem, ...]
    total: int
    state: QuestionState


_ASKED: Final = (
    select(
        Question.id,
        HOLDER.label("unit_id"),
        Inspection.system_name,
        Campaign.id.label("campaign_id"),
        Campaign.title,
        Campaign.edition_id,
        Answer.comment,
    )
    .join(Inspection, Inspection.id == Question.inspection_id)
    .join(Campaign, Campaign.id == Inspection.campaign_id)
    .join(Revision, Revision.inspection_id == Inspection.id)
    .outerjoin(Answer, (Answer.revision_id == Revision.id) & (Answer.item_id == Question.item_id))
    .where(Revision.current.is_(True))
)


def question_list(session: Session, *, actor: Actor, state: QuestionState, today: date) -> QuestionListPage:
    """Return the questions of unsealed sheets that the actor follows, in a state, the oldest `MOST_SHOWN`.

    The number of statements does not grow with them. A substitute reviewer sees those of the sheets that are judged in place of the
    lead division only.

    Raises:
        NotAllowed: the actor does not see the review of the city.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    scope = queue_scope(actor)
    # What nobody can answer for any more waits no longer: a sealed sheet keeps its questions on its own pages.
    unsealed = Revision.state.not_in([one.value for one in SEALED])
    wanted = (
        select(Question.id)
        .join(Inspection, Inspection.id == Question.inspection_id)
        .join(Revision, Revision.inspection_id == Question.inspection_id)
        .where(
            scope.where(holder(day=today)),
            Question.state == state.value,
            Revision.current.is_(True),
            unsealed,
        )
        .order_by(Question.opened_at)
        .limit(MOST_SHOWN)
    )
    messages = select(
        Question.id,
        Question.inspection_id,
        Question.item_id,
        Question.state,
        Question.opened_by,
        Question.opened_at,
        QuestionMessage.side,
        QuestionMessage.text,
        QuestionMessage.written_by,
        QuestionMessage.written_at,
    ).outerjoin(QuestionMessage, QuestionMessage.question_id == Question.id)
    rows = session.execute(
        messages.where(Question.id.in_(wanted)).order_by(
            Question.opened_at, Question.id, QuestionMessage.sequence
        )
    ).all()
    threads = {(one.inspection_id, one.item_id): one for one in _threads(session, rows)}
    ids = {row.id: (InspectionId(row.inspection_id), ItemId(row.item_id)) for row in rows}
    asked = session.execute(_ASKED.where(Question.id.in_(ids)), {"day": today}).all()
    names = {unit.id: unit.name for unit in tree_on(session, day=today).units}
    items = _by_item(session, asked, threads=threads, ids=ids, names=names, actor=actor)
    return QuestionListPage(items=items, total=len(threads), state=state)


def _by_item(
    session: Session,
    asked: Iterable[Row[*tuple[Any, ...]]],
    *,
    threads: Mapping[tuple[InspectionId, ItemId], Thread],
    ids: Mapping[Any, tuple[InspectionId, ItemId]],
    names: Mapping[UnitId, str],
    actor: Actor,
) -> tuple[AskedItem, ...]:
    found: dict[tuple[Any, ItemId], list[WaitingQuestion]] = {}
    about: dict[tuple[Any, ItemId], tuple[Item, str]] = {}
    for row in asked:
        thread = threads[ids[row.id]]
        unit_id = UnitId(row.unit_id)
        key = (row.campaign_id, thread.item_id)
        edition = load_edition(session, edition_id=EditionId(row.edition_id))
        about[key] = (edition.items[thread.item_id], row.title)
        found.setdefault(key, []).append(
            WaitingQuestion(
                thread=thread,
                unit_name=sheet_name(names.get(unit_id, "（廃止された所属）"), system_name=row.system_name),
                comment=row.comment or "",
                may_answer=may(
                    Permission.UNIT_QUESTION_ANSWER, actor=actor, subject=Subject(unit_id=unit_id)
                ),
            )
        )
    made = [
        AskedItem(
            item=about[key][0],
            campaign_id=CampaignId(key[0]),
            campaign_title=about[key][1],
            questions=tuple(questions),
        )
        for key, questions in found.items()
    ]
    made.sort(key=lambda one: (-len(one.questions), one.item.position))
    return tuple(made)


def questions_to_answer(session: Session, *, actor: Actor) -> int:
    """Return how many questions wait for an answer that this person may give, by the permission table itself."""
    if not may(Permission.CITY_REVIEW_READ, actor=actor):
        return 0
    rows = session.execute(
        select(holder(day=actor.day).label("holder_id"), func.count())
        .select_from(Question)
        .join(Inspection, Inspection.id == Question.inspection_id)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .where(
            Question.state == QuestionState.WAITING.value,
            Revision.current.is_(True),
            Revision.state.not_in([one.value for one in SEALED]),
        )
        .group_by("holder_id")
    )
    return sum(
        count
        for unit_id, count in rows
        if may(Permission.UNIT_QUESTION_ANSWER, actor=actor, subject=Subject(unit_id=UnitId(unit_id)))
    )
