"""flask people and flask setup: lists, functions, duties, accounts."""

import csv
import io
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from app.access.actor import Actor, Function
from app.config import Settings
from app.db.migrate import upgrade
from app.db.session import Database, bound
from app.journal.models import JournalEntry
from app.journal.queries import lines_of, verify
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.errors import InvalidInput, NotAllowed
from app.organisation.commands import INSTALLATION
from app.organisation.queries import installation
from app.organisation.rules import Outcome
from app.people.commands import import_people
from app.people.files import posting_rows
from app.people.models import Account, DutyAssignment, Person, PersonFunctionAssignment, Posting
from app.people.queries import holders_of
from app.people.rules import PeoplePlan
from tests.conftest import ActorOf, StandingClock
from tests.integration.people.conftest import Office
from tests.people import AFFAIRS, COUNTER, KIMURA, NAKAMURA, SATO, STORY, SUZUKI, TANAKA, YAMADA

OPERATOR = ActorMark(person_id=None, via=Via.CLI, operator="root")
HEADER = "職員番号,氏名,かな,所属コード,職名,区分,発令,開始日,終了日"
NEWCOMER = "7001,髙﨑𠮷\U000e0100 一,たかさき はじめ,2010,主事,職員,本務,2026-12-01,"
SATOS_POST = "1001,佐藤 花子,さとう はなこ,2010,主任,職員,本務,2026-04-01,"
DAY = date(2026, 12, 1)


def sheet(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([HEADER, *rows, ""]).encode(encoding)


def load(database: Database, *rows: str, by: Actor | ActorMark = OPERATOR) -> PeoplePlan:
    with database.transaction() as session:
        return import_people(session, rows=posting_rows(sheet(*rows)), by=by, now=STORY)


def counts(database: Database) -> tuple[int, ...]:
    with database.reading() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Person, Posting, JournalEntry)
        )


def test_the_name_is_stored_exactly_as_typed(database: Database) -> None:
    load(database, NEWCOMER)
    with database.reading() as session:
        name = session.scalars(select(Person.name).where(Person.staff_no == "7001")).one()
    assert name == "髙﨑𠮷\U000e0100 一"


def test_a_transfer_moves_the_rights_on_its_day(database: Database, office: Office) -> None:
    load(
        database,
        SATOS_POST + "2026-11-30",
        "1001,佐藤 花子,さとう はなこ,3010,係長,職員,本務,2026-12-01,",
        "1001,佐藤 花子,さとう はなこ,2000,係長,職員,兼務,2026-12-01,2027-03-31",
    )
    assert office.actor(SATO, date(2026, 11, 30)).member_of == {AFFAIRS.id}
    actor = office.actor(SATO, DAY)
    assert COUNTER.id in actor.member_of
    assert len(actor.member_of) == 2
    assert not actor.clerk_of


def test_reading_the_same_list_in_again_changes_nothing(database: Database) -> None:
    load(database, NEWCOMER, SATOS_POST)
    before = counts(database)
    plan = load(database, NEWCOMER, SATOS_POST)
    assert {outcome for _, outcome in plan.postings} == {Outcome.UNCHANGED}
    assert {outcome for _, outcome in plan.names.values()} == {Outcome.UNCHANGED}
    assert counts(database) == (*before[:2], before[2] + 1)


def test_one_problem_keeps_everything_out(database: Database) -> None:
    before = counts(database)
    with pytest.raises(InvalidInput) as refused:
        load(
            database,
            NEWCOMER,
            SATOS_POST.replace("2010", "8888"),
            "1002,鈴木,すずき,3010,主査,職員,本務,2026-12-01,",
        )
    assert [problem.row for problem in refused.value.problems] == [3, 3, 4]
    assert counts(database) == before


def test_a_new_name_is_journalled_without_the_name(database: Database, actor_of: ActorOf) -> None:
    load(database, SATOS_POST.replace("佐藤", "旧姓"), by=actor_of(NAKAMURA))
    with database.reading() as session:
        lines = lines_of(session, subject=Subject(type=SubjectType.PERSON, id=str(SATO.id)))
        assert verify(session).faults == ()
    assert [(line.event, line.person_id) for line in lines] == [("person.changed", str(NAKAMURA.id))]
    assert lines[0].facts == {"name": "changed", "posts": []}


def test_only_an_administrator_or_the_operator_may(database: Database, actor_of: ActorOf) -> None:
    with pytest.raises(NotAllowed):
        load(database, NEWCOMER, by=actor_of(KIMURA))


def test_every_person_touched_has_one_entry_with_the_posts(database: Database) -> None:
    load(
        database,
        NEWCOMER,
        SATOS_POST + "2027-03-31",
        "1002,鈴木 一郎,すずき いちろう,2010,課長,所属長,本務,R8.4.1,",
    )
    with database.reading() as session:
        newcomer = session.scalars(select(Person.id).where(Person.staff_no == "7001")).one()
        lines = {
            person_id: lines_of(session, subject=Subject(type=SubjectType.PERSON, id=str(person_id)))
            for person_id in (newcomer, SATO.id, SUZUKI.id)
        }
    assert [line.event for line in lines[newcomer]] == ["person.registered"]
    (line,) = lines[SATO.id]
    (post,) = line.facts["posts"]
    assert (line.event, post["outcome"], post["to"]) == ("person.changed", "ended", "2027-04-01")
    assert lines[SUZUKI.id] == ()


# ------------------------------------------------------------------------------------- the command line


def run(app: Flask, *arguments: str | Path, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=[*map(str, arguments)], input=typed)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_bytes(sheet(NEWCOMER, SATOS_POST, encoding="utf-8-sig"))
    return path


def test_a_dry_run_leaves_nothing(app: Flask, file: Path) -> None:
    before = counts(bound())
    result = run(app, "people", "import", file, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "取り込んでいません）：新規 1件、変更 0件、変更なし 1件、終了 0件" in result.output
    assert "職員 2名（新しい職員 1名、氏名の変更 0名）" in result.output
    assert counts(bound()) == before


def test_an_import_by_the_operator_names_the_account_of_the_machine(app: Flask, file: Path) -> None:
    assert run(app, "people", "import", file).exit_code == 0
    with bound().reading() as session:
        payload = session.scalars(
            select(JournalEntry.payload).where(JournalEntry.subject_type == "installation")
        ).one()
    assert '"via":"cli"' in payload
    assert '"operator":null' not in payload


def test_functions_are_given_by_an_administrator_and_never_to_oneself(app: Flask) -> None:
    give = ("people", "function", "auditor", "--from", "R8.11.20")
    by = ("--by", NAKAMURA.staff_no)
    assert run(app, *give, "--person", YAMADA.staff_no, "--to", "R9.3.31", *by).exit_code == 0
    with bound().reading() as session:
        held = [
            YAMADA.id in holders_of(session, function=Function.AUDITOR, day=day)
            for day in (date(2026, 11, 19), date(2026, 11, 20), date(2027, 3, 31), date(2027, 4, 1))
        ]
    assert held == [False, True, True, False]
    assert "変更なし" in run(app, *give, "--person", YAMADA.staff_no, "--to", "R9.3.31", *by).output
    assert "終了" in run(app, *give, "--person", YAMADA.staff_no, "--to", "R8.12.31", *by).output
    own = run(app, *give, "--person", NAKAMURA.staff_no, *by)
    assert own.exit_code == 1
    assert "自分の役割" in own.stderr
    assert run(app, *give, "--person", YAMADA.staff_no, "--by", KIMURA.staff_no).exit_code == 1
    assert run(app, *give, "--person", "4242", *by).exit_code == 1
    overlapping = run(
        app, "people", "function", "auditor", "--from", "R8.12.1", "--person", YAMADA.staff_no, *by
    )
    assert "重なる期間" in overlapping.stderr
    reversed_dates = run(app, *give, "--person", TANAKA.staff_no, "--to", "R8.11.1", *by)
    assert reversed_dates.exit_code == 1


def test_a_function_needs_the_fitting_holder(app: Flask) -> None:
    options = ("--from", "2026-11-20", "--by", NAKAMURA.staff_no)
    assert run(app, "people", "function", "audit", "--person", "1001", *options).exit_code == 2
    assert run(app, "people", "function", "chief", "--unit", "2010", *options).exit_code == 2
    assert run(app, "people", "function", "audit", "--unit", "2010", *options).exit_code == 0
    assert (
        run(app, "people", "function", "audit", "--unit", "2010", "--from", "xx", "--by", "1").exit_code == 2
    )


def test_duties_are_named_in_the_name_of_the_head(app: Flask) -> None:
    arguments = ("people", "duty", "2010", "deputy", YAMADA.staff_no, "--from", "2026-11-20")
    assert run(app, *arguments, "--by", SATO.staff_no).exit_code == 1
    result = run(app, *arguments, "--to", "2026-11-30", "--by", SUZUKI.staff_no)
    assert result.exit_code == 0, result.output
    with bound().reading() as session:
        named = session.scalars(select(DutyAssignment).where(DutyAssignment.person_id == YAMADA.id)).one()
    assert (named.valid_to, named.named_by) == (DAY, SUZUKI.id)
    unknown = run(app, "people", "duty", "8888", "clerk", "1001", "--from", "2026-11-20", "--by", "1002")
    assert "8888" in unknown.stderr


def test_one_account_is_told_once(app: Flask, file: Path) -> None:
    run(app, "people", "import", file)
    result = run(app, "people", "account", "7001", "--by", NAKAMURA.staff_no)
    first = result.output.rstrip().rsplit("：", 1)[1]
    reply = app.test_client().post("/login", data={"staff_no": "7001", "password": first})
    assert reply.location == "/password"
    assert run(app, "people", "account", "7001").exit_code == 1
    assert run(app, "people", "account", "4242").exit_code == 1
    assert run(app, "people", "account", "7001", "--by", SATO.staff_no).exit_code == 1


def test_accounts_for_everybody_go_to_a_private_file(
    app: Flask, file: Path, tmp_path: Path, clock: StandingClock
) -> None:
    run(app, "people", "import", file)
    output = tmp_path / "first.csv"
    assert "いません" in run(app, "people", "account", "--all", "--output", output).output
    clock.instant = STORY.replace(month=12)
    result = run(app, "people", "account", "--all", "--output", output)
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    (line,) = list(csv.DictReader(io.StringIO(output.read_bytes().decode("utf-8-sig"))))
    assert (line["職員番号"], line["所属名"]) == ("7001", "総務課")
    assert line["最初のパスワード"] not in result.output
    reply = app.test_client().post("/login", data={"staff_no": "7001", "password": line["最初のパスワード"]})
    assert reply.location == "/password"


def test_a_file_that_exists_is_never_overwritten_and_nothing_is_made(
    app: Flask, file: Path, tmp_path: Path, clock: StandingClock
) -> None:
    run(app, "people", "import", file)
    clock.instant = STORY.replace(month=12)
    output = tmp_path / "first.csv"
    output.write_text("mine")
    assert run(app, "people", "account", "--all", "--output", output).exit_code == 1
    assert run(app, "people", "account", "--all", "--output", tmp_path / "no" / "x.csv").exit_code == 1
    assert output.read_text() == "mine"
    refused = run(
        app, "people", "account", "--all", "--output", tmp_path / "second.csv", "--by", SATO.staff_no
    )
    assert refused.exit_code == 1
    assert not (tmp_path / "second.csv").exists()
    with bound().reading() as session:
        newcomer = session.scalars(select(Person.id).where(Person.staff_no == "7001")).one()
        assert session.scalar(select(Account.id).where(Account.person_id == newcomer)) is None


@pytest.mark.parametrize("arguments", [(), ("7001", "--all"), ("--all",), ("7001", "--output", "x.csv")])
def test_account_needs_one_or_all(app: Flask, arguments: tuple[str, ...]) -> None:
    assert run(app, "people", "account", *arguments).exit_code == 2


# ---------------------------------------------------------------------------------------------- flask setup

SETUP = {
    "unit": ("1010", "情報政策課", "じょうほうせいさくか"),
    "administrator": ("9001", "中村 直", "なかむら なお"),
    "manager": ("2002", "木村 恵", "きむら めぐみ"),
    "reviewer": ("2001", "田中 実", "たなか みのる"),
    "chief": ("2004", "小川 清", "おがわ きよし"),
}


def options(**changes: tuple[str, str, str]) -> list[str]:
    return [part for name, typed in {**SETUP, **changes}.items() for part in (f"--{name}", *typed)]


@pytest.fixture
def empty_app(empty_url: str, tmp_path: Path, clock: StandingClock) -> Iterator[Flask]:
    made = create_app(
        Settings(database_url=empty_url, instance_path=tmp_path / "instance", secret_key="x" * 40)
    )
    upgrade(bound())
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    made.extensions["clock"] = clock
    yield made
    bound().engine.dispose()


def test_setup_prepares_an_empty_installation(empty_app: Flask) -> None:
    result = run(empty_app, "setup", "--non-interactive", *options())
    assert result.exit_code == 0, result.output
    today = date(2026, 11, 20)
    with bound().reading() as session:
        found = installation(session)
        assert found is not None
        assert found.kind == "city"
        assert [len(holders_of(session, function=function, day=today)) for function in Function] == [
            2,
            1,
            1,
            0,
            0,
            1,
        ]
        assert [line.event for line in lines_of(session, subject=INSTALLATION)][-1] == "installation.prepared"
        assert verify(session).faults == ()
    for line in result.output.splitlines()[1:]:
        _, staff_no, _, first = line.split("　")
        reply = empty_app.test_client().post("/login", data={"staff_no": staff_no, "password": first})
        assert reply.location == "/password"


def test_setup_asks_for_what_is_missing(empty_app: Flask) -> None:
    typed = "\n".join(part for answers in SETUP.values() for part in answers) + "\n"
    assert run(empty_app, "setup", typed=typed).exit_code == 0


def test_setup_is_for_an_empty_installation_only(app: Flask) -> None:
    before = counts(bound())
    result = run(app, "setup", "--non-interactive", *options())
    assert result.exit_code == 1
    assert "もう職員が登録されています" in result.stderr
    assert counts(bound()) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"chief": SETUP["manager"]},
        {"chief": ("20 04", "小川", "おがわ")},
        {"manager": ("2002", "", "")},
        {"unit": ("1010", "情報\u202e課", "か")},
    ],
)
def test_setup_does_all_or_nothing(empty_app: Flask, changes: dict[str, tuple[str, str, str]]) -> None:
    assert run(empty_app, "setup", "--non-interactive", *options(**changes)).exit_code == 1
    assert counts(bound()) == (0, 0, 0)
    with bound().reading() as session:
        assert not session.scalars(select(PersonFunctionAssignment)).all()


def test_setup_without_questions_needs_everything(empty_app: Flask) -> None:
    result = run(empty_app, "setup", "--non-interactive")
    assert result.exit_code == 2
    assert "--chief" in result.output
