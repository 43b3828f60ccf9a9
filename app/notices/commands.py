"""Writing notices in the transaction of what they tell of, reading them, and keeping each mail from going out twice.

A mail is claimed in one transaction, handed over outside of any, and settled in another: whoever breaks off in between leaves
a claim behind that is never taken up again by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.disposal.commands import discard_rows
from app.disposal.rules import NamedKind
from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import start_of_day
from app.kernel.errors import NotFound, NotNow
from app.kernel.ids import PersonId, new_id
from app.notices.models import MailDigest, Notice
from app.notices.rules import (
    RESENDABLE,
    SURELY_OVER,
    YOUNG,
    Attempt,
    MailCause,
    MailState,
    NoticeDraft,
    settled,
)

_MADE_BY: Final = {"sqlite": sqlite_insert, "postgresql": postgresql_insert}


def notify(session: Session, *, drafts: Sequence[NoticeDraft], now: datetime) -> int:
    """Write notices in the caller's transaction; return how many are new. What was written before stays as it is.

    The caller has authorised what the notices tell of, and writes its journal.
    """
    if not drafts:
        return 0
    rows = [
        {
            "id": new_id(),
            "person_id": draft.person_id,
            "kind": draft.kind,
            "subject_id": draft.subject_id,
            "context_id": draft.context_id,
            "occasion": draft.occasion,
            "due_on": draft.due_on,
            "created_at": now,
        }
        for draft in dict.fromkeys(drafts)
    ]
    made = session.scalars(_insert(session, Notice).on_conflict_do_nothing().returning(Notice.id), rows)
    return len(made.all())


def _insert(session: Session, table: type[Notice] | type[MailDigest]) -> Any:  # noqa: ANN401 - one of two dialects' inserts
    return _MADE_BY[session.get_bind().dialect.name](table)


# ------------------------------------------------------------------------------------------------ reading


def mark_read(session: Session, *, actor: Actor, notice_id: UUID, now: datetime) -> None:
    """Note that somebody has read one of the own notices; again changes nothing.

    Raises:
        NotFound: it is no notice of the actor.
    """
    require(Permission.OWN_ACCOUNT_USE, actor=actor)
    mine = select(Notice.id).where(Notice.id == notice_id, Notice.person_id == actor.person_id)
    if session.scalar(mine) is None:
        raise NotFound
    session.execute(
        update(Notice).where(Notice.id == notice_id, Notice.read_at.is_(None)).values(read_at=now)
    )


def mark_all_read(session: Session, *, actor: Actor, until: datetime, now: datetime) -> int:
    """Note that somebody has read every own notice that was on the page: nothing younger. Return how many."""
    require(Permission.OWN_ACCOUNT_USE, actor=actor)
    read = session.scalars(
        update(Notice)
        .where(Notice.person_id == actor.person_id, Notice.read_at.is_(None), Notice.created_at <= until)
        .values(read_at=now)
        .returning(Notice.id)
    )
    return len(read.all())


# ------------------------------------------------------------------------------------------------ mails


def claim_mail(session: Session, *, person_id: PersonId, day: date, now: datetime) -> UUID | None:
    """Claim the one mail of a person and day with every unread notice that no mail carried; None when there is nothing to send.

    Of two senders at once one gets it: the other sees the row, or waits for it and then sees it.
    """
    made = session.scalar(
        _insert(session, MailDigest)
        .values(
            id=new_id(),
            person_id=person_id,
            day=day,
            state=MailState.SENDING.value,
            tries=1,
            claimed_at=now,
        )
        .on_conflict_do_nothing()
        .returning(MailDigest.id)
    )
    if made is None:
        return None
    carried = session.scalars(
        update(Notice)
        .where(
            Notice.person_id == person_id,
            Notice.read_at.is_(None),
            Notice.digest_id.is_(None),
            Notice.created_at >= now - YOUNG,
        )
        .values(digest_id=made)
        .returning(Notice.id)
    ).all()
    if not carried:
        # Read on the screen in this very moment.
        session.execute(delete(MailDigest).where(MailDigest.id == made))
        return None
    return UUID(str(made))


def claim_again(session: Session, *, digest_id: UUID, now: datetime) -> bool:
    """Claim a mail whose next try has come; False when another sender was quicker."""
    claimed = session.scalar(
        update(MailDigest)
        .where(
            MailDigest.id == digest_id,
            MailDigest.state == MailState.WAITING.value,
            MailDigest.next_try_at <= now,
        )
        .values(
            state=MailState.SENDING.value,
            next_try_at=None,
            tries=MailDigest.tries + 1,
            claimed_at=now,
        )
        .returning(MailDigest.id)
    )
    return claimed is not None


def settle_mail(session: Session, *, digest_id: UUID, attempt: Attempt, now: datetime) -> None:
    """Write down how the handing over of a claimed mail ended."""
    tries = session.scalar(select(MailDigest.tries).where(MailDigest.id == digest_id)) or 1
    state, next_try = settled(attempt, tries=tries, now=now)
    session.execute(
        update(MailDigest)
        .where(MailDigest.id == digest_id, MailDigest.state == MailState.SENDING.value)
        .values(
            state=state.value,
            cause=attempt.cause.value if attempt.cause else None,
            settled_at=now,
            next_try_at=next_try,
        )
    )


def give_up_old_mails(session: Session, *, day: date, now: datetime) -> int:
    """Tidy up before a round of sending; return how many claims were found broken off.

    A claim that nobody can still be at becomes 「送れたか分かりません」. What certainly was not sent and is of a day that is over
    fails, and its unread notices go with the next mail.
    """
    broken = session.scalars(
        update(MailDigest)
        .where(MailDigest.state == MailState.SENDING.value, MailDigest.claimed_at <= now - SURELY_OVER)
        .values(state=MailState.UNCERTAIN.value, cause=MailCause.BROKEN_OFF.value, settled_at=now)
        .returning(MailDigest.id)
    ).all()
    over = session.scalars(
        update(MailDigest)
        .where(MailDigest.state == MailState.WAITING.value, MailDigest.next_try_at < start_of_day(day))
        .values(state=MailState.FAILED.value, next_try_at=None, settled_at=now)
        .returning(MailDigest.id)
    ).all()
    if over:
        session.execute(update(Notice).where(Notice.digest_id.in_(over)).values(digest_id=None))
    return len(broken)


def resend_mail(session: Session, *, actor: Actor, digest_id: UUID, seen: MailState, now: datetime) -> None:
    """Let a mail that failed, or of which nobody knows, go out once more with the next round.

    `seen` is the state on the screen: who agreed to send a failed mail again did not agree to send a doubtful one twice.

    Raises:
        NotFound: there is no such mail.
        NotNow: it stands otherwise by now, or its notices go with another mail.
    """
    require(Permission.CITY_ACCOUNT_MANAGE, actor=actor)
    row = session.scalars(
        select(MailDigest).where(MailDigest.id == digest_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    if seen not in RESENDABLE or row.state != seen.value:
        raise NotNow("このメールの状態は、画面を開いたあとに変わりました。開き直して確かめてください。")
    holds = session.scalar(select(func.count()).select_from(Notice).where(Notice.digest_id == digest_id))
    if not holds:
        raise NotNow("このメールのお知らせは、次の日のメールに入ります。送り直す必要はありません。")
    row.state, row.cause, row.next_try_at = MailState.WAITING.value, None, now
    # The six tries begin anew: somebody has looked at why they failed.
    row.tries, row.settled_at = 1, None
    session.flush()
    record(
        session,
        subject=Subject(type=SubjectType.PERSON, id=str(row.person_id)),
        event="mail.resend_asked",
        actor=actor.mark,
        now=now,
        facts={"mail": str(digest_id), "was": seen.value},
    )


def discard_notices(session: Session, *, batch_id: UUID) -> Mapping[str, int]:
    """Delete the notices about whatever an approved batch names."""
    records = (
        (Notice, Notice.subject_id, NamedKind.INSPECTION),
        (Notice, Notice.subject_id, NamedKind.CAMPAIGN),
    )
    return discard_rows(session, batch_id=batch_id, records=records)
