"""The one mail of a day as text, what becomes of a mail, and what an address is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.ids import new_id
from app.kernel.ports import NoticeWords
from app.notices.mail import message_of
from app.notices.rules import (
    MOST_TRIES,
    Attempt,
    DigestLine,
    Letterhead,
    MailCause,
    MailState,
    compose,
    is_address,
    settled,
)
from app.notices.texts import MAIL_CAUSE, MAIL_STATE

HEAD = Letterhead(
    city="みほん市", product="情報セキュリティ自己点検", contact="内線 2345", address="https://tenken.example"
)
DAY, NOW = date(2026, 11, 20), datetime(2026, 11, 19, 23, 5, tzinfo=UTC)


def line(title: str, due: date | None) -> DigestLine:
    return DigestLine(
        words=NoticeWords(title=title, detail="令和8年度", path=f"/inspections/{title}"), due_on=due
    )


def test_a_digest_says_everything_once_the_nearest_date_first() -> None:
    found = compose(
        [line("あとの件", date(2026, 12, 4)), line("日のない件", None), line("先の件", date(2026, 11, 20))],
        day=DAY,
        head=HEAD,
    )
    assert found.subject == "【情報セキュリティ自己点検】お知らせ3件（11月20日(金)）"
    order = [text for text in found.body.split("\n") if text.startswith("■")]
    assert order == ["■ 先の件", "■ あとの件", "■ 日のない件"]
    assert "　期限　12月4日(金)　あと14日" in found.body
    assert "　https://tenken.example/inspections/先の件" in found.body
    assert "メールを止めるとき：https://tenken.example/me/mail" in found.body


def test_japanese_headers_and_text_survive_the_way() -> None:
    found = compose([line("総務課の件", DAY)], day=DAY, head=HEAD)
    made = new_id()
    message = message_of(
        found, digest_id=made, to="a@city.example", sender="tenken@city.example", name="自己点検", now=NOW
    )
    raw = message.as_bytes()
    assert raw.isascii()
    assert message["Message-ID"] == f"<{made}@city.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "+0900" in message["Date"]
    assert message.get_content().replace("\r\n", "\n").strip() == found.body.strip()


@pytest.mark.parametrize("good", ["a@b.jp", "hanako.sato@city.mihon.lg.jp", "a+b@x-y.example"])
def test_addresses(good: str) -> None:
    assert is_address(good)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "a",
        "@b.jp",
        "a@",
        "a b@c.jp",
        "a@b.jp\nBcc: x@y.jp",
        "a@b.jp, c@d.jp",
        "佐藤@city.jp",
        "a@b@c.jp",
        f"{'a' * 65}@b.jp",
        f"a@{'b' * 260}",
        "<a@b.jp>",
    ],
)
def test_no_addresses(bad: str) -> None:
    assert not is_address(bad)


@given(st.text(max_size=60))
def test_an_address_never_holds_what_ends_a_header(text: str) -> None:
    if is_address(text):
        assert text.isascii()
        assert not any(character in text for character in "\r\n,;<> ")


def test_a_mail_is_tried_less_and_less_often_and_then_no_more() -> None:
    later = Attempt(state=MailState.WAITING, cause=MailCause.LATER)
    waits = [settled(later, tries=tries, now=NOW) for tries in range(1, MOST_TRIES + 1)]
    assert [when - NOW for _, when in waits[:-1] if when] == [timedelta(minutes=10 * 2**n) for n in range(5)]
    assert waits[-1] == (MailState.FAILED, None)


def test_an_uncertain_mail_is_never_tried_again() -> None:
    assert settled(Attempt(state=MailState.UNCERTAIN), tries=1, now=NOW) == (MailState.UNCERTAIN, None)


def test_every_state_and_cause_has_words() -> None:
    assert set(MAIL_STATE) == set(MailState)
    assert set(MAIL_CAUSE) == set(MailCause)
