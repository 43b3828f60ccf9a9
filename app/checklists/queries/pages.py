"""Lists and pages of checklists: who may see which edition, and what is shown of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.checklists.models import Checklist, ChecklistEdition
from app.checklists.queries.loading import (
    content_of,
    label_order,
    labels_published,
    load_edition,
    load_editions,
)
from app.checklists.rules import Edition, EditionState, Form, Section, SheetSubject, is_special, items_of_form
from app.kernel.errors import NotFound
from app.kernel.ids import EditionId, PersonId
from app.people.queries import people_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionLine:
    """One edition in the list. `answers` counts the answers that point to it; names are None for a draft."""

    id: EditionId
    code: str
    label: str
    title: str
    subject: SheetSubject
    state: EditionState
    digest: str
    sections: int
    items: int
    answers: int
    imported_at: datetime
    published_at: datetime | None
    published_by: str | None
    confirmed_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistGroup:
    """One checklist with its editions, the newest first; subject and forms are those of the newest."""

    code: str
    title: str
    description: str
    subject: SheetSubject
    forms: tuple["FormLine", ...]
    editions: tuple[EditionLine, ...]

    @property
    def special(self) -> bool:
        """Whether it was made for one 臨時点検."""
        return is_special(self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLine:
    """One form (様式) with the number of its items."""

    form: Form
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPage:
    """One edition to be read or printed: all of it, or what one form asks.

    `sections` are those to be shown. `form` is None for the whole edition. `older` are the labels of earlier ones to compare it with.
    """

    line: EditionLine
    edition: Edition
    flag_labels: Mapping[str, str]
    forms: tuple[FormLine, ...]
    form: Form | None
    sections: tuple[Section, ...]
    older: tuple[str, ...]


def sees_drafts(actor: Actor) -> bool:
    """Return whether somebody prepares checklists and so sees drafts; all others see what is published."""
    preparing = (Permission.CITY_CHECKLIST_IMPORT, Permission.CITY_CHECKLIST_PUBLISH)
    return any(may(permission, actor=actor) for permission in preparing)


def visible_labels(session: Session, *, actor: Actor, code: str) -> dict[str, EditionId]:
    """Return the editions of a checklist that somebody may see, by their labels."""
    rows = session.execute(
        _visible(actor)
        .with_only_columns(ChecklistEdition.label, ChecklistEdition.id)
        .where(Checklist.code == code)
    )
    return {label: EditionId(edition_id) for label, edition_id in rows}


def edition_ids(session: Session) -> tuple[EditionId, ...]:
    """Return every edition, to ask the rooms above about their use in one go."""
    return tuple(EditionId(row) for row in session.scalars(select(ChecklistEdition.id)))


def editions(
    session: Session, *, actor: Actor, answers: Mapping[EditionId, int]
) -> tuple[ChecklistGroup, ...]:
    """Return the checklists with the editions that somebody may see.

    `answers` is what the port for the use of editions says; editions without any are absent there.

    Raises:
        NotAllowed: the actor works for no unit of the city.
    """
    require(Permission.CITY_CHECKLIST_READ, actor=actor)
    lines = _lines(session, _visible(actor), answers=answers)
    codes = sorted({line.code for line in lines}, key=lambda code: (is_special(code), code))
    by_age = sorted(lines, key=lambda line: label_order(line.label), reverse=True)
    groups = [tuple(line for line in by_age if line.code == code) for code in codes]
    newest = load_editions(session, edition_ids=[group[0].id for group in groups])
    return tuple(_group(group, newest=newest[group[0].id]) for group in groups)


def _group(newest_first: tuple[EditionLine, ...], *, newest: Edition) -> ChecklistGroup:
    return ChecklistGroup(
        code=newest.code,
        title=newest.title,
        description=newest.description,
        subject=newest.subject,
        forms=_forms(newest),
        editions=newest_first,
    )


def _forms(edition: Edition) -> tuple[FormLine, ...]:
    return tuple(FormLine(form=form, items=len(items_of_form(edition, form=form))) for form in edition.forms)


def edition_page(
    session: Session,
    *,
    actor: Actor,
    code: str,
    label: str,
    answers: Mapping[EditionId, int],
    form: str | None = None,
) -> EditionPage:
    """Return one edition for reading: the whole, or the items of one form, which keep their numbers.

    Raises:
        NotAllowed: the actor works for no unit of the city.
        NotFound: there is no such edition, or it is a draft and the actor does not prepare checklists, or the
            edition has no such form.
    """
    require(Permission.CITY_CHECKLIST_READ, actor=actor)
    wanted = _visible(actor).where(Checklist.code == code, ChecklistEdition.label == label)
    lines = _lines(session, wanted, answers=answers)
    if not lines:
        raise NotFound
    edition = load_edition(session, edition_id=lines[0].id)
    chosen = _form(edition, code=form)
    return EditionPage(
        line=lines[0],
        edition=edition,
        flag_labels={flag.code: flag.label for flag in edition.flags},
        forms=_forms(edition),
        form=chosen,
        sections=_sections(edition, form=chosen) if chosen else edition.sections,
        older=_older(session, edition=edition),
    )


def _form(edition: Edition, *, code: str | None) -> Form | None:
    if not code:
        return None
    found = edition.form(code)
    if found is None:
        raise NotFound
    return found


def _sections(edition: Edition, *, form: Form) -> tuple[Section, ...]:
    asked = frozenset(item.id for item in items_of_form(edition, form=form))
    kept = (
        replace(section, items=tuple(item for item in section.items if item.id in asked))
        for section in edition.sections
    )
    return tuple(section for section in kept if section.items)


def _older(session: Session, *, edition: Edition) -> tuple[str, ...]:
    """Return the labels of earlier published editions to compare with, the newest first."""
    published = labels_published(session, code=edition.code)
    older = [label for label in published if label_order(label) < label_order(edition.label)]
    return tuple(sorted(older, key=label_order, reverse=True))


def edition_content(session: Session, *, actor: Actor, code: str, label: str) -> str:
    """Return the canonical content of an edition that somebody may see, to be written as a file.

    Raises:
        NotAllowed: the actor works for no unit of the city.
        NotFound: there is no such edition, or it is a draft and the actor does not prepare checklists.
    """
    require(Permission.CITY_CHECKLIST_READ, actor=actor)
    edition_id = session.scalar(
        _visible(actor)
        .with_only_columns(ChecklistEdition.id)
        .where(Checklist.code == code, ChecklistEdition.label == label)
    )
    if edition_id is None:
        raise NotFound
    return content_of(session, edition_id=EditionId(edition_id))


def all_editions(session: Session) -> tuple[EditionLine, ...]:
    """Return every edition, for the operator of the command line; nobody's answers are counted."""
    return tuple(_lines(session, _LINE, answers={}))


_LINE: Final[Select[*tuple[Any, ...]]] = (
    select(
        ChecklistEdition.id,
        Checklist.code,
        ChecklistEdition.label,
        ChecklistEdition.state,
        ChecklistEdition.digest,
        ChecklistEdition.imported_at,
        ChecklistEdition.published_at,
        ChecklistEdition.published_by,
        ChecklistEdition.confirmed_by,
        ChecklistEdition.note,
    )
    .join(Checklist, Checklist.id == ChecklistEdition.checklist_id)
    .order_by(Checklist.code, ChecklistEdition.label)
)


def _visible(actor: Actor) -> Select[*tuple[Any, ...]]:
    if sees_drafts(actor):
        return _LINE
    return _LINE.where(ChecklistEdition.state == EditionState.PUBLISHED.value)


def _lines(
    session: Session, wanted: Select[*tuple[Any, ...]], *, answers: Mapping[EditionId, int]
) -> list[EditionLine]:
    rows = session.execute(wanted).all()
    signers = {PersonId(person) for row in rows for person in (row.published_by, row.confirmed_by) if person}
    names = {key: person.name for key, person in people_by_id(session, person_ids=signers).items()}
    found = load_editions(session, edition_ids=[EditionId(row.id) for row in rows])
    return [_line(row, edition=found[EditionId(row.id)], names=names, answers=answers) for row in rows]


def _line(
    row: Row[*tuple[Any, ...]],
    *,
    edition: Edition,
    names: Mapping[PersonId, str],
    answers: Mapping[EditionId, int],
) -> EditionLine:
    return EditionLine(
        id=edition.id,
        code=row.code,
        label=row.label,
        title=edition.title,
        subject=edition.subject,
        state=EditionState(row.state),
        digest=row.digest,
        sections=len(edition.sections),
        items=len(edition.items),
        answers=answers.get(edition.id, 0),
        imported_at=row.imported_at,
        published_at=row.published_at,
        published_by=names.get(row.published_by),
        confirmed_by=names.get(row.confirmed_by),
        note=row.note,
    )
