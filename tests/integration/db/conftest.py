"""A city in which everything that can be frozen is frozen, beside open rows of the same tables."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, create_engine, select, update
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.checklists.models import ChecklistEdition, ChecklistItem
from app.db.engine import make_engine
from app.db.session import Database
from app.disposal import commands as disposal
from app.disposal.rules import NamedKind
from app.evidence.rules import CheckedFile, Description, FileKind
from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.commands.assignments import assign_items
from app.inspections.commands.evidence import attach_files
from app.inspections.commands.extension import (
    decline_extension,
    grant_extension,
    request_extension,
)
from app.inspections.commands.questions import ask
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.commands.review_bulk import accept_lane, draw_sample
from app.inspections.commands.review_claims import open_for_review
from app.inspections.models import Inspection, Revision, TakenOver
from app.inspections.rules import State
from app.journal.commands import record_access
from app.journal.rules import Subject, SubjectType
from app.kernel.digest import GENESIS
from app.kernel.ids import new_id
from app.people.models import SecondFactorRecovery
from app.reports.models import KeptDocument
from tests.databases import copy_of, on_postgresql
from tests.factories.inspections import DATES, Year, at_grace_end, running_year
from tests.factories.reorganisation import Changes, changed, confirmed, prepared, tree_rows
from tests.factories.systems import registered
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    FUJIMOTO,
    KIMURA,
    LEAD,
    NAKAMURA,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    YOSHIDA,
    Cast,
    Place,
)


@pytest.fixture(scope="session")
def settled_template(city_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A reopened sheet, a silent one, one being returned, and a draft beside a published edition."""
    with copy_of(city_template, folder=tmp_path_factory.mktemp("settled")) as url:
        database = Database(make_engine(url))
        _settle(running_year(database))
        with database.engine.connect() as connection:
            _checkpoint(connection)
        database.engine.dispose()
        yield url


def _settle(year: Year) -> None:
    _beside_the_answers(year)
    _more_time(year)
    _with_an_earlier_sheet(year)
    for place, clerk in ((AFFAIRS, SATO), (COUNTER, TAKAHASHI)):
        _give_evidence(year, place, clerk)
    year.bring(AFFAIRS, to=State.AWAITING_REAPPROVAL)
    for act in (year.approve, year.judge, year.finish_review, year.sign_off):
        act(AFFAIRS)
        year.now += timedelta(minutes=10)
    year.bring(COUNTER, to=State.RETURNED)
    _reply(year)
    _accept_together(year)
    year.now = at_grace_end()
    year.close_unsubmitted(BRANCH)
    _reopen(year)
    _reorganise(year)
    with year.database.transaction() as session:
        _dispose_of_something_gone(session, year=year)
        _keep_document(session, year=year)
        _recoveries(session, year=year)
        registered(session, actor=year.actor(TANAKA), code="S-001", now=year.now)
        _draft_edition(session, year=year)


def _beside_the_answers(year: Year) -> None:
    """A division of the work, a question and a proposal, on the sheet that will be sealed."""
    clerk, sheet = year.actor(SATO), year.sheet(AFFAIRS)
    item_id = year.item_id("D02")
    with year.database.transaction() as session:
        assign_items(
            session,
            actor=clerk,
            inspection_id=sheet.id,
            item_ids=[item_id],
            person_id=SATO.id,
            now=year.now,
        )
        ask(session, actor=clerk, inspection_id=sheet.id, item_id=item_id, text="聞きます。", now=year.now)
        # The other one stays open.
        session.add_all(
            TakenOver(
                revision_id=revision_id,
                item_id=item_id,
                source_id=sheet.revision_id,
                level="implemented",
                comment="",
                taken_by=SATO.id,
                taken_at=year.now,
            )
            for revision_id in (sheet.revision_id, year.sheet(COUNTER).revision_id)
        )


def _give_evidence(year: Year, place: Place, clerk: Cast) -> None:
    file = CheckedFile(name="a.pdf", kind=FileKind.PDF, size=1, digest=GENESIS)
    with year.database.transaction() as session:
        attach_files(
            session,
            actor=year.actor(clerk),
            inspection_id=year.sheets[place.code],
            item_id=year.item_id("D01"),
            files=[(file, Description(title="a", stands_for=year.now.date()))],
            quota=1 << 30,
            now=year.now,
        )


def _more_time(year: Year) -> None:
    """A request that was granted, one that was declined, and one that will lapse."""
    until = DATES.answer_due + timedelta(days=3)
    for place, cast in ((AFFAIRS, SATO), (COUNTER, TAKAHASHI), (BRANCH, YOSHIDA)):
        with year.database.transaction() as session:
            request_extension(
                session,
                actor=year.actor(cast),
                inspection_id=year.sheets[place.code],
                until=until,
                reason="移転のため",
                now=year.now,
            )
    tanaka = year.actor(TANAKA)
    with year.database.transaction() as session:
        granted, declined = year.sheets[AFFAIRS.code], year.sheets[COUNTER.code]
        grant_extension(session, actor=tanaka, inspection_id=granted, until=until, now=year.now)
        decline_extension(session, actor=tanaka, inspection_id=declined, reason="間に合うため", now=year.now)


def _with_an_earlier_sheet(year: Year) -> None:
    """Compare two sheets with themselves: a difference from the year before is kept with each, sealed and open."""
    with year.database.transaction() as session:
        for place in (AFFAIRS, COUNTER):
            sheet = year.sheet(place)
            own = update(Inspection).where(Inspection.id == sheet.id)
            session.execute(own.values(previous_revision_id=sheet.revision_id))


def _dispose_of_something_gone(session: Session, *, year: Year) -> None:
    thing = new_id()
    named = [(NamedKind.CAMPAIGN, thing)]
    tanaka, kimura = year.actor(TANAKA), year.actor(KIMURA)
    disposal.prepare(
        session, actor=tanaka, subject_id=thing, named=named, reason="練習の終わり", now=year.now
    )
    batch_id = disposal.approve(session, actor=kimura, subject_id=thing, named=named, now=year.now)
    disposal.note_counts(session, batch_id=batch_id, counts={"answer": 1})


def _reorganise(year: Year) -> None:
    """One reorganisation that is confirmed, and one that waits."""
    for day, name in ((date(2027, 4, 1), "法制課"), (date(2027, 10, 1), "総務法制課")):
        tree = changed(tree_rows(year.database, day=day), Changes(instead={AFFAIRS.code: {"name": name}}))
        made = prepared(year.database, actor=year.actor(TANAKA), tree=tree, day=day)
        if day.month == 4:
            confirmed(year.database, made, actor=year.actor(KIMURA))


def _recoveries(session: Session, *, year: Year) -> None:
    """A removal of a second factor that was confirmed, one that was declined, and one that waits."""
    for cast, outcome in ((SATO, "confirmed"), (TAKAHASHI, "declined"), (YOSHIDA, None)):
        session.add(
            SecondFactorRecovery(
                person_id=cast.id,
                reason="端末をなくしたため",
                salt=GENESIS[:32],
                requested_by=NAKAMURA.id,
                requested_at=year.now,
                outcome=outcome,
                decided_by=SUZUKI.id if outcome else None,
                ended_at=year.now if outcome else None,
            )
        )
    session.flush()


def _reply(year: Year) -> None:
    sheet = year.sheet(COUNTER)
    draft = AnswerDraft(
        item_id=year.item_id("D02"),
        level="partial",
        comment="理由を書いた。",
        seen_version=1,
        client_id="reply",
        reply="来月に直します。",
    )
    with year.database.transaction() as session:
        record_answers(
            session, actor=year.actor(TAKAHASHI), inspection_id=sheet.id, drafts=[draft], now=year.now
        )


def _reopen(year: Year) -> None:
    sealed, silent = year.sheets[AFFAIRS.code], year.sheets[BRANCH.code]
    tanaka, kimura = year.actor(TANAKA), year.actor(KIMURA)
    with year.database.transaction() as session:
        request_reopening(
            session, actor=tanaka, inspection_id=sealed, reason="控えが見つかったため", now=year.now
        )
        confirm_reopening(session, actor=kimura, inspection_id=sealed, now=year.now)
        request_reopening(
            session, actor=tanaka, inspection_id=silent, reason="提出の申し出があったため", now=year.now
        )
    with year.database.transaction() as session:
        # On the new revision: this request stays open.
        request_extension(
            session,
            actor=year.actor(SATO),
            inspection_id=sealed,
            until=DATES.review_due,
            reason="再開のため",
            now=year.now,
        )


def _accept_together(year: Year) -> None:
    """Draw a sample of one sheet without a flag, open it, and accept it."""
    year.answer(LEAD, comment="手順書のとおりに行い、控えを綴じた。")
    year.hand_over(LEAD)
    year.approve(LEAD)
    reviewer, sheet = year.actor(FUJIMOTO), year.sheets[LEAD.code]
    campaign_id, now = year.campaign_id, year.now
    with year.database.transaction() as session:
        sample_id = draw_sample(session, actor=reviewer, campaign_id=campaign_id, now=now)
    with year.database.transaction() as session:
        open_for_review(session, actor=reviewer, inspection_id=sheet, now=now)
        listed = {sheet: year.sheet(LEAD).version}
        accept_lane(session, actor=reviewer, sample_id=sample_id, listed=listed, now=now)


def _keep_document(session: Session, *, year: Year) -> None:
    revision_id = session.scalars(
        select(Revision.id).where(Revision.inspection_id == year.sheets[AFFAIRS.code], Revision.number == 1)
    ).one()
    session.add(
        KeptDocument(revision_id=revision_id, number="R8-0001", file_digest=GENESIS, size=1, made_at=year.now)
    )
    record_access(
        session,
        person_id=str(SUZUKI.id),
        subject=Subject(type=SubjectType.INSPECTION, id=str(year.sheets[AFFAIRS.code])),
        act="document.opened",
        now=year.now,
    )


def _draft_edition(session: Session, *, year: Year) -> None:
    published = session.get_one(ChecklistEdition, year.edition_id)
    draft_id = new_id()
    session.add(
        ChecklistEdition(
            id=draft_id,
            checklist_id=published.checklist_id,
            label="2027.1",
            state="draft",
            content="{}",
            digest=GENESIS,
            imported_at=datetime(2026, 12, 1, tzinfo=UTC),
        )
    )
    session.flush()
    session.add(ChecklistItem(edition_id=draft_id, item_key="D01", position=1))


def _checkpoint(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(scope="module")
def settled_url(settled_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a copy of the settled city for tests that undo what they try."""
    with copy_of(settled_template, folder=tmp_path_factory.mktemp("copy")) as url:
        yield url


# On PostgreSQL a connection has no switches of its own, so one way in is enough.
DOORS = ["application"] if on_postgresql() else ["application", "outsider"]


@pytest.fixture(scope="module", params=DOORS)
def door(request: pytest.FixtureRequest, settled_url: str) -> Iterator[Engine]:
    """Two ways to the same tables; the outsider's has every pragma of SQLite as the library leaves it."""
    engine = make_engine(settled_url) if request.param == "application" else outsider(settled_url)
    yield engine
    engine.dispose()


def outsider(url: str) -> Engine:
    """Return an engine as some other program makes one: no foreign keys, no recursive triggers."""
    return create_engine(url, poolclass=NullPool, connect_args={"isolation_level": None})


@pytest.fixture
def own_settled(settled_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A copy of the settled city for one test that changes it."""
    with copy_of(settled_template, folder=tmp_path_factory.mktemp("own")) as url:
        database = Database(make_engine(url))
        yield database
        database.engine.dispose()
