"""The auditor's pages: everything that happened to a sheet over all its revisions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import Subject, require
from app.checklists.rules import Item, Level
from app.inspections.models import (
    AnswerHistory,
    Approval,
    Extension,
    ItemReturn,
    ItemReviewHistory,
    Reopening,
    Revision,
    SealedRevision,
    SheetStepRow,
)
from app.inspections.queries.previous import PreviousAnswer, previous_answers
from app.inspections.queries.review import name_of
from app.inspections.queries.review_queue import share_of
from app.inspections.queries.score import Judgements, judgements_for, unit_name_of
from app.inspections.queries.sheet import Sheet, find_sheet
from app.inspections.rules import (
    SEALED,
    STEPS,
    Action,
    Capacity,
    Judgement,
    Origin,
    ReopeningOutcome,
    State,
)
from app.inspections.texts import CAPACITY, EVENT
from app.journal.queries import JournalLine, lines_of, verify_subject
from app.journal.rules import Subject as JournalSubject
from app.journal.rules import SubjectType
from app.kernel.digest import digest_text
from app.kernel.errors import NotFound
from app.kernel.fiscal_year import long_date
from app.kernel.ids import InspectionId, ItemId, PersonId, RevisionId
from app.people.queries import people_by_id
from app.people.rules import PersonView

PAGE_SIZE: Final = 50
_READ_ONLY: Final = frozenset({Function.AUDITOR, Function.CIO})
_ACTING: Final = frozenset({Function.REVIEWER, Function.MANAGER, Function.CHIEF})
_EVENT_OF: Final = {(step.action, step.source): step.journal_event for step in STEPS}

Names = Mapping[PersonId, PersonView]


def reads_only(actor: Actor) -> bool:
    """Return whether somebody looks and never acts (監査人, CIO): pages say so in their heading."""
    return bool(actor.functions & _READ_ONLY) and not actor.functions & _ACTING


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionLine:
    """One revision of a sheet.

    Attributes:
        saves, judgements: rows of the histories; a reopened revision begins with the last saves.
        digest: of the sealed content; None while it is open.
        intact: whether the stored content still has that digest.
    """

    number: int
    state: State
    current: bool
    since: datetime
    self_share: Fraction | None
    self_grade: str | None
    reviewed_share: Fraction | None
    reviewed_grade: str | None
    saves: int
    judgements: int
    returns: int
    digest: str | None
    intact: bool
    sealed_by: str
    sealed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One entry of the timeline."""

    at: datetime
    revision: int
    what: str
    person: str
    comment: str
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """How often an item was recorded, judged and returned, over all revisions."""

    item: Item
    saves: int
    judgements: int
    returns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLine:
    """One entry of the sheet's chain in the journal."""

    sequence: int
    at: datetime
    what: str
    number: str
    person: str
    via: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One page of the sheet's chain, the newest entry first."""

    lines: tuple[ChainLine, ...]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainCheck:
    """The outcome of verifying the sheet's chain.

    Attributes:
        places: places in the chain that do not hold.
        entries: how many were checked.
        seals: how many seals bind the chain, and were compared with it.
    """

    places: tuple[str, ...]
    entries: int
    seals: int
    last_seal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Everything that happened to a sheet."""

    sheet: Sheet
    unit_name: str
    read_only: bool
    revisions: tuple[RevisionLine, ...]
    happenings: tuple[Happening, ...]
    items: tuple[ItemLine, ...]
    chain: Chain


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of all revisions of a sheet, each read in one statement."""

    revisions: tuple[Revision, ...]
    sealed: Mapping[RevisionId, SealedRevision]
    steps: tuple[SheetStepRow, ...]
    approvals: tuple[Approval, ...]
    reopenings: tuple[Reopening, ...]
    extensions: tuple[Extension, ...]
    returns: tuple[ItemReturn, ...]
    saves: Counter[tuple[RevisionId, ItemId]]
    judgements: Counter[tuple[RevisionId, ItemId]]
    chain: tuple[JournalLine, ...]

    @property
    def numbers(self) -> dict[RevisionId, int]:
        """Return the number of each revision."""
        return {RevisionId(row.id): row.number for row in self.revisions}

    @property
    def people(self) -> set[PersonId]:
        """Return everybody who is named on the page."""
        return {
            *(PersonId(row.sealed_by) for row in self.sealed.values()),
            *(PersonId(row.done_by) for row in self.steps),
            *(PersonId(row.approved_by) for row in self.approvals),
            *(PersonId(row.requested_by) for row in self.reopenings),
            *(PersonId(row.decided_by) for row in self.reopenings if row.decided_by),
            *(PersonId(row.requested_by) for row in self.extensions),
            *(PersonId(row.decided_by) for row in self.extensions if row.decided_by),
            *(person for line in self.chain if (person := _person(line)) is not None),
        }


def history_page(
    session: Session, *, actor: Actor, inspection_id: InspectionId, number: int, today: date
) -> HistoryPage:
    """Return the history of a sheet, in a number of statements that does not grow with it.

    Raises:
        NotFound: there is no such sheet for the actor.
    """
    sheet = _seen(session, actor=actor, inspection_id=inspection_id)
    rows = _rows(session, inspection_id=inspection_id)
    names = people_by_id(session, person_ids=rows.people)
    return HistoryPage(
        sheet=sheet,
        unit_name=unit_name_of(session, sheet=sheet, today=today),
        read_only=reads_only(actor),
        revisions=tuple(_revision(row, rows=rows, names=names) for row in rows.revisions),
        happenings=_happenings(rows, names=names),
        items=_items(sheet, rows),
        chain=_chain(rows.chain, number=number, sheet=sheet, names=names),
    )


def _chain(lines: tuple[JournalLine, ...], *, number: int, sheet: Sheet, names: Names) -> Chain:
    number = min(max(1, number), max(1, -(-len(lines) // PAGE_SIZE)))
    shown = lines[::-1][(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return Chain(
        lines=tuple(_chain_line(line, sheet=sheet, names=names) for line in shown),
        total=len(lines),
        number=number,
    )


def checked_chain(session: Session, *, actor: Actor, inspection_id: InspectionId) -> ChainCheck:
    """Verify the sheet's chain against its head and the seals that bind it, and say what does not hold.

    Raises:
        NotFound: there is no such sheet for the actor.
    """
    _seen(session, actor=actor, inspection_id=inspection_id)
    subject = JournalSubject(type=SubjectType.INSPECTION, id=str(inspection_id))
    outcome = verify_subject(session, subject=subject)
    own = f"{subject.type.value}/{subject.id}"
    return ChainCheck(
        places=tuple(fault.place.removeprefix(own).strip() or "末尾の印" for fault in outcome.faults),
        entries=outcome.entries,
        seals=outcome.seals,
        last_seal=outcome.last_seal,
    )


def _seen(session: Session, *, actor: Actor, inspection_id: InspectionId) -> Sheet:
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
    require(Permission.UNIT_INSPECTION_HISTORY, actor=actor, subject=Subject(unit_id=sheet.unit_id))
    return sheet


def _rows(session: Session, *, inspection_id: InspectionId) -> _Rows:
    """Read all revisions of a sheet in ten statements."""
    of_sheet = select(Revision.id).where(Revision.inspection_id == inspection_id)
    revisions = session.scalars(
        select(Revision).where(Revision.inspection_id == inspection_id).order_by(Revision.number)
    )
    sealed = session.scalars(select(SealedRevision).where(SealedRevision.revision_id.in_(of_sheet)))
    steps = session.scalars(
        select(SheetStepRow).where(SheetStepRow.revision_id.in_(of_sheet)).order_by(SheetStepRow.sequence)
    )
    approvals = session.scalars(select(Approval).where(Approval.revision_id.in_(of_sheet)))
    reopenings = session.scalars(select(Reopening).where(Reopening.revision_id.in_(of_sheet)))
    extensions = session.scalars(select(Extension).where(Extension.revision_id.in_(of_sheet)))
    returns = session.scalars(select(ItemReturn).where(ItemReturn.revision_id.in_(of_sheet)))
    saves = session.execute(
        select(AnswerHistory.revision_id, AnswerHistory.item_id, func.count())
        .where(AnswerHistory.revision_id.in_(of_sheet))
        .group_by(AnswerHistory.revision_id, AnswerHistory.item_id)
    )
    judged = session.execute(
        select(ItemReviewHistory.revision_id, ItemReviewHistory.item_id, func.count())
        .where(ItemReviewHistory.revision_id.in_(of_sheet))
        .group_by(ItemReviewHistory.revision_id, ItemReviewHistory.item_id)
    )
    subject = JournalSubject(type=SubjectType.INSPECTION, id=str(inspection_id))
    return _Rows(
        revisions=tuple(revisions),
        sealed={RevisionId(row.revision_id): row for row in sealed},
        steps=tuple(steps),
        approvals=tuple(approvals),
        reopenings=tuple(reopenings),
        extensions=tuple(extensions),
        returns=tuple(returns),
        saves=Counter({(RevisionId(row[0]), ItemId(row[1])): row[2] for row in saves}),
        judgements=Counter({(RevisionId(row[0]), ItemId(row[1])): row[2] for row in judged}),
        chain=lines_of(session, subject=subject),
    )


def _revision(row: Revision, *, rows: _Rows, names: Names) -> RevisionLine:
    revision_id = RevisionId(row.id)
    sealed = rows.sealed.get(revision_id)
    return RevisionLine(
        number=row.number,
        state=State(row.state),
        current=row.current,
        since=row.state_since,
        self_share=share_of(row.self_earned, row.self_possible),
        self_grade=row.self_grade,
        reviewed_share=share_of(row.reviewed_earned, row.reviewed_possible),
        reviewed_grade=row.reviewed_grade,
        saves=_of_revision(rows.saves, revision_id=revision_id),
        judgements=_of_revision(rows.judgements, revision_id=revision_id),
        returns=sum(1 for entry in rows.returns if entry.revision_id == revision_id),
        digest=sealed.digest if sealed else None,
        intact=sealed is not None and digest_text(sealed.content) == sealed.digest,
        sealed_by=name_of(names, PersonId(sealed.sealed_by)) if sealed else "",
        sealed_at=sealed.sealed_at if sealed else None,
    )


def _of_revision(counts: Counter[tuple[RevisionId, ItemId]], *, revision_id: RevisionId) -> int:
    return sum(count for (of, _), count in counts.items() if of == revision_id)


def _items(sheet: Sheet, rows: _Rows) -> tuple[ItemLine, ...]:
    """Return the items that were ever recorded, in the order of the edition."""
    saves, judgements = _of_items(rows.saves), _of_items(rows.judgements)
    returns = Counter(ItemId(entry.item_id) for entry in rows.returns)
    return tuple(
        ItemLine(item=item, saves=saves[item.id], judgements=judgements[item.id], returns=returns[item.id])
        for item in sheet.edition.items.values()
        if saves[item.id]
    )


def _of_items(counts: Counter[tuple[RevisionId, ItemId]]) -> Counter[ItemId]:
    found: Counter[ItemId] = Counter()
    for (_, item_id), count in counts.items():
        found[item_id] += count
    return found


def _happenings(rows: _Rows, *, names: Names) -> tuple[Happening, ...]:
    """Return the timeline, newest first: steps, approvals with their digest, requests to reopen and for more time."""
    steps = sorted(rows.steps, key=lambda row: (rows.numbers[RevisionId(row.revision_id)], row.sequence))
    found = [_step(row, rows=rows, names=names) for row in steps]
    for row in rows.reopenings:
        found += _reopening(row, rows=rows, names=names)
    for extension in rows.extensions:
        found += _extension(extension, rows=rows, names=names)
    # The sort is stable: what happened in one instant keeps its order, and turns round with the rest.
    return tuple(sorted(found, key=lambda one: (one.at, one.revision))[::-1])


def _step(row: SheetStepRow, *, rows: _Rows, names: Names) -> Happening:
    action = Action(row.action)
    approval = _approval(row, rows=rows) if action is Action.APPROVE else None
    sealed = rows.sealed.get(RevisionId(row.revision_id)) if State(row.target) in SEALED else None
    what = EVENT[_EVENT_OF[action, State(row.source)]]
    if action is Action.RETURN_ITEMS:
        what += f"（{_sent(row, rows=rows)}件）"
    if approval is not None:
        what += f"（{CAPACITY[Capacity(approval.capacity)]}）"
    return Happening(
        at=row.done_at,
        revision=rows.numbers[RevisionId(row.revision_id)],
        what=what,
        person=name_of(names, PersonId(row.done_by)),
        comment=approval.comment if approval else row.reason,
        digest=approval.content_digest if approval else (sealed.digest if sealed else None),
    )


def _approval(row: SheetStepRow, *, rows: _Rows) -> Approval | None:
    """Return the approval that a step is: both were written in the same instant."""
    same = (one for one in rows.approvals if one.revision_id == row.revision_id)
    return next((one for one in same if one.approved_at == row.done_at), None)


def _sent(row: SheetStepRow, *, rows: _Rows) -> int:
    same = (one for one in rows.returns if one.revision_id == row.revision_id)
    return sum(1 for one in same if one.returned_at == row.done_at)


_EVENT_OF_OUTCOME: Final = {
    ReopeningOutcome.GRANTED: "inspection.reopened",
    ReopeningOutcome.DECLINED: "inspection.reopening_declined",
    ReopeningOutcome.WITHDRAWN: "inspection.reopening_withdrawn",
}


def _reopening(row: Reopening, *, rows: _Rows, names: Names) -> list[Happening]:
    number = rows.numbers[RevisionId(row.revision_id)]
    found = [
        Happening(
            at=row.requested_at,
            revision=number,
            what=EVENT["inspection.reopening_requested"],
            person=name_of(names, PersonId(row.requested_by)),
            comment=row.reason,
        )
    ]
    if row.decided_at is not None and row.decided_by is not None and row.outcome is not None:
        person = name_of(names, PersonId(row.decided_by))
        outcome = ReopeningOutcome(row.outcome)
        found.append(
            Happening(
                at=row.decided_at,
                revision=number + (outcome is ReopeningOutcome.GRANTED),
                what=EVENT[_EVENT_OF_OUTCOME[outcome]],
                person=person,
                comment=row.decision_reason,
            )
        )
    return found


def _extension(row: Extension, *, rows: _Rows, names: Names) -> list[Happening]:
    number = rows.numbers[RevisionId(row.revision_id)]
    asked = Happening(
        at=row.requested_at,
        revision=number,
        what=f"{EVENT['inspection.extension_requested']}（{long_date(row.wished_until)}まで）",
        person=name_of(names, PersonId(row.requested_by)),
        comment=row.reason,
    )
    if row.decided_at is None or row.decided_by is None or row.outcome is None:
        return [asked]
    until = f"（{long_date(row.granted_until)}まで）" if row.granted_until else ""
    decided = Happening(
        at=row.decided_at,
        revision=number,
        what=EVENT[f"inspection.extension_{row.outcome}"] + until,
        person=name_of(names, PersonId(row.decided_by)),
        comment=row.decision_reason,
    )
    return [asked, decided]


def _person(line: JournalLine) -> PersonId | None:
    return PersonId(UUID(line.person_id)) if line.person_id else None


def _chain_line(line: JournalLine, *, sheet: Sheet, names: Names) -> ChainLine:
    person = _person(line)
    return ChainLine(
        sequence=line.sequence,
        at=line.at,
        what=EVENT.get(line.event, line.event),
        number=_number(sheet, key=line.facts.get("item")),
        person=name_of(names, person) if person else "",
        via=line.via,
        digest=line.digest,
    )


def _number(sheet: Sheet, *, key: object) -> str:
    return next((item.number for item in sheet.edition.items.values() if item.key == key), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """One save of an answer beside the one before it, with the words to the reviewer that were saved with it.

    `origin` says whether somebody gave it, a reopened revision began with it, or a cancelled return put it back.
    """

    revision: int
    version: int
    level: Level | None
    comment: str
    before_level: Level | None
    before_comment: str
    person: str
    at: datetime
    reply: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One judgement of an item."""

    revision: int
    version: int
    judgement: Judgement
    level: Level | None
    remark: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """One return of an item with the department's reply."""

    revision: int
    round: int
    remark: str
    due_on: date
    person: str
    at: datetime
    reply: str
    replied_by: str
    replied_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemHistoryPage:
    """Every version of one answer, every judgement and every return of it, oldest first."""

    sheet: Sheet
    unit_name: str
    read_only: bool
    item: Item
    previous: PreviousAnswer | None
    saves: tuple[Save, ...]
    judged: tuple[Judged, ...]
    returned: tuple[Returned, ...]


def item_history_page(
    session: Session, *, actor: Actor, inspection_id: InspectionId, item_id: ItemId, today: date
) -> ItemHistoryPage:
    """Return the history of one item over all revisions of a sheet: seven statements, and three for the year before.

    Raises:
        NotFound: there is no such sheet for the actor, or no such item in its edition.
    """
    sheet = _seen(session, actor=actor, inspection_id=inspection_id)
    item = sheet.edition.items.get(item_id)
    if item is None:
        raise NotFound
    revisions = select(Revision.id).where(Revision.inspection_id == inspection_id)
    numbers = _numbers(session, inspection_id=inspection_id)
    saves = session.scalars(
        select(AnswerHistory).where(
            AnswerHistory.revision_id.in_(revisions), AnswerHistory.item_id == item_id
        )
    ).all()
    judged = session.scalars(
        select(ItemReviewHistory).where(
            ItemReviewHistory.revision_id.in_(revisions), ItemReviewHistory.item_id == item_id
        )
    ).all()
    returned = session.scalars(
        select(ItemReturn).where(ItemReturn.revision_id.in_(revisions), ItemReturn.item_id == item_id)
    ).all()
    names = people_by_id(session, person_ids=_people(saves, judged, returned))
    return ItemHistoryPage(
        sheet=sheet,
        unit_name=unit_name_of(session, sheet=sheet, today=today),
        read_only=reads_only(actor),
        item=item,
        previous=previous_answers(session, sheet=sheet, items=[item]).get(item.id),
        saves=_saves(saves, sheet=sheet, numbers=numbers, names=names),
        judged=_judged(judged, actor=actor, sheet=sheet, numbers=numbers, names=names),
        returned=_returned(returned, numbers=numbers, names=names),
    )


Numbers = Mapping[RevisionId, int]


def _numbers(session: Session, *, inspection_id: InspectionId) -> Numbers:
    rows = session.execute(
        select(Revision.id, Revision.number).where(Revision.inspection_id == inspection_id)
    )
    return {RevisionId(row.id): row.number for row in rows}


def _people(
    saves: Sequence[AnswerHistory], judged: Sequence[ItemReviewHistory], returned: Sequence[ItemReturn]
) -> set[PersonId]:
    return {
        *(PersonId(row.answered_by) for row in saves),
        *(PersonId(row.reviewed_by) for row in judged),
        *(PersonId(row.returned_by) for row in returned),
        *(PersonId(row.replied_by) for row in returned if row.replied_by),
    }


def _saves(
    rows: Sequence[AnswerHistory], *, sheet: Sheet, numbers: Numbers, names: Names
) -> tuple[Save, ...]:
    """Return the saves in order, each beside the one before it."""
    found: list[Save] = []
    for row in sorted(rows, key=lambda row: (numbers[RevisionId(row.revision_id)], row.version)):
        before = found[-1] if found else None
        found.append(
            Save(
                revision=numbers[RevisionId(row.revision_id)],
                version=row.version,
                level=sheet.edition.level(row.level),
                comment=row.comment,
                before_level=before.level if before else None,
                before_comment=before.comment if before else "",
                person=name_of(names, PersonId(row.answered_by)),
                at=row.answered_at,
                reply=row.reply or "",
                origin=Origin(row.origin),
            )
        )
    return tuple(found)


def _judged(
    rows: Sequence[ItemReviewHistory], *, actor: Actor, sheet: Sheet, numbers: Numbers, names: Names
) -> tuple[Judged, ...]:
    """Return the judgements in order, without those of a review in the making that are not shown."""
    hidden = judgements_for(actor, sheet=sheet) is Judgements.HIDDEN
    ordered = sorted(rows, key=lambda row: (numbers[RevisionId(row.revision_id)], row.version))
    return tuple(
        Judged(
            revision=numbers[RevisionId(row.revision_id)],
            version=row.version,
            judgement=Judgement(row.judgement),
            level=sheet.edition.level(row.reviewed_level),
            remark=row.remark,
            person=name_of(names, PersonId(row.reviewed_by)),
            at=row.reviewed_at,
        )
        for row in ordered
        if not (hidden and row.revision_id == sheet.revision_id)
    )


def _returned(rows: Sequence[ItemReturn], *, numbers: Numbers, names: Names) -> tuple[Returned, ...]:
    ordered = sorted(rows, key=lambda row: (numbers[RevisionId(row.revision_id)], row.round))
    return tuple(
        Returned(
            revision=numbers[RevisionId(row.revision_id)],
            round=row.round,
            remark=row.remark,
            due_on=row.due_on,
            person=name_of(names, PersonId(row.returned_by)),
            at=row.returned_at,
            reply=row.reply,
            replied_by=name_of(names, PersonId(row.replied_by)) if row.replied_by else "",
            replied_at=row.replied_at,
        )
        for row in ordered
    )
