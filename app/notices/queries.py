"""Reading notices and mails."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, case, func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.kernel.ids import PersonId
from app.kernel.ports import NoticeRef, NoticeWords, Ports
from app.notices.models import MailDigest, Notice
from app.notices.rules import GONE, RESENDABLE, MailCause, MailState

PAGE_SIZE: Final = 50
MAILS_SHOWN: Final = 100
_NOTICES: Final = Notice.__table__.c
_UNREAD: Final = select(func.count()).where(
    _NOTICES.person_id == bindparam("person", type_=Uuid()), _NOTICES.read_at.is_(None)
)
"""Built once: it runs with every page, over an index that holds the unread ones only."""
UNREAD_KEY: Final = "notices"


class UnreadCounter:
    """How many notices a person has not read: the figure in the header."""

    def waiting(self, session: Session, *, actor: Actor, today: date) -> Mapping[str, int]:
        """Return the count under the key of the notices."""
        del today
        count = session.connection().execute(_UNREAD, {"person": actor.person_id}).scalar_one()
        return {UNREAD_KEY: count} if count else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """One notice of one's own."""

    id: UUID
    words: NoticeWords
    due_on: date | None
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePage:
    """A page of one's own notices, the unread ones first, then the newest."""

    lines: tuple[NoticeLine, ...]
    total: int
    unread: int
    number: int

    @property
    def last_number(self) -> int:
        """Return the number of the last page; there is always one."""
        return max(1, -(-self.total // PAGE_SIZE))


def notice_page(session: Session, *, actor: Actor, ports: Ports, number: int, today: date) -> NoticePage:
    """Return a page of one's own notices; what is no more is said to be so."""
    require(Permission.OWN_ACCOUNT_USE, actor=actor)
    own = Notice.person_id == actor.person_id
    unread = case((Notice.read_at.is_(None), 1), else_=0)
    total, left = session.execute(select(func.count(), func.sum(unread)).where(own)).one()
    number = min(max(number, 1), max(1, -(-total // PAGE_SIZE)))
    rows = session.scalars(
        select(Notice)
        .where(own)
        .order_by(unread.desc(), Notice.created_at.desc(), Notice.id)
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    ).all()
    words = ports.notice_words(session, notices=[_ref(row) for row in rows], today=today)
    return NoticePage(
        lines=tuple(
            NoticeLine(
                id=row.id,
                words=words.get(row.id, GONE),
                due_on=row.due_on,
                created_at=row.created_at,
                read_at=row.read_at,
            )
            for row in rows
        ),
        total=total,
        unread=left or 0,
        number=number,
    )


def _ref(row: Notice) -> NoticeRef:
    return NoticeRef(id=row.id, kind=row.kind, subject_id=row.subject_id, due_on=row.due_on)


def unread_of(
    session: Session, *, person_id: PersonId, kinds: Collection[str]
) -> tuple[tuple[str, UUID], ...]:
    """Return kind and subject of what somebody has not read of some kinds, the oldest first. For the room that wrote them."""
    rows = session.execute(
        select(Notice.kind, Notice.subject_id)
        .where(Notice.person_id == person_id, Notice.read_at.is_(None), Notice.kind.in_(kinds))
        .order_by(Notice.created_at, Notice.id)
        .limit(PAGE_SIZE)
    )
    return tuple((row.kind, row.subject_id) for row in rows)


# --------------------------------------------------------------------------------- the log of a campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNotice:
    """One notice in the log of what was sent about something; `mail` is None when no mail carried it."""

    person_id: PersonId
    kind: str
    subject_id: UUID
    created_at: datetime
    read_at: datetime | None
    mail: MailState | None


def sent_about(
    session: Session, *, context_id: UUID, kinds: Collection[str], number: int
) -> tuple[tuple[SentNotice, ...], int]:
    """Return a page of what was sent about something, the newest first, and how many there are in all.

    For rooms above that have checked who asks.
    """
    wanted = (Notice.context_id == context_id, Notice.kind.in_(kinds))
    total = session.scalar(select(func.count()).select_from(Notice).where(*wanted)) or 0
    rows = session.execute(
        select(
            Notice.person_id,
            Notice.kind,
            Notice.subject_id,
            Notice.created_at,
            Notice.read_at,
            MailDigest.state,
        )
        .outerjoin(MailDigest, MailDigest.id == Notice.digest_id)
        .where(*wanted)
        .order_by(Notice.created_at.desc(), Notice.subject_id, Notice.person_id)
        .limit(PAGE_SIZE)
        .offset((max(number, 1) - 1) * PAGE_SIZE)
    )
    return tuple(
        SentNotice(
            person_id=PersonId(row.person_id),
            kind=row.kind,
            subject_id=row.subject_id,
            created_at=row.created_at,
            read_at=row.read_at,
            mail=MailState(row.state) if row.state else None,
        )
        for row in rows
    ), total


def last_sent(session: Session, *, context_id: UUID, kinds: Collection[str]) -> Mapping[UUID, datetime]:
    """Return when each subject of something was reminded of last; subjects without a reminder are absent."""
    rows = session.execute(
        select(Notice.subject_id, func.max(Notice.created_at))
        .where(Notice.context_id == context_id, Notice.kind.in_(kinds))
        .group_by(Notice.subject_id)
    )
    return {row[0]: row[1] for row in rows}


def last_sent_within(
    session: Session, *, context_ids: Collection[UUID], kinds: Collection[str]
) -> Mapping[UUID, datetime]:
    """Return when the last notice of some kinds was written within each of some things; those without one are absent."""
    rows = session.execute(
        select(Notice.context_id, func.max(Notice.created_at))
        .where(Notice.context_id.in_(context_ids), Notice.kind.in_(kinds))
        .group_by(Notice.context_id)
    )
    return {row[0]: row[1] for row in rows}


def occasions_of(
    session: Session, *, context_ids: Collection[UUID], kinds: Collection[str]
) -> frozenset[tuple[str, UUID, str]]:
    """Return what was written already about some things: kind, subject and occasion."""
    rows = session.execute(
        select(Notice.kind, Notice.subject_id, Notice.occasion)
        .where(Notice.context_id.in_(context_ids), Notice.kind.in_(kinds))
        .distinct()
    )
    return frozenset((row.kind, row.subject_id, row.occasion) for row in rows)


# ---------------------------------------------------------------------------------------------- mails


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLine:
    """One mail as the administrator sees it: to whom, when, how it went; nothing of what it says."""

    id: UUID
    person_id: PersonId
    day: date
    state: MailState
    cause: MailCause | None
    tries: int
    claimed_at: datetime
    next_try_at: datetime | None

    @property
    def resendable(self) -> bool:
        """Whether somebody may decide to send it again."""
        return self.state in RESENDABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class MailQueue:
    """The mails that need a look, the newest first, and how many stand where."""

    lines: tuple[MailLine, ...]
    counts: Mapping[MailState, int]


def mail_queue(session: Session, *, actor: Actor) -> MailQueue:
    """Return the mails that are not simply sent, in two statements.

    Raises:
        NotAllowed: the actor does not look after the installation.
    """
    require(Permission.CITY_INSTALLATION_READ, actor=actor)
    rows = session.scalars(
        select(MailDigest)
        .where(MailDigest.state != MailState.SENT.value)
        .order_by(MailDigest.claimed_at.desc(), MailDigest.id)
        .limit(MAILS_SHOWN)
    )
    return MailQueue(lines=tuple(_mail_line(row) for row in rows), counts=mail_counts(session))


def mail_counts(session: Session) -> Mapping[MailState, int]:
    """Return how many mails stand where."""
    found = session.execute(select(MailDigest.state, func.count()).group_by(MailDigest.state))
    counts = {MailState(row[0]): int(row[1]) for row in found}
    return {state: counts.get(state, 0) for state in MailState}


def _mail_line(row: MailDigest) -> MailLine:
    return MailLine(
        id=row.id,
        person_id=PersonId(row.person_id),
        day=row.day,
        state=MailState(row.state),
        cause=MailCause(row.cause) if row.cause else None,
        tries=row.tries,
        claimed_at=row.claimed_at,
        next_try_at=row.next_try_at,
    )


def notices_of_mail(session: Session, *, digest_id: UUID) -> Sequence[NoticeRef]:
    """Return the notices that a mail carries."""
    rows = session.scalars(
        select(Notice).where(Notice.digest_id == digest_id).order_by(Notice.created_at, Notice.id)
    )
    return [_ref(row) for row in rows]


def people_to_mail(session: Session, *, day: date, since: datetime) -> frozenset[PersonId]:
    """Return who has unread notices that no mail carried yet, and got no mail on the day."""
    had = select(MailDigest.person_id).where(MailDigest.day == day)
    rows = session.scalars(
        select(Notice.person_id)
        .where(
            Notice.read_at.is_(None),
            Notice.digest_id.is_(None),
            Notice.created_at >= since,
            Notice.person_id.not_in(had),
        )
        .distinct()
    )
    return frozenset(PersonId(row) for row in rows)


def mails_to_retry(session: Session, *, now: datetime) -> tuple[tuple[UUID, PersonId], ...]:
    """Return the mails whose next try has come, the oldest first."""
    rows = session.execute(
        select(MailDigest.id, MailDigest.person_id)
        .where(MailDigest.state == MailState.WAITING.value, MailDigest.next_try_at <= now)
        .order_by(MailDigest.next_try_at, MailDigest.id)
    )
    return tuple((row.id, PersonId(row.person_id)) for row in rows)


def subjects_told(
    session: Session, *, kind: str, occasion: str, subject_ids: Collection[UUID]
) -> frozenset[UUID]:
    """Return those subjects of which somebody was told on an occasion."""
    wanted = select(Notice.subject_id).where(
        Notice.kind == kind, Notice.occasion == occasion, Notice.subject_id.in_(list(subject_ids))
    )
    return frozenset(session.scalars(wanted.distinct()))
