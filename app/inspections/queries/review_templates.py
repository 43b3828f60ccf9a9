"""定型文 as reviewers choose them, and as they are kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.inspections.models import ReviewTemplate
from app.inspections.rules.templates import DEFAULTS, TemplateKind, TemplateText
from app.kernel.errors import NotFound
from app.kernel.ids import PersonId
from app.people.queries import people_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateLine:
    """A kept text with who changed it last."""

    id: UUID
    title: str
    text: str
    kind: TemplateKind
    active: bool
    version: int
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatesPage:
    """The kept texts; as long as there are none, the ones that come with the product are offered."""

    lines: tuple[TemplateLine, ...]
    shipped: tuple[TemplateText, ...]
    may_change: bool


def templates_page(session: Session, *, actor: Actor) -> TemplatesPage:
    """Return every text, also those that are switched off: two statements.

    Raises:
        NotAllowed: the actor does not follow the review.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    rows = session.scalars(
        select(ReviewTemplate).order_by(
            ReviewTemplate.active.desc(), ReviewTemplate.kind, ReviewTemplate.title, ReviewTemplate.id
        )
    ).all()
    names = people_by_id(session, person_ids={PersonId(row.changed_by) for row in rows}) if rows else {}
    return TemplatesPage(
        lines=tuple(
            TemplateLine(
                id=row.id,
                title=row.title,
                text=row.text,
                kind=TemplateKind(row.kind),
                active=row.active,
                version=row.version,
                changed_by=names[PersonId(row.changed_by)].name,
                changed_at=row.changed_at,
            )
            for row in rows
        ),
        shipped=() if rows else DEFAULTS,
        may_change=may(Permission.CITY_REVIEW_TEMPLATE_MANAGE, actor=actor),
    )


def template_row(session: Session, *, template_id: UUID) -> ReviewTemplate:
    """Return one text as it is kept.

    Raises:
        NotFound: there is none.
    """
    row = session.get(ReviewTemplate, template_id)
    if row is None:
        raise NotFound
    return row


def texts_to_choose(session: Session) -> tuple[TemplateText, ...]:
    """Return the texts in use, by kind and name; the ones that come with the product as long as none is kept: one statement."""
    rows = session.execute(
        select(
            ReviewTemplate.title, ReviewTemplate.text, ReviewTemplate.kind, ReviewTemplate.active
        ).order_by(ReviewTemplate.kind.desc(), ReviewTemplate.title, ReviewTemplate.id)
    ).all()
    if not rows:
        return DEFAULTS
    return tuple(
        TemplateText(title=row.title, text=row.text, kind=TemplateKind(row.kind))
        for row in rows
        if row.active
    )
