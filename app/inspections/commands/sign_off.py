"""The end of a sheet: sign-off seals it; a silent department is closed; a unit is taken out."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.inspections.commands.sealing import sealed_content
from app.inspections.commands.steps import (
    Loaded,
    allowed_step,
    checked_reason,
    load,
    require_version,
    reviewed_score_values,
    self_score_values,
    take_step,
)
from app.inspections.models import SealedRevision
from app.inspections.rules import Action, SheetStep
from app.journal.commands import seal
from app.kernel.digest import digest_text
from app.kernel.ids import InspectionId, RevisionId


def sign_off(
    session: Session, *, actor: Actor, inspection_id: InspectionId, seen_version: int, now: datetime
) -> RevisionId:
    """Sign off and seal: the content, the scores with every line, the approvals and the journal's seal become one digest.

    The caller has proved again who is acting (re-authentication); returns the sealed revision.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.SIGN_OFF, actor=actor, now=now)
    require_version(loaded.sheet, seen_version=seen_version)
    content = sealed_content(session, loaded=loaded, actor=actor, action=Action.SIGN_OFF, now=now)
    values = {**self_score_values(loaded), **reviewed_score_values(loaded)}
    facts = {"sealed": digest_text(content)}
    take_step(session, loaded=loaded, step=step, actor=actor, now=now, facts=facts, values=values)
    return _keep(session, loaded=loaded, content=content, actor=actor, now=now)


def close_unsubmitted(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    reason: str,
    now: datetime,
    seen_version: int | None = None,
) -> None:
    """End the sheet of a department that never handed it in, after the grace date: sealed, counted, never "signed off".

    `seen_version` is the sheet's version on the screen; without a screen (None) the sheet is taken as it is.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.CLOSE_UNSUBMITTED, actor=actor, now=now)
    _require_seen(loaded, seen_version=seen_version)
    _end(
        session,
        loaded=loaded,
        step=step,
        actor=actor,
        now=now,
        reason=reason,
        values=self_score_values(loaded),
    )


def exclude(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    reason: str,
    now: datetime,
    seen_version: int | None = None,
) -> None:
    """Withdraw a unit from a running campaign, with the reason; what it answered is sealed as it stands.

    `seen_version` is the sheet's version on the screen; without a screen (None) the sheet is taken as it is.
    """
    loaded = load(session, actor=actor, inspection_id=inspection_id, now=now)
    step = allowed_step(loaded, action=Action.EXCLUDE, actor=actor, now=now)
    _require_seen(loaded, seen_version=seen_version)
    _end(session, loaded=loaded, step=step, actor=actor, now=now, reason=reason, values={})


def _end(
    session: Session,
    *,
    loaded: Loaded,
    step: SheetStep,
    actor: Actor,
    now: datetime,
    reason: str,
    values: dict[str, Any],
) -> None:
    """End a sheet without a sign-off, with the reason."""
    words = checked_reason(reason)
    content = sealed_content(session, loaded=loaded, actor=actor, action=step.action, now=now, reason=words)
    facts = {"sealed": digest_text(content)}
    take_step(
        session, loaded=loaded, step=step, actor=actor, now=now, reason=words, facts=facts, values=values
    )
    _keep(session, loaded=loaded, content=content, actor=actor, now=now)


def _require_seen(loaded: Loaded, *, seen_version: int | None) -> None:
    """Refuse to end a sheet that moved on while somebody wrote down why it should end."""
    if seen_version is not None:
        require_version(loaded.sheet, seen_version=seen_version)


def _keep(session: Session, *, loaded: Loaded, content: str, actor: Actor, now: datetime) -> RevisionId:
    """Seal the journal with the last step in it, and keep the sealed content with the number of that seal."""
    made = seal(session, reason="sheet-sealed", now=now)
    session.execute(
        insert(SealedRevision).values(
            revision_id=loaded.sheet.revision_id,
            content=content,
            digest=digest_text(content),
            sealed_by=actor.person_id,
            sealed_at=now,
            journal_seal=made.sequence,
        )
    )
    return loaded.sheet.revision_id
