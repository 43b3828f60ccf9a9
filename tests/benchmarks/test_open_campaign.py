"""Opening a campaign: 120 sheets of 72 items, each with its profile and the first entry of its journal chain."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session

from app.db.base import Base
from app.inspections.commands.campaign import open_campaign
from app.inspections.models import Campaign, Inspection, ProfileFlag, Revision
from app.journal.models import JournalEntry, JournalHead
from app.kernel.digest import digest_text
from app.kernel.ids import CampaignId, new_id
from tests.benchmarks.city import OFFICE_COUNT, City, prepared_campaign
from tests.benchmarks.measuring import Sample, Table, in_turns, name_of, timed
from tests.people import KIMURA, STORY

ROUNDS: Final = 7
Rows = list[dict[str, Any]]


def test_open_campaign(city: City, table: Table) -> None:
    kimura = city.actor(KIMURA)
    opened: list[CampaignId] = []

    def open_one(campaign_id: CampaignId) -> None:
        with city.database.transaction() as session:
            made = open_campaign(session, actor=kimura, campaign_id=campaign_id, seen_version=1, now=STORY)
        assert len(made) == OFFICE_COUNT
        opened.append(campaign_id)

    def product() -> Sample:
        campaign_id = prepared_campaign(city)
        return timed([lambda: open_one(campaign_id)])

    def bare() -> Sample:
        campaign_id = prepared_campaign(city)
        rows = same_rows(city, source=opened[-1], target=campaign_id)
        return timed([lambda: insert_rows(city, campaign_id, rows=rows)])

    found = in_turns(product, bare, rounds=ROUNDS)
    item = "open a campaign (120 sheets × 72 items), vs SQLAlchemy Core inserting the same rows"
    table.compare(item, found, goal="≤ 4 ×", database=name_of(city.database.engine.url))


def insert_rows(city: City, campaign_id: CampaignId, *, rows: list[tuple[SqlTable, Rows]]) -> None:
    """Insert rows that are ready, and mark the campaign as open, in one transaction."""
    with city.database.transaction() as session:
        connection = session.connection()
        for target, new in rows:
            connection.execute(insert(target), new)
        values = {"state": "open", "version": 2, "opened_by": KIMURA.id, "opened_at": STORY}
        connection.execute(update(Campaign).where(Campaign.id == campaign_id).values(values))


def same_rows(city: City, *, source: CampaignId, target: CampaignId) -> list[tuple[SqlTable, Rows]]:
    """Return the rows that opening one campaign made, under new ids for another one."""
    with city.database.reading() as session:
        sheets = _rows(session, Inspection, where=Inspection.campaign_id == source)
        new_sheets = {row["id"]: new_id() for row in sheets}
        revisions = _rows(session, Revision, where=Revision.inspection_id.in_(list(new_sheets)))
        new_revisions = {row["id"]: new_id() for row in revisions}
        flags = _rows(session, ProfileFlag, where=ProfileFlag.revision_id.in_(list(new_revisions)))
        names = [str(one) for one in new_sheets]
        entries = _rows(session, JournalEntry, where=JournalEntry.subject_id.in_(names))
        heads = _rows(session, JournalHead, where=JournalHead.subject_id.in_(names))
    renamed = {str(old): str(new) for old, new in new_sheets.items()}
    return [
        (_table(Inspection), [{**row, "id": new_sheets[row["id"]], "campaign_id": target} for row in sheets]),
        (_table(Revision), [_revision(row, new_sheets, new_revisions) for row in revisions]),
        (_table(ProfileFlag), [{**row, "revision_id": new_revisions[row["revision_id"]]} for row in flags]),
        *(
            (_table(model), [_linked(row, renamed) for row in rows])
            for model, rows in ((JournalEntry, entries), (JournalHead, heads))
        ),
    ]


def _revision(row: dict[str, Any], sheets: dict[UUID, UUID], revisions: dict[UUID, UUID]) -> dict[str, Any]:
    return {**row, "id": revisions[row["id"]], "inspection_id": sheets[row["inspection_id"]]}


def _linked(row: dict[str, Any], renamed: dict[str, str]) -> dict[str, Any]:
    subject = renamed[row["subject_id"]]
    return {**row, "subject_id": subject, "digest": digest_text(subject)}


def _rows(session: Session, model: type[Base], *, where: ColumnElement[bool]) -> Rows:
    return [dict(row) for row in session.execute(select(_table(model)).where(where)).mappings()]


def _table(model: type[Base]) -> SqlTable:
    found = model.__table__
    assert isinstance(found, SqlTable)
    return found
