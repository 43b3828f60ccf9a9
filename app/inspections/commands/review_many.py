"""What acts on many sheets share: loading them under lock, refusing some of them, moving the others, all without a loop of statements."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.inspections.commands.steps import (
    Loaded,
    allowed_step,
    reviewed_score_values,
    written_step,
)
from app.inspections.commands.summaries import Summed, keep_summaries
from app.inspections.models import (
    Revision,
    SheetStepRow,
)
from app.inspections.queries.review_batches import (
    refusals_of,
)
from app.inspections.queries.review_claims import claims_of
from app.inspections.queries.sheet import (
    Lock,
    ReviewFact,
    contents_of_sheets,
    find_sheets,
    subjects_of,
)
from app.inspections.rules import REVIEWABLE, Action, State
from app.inspections.texts import sheet_name
from app.journal.commands import Entry, record
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.errors import NotNow
from app.kernel.ids import CampaignId, InspectionId, ItemId, RevisionId
from app.organisation.queries import tree_on

Refused = Mapping[InspectionId, str]
"""Sheets that an act on many left out, each with the reason in a sentence."""


def named(refused: Refused, *, names: Mapping[InspectionId, str]) -> str:
    """Name sheets, each with the reason why it was left out; empty where there is none."""
    return "".join(f"\n{names.get(one, '（見られない所属）')}：{reason}" for one, reason in refused.items())


def names_of(
    session: Session, *, loaded: Mapping[InspectionId, Loaded], now: datetime
) -> Mapping[InspectionId, str]:
    """Return the names of sheets, with those of their units as they are today."""
    tree = tree_on(session, day=business_date(now)).by_id
    return {
        one: sheet_name(
            unit.name if (unit := tree.get(found.sheet.unit_id)) else "（廃止された所属）",
            system_name=found.sheet.system_name,
        )
        for one, found in loaded.items()
    }


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


def refusals(
    session: Session,
    *,
    loaded: Sequence[Loaded],
    actor: Actor,
    now: datetime,
    states: Collection[State] = REVIEWABLE,
) -> dict[InspectionId, str]:
    """Return why sheets may not be acted on now; those that may be are absent. `states` as for `refusals_of`."""
    claims = claims_of(session, revision_ids=[one.sheet.revision_id for one in loaded], now=now)
    return refusals_of(
        [(one.sheet.id, one.sheet.state, one.subject, claims.get(one.sheet.revision_id)) for one in loaded],
        actor=actor,
        states=states,
    )


def take_steps(
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
            step=allowed_step(one, action=action, actor=actor, now=now),
            actor=actor,
            now=now,
            sequence=last.get(one.sheet.revision_id, 0) + 1,
        )
        for one in loaded
    }
    session.execute(insert(SheetStepRow), [row for row, _ in made.values()])
    return {inspection_id: entry for inspection_id, (_, entry) in made.items()}


def journal_campaign(
    session: Session,
    campaign_id: CampaignId,
    *,
    event: str,
    actor: Actor,
    now: datetime,
    facts: Mapping[str, Any],
) -> None:
    """Write one entry about an act on many sheets into the campaign's chain."""
    subject = Subject(type=SubjectType.CAMPAIGN, id=str(campaign_id))
    record(session, subject=subject, event=event, actor=actor.mark, now=now, facts=facts)


def with_reviews(loaded: Loaded, reviews: Mapping[ItemId, ReviewFact]) -> Loaded:
    """Return a sheet as it is with other judgements."""
    return replace(loaded, content=replace(loaded.content, reviews=reviews))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A sheet as it is afterwards, so many versions further, in a state that it has since then."""

    loaded: Loaded
    versions: int
    state: State
    since: datetime


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


def move_many(session: Session, moved: Sequence[Moved]) -> None:
    """Change the rows of many revisions, each from the version that was loaded under its lock, with the figures kept beside them.

    Raises:
        NotNow: another writer was quicker, in spite of the lock: nothing is changed.
    """
    keep_summaries(
        session,
        [Summed(sheet=one.loaded.sheet, content=one.loaded.content, state=one.state) for one in moved],
    )
    done = session.connection().execute(_MOVE, [_row(one) for one in moved])
    if done.rowcount not in {-1, len(moved)}:
        raise NotNow("ほかの人が同時に進めました。画面を開き直してください。")


def _row(moved: Moved) -> dict[str, Any]:
    sheet = moved.loaded.sheet
    return {
        "revision": sheet.revision_id,
        "seen": sheet.version,
        "to_version": sheet.version + moved.versions,
        "to_state": moved.state.value,
        "to_since": moved.since,
        "to_decided": moved.loaded.content.decided,
        **{f"to_{name}": value for name, value in reviewed_score_values(moved.loaded).items()},
    }
