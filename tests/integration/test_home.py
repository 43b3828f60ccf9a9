"""The home page of each role: what to do now, and nothing that is somebody else's."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app.db.session import Database
from app.home.queries import home_page
from app.inspections.commands.answer import confirm_profile
from app.inspections.commands.hand_over import return_to_clerk
from app.inspections.models import Campaign
from app.inspections.queries.lists import HeaderCounter
from app.inspections.rules import CampaignKind, Judgement, State
from app.kernel.clock import business_date
from tests.factories.inspections import DATES, Year, running_year
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    FUJIMOTO,
    HIGASHI,
    ITO,
    KIMURA,
    LEAD,
    NAKAMURA,
    OGAWA,
    ONO,
    SATO,
    SUZUKI,
    TANAKA,
    YOSHIDA,
    Cast,
)
from tests.sign_in import signed_in


def titles(year: Year, database: Database, cast: Cast) -> list[str]:
    """Return the titles of what somebody has to do."""
    with database.reading() as session:
        page = home_page(session, actor=year.actor(cast), today=business_date(year.now))
    return [task.title for task in page.tasks]


@pytest.mark.parametrize(
    ("state", "cast", "title"),
    [
        (State.ANSWERING, SATO, "総務課の自己点検に回答する"),
        (State.AWAITING_HEAD, SUZUKI, "総務課の自己点検を承認する"),
        (State.SUBMITTED, TANAKA, "総務課を審査する"),
        (State.UNDER_REVIEW, TANAKA, "総務課の審査を続ける"),
        (State.RETURNED, SATO, "総務課の差戻しに答える"),
        (State.AWAITING_REAPPROVAL, SUZUKI, "総務課の修正を承認する"),
        (State.REVIEWED, KIMURA, "総務課を確定する"),
    ],
)
def test_each_state_is_the_task_of_exactly_one_of_them(
    year: Year, database: Database, state: State, cast: Cast, title: str
) -> None:
    year.bring(AFFAIRS, to=state)
    assert title in titles(year, database, cast)
    for other in {SATO, SUZUKI, TANAKA, KIMURA, ITO} - {cast}:
        assert title not in titles(year, database, other)


def test_the_lead_divisions_own_sheet_waits_for_substitute_and_chief(year: Year, database: Database) -> None:
    year.bring(LEAD, to=State.SUBMITTED)
    assert "情報政策課を審査する" in titles(year, database, FUJIMOTO)
    assert "情報政策課を審査する" not in titles(year, database, TANAKA)
    year.judge(LEAD)
    year.finish_review(LEAD)
    assert "情報政策課を確定する" in titles(year, database, OGAWA)
    assert "情報政策課を確定する" not in titles(year, database, KIMURA)


def test_who_stands_in_for_a_one_person_office_is_told(year: Year, database: Database) -> None:
    year.answer_as(BRANCH, YOSHIDA)
    assert "𠮷田出張所の自己点検を承認する" in titles(year, database, HIGASHI)
    assert "𠮷田出張所の自己点検を承認する" not in titles(year, database, OGAWA)


def test_a_returned_sheet_is_due_on_the_day_of_its_return(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    early = DATES.review_due - timedelta(days=10)
    year.judge(AFFAIRS, judgements={"D02": Judgement.RETURNED, "D08": Judgement.RETURNED}, due=early)
    year.return_items(AFFAIRS)
    with database.reading() as session:
        page = home_page(session, actor=year.actor(SATO), today=business_date(year.now))
    assert [task.sheet.due for task in page.tasks] == [early]


def test_who_stands_in_for_a_head_who_only_confirmed_the_profile_is_told(
    year: Year, database: Database
) -> None:
    sheet = year.sheets[AFFAIRS.code]
    with database.transaction() as session:
        confirm_profile(
            session,
            actor=year.actor(SUZUKI),
            inspection_id=sheet,
            flags={},
            seen_version=0,
            now=year.now,
        )
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    assert "総務課の自己点検を承認する" not in titles(year, database, SUZUKI)
    assert "総務課の自己点検を承認する" in titles(year, database, ONO)


def test_who_signs_off_for_a_manager_who_reviewed_is_told(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.judge(AFFAIRS, by=KIMURA)
    year.finish_review(AFFAIRS)
    assert "総務課を確定する" not in titles(year, database, KIMURA)
    assert "総務課を確定する" in titles(year, database, OGAWA)


def test_a_head_without_a_clerk_is_asked_to_name_one(year: Year, app: Flask) -> None:
    page = signed_in(app, YOSHIDA).get("/").text
    assert "𠮷田出張所の点検担当者を決める" in page


def test_the_citys_bar_groups_states_as_the_list_of_campaigns_does(year: Year, app: Flask) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    words = "審査1、承認待ち0、回答・差戻し0、未着手3"
    client = signed_in(app, TANAKA)
    assert f'aria-label="進行中の点検票：確定0、{words}"' in client.get("/").text
    assert f'aria-label="確定0、{words}"' in client.get("/campaigns").text


def test_practice_is_named_and_counted_nowhere(year: Year, app: Flask, database: Database) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    with database.transaction() as session:
        session.execute(update(Campaign).values(kind=CampaignKind.TRIAL.value, title="【試行】操作の練習"))
    with database.reading() as session:
        city = home_page(session, actor=year.actor(TANAKA), today=business_date(year.now)).city
    assert city is not None
    assert (city.total, city.overdue) == (0, 0)
    assert "全庁の状況：【試行】操作の練習" in signed_in(app, TANAKA).get("/").text


def test_the_administrator_sees_the_installation_and_no_sheet(year: Year, app: Flask) -> None:
    client = signed_in(app, NAKAMURA)
    assert client.get("/").headers["Location"] == "/installation"
    assert "バックアップ" in client.get("/installation").text
    assert client.get(f"/inspections/{year.sheets[COUNTER.code]}").status_code == 404


# ------------------------------------------------------------------------------- the figures in the header

OWN, REVIEW = {"inspections": 1, "review": 0}, {"inspections": 0, "review": 1}


@pytest.mark.parametrize(
    ("state", "cast", "figures"),
    [
        (State.ANSWERING, SATO, OWN),
        (State.AWAITING_HEAD, SUZUKI, OWN),
        (State.SUBMITTED, TANAKA, REVIEW),
        (State.UNDER_REVIEW, TANAKA, REVIEW),
        (State.RETURNED, SATO, OWN),
        (State.AWAITING_REAPPROVAL, SUZUKI, OWN),
        (State.REVIEWED, KIMURA, REVIEW),
    ],
)
def test_the_header_counts_a_sheet_for_whoever_it_waits_for(
    database: Database, state: State, cast: Cast, figures: dict[str, int]
) -> None:
    year = running_year(database, places=(AFFAIRS,))
    year.bring(AFFAIRS, to=state)
    counter = HeaderCounter()
    for one in (SATO, SUZUKI, TANAKA, KIMURA, ITO):
        with database.reading() as session:
            found = counter.waiting(session, actor=year.actor(one), today=business_date(year.now))
        assert found == (figures if one is cast else {"inspections": 0, "review": 0}), one.name


@pytest.mark.parametrize("state", [State.AWAITING_HEAD, State.AWAITING_REAPPROVAL])
def test_the_header_counts_for_a_deputy_what_waits_for_the_head(database: Database, state: State) -> None:
    year = running_year(database, places=(AFFAIRS,))
    year.bring(AFFAIRS, to=state)
    deputy = replace(year.actor(HIGASHI), deputy_of=frozenset({AFFAIRS.id}))
    with database.reading() as session:
        assert HeaderCounter().waiting(session, actor=deputy, today=business_date(year.now)) == OWN


def test_what_the_head_gave_back_is_named_so_and_leads_to_the_reason(
    app: Flask, year: Year, database: Database
) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    with database.transaction() as session:
        return_to_clerk(
            session,
            actor=year.actor(SUZUKI),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="2-2の日付を確かめてください。",
            seen_version=year.sheet(AFFAIRS).version,
            now=year.now,
        )
    assert titles(year, database, SATO) == ["総務課の回答を見直す"]
    clerk = signed_in(app, SATO)
    address = f"/inspections/{year.sheets[AFFAIRS.code]}"
    assert f'href="{address}"' in clerk.get("/").text
    for page in (address, f"{address}/check"):
        assert "2-2の日付を確かめてください。" in clerk.get(page).text
    year.answer(AFFAIRS)
    year.hand_over(AFFAIRS)
    assert titles(year, database, SATO) == []


def test_before_the_first_day_nothing_is_asked_for(app: Flask, year: Year, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Campaign).values(answer_from=DATES.answer_due))
    assert titles(year, database, SATO) == []
    assert "からです。" in signed_in(app, SATO).get("/").text
