"""The number on a page that says no is the number in the log."""

import logging
import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.people import NAKAMURA, SATO, Cast
from tests.sign_in import signed_in

NUMBER = re.compile(r"(?<![\w-])[0-9A-F]{4}-[0-9A-F]{4}(?![\w-])")  # no part of an id


def number_on(reply: TestResponse) -> str:
    (found,) = NUMBER.findall(reply.text)
    return str(found)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no-such-page", 404),
        ("GET", "/accounts", 403),
        ("DELETE", "/accounts", 405),
        ("POST", "/me/sessions/end-others", 422),
    ],
)
def test_a_refusal_is_logged_once_under_the_number_shown(
    app: Flask, caplog: pytest.LogCaptureFixture, method: str, path: str, status: int
) -> None:
    with caplog.at_level(logging.WARNING, logger="app.web.errors"):
        reply = signed_in(app, SATO).open(f"{path}?q=佐藤の秘密", method=method)
    assert reply.status_code == status
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == f"refused {number_on(reply)} with {status} at {method} {path} to {SATO.id}"


def test_a_script_gets_the_number_too(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    reply = signed_in(app, SATO).get("/no-such-page", headers={"Accept": "application/json"})
    assert reply.json is not None
    assert f"refused {reply.json['reference']} with 404" in caplog.text


@pytest.mark.parametrize("cast", [NAKAMURA, None])
def test_nobodys_name_is_logged(app: Flask, caplog: pytest.LogCaptureFixture, cast: Cast | None) -> None:
    client = signed_in(app, cast) if cast else app.test_client()
    client.get("/no-such-page")
    assert caplog.messages[-1].endswith(f"to {cast.id if cast else 'nobody'}")
