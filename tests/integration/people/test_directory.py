"""Finding units and people, and the page of each: on the right day, and never what is still to come."""

from datetime import date, timedelta
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from app.db.session import bound
from app.journal.rules import ActorMark, Via
from app.kernel.ids import PersonId, new_id
from app.kernel.ports import Ports
from app.organisation.commands import assign_unit_function, import_units
from app.organisation.files import unit_rows
from app.organisation.queries import unit_ids_by_code
from app.organisation.rules import UnitFunction
from app.people.models import Person, Posting
from tests.integration.people.conftest import Office
from tests.people import (
    AFFAIRS,
    BRANCH,
    CITIZENS,
    COUNTER,
    GENERAL,
    LEAD,
    NAKAMURA,
    ONO,
    SATO,
    STORY,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    WATANABE,
    YOSHIDA,
)
from tests.sign_in import signed_in
from tests.statements import statements

OPERATOR: Final = ActorMark(person_id=None, via=Via.CLI, operator="operator")
HEADER: Final = "所属コード,所属名,かな,種別,ポリシー主体,上位所属コード,並び順,有効開始日,有効終了日"
TODAY: Final = date(2026, 11, 20)
TOMORROW: Final = TODAY + timedelta(days=1)
RENAMED: Final = date(2026, 10, 1)
CANARY: Final = "カナリア準備室"
CANARY_END: Final = date(2027, 2, 14)


@pytest.fixture
def office(app: Flask) -> Office:
    """The application's own city."""
    return Office(bound())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser of a clerk."""
    return signed_in(app, SATO)


def load(*rows: str) -> None:
    with bound().transaction() as session:
        import_units(
            session,
            rows=unit_rows("\n".join([HEADER, *rows]).encode()),
            by=OPERATOR,
            ports=Ports(),
            now=STORY,
        )


def rename_affairs() -> None:
    load("2010,総務人事課,そうむじんじか,課,市長部局,3000,4,2026-10-01,")


def page_of(client: FlaskClient, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200, address
    return page.text


# --------------------------------------------------------------------------------------------- searching


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("渡辺", WATANABE.name),
        ("渡邉", WATANABE.name),
        ("吉田", YOSHIDA.name),
        ("𠮷田", BRANCH.name),
        ("高橋次郎", TAKAHASHI.name),
        ("ｿｳﾑ", AFFAIRS.name),
        ("ソウムカ", AFFAIRS.name),
        ("2010", AFFAIRS.name),
        ("１００２", SUZUKI.name),
    ],
)
def test_what_is_written_otherwise_is_found_and_shown_as_given(
    client: FlaskClient, words: str, name: str
) -> None:
    page = client.get("/organisation/search", query_string={"q": words})
    assert f">{name}</a>" in page.text


@pytest.mark.parametrize("words", ["存在しない", "%", "_", "' OR 1=1 --", "<b>"])
def test_what_is_nowhere_finds_nothing_and_stays_in_the_field(client: FlaskClient, words: str) -> None:
    page = client.get("/organisation/search", query_string={"q": words})
    assert page.status_code == 200
    assert "見つかりませんでした" in page.text
    assert f'value="{escape(words)}"' in page.text


def test_without_words_it_asks_for_some(client: FlaskClient) -> None:
    assert "探す言葉を入れてください" in page_of(client, "/organisation/search")


def test_what_ended_comes_last_with_its_last_day(client: FlaskClient) -> None:
    load("3020,𠮷田出張所,よしだしゅっちょうじょ,出先,市長部局,3000,7,2020-04-01,2026-09-30")
    page = page_of(client, "/organisation/search?q=よしだ")
    assert page.index(f">{YOSHIDA.name}</a>") < page.index(f">{BRANCH.name}</a>")
    assert "令和8年9月30日まで" in page


def test_a_unit_is_found_by_the_name_it_had(client: FlaskClient) -> None:
    rename_affairs()
    page = page_of(client, "/organisation/search?q=総務課")
    assert ">総務人事課</a>" in page
    assert "別の時期の名前：総務課" in page


def test_a_unit_to_come_is_marked(client: FlaskClient) -> None:
    load("2050,未来創造課,みらいそうぞうか,課,市長部局,2000,9,2027-04-01,")
    page = page_of(client, "/organisation/search?q=未来")
    assert ">未来創造課</a>" in page
    assert "令和9年4月1日から" in page


def test_who_left_is_found_after_who_is_here(client: FlaskClient, office: Office) -> None:
    office.leave(SUZUKI, AFFAIRS, day=date(2026, 11, 1))
    with bound().transaction() as session:
        session.add(
            Person(id=new_id(), staff_no="1999", name="鈴木 末", kana="すずき すえ", created_at=STORY)
        )
        session.flush()
        newer = session.query(Person).filter_by(staff_no="1999").one()
        session.add(_post(newer.id, since=date(2026, 11, 1)))
    page = page_of(client, "/organisation/search?q=鈴木")
    assert page.index(">鈴木 末</a>") < page.index(f">{SUZUKI.name}</a>")
    assert "令和8年10月31日まで" in page


def _post(person_id: object, *, since: date) -> Posting:
    return Posting(
        person_id=person_id,
        unit_id=COUNTER.id,
        kind="main",
        position="staff",
        title="主事",
        valid_from=since,
        known_from=since,
        recorded_at=STORY,
    )


def test_results_come_in_pages_of_twenty(client: FlaskClient) -> None:
    load(*(f"{7000 + n},第{n:02}分室,だい{n}ぶんしつ,出先,市長部局,2000,{n},2026-05-01," for n in range(45)))
    first, last = (page_of(client, f"/organisation/search?q=分室&page={n}") for n in (1, 3))
    assert (first.count("分室</a>"), last.count("分室</a>")) == (20, 5)
    assert "45" in first
    assert "41〜45件" in last
    assert "41〜45件" in page_of(client, "/organisation/search?q=分室&page=99")


# -------------------------------------------------------------------------------------------- the unit


def test_a_unit_shows_who_is_there_and_for_what(client: FlaskClient, office: Office) -> None:
    office.name(TANAKA, AFFAIRS, "deputy")
    office.post(ONO, AFFAIRS, since=date(2026, 10, 1), kind="acting")
    page = page_of(client, f"/units/{AFFAIRS.id}")
    for words in (SUZUKI.name, SATO.name, ONO.name, TANAKA.name, "事務取扱", "点検担当者", "代決者", "3名"):
        assert words in page, words
    assert page.index(f">{SUZUKI.name}</a>") < page.index(f">{SATO.name}</a>")


@pytest.mark.parametrize(
    ("day", "name", "above"),
    [("2026-09-30", "総務課", "総務部"), ("2026-10-01", "総務人事課", "市民部")],
)
def test_a_unit_has_the_name_and_the_place_of_the_day(
    client: FlaskClient, day: str, name: str, above: str
) -> None:
    rename_affairs()
    page = page_of(client, f"/units/{AFFAIRS.id}?on={day}")
    assert f"<h1>{name} " in page
    assert (
        f'<a href="/units/{(GENERAL if above == GENERAL.name else CITIZENS).id}?on={day}">{above}</a>' in page
    )


def test_the_history_marks_what_changed(client: FlaskClient) -> None:
    rename_affairs()
    history = page_of(client, f"/units/{AFFAIRS.id}").partition('id="history"')[2]
    assert history.index("総務人事課") < history.index(">総務課")
    first, second = history.split("<tr>")[2:4]
    assert all(f"</svg>{word}</span>" in first for word in ("名称", "かな", "上位の所属"))
    assert "種別</span>" not in first
    assert "―" in second


@pytest.mark.parametrize(
    ("day", "posted"),
    [("2026-09-30", False), ("2026-10-01", True), ("2026-10-31", True), ("2026-11-01", False)],
)
def test_people_are_those_of_the_day(client: FlaskClient, office: Office, day: str, *, posted: bool) -> None:
    office.post(TANAKA, AFFAIRS, since=date(2026, 10, 1), until=date(2026, 11, 1))
    page = page_of(client, f"/units/{AFFAIRS.id}?on={day}")
    assert (f">{TANAKA.name}</a>" in page) is posted


def test_a_unit_that_is_no_more_shows_what_it_was_and_since_when(client: FlaskClient) -> None:
    load("3020,𠮷田出張所,よしだしゅっちょうじょ,出先,市長部局,3000,7,2020-04-01,2026-09-30")
    page = page_of(client, f"/units/{BRANCH.id}")
    assert "令和8年9月30日までで終わりました" in page
    assert "𠮷田出張所" in page
    assert ">市民部</a>" in page
    assert YOSHIDA.name not in page


def test_a_unit_before_its_first_day_says_when_it_begins(client: FlaskClient) -> None:
    assert "令和2年4月1日からです" in page_of(client, f"/units/{AFFAIRS.id}?on=2019-04-01")


def test_the_functions_of_a_unit_have_their_days(client: FlaskClient) -> None:
    with bound().transaction() as session:
        assign_unit_function(
            session,
            unit_code=AFFAIRS.code,
            function=UnitFunction.AUDIT,
            valid_from=date(2026, 5, 1),
            valid_to=date(2026, 6, 1),
            by=OPERATOR,
            now=STORY,
        )
    page = page_of(client, f"/units/{AFFAIRS.id}").partition('id="functions"')[2]
    assert "監査" in page
    assert "令和8年5月31日" in page
    assert "終了" in page
    assert 'id="functions"' not in page_of(client, f"/units/{COUNTER.id}")


def test_a_day_that_cannot_be_read_is_said(client: FlaskClient) -> None:
    page = client.get(f"/units/{AFFAIRS.id}?on=いつか")
    assert page.status_code == 422
    assert "日付として読み取れません" in page.text


def test_a_large_unit_shows_its_people_in_pages(client: FlaskClient) -> None:
    _hire(70)
    first, second = (page_of(client, f"/units/{COUNTER.id}?page={n}") for n in (1, 2))
    assert (first.count('<td data-label="職名">'), second.count('<td data-label="職名">')) == (50, 22)
    assert "72名" in first


def _hire(count: int) -> None:
    with bound().transaction() as session:
        people = [
            Person(
                id=new_id(), staff_no=f"7{n:03}", name=f"新人 {n}", kana=f"しんじん {n:03}", created_at=STORY
            )
            for n in range(count)
        ]
        session.add_all(people)
        session.flush()
        session.add_all(_post(person.id, since=date(2026, 4, 1)) for person in people)


# ------------------------------------------------------------------------------------------ the person


def test_a_person_shows_posts_and_roles_of_today_and_posts_of_before(
    client: FlaskClient, office: Office
) -> None:
    office.post(SATO, LEAD, since=date(2026, 5, 1), until=date(2026, 10, 1))
    office.post(SATO, COUNTER, since=date(2026, 10, 1))
    office.function(SATO, "auditor", since=date(2026, 6, 1))
    page = page_of(client, f"/people/{SATO.id}")
    today, _, earlier = page.partition('id="earlier"')
    for words in (
        "佐藤 花子",
        "さとう はなこ",
        "1001",
        "総務課",
        "本務",
        "市民課",
        "兼務",
        "点検担当者",
        "監査人",
    ):
        assert words in today, words
    assert "情報政策課" not in today.partition("<main")[2]
    assert "情報政策課" in earlier
    assert "令和8年9月30日" in earlier


def test_a_post_of_before_names_the_unit_as_it_was_called(client: FlaskClient, office: Office) -> None:
    rename_affairs()
    office.post(TAKAHASHI, AFFAIRS, since=date(2026, 4, 1), until=date(2026, 10, 1))
    assert "総務人事課" in page_of(client, f"/people/{SATO.id}")
    earlier = page_of(client, f"/people/{TAKAHASHI.id}").partition('id="earlier"')[2]
    assert ">総務課</a>" in earlier
    assert f"/units/{AFFAIRS.id}?on=2026-09-30" in earlier


def test_a_post_ends_with_its_last_day(client: FlaskClient, office: Office) -> None:
    office.leave(TANAKA, LEAD, day=TOMORROW)
    assert 'id="earlier"' not in page_of(client, f"/people/{TANAKA.id}")
    office.leave(TANAKA, LEAD, day=TODAY)
    page = page_of(client, f"/people/{TANAKA.id}")
    assert "いまの所属はありません" in page
    assert "令和8年11月19日" in page


def test_a_post_begins_with_its_first_day(client: FlaskClient, office: Office) -> None:
    office.post(TANAKA, COUNTER, since=TOMORROW)
    assert "市民課" not in page_of(client, f"/people/{TANAKA.id}")
    office.post(TANAKA, BRANCH, since=TODAY)
    assert "𠮷田出張所" in page_of(client, f"/people/{TANAKA.id}")


def test_an_administrator_may_look_up_whose_account_it_is(app: Flask) -> None:
    browser = signed_in(app, NAKAMURA)
    assert SATO.name in page_of(browser, f"/people/{SATO.id}")
    assert SATO.name in page_of(browser, f"/units/{AFFAIRS.id}")
    assert SATO.name in page_of(browser, "/organisation/search?q=佐藤")


@pytest.mark.parametrize("path", ["/people/{}", "/units/{}"])
def test_what_does_not_exist_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path.format(new_id())).status_code == 404


@pytest.mark.parametrize(
    "path", [f"/people/{SUZUKI.id}", f"/units/{AFFAIRS.id}", "/organisation/search?q=佐藤"]
)
def test_who_holds_no_post_may_not(app: Flask, office: Office, path: str) -> None:
    office.leave(SATO, AFFAIRS, day=TODAY)
    assert signed_in(app, SATO).get(path).status_code == 403


# ------------------------------------------------------------------------- a transfer is secret until its day


@pytest.fixture
def secret(office: Office) -> PersonId:
    """A transfer that is known to the machine: 佐藤 leaves on a day to come for a unit to come, and somebody new is appointed."""
    load(f"2050,{CANARY},かなりあ,課,市長部局,2000,9,2026-04-01,")
    with bound().transaction() as session:
        for posting in session.query(Posting).filter_by(person_id=SATO.id):
            posting.valid_to = CANARY_END
    with bound().reading() as session:
        unit_id = unit_ids_by_code(session, codes=["2050"])["2050"]
    newcomer = PersonId(new_id())
    with bound().transaction() as session:
        session.add(
            Person(id=newcomer, staff_no="8888", name="金糸 雀", kana="きんし すずめ", created_at=STORY)
        )
        session.flush()
        for person_id, title in ((SATO.id, "参事"), (newcomer, "室長")):
            session.add(
                Posting(
                    person_id=person_id,
                    unit_id=unit_id,
                    kind="main",
                    position="head",
                    title=title,
                    valid_from=CANARY_END,
                    known_from=CANARY_END,
                    recorded_at=STORY,
                )
            )
    office.function(SATO, "cio", since=CANARY_END)
    office.name(SATO, COUNTER, "clerk", since=CANARY_END)
    office.name(TANAKA, AFFAIRS, "deputy", until=CANARY_END)
    office.function(SUZUKI, "auditor", until=CANARY_END)
    return newcomer


DAYS_ALIKE: Final = (
    "2027年2月13日",
    "2027年2月14日",
    "令和9年2月13日",
    "令和9年2月14日",
    "2027-02-13",
    "2027-02-14",
)


def test_no_page_tells_of_a_transfer_to_come(client: FlaskClient, secret: PersonId) -> None:
    pages = [
        "/organisation",
        "/organisation/search?q=佐藤",
        "/organisation/search?q=8888",
        "/organisation/search?q=きんし",
        f"/units/{AFFAIRS.id}",
        f"/units/{COUNTER.id}",
        f"/units/{AFFAIRS.id}?on=2026-04-01",
        f"/people/{SATO.id}",
        f"/people/{SUZUKI.id}",
        f"/people/{TANAKA.id}",
    ]
    for path in pages:
        page = page_of(client, path)
        assert not [day for day in DAYS_ALIKE if day in page], path
        assert "金糸" not in page, path
        assert CANARY not in page or path == "/organisation", path
        assert "参事" not in page, path
    assert client.get(f"/people/{secret}").status_code == 404


@pytest.mark.parametrize("on", ["2027-02-14", "2027-04-01", "2099-01-01"])
def test_a_day_to_come_names_nobody(client: FlaskClient, secret: PersonId, on: str) -> None:
    names = [SUZUKI.name, TANAKA.name, "金糸", "参事", "室長"]
    for path in (f"/organisation?on={on}", f"/units/{AFFAIRS.id}?on={on}", f"/units/{COUNTER.id}?on={on}"):
        page = page_of(client, path)
        assert not [name for name in names if name in page.partition("<main")[2]], path
    assert "先の日の職員は表示しません" in page_of(client, f"/units/{AFFAIRS.id}?on={on}")


def test_on_its_day_the_transfer_is_there(app: Flask, secret: PersonId) -> None:
    app.extensions["clock"].instant = STORY.replace(year=2027, month=2, day=14)
    browser = signed_in(app, SATO)
    page = page_of(browser, f"/people/{SATO.id}")
    assert CANARY in page.partition('id="earlier"')[0]
    assert "令和9年2月13日" in page.partition('id="earlier"')[2]
    assert "金糸 雀" in page_of(browser, f"/people/{secret}")


# ----------------------------------------------------------------------------------------- statements

EXPECTED: Final = {
    f"/units/{COUNTER.id}": 8,
    f"/units/{COUNTER.id}?on=2026-10-01": 8,
    f"/people/{TAKAHASHI.id}": 5,
    "/organisation/search?q=か": 5,
    "/organisation/search?q=%E6%96%B0%E4%BA%BA": 5,
}


def test_the_pages_ask_the_same_of_a_small_city_and_a_large_one(client: FlaskClient, office: Office) -> None:
    small = {path: _asked(client, path) for path in EXPECTED}
    _hire(120)
    load(*(f"{7000 + n},第{n}分課,だいか,課,市長部局,3010,{n},2026-05-01," for n in range(40)))
    load("3010,市民窓口課,しみんまどぐちか,課,市長部局,2000,6,2026-06-01,")
    for month in range(5, 10):
        office.post(TAKAHASHI, LEAD, since=date(2026, month, 1), until=date(2026, month + 1, 1))
    large = {path: _asked(client, path) for path in EXPECTED}
    assert (small, large) == (EXPECTED, EXPECTED)


def _asked(client: FlaskClient, address: str) -> int:
    counts = []
    for path in ("/a-page-that-does-not-exist", address):
        client.get(path)
        with statements() as sent:
            client.get(path)
        counts.append(len(sent))
    return counts[1] - counts[0]
