"""Addresses that no page of ours makes, thrown at every route: refused with a page, never a fault."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from werkzeug.routing.converters import UnicodeConverter

from app.inspections.rules import State
from tests.conventions.addresses import UNKNOWN, Town, town_of
from tests.factories.inspections import Year
from tests.people import AFFAIRS, COUNTER, KIMURA, NAKAMURA, SATO, Cast
from tests.sign_in import signed_in

APP: Final = Path(__file__).resolve().parents[3] / "app"
ASKED: Final = re.compile(
    r"""(?:request\.args\.get|numbered|_day|_chosen)\(\s*(?:\w+,\s*)?["']([a-z_]+)["']"""
)
ODD: Final = (
    "",
    "-1",
    "9" * 10,
    "9" * 5000,
    "²",
    "a\x00b",
    "\x85\u202e",
    "𠮷" * 300,
    "%'\"<script>{}\\; --",
    "../../etc/passwd",
)
RAW: Final = "%FF%C0%80%ED%A0%80%zz%"
"""Octets that are no UTF-8, and percent signs that begin nothing."""
WORDS_OF_LIBRARIES: Final = (
    *("endpoint", "values", "self", "_external", "_anchor", "_method", "_host", "inspection_id", "", "x\x00"),
    "_scheme",
)
READERS: Final = (SATO, KIMURA, NAKAMURA)


def asked_for() -> set[str]:
    """Return the name of every query parameter that some route reads."""
    files = [*APP.glob("*/routes.py"), *APP.glob("*/routes/*.py")]
    return {name for path in files for name in ASKED.findall(path.read_text(encoding="utf-8"))}


@pytest.fixture
def town(app: Flask, year: Year) -> Town:
    """The application with a sealed and a returned sheet."""
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    year.bring(COUNTER, to=State.RETURNED)
    return town_of(app)


def readable(town: Town) -> Iterator[tuple[str, Mapping[str, Any], set[str]]]:
    """Yield each route for reading with the values of its parameters and the names of those that are texts."""
    for rule in town.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            values = {name: town.values[0].get(name, UNKNOWN) for name in rule.arguments}
            texts = {name for name, kind in rule._converters.items() if isinstance(kind, UnicodeConverter)}
            yield rule.rule, values, texts


def path_of(rule: str, values: Mapping[str, Any]) -> str:
    """Return the path of a rule; unlike the application, put anything at all in the place of a parameter."""
    return re.sub(r"<(?:[^:<>]+:)?([a-z_]+)>", lambda found: quote(str(values[found[1]]), safe=""), rule)


def odd_queries() -> Iterator[str]:
    """Yield queries in which every parameter that some route reads has the same odd value."""
    names = sorted(asked_for())
    yield from (urlencode(dict.fromkeys(names, value)) for value in ODD)
    yield "&".join(f"{name}={RAW}" for name in names)
    yield from (urlencode({word: "javascript"}) for word in WORDS_OF_LIBRARIES)


def test_the_query_parameters_are_found() -> None:
    assert {"page", "revision", "q", "from", "state", "next"} <= asked_for()


@pytest.mark.parametrize("cast", READERS, ids=lambda cast: cast.name)
def test_an_odd_query_is_no_fault_anywhere(town: Town, cast: Cast) -> None:
    client, shown = signed_in(town.app, cast), 0
    faults: list[str] = []
    for rule, values, _ in readable(town):
        path = path_of(rule, values)
        if client.get(path).status_code != 200:
            continue
        shown += 1
        asked = [f"{path}?{query}" for query in odd_queries()]
        faults += [one[:200] for one in asked if client.get(one).status_code >= 500]
    assert faults == []
    assert shown > 2


def test_an_odd_query_of_a_stranger_is_no_fault(town: Town) -> None:
    client = town.app.test_client()
    for query in odd_queries():
        for path in ("/login", "/help", "/"):
            assert client.get(f"{path}?{query}").status_code in {200, 303, 404}


@pytest.mark.parametrize("cast", READERS, ids=lambda cast: cast.name)
def test_an_odd_path_is_no_fault_anywhere(town: Town, cast: Cast) -> None:
    client, faults, tried = signed_in(town.app, cast), [], 0
    for rule, values, texts in readable(town):
        for name in values:
            odd = [path_of(rule, {**values, name: value or " "}) for value in ODD]
            for address in (*odd, path_of(rule, {**values, name: "~"}).replace("~", RAW)):
                tried += 1
                status = client.get(address).status_code
                # Where a permission of the whole city is missing, nothing is looked for at all.
                if status not in ({404, 403} if name in texts else {404}):
                    faults.append((status, address[:200]))
    assert faults == []
    assert tried > 200


@pytest.mark.parametrize("number", ["9" * 10, "9" * 30, "9" * 5000, "0", "-1", "x", "", "２", "\x00"])
def test_a_result_of_a_revision_that_cannot_be_is_not_found(town: Town, number: str) -> None:
    address = f"/inspections/{town.values[0]['inspection_id']}/report.pdf"
    client = signed_in(town.app, KIMURA)
    assert client.get(address, query_string={"revision": "1"}).status_code == 200
    assert client.get(address, query_string={"revision": number}).status_code == 404
