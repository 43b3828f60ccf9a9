"""The desk's pages, as a browser without a script uses them: lanes, claims, the sample, the list, one item, the texts."""

import re
from datetime import timedelta
from secrets import token_urlsafe

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.session import Database
from app.inspections.models import ItemReview, ReviewBatch, ReviewTemplate
from app.inspections.rules import State
from tests.conftest import StandingClock
from tests.factories.desk import Desk, desk_of
from tests.factories.inspections import Year
from tests.pages import form_of
from tests.people import AFFAIRS, FUJIMOTO, HAYASHI, ITO, KIMURA, LEAD, NAKAMURA, SATO, TANAKA, Cast
from tests.sign_in import signed_in


@pytest.fixture
def desk(database: Database, app: Flask, clock: StandingClock) -> Desk:
    """Five sheets: the first with a missed mandatory item, the second explained too shortly, three without a flag."""
    made = desk_of(database, count=5, levels={0: {"D01": "not_implemented"}, 1: {"D08": "unknown"}})
    clock.instant = made.now
    return made


@pytest.fixture
def reviewer(app: Flask, desk: Desk) -> FlaskClient:
    """田中 at the desk."""
    return signed_in(app, TANAKA)


def key() -> dict[str, str]:
    return {"idempotency_key": token_urlsafe(18)}


def review(desk: Desk, place: int, rest: str = "review") -> str:
    return f"/inspections/{desk.sheets[place]}/{rest}"


def campaign(desk: Desk, rest: str) -> str:
    return f"/campaigns/{desk.campaign_id}/{rest}"


# ------------------------------------------------------------------------------------------- lanes and claims


def test_the_queue_has_three_lanes_with_the_gravest_first(reviewer: FlaskClient, desk: Desk) -> None:
    page = reviewer.get("/reviews").text
    assert "<title>（5）審査" in page
    for words in ("要注意 1", "要確認 1", "問題なし 3", "重要項目が未達", "印の規則 第1版"):
        assert words in page
    assert page.index("第1試験課") < page.index("第2試験課") < page.index("第3試験課")
    alert = reviewer.get("/reviews?lane=alert").text
    assert "第1試験課" in alert
    assert "第2試験課" not in alert


def test_a_queue_of_one_campaign_keeps_the_substitutes_scope(app: Flask, year: Year) -> None:
    """Who reviews in place of the lead division sees its sheet, and of the same campaign no other."""
    for place in (AFFAIRS, LEAD):
        year.bring(place, to=State.SUBMITTED)
    address = f"/reviews?campaign={year.campaign_id}"
    sheets = {place: f"/inspections/{year.sheets[place.code]}/" for place in (AFFAIRS, LEAD)}
    page = signed_in(app, FUJIMOTO).get(address).text
    assert (sheets[LEAD] in page, sheets[AFFAIRS] in page, AFFAIRS.name in page) == (True, False, False)
    # It is there to be seen: by whoever follows the whole city.
    assert sheets[AFFAIRS] in signed_in(app, TANAKA).get(address).text


def test_a_lane_of_the_queue_opens_the_sheet_in_that_lane(reviewer: FlaskClient, desk: Desk) -> None:
    reply = reviewer.post(review(desk, 0, "open-review?lane=alert"), data=key())
    assert reply.status_code == 303
    page = reviewer.get(reply.location).text
    assert "あなたが審査中" in page
    assert 'id="q1-1"' in page
    assert 'id="q1-2"' not in page  # without a flag
    assert "残り4項目も受理して審査を終える" in page
    assert 'id="q1-2"' in reviewer.get(review(desk, 0, "review?show=all")).text


def test_a_colleague_sees_who_has_it_and_can_only_look(
    app: Flask, reviewer: FlaskClient, desk: Desk, clock: StandingClock
) -> None:
    reviewer.post(review(desk, 0, "open-review"), data=key())
    other = signed_in(app, HAYASHI)
    assert "田中さん" in other.get("/reviews").text
    page = other.get(review(desk, 0))
    assert "田中さんが審査中です" in page.text
    assert "判断を保存する" not in page.text
    typed = {
        "judgement-D01": "accepted_with_remark",
        "remark-D01": "消えない所見",
        "seen-D01": "1.0",
        **key(),
    }
    refused = other.post(review(desk, 0), data=typed)
    assert refused.status_code == 409
    assert "消えない所見" in refused.text
    assert other.post(review(desk, 0, "open-review"), data=key()).status_code == 409
    without = other.post(review(desk, 0, "take-over-review"), data={"reason": " ", **key()})
    assert without.status_code == 422
    assert "引き継ぐ理由" in without.text
    clock.pass_by(timedelta(minutes=20))
    assert other.post(review(desk, 0, "open-review"), data=key()).status_code == 303
    assert reviewer.post(review(desk, 0), data=typed | key()).status_code == 409


def test_taking_over_with_a_reason(app: Flask, reviewer: FlaskClient, desk: Desk) -> None:
    reviewer.post(review(desk, 0, "open-review"), data=key())
    other = signed_in(app, HAYASHI)
    reply = other.post(review(desk, 0, "take-over-review"), data={"reason": "担当が休んだため", **key()})
    assert reply.status_code == 303
    assert "あなたが審査中" in other.get(reply.location).text


def test_saving_goes_on_to_the_next_sheet_of_the_lane(reviewer: FlaskClient, desk: Desk) -> None:
    reviewer.post(review(desk, 2, "open-review?lane=clear"), data=key())
    fields = form_of(reviewer.get(review(desk, 2, "review?lane=clear&show=all")))
    fields |= {"judgement-D01": "accepted", "then": "next"}
    reply = reviewer.post(review(desk, 2, "review?lane=clear&show=all"), data=fields)
    assert reply.status_code == 303
    assert str(desk.sheets[2]) not in reply.location
    assert "lane=clear" in reply.location
    assert desk.sheet(desk.sheets[2]).decided == 1


def test_flagged_rows_and_the_rest_end_a_review_in_one_go(reviewer: FlaskClient, desk: Desk) -> None:
    fields = form_of(reviewer.get(review(desk, 0)))
    fields |= {
        "judgement-D01": "accepted_with_remark",
        "remark-D01": "年度内に終えてください。",
        "rest": "accept",
    }
    assert reviewer.post(review(desk, 0, "finish-review"), data=fields).status_code == 303
    assert desk.sheet(desk.sheets[0]).state is State.REVIEWED


def test_picked_items_are_judged_together_and_get_a_text(
    reviewer: FlaskClient, desk: Desk, database: Database
) -> None:
    address = review(desk, 0, "review?show=all")
    fields = form_of(reviewer.get(address))
    filled = reviewer.post(address, data=fields | {"pick": "D02", "template": "0", "insert": "1"})
    assert filled.status_code == 200
    assert "できていない理由と" in form_of(filled)["remark-D02"]
    assert 'value="D02" aria-label="1-2を選ぶ" checked' in filled.text
    nothing = reviewer.post(address, data=fields | {"template": "0", "insert": "1"})
    assert nothing.status_code == 422
    assert "定型文を入れる項目の" in nothing.text
    missing = reviewer.post(address, data=fields | {"pick": "D08", "as": "returned"})
    assert missing.status_code == 422
    together = form_of(filled) | {"pick": "D02", "as": "returned"}
    assert reviewer.post(address, data=together).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(ItemReview.judgement)).all() == ["returned"]


# ------------------------------------------------------------------------------------------- the sample and the list


def test_a_lane_is_accepted_after_its_sample_and_undone(
    reviewer: FlaskClient, desk: Desk, database: Database
) -> None:
    page = reviewer.get(campaign(desk, "review-lane"))
    assert "受理する所属（3）" in page.text
    assert reviewer.post(campaign(desk, "review-sample"), data=key()).status_code == 303
    page = reviewer.get(campaign(desk, "review-lane"))
    assert "あと<b>3所属</b>" in page.text
    assert "まとめて受理（" not in page.text
    for place in (2, 3, 4):
        reviewer.post(review(desk, place, "open-review"), data=key())
    fields = form_of(reviewer.get(campaign(desk, "review-lane")), "accept-lane")
    with database.reading() as session:
        assert session.scalars(select(ReviewBatch.id)).all() == []
    sample = re.search(
        r"review-samples/([0-9a-f-]{36})/accept", reviewer.get(campaign(desk, "review-lane")).text
    )
    assert sample
    address = campaign(desk, f"review-samples/{sample[1]}/accept")
    reply = reviewer.post(address, data=fields)
    assert reply.status_code == 303
    again = reviewer.post(address, data=fields)
    assert (again.status_code, again.location) == (303, reply.location)
    page = reviewer.get(reply.location)
    assert "3所属の15項目を受理しました" in page.text
    assert "3所属の審査を終える" in page.text
    assert reviewer.post(f"{reply.location}/undo", data=key()).status_code == 303
    assert "15項目の判断を取り消しました" in reviewer.get(reply.location).text
    late = reviewer.post(f"{reply.location}/undo", data=key())
    assert late.status_code == 409
    assert "もうありません" in late.text
    assert reviewer.post(f"{reply.location}/finish", data=key()).status_code == 409


# ------------------------------------------------------------------------------------------- one item


def test_one_remark_for_many_with_the_list_shown_first(
    reviewer: FlaskClient, app: Flask, desk: Desk, database: Database
) -> None:
    signed_in(app, HAYASHI).post(review(desk, 4, "open-review"), data=key())
    address = campaign(desk, "items/D08")
    page = reviewer.get(address)
    assert "林さんが審査中です" in page.text
    fields = form_of(page, "across")
    empty = reviewer.post(f"{address}/list", data=fields | {"judgement": "accepted"})
    assert empty.status_code == 422
    assert "1つ以上選んで" in empty.text
    wrong = fields | {"judgement": "accepted_with_remark", "pick": str(desk.sheets[2])}
    assert "所見・理由を書いてください" in reviewer.post(f"{address}/list", data=wrong).text
    filled = reviewer.post(f"{address}/list", data=wrong | {"insert": "1", "template": "8"})
    assert "来年度も同じ方法で" in form_of(filled, "across")["remark"]
    listed = reviewer.post(f"{address}/list", data=wrong | {"remark": "続けてください。"})
    assert listed.status_code == 200
    assert "判断する所属（1）" in listed.text
    with database.reading() as session:
        assert session.scalars(select(ItemReview.remark)).all() == []
    reply = reviewer.post(f"{address}/judge", data=form_of(listed, "judge-across"))
    assert reply.status_code == 303
    assert "1所属のこの項目を判断しました" in reviewer.get(reply.location).text
    with database.reading() as session:
        assert session.scalars(select(ItemReview.remark)).all() == ["続けてください。"]


def test_the_table_is_filtered_by_level_and_department(reviewer: FlaskClient, desk: Desk) -> None:
    page = reviewer.get(campaign(desk, "items/D08?level=unknown&order=flags&only=flagged&rows=all")).text
    assert "第2試験課" in page
    assert "第3試験課" not in page
    assert reviewer.get(campaign(desk, "items/D08?level=nonsense&department=x&page=99")).status_code == 200
    assert reviewer.get(campaign(desk, "items/Z99")).status_code == 404


# ------------------------------------------------------------------------------------------- rules and texts


def test_the_rules_are_listed_in_words(reviewer: FlaskClient) -> None:
    page = reviewer.get("/reviews/rules").text
    assert "印の規則　第1版" in page
    assert "10字より短い" in page


def test_texts_are_kept_changed_and_switched_off(reviewer: FlaskClient, database: Database) -> None:
    assert "はじめの定型文" in reviewer.get("/reviews/templates").text
    assert (
        reviewer.post(
            "/reviews/templates", data={"title": "", "text": "", "kind": "return", **key()}
        ).status_code
        == 422
    )
    new = {"title": "控えを見せる", "text": "控えを見せてください。", "kind": "return", **key()}
    assert reviewer.post("/reviews/templates", data=new).status_code == 303
    assert reviewer.post("/reviews/templates/shipped", data=key()).status_code == 409
    with database.reading() as session:
        kept = session.scalars(select(ReviewTemplate).where(ReviewTemplate.title == "控えを見せる")).one()
        count = len(session.scalars(select(ReviewTemplate.id)).all())
    assert count == 12  # the shipped ones are not lost
    address = f"/reviews/templates/{kept.id}"
    fields = form_of(reviewer.get(address), "template") | {"text": "控えの写しを送ってください。"}
    assert reviewer.post(address, data=fields).status_code == 303
    assert reviewer.post(address, data=fields | key()).status_code == 409
    switched = reviewer.post(f"{address}/switch", data={"version": "2", **key()})
    assert switched.status_code == 303
    assert "使わない" in reviewer.get(switched.location).text
    assert reviewer.post(f"{address}/switch", data={"version": "2", **key()}).status_code == 409


# ------------------------------------------------------------------------------------------- who comes in


@pytest.mark.parametrize(
    ("cast", "status"), [(TANAKA, 200), (KIMURA, 200), (ITO, 200), (SATO, 403), (NAKAMURA, 403)]
)
def test_pages_of_the_desk_are_for_those_who_follow_the_review(
    app: Flask, desk: Desk, cast: Cast, status: int
) -> None:
    client = signed_in(app, cast)
    for address in (
        "/reviews/rules",
        "/reviews/templates",
        campaign(desk, "review-lane"),
        campaign(desk, "items/D08"),
    ):
        assert client.get(address).status_code == status


@pytest.mark.parametrize(("cast", "status"), [(ITO, 403), (SATO, 403)])
def test_texts_are_changed_by_the_lead_division(app: Flask, desk: Desk, cast: Cast, status: int) -> None:
    client = signed_in(app, cast)
    new = {"title": "名前", "text": "文", "kind": "any", **key()}
    assert client.post("/reviews/templates", data=new).status_code == status


def test_what_is_not_there_is_not_found(reviewer: FlaskClient, desk: Desk) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    assert reviewer.get(f"/reviews/batches/{nobody}").status_code == 404
    assert reviewer.get(f"/reviews/templates/{nobody}").status_code == 404
    assert reviewer.get(f"/campaigns/{nobody}/review-lane").status_code == 404
    assert reviewer.post(f"/inspections/{nobody}/open-review", data=key()).status_code == 404
    assert reviewer.post(campaign(desk, f"review-samples/{nobody}/accept"), data=key()).status_code == 404
