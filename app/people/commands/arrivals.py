"""What a sign-in is told apart by: the browser, the hour, the day, the failures before it."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import business_date
from app.kernel.ids import AccountId, PersonId
from app.kernel.ports import BusinessDays
from app.notices.commands import notify
from app.notices.rules import NoticeDraft
from app.people.commands.attempts import Claim, Origin
from app.people.models import SignInSession
from app.people.queries.sessions import finished
from app.people.rules import ALARMING_FAILURES, DayKind, Familiarity, Oddity, oddities

UNUSUAL_SIGN_IN: Final = "sign-in.unusual"
CODES_REFUSED: Final = "sign-in.codes-refused"


def unusual(
    session: Session, *, claim: Claim, origin: Origin, days: BusinessDays, now: datetime
) -> tuple[Oddity, ...]:
    """Return what is unusual about the sign-in of an attempt whose password was right."""
    is_open = days.is_business_day(session, day=business_date(now))
    return oddities(
        at=now,
        device=_familiarity(session, claim=claim, origin=origin),
        day=DayKind.OPEN if is_open else DayKind.CLOSED,
        failures=claim.failures,
    )


def _familiarity(session: Session, *, claim: Claim, origin: Origin) -> Familiarity:
    device = origin.device
    if device is not None and claim.name_key in device.names:
        return Familiarity.KNOWN
    own = (
        select(SignInSession.public_id)
        .where(SignInSession.account_id == claim.account_id, finished())
        .limit(1)
    )
    if session.scalar(own) is None:
        return Familiarity.FIRST_OF_ALL
    if device is None:
        return Familiarity.NEW
    # The cookie names the last few people of a shared computer; the records know them all.
    seen = session.scalar(own.where(SignInSession.device_digest == origin.device_key(device)))
    return Familiarity.NEW if seen is None else Familiarity.KNOWN


def tell_of_unusual(session: Session, *, row: SignInSession, person_id: PersonId, now: datetime) -> None:
    """Tell somebody of an unusual sign-in, once; a usual one needs no notice."""
    if not row.oddities:
        return
    draft = NoticeDraft(
        person_id=person_id,
        kind=UNUSUAL_SIGN_IN,
        subject_id=row.public_id,
        context_id=row.account_id,
        occasion="once",
    )
    notify(session, drafts=[draft], now=now)


def tell_of_wrong_codes(
    session: Session, *, claim: Claim, account_id: AccountId, person_id: PersonId, now: datetime
) -> None:
    """Tell somebody, once a day, that wrong codes follow the right password: whoever types them knows it."""
    if claim.failures + 1 < ALARMING_FAILURES:
        return
    draft = NoticeDraft(
        person_id=person_id,
        kind=CODES_REFUSED,
        subject_id=account_id,
        context_id=account_id,
        occasion=business_date(now).isoformat(),
    )
    notify(session, drafts=[draft], now=now)
