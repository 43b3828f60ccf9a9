"""The tree of a day: the page, the command, and how much they ask of the database."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db.session import Database, bound
from app.journal.rules import ActorMark, Via
from app.kernel.ids import PersonId, new_id
from app.kernel.ports import Ports
from app.organisation.commands import import_units
from app.organisation.files import unit_rows
from app.organisation.models import UnitVersion
from app.organisation.queries.outline import days_of_change
from app.people.models import Posting
from app.people.queries.postings import StaffOfUnits
from tests.people import AFFAIRS, BRANCH, COUNTER, NAKAMURA, PLACES, SATO, STORY, Cast
from tests.sign_in import signed_in
from tests.statements import statements

HEADER: Final = "所属コード,所属名,かな,種別,ポリシー主体,上位所属コード,並び順,有効開始日,有効終了日"
OPERATOR: Final = ActorMark(person_id=None, via=Via.CLI, operator="operator")
LAST_DAY: Final = date(2026, 9, 30)
FIRST_DAY: Final = date(2026, 10, 1)
TO_COME: Final = date(2027, 4, 1)


def load(*rows: str) -> None:
    with bound().transaction() as session:
        import_units(
            session,
            rows=unit_rows("\n".join([HEADER, *rows]).encode()),
            by=OPERATOR,
            ports=Ports(),
            now=STORY,
        )


def reorganise() -> None:
    """総務課 is renamed on 1 October, 𠮷田出張所 ended the day before, and 総務課 will be renamed again."""
    load(
        "2010,総務人事課,そうむじんじか,課,市長部局,2000,4,2026-10-01,",
        "3020,𠮷田出張所,よしだしゅっちょうじょ,出先,市長部局,3000,7,2020-04-01,2026-09-30",
    )
    load("2010,総務法務課,そうむほうむか,課,市長部局,2000,4,2027-04-01,")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser of a clerk, after a reorganisation."""
    reorganise()
    return signed_in(app, SATO)


# --------------------------------------------------------------------------------------------- the page


@pytest.mark.parametrize(
    ("day", "there", "gone"),
    [
        (LAST_DAY, {"総務課", "𠮷田出張所"}, {"総務人事課", "総務法務課"}),
        (FIRST_DAY, {"総務人事課"}, {"総務課", "𠮷田出張所", "総務法務課"}),
        (TO_COME - timedelta(days=1), {"総務人事課"}, {"総務課", "総務法務課"}),
        (TO_COME, {"総務法務課"}, {"総務課", "総務人事課"}),
    ],
)
def test_the_tree_is_that_of_the_day(client: FlaskClient, day: date, there: set[str], gone: set[str]) -> None:
    page = client.get("/organisation", query_string={"on": day.isoformat()})
    assert page.status_code == 200
    assert {name for name in there if f">{name}</a>" in page.text} == there
    assert {name for name in gone if f">{name}</a>" in page.text} == set()


def test_without_a_day_it_is_today(client: FlaskClient) -> None:
    page = client.get("/organisation").text
    assert "令和8年11月20日(金)" in page
    assert ">総務人事課</a>" in page


def test_a_day_is_read_by_either_calendar(client: FlaskClient) -> None:
    assert ">総務課</a>" in client.get("/organisation?on=令和8年9月30日").text


def test_a_day_that_cannot_be_read_is_said_beside_the_field_and_stays(client: FlaskClient) -> None:
    page = client.get("/organisation?on=きのう")
    assert page.status_code == 422
    assert 'value="きのう"' in page.text
    assert 'aria-describedby="on-error"' in page.text
    assert "日付として読み取れません" in page.text


def test_a_day_to_come_is_marked_and_counts_nobody(client: FlaskClient) -> None:
    page = client.get(f"/organisation?on={TO_COME.isoformat()}").text
    assert "予定" in page
    assert "名</" not in page


def test_the_days_on_which_the_tree_changed_are_links(client: FlaskClient) -> None:
    page = client.get("/organisation").text
    assert all(f"/organisation?on={day}" in page for day in ("2020-04-01", "2026-10-01", "2027-04-01"))
    with bound().reading() as session:
        assert days_of_change(session) == (TO_COME, FIRST_DAY, date(2020, 4, 1))


def test_links_stay_on_the_day(client: FlaskClient) -> None:
    assert f"/units/{AFFAIRS.id}?on=2026-09-30" in client.get("/organisation?on=2026-09-30").text
    assert f'/units/{AFFAIRS.id}"' in client.get("/organisation").text


def test_people_are_counted_on_the_day(app: Flask, client: FlaskClient) -> None:
    # The head of the unit that has ended is in none that is there.
    assert f"{len(PLACES) - 1}所属・15名" in client.get("/organisation").text
    assert "所属・0名" in client.get("/organisation?on=2026-03-31").text


def test_everybody_with_a_post_and_the_administrator_may(app: Flask) -> None:
    for cast in (SATO, NAKAMURA):
        page = signed_in(app, cast).get("/organisation")
        assert page.status_code == 200
        assert 'aria-current="page"><span>組織・職員' in page.text


def test_who_holds_no_post_may_not(app: Flask) -> None:
    with bound().transaction() as session:
        for posting in session.query(Posting).filter_by(person_id=SATO.id):
            posting.valid_to = date(2026, 11, 1)
    assert signed_in(app, SATO).get("/organisation").status_code == 403


def test_nobody_is_sent_to_sign_in(app: Flask) -> None:
    assert app.test_client().get("/organisation").status_code == 303


def test_who_works_where_is_that_of_the_day(database: Database) -> None:
    def there(day: date) -> frozenset[PersonId]:
        with database.reading() as session:
            return StaffOfUnits().staff_by_unit(session, day=day).get(COUNTER.id, frozenset())

    with database.transaction() as session:
        session.add(
            Posting(
                person_id=SATO.id,
                unit_id=COUNTER.id,
                kind="concurrent",
                position="staff",
                title="主任",
                valid_from=FIRST_DAY,
                known_from=FIRST_DAY,
                recorded_at=STORY,
                valid_to=date(2026, 11, 1),
            )
        )
    assert SATO.id not in there(LAST_DAY)
    assert SATO.id in there(FIRST_DAY)
    assert SATO.id in there(date(2026, 10, 31))
    assert SATO.id not in there(date(2026, 11, 1))


def test_the_page_asks_the_same_of_a_small_city_and_a_large_one(app: Flask, client: FlaskClient) -> None:
    small = _asked(client, "/organisation")
    load(*(f"{7000 + n},第{n}課,だいか,課,市長部局,2000,{n},2026-05-01," for n in range(60)))
    assert (small, _asked(client, "/organisation")) == (3, 3)


def _asked(client: FlaskClient, address: str) -> int:
    counts = []
    for path in ("/a-page-that-does-not-exist", address):
        client.get(path)
        with statements() as sent:
            client.get(path)
        counts.append(len(sent))
    return counts[1] - counts[0]


# ------------------------------------------------------------------------------------------ the command


def run(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=["organisation", *map(str, arguments)])


def test_the_tree_is_printed(app: Flask) -> None:
    reorganise()
    lines = run(app, "tree").output.splitlines()
    assert lines[0] == f"令和8年11月20日(金)の組織　{len(PLACES) - 1}所属"
    assert "  2010　総務人事課（課・市長部局）" in lines
    assert "  2010　総務課（課・市長部局）" in run(app, "tree", "--on", "R8.9.30").output.splitlines()


def test_a_day_without_units_is_an_empty_tree(app: Flask) -> None:
    assert run(app, "tree", "--on", "2019-01-01").output == "平成31年1月1日(火)の組織　0所属\n"
    assert json.loads(run(app, "tree", "--on", "2019-01-01", "--format", "json").output) == []


@pytest.mark.parametrize("day", ["2026-09-30", "2026-10-01", "2027-04-01"])
def test_the_csv_of_a_day_read_in_again_changes_nothing(app: Flask, tmp_path: Path, day: str) -> None:
    reorganise()
    target = tmp_path / "tree.csv"
    written = run(app, "tree", "--on", day, "--format", "csv", "-o", target)
    assert written.exit_code == 0, written.output
    with bound().reading() as session:
        before = session.scalar(select(func.count()).select_from(UnitVersion))
    read = run(app, "import", target)
    units = len(target.read_text(encoding="utf-8-sig").splitlines()) - 1
    assert f"新規 0件、変更 0件、変更なし {units}件、終了 0件" in read.output
    with bound().reading() as session:
        assert session.scalar(select(func.count()).select_from(UnitVersion)) == before


def test_the_csv_goes_to_the_screen_as_it_goes_to_a_file(app: Flask, tmp_path: Path) -> None:
    target = tmp_path / "tree.csv"
    run(app, "tree", "--format", "csv", "-o", target)
    assert run(app, "tree", "--format", "csv").stdout_bytes == target.read_bytes()


def test_the_json_names_each_unit_by_its_id(app: Flask) -> None:
    found = {one["code"]: one for one in json.loads(run(app, "tree", "--format", "json").output)}
    assert found["3020"]["id"] == str(BRANCH.id)
    assert (found["3020"]["name"], found["3020"]["parent_code"]) == ("𠮷田出張所", "3000")


def test_a_place_that_cannot_be_written_is_said(app: Flask, tmp_path: Path) -> None:
    refused = run(app, "tree", "-o", tmp_path / "nowhere" / "tree.txt")
    assert refused.exit_code == 1
    assert "書けません" in refused.output


def test_a_post_to_come_is_on_no_list(app: Flask) -> None:
    """The tree names units only: neither people nor what will become of them."""
    _appoint(SATO)
    outputs = [run(app, "tree", "--format", form).output for form in ("text", "csv", "json")]
    assert all("カナリア" not in output and SATO.name not in output for output in outputs)


def _appoint(cast: Cast) -> None:
    with bound().transaction() as session:
        session.add(
            Posting(
                id=new_id(),
                person_id=cast.id,
                unit_id=BRANCH.id,
                kind="main",
                position="head",
                title="カナリア",
                valid_from=TO_COME,
                known_from=TO_COME,
                recorded_at=STORY,
            )
        )
