"""The pages of the account inventory: who may open them, what they show, what was typed is never lost."""

import csv
import io
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.db.session import bound
from app.kernel.clock import start_of_day
from app.kernel.ids import new_id
from app.people.commands.inventory import tend_inventory
from app.people.models import Account, InventoryLine, InventoryRound, Person, Posting, SignInSession
from app.people.queries.standing import LIST_SIZE
from tests.conftest import StandingClock
from tests.factories.city import password_hash
from tests.factories.inventory import DUE, SUSPEND, account_of, running_inventory
from tests.people import (
    AFFAIRS,
    EVERYBODY,
    FUJIMOTO,
    HAYASHI,
    ITO,
    KIMURA,
    NAKAMURA,
    OGAWA,
    ONO,
    SATO,
    STORY,
    SUZUKI,
    TANAKA,
    Cast,
)
from tests.sign_in import signed_in
from tests.statements import statements

KEY = "k" * 24


@pytest.fixture
def about(app: Flask) -> UUID:
    """A round in the application's own city."""
    return running_inventory(bound())


def lines_of(about: UUID) -> str:
    return f"/account-inventory/{about}/lines"


def line(cast: Cast, decision: str = "", *, reason: str = "", version: int = 1) -> dict[str, str]:
    name = account_of(bound(), cast)
    typed = {f"version-{name}": str(version), f"reason-{name}": reason}
    return {**typed, f"decision-{name}": decision} if decision else typed


def send(client: FlaskClient, about: UUID, *typed: dict[str, str], key: str = KEY) -> tuple[int, str]:
    fields = {"idempotency_key": key}
    for one in typed:
        fields |= one
    reply = client.post(lines_of(about), data=fields)
    return reply.status_code, reply.text


def decisions() -> dict[object, str]:
    with bound().reading() as session:
        rows = session.execute(
            select(InventoryLine.person_id, InventoryLine.decision).where(InventoryLine.decision.is_not(None))
        )
        return {row.person_id: str(row.decision) for row in rows}


# -------------------------------------------------------------------------------------------------- who may


@pytest.mark.parametrize(
    ("cast", "rounds", "own"),
    [
        (NAKAMURA, 200, 200),
        (OGAWA, 200, 200),
        (ITO, 200, 200),
        (SUZUKI, 403, 200),
        (SATO, 403, 404),
        (TANAKA, 403, 404),
    ],
)
def test_who_opens_which_page(app: Flask, about: UUID, cast: Cast, rounds: int, own: int) -> None:
    client = signed_in(app, cast)
    city = ("", f"/{about}", "/lists", "/lists.csv")
    assert {client.get(f"/account-inventory{path}").status_code for path in city} == {rounds}
    assert client.get(lines_of(about)).status_code == own


def test_a_round_that_is_none_is_not_found(app: Flask, about: UUID) -> None:
    client = signed_in(app, NAKAMURA)
    assert client.get(f"/account-inventory/{new_id()}").status_code == 404
    assert client.get(lines_of(new_id())).status_code == 404
    assert send(signed_in(app, SUZUKI), new_id(), line(SATO, "keep"))[0] == 404


def test_only_an_administrator_opens_a_round(app: Flask) -> None:
    typed = {
        "quarter": "2026-3",
        "due_on": DUE.isoformat(),
        "suspend_on": SUSPEND.isoformat(),
        "idempotency_key": KEY,
    }
    for cast in (OGAWA, ITO, SUZUKI):
        assert signed_in(app, cast).post("/account-inventory", data=typed).status_code == 403
    client = signed_in(app, NAKAMURA)
    page = client.get("/account-inventory").text
    assert f'value="{DUE.isoformat()}"' in page
    assert f'value="{SUSPEND.isoformat()}"' in page
    wrong = client.post("/account-inventory", data={**typed, "suspend_on": DUE.isoformat()})
    assert wrong.status_code == 422
    assert "確認の期限より後の日" in wrong.text
    assert client.post("/account-inventory", data={**typed, "quarter": "1999-1"}).status_code == 422
    opened = client.post("/account-inventory", data=typed)
    assert opened.status_code == 303
    assert client.post("/account-inventory", data=typed).location == opened.location
    again = client.post("/account-inventory", data={**typed, "idempotency_key": "z" * 24})
    assert (again.status_code, "もう始まっています" in again.text) == (409, True)
    with bound().reading() as session:
        assert len(session.scalars(select(InventoryRound)).all()) == 1
    assert "令和8年度 第3四半期" in client.get(opened.location).text


# --------------------------------------------------------------------------------------------- confirming


def test_a_head_sees_the_own_unit_and_confirms_it_from_the_home_page(app: Flask, about: UUID) -> None:
    client = signed_in(app, KIMURA)
    home = client.get("/")
    assert "利用者を確かめる（アカウント棚卸し）　3人" in home.text
    assert lines_of(about) in home.text
    page = client.get(lines_of(about)).text
    assert all(cast.name in page for cast in (TANAKA, HAYASHI, NAKAMURA))
    assert KIMURA.name not in page.partition("<main")[2]
    assert SATO.name not in page
    status, _ = send(client, about, line(TANAKA, "keep"), line(HAYASHI, "keep"), line(NAKAMURA))
    assert status == 303
    assert decisions() == {TANAKA.id: "keep", HAYASHI.id: "keep"}
    assert "2人を「使う」にしました" in client.get(lines_of(about)).text
    assert "　1人" in client.get("/").text


def test_only_what_nothing_stands_out_of_is_chosen_beforehand(app: Flask, about: UUID) -> None:
    with bound().transaction() as session:
        session.execute(
            update(InventoryLine).where(InventoryLine.person_id == TANAKA.id).values(concerns="[]")
        )
    page = signed_in(app, KIMURA).get(lines_of(about)).text
    assert page.count("checked") == 1
    assert "一度も使っていない" in page
    assert "管理者が業務の役割を持つ" in page


def test_a_reason_that_is_missing_is_asked_for_beside_its_field_and_nothing_typed_is_lost(
    app: Flask, about: UUID
) -> None:
    client = signed_in(app, KIMURA)
    status, page = send(
        client, about, line(TANAKA, "keep", reason="メモ"), line(HAYASHI, "stop"), line(NAKAMURA)
    )
    name = account_of(bound(), HAYASHI)
    assert status == 422
    assert f'href="#reason-{name}"' in page
    assert f'id="reason-{name}-error"' in page
    assert 'value="メモ"' in page
    assert page.count("checked") == 2
    assert decisions() == {}


@pytest.mark.parametrize(
    "typed",
    [
        {"version-no-id": "1"},
        {f"version-{new_id()}": "x"},
        {f"version-{(strange := new_id())}": "1", f"decision-{strange}": "delete"},
        {},
    ],
)
def test_what_the_page_never_sends_is_refused(app: Flask, about: UUID, typed: dict[str, str]) -> None:
    assert send(signed_in(app, SUZUKI), about, typed)[0] == 422


def test_an_invisible_character_in_a_reason_is_refused_with_the_page(app: Flask, about: UUID) -> None:
    status, page = send(signed_in(app, SUZUKI), about, line(SATO, "stop", reason="退\u202e職"))
    assert status == 422
    assert "文字の向きを変える記号" in page


def test_what_somebody_else_decided_meanwhile_is_shown_beside_what_was_typed(app: Flask, about: UUID) -> None:
    head = signed_in(app, KIMURA)
    send(head, about, line(TANAKA, "stop", reason="異動"))
    status, page = send(head, about, line(TANAKA, "keep", reason="残る"), key="x" * 24)
    assert status == 409
    assert "いまの内容" in page
    assert "理由：異動" in page
    assert 'value="残る"' in page
    assert send(head, about, line(TANAKA, "keep", reason="残る", version=2), key="y" * 24)[0] == 303


def test_the_same_press_twice_does_it_once(app: Flask, about: UUID) -> None:
    client = signed_in(app, SUZUKI)
    press = line(SATO, "stop", reason="退職")
    assert send(client, about, press)[0] == 303
    assert send(client, about, press)[0] == 303
    with bound().reading() as session:
        row = session.scalars(select(InventoryLine).where(InventoryLine.person_id == SATO.id)).one()
    assert row.version == 2


def test_nobody_sees_or_decides_the_own_account(app: Flask, about: UUID) -> None:
    client = signed_in(app, SUZUKI)
    assert send(client, about, line(SUZUKI, "keep"))[0] == 403
    page = signed_in(app, ONO).get(lines_of(about)).text
    assert SUZUKI.name in page


def test_an_administrator_decides_without_a_unit_and_is_told_where_somebody_nearer_is_asked(
    app: Flask, about: UUID
) -> None:
    with bound().transaction() as session:
        session.execute(delete(Posting).where(Posting.person_id == SATO.id))
    client = signed_in(app, NAKAMURA)
    page = client.get(lines_of(about)).text
    assert SATO.name in page
    assert "理由（必須）" in page
    assert send(client, about, line(SATO, "keep"))[0] == 422
    assert send(client, about, line(SATO, "keep", reason="休職中"), key="x" * 24)[0] == 303
    status, refusal = send(client, about, line(TANAKA, "keep"), key="y" * 24)
    assert (status, "もっと近い人" in refusal) == (403, True)


# --------------------------------------------------------------------------------------------- the progress


def test_the_progress_names_who_is_asked(app: Flask, about: UUID) -> None:
    page = signed_in(app, NAKAMURA).get(f"/account-inventory/{about}").text
    assert "残り 16人" in page
    assert SUZUKI.name in page
    send(signed_in(app, SUZUKI), about, line(SATO, "keep"))
    assert "残り 15人" in signed_in(app, ITO).get(f"/account-inventory/{about}").text


def test_after_the_closing_the_pages_say_what_became_of_it(
    app: Flask, about: UUID, clock: StandingClock
) -> None:
    send(signed_in(app, SUZUKI), about, line(SATO, "stop", reason="退職"))
    with bound().transaction() as session:
        session.execute(
            update(InventoryLine)
            .where(InventoryLine.person_id.in_([SUZUKI.id, OGAWA.id]))
            .values(decision="keep", decided_by=ONO.id, decided_at=STORY)
        )
        tend_inventory(session, now=start_of_day(SUSPEND))
        session.execute(delete(SignInSession))
    clock.instant = start_of_day(SUSPEND)
    head = signed_in(app, SUZUKI)
    page = head.get(lines_of(about)).text
    assert "締め切りました" in page
    assert 'type="submit">この内容で' not in page
    assert send(head, about, line(SATO, "keep", version=2))[0] == 409
    administrator = signed_in(app, NAKAMURA)
    assert "止めなかった利用者が1人います" in administrator.get(f"/account-inventory/{about}").text
    assert "締切り" in administrator.get("/account-inventory").text
    assert "まだ読んでいない" in signed_in(app, OGAWA).get("/").text


def test_a_notice_leads_to_the_page(app: Flask, about: UUID) -> None:
    page = signed_in(app, SUZUKI).get("/notices").text
    assert "アカウント棚卸しで、利用者を確かめてください" in page
    assert "令和8年度 第3四半期" in page
    assert lines_of(about) in page


# ------------------------------------------------------------------------------------------------ the lists


def rows(client: FlaskClient, kind: str) -> list[list[str]]:
    reply = client.get("/account-inventory/lists.csv", query_string={"kind": kind})
    assert reply.content_type == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(reply.data.decode("utf-8-sig"))))


def add_accounts(count: int, *, name: str = "職員") -> None:
    with bound().transaction() as session:
        for number in range(count):
            made = new_id()
            session.add(
                Person(id=made, staff_no=f"6{number:03d}", name=f"{name}{number}", kana="", created_at=STORY)
            )
            session.flush()
            session.add(
                Account(
                    person_id=made,
                    password_hash=password_hash(),
                    must_change_password=False,
                    created_at=STORY,
                )
            )


def test_each_list_says_why_and_what_to_do(app: Flask) -> None:
    client = signed_in(app, NAKAMURA)
    add_accounts(1)
    without = client.get("/account-inventory/lists").text
    assert "職員0" in without
    assert "人事に確かめ" in without
    assert SATO.name not in without.partition("<main")[2]
    conflicts = client.get("/account-inventory/lists?kind=conflicts").text
    assert "管理者が業務の役割を持つ" in conflicts
    assert "別の職員に替えて" in conflicts
    unused = client.get("/account-inventory/lists?kind=unused").text
    assert sum(cast.name in unused for cast in EVERYBODY) >= len(EVERYBODY) - 1
    with bound().transaction() as session:
        session.execute(
            update(Account)
            .where(Account.person_id == FUJIMOTO.id)
            .values(kind="contractor", expires_on=STORY.date() + timedelta(days=30))
        )
    ending = client.get("/account-inventory/lists?kind=ending").text
    assert FUJIMOTO.name in ending
    assert "延ばすよう頼んで" in ending


def test_a_list_is_paged_and_its_file_is_whole_and_harmless(app: Flask) -> None:
    add_accounts(LIST_SIZE + 2, name="=cmd")
    client = signed_in(app, OGAWA)
    assert f"51〜{LIST_SIZE + 2}件" in client.get("/account-inventory/lists?kind=no-post&page=2").text
    assert f"51〜{LIST_SIZE + 2}件" in client.get("/account-inventory/lists?kind=no-post&page=99").text
    found = rows(client, "no-post")
    assert len(found) == LIST_SIZE + 3
    assert found[0][:4] == ["職員番号", "氏名", "かな", "所属"]
    assert all(row[1].startswith("'=cmd") for row in found[1:])
    assert rows(client, "nonsense") == found


@pytest.mark.parametrize("many", [2, 90])
def test_the_pages_take_the_same_number_of_statements_at_any_size(app: Flask, many: int) -> None:
    add_accounts(many)
    with bound().transaction() as session:
        session.execute(update(Person).where(Person.staff_no.like("6%")).values(kana="あ"))
    about = running_inventory(bound())
    asked = {}
    for cast, path in (
        (NAKAMURA, "/account-inventory"),
        (NAKAMURA, f"/account-inventory/{about}"),
        (NAKAMURA, lines_of(about)),
        (ITO, "/account-inventory/lists?kind=unused"),
        (SUZUKI, "/"),
    ):
        client = signed_in(app, cast)
        client.get(path)
        with statements() as sent:
            assert client.get(path).status_code == 200
        asked[path.removeprefix(f"/account-inventory/{about}")] = len(sent)
    assert asked == {
        "/account-inventory": 16,
        "": 23,
        "/lines": 22,
        "/account-inventory/lists?kind=unused": 9,
        "/": 16,
    }


def test_the_menu_leads_there_for_who_may_read(app: Flask, about: UUID) -> None:
    assert "棚卸し" in signed_in(app, ITO).get("/inspections").text
    assert ">棚卸し<" not in signed_in(app, SUZUKI).get("/inspections").text
    assert AFFAIRS.name in signed_in(app, ITO).get(f"/account-inventory/{about}").text
