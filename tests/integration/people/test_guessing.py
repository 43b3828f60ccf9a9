"""Somebody who guesses at a name without pause, and its owner who wants in meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.session import bound
from app.people.commands import Origin, proof, read_device, signed_device
from app.people.commands.devices import MOST_NAMES, REMEMBERED, Device, new_device
from app.people.commands.passwords import Check
from app.people.models import SignInThrottle
from app.people.rules import BY_NAME, SignInRefused, TooManyAttempts
from tests.conftest import StandingClock
from tests.integration.people.conftest import HERE, BrowserOf, Office
from tests.people import PASSWORD, SATO, STORY, SUZUKI, TANAKA, Cast

SECOND = timedelta(seconds=1)
SECRET = "only for tests"
ATTACKER = Origin(address="192.0.2.66", user_agent="curl", secret=SECRET)


def known(origin: Origin, cast: Cast) -> Origin:
    """Return an origin as it is after somebody signed in there."""
    return replace(origin, device=origin.device_after(cast.staff_no))


def guess(office: Office, *, now: datetime, origin: Origin = ATTACKER) -> bool:
    """Guess once; return whether the password was compared at all."""
    try:
        office.open(SATO, now=now, origin=origin, password="guess")
    except SignInRefused:
        return True
    except TooManyAttempts:
        return False
    raise AssertionError


def seconds_until_in(office: Office, *, now: datetime, origin: Origin) -> int:
    """Return after how many seconds the owner is in, who tries each second just after the guesser did."""
    for waited in range(3600):
        guess(office, now=now)
        try:
            office.open(SATO, now=now, origin=origin)
        except TooManyAttempts:
            now += SECOND
        else:
            return waited
    raise AssertionError


@pytest.fixture
def besieged(office: Office, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Twenty minutes of guesses at 佐藤 from one address, one a second; return the present instant."""
    compare_nothing(monkeypatch)
    return go_on(office, now=STORY, seconds=1200)


def go_on(office: Office, *, now: datetime, seconds: int) -> datetime:
    """Guess on each second; return the instant after it."""
    for _ in range(seconds):
        guess(office, now=now)
        now += SECOND
    return now


def compare_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the hashing of thousands of passwords: what is compared does not matter here, but when."""

    def check(password: str, *, against: str | None) -> Check:
        return Check.RIGHT if password == PASSWORD and against else Check.WRONG

    monkeypatch.setattr(proof, "check_password", check)


def test_on_a_known_device_the_owner_never_waits_even_behind_the_guessers_address(
    office: Office, besieged: datetime
) -> None:
    assert seconds_until_in(office, now=besieged, origin=known(HERE, SATO)) == 0
    assert seconds_until_in(office, now=besieged, origin=known(ATTACKER, SATO)) == 0


def test_on_a_fresh_machine_the_owner_waits_ten_seconds_at_most(office: Office, besieged: datetime) -> None:
    now, waits = besieged, []
    for _ in range(10):
        waits.append(seconds_until_in(office, now=now, origin=HERE))
        now = go_on(office, now=now + waits[-1] * SECOND, seconds=53)
    assert 0 < max(waits) <= BY_NAME.longest.seconds == 10


def test_a_guesser_with_one_address_gets_about_one_guess_a_minute(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_nothing(monkeypatch)
    compared = sum(guess(office, now=STORY + number * SECOND) for number in range(1200))
    assert 20 < compared < 30


def test_guessing_one_name_from_many_addresses_is_slowed_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_nothing(monkeypatch)
    compared = sum(
        guess(
            office,
            now=STORY + number * SECOND,
            origin=replace(ATTACKER, address=f"192.0.{number // 250}.{number % 250}"),
        )
        for number in range(1200)
    )
    # 20 minutes: the first 20 cost nothing, then one in ten seconds.
    assert 120 < compared < 150


def test_a_known_device_is_judged_strictly_by_its_own_count(office: Office) -> None:
    here = known(HERE, SATO)
    assert [guess(office, now=STORY, origin=here) for _ in range(5)] == [True] * 4 + [False]
    with pytest.raises(TooManyAttempts, match="あと2秒"):
        office.open(SATO, now=STORY, origin=replace(here, address="198.51.100.7"))
    assert office.open(SATO, now=STORY, origin=HERE).token


def test_a_device_is_known_only_for_those_who_signed_in_there(office: Office) -> None:
    thiefs_own = known(ATTACKER, TANAKA)
    assert [guess(office, now=STORY, origin=thiefs_own) for _ in range(5)] == [True] * 4 + [False]
    fresh_cookie = replace(ATTACKER, device=Device(id="another", names=known(ATTACKER, TANAKA).device.names))  # type: ignore[union-attr]
    assert not guess(office, now=STORY, origin=fresh_cookie)


def test_signing_in_does_not_prolong_the_delay_of_an_office(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_nothing(monkeypatch)
    for number in range(25):
        with pytest.raises(SignInRefused):
            office.open(replace(SATO, staff_no=f"42{number:02d}"), now=STORY + number * timedelta(seconds=30))
    later = STORY + timedelta(seconds=25 * 30)
    office.open(SATO, now=later)
    assert office.open(SUZUKI, now=later).token
    quiet = later + timedelta(minutes=30)
    for number in range(21):
        with pytest.raises(SignInRefused):
            office.open(replace(SATO, staff_no=f"43{number:02d}"), now=quiet)


def test_the_failures_outlive_a_restart(office: Office) -> None:
    for _ in range(4):
        guess(office, now=STORY)
    office.database.engine.dispose()
    assert not guess(office, now=STORY)


# --------------------------------------------------------------------------------------------- the cookie


def test_a_mark_is_read_back_and_ends_with_its_time() -> None:
    device = new_device().with_name("1").with_name("2").with_name("1")
    assert device.names == ("1", "2")
    cookie = signed_device(device, secret=SECRET, now=STORY)
    assert read_device(cookie, secret=SECRET, now=STORY + REMEMBERED - SECOND) == device
    assert read_device(cookie, secret=SECRET, now=STORY + REMEMBERED) is None
    assert read_device(cookie, secret="another", now=STORY) is None
    for forged in (
        None,
        "",
        "x",
        cookie[:-2] + ("A" if cookie[-2] != "A" else "B") + cookie[-1],
        "." + cookie,
        "x" * 5000,
    ):
        assert read_device(forged, secret=SECRET, now=STORY) is None


def test_a_mark_holds_the_last_few_names() -> None:
    device = new_device()
    for number in range(9):
        device = device.with_name(str(number))
    assert device.names == ("8", "7", "6", "5", "4")
    assert len(device.names) == MOST_NAMES


def attack(app: Flask, *, cast: Cast = SATO) -> None:
    """Fail often enough that the next attempt from this address has to wait."""
    guesser = app.test_client()
    statuses = [
        guesser.post("/login", data={"staff_no": cast.staff_no, "password": "x"}).status_code
        for _ in range(5)
    ]
    assert statuses == [422] * 4 + [429]


def log_in(client: FlaskClient, *, cast: Cast = SATO, password: str = PASSWORD) -> int:
    return client.post("/login", data={"staff_no": cast.staff_no, "password": password}).status_code


def test_a_browser_that_signed_in_before_gets_past_the_guesser(app: Flask, browser_of: BrowserOf) -> None:
    owner = browser_of(SATO)
    owner.post("/logout")
    attack(app)
    assert log_in(owner) == 303
    assert log_in(app.test_client()) == 429


def test_who_is_signed_in_proves_it_past_the_guesser(app: Flask, browser_of: BrowserOf) -> None:
    owner = browser_of(SATO)
    attack(app)
    reply = owner.post(
        "/password",
        data={
            "current_password": PASSWORD,
            "new_password": "すいか電車ひまわり七時半",
            "new_password_again": "すいか電車ひまわり七時半",
        },
    )
    assert reply.status_code == 303


def test_the_mark_is_out_of_reach_of_scripts_and_names_nobody(app: Flask) -> None:
    reply = app.test_client().post("/login", data={"staff_no": SATO.staff_no, "password": PASSWORD})
    (cookie,) = [line for line in reply.headers.getlist("Set-Cookie") if line.startswith("device=")]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=34560000"))
    value = cookie.partition("=")[2].partition(";")[0]
    device = read_device(value, secret=str(app.secret_key), now=STORY)
    assert device is not None
    assert len(device.names) == 1
    assert SATO.staff_no not in device.names[0]


def test_a_wrong_password_leaves_no_mark(app: Flask) -> None:
    client = app.test_client()
    for staff_no in (SATO.staff_no, "4242"):
        reply = client.post("/login", data={"staff_no": staff_no, "password": "wrong"})
        assert not any(line.startswith("device=") for line in reply.headers.getlist("Set-Cookie"))


def test_people_who_share_a_computer_are_both_known_there(
    app: Flask, browser_of: BrowserOf, clock: StandingClock
) -> None:
    shared = browser_of(SATO)
    assert log_in(shared, cast=SUZUKI) == 303
    attack(app)
    clock.pass_by(timedelta(hours=1))
    attack(app, cast=SUZUKI)
    attack(app)
    assert [log_in(shared), log_in(shared, cast=SUZUKI)] == [303, 303]


def test_the_database_holds_neither_names_nor_addresses_of_attempts(app: Flask) -> None:
    attack(app)
    with bound().reading() as session:
        rows = session.scalars(select(SignInThrottle.key_digest)).all()
    assert len(rows) == 3
    assert not any(SATO.staff_no in row or "127.0.0.1" in row for row in rows)
