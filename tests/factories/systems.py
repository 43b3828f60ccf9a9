"""Systems of the test city's ledger."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.kernel.ids import SystemId
from app.systems.commands import add_system
from app.systems.rules import Classification, Entry, Zone
from tests.people import AFFAIRS, Place


def entry_of(
    place: Place = AFFAIRS,
    *,
    name: str = "文書管理システム",
    kana: str = "ぶんしょかんりしすてむ",
    classification: Classification = Classification.C3C,
    zone: Zone = Zone.LGWAN,
    support_ends_on: date | None = date(2029, 3, 31),
    contractor: str = "株式会社みほん",
    note: str = "",
    retired_on: date | None = None,
) -> Entry:
    """Return an entry with usual values."""
    return Entry(
        name=name,
        kana=kana,
        unit_id=place.id,
        classification=classification,
        zone=zone,
        support_ends_on=support_ends_on,
        contractor=contractor,
        note=note,
        retired_on=retired_on,
    )


def registered(
    session: Session, *, actor: Actor, code: str, now: datetime, entry: Entry | None = None
) -> SystemId:
    """Enter a system in the ledger by the real command."""
    return add_system(session, actor=actor, code=code, entry=entry or entry_of(), now=now)
