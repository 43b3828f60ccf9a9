"""Loading editions. A published one never changes, so it is read once and kept by its id."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from threading import Lock
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.checklists.models import Checklist, ChecklistEdition, ChecklistItem
from app.checklists.queries.content import from_content
from app.checklists.rules import Edition, EditionState
from app.kernel.errors import NotFound
from app.kernel.ids import EditionId, ItemId

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
PUBLISHED_HERE: Final = "editions published in this transaction"
"""Where a session keeps the editions that it seals: until the commit they may still become drafts again."""


def load_edition(session: Session, *, edition_id: EditionId) -> Edition:
    """Return an edition as a value. A published one is read once in the life of the process.

    Raises:
        NotFound: there is no such edition.
    """
    found = load_editions(session, edition_ids=[edition_id])
    if edition_id not in found:
        raise NotFound
    return found[edition_id]


def load_editions(session: Session, *, edition_ids: Iterable[EditionId]) -> Mapping[EditionId, Edition]:
    """Return editions by their ids, in two statements for all that are not kept; unknown ids are absent."""
    wanted = frozenset(edition_ids)
    kept = {edition_id: found for edition_id in wanted if (found := _SHELF.get(edition_id)) is not None}
    missing = wanted - kept.keys()
    if not missing:
        return kept
    rows = session.execute(
        select(
            ChecklistEdition.id, ChecklistEdition.content, ChecklistEdition.digest, ChecklistEdition.state
        ).where(ChecklistEdition.id.in_(missing))
    ).all()
    items = _item_ids(session, edition_ids=missing) if rows else {}
    for row in rows:
        edition = from_content(
            row.content,
            edition_id=EditionId(row.id),
            item_ids=items.get(EditionId(row.id), ()),
            digest=row.digest,
            state=EditionState(row.state),
        )
        if edition.published and edition.id not in session.info.get(PUBLISHED_HERE, ()):
            _SHELF.put(edition)
        kept[edition.id] = edition
    return kept


def _item_ids(session: Session, *, edition_ids: Collection[EditionId]) -> dict[EditionId, list[ItemId]]:
    rows = session.execute(
        select(ChecklistItem.edition_id, ChecklistItem.id)
        .where(ChecklistItem.edition_id.in_(edition_ids))
        .order_by(ChecklistItem.edition_id, ChecklistItem.position)
    )
    found: dict[EditionId, list[ItemId]] = {}
    for row in rows:
        found.setdefault(EditionId(row.edition_id), []).append(ItemId(row.id))
    return found


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
    found = labels_published(session, code=code)
    if not found:
        return None
    return load_edition(session, edition_id=found[max(found, key=label_order)])


def label_order(label: str) -> tuple[int, ...]:
    """Return what labels are ordered by: 2026.2 before 2026.10 before 2027.1."""
    return tuple(int(part) for part in label.split("."))


def labels_published(session: Session, *, code: str) -> dict[str, EditionId]:
    """Return the published editions of a checklist by their labels."""
    rows = session.execute(_published(code).add_columns(ChecklistEdition.label))
    return {row.label: EditionId(row.id) for row in rows}


def _published(code: str) -> Select[UUID]:
    return (
        select(ChecklistEdition.id)
        .join(Checklist, Checklist.id == ChecklistEdition.checklist_id)
        .where(Checklist.code == code, ChecklistEdition.state == EditionState.PUBLISHED.value)
    )


def keys_of_items() -> Select[UUID, str]:
    """Return the key of every item as a selectable for joins from above: id, item_key."""
    return select(ChecklistItem.id, ChecklistItem.item_key)


def content_of(session: Session, *, edition_id: EditionId) -> str:
    """Return the canonical content of an edition, as it was imported and sealed.

    Raises:
        NotFound: there is no such edition.
    """
    content = session.scalar(select(ChecklistEdition.content).where(ChecklistEdition.id == edition_id))
    if content is None:
        raise NotFound
    return content
