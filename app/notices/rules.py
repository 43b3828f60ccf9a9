"""What a notice is, what a digest says, and what becomes of a mail. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.kernel.fiscal_year import days_left, long_date, short_date
from app.kernel.ids import PersonId
from app.kernel.ports import NoticeWords


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDraft:
    """A notice as a room writes it.

    Attributes:
        kind: a code of the room that writes it.
        subject_id: what it is about.
        context_id: the larger thing to which that belongs, for the log of everything sent about it; may be the subject itself.
        occasion: tells this time from another; the same person, kind, subject and occasion are written once for ever.
    """

    person_id: PersonId
    kind: str
    subject_id: UUID
    context_id: UUID
    occasion: str
    due_on: date | None = None


GONE: Final = NoticeWords(title="もうない点検についてのお知らせ", detail="", path="/notices")
"""What a notice says when no room knows its subject any more."""


# ------------------------------------------------------------------------------------------- the digest


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """One notice in a digest."""

    words: NoticeWords
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What every mail of the installation says beside its notices. `address` is where browsers reach it, without a slash at the end."""

    city: str
    product: str
    contact: str
    address: str
    own_mail_path: str = "/me/mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A mail as plain text."""

    subject: str
    body: str


def compose(lines: Iterable[DigestLine], *, day: date, head: Letterhead) -> Digest:
    """Return the one mail of a person and day: the nearest due dates first, each notice with its page.

    Nothing of it was typed about a person: names of units and campaigns, dates and addresses.
    """
    ordered = sorted(lines, key=lambda line: (line.due_on or date.max, line.words.title, line.words.path))
    parts = [
        f"{head.city}　{head.product}",
        "",
        f"あなたへのお知らせが{len(ordered)}件あります（{long_date(day)}）。",
        *(text for line in ordered for text in _paragraph(line, day=day, head=head)),
        "",
        "――――――――――",
        "このメールは、システムが一日に一通だけ送ります。返信はできません。",
        f"お知らせの一覧：{head.address}/notices",
        f"メールを止めるとき：{head.address}{head.own_mail_path}",
        f"問合せ：{head.contact}",
        "",
    ]
    subject = f"【{head.product}】お知らせ{len(ordered)}件（{short_date(day)}）"
    return Digest(subject=subject, body="\n".join(parts))


def _paragraph(line: DigestLine, *, day: date, head: Letterhead) -> Sequence[str]:
    due = (
        [f"　期限　{short_date(line.due_on)}　{days_left(due=line.due_on, today=day)}"] if line.due_on else []
    )
    detail = [f"　{line.words.detail}"] if line.words.detail else []
    return ("", f"■ {line.words.title}", *detail, *due, f"　{head.address}{line.words.path}")


# --------------------------------------------------------------------------------------- what becomes of it


class MailState(StrEnum):
    """Where a digest stands.

    SENDING: claimed by a sender just now. SENT: the server took it. WAITING: the server certainly did not take it, and is asked
    again. FAILED: certainly not taken, and not asked again by itself. UNCERTAIN: the line broke after the text was handed
    over; it is never sent again unless somebody decides so.
    """

    SENDING = "sending"
    SENT = "sent"
    WAITING = "waiting"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


RESENDABLE: Final = frozenset({MailState.FAILED, MailState.UNCERTAIN})


class MailCause(StrEnum):
    """Why a mail was not sent."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    SIGN_IN = "sign-in"
    SENDER = "sender"
    LATER = "later"
    REFUSED = "refused"
    BROKEN_OFF = "broken-off"
    NO_ADDRESS = "no-address"


OF_SERVER: Final = frozenset({MailCause.UNREACHABLE, MailCause.TLS, MailCause.SIGN_IN, MailCause.SENDER})
"""Causes that lie with the server or the settings: the next mail would meet them too, so the round ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one handing over to the mail server ended; `cause` is None only when it was taken."""

    state: MailState
    cause: MailCause | None = None


MOST_TRIES: Final = 6
FIRST_WAIT: Final = timedelta(minutes=10)
SURELY_OVER: Final = timedelta(minutes=15)
"""After this no sender is at it any more: whoever claimed the mail broke off somewhere, nobody knows where."""
YOUNG: Final = timedelta(days=7)
"""Older notices are not mailed: a server that is set up later does not send what is long over."""


def settled(attempt: Attempt, *, tries: int, now: datetime) -> tuple[MailState, datetime | None]:
    """Return what becomes of a mail after an attempt, and when it is tried again: after 10, 20, 40 … minutes, six times."""
    if attempt.state is not MailState.WAITING:
        return attempt.state, None
    if tries >= MOST_TRIES:
        return MailState.FAILED, None
    return MailState.WAITING, now + FIRST_WAIT * 2 ** (tries - 1)


LONGEST_ADDRESS: Final = 254
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{0,63}@[A-Za-z0-9.-]{1,189}"
)


def is_address(typed: str) -> bool:
    """Return whether a text can be a mail address: plain ASCII, one @, nothing that could end a header."""
    return len(typed) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(typed) is not None
