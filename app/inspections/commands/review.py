"""The lead division's review: item by item, with returns of single items."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.commands.answer import restore_approved
from app.inspections.commands.evidence import restore_evidence
from app.inspections.commands.review_claims import end_claim, require_unclaimed
from app.inspections.commands.review_flags import screen
from app.inspections.commands.steps import (
    LONGEST_REASON,
    Loaded,
    allowed_step,
    checked_reason,
    journal_subject,
    load,
    move,
    require_version,
    reviewed_score_values,
    self_score_values,
    take_step,
)
from app.inspections.models import ItemReturn, ItemReview, ItemReviewHistory
from app.inspections.queries.sheet import Lock, ReviewFact, find_sheet, is_marked
from app.inspections.rules import REVIEWABLE, Action, Judgement, State
from app.journal.commands import Entry, record
from app.kernel.clock import business_date
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotNow, Problem
from app.kernel.ids import InspectionId, ItemId
from app.kernel.text import clean, text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementDraft:
    """One judgement as a reviewer gives it.

    Attributes:
        reviewed_level: the reviewer's own level; only with CHANGED.
        return_due: the new date of a returned item; only with RETURNED.
        seen_answer_version: the answer that was on the page.
        seen_version: the judgement that was on the page; 0 when there was none.
    """

    item_id: ItemId
    judgement: Judgement
    reviewed_level: str | None
    remark: str
    return_due: date | None
    seen_answer_version: int
    seen_version: int


def judge_items(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    drafts: Iterable[JudgementDraft],
    now: datetime,
) -> int:
    """Record judgements of items; the first one starts the review. Returns how many are new or different.

    Raises:
        NotNow: the sheet is not with the lead division, or an item changed since the page was shown.
        InvalidInput: every problem of every draft, beside its item.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REVIEW, actor=actor, subject=loaded.subject)
    if loaded.sheet.state not in REVIEWABLE:
        raise NotNow("この点検票は、いま審査できません。所属か管理者が扱っています。")
    require_unclaimed(session, loaded=loaded, actor=actor, now=now)
    wanted = [draft for draft in drafts if _differs(draft, loaded=loaded)]
    problems = [
        problem
        for draft in wanted
        for problem in draft_problems(draft, loaded=loaded, today=business_date(now))
    ]
    if problems:
        raise InvalidInput(problems)
    if not wanted:
        return 0
    if loaded.sheet.state is State.SUBMITTED:
        loaded = _start(session, loaded=loaded, actor=actor, now=now)
    for draft in wanted:
        _write(session, loaded=loaded, draft=draft, actor=actor, now=now)
    after = load(session, actor=actor, inspection_id=inspection_id, now=now)
    move(session, loaded=after, values={"decided": after.content.decided, **reviewed_score_values(after)})
    return len(wanted)


def _start(session: Session, *, loaded: Loaded, actor: Actor, now: datetime) -> Loaded:
    step = allowed_step(loaded, action=Action.START_REVIEW, actor=actor, now=now)
    take_step(session, loaded=loaded, step=step, actor=actor, now=now)
    return load(session, actor=actor, inspection_id=loaded.sheet.id, now=now)


def _differs(draft: JudgementDraft, *, loaded: Loaded) -> bool:
    stored = loaded.content.reviews.get(draft.item_id)
    if stored is None or _was_sent(stored, draft.item_id, loaded=loaded):
        return True
    before = (
        stored.judgement,
        stored.reviewed_level,
        stored.remark,
        stored.return_due,
        stored.answer_version,
    )
    return before != (
        draft.judgement,
        draft.reviewed_level,
        clean(draft.remark),
        draft.return_due,
        draft.seen_answer_version,
    )


def _was_sent(stored: ReviewFact, item_id: ItemId, *, loaded: Loaded) -> bool:
    """Whether a return already went out: the same words once more are a new return."""
    marked = is_marked(stored, loaded.content.returns, item_id)
    return stored.judgement is Judgement.RETURNED and not marked


def draft_problems(draft: JudgementDraft, *, loaded: Loaded, today: date) -> list[Problem]:
    """Return what is to be mended in one judgement.

    Raises:
        NotNow: the item changed since the page was shown.
        InvalidInput: there is no such item to judge.
    """
    item = loaded.sheet.edition.items.get(draft.item_id)
    answer = loaded.content.answers.get(draft.item_id)
    if item is None or answer is None or draft.item_id not in loaded.content.applicable_ids:
        raise InvalidInput.of("この点検票で審査できない項目が送られました。画面を開き直してください。")
    stored = loaded.content.reviews.get(draft.item_id)
    if answer.version != draft.seen_answer_version or (stored.version if stored else 0) != draft.seen_version:
        raise NotNow(
            f"{item.number}は、画面を開いたあとに変わりました。開き直して、いまの内容を確かめてください。"
        )
    label, field = f"{item.number}の所見・理由", f"remark-{item.key}"
    problems = text_problems(clean(draft.remark), field=field, label=label, longest=LONGEST_REASON)
    if draft.judgement is not Judgement.ACCEPTED and not clean(draft.remark):
        problems.append(Problem(field=field, message=f"{item.number}の所見・理由を書いてください。"))
    if (
        draft.judgement is Judgement.CHANGED
        and draft.reviewed_level not in loaded.sheet.edition.levels_by_code
    ):
        problems.append(
            Problem(field=f"level-{item.key}", message=f"{item.number}の審査の判断（段階）を選んでください。")
        )
    if draft.judgement is Judgement.RETURNED and (draft.return_due is None or draft.return_due <= today):
        problems.append(
            Problem(
                field=f"due-{item.key}",
                message=f"{item.number}の新しい期限は、きょうより後の日を選んでください。",
            )
        )
    return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenJudgement:
    """A judgement as it is kept: its row, the row of its history, its journal entry."""

    review: dict[str, Any]
    history: dict[str, Any]
    entry: Entry


def written_judgement(
    loaded: Loaded, draft: JudgementDraft, *, version: int, actor: Actor, now: datetime
) -> WrittenJudgement:
    """Return what is written of one judgement, for one sheet as for many."""
    salt, remark = new_salt(), clean(draft.remark)
    shared = {
        "revision_id": loaded.sheet.revision_id,
        "item_id": draft.item_id,
        "judgement": draft.judgement.value,
        "reviewed_level": draft.reviewed_level if draft.judgement is Judgement.CHANGED else None,
        "remark": remark,
        "version": version,
        "reviewed_by": actor.person_id,
        "reviewed_at": now,
    }
    due = draft.return_due if draft.judgement is Judgement.RETURNED else None
    facts = {
        "revision": loaded.sheet.number,
        "item": loaded.sheet.edition.items[draft.item_id].key,
        "judgement": draft.judgement.value,
        "level": shared["reviewed_level"],
        "version": version,
        "remark": salted_digest(remark, salt=salt),
    }
    return WrittenJudgement(
        review={**shared, "return_due": due, "answer_version": draft.seen_answer_version},
        history={**shared, "salt": salt},
        entry=Entry(subject=journal_subject(loaded.sheet.id), event="item.judged", facts=facts),
    )


def _write(session: Session, *, loaded: Loaded, draft: JudgementDraft, actor: Actor, now: datetime) -> None:
    version = _next_version(session, loaded=loaded, item_id=draft.item_id)
    made = written_judgement(loaded, draft, version=version, actor=actor, now=now)
    if draft.item_id not in loaded.content.reviews:
        session.execute(insert(ItemReview).values(**made.review))
    else:
        session.execute(
            update(ItemReview)
            .where(ItemReview.revision_id == loaded.sheet.revision_id, ItemReview.item_id == draft.item_id)
            .values(**made.review)
        )
    session.execute(insert(ItemReviewHistory).values(**made.history))
    entry = made.entry
    record(session, subject=entry.subject, event=entry.event, actor=actor.mark, now=now, facts=entry.facts)


def _next_version(session: Session, *, loaded: Loaded, item_id: ItemId) -> int:
    """Count on from the history, not from the judgement: one that was taken back has its place there too."""
    last = session.scalar(
        select(func.max(ItemReviewHistory.version)).where(
            ItemReviewHistory.revision_id == loaded.sheet.revision_id, ItemReviewHistory.item_id == item_id
        )
    )
    return (last or 0) + 1


def clear_judgement(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_id: ItemId,
    seen_version: int,
    now: datetime,
) -> None:
    """Take back a judgement that was not sent yet (undo until sign-off); the history keeps it.

    Raises:
        NotNow: there is no judgement to take back, or it is not the one that was on the page.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    require(Permission.UNIT_INSPECTION_REVIEW, actor=actor, subject=loaded.subject)
    stored = loaded.content.reviews.get(item_id)
    if loaded.sheet.state is not State.UNDER_REVIEW or stored is None or stored.version != seen_version:
        raise NotNow(
            "取り消す判断が、画面を開いたあとに変わりました。開き直して、いまの内容を確かめてください。"
        )
    require_unclaimed(session, loaded=loaded, actor=actor, now=now)
    session.execute(
        delete(ItemReview).where(
            ItemReview.revision_id == loaded.sheet.revision_id, ItemReview.item_id == item_id
        )
    )
    facts = {"revision": loaded.sheet.number, "item": loaded.sheet.edition.items[item_id].key}
    record(
        session,
        subject=journal_subject(loaded.sheet.id),
        event="item.judgement_cleared",
        actor=actor.mark,
        now=now,
        facts=facts,
    )
    after = load(session, actor=actor, inspection_id=inspection_id, now=now)
    move(session, loaded=after, values={"decided": after.content.decided, **reviewed_score_values(after)})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOfJudgements:
    """What a reviewer changed on the page. `cleared` maps items to the version that is taken back."""

    drafts: tuple[JudgementDraft, ...]
    cleared: Mapping[ItemId, int]


def save_page(
    session: Session, *, actor: Actor, inspection_id: InspectionId, page: PageOfJudgements, now: datetime
) -> int:
    """Take judgements back and record the others, all or nothing; return how many items changed.

    Raises:
        NotNow: as `judge_items` and `clear_judgement`.
        InvalidInput: every problem of every draft, beside its item.
    """
    for item_id, version in page.cleared.items():
        clear_judgement(
            session, actor=actor, inspection_id=inspection_id, item_id=item_id, seen_version=version, now=now
        )
    judged = judge_items(session, actor=actor, inspection_id=inspection_id, drafts=page.drafts, now=now)
    return judged + len(page.cleared)


def save_and_return(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    page: PageOfJudgements,
    seen_version: int,
    now: datetime,
) -> int:
    """Save what was judged on the page, then send every marked item back. Returns how many were sent.

    Raises:
        StaleVersion: somebody moved the sheet or judged on it since the page was shown.
    """
    version = _saved(
        session, actor=actor, inspection_id=inspection_id, page=page, seen_version=seen_version, now=now
    )
    return return_items(session, actor=actor, inspection_id=inspection_id, seen_version=version, now=now)


def save_and_finish(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    page: PageOfJudgements,
    seen_version: int,
    now: datetime,
) -> None:
    """Save what was judged on the page, then end the review.

    Raises:
        StaleVersion: somebody moved the sheet or judged on it since the page was shown.
    """
    version = _saved(
        session, actor=actor, inspection_id=inspection_id, page=page, seen_version=seen_version, now=now
    )
    finish_review(session, actor=actor, inspection_id=inspection_id, seen_version=version, now=now)


def _saved(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    page: PageOfJudgements,
    seen_version: int,
    now: datetime,
) -> int:
    """Save a page that is still the newest; return the version of the sheet after it.

    A sheet of which nothing was judged yet is taken up all the same: the step that follows then says what is missing.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    require_version(sheet, seen_version=seen_version)
    save_page(session, actor=actor, inspection_id=inspection_id, page=page, now=now)
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    if sheet.state is State.SUBMITTED:
        loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
        sheet = _start(session, loaded=loaded, actor=actor, now=now).sheet
    return sheet.version


def return_items(
    session: Session, *, actor: Actor, inspection_id: InspectionId, seen_version: int, now: datetime
) -> int:
    """Send every marked item back to the department; the rest stays locked. Returns how many."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.RETURN_ITEMS, actor=actor, now=now)
    require_version(loaded.sheet, seen_version=seen_version)
    require_unclaimed(session, loaded=loaded, actor=actor, now=now)
    marked = [
        (item, review)
        for item in loaded.content.items
        if (review := loaded.content.reviews.get(item.id))
        and is_marked(review, loaded.content.returns, item.id)
    ]
    next_round = loaded.sheet.return_round + 1
    session.execute(
        insert(ItemReturn),
        [
            {
                "revision_id": loaded.sheet.revision_id,
                "item_id": item.id,
                "round": next_round,
                "remark": review.remark,
                "due_on": review.return_due,
                "answer_version": loaded.content.answers[item.id].version,
                "returned_by": actor.person_id,
                "returned_at": now,
                "reply": "",
            }
            for item, review in marked
        ],
    )
    take_step(
        session,
        loaded=loaded,
        step=step,
        actor=actor,
        now=now,
        facts={"round": next_round, "items": [item.key for item, _ in marked]},
        values={"return_round": next_round, "extended_to": None},
        due=min((review.return_due for _, review in marked if review.return_due), default=None),
    )
    end_claim(session, loaded=loaded, actor=actor, now=now)
    return len(marked)


def cancel_return(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    reason: str,
    seen_version: int,
    now: datetime,
) -> None:
    """Take a return back: a silent department or head is no dead end, the reviewer then judges the items.

    Corrections that no head approved do not stay: the answers are again what was approved before the return.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.CANCEL_RETURN, actor=actor, now=now)
    require_version(loaded.sheet, seen_version=seen_version)
    words = checked_reason(reason)
    restore_approved(session, sheet=loaded.sheet, actor=actor, now=now)
    restore_evidence(session, loaded=loaded, actor=actor, now=now)
    after = load(session, actor=actor, inspection_id=inspection_id, now=now)
    done = after.content.completeness(after.sheet)
    values = {
        "applicable": done.applicable,
        "answered": done.answered,
        **self_score_values(after),
        **reviewed_score_values(after),
    }
    take_step(session, loaded=after, step=step, actor=actor, now=now, reason=words, values=values)
    screen(session, loaded=after, now=now)


def finish_review(
    session: Session, *, actor: Actor, inspection_id: InspectionId, seen_version: int, now: datetime
) -> None:
    """End the review: every item is judged, nothing is marked for return."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.FINISH_REVIEW, actor=actor, now=now)
    require_version(loaded.sheet, seen_version=seen_version)
    require_unclaimed(session, loaded=loaded, actor=actor, now=now)
    take_step(session, loaded=loaded, step=step, actor=actor, now=now, values=reviewed_score_values(loaded))
    end_claim(session, loaded=loaded, actor=actor, now=now)


def retake_review(
    session: Session, *, actor: Actor, inspection_id: InspectionId, seen_version: int, now: datetime
) -> None:
    """Take the end of a review back while nobody has signed off; the judgements stand as they were."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.RETAKE_REVIEW, actor=actor, now=now)
    require_version(loaded.sheet, seen_version=seen_version)
    take_step(session, loaded=loaded, step=step, actor=actor, now=now)


def resume_review(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    reason: str,
    seen_version: int,
    now: datetime,
) -> None:
    """Give a reviewed sheet back to the reviewers, with the reason."""
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.RESUME_REVIEW, actor=actor, now=now)
    require_version(loaded.sheet, seen_version=seen_version)
    take_step(session, loaded=loaded, step=step, actor=actor, now=now, reason=reason)
