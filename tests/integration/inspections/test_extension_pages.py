"""The pages of more time, at the level of their sentences: whom they lead where, and what they say."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.inspections.commands.extension import grant_extension, request_extension
from app.inspections.models import Extension
from app.inspections.rules import Judgement, State
from tests.conftest import StandingClock
from tests.factories.inspections import DATES, Year
from tests.people import (
    AFFAIRS,
    COUNTER,
    FUJIMOTO,
    HAYASHI,
    ITO,
    KIMURA,
    LEAD,
    OGAWA,
    ONO,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    Cast,
    Place,
)
from tests.sign_in import signed_in

UNTIL = date(2026, 12, 7)
WHY = "窓口の移転と重なったため"
LONG_LINK = "期限の延長を申し出る"


@pytest.fixture(autouse=True)
def _today(year: Year, clock: StandingClock) -> None:
    clock.instant = year.now


@pytest.fixture
def sheet(year: Year) -> str:
    return f"/inspections/{year.sheets[AFFAIRS.code]}"


def sent(client: FlaskClient, path: str, *, key: str = "a", **fields: str) -> tuple[int, str]:
    """Send a form; return the status and the page that follows."""
    reply = client.post(path, data={"idempotency_key": key * 20, **fields})
    return reply.status_code, client.get(reply.location).text if reply.status_code == 303 else reply.text


def ask(year: Year, cast: Cast = SATO, place: Place = AFFAIRS, until: date = UNTIL) -> None:
    with year.database.transaction() as session:
        request_extension(
            session,
            actor=year.actor(cast),
            inspection_id=year.sheets[place.code],
            until=until,
            reason=WHY,
            now=year.now,
        )


def grant(year: Year, until: date = UNTIL) -> None:
    with year.database.transaction() as session:
        grant_extension(
            session,
            actor=year.actor(TANAKA),
            inspection_id=year.sheets[AFFAIRS.code],
            until=until,
            now=year.now,
        )


def test_the_sheet_leads_its_unit_there_and_nobody_else(app: Flask, sheet: str) -> None:
    for cast, seen in ((SATO, True), (SUZUKI, True), (ONO, False), (TANAKA, False)):
        assert (LONG_LINK in signed_in(app, cast).get(sheet).text) == seen, cast.name


def test_a_sheet_that_went_on_offers_nothing(app: Flask, year: Year, sheet: str) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    clerk = signed_in(app, SATO)
    assert LONG_LINK not in clerk.get(sheet).text
    page = clerk.get(f"{sheet}/extension").text
    assert "所属が回答・承認・差戻しへの対応をしている間だけです" in page
    assert "request-extension" not in page
    status, page = sent(clerk, f"{sheet}/request-extension", until="2026-12-07", reason=WHY)
    assert (status, "所属が回答・承認・差戻しへの対応をしている間だけです" in page) == (409, True)


def test_the_page_says_what_is_due_and_until_when_there_can_be_more_time(app: Flask, sheet: str) -> None:
    page = signed_in(app, SATO).get(f"{sheet}/extension").text
    for words in (
        "<dt>回答の期限</dt><dd><b>令和8年11月27日(金)</b>",
        "<dt>所属長承認の期限</dt><dd><b>令和8年12月4日(金)</b>",
        "審査の期限の令和8年12月18日(金)まで",
        "令和8年11月28日(土)から令和8年12月18日(金)までの日を選べます。",
        'value="2026-12-04"',
        "所属長承認の期限も同じ日数だけ延びます",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"until": "2026-12-07", "reason": " "}, "理由を書いてください。"),
        ({"until": "", "reason": WHY}, "希望する日を選んでください。"),
        ({"until": "2026-13-40", "reason": WHY}, "ある日付を入れてください。"),
        (
            {"until": "2026-11-27", "reason": WHY},
            "いまの期限の令和8年11月27日(金)より後の日を選んでください。",
        ),
        ({"until": "2026-12-19", "reason": WHY}, "審査の期限より後には延ばせません。"),
        ({"until": "2026-12-07", "reason": "あ" * 1001}, "1000文字"),
    ],
)
def test_what_does_not_do_is_said_beside_the_field_and_nothing_typed_is_lost(
    app: Flask, sheet: str, fields: dict[str, str], sentence: str
) -> None:
    status, page = sent(signed_in(app, SATO), f"{sheet}/request-extension", **fields)
    assert status == 422
    assert sentence in page
    assert fields["reason"].strip() in page
    assert fields["until"] in {"", "2026-13-40"} or f'value="{fields["until"]}"' in page


def test_the_way_of_a_request_over_the_pages(app: Flask, year: Year, sheet: str) -> None:
    clerk, head, reviewer = (signed_in(app, cast) for cast in (SATO, SUZUKI, TANAKA))
    status, page = sent(clerk, f"{sheet}/request-extension", until="2026-12-06", reason=WHY)
    assert status == 303
    for words in (
        "期限の延長を申し出ました。決まると、お知らせします。",
        "判断を待っています",
        "（令和8年11月27日(金)から9日の延長）",
        "閉庁日：日曜日",
        "申し出の日なら、所属長承認の期限は令和8年12月13日(日)、猶予日は令和8年12月13日(日)です。",
        "申し出を取り下げる",
    ):
        assert words in page
    assert "延長を認める" not in page
    assert "期限の延長を申し出ています" in head.get(sheet).text

    home = reviewer.get("/").text
    assert "期限の延長の申し出　1件" in home
    assert 'href="/extensions"' in home
    notices = reviewer.get("/notices").text
    assert "総務課が、期限の延長を申し出ています" in notices
    listed = reviewer.get("/extensions").text
    for words in (
        "判断を待つ申し出 <b>1件</b>",
        "総務課",
        "（9日の延長）",
        WHY,
        "閉庁日：日曜日",
        "佐藤 花子",
    ):
        assert words in listed

    status, page = sent(reviewer, f"{sheet}/grant-extension", until="2026-12-07", **{"from": "list"})
    assert status == 303
    assert "期限の延長を認めました。新しい期限は令和8年12月7日(月)です。" in page
    assert "<h1>期限の延長の申し出</h1>" in page
    assert "12月7日(月)まで" in page
    assert "期限の延長の申し出　" not in reviewer.get("/").text

    words = "令和8年11月27日(金)（<b>令和8年12月7日(月)まで延長</b>）（あと17日）"
    for path in (sheet, f"{sheet}/sections/organisation"):
        assert words in clerk.get(path).text
    assert "総務課の自己点検の期限が延びました" in clerk.get("/notices").text
    own = clerk.get(f"{sheet}/extension").text
    for words in ("12月6日(日)までの申し出", "認めた", "（申し出とは別の日）", "田中 実"):
        assert words in own
    assert 'class="small nowrap">延長</span>' in reviewer.get(f"/campaigns/{year.campaign_id}").text
    history = clerk.get(f"{sheet}/history").text
    assert "期限の延長を申し出た（令和8年12月6日(日)まで）" in history
    assert "期限の延長を認めた（令和8年12月7日(月)まで）" in history


def test_the_heads_page_has_the_own_date_of_the_approval(app: Flask, year: Year, sheet: str) -> None:
    ask(year)
    grant(year)
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    page = signed_in(app, SUZUKI).get(f"{sheet}/approval").text
    assert "令和8年12月4日(金)（<b>令和8年12月14日(月)まで延長</b>）" in page


def test_a_decision_that_does_not_do_comes_back_with_what_was_typed(
    app: Flask, year: Year, sheet: str
) -> None:
    ask(year)
    reviewer = signed_in(app, TANAKA)
    status, page = sent(reviewer, f"{sheet}/grant-extension", until="2026-12-31", **{"from": "list"})
    assert (status, 'value="2026-12-31"' in page) == (422, True)
    assert "審査の期限の令和8年12月18日(金)までの日を選んでください。" in page
    status, page = sent(reviewer, f"{sheet}/decline-extension", decline_reason=" ")
    assert (status, "断る理由を書いてください。" in page) == (422, True)
    assert '<details class="more" open>' in page


def test_a_declined_request_is_told_with_its_reason(app: Flask, year: Year, sheet: str) -> None:
    ask(year)
    status, page = sent(
        signed_in(app, KIMURA), f"{sheet}/decline-extension", decline_reason="前の週に終わるはずです"
    )
    assert (status, "期限の延長の申し出を断りました。期限は変わりません。" in page) == (303, True)
    clerk = signed_in(app, SATO)
    assert "総務課の期限の延長は、認められませんでした" in clerk.get("/notices").text
    own = clerk.get(f"{sheet}/extension").text
    assert "前の週に終わるはずです" in own
    assert "断った" in own
    assert "延長を申し出る" in own


def test_a_request_is_taken_back_from_its_page(app: Flask, year: Year, sheet: str) -> None:
    ask(year)
    status, page = sent(signed_in(app, SUZUKI), f"{sheet}/withdraw-extension")
    assert (status, "期限の延長の申し出を取り下げました。期限は変わりません。" in page) == (303, True)
    assert "取り下げた" in page
    assert "期限の延長の申し出　" not in signed_in(app, TANAKA).get("/").text


def test_sent_twice_it_is_asked_once_and_a_second_decider_is_told(app: Flask, year: Year, sheet: str) -> None:
    clerk = signed_in(app, SATO)
    for _ in range(2):
        assert sent(clerk, f"{sheet}/request-extension", until="2026-12-07", reason=WHY)[0] == 303
    with year.database.reading() as session:
        assert session.query(Extension).count() == 1
    assert sent(signed_in(app, TANAKA), f"{sheet}/grant-extension", until="2026-12-07")[0] == 303
    status, page = sent(signed_in(app, KIMURA), f"{sheet}/decline-extension", decline_reason="まだ")
    assert (status, "もう決まったか、取り下げられました。" in page) == (409, True)


@pytest.mark.parametrize(
    ("cast", "path", "status"),
    [
        (TAKAHASHI, "extension", 404),
        (TAKAHASHI, "request-extension", 404),
        (TANAKA, "request-extension", 403),
        (SATO, "grant-extension", 403),
        (ITO, "decline-extension", 403),
        (TAKAHASHI, "grant-extension", 404),
        (ITO, "withdraw-extension", 403),
    ],
)
def test_strangers_find_nothing_and_others_are_refused(
    app: Flask, year: Year, cast: Cast, path: str, status: int
) -> None:
    ask(year)
    client, sheet = signed_in(app, cast), f"/inspections/{year.sheets[AFFAIRS.code]}"
    if path == "extension":
        assert client.get(f"{sheet}/{path}").status_code == status
    else:
        fields = {"until": "2026-12-07", "reason": WHY, "decline_reason": "だめ"}
        assert sent(client, f"{sheet}/{path}", **fields)[0] == status


def test_the_list_is_for_who_follows_the_city_and_only_deciders_get_its_buttons(
    app: Flask, year: Year
) -> None:
    empty = signed_in(app, ITO).get("/extensions").text
    assert "期限の延長の申し出はありません" in empty
    ask(year, TAKAHASHI, COUNTER)
    ask(year, HAYASHI, LEAD)
    for cast in (SATO, FUJIMOTO):
        assert signed_in(app, cast).get("/extensions").status_code == 403
    buttons = {
        cast: signed_in(app, cast).get("/extensions").text.count("/grant-extension")
        for cast in (TANAKA, KIMURA, OGAWA, ITO)
    }
    assert buttons == {TANAKA: 1, KIMURA: 1, OGAWA: 1, ITO: 0}
    assert "市民課" in signed_in(app, OGAWA).get("/extensions").text
    # The queue leads there; who stands in for the lead division's own sheet follows no other.
    assert 'href="/extensions"' in signed_in(app, TANAKA).get("/reviews").text
    assert 'href="/extensions"' not in signed_in(app, FUJIMOTO).get("/reviews").text


def test_returned_items_show_their_new_date(app: Flask, year: Year, sheet: str) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.judge(AFFAIRS, judgements={"D02": Judgement.RETURNED}, due=date(2026, 12, 1))
    year.return_items(AFFAIRS)
    clerk = signed_in(app, SATO)
    page = clerk.get(f"{sheet}/extension").text
    assert "<dt>差戻しの期限</dt><dd><b>令和8年12月1日(火)</b></dd>" in page
    assert "差し戻された項目のうち、期限がその日より前のものが延びます。" in page
    ask(year)
    grant(year)
    assert "<b>令和8年12月7日(月)</b>（延長後　あと17日）" in clerk.get(sheet).text
    assert "期限 12月7日(月)" in clerk.get(f"{sheet}/sections/organisation").text
    assert DATES.answer_due < UNTIL
