"""Opening every page as everybody changes nothing but what a GET may record."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from flask import Flask
from sqlalchemy import text

from app.db.registry import METADATA
from app.db.session import bound
from tests.conventions.addresses import every_address, town_of
from tests.people import EVERYBODY, Cast
from tests.sign_in import signed_in

MAY_RECORD: Final = {"access_log", "sign_in_session"}
# A refused act (403) is itself recorded, in the chain of the account.
REFUSALS: Final = {"journal_entry", "journal_head"}
TABLES: Final = sorted(set(METADATA.tables) - MAY_RECORD)


def content() -> Mapping[str, list[Any]]:
    """Return every row of every table."""
    with bound().reading() as session:
        return {
            table: sorted(
                (tuple(row) for row in session.execute(text(f"SELECT * FROM {table}"))),  # noqa: S608 - our own names
                key=repr,
            )
            for table in TABLES
        }


def sessions() -> list[Any]:
    columns = "token_digest, public_id, account_id, created_at, proved_at, user_agent, ended_at, end_reason"
    with bound().reading() as session:
        return sorted(map(tuple, session.execute(text(f"SELECT {columns} FROM sign_in_session"))), key=repr)  # noqa: S608


@pytest.mark.parametrize("cast", EVERYBODY, ids=lambda cast: cast.name)
def test_opening_every_page_changes_nothing(app: Flask, cast: Cast) -> None:
    town = town_of(app)
    client = signed_in(app, cast)
    before, signed = content(), sessions()
    opened = 0
    for address in every_address(town):
        response = client.get(address)
        after = (
            content() if response.status_code != 403 else {**content(), **{t: before[t] for t in REFUSALS}}
        )
        assert after == before, address
        before = content()
        opened += response.status_code == 200
    assert opened > 5
    assert sessions() == signed


def test_strangers_are_sent_to_the_sign_in_page_and_leave_no_trace(app: Flask) -> None:
    town = town_of(app)
    before = content()
    client = app.test_client()
    for address in every_address(town):
        response = client.get(address)
        expected = {200} if address == "/login" else {303, 404, 405}
        assert response.status_code in expected, address
    assert content() == before
