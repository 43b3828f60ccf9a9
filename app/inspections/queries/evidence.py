"""The pages of evidence: of one item, of a whole sheet, of a unit over the years, of one piece."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import Session, aliased

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, may
from app.checklists.queries import load_edition
from app.checklists.rules import Item, Section
from app.evidence.queries import Library, Wanted, find_piece, library
from app.evidence.rules import Piece
from app.inspections.models import AnswerEvidence, Campaign, Inspection, Revision
from app.inspections.queries.evidence_links import Link, links_of
from app.inspections.queries.holding import holder
from app.inspections.queries.previous import predecessors
from app.inspections.queries.sheet import (
    Sheet,
    answering_subject,
    applicable_items,
    find_sheet,
    open_returns,
    profile_of,
    returns_of,
)
from app.inspections.rules import ANSWERABLE, SEALED, State
from app.inspections.texts import year_before
from app.kernel.errors import NotFound
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import EditionId, EvidenceId, InspectionId, ItemId, PersonId, UnitId
from app.organisation.queries import tree_on
from app.people.queries import people_by_id

YEARS: Final = 10
"""How many years back a library can be searched by year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One item beside which a piece stands, in one revision of a sheet."""

    evidence_id: EvidenceId
    inspection_id: InspectionId
    number: int
    state: State
    campaign_title: str
    fiscal_year: FiscalYear
    item: Item

    @property
    def sealed(self) -> bool:
        """Whether that revision never changes again."""
        return self.state in SEALED


_Newer = aliased(AnswerEvidence)
_STANDING: Final = and_(
    AnswerEvidence.is_linked.is_(True),
    ~exists().where(
        _Newer.revision_id == AnswerEvidence.revision_id,
        _Newer.item_id == AnswerEvidence.item_id,
        _Newer.evidence_id == AnswerEvidence.evidence_id,
        _Newer.version > AnswerEvidence.version,
    ),
)


def uses_of(session: Session, *, evidence_id: EvidenceId) -> tuple[Use, ...]:
    """Return where a piece stands, over all sheets and revisions, the newest year first."""
    return uses_of_all(session, evidence_ids=[evidence_id]).get(evidence_id, ())


def uses_of_all(
    session: Session, *, evidence_ids: Collection[EvidenceId]
) -> Mapping[EvidenceId, tuple[Use, ...]]:
    """Return where pieces stand: one statement for all of them."""
    rows = session.execute(
        select(
            AnswerEvidence.evidence_id,
            AnswerEvidence.item_id,
            Revision.inspection_id,
            Revision.number,
            Revision.state,
            Campaign.title,
            Campaign.fiscal_year,
            Campaign.edition_id,
        )
        .join(Revision, Revision.id == AnswerEvidence.revision_id)
        .join(Inspection, Inspection.id == Revision.inspection_id)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(AnswerEvidence.evidence_id.in_(list(evidence_ids)), _STANDING)
        .order_by(Campaign.fiscal_year.desc(), Campaign.base_date.desc(), Revision.number.desc())
    ).all()
    found: dict[EvidenceId, list[Use]] = {}
    for row in rows:
        edition = load_edition(session, edition_id=EditionId(row.edition_id))
        use = Use(
            evidence_id=EvidenceId(row.evidence_id),
            inspection_id=InspectionId(row.inspection_id),
            number=row.number,
            state=State(row.state),
            campaign_title=row.title,
            fiscal_year=FiscalYear(row.fiscal_year),
            item=edition.items[ItemId(row.item_id)],
        )
        found.setdefault(use.evidence_id, []).append(use)
    return {evidence_id: tuple(uses) for evidence_id, uses in found.items()}


# ------------------------------------------------------------------------------------------------ an item


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPiece:
    """A piece that stood beside what a question goes on from."""

    piece: Piece
    numbers: tuple[str, ...]
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierEvidence:
    """What stood beside the predecessors of an item in the sealed sheet of the year before, and not beside the item yet.

    Attributes:
        year: how that year is called (昨年度); empty where the item goes on from nothing.
        pieces: what still holds today first.
    """

    sheet: Sheet
    item: Item
    year: str
    pieces: tuple[EarlierPiece, ...]
    editable: bool

    @property
    def expired(self) -> bool:
        """Whether one of them holds no more."""
        return any(not one.holds for one in self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEvidencePage:
    """The evidence of one item, and what could be chosen for it.

    Attributes:
        earlier: what stood beside the questions of the year before that this one goes on from.
        offered: one page of the unit's pieces.
    """

    sheet: Sheet
    unit_name: str
    section: Section
    item: Item
    links: tuple[Link, ...]
    editable: bool
    earlier: EarlierEvidence
    offered: Library


def item_evidence_page(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_id: ItemId,
    words: str,
    number: int,
    today: date,
) -> ItemEvidencePage:
    """Return the page on which the evidence of an item is kept.

    Raises:
        NotFound: there is no such sheet for the actor, or it has no such item.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    section = next(
        (one for one in sheet.edition.sections if any(item.id == item_id for item in one.items)), None
    )
    if section is None:
        raise NotFound
    item = sheet.edition.items[item_id]
    links = links_of(session, revision_id=sheet.revision_id).of(item_id)
    here = {link.piece.id for link in links}
    editable = _editable(session, actor=actor, sheet=sheet, item_id=item_id, today=today)
    return ItemEvidencePage(
        sheet=sheet,
        unit_name=_unit_name(session, unit_id=sheet.unit_id, day=today),
        section=section,
        item=item,
        links=links,
        editable=editable,
        earlier=_earlier(session, sheet=sheet, item=item, here=here, editable=editable, today=today),
        offered=library(
            session,
            actor=actor,
            unit_id=sheet.unit_id,
            wanted=Wanted(words=words),
            number=number,
            today=today,
        ),
    )


def _editable(session: Session, *, actor: Actor, sheet: Sheet, item_id: ItemId, today: date) -> bool:
    """Return what `open_item` would say, without its sentence: used to hide buttons."""
    begun = sheet.campaign.dates.opens_after(today) is None and not sheet.locked(today)
    if sheet.state not in ANSWERABLE or not begun:
        return False
    if sheet.state is State.RETURNED:
        opened = open_returns(sheet, returns_of(session, revision_id=sheet.revision_id))
        if item_id not in opened:
            return False
    return may(
        Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet)
    )


def earlier_evidence(
    session: Session, *, actor: Actor, inspection_id: InspectionId, item_id: ItemId, today: date
) -> EarlierEvidence:
    """Return what may be linked again to an item: a number of statements that does not grow with the pieces.

    Raises:
        NotFound: there is no such sheet for the actor, or it has no such item.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    if item_id not in sheet.edition.items:
        raise NotFound
    item = sheet.edition.items[item_id]
    here = {link.piece.id for link in links_of(session, revision_id=sheet.revision_id).of(item_id)}
    editable = _editable(session, actor=actor, sheet=sheet, item_id=item_id, today=today)
    return _earlier(session, sheet=sheet, item=item, here=here, editable=editable, today=today)


def _earlier(
    session: Session, *, sheet: Sheet, item: Item, here: Collection[EvidenceId], editable: bool, today: date
) -> EarlierEvidence:
    before = predecessors(session, sheet=sheet, item=item)
    if before is None or not before.items:
        return EarlierEvidence(sheet=sheet, item=item, year="", pieces=(), editable=editable)
    links = links_of(session, revision_id=before.revision_id)
    tree = tree_on(session, day=today)
    pieces: dict[EvidenceId, Piece] = {}
    numbers: dict[EvidenceId, list[str]] = {}
    for was in before.items:
        for link in links.of(was.id):
            piece = link.piece
            # A system's sheet follows the system: what its owner of then had is not this unit's.
            own = tree.responsible(piece.unit_id) == sheet.unit_id
            if piece.id not in here and piece.withdrawn_at is None and own:
                pieces[piece.id] = piece
                numbers.setdefault(piece.id, []).append(was.number)
    found = [
        EarlierPiece(piece=piece, numbers=tuple(numbers[piece.id]), holds=not piece.expired(today))
        for piece in pieces.values()
    ]
    return EarlierEvidence(
        sheet=sheet,
        item=item,
        year=year_before(before.fiscal_year, now=sheet.campaign.fiscal_year),
        pieces=tuple(sorted(found, key=lambda one: not one.holds)),
        editable=editable,
    )


# ----------------------------------------------------------------------------------------------- a sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetEvidencePage:
    """Every piece of a sheet, by section and item, of the items that apply."""

    sheet: Sheet
    unit_name: str
    lines: tuple[tuple[Item, tuple[Link, ...]], ...]
    names: Mapping[PersonId, str]
    demanded: int

    @property
    def count(self) -> int:
        """How many pieces stand beside items; one that stands beside several counts for each."""
        return sum(len(links) for _, links in self.lines)


def sheet_evidence_page(
    session: Session, *, actor: Actor, inspection_id: InspectionId, today: date, number: int | None = None
) -> SheetEvidencePage:
    """Return the evidence of a sheet, as it is now or as an earlier revision had it."""
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, number=number)
    links = links_of(session, revision_id=sheet.revision_id)
    items = applicable_items(sheet, profile_of(session, revision_id=sheet.revision_id))
    lines = tuple((item, links.of(item.id)) for item in items if links.of(item.id))
    people = people_by_id(session, person_ids={link.done_by for _, some in lines for link in some})
    day = sheet.campaign.dates.base_date if sheet.sealed else today
    return SheetEvidencePage(
        sheet=sheet,
        unit_name=_unit_name(session, unit_id=sheet.unit_id, day=day),
        lines=lines,
        names={person_id: person.name for person_id, person in people.items()},
        demanded=len(items),
    )


# ------------------------------------------------------------------------------------------------ a unit


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFilter:
    """What somebody looks for: words, a fiscal year in which a piece stands for something, the key of a question."""

    words: str = ""
    year: int | None = None
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryPage:
    """The pieces of a unit with where they are used."""

    unit_id: UnitId
    unit_name: str
    found: Library
    uses: Mapping[EvidenceId, tuple[Use, ...]]
    wanted: LibraryFilter
    years: tuple[FiscalYear, ...]
    items: tuple[Item, ...]


def library_page(
    session: Session, *, actor: Actor, unit_id: UnitId, wanted: LibraryFilter, number: int, today: date
) -> LibraryPage:
    """Return one page of a unit's pieces: a number of statements that does not grow with them.

    Raises:
        NotFound: the actor may not know of the unit's work.
    """
    year = FiscalYear(wanted.year) if wanted.year else None
    editions = _editions_of(session, unit_id=unit_id, today=today)
    asked = Wanted(
        words=wanted.words,
        first_day=date(year.year, 4, 1) if year else None,
        before=date(year.year + 1, 4, 1) if year else None,
        among=(
            _beside(unit_id, items=_same_question(editions, key=wanted.item), today=today)
            if wanted.item
            else None
        ),
    )
    found = library(session, actor=actor, unit_id=unit_id, wanted=asked, number=number, today=today)
    this_year = today.year if today.month >= 4 else today.year - 1  # noqa: PLR2004 - April
    return LibraryPage(
        unit_id=unit_id,
        unit_name=_unit_name(session, unit_id=unit_id, day=today),
        found=found,
        uses=uses_of_all(session, evidence_ids=[piece.id for piece in found.pieces]),
        wanted=wanted,
        years=tuple(FiscalYear(this_year - back) for back in range(YEARS)),
        items=tuple(editions[0].values()) if editions else (),
    )


def _editions_of(session: Session, *, unit_id: UnitId, today: date) -> list[Mapping[ItemId, Item]]:
    """Return the items of every edition by which a unit was asked, the newest year first."""
    ids = session.scalars(
        select(Campaign.edition_id)
        .join(Inspection, Inspection.campaign_id == Campaign.id)
        .where(holder(day=today) == unit_id)
        .order_by(Campaign.fiscal_year.desc(), Campaign.base_date.desc())
    )
    return [load_edition(session, edition_id=EditionId(one)).items for one in dict.fromkeys(ids)]


def _same_question(editions: Iterable[Mapping[ItemId, Item]], *, key: str) -> list[ItemId]:
    return [item.id for items in editions for item in items.values() if item.key == key]


def _beside(unit_id: UnitId, *, items: list[ItemId], today: date) -> Select[UUID]:
    return (
        select(AnswerEvidence.evidence_id)
        .join(Revision, Revision.id == AnswerEvidence.revision_id)
        .join(Inspection, Inspection.id == Revision.inspection_id)
        .where(holder(day=today) == unit_id, AnswerEvidence.item_id.in_(items), _STANDING)
    )


# --------------------------------------------------------------------------------------------- one piece


@dataclass(frozen=True, slots=True, kw_only=True)
class PiecePage:
    """One piece with everything that cites it."""

    piece: Piece
    unit_name: str
    recorded_by: str
    uses: tuple[Use, ...]
    may_change: bool
    may_withdraw: bool


def piece_page(session: Session, *, actor: Actor, evidence_id: EvidenceId, today: date) -> PiecePage:
    """Return one piece.

    Raises:
        NotFound: there is none for the actor.
    """
    piece = find_piece(session, actor=actor, evidence_id=evidence_id)
    uses = uses_of(session, evidence_id=evidence_id)
    person = people_by_id(session, person_ids=[piece.recorded_by])[piece.recorded_by]
    own = piece.withdrawn_at is None and may(
        Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=Subject(unit_id=piece.unit_id)
    )
    return PiecePage(
        piece=piece,
        unit_name=_unit_name(session, unit_id=piece.unit_id, day=today),
        recorded_by=person.name,
        uses=uses,
        may_change=own and all(use.state is State.ANSWERING for use in uses),
        may_withdraw=own and all(use.sealed for use in uses),
    )


def _unit_name(session: Session, *, unit_id: UnitId, day: date) -> str:
    unit = tree_on(session, day=day).by_id.get(unit_id)
    return unit.name if unit else "（廃止された所属）"
