"""Where a second factor is required or enrolled, the password alone opens no page: every address is tried with a half sign-in."""

from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Settings
from app.db.session import bound
from app.web.access import EVERY_STEP, RULE, Rule, Step
from tests.conventions.addresses import Town, every_address
from tests.factories.second_factor import enrolled
from tests.people import ITO, KIMURA, NAKAMURA, PASSWORD, SATO, TANAKA, Cast

KEY: Final = "only for tests" * 3
STEPS: Final = {
    "people.change_password": {Step.PASSWORD},
    "people.code": {Step.CODE},
    "people.second_factor": {Step.ENROLMENT},
    "people.sign_out": set(EVERY_STEP),
}


@pytest.fixture
def settings(city_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A city as it is installed: required of the lead division, auditors and administrators."""
    return Settings(database_url=city_url, instance_path=tmp_path_factory.mktemp("instance"), secret_key=KEY)


def halfway(app: Flask, cast: Cast) -> FlaskClient:
    client = app.test_client()
    reply = client.post("/login", data={"staff_no": cast.staff_no, "password": PASSWORD})
    assert reply.status_code == 303
    return client


def test_only_these_pages_serve_a_step_of_signing_in(app: Flask) -> None:
    rules: dict[str, Rule] = {name: getattr(view, RULE) for name, view in app.view_functions.items()}
    assert {name: set(rule.steps) for name, rule in rules.items() if rule.steps} == STEPS


@pytest.mark.parametrize("cast", [TANAKA, KIMURA, ITO, NAKAMURA], ids=lambda cast: cast.name)
def test_where_it_is_required_only_the_enrolment_opens(town: Town, cast: Cast) -> None:
    _no_page_but(town, halfway(town.app, cast), "/me/second-factor")


def test_who_has_one_of_the_own_will_is_asked_for_the_code_first(town: Town) -> None:
    enrolled(bound(), SATO, key=KEY)
    _no_page_but(town, halfway(town.app, SATO), "/login/code")


def test_who_needs_none_and_has_none_comes_in(town: Town) -> None:
    assert halfway(town.app, SATO).get("/").status_code == 200


def _no_page_but(town: Town, client: FlaskClient, page: str) -> None:
    public = {"/login", "/session", "/help", "/help/accessibility", "/help/keys"}
    opened = set()
    for address in every_address(town):
        reply = client.get(address)
        if reply.status_code == 200:
            opened.add(address)
            # Nothing of the person stands on a page that is open to everybody.
            assert "who__text" not in reply.text, address
        else:
            assert reply.status_code in {303, 404, 405}, address
            assert reply.status_code != 303 or reply.location in {page, "/"}, address
    assert opened == public | {page}
    session = client.get("/session").get_json()
    assert (session["person"], session["session"]) == (None, None)
    for address in every_address(town):
        if address not in public | {page, "/logout"}:
            assert client.post(address).status_code in {303, 400, 401, 404, 405, 422}, address
    assert client.get("/me/sessions").status_code == 303
