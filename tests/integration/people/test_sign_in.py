"""Signing in: one answer for every refusal, delays that grow and pass, and what the journal keeps."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from app.db.session import Database
from app.journal.models import JournalEntry
from app.journal.queries import lines_of, verify
from app.journal.rules import Subject, SubjectType
from app.kernel.digest import digest_text
from app.kernel.errors import InvalidInput
from app.kernel.ids import AccountId
from app.organisation.commands import INSTALLATION
from app.people.commands import Proof, forget_old_counts, prove_again, sign_in
from app.people.commands.attempts import claim_attempt
from app.people.models import Account, SignInSession, SignInThrottle
from app.people.queries import previous_sign_in, signed_in
from app.people.rules import SignInRefused, TooManyAttempts
from tests.integration.people.conftest import ELSEWHERE, HERE, LIMITS, Office
from tests.people import NAKAMURA, PASSWORD, SATO, STORY, SUZUKI, Cast

DAY = date(2026, 11, 20)
SECOND = timedelta(seconds=1)


def account_id(database: Database, cast: Cast) -> AccountId:
    with database.reading() as session:
        return AccountId(session.scalars(select(Account.id).where(Account.person_id == cast.id)).one())


def events(database: Database, subject: Subject) -> list[tuple[str, dict[str, Any]]]:
    with database.reading() as session:
        return [(line.event, line.facts) for line in lines_of(session, subject=subject)]


def fail(office: Office, *, now: datetime, times: int = 1, staff_no: str = SATO.staff_no) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            sign_in(
                office.database.transaction,
                staff_no=staff_no,
                password="wrong",
                origin=HERE,
                limits=LIMITS,
                now=now,
            )


def test_the_token_is_256_random_bits_and_only_its_digest_is_kept(office: Office) -> None:
    first, second = office.open(SATO, now=STORY), office.open(SATO, now=STORY)
    assert first.token != second.token
    assert len(first.token) == 43
    with office.database.reading() as session:
        rows = {row.token_digest for row in session.scalars(select(SignInSession))}
        assert rows == {digest_text(first.token), digest_text(second.token)}
        assert signed_in(session, token=first.token, now=STORY, limits=LIMITS) is not None
        assert signed_in(session, token=digest_text(first.token), now=STORY, limits=LIMITS) is None


def test_unknown_wrong_and_disabled_get_the_same_answer_and_the_same_work(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.database.transaction() as session:
        session.execute(
            update(Account)
            .where(Account.person_id == SUZUKI.id)
            .values(disabled_at=STORY, disabled_by=NAKAMURA.id)
        )
    compared = []
    verify_hash = PasswordHasher.verify

    def watched(hasher: PasswordHasher, held: str, password: bytes) -> bool:
        compared.append(held)
        return verify_hash(hasher, held, password)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    answers = []
    for staff_no, password in (("4242", "x"), (SATO.staff_no, "x"), (SUZUKI.staff_no, PASSWORD)):
        with pytest.raises(SignInRefused) as refused:
            sign_in(
                office.database.transaction,
                staff_no=staff_no,
                password=password,
                origin=HERE,
                limits=LIMITS,
                now=STORY,
            )
        answers.append((refused.value.message, refused.value.status))
    assert len(set(answers)) == 1
    assert len(compared) == 3


def test_the_fourth_failure_makes_the_fifth_attempt_wait(office: Office) -> None:
    fail(office, now=STORY, times=4)
    with pytest.raises(TooManyAttempts) as refused:
        office.open(SATO, now=STORY)
    assert refused.value.seconds == 2
    assert office.open(SATO, now=STORY + 2 * SECOND).token


def test_an_unknown_number_is_slowed_down_just_the_same(office: Office) -> None:
    fail(office, now=STORY, times=4, staff_no="4242")
    with pytest.raises(TooManyAttempts):
        sign_in(
            office.database.transaction,
            staff_no="4242",
            password="x",
            origin=HERE,
            limits=LIMITS,
            now=STORY,
        )


def test_the_owner_gets_in_after_any_number_of_guesses(office: Office) -> None:
    now, checked = STORY, 0
    for _ in range(300):
        try:
            office.open(SATO, now=now, password="guess")
        except SignInRefused:
            checked += 1
        except TooManyAttempts:
            pass
        now += SECOND
    assert checked < 15
    assert office.open(SATO, now=now + timedelta(seconds=60), origin=ELSEWHERE).token


def test_attempts_while_waiting_do_not_make_it_longer(office: Office) -> None:
    fail(office, now=STORY, times=4)
    for _ in range(20):
        with pytest.raises(TooManyAttempts):
            office.open(SATO, now=STORY + SECOND)
    assert office.open(SATO, now=STORY + 2 * SECOND).token


def test_success_forgets_the_failures_of_this_computer(office: Office) -> None:
    fail(office, now=STORY, times=3)
    office.open(SATO, now=STORY)
    fail(office, now=STORY, times=4)


def test_success_does_not_forget_the_failures_of_the_address(office: Office) -> None:
    for number in range(20):
        fail(office, now=STORY, staff_no=f"42{number:02d}")
    office.open(SATO, now=STORY)
    fail(office, now=STORY, staff_no="4299")
    with pytest.raises(TooManyAttempts):
        office.open(SUZUKI, now=STORY)
    assert office.open(SUZUKI, now=STORY, origin=ELSEWHERE).token


def test_quiet_time_forgets_and_the_counts_can_be_removed(office: Office) -> None:
    fail(office, now=STORY, times=4)
    later = STORY + timedelta(minutes=30)
    with office.database.transaction() as session:
        assert forget_old_counts(session, now=later - SECOND) == 0
        assert forget_old_counts(session, now=later) == 3
        assert forget_old_counts(session, now=later) == 0
        assert not session.scalars(select(SignInThrottle)).all()
    fail(office, now=later, times=4)


def test_counts_are_removed_in_batches_and_those_that_still_slow_somebody_down_stay(office: Office) -> None:
    later = STORY + timedelta(minutes=30)
    with office.database.transaction() as session:
        for number in range(1500):
            session.add(SignInThrottle(key_digest=f"{number:064d}", failures=1, last_failure_at=STORY))
        session.add(SignInThrottle(key_digest="a" * 64, failures=0, last_failure_at=later))
        session.add(SignInThrottle(key_digest="b" * 64, failures=1, last_failure_at=later))
    removed = []
    for _ in range(3):
        with office.database.transaction() as session:
            removed.append(forget_old_counts(session, now=later))
    assert removed == [1000, 501, 0]
    with office.database.reading() as session:
        assert session.scalars(select(SignInThrottle.key_digest)).all() == ["b" * 64]


def test_a_count_that_grows_while_it_is_swept_stays(office: Office) -> None:
    """On PostgreSQL the sweep meets the lock of an attempt; on SQLite one of the two comes first."""
    fail(office, now=STORY, times=4)
    later = STORY + timedelta(minutes=30)

    def sweep() -> int:
        with office.database.transaction() as session:
            return forget_old_counts(session, now=later)

    with ThreadPoolExecutor(max_workers=1) as pool:
        with office.database.transaction() as session:
            claim_attempt(session, staff_no=SATO.staff_no, origin=HERE, now=later)
            swept = pool.submit(sweep)
            time.sleep(0.3)
        assert swept.result() == 0
    with office.database.reading() as session:
        assert session.scalars(select(SignInThrottle.failures)).all() == [1, 1, 1]


def test_attempts_in_parallel_do_not_pass_the_count(office: Office) -> None:
    def attempt(_: int) -> type[Exception]:
        try:
            office.open(SATO, now=STORY, password="guess")
        except (SignInRefused, TooManyAttempts) as refusal:
            return type(refusal)
        raise AssertionError

    with ThreadPoolExecutor(max_workers=8) as pool:
        outcomes = list(pool.map(attempt, range(16)))
    assert outcomes.count(SignInRefused) == 4
    assert outcomes.count(TooManyAttempts) == 12


def test_refused_attempts_are_journalled_without_what_was_typed(office: Office) -> None:
    subject = Subject(type=SubjectType.ACCOUNT, id=str(account_id(office.database, SATO)))
    fail(office, now=STORY)
    fail(office, now=STORY, staff_no="my-secret-password")
    ((event, facts),) = events(office.database, subject)
    assert (event, facts["reason"]) == ("sign-in.refused", "wrong-password")
    ((event, facts),) = events(office.database, INSTALLATION)
    assert (event, facts["reason"]) == ("sign-in.refused", "unknown")
    with office.database.reading() as session:
        text = "".join(session.scalars(select(JournalEntry.payload)))
        assert verify(session).faults == ()
    assert "my-secret" not in text
    assert HERE.address not in text


def test_success_is_journalled_and_the_chain_holds(office: Office) -> None:
    office.open(SATO, now=STORY)
    subject = Subject(type=SubjectType.ACCOUNT, id=str(account_id(office.database, SATO)))
    assert [event for event, _ in events(office.database, subject)] == ["sign-in.succeeded"]


def test_a_weak_hash_is_renewed_at_sign_in(office: Office) -> None:
    with office.database.reading() as session:
        before = session.scalars(select(Account.password_hash).where(Account.person_id == SATO.id)).one()
    office.open(SATO, now=STORY)
    with office.database.reading() as session:
        after = session.scalars(select(Account.password_hash).where(Account.person_id == SATO.id)).one()
    assert before != after
    assert "m=65536" in after
    assert office.open(SATO, now=STORY).token


def test_a_password_that_was_reset_meanwhile_does_not_open(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify_hash = PasswordHasher.verify

    def slow(hasher: PasswordHasher, held: str, password: bytes) -> bool:
        with office.database.transaction() as session:
            session.execute(update(Account).where(Account.person_id == SATO.id).values(password_hash="new"))
        return verify_hash(hasher, held, password)

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    with pytest.raises(SignInRefused):
        office.open(SATO, now=STORY)


@pytest.mark.parametrize(
    ("rest", "lives"),
    [(timedelta(minutes=29, seconds=59), True), (timedelta(minutes=30), False)],
)
def test_a_session_rests_for_half_an_hour(office: Office, *, rest: timedelta, lives: bool) -> None:
    token = office.open(SATO, now=STORY).token
    with office.database.reading() as session:
        found = signed_in(session, token=token, now=STORY + rest, limits=LIMITS)
    assert (found is not None) is lives


def test_expired_sessions_are_marked_at_the_next_sign_in(office: Office) -> None:
    office.open(SATO, now=STORY)
    office.open(SATO, now=STORY + timedelta(hours=1))
    with office.database.reading() as session:
        ended = session.scalars(select(SignInSession.end_reason).order_by(SignInSession.created_at)).all()
    assert ended == ["expired", None]


def test_the_previous_sign_in_is_told(office: Office) -> None:
    office.open(SATO, now=STORY)
    token = office.open(SATO, now=STORY + SECOND).token
    with office.database.reading() as session:
        found = signed_in(session, token=token, now=STORY + SECOND, limits=LIMITS)
        assert found is not None
        assert previous_sign_in(session, public_id=found.public_id) == STORY


def test_proving_again_notes_the_instant_and_refuses_a_wrong_password(office: Office) -> None:
    opened = office.open(SATO, now=STORY)
    actor = office.signed_in_actor(SATO, day=DAY, account_id=opened.account_id)
    later = STORY + timedelta(minutes=10)

    def prove(password: str) -> None:
        prove_again(
            office.database.transaction,
            actor=actor,
            token=opened.token,
            proof=Proof(password=password),
            origin=HERE,
            now=later,
        )

    with pytest.raises(InvalidInput) as refused:
        prove("wrong")
    assert refused.value.problems[0].field == "password"
    with office.database.reading() as session:
        found = signed_in(session, token=opened.token, now=later, limits=LIMITS)
    assert found is not None
    assert found.proved_at == STORY
    prove(PASSWORD)
    with office.database.reading() as session:
        found = signed_in(session, token=opened.token, now=later, limits=LIMITS)
    assert found is not None
    assert found.proved_at == later


def test_proving_again_is_slowed_down_too(office: Office) -> None:
    opened = office.open(SATO, now=STORY)
    actor = office.signed_in_actor(SATO, day=DAY, account_id=opened.account_id)
    for part in ("パスワードが違います",) * 4 + ("あと2秒",):
        with pytest.raises(InvalidInput, match=part):
            prove_again(
                office.database.transaction,
                actor=actor,
                token=opened.token,
                proof=Proof(password="wrong"),
                origin=HERE,
                now=STORY,
            )
