"""What a campaign makes sheets of: the chosen units, or the systems in use that they own."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.checklists.queries import load_edition
from app.checklists.rules import Edition, SheetSubject
from app.inspections.models import Campaign, Inspection, Revision
from app.inspections.rules import COMPARABLE, CampaignKind
from app.kernel.ids import EditionId, RevisionId, SystemId, UnitId
from app.organisation.queries import lineage_until
from app.organisation.rules import Lineage, Succession, Takeover
from app.systems.queries import systems_of_units


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What one sheet is about: a unit, or one of its systems with the name of the day."""

    unit_id: UnitId
    system_id: SystemId | None = None
    system_name: str | None = None


def targets_of(
    session: Session, *, edition: Edition, unit_ids: Collection[UnitId], day: date
) -> tuple[Target, ...]:
    """Return what a campaign over an edition makes sheets of: nothing for a unit without a system in use on the day."""
    if edition.subject is not SheetSubject.SYSTEM:
        return tuple(Target(unit_id=unit_id) for unit_id in unit_ids)
    owned = systems_of_units(session, unit_ids=unit_ids, day=day)
    return tuple(
        Target(unit_id=unit_id, system_id=system.id, system_name=system.entry.name)
        for unit_id in unit_ids
        for system in owned.get(unit_id, ())
    )


def previous_of(
    session: Session, *, code: str, targets: Iterable[Target], before: date
) -> Mapping[Target, RevisionId]:
    """Return the newest sealed revision of the same checklist about the same thing before a base date.

    A system's sheet follows the system, whoever owned it then; a unit's own comes before those of the units from which it took over, and of
    those the one of the largest share comes first. Only regular campaigns count; targets without one are absent.
    """
    wanted = tuple(targets)
    lineage = lineage_until(session, day=before)
    forebears = {one.unit_id: _forebears(one.unit_id, lineage=lineage) for one in wanted}
    rows = session.execute(
        select(Inspection.unit_id, Inspection.system_id, Revision.id, Campaign.edition_id)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(
            _about(wanted, forebears=forebears),
            Revision.current.is_(True),
            Revision.state.in_([state.value for state in COMPARABLE]),
            Campaign.base_date < before,
            Campaign.kind == CampaignKind.REGULAR.value,
        )
        .order_by(Campaign.base_date)
    ).all()
    newest = {
        row.system_id or row.unit_id: RevisionId(row.id)
        for row in rows
        if load_edition(session, edition_id=EditionId(row.edition_id)).code == code
    }
    found = {}
    for one in wanted:
        keys = (one.system_id,) if one.system_id else forebears[one.unit_id]
        if (key := next((key for key in keys if key in newest), None)) is not None:
            found[one] = newest[key]
    return found


def _forebears(unit_id: UnitId, *, lineage: Lineage) -> tuple[UnitId, ...]:
    """Return a unit, then those from which it took over, the latest and the largest share first, then those before them."""
    found: dict[UnitId, None] = {unit_id: None}
    queue = [(unit_id, date.max)]
    while queue:
        origin, until = queue.pop(0)
        came = [one for one in lineage.predecessors(origin) if one.effective_on <= until]
        new = [one for one in sorted(came, key=_weight) if one.predecessor not in found]
        found |= dict.fromkeys(one.predecessor for one in new)
        queue += [(one.predecessor, one.effective_on) for one in new]
    return tuple(found)


def _weight(one: Succession) -> tuple[int, bool, int]:
    return -one.effective_on.toordinal(), one.takeover is not Takeover.REST, -(one.share or 0)


def _about(
    targets: Collection[Target], *, forebears: Mapping[UnitId, Collection[UnitId]]
) -> ColumnElement[bool]:
    units = {unit for one in targets if one.system_id is None for unit in forebears[one.unit_id]}
    systems = [one.system_id for one in targets if one.system_id is not None]
    return or_(
        Inspection.system_id.is_(None) & Inspection.unit_id.in_(units), Inspection.system_id.in_(systems)
    )
