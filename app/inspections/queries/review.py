"""The judging page of one department: every item beside last year's, with what was said in earlier rounds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.checklists.rules import Item, Level, Section, score
from app.inspections.models import Approval
from app.inspections.queries.previous import PreviousAnswer, compared, lineage_marks, previous_answers
from app.inspections.queries.review_claims import Claim, claims_of
from app.inspections.queries.review_flags import Screening, screenings_of
from app.inspections.queries.review_queue import QueueLine, beside, lane_counts
from app.inspections.queries.sheet import (
    ReturnFact,
    ReviewFact,
    Sheet,
    SheetContent,
    content_of_sheet,
    facts_of,
    find_sheet,
    is_corrected,
    is_marked,
    subject_of,
)
from app.inspections.rules import (
    DECIDED,
    REVIEWABLE,
    STEPS,
    Action,
    AnswerFact,
    Capacity,
    Change,
    Judgement,
    SheetFacts,
    State,
)
from app.inspections.rules.flags import RULES_BY_CODE, FlagCode, FlagRule, Lane, Severity, is_weak
from app.inspections.texts import sheet_name
from app.kernel.clock import business_date
from app.kernel.errors import NotNow
from app.kernel.ids import InspectionId, ItemId, PersonId, RevisionId
from app.kernel.workflow import steps_from
from app.organisation.queries import tree_on
from app.people.queries import people_by_id
from app.people.rules import PersonView

USUAL_RETURN: Final = timedelta(days=7)
OPEN_TO_REVIEWERS: Final = frozenset(
    {State.SUBMITTED, State.UNDER_REVIEW, State.RETURNED, State.AWAITING_REAPPROVAL, State.REVIEWED}
)


class Show(StrEnum):
    """Which items the page shows."""

    FLAGGED = "flagged"
    ALL = "all"
    CHANGED = "changed"
    WEAK = "weak"
    UNJUDGED = "unjudged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One return of an item: what was asked, and what the department replied or changed since."""

    number: int
    remark: str
    due_on: date
    returned_by: str
    returned_at: datetime
    reply: str
    replied_at: datetime | None
    corrected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedItem:
    """One item as the reviewer sees it.

    Attributes:
        judgement: the judgement that stands; a return that was sent and answered no longer does.
        review_version, answer_version: what a judgement of this page is based on; 0 where there is none.
        marked: whether it is marked for return and not yet sent.
    """

    item: Item
    level: Level | None
    comment: str
    answer_version: int
    previous: PreviousAnswer | None
    change: Change
    weak: bool
    flags: tuple[FlagRule, ...]
    rounds: tuple[Round, ...]
    judgement: Judgement | None
    reviewed_level: Level | None
    remark: str
    return_due: date | None
    review_version: int
    marked: bool
    judged_by: str
    judged_at: datetime | None
    evidence: int = 0
    action_due: date | None = None
    taken_over: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the small marks of the question."""
        marks = ["important"] if self.item.mandatory else []
        marks += ["copied"] if self.taken_over else []
        return tuple(marks + lineage_marks(self.previous))

    @property
    def decided(self) -> bool:
        """Whether the review of the item has ended."""
        return self.judgement in DECIDED

    @property
    def plain(self) -> bool:
        """Whether it may be accepted together with others: answered, no flag, never returned, not yet judged."""
        untouched = self.judgement is None and not self.rounds and self.answer_version > 0
        return untouched and not self.flags and self.level is not None

    @property
    def grave(self) -> bool:
        """Whether it has a red flag."""
        return any(rule.severity is Severity.RED for rule in self.flags)

    @property
    def needs_look(self) -> bool:
        """Whether a person looks at it by itself: it has a flag, came back from the department, or was not simply accepted."""
        return bool(self.flags or self.rounds) or self.judgement not in {None, Judgement.ACCEPTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSection:
    """The items of a section that are shown."""

    section: Section
    items: tuple[JudgedItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A step that somebody may take; `waits` says what is still missing, in sentences."""

    action: Action
    waits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalMark:
    """The head's approval in one line."""

    person: str
    capacity: Capacity
    at: datetime
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """One department's sheet in review.

    Attributes:
        lane, lanes: the lane of the list beside it (None: all of them), and how many sheets wait in each.
        screening: what the flag rules found; None where no rules looked at the sheet.
        claim, held: who has it in hand, and whether that is somebody else.
    """

    sheet: Sheet
    unit_name: str
    department: str
    approval: ApprovalMark | None
    share: Fraction | None
    grade: str | None
    items: tuple[JudgedItem, ...]
    offers: Mapping[Action, Offer]
    queue: tuple[QueueLine, ...]
    lane: Lane | None
    lanes: Mapping[Lane, int]
    screening: Screening | None
    claim: Claim | None
    held: bool
    default_due: date
    editable: bool

    @property
    def decided(self) -> int:
        """Count the items whose review has ended."""
        return sum(1 for item in self.items if item.decided)

    @property
    def taken_over(self) -> int:
        """Count the answers that are last year's, confirmed anew."""
        return sum(1 for item in self.items if item.taken_over)

    @property
    def marked(self) -> int:
        """Count the items that are marked for return."""
        return sum(1 for item in self.items if item.marked)

    @property
    def plain(self) -> tuple[JudgedItem, ...]:
        """Return the items that may be accepted together."""
        return tuple(item for item in self.items if item.plain)

    def shown(self, show: Show, *, also: frozenset[str] = frozenset()) -> tuple[JudgedSection, ...]:
        """Return the sections with the items of a filter, and those whose keys are wanted in any case."""
        wanted = [item for item in self.items if is_shown(item, show=show) or item.item.key in also]
        return by_section(self.sheet, wanted)

    def findings(self, *, also: frozenset[str] = frozenset()) -> tuple[JudgedItem, ...]:
        """Return what needs a look, the gravest first, and the items whose keys are wanted in any case."""
        wanted = [item for item in self.items if item.needs_look or item.item.key in also]
        return tuple(sorted(wanted, key=lambda item: not item.grave))

    def count(self, show: Show) -> int:
        """Count the items of a filter."""
        return sum(1 for item in self.items if is_shown(item, show=show))

    @property
    def default_show(self) -> Show:
        """Return what is shown at first: what needs a look, or everything where nothing does."""
        return Show.FLAGGED if self.count(Show.FLAGGED) else Show.ALL

    @property
    def sheet_flags(self) -> tuple[FlagRule, ...]:
        """Return the flags of the sheet as a whole."""
        return _rules(self.screening.codes_of(None)) if self.screening else ()

    @property
    def next_in_queue(self) -> QueueLine | None:
        """Return the next sheet to judge that nobody else has in hand; after the last one, the first again."""
        return next(iter(self._others()), None)

    @property
    def previous_in_queue(self) -> QueueLine | None:
        """Return the sheet to judge before this one; before the first one, the last."""
        return next(reversed(self._others()), None)

    def _others(self) -> list[QueueLine]:
        """Return the other sheets, beginning after this one."""
        place = next(
            (n for n, line in enumerate(self.queue) if line.id == self.sheet.id), len(self.queue) - 1
        )
        following = [*self.queue[place + 1 :], *self.queue[:place]]
        return [line for line in following if line.id != self.sheet.id and line.claim is None] or [
            line for line in following if line.id != self.sheet.id
        ]


def by_section(sheet: Sheet, items: Iterable[JudgedItem]) -> tuple[JudgedSection, ...]:
    """Return items under the sections of the edition; sections without any are left out."""
    by_id = {item.item.id: item for item in items}
    sections = (
        JudgedSection(section=section, items=tuple(by_id[one.id] for one in section.items if one.id in by_id))
        for section in sheet.edition.sections
    )
    return tuple(section for section in sections if section.items)


def is_shown(item: JudgedItem, *, show: Show) -> bool:
    """Return whether an item passes a filter."""
    return {
        Show.FLAGGED: item.needs_look,
        Show.ALL: True,
        Show.CHANGED: item.change in {Change.WORSE, Change.BETTER, Change.OTHER},
        Show.WEAK: item.weak,
        Show.UNJUDGED: not item.decided,
    }[show]


def review_page(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    now: datetime,
    lane: Lane | None = None,
) -> ReviewPage:
    """Return the judging page of a sheet, in a number of statements that does not grow with its items.

    Raises:
        NotFound: there is no such sheet for the actor.
        NotAllowed: the actor may see the sheet and not review it; the message says why.
        NotNow: the sheet is still with the department, or already sealed.
    """
    today = business_date(now)
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    tree = tree_on(session, day=today)
    subject = subject_of(session, sheet=sheet, today=today, tree=tree)
    require(Permission.UNIT_INSPECTION_REVIEW, actor=actor, subject=subject)
    if sheet.state not in OPEN_TO_REVIEWERS:
        raise NotNow("この点検票は、いま審査の段階にありません。所属が回答しているか、もう確定しています。")
    content = content_of_sheet(session, sheet=sheet)
    approvals = approvals_of(session, revision_id=sheet.revision_id)
    names = people_by_id(session, person_ids=people_in(content, approvals))
    path = tree.path(sheet.unit_id)
    outcome = score(content.items, answers=content.self_levels(), edition=sheet.edition)
    screening = screenings_of(session, revision_ids=[sheet.revision_id]).get(sheet.revision_id)
    claim = claims_of(session, revision_ids=[sheet.revision_id], now=now).get(sheet.revision_id)
    held = claim is not None and not claim.is_of(actor)
    return ReviewPage(
        sheet=sheet,
        unit_name=sheet_name(path[-1].name if path else "（廃止された所属）", system_name=sheet.system_name),
        department=path[0].name if len(path) > 1 else "",
        approval=approval_mark(approvals, names=names),
        share=outcome.share,
        grade=outcome.grade,
        items=judged_items(
            sheet,
            content,
            before=previous_answers(session, sheet=sheet),
            names=names,
            screening=screening,
        ),
        offers=offers(sheet, facts_of(sheet, content, today=today), actor=actor, subject=subject),
        queue=beside(session, actor=actor, campaign_id=sheet.campaign.id, tree=tree, now=now, lane=lane),
        lane=lane,
        lanes=lane_counts(session, actor=actor, campaign_id=sheet.campaign.id),
        screening=screening,
        claim=claim,
        held=held,
        default_due=today + USUAL_RETURN,
        editable=sheet.state in REVIEWABLE and not held,
    )


def offers(sheet: Sheet, facts: SheetFacts, *, actor: Actor, subject: Subject) -> dict[Action, Offer]:
    """Return the steps that somebody may take from here, each with what it still waits for."""
    return {
        step.action: Offer(
            action=step.action,
            waits=tuple(reason for guard in step.guards if (reason := guard(facts)) is not None),
        )
        for step in steps_from(STEPS, state=sheet.state)
        if may(step.permission, actor=actor, subject=subject)
    }


def approvals_of(session: Session, *, revision_id: RevisionId) -> tuple[Approval, ...]:
    """Return the approvals of a revision, oldest first."""
    wanted = select(Approval).where(Approval.revision_id == revision_id).order_by(Approval.sequence)
    return tuple(session.scalars(wanted))


def approval_mark(
    approvals: tuple[Approval, ...], *, names: Mapping[PersonId, PersonView]
) -> ApprovalMark | None:
    """Return the last approval in one line."""
    if not approvals:
        return None
    last = approvals[-1]
    return ApprovalMark(
        person=name_of(names, PersonId(last.approved_by)),
        capacity=Capacity(last.capacity),
        at=last.approved_at,
        comment=last.comment,
    )


def people_in(content: SheetContent, approvals: tuple[Approval, ...]) -> set[PersonId]:
    """Return everybody whose name stands beside the items of a sheet."""
    return {
        *(review.reviewed_by for review in content.reviews.values()),
        *(entry.returned_by for entry in content.returns),
        *(PersonId(approval.approved_by) for approval in approvals),
    }


def name_of(names: Mapping[PersonId, PersonView], person_id: PersonId) -> str:
    """Return somebody's name."""
    return names[person_id].name if person_id in names else "（不明）"


def judged_items(
    sheet: Sheet,
    content: SheetContent,
    *,
    before: Mapping[ItemId, PreviousAnswer],
    names: Mapping[PersonId, PersonView],
    screening: Screening | None = None,
) -> tuple[JudgedItem, ...]:
    """Return every item that applies, beside last year's and with its judgement and its flags."""
    return tuple(
        _item(
            item,
            sheet=sheet,
            content=content,
            previous=before.get(item.id),
            names=names,
            flags=_rules(screening.codes_of(item.id)) if screening else (),
        )
        for item in content.items
    )


def _rules(codes: Iterable[FlagCode]) -> tuple[FlagRule, ...]:
    return tuple(RULES_BY_CODE[code] for code in codes)


def _item(
    item: Item,
    *,
    sheet: Sheet,
    content: SheetContent,
    previous: PreviousAnswer | None,
    names: Mapping[PersonId, PersonView],
    flags: tuple[FlagRule, ...],
) -> JudgedItem:
    answer, review = content.answers.get(item.id), content.reviews.get(item.id)
    level = sheet.edition.level(answer.level) if answer else None
    against = compared(level, before=previous, edition=sheet.edition)
    marked = review is not None and is_marked(review, content.returns, item.id)
    stands = review if review is not None and (marked or review.judgement in DECIDED) else None
    return JudgedItem(
        item=item,
        level=level,
        comment=answer.comment if answer else "",
        answer_version=answer.version if answer else 0,
        previous=previous,
        change=against,
        weak=is_weak(level, edition=sheet.edition),
        flags=flags,
        rounds=_rounds(item, content=content, answer=answer, names=names),
        judgement=stands.judgement if stands else None,
        reviewed_level=sheet.edition.level(stands.reviewed_level) if stands else None,
        remark=stands.remark if stands else "",
        return_due=stands.return_due if stands else None,
        review_version=review.version if review else 0,
        marked=marked,
        action_due=answer.action_due if answer else None,
        taken_over=answer is not None and answer.taken_over,
        evidence=len(content.evidence.of(item.id)),
        judged_by=_judge(stands, names=names),
        judged_at=stands.reviewed_at if stands else None,
    )


def _judge(review: ReviewFact | None, *, names: Mapping[PersonId, PersonView]) -> str:
    return name_of(names, review.reviewed_by) if review else ""


def _rounds(
    item: Item, *, content: SheetContent, answer: AnswerFact | None, names: Mapping[PersonId, PersonView]
) -> tuple[Round, ...]:
    return tuple(
        _round(entry, answer=answer, names=names) for entry in content.returns if entry.item_id == item.id
    )


def _round(entry: ReturnFact, *, answer: AnswerFact | None, names: Mapping[PersonId, PersonView]) -> Round:
    return Round(
        number=entry.round,
        remark=entry.remark,
        due_on=entry.due_on,
        returned_by=name_of(names, entry.returned_by),
        returned_at=entry.returned_at,
        reply=entry.reply,
        replied_at=entry.replied_at,
        corrected=is_corrected(entry, answer),
    )
