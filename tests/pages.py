"""Pages as a browser without a script shows and sends them."""

from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.people import Cast
from tests.sign_in import signed_in


class FormReader(HTMLParser):
    """Reads what a browser without a script would send of one form."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._form_id, self._inside = form_id, False
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("id") == self._form_id
        name = given.get("name")
        if not self._inside:
            return
        if tag == "input" and name and (given.get("type") not in {"radio", "checkbox"} or "checked" in given):
            self.fields[name] = given.get("value") or ""
        if tag == "textarea" and name:
            self._area, self.fields[name] = name, ""
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and "selected" in given:
            self.fields[self._select] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data.removeprefix("\n")


def form_of(page: TestResponse, form_id: str = "review") -> dict[str, str]:
    """Return the fields of a form as the page shows them."""
    reader = FormReader(form_id)
    reader.feed(page.text)
    return reader.fields


def browser(app: Flask, cast: Cast, *, year: Year, clock: StandingClock) -> FlaskClient:
    """Sign in at the moment to which the story has come."""
    clock.instant = year.now
    return signed_in(app, cast)
