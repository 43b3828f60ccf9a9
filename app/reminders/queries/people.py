"""Who is meant by an audience, for many sheets in a number of statements that does not grow with them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.access.actor import Function
from app.inspections.queries.in_hand import SheetInHand
from app.inspections.queries.sheet import subjects_of
from app.inspections.rules import State
from app.kernel.ids import InspectionId, PersonId, UnitId
from app.organisation.queries import functions_of_units, tree_on
from app.organisation.rules import UnitFunction, UnitTree
from app.people.queries import clerks_on, deputies_on, heads_on, holders_of, members_on
from app.reminders.rules import Audience

People = frozenset[PersonId]
NOBODY: People = frozenset()
_AWAITING = frozenset({State.AWAITING_HEAD, State.AWAITING_REAPPROVAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Everybody who can be reminded of some sheets on a day."""

    tree: UnitTree
    clerks: Mapping[UnitId, People]
    heads: Mapping[UnitId, People]
    approvers: Mapping[InspectionId, People]
    lead: frozenset[UnitId]
    of_city: Mapping[Audience, People]
    of_lead: Mapping[Audience, People]

    def of_sheet(self, sheet: SheetInHand, *, audiences: Collection[Audience]) -> People:
        """Return who is meant of one sheet."""
        found = NOBODY
        if Audience.CLERKS in audiences:
            found |= self.clerks.get(sheet.unit_id) or self.heads.get(sheet.unit_id, NOBODY)
        if Audience.HEADS in audiences:
            found |= self.heads.get(sheet.unit_id, NOBODY)
        if Audience.APPROVERS in audiences:
            found |= self.approvers.get(sheet.id, NOBODY)
        if Audience.SUPERIORS in audiences:
            found |= self._superiors(sheet.unit_id)
        return found

    def _superiors(self, unit_id: UnitId) -> People:
        above = [unit.id for unit in reversed(self.tree.path(unit_id))][1:]
        own = self.heads.get(unit_id, NOBODY)
        # Who leads both is no superior of themselves.
        found = (self.heads.get(one, NOBODY) - own for one in above)
        return next((heads for heads in found if heads), NOBODY)

    def of_campaign(self, audiences: Iterable[Audience], *, own: frozenset[UnitId]) -> People:
        """Return who is meant for all sheets of a campaign; `own` holds units when these are the lead division's own."""
        table = self.of_lead if own else self.of_city
        return NOBODY.union(*(table[one] for one in audiences))


def roll_of(session: Session, *, sheets: Collection[SheetInHand], today: date) -> Roll:
    """Read who is who on a day, for some sheets."""
    tree = tree_on(session, day=today)
    units = {sheet.unit_id for sheet in sheets}
    with_above = units | {unit.id for one in units for unit in tree.path(one)}
    heads = heads_on(session, unit_ids=with_above, day=today)
    held = functions_of_units(session, day=today)
    lead, substitutes = held[UnitFunction.LEAD_DIVISION], held[UnitFunction.SUBSTITUTE_REVIEW]
    members = members_on(session, unit_ids=lead | substitutes, day=today)
    lead_heads = heads_on(session, unit_ids=lead, day=today)
    chiefs = holders_of(session, function=Function.CHIEF, day=today)
    managers = NOBODY.union(*lead_heads.values())
    reviewers = NOBODY.union(*(members.get(one, NOBODY) for one in lead)) - managers
    return Roll(
        tree=tree,
        clerks=clerks_on(session, unit_ids=units, day=today),
        heads=heads,
        approvers=_approvers(session, sheets=sheets, heads=heads, tree=tree, today=today),
        lead=lead,
        of_city={Audience.REVIEWERS: reviewers, Audience.MANAGERS: managers, Audience.CHIEFS: chiefs},
        of_lead={
            Audience.REVIEWERS: NOBODY.union(*(members.get(one, NOBODY) for one in substitutes)),
            Audience.MANAGERS: chiefs,
            Audience.CHIEFS: chiefs,
        },
    )


def _approvers(
    session: Session,
    *,
    sheets: Iterable[SheetInHand],
    heads: Mapping[UnitId, People],
    tree: UnitTree,
    today: date,
) -> dict[InspectionId, People]:
    waiting = {sheet.id: sheet.unit_id for sheet in sheets if sheet.state in _AWAITING}
    if not waiting:
        return {}
    deputies = deputies_on(session, unit_ids=set(waiting.values()), day=today)
    subjects = subjects_of(session, sheets=waiting, today=today, tree=tree)
    found = {}
    for sheet_id, unit_id in waiting.items():
        barred = subjects[sheet_id].recorded_by | subjects[sheet_id].reviewed_by
        free = (heads.get(unit_id, NOBODY) | deputies.get(unit_id, NOBODY)) - barred
        found[sheet_id] = free or subjects[sheet_id].next_heads
    return found
