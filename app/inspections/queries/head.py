"""The head's page: what changed since last year, the worse first, and after a return only the corrections."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import REASONS, may, verdict
from app.checklists.rules import Item, Level, Score, Section, score
from app.inspections.models import AnswerHistory
from app.inspections.queries.answering import SheetHead, sheet_head
from app.inspections.queries.previous import PreviousAnswer, compared, previous_answers
from app.inspections.queries.score_change import SheetDifference, sheet_difference
from app.inspections.queries.sheet import (
    ReturnFact,
    Sheet,
    SheetContent,
    content_of_sheet,
    find_sheet,
    open_returns,
    subject_of,
)
from app.inspections.rules import STEPS, Action, Change, Origin, State
from app.inspections.rules.score_change import Measure
from app.kernel.ids import InspectionId, ItemId, PersonId
from app.kernel.workflow import steps_from
from app.people.queries import people_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One item on the head's page."""

    item: Item
    change: Change
    previous: PreviousAnswer | None
    now: Level | None
    comment: str
    opened: ReturnFact | None
    was: Level | None
    was_comment: str
    action_due: date | None
    taken_over: bool

    @property
    def before(self) -> Level | None:
        """Return last year's answer that is compared."""
        return self.previous.level if self.previous else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionScore:
    """One section's share now and, where it counted in both years, as it was sealed a year ago; each 0..1 or None."""

    section: Section
    now: Fraction | None
    before: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadPage:
    """Everything that the head looks at before deciding."""

    head: SheetHead
    digest: str
    corrections: bool
    recorders: tuple[str, ...]
    score: Score
    lines: tuple[ChangeLine, ...]
    counts: Mapping[Change, int]
    sections: tuple[SectionScore, ...]
    mandatory_missed: tuple[Item, ...]
    unknown: int
    may_decide: bool
    barred_reason: str | None
    difference: SheetDifference | None

    def having(self, *wanted: Change) -> tuple[ChangeLine, ...]:
        """Return the lines of some kinds, in order."""
        return tuple(line for line in self.lines if line.change in wanted)

    @property
    def taken_over(self) -> int:
        """Count the lines that are last year's answers, confirmed anew."""
        return sum(1 for line in self.lines if line.taken_over)

    @property
    def still_weak(self) -> tuple[ChangeLine, ...]:
        """Return the unchanged lines below full points: what goes on from last year."""
        full = self.head.sheet.edition.scoring.full_points
        return tuple(
            line for line in self.lines if line.change is Change.SAME and _below(full, level=line.now)
        )


def _below(full_points: int, *, level: Level | None) -> bool:
    """An excluded item is below nothing."""
    return level is not None and level.points is not None and level.points < full_points


def head_page(session: Session, *, actor: Actor, inspection_id: InspectionId, today: date) -> HeadPage:
    """Return the head's page of a sheet that waits for approval (or that somebody reads)."""
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    content = content_of_sheet(session, sheet=sheet)
    before = previous_answers(session, sheet=sheet)
    subject = subject_of(session, sheet=sheet, today=today)
    opened = open_returns(sheet, content.returns)
    corrections = sheet.state in {State.AWAITING_REAPPROVAL, State.RETURNED}
    items = [item for item in content.items if item.id in opened] if corrections else list(content.items)
    lines = _lines(sheet, content, before=before, opened=opened, items=items)
    outcome = score(content.items, answers=content.self_levels(), edition=sheet.edition)
    difference = sheet_difference(session, sheet=sheet, content=content, measure=Measure.SELF)
    outcome_verdict = verdict(Permission.UNIT_INSPECTION_APPROVE, actor=actor, subject=subject)
    return HeadPage(
        head=sheet_head(session, actor=actor, sheet=sheet, content=content, today=today),
        digest=content.digest,
        corrections=corrections,
        recorders=_recorders(session, sheet=sheet),
        score=outcome,
        lines=lines,
        counts={kind: sum(1 for line in lines if line.change is kind) for kind in Change},
        sections=tuple(
            _section_score(section, content, sheet=sheet, difference=difference)
            for section in sheet.edition.sections
        ),
        mandatory_missed=tuple(sheet.edition.items[item_id] for item_id in outcome.mandatory_missed),
        unknown=outcome.unknown,
        may_decide=any(
            step.action is Action.APPROVE and may(step.permission, actor=actor, subject=subject)
            for step in steps_from(STEPS, state=sheet.state)
        ),
        barred_reason=REASONS.get(outcome_verdict.failed.__name__) if outcome_verdict.failed else None,
        difference=difference,
    )


def _lines(
    sheet: Sheet,
    content: SheetContent,
    *,
    before: Mapping[ItemId, PreviousAnswer],
    opened: Mapping[ItemId, ReturnFact],
    items: Iterable[Item],
) -> tuple[ChangeLine, ...]:
    return tuple(
        _line(
            sheet,
            content,
            before=before.get(item.id),
            opened=opened.get(item.id),
            item=item,
        )
        for item in items
    )


def _line(
    sheet: Sheet,
    content: SheetContent,
    *,
    before: PreviousAnswer | None,
    opened: ReturnFact | None,
    item: Item,
) -> ChangeLine:
    answer = content.answers.get(item.id)
    now = sheet.edition.level(answer.level) if answer else None
    return ChangeLine(
        item=item,
        change=compared(now, before=before, edition=sheet.edition),
        previous=before,
        now=now,
        comment=answer.comment if answer else "",
        opened=opened,
        was=sheet.edition.level(opened.level) if opened else None,
        was_comment=opened.comment if opened else "",
        action_due=answer.action_due if answer else None,
        taken_over=answer is not None and answer.taken_over,
    )


def _recorders(session: Session, *, sheet: Sheet) -> tuple[str, ...]:
    rows = session.execute(
        select(AnswerHistory.answered_by, func.count())
        .where(AnswerHistory.revision_id == sheet.revision_id, AnswerHistory.origin != Origin.RESTORED.value)
        .group_by(AnswerHistory.answered_by)
    ).all()
    people = people_by_id(session, person_ids=[PersonId(row[0]) for row in rows])
    return tuple(sorted(person.name for person in people.values()))


def _section_score(
    section: Section, content: SheetContent, *, sheet: Sheet, difference: SheetDifference | None
) -> SectionScore:
    items = [item for item in section.items if item.id in content.applicable_ids]
    compared_sections = {one.slug: change for one, change in difference.sections} if difference else {}
    change = compared_sections.get(section.slug)
    return SectionScore(
        section=section,
        now=score(items, answers=content.self_levels(), edition=sheet.edition).share,
        before=change.before if change else None,
    )
