"""Taking last year's answers over for a section: proposed first, an answer only once somebody has confirmed it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.commands.answer import Pen, Words, count_on, require_begun
from app.inspections.commands.steps import journal_subject
from app.inspections.models import TakenOver
from app.inspections.queries.sheet import Lock, Sheet, answering_subject, answers_of, find_sheet
from app.inspections.queries.taking_over import proposable, waiting_proposals
from app.inspections.rules import AnswerFact, Origin, State
from app.inspections.rules.taking_over import Settling, Source
from app.journal.commands import record
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotFound, NotNow
from app.kernel.ids import InspectionId, ItemId


def take_over(
    session: Session, *, actor: Actor, inspection_id: InspectionId, slug: str, now: datetime
) -> int:
    """Propose last year's answers for what is open in a section; return how many.

    Proposing twice changes nothing; what was dropped before is proposed again.

    Raises:
        NotAllowed: the actor is neither clerk nor head of the unit.
        NotFound: there is no such section.
        NotNow: the sheet is not being answered for the first time.
        InvalidInput: nothing in the section may be taken over.
    """
    sheet = _held(session, actor=actor, inspection_id=inspection_id, now=now)
    section = sheet.edition.section(slug)
    if section is None:
        raise NotFound
    found = proposable(session, sheet=sheet, items=section.items)
    if not found:
        sentence = "この分野には、前回の回答を写せる項目がありません。1問ずつ答えてください。"
        raise InvalidInput.of(sentence)
    before = session.scalars(
        select(TakenOver.item_id).where(
            TakenOver.revision_id == sheet.revision_id, TakenOver.item_id.in_(list(found))
        )
    ).all()
    taken = {"taken_by": actor.person_id, "taken_at": now}
    unsettled = {"outcome": None, "settled_by": None, "settled_at": None}
    rows = [
        {
            "revision_id": sheet.revision_id,
            "item_id": item_id,
            "source_id": sheet.previous_revision_id,
            "level": last.level.code,
            "comment": last.comment,
            **taken,
            **unsettled,
        }
        for item_id, last in found.items()
    ]
    if fresh := [row for row in rows if row["item_id"] not in before]:
        session.execute(insert(TakenOver), fresh)
    if again := [row for row in rows if row["item_id"] in before]:
        session.execute(
            _AGAIN, [{"item": row["item_id"], "revision": sheet.revision_id, **taken} for row in again]
        )
    _record(session, sheet=sheet, actor=actor, now=now, event="answers.taken_over", item_ids=found)
    return len(found)


_TABLE: Final = cast("Table", TakenOver.__table__)
_AGAIN: Final = (
    update(_TABLE)
    .where(_TABLE.c.revision_id == bindparam("revision"), _TABLE.c.item_id == bindparam("item"))
    .values(outcome=None, settled_by=None, settled_at=None)
)


def confirm_taken_over(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_ids: Collection[ItemId],
    now: datetime,
) -> int:
    """Make proposals the unit's answers, in the name of who confirms; return how many.

    What somebody answered meanwhile stays: the proposal for it is passed over.

    Raises:
        NotAllowed: the actor is neither clerk nor head of the unit.
        NotNow: the sheet is not being answered for the first time.
        InvalidInput: none of the items waits for a confirmation.
    """
    sheet = _held(session, actor=actor, inspection_id=inspection_id, now=now)
    waiting = _chosen(session, sheet=sheet, item_ids=item_ids)
    answers = answers_of(session, revision_id=sheet.revision_id, items=set(waiting))
    before = dict(answers)
    pen = Pen(session, sheet=sheet, actor=actor, now=now)
    for item_id, proposal in waiting.items():
        stored = answers.get(item_id)
        kept = (
            Words(stored.level, stored.comment, stored.action_due, None)
            if stored
            else Words(None, "", None, None)
        )
        version = (stored.version if stored else 0) + 1
        pen.write(
            Words(proposal.level.code, proposal.comment, None, None),
            kept=kept,
            item_id=item_id,
            version=version,
            client_id=f"taken over {version}",
            origin=Origin.GIVEN,
            source=Source.LAST_YEAR,
        )
        answers[item_id] = AnswerFact(
            level=proposal.level.code, comment=proposal.comment, version=version, taken_over=True
        )
    count_on(session, sheet=sheet, before=before, answers=answers)
    _settle(session, sheet=sheet, item_ids=waiting, outcome=Settling.CONFIRMED, actor=actor, now=now)
    _record(
        session, sheet=sheet, actor=actor, now=now, event="answers.taken_over_confirmed", item_ids=waiting
    )
    return len(waiting)


def drop_taken_over(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_ids: Collection[ItemId],
    now: datetime,
) -> int:
    """Take proposals back: the items are open again; return how many.

    Raises:
        NotAllowed: the actor is neither clerk nor head of the unit.
        NotNow: the sheet is not being answered for the first time.
        InvalidInput: none of the items waits for a confirmation.
    """
    sheet = _held(session, actor=actor, inspection_id=inspection_id, now=now)
    waiting = _chosen(session, sheet=sheet, item_ids=item_ids)
    _settle(session, sheet=sheet, item_ids=waiting, outcome=Settling.DROPPED, actor=actor, now=now)
    _record(session, sheet=sheet, actor=actor, now=now, event="answers.taken_over_dropped", item_ids=waiting)
    return len(waiting)


def _held(session: Session, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> Sheet:
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet))
    if sheet.state is not State.ANSWERING:
        raise NotNow("前回の回答を写せるのは、回答中の点検票だけです。")
    require_begun(sheet, today=business_date(now))
    return sheet


def _chosen(session: Session, *, sheet: Sheet, item_ids: Collection[ItemId]) -> Mapping[ItemId, Any]:
    waiting = waiting_proposals(session, sheet=sheet)
    found = {item_id: waiting[item_id] for item_id in item_ids if item_id in waiting}
    if not found:
        sentence = "確かめる項目がありません。ほかの人が先に答えたか、取り消しました。"
        raise InvalidInput.of(sentence)
    return found


def _settle(
    session: Session,
    *,
    sheet: Sheet,
    item_ids: Iterable[ItemId],
    outcome: Settling,
    actor: Actor,
    now: datetime,
) -> None:
    session.execute(
        update(TakenOver)
        .where(TakenOver.revision_id == sheet.revision_id, TakenOver.item_id.in_(list(item_ids)))
        .values(outcome=outcome.value, settled_by=actor.person_id, settled_at=now)
    )


def _record(
    session: Session,
    *,
    sheet: Sheet,
    actor: Actor,
    now: datetime,
    event: str,
    item_ids: Iterable[ItemId],
) -> None:
    keys = [sheet.edition.items[item_id].key for item_id in item_ids]
    record(
        session,
        subject=journal_subject(sheet.id),
        event=event,
        actor=actor.mark,
        now=now,
        facts={"revision": sheet.number, "items": keys},
    )
