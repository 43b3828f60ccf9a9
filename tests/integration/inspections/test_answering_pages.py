"""The clerk's and the head's pages: works, stranger 404, wrong role 403, wrong state 409, stale 409, hostile input."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.db.session import Database, bound
from app.inspections.models import AnswerHistory, Approval
from app.inspections.queries.sheet import FIRST_STATES
from app.inspections.rules import STEPS, Action, State
from tests.factories.inspections import Year
from tests.people import AFFAIRS, ITO, KIMURA, SATO, SUZUKI, TAKAHASHI, TANAKA, YAMADA
from tests.sign_in import signed_in

JSON = {"Accept": "application/json"}
HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}} ${7*7} #{7*7} %(name)s",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE answer; --",
    "髙﨑𠮷 葛\U000e0100城 か\u3099",
    "a" * 2000,
)
REFUSED = ("\x00", "a\x07b", "\u202eevil", "x\u2066y", "\ud800", "b" * 2001)


@pytest.fixture
def clerk(app: Flask, year: Year) -> FlaskClient:
    del year
    return signed_in(app, SATO)


def address(year: Year) -> str:
    return f"/inspections/{year.sheets[AFFAIRS.code]}"


def save(
    browser: FlaskClient, year: Year, *, key: str = "D01", **changes: object
) -> tuple[int, dict[str, object]]:
    """Autosave one item as our script does; `changes` overrides parts of the body."""
    body = {"level": "implemented", "comment": "", "reply": "", "version": 0, "client": f"client-{uuid4()}"}
    reply = browser.put(
        f"{address(year)}/answers/{year.item_id(key)}",
        data=json.dumps(body | changes),
        headers=JSON,
        content_type="application/json",
    )
    return reply.status_code, reply.get_json(silent=True) or {}


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements that a block sends, the pragmas of each begin left out."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        statement = str(arguments[2])
        if not statement.startswith(("PRAGMA", "BEGIN", "SET TRANSACTION")):
            sent.append(statement)

    event.listen(bound().engine, "before_cursor_execute", note)
    yield sent
    event.remove(bound().engine, "before_cursor_execute", note)


def test_an_answer_is_saved_as_it_is_given_with_the_servers_time(clerk: FlaskClient, year: Year) -> None:
    assert save(clerk, year) == (200, {"version": 1, "time": "9時00分"})
    assert save(clerk, year, level="partial", comment="半分まで", version=1)[1]["version"] == 2
    assert "半分まで" in clerk.get(f"{address(year)}/sections/organisation").text


def test_the_same_save_sent_again_does_nothing_twice(
    clerk: FlaskClient, year: Year, database: Database
) -> None:
    for _ in range(4):
        assert save(clerk, year, client="the-same-client-id")[0] == 200
    with database.reading() as session:
        assert len(session.scalars(select(AnswerHistory)).all()) == 1


def test_several_lines_are_kept_as_lines(clerk: FlaskClient, year: Year) -> None:
    assert save(clerk, year, comment="1行目\r\n2行目")[0] == 200
    form = {
        "idempotency_key": "k" * 20,
        "level-D02": "partial",
        "comment-D02": "あ\r\nい",
        "version-D02": "0",
    }
    assert clerk.post(f"{address(year)}/sections/organisation", data=form).status_code == 303
    with year.database.reading() as session:
        assert set(session.scalars(select(AnswerHistory.comment))) == {"1行目\n2行目", "あ\nい"}


def test_a_page_sent_again_after_going_back_never_loses_the_new_words(clerk: FlaskClient, year: Year) -> None:
    form = {"idempotency_key": "k" * 20, "level-D02": "partial", "comment-D02": "はじめ", "version-D02": "0"}
    assert clerk.post(f"{address(year)}/sections/organisation", data=form).status_code == 303
    again = clerk.post(f"{address(year)}/sections/organisation", data={**form, "comment-D02": "あとから"})
    assert again.status_code == 409
    assert "はじめ" in again.text
    assert "あとから" in again.text


def test_a_retry_of_a_save_does_not_hide_what_somebody_saved_since(clerk: FlaskClient, year: Year) -> None:
    save(clerk, year, level="partial", comment="先", client="first-save")
    save(clerk, year, level="partial", comment="次の人", version=1)
    assert save(clerk, year, level="partial", comment="先", client="first-save") == (
        200,
        {"version": 1, "time": "9時00分"},
    )
    assert save(clerk, year, level="implemented", comment="先の続き", version=1)[0] == 409


def test_a_stale_save_is_refused_with_both_texts(clerk: FlaskClient, year: Year) -> None:
    save(clerk, year, level="partial", comment="先の人")
    status, reply = save(clerk, year, level="implemented", comment="後の人", version=0)
    assert (status, reply["comment"], reply["version"]) == (409, "先の人", 1)
    form = {
        "idempotency_key": "k" * 20,
        "level-D01": "implemented",
        "comment-D01": "後の人",
        "version-D01": "0",
    }
    page = clerk.post(f"{address(year)}/sections/organisation", data=form)
    assert page.status_code == 409
    assert "先の人" in page.text
    assert "後の人" in page.text
    kept = clerk.post(
        f"{address(year)}/sections/organisation", data={**form, "version-D01": "1", "keep-D01": "mine"}
    )
    assert kept.status_code == 303
    assert "後の人" in clerk.get(f"{address(year)}/sections/organisation").text


def test_one_button_saves_a_section_without_scripts(clerk: FlaskClient, year: Year) -> None:
    form = {"idempotency_key": "k" * 20, "go": "next"}
    for key in ("D01", "D02"):
        form |= {f"level-{key}": "partial", f"comment-{key}": f"{key}の理由", f"version-{key}": "0"}
    reply = clerk.post(f"{address(year)}/sections/organisation", data=form)
    assert reply.headers["Location"].endswith("/sections/assets")
    assert "D02の理由" in clerk.get(f"{address(year)}/sections/organisation").text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_strange_text_is_kept_and_shown_as_typed(clerk: FlaskClient, year: Year, text: str) -> None:
    assert save(clerk, year, comment=text)[0] == 200
    page = clerk.get(f"{address(year)}/sections/organisation").text
    assert "<script>alert" not in page
    assert ">49<" not in page
    with year.database.reading() as session:
        assert session.scalars(select(AnswerHistory.comment)).one() == text


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_text_that_nobody_can_see_is_refused_with_a_sentence(
    clerk: FlaskClient, year: Year, text: str
) -> None:
    status, reply = save(clerk, year, comment=text)
    assert status == 422
    assert "1-1" in str(reply["message"])


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "0"},
        {"version": True},
        {"version": None},
        {"level": 3},
        {"level": "best"},
        {"comment": None},
        {"client": "short"},
        {"client": 7},
    ],
    ids=str,
)
def test_a_damaged_save_is_refused(clerk: FlaskClient, year: Year, changes: dict[str, object]) -> None:
    status, _ = save(clerk, year, key="D01", **changes)
    assert status == 422


def test_a_body_that_is_no_object_is_refused(clerk: FlaskClient, year: Year) -> None:
    url = f"{address(year)}/answers/{year.item_id('D01')}"
    for data in (b"", b"[]", b"null", b"\xff\xfe", b"{"):
        assert clerk.put(url, data=data, headers=JSON, content_type="application/json").status_code == 422


def test_an_item_of_no_edition_is_refused(clerk: FlaskClient, year: Year) -> None:
    body = {"level": None, "comment": "", "version": 0, "client": "client-id"}
    assert clerk.put(f"{address(year)}/answers/{UUID(int=5)}", json=body, headers=JSON).status_code == 422


def test_who_may_not_answer_is_told_apart(app: Flask, year: Year) -> None:
    assert save(signed_in(app, TAKAHASHI), year)[0] == 404
    for reader in (TANAKA, KIMURA, ITO):
        assert save(signed_in(app, reader), year)[0] == 403
    assert save(app.test_client(), year)[0] == 401


def test_a_sheet_with_the_head_takes_no_answer(clerk: FlaskClient, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    assert save(clerk, year)[0] == 409


def test_only_returned_items_can_be_corrected(clerk: FlaskClient, year: Year) -> None:
    year.bring(AFFAIRS, to=State.RETURNED)
    assert save(clerk, year, key="D01", version=1)[0] == 409
    assert save(clerk, year, key="D02", level="implemented", comment="直した", version=1)[0] == 200


def test_an_incomplete_sheet_is_not_handed_over_and_says_what_is_missing(
    clerk: FlaskClient, year: Year
) -> None:
    reply = clerk.post(f"{address(year)}/submit", data={"idempotency_key": "k" * 20, "version": "1"})
    assert reply.status_code == 409
    assert "答えていない項目が5件あります" in reply.text


def test_a_level_that_asks_for_words_waits_for_them(clerk: FlaskClient, year: Year) -> None:
    year.answer(AFFAIRS, levels={"D02": "partial"}, comment="")
    reply = clerk.post(
        f"{address(year)}/submit",
        data={"idempotency_key": "k" * 20, "version": str(year.sheet(AFFAIRS).version)},
    )
    assert reply.status_code == 409
    assert "理由を書く項目が1件" in reply.text


def test_the_profile_decides_which_items_apply(clerk: FlaskClient, year: Year) -> None:
    assert "D03のことを" in clerk.get(f"{address(year)}/sections/organisation").text
    assert "対象にならない項目（1件）" in clerk.get(f"{address(year)}/sections/organisation").text
    clerk.post(f"{address(year)}/profile", data={"idempotency_key": "k" * 20, "flags": "MN", "version": "0"})
    assert year.sheet(AFFAIRS).applicable == 6
    assert "対象にならない項目" not in clerk.get(f"{address(year)}/sections/organisation").text


def test_the_head_approves_exactly_what_was_shown(app: Flask, year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    head = signed_in(app, SUZUKI)
    stale = head.post(
        f"{address(year)}/approve", data={"idempotency_key": "a" * 20, "digest": "0" * 64, "comment": ""}
    )
    assert stale.status_code == 409
    form = {"idempotency_key": "b" * 20, "digest": year.digest(AFFAIRS), "comment": "よく確かめました。"}
    assert [head.post(f"{address(year)}/approve", data=form).status_code for _ in range(3)] == [303, 303, 303]
    with database.reading() as session:
        assert [one.comment for one in session.scalars(select(Approval))] == ["よく確かめました。"]
    other = head.post(f"{address(year)}/approve", data={**form, "comment": "別の言葉"})
    assert other.status_code == 409


def test_nobody_else_approves(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    form = {"idempotency_key": "b" * 20, "digest": year.digest(AFFAIRS), "comment": ""}
    outcomes = {
        cast.name: signed_in(app, cast).post(f"{address(year)}/approve", data=form).status_code
        for cast in (SATO, TANAKA, YAMADA)
    }
    assert outcomes == {SATO.name: 403, TANAKA.name: 403, YAMADA.name: 404}


def test_a_return_needs_a_reason_and_the_clerk_reads_it(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    head = signed_in(app, SUZUKI)
    version = str(year.sheet(AFFAIRS).version)
    empty = head.post(
        f"{address(year)}/return", data={"idempotency_key": "a" * 20, "version": version, "reason": "  "}
    )
    assert empty.status_code == 422
    assert "差し戻す理由を書いてください" in empty.text
    head.post(
        f"{address(year)}/return",
        data={"idempotency_key": "a" * 20, "version": version, "reason": "1-2を見直す"},
    )
    assert "1-2を見直す" in signed_in(app, SATO).get(address(year)).text


def test_the_clerk_withdraws_while_nobody_has_acted(clerk: FlaskClient, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    assert clerk.post(f"{address(year)}/withdraw", data={"idempotency_key": "w" * 20}).status_code == 303
    assert year.sheet(AFFAIRS).state is State.ANSWERING
    assert clerk.post(f"{address(year)}/withdraw", data={"idempotency_key": "x" * 20}).status_code == 409


def test_no_step_leads_back_to_where_nobody_has_judged_yet() -> None:
    """In a first revision there is then no approval, judgement or return: they are not looked up."""
    into = {step.source for step in STEPS if step.target in FIRST_STATES}
    assert into <= FIRST_STATES
    assert {step.target for step in STEPS if step.action is Action.APPROVE}.isdisjoint(FIRST_STATES)


def test_the_pages_ask_little(clerk: FlaskClient, year: Year) -> None:
    year.answer(AFFAIRS)
    for path, most in (("", 23), ("/sections/organisation", 7), ("/check", 23), ("/all", 7)):
        clerk.get(f"{address(year)}{path}")
        with counted() as sent:
            assert clerk.get(f"{address(year)}{path}").status_code == 200
        assert len(sent) <= most, (path, len(sent))
    with counted() as sent:
        save(clerk, year, level="partial", comment="直した", version=1)
    assert len(sent) <= 10, len(sent)
