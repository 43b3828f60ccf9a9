"""Keeping 定型文: made, changed, switched off and on; never removed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.commands.steps import LONGEST_REASON
from app.inspections.models import ReviewTemplate
from app.inspections.queries.review_templates import template_row
from app.inspections.rules.templates import DEFAULTS, LONGEST_TITLE, TemplateKind
from app.journal.commands import record
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotNow, Problem, StaleVersion
from app.kernel.ids import new_id
from app.kernel.text import clean, text_problems
from app.organisation.commands import INSTALLATION


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """A text as somebody writes it."""

    title: str
    text: str
    kind: TemplateKind


def add_template(session: Session, *, actor: Actor, draft: TemplateDraft, now: datetime) -> UUID:
    """Add a text; with the first one, those that come with the product become the city's own, so that none is lost.

    Raises:
        InvalidInput: name or text is missing or too long.
    """
    require(Permission.CITY_REVIEW_TEMPLATE_MANAGE, actor=actor)
    _require_valid(draft)
    shipped = [] if _some_are_kept(session) else _shipped()
    return _add(session, actor=actor, drafts=[draft, *shipped], now=now)[0]


def add_shipped_templates(session: Session, *, actor: Actor, now: datetime) -> int:
    """Take the texts that come with the product over as the city's own, to be changed from then on.

    Raises:
        NotNow: there are texts already.
    """
    require(Permission.CITY_REVIEW_TEMPLATE_MANAGE, actor=actor)
    if _some_are_kept(session):
        raise NotNow("定型文は、もう登録されています。1件ずつ直してください。")
    return len(_add(session, actor=actor, drafts=_shipped(), now=now))


def _some_are_kept(session: Session) -> bool:
    return bool(session.scalar(select(func.count()).select_from(ReviewTemplate)))


def _shipped() -> list[TemplateDraft]:
    return [TemplateDraft(title=one.title, text=one.text, kind=one.kind) for one in DEFAULTS]


def _add(session: Session, *, actor: Actor, drafts: list[TemplateDraft], now: datetime) -> list[UUID]:
    rows = [
        {
            "id": new_id(),
            "version": 1,
            "active": True,
            "changed_by": actor.person_id,
            "changed_at": now,
            **_values(draft),
        }
        for draft in drafts
    ]
    session.execute(insert(ReviewTemplate), rows)
    facts = {"templates": [_told(row) for row in rows]}
    record(
        session, subject=INSTALLATION, event="review-template.added", actor=actor.mark, now=now, facts=facts
    )
    return [UUID(str(row["id"])) for row in rows]


def change_template(
    session: Session,
    *,
    actor: Actor,
    template_id: UUID,
    draft: TemplateDraft,
    seen_version: int,
    now: datetime,
) -> None:
    """Change a text; what was written with it stays as it is.

    Raises:
        InvalidInput: name or text is missing or too long.
        StaleVersion: somebody changed it meanwhile.
    """
    require(Permission.CITY_REVIEW_TEMPLATE_MANAGE, actor=actor)
    _require_valid(draft)
    values = _values(draft)
    row = _changed(
        session, actor=actor, template_id=template_id, seen_version=seen_version, now=now, values=values
    )
    facts = {"templates": [_told({**values, "id": template_id})], "version": row}
    record(
        session, subject=INSTALLATION, event="review-template.changed", actor=actor.mark, now=now, facts=facts
    )


def switch_template(
    session: Session, *, actor: Actor, template_id: UUID, seen_version: int, now: datetime
) -> None:
    """Switch a text off, or on again.

    Raises:
        StaleVersion: somebody changed it meanwhile.
    """
    require(Permission.CITY_REVIEW_TEMPLATE_MANAGE, actor=actor)
    active = not template_row(session, template_id=template_id).active
    version = _changed(
        session,
        actor=actor,
        template_id=template_id,
        seen_version=seen_version,
        now=now,
        values={"active": active},
    )
    facts = {"template": str(template_id), "active": active, "version": version}
    record(
        session,
        subject=INSTALLATION,
        event="review-template.switched",
        actor=actor.mark,
        now=now,
        facts=facts,
    )


def _changed(
    session: Session,
    *,
    actor: Actor,
    template_id: UUID,
    seen_version: int,
    now: datetime,
    values: dict[str, object],
) -> int:
    stored = template_row(session, template_id=template_id)
    session.refresh(stored, with_for_update=True)
    if stored.version != seen_version:
        raise StaleVersion("この定型文は、画面を開いたあとにほかの人が変えました。開き直してください。")
    session.execute(
        update(ReviewTemplate)
        .where(ReviewTemplate.id == template_id)
        .values(version=seen_version + 1, changed_by=actor.person_id, changed_at=now, **values)
    )
    return seen_version + 1


def _values(draft: TemplateDraft) -> dict[str, object]:
    return {
        "title": clean(draft.title),
        "text": clean(draft.text),
        "kind": draft.kind.value,
        "salt": new_salt(),
    }


def _told(row: dict[str, object]) -> dict[str, object]:
    salt = str(row["salt"])
    return {
        "id": str(row["id"]),
        "kind": row["kind"],
        "title": salted_digest(str(row["title"]), salt=salt),
        "text": salted_digest(str(row["text"]), salt=salt),
    }


def _require_valid(draft: TemplateDraft) -> None:
    problems = text_problems(clean(draft.title), field="title", label="名前", longest=LONGEST_TITLE)
    problems += text_problems(clean(draft.text), field="text", label="文", longest=LONGEST_REASON)
    if not clean(draft.title):
        problems.append(Problem(field="title", message="名前を書いてください。"))
    if not clean(draft.text):
        problems.append(Problem(field="text", message="文を書いてください。"))
    if problems:
        raise InvalidInput(problems)
