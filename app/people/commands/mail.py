"""Mail addresses: set by the list of staff or the administrator, refused by the person."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.journal.commands import record
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.ids import PersonId
from app.kernel.text import clean
from app.notices.rules import is_address
from app.organisation.commands import By, authorised
from app.people.commands.import_ import person_subject
from app.people.models import Person

BAD_ADDRESS = "メールアドレスとして読み取れません。name@city.example.lg.jp のように、半角で書いてください。"


class MailChoice(StrEnum):
    """Whether somebody wants the daily mail. Notices on the screen stay in any case."""

    WANTED = "wanted"
    REFUSED = "refused"


def set_mail_address(session: Session, *, person_id: PersonId, address: str, by: By, now: datetime) -> None:
    """Set somebody's address, or take it away with an empty one.

    Raises:
        InvalidInput: it is no address.
        NotAllowed: the actor is no administrator.
        NotFound: there is no such person.
    """
    mark = authorised(by)
    wanted = clean(address)
    if wanted and not is_address(wanted):
        raise InvalidInput.of(BAD_ADDRESS, field="address")
    stored = session.execute(
        select(Person.id, Person.mail_address).where(Person.id == person_id).with_for_update()
    ).one_or_none()
    if stored is None:
        raise NotFound
    if (stored.mail_address or "") == wanted:
        return
    session.execute(update(Person).where(Person.id == person_id).values(mail_address=wanted or None))
    record(
        session,
        subject=person_subject(person_id),
        event="person.mail_address_set" if wanted else "person.mail_address_removed",
        actor=mark,
        now=now,
    )


def choose_mail(session: Session, *, actor: Actor, choice: MailChoice, now: datetime) -> None:
    """Say whether one wants the daily mail."""
    require(Permission.OWN_ACCOUNT_USE, actor=actor)
    person = session.scalars(select(Person).where(Person.id == actor.person_id).with_for_update()).one()
    if (person.mail_refused_at is None) is (choice is MailChoice.WANTED):
        return
    person.mail_refused_at = None if choice is MailChoice.WANTED else now
    session.flush()
    record(
        session,
        subject=person_subject(actor.person_id),
        event=f"person.mail_{choice.value}",
        actor=actor.mark,
        now=now,
    )
