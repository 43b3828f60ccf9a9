"""Many sheets in one act: a lane accepted after its sample, one item judged across units, and the way back.

The rules are those of a single judgement, sheet by sheet; what may not be judged is left out and named with the reason. Nothing is
asked of the database in a loop, and each item has its own row in the journal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from secrets import token_hex
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, and_, bindparam, delete, func, insert, select, update
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
from app.inspections.commands.steps import (
    LONGEST_REASON,
    Loaded,
    allowed_step,
    journal_subject,
    reviewed_score_values,
    written_step,
)
from app.inspections.models import (
    ItemReview,
    ItemReviewHistory,
    ReviewBatch,
    ReviewBatchItem,
    ReviewBatchSheet,
    ReviewClaim,
    ReviewSample,
    ReviewSampleSheet,
    Revision,
    SheetStepRow,
)
from app.inspections.queries.review_batches import (
    UNKNOWN_SHEET,
    BatchRow,
    candidates,
    find_batch,
    find_sample,
    refusals_of,
)
from app.inspections.queries.review_claims import claims_of
from app.inspections.queries.review_flags import screenings_of
from app.inspections.queries.sheet import (
    Lock,
    ReviewFact,
    SheetContent,
    contents_of_sheets,
    find_sheets,
    subjects_of,
)
from app.inspections.rules import Action, Judgement, SheetStep, State
from app.inspections.rules.flags import FLAG_RULES_VERSION, Lane
from app.inspections.rules.sampling import drawn
from app.journal.commands import Entry, record, record_many
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotNow, Problem, Refusal
from app.kernel.ids import CampaignId, InspectionId, ItemId, PersonId, RevisionId, new_id
from app.kernel.text import clean, text_problems
from app.organisation.queries import tree_on

Refused = Mapping[InspectionId, str]
"""Sheets that an act on many left out, each with the reason in a sentence."""
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
        return _named(self.refused, names=self.names)


def _named(refused: Refused, *, names: Mapping[InspectionId, str]) -> str:
    return "".join(f"\n{names.get(one, '（見られない所属）')}：{reason}" for one, reason in refused.items())


def _names(
    session: Session, *, loaded: Mapping[InspectionId, Loaded], now: datetime
) -> Mapping[InspectionId, str]:
    tree = tree_on(session, day=business_date(now)).by_id
    units = {one: tree.get(found.sheet.unit_id) for one, found in loaded.items()}
    return {one: unit.name if unit else "（廃止された所属）" for one, unit in units.items()}


# ------------------------------------------------------------------------------------------- the sample


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
    _journal_campaign(session, campaign_id, event="review.sample_drawn", actor=actor, now=now, facts=facts)
    return sample_id


# ------------------------------------------------------------------------------------------- judging many


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
        NotNow: the sample is used up or not yet opened, or nothing of the list can be accepted.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    sample = find_sample(session, actor=actor, sample_id=sample_id, lock=Lock.HELD)
    if sample.used:
        raise NotNow("この見本での受理は、もう済んでいます。つづきは、新しい見本を選んでください。")
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
        id=new_id(), campaign_id=sample.campaign_id, sample_id=sample_id, event="review.lane_accepted"
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
    batch = _Batch(id=new_id(), campaign_id=campaign_id, item_id=verdict.item_id, event="review.item_judged")
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


def load_many(
    session: Session, *, actor: Actor, inspection_ids: Iterable[InspectionId], now: datetime
) -> Mapping[InspectionId, Loaded]:
    """Load sheets under lock with everything that rules look at; what the actor may not see is absent."""
    sheets = find_sheets(session, actor=actor, inspection_ids=inspection_ids, lock=Lock.HELD)
    contents = contents_of_sheets(session, sheets=sheets.values())
    units = {inspection_id: sheet.unit_id for inspection_id, sheet in sheets.items()}
    subjects = subjects_of(session, sheets=units, today=business_date(now))
    return {
        inspection_id: Loaded(sheet=sheet, content=contents[inspection_id], subject=subjects[inspection_id])
        for inspection_id, sheet in sheets.items()
    }


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
    refused |= _refusals(session, loaded=[loaded[one] for one in wanted], actor=actor, now=now)
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
        names=_names(session, loaded=loaded, now=now),
    )


def _refusals(
    session: Session, *, loaded: Sequence[Loaded], actor: Actor, now: datetime
) -> dict[InspectionId, str]:
    claims = claims_of(session, revision_ids=[one.sheet.revision_id for one in loaded], now=now)
    return refusals_of(
        [(one.sheet.id, one.sheet.state, one.subject, claims.get(one.sheet.revision_id)) for one in loaded],
        actor=actor,
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
    steps = _take_steps(session, loaded=begun, action=Action.START_REVIEW, actor=actor, now=now)
    entries: list[Entry] = []
    for inspection_id, judgements in made.items():
        entries += [steps[inspection_id]] if inspection_id in steps else []
        entries += [
            replace(one.entry, facts={**one.entry.facts, "batch": str(batch.id)}) for one in judgements
        ]
    record_many(session, entries=entries, actor=actor.mark, now=now)


def _take_steps(
    session: Session, *, loaded: Sequence[Loaded], action: Action, actor: Actor, now: datetime
) -> dict[InspectionId, Entry]:
    """Write the rows of a step that many sheets take, and return their journal entries."""
    if not loaded:
        return {}
    rows = session.execute(
        select(SheetStepRow.revision_id, func.max(SheetStepRow.sequence))
        .where(SheetStepRow.revision_id.in_([one.sheet.revision_id for one in loaded]))
        .group_by(SheetStepRow.revision_id)
    )
    last = {RevisionId(revision_id): sequence for revision_id, sequence in rows}
    made = {
        one.sheet.id: written_step(
            one,
            step=_step_of(one, action=action, actor=actor, now=now),
            actor=actor,
            now=now,
            sequence=last.get(one.sheet.revision_id, 0) + 1,
        )
        for one in loaded
    }
    session.execute(insert(SheetStepRow), [row for row, _ in made.values()])
    return {inspection_id: entry for inspection_id, (_, entry) in made.items()}


def _step_of(loaded: Loaded, *, action: Action, actor: Actor, now: datetime) -> SheetStep:
    return allowed_step(loaded, action=action, actor=actor, now=now)


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
    _journal_campaign(session, batch.campaign_id, event=batch.event, actor=actor, now=now, facts=facts)


def _journal_campaign(
    session: Session,
    campaign_id: CampaignId,
    *,
    event: str,
    actor: Actor,
    now: datetime,
    facts: Mapping[str, Any],
) -> None:
    subject = Subject(type=SubjectType.CAMPAIGN, id=str(campaign_id))
    record(session, subject=subject, event=event, actor=actor.mark, now=now, facts=facts)


def _move_judged(
    session: Session,
    *,
    loaded: Mapping[InspectionId, Loaded],
    made: Mapping[InspectionId, Sequence[WrittenJudgement]],
    now: datetime,
) -> None:
    """Bring the rows of the revisions to where single judgements bring them: a begun review counts as a step of its own."""
    rows = []
    for inspection_id, one in loaded.items():
        after = _with_reviews(one, {**one.content.reviews, **_facts(made[inspection_id])})
        begun = one.sheet.state is State.SUBMITTED
        rows.append(
            {
                **_summary(after, versions=2 if begun else 1),
                "to_state": State.UNDER_REVIEW.value,
                "to_since": now if begun else one.sheet.state_since,
            }
        )
    _move_many(session, rows)


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


def _with_reviews(loaded: Loaded, reviews: Mapping[ItemId, ReviewFact]) -> Loaded:
    return replace(loaded, content=replace(loaded.content, reviews=reviews))


def _summary(loaded: Loaded, *, versions: int) -> dict[str, Any]:
    scores = reviewed_score_values(loaded)
    return {
        "revision": loaded.sheet.revision_id,
        "seen": loaded.sheet.version,
        "to_version": loaded.sheet.version + versions,
        "to_decided": loaded.content.decided,
        **{f"to_{name}": value for name, value in scores.items()},
    }


_REVISION: Final[Table] = Revision.__table__  # type: ignore[assignment]
_MOVE: Final = (
    update(_REVISION)
    .where(_REVISION.c.id == bindparam("revision"), _REVISION.c.version == bindparam("seen"))
    .values(
        version=bindparam("to_version"),
        state=bindparam("to_state"),
        state_since=bindparam("to_since"),
        decided=bindparam("to_decided"),
        reviewed_earned=bindparam("to_reviewed_earned"),
        reviewed_possible=bindparam("to_reviewed_possible"),
        reviewed_grade=bindparam("to_reviewed_grade"),
    )
)


def _move_many(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change the rows of many revisions, each from the version that was loaded under its lock."""
    done = session.connection().execute(_MOVE, list(rows))
    if done.rowcount not in {-1, len(rows)}:
        raise NotNow("ほかの人が同時に進めました。画面を開き直してください。")


# ------------------------------------------------------------------------------------------- the way back


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOutcome:
    """What undoing an act brought back: items by sheet, items that somebody touched since, sheets that were left out."""

    cleared: Mapping[InspectionId, int]
    touched: Mapping[InspectionId, tuple[str, ...]]
    refused: Refused
    names: Mapping[InspectionId, str]

    @property
    def items(self) -> int:
        """Count the judgements that were taken back."""
        return sum(self.cleared.values())

    @property
    def left_out(self) -> str:
        """Name what stays as it is, each with the reason; empty where nothing does."""
        touched = {
            one: f"あとで変えた項目（{'、'.join(numbers)}）は残しました。"
            for one, numbers in self.touched.items()
        }
        return _named({**touched, **self.refused}, names=self.names)


def undo_batch(session: Session, *, actor: Actor, batch_id: UUID, now: datetime) -> UndoOutcome:
    """Take back the judgements of an act that nobody touched since; the others stay and are named.

    The same as taking each of them back by itself, so only while a sheet is under review: one whose review has ended is first given
    back to the reviewers by whoever signs off.

    Raises:
        NotNow: there is nothing left to undo.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    batch = find_batch(session, batch_id=batch_id, lock=Lock.HELD)
    loaded = load_many(session, actor=actor, inspection_ids=batch.open_sheets.values(), now=now)
    refused = _refusals(session, loaded=list(loaded.values()), actor=actor, now=now)
    taken = {one: found for one, found in loaded.items() if one not in refused}
    if not taken:
        raise NotNow("\n".join(dict.fromkeys(refused.values())) or "取り消せる判断は、もうありません。")
    plan = {one: _undone(batch, loaded=found) for one, found in taken.items()}
    gone = [(taken[one], item_id) for one, (items, _) in plan.items() for item_id in items]
    _delete_reviews(session, gone=gone)
    _journal_cleared(session, gone=gone, batch=batch, actor=actor, now=now)
    changed = {one: items for one, (items, _) in plan.items() if items}
    if changed:
        _move_many(session, [_undone_row(taken[one], gone=items) for one, items in changed.items()])
    session.execute(
        update(ReviewBatchSheet)
        .where(
            ReviewBatchSheet.batch_id == batch_id,
            ReviewBatchSheet.revision_id.in_([one.sheet.revision_id for one in taken.values()]),
        )
        .values(undone_by=actor.person_id, undone_at=now)
    )
    return UndoOutcome(
        cleared={one: len(items) for one, (items, _) in plan.items() if items},
        touched={one: numbers for one, (_, numbers) in plan.items() if numbers},
        refused=refused,
        names=_names(session, loaded=loaded, now=now),
    )


def _undone(batch: BatchRow, *, loaded: Loaded) -> tuple[list[ItemId], tuple[str, ...]]:
    """Return the items that go back, and the numbers of those that somebody touched since."""
    gone, touched = [], []
    for item_id, version in batch.items.get(loaded.sheet.revision_id, {}).items():
        stored = loaded.content.reviews.get(item_id)
        if stored is not None and stored.version == version:
            gone.append(item_id)
        else:
            touched.append(loaded.sheet.edition.items[item_id].number)
    return gone, tuple(touched)


def _undone_row(loaded: Loaded, *, gone: Sequence[ItemId]) -> dict[str, Any]:
    kept = {item_id: fact for item_id, fact in loaded.content.reviews.items() if item_id not in set(gone)}
    return {
        **_summary(_with_reviews(loaded, kept), versions=1),
        "to_state": loaded.sheet.state.value,
        "to_since": loaded.sheet.state_since,
    }


_REVIEWS: Final[Table] = ItemReview.__table__  # type: ignore[assignment]
_DELETE: Final = delete(_REVIEWS).where(
    and_(_REVIEWS.c.revision_id == bindparam("of_revision"), _REVIEWS.c.item_id == bindparam("of_item"))
)


def _delete_reviews(session: Session, *, gone: Sequence[tuple[Loaded, ItemId]]) -> None:
    if gone:
        session.connection().execute(
            _DELETE,
            [{"of_revision": one.sheet.revision_id, "of_item": item_id} for one, item_id in gone],
        )


def _journal_cleared(
    session: Session, *, gone: Sequence[tuple[Loaded, ItemId]], batch: BatchRow, actor: Actor, now: datetime
) -> None:
    entries = [
        Entry(
            subject=journal_subject(one.sheet.id),
            event="item.judgement_cleared",
            facts={
                "revision": one.sheet.number,
                "item": one.sheet.edition.items[item_id].key,
                "batch": str(batch.id),
            },
        )
        for one, item_id in gone
    ]
    record_many(session, entries=entries, actor=actor.mark, now=now)
    facts = {"batch": str(batch.id), "items": len(gone)}
    _journal_campaign(
        session, batch.campaign_id, event="review.batch_undone", actor=actor, now=now, facts=facts
    )


# ------------------------------------------------------------------------------------------- the end of many


def finish_batch(session: Session, *, actor: Actor, batch_id: UUID, now: datetime) -> BulkOutcome:
    """End the review of every sheet of an act in which everything is judged; the others are named.

    Raises:
        NotNow: of none of them the review can end.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    batch = find_batch(session, batch_id=batch_id, lock=Lock.HELD)
    loaded = load_many(session, actor=actor, inspection_ids=batch.open_sheets.values(), now=now)
    refused = _refusals(session, loaded=list(loaded.values()), actor=actor, now=now)
    for inspection_id, one in loaded.items():
        if inspection_id not in refused and (reason := _unfinished(one, actor=actor, now=now)):
            refused[inspection_id] = reason
    taken = [one for inspection_id, one in loaded.items() if inspection_id not in refused]
    if not taken:
        raise NotNow("\n".join(dict.fromkeys(refused.values())) or "審査を終えられる所属は、もうありません。")
    entries = _take_steps(session, loaded=taken, action=Action.FINISH_REVIEW, actor=actor, now=now)
    record_many(session, entries=list(entries.values()), actor=actor.mark, now=now)
    ended = {"to_state": State.REVIEWED.value, "to_since": now}
    _move_many(session, [{**_summary(one, versions=1), **ended} for one in taken])
    session.execute(
        update(ReviewClaim)
        .where(
            ReviewClaim.revision_id.in_([one.sheet.revision_id for one in taken]),
            ReviewClaim.ended_at.is_(None),
        )
        .values(ended_by=actor.person_id, ended_at=now)
    )
    return BulkOutcome(
        batch_id=batch_id,
        judged={one.sheet.id: one.content.decided for one in taken},
        refused=refused,
        names=_names(session, loaded=loaded, now=now),
    )


def _unfinished(loaded: Loaded, *, actor: Actor, now: datetime) -> str | None:
    try:
        allowed_step(loaded, action=Action.FINISH_REVIEW, actor=actor, now=now)
    except Refusal as refusal:
        return refusal.message
    return None
