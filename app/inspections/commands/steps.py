"""One step of a sheet on its way: the shared part of every command that moves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.policy import Subject as AccessSubject
from app.access.policy import require
from app.checklists.rules import score
from app.inspections.commands.summaries import Summed, keep_summaries
from app.inspections.commands.telling import tell_of_step
from app.inspections.models import Extension, Revision, SheetStepRow
from app.inspections.queries.sheet import (
    Lock,
    Sheet,
    SheetContent,
    content_of_sheet,
    facts_of,
    find_sheet,
    subject_of,
)
from app.inspections.rules import REASON_NEEDED, STEPS, Action, SheetStep, State
from app.inspections.rules.extension import EXTENDABLE, ExtensionOutcome
from app.journal.commands import Entry, record
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotNow, StaleVersion
from app.kernel.ids import InspectionId
from app.kernel.text import clean, text_problems
from app.kernel.workflow import next_step, steps_from

LONGEST_REASON = 1000
SCORES = frozenset({"self_earned", "reviewed_earned"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A sheet held under lock, with its content and its people."""

    sheet: Sheet
    content: SheetContent
    subject: AccessSubject


def load(session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> Loaded:
    """Load a sheet under lock with everything that rules look at."""
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    return Loaded(
        sheet=sheet,
        content=content_of_sheet(session, sheet=sheet),
        subject=subject_of(session, sheet=sheet, today=business_date(now)),
    )


def journal_subject(inspection_id: InspectionId) -> Subject:
    """Return the chain of a sheet: one for all its revisions."""
    return Subject(type=SubjectType.INSPECTION, id=str(inspection_id))


def checked_reason(text: str, *, label: str = "理由", field: str = "reason") -> str:
    """Return a reason as it is kept, or refuse.

    Raises:
        InvalidInput: it is empty, too long, or holds characters that nobody can see.
    """
    reason = clean(text)
    if not reason:
        raise InvalidInput.of(f"{label}を書いてください。", field=field)
    if problems := text_problems(reason, field=field, label=label, longest=LONGEST_REASON):
        raise InvalidInput(problems)
    return reason


def allowed_step(loaded: Loaded, *, action: Action, actor: Actor, now: datetime) -> SheetStep:
    """Return the step that an action takes, or refuse: first who, then when, then what is missing.

    Raises:
        NotAllowed: the permission of the action is missing.
        NotNow: the state has no such step, or a guard says why it has to wait.
    """
    facts = facts_of(loaded.sheet, loaded.content, today=business_date(now))
    step = next((step for step in steps_from(STEPS, state=loaded.sheet.state) if step.action is action), None)
    permission = step.permission if step else next(step.permission for step in STEPS if step.action is action)
    require(permission, actor=actor, subject=loaded.subject)
    return next_step(STEPS, state=loaded.sheet.state, action=action, facts=facts)


def require_version(sheet: Sheet, *, seen_version: int) -> None:
    """Refuse when somebody moved the sheet since the page was shown.

    Raises:
        StaleVersion: nothing was changed; the page is to be opened anew.
    """
    if sheet.version != seen_version:
        sentence = "この点検票は、画面を開いたあとにほかの人が進めました。画面を開き直し、いまの内容を確かめてください。"
        raise StaleVersion(sentence)


def take_step(
    session: Session,
    *,
    loaded: Loaded,
    step: SheetStep,
    actor: Actor,
    now: datetime,
    reason: str = "",
    facts: dict[str, Any] | None = None,
    values: dict[str, Any] | None = None,
    due: date | None = None,
) -> None:
    """Write a step: its row with the reason, its journal entry, the notices, then the new state with the summary.

    The state comes last: a sealed revision takes no more rows. `due` is the date by which whoever is told should act; the
    sheet's own when it is not given. A request for more time that nobody decided on lapses when the department lets go of the sheet.
    """
    if step.action in REASON_NEEDED:
        reason = checked_reason(reason)
    last = session.scalar(
        select(func.coalesce(func.max(SheetStepRow.sequence), 0)).where(
            SheetStepRow.revision_id == loaded.sheet.revision_id
        )
    )
    row, entry = written_step(
        loaded, step=step, actor=actor, now=now, sequence=(last or 0) + 1, reason=reason, facts=facts
    )
    session.execute(insert(SheetStepRow).values(**row))
    record(session, subject=entry.subject, event=entry.event, actor=actor.mark, now=now, facts=entry.facts)
    tell_of_step(
        session,
        step=step,
        sheet=loaded.sheet,
        subject=loaded.subject,
        actor=actor,
        sequence=(last or 0) + 1,
        due=due or loaded.sheet.dates.due(step.target),
        now=now,
    )
    if step.source in EXTENDABLE and step.target not in EXTENDABLE:
        _lapse_extension(session, loaded=loaded, actor=actor, now=now)
    move(session, loaded=loaded, values={"state": step.target.value, "state_since": now, **(values or {})})


def _lapse_extension(session: Session, *, loaded: Loaded, actor: Actor, now: datetime) -> None:
    lapsed = session.execute(
        update(Extension)
        .where(Extension.revision_id == loaded.sheet.revision_id, Extension.decided_at.is_(None))
        .values(outcome=ExtensionOutcome.LAPSED.value, decided_by=actor.person_id, decided_at=now)
    )
    if getattr(lapsed, "rowcount", 0):
        record(
            session,
            subject=journal_subject(loaded.sheet.id),
            event="inspection.extension_lapsed",
            actor=actor.mark,
            now=now,
            facts={"revision": loaded.sheet.number},
        )


def written_step(
    loaded: Loaded,
    *,
    step: SheetStep,
    actor: Actor,
    now: datetime,
    sequence: int,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], Entry]:
    """Return the row of a step and its journal entry."""
    salt = new_salt()
    row = {
        "revision_id": loaded.sheet.revision_id,
        "sequence": sequence,
        "action": step.action.value,
        "source": step.source.value,
        "target": step.target.value,
        "reason": reason,
        "salt": salt,
        "done_by": actor.person_id,
        "done_at": now,
    }
    told = {"revision": loaded.sheet.number, "reason": salted_digest(reason, salt=salt), **(facts or {})}
    return row, Entry(subject=journal_subject(loaded.sheet.id), event=step.journal_event, facts=told)


def move(session: Session, *, loaded: Loaded, values: dict[str, Any]) -> None:
    """Change the revision's row by one version; with its scores go the figures of its sections.

    Raises:
        NotNow: another writer was quicker, in spite of the lock: nothing is changed.
    """
    if SCORES & values.keys():
        state = State(values.get("state", loaded.sheet.state))
        keep_summaries(session, [Summed(sheet=loaded.sheet, content=loaded.content, state=state)])
    result = session.execute(
        update(Revision)
        .where(Revision.id == loaded.sheet.revision_id, Revision.version == loaded.sheet.version)
        .values(version=loaded.sheet.version + 1, **values)
    )
    if getattr(result, "rowcount", 0) != 1:
        sentence = "ほかの人が同時に進めました。画面を開き直してください。"
        raise NotNow(sentence)


def self_score_values(loaded: Loaded) -> dict[str, Any]:
    """Return the summary of the department's own score."""
    outcome = score(loaded.content.items, answers=loaded.content.self_levels(), edition=loaded.sheet.edition)
    return {"self_earned": outcome.earned, "self_possible": outcome.possible, "self_grade": outcome.grade}


def reviewed_score_values(loaded: Loaded) -> dict[str, Any]:
    """Return the summary of the score as the review leaves it."""
    outcome = score(
        loaded.content.items, answers=loaded.content.reviewed_levels(), edition=loaded.sheet.edition
    )
    return {
        "reviewed_earned": outcome.earned,
        "reviewed_possible": outcome.possible,
        "reviewed_grade": outcome.grade,
    }
