"""The rules of one sheet's way from the first answer to the seal.

Basis: 市 情報セキュリティ対策基準 (自己点検): the head owns the answers of the office; the lead division reviews; requester and
approver, reviewer and reviewed are never the same person (兼務の禁止).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from app.access.permissions import Permission
from app.checklists.rules import UNKNOWN, CommentRule, Edition, Item
from app.kernel.digest import digest_of
from app.kernel.ids import ItemId
from app.kernel.text import clean
from app.kernel.workflow import Guard, Step


class CampaignState(StrEnum):
    """A campaign is prepared, runs, and ends when every sheet of it is sealed. Of a trial nothing but its row may be left."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    DISPOSED = "disposed"


class CampaignKind(StrEnum):
    """Why the inspection is held. A trial is a rehearsal: its data never count in another year and are disposed of."""

    REGULAR = "regular"
    EXTRA = "extra"
    TRIAL = "trial"


TRIAL_MARK: Final = "【試行】"


def title_of(kind: CampaignKind, typed: str) -> str:
    """Return the title of a campaign as it is kept: a trial says so wherever it is named, on every page and document."""
    title = clean(typed)
    if kind is CampaignKind.TRIAL and title and not title.startswith(TRIAL_MARK):
        return f"{TRIAL_MARK}{title}"
    return title


class State(StrEnum):
    """Where a sheet (its current revision) stands."""

    ANSWERING = "answering"
    AWAITING_HEAD = "awaiting_head"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    RETURNED = "returned"
    AWAITING_REAPPROVAL = "awaiting_reapproval"
    REVIEWED = "reviewed"
    SIGNED_OFF = "signed_off"
    CLOSED_UNSUBMITTED = "closed_unsubmitted"
    EXCLUDED = "excluded"


SEALED: Final = frozenset({State.SIGNED_OFF, State.CLOSED_UNSUBMITTED, State.EXCLUDED})
"""States in which a revision never changes again. Each of them can be reopened: as a new revision."""


class Action(StrEnum):
    """What somebody does to a sheet as a whole."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    RETURN_TO_CLERK = "return_to_clerk"
    START_REVIEW = "start_review"
    RETURN_ITEMS = "return_items"
    CANCEL_RETURN = "cancel_return"
    FINISH_REVIEW = "finish_review"
    RETAKE_REVIEW = "retake_review"
    RESUME_REVIEW = "resume_review"
    SIGN_OFF = "sign_off"
    CLOSE_UNSUBMITTED = "close_unsubmitted"
    EXCLUDE = "exclude"


class Origin(StrEnum):
    """How a row of a sheet's history came to be.

    GIVEN: somebody of the unit gave it. CARRIED: a reopened sheet starts with it. RESTORED: a cancelled return put back what the
    head had approved; the row then names who cancelled.
    """

    GIVEN = "given"
    CARRIED = "carried"
    RESTORED = "restored"


class ReopeningOutcome(StrEnum):
    """How a request to open a sealed sheet again ended."""

    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Judgement(StrEnum):
    """What the reviewer says of one item, beside the department's answer and never over it."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_REMARK = "accepted_with_remark"
    CHANGED = "changed"
    RETURNED = "returned"


DECIDED: Final = frozenset({Judgement.ACCEPTED, Judgement.ACCEPTED_WITH_REMARK, Judgement.CHANGED})
"""Judgements that end the review of an item; a returned one waits for its correction."""


class ApprovalKind(StrEnum):
    """What a head approved: the whole sheet, or the corrections after a return."""

    WHOLE = "whole"
    CHANGES = "changes"


class Capacity(StrEnum):
    """In which capacity somebody approved."""

    HEAD = "head"
    DEPUTY = "deputy"
    NEXT_HIGHER = "next_higher"


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFacts:
    """What guards look at. Counts are of items that apply to the unit.

    Attributes:
        flags_open: profile questions not yet confirmed.
        unanswered: items without a level.
        comments_missing: items whose level asks for words that are not there.
        returns_open: returned items without a correction or a reply.
        marked_for_return: items that the reviewer marked to go back and that were not yet sent.
        undecided: items without a decided judgement.
        approved_digest: digest of the content that a head approved last.
        content_digest: digest of the content as it is now.
        after_grace: whether the grace date has passed.
    """

    flags_open: int = 0
    unanswered: int = 0
    comments_missing: int = 0
    returns_open: int = 0
    marked_for_return: int = 0
    undecided: int = 0
    approved_digest: str | None = None
    content_digest: str | None = None
    after_grace: bool = False


def profile_is_confirmed(facts: SheetFacts) -> str | None:
    """The unit's profile decides which items apply: it is confirmed first."""
    return "まだ提出できません。「所属の状況」を確かめて保存してください。" if facts.flags_open else None


def everything_is_answered(facts: SheetFacts) -> str | None:
    """Every item that applies has a level; わからない is one."""
    return (
        f"まだ提出できません。答えていない項目が{facts.unanswered}件あります。" if facts.unanswered else None
    )


def comments_are_given(facts: SheetFacts) -> str | None:
    """Levels that ask for words have them."""
    return (
        f"まだ提出できません。理由を書く項目が{facts.comments_missing}件残っています。"
        if facts.comments_missing
        else None
    )


def returns_are_answered(facts: SheetFacts) -> str | None:
    """Every returned item was corrected or explained."""
    return (
        f"まだ提出できません。差戻しに答えていない項目が{facts.returns_open}件あります。"
        if facts.returns_open
        else None
    )


def something_is_marked(facts: SheetFacts) -> str | None:
    """A return names at least one item."""
    return (
        None if facts.marked_for_return else "差し戻す項目に「差戻し」の印と理由を付けてから送ってください。"
    )


def nothing_is_marked(facts: SheetFacts) -> str | None:
    """A marked return is sent before the review ends."""
    count = facts.marked_for_return
    return (
        f"「差戻し」の印を付けた項目が{count}件あります。差戻しを送るか、判断を変えてください。"
        if count
        else None
    )


def everything_is_judged(facts: SheetFacts) -> str | None:
    """Every item that applies has a decided judgement."""
    return (
        f"まだ終えられません。判断していない項目が{facts.undecided}件あります。" if facts.undecided else None
    )


def head_approved_exactly_this(facts: SheetFacts) -> str | None:
    """What is sealed is exactly what a head approved."""
    if facts.content_digest is not None and facts.content_digest == facts.approved_digest:
        return None
    return "所属長が承認した内容と、いまの回答が一致しません。差し戻して、所属長の承認を受け直してください。"


def grace_has_passed(facts: SheetFacts) -> str | None:
    """A silent department is closed only after the grace date."""
    return None if facts.after_grace else "猶予日を過ぎてから締め切れます。"


def grace_is_not_over(facts: SheetFacts) -> str | None:
    """What was handed over stays so after the grace date: taking it back would open a locked sheet again."""
    if not facts.after_grace:
        return None
    return "猶予日を過ぎたので、引き戻せません。直すときは、所属長が担当者へ差し戻します。"


SheetGuard = Guard[SheetFacts]
SheetStep = Step[Action, State, Permission, SheetFacts]
_COMPLETE: Final[tuple[SheetGuard, ...]] = (profile_is_confirmed, everything_is_answered, comments_are_given)


def _step(
    action: Action, source: State, target: State, permission: Permission, event: str, *guards: SheetGuard
) -> SheetStep:
    return Step(
        action=action, source=source, target=target, permission=permission, journal_event=event, guards=guards
    )


A, S, P = Action, State, Permission
STEPS: Final[tuple[SheetStep, ...]] = (
    _step(
        A.SUBMIT, S.ANSWERING, S.AWAITING_HEAD, P.UNIT_INSPECTION_ANSWER, "inspection.handed_over", *_COMPLETE
    ),
    _step(
        A.WITHDRAW,
        S.AWAITING_HEAD,
        S.ANSWERING,
        P.UNIT_INSPECTION_ANSWER,
        "inspection.withdrawn",
        grace_is_not_over,
    ),
    _step(
        A.RETURN_TO_CLERK,
        S.AWAITING_HEAD,
        S.ANSWERING,
        P.UNIT_INSPECTION_APPROVE,
        "inspection.returned_to_clerk",
    ),
    _step(
        A.APPROVE, S.AWAITING_HEAD, S.SUBMITTED, P.UNIT_INSPECTION_APPROVE, "inspection.approved", *_COMPLETE
    ),
    _step(A.START_REVIEW, S.SUBMITTED, S.UNDER_REVIEW, P.UNIT_INSPECTION_REVIEW, "inspection.review_started"),
    _step(
        A.RETURN_ITEMS,
        S.UNDER_REVIEW,
        S.RETURNED,
        P.UNIT_INSPECTION_REVIEW,
        "inspection.items_returned",
        something_is_marked,
    ),
    *(
        _step(A.CANCEL_RETURN, state, S.UNDER_REVIEW, P.UNIT_INSPECTION_REVIEW, "inspection.return_cancelled")
        for state in (S.RETURNED, S.AWAITING_REAPPROVAL)
    ),
    _step(
        A.SUBMIT,
        S.RETURNED,
        S.AWAITING_REAPPROVAL,
        P.UNIT_INSPECTION_ANSWER,
        "inspection.corrections_handed_over",
        returns_are_answered,
        *_COMPLETE,
    ),
    _step(
        A.WITHDRAW,
        S.AWAITING_REAPPROVAL,
        S.RETURNED,
        P.UNIT_INSPECTION_ANSWER,
        "inspection.corrections_withdrawn",
    ),
    _step(
        A.RETURN_TO_CLERK,
        S.AWAITING_REAPPROVAL,
        S.RETURNED,
        P.UNIT_INSPECTION_APPROVE,
        "inspection.corrections_returned_to_clerk",
    ),
    _step(
        A.APPROVE,
        S.AWAITING_REAPPROVAL,
        S.UNDER_REVIEW,
        P.UNIT_INSPECTION_APPROVE,
        "inspection.corrections_approved",
        *_COMPLETE,
    ),
    _step(
        A.FINISH_REVIEW,
        S.UNDER_REVIEW,
        S.REVIEWED,
        P.UNIT_INSPECTION_REVIEW,
        "inspection.review_finished",
        nothing_is_marked,
        everything_is_judged,
        head_approved_exactly_this,
    ),
    _step(A.RETAKE_REVIEW, S.REVIEWED, S.UNDER_REVIEW, P.UNIT_INSPECTION_REVIEW, "inspection.review_retaken"),
    _step(
        A.RESUME_REVIEW, S.REVIEWED, S.UNDER_REVIEW, P.UNIT_INSPECTION_SIGN_OFF, "inspection.review_resumed"
    ),
    _step(
        A.SIGN_OFF,
        S.REVIEWED,
        S.SIGNED_OFF,
        P.UNIT_INSPECTION_SIGN_OFF,
        "inspection.signed_off",
        everything_is_judged,
        head_approved_exactly_this,
    ),
    _step(
        A.CLOSE_UNSUBMITTED,
        S.ANSWERING,
        S.CLOSED_UNSUBMITTED,
        P.UNIT_INSPECTION_CLOSE,
        "inspection.closed_unsubmitted",
        grace_has_passed,
    ),
    _step(
        A.CLOSE_UNSUBMITTED,
        S.AWAITING_HEAD,
        S.CLOSED_UNSUBMITTED,
        P.UNIT_INSPECTION_CLOSE,
        "inspection.closed_unsubmitted",
        grace_has_passed,
    ),
    *(
        _step(A.EXCLUDE, state, S.EXCLUDED, P.UNIT_INSPECTION_CLOSE, "inspection.excluded")
        for state in (
            S.ANSWERING,
            S.AWAITING_HEAD,
            S.SUBMITTED,
            S.UNDER_REVIEW,
            S.RETURNED,
            S.AWAITING_REAPPROVAL,
            S.REVIEWED,
        )
    ),
)
REASON_NEEDED: Final = frozenset(
    {A.RETURN_TO_CLERK, A.RESUME_REVIEW, A.CANCEL_RETURN, A.CLOSE_UNSUBMITTED, A.EXCLUDE}
)
ANSWERABLE: Final = frozenset({S.ANSWERING, S.RETURNED})
REVIEWABLE: Final = frozenset({S.SUBMITTED, S.UNDER_REVIEW})
UNDOABLE: Final = REVIEWABLE | {S.REVIEWED}
"""Until somebody signs off, reviewers may take back what they did, the end of the review included."""
COMPARABLE: Final = frozenset({S.SIGNED_OFF, S.CLOSED_UNSUBMITTED})
"""Ends of a sheet that the next year looks back at; an excluded unit had nothing to answer for."""


class DueStep(StrEnum):
    """Which of the campaign's deadlines a state runs against."""

    ANSWER = "answer"
    APPROVAL = "approval"
    REVIEW = "review"


DUE_OF_STATE: Final[Mapping[State, DueStep]] = {
    S.ANSWERING: DueStep.ANSWER,
    S.AWAITING_HEAD: DueStep.APPROVAL,
    S.SUBMITTED: DueStep.REVIEW,
    S.UNDER_REVIEW: DueStep.REVIEW,
    S.RETURNED: DueStep.REVIEW,
    S.AWAITING_REAPPROVAL: DueStep.REVIEW,
    S.REVIEWED: DueStep.REVIEW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFact:
    """One answer as rules see it.

    Attributes:
        version: counts the saves; 0 means that nothing was recorded yet.
        action_due: until when the unit means to do what is left.
        taken_over: whether it is last year's answer, confirmed anew.
    """

    level: str | None
    comment: str
    version: int = 0
    action_due: date | None = None
    taken_over: bool = False


def asks_for_action(level: str | None, *, edition: Edition) -> bool:
    """Return whether a level leaves something to do: below full points, and known to be so."""
    found = edition.level(level)
    return (
        found is not None
        and found.code != UNKNOWN
        and found.points is not None
        and found.points < edition.scoring.full_points
    )


def comment_is_missing(answer: AnswerFact | None, *, edition: Edition) -> bool:
    """Return whether the level asks for words that are not there."""
    level = edition.level(answer.level) if answer else None
    return (
        level is not None
        and level.comment is CommentRule.REQUIRED
        and not (answer and answer.comment.strip())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How far the answers of a sheet are: counts of items that apply."""

    applicable: int
    answered: int
    comments_missing: int

    @property
    def unanswered(self) -> int:
        """Items without a level."""
        return self.applicable - self.answered


def completeness(
    items: Iterable[Item], *, answers: Mapping[ItemId, AnswerFact], edition: Edition
) -> Completeness:
    """Count over the items that apply."""
    applicable = answered = missing = 0
    for item in items:
        answer = answers.get(item.id)
        applicable += 1
        answered += answer is not None and answer.level is not None
        missing += comment_is_missing(answer, edition=edition)
    return Completeness(applicable=applicable, answered=answered, comments_missing=missing)


Reply = tuple[str, int, str]
"""A reply to the reviewer: item, round, words."""
EvidenceFact = tuple[str, str]
"""A piece beside an answer: its id, and the digest of its words, dates and bytes."""


def content_of(
    items: Sequence[Item],
    *,
    answers: Mapping[ItemId, AnswerFact],
    flags: Mapping[str, bool],
    replies: Sequence[Reply] = (),
    evidence: Mapping[ItemId, Sequence[EvidenceFact]] | None = None,
) -> dict[str, Any]:
    """Return what a head approves, as a canonical value: the profile, each answer that applies, the replies to returns, the evidence.

    A sheet without evidence has the value that it had before there was any.
    """
    linked = [
        [item.key, *sorted(list(fact) for fact in facts)]
        for item in items
        if (facts := (evidence or {}).get(item.id))
    ]
    return {
        **({"evidence": linked} if linked else {}),
        "flags": dict(sorted(flags.items())),
        "answers": [
            [
                item.key,
                answer.level,
                answer.comment,
                *([answer.action_due.isoformat()] if answer.action_due else ()),
            ]
            for item in items
            if (answer := answers.get(item.id)) is not None
        ],
        "replies": [list(reply) for reply in replies],
    }


def content_digest(
    items: Sequence[Item],
    *,
    answers: Mapping[ItemId, AnswerFact],
    flags: Mapping[str, bool],
    replies: Sequence[Reply] = (),
    evidence: Mapping[ItemId, Sequence[EvidenceFact]] | None = None,
) -> str:
    """Return the digest of what a head approves: it is shown, carried by the form and stored with the approval."""
    return digest_of(content_of(items, answers=answers, flags=flags, replies=replies, evidence=evidence))


class Change(StrEnum):
    """How an answer compares with last year's. The order is that of the head's page: the worse first.

    APART: there was an answer to a question that this one is not compared with (its lineage or the scale forbids it).
    """

    WORSE = "worse"
    BETTER = "better"
    NEW = "new"
    SAME = "same"
    OTHER = "other"
    APART = "apart"


def change(*, now: str | None, before: str | None, edition: Edition) -> Change:
    """Compare two levels of the same scale. Levels without points (対象外) are neither better nor worse."""
    if before is None:
        return Change.NEW
    if now == before:
        return Change.SAME
    current, previous = edition.level(now), edition.level(before)
    if current is None or previous is None or current.points is None or previous.points is None:
        return Change.OTHER
    if current.points == previous.points:
        return Change.OTHER
    return Change.WORSE if current.points < previous.points else Change.BETTER


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDates:
    """The dates of a campaign, all business dates in Japan."""

    base_date: date
    answer_from: date
    answer_due: date
    approval_due: date
    review_due: date
    grace_until: date

    def extended(self, to: date | None) -> "CampaignDates":
        """Return the dates of a sheet that was given until a later day to answer; the campaign's own where it was not.

        The approval keeps its distance from the answer in days, at most until the review is due, which never moves. The grace
        date is not before the approval.
        """
        if to is None or to <= self.answer_due:
            return self
        approval = min(to + (self.approval_due - self.answer_due), self.review_due)
        return replace(
            self, answer_due=to, approval_due=approval, grace_until=max(self.grace_until, approval)
        )

    def opens_after(self, today: date) -> date | None:
        """Return the first day of answering while it is still to come."""
        return self.answer_from if today < self.answer_from else None

    def locked(self, state: State, *, since: date, today: date) -> bool:
        """Return whether a sheet takes no more answers: its department was still answering when the grace date passed.

        A sheet that came to its clerk only afterwards (added, reopened, given back by the head) is answered.
        """
        return state is State.ANSWERING and since <= self.grace_until < today

    def due(self, state: State) -> date | None:
        """Return the deadline that a state runs against; sealed states have none."""
        step = DUE_OF_STATE.get(state)
        return (
            None
            if step is None
            else {
                DueStep.ANSWER: self.answer_due,
                DueStep.APPROVAL: self.approval_due,
                DueStep.REVIEW: self.review_due,
            }[step]
        )


def date_problems(dates: CampaignDates) -> list[tuple[str, str]]:
    """Return (field, sentence) for each date that stands in the wrong order."""
    order = (
        (
            "answer_from",
            dates.answer_from,
            "answer_due",
            dates.answer_due,
            "回答の期限は、回答の開始日と同じ日か後の日にしてください。",
        ),
        (
            "answer_due",
            dates.answer_due,
            "approval_due",
            dates.approval_due,
            "所属長承認の期限は、回答の期限と同じ日か後の日にしてください。",
        ),
        (
            "approval_due",
            dates.approval_due,
            "review_due",
            dates.review_due,
            "審査の期限は、所属長承認の期限と同じ日か後の日にしてください。",
        ),
        (
            "approval_due",
            dates.approval_due,
            "grace_until",
            dates.grace_until,
            "猶予日は、所属長承認の期限と同じ日か後の日にしてください。",
        ),
    )
    return [(field, sentence) for _, earlier, field, later, sentence in order if later < earlier]


LONGEST_PAUSE: Final = timedelta(minutes=5)
"""Between two saves: who was silent for longer did something else."""


def active_time(saves: Iterable[datetime]) -> timedelta:
    """Return how long one person worked, by the instants of the saves: the sum of the pauses of five minutes or less.

    It never says too much: what came before the first save of a sitting is not known and does not count.
    """
    ordered = sorted(saves)
    pauses = (later - earlier for earlier, later in pairwise(ordered))
    return sum((pause for pause in pauses if pause <= LONGEST_PAUSE), start=timedelta())


def whole_minutes(duration: timedelta) -> int:
    """Return minutes to be shown; a few seconds are a minute, nothing is nothing."""
    return math.ceil(duration / timedelta(minutes=1))
