"""The daily mail: claimed, handed over outside of any transaction, settled. Nothing here ever sends a mail twice by itself."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from app.calendar.queries import city_calendar
from app.config import Settings
from app.db.session import reading, transaction
from app.kernel.clock import JST, business_date
from app.kernel.ids import PersonId
from app.kernel.ports import Ports
from app.notices.commands import claim_again, claim_mail, give_up_old_mails, settle_mail
from app.notices.mail import MailServer, Security, deliver, message_of
from app.notices.queries import mails_to_retry, notices_of_mail, people_to_mail
from app.notices.rules import (
    GONE,
    OF_SERVER,
    YOUNG,
    Attempt,
    DigestLine,
    Letterhead,
    MailCause,
    MailState,
    compose,
)
from app.people.queries import mail_addresses


class MailServerError(RuntimeError):
    """The server could not be spoken with: what was left is tried again in a later round."""


def mail_server(settings: Settings) -> MailServer:
    """Return the city's mail server as the settings describe it."""
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=Security(settings.smtp_security),
        sender=settings.smtp_from,
        user=settings.smtp_user,
        password=settings.smtp_password,
        timeout=float(settings.smtp_timeout),
        authorities=settings.smtp_ca_file,
    )


def send_digests(
    *, settings: Settings, ports: Ports, now: datetime, asked_to_stop: Callable[[], bool]
) -> int:
    """Send everybody's unread notices as one mail, from the morning of each business day on; return how many mails the server took.

    Without a mail server nothing is tried.

    Raises:
        MailServerError: the server is away, or its settings are wrong; the round ends at the first mail that meets that.
    """
    if not settings.smtp_host:
        return 0
    sender = _Sender(settings, ports=ports, now=now)
    with transaction() as session:
        give_up_old_mails(session, day=sender.day, now=now)
    with reading() as session:
        works = city_calendar(session).is_business_day(sender.day)
        sender.addresses = mail_addresses(session, today=sender.day)
    if not works or now.astimezone(JST).hour < settings.mail_hour:
        return 0
    sent = 0
    for digest_id, person_id in sender.claims():
        attempt = sender.send(digest_id, person_id=person_id)
        sent += attempt.state is MailState.SENT
        if attempt.cause in OF_SERVER:
            raise MailServerError(f"{attempt.cause}, {sent} mails were sent before")
        if asked_to_stop():
            break
    return sent


class _Sender:
    """Sends the mails of one round."""

    def __init__(self, settings: Settings, *, ports: Ports, now: datetime) -> None:
        self._settings, self._ports, self._now = settings, ports, now
        self._server = mail_server(settings)
        self.day = business_date(now)
        self.addresses: Mapping[PersonId, str] = {}

    def claims(self) -> Iterator[tuple[UUID, PersonId]]:
        """Yield mails that are ours now, each claimed when its turn comes: what is not begun is claimed by nobody."""
        with reading() as session:
            again = mails_to_retry(session, now=self._now)
        for digest_id, person_id in again:
            with transaction() as session:
                ours = claim_again(session, digest_id=digest_id, now=self._now)
            if ours:
                yield digest_id, person_id
        with reading() as session:
            people = people_to_mail(session, day=self.day, since=self._now - YOUNG)
        for one in sorted(people & self.addresses.keys()):
            with transaction() as session:
                made = claim_mail(session, person_id=one, day=self.day, now=self._now)
            if made is not None:
                yield made, one

    def send(self, digest_id: UUID, *, person_id: PersonId) -> Attempt:
        """Hand a claimed mail over and write down how that ended."""
        attempt = self._attempt(digest_id, to=self.addresses.get(person_id))
        with transaction() as session:
            settle_mail(session, digest_id=digest_id, attempt=attempt, now=self._now)
        return attempt

    def _attempt(self, digest_id: UUID, *, to: str | None) -> Attempt:
        if to is None:
            return Attempt(state=MailState.FAILED, cause=MailCause.NO_ADDRESS)
        settings = self._settings
        message = message_of(
            compose(self._lines(digest_id), day=self.day, head=_letterhead(settings)),
            digest_id=digest_id,
            to=to,
            sender=settings.smtp_from,
            name=settings.product_name,
            now=self._now,
        )
        return deliver(message, server=self._server)

    def _lines(self, digest_id: UUID) -> list[DigestLine]:
        with reading() as session:
            notices = notices_of_mail(session, digest_id=digest_id)
            words = self._ports.notice_words(session, notices=notices, today=self.day)
        return [DigestLine(words=words.get(one.id, GONE), due_on=one.due_on) for one in notices]


def _letterhead(settings: Settings) -> Letterhead:
    return Letterhead(
        city=settings.city,
        product=settings.product_name,
        contact=settings.contact,
        address=settings.base_address.rstrip("/"),
    )
