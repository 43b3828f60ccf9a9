"""Reading in the list of units."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.journal.commands import record
from app.kernel.digest import digest_of
from app.kernel.ids import UnitId
from app.kernel.ports import Ports
from app.organisation.commands.installation import INSTALLATION, By, authorised, one_at_a_time
from app.organisation.commands.spans import (
    Spans,
    journal_unit,
    keep_heirs,
    with_new_units,
    write_histories,
)
from app.organisation.models import UnitSuccession
from app.organisation.queries import planned_units
from app.organisation.rules import (
    Outcome,
    SuccessionKind,
    Takeover,
    UnitPlan,
    UnitRow,
    span_facts,
)


def import_units(
    session: Session, *, rows: Sequence[UnitRow], by: By, ports: Ports, now: datetime
) -> UnitPlan:
    """Read in a list of units, all of it or nothing.

    Raises:
        InvalidInput: the list does not fit; every problem is named with its row.
        NotAllowed: the actor is no administrator.
    """
    mark = authorised(by)
    one_at_a_time(session)
    plan = planned_units(session, rows=rows, ports=ports)
    ids = with_new_units(session, codes=plan.spans, now=now)
    write_histories(session, histories=plan.spans, ids=ids)
    _record_ends(session, histories=plan.spans, ids=ids)
    for code, spans in plan.spans.items():
        event = _EVENTS.get(plan.outcomes[code])
        if event is not None:
            journal_unit(session, unit_id=ids[code], event=event, code=code, spans=spans, actor=mark, now=now)
    counts = Counter(outcome.value for outcome in plan.outcomes.values())
    record(
        session,
        subject=INSTALLATION,
        event="units.imported",
        actor=mark,
        now=now,
        facts={**counts, "content": digest_of([span_facts(entry.span) for entry in rows])},
    )
    return plan


def _record_ends(session: Session, *, histories: Spans, ids: Mapping[str, UnitId]) -> None:
    """Keep on record how each unit of the list ended: what is left goes to the unit above, where there is one."""
    touched = [ids[code] for code in histories]
    session.execute(
        delete(UnitSuccession).where(
            UnitSuccession.predecessor_id.in_(touched), UnitSuccession.reorganisation_id.is_(None)
        )
    )
    followed = {
        (row.predecessor_id, row.effective_on)
        for row in session.execute(
            select(UnitSuccession.predecessor_id, UnitSuccession.effective_on).where(
                UnitSuccession.predecessor_id.in_(touched), UnitSuccession.takeover == Takeover.REST.value
            )
        )
    }
    session.add_all(
        UnitSuccession(
            predecessor_id=ids[code],
            successor_id=ids[spans[-1].parent_code] if spans[-1].parent_code else None,
            kind=SuccessionKind.ABOLISHED.value,
            takeover=Takeover.REST.value,
            subject="",
            effective_on=spans[-1].valid_to,
        )
        for code, spans in histories.items()
        if spans[-1].valid_to is not None and (ids[code], spans[-1].valid_to) not in followed
    )
    keep_heirs(session)


_EVENTS: Final = {
    Outcome.NEW: "unit.created",
    Outcome.CHANGED: "unit.changed",
    Outcome.ENDED: "unit.ended",
}
