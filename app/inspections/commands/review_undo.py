"""The way back from an act on many sheets, and its end: the review of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Table, and_, bindparam, delete, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.commands.review_bulk import BulkOutcome
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
    Loaded,
    allowed_step,
    journal_subject,
)
from app.inspections.models import (
    ItemReview,
    ReviewBatchSheet,
    ReviewClaim,
)
from app.inspections.queries.review_batches import (
    BatchRow,
    find_batch,
)
from app.inspections.queries.sheet import (
    Lock,
)
from app.inspections.rules import UNDOABLE, Action, State
from app.journal.commands import Entry, record_many
from app.kernel.errors import NotNow, Refusal
from app.kernel.ids import InspectionId, ItemId


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
        return named({**touched, **self.refused}, names=self.names)


def undo_batch(session: Session, *, actor: Actor, batch_id: UUID, now: datetime) -> UndoOutcome:
    """Take back the judgements of an act that nobody touched since; the others stay and are named.

    The same as taking each of them back by itself. Where the review has ended already, its end is taken back with them; after the
    sign-off nothing is.

    Raises:
        NotNow: there is nothing left to undo.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    batch = find_batch(session, batch_id=batch_id, lock=Lock.HELD)
    loaded = load_many(session, actor=actor, inspection_ids=batch.open_sheets.values(), now=now)
    refused = refusals(session, loaded=list(loaded.values()), actor=actor, now=now, states=UNDOABLE)
    taken = {one: found for one, found in loaded.items() if one not in refused}
    if not taken:
        raise NotNow("\n".join(dict.fromkeys(refused.values())) or "取り消せる判断は、もうありません。")
    plan = {one: _undone(batch, loaded=found) for one, found in taken.items()}
    gone = [(taken[one], item_id) for one, (items, _) in plan.items() for item_id in items]
    ended = [taken[one] for one, (items, _) in plan.items() if items and _has_ended(taken[one])]
    retaken = take_steps(session, loaded=ended, action=Action.RETAKE_REVIEW, actor=actor, now=now)
    record_many(session, entries=list(retaken.values()), actor=actor.mark, now=now)
    _delete_reviews(session, gone=gone)
    _journal_cleared(session, gone=gone, batch=batch, actor=actor, now=now)
    changed = {one: items for one, (items, _) in plan.items() if items}
    if changed:
        move_many(session, [_as_before(taken[one], gone=items, now=now) for one, items in changed.items()])
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
        names=names_of(session, loaded=loaded, now=now),
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


def _has_ended(loaded: Loaded) -> bool:
    return loaded.sheet.state is State.REVIEWED


def _as_before(loaded: Loaded, *, gone: Sequence[ItemId], now: datetime) -> Moved:
    kept = {item_id: fact for item_id, fact in loaded.content.reviews.items() if item_id not in set(gone)}
    ended = _has_ended(loaded)
    return Moved(
        loaded=with_reviews(loaded, kept),
        versions=2 if ended else 1,
        state=State.UNDER_REVIEW if ended else loaded.sheet.state,
        since=now if ended else loaded.sheet.state_since,
    )


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
    journal_campaign(
        session, batch.campaign_id, event="campaign.review_batch_undone", actor=actor, now=now, facts=facts
    )


def finish_batch(session: Session, *, actor: Actor, batch_id: UUID, now: datetime) -> BulkOutcome:
    """End the review of every sheet of an act in which everything is judged; the others are named.

    Raises:
        NotNow: of none of them the review can end.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    batch = find_batch(session, batch_id=batch_id, lock=Lock.HELD)
    loaded = load_many(session, actor=actor, inspection_ids=batch.open_sheets.values(), now=now)
    refused = refusals(session, loaded=list(loaded.values()), actor=actor, now=now)
    for inspection_id, one in loaded.items():
        if inspection_id not in refused and (reason := _unfinished(one, actor=actor, now=now)):
            refused[inspection_id] = reason
    taken = [one for inspection_id, one in loaded.items() if inspection_id not in refused]
    if not taken:
        raise NotNow("\n".join(dict.fromkeys(refused.values())) or "審査を終えられる所属は、もうありません。")
    entries = take_steps(session, loaded=taken, action=Action.FINISH_REVIEW, actor=actor, now=now)
    record_many(session, entries=list(entries.values()), actor=actor.mark, now=now)
    ended = [Moved(loaded=one, versions=1, state=State.REVIEWED, since=now) for one in taken]
    move_many(session, ended)
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
        names=names_of(session, loaded=loaded, now=now),
    )


def _unfinished(loaded: Loaded, *, actor: Actor, now: datetime) -> str | None:
    try:
        allowed_step(loaded, action=Action.FINISH_REVIEW, actor=actor, now=now)
    except Refusal as refusal:
        return refusal.message
    return None
