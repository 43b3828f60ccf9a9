"""What somebody sets for the own account."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.journal.commands import record
from app.people.commands.sessions import account_subject
from app.people.models import Account
from app.people.rules import SingleKeys


def set_single_keys(session: Session, *, actor: Actor, keys: SingleKeys, now: datetime) -> None:
    """Switch single keys on or off for the actor, on every machine (WCAG 2.1.4)."""
    require(Permission.OWN_ACCOUNT_USE, actor=actor)
    account = session.scalars(
        select(Account).where(Account.person_id == actor.person_id).with_for_update()
    ).one()
    if account.single_keys == (keys is SingleKeys.ON):
        return
    account.single_keys = keys is SingleKeys.ON
    session.flush()
    record(
        session,
        subject=account_subject(account.id),
        event="account.settings_changed",
        actor=actor.mark,
        now=now,
        facts={"single_keys": keys.value},
    )
