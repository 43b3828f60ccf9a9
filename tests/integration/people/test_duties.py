"""The head names clerks and deputies."""

from datetime import date

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.db.session import bound
from app.journal.queries import lines_of
from app.journal.rules import Subject, SubjectType
from app.people.models import DutyAssignment
from app.people.queries import actor_on
from tests.conftest import StandingClock
from tests.integration.people.conftest import BrowserOf
from tests.people import AFFAIRS, HIGASHI, NAKAMURA, ONO, SATO, SUZUKI, TAKAHASHI, TANAKA, YAMADA, Cast

PAGE = f"/units/{AFFAIRS.id}/duties"
TODAY = date(2026, 11, 20)


def name(client: FlaskClient, *, key: str = "k" * 24, **typed: str) -> TestResponse:
    fields = {
        "duty": "deputy",
        "member": "",
        "staff_no": YAMADA.staff_no,
        "first_day": "2026-11-20",
        "last_day": "",
    }
    return client.post(PAGE, data={**fields, **typed, "idempotency_key": key})


def deputies(cast: Cast, day: date) -> bool:
    with bound().reading() as session:
        return AFFAIRS.id in actor_on(session, person_id=cast.id, day=day).deputy_of


def test_the_head_names_a_deputy_of_another_unit(browser_of: BrowserOf) -> None:
    reply = name(browser_of(SUZUKI), last_day="2026-11-30")
    assert (reply.status_code, reply.location) == (303, PAGE)
    assert [deputies(YAMADA, TODAY.replace(day=day)) for day in (19, 20, 30)] == [False, True, True]
    assert not deputies(YAMADA, date(2026, 12, 1))
    with bound().reading() as session:
        (line,) = lines_of(session, subject=Subject(type=SubjectType.UNIT, id=str(AFFAIRS.id)))
    assert line.event == "duty.named"
    assert line.person_id == str(SUZUKI.id)
    assert (line.facts["person"], line.facts["to"]) == (str(YAMADA.id), "2026-12-01")


def test_a_clerk_is_chosen_from_the_members(browser_of: BrowserOf) -> None:
    client = browser_of(SUZUKI)
    page = client.get(PAGE).text
    assert "佐藤 花子（1001）" in page
    assert "山田 太郎（1005）" not in page
    assert name(client, duty="clerk", member="1002", staff_no="").status_code == 303
    outsider = name(client, duty="clerk", key="x" * 24)
    assert outsider.status_code == 422
    assert "この所属の職員から選んでください" in outsider.text
    assert name(client, duty="clerk", member="1005", staff_no="", key="y" * 24).status_code == 422


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ({"staff_no": ""}, "ひとり"),
        ({"member": "1001"}, "ひとり"),
        ({"staff_no": "4242"}, "職員番号4242"),
        ({"staff_no": NAKAMURA.staff_no}, "システム管理者"),
        ({"staff_no": SUZUKI.staff_no}, "自分の代決者にはなれません"),
        ({"first_day": "2026-11-19"}, "きょうか"),
        ({"first_day": ""}, "最初の日を入れてください"),
        ({"last_day": "2026-11-19"}, "より後の日"),
        ({"duty": "chief"}, ""),
    ],
)
def test_what_can_only_be_a_slip_is_explained(
    browser_of: BrowserOf, typed: dict[str, str], part: str
) -> None:
    reply = name(browser_of(SUZUKI), **typed)
    assert reply.status_code == 422
    assert part in reply.text


def test_the_same_naming_twice_is_done_once(browser_of: BrowserOf) -> None:
    client = browser_of(SUZUKI)
    assert [name(client).status_code for _ in range(2)] == [303, 303]
    with bound().reading() as session:
        assert session.query(DutyAssignment).filter_by(unit_id=AFFAIRS.id, duty="deputy").count() == 1
    reply = name(client, key="x" * 24)
    assert reply.status_code == 422
    assert "もう指名されています" in reply.text


def test_a_higher_head_may_name_too(browser_of: BrowserOf) -> None:
    assert name(browser_of(ONO)).status_code == 303


@pytest.mark.parametrize(
    ("cast", "status"), [(SATO, 403), (TANAKA, 403), (TAKAHASHI, 404), (HIGASHI, 404), (NAKAMURA, 404)]
)
def test_nobody_else_may(browser_of: BrowserOf, cast: Cast, status: int) -> None:
    client = browser_of(cast)
    assert client.get(PAGE).status_code == status
    assert name(client).status_code == status


def test_ending_keeps_the_day_and_the_record(browser_of: BrowserOf, clock: StandingClock) -> None:
    client = browser_of(SUZUKI)
    name(client)
    with bound().reading() as session:
        duty_id = session.query(DutyAssignment).filter_by(unit_id=AFFAIRS.id, duty="deputy").one().id
    end = f"{PAGE}/{duty_id}/end"
    assert browser_of(TAKAHASHI).post(end, data={"idempotency_key": "k" * 24}).status_code == 404
    assert client.post(end, data={"idempotency_key": "k" * 24}).status_code == 303
    assert deputies(YAMADA, TODAY)
    assert not deputies(YAMADA, TODAY.replace(day=21))
    assert client.post(end, data={"idempotency_key": "x" * 24}).status_code == 409
    assert "令和8年11月20日" in client.get(PAGE).text


def test_a_naming_that_has_not_begun_is_taken_back(browser_of: BrowserOf) -> None:
    client = browser_of(SUZUKI)
    name(client, first_day="2026-12-01")
    with bound().reading() as session:
        duty_id = session.query(DutyAssignment).filter_by(unit_id=AFFAIRS.id, duty="deputy").one().id
    assert client.post(f"{PAGE}/{duty_id}/end", data={"idempotency_key": "k" * 24}).status_code == 303
    with bound().reading() as session:
        assert session.get(DutyAssignment, duty_id) is None
        events = [
            line.event
            for line in lines_of(session, subject=Subject(type=SubjectType.UNIT, id=str(AFFAIRS.id)))
        ]
    assert events == ["duty.named", "duty.withdrawn"]


@pytest.mark.parametrize("day", ["9999-12-31", "2200-01-01", "0001-01-01", "1899-12-31"])
def test_a_day_out_of_all_reason_is_explained(browser_of: BrowserOf, day: str) -> None:
    reply = name(browser_of(SUZUKI), first_day="2026-11-20", last_day=day)
    assert reply.status_code == 422
    assert "最後の日は、1900年から2199年までの日にしてください。" in reply.text
    assert not deputies(YAMADA, TODAY)


def test_the_last_day_that_can_be_typed_is_kept(browser_of: BrowserOf) -> None:
    assert name(browser_of(SUZUKI), last_day="2199-12-31").status_code == 303
    assert deputies(YAMADA, date(2199, 12, 31))
