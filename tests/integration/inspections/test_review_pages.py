"""The reviewers' pages, as a browser without a script uses them: the queue, judging, returns, the end."""

from datetime import date, timedelta
from secrets import token_urlsafe
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.checklists.rules import Obstacle
from app.db.session import Database
from app.inspections.commands.campaign import CampaignDraft, open_campaign, prepare_campaign
from app.inspections.models import AnswerHistory, ItemReturn, ItemReview, ItemReviewHistory, SheetStepRow
from app.inspections.queries.previous import previous_answers
from app.inspections.queries.review import review_page
from app.inspections.queries.review_queue import review_queue
from app.inspections.queries.sheet import content_of_sheet, find_sheet
from app.inspections.rules import CampaignDates, CampaignKind, Judgement, State
from app.journal.models import AccessLogEntry, JournalEntry
from app.kernel.errors import NotAllowed, NotNow
from app.kernel.ids import EditionId
from tests.conftest import StandingClock
from tests.factories.editions import published_edition, small_yaml, successor_yaml
from tests.factories.inspections import Year
from tests.pages import browser, form_of
from tests.people import (
    AFFAIRS,
    COUNTER,
    FUJIMOTO,
    HAYASHI,
    ITO,
    KIMURA,
    LEAD,
    NAKAMURA,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    WATANABE,
    Cast,
    Place,
)
from tests.sign_in import signed_in
from tests.statements import statements

TODAY: Final = date(2026, 11, 20)
NEXT_DATES: Final = CampaignDates(
    base_date=date(2027, 10, 1),
    answer_from=date(2026, 11, 1),
    answer_due=date(2027, 11, 26),
    approval_due=date(2027, 12, 3),
    review_due=date(2027, 12, 17),
    grace_until=date(2027, 12, 10),
)
ROUND_SPENT: Final = 5
"""Statements of any page around its own: who is there, with which rights, and the counts of the menu."""


def address(year: Year, place: Place, rest: str = "review?show=all") -> str:
    return f"/inspections/{year.sheets[place.code]}/{rest}"


@pytest.fixture
def reviewer(app: Flask, year: Year, clock: StandingClock) -> FlaskClient:
    """田中, with 総務課's sheet before her."""
    year.bring(AFFAIRS, to=State.SUBMITTED)
    return browser(app, TANAKA, year=year, clock=clock)


def let_go(client: FlaskClient, year: Year) -> None:
    """Let 総務課's sheet go, so that a colleague can judge it at once."""
    key = {"idempotency_key": token_urlsafe(18)}
    assert client.post(address(year, AFFAIRS, "release-review"), data=key).status_code == 303


def judged(database: Database) -> dict[str, str]:
    with database.reading() as session:
        return {str(row.item_id): row.judgement for row in session.scalars(select(ItemReview))}


# ------------------------------------------------------------------------------------------------- the queue


def test_queue_shows_sheets_with_their_state_share_and_progress(reviewer: FlaskClient, year: Year) -> None:
    page = reviewer.get("/reviews").text
    assert "総務課" in page
    assert "審査待ち" in page
    assert "0/5" in page
    assert "市民課" not in page


def test_queue_marks_the_own_sheet_and_the_one_of_another_unit(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    year.bring(LEAD, to=State.SUBMITTED)
    page = browser(app, TANAKA, year=year, clock=clock).get("/reviews").text
    assert "自所属：審査できません" in page
    assert "代替審査" in page
    assert address(year, LEAD, "open-review") not in page


def test_substitute_reviewer_sees_only_the_lead_divisions_sheet(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    year.bring(LEAD, to=State.SUBMITTED)
    year.bring(AFFAIRS, to=State.SUBMITTED)
    page = browser(app, FUJIMOTO, year=year, clock=clock).get("/reviews").text
    assert "情報政策課" in page
    assert "総務課" not in page
    assert address(year, LEAD, "open-review") in page


def test_queue_is_closed_to_a_department(app: Flask, year: Year, clock: StandingClock) -> None:
    assert browser(app, SATO, year=year, clock=clock).get("/reviews").status_code == 403


def test_queue_by_state_counts_all_and_shows_one(reviewer: FlaskClient, year: Year) -> None:
    assert "この状態の点検票はありません" in reviewer.get("/reviews?state=reviewed").text
    assert "総務課" in reviewer.get("/reviews?state=submitted").text
    assert reviewer.get("/reviews?state=nonsense&page=999").status_code == 200


def test_queue_takes_seven_statements(reviewer: FlaskClient, year: Year, database: Database) -> None:
    year.bring(COUNTER, to=State.SUBMITTED)
    actor = year.actor(TANAKA)
    with database.reading() as session, statements() as sent:
        page = review_queue(session, actor=actor, state=None, number=1, now=year.now)
    assert len(page.lines) == 2
    assert len(sent) == 7


def test_queue_says_why_a_stranger_sees_nothing(year: Year, database: Database) -> None:
    with database.reading() as session, pytest.raises(NotAllowed):
        review_queue(session, actor=year.actor(NAKAMURA), state=None, number=1, now=year.now)


# ------------------------------------------------------------------------------------------- who comes in


@pytest.mark.parametrize(
    ("cast", "status"),
    [
        (TANAKA, 200),
        (KIMURA, 200),
        (HAYASHI, 200),
        (ITO, 403),
        (WATANABE, 403),
        (SATO, 403),
        (TAKAHASHI, 404),
        (NAKAMURA, 404),
    ],
)
def test_only_reviewers_judge(app: Flask, year: Year, clock: StandingClock, cast: Cast, status: int) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    client = browser(app, cast, year=year, clock=clock)
    assert client.get(address(year, AFFAIRS)).status_code == status
    assert client.get(address(year, AFFAIRS, "review/plain")).status_code == status


@pytest.mark.parametrize(("cast", "status"), [(FUJIMOTO, 200), (TANAKA, 403), (KIMURA, 403)])
def test_the_lead_divisions_own_sheet_is_judged_by_the_substitute(
    app: Flask, year: Year, clock: StandingClock, cast: Cast, status: int
) -> None:
    year.bring(LEAD, to=State.SUBMITTED)
    assert browser(app, cast, year=year, clock=clock).get(address(year, LEAD)).status_code == status


@pytest.mark.parametrize("state", [State.ANSWERING, State.AWAITING_HEAD, State.SIGNED_OFF])
def test_a_sheet_that_is_not_in_review_is_not_judged(
    app: Flask, year: Year, clock: StandingClock, state: State
) -> None:
    year.bring(AFFAIRS, to=state)
    assert browser(app, TANAKA, year=year, clock=clock).get(address(year, AFFAIRS)).status_code == 409


def test_looking_at_another_units_sheet_is_recorded(
    reviewer: FlaskClient, year: Year, database: Database
) -> None:
    reviewer.get(address(year, AFFAIRS))
    with database.reading() as session:
        row = session.scalars(select(AccessLogEntry)).one()
    assert (row.act, row.person_id, row.subject_id) == (
        "sheet.review",
        str(TANAKA.id),
        str(year.sheets[AFFAIRS.code]),
    )


# ----------------------------------------------------------------------------------------------- judging


def test_untouched_items_are_not_judged(reviewer: FlaskClient, year: Year, database: Database) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS)))
    reply = reviewer.post(address(year, AFFAIRS), data=fields)
    assert reply.status_code == 303
    assert judged(database) == {}
    assert year.sheet(AFFAIRS).state is State.SUBMITTED
    assert "新しい判断はありませんでした" in reviewer.get(reply.location).text


def test_what_was_judged_is_saved_and_starts_the_review(
    reviewer: FlaskClient, year: Year, database: Database
) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS)))
    fields |= {"judgement-D01": "accepted", "judgement-D08": "changed", "level-D08": "partial"}
    fields |= {"remark-D08": "写しを見て、一部ありと判断した。"}
    reply = reviewer.post(address(year, AFFAIRS), data=fields)
    assert reply.status_code == 303
    assert sorted(judged(database).values()) == ["accepted", "changed"]
    assert year.sheet(AFFAIRS).state is State.UNDER_REVIEW
    assert year.sheet(AFFAIRS).decided == 2
    page = reviewer.get(reply.location)
    assert "2件の判断を保存しました" in page.text
    assert form_of(page)["judgement-D08"] == "changed"
    assert form_of(page)["level-D08"] == "partial"


def test_sent_twice_is_judged_once(reviewer: FlaskClient, year: Year, database: Database) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS))) | {"judgement-D01": "accepted"}
    first = reviewer.post(address(year, AFFAIRS), data=fields)
    second = reviewer.post(address(year, AFFAIRS), data=fields)
    assert (second.status_code, second.location) == (303, first.location)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ItemReviewHistory)) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"judgement-D08": "returned", "due-D08": "2026-12-18"}, "の所見・理由を書いてください"),
        ({"judgement-D08": "changed", "remark-D08": "見た。"}, "（段階）を選んでください"),
        ({"judgement-D08": "returned", "remark-D08": "直す。", "due-D08": "2026-02-30"}, "実際にある日"),
        ({"judgement-D08": "returned", "remark-D08": "直す。", "due-D08": "9999-12-31"}, "実際にある日"),
        ({"judgement-D08": "returned", "remark-D08": "直す。", "due-D08": "2026-11-20"}, "きょうより後の日"),
        ({"judgement-D08": "accepted", "remark-D08": "よい。"}, "「所見を付けて受理」を選ぶ"),
        ({"remark-D08": "よい。"}, "判断を選んでください"),
    ],
)
def test_what_cannot_be_saved_comes_back_with_everything_typed(
    reviewer: FlaskClient, year: Year, database: Database, changes: dict[str, str], sentence: str
) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS)))
    fields |= {"judgement-D01": "accepted_with_remark", "remark-D01": "来年も続けてください。"} | changes
    reply = reviewer.post(address(year, AFFAIRS), data=fields)
    assert reply.status_code == 422
    assert sentence in reply.text
    assert "<title>誤り：" in reply.text
    again = form_of(reply)
    assert {name: again[name] for name in changes} == changes
    assert again["remark-D01"] == "来年も続けてください。"
    assert judged(database) == {}


def test_a_mended_page_goes_through(reviewer: FlaskClient, year: Year, database: Database) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS))) | {"remark-D08": "控えを見ました。"}
    fields = form_of(reviewer.post(address(year, AFFAIRS), data=fields))
    fields |= {"judgement-D08": "accepted_with_remark"}
    assert reviewer.post(address(year, AFFAIRS), data=fields).status_code == 303
    assert list(judged(database).values()) == ["accepted_with_remark"]


def test_unknown_judgement_is_refused(reviewer: FlaskClient, year: Year) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS))) | {"judgement-D08": "deleted"}
    assert reviewer.post(address(year, AFFAIRS), data=fields).status_code == 422


def met(reviewer: FlaskClient, app: Flask, year: Year) -> dict[str, str]:
    """Let 林 judge the item that 田中 has before her, and see what her page then says and keeps."""
    mine = form_of(reviewer.get(address(year, AFFAIRS)))
    colleague = signed_in(app, HAYASHI)
    theirs = form_of(colleague.get(address(year, AFFAIRS)))
    theirs |= {"judgement-D08": "accepted_with_remark", "remark-D08": "林の所見"}
    assert colleague.post(address(year, AFFAIRS), data=theirs).status_code == 303
    let_go(colleague, year)
    mine |= {"judgement-D08": "changed", "level-D08": "partial", "remark-D08": "田中の所見"}
    mine |= {"judgement-D01": "accepted_with_remark", "remark-D01": "ほかの項目の所見"}
    reply = reviewer.post(address(year, AFFAIRS), data=mine)
    assert reply.status_code == 409
    for words in (
        "2-2は、画面を開いたあとに、ほかの人が変えました",
        "あなたの判断（まだ保存していません）：審査の判断",
        "いま保存されている判断：所見を付けて受理（林",
        "林の所見",
        "田中の所見",
    ):
        assert words in reply.text
    assert "開き直して" not in reply.text  # that would lose what was typed
    again = form_of(reply)
    assert (again["remark-D08"], again["remark-D01"]) == ("田中の所見", "ほかの項目の所見")
    return again


def test_after_a_conflict_the_own_judgement_can_be_kept(
    reviewer: FlaskClient, app: Flask, year: Year, database: Database
) -> None:
    again = met(reviewer, app, year)
    kept = again | {"keep-D08": "mine"}
    assert reviewer.post(address(year, AFFAIRS), data=kept).status_code == 303
    assert sorted(judged(database).values()) == ["accepted_with_remark", "changed"]


def test_after_a_conflict_the_others_judgement_can_be_kept_and_the_rest_is_saved(
    reviewer: FlaskClient, app: Flask, year: Year, database: Database
) -> None:
    again = met(reviewer, app, year)
    kept = again | {"keep-D08": "theirs"}
    assert reviewer.post(address(year, AFFAIRS), data=kept).status_code == 303
    with database.reading() as session:
        remarks = {str(row.item_id): row.remark for row in session.scalars(select(ItemReview))}
    assert remarks == {str(year.item_id("D08")): "林の所見", str(year.item_id("D01")): "ほかの項目の所見"}


def test_a_conflict_that_nobody_decided_replaces_nothing(
    reviewer: FlaskClient, app: Flask, year: Year, database: Database
) -> None:
    """Saving once more, or choosing at another item, is no choice."""
    again = met(reviewer, app, year)
    reply = reviewer.post(address(year, AFFAIRS), data=again)
    assert reply.status_code == 409
    kept = form_of(reply)
    assert (kept["remark-D08"], kept["remark-D01"]) == ("田中の所見", "ほかの項目の所見")
    assert reviewer.post(address(year, AFFAIRS), data=kept | {"keep-D01": "mine"}).status_code == 409
    assert sorted(judged(database).values()) == ["accepted_with_remark"]
    assert reviewer.post(address(year, AFFAIRS), data=kept | {"keep-D08": "mine"}).status_code == 303
    assert sorted(judged(database).values()) == ["accepted_with_remark", "changed"]


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        ("finish-review", "判断していない項目が5件あります"),
        ("return-items", "差し戻す項目に「差戻し」の印と理由を付けて"),
    ],
)
def test_before_any_judgement_the_page_says_what_is_missing(
    reviewer: FlaskClient, year: Year, rest: str, sentence: str
) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS)))
    reply = reviewer.post(address(year, AFFAIRS, rest), data=fields)
    assert reply.status_code == 409
    assert sentence in reply.text
    assert "ほかの人が" not in reply.text
    assert year.sheet(AFFAIRS).state is State.SUBMITTED


def test_two_reviewers_at_different_items_do_not_meet(reviewer: FlaskClient, app: Flask, year: Year) -> None:
    mine = form_of(reviewer.get(address(year, AFFAIRS)))
    colleague = signed_in(app, HAYASHI)
    theirs = form_of(colleague.get(address(year, AFFAIRS))) | {"judgement-D08": "accepted"}
    assert colleague.post(address(year, AFFAIRS), data=theirs).status_code == 303
    let_go(colleague, year)
    assert reviewer.post(address(year, AFFAIRS), data=mine | {"judgement-D01": "accepted"}).status_code == 303
    assert year.sheet(AFFAIRS).decided == 2


def test_what_was_typed_is_shown_when_the_sheet_moved_on(
    reviewer: FlaskClient, year: Year, clock: StandingClock
) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS)))
    year.judge(AFFAIRS)
    year.finish_review(AFFAIRS)
    clock.instant = year.now
    fields |= {"judgement-D08": "accepted_with_remark", "remark-D08": "消えてはならない所見"}
    reply = reviewer.post(address(year, AFFAIRS), data=fields)
    assert reply.status_code == 409
    assert "消えてはならない所見" in reply.text


def test_a_judgement_is_taken_back_and_given_again(
    reviewer: FlaskClient, year: Year, database: Database
) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS))) | {"judgement-D01": "accepted"}
    page = reviewer.get(reviewer.post(address(year, AFFAIRS), data=fields).location)
    fields = form_of(page) | {"judgement-D01": ""}
    page = reviewer.get(reviewer.post(address(year, AFFAIRS), data=fields).location)
    assert judged(database) == {}
    fields = form_of(page) | {"judgement-D01": "accepted"}
    assert reviewer.post(address(year, AFFAIRS), data=fields).status_code == 303
    with database.reading() as session:
        versions = session.scalars(
            select(ItemReviewHistory.version).order_by(ItemReviewHistory.version)
        ).all()
        events = session.scalars(select(JournalEntry.payload).order_by(JournalEntry.sequence)).all()
    assert versions == [1, 2]
    assert sum("item.judgement_cleared" in payload for payload in events) == 1


@pytest.mark.parametrize(
    ("show", "numbers"), [("weak", {"1-2", "2-2"}), ("unjudged", {"1-1", "1-2"}), ("changed", set())]
)
def test_filters_show_what_they_say(reviewer: FlaskClient, year: Year, show: str, numbers: set[str]) -> None:
    page = reviewer.get(address(year, AFFAIRS, f"review?show={show}")).text
    assert all(f'id="q{number}"' in page for number in numbers)
    assert ('id="q1-1"' in page) == ("1-1" in numbers)


# ------------------------------------------------------------------------------------ accepting together


def test_plain_items_are_listed_before_they_are_accepted(
    reviewer: FlaskClient, year: Year, database: Database
) -> None:
    page = reviewer.get(address(year, AFFAIRS, "review/plain"))
    fields = form_of(page, "plain")
    # D02 and D08 are explained in fewer than ten characters; the others have no flag.
    assert [name for name in fields if name.startswith("accept-")] == [
        "accept-D01",
        "accept-D07",
        "accept-D09",
    ]
    reply = reviewer.post(address(year, AFFAIRS, "accept-plain"), data=fields)
    assert reply.status_code == 303
    assert judged(database) == {str(year.item_id(key)): "accepted" for key in ("D01", "D07", "D09")}
    again = reviewer.post(address(year, AFFAIRS, "accept-plain"), data=fields)
    assert (again.status_code, again.location) == (303, reply.location)


def test_what_was_not_on_the_list_is_not_accepted_together(
    reviewer: FlaskClient, year: Year, database: Database
) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS, "review/plain")), "plain")
    reply = reviewer.post(address(year, AFFAIRS, "accept-plain"), data=fields | {"accept-D08": "1.0"})
    assert reply.status_code == 409
    assert judged(database) == {}


# ------------------------------------------------------------------------------------- returns and the end


def returned_page(reviewer: FlaskClient, year: Year) -> TestResponse:
    fields = form_of(reviewer.get(address(year, AFFAIRS)))
    fields |= {"judgement-D08": "returned", "remark-D08": "写しを付けてください。", "due-D08": "2026-12-01"}
    return reviewer.post(address(year, AFFAIRS, "return-items"), data=fields)


def test_returning_saves_what_was_marked_and_sends_it(
    reviewer: FlaskClient, year: Year, database: Database
) -> None:
    reply = returned_page(reviewer, year)
    assert reply.status_code == 303
    assert year.sheet(AFFAIRS).state is State.RETURNED
    with database.reading() as session:
        row = session.scalars(select(ItemReturn)).one()
    assert (row.remark, row.due_on, row.round) == ("写しを付けてください。", date(2026, 12, 1), 1)
    page = reviewer.get(reply.location).text
    assert "1件を所属へ差し戻しました" in page
    assert "所属が差戻しに答えています" in page
    assert "判断を保存する" not in page


def test_nothing_marked_is_nothing_sent_and_says_so(
    reviewer: FlaskClient, year: Year, database: Database
) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS))) | {"judgement-D01": "accepted"}
    reply = reviewer.post(address(year, AFFAIRS, "return-items"), data=fields)
    assert reply.status_code == 409
    assert "差し戻す項目に" in reply.text
    assert form_of(reply)["judgement-D01"] == "accepted"
    assert judged(database) == {}


def test_a_return_from_an_old_page_is_not_sent(
    reviewer: FlaskClient, app: Flask, year: Year, database: Database
) -> None:
    fields = form_of(reviewer.get(address(year, AFFAIRS)))
    colleague = signed_in(app, HAYASHI)
    theirs = form_of(colleague.get(address(year, AFFAIRS))) | {"judgement-D09": "accepted"}
    colleague.post(address(year, AFFAIRS), data=theirs)
    let_go(colleague, year)
    fields |= {"judgement-D08": "returned", "remark-D08": "古い画面の理由"}
    reply = reviewer.post(address(year, AFFAIRS, "return-items"), data=fields)
    assert reply.status_code == 409
    assert form_of(reply)["remark-D08"] == "古い画面の理由"
    assert year.sheet(AFFAIRS).state is State.UNDER_REVIEW


def test_a_return_is_taken_back_with_a_reason_and_given_again_in_the_same_words(
    reviewer: FlaskClient, year: Year, clock: StandingClock, database: Database
) -> None:
    returned_page(reviewer, year)
    cancel = {"idempotency_key": token_urlsafe(18), "version": str(year.sheet(AFFAIRS).version)}
    without = reviewer.post(address(year, AFFAIRS, "cancel-return"), data=cancel | {"reason": " "})
    assert without.status_code == 422
    assert "理由を書いてください" in without.text
    done = reviewer.post(
        address(year, AFFAIRS, "cancel-return"), data=cancel | {"reason": "所属を誤ったため"}
    )
    assert done.status_code == 303
    assert year.sheet(AFFAIRS).state is State.UNDER_REVIEW
    clock.instant = clock.instant.replace(minute=59)
    assert "第1回の差戻し" in reviewer.get(address(year, AFFAIRS)).text
    returned_page(reviewer, year)
    with database.reading() as session:
        assert session.scalars(select(ItemReturn.round).order_by(ItemReturn.round)).all() == [1, 2]


def test_corrections_come_back_beside_the_return(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_REAPPROVAL)
    year.approve(AFFAIRS)
    page = browser(app, TANAKA, year=year, clock=clock).get(address(year, AFFAIRS))
    assert "差戻しのあとに、回答が直されました" in page.text
    assert "judgement-D02" not in form_of(page)
    assert form_of(page)["judgement-D01"] == "accepted"


def mended(year: Year, levels: dict[str, str], *, comment: str) -> None:
    """Let 総務課 correct items that came back, and its head approve them."""
    year.answer(AFFAIRS, levels=levels, comment=comment)
    year.hand_over(AFFAIRS)
    year.approve(AFFAIRS)
    year.now += timedelta(minutes=10)


def test_a_second_round_sends_nothing_of_the_first(
    app: Flask, year: Year, clock: StandingClock, database: Database
) -> None:
    year.bring(AFFAIRS, to=State.RETURNED)
    mended(year, {"D02": "implemented", "D08": "partial"}, comment="直した。")
    reviewer = browser(app, TANAKA, year=year, clock=clock)
    fields = form_of(reviewer.get(address(year, AFFAIRS)))
    assert "judgement-D08" not in fields
    fields |= {"judgement-D02": "returned", "remark-D02": "まだ足りません。", "due-D02": "2026-12-01"}
    assert reviewer.post(address(year, AFFAIRS, "return-items"), data=fields).status_code == 303
    with database.reading() as session:
        rounds = session.execute(select(ItemReturn.round, ItemReturn.item_id)).all()
    first, second = ({item_id for number, item_id in rounds if number == n} for n in (1, 2))
    assert (first, second) == ({year.item_id("D02"), year.item_id("D08")}, {year.item_id("D02")})

    # Back once more: D08 was not in the second round, and its judgement is still the return of the first.
    year.now += timedelta(minutes=10)
    mended(year, {"D02": "partial"}, comment="もう一度直した。")
    with database.reading() as session:
        actor, inspection_id = year.actor(TANAKA), year.sheets[AFFAIRS.code]
        page = review_page(session, actor=actor, inspection_id=inspection_id, now=year.now)
        stored = content_of_sheet(session, sheet=page.sheet).reviews[year.item_id("D08")]
    assert stored.judgement is Judgement.RETURNED
    assert (page.marked, page.decided) == (0, 3)
    assert {item.item.key for item in page.items if item.judgement is None} == {"D02", "D08"}
    with pytest.raises(NotNow, match="差し戻す項目に"):
        year.return_items(AFFAIRS)


def test_the_review_ends_when_everything_is_judged(reviewer: FlaskClient, year: Year) -> None:
    page = reviewer.get(address(year, AFFAIRS))
    fields = form_of(page) | {f"judgement-{key}": "accepted" for key in ("D01", "D02", "D07", "D08")}
    early = reviewer.post(address(year, AFFAIRS, "finish-review?show=all"), data=fields)
    assert early.status_code == 409
    assert "判断していない項目が1件" in early.text
    fields = form_of(early) | {"judgement-D09": "accepted"}
    assert reviewer.post(address(year, AFFAIRS, "finish-review"), data=fields).status_code == 303
    assert year.sheet(AFFAIRS).state is State.REVIEWED
    page = reviewer.get(address(year, AFFAIRS))
    assert "審査は終わりました" in page.text


def test_a_clerk_cannot_post_a_judgement(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    client = browser(app, SATO, year=year, clock=clock)
    for rest in ("review", "return-items", "finish-review", "accept-plain", "cancel-return"):
        data = {"idempotency_key": token_urlsafe(18), "version": "1", "reason": "試し"}
        assert client.post(address(year, AFFAIRS, rest), data=data).status_code == 403


# ---------------------------------------------------------------------------------------------- last year


def second_year(year: Year, *, data: bytes | None = None, label: str = "2027.1") -> Year:
    """Seal 総務課's sheet, then open a campaign a year later, with a newer edition if one is given."""
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.judge(AFFAIRS, judgements={"D02": Judgement.ACCEPTED_WITH_REMARK, "D08": Judgement.CHANGED})
    year.finish_review(AFFAIRS)
    year.sign_off(AFFAIRS)
    tanaka, kimura = year.actor(TANAKA), year.actor(KIMURA)
    edition_id: EditionId = year.edition_id
    with year.database.transaction() as session:
        if data is not None:
            edition_id = published_edition(
                session,
                publisher=tanaka,
                confirmer=kimura,
                now=year.now,
                data=data,
                name=f"department/{label}.yaml",
            )
        draft = CampaignDraft(
            title="令和9年度 定期自己点検",
            kind=CampaignKind.REGULAR,
            fiscal_year=2027,
            edition_id=edition_id,
            dates=NEXT_DATES,
            notice="",
            unit_ids=frozenset({AFFAIRS.id, COUNTER.id}),
        )
        campaign_id = prepare_campaign(session, actor=tanaka, draft=draft, now=year.now)
        opened = open_campaign(session, actor=kimura, campaign_id=campaign_id, seen_version=1, now=year.now)
        units = {find_sheet(session, actor=kimura, inspection_id=one).unit_id: one for one in opened}
    sheets = {place.code: units[place.id] for place in (AFFAIRS, COUNTER)}
    return Year(year.database, year.now, edition_id, campaign_id, sheets)


LINEAGE: Final = {
    "D01": "{kind: same, of: D01}",
    "D02": "{kind: reworded, of: D02, comparable: true, note: 言い換えた}",
    "D03": "{kind: same, of: D03}",
    "D07": "{kind: reworded, of: D07, comparable: false, note: 別の意味になった}",
    "D08": "{kind: same, of: D08}",
    "D09": "{kind: same, of: D09}",
}


def newer_yaml() -> bytes:
    """Return the edition of the next year: D02 reworded and comparable, D07 reworded and not."""
    text = small_yaml("2027.1").decode()
    head, *items = text.split("      - key: ")
    made = [item.replace("{kind: new}", LINEAGE[item[:3]]) for item in items]
    made = [item.replace("D02のことを今年度に行った。", "D02のことを、今年度に必ず行った。") for item in made]
    return "      - key: ".join([head, *made]).encode()


def test_the_same_edition_matches_its_own_items(year: Year, database: Database) -> None:
    later = second_year(year)
    with database.reading() as session, statements() as sent:
        sheet = find_sheet(session, actor=later.actor(KIMURA), inspection_id=later.sheets[AFFAIRS.code])
        asked = len(sent)
        found = previous_answers(session, sheet=sheet)
    # 2 of its own; the edition is already known to this process.
    assert len(sent) - asked == 2
    before = found[later.item_id("D08")]
    assert before.level is not None
    assert (before.level.code, before.fiscal_year, before.old_statement) == (
        "not_implemented",
        "令和8年度",
        None,
    )
    assert before.judgement is Judgement.CHANGED
    assert before.reviewed_level is not None
    assert before.remark == "控えの日付を確かめてください。"
    # D03 did not apply: the question was there, an answer was not.
    assert found[later.item_id("D03")].level is None


def test_a_newer_edition_matches_only_what_stays_comparable(year: Year, database: Database) -> None:
    later = second_year(year, data=newer_yaml())
    with database.reading() as session:
        sheet = find_sheet(session, actor=later.actor(KIMURA), inspection_id=later.sheets[AFFAIRS.code])
        found = previous_answers(session, sheet=sheet)
        other = find_sheet(session, actor=later.actor(KIMURA), inspection_id=later.sheets[COUNTER.code])
        assert previous_answers(session, sheet=other) == {}
    by_key = {sheet.edition.items[item_id].key: one for item_id, one in found.items()}
    assert {key for key, one in by_key.items() if one.obstacle} == {"D07"}
    assert (by_key["D07"].level, by_key["D07"].obstacle) == (None, Obstacle.MEANING)
    assert [one.key for one in by_key["D07"].references] == ["D07"]
    assert by_key["D02"].old_statement == "D02のことを今年度に行った。"
    assert by_key["D01"].old_statement is None


DESCENT: Final = {
    "D01": "{kind: same, of: D01}",
    "D10": "{kind: split, of: D02, comparable: false, note: 半分にした}",
    "D11": "{kind: split, of: D02, comparable: true, note: 残りの半分}",
    "D12": "{kind: merged, of: [D07, D08], comparable: true, note: まとめた}",
    "D13": "{kind: merged, of: [D01, D09], comparable: false, note: 同じ紙を見る}",
    "D14": "{kind: new}",
}
FAREWELL: Final = {"D03": "対象がなくなった"}


def test_each_kind_of_descent_decides_what_is_compared(year: Year, database: Database) -> None:
    later = second_year(year, data=successor_yaml(DESCENT, retired=FAREWELL))
    with database.reading() as session, statements() as sent:
        sheet = find_sheet(session, actor=later.actor(KIMURA), inspection_id=later.sheets[AFFAIRS.code])
        asked = len(sent)
        found = previous_answers(session, sheet=sheet)
    assert len(sent) - asked == 3
    by_key = {sheet.edition.items[item_id].key: one for item_id, one in found.items()}
    assert {key: (one.obstacle, [past.key for past in one.references]) for key, one in by_key.items()} == {
        "D01": (None, []),
        "D10": (Obstacle.MEANING, ["D02"]),
        "D11": (None, []),
        "D12": (Obstacle.MIXED, ["D07", "D08"]),
        "D13": (Obstacle.MEANING, ["D01", "D09"]),
        "D14": (Obstacle.NEW, []),
    }
    assert {key for key, one in by_key.items() if one.level} == {"D01", "D11"}
    assert by_key["D10"].sentence == (
        "前の版の項目 D02 から分かれました。問いの中身が変わったため、前回とは比べません。"
    )
    assert by_key["D12"].sentence.startswith("前の版の項目 D07、D08 をまとめました。")
    assert by_key["D12"].references[1].level is not None


def test_an_edition_that_was_skipped_still_counts(year: Year, database: Database) -> None:
    """The campaign takes 2027.2, where D02 goes on as it was in 2027.1: but there it was another question."""
    lineages = {key: f"{{kind: same, of: {key}}}" for key in ("D01", "D02", "D03", "D07", "D08", "D09")}
    changed = lineages | {"D02": "{kind: reworded, of: D02, comparable: false, note: 広げた}"}
    with database.transaction() as session:
        published_edition(
            session,
            publisher=year.actor(TANAKA),
            confirmer=year.actor(KIMURA),
            now=year.now,
            data=successor_yaml(changed),
            name="department/2027.1.yaml",
        )
    data = successor_yaml(lineages, label="2027.2")
    later = second_year(year, data=data, label="2027.2")
    with database.reading() as session:
        sheet = find_sheet(session, actor=later.actor(KIMURA), inspection_id=later.sheets[AFFAIRS.code])
        found = previous_answers(session, sheet=sheet)
    assert {sheet.edition.items[key].key for key, one in found.items() if one.obstacle} == {"D02"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"code: partial, label: \xe4", b"code: half, label: \xe4"),
        (b"symbol: cross, points: 0", b"symbol: cross, points: 1"),
    ],
    ids=["a level is gone", "other points"],
)
def test_nothing_is_compared_over_another_scale(
    year: Year, database: Database, old: bytes, new: bytes
) -> None:
    lineages = {key: f"{{kind: same, of: {key}}}" for key in ("D01", "D02", "D03", "D07", "D08", "D09")}
    data = successor_yaml(lineages).replace(old, new)
    later = second_year(year, data=data.replace(b'partial: "', b'half: "') if b"half" in new else data)
    with database.reading() as session:
        sheet = find_sheet(session, actor=later.actor(KIMURA), inspection_id=later.sheets[AFFAIRS.code])
        found = previous_answers(session, sheet=sheet)
    assert {one.obstacle for one in found.values()} == {Obstacle.SCALE}
    assert not [one for one in found.values() if one.level]


@pytest.mark.parametrize("page", ["sections/organisation", "approval", "review", "all"])
def test_pages_say_why_an_answer_is_not_compared(
    app: Flask, year: Year, clock: StandingClock, page: str
) -> None:
    later = second_year(year, data=successor_yaml(DESCENT, retired=FAREWELL))
    later.answer(AFFAIRS)
    later.hand_over(AFFAIRS)
    if page == "review":
        later.approve(AFFAIRS)
    cast = TANAKA if page == "review" else SUZUKI
    text = browser(app, cast, year=later, clock=clock).get(address(later, AFFAIRS, page)).text
    assert "前の版の項目 D02 から分かれました。問いの中身が変わったため、前回とは比べません。" in text
    assert "前の版の項目 D07、D08 をまとめました。" in text
    assert "D08のことを今年度に行った。" in text
    assert "前回と比べない" in text or page != "approval"
    assert "設問なし" in text or page == "approval"


def test_the_history_of_an_item_shows_where_it_comes_from(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    later = second_year(year, data=successor_yaml(DESCENT, retired=FAREWELL))
    client = browser(app, SATO, year=later, clock=clock)
    pages = {
        key: client.get(address(later, AFFAIRS, f"items/{later.item_id(key)}/history")).text
        for key in ("D01", "D10", "D14")
    }
    assert "前の版の項目 D02 から分かれました。" in pages["D10"]
    assert "設問なし" in pages["D14"]
    assert "前の版の項目" not in pages["D01"]
    assert "<dt>令和8年度</dt>" in pages["D01"]


def test_last_year_stands_beside_this_year(app: Flask, year: Year, clock: StandingClock) -> None:
    later = second_year(year)
    later.answer(AFFAIRS, levels={"D01": "partial", "D02": "implemented", "D08": "not_implemented"})
    later.hand_over(AFFAIRS)
    later.approve(AFFAIRS)
    client = browser(app, TANAKA, year=later, clock=clock)
    page = client.get(address(later, AFFAIRS)).text
    for words in (
        "令和8年度の所見（審査の判断 一部実施）",
        "重要項目が未達",
        "前回より悪化",
        "前回から続く未達",
    ):
        assert words in page
    assert 'id="q1-2"' in client.get(address(later, AFFAIRS, "review?show=changed")).text
    assert 'id="q2-2"' not in client.get(address(later, AFFAIRS, "review?show=changed")).text
    queue = client.get("/reviews").text
    assert "上がった" in queue or "下がった" in queue or "± 0" in queue


def test_the_head_sees_what_went_out_of_scope_apart_from_what_did_not_change(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    later = second_year(year)
    later.answer(AFFAIRS, levels={"D01": "not_applicable", "D08": "not_implemented"})
    later.hand_over(AFFAIRS)
    page = browser(app, SUZUKI, year=later, clock=clock).get(address(later, AFFAIRS, "approval")).text
    other, still = page.index("そのほかの変更　1項目"), page.index("まだできていない項目")
    assert other < page.index('<th scope="row">1-1</th>') < still < page.index('<th scope="row">2-2</th>')


# -------------------------------------------------------------------------------------- how much is asked


def test_the_page_asks_the_same_however_many_items_are_judged(
    reviewer: FlaskClient, year: Year, database: Database
) -> None:
    actor = year.actor(TANAKA)

    def count() -> int:
        with database.reading() as session, statements() as sent:
            review_page(session, actor=actor, inspection_id=year.sheets[AFFAIRS.code], now=year.now)
        return len(sent)

    count()  # the first connection of PostgreSQL asks for its version
    before = count()
    year.judge(AFFAIRS, judgements={"D08": Judgement.RETURNED})
    year.return_items(AFFAIRS)
    assert count() == before <= 31


def test_the_whole_request_stays_small(reviewer: FlaskClient, year: Year) -> None:
    reviewer.get(address(year, AFFAIRS))
    with statements() as sent:
        reviewer.get(address(year, AFFAIRS))
    assert len(sent) <= 22 + 3 * ROUND_SPENT


def test_judging_leaves_the_answers_alone(reviewer: FlaskClient, year: Year, database: Database) -> None:
    with database.reading() as session:
        sheet = find_sheet(session, actor=year.actor(TANAKA), inspection_id=year.sheets[AFFAIRS.code])
        before = content_of_sheet(session, sheet=sheet).digest
        saves = session.scalar(select(func.count()).select_from(AnswerHistory))
    returned_page(reviewer, year)
    with database.reading() as session:
        assert content_of_sheet(session, sheet=sheet).digest == before
        assert session.scalar(select(func.count()).select_from(AnswerHistory)) == saves
        steps = session.scalars(select(SheetStepRow.action).order_by(SheetStepRow.sequence)).all()
    assert steps[-2:] == ["start_review", "return_items"]


def test_what_the_desk_makes_of_the_own_units_sheet_is_not_in_the_queue(year: Year) -> None:
    """田中 belongs to the lead division; 藤本 judges its sheet, and sees how far that is."""
    year.bring(LEAD, to=State.SUBMITTED)
    year.judge(LEAD)
    found = {}
    for cast in (TANAKA, FUJIMOTO):
        with year.database.reading() as session:
            page = review_queue(session, actor=year.actor(cast), state=None, number=1, now=year.now)
        found[cast] = next(line for line in page.lines if line.unit_id == LEAD.id)
    assert (found[TANAKA].decided, found[TANAKA].flags, found[TANAKA].lane) == (0, (), None)
    assert found[FUJIMOTO].decided == found[FUJIMOTO].applicable
