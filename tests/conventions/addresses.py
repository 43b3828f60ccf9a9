"""Every address of the application with ids of things that are there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from app.checklists.models import Checklist, ChecklistEdition
from app.db.session import bound
from app.inspections.rules import State
from app.kernel.ids import new_id
from tests.factories.inspections import Year, running_year
from tests.people import AFFAIRS, COUNTER, LEAD, SATO

UNKNOWN: Final[UUID] = new_id()


@dataclass(frozen=True, slots=True)
class Town:
    """The application with a year under way: a sealed sheet, a returned one, one that was just begun."""

    app: Flask
    year: Year
    values: tuple[Mapping[str, Any], ...]


def town_of(app: Flask) -> Town:
    """Run a campaign in the application's own database."""
    year = running_year(bound())
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    year.bring(COUNTER, to=State.RETURNED)
    with bound().reading() as session:
        code, label = session.execute(
            select(Checklist.code, ChecklistEdition.label).join(
                ChecklistEdition, ChecklistEdition.checklist_id == Checklist.id
            )
        ).one()
    shared = {
        "campaign_id": year.campaign_id,
        "item_id": year.item_id("D02"),
        "unit_id": AFFAIRS.id,
        "person_id": SATO.id,
        "slug": "organisation",
        "code": code,
        "label": label,
        "address": "no-such-file.css",
    }
    sheets = tuple({**shared, "inspection_id": year.sheets[place.code]} for place in (AFFAIRS, COUNTER, LEAD))
    return Town(app, year, sheets)


def every_address(town: Town) -> Iterator[str]:
    """Yield each address once for each set of values; a parameter that nobody knows becomes an unknown id."""
    seen: set[str] = set()
    with town.app.test_request_context():
        adapter = town.app.url_map.bind("localhost")
        for rule in town.app.url_map.iter_rules():
            for values in town.values:
                wanted = {name: values.get(name, UNKNOWN) for name in rule.arguments}
                address = adapter.build(rule.endpoint, wanted, method=sorted(rule.methods or {"GET"})[0])
                if address not in seen:
                    seen.add(address)
                    yield address
