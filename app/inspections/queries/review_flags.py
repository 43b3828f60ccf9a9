"""What the flag rules look at, and the flags as they are kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Uuid, and_, bindparam, case, func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.models import Answer, AnswerHistory, Inspection, ReviewFlag, ReviewScreening, Revision
from app.inspections.queries.holding import holder
from app.inspections.queries.previous import PreviousAnswer, previous_answers
from app.inspections.queries.sheet import Sheet, SheetContent
from app.inspections.rules import active_time
from app.inspections.rules.flags import (
    FLAG_RULES,
    FLAG_RULES_VERSION,
    RULES_BY_CODE,
    AnswerSeen,
    FlagCode,
    FlagRule,
    Lane,
    Peers,
    SheetSeen,
    is_excluded,
)
from app.kernel.ids import ItemId, RevisionId, UnitId
from app.organisation.queries import tree_on


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenForFlags:
    """Everything that the rules look at."""

    answers: tuple[AnswerSeen, ...]
    sheet: SheetSeen


def facts_for_flags(session: Session, *, sheet: Sheet, content: SheetContent, day: date) -> SeenForFlags:
    """Gather what the rules look at, in a number of statements that does not grow with the sheet or the city."""
    before = previous_answers(session, sheet=sheet)
    excluded = [
        item.id
        for item in content.items
        if (answer := content.answers.get(item.id)) and is_excluded(sheet.edition.level(answer.level))
    ]
    near = _same_department(session, sheet=sheet, day=day)
    peers = _peers(session, sheet=sheet, item_ids=excluded, near=near, day=day) if excluded else {}
    return SeenForFlags(
        answers=tuple(
            _answer_seen(item.id, sheet=sheet, content=content, before=before, peers=peers)
            for item in content.items
        ),
        sheet=_sheet_seen(session, sheet=sheet, content=content),
    )


def _answer_seen(
    item_id: ItemId,
    *,
    sheet: Sheet,
    content: SheetContent,
    before: Mapping[ItemId, PreviousAnswer],
    peers: Mapping[ItemId, tuple[Peers, Peers]],
) -> AnswerSeen:
    answer, previous = content.answers.get(item_id), before.get(item_id)
    department, campaign = peers.get(item_id, (Peers(), Peers()))
    return AnswerSeen(
        item=sheet.edition.items[item_id],
        level=sheet.edition.level(answer.level) if answer else None,
        words=answer.comment if answer else "",
        before=previous.level if previous else None,
        words_before=previous.comment if previous else None,
        action_due=answer.action_due if answer else None,
        evidence=len(content.evidence.of(item_id)),
        department=department,
        campaign=campaign,
    )


def _peers(
    session: Session, *, sheet: Sheet, item_ids: list[ItemId], near: frozenset[UnitId], day: date
) -> Mapping[ItemId, tuple[Peers, Peers]]:
    """Return what the other units of the campaign said of items: those of the same 部, and all of them."""
    codes = [level.code for level in sheet.edition.levels if is_excluded(level)]
    applied = case((Answer.level.in_(codes), 0), else_=1)
    is_near = case((holder(day=day).in_(near), 1), else_=0)
    rows = session.execute(
        select(
            Answer.item_id,
            func.count().label("answered"),
            func.sum(applied).label("applied"),
            func.sum(is_near).label("near"),
            func.sum(applied * is_near).label("applied_near"),
        )
        .join(Revision, and_(Revision.id == Answer.revision_id, Revision.current.is_(True)))
        .join(Inspection, Inspection.id == Revision.inspection_id)
        .where(
            Inspection.campaign_id == sheet.campaign.id,
            Inspection.id != sheet.id,
            Answer.item_id.in_(item_ids),
            Answer.level.is_not(None),
        )
        .group_by(Answer.item_id)
    )
    return {
        ItemId(row.item_id): (
            Peers(answered=int(row.near), applied=int(row.applied_near)),
            Peers(answered=int(row.answered), applied=int(row.applied)),
        )
        for row in rows
    }


def _same_department(session: Session, *, sheet: Sheet, day: date) -> frozenset[UnitId]:
    """Return the units of the same 部; none for a unit that stands under no other."""
    tree = tree_on(session, day=day)
    path = tree.path(sheet.unit_id)
    return tree.below([path[0].id]) if len(path) > 1 else frozenset()


def _sheet_seen(session: Session, *, sheet: Sheet, content: SheetContent) -> SheetSeen:
    """Look at how the answers came to be: their times, and which of those that stand were taken over."""
    times = set(
        session.scalars(
            select(AnswerHistory.answered_at).where(AnswerHistory.revision_id == sheet.revision_id)
        )
    )
    given = [content.answers[item.id] for item in content.items if item.id in content.answers]
    answered = len(given)
    return SheetSeen(
        answered=answered,
        taken_over=sum(1 for answer in given if answer.taken_over),
        # Of answers that were saved a page at a time nobody knows how long they took.
        seconds=int(active_time(times).total_seconds())
        if len(times) > 1 and len(times) * 2 >= answered
        else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """The outcome of the rules for one sheet; `codes_of` gives the flags of one item, None those of the sheet."""

    lane: Lane
    red: int
    amber: int
    rules_version: int
    computed_at: datetime
    flags: Mapping[ItemId | None, tuple[FlagCode, ...]]

    def codes_of(self, item_id: ItemId | None) -> tuple[FlagCode, ...]:
        """Return the flags of an item, or of the sheet as a whole."""
        return self.flags.get(item_id, ())


def screenings_of(session: Session, *, revision_ids: Iterable[RevisionId]) -> Mapping[RevisionId, Screening]:
    """Return the outcomes of sheets, in two statements; sheets that no rules looked at are absent."""
    ids = list(revision_ids)
    flags: dict[RevisionId, dict[ItemId | None, tuple[FlagCode, ...]]] = {}
    for row in session.execute(
        select(ReviewFlag.revision_id, ReviewFlag.item_id, ReviewFlag.rule)
        .where(ReviewFlag.revision_id.in_(ids))
        .order_by(ReviewFlag.sequence)
    ):
        of_sheet = flags.setdefault(RevisionId(row.revision_id), {})
        item_id = ItemId(row.item_id) if row.item_id else None
        of_sheet[item_id] = (*of_sheet.get(item_id, ()), FlagCode(row.rule))
    rows = session.scalars(select(ReviewScreening).where(ReviewScreening.revision_id.in_(ids)))
    return {
        RevisionId(row.revision_id): Screening(
            lane=Lane(row.lane),
            red=row.red,
            amber=row.amber,
            rules_version=row.rules_version,
            computed_at=row.computed_at,
            flags=flags.get(RevisionId(row.revision_id), {}),
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCount:
    """How often one rule flagged something on one sheet."""

    rule: FlagRule
    count: int


_RULES: Final = tuple((code.value, rule) for code, rule in RULES_BY_CODE.items())
_COUNTS: Final = (
    select(ReviewFlag.revision_id, ReviewFlag.rule, func.count().label("times"))
    .where(ReviewFlag.revision_id.in_(bindparam("revisions", expanding=True, type_=Uuid())))
    .group_by(ReviewFlag.revision_id, ReviewFlag.rule)
)


def flag_counts(
    session: Session, *, revision_ids: Iterable[RevisionId]
) -> Mapping[RevisionId, tuple[FlagCount, ...]]:
    """Return how often each rule flagged something on sheets, in the order of the rules: one statement."""
    found: dict[RevisionId, dict[str, int]] = {}
    for revision_id, code, times in session.execute(_COUNTS, {"revisions": list(revision_ids)}):
        found.setdefault(RevisionId(revision_id), {})[code] = times
    return {
        revision_id: tuple(
            FlagCount(rule=rule, count=counts[code]) for code, rule in _RULES if code in counts
        )
        for revision_id, counts in found.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPage:
    """The rules in words."""

    version: int
    rules: tuple[FlagRule, ...]


def rules_page(*, actor: Actor) -> RulesPage:
    """Return the rules as they hold now.

    Raises:
        NotAllowed: the actor does not follow the review.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    return RulesPage(version=FLAG_RULES_VERSION, rules=FLAG_RULES)
