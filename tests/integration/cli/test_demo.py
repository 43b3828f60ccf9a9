"""The demonstration city. It is loaded once in this module: that takes most of a minute."""

import faulthandler
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import create_app
from app.access.actor import Actor, Function
from app.checklists.files import read_edition
from app.checklists.models import Checklist, ChecklistEdition
from app.checklists.queries import editions
from app.cli.demo import demo, demonstration_accounts
from app.cli.demo.city import FIRST_YEAR, SECOND_YEAR, Kind, employees, offices
from app.cli.demo.words import sentences_for
from app.config import ROOT, Settings
from app.db.engine import make_engine
from app.db.guards import check
from app.db.migrate import upgrade
from app.db.registry import GUARDS
from app.db.session import Database, bound
from app.inspections.models import Answer, Approval, Campaign, Inspection, ItemReturn, ItemReview, Revision
from app.inspections.rules import SEALED, Capacity, Judgement, State
from app.journal.models import JournalEntry
from app.journal.queries import verify
from app.journal.rules import Via
from app.kernel.clock import DemonstrationClock, business_date
from app.organisation.models import Installation, Unit
from app.people.models import Account, Person
from app.people.queries import actor_by_staff_no
from app.reports.models import KeptDocument
from tests.people import STORY

GOING_ON = {
    State.ANSWERING: 14,
    State.AWAITING_HEAD: 4,
    State.SUBMITTED: 5,
    State.UNDER_REVIEW: 4,
    State.RETURNED: 3,
    State.AWAITING_REAPPROVAL: 2,
    State.REVIEWED: 4,
    State.SIGNED_OFF: 3,
    State.EXCLUDED: 1,
}
OVER = {State.SIGNED_OFF: 39, State.CLOSED_UNSUBMITTED: 1}

ENDED = sum(count for states in (GOING_ON, OVER) for state, count in states.items() if state in SEALED)


@contextmanager
def demonstration(url: str, folder: Path, *, demo: bool = True) -> Iterator[Flask]:
    """The application as somebody tries it out on this machine."""
    settings = Settings(
        database_url=url, instance_path=folder / "instance", secret_key="only for tests" * 3, demo=demo
    )
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        yield app
    finally:
        bound().engine.dispose()


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(demo, arguments)


def migrate(url: str) -> None:
    database = Database(make_engine(url))
    upgrade(database)
    database.engine.dispose()


def count(table: type) -> int:
    with bound().reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def states(fiscal_year: int) -> Counter[State]:
    statement = (
        select(Revision.state)
        .join(Inspection, Inspection.id == Revision.inspection_id)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(
            Campaign.fiscal_year == fiscal_year, Revision.current.is_(True), Inspection.system_id.is_(None)
        )
    )
    with bound().reading() as session:
        return Counter(State(row) for row in session.scalars(statement))


def actor(role: str) -> Actor:
    staff_no = next(staff_no for name, staff_no, _ in demonstration_accounts() if name == role)
    with bound().reading() as session:
        return actor_by_staff_no(session, staff_no=staff_no, day=business_date(STORY), via=Via.WEB)


def state_of_unit(unit_id: object) -> State:
    statement = (
        select(Revision.state)
        .join(Inspection, Inspection.id == Revision.inspection_id)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(
            Campaign.fiscal_year == SECOND_YEAR,
            Inspection.unit_id == unit_id,
            Inspection.system_id.is_(None),
        )
    )
    with bound().reading() as session:
        return State(session.scalars(statement).one())


def test_the_whole_city_is_there(empty_url: str, tmp_path: Path, subtests: pytest.Subtests) -> None:
    # Two years of work through the real commands take longer than a test may on a busy machine.
    faulthandler.cancel_dump_traceback_later()
    migrate(empty_url)
    with demonstration(empty_url, tmp_path) as app:
        loaded = run(app, "load")
        assert loaded.exit_code == 0, loaded.output
        for checked in (
            everybody_is_there,
            every_state_is_there,
            the_record_is_believable,
            all_three_checklists_can_be_read,
            the_database_keeps_its_promises,
            each_role_has_an_account,
        ):
            with subtests.test(checked.__name__):
                checked()
    with demonstration(empty_url, tmp_path) as served:
        for tried in (the_story_begins_in_the_morning, everybody_signs_in, a_second_load_does_nothing):
            with subtests.test(tried.__name__):
                tried(served)


def everybody_is_there() -> None:
    assert count(Unit) == 54
    assert count(Person) == count(Account) == len(employees()) == 153
    with bound().reading() as session:
        names = set(session.scalars(select(Person.name)))
        waiting = session.scalars(select(Account.id).where(Account.must_change_password)).all()
    assert {"髙橋 秀明", "﨑山 達也", "𠮷田 昭夫", "渡邉 健一", "齋藤 礼子"} <= names
    assert not waiting


def every_state_is_there() -> None:
    assert states(SECOND_YEAR) == GOING_ON
    assert states(FIRST_YEAR) == OVER
    assert set(GOING_ON) | set(OVER) == set(State)
    assert count(KeptDocument) == ENDED
    with bound().reading() as session:
        not_begun, full = (
            session.scalar(
                select(func.count())
                .select_from(Revision)
                .join(Inspection, Inspection.id == Revision.inspection_id)
                .where(
                    Revision.state == State.ANSWERING.value,
                    Revision.answered == answered,
                    Inspection.system_id.is_(None),
                )
            )
            for answered in (0, Revision.applicable)
        )
    assert (not_begun, full) == (4, 1)


def the_record_is_believable() -> None:
    with bound().reading() as session:
        levels = set(session.scalars(select(Answer.level)))
        comments = Counter(session.scalars(select(Answer.comment).where(Answer.comment != "")))
        judgements = set(session.scalars(select(ItemReview.judgement)))
        capacities = set(session.scalars(select(Approval.capacity)))
        replied = session.scalars(select(ItemReturn.reply).where(ItemReturn.replied_at.is_not(None))).all()
        last = session.scalar(select(func.max(JournalEntry.recorded_at)))
        previous = session.scalar(
            select(func.count()).select_from(Inspection).where(Inspection.previous_revision_id.is_not(None))
        )
    assert levels == {"implemented", "partial", "not_implemented", "not_applicable", "unknown"}
    assert len(comments) > 300
    assert not [comment for comment in comments if "{" in comment or "@" in comment]
    assert judgements == {judgement.value for judgement in Judgement}
    assert capacities == {capacity.value for capacity in Capacity}
    assert all(replied)
    assert len(replied) > 30
    assert last is not None
    assert datetime(2026, 11, 19, tzinfo=UTC) < last < STORY
    assert previous == len(offices())


def all_three_checklists_can_be_read() -> None:
    reader = actor("点検担当者")
    with bound().reading() as session:
        groups = editions(session, actor=reader, answers={})
    assert [group.code for group in groups] == ["department", "person", "system"]


def the_database_keeps_its_promises() -> None:
    with bound().reading() as session:
        found = verify(session)
    assert found.faults == ()
    assert found.seals == ENDED
    with bound().engine.connect() as connection:
        assert check(connection, GUARDS) == []


def each_role_has_an_account() -> None:
    roles = [role for role, _, _ in demonstration_accounts()]
    assert len(roles) == len(set(roles)) == 9
    clerk, head = actor("点検担当者"), actor("所属長")
    assert state_of_unit(next(iter(clerk.clerk_of))) is State.ANSWERING
    assert clerk.clerk_of <= head.head_of  # so one sheet can be walked from end to end
    assert actor("審査担当").functions == {Function.REVIEWER}
    assert actor("情報主管課長").functions == {Function.REVIEWER, Function.MANAGER}
    assert actor("統括情報セキュリティ責任者").functions == {Function.CHIEF}
    assert actor("監査人").functions == {Function.AUDITOR}
    assert actor("CIO").functions == {Function.CIO}
    assert actor("システム管理者").functions == {Function.ADMINISTRATOR}
    substitute = actor("代替審査")
    assert state_of_unit(next(iter(substitute.substitutes_for))) is State.UNDER_REVIEW


def the_story_begins_in_the_morning(app: Flask) -> None:
    clock = app.extensions["clock"]
    assert isinstance(clock, DemonstrationClock)
    assert clock.story_start == STORY
    assert 0 <= (clock.now() - STORY).total_seconds() < 3600


def everybody_signs_in(app: Flask) -> None:
    for role, staff_no, password in demonstration_accounts():
        browser = app.test_client()
        signed_in = browser.post("/login", data={"staff_no": staff_no, "password": password})
        assert signed_in.status_code == 303, role
        home = browser.get("/", follow_redirects=True)
        assert home.status_code == 200, role
        assert home.request.path != "/password", role


def a_second_load_does_nothing(app: Flask) -> None:
    before = count(JournalEntry)
    quiet = run(app, "load", "--if-empty")
    assert (quiet.exit_code, "もう入っています" in quiet.output) == (0, True)
    refused = run(app, "load")
    assert (refused.exit_code, "もう入っています" in refused.output) == (1, True)
    assert count(JournalEntry) == before


def test_nothing_is_loaded_without_the_setting(empty_url: str, tmp_path: Path) -> None:
    migrate(empty_url)
    with demonstration(empty_url, tmp_path, demo=False) as app:
        refused = run(app, "load", "--if-empty")
        assert (refused.exit_code, "SELF_INSPECTION_DEMO=1" in refused.output) == (1, True)
        assert count(Unit) == 0


def test_a_real_installation_is_left_alone(city_url: str, tmp_path: Path) -> None:
    with demonstration(city_url, tmp_path) as app:
        before = count(Person)
        for arguments in (("load",), ("load", "--if-empty")):
            refused = run(app, *arguments)
            assert (refused.exit_code, "実際の運用" in refused.output) == (1, True)
        assert count(Person) == before


def test_units_without_an_installation_are_left_alone_too(city_url: str, tmp_path: Path) -> None:
    with demonstration(city_url, tmp_path) as app:
        with bound().transaction() as session:
            session.delete(session.get_one(Installation, 1))
        assert run(app, "load").exit_code == 1


def test_a_database_without_tables_is_refused(empty_url: str, tmp_path: Path) -> None:
    with demonstration(empty_url, tmp_path) as app:
        refused = run(app, "load")
    assert (refused.exit_code, "flask database upgrade" in refused.output) == (1, True)


def test_a_story_that_breaks_off_leaves_nothing_behind(empty_url: str, tmp_path: Path) -> None:
    migrate(empty_url)
    with demonstration(empty_url, tmp_path) as app:
        with bound().transaction() as session:
            put_another_edition(session)
        refused = run(app, "load")
        assert (refused.exit_code, "別の内容" in refused.output) == (1, True)
        assert (count(Unit), count(Person), count(JournalEntry), count(Installation)) == (0, 0, 0, 0)


def put_another_edition(session: Session) -> None:
    """Take the label that the story wants to publish: it breaks off after the city and its first year."""
    checklist = Checklist(code="department", created_at=STORY)
    session.add(checklist)
    session.flush()
    taken = ChecklistEdition(
        checklist_id=checklist.id,
        label="2025.1",
        state="draft",
        content="{}",
        digest="0" * 64,
        imported_at=STORY,
    )
    session.add(taken)


def test_the_accounts_are_printed_with_names(empty_url: str, tmp_path: Path) -> None:
    with demonstration(empty_url, tmp_path) as app:
        printed = run(app, "accounts")
    assert printed.exit_code == 0
    for role, staff_no, password in demonstration_accounts():
        line = next(line for line in printed.output.splitlines() if line.startswith(f"{role}　"))
        assert staff_no in line
        assert password in line


@pytest.mark.parametrize("level", ["partial", "not_implemented"])
@pytest.mark.parametrize(("year", "label"), [(FIRST_YEAR, "2025.1"), (SECOND_YEAR, "2026.1")])
def test_there_are_words_for_every_item_and_kind_of_office(year: int, label: str, level: str) -> None:
    data = (ROOT / "checklists" / "department" / f"{label}.yaml").read_bytes()
    items = read_edition(data, name=f"department/{label}.yaml").items
    silent = [
        (item.key, kind.value)
        for item in items
        for kind in Kind
        if not sentences_for(item.key, level=level, kind=kind, year=year)
    ]
    assert silent == []
