"""Evidence beside answers: adding it, choosing what was added before, taking it off.

The same rules as for answers: only while the sheet is with the department, only returned items during a return, and whoever
links a piece took part in the sheet.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.evidence import commands as pieces
from app.evidence.queries import find_piece
from app.evidence.rules import CheckedFile, Description, Piece
from app.inspections.commands.answer import require_answerable
from app.inspections.commands.steps import Loaded, journal_subject
from app.inspections.models import AnswerEvidence
from app.inspections.queries.evidence import uses_of
from app.inspections.queries.evidence_links import Links, links_of
from app.inspections.queries.sheet import Lock, Sheet, answering_subject, find_sheet, open_returns
from app.inspections.rules import Origin, State
from app.journal.commands import record
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotFound, NotNow
from app.kernel.ids import EvidenceId, InspectionId, ItemId, RevisionId

MOST_PIECES = 30
"""Pieces beside one item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What became of files that were sent.

    Attributes:
        added: how many are new beside the item.
        known: each other file by its name, with the title of the piece that has the same bytes.
    """

    added: int
    known: tuple[tuple[str, str], ...]


def open_item(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_id: ItemId,
    now: datetime,
    lock: Lock = Lock.HELD,
) -> Sheet:
    """Return the sheet of an item whose evidence may be changed now; also asked before a file is looked into, which is slow.

    Raises:
        NotFound: the actor may not know of the sheet, or it has no such item.
        NotAllowed: the actor is neither clerk nor head of the unit.
        NotNow: the sheet is not with the department, or the item was not returned.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=lock)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet))
    if item_id not in sheet.edition.items:
        raise NotFound
    require_answerable(session, sheet=sheet, items=[item_id], today=business_date(now))
    return sheet


def attach_files(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_id: ItemId,
    files: Iterable[tuple[CheckedFile, Description]],
    quota: int,
    now: datetime,
) -> Attached:
    """Add files that were checked and kept already, and link them to an item; return which of them are new.

    The same bytes beside the same item are one piece, however often they are sent.

    Raises:
        InvalidInput: the sheet's share of the disk is used up, or what is said of a file cannot be taken.
    """
    sheet = open_item(session, actor=actor, inspection_id=inspection_id, item_id=item_id, now=now)
    links = links_of(session, revision_id=sheet.revision_id)
    titles = {link.piece.file.digest: link.piece.title for link in links.of(item_id) if link.piece.file}
    wanted: dict[str, tuple[CheckedFile, Description]] = {}
    known = []
    for file, said in files:
        if file.digest in titles:
            known.append((file.name, titles[file.digest]))
        else:
            titles[file.digest] = said.title
            wanted[file.digest] = (file, said)
    _require_quota(links, files=[file for file, _ in wanted.values()], quota=quota)
    added = [
        pieces.add_file(session, actor=actor, unit_id=sheet.unit_id, file=file, description=said, now=now)
        for file, said in wanted.values()
    ]
    _link(session, sheet=sheet, links=links, item_id=item_id, wanted=added, actor=actor, now=now)
    return Attached(added=len(added), known=tuple(known))


def attach_reference(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_id: ItemId,
    description: Description,
    now: datetime,
) -> None:
    """Say where something is to be found, and link that to an item.

    Raises:
        InvalidInput: what is said cannot be taken.
    """
    sheet = open_item(session, actor=actor, inspection_id=inspection_id, item_id=item_id, now=now)
    piece = pieces.add_reference(
        session, actor=actor, unit_id=sheet.unit_id, description=description, now=now
    )
    links = links_of(session, revision_id=sheet.revision_id)
    _link(session, sheet=sheet, links=links, item_id=item_id, wanted=[piece], actor=actor, now=now)


def link_pieces(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_id: ItemId,
    evidence_ids: Collection[EvidenceId],
    now: datetime,
) -> int:
    """Link pieces of the unit that are there already, from this year or another; return how many were not linked before.

    Raises:
        InvalidInput: none was chosen.
        NotFound: one is another unit's.
        NotNow: one was withdrawn meanwhile.
    """
    sheet = open_item(session, actor=actor, inspection_id=inspection_id, item_id=item_id, now=now)
    if not evidence_ids:
        raise InvalidInput.of("付ける証跡を選んでください。", field="evidence")
    if len(evidence_ids) > MOST_PIECES:
        raise InvalidInput.of(f"一つの項目に付けられる証跡は{MOST_PIECES}件までです。", field="evidence")
    found = [
        find_piece(session, actor=actor, evidence_id=evidence_id)
        for evidence_id in sorted(evidence_ids, key=str)
    ]
    if any(piece.unit_id != sheet.unit_id for piece in found):
        raise NotFound
    if any(piece.withdrawn_at for piece in found):
        raise NotNow("選んだ証跡の中に、取り下げられたものがあります。画面を開き直して選び直してください。")
    links = links_of(session, revision_id=sheet.revision_id)
    here = {link.piece.id for link in links.of(item_id)}
    wanted = [piece for piece in found if piece.id not in here]
    _link(session, sheet=sheet, links=links, item_id=item_id, wanted=wanted, actor=actor, now=now)
    return len(wanted)


def unlink_piece(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_id: ItemId,
    evidence_id: EvidenceId,
    now: datetime,
) -> None:
    """Take a piece off an item. It stays with the unit, and with whatever else cites it; done twice, it is done."""
    sheet = open_item(session, actor=actor, inspection_id=inspection_id, item_id=item_id, now=now)
    links = links_of(session, revision_id=sheet.revision_id)
    if evidence_id in {link.piece.id for link in links.of(item_id)}:
        pen = _Pen(session, sheet=sheet, actor=actor, now=now, origin=Origin.GIVEN)
        pen.write(links, item_id=item_id, evidence_id=evidence_id, linked=False)
    elif not links.last_version(item_id=item_id, evidence_id=evidence_id):
        raise NotFound


def describe_piece(
    session: Session,
    *,
    actor: Actor,
    evidence_id: EvidenceId,
    description: Description,
    seen_version: int,
    now: datetime,
) -> None:
    """Change what is said of a piece, while every sheet that cites it is still being answered.

    Raises:
        NotNow: a sheet that cites it was handed over: what its head approves stays as it was.
    """
    find_piece(session, actor=actor, evidence_id=evidence_id)
    handed_over = [
        use for use in uses_of(session, evidence_id=evidence_id) if use.state is not State.ANSWERING
    ]
    if handed_over:
        raise NotNow(
            f"この証跡は、提出した点検票（{handed_over[0].campaign_title}）が使っているため、名前と日付を変えられません。"
            "違う内容にするときは、新しく付け直してください。"
        )
    pieces.change_description(
        session,
        actor=actor,
        evidence_id=evidence_id,
        description=description,
        seen_version=seen_version,
        now=now,
    )


def withdraw_piece(session: Session, *, actor: Actor, evidence_id: EvidenceId, now: datetime) -> None:
    """Offer a piece no more, once no open sheet cites it. Sealed sheets go on citing it, and its file stays.

    Raises:
        NotNow: a sheet that is still open cites it.
    """
    find_piece(session, actor=actor, evidence_id=evidence_id)
    opened = [use for use in uses_of(session, evidence_id=evidence_id) if not use.sealed]
    if opened:
        raise NotNow(
            f"確定していない点検票（{opened[0].campaign_title}）が使っています。先に、その項目からこの証跡を外してください。"
        )
    pieces.withdraw(session, actor=actor, evidence_id=evidence_id, now=now)


def carry_evidence(session: Session, *, links: Links, target: RevisionId) -> None:
    """Begin a reopened sheet with the evidence of the sealed one."""
    rows = [
        {
            "revision_id": target,
            "item_id": link.item_id,
            "evidence_id": link.piece.id,
            "version": 1,
            "is_linked": True,
            "origin": Origin.CARRIED.value,
            "done_by": link.done_by,
            "done_at": link.done_at,
        }
        for some in links.standing.values()
        for link in some
    ]
    if rows:
        session.execute(insert(cast("Table", AnswerEvidence.__table__)), rows)


def restore_evidence(session: Session, *, loaded: Loaded, actor: Actor, now: datetime) -> None:
    """Put back the evidence that the head had approved before the round of returns that is cancelled."""
    links = loaded.content.evidence
    pen = _Pen(session, sheet=loaded.sheet, actor=actor, now=now, origin=Origin.RESTORED)
    for item_id, entry in open_returns(loaded.sheet, loaded.content.returns).items():
        before = links.at(entry.returned_at, item_id=item_id)
        here = {link.piece.id for link in links.of(item_id)}
        for evidence_id in sorted(before ^ here, key=str):
            pen.write(links, item_id=item_id, evidence_id=evidence_id, linked=evidence_id in before)


def _require_quota(links: Links, *, files: Collection[CheckedFile], quota: int) -> None:
    sizes = {
        link.piece.file.digest: link.piece.file.size
        for some in links.standing.values()
        for link in some
        if link.piece.file
    }
    total = sum({**sizes, **{file.digest: file.size for file in files}}.values())
    if files and total > quota:
        megabytes = quota // 1024**2
        raise InvalidInput.of(
            f"この点検票の証跡が、合わせて{megabytes}MBの上限を超えます。要らないものを外すか、文書番号・場所で示してください。",
            field="files",
        )


def _link(
    session: Session,
    *,
    sheet: Sheet,
    links: Links,
    item_id: ItemId,
    wanted: Collection[Piece],
    actor: Actor,
    now: datetime,
) -> None:
    if len(links.of(item_id)) + len(wanted) > MOST_PIECES:
        raise InvalidInput.of(
            f"一つの項目に付けられる証跡は{MOST_PIECES}件までです。まとめるか、要らないものを外してください。",
            field="files",
        )
    pen = _Pen(session, sheet=sheet, actor=actor, now=now, origin=Origin.GIVEN)
    for piece in wanted:
        pen.write(links, item_id=item_id, evidence_id=piece.id, linked=True)


class _Pen:
    """Writes links of one sheet: who, when, and why."""

    def __init__(
        self, session: Session, *, sheet: Sheet, actor: Actor, now: datetime, origin: Origin
    ) -> None:
        self.session, self.sheet, self.actor, self.now, self.origin = session, sheet, actor, now, origin

    def write(self, links: Links, *, item_id: ItemId, evidence_id: EvidenceId, linked: bool) -> None:
        """Write the next version of a link, and the journal."""
        version = links.last_version(item_id=item_id, evidence_id=evidence_id) + 1
        self.session.execute(
            insert(AnswerEvidence).values(
                revision_id=self.sheet.revision_id,
                item_id=item_id,
                evidence_id=evidence_id,
                version=version,
                is_linked=linked,
                origin=self.origin.value,
                done_by=self.actor.person_id,
                done_at=self.now,
            )
        )
        record(
            self.session,
            subject=journal_subject(self.sheet.id),
            event=self._event(linked=linked),
            actor=self.actor.mark,
            now=self.now,
            facts={
                "revision": self.sheet.number,
                "item": self.sheet.edition.items[item_id].key,
                "evidence": str(evidence_id),
                "version": version,
                "linked": linked,
            },
        )

    def _event(self, *, linked: bool) -> str:
        if self.origin is Origin.RESTORED:
            return "evidence.restored"
        return "evidence.linked" if linked else "evidence.unlinked"
