"""Signing off with the password once more, giving back, reopening by two; and the score in its lines."""

from datetime import date
from secrets import token_urlsafe
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db.session import Database
from app.inspections.models import ItemReview, Reopening, Revision, SealedRevision, SheetStepRow
from app.inspections.queries.score import score_page
from app.inspections.queries.sign_off import reopening_page, sign_off_page
from app.inspections.rules import Judgement, State
from app.journal.models import AccessLogEntry
from app.web.models import SentForm
from tests.conftest import StandingClock
from tests.factories.inspections import Year, at_grace_end
from tests.pages import browser
from tests.people import (
    AFFAIRS,
    BRANCH,
    FUJIMOTO,
    ITO,
    KIMURA,
    LEAD,
    NAKAMURA,
    OGAWA,
    PASSWORD,
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


def address(year: Year, place: Place, rest: str = "sign-off") -> str:
    return f"/inspections/{year.sheets[place.code]}/{rest}"


def fields(year: Year, place: Place = AFFAIRS, **typed: str) -> dict[str, str]:
    return {"idempotency_key": token_urlsafe(18), "version": str(year.sheet(place).version), **typed}


@pytest.fixture
def manager(app: Flask, year: Year, clock: StandingClock) -> FlaskClient:
    """木村, with 総務課's reviewed sheet before her."""
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.judge(AFFAIRS, judgements={"D02": Judgement.ACCEPTED_WITH_REMARK, "D08": Judgement.CHANGED})
    year.finish_review(AFFAIRS)
    return browser(app, KIMURA, year=year, clock=clock)


# ------------------------------------------------------------------------------------------- who signs off


@pytest.mark.parametrize(
    ("cast", "status"),
    [
        (KIMURA, 200),
        (OGAWA, 403),
        (TANAKA, 403),
        (ITO, 403),
        (WATANABE, 403),
        (SUZUKI, 403),
        (TAKAHASHI, 404),
        (NAKAMURA, 404),
    ],
)
def test_only_the_manager_signs_off(
    app: Flask, year: Year, clock: StandingClock, cast: Cast, status: int
) -> None:
    year.bring(AFFAIRS, to=State.REVIEWED)
    client = browser(app, cast, year=year, clock=clock)
    assert client.get(address(year, AFFAIRS)).status_code == status
    reply = client.post(address(year, AFFAIRS), data=fields(year, password=PASSWORD))
    assert reply.status_code == (303 if status == 200 else status)


@pytest.mark.parametrize(("cast", "status"), [(OGAWA, 200), (KIMURA, 403), (FUJIMOTO, 403)])
def test_the_lead_divisions_own_sheet_is_signed_off_one_level_higher(
    app: Flask, year: Year, clock: StandingClock, cast: Cast, status: int
) -> None:
    year.bring(LEAD, to=State.REVIEWED)
    assert browser(app, cast, year=year, clock=clock).get(address(year, LEAD)).status_code == status


@pytest.mark.parametrize("state", [State.ANSWERING, State.UNDER_REVIEW, State.SIGNED_OFF])
def test_a_sheet_is_signed_off_only_after_its_review(
    app: Flask, year: Year, clock: StandingClock, state: State
) -> None:
    year.bring(AFFAIRS, to=state)
    client = browser(app, KIMURA, year=year, clock=clock)
    assert client.get(address(year, AFFAIRS)).status_code == 409
    assert client.post(address(year, AFFAIRS), data=fields(year, password=PASSWORD)).status_code == 409


# -------------------------------------------------------------------------------------------- what is shown


def test_the_page_shows_scores_misses_changes_and_who_took_part(manager: FlaskClient, year: Year) -> None:
    page = manager.get(address(year, AFFAIRS)).text
    # D01 2*2, D02 1*1, D07 2*3, D08 0*1, D09 2*2 of 18; the reviewer's 一部実施 gives D08 one point more.
    for words in (
        "83.3点",
        "88.9点",
        "15/18",
        "16/18",
        "審査で変わった段階（1件）",
        "所見を付けて受理（1件）",
    ):
        assert words in page
    for words in ("佐藤 花子", "鈴木 一郎", "田中 実", "承認した内容と一致", "重要項目の未達（0件）"):
        assert words in page


def test_looking_is_recorded(manager: FlaskClient, year: Year, database: Database) -> None:
    manager.get(address(year, AFFAIRS))
    manager.get(address(year, AFFAIRS, "score"))
    with database.reading() as session:
        acts = session.scalars(select(AccessLogEntry.act).order_by(AccessLogEntry.id)).all()
    assert acts == ["sheet.sign-off", "sheet.score"]


# ------------------------------------------------------------------------------------------ signing off


def test_signing_off_seals_and_leads_to_the_sheet(
    manager: FlaskClient, year: Year, database: Database
) -> None:
    reply = manager.post(address(year, AFFAIRS), data=fields(year, password=PASSWORD))
    assert reply.status_code == 303
    assert reply.location == f"/inspections/{year.sheets[AFFAIRS.code]}"
    assert year.sheet(AFFAIRS).state is State.SIGNED_OFF
    with database.reading() as session:
        assert session.scalars(select(SealedRevision.sealed_by)).one() == KIMURA.id


def test_sent_twice_is_signed_off_once(manager: FlaskClient, year: Year, database: Database) -> None:
    sent = fields(year, password=PASSWORD)
    first, second = (manager.post(address(year, AFFAIRS), data=sent) for _ in range(2))
    assert (second.status_code, second.location) == (303, first.location)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SealedRevision)) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"), [("", "あなたのパスワードを入れてください"), ("まちがい", "パスワードが違います")]
)
def test_without_the_right_password_nothing_is_signed_off(
    manager: FlaskClient, year: Year, typed: str, sentence: str
) -> None:
    reply = manager.post(address(year, AFFAIRS), data=fields(year, password=typed))
    assert reply.status_code == 422
    assert sentence in reply.text
    assert "まちがい" not in reply.text
    assert year.sheet(AFFAIRS).state is State.REVIEWED


def test_wrong_passwords_are_slowed_down(manager: FlaskClient, year: Year) -> None:
    for _ in range(5):
        reply = manager.post(address(year, AFFAIRS), data=fields(year, password="まちがい"))
    assert reply.status_code == 422
    assert "少し待ちます" in reply.text
    assert manager.post(address(year, AFFAIRS), data=fields(year, password=PASSWORD)).status_code == 422
    assert year.sheet(AFFAIRS).state is State.REVIEWED


def test_a_refused_password_leaves_no_trace_of_the_form(
    manager: FlaskClient, year: Year, database: Database
) -> None:
    manager.post(address(year, AFFAIRS), data=fields(year, password="まちがい"))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SentForm)) == 0


def test_an_old_page_signs_nothing_off(manager: FlaskClient, year: Year) -> None:
    sent = fields(year, password=PASSWORD) | {"version": "1"}
    assert manager.post(address(year, AFFAIRS), data=sent).status_code == 409
    assert year.sheet(AFFAIRS).state is State.REVIEWED


def test_a_sheet_goes_back_to_the_reviewers_with_a_reason(
    manager: FlaskClient, year: Year, database: Database
) -> None:
    without = manager.post(address(year, AFFAIRS, "resume-review"), data=fields(year, reason=""))
    assert without.status_code == 422
    assert "理由を書いてください" in without.text
    done = manager.post(
        address(year, AFFAIRS, "resume-review"), data=fields(year, reason="D08の写しを確かめる")
    )
    assert done.status_code == 303
    assert year.sheet(AFFAIRS).state is State.UNDER_REVIEW
    with database.reading() as session:
        last = session.scalars(select(SheetStepRow).order_by(SheetStepRow.sequence.desc()).limit(1)).one()
    assert (last.action, last.reason) == ("resume_review", "D08の写しを確かめる")


@pytest.mark.usefixtures("manager")
def test_a_reviewer_takes_the_end_of_the_review_back(
    app: Flask, year: Year, clock: StandingClock, database: Database
) -> None:
    reviewer = browser(app, TANAKA, year=year, clock=clock)
    page = f"/inspections/{year.sheets[AFFAIRS.code]}/review"
    assert "審査の終了を取り消す" in reviewer.get(page).text
    old = reviewer.post(address(year, AFFAIRS, "retake-review"), data=fields(year) | {"version": "1"})
    assert (old.status_code, year.sheet(AFFAIRS).state) == (409, State.REVIEWED)
    clerk = browser(app, SATO, year=year, clock=clock)
    assert clerk.post(address(year, AFFAIRS, "retake-review"), data=fields(year)).status_code == 403
    done = reviewer.post(address(year, AFFAIRS, "retake-review"), data=fields(year))
    assert (done.status_code, year.sheet(AFFAIRS).state) == (303, State.UNDER_REVIEW)
    text = reviewer.get(page).text
    assert "審査の終了を取り消しました" in text
    assert 'id="error-summary"' not in text
    with database.reading() as session:
        assert session.scalars(select(ItemReview.item_id)).all()


# -------------------------------------------------------------------------------------------- reopening


def test_reopening_takes_two_persons(
    app: Flask, year: Year, clock: StandingClock, database: Database
) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    tanaka = browser(app, TANAKA, year=year, clock=clock)
    assert "再開を申し出る" in tanaka.get(address(year, AFFAIRS, "reopening")).text
    empty = tanaka.post(address(year, AFFAIRS, "reopening"), data=fields(year, reason=" "))
    assert empty.status_code == 422
    asked = tanaka.post(address(year, AFFAIRS, "reopening"), data=fields(year, reason="写しが別の年度だった"))
    assert asked.status_code == 303
    assert "もう一人の判断を待っています" in tanaka.get(asked.location).text
    assert tanaka.post(address(year, AFFAIRS, "confirm-reopening"), data=fields(year)).status_code == 403
    kimura = signed_in(app, KIMURA)
    page = kimura.get(address(year, AFFAIRS, "reopening")).text
    assert "写しが別の年度だった" in page
    assert "田中 実" in page
    assert kimura.post(address(year, AFFAIRS, "confirm-reopening"), data=fields(year)).status_code == 303
    with database.reading() as session:
        numbers = session.scalars(
            select(Revision.number)
            .where(Revision.inspection_id == year.sheets[AFFAIRS.code])
            .order_by(Revision.number)
        ).all()
        assert session.scalars(select(Reopening.decided_by)).one() == KIMURA.id
    assert numbers == [1, 2]
    assert year.sheet(AFFAIRS).state is State.ANSWERING


def test_nobody_agrees_to_the_own_request(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    kimura = browser(app, KIMURA, year=year, clock=clock)
    kimura.post(address(year, AFFAIRS, "reopening"), data=fields(year, reason="写しが別の年度だった"))
    assert kimura.post(address(year, AFFAIRS, "confirm-reopening"), data=fields(year)).status_code == 403
    assert (
        signed_in(app, OGAWA).post(address(year, AFFAIRS, "confirm-reopening"), data=fields(year)).status_code
        == 303
    )


def test_a_silent_departments_sheet_is_reopened_too(app: Flask, year: Year, clock: StandingClock) -> None:
    year.now = at_grace_end()
    year.close_unsubmitted(BRANCH)
    client = browser(app, TANAKA, year=year, clock=clock)
    assert client.get(address(year, BRANCH, "reopening")).status_code == 200


@pytest.mark.parametrize(
    ("cast", "status"), [(TANAKA, 200), (OGAWA, 200), (ITO, 403), (SATO, 403), (TAKAHASHI, 404)]
)
def test_who_sees_the_page_of_a_reopening(
    app: Flask, year: Year, clock: StandingClock, cast: Cast, status: int
) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    client = browser(app, cast, year=year, clock=clock)
    assert client.get(address(year, AFFAIRS, "reopening")).status_code == status


def test_an_open_sheet_is_not_reopened(app: Flask, year: Year, clock: StandingClock) -> None:
    client = browser(app, TANAKA, year=year, clock=clock)
    assert client.get(address(year, AFFAIRS, "reopening")).status_code == 409
    asked = client.post(address(year, AFFAIRS, "reopening"), data=fields(year, reason="早すぎる"))
    assert asked.status_code == 409


# ------------------------------------------------------------------------------------------------- the score


@pytest.mark.parametrize(
    ("cast", "status"), [(KIMURA, 200), (ITO, 200), (SATO, 200), (TAKAHASHI, 404), (NAKAMURA, 404)]
)
def test_who_opens_the_score(app: Flask, year: Year, clock: StandingClock, cast: Cast, status: int) -> None:
    year.bring(AFFAIRS, to=State.REVIEWED)
    client = browser(app, cast, year=year, clock=clock)
    assert client.get(address(year, AFFAIRS, "score")).status_code == status


def test_every_figure_is_the_sum_of_the_lines_that_are_shown(
    manager: FlaskClient, year: Year, database: Database
) -> None:
    actor, sheet = year.actor(KIMURA), year.sheets[AFFAIRS.code]
    with database.reading() as session, statements() as sent:
        page = score_page(session, actor=actor, inspection_id=sheet, today=TODAY)
    table = page.table
    assert table.reviewed is not None
    for whole, name in ((table.own, "own"), (table.reviewed, "reviewed")):
        parts = [getattr(row, name) for row in table.rows]
        sums = [getattr(section, name) for section in table.sections]
        assert whole.earned == sum(part.earned for part in parts) == sum(one.earned for one in sums)
        assert whole.possible == sum(part.possible for part in parts) == sum(one.possible for one in sums)
    assert [row.item.key for row in table.changed] == ["D08"]
    assert len(sent) <= 8


def test_the_department_sees_judgements_only_when_the_review_has_ended(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    year.bring(AFFAIRS, to=State.UNDER_REVIEW)
    clerk = browser(app, SATO, year=year, clock=clock)
    assert "審査が終わると表示します" in clerk.get(address(year, AFFAIRS, "score")).text
    assert "審査の途中です" in signed_in(app, ITO).get(address(year, AFFAIRS, "score")).text
    year.finish_review(AFFAIRS)
    assert "審査が終わると表示します" not in clerk.get(address(year, AFFAIRS, "score")).text


def test_the_pages_ask_little(manager: FlaskClient, year: Year, database: Database) -> None:
    actor, sheet = year.actor(KIMURA), year.sheets[AFFAIRS.code]
    with database.reading() as session, statements() as sent:
        sign_off_page(session, actor=actor, inspection_id=sheet, today=TODAY)
    assert len(sent) <= 24
    year.sign_off(AFFAIRS)
    with database.reading() as session, statements() as sent:
        reopening_page(session, actor=actor, inspection_id=sheet, today=TODAY)
    assert len(sent) <= 18
