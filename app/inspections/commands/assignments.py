"""Dividing a sheet among the unit's people: who looks after which items. It bars nobody from answering."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.commands.steps import journal_subject
from app.inspections.models import ItemAssignment
from app.inspections.queries.assignments import assignable
from app.inspections.queries.sheet import Lock, answering_subject, find_sheet
from app.inspections.rules import ANSWERABLE
from app.journal.commands import record
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotNow
from app.kernel.ids import InspectionId, ItemId, PersonId


def assign_items(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    item_ids: Collection[ItemId],
    person_id: PersonId | None,
    now: datetime,
) -> int:
    """Give items to one of the unit's clerks or heads, or to nobody again; return how many.

    Raises:
        NotAllowed: the actor does not answer for the unit.
        NotNow: the sheet is not with the department.
        InvalidInput: no item was chosen, or the person is neither clerk nor head of the unit.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet))
    if sheet.state not in ANSWERABLE:
        raise NotNow("担当を分けられるのは、回答中か差戻し中の点検票だけです。")
    wanted = [item_id for item_id in dict.fromkeys(item_ids) if item_id in sheet.edition.items]
    if not wanted:
        raise InvalidInput.of("担当を決める項目を選んでください。", field="items")
    people = assignable(session, sheet=sheet, today=business_date(now))
    if person_id is not None and person_id not in people:
        sentence = "その人は、いまこの所属の点検担当者でも所属長でもありません。所属長が点検担当者に指名すると選べます。"
        raise InvalidInput.of(sentence, field="person")
    session.execute(
        delete(ItemAssignment).where(
            ItemAssignment.revision_id == sheet.revision_id, ItemAssignment.item_id.in_(wanted)
        )
    )
    if person_id is not None:
        row = {
            "revision_id": sheet.revision_id,
            "person_id": person_id,
            "assigned_by": actor.person_id,
            "assigned_at": now,
        }
        session.execute(insert(ItemAssignment), [{**row, "item_id": item_id} for item_id in wanted])
    keys = [sheet.edition.items[item_id].key for item_id in wanted]
    record(
        session,
        subject=journal_subject(sheet.id),
        event="items.assigned",
        actor=actor.mark,
        now=now,
        facts={
            "revision": sheet.number,
            "items": keys,
            "person": str(person_id) if person_id else None,
        },
    )
    return len(wanted)
