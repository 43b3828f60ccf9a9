"""The clerk's pages: the sheet at a glance, one section to answer, the check before handing over."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Uuid, and_, bindparam, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may
from app.checklists.rules import CommentRule, Edition, Flag, Item, Level, Section
from app.inspections.models import Answer, AnswerHistory, Reopening, Revision, SheetStepRow
from app.inspections.queries.evidence_links import Link
from app.inspections.queries.marks import Marks, marks_of
from app.inspections.queries.previous import PreviousAnswer, lineage_marks, previous_answers
from app.inspections.queries.questions import Thread
from app.inspections.queries.sheet import (
    ReturnFact,
    Saves,
    Sheet,
    SheetContent,
    answering_subject,
    content_of_sheet,
    facts_of,
    find_sheet,
    is_answered,
    open_returns,
    profile_version,
    subject_of,
)
from app.inspections.queries.taking_over import Proposal, SectionOffer, copyable, offer_of
from app.inspections.rules import (
    ANSWERABLE,
    STEPS,
    Action,
    AnswerFact,
    ReopeningOutcome,
    State,
    comment_is_missing,
)
from app.inspections.rules.extension import EXTENDABLE
from app.inspections.rules.flags import lacks_evidence
from app.inspections.rules.questions import QuestionState
from app.inspections.rules.taking_over import LastYear
from app.inspections.texts import sheet_name
from app.kernel.errors import NotFound
from app.kernel.ids import InspectionId, ItemId, PersonId
from app.kernel.workflow import steps_from
from app.people.queries import InCharge, heads_on, in_charge_of, people_by_id, people_in_charge
from app.people.rules import PersonView

NO_MARKS: Final = Marks(proposals={}, assigned={}, asked={}, asked_before={})


class CardState(StrEnum):
    """How a question stands on the page."""

    OPEN = "open"
    NOW = "now"
    DONE = "done"
    RETURNED = "returned"
    READ_ONLY = "readonly"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCard:
    """One question with everything that stands beside it."""

    item: Item
    state: CardState
    level: Level | None
    comment: str
    version: int
    previous: PreviousAnswer | None
    opened: ReturnFact | None
    comment_missing: bool
    action_due: date | None
    taken_over: bool
    proposal: Proposal | None
    assigned: PersonView | None
    thread: Thread | None
    thread_before: Thread | None
    copy: LastYear | None
    evidence: tuple[Link, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the small marks of the question."""
        marks = ["important"] if self.item.mandatory else []
        if self.opened is not None:
            marks.append("returned")
        if self.taken_over:
            marks.append("copied")
        if self.thread is not None and self.thread.state is not QuestionState.CLOSED:
            marks.append("question" if self.thread.state is QuestionState.WAITING else "replied")
        return tuple(marks + lineage_marks(self.previous))

    @property
    def same_as_before(self) -> bool:
        """Whether last year's answer was the same level."""
        before = self.previous.level if self.previous else None
        return before is not None and self.level is not None and before.code == self.level.code


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionProgress:
    """One section in the list at the left: its own counts of items that apply, and of those that came back."""

    section: Section
    applicable: int
    answered: int
    returned: int
    words_missing: int

    @property
    def done(self) -> bool:
        """Whether every item of the section that applies is answered, with words where they are asked for, and none came back."""
        return self.answered == self.applicable and not self.returned and not self.words_missing


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMark:
    """One of the four steps of a sheet, for the row of rings."""

    label: str
    note: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetHead:
    """What every page of a sheet shows on top.

    Attributes:
        due_before: the campaign's own date, where the sheet was given more time than the others.
        extended: whether `due` is an extended one.
    """

    sheet: Sheet
    unit_name: str
    due: date | None
    due_before: date | None
    extended: bool
    applicable: int
    answered: int
    sections: tuple[SectionProgress, ...]
    steps: tuple[StepMark, ...]
    last_saved: datetime | None
    first_open: str | None
    opens_on: date | None
    may_answer: bool
    locked: bool
    evidence: int = 0

    @property
    def left(self) -> int:
        """How many items are not answered."""
        return self.applicable - self.answered

    @property
    def minutes_left(self) -> int:
        """A rough guide: twelve seconds for each open item, at least a minute."""
        return max(1, round(self.left * 12 / 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPage:
    """One section of a sheet."""

    head: SheetHead
    section: Section
    cards: tuple[QuestionCard, ...]
    hidden: tuple[Item, ...]
    flags: Mapping[str, Flag]
    previous_slug: str | None
    next_slug: str | None
    editable: bool
    offer: SectionOffer
    saves: Saves

    @property
    def proposed(self) -> tuple[QuestionCard, ...]:
        """Return the cards on which last year's answer waits for a confirmation."""
        return tuple(card for card in self.cards if card.proposal)

    @property
    def next_open(self) -> str | None:
        """The slug of the next section in which something is left to do; after the last one comes the first."""
        slugs = [one.section.slug for one in self.head.sections]
        here = slugs.index(self.section.slug) + 1
        order = (*self.head.sections[here:], *self.head.sections[: here - 1])
        return next((one.section.slug for one in order if one.applicable and not one.done), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePage:
    """The unit's profile: the questions that decide which items apply."""

    head: SheetHead
    flags: tuple[tuple[Flag, bool, int], ...]
    confirmed: bool
    version: int
    editable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPage:
    """The check before handing over."""

    head: SheetHead
    counts: tuple[tuple[Level | None, int], ...]
    unanswered: tuple[QuestionCard, ...]
    comments_missing: tuple[QuestionCard, ...]
    returns_open: tuple[QuestionCard, ...]
    weak: tuple[QuestionCard, ...]
    taken_over: tuple[QuestionCard, ...]
    evidence_missing: tuple[QuestionCard, ...]
    rest: int
    profile_open: bool
    actions: frozenset[Action]
    last_reason: "Reason | None"
    reopened: "Reason | None"
    may_reopen: bool
    may_ask_for_time: bool
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a sheet came back to the clerk, by whom and when."""

    text: str
    person: str
    at: datetime


def sheet_head(
    session: Session, *, actor: Actor, sheet: Sheet, content: SheetContent, today: date
) -> SheetHead:
    """Return the top of a sheet's pages: two statements at most beyond its content."""
    people = people_in_charge(session, _IN_CHARGE, day=today, unit=sheet.unit_id).get(
        sheet.unit_id, InCharge()
    )
    done = content.completeness(sheet)
    opened = open_returns(sheet, content.returns)
    sections = tuple(
        _section_progress(section, content, opened=opened, edition=sheet.edition)
        for section in sheet.edition.sections
    )
    first = next((card for card in content.items if not _level_of(content, card.id)), None)
    opens_on = sheet.campaign.dates.opens_after(today) if sheet.state is State.ANSWERING else None
    return SheetHead(
        sheet=sheet,
        unit_name=sheet_name(people.unit_name or "（廃止された所属）", system_name=sheet.system_name),
        due=due_of(sheet, content),
        due_before=_due_before(sheet),
        extended=sheet.extended_to is not None and sheet.state in EXTENDABLE,
        applicable=done.applicable,
        answered=done.answered,
        sections=sections,
        steps=_steps(sheet, people),
        last_saved=content.last_saved,
        first_open=_address(sheet.edition, first) if first else None,
        opens_on=opens_on,
        locked=sheet.locked(today),
        evidence=content.evidence_count,
        may_answer=opens_on is None
        and not sheet.locked(today)
        and may(
            Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet)
        ),
    )


def _due_before(sheet: Sheet) -> date | None:
    """Return the campaign's own date where the sheet runs against a later one. Returned items never had the campaign's."""
    before = sheet.campaign.dates.due(sheet.state)
    return before if before != sheet.dates.due(sheet.state) else None


def due_of(sheet: Sheet, content: SheetContent) -> date | None:
    """Return the deadline that a sheet runs against now: that of its open returns where there are any."""
    opened = open_returns(sheet, content.returns)
    return min((entry.due_on for entry in opened.values()), default=sheet.dates.due(sheet.state))


def _level_of(content: SheetContent, item_id: ItemId) -> str | None:
    answer = content.answers.get(item_id)
    return answer.level if answer else None


def _section_progress(
    section: Section, content: SheetContent, *, opened: Mapping[ItemId, ReturnFact], edition: Edition
) -> SectionProgress:
    items = [item for item in section.items if item.id in content.applicable_ids]
    return SectionProgress(
        section=section,
        applicable=len(items),
        answered=sum(1 for item in items if _level_of(content, item.id)),
        returned=sum(1 for item in items if item.id in opened),
        words_missing=sum(
            1 for item in items if comment_is_missing(content.answers.get(item.id), edition=edition)
        ),
    )


def _address(edition: Edition, item: Item) -> str:
    section = next(section for section in edition.sections if item in section.items)
    return f"{section.slug}#q{item.number}"


_IN_CHARGE: Final = in_charge_of([bindparam("unit", type_=Uuid())])


def _steps(sheet: Sheet, people: InCharge) -> tuple[StepMark, ...]:
    notes = (_family_names(people.clerks), _family_names(people.heads), "", "")
    place = _place(sheet.state)
    return tuple(
        StepMark(
            label=label, note=note, state="done" if number < place else "now" if number == place else "later"
        )
        for number, (label, note) in enumerate(zip(("回答", "所属長", "審査", "確定"), notes, strict=True))
    )


def _family_names(names: tuple[str, ...]) -> str:
    return "・".join(sorted(name.split(" ")[0].split("　")[0] for name in names)[:2])


def _place(state: State) -> int:
    if state in {State.ANSWERING, State.RETURNED}:
        return 0
    if state in {State.AWAITING_HEAD, State.AWAITING_REAPPROVAL}:
        return 1
    if state in {State.SUBMITTED, State.UNDER_REVIEW}:
        return 2
    return 3 if state is State.REVIEWED else 4


def answer_page(
    session: Session, *, actor: Actor, inspection_id: InspectionId, slug: str, today: date
) -> AnswerPage:
    """Return one section of a sheet.

    Raises:
        NotFound: there is no such sheet or section for the actor.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    section = sheet.edition.section(slug)
    if section is None:
        raise NotFound
    content = content_of_sheet(session, sheet=sheet)
    head = sheet_head(session, actor=actor, sheet=sheet, content=content, today=today)
    editable = head.may_answer and sheet.state in ANSWERABLE
    before = previous_answers(session, sheet=sheet, items=section.items)
    opened = open_returns(sheet, content.returns)
    items = [item for item in section.items if item.id in content.applicable_ids]
    marks = marks_of(session, sheet=sheet)
    cards = _cards(sheet, content, before, opened, items, marks=marks, editable=editable)
    slugs = [one.section.slug for one in head.sections if one.applicable]
    place = slugs.index(slug) if slug in slugs else 0
    return AnswerPage(
        head=head,
        section=section,
        cards=cards,
        hidden=tuple(item for item in section.items if item.id not in content.applicable_ids),
        flags={flag.code: flag for flag in sheet.edition.flags},
        previous_slug=slugs[place - 1] if place > 0 else None,
        next_slug=slugs[place + 1] if place + 1 < len(slugs) else None,
        editable=editable,
        offer=offer_of(
            sheet,
            items=[item for item in items if item.id not in marks.proposals],
            before=before,
            answers=content.answers,
        ),
        saves=content.saves,
    )


def _cards(
    sheet: Sheet,
    content: SheetContent,
    before: Mapping[ItemId, PreviousAnswer],
    opened: Mapping[ItemId, ReturnFact],
    items: list[Item],
    *,
    editable: bool,
    marks: Marks = NO_MARKS,
) -> tuple[QuestionCard, ...]:
    first_open = next((item.id for item in items if not _level_of(content, item.id)), None)
    return tuple(
        _card(
            sheet,
            content,
            before.get(item.id),
            opened.get(item.id),
            item,
            marks=marks,
            editable=editable,
            now=item.id == first_open,
        )
        for item in items
    )


def _card(
    sheet: Sheet,
    content: SheetContent,
    before: PreviousAnswer | None,
    opened: ReturnFact | None,
    item: Item,
    *,
    marks: Marks,
    editable: bool,
    now: bool,
) -> QuestionCard:
    answer = content.answers.get(item.id)
    return QuestionCard(
        item=item,
        state=_card_state(sheet, answer, opened, edition=sheet.edition, editable=editable, now=now),
        level=sheet.edition.level(answer.level) if answer else None,
        comment=answer.comment if answer else "",
        version=answer.version if answer else 0,
        previous=before,
        opened=opened,
        comment_missing=comment_is_missing(answer, edition=sheet.edition),
        action_due=answer.action_due if answer else None,
        taken_over=answer is not None and answer.taken_over,
        proposal=marks.proposals.get(item.id),
        assigned=marks.assigned.get(item.id),
        thread=marks.asked.get(item.id),
        copy=copyable(item, sheet=sheet, before=before) if editable else None,
        thread_before=_asked_before(before, marks=marks),
        evidence=content.evidence.of(item.id),
    )


def _asked_before(before: PreviousAnswer | None, *, marks: Marks) -> Thread | None:
    """Return what was asked last year about an item from which this one goes on."""
    items = before.items if before else ()
    return next((marks.asked_before[one] for one in items if one in marks.asked_before), None)


def _card_state(
    sheet: Sheet,
    answer: AnswerFact | None,
    opened: ReturnFact | None,
    *,
    edition: Edition,
    editable: bool,
    now: bool,
) -> CardState:
    if not editable or (sheet.state is State.RETURNED and opened is None):
        return CardState.READ_ONLY
    if opened is not None:
        return CardState.RETURNED
    if answer is not None and answer.level is not None and not comment_is_missing(answer, edition=edition):
        return CardState.DONE
    return CardState.NOW if now else CardState.OPEN


def profile_page(session: Session, *, actor: Actor, inspection_id: InspectionId, today: date) -> ProfilePage:
    """Return the profile of a sheet: each flag, whether it is on, and how many items hang on it."""
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    content = content_of_sheet(session, sheet=sheet)
    head = sheet_head(session, actor=actor, sheet=sheet, content=content, today=today)
    items = sheet.edition.items.values()
    return ProfilePage(
        head=head,
        flags=tuple(
            (
                flag,
                content.profile.flags.get(flag.code, False),
                sum(1 for item in items if flag.code in item.applies_if),
            )
            for flag in sheet.edition.flags
        ),
        confirmed=not content.profile.unconfirmed,
        version=profile_version(session, revision_id=sheet.revision_id),
        editable=head.may_answer and sheet.state is State.ANSWERING,
    )


def check_page(session: Session, *, actor: Actor, inspection_id: InspectionId, today: date) -> CheckPage:
    """Return the check before handing over: what is missing, what is weak, how many of each."""
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    content = content_of_sheet(session, sheet=sheet)
    head = sheet_head(session, actor=actor, sheet=sheet, content=content, today=today)
    before = previous_answers(session, sheet=sheet)
    opened = open_returns(sheet, content.returns)
    cards = _cards(sheet, content, before, opened, list(content.items), editable=False)
    unanswered = tuple(card for card in cards if card.level is None)
    weak = tuple(
        card for card in cards if card.level is not None and card.level.comment is CommentRule.REQUIRED
    )
    unknown = tuple(card for card in cards if card.level is not None and card.level.code == "unknown")
    facts = facts_of(sheet, content, today=today)
    subject = subject_of(session, sheet=sheet, today=today)
    return CheckPage(
        head=head,
        counts=_counts(sheet.edition, cards),
        unanswered=unanswered,
        comments_missing=tuple(card for card in cards if card.comment_missing),
        returns_open=tuple(
            card
            for card in cards
            if card.opened and not is_answered(card.opened, content.answers.get(card.item.id))
        ),
        weak=weak + unknown,
        taken_over=tuple(card for card in cards if card.taken_over),
        evidence_missing=tuple(
            card
            for card in cards
            if lacks_evidence(card.item, level=card.level, pieces=len(card.evidence), edition=sheet.edition)
        ),
        rest=len(cards) - len(weak) - len(unknown) - len(unanswered),
        profile_open=facts.flags_open > 0,
        actions=frozenset(
            step.action
            for step in steps_from(STEPS, state=sheet.state)
            if may(step.permission, actor=actor, subject=subject)
        ),
        last_reason=last_reason(session, sheet=sheet),
        reopened=_reopened(session, sheet=sheet),
        may_reopen=sheet.sealed and any(may(one, actor=actor, subject=subject) for one in _REOPENING),
        may_ask_for_time=sheet.state in EXTENDABLE
        and may(Permission.UNIT_EXTENSION_REQUEST, actor=actor, subject=subject),
        heads=head_names(session, sheet=sheet, today=today),
    )


def _counts(edition: Edition, cards: tuple[QuestionCard, ...]) -> tuple[tuple[Level | None, int], ...]:
    by_level = [(level, sum(1 for card in cards if card.level == level)) for level in edition.levels]
    return (*by_level, (None, sum(1 for card in cards if card.level is None)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Saver:
    """Who saved what stands now, when, and under which id of theirs."""

    person_id: PersonId
    name: str
    at: datetime
    client_id: str


def savers_of(session: Session, *, sheet: Sheet, item_ids: Collection[ItemId]) -> Mapping[ItemId, Saver]:
    """Return who saved the answers that stand: whoever meets them with another text is told."""
    rows = session.execute(
        select(Answer.item_id, Answer.answered_by, Answer.answered_at, AnswerHistory.client_id)
        .join(
            AnswerHistory,
            and_(
                AnswerHistory.revision_id == Answer.revision_id,
                AnswerHistory.item_id == Answer.item_id,
                AnswerHistory.version == Answer.version,
            ),
        )
        .where(Answer.revision_id == sheet.revision_id, Answer.item_id.in_(list(item_ids)))
    ).all()
    names = people_by_id(session, person_ids={PersonId(row.answered_by) for row in rows})
    return {
        ItemId(row.item_id): Saver(
            person_id=PersonId(row.answered_by),
            name=names[PersonId(row.answered_by)].name,
            at=row.answered_at,
            client_id=row.client_id,
        )
        for row in rows
    }


def last_reason(session: Session, *, sheet: Sheet) -> Reason | None:
    """Return why the head gave the sheet back, while it is with the clerk again."""
    if sheet.state not in ANSWERABLE:
        return None
    row = session.scalars(
        select(SheetStepRow)
        .where(SheetStepRow.revision_id == sheet.revision_id)
        .order_by(SheetStepRow.sequence.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.action != Action.RETURN_TO_CLERK.value:
        return None
    person_id = PersonId(row.done_by)
    person = people_by_id(session, person_ids=[person_id])[person_id]
    return Reason(text=row.reason, person=person.name, at=row.done_at)


_REOPENING: Final = (
    Permission.UNIT_INSPECTION_REOPEN_REQUEST,
    Permission.UNIT_INSPECTION_REOPEN_CONFIRM,
)


def _reopened(session: Session, *, sheet: Sheet) -> Reason | None:
    """Return why an earlier revision was opened again, while the new one is with the department."""
    if sheet.number == 1 or sheet.state not in ANSWERABLE:
        return None
    row = session.scalars(
        select(Reopening)
        .join(Revision, Revision.id == Reopening.revision_id)
        .where(
            Revision.inspection_id == sheet.id,
            Revision.number == sheet.number - 1,
            Reopening.outcome == ReopeningOutcome.GRANTED.value,
        )
    ).one()
    person_id = PersonId(row.requested_by)
    person = people_by_id(session, person_ids=[person_id])[person_id]
    return Reason(text=row.reason, person=person.name, at=row.requested_at)


def head_names(session: Session, *, sheet: Sheet, today: date) -> tuple[str, ...]:
    """Return the names of the heads to whom a sheet goes today."""
    heads = heads_on(session, unit_ids=[sheet.unit_id], day=today).get(sheet.unit_id, frozenset())
    return tuple(sorted(person.name for person in people_by_id(session, person_ids=heads).values()))
