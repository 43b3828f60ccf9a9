"""The campaign pages: preparing, opening, following, ending; what each role may do; how much is asked."""

import json
import re
from datetime import UTC, date, datetime
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.calendar.rules import CityCalendar
from app.db.session import Database, bound
from app.inspections.commands.campaign import CampaignDraft, prepare_campaign
from app.inspections.commands.hand_over import withdraw
from app.inspections.commands.next_year import prepare_next_year
from app.inspections.models import Campaign, CampaignUnit, Inspection
from app.inspections.queries import campaigns as queries
from app.inspections.queries.campaigns.preparation import suggested_dates
from app.inspections.queries.campaigns.progress import marks_of
from app.inspections.queries.places import NO_DEPARTMENT
from app.inspections.rules import CampaignDates, CampaignKind, Judgement, State
from app.inspections.rules.progress import ProgressRow, StepMark
from app.journal.models import JournalEntry
from app.kernel.clock import business_date
from app.kernel.ids import CampaignId, UnitId, new_id
from app.organisation.models import Unit, UnitVersion
from app.people.models import SignInSession
from tests.conftest import StandingClock
from tests.factories.inspections import DATES, Year, at_grace_end, running_year
from tests.people import (
    AFFAIRS,
    AUDIT,
    BRANCH,
    CITIZENS,
    COUNTER,
    FIRST_DAY,
    GENERAL,
    ITO,
    KIMURA,
    LEAD,
    MANAGEMENT,
    NAKAMURA,
    OGAWA,
    SATO,
    STORY,
    SUZUKI,
    TANAKA,
    Cast,
    Place,
)
from tests.sign_in import signed_in
from tests.statements import statements


@pytest.fixture
def reviewer(app: Flask, year: Year) -> FlaskClient:
    """田中, who prepares campaigns, in a city with a running one."""
    return signed_in(app, TANAKA)


@pytest.fixture
def manager(app: Flask, year: Year) -> FlaskClient:
    """木村, who opens and ends them."""
    return signed_in(app, KIMURA)


def fields(year: Year, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - form fields
    """Return a complete form."""
    return {
        "idempotency_key": token_urlsafe(18),
        "version": "0",
        "title": "令和8年度 臨時自己点検",
        "kind": "extra",
        "taking_over": "offered",
        "fiscal_year": "2026",
        "edition": str(year.edition_id),
        "base_date": "2026-11-01",
        "answer_from": "2026-12-01",
        "answer_due": "2026-12-18",
        "approval_due": "2026-12-25",
        "review_due": "2027-01-22",
        "grace_until": "2027-01-08",
        "notice": "全国通知を受けて点検します。",
        "units": [str(AFFAIRS.id), str(COUNTER.id)],
        **changes,
    }


def sent(client: FlaskClient, address: str, **data: Any) -> TestResponse:  # noqa: ANN401 - form fields
    """Send a form with a fresh key."""
    return client.post(address, data={"idempotency_key": token_urlsafe(18), **data})


def drafted(
    year: Year, *, places: tuple[Place, ...] = (AFFAIRS, BRANCH), dates: CampaignDates = DATES
) -> CampaignId:
    """Prepare another campaign as 田中."""
    draft = CampaignDraft(
        title="令和8年度 年末の自己点検",
        kind=CampaignKind.EXTRA,
        fiscal_year=2026,
        edition_id=year.edition_id,
        dates=dates,
        notice="年末の点検です。",
        unit_ids=frozenset(place.id for place in places),
    )
    with year.database.transaction() as session:
        return prepare_campaign(session, actor=year.actor(TANAKA), draft=draft, now=year.now)


def row_of(year: Year, place: Place) -> ProgressRow:
    """Return the progress row of a unit as 木村 sees it."""
    with year.database.reading() as session:
        page = queries.progress_page(
            session,
            actor=year.actor(KIMURA),
            campaign_id=year.campaign_id,
            wanted=queries.ProgressFilter(),
            today=business_date(year.now),
        )
    return next(row for row in page.rows if row.unit_id == place.id)


# ------------------------------------------------------------------------------------------------ list


def test_list_shows_counts_rate_and_the_button_to_preparers(reviewer: FlaskClient, year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    text = reviewer.get("/campaigns").text
    assert "令和8年度 定期自己点検" in text
    assert "回答率 <b>25.0％</b>" in text
    assert "審査1、承認待ち0、回答・差戻し0、未着手3" in text
    assert "点検を準備する" in text


def test_auditor_reads_the_list_without_the_button(app: Flask, year: Year) -> None:
    text = signed_in(app, ITO).get("/campaigns").text
    assert "令和8年度 定期自己点検" in text
    assert "点検を準備する" not in text


@pytest.mark.parametrize("cast", [SATO, SUZUKI, NAKAMURA])
def test_offices_and_administrators_see_neither_list_nor_progress(app: Flask, year: Year, cast: Cast) -> None:
    client = signed_in(app, cast)
    assert client.get("/campaigns").status_code == 403
    assert client.get(f"/campaigns/{year.campaign_id}").status_code == 403
    assert client.get(f"/campaigns/{year.campaign_id}/progress.csv").status_code == 403


def test_nobody_comes_in_without_signing_in(client: FlaskClient) -> None:
    answer = client.get("/campaigns")
    assert answer.status_code == 303
    assert "next=" in answer.location


def test_an_unknown_campaign_is_not_found(manager: FlaskClient) -> None:
    for address in ("", "/edit", "/notice", "/progress.csv"):
        assert manager.get(f"/campaigns/{new_id()}{address}").status_code == 404


# ------------------------------------------------------------------------------------------- preparing


def test_new_form_starts_with_every_division_and_branch_but_no_department(reviewer: FlaskClient) -> None:
    text = reviewer.get("/campaigns/new").text
    ticked = set(re.findall(r'name="units" value="([^"]+)" checked', text))
    assert ticked == {str(place.id) for place in (LEAD, MANAGEMENT, AFFAIRS, COUNTER, BRANCH, AUDIT)}
    assert "令和8年11月20日(金)" in text


def test_a_prepared_draft_leads_to_its_preview(reviewer: FlaskClient, year: Year) -> None:
    answer = reviewer.post("/campaigns/new", data=fields(year))
    assert answer.status_code == 303
    text = reviewer.get(answer.location).text
    assert "点検票を配る所属　2所属" in text
    assert "前回の点検票がない　2所属" in text
    assert "点検を始める（" not in text, "only the manager opens"


def test_a_form_sent_twice_makes_one_draft(reviewer: FlaskClient, year: Year) -> None:
    data = fields(year)
    first, second = (reviewer.post("/campaigns/new", data=data) for _ in range(2))
    assert first.location == second.location
    with year.database.reading() as session:
        assert len(session.scalars(select(Campaign)).all()) == 2


def test_a_whole_department_is_chosen_without_a_script(reviewer: FlaskClient, year: Year) -> None:
    data = fields(year, units=[], **{"units-below": [str(CITIZENS.id)]})
    answer = reviewer.post("/campaigns/new", data=data)
    campaign_id = answer.location.rpartition("/")[2]
    with year.database.reading() as session:
        rows = session.scalars(
            select(CampaignUnit.unit_id).where(CampaignUnit.campaign_id == UUID(campaign_id))
        )
        assert set(rows) == {COUNTER.id, BRANCH.id}


def test_another_base_date_draws_its_own_tree_and_keeps_the_rest(reviewer: FlaskClient, year: Year) -> None:
    with year.database.transaction() as session:
        young = UnitId(new_id())
        session.add(Unit(id=young, code="3030", created_at=STORY))
        session.flush()
        session.add(
            _version(young, name="新しい課", parent=CITIZENS.id, order=99, valid_from=date(2026, 12, 1))
        )
    data = fields(year, redraw="1", base_date="2026-12-02", title="書きかけの名称")
    answer = reviewer.post("/campaigns/new", data=data)
    assert answer.status_code == 200
    assert "新しい課" in answer.text
    assert "書きかけの名称" in answer.text
    assert f'value="{AFFAIRS.id}" checked' in answer.text
    assert "新しい課" not in reviewer.post("/campaigns/new", data=fields(year, redraw="1")).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "名称を書いてください。"),
        ({"answer_due": "2026-11-30"}, "回答の期限は、回答の開始日と同じ日か後の日にしてください。"),
        ({"base_date": "2026-13-40"}, "基準日は、2026-11-20 の形で"),
        ({"base_date": "0001-01-01"}, "基準日は、1900年から2199年までの日にしてください。"),
        ({"grace_until": "9999-12-31"}, "猶予日は、1900年から2199年までの日にしてください。"),
        ({"units": []}, "対象の所属を1つ以上選んでください。"),
        ({"units": ["x"]}, "対象の所属を読み取れませんでした。"),
        ({"units": [str(new_id())]}, "基準日に存在しない所属が選ばれています。"),
        ({"notice": "\u202e"}, "文字の向きを変える記号"),
    ],
)
def test_mistakes_come_back_with_everything_typed(
    reviewer: FlaskClient, year: Year, changes: dict[str, Any], sentence: str
) -> None:
    answer = reviewer.post("/campaigns/new", data=fields(year, **{"notice": "書いた通知文", **changes}))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "誤り：" in answer.text
    assert 'id="error-summary"' in answer.text
    assert "書いた通知文" in answer.text or "notice" in changes


def test_a_draft_is_changed_and_a_stale_screen_is_refused(reviewer: FlaskClient, year: Year) -> None:
    campaign_id = drafted(year)
    address = f"/campaigns/{campaign_id}/edit"
    assert 'name="version" value="1"' in reviewer.get(address).text
    assert reviewer.post(address, data=fields(year, version="1", title="直した名称")).status_code == 303
    assert "直した名称" in reviewer.get(f"/campaigns/{campaign_id}").text
    stale = reviewer.post(address, data=fields(year, version="1", title="書きかけの名称"))
    assert stale.status_code == 409
    assert "いま保存してある名称" in stale.text, "both texts are on the page"
    assert "直した名称" in stale.text
    assert 'value="書きかけの名称"' in stale.text
    again = fields(year, version="2", title="書きかけの名称")
    assert reviewer.post(address, data=again).status_code == 303, "then it is a decision"


def test_an_opened_campaign_cannot_be_edited(reviewer: FlaskClient, year: Year) -> None:
    address = f"/campaigns/{year.campaign_id}/edit"
    assert reviewer.get(address).status_code == 409
    assert reviewer.post(address, data=fields(year, version="2")).status_code == 409


@pytest.mark.parametrize("cast", [SATO, ITO, OGAWA])
def test_others_do_not_prepare(app: Flask, year: Year, cast: Cast) -> None:
    client = signed_in(app, cast)
    assert client.get("/campaigns/new").status_code == 403
    assert client.post("/campaigns/new", data=fields(year)).status_code == 403


@pytest.mark.parametrize("day", range(1, 31))
def test_suggested_deadlines_are_working_days_in_order(day: int) -> None:
    calendar = CityCalendar({date(2026, 12, 4): "市制記念日"})
    dates = suggested_dates(date(2026, 11, day), calendar=calendar)
    order = [dates.answer_from, dates.answer_due, dates.approval_due, dates.grace_until, dates.review_due]
    assert order == sorted(order)
    assert all(calendar.is_business_day(one) for one in order)


# --------------------------------------------------------------------------------------------- opening


def test_preview_names_what_is_missing(manager: FlaskClient, year: Year) -> None:
    campaign_id = drafted(year, places=(AFFAIRS, BRANCH, AUDIT))
    text = manager.get(f"/campaigns/{campaign_id}").text
    assert re.search(r"所属長がいない　1所属.*?監査事務局", text, re.DOTALL)
    assert re.search(r"点検担当者がいない　2所属.*?𠮷田出張所、監査事務局", text, re.DOTALL)
    assert re.search(r"対象に入っていない課・出先　3所属.*?情報政策課、行政経営課、市民課", text, re.DOTALL)
    assert "点検を始める（3所属）" in text


def test_preview_warns_of_another_campaign_with_the_same_checklist(manager: FlaskClient, year: Year) -> None:
    first = drafted(year, places=(AFFAIRS, AUDIT))
    text = manager.get(f"/campaigns/{first}").text
    assert re.search(r"同じ点検票の「.*?令和8年度 定期自己点検</a>」が実施中です", text)
    assert "始めると、1所属が同じ点検票にもう一度答えます" in text
    second = drafted(year, places=(AUDIT,))
    text = manager.get(f"/campaigns/{second}").text
    assert re.search(r"同じ点検票の「.*?令和8年度 年末の自己点検</a>」が準備中です", text)
    assert "同じ所属は入っていません" in text
    assert sent(manager, f"/campaigns/{second}/open", version="1").status_code == 303, (
        "a warning refuses nothing"
    )


def test_preview_warns_of_weekends_and_past_deadlines(manager: FlaskClient, year: Year) -> None:
    past = CampaignDates(
        base_date=date(2026, 3, 31),
        answer_from=date(2026, 11, 1),
        answer_due=date(2026, 11, 14),
        approval_due=date(2026, 12, 4),
        review_due=date(2026, 12, 18),
        grace_until=date(2026, 12, 11),
    )
    text = manager.get(f"/campaigns/{drafted(year, dates=past)}").text
    assert "回答の期限の11月14日(土)は、閉庁日（土曜日）です。次の開庁日は11月16日(月)です。" in text
    assert "回答の期限の11月14日(土)は、もう過ぎています。" in text
    assert "基準日が令和8年度の中にありません。" in text


def test_the_manager_opens_and_every_unit_has_its_sheet(manager: FlaskClient, year: Year) -> None:
    campaign_id = drafted(year)
    answer = sent(manager, f"/campaigns/{campaign_id}/open", version="1")
    assert answer.status_code == 303
    text = manager.get(answer.location).text
    assert "2所属に点検票を配りました。" in text
    assert "回収状況" in text
    with year.database.reading() as session:
        assert (
            len(session.scalars(select(Inspection).where(Inspection.campaign_id == campaign_id)).all()) == 2
        )


def test_opening_is_refused_to_others_on_a_stale_screen_and_twice(
    reviewer: FlaskClient, manager: FlaskClient, year: Year
) -> None:
    campaign_id = drafted(year)
    address = f"/campaigns/{campaign_id}/open"
    assert sent(reviewer, address, version="1").status_code == 403
    stale = sent(manager, address, version="7")
    assert stale.status_code == 409
    assert f'href="{address.removesuffix("/open")}">点検実施の画面を開く' in stale.text
    assert sent(manager, address, version="1").status_code == 303
    assert sent(manager, address, version="2").status_code == 409


# -------------------------------------------------------------------------------------------- progress


def test_progress_shows_each_unit_under_its_department(manager: FlaskClient, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    text = manager.get(f"/campaigns/{year.campaign_id}").text
    places = [text.index(f'scope="rowgroup">{name}</th>') for name in ("企画部", "総務部", "市民部")]
    assert places == sorted(places)
    assert places[1] < text.index("総務課</a>") < places[2]
    assert f'href="/inspections/{year.sheets[AFFAIRS.code]}"' in text
    assert "承認待ち" in text
    assert "鈴木 一郎" in text
    assert "佐藤 花子" in text
    assert "未着手" in text


def test_not_started_becomes_answering_with_the_first_answer(year: Year) -> None:
    assert row_of(year, AFFAIRS).standing == queries.NOT_STARTED
    year.answer(AFFAIRS)
    row = row_of(year, AFFAIRS)
    assert (row.standing, row.answered, row.applicable) == (State.ANSWERING, 5, 5)


def test_scores_are_shown_once_they_are_stored(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    row = row_of(year, AFFAIRS)
    assert row.self_score is not None
    assert row.reviewed_score is not None
    assert (row.self_score.percent, row.self_score.grade) == ("83.3", "B")
    assert row.due is None


def test_what_came_back_to_the_clerk_has_no_score(year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    assert row_of(year, AFFAIRS).self_score is not None
    with year.database.transaction() as session:
        withdraw(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            now=year.now,
        )
    assert row_of(year, AFFAIRS).self_score is None


def test_units_below_no_department_are_one_group_at_the_end(year: Year) -> None:
    with year.database.transaction() as session:
        session.execute(
            update(UnitVersion).where(UnitVersion.unit_id.in_([AFFAIRS.id, BRANCH.id])).values(parent_id=None)
        )
    with year.database.reading() as session:
        page = queries.progress_page(
            session,
            actor=year.actor(KIMURA),
            campaign_id=year.campaign_id,
            wanted=queries.ProgressFilter(),
            today=business_date(year.now),
        )
    groups = page.groups(page.rows)
    assert [group.name for group in groups].count(NO_DEPARTMENT) == 1
    assert groups[-1].name == NO_DEPARTMENT
    assert {row.unit_id for row in groups[-1].rows} == {AFFAIRS.id, BRANCH.id}


def test_a_draft_can_be_thrown_away_and_nothing_else(
    year: Year, reviewer: FlaskClient, manager: FlaskClient
) -> None:
    draft = drafted(year)
    body = {"version": "1"}
    assert "この準備を消す" in reviewer.get(f"/campaigns/{draft}").text
    assert reviewer.post(f"/campaigns/{draft}/discard", data=key({"version": "7"})).status_code == 409
    assert reviewer.post(f"/campaigns/{year.campaign_id}/discard", data=key(body)).status_code == 409
    reply = reviewer.post(f"/campaigns/{draft}/discard", data=key(body))
    assert (reply.status_code, reply.headers["Location"]) == (303, "/campaigns")
    assert "点検の準備を消しました" in reviewer.get("/campaigns").text
    assert reviewer.get(f"/campaigns/{draft}").status_code == 404
    with year.database.reading() as session:
        assert session.scalars(select(CampaignUnit).where(CampaignUnit.campaign_id == draft)).all() == []
        assert session.get(Campaign, year.campaign_id) is not None
        last = session.scalars(
            select(JournalEntry)
            .where(JournalEntry.subject_id == str(draft))
            .order_by(JournalEntry.sequence.desc())
            .limit(1)
        ).one()
    assert json.loads(last.payload)["event"] == "campaign.discarded"


def key(fields: dict[str, str]) -> dict[str, str]:
    """Return fields as a form sends them."""
    return {"idempotency_key": token_urlsafe(18), **fields}


def test_each_state_runs_against_its_own_date(year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    year.bring(COUNTER, to=State.SUBMITTED)
    assert row_of(year, BRANCH).due == DATES.answer_due
    assert row_of(year, AFFAIRS).due == DATES.approval_due
    assert row_of(year, COUNTER).due == DATES.review_due


def test_a_returned_sheet_is_late_from_its_earliest_waiting_item(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.judge(AFFAIRS, judgements={"D02": Judgement.RETURNED, "D08": Judgement.RETURNED})
    year.return_items(AFFAIRS)
    assert row_of(year, AFFAIRS).due == DATES.review_due
    year.now = datetime(2026, 12, 19, tzinfo=UTC)
    assert row_of(year, AFFAIRS).overdue


@pytest.mark.parametrize("state", list(State))
def test_the_steps_of_a_state_never_go_back(state: State) -> None:
    order = [StepMark.DONE, StepMark.NOW, StepMark.LATER, StepMark.NEVER]
    places = [order.index(mark) for mark in marks_of(state)]
    assert places == sorted(places)
    assert places.count(order.index(StepMark.NOW)) <= 1


def test_filters_by_state_department_and_lateness(
    manager: FlaskClient, year: Year, clock: StandingClock
) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    address = f"/campaigns/{year.campaign_id}"
    assert _units(manager.get(f"{address}?state=submitted").text) == ["総務課"]
    assert _units(manager.get(f"{address}?department={CITIZENS.id}").text) == ["市民課", "𠮷田出張所"]
    assert "当てはまる所属はありません" in manager.get(f"{address}?overdue=1").text
    clock.instant = at_grace_end()
    late = signed_in_again(manager, KIMURA).get(f"{address}?overdue=1").text
    assert _units(late) == ["情報政策課", "市民課", "𠮷田出張所"]
    assert _units(manager.get(f"{address}?state=nonsense&department=1&page=x").text) != []


def _units(text: str) -> list[str]:
    return re.findall(r'<a href="/inspections/[0-9a-f-]+">([^<]+)</a>', text)


def signed_in_again(client: FlaskClient, cast: Cast) -> FlaskClient:
    """Return a browser whose session begins at the clock's present time: the old one has expired."""
    app = client.application
    with bound().transaction() as session:
        for row in session.scalars(select(SignInSession)):
            row.created_at = row.last_seen_at = row.proved_at = app.extensions["clock"].now()
    return client


def test_home_gets_the_running_campaigns_with_what_the_actor_sees(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    with year.database.reading() as session:
        city = queries.open_campaigns(session, actor=year.actor(KIMURA), today=date(2026, 11, 28))
        office = queries.open_campaigns(session, actor=year.actor(SATO), today=date(2026, 11, 28))
    assert (city[0].counts.total, city[0].counts.of(State.SUBMITTED), city[0].overdue) == (4, 1, 3)
    assert (office[0].counts.total, office[0].overdue) == (1, 0)


# -------------------------------------------------------------------------------- adding, closing, ending


def test_a_unit_joins_with_a_reason(manager: FlaskClient, year: Year) -> None:
    address = f"/campaigns/{year.campaign_id}/units"
    assert sent(manager, address, unit=str(MANAGEMENT.id), reason="新しく対象にするため").status_code == 303
    assert "行政経営課</a>" in manager.get(f"/campaigns/{year.campaign_id}").text
    again = sent(manager, address, unit=str(MANAGEMENT.id), reason="もう一度")
    assert again.status_code == 422
    assert "この所属は、もう対象に入っています。" in again.text
    missing = sent(manager, address, unit="", reason="書きかけの理由")
    assert missing.status_code == 422
    assert "追加する所属を選んでください。" in missing.text
    assert "書きかけの理由" in missing.text


def test_only_the_manager_adds_and_closes(reviewer: FlaskClient, year: Year) -> None:
    address = f"/campaigns/{year.campaign_id}"
    assert sent(reviewer, f"{address}/units", unit=str(GENERAL.id), reason="理由").status_code == 403
    assert sent(reviewer, f"{address}/close").status_code == 403
    assert "所属を追加する" not in reviewer.get(address).text


def test_a_campaign_closes_only_when_every_sheet_is_sealed(
    app: Flask, manager: FlaskClient, year: Year
) -> None:
    address = f"/campaigns/{year.campaign_id}"
    refused = sent(manager, f"{address}/close")
    assert refused.status_code == 409
    assert "確定していない所属が4あります。" in refused.text
    for code, inspection_id in year.sheets.items():
        # The lead division's own sheet is not the manager's to take away.
        who = signed_in(app, OGAWA) if code == LEAD.code else manager
        assert (
            sent(who, f"/inspections/{inspection_id}/exclude", reason="試し", version="1").status_code == 303
        )
    assert sent(manager, f"{address}/close").status_code == 303
    assert "終了" in manager.get(address).text
    assert sent(manager, f"{address}/units", unit=str(GENERAL.id), reason="理由").status_code == 409


def test_ending_says_what_it_means_and_why_it_waits(manager: FlaskClient, year: Year) -> None:
    text = manager.get(f"/inspections/{year.sheets[BRANCH.code]}/ending").text
    assert "猶予日を過ぎてから締め切れます。" in text
    assert "𠮷田出張所を未提出で締め切る" in text
    assert "𠮷田出張所を対象から外す" in text


def test_a_silent_department_is_closed_after_the_grace_date(
    manager: FlaskClient, year: Year, clock: StandingClock
) -> None:
    address = f"/inspections/{year.sheets[BRANCH.code]}/close-unsubmitted"
    assert sent(manager, address, reason="督促に応答がない", version="1").status_code == 409
    clock.instant = at_grace_end()
    signed_in_again(manager, KIMURA)
    unexplained = sent(manager, address, reason="", version="1")
    assert unexplained.status_code == 422
    assert 'href="#close_unsubmitted"' in unexplained.text
    assert sent(manager, address, reason="督促に応答がない", version="1").status_code == 303
    assert year.sheet(BRANCH).state is State.CLOSED_UNSUBMITTED
    assert manager.get(f"/inspections/{year.sheets[BRANCH.code]}/ending").status_code == 409


def test_a_sheet_that_moved_on_meanwhile_is_not_ended(manager: FlaskClient, year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    address = f"/inspections/{year.sheets[AFFAIRS.code]}/exclude"
    stale = sent(manager, address, reason="統合のため", version="1")
    assert stale.status_code == 409
    assert year.sheet(AFFAIRS).state is State.AWAITING_HEAD
    assert (
        sent(manager, address, reason="統合のため", version=str(year.sheet(AFFAIRS).version)).status_code
        == 303
    )
    assert year.sheet(AFFAIRS).state is State.EXCLUDED


def test_ending_is_hidden_from_strangers_and_refused_to_others(app: Flask, year: Year) -> None:
    address = f"/inspections/{year.sheets[COUNTER.code]}"
    assert signed_in(app, SATO).get(f"{address}/ending").status_code == 404
    assert signed_in(app, TANAKA).get(f"{address}/ending").status_code == 403
    assert sent(signed_in(app, TANAKA), f"{address}/exclude", reason="理由", version="1").status_code == 403
    assert (
        sent(signed_in(app, SATO), f"{address}/close-unsubmitted", reason="理由", version="1").status_code
        == 404
    )


def test_the_lead_divisions_own_sheet_is_closed_by_the_chief(app: Flask, year: Year) -> None:
    text = signed_in(app, OGAWA).get(f"/inspections/{year.sheets[LEAD.code]}/ending").text
    assert "情報政策課を未提出で締め切る" in text
    assert "情報政策課を対象から外す" in text
    assert signed_in(app, KIMURA).get(f"/inspections/{year.sheets[LEAD.code]}/ending").status_code == 403


# ----------------------------------------------------------------------------------------- taking it away


def test_the_file_has_the_filtered_rows_and_opens_in_excel(manager: FlaskClient, year: Year) -> None:
    answer = manager.get(f"/campaigns/{year.campaign_id}/progress.csv?department={CITIZENS.id}")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines] == ["所属", "市民課", "𠮷田出張所"]
    assert "令和8年11月27日(金),2026-11-27" in lines[1]


def test_the_file_never_holds_a_formula(manager: FlaskClient, year: Year) -> None:
    with year.database.transaction() as session:
        version = session.scalars(select(UnitVersion).where(UnitVersion.unit_id == COUNTER.id)).one()
        version.name = "=HYPERLINK(1)"
    text = manager.get(f"/campaigns/{year.campaign_id}/progress.csv").data.decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert ",=" not in text


def test_the_notice_merges_units_and_dates(app: Flask, year: Year) -> None:
    text = signed_in(app, SATO).get(f"/campaigns/{year.campaign_id}/notice").text
    assert "各所属で点検してください。" in text
    assert "市民部：市民課、𠮷田出張所" in text
    assert "令和8年11月1日(日)から令和8年11月27日(金)まで" in text
    assert "情報政策課長" in text


def test_the_notice_of_a_draft_is_not_for_offices(app: Flask, year: Year) -> None:
    address = f"/campaigns/{drafted(year)}/notice"
    assert signed_in(app, SATO).get(address).status_code == 404
    assert signed_in(app, NAKAMURA).get(address).status_code in {403, 404}
    assert signed_in(app, TANAKA).get(address).status_code == 200


# --------------------------------------------------------------------------------- how much a page asks


def _version(unit_id: UnitId, *, name: str, parent: UnitId, order: int, valid_from: date) -> UnitVersion:
    return UnitVersion(
        unit_id=unit_id,
        name=name,
        kana="か",
        kind="division",
        policy_owner="mayor",
        parent_id=parent,
        sort_order=order,
        valid_from=valid_from,
    )


def _many(database: Database, *, count: int) -> tuple[Place, ...]:
    places = tuple(
        Place(f"5{number:03}", f"試験{number:03}課", "しけんか", "division", "2000")
        for number in range(count)
    )
    with database.transaction() as session:
        session.add_all(Unit(id=place.id, code=place.code, created_at=STORY) for place in places)
        session.flush()
        session.add_all(
            _version(place.id, name=place.name, parent=GENERAL.id, order=100 + number, valid_from=FIRST_DAY)
            for number, place in enumerate(places)
        )
    return places


def _asked(client: FlaskClient, address: str) -> int:
    client.get(address)
    with statements() as heard:
        client.get(address)
    return len(heard)


PAGES = {
    "list": ("/campaigns", 5),
    "form": ("/campaigns/new", 3),
    "next year": ("/campaigns/{next}", 17),
    "edit": ("/campaigns/{draft}/edit", 6),
    "preview": ("/campaigns/{draft}", 13),
    "progress": ("/campaigns/{running}", 8),
    "print": ("/campaigns/{running}?rows=all", 8),
    "notice": ("/campaigns/{running}/notice", 3),
}
"""Each page with its own statements: what the frame of every page asks is measured and taken off."""


@pytest.mark.parametrize("count", [9, 120])
def test_a_page_asks_the_same_for_any_number_of_units(app: Flask, database: Database, count: int) -> None:
    places = _many(database, count=count)
    year = running_year(database, places=places)
    client = signed_in(app, KIMURA)
    ids = {"running": year.campaign_id, "draft": drafted(year, places=places)}
    with database.transaction() as session:
        actor = year.actor(TANAKA)
        made = prepare_next_year(session, actor=actor, campaign_id=year.campaign_id, now=year.now)
        ids["next"] = made.campaign_id
    frame = _asked(client, "/a-page-that-does-not-exist")
    own = {name: _asked(client, address.format(**ids)) - frame for name, (address, _) in PAGES.items()}
    assert own == {name: expected for name, (_, expected) in PAGES.items()}


def test_a_judgement_in_the_making_is_not_shown_to_those_whom_it_judges(app: Flask, year: Year) -> None:
    """The lead division's own sheet is reviewed by another unit: its manager follows the city, and not that."""
    year.bring(LEAD, to=State.UNDER_REVIEW)
    own, others = (_cells(app, cast, year) for cast in (KIMURA, OGAWA))
    assert (own[5], own[8], own[9]) == ("0", "", "")
    assert others[5] != "0"
    assert others[8] != ""


def _cells(app: Flask, cast: Cast, year: Year) -> list[str]:
    text = signed_in(app, cast).get(f"/campaigns/{year.campaign_id}/progress.csv").text
    return next(line for line in text.splitlines() if "情報政策課" in line).split(",")


def test_long_lists_are_paged_and_print_as_one(app: Flask, database: Database) -> None:
    year = running_year(database, places=_many(database, count=120))
    client, address = signed_in(app, KIMURA), f"/campaigns/{year.campaign_id}"
    assert len(_units(client.get(address).text)) == 50
    assert len(_units(client.get(f"{address}?page=3").text)) == 20
    assert len(_units(client.get(f"{address}?rows=all").text)) == 120
    assert client.get(f"{address}/progress.csv").text.count("未着手") == 120
