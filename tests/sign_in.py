"""Signed-in browsers for page tests: a session row as signing in makes it, without the cost of a password hash."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.session import transaction
from app.kernel.digest import digest_text
from app.people.models import Account, SignInSession
from tests.people import Cast


def signed_in(app: Flask, cast: Cast) -> FlaskClient:
    """Return a browser in which a person of the cast is signed in."""
    token = f"token of {cast.staff_no} in this test only"
    now = app.extensions["clock"].now()
    with transaction() as session:
        account_id = session.scalars(select(Account.id).where(Account.person_id == cast.id)).one()
        if session.get(SignInSession, digest_text(token)) is None:
            session.add(
                SignInSession(
                    token_digest=digest_text(token),
                    account_id=account_id,
                    created_at=now,
                    last_seen_at=now,
                    proved_at=now,
                    user_agent="test",
                )
            )
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client
