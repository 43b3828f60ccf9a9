"""A signed-in browser that calls the WSGI application directly: what is measured is the server's work, no client's."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.people import Cast
from tests.sign_in import signed_in

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Page:
    """What the application answered."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class DirectBrowser:
    """The cookies and the CSRF token of one person; the application checks both as it does in service."""

    app: Flask
    cookie: str
    token: str

    @classmethod
    def of(cls, app: Flask, *, cast: Cast, form_page: str) -> "DirectBrowser":
        """Sign somebody in and take the token from a page with a form."""
        client = signed_in(app, cast)
        found = TOKEN.search(client.get(form_page).text)
        assert found is not None, f"{form_page} has no form"
        cookie = client.get_cookie("session")
        assert cookie is not None
        return cls(app, f"session={cookie.value}", found.group(1))

    def get(self, path: str) -> Callable[[], Page]:
        """Return the work of answering a GET."""
        return self._work("GET", path, body=b"", headers={})

    def put(self, path: str, *, data: dict[str, Any]) -> Callable[[], Page]:
        """Return the work of answering a PUT of JSON, as the page's script sends it."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-CSRFToken": self.token,
        }
        return self._work("PUT", path, body=json.dumps(data).encode(), headers=headers)

    def _work(self, method: str, path: str, *, body: bytes, headers: dict[str, str]) -> Callable[[], Page]:
        sent = Headers({"Cookie": self.cookie, **headers})
        environ = EnvironBuilder(path=path, method=method, data=body, headers=sent).get_environ()

        def work() -> Page:
            parts, status, _ = run_wsgi_app(
                self.app, {**environ, "wsgi.input": io.BytesIO(body)}, buffered=True
            )
            return Page(int(status.split()[0]), b"".join(parts))

        return work


def expect(page: Page, *, status: int = 200) -> Page:
    """Return a page; a benchmark of refusals would measure nothing."""
    assert page.status == status, page.body.decode()[:2000]
    return page
