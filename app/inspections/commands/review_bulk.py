"""Many sheets in one act: a lane accepted after its sample, one item judged across units.

The rules are those of a single judgement, sheet by sheet; what may not be judged is left out and named with the reason. Nothing is
asked of the database in a loop, and each item has its own row in the journal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from secrets import token_hex
from typing import Final
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.commands.review import (
    JudgementDraft,
    WrittenJudgement,
    draft_problems,
    written_judgement,
)
from app.inspections.commands.review_many import (
    Moved,
    Refused,
    journal_campaign,
    load_many,
    move_many,
    named,
    names_of,
    refusals,
    take_steps,
    with_reviews,
)
from app.inspections.commands.steps import (
    LONGEST_REASON,
    Loaded,
)
from app.inspections.models import (
    ItemReview,
    ItemReviewHistory,
    ReviewBatch,
    ReviewBatchItem,
    ReviewBatchSheet,
    ReviewSample,
    ReviewSampleSheet,
)
from app.inspections.queries.review_batches import (
    UNKNOWN_SHEET,
    candidates,
    find_sample,
)
from app.inspections.queries.review_flags import screenings_of
from app.inspections.queries.sheet import (
    Lock,
    ReviewFact,
    SheetContent,
)
from app.inspections.rules import Action, Judgement, State
from app.inspections.rules.flags import FLAG_RULES_VERSION, Lane
from app.inspections.rules.sampling import drawn
from app.journal.commands import Entry, record_many
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotNow, Problem, Refusal
from app.kernel.ids import CampaignId, InspectionId, ItemId, PersonId, RevisionId, new_id
from app.kernel.text import clean, text_problems

_CHANGED: Final = "一覧を開いたあとに変わりました。開き直して、いまの内容を確かめてください。"
_JUDGED: Final = "もう判断があります。その所属の審査の画面で変えてください。"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutcome:
    """What an act on many sheets did: items by sheet, and what it left out."""

    batch_id: UUID
    judged: Mapping[InspectionId, int]
    refused: Refused
    names: Mapping[InspectionId, str]

    @property
    def items(self) -> int:
        """Count the items that were judged."""
        return sum(self.judged.values())

    @property
    def left_out(self) -> str:
        """Name what was left out, each with the reason; empty where nothing was."""
        return named(self.refused, names=self.names)


def draw_sample(session: Session, *, actor: Actor, campaign_id: CampaignId, now: datetime) -> UUID:
    """Draw a sample from the sheets without flags that the reviewer may accept now, with a seed that is kept.

    Raises:
        NotNow: there is no such sheet.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    found = candidates(session, actor=actor, campaign_id=campaign_id, now=now)
    if not found.allowed:
        raise NotNow("まとめて受理できる所属は、いまありません。")
    sample_id, seed = new_id(), token_hex(16)
    chosen = drawn((sheet.revision_id for sheet in found.allowed), seed=seed)
    session.execute(
        insert(ReviewSample).values(
            id=sample_id,
            campaign_id=campaign_id,
            reviewer_id=actor.person_id,
            rules_version=FLAG_RULES_VERSION,
            seed=seed,
            drawn_at=now,
        )
    )
    session.execute(
        insert(ReviewSampleSheet),
        [
            {"sample_id": sample_id, "revision_id": one.revision_id, "drawn": one.revision_id in chosen}
            for one in found.allowed
        ],
    )
    facts = {
        "sample": str(sample_id),
        "rules": FLAG_RULES_VERSION,
        "seed": seed,
        "sheets": len(found.allowed),
        "drawn": sorted(str(one) for one in chosen),
    }
    journal_campaign(
        session, campaign_id, event="campaign.review_sample_drawn", actor=actor, now=now, facts=facts
    )
    return sample_id


def accept_lane(
    session: Session,
    *,
    actor: Actor,
    sample_id: UUID,
    listed: Mapping[InspectionId, int],
    now: datetime,
) -> BulkOutcome:
    """Accept every item without a judgement of the sheets that were listed, each at the version that was shown.

    Raises:
        NotNow: the sample is used up, drawn under other rules or not yet opened, or nothing of the list can be accepted.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    sample = find_sample(session, actor=actor, sample_id=sample_id, lock=Lock.HELD)
    if sample.used:
        raise NotNow("この見本での受理は、もう済んでいます。つづきは、新しい見本を選んでください。")
    if sample.rules_version != FLAG_RULES_VERSION:
        # Other rules put other sheets into the lane: what was looked at says nothing about these.
        raise NotNow(
            "見本を選んだあとに、印の規則が改まりました。新しい見本を選んで、開いて確かめてください。"
        )
    if sample.still_to_open:
        raise NotNow(
            f"まだ受理できません。見本のうち{len(sample.still_to_open)}所属を開いて確かめてください。"
        )
    loaded = load_many(session, actor=actor, inspection_ids=listed, now=now)
    screened = screenings_of(session, revision_ids=[one.sheet.revision_id for one in loaded.values()])
    refused = dict.fromkeys(set(listed) - set(loaded), UNKNOWN_SHEET)
    for inspection_id, one in loaded.items():
        revision_id = one.sheet.revision_id
        found = screened.get(revision_id)
        in_lane = found is not None and found.lane is Lane.CLEAR and revision_id in sample.sheets
        if not in_lane or one.sheet.version != listed[inspection_id]:
            refused[inspection_id] = _CHANGED
    wanted = {
        inspection_id: _acceptances(one.content)
        for inspection_id, one in loaded.items()
        if inspection_id not in refused
    }
    batch = _Batch(
        id=new_id(),
        campaign_id=sample.campaign_id,
        sample_id=sample_id,
        event="campaign.review_lane_accepted",
    )
    return _judge_many(
        session, batch=batch, loaded=loaded, wanted=wanted, refused=refused, actor=actor, now=now
    )


def _acceptances(content: SheetContent) -> tuple[JudgementDraft, ...]:
    return tuple(
        JudgementDraft(
            item_id=item.id,
            judgement=Judgement.ACCEPTED,
            reviewed_level=None,
            remark="",
            return_due=None,
            seen_answer_version=content.answers[item.id].version,
            seen_version=0,
        )
        for item in content.items
        if item.id in content.answers and item.id not in content.reviews
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemVerdict:
    """One judgement for one item of many units, in the same words."""

    item_id: ItemId
    judgement: Judgement
    remark: str
    return_due: date | None


def judge_item(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    verdict: ItemVerdict,
    seen: Mapping[InspectionId, int],
    now: datetime,
) -> BulkOutcome:
    """Judge one item of the units that were listed, each on the answer (its version) that was shown.

    Raises:
        InvalidInput: the words or the date do not fit the judgement.
        NotNow: of none of them the item can be judged.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    require_fitting(verdict, today=business_date(now))
    loaded = load_many(session, actor=actor, inspection_ids=seen, now=now)
    refused = dict.fromkeys(set(seen) - set(loaded), UNKNOWN_SHEET)
    for inspection_id, one in loaded.items():
        if one.sheet.campaign.id != campaign_id:
            refused[inspection_id] = UNKNOWN_SHEET
        elif verdict.item_id in one.content.reviews:
            refused[inspection_id] = _JUDGED
    wanted = {
        inspection_id: (
            JudgementDraft(
                item_id=verdict.item_id,
                judgement=verdict.judgement,
                reviewed_level=None,
                remark=verdict.remark,
                return_due=verdict.return_due,
                seen_answer_version=seen[inspection_id],
                seen_version=0,
            ),
        )
        for inspection_id in loaded
        if inspection_id not in refused
    }
    batch = _Batch(
        id=new_id(), campaign_id=campaign_id, item_id=verdict.item_id, event="campaign.review_item_judged"
    )
    return _judge_many(
        session, batch=batch, loaded=loaded, wanted=wanted, refused=refused, actor=actor, now=now
    )


def require_fitting(verdict: ItemVerdict, *, today: date) -> None:
    """Refuse words or a date that do not fit the judgement.

    Raises:
        InvalidInput: every problem beside its field.
    """
    words = clean(verdict.remark)
    problems = text_problems(words, field="remark", label="所見・理由", longest=LONGEST_REASON)
    if verdict.judgement is Judgement.CHANGED:
        problems.append(Problem(field="judgement", message="段階を変える判断は、1所属ずつ行ってください。"))
    if verdict.judgement is Judgement.ACCEPTED and words:
        sentence = "所見があります。「所見を付けて受理」を選ぶか、所見を消してください。"
        problems.append(Problem(field="judgement", message=sentence))
    if verdict.judgement is not Judgement.ACCEPTED and not words:
        problems.append(Problem(field="remark", message="所見・理由を書いてください。"))
    late = verdict.return_due is None or verdict.return_due <= today
    if verdict.judgement is Judgement.RETURNED and late:
        problems.append(Problem(field="due", message="新しい期限は、きょうより後の日を選んでください。"))
    if problems:
        raise InvalidInput(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    id: UUID
    campaign_id: CampaignId
    event: str
    sample_id: UUID | None = None
    item_id: ItemId | None = None


def _judge_many(
    session: Session,
    *,
    batch: _Batch,
    loaded: Mapping[InspectionId, Loaded],
    wanted: Mapping[InspectionId, Sequence[JudgementDraft]],
    refused: dict[InspectionId, str],
    actor: Actor,
    now: datetime,
) -> BulkOutcome:
    """Judge what may be judged, with one row of the journal for each item, and keep what was done as one act."""
    refused |= refusals(session, loaded=[loaded[one] for one in wanted], actor=actor, now=now)
    for inspection_id, drafts in wanted.items():
        if inspection_id not in refused and (
            reason := _misfit(drafts, loaded=loaded[inspection_id], now=now)
        ):
            refused[inspection_id] = reason
    taken = {one: loaded[one] for one in wanted if one not in refused and wanted[one]}
    if not taken:
        sentence = "\n".join(dict.fromkeys(refused.values())) or "判断していない項目がありません。"
        raise NotNow(sentence)
    made = _written(session, loaded=taken, wanted=wanted, actor=actor, now=now)
    _begin_reviews(session, loaded=taken, made=made, batch=batch, actor=actor, now=now)
    rows = [one for judgements in made.values() for one in judgements]
    session.execute(insert(ItemReview), [one.review for one in rows])
    session.execute(insert(ItemReviewHistory), [one.history for one in rows])
    _keep(session, batch=batch, loaded=taken, rows=rows, actor=actor, now=now)
    _move_judged(session, loaded=taken, made=made, now=now)
    return BulkOutcome(
        batch_id=batch.id,
        judged={one: len(found) for one, found in made.items()},
        refused=refused,
        names=names_of(session, loaded=loaded, now=now),
    )


def _misfit(drafts: Sequence[JudgementDraft], *, loaded: Loaded, now: datetime) -> str | None:
    """Return why the judgements do not fit the sheet as it is now."""
    try:
        found = [
            one for draft in drafts for one in draft_problems(draft, loaded=loaded, today=business_date(now))
        ]
    except Refusal as refusal:
        return refusal.message
    return found[0].message if found else None


def _written(
    session: Session,
    *,
    loaded: Mapping[InspectionId, Loaded],
    wanted: Mapping[InspectionId, Sequence[JudgementDraft]],
    actor: Actor,
    now: datetime,
) -> dict[InspectionId, list[WrittenJudgement]]:
    versions = _last_versions(session, revision_ids=[one.sheet.revision_id for one in loaded.values()])
    return {
        inspection_id: [
            written_judgement(
                one,
                draft,
                version=versions.get((one.sheet.revision_id, draft.item_id), 0) + 1,
                actor=actor,
                now=now,
            )
            for draft in wanted[inspection_id]
        ]
        for inspection_id, one in loaded.items()
    }


def _last_versions(
    session: Session, *, revision_ids: Sequence[RevisionId]
) -> Mapping[tuple[RevisionId, ItemId], int]:
    rows = session.execute(
        select(ItemReviewHistory.revision_id, ItemReviewHistory.item_id, func.max(ItemReviewHistory.version))
        .where(ItemReviewHistory.revision_id.in_(revision_ids))
        .group_by(ItemReviewHistory.revision_id, ItemReviewHistory.item_id)
    )
    return {(RevisionId(revision), ItemId(item)): last for revision, item, last in rows}


def _begin_reviews(
    session: Session,
    *,
    loaded: Mapping[InspectionId, Loaded],
    made: Mapping[InspectionId, Sequence[WrittenJudgement]],
    batch: _Batch,
    actor: Actor,
    now: datetime,
) -> None:
    """Take the step into the review where it was not taken yet, and journal it before the judgements of its sheet."""
    begun = [one for one in loaded.values() if one.sheet.state is State.SUBMITTED]
    steps = take_steps(session, loaded=begun, action=Action.START_REVIEW, actor=actor, now=now)
    entries: list[Entry] = []
    for inspection_id, judgements in made.items():
        entries += [steps[inspection_id]] if inspection_id in steps else []
        entries += [
            replace(one.entry, facts={**one.entry.facts, "batch": str(batch.id)}) for one in judgements
        ]
    record_many(session, entries=entries, actor=actor.mark, now=now)


def _keep(
    session: Session,
    *,
    batch: _Batch,
    loaded: Mapping[InspectionId, Loaded],
    rows: Sequence[WrittenJudgement],
    actor: Actor,
    now: datetime,
) -> None:
    session.execute(
        insert(ReviewBatch).values(
            id=batch.id,
            campaign_id=batch.campaign_id,
            sample_id=batch.sample_id,
            item_id=batch.item_id,
            rules_version=FLAG_RULES_VERSION,
            reviewer_id=actor.person_id,
            judged_at=now,
        )
    )
    session.execute(
        insert(ReviewBatchSheet),
        [{"batch_id": batch.id, "revision_id": one.sheet.revision_id} for one in loaded.values()],
    )
    session.execute(
        insert(ReviewBatchItem),
        [
            {
                "batch_id": batch.id,
                **{name: one.review[name] for name in ("revision_id", "item_id", "version")},
            }
            for one in rows
        ],
    )
    facts = {
        "batch": str(batch.id),
        "rules": FLAG_RULES_VERSION,
        "sample": str(batch.sample_id) if batch.sample_id else None,
        "sheets": sorted(str(inspection_id) for inspection_id in loaded),
        "items": len(rows),
    }
    journal_campaign(session, batch.campaign_id, event=batch.event, actor=actor, now=now, facts=facts)


def _move_judged(
    session: Session,
    *,
    loaded: Mapping[InspectionId, Loaded],
    made: Mapping[InspectionId, Sequence[WrittenJudgement]],
    now: datetime,
) -> None:
    """Bring the rows of the revisions to where single judgements bring them: a begun review counts as a step of its own."""
    moved = []
    for inspection_id, one in loaded.items():
        begun = one.sheet.state is State.SUBMITTED
        moved.append(
            Moved(
                loaded=with_reviews(one, {**one.content.reviews, **_facts(made[inspection_id])}),
                versions=2 if begun else 1,
                state=State.UNDER_REVIEW,
                since=now if begun else one.sheet.state_since,
            )
        )
    move_many(session, moved)


def _facts(judgements: Sequence[WrittenJudgement]) -> dict[ItemId, ReviewFact]:
    return {
        ItemId(one.review["item_id"]): ReviewFact(
            judgement=Judgement(one.review["judgement"]),
            reviewed_level=one.review["reviewed_level"],
            remark=one.review["remark"],
            return_due=one.review["return_due"],
            answer_version=one.review["answer_version"],
            version=one.review["version"],
            reviewed_by=PersonId(one.review["reviewed_by"]),
            reviewed_at=one.review["reviewed_at"],
        )
        for one in judgements
    }
