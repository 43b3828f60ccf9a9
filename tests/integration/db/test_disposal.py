"""Disposal against the guards: what an approved batch names goes wholly, and nothing else ever does."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from app.access.actor import Actor
from app.db.engine import make_engine
from app.db.guards import MESSAGE, check
from app.db.registry import GUARDS, METADATA
from app.db.session import Database
from app.disposal import commands as batches
from app.disposal.models import DisposalBatch, DisposalCount, DisposalSubject
from app.disposal.rules import NamedKind
from app.inspections.commands.disposal import (
    OF_ANSWERS,
    OF_SHEETS,
    approve_disposal,
    named_of,
    prepare_disposal,
)
from app.inspections.models import Answer, Campaign, CampaignUnit, Inspection, Revision, SealedRevision
from app.inspections.rules import CampaignKind
from app.journal.commands import record
from app.journal.queries import verify
from app.journal.rules import Subject, SubjectType
from app.kernel.ids import CampaignId, new_id
from app.kernel.ports import Ports
from app.people.queries import actor_on
from app.reports.commands.disposal import discard_documents
from tests.databases import copy_of
from tests.people import KIMURA, STORY, TANAKA, Cast

PORTS = Ports(before_disposal=[discard_documents])
STAYS = {"campaign", "disposal_batch", "disposal_subject", "disposal_count"}
OF_OTHER_ROOMS = {"kept_document", "document_request", "question_message"}


@pytest.fixture
def settled(settled_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A campaign with a row in every table, as a trial."""
    with copy_of(settled_template, folder=tmp_path_factory.mktemp("disposal")) as url:
        database = Database(make_engine(url))
        with database.transaction() as session:
            session.execute(update(Campaign).values(kind=CampaignKind.TRIAL.value))
            # No trial is ever the year before of anything.
            session.execute(update(Inspection).values(previous_revision_id=None))
        yield database
        database.engine.dispose()


def campaign_of(database: Database) -> CampaignId:
    with database.reading() as session:
        return CampaignId(session.scalars(select(Campaign.id)).one())


def disposed(database: Database) -> int:
    campaign_id = campaign_of(database)
    with database.transaction() as session:
        prepare_disposal(
            session, actor=person(database, TANAKA), campaign_id=campaign_id, reason="終わった", now=STORY
        )
    with database.transaction() as session:
        return approve_disposal(
            session, actor=person(database, KIMURA), campaign_id=campaign_id, ports=PORTS, now=STORY
        )


def person(database: Database, cast: Cast) -> Actor:
    with database.reading() as session:
        return actor_on(session, person_id=cast.id, day=STORY.date())


def below_a_campaign() -> set[str]:
    """Return every table whose rows belong to a campaign, by their foreign keys."""
    found = {"campaign"}
    while True:
        more = {
            table.name
            for table in METADATA.sorted_tables
            for key in table.foreign_keys
            if key.column.table.name in found
        }
        if more <= found:
            return found
        found |= more


def test_every_table_below_a_campaign_goes_with_a_trial() -> None:
    """A table that somebody adds later has to be decided upon: its rows go, or it stands in `STAYS` for a reason."""
    listed = {model.__tablename__ for model, _, _ in (*OF_ANSWERS, *OF_SHEETS)} | OF_OTHER_ROOMS
    assert below_a_campaign() - STAYS <= listed


def test_of_a_trial_nothing_is_left_but_the_record(settled: Database) -> None:
    with settled.reading() as session:
        before = {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in METADATA.sorted_tables
        }
    total = disposed(settled)
    with settled.reading() as session:
        after = {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in METADATA.sorted_tables
        }
        counted = {row.table_name: row.deleted for row in session.scalars(select(DisposalCount))}
        faults = verify(session).faults
        state = session.scalars(select(Campaign.state)).one()
    gone = below_a_campaign() - STAYS
    assert {name: count for name, count in after.items() if name in gone and count} == {}
    assert sum(before[name] or 0 for name in gone) > 100
    assert faults == ()
    assert state == "disposed"
    # One batch of the fixture counted a row of `answer` as well, under its own id.
    assert sum(counted.values()) >= total > 100
    with settled.engine.connect() as connection:
        assert check(connection, GUARDS) == []


def test_an_approved_batch_lets_nothing_go_that_it_does_not_name(settled: Database) -> None:
    campaign_id = campaign_of(settled)
    with settled.transaction() as session:
        named = [one for one in named_of(session, campaign_id=campaign_id) if one[0] is NamedKind.CAMPAIGN]
        batches.prepare(
            session,
            actor=person(settled, TANAKA),
            subject_id=campaign_id,
            named=named,
            reason="終わった",
            now=STORY,
        )
        batches.approve(
            session,
            actor=person(settled, KIMURA),
            subject_id=campaign_id,
            named=named,
            now=STORY,
        )
    refused(settled, SealedRevision)
    with settled.reading() as session:
        batch_id = session.scalars(
            select(DisposalBatch.id).where(
                DisposalBatch.outcome == "approved", DisposalBatch.reason == "終わった"
            )
        ).one()
        revision_id = session.scalars(select(SealedRevision.revision_id).limit(1)).one()
    # Nor can it be named once somebody has approved.
    named_late = {"batch_id": batch_id, "kind": "revision", "subject_id": revision_id}
    with pytest.raises(DBAPIError, match=MESSAGE), settled.transaction() as session:
        session.execute(insert(DisposalSubject).values(**named_late))
    with settled.transaction() as session:
        # What is named, and nothing refers to: it may go.
        session.execute(delete(CampaignUnit))


def refused(database: Database, model: type[SealedRevision] | type[Answer]) -> None:
    with pytest.raises(DBAPIError, match=MESSAGE), database.transaction() as session:
        session.execute(delete(model))


@pytest.mark.parametrize("outcome", [None, "declined", "withdrawn"])
def test_a_batch_that_nobody_approved_lets_nothing_go(settled: Database, outcome: str | None) -> None:
    forge(settled, outcome=outcome, events=("disposal.prepared", f"disposal.{outcome}"))
    refused(settled, Answer)


@pytest.mark.parametrize("events", [(), ("disposal.prepared",)])
def test_an_approval_that_the_journal_does_not_know_lets_nothing_go(
    settled: Database, events: tuple[str, ...]
) -> None:
    """The preparation alone stands in the journal before anybody approved."""
    forge(settled, outcome="approved", events=events)
    refused(settled, Answer)


def test_the_database_wants_two_persons(settled: Database) -> None:
    with pytest.raises(DBAPIError), settled.transaction() as session:
        session.execute(insert(DisposalBatch).values(**row_of(new_id(), outcome="approved", by=TANAKA)))


def forge(database: Database, *, outcome: str | None, events: tuple[str, ...]) -> None:
    """Write a batch that names every revision past the commands, with these entries in the journal."""
    batch_id, actor = new_id(), person(database, TANAKA)
    with database.transaction() as session:
        revisions = session.scalars(select(Revision.id)).all()
        session.execute(insert(DisposalBatch).values(**row_of(batch_id, outcome=None, by=TANAKA)))
        session.execute(
            insert(DisposalSubject),
            [{"batch_id": batch_id, "kind": "revision", "subject_id": one} for one in revisions],
        )
        for event in events:
            subject = Subject(type=SubjectType.DISPOSAL, id=str(batch_id))
            record(session, subject=subject, event=event, actor=actor.mark, now=STORY)
        if outcome:
            decided = {"outcome": outcome, "decided_by": KIMURA.id, "decided_at": STORY}
            session.execute(update(DisposalBatch).where(DisposalBatch.id == batch_id).values(**decided))


def row_of(batch_id: UUID, *, outcome: str | None, by: Cast) -> dict[str, object]:
    decided = {"decided_by": by.id, "decided_at": STORY} if outcome else {}
    return {
        "id": batch_id,
        "subject_id": batch_id,
        "journal_id": str(batch_id),
        "reason": "",
        "decision_reason": "",
        "salt": "0" * 32,
        "prepared_by": TANAKA.id,
        "prepared_at": STORY,
        "outcome": outcome,
        **decided,
    }
