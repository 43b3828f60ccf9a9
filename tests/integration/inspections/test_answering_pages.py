"""The clerk's and the head's pages: works, stranger 404, wrong role 403, wrong state 409, stale 409, hostile input."""

import json
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.session import Database
from app.inspections.commands.hand_over import withdraw
from app.inspections.models import AnswerHistory, Approval
from app.inspections.queries.sheet import FIRST_STATES, content_of_sheet
from app.inspections.rules import STEPS, Action, State
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.pages import form_of
from tests.people import AFFAIRS, ITO, KIMURA, SATO, SUZUKI, TAKAHASHI, TANAKA, YAMADA
from tests.sign_in import signed_in
from tests.statements import statements

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


def test_an_answer_is_saved_as_it_is_given_with_the_servers_time(clerk: FlaskClient, year: Year) -> None:
    assert save(clerk, year) == (200, {"version": 1, "time": "9時00分"})
    assert save(clerk, year, level="partial", comment="半分まで", version=1)[1]["version"] == 2
    assert "半分まで" in clerk.get(f"{address(year)}/sections/organisation").text


def test_a_conflict_names_who_was_quicker_and_when(clerk: FlaskClient, year: Year, app: Flask) -> None:
    head = signed_in(app, SUZUKI)
    save(head, year, level="partial", comment="所属長の言葉")
    status, reply = save(clerk, year, comment="担当者の言葉")
    assert (status, reply["saver"], reply["saved"]) == (409, "鈴木 一郎", "9時00分")
    assert save(head, year, comment="別の画面")[1]["saver"] is None


def test_what_stood_before_a_save_can_be_asked_for_by_who_answers(
    clerk: FlaskClient, year: Year, app: Flask
) -> None:
    save(clerk, year, level="partial", comment="はじめ")
    save(clerk, year, comment="つぎ", version=1)
    path = f"{address(year)}/answers/{year.item_id('D01')}/before"
    assert clerk.get(f"{path}?version=2").json == {
        "version": 1,
        "level": "partial",
        "comment": "はじめ",
        "reply": "",
        "due": "",
    }
    assert clerk.get(f"{path}?version=1").json == {
        "version": 0,
        "level": None,
        "comment": "",
        "reply": "",
        "due": "",
    }
    for odd in ("3", "0", "x", "-1"):
        assert clerk.get(f"{path}?version={odd}", headers=JSON).status_code == 404
    assert signed_in(app, TAKAHASHI).get(f"{path}?version=2", headers=JSON).status_code == 404
    assert signed_in(app, TANAKA).get(f"{path}?version=2", headers=JSON).status_code == 403


def test_a_section_names_who_else_is_at_work_in_it(
    clerk: FlaskClient, year: Year, app: Flask, clock: StandingClock
) -> None:
    head = signed_in(app, SUZUKI)
    section = f"{address(year)}/sections/organisation"
    said = "鈴木 一郎さん（1-1　9時00分に保存）"
    assert clerk.get(f"{section}/editors").json == {"editors": []}
    save(head, year, comment="所属長も見ている")
    assert clerk.get(f"{section}/editors").json == {"editors": [{"words": said}]}
    assert said in clerk.get(section).text
    # Not oneself, not in another section, not for long, and to nobody who does not answer there.
    assert head.get(f"{section}/editors").json == {"editors": []}
    assert said not in head.get(section).text
    assert clerk.get(f"{address(year)}/sections/assets/editors").json == {"editors": []}
    assert clerk.get(f"{address(year)}/sections/nowhere/editors", headers=JSON).status_code == 404
    assert signed_in(app, TAKAHASHI).get(f"{section}/editors", headers=JSON).status_code == 404
    assert signed_in(app, TANAKA).get(f"{section}/editors", headers=JSON).status_code == 403
    clock.pass_by(timedelta(minutes=4, seconds=59))
    assert clerk.get(f"{section}/editors").json == {"editors": [{"words": said}]}
    clock.pass_by(timedelta(seconds=1))
    assert clerk.get(f"{section}/editors").json == {"editors": []}


def test_the_line_of_who_is_at_work_names_the_latest_save(
    clerk: FlaskClient, year: Year, app: Flask, clock: StandingClock
) -> None:
    head, line = signed_in(app, SUZUKI), f"{address(year)}/sections/organisation/editors"

    def said() -> object:
        return clerk.get(line).json

    save(head, year, key="D01")
    clock.pass_by(timedelta(minutes=1))
    save(head, year, key="D02")
    assert said() == {"editors": [{"words": "鈴木 一郎さん（1-2　9時01分に保存）"}]}
    # Not simply the last item of the section: an earlier one, saved later, takes its place.
    clock.pass_by(timedelta(minutes=1))
    save(head, year, key="D01", comment="もう一度", version=1)
    assert said() == {"editors": [{"words": "鈴木 一郎さん（1-1　9時02分に保存）"}]}


def test_the_check_shows_the_time_that_the_saves_tell(
    clerk: FlaskClient, year: Year, clock: StandingClock
) -> None:
    assert "回答にかけた時間" not in clerk.get(f"{address(year)}/check").text
    for number, minutes in enumerate((0, 2, 3, 20, 1)):
        clock.pass_by(timedelta(minutes=minutes))
        assert save(clerk, year, comment=f"{number}", version=number)[0] == 200
    page = clerk.get(f"{address(year)}/check").text
    assert "<dt>回答にかけた時間</dt><dd>およそ <b>6</b> 分</dd>" in page


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


def test_a_conflict_that_nobody_decided_replaces_nothing(clerk: FlaskClient, year: Year) -> None:
    """Two items were changed by somebody else: choosing the own text of one leaves the other as it is."""
    path = f"{address(year)}/sections/organisation"
    mine = form_of(clerk.get(path), "answers")
    for key in ("D01", "D02"):
        save(clerk, year, key=key, level="partial", comment=f"先の人の{key}")
    mine |= {
        "level-D01": "partial",
        "comment-D01": "わたしのD01",
        "level-D02": "partial",
        "comment-D02": "わたしのD02",
    }
    both = clerk.post(path, data=mine)
    assert (both.status_code, both.text.count("変えました</h3>")) == (409, 2)
    again = form_of(both, "answers")
    assert clerk.post(path, data=again).status_code == 409
    one = clerk.post(path, data=again | {"keep-D01": "mine"})
    assert (one.status_code, one.text.count("変えました</h3>")) == (409, 1)
    with year.database.reading() as session:
        answers = content_of_sheet(session, sheet=year.sheet(AFFAIRS)).answers
    assert answers[year.item_id("D01")].comment == "わたしのD01"
    assert answers[year.item_id("D02")].comment == "先の人のD02"
    assert form_of(one, "answers")["comment-D02"] == "わたしのD02"
    last = clerk.post(path, data=form_of(one, "answers") | {"keep-D02": "theirs"})
    assert last.status_code == 303


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


def test_what_was_written_is_given_back_when_the_step_came_too_late(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    head = signed_in(app, SUZUKI)
    with year.database.transaction() as session:
        withdraw(session, actor=year.actor(SATO), inspection_id=year.sheets[AFFAIRS.code], now=year.now)
    for rest, field in (("return", "reason"), ("approve", "comment")):
        form = {
            "idempotency_key": f"{field:x<20}",
            "version": "2",
            "digest": "0" * 64,
            field: "台帳を直してください。",
        }
        late = head.post(f"{address(year)}/{rest}", data=form)
        assert (late.status_code, "台帳を直してください。" in late.text) == (409, True), rest
        assert "0" * 64 not in late.text


def test_a_section_is_complete_only_with_its_words(clerk: FlaskClient, year: Year) -> None:
    year.answer(AFFAIRS, levels={"D02": "partial"}, comment="")
    assert "理由なし1" in clerk.get(f"{address(year)}/sections/organisation").text


def test_one_button_saves_a_section_without_scripts(clerk: FlaskClient, year: Year) -> None:
    form = {"idempotency_key": "k" * 20, "go": "next"}
    for key in ("D01", "D02"):
        form |= {f"level-{key}": "partial", f"comment-{key}": f"{key}の理由", f"version-{key}": "0"}
    reply = clerk.post(f"{address(year)}/sections/organisation", data=form)
    assert reply.headers["Location"].endswith("/sections/assets")
    assert "D02の理由" in clerk.get(f"{address(year)}/sections/organisation").text


def test_going_back_saves_the_section_too(clerk: FlaskClient, year: Year) -> None:
    assert 'value="previous"' not in clerk.get(f"{address(year)}/sections/organisation").text
    assert 'value="previous"' in clerk.get(f"{address(year)}/sections/assets").text
    form = {"idempotency_key": "k" * 20, "go": "previous"}
    form |= {"level-D08": "partial", "comment-D08": "戻る前の理由", "version-D08": "0"}
    reply = clerk.post(f"{address(year)}/sections/assets", data=form)
    assert reply.headers["Location"].endswith("/sections/organisation")
    assert "戻る前の理由" in clerk.get(f"{address(year)}/sections/assets").text


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
    assert '<span class="sections__count">差戻し1</span>' in clerk.get(f"{address(year)}/check").text
    assert save(clerk, year, key="D01", version=1)[0] == 409
    assert save(clerk, year, key="D02", level="implemented", comment="直した", version=1)[0] == 200


def test_an_incomplete_sheet_is_not_handed_over_and_says_what_is_missing(
    clerk: FlaskClient, year: Year
) -> None:
    reply = clerk.post(f"{address(year)}/submit", data={"idempotency_key": "k" * 20, "version": "1"})
    assert reply.status_code == 409
    assert "<title>誤り：" in reply.text
    summary = reply.text[reply.text.index('id="error-summary"') :]
    assert '<a href="#unanswered">答えていない項目（5件）</a>' in summary
    assert '<a href="#profile-open">' in summary
    assert summary.index("答えていない項目（5件）") < summary.index("承認を依頼する")


def test_a_level_that_asks_for_words_waits_for_them(clerk: FlaskClient, year: Year) -> None:
    year.answer(AFFAIRS, levels={"D02": "partial"}, comment="")
    reply = clerk.post(
        f"{address(year)}/submit",
        data={"idempotency_key": "k" * 20, "version": str(year.sheet(AFFAIRS).version)},
    )
    assert reply.status_code == 409
    assert '<a href="#comments">理由を書いていない項目（1件）</a>' in reply.text


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


def test_an_old_page_leads_to_the_sheet_and_says_what_happened(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    form = {"idempotency_key": "a" * 20, "digest": "0" * 64, "comment": ""}
    page = signed_in(app, SUZUKI).post(f"{address(year)}/approve", data=form)
    assert page.status_code == 409
    assert f'href="{address(year)}">点検票を開く' in page.text
    assert "いまの状態は「承認待ち」です。最後の動きは、佐藤" in page.text
    assert "「承認を依頼した」です（11月" in page.text


def test_an_old_page_of_a_sheet_that_nobody_moved_says_its_state(clerk: FlaskClient, year: Year) -> None:
    page = clerk.post(f"{address(year)}/withdraw", data={"idempotency_key": "w" * 20})
    assert page.status_code == 409
    assert f'href="{address(year)}">点検票を開く' in page.text
    assert "いまの状態は「未着手」です。" in page.text
    assert "最後の動き" not in page.text


def test_a_script_that_comes_too_late_gets_no_page(clerk: FlaskClient, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    status, reply = save(clerk, year)
    assert status == 409
    assert reply["message"]


def test_who_only_looks_is_not_asked_to_approve(app: Flask, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    for cast, invited in ((SUZUKI, True), (SATO, False), (TANAKA, False)):
        page = signed_in(app, cast).get(f"{address(year)}/approval").text
        assert ("自己点検を承認する</h1>" in page) == invited
        assert ("あなたの判断" in page) == invited
        assert ("閲覧のみ" in page) != invited


def test_a_bar_says_its_grade_in_a_letter_and_wears_its_tone(app: Flask, year: Year) -> None:
    year.answer(AFFAIRS, levels={"D08": "not_implemented", "D07": "not_implemented"})
    year.hand_over(AFFAIRS)
    page = signed_in(app, SUZUKI).get(f"{address(year)}/approval").text
    assert re.search(r'class="bar-good".*?>100.0点</b><b>A</b>', page, re.DOTALL)
    assert re.search(r'class="bar-low".*?点</b><b>D</b>', page, re.DOTALL)


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
    for path, most in (("", 25), ("/sections/organisation", 10), ("/check", 26), ("/all", 9)):
        clerk.get(f"{address(year)}{path}")
        with statements() as sent:
            assert clerk.get(f"{address(year)}{path}").status_code == 200
        assert len(sent) <= most, (path, len(sent))
    with statements() as sent:
        save(clerk, year, level="partial", comment="直した", version=1)
    assert len(sent) <= 10, len(sent)
