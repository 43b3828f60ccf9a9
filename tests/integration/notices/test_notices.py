"""Notices on the screen: who is told of a step, the page, the figure in the header."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.db.session import Database
from app.inspections.rules import Judgement, State
from app.kernel.errors import NotFound
from app.notices.commands import mark_read
from app.notices.models import Notice
from tests.conftest import ActorOf, StandingClock
from tests.factories.inspections import Year
from tests.pages import browser
from tests.people import AFFAIRS, ITO, KIMURA, LEAD, NAKAMURA, SATO, STORY, SUZUKI, TAKAHASHI, TANAKA, YAMADA
from tests.sign_in import signed_in
from tests.statements import statements

KEY = {"idempotency_key": "k" * 20}


def told(database: Database) -> list[tuple[str, str]]:
    """Return who was told what, in the order of writing."""
    people = {cast.id: cast.name for cast in (SATO, SUZUKI, TANAKA, KIMURA, TAKAHASHI, YAMADA)}
    with database.reading() as session:
        rows = session.scalars(select(Notice).order_by(Notice.created_at, Notice.kind, Notice.person_id))
        return [(row.kind.removeprefix("step."), people[row.person_id]) for row in rows]  # type: ignore[index]


def test_each_step_tells_who_has_to_act_and_nobody_else(year: Year, database: Database) -> None:
    year.answer(AFFAIRS)
    year.hand_over(AFFAIRS)
    assert told(database) == [("approval-wanted", SUZUKI.name)]
    year.approve(AFFAIRS)
    year.judge(AFFAIRS, judgements={"D02": Judgement.RETURNED})
    assert told(database)[1:] == []
    year.return_items(AFFAIRS)
    assert sorted(told(database)[1:]) == [("items-returned", SATO.name), ("items-returned", SUZUKI.name)]
    with database.reading() as session:
        due = session.scalars(select(Notice.due_on).where(Notice.kind == "step.items-returned")).first()
    assert due == year.sheet(AFFAIRS).campaign.dates.review_due


def test_corrections_are_told_to_who_judged_and_the_end_to_the_office(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_REAPPROVAL)
    year.approve(AFFAIRS)
    assert ("corrections-in", TANAKA.name) in told(database)
    year.judge(AFFAIRS)
    year.finish_review(AFFAIRS)
    year.sign_off(AFFAIRS)
    assert {name for kind, name in told(database) if kind == "signed-off"} == {SATO.name, SUZUKI.name}


def test_saving_answers_tells_nobody(year: Year, database: Database) -> None:
    year.answer(AFFAIRS)
    assert told(database) == []


def test_the_page_and_the_header_show_what_is_unread(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    head = browser(app, SUZUKI, year=year, clock=clock)
    home = head.get("/").text
    assert '<span class="visually-hidden">未読</span>1' in home
    assert "まだ読んでいないお知らせが1件あります" in home
    page = head.get("/notices")
    assert "総務課の自己点検を承認してください" in page.text
    with app.app_context(), year.database.reading() as session:
        notice_id = session.scalars(select(Notice.id)).one()
    to = f"/inspections/{year.sheets[AFFAIRS.code]}/approval"
    opened = head.post(f"/notices/{notice_id}/read", data={**KEY, "to": to})
    assert (opened.status_code, opened.location) == (303, to)
    assert head.get(to).status_code == 200
    assert "未読</span>" not in head.get("/notices").text


def test_opening_a_notice_never_leads_to_another_host(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    head = browser(app, SUZUKI, year=year, clock=clock)
    with year.database.reading() as session:
        notice_id = session.scalars(select(Notice.id)).one()
    sent = head.post(f"/notices/{notice_id}/read", data={**KEY, "to": "//elsewhere.example/"})
    assert sent.location == "/notices"


def test_somebody_elses_notice_is_not_there(year: Year, actor_of: ActorOf) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    with year.database.reading() as session:
        notice_id = session.scalars(select(Notice.id)).one()
    with pytest.raises(NotFound), year.database.transaction() as session:
        mark_read(session, actor=actor_of(YAMADA), notice_id=notice_id, now=year.now)


def test_reading_all_leaves_what_came_after_the_page(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    head = browser(app, SUZUKI, year=year, clock=clock)
    until = (STORY - timedelta(minutes=1)).isoformat()
    head.post("/notices/read", data={**KEY, "until": until})
    assert "未読</span>" in head.get("/notices").text
    head.post("/notices/read", data={"idempotency_key": "m" * 20, "until": year.now.isoformat()})
    assert "未読</span>" not in head.get("/notices").text
    assert head.post("/notices/read", data={"idempotency_key": "n" * 20, "until": "x"}).status_code == 422


def test_the_page_asks_little_however_many_there_are(app: Flask, year: Year, clock: StandingClock) -> None:
    counts = []
    for place in (AFFAIRS, LEAD):
        year.bring(place, to=State.SIGNED_OFF)
        client = browser(app, SATO if place is AFFAIRS else KIMURA, year=year, clock=clock)
        client.get("/notices")
        with statements() as sent:
            assert client.get("/notices").status_code == 200
        counts.append(len(sent))
    assert max(counts) <= 10


def test_everybody_has_the_page_of_the_own_mail(app: Flask) -> None:
    for cast in (SATO, ITO, NAKAMURA):
        client = signed_in(app, cast)
        assert client.get("/notices").status_code == 200
        assert "メールを送る設定をしていません" in client.get("/me/mail").text
    sent = client.post("/me/mail", data={**KEY, "choice": "refused"}, follow_redirects=True)
    assert "お知らせのメールを止めました" in sent.text
    assert client.post("/me/mail", data={**KEY, "choice": "x"}).status_code == 422


def test_an_administrator_sets_an_address(app: Flask) -> None:
    client, place = signed_in(app, NAKAMURA), f"/accounts/{SATO.id}/mail-address"
    bad = client.post(place, data={**KEY, "address": "佐藤"})
    assert bad.status_code == 422
    assert "メールアドレスとして読み取れません" in bad.text
    good = client.post(place, data={**KEY, "address": "ｓａｔｏ@city.example"}, follow_redirects=True)
    assert "sato@city.example" in good.text
    assert signed_in(app, SATO).post(place, data={**KEY, "address": "x@y.example"}).status_code == 403
