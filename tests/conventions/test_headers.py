"""The same strict headers on every response: pages, refusals, faults, documents and static files."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app
from app.config import Settings
from app.web.access import public
from app.web.static_files import contents
from tests.conventions.addresses import Town, every_address
from tests.people import KIMURA, NAKAMURA, SATO, Cast
from tests.sign_in import signed_in

STRICT: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
ATTACHED: Final = "default-src 'none'; sandbox"
"""What is saved and never shown has no origin at all."""
TELLTALE: Final = {"X-Powered-By", "X-AspNet-Version", "Access-Control-Allow-Origin"}


def check(response: TestResponse) -> None:
    found = {name: response.headers.getlist(name) for name in STRICT}
    attached = response.headers.get("Content-Disposition", "").startswith("attachment")
    wanted = {**STRICT, "Content-Security-Policy": ATTACHED} if attached else STRICT
    assert found == {name: [value] for name, value in wanted.items()}
    assert not TELLTALE & set(response.headers.keys())


def test_the_policy_allows_nothing_unsafe_and_no_other_host() -> None:
    policy = STRICT["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*|data:|blob:", policy)


def test_every_address_answers_with_the_strict_headers_to_strangers(town: Town) -> None:
    client = town.app.test_client()
    for address in every_address(town):
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            response = client.open(address, method=method)
            check(response)
            assert method == "OPTIONS" or response.headers.getlist("Cache-Control") == ["no-store"]


@pytest.mark.parametrize("cast", [SATO, KIMURA, NAKAMURA], ids=lambda cast: cast.name)
def test_every_address_answers_with_the_strict_headers_to_people(town: Town, cast: Cast) -> None:
    client = signed_in(town.app, cast)
    statuses = set()
    for address in every_address(town):
        response = client.get(address)
        check(response)
        assert response.headers.getlist("Cache-Control") == ["no-store"]
        statuses.add(response.status_code)
    assert 200 in statuses
    assert 500 not in statuses


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/no-such-page", 404),
        ("GET", "/static/no-such-file.css", 404),
        ("GET", "/inspections/not-an-id", 404),
        ("POST", "/", 405),
        ("DELETE", "/login", 405),
    ],
)
def test_errors_carry_the_strict_headers(app: Flask, method: str, address: str, status: int) -> None:
    response = app.test_client().open(address, method=method)
    check(response)
    assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")


def test_a_fault_carries_the_strict_headers_and_tells_nothing(app: Flask) -> None:
    app.add_url_rule("/broken", "broken", public(_break))
    response = app.test_client().get("/broken")
    check(response)
    assert response.status_code == 500
    assert "geheim" not in response.text
    assert re.search(r"[0-9A-F]{4}-[0-9A-F]{4}", response.text)


def _break() -> str:
    raise RuntimeError("geheim")


def static_addresses(app: Flask) -> Iterator[str]:
    for name in contents():
        yield app.jinja_env.globals["static_url"](name)  # type: ignore[operator]


def test_static_files_carry_the_strict_headers_and_are_kept_for_ever(app: Flask) -> None:
    addresses = list(static_addresses(app))
    assert addresses
    for address in addresses:
        for coding in ("gzip", "identity"):
            response = app.test_client().get(address, headers={"Accept-Encoding": coding})
            check(response)
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert "Accept-Encoding" in response.headers["Vary"]
            assert "Set-Cookie" not in response.headers


def test_encrypted_installations_ask_for_encryption_from_now_on(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"https": True}))
    response = app.test_client().get("/login", base_url="https://localhost")
    check(response)
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert app.config["SESSION_COOKIE_SECURE"]


def test_plain_installations_do_not(app: Flask) -> None:
    assert "Strict-Transport-Security" not in app.test_client().get("/login").headers


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(town: Town) -> None:
    town.app.config["WTF_CSRF_ENABLED"] = True
    cookies = town.app.test_client().get("/login").headers.getlist("Set-Cookie")
    assert cookies
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie for cookie in cookies)
