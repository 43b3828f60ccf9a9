"""What is sealed when a revision ends: the whole of it as one value for canonical JSON."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.checklists.rules import Score, score
from app.inspections.commands.steps import Loaded
from app.inspections.models import Answer, Approval, ItemReturn, ProfileHistory, SheetStepRow
from app.inspections.queries.sheet import Sheet
from app.inspections.rules import Action
from app.inspections.rules.taking_over import Source
from app.kernel.digest import canonical
from app.kernel.ids import ItemId
from app.organisation.queries import tree_on

SEALED_FORMAT = 3
"""Of the sealed JSON. 2 had no evidence. 1 had neither steps nor the confirmations of the profile, and kept answers of items that did not apply."""


def sealed_content(
    session: Session, *, loaded: Loaded, actor: Actor, action: Action, now: datetime, reason: str = ""
) -> str:
    """Return the canonical JSON of a revision as it ends."""
    ended = {"action": action.value, "by": str(actor.person_id), "at": now.isoformat(), "reason": reason}
    return canonical({**sealed_value(session, loaded=loaded), "ended": ended})


def sealed_value(session: Session, *, loaded: Loaded) -> dict[str, Any]:
    """Return the whole revision as a value for canonical JSON: ids, words, who and when, and every line of both scores.

    Only items that apply have a part in it: what was answered before the profile left an item out says nothing of the unit.
    """
    sheet, content = loaded.sheet, loaded.content
    keys = {item.id: item.key for item in sheet.edition.items.values()}
    return {
        "format": SEALED_FORMAT,
        "inspection": str(sheet.id),
        "revision": sheet.number,
        "campaign": _campaign(sheet),
        "unit": _unit(session, sheet=sheet),
        "edition": {"code": sheet.edition.code, "label": sheet.edition.label, "digest": sheet.edition.digest},
        "method": sheet.edition.scoring.name,
        "profile": _profile(session, loaded=loaded),
        "content_digest": content.digest,
        "answers": _answers(session, loaded=loaded, keys=keys),
        "evidence": _evidence(loaded, keys=keys),
        "reviews": _reviews(loaded, keys=keys),
        "returns": _returns(session, loaded=loaded, keys=keys),
        "approvals": _approvals(session, loaded=loaded),
        "steps": _steps(session, loaded=loaded),
        "self_score": _score(
            score(content.items, answers=content.self_levels(), edition=sheet.edition), keys=keys
        ),
        "reviewed_score": _score(
            score(content.items, answers=content.reviewed_levels(), edition=sheet.edition), keys=keys
        ),
    }


def _campaign(sheet: Sheet) -> dict[str, Any]:
    campaign, dates = sheet.campaign, sheet.campaign.dates
    return {
        "id": str(campaign.id),
        "title": campaign.title,
        "kind": campaign.kind.value,
        "fiscal_year": campaign.fiscal_year.year,
        "dates": {
            "base_date": dates.base_date.isoformat(),
            "answer_from": dates.answer_from.isoformat(),
            "answer_due": dates.answer_due.isoformat(),
            "approval_due": dates.approval_due.isoformat(),
            "review_due": dates.review_due.isoformat(),
            "grace_until": dates.grace_until.isoformat(),
        },
    }


def _unit(session: Session, *, sheet: Sheet) -> dict[str, Any]:
    """Return the unit with its names on the base date."""
    path = tree_on(session, day=sheet.campaign.dates.base_date).path(sheet.origin_id)
    return {"id": str(sheet.unit_id), "path": [unit.name for unit in path]}


def _profile(session: Session, *, loaded: Loaded) -> dict[str, Any]:
    """Return the profile with every confirmation of it: it decides which items apply."""
    rows = session.scalars(
        select(ProfileHistory)
        .where(ProfileHistory.revision_id == loaded.sheet.revision_id)
        .order_by(ProfileHistory.version)
    )
    return {
        "flags": dict(sorted(loaded.content.profile.flags.items())),
        "confirmed": [
            [row.version, row.origin, row.flags, str(row.confirmed_by), row.confirmed_at.isoformat()]
            for row in rows
        ],
    }


def _answers(session: Session, *, loaded: Loaded, keys: dict[ItemId, str]) -> list[list[Any]]:
    rows = session.scalars(select(Answer).where(Answer.revision_id == loaded.sheet.revision_id))
    lines = (
        [
            keys[ItemId(row.item_id)],
            row.level,
            row.comment,
            row.version,
            str(row.answered_by),
            row.answered_at.isoformat(),
            row.action_due.isoformat() if row.action_due else None,
            Source.LAST_YEAR.value if row.taken_over else Source.OWN.value,
        ]
        for row in rows
        if row.item_id in loaded.content.applicable_ids
    )
    return sorted(lines, key=lambda line: str(line[0]))


def _evidence(loaded: Loaded, *, keys: dict[ItemId, str]) -> list[list[Any]]:
    """Return each piece beside an item that applies: what it is, which days it stands for, where or which bytes, by whom."""
    links = (
        link for item_id in loaded.content.applicable_ids for link in loaded.content.evidence.of(item_id)
    )
    lines = [
        [
            keys[link.item_id],
            str(link.piece.id),
            link.piece.kind.value,
            link.piece.title,
            link.piece.description.document_number,
            link.piece.description.place,
            link.piece.description.stands_for.isoformat(),
            expires.isoformat() if (expires := link.piece.description.expires_on) else None,
            [file.name, file.kind.value, file.size, file.digest] if (file := link.piece.file) else None,
            str(link.done_by),
            link.done_at.isoformat(),
        ]
        for link in links
    ]
    return sorted(lines, key=lambda line: (str(line[0]), str(line[1])))


def _reviews(loaded: Loaded, *, keys: dict[ItemId, str]) -> list[list[Any]]:
    lines = (
        [
            keys[item_id],
            review.judgement.value,
            review.reviewed_level,
            review.remark,
            review.version,
            review.answer_version,
            str(review.reviewed_by),
            review.reviewed_at.isoformat(),
        ]
        for item_id, review in loaded.content.reviews.items()
        if item_id in loaded.content.applicable_ids
    )
    return sorted(lines, key=lambda line: str(line[0]))


def _returns(session: Session, *, loaded: Loaded, keys: dict[ItemId, str]) -> list[list[Any]]:
    rows = session.scalars(select(ItemReturn).where(ItemReturn.revision_id == loaded.sheet.revision_id))
    lines = (
        [
            keys[ItemId(row.item_id)],
            row.round,
            row.remark,
            row.due_on.isoformat(),
            row.answer_version,
            str(row.returned_by),
            row.returned_at.isoformat(),
            row.reply,
            str(row.replied_by) if row.replied_by else None,
            row.replied_at.isoformat() if row.replied_at else None,
        ]
        for row in rows
    )
    return sorted(lines, key=lambda line: (line[1], str(line[0])))


def _steps(session: Session, *, loaded: Loaded) -> list[list[Any]]:
    """Return every step before the last one, which the seal itself names."""
    rows = session.scalars(
        select(SheetStepRow)
        .where(SheetStepRow.revision_id == loaded.sheet.revision_id)
        .order_by(SheetStepRow.sequence)
    )
    return [
        [
            row.sequence,
            row.action,
            row.source,
            row.target,
            row.reason,
            str(row.done_by),
            row.done_at.isoformat(),
        ]
        for row in rows
    ]


def _approvals(session: Session, *, loaded: Loaded) -> list[list[Any]]:
    rows = session.scalars(
        select(Approval).where(Approval.revision_id == loaded.sheet.revision_id).order_by(Approval.sequence)
    )
    return [
        [
            row.sequence,
            row.kind,
            row.capacity,
            row.content_digest,
            row.comment,
            str(row.approved_by),
            row.approved_at.isoformat(),
        ]
        for row in rows
    ]


def _score(outcome: Score, *, keys: dict[ItemId, str]) -> dict[str, Any]:
    return {
        "earned": outcome.earned,
        "possible": outcome.possible,
        "grade": outcome.grade,
        "lines": [
            [keys[line.item_id], line.level, line.kind.value, line.points, line.full, line.weight]
            for line in outcome.lines
        ],
    }
