"""Changing the organisation: reading in a list of units, and giving units their functions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.journal.commands import record
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.digest import digest_of
from app.kernel.errors import InvalidInput, NotAllowed, NotNow
from app.kernel.ids import UnitId, new_id
from app.organisation.models import Installation, Unit, UnitFunctionAssignment, UnitVersion
from app.organisation.queries import unit_histories, unit_ids_by_code
from app.organisation.rules import (
    InstallationKind,
    Outcome,
    UnitFunction,
    UnitPlan,
    UnitRow,
    UnitSpan,
    plan_units,
)

INSTALLATION: Final = Subject(type=SubjectType.INSTALLATION, id="installation")
"""The chain of what concerns the installation as a whole."""

By = Actor | ActorMark
"""A named administrator; or, at the machine's own command line, its operating-system account alone."""


def authorised(by: By) -> ActorMark:
    """Let an administrator or the operator of the machine pass; return what the journal keeps.

    Raises:
        NotAllowed: somebody else, or nobody, through a browser.
    """
    if isinstance(by, Actor):
        require(Permission.CITY_ACCOUNT_MANAGE, actor=by)
        return by.mark
    if by.via is not Via.CLI:
        raise NotAllowed("この操作は、システム管理者だけができます。")
    return by


def register_installation(
    session: Session, *, kind: InstallationKind, story_start: datetime | None, now: datetime
) -> None:
    """Say once what this database is: a city's own, or the demonstration with its story clock.

    Raises:
        NotNow: it has been said already.
    """
    if session.get(Installation, 1) is not None:
        raise NotNow("このデータベースは、もう使い始めています。setup は一度だけ使えます。")
    session.add(Installation(id=1, kind=kind.value, created_at=now, story_start=story_start))
    session.flush()


# ------------------------------------------------------------------------------------- the list of units


def import_units(session: Session, *, rows: Sequence[UnitRow], by: By, now: datetime) -> UnitPlan:
    """Read in a list of units, all of it or nothing.

    Raises:
        InvalidInput: the list does not fit; every problem is named with its row.
        NotAllowed: the actor is no administrator.
    """
    mark = authorised(by)
    stored = unit_histories(session)
    plan = plan_units(stored, rows)
    ids = _with_new_units(session, codes=plan.spans, now=now)
    for code, spans in plan.spans.items():
        _write_spans(session, unit_id=ids[code], spans=spans, stored=stored.get(code, ()), ids=ids)
        _journal_unit(session, unit_id=ids[code], plan=plan, code=code, mark=mark, now=now)
    session.flush()
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


def _with_new_units(session: Session, *, codes: Mapping[str, Any], now: datetime) -> dict[str, UnitId]:
    ids = {row.code: UnitId(row.id) for row in session.execute(select(Unit.code, Unit.id))}
    for code in codes:
        if code not in ids:
            ids[code] = UnitId(new_id())
            session.add(Unit(id=ids[code], code=code, created_at=now))
    session.flush()
    return ids


def _write_spans(
    session: Session,
    *,
    unit_id: UnitId,
    spans: tuple[UnitSpan, ...],
    stored: tuple[UnitSpan, ...],
    ids: Mapping[str, UnitId],
) -> None:
    if spans == stored:
        return
    versions = session.scalars(select(UnitVersion).where(UnitVersion.unit_id == unit_id))
    held = {version.valid_from: version for version in versions}
    for span in spans:
        version = held.get(span.valid_from)
        if version is None:
            version = UnitVersion(unit_id=unit_id, valid_from=span.valid_from)
            session.add(version)
        version.name, version.kana = span.name, span.kana
        version.kind, version.policy_owner = span.kind.value, span.policy_owner.value
        version.parent_id = ids[span.parent_code] if span.parent_code else None
        version.sort_order, version.valid_to = span.sort_order, span.valid_to


_EVENTS: Final = {
    Outcome.NEW: "unit.created",
    Outcome.CHANGED: "unit.changed",
    Outcome.ENDED: "unit.ended",
}


def _journal_unit(
    session: Session, *, unit_id: UnitId, plan: UnitPlan, code: str, mark: ActorMark, now: datetime
) -> None:
    event = _EVENTS.get(plan.outcomes[code])
    if event is not None:
        record(
            session,
            subject=Subject(type=SubjectType.UNIT, id=str(unit_id)),
            event=event,
            actor=mark,
            now=now,
            facts={"code": code, "versions": digest_of([span_facts(span) for span in plan.spans[code]])},
        )


def span_facts(span: UnitSpan) -> dict[str, Any]:
    """Return a span as canonical JSON takes it."""
    return {
        "code": span.code,
        "name": span.name,
        "kana": span.kana,
        "kind": span.kind.value,
        "policy_owner": span.policy_owner.value,
        "parent_code": span.parent_code,
        "sort_order": span.sort_order,
        "valid_from": span.valid_from.isoformat(),
        "valid_to": span.valid_to.isoformat() if span.valid_to else None,
    }


# ------------------------------------------------------------------------------------- functions of units


def assign_unit_function(
    session: Session,
    *,
    unit_code: str,
    function: UnitFunction,
    valid_from: date,
    valid_to: date | None,
    by: By,
    now: datetime,
) -> Outcome:
    """Give a unit a function for a time, or give the assignment that begins on that day another end.

    Raises:
        InvalidInput: no such unit on the first day, reversed dates, or an overlap with another time.
    """
    mark = authorised(by)
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidInput.of("終了日は、開始日より後の日にしてください。", field="to")
    unit_id = _unit_on(session, code=unit_code, day=valid_from)
    # Locked: who gives the same unit a function at the same time waits here, and then sees this one.
    session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update(key_share=True)).all()
    held = session.scalars(
        select(UnitFunctionAssignment).where(
            UnitFunctionAssignment.unit_id == unit_id, UnitFunctionAssignment.function == function.value
        )
    ).all()
    same = next((one for one in held if one.valid_from == valid_from), None)
    if same is not None and same.valid_to == valid_to:
        return Outcome.UNCHANGED
    _refuse_overlap(held, apart_from=same, valid_from=valid_from, valid_to=valid_to)
    if same is None:
        same = UnitFunctionAssignment(unit_id=unit_id, function=function.value, valid_from=valid_from)
        session.add(same)
        outcome = Outcome.NEW
    else:
        outcome = Outcome.ENDED if valid_to else Outcome.CHANGED
    same.valid_to = valid_to
    session.flush()
    record(
        session,
        subject=Subject(type=SubjectType.UNIT, id=str(unit_id)),
        event="unit.function-assigned",
        actor=mark,
        now=now,
        facts={
            "function": function.value,
            "from": valid_from.isoformat(),
            "to": valid_to.isoformat() if valid_to else None,
        },
    )
    return outcome


def _unit_on(session: Session, *, code: str, day: date) -> UnitId:
    history = unit_histories(session).get(code, ())
    if not any(span.covers(day) for span in history):
        raise InvalidInput.of(
            f"所属コード「{code}」の所属は、{day.isoformat()}にはありません。コードと日付を確かめてください。",
            field="unit",
        )
    return unit_ids_by_code(session, codes=[code])[code]


def _refuse_overlap(
    held: Sequence[UnitFunctionAssignment],
    *,
    apart_from: UnitFunctionAssignment | None,
    valid_from: date,
    valid_to: date | None,
) -> None:
    for other in held:
        ends_before = other.valid_to is not None and other.valid_to <= valid_from
        begins_after = valid_to is not None and other.valid_from >= valid_to
        if other is not apart_from and not ends_before and not begins_after:
            raise InvalidInput.of(
                "この所属は、重なる期間にもうこの役割を持っています。日付を確かめてください。", field="from"
            )
