"""Reading checklists. A published edition never changes, so it is loaded once and kept by its id."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.checklists.models import Checklist, ChecklistEdition, ChecklistItem
from app.checklists.rules import (
    Ask,
    Band,
    Basis,
    CommentRule,
    Confirmation,
    Edition,
    EditionState,
    Flag,
    GuidelineRef,
    Item,
    Level,
    Lineage,
    LineageKind,
    ScoringMethod,
    Section,
    Symbol,
)
from app.kernel.errors import NotFound
from app.kernel.ids import EditionId, ItemId, PersonId
from app.people.queries import people_by_id

Content = Mapping[str, Any]
"""The parsed canonical JSON of an edition: checked when it was imported, sealed since it was published."""

# ------------------------------------------------------------------------------------ an edition as a value


def from_content(
    content: str,
    *,
    edition_id: EditionId,
    item_ids: Sequence[ItemId],
    digest: str,
    state: EditionState = EditionState.PUBLISHED,
) -> Edition:
    """Return the edition that a canonical content describes; `item_ids` are those of its items, in order."""
    data: Content = json.loads(content)
    ids = iter(item_ids)
    position = iter(range(1, len(item_ids) + 1))
    return Edition(
        id=edition_id,
        code=data["code"],
        label=data["edition"],
        title=data["title"],
        description=data["description"],
        digest=digest,
        published=state is EditionState.PUBLISHED,
        basis=_basis(data["basis"]),
        levels=tuple(_level(level) for level in data["levels"]),
        scoring=_scoring(data["scoring"]),
        flags=tuple(
            Flag(code=flag["code"], label=flag["label"], help=flag["help"]) for flag in data["flags"]
        ),
        sections=tuple(
            Section(
                number=number,
                slug=section["slug"],
                title=section["title"],
                items=tuple(
                    _item(item, item_id=next(ids), position=next(position), number=f"{number}-{place}")
                    for place, item in enumerate(section["items"], start=1)
                ),
            )
            for number, section in enumerate(data["sections"], start=1)
        ),
    )


def _basis(data: Content) -> Basis:
    return Basis(
        guideline_name=data["guideline"]["name"],
        guideline_edition=data["guideline"]["edition"],
        regulation_name=data["regulation"]["name"],
        regulation_effective_on=data["regulation"]["effective_on"],
    )


def _level(data: Content) -> Level:
    return Level(
        code=data["code"],
        label=data["label"],
        symbol=Symbol(data["symbol"]),
        points=data["points"],
        comment=CommentRule(data["comment"]),
    )


def _scoring(data: Content) -> ScoringMethod:
    return ScoringMethod(
        name=data["method"],
        full_points=data["full_points"],
        bands=tuple(Band(grade=band["grade"], at_least=band["at_least"]) for band in data["bands"]),
        mandatory_cap=data["mandatory_cap"],
    )


def _item(data: Content, *, item_id: ItemId, position: int, number: str) -> Item:
    return Item(
        id=item_id,
        key=data["key"],
        number=number,
        position=position,
        statement=data["statement"],
        why=data["why"],
        how_to_check=data["how_to_check"],
        criteria=data["criteria"],
        evidence=tuple(data["evidence"]),
        misreading=data["misreading"],
        mandatory=data["mandatory"],
        weight=data["weight"],
        guideline=tuple(
            GuidelineRef(section=ref["section"], status=Confirmation(ref["status"]))
            for ref in data["guideline"]
        ),
        measure=data["measure"],
        iso27002=tuple(data["iso27002"]),
        applies_if=tuple(data["applies_if"]),
        ask=Ask(data["ask"]),
        lineage=lineage_of(data["lineage"]),
    )


def lineage_of(data: Content) -> Lineage:
    """Return the lineage that a content describes. `of` is one key or several; the same stays comparable."""
    kind = LineageKind(data["kind"])
    of = data.get("of", ())
    return Lineage(
        kind=kind,
        of=(of,) if isinstance(of, str) else tuple(of),
        comparable=data.get("comparable", kind is LineageKind.SAME),
        note=data.get("note", ""),
    )


# ------------------------------------------------------------------------------------------ one edition

_KEPT_EDITIONS: Final = 64


class _Shelf:
    """Published editions by id; the one that was not asked for longest goes when it is full."""

    def __init__(self, *, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._editions: OrderedDict[EditionId, Edition] = OrderedDict()

    def get(self, edition_id: EditionId) -> Edition | None:
        """Return an edition that was put here before."""
        with self._lock:
            found = self._editions.get(edition_id)
            if found is not None:
                self._editions.move_to_end(edition_id)
            return found

    def put(self, edition: Edition) -> None:
        """Keep an edition."""
        with self._lock:
            self._editions[edition.id] = edition
            self._editions.move_to_end(edition.id)
            while len(self._editions) > self._size:
                self._editions.popitem(last=False)


_SHELF: Final = _Shelf(size=_KEPT_EDITIONS)


def load_edition(session: Session, *, edition_id: EditionId) -> Edition:
    """Return an edition as a value. A published one is read once in the life of the process.

    Raises:
        NotFound: there is no such edition.
    """
    kept = _SHELF.get(edition_id)
    if kept is not None:
        return kept
    row = session.execute(
        select(ChecklistEdition.content, ChecklistEdition.digest, ChecklistEdition.state).where(
            ChecklistEdition.id == edition_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    edition = from_content(
        row.content,
        edition_id=edition_id,
        item_ids=_item_ids(session, edition_id=edition_id),
        digest=row.digest,
        state=EditionState(row.state),
    )
    if edition.published:
        _SHELF.put(edition)
    return edition


def _item_ids(session: Session, *, edition_id: EditionId) -> tuple[ItemId, ...]:
    rows = session.scalars(
        select(ChecklistItem.id)
        .where(ChecklistItem.edition_id == edition_id)
        .order_by(ChecklistItem.position)
    )
    return tuple(ItemId(row) for row in rows)


def published_edition(session: Session, *, code: str, label: str) -> Edition:
    """Return a published edition by its name.

    Raises:
        NotFound: it does not exist, or it is still a draft; the message names it.
    """
    edition_id = session.scalar(_published(code).where(ChecklistEdition.label == label))
    if edition_id is None:
        raise NotFound(
            f"点検票「{code}」の公開済みの版「{label}」は見つかりません。名前と版を確かめてください。"
        )
    return load_edition(session, edition_id=EditionId(edition_id))


def edition_named(session: Session, *, code: str, label: str) -> EditionId:
    """Return the id of an edition by its name, draft or published.

    Raises:
        NotFound: there is no such edition; the message names it.
    """
    edition_id = session.scalar(_named(code=code, label=label))
    if edition_id is None:
        raise NotFound(f"点検票「{code}」の版「{label}」は取り込まれていません。名前と版を確かめてください。")
    return EditionId(edition_id)


def _named(*, code: str, label: str) -> Select[UUID]:
    return (
        select(ChecklistEdition.id)
        .join(Checklist, Checklist.id == ChecklistEdition.checklist_id)
        .where(Checklist.code == code, ChecklistEdition.label == label)
    )


def newest_published(session: Session, *, code: str) -> Edition | None:
    """Return the published edition with the highest label; None while nothing is published."""
    found = _labels_published(session, code=code)
    if not found:
        return None
    return load_edition(session, edition_id=found[max(found, key=label_order)])


def label_order(label: str) -> tuple[int, ...]:
    """Return what labels are ordered by: 2026.2 before 2026.10 before 2027.1."""
    return tuple(int(part) for part in label.split("."))


def _labels_published(session: Session, *, code: str) -> dict[str, EditionId]:
    rows = session.execute(_published(code).add_columns(ChecklistEdition.label))
    return {row.label: EditionId(row.id) for row in rows}


def _published(code: str) -> Select[UUID]:
    return (
        select(ChecklistEdition.id)
        .join(Checklist, Checklist.id == ChecklistEdition.checklist_id)
        .where(Checklist.code == code, ChecklistEdition.state == EditionState.PUBLISHED.value)
    )


# -------------------------------------------------------------------------------------------- ancestry


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestry:
    """What a new edition has to answer for.

    Attributes:
        label: the newest published edition; None while nothing is published.
        keys: the keys of its items: each has to go on, or to be named as retired.
        used: every key that any published edition ever had: none of them may come back as another item.
    """

    label: str | None = None
    keys: frozenset[str] = field(default=frozenset())
    used: frozenset[str] = field(default=frozenset())


def ancestry(session: Session, *, code: str) -> Ancestry:
    """Return the ancestry for the next edition of a checklist."""
    editions = _labels_published(session, code=code)
    if not editions:
        return Ancestry()
    newest = max(editions, key=label_order)
    rows = session.execute(
        select(ChecklistItem.edition_id, ChecklistItem.item_key).where(
            ChecklistItem.edition_id.in_(editions.values())
        )
    ).all()
    return Ancestry(
        label=newest,
        keys=frozenset(row.item_key for row in rows if row.edition_id == editions[newest]),
        used=frozenset(row.item_key for row in rows),
    )


# --------------------------------------------------------------------------------------- lists and pages


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionLine:
    """One edition in the list. `answers` counts the answers that point to it; names are None for a draft."""

    id: EditionId
    code: str
    label: str
    title: str
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
    """One checklist with its editions, the newest first."""

    code: str
    title: str
    description: str
    editions: tuple[EditionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPage:
    """One edition to be read or printed."""

    line: EditionLine
    edition: Edition
    flag_labels: Mapping[str, str]


def sees_drafts(actor: Actor) -> bool:
    """Return whether somebody prepares checklists and so sees drafts; all others see what is published."""
    preparing = (Permission.CITY_CHECKLIST_IMPORT, Permission.CITY_CHECKLIST_PUBLISH)
    return any(may(permission, actor=actor) for permission in preparing)


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
    codes = sorted({line.code for line in lines})
    return tuple(_group(session, [line for line in lines if line.code == code]) for code in codes)


def _group(session: Session, lines: Iterable[EditionLine]) -> ChecklistGroup:
    newest_first = tuple(sorted(lines, key=lambda line: label_order(line.label), reverse=True))
    newest = load_edition(session, edition_id=newest_first[0].id)
    return ChecklistGroup(
        code=newest.code, title=newest.title, description=newest.description, editions=newest_first
    )


def edition_page(
    session: Session, *, actor: Actor, code: str, label: str, answers: Mapping[EditionId, int]
) -> EditionPage:
    """Return one edition for reading.

    Raises:
        NotAllowed: the actor works for no unit of the city.
        NotFound: there is no such edition, or it is a draft and the actor does not prepare checklists.
    """
    require(Permission.CITY_CHECKLIST_READ, actor=actor)
    wanted = _visible(actor).where(Checklist.code == code, ChecklistEdition.label == label)
    lines = _lines(session, wanted, answers=answers)
    if not lines:
        raise NotFound
    edition = load_edition(session, edition_id=lines[0].id)
    return EditionPage(
        line=lines[0],
        edition=edition,
        flag_labels={flag.code: flag.label for flag in edition.flags},
    )


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


def content_of(session: Session, *, edition_id: EditionId) -> str:
    """Return the canonical content of an edition, as it was imported and sealed.

    Raises:
        NotFound: there is no such edition.
    """
    content = session.scalar(select(ChecklistEdition.content).where(ChecklistEdition.id == edition_id))
    if content is None:
        raise NotFound
    return content


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
    return [_line(session, row, names=names, answers=answers) for row in rows]


def _line(
    session: Session,
    row: Row[*tuple[Any, ...]],
    *,
    names: Mapping[PersonId, str],
    answers: Mapping[EditionId, int],
) -> EditionLine:
    edition = load_edition(session, edition_id=row.id)
    return EditionLine(
        id=edition.id,
        code=row.code,
        label=row.label,
        title=edition.title,
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
