"""Every address of the application with ids of things that are there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from app.checklists.models import Checklist, ChecklistEdition, ChecklistItem
from app.db.session import bound
from app.inspections.models import Campaign, Inspection
from app.kernel.ids import new_id
from tests.people import AFFAIRS, COUNTER, LEAD, SATO

UNKNOWN: Final[UUID] = new_id()


@dataclass(frozen=True, slots=True)
class Town:
    """The application, and for each of three sheets the values of every parameter."""

    app: Flask
    values: tuple[Mapping[str, Any], ...]


def town_of(app: Flask) -> Town:
    """Find the things of the town in the application's own database."""
    with bound().reading() as session:
        code, label = session.execute(
            select(Checklist.code, ChecklistEdition.label).join(
                ChecklistEdition, ChecklistEdition.checklist_id == Checklist.id
            )
        ).one()
        shared = {
            "campaign_id": session.scalars(select(Campaign.id)).one(),
            "item_id": session.scalars(select(ChecklistItem.id).where(ChecklistItem.item_key == "D02")).one(),
            "unit_id": AFFAIRS.id,
            "person_id": SATO.id,
            "slug": "organisation",
            "kind": "alter",
            "code": code,
            "label": label,
            "address": "no-such-file.css",
        }
        by_unit = {row.unit_id: row.id for row in session.execute(select(Inspection.unit_id, Inspection.id))}
    places = (AFFAIRS, COUNTER, LEAD)
    return Town(app, tuple({**shared, "inspection_id": by_unit[place.id]} for place in places))


def every_address(town: Town) -> Iterator[str]:
    """Yield each address once for each sheet; what nobody knows becomes an unknown id."""
    seen: set[str] = set()
    with town.app.test_request_context():
        adapter = town.app.url_map.bind("localhost")
        for rule in town.app.url_map.iter_rules():
            for values in town.values:
                wanted = {name: values.get(name, UNKNOWN) for name in rule.arguments}
                address = adapter.build(rule.endpoint, wanted, method=min(rule.methods or {"GET"}))
                if address not in seen:
                    seen.add(address)
                    yield address
