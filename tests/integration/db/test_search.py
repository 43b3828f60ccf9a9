"""The folded key stands beside every name, is written with it, and is renewed when the folding is another."""

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.search import found_by, name_key, stale_keys
from app.db.session import Database, bound
from app.journal.queries import lines_of
from app.journal.rules import ActorMark, Via
from app.kernel.errors import NotAllowed
from app.organisation.commands import INSTALLATION
from app.organisation.models import UnitVersion
from app.people.commands import import_people, refresh_search
from app.people.files import posting_rows
from app.people.models import Person
from tests.conftest import ActorOf
from tests.people import AFFAIRS, BRANCH, NAKAMURA, SATO, STORY, TAKAHASHI, WATANABE, YOSHIDA

OPERATOR = ActorMark(person_id=None, via=Via.CLI, operator="operator")


def found(session: Session, words: str) -> set[str]:
    condition = found_by(words, key=Person.search_key, code=Person.staff_no)
    return set(session.scalars(select(Person.name).where(condition)))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("渡辺", WATANABE.name),
        ("渡邉", WATANABE.name),
        ("渡邊 勇", WATANABE.name),
        ("吉田", YOSHIDA.name),
        ("𠮷田", YOSHIDA.name),
        ("高橋", TAKAHASHI.name),
        ("ﾖｼﾀﾞ", YOSHIDA.name),
        ("ヨシダ", YOSHIDA.name),
        ("よしだ かずと", YOSHIDA.name),
        ("１００７", YOSHIDA.name),
        ("1007", YOSHIDA.name),
    ],
)
def test_a_person_is_found_however_the_name_is_written(database: Database, words: str, name: str) -> None:
    with database.reading() as session:
        assert name in found(session, words)


@pytest.mark.parametrize("words", ["", " ", "%", "_", "\0", "10\x0007", "勇わた", "勇\nわた", "\\"])
def test_what_is_no_part_of_a_name_finds_nobody(database: Database, words: str) -> None:
    with database.reading() as session:
        assert found(session, words) == set()


def test_every_row_has_the_key_of_its_name(database: Database) -> None:
    with database.reading() as session:
        assert stale_keys(session) == 0
        stored = session.scalars(select(UnitVersion.search_key).where(UnitVersion.unit_id == BRANCH.id)).one()
    assert stored == name_key(BRANCH.name, BRANCH.kana)


def test_a_name_that_is_read_in_has_its_key_at_once(database: Database) -> None:
    header = "職員番号,氏名,かな,所属コード,職名,区分,発令,開始日\n"
    rows = f"{SATO.staff_no},佐藤 櫻子,さとう さくらこ,2010,主任,職員,本務,2026-04-01\n5555,新井 新,あらい しん,2010,主事,職員,本務,2026-04-01"
    with database.transaction() as session:
        import_people(session, rows=posting_rows((header + rows).encode()), by=OPERATOR, now=STORY)
    with database.reading() as session:
        assert stale_keys(session) == 0
        assert found(session, "さくらこ") == {"佐藤 櫻子"}
        assert found(session, "アライ") == {"新井 新"}
        assert found(session, "花子") == set()


def test_a_name_that_is_changed_in_place_changes_its_key(database: Database) -> None:
    with database.transaction() as session:
        version = session.scalars(select(UnitVersion).where(UnitVersion.unit_id == AFFAIRS.id)).one()
        version.name = "総務人事課"
    with database.reading() as session:
        assert session.get_one(UnitVersion, version.id).search_key == name_key("総務人事課", AFFAIRS.kana)


def make_stale(database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Person).where(Person.id == SATO.id).values(search_key="さとう"))
        session.execute(
            update(UnitVersion).where(UnitVersion.unit_id == AFFAIRS.id).values(search_key="そうむ")
        )


def test_stale_keys_are_renewed_and_nothing_else(database: Database) -> None:
    make_stale(database)
    with database.transaction() as session:
        assert stale_keys(session) == 2
        assert refresh_search(session, by=OPERATOR, now=STORY) == 2
    with database.reading() as session:
        assert stale_keys(session) == 0
        (line,) = lines_of(session, subject=INSTALLATION)
        assert (line.event, line.facts) == ("search.refreshed", {"renewed": 2})
        assert session.get_one(Person, SATO.id).name == SATO.name


def test_renewing_what_is_fresh_leaves_no_trace(database: Database) -> None:
    with database.transaction() as session:
        assert refresh_search(session, by=OPERATOR, now=STORY) == 0
    with database.reading() as session:
        assert lines_of(session, subject=INSTALLATION) == ()


def test_only_an_administrator_or_the_operator_renews(database: Database, actor_of: ActorOf) -> None:
    with database.transaction() as session:
        assert refresh_search(session, by=actor_of(NAKAMURA), now=STORY) == 0
        with pytest.raises(NotAllowed):
            refresh_search(session, by=actor_of(SATO), now=STORY)


def test_the_command_says_how_many(app: Flask) -> None:
    make_stale(bound())
    done = app.test_cli_runner().invoke(args=["organisation", "refresh-search"])
    assert (done.exit_code, done.output) == (0, "探すための鍵を2件作り直しました。\n")
