"""flask organisation import: all of the list or nothing of it."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from app.access.actor import Actor
from app.db.session import Database, bound
from app.journal.models import JournalEntry
from app.journal.queries import lines_of, verify
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.errors import InvalidInput, NotAllowed, NotNow
from app.kernel.ports import Ports
from app.organisation.commands import (
    INSTALLATION,
    assign_unit_function,
    import_units,
    register_installation,
)
from app.organisation.files import unit_rows
from app.organisation.models import UnitVersion
from app.organisation.queries import tree_on, unit_histories, units_with
from app.organisation.rules import InstallationKind, Outcome, UnitFunction, UnitPlan
from tests.conftest import ActorOf
from tests.people import AFFAIRS, COUNTER, LEAD, MANAGEMENT, NAKAMURA, PLACES, STORY, TANAKA

OPERATOR = ActorMark(person_id=None, via=Via.CLI, operator="root")
DAY = date(2026, 11, 20)
HEADER = "所属コード,所属名,かな,種別,ポリシー主体,上位所属コード,並び順,有効開始日,有効終了日"
NEW = "2020,契約課,けいやくか,課,市長部局,2000,5,令和8年12月1日,"


def sheet(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([HEADER, *rows, ""]).encode(encoding)


def load(
    database: Database,
    *rows: str,
    by: Actor | ActorMark = OPERATOR,
    now: datetime = STORY,
    ports: Ports | None = None,
) -> UnitPlan:
    with database.transaction() as session:
        return import_units(session, rows=unit_rows(sheet(*rows)), by=by, ports=ports or Ports(), now=now)


def counts(database: Database) -> tuple[int, int]:
    with database.reading() as session:
        versions = session.scalar(select(func.count()).select_from(UnitVersion)) or 0
        entries = session.scalar(select(func.count()).select_from(JournalEntry)) or 0
    return versions, entries


def test_a_new_unit_stands_in_the_tree_from_its_first_day(database: Database) -> None:
    load(database, NEW)
    with database.reading() as session:
        assert "2020" not in {unit.code for unit in tree_on(session, day=date(2026, 11, 30)).units}
        tree = tree_on(session, day=date(2026, 12, 1))
    unit = next(unit for unit in tree.units if unit.code == "2020")
    assert [above.name for above in tree.path(unit.id)] == ["総務部", "契約課"]


def test_a_renamed_unit_is_the_same_unit(database: Database) -> None:
    load(database, "2010,総務法務課,そうむほうむか,課,市長部局,2000,4,2026-12-01,")
    with database.reading() as session:
        before = tree_on(session, day=date(2026, 11, 30)).by_id[AFFAIRS.id]
        after = tree_on(session, day=date(2026, 12, 1)).by_id[AFFAIRS.id]
    assert (before.name, after.name) == ("総務課", "総務法務課")


def test_reading_the_same_list_in_again_changes_nothing(database: Database) -> None:
    rows = (NEW, "2010,総務法務課,そうむほうむか,課,市長部局,2000,4,2026-12-01,")
    load(database, *rows)
    versions, entries = counts(database)
    plan = load(database, *rows)
    assert set(plan.outcomes.values()) == {Outcome.UNCHANGED}
    assert counts(database) == (versions, entries + 1)


def test_parents_may_come_after_their_children(database: Database) -> None:
    load(
        database,
        "4010,A課,えーか,課,市長部局,4000,1,2026-12-01,",
        "4000,A部,えーぶ,部,市長部局,,1,2026-12-01,",
    )
    with database.reading() as session:
        assert unit_histories(session)["4010"][0].parent_code == "4000"


def test_one_problem_keeps_everything_out(database: Database) -> None:
    before = counts(database)
    with pytest.raises(InvalidInput):
        load(database, NEW, "2030,財政課,ざいせいか,課,市長部局,8888,6,2026-12-01,")
    assert counts(database) == before


def test_every_change_is_journalled_by_unit(database: Database, actor_of: ActorOf) -> None:
    load(database, "2010,総務法務課,そうむほうむか,課,市長部局,2000,4,2026-12-01,", by=actor_of(NAKAMURA))
    with database.reading() as session:
        (line,) = lines_of(session, subject=Subject(type=SubjectType.UNIT, id=str(AFFAIRS.id)))
        (whole,) = lines_of(session, subject=INSTALLATION)
        assert verify(session).faults == ()
    assert (line.event, line.person_id) == ("unit.changed", str(NAKAMURA.id))
    assert "総務" not in str(line.facts)
    assert (whole.event, whole.facts["changed"]) == ("units.imported", 1)


def test_only_an_administrator_or_the_operator_may(database: Database, actor_of: ActorOf) -> None:
    with pytest.raises(NotAllowed):
        load(database, NEW, by=actor_of(TANAKA))
    with pytest.raises(NotAllowed):
        load(database, NEW, by=ActorMark(person_id=str(NAKAMURA.id), via=Via.WEB))


# ------------------------------------------------------------------------------------------- functions


def give(
    database: Database, code: str, *, since: date, until: date | None = None, by: Actor | ActorMark = OPERATOR
) -> Outcome:
    with database.transaction() as session:
        return assign_unit_function(
            session,
            unit_code=code,
            function=UnitFunction.SUBSTITUTE_REVIEW,
            valid_from=since,
            valid_to=until,
            by=by,
            now=STORY,
        )


def test_a_function_has_its_time(database: Database) -> None:
    assert give(database, "2010", since=DAY, until=DAY + timedelta(days=1)) is Outcome.NEW
    with database.reading() as session:
        held = [
            AFFAIRS.id
            in units_with(session, function=UnitFunction.SUBSTITUTE_REVIEW, day=DAY + timedelta(days=n))
            for n in (-1, 0, 1)
        ]
    assert held == [False, True, False]


def test_a_function_can_be_given_an_end_and_said_twice(database: Database) -> None:
    since = date(2020, 4, 1)
    assert give(database, MANAGEMENT.code, since=since) is Outcome.UNCHANGED
    assert give(database, MANAGEMENT.code, since=since, until=DAY) is Outcome.ENDED
    assert give(database, MANAGEMENT.code, since=since) is Outcome.CHANGED


@pytest.mark.parametrize(
    ("code", "since", "until"),
    [("8888", DAY, None), ("2010", date(2019, 4, 1), None), ("2010", DAY, DAY), ("1020", DAY, None)],
)
def test_a_function_that_cannot_be_is_refused(
    database: Database, code: str, since: date, until: date | None
) -> None:
    with pytest.raises(InvalidInput):
        give(database, code, since=since, until=until)


def test_an_installation_is_registered_once(database: Database) -> None:
    with database.transaction() as session, pytest.raises(NotNow):
        register_installation(session, kind=InstallationKind.CITY, story_start=None, now=STORY)


# ------------------------------------------------------------------------------------- the command line


def run(app: Flask, *arguments: str | Path) -> Result:
    return app.test_cli_runner().invoke(args=["organisation", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "units.csv"
    path.write_bytes(sheet(NEW, "3010,市民課,しみんか,課,市長部局,3000,6,令和2年4月1日,", encoding="cp932"))
    return path


def test_a_dry_run_leaves_nothing(app: Flask, file: Path) -> None:
    before = counts(bound())
    result = run(app, "import", file, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "取り込んでいません）：新規 1件、変更 0件、変更なし 1件、終了 0件" in result.output
    assert counts(bound()) == before


def test_an_import_reports_its_counts(app: Flask, file: Path) -> None:
    result = run(app, "import", file, "--by", NAKAMURA.staff_no)
    assert result.output == "取り込みました：新規 1件、変更 0件、変更なし 1件、終了 0件\n"
    with bound().reading() as session:
        (line,) = lines_of(session, subject=INSTALLATION)
    assert (line.person_id, line.via) == (str(NAKAMURA.id), "cli")


def test_refusals_name_every_row_on_stderr(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(
        sheet("20 20,契約課,けいやくか,課,市長部局,2000,5,zz,", NEW, "2021,,か,課,市長部局,,5,R8.4.1,")
    )
    result = run(app, "import", path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert [line.split("　")[0] for line in result.stderr.splitlines()] == ["2行目", "2行目", "4行目"]


def test_a_faulty_row_does_not_hide_what_else_is_wrong(app: Flask, tmp_path: Path) -> None:
    """Nor is a unit blamed whose parent stands in the faulty row."""
    path = tmp_path / "bad.csv"
    path.write_bytes(
        sheet(
            "2500,新部,しんぶ,部,市長部局,,5,いつか,",
            "2510,新課,しんか,課,市長部局,2500,6,R8.4.1,",
            "2021,契約課,けいやくか,課,市長部局,7777,7,R8.4.1,",
        )
    )
    result = run(app, "import", path, "--dry-run")
    assert [line.split("　")[0] for line in result.stderr.splitlines()] == ["2行目", "4行目"]
    assert "7777" in result.stderr


def test_a_day_that_never_comes_is_called_too_far_away(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(sheet("2021,契約課,けいやくか,課,市長部局,2000,7,R8.4.1,9999-12-31"))
    assert "終了日を空けてください" in run(app, "import", path).stderr


def test_who_may_not_is_refused(app: Flask, file: Path) -> None:
    assert run(app, "import", file, "--by", TANAKA.staff_no).exit_code == 1
    result = run(app, "import", file, "--by", "4242")
    assert result.exit_code == 1
    assert "職員番号4242" in result.stderr


def test_the_city_of_the_tests_reads_in_as_it_is(database: Database) -> None:
    with database.reading() as session:
        histories = unit_histories(session)
    assert set(histories) == {place.code for place in PLACES}
    assert histories[LEAD.code][0].parent_code == "1000"
    assert histories[COUNTER.code][0].name == "市民課"
