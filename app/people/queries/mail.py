"""Where the daily mail of each person goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.kernel.ids import PersonId
from app.people.models import Account, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMail:
    """One's own address as the city keeps it, and whether one wants the daily mail."""

    address: str | None
    wanted: bool


def own_mail(session: Session, *, actor: Actor) -> OwnMail:
    """Return where the actor's own mail goes."""
    require(Permission.OWN_ACCOUNT_USE, actor=actor)
    row = session.execute(
        select(Person.mail_address, Person.mail_refused_at).where(Person.id == actor.person_id)
    ).one()
    return OwnMail(address=row.mail_address, wanted=row.mail_refused_at is None)


def mail_addresses(session: Session, *, today: date) -> Mapping[PersonId, str]:
    """Return the addresses of all who can sign in on a day and want the daily mail."""
    rows = session.execute(
        select(Person.id, Person.mail_address)
        .join(Account, Account.person_id == Person.id)
        .where(
            Person.mail_address.is_not(None),
            Person.mail_refused_at.is_(None),
            Account.disabled_at.is_(None),
            or_(Account.expires_on.is_(None), Account.expires_on >= today),
        )
    )
    return {PersonId(row.id): str(row.mail_address) for row in rows}
