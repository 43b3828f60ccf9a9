"""The daily mail, against real servers on loopback: each notice once, never two mails, and an honest state after every fault."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.config import Settings
from app.jobs import mail
from app.jobs.mail import MailServerError, send_digests
from app.kernel.errors import NotNow
from app.kernel.ports import Ports
from app.notices.commands import (
    claim_again,
    claim_mail,
    give_up_old_mails,
    mark_all_read,
    notify,
    resend_mail,
    settle_mail,
)
from app.notices.models import MailDigest, Notice
from app.notices.rules import SURELY_OVER, Attempt, MailCause, MailState, NoticeDraft
from app.people.commands import MailChoice, choose_mail
from app.people.models import Person
from app.reminders.queries.words import SheetNoticeWords
from tests.conftest import ActorOf
from tests.factories.inspections import Year
from tests.integration.notices.mail_servers import (
    Box,
    certificate,
    failing_server,
    free_port,
    real_server,
    sign_in_checker,
)
from tests.people import AFFAIRS, NAKAMURA, SATO, STORY, SUZUKI, Cast

ADDRESSES = {SATO: "sato@city.example", SUZUKI: "suzuki@city.example"}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def told(year: Year) -> Year:
    """A city in which 佐藤 and 鈴木 have an address and one unread notice each."""
    with year.database.transaction() as session:
        for cast, address in ADDRESSES.items():
            session.execute(update(Person).where(Person.id == cast.id).values(mail_address=address))
    tell(year, SATO, SUZUKI)
    return year


def tell(year: Year, *people: Cast, occasion: str = "1", now: datetime = STORY) -> None:
    with year.database.transaction() as session:
        drafts = [
            NoticeDraft(
                person_id=cast.id,
                kind="reminder.answer-soon",
                subject_id=year.sheets[AFFAIRS.code],
                context_id=year.campaign_id,
                occasion=occasion,
                due_on=STORY.date() + 7 * DAY,
            )
            for cast in people
        ]
        notify(session, drafts=drafts, now=now)


@dataclass
class Post:
    """The installation with a mail server on loopback, or with none."""

    settings: Settings
    ports: Ports
    box: Box
    port: int | None = None

    def send(self, *, now: datetime = STORY, port: int | None = None, **more: object) -> int:
        """Do one round of sending."""
        found = port or self.port
        settings = with_server(self.settings, found, **more) if found else self.settings
        return send_digests(settings=settings, ports=self.ports, now=now, asked_to_stop=lambda: False)


def with_server(settings: Settings, port: int, **more: object) -> Settings:
    given = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_from": "tenken@city.example",
        "base_address": "https://tenken.city.example/",
        "smtp_timeout": 1,
    }
    return settings.model_copy(update={**given, **more})


def states(year: Year) -> dict[UUID, tuple[str, str | None, int]]:
    with year.database.reading() as session:
        return {
            row.person_id: (row.state, row.cause, row.tries) for row in session.scalars(select(MailDigest))
        }


@pytest.fixture
def nowhere(settings: Settings) -> Post:
    """An installation without a mail server."""
    ports = Ports()
    ports.notice_sources.append(SheetNoticeWords())
    return Post(settings, ports, Box())


@pytest.fixture
def post(nowhere: Post) -> Iterator[Post]:
    """An installation with a real mail server."""
    with real_server(nowhere.box) as port:
        nowhere.port = port
        yield nowhere
        nowhere.port = None


# ------------------------------------------------------------------------------------------ what goes out


def test_everybody_gets_one_mail_with_names_dates_and_links(
    told: Year,
    post: Post,
) -> None:
    assert post.send() == 2
    assert sorted(to for to, _ in post.box.mails) == ["sato@city.example", "suzuki@city.example"]
    message = post.box.mails[0][1]
    assert message["Subject"] == "【情報セキュリティ自己点検】お知らせ1件（11月20日(金)）"
    assert message["From"].addresses[0].display_name == "情報セキュリティ自己点検"
    text = message.get_content()
    assert "■ 総務課の自己点検は、回答の期限が近づいています" in text
    assert f"https://tenken.city.example/inspections/{told.sheets[AFFAIRS.code]}" in text
    assert "期限　11月27日(金)　あと7日" in text
    assert "佐藤" not in text
    assert set(states(told).values()) == {("sent", None, 1)}


def test_a_day_has_one_mail_and_what_comes_later_goes_with_the_next(
    told: Year,
    post: Post,
) -> None:
    post.send()
    tell(told, SATO, occasion="2", now=STORY + MINUTE)
    assert post.send(now=STORY + 10 * MINUTE) == 0
    # Saturday, Sunday and 勤労感謝の日: the city rests.
    for days in (1, 2, 3):
        assert post.send(now=STORY + days * DAY) == 0
    assert post.send(now=STORY + 4 * DAY) == 1
    assert len(post.box.mails) == 3


def test_nothing_goes_out_before_the_morning(
    told: Year,
    post: Post,
) -> None:
    assert post.send(now=STORY - timedelta(hours=2)) == 0
    assert states(told) == {}


def test_without_a_server_nothing_is_tried(told: Year, nowhere: Post) -> None:
    assert nowhere.send() == 0
    assert states(told) == {}


def test_what_was_read_on_the_screen_and_who_wants_no_mail_is_left_out(
    told: Year, post: Post, actor_of: ActorOf
) -> None:
    with told.database.transaction() as session:
        mark_all_read(session, actor=actor_of(SATO), until=STORY, now=STORY)
        choose_mail(session, actor=actor_of(SUZUKI), choice=MailChoice.REFUSED, now=STORY)
    assert post.send() == 0
    assert post.box.mails == []


def test_notices_from_long_before_there_was_a_server_stay_on_the_screen(
    told: Year,
    post: Post,
) -> None:
    assert post.send(now=STORY + 11 * DAY) == 0
    assert post.box.mails == []


# ---------------------------------------------------------------------------------------- at most once


def test_two_senders_at_once_send_one_mail(
    told: Year,
    post: Post,
) -> None:
    begun = threading.Barrier(4)

    def one() -> None:
        begun.wait()
        post.send()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(to for to, _ in post.box.mails) == sorted(ADDRESSES.values())


def test_a_crash_between_sending_and_settling_never_sends_twice(
    told: Year,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    def die(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mail, "settle_mail", die)
        with pytest.raises(KeyboardInterrupt):
            post.send()
    assert [state for state, _, _ in states(told).values()] == ["sending"]
    assert len(post.box.mails) == 1
    # The other one goes out; the broken-off one is looked at after a while, and never again by itself.
    post.send(now=STORY + 20 * MINUTE)
    assert sorted(state for state, _, _ in states(told).values()) == ["sent", "uncertain"]
    post.send(now=STORY + 4 * DAY)
    assert sorted(to for to, _ in post.box.mails) == sorted(ADDRESSES.values())


@pytest.mark.parametrize("state", [MailState.SENDING, MailState.SENT])
def test_a_mail_that_does_not_wait_has_no_next_try(told: Year, state: MailState) -> None:
    """The database holds it too: what was begun or sent is never due, so no round takes it up again."""
    digest_id = claimed(told, SATO)
    assert digest_id is not None
    due = {"state": state.value, "next_try_at": STORY - MINUTE}
    with pytest.raises(IntegrityError, match="next_try"), told.database.transaction() as session:
        session.execute(update(MailDigest).values(due))
    with told.database.transaction() as session:
        session.execute(update(MailDigest).values(state=state.value))
        assert not claim_again(session, digest_id=digest_id, now=STORY + DAY)
    assert states(told)[SATO.id] == (state.value, None, 1)


def test_a_round_asked_to_stop_sends_no_further_mail(told: Year, post: Post) -> None:
    assert post.port is not None
    settings = with_server(post.settings, post.port)
    assert send_digests(settings=settings, ports=post.ports, now=STORY, asked_to_stop=lambda: True) == 1
    assert len(post.box.mails) == 1
    # The other one is begun by nobody, and goes out with the next round.
    assert [state for state, _, _ in states(told).values()] == ["sent"]
    assert post.send(now=STORY + MINUTE) == 1
    assert sorted(to for to, _ in post.box.mails) == sorted(ADDRESSES.values())


def test_a_crash_before_sending_looks_the_same_and_is_not_guessed_at(
    told: Year,
    post: Post,
) -> None:
    with told.database.transaction() as session:
        assert claim_mail(session, person_id=SATO.id, day=STORY.date(), now=STORY) is not None
    post.send(now=STORY + 20 * MINUTE)
    assert states(told)[SATO.id] == ("uncertain", "broken-off", 1)
    assert [to for to, _ in post.box.mails] == ["suzuki@city.example"]


# --------------------------------------------------------------------------------------------- faults


def test_a_greylisting_server_is_asked_again_and_takes_it_once(
    told: Year,
    post: Post,
) -> None:
    post.box.replies = ["451 later", "450 later"]
    assert post.send() == 0
    assert set(states(told).values()) == {("waiting", "later", 1)}
    assert post.send(now=STORY + 5 * MINUTE) == 0
    assert post.send(now=STORY + 10 * MINUTE) == 2
    assert set(states(told).values()) == {("sent", None, 2)}
    assert len({message["Message-ID"] for _, message in post.box.mails}) == 2


def test_a_refused_recipient_is_not_asked_for_again(
    told: Year,
    post: Post,
) -> None:
    post.box.replies = ["550 no such mailbox"]
    assert post.send() == 1
    assert sorted(states(told).values()) == [("failed", "refused", 1), ("sent", None, 1)]
    assert post.send(now=STORY + DAY) == 0


@pytest.mark.parametrize(
    ("at", "left"),
    [
        ("greeting", ("waiting", "unreachable")),
        ("data", ("waiting", "unreachable")),
        ("text", ("uncertain", "broken-off")),
        ("reply", ("uncertain", "broken-off")),
        ("refuse-text", ("failed", "refused")),
    ],
)
def test_a_server_that_fails_leaves_an_honest_state(
    told: Year, nowhere: Post, at: str, left: tuple[str, str]
) -> None:
    state, cause = left
    with failing_server(at=at) as found:
        nowhere.port = found
        if cause == "unreachable":
            with pytest.raises(MailServerError):
                nowhere.send()
        else:
            nowhere.send()
    assert set(states(told).values()) == {(state, cause, 1)}


def test_a_server_that_is_away_ends_the_round_at_the_first_mail(told: Year, nowhere: Post) -> None:
    with pytest.raises(MailServerError):
        nowhere.send(port=free_port())
    assert list(states(told).values()) == [("waiting", "unreachable", 1)]


def test_what_was_not_sent_goes_with_the_mail_of_the_next_day(
    told: Year,
    post: Post,
) -> None:
    with pytest.raises(MailServerError):
        post.send(port=free_port())
    tell(told, SATO, occasion="2", now=STORY + MINUTE)
    assert post.send(now=STORY + 4 * DAY) == 2
    texts = {to: message.get_content() for to, message in post.box.mails}
    assert "お知らせが2件" in texts["sato@city.example"]
    with told.database.reading() as session:
        assert set(session.scalars(select(Notice.digest_id))) == set(
            session.scalars(select(MailDigest.id).where(MailDigest.state == "sent"))
        )


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_wrong_password_is_said_and_the_right_one_works(told: Year, nowhere: Post) -> None:
    options = {"authenticator": sign_in_checker, "auth_required": True, "auth_require_tls": False}
    with real_server(nowhere.box, **options) as found:
        nowhere.port = found
        with pytest.raises(MailServerError):
            nowhere.send(smtp_user="tenken", smtp_password="wrong")
        assert list(states(told).values()) == [("waiting", "sign-in", 1)]
        with pytest.raises(MailServerError):
            nowhere.send(now=STORY + 10 * MINUTE)
        assert nowhere.send(now=STORY + 60 * MINUTE, smtp_user="tenken", smtp_password="right") == 2


def test_starttls_is_used_where_it_is_asked_for_and_its_certificate_is_checked(
    told: Year, nowhere: Post, tmp_path: Path
) -> None:
    cert, context = certificate(tmp_path)
    with real_server(nowhere.box, tls_context=context, require_starttls=True) as found:
        for security, cause, minutes in (("plain", "sign-in", 0), ("starttls", "tls", 15)):
            with pytest.raises(MailServerError):
                nowhere.send(port=found, now=STORY + minutes * MINUTE, smtp_security=security)
            assert cause in {one for _, one, _ in states(told).values()}
        later = STORY + 90 * MINUTE
        assert nowhere.send(port=found, now=later, smtp_security="starttls", smtp_ca_file=cert) == 2


def test_a_server_without_starttls_gets_nothing_in_the_open(
    told: Year,
    post: Post,
) -> None:
    with pytest.raises(MailServerError):
        post.send(smtp_security="starttls")
    assert post.box.mails == []
    assert list(states(told).values()) == [("waiting", "tls", 1)]


# ------------------------------------------------------------------------------------- sending once more


def digest_of(year: Year, state: MailState) -> UUID:
    with year.database.transaction() as session:
        made = claim_mail(session, person_id=SATO.id, day=STORY.date(), now=STORY)
        assert made is not None
        session.execute(
            update(MailDigest).values(state=state.value, cause=MailCause.REFUSED.value, settled_at=STORY)
        )
    return made


@pytest.mark.parametrize("state", [MailState.FAILED, MailState.UNCERTAIN])
def test_an_administrator_may_send_once_more(
    told: Year, post: Post, actor_of: ActorOf, state: MailState
) -> None:
    made = digest_of(told, state)
    with told.database.transaction() as session:
        resend_mail(session, actor=actor_of(NAKAMURA), digest_id=made, seen=state, now=STORY)
    assert post.send(now=STORY + MINUTE) == 2
    assert states(told)[SATO.id][0] == "sent"


def test_who_agreed_to_a_failed_mail_did_not_agree_to_a_doubtful_one(told: Year, actor_of: ActorOf) -> None:
    made = digest_of(told, MailState.UNCERTAIN)
    for seen in (MailState.FAILED, MailState.SENT):
        with pytest.raises(NotNow), told.database.transaction() as session:
            resend_mail(session, actor=actor_of(NAKAMURA), digest_id=made, seen=seen, now=STORY)


def test_the_page_of_jobs_shows_stuck_mails_and_asks_before_a_doubtful_one(
    told: Year, app: Flask, actor_of: ActorOf
) -> None:
    from tests.sign_in import signed_in  # noqa: PLC0415 - beside the one test that needs a browser

    made = digest_of(told, MailState.UNCERTAIN)
    browser = signed_in(app, NAKAMURA)
    page = browser.get("/jobs").text
    assert "送れたか分かりません" in page
    assert "もう一度送る<" not in page
    asked = browser.get(f"/jobs/mails/{made}/resend")
    assert "もう届いているかもしれません" in asked.text
    sent = browser.post(f"/jobs/mails/{made}/resend", data={"seen": "uncertain", "idempotency_key": "k" * 20})
    assert sent.status_code == 303
    assert states(told)[SATO.id][0] == "waiting"


# -------------------------------------------------------------------------------------- what a claim holds


def claimed(year: Year, cast: Cast, *, now: datetime = STORY) -> UUID | None:
    with year.database.transaction() as session:
        return claim_mail(session, person_id=cast.id, day=now.date(), now=now)


def carried_by(year: Year, digest_id: UUID | None) -> list[str]:
    with year.database.reading() as session:
        found = session.scalars(select(Notice.occasion).where(Notice.digest_id == digest_id))
        return sorted(found)


def test_a_mail_carries_what_is_unread_and_what_no_mail_carried(told: Year, actor_of: ActorOf) -> None:
    first = claimed(told, SATO)
    assert carried_by(told, first) == ["1"]
    tell(told, SATO, occasion="2", now=STORY + DAY)
    with told.database.transaction() as session:
        mark_all_read(session, actor=actor_of(SATO), until=STORY + DAY, now=STORY + DAY)
    tell(told, SATO, occasion="3", now=STORY + DAY + MINUTE)
    tell(told, SUZUKI, occasion="2", now=STORY + DAY)
    second = claimed(told, SATO, now=STORY + DAY + MINUTE)
    assert (carried_by(told, first), carried_by(told, second)) == (["1"], ["3"])


def test_a_claim_is_called_broken_off_only_when_nobody_can_still_be_at_it(told: Year) -> None:
    digest_id = claimed(told, SATO)
    for waited, broken in ((SURELY_OVER - MINUTE, 0), (SURELY_OVER, 1)):
        with told.database.transaction() as session:
            now = STORY + waited
            assert give_up_old_mails(session, day=now.date(), now=now) == broken
    assert states(told)[SATO.id][0] == MailState.UNCERTAIN.value
    with told.database.transaction() as session:
        # Who was at it all the same comes back: what was said of the mail meanwhile stands.
        assert digest_id is not None
        settle_mail(
            session, digest_id=digest_id, attempt=Attempt(state=MailState.SENT), now=STORY + SURELY_OVER
        )
    assert states(told)[SATO.id][0] == MailState.UNCERTAIN.value
