"""The second factor below the pages: a code counts once also in parallel, wrong ones are slowed down, secrets are sealed."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.db.session import Database
from app.journal.models import JournalEntry
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotNow, Refusal
from app.kernel.ids import AccountId, new_id
from app.people.commands import Origin, Proof, enter_code, prove_again
from app.people.commands.sealed_secrets import open_offer, open_secret, seal_offer, seal_secret
from app.people.commands.second_factor import take_code
from app.people.models import Account, SecondFactor, SignInSession
from app.people.rules import CodeRefused, SecretUnreadable, TooManyAttempts, Verdict
from tests.factories.second_factor import SECRET, code_at, enrolled
from tests.integration.people.conftest import ELSEWHERE, HERE, Office
from tests.people import PASSWORD, SATO, STORY

KEY = HERE.secret
STEP = timedelta(seconds=30)


@pytest.fixture
def with_factor(office: Office) -> Office:
    """佐藤 has a second factor."""
    enrolled(office.database, SATO, key=KEY)
    return office


def account_of(database: Database) -> AccountId:
    with database.reading() as session:
        return AccountId(session.scalars(select(Account.id).where(Account.person_id == SATO.id)).one())


def enter(
    office: Office, token: str, code: str, *, now: datetime = STORY, origin: Origin = HERE
) -> type[Refusal] | None:
    """Give a code; return how it was refused, if it was."""
    try:
        enter_code(office.database.transaction, token=token, code=code, origin=origin, now=now)
    except Refusal as refusal:
        return type(refusal)
    return None


def events(database: Database) -> list[str]:
    with database.reading() as session:
        of_it = JournalEntry.subject_id == str(account_of(database))
        rows = session.scalars(select(JournalEntry).where(of_it).order_by(JournalEntry.sequence)).all()
        return [row.payload.partition('"event":"')[2].partition('"')[0] for row in rows]


# --------------------------------------------------------------------------------------------- used once


def test_one_code_in_fifty_sign_ins_at_once_lets_in_one(with_factor: Office) -> None:
    """Each from another computer, so that no throttle keeps any of them away from the code."""
    origins = [replace(HERE, address=f"10.1.0.{number}") for number in range(50)]
    with with_factor.database.transaction() as session:
        session.execute(text("DELETE FROM sign_in_throttle"))
    opened = [with_factor.open(SATO, now=STORY, origin=origin) for origin in origins[:8]]
    account_id, code = account_of(with_factor.database), code_at(STORY)

    def take(_: int) -> Verdict | None:
        with with_factor.database.transaction() as session:
            return take_code(session, account_id=account_id, code=code, key=KEY, now=STORY)

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = Counter(pool.map(take, range(50)))
    assert found == {Verdict.RIGHT: 1, Verdict.USED: 49}
    assert all(enter(with_factor, one.token, code) is not None for one in opened)


def test_one_code_sent_fifty_times_in_parallel_from_one_half_sign_in_counts_once(with_factor: Office) -> None:
    token, code = with_factor.open(SATO, now=STORY).token, code_at(STORY)
    with ThreadPoolExecutor(max_workers=8) as pool:
        outcomes = list(pool.map(lambda _: enter(with_factor, token, code), range(50)))
    assert outcomes.count(None) == 1
    assert set(outcomes) <= {None, CodeRefused, NotNow, TooManyAttempts}
    assert events(with_factor.database).count("second-factor.used") == 1


def test_a_code_of_before_never_counts_after_a_later_one(with_factor: Office) -> None:
    first, second = (with_factor.open(SATO, now=STORY).token for _ in range(2))
    assert enter(with_factor, first, code_at(STORY + STEP)) is None
    assert enter(with_factor, second, code_at(STORY)) is CodeRefused
    assert enter(with_factor, second, code_at(STORY + 2 * STEP), now=STORY + STEP) is None


@pytest.mark.parametrize(
    ("away", "sentence"), [(-4, "時計がずれています"), (4, "進んでいます"), (40, "違います")]
)
def test_a_clock_that_is_off_is_told_only_where_it_would_have_been_right(
    with_factor: Office, away: int, sentence: str
) -> None:
    token = with_factor.open(SATO, now=STORY).token
    with pytest.raises(CodeRefused, match=sentence):
        enter_code(
            with_factor.database.transaction,
            token=token,
            code=code_at(STORY + away * STEP),
            origin=HERE,
            now=STORY,
        )


@pytest.mark.parametrize("typed", ["", "000000", "あいうえおか", "1" * 19, "\ud800", "-1"])
def test_whatever_is_typed_is_a_wrong_code_and_no_fault(with_factor: Office, typed: str) -> None:
    token = with_factor.open(SATO, now=STORY).token
    assert enter(with_factor, token, typed) is CodeRefused


# -------------------------------------------------------------------------------------------- slowed down


def test_the_right_password_never_forgives_wrong_codes(with_factor: Office) -> None:
    outcomes = []
    for _ in range(6):
        token = with_factor.open(SATO, now=STORY).token
        outcomes.append(enter(with_factor, token, "000000"))
    assert outcomes[:4] == [CodeRefused] * 4
    assert outcomes[4:] == [TooManyAttempts] * 2


def test_guessers_with_many_addresses_are_slowed_down_as_well(with_factor: Office) -> None:
    outcomes = []
    for number in range(12):
        origin = replace(HERE, address=f"10.2.0.{number}")
        token = with_factor.open(SATO, now=STORY, origin=origin).token
        outcomes.append(enter(with_factor, token, "000000", origin=origin))
    assert outcomes.count(CodeRefused) == 6


def test_wrong_codes_elsewhere_never_keep_the_owner_waiting_on_a_known_device(with_factor: Office) -> None:
    for number in range(8):
        origin = replace(ELSEWHERE, address=f"10.3.0.{number}")
        enter(with_factor, with_factor.open(SATO, now=STORY, origin=origin).token, "000000", origin=origin)
    known = replace(HERE, device=HERE.device_after(SATO.staff_no))
    token = with_factor.open(SATO, now=STORY, origin=known).token
    assert enter(with_factor, token, code_at(STORY), origin=known) is None


def test_who_knows_only_the_password_gets_no_mark_of_a_known_device(with_factor: Office) -> None:
    opened = with_factor.open(SATO, now=STORY)
    assert opened.device is None
    with with_factor.database.reading() as session:
        assert session.scalars(select(SignInSession.device_digest)).all() == [None]
    device = enter_code(
        with_factor.database.transaction, token=opened.token, code=code_at(STORY), origin=HERE, now=STORY
    )
    assert HERE.name_key(SATO.staff_no) in device.names
    with with_factor.database.reading() as session:
        assert session.scalars(select(SignInSession.device_digest)).all() == [HERE.device_key(device)]


# -------------------------------------------------------------------------------------------- proving again


def prove(office: Office, *, token: str, code: str, use: str = "", password: str = PASSWORD) -> None:
    actor = office.signed_in_actor(SATO, day=business_date(STORY), account_id=account_of(office.database))
    prove_again(
        office.database.transaction,
        actor=actor,
        token=token,
        proof=Proof(password=password, code=code, use=use),
        origin=HERE,
        now=STORY,
    )


def test_proving_again_asks_for_what_the_account_has(with_factor: Office) -> None:
    token = with_factor.open(SATO, now=STORY).token
    with pytest.raises(InvalidInput) as without:
        prove(with_factor, token=token, code="")
    with pytest.raises(InvalidInput) as wrong:
        prove(with_factor, token=token, code="000000")
    with pytest.raises(InvalidInput) as password:
        prove(with_factor, token=token, code=code_at(STORY), password="wrong")
    fields = [refused.value.problems[0].field for refused in (without, wrong, password)]
    assert fields == ["one_time_code", "one_time_code", "password"]
    prove(with_factor, token=token, code=code_at(STORY))


def test_a_form_that_is_sent_twice_uses_its_code_once_and_another_form_cannot(with_factor: Office) -> None:
    token = with_factor.open(SATO, now=STORY).token
    for _ in range(2):
        prove(with_factor, token=token, code=code_at(STORY), use="this form")
    for use in ("another form", ""):
        with pytest.raises(InvalidInput, match="もう使われています"):
            prove(with_factor, token=token, code=code_at(STORY), use=use)


# ------------------------------------------------------------------------------------------------- sealed


def test_a_secret_opens_with_its_key_for_its_account_and_its_purpose_only() -> None:
    own, other = new_id(), new_id()
    sealed = seal_secret(SECRET, account_id=own, key="key")
    offered = seal_offer(SECRET, account_id=own, key="key", now=STORY)
    assert open_secret(sealed, account_id=own, key="key") == SECRET
    assert open_offer(offered, account_id=own, key="key", now=STORY) == SECRET
    assert sealed != seal_secret(SECRET, account_id=own, key="key")
    for text_, account_id, key in (
        (sealed, other, "key"),
        (sealed, own, "other"),
        (offered, own, "key"),
        (sealed[:-2] + "AA", own, "key"),
        ("", own, "key"),
    ):
        with pytest.raises(SecretUnreadable):
            open_secret(text_, account_id=account_id, key=key)
    for later, account_id, sealed_text in (
        (STORY + timedelta(minutes=30), own, offered),
        (STORY, other, offered),
        (STORY, own, sealed),
        (STORY, own, "あ"),
    ):
        assert open_offer(sealed_text, account_id=account_id, key="key", now=later) is None


def test_a_changed_key_is_told_in_a_sentence(with_factor: Office) -> None:
    other = replace(HERE, secret="another key")
    token = with_factor.open(SATO, now=STORY, origin=other).token
    with pytest.raises(SecretUnreadable, match="システムの鍵"):
        enter_code(
            with_factor.database.transaction, token=token, code=code_at(STORY), origin=other, now=STORY
        )
    actor = with_factor.signed_in_actor(
        SATO, day=business_date(STORY), account_id=account_of(with_factor.database)
    )
    with pytest.raises(InvalidInput, match="システムの鍵") as refused:
        prove_again(
            with_factor.database.transaction,
            actor=actor,
            token=token,
            proof=Proof(password=PASSWORD, code="000000"),
            origin=other,
            now=STORY,
        )
    assert refused.value.problems[0].field == "one_time_code"


def test_neither_secret_nor_code_stands_anywhere_in_the_database(with_factor: Office) -> None:
    token, code = with_factor.open(SATO, now=STORY).token, code_at(STORY)
    assert enter(with_factor, token, code) is None
    with with_factor.database.reading() as session:
        stored = "".join(session.scalars(select(SecondFactor.secret)))
        journal = "".join(session.scalars(select(JournalEntry.payload)))
    assert SECRET not in stored + journal
    assert f'"{code}"' not in journal
    assert "second-factor.used" in journal
    if with_factor.database.is_sqlite:
        path = Path(with_factor.database.engine.url.database or "")
        raw = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
        assert len(raw) > 1000
        assert SECRET.encode() not in raw
