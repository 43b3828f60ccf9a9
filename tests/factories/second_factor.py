"""Accounts with a second factor whose secret is known, and the codes that its app would show."""

from datetime import datetime
from typing import Final

import pyotp
from sqlalchemy import select, update

from app.db.session import Database
from app.people.commands.sealed_secrets import seal_secret
from app.people.models import Account, SecondFactor, SignInSession
from tests.people import STORY, Cast

SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(now: datetime, *, secret: str = SECRET) -> str:
    """Return what the app shows at an instant."""
    return pyotp.TOTP(secret).at(now)


def enrolled(database: Database, cast: Cast, *, key: str) -> None:
    """Give somebody a second factor."""
    with database.transaction() as session:
        account_id = session.scalars(select(Account.id).where(Account.person_id == cast.id)).one()
        sealed = seal_secret(SECRET, account_id=account_id, key=key)
        session.add(SecondFactor(account_id=account_id, secret=sealed, last_step=0, enrolled_at=STORY))


def code_given(database: Database, cast: Cast, *, now: datetime) -> None:
    """Let the code count as given in every session of somebody."""
    with database.transaction() as session:
        account_id = session.scalars(select(Account.id).where(Account.person_id == cast.id)).one()
        of_it = update(SignInSession).where(SignInSession.account_id == account_id)
        session.execute(of_it.values(second_factor_at=now))
