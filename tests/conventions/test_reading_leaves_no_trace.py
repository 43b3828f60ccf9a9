"""Opening every page as everybody changes nothing but what a GET may record."""

import re
from collections.abc import Mapping
from typing import Any, Final

import pytest
from sqlalchemy import text

from app.db.registry import METADATA
from app.db.session import bound
from tests.conventions.addresses import Town, every_address
from tests.people import EVERYBODY, Cast
from tests.sign_in import signed_in

MAY_RECORD: Final = {"access_log", "sign_in_session"}
# A refused act (403) is itself recorded, in the chain of the account.
REFUSALS: Final = {"journal_entry", "journal_head"}
PUBLIC: Final = {"/login", "/session", "/help", "/help/accessibility", "/help/keys"}
POST_FORM: Final = re.compile(r"<form\b[^>]*method=[\"']post[\"'][^>]*>.*?</form>", re.IGNORECASE | re.DOTALL)


def content(*, apart_from: set[str]) -> Mapping[str, list[Any]]:
    """Return every row of every table."""
    with bound().reading() as session:
        return {
            table: sorted((tuple(row) for row in session.execute(text(f"SELECT * FROM {table}"))), key=repr)  # noqa: S608 - our own names
            for table in sorted(set(METADATA.tables) - apart_from)
        }


def sessions() -> list[Any]:
    """Return what a GET may not change in the sessions: all but when they were last seen."""
    columns = "token_digest, public_id, account_id, created_at, proved_at, user_agent, ended_at, end_reason"
    with bound().reading() as session:
        rows = session.execute(text(f"SELECT {columns} FROM sign_in_session"))  # noqa: S608 - our own names
        return sorted(map(tuple, rows), key=repr)


@pytest.mark.parametrize("cast", EVERYBODY, ids=lambda cast: cast.name)
def test_opening_every_page_changes_nothing(town: Town, cast: Cast) -> None:
    client = signed_in(town.app, cast)
    before, journal, signed = (
        content(apart_from=MAY_RECORD | REFUSALS),
        content(apart_from=MAY_RECORD),
        sessions(),
    )
    statuses = [client.get(address).status_code for address in every_address(town)]
    assert content(apart_from=MAY_RECORD | REFUSALS) == before
    assert sessions() == signed
    assert statuses.count(200) > 5
    entries = len(content(apart_from=MAY_RECORD)["journal_entry"]) - len(journal["journal_entry"])
    assert entries == statuses.count(403)


def test_strangers_are_sent_to_the_sign_in_page_and_leave_no_trace(town: Town) -> None:
    before, client = content(apart_from=set()), town.app.test_client()
    for address in every_address(town):
        expected = {200} if address in PUBLIC else {303, 404, 405}
        assert client.get(address).status_code in expected, address
    assert content(apart_from=set()) == before


@pytest.mark.parametrize("cast", EVERYBODY[:9:4], ids=lambda cast: cast.name)
def test_asking_for_the_headers_of_a_page_is_answered_like_the_page(town: Town, cast: Cast) -> None:
    client = signed_in(town.app, cast)
    answers = {a: (client.get(a).status_code, client.head(a).status_code) for a in every_address(town)}
    assert {address: codes for address, codes in answers.items() if codes[0] != codes[1]} == {}


@pytest.mark.parametrize("cast", EVERYBODY, ids=lambda cast: cast.name)
def test_every_form_on_every_page_carries_its_two_keys(town: Town, cast: Cast) -> None:
    client = signed_in(town.app, cast)
    forms = 0
    for address in every_address(town):
        response = client.get(address)
        for form in POST_FORM.findall(response.text if response.mimetype == "text/html" else ""):
            forms += 1
            assert 'name="csrf_token"' in form, address
            assert 'name="idempotency_key"' in form or "/logout" in form, address
    assert forms > 0
