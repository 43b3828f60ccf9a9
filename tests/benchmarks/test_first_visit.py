"""What a browser with an empty cache fetches: requests, and bytes of the bodies as they travel."""

import gzip
import http.client
import json
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest

from tests.benchmarks.browsing import TOKEN
from tests.benchmarks.city import CLERKS, item_ids
from tests.benchmarks.conftest import Stage
from tests.benchmarks.measuring import Table
from tests.benchmarks.serving import serving_product
from tests.people import PASSWORD

OFFICE: Final = 3
ASSET: Final = re.compile(r'(?:href|src)="(/static/[^"#]+)')


@dataclass(slots=True)
class Visitor:
    """A browser that takes gzip, fetches what its pages name, and keeps static files."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    requests: int = 0
    received: int = 0

    def open(self, path: str) -> str:
        """Open a page with everything it names."""
        text = self.send("GET", path)
        for asset in ASSET.findall(text):
            if asset not in self.kept:
                self.kept.add(asset)
                self.send("GET", asset)
        return text

    def send(self, method: str, path: str, *, body: str = "", headers: dict[str, str] | None = None) -> str:
        """Send one request; count it and the bytes of its answer. A page comes back as text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookie, "Accept-Encoding": "gzip", **(headers or {})}
        connection.request(method, path, body=body.encode(), headers=sent)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        assert response.status < 400, content[:500]
        self.requests += 1
        self.received += len(content)
        for line in response.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return _unpacked(content, packed=response.headers.get("Content-Encoding") == "gzip")

    @property
    def figures(self) -> str:
        """The figures for the table."""
        return f"{self.requests} requests, {self.received / 1024:.1f} KiB"


def test_from_sign_in_to_the_first_answer(stage: Stage, table: Table, tmp_path: Path) -> None:
    if stage.engine != "SQLite":
        pytest.skip("the same on both databases")
    sheet, clerk = stage.year.sheets[OFFICE], CLERKS[OFFICE]
    section = f"/inspections/{sheet}/sections/{stage.year.city.edition.sections[0].slug}"
    with serving_product(stage.url, folder=tmp_path) as served:
        whole = Visitor(served.port)
        form = {
            "staff_no": clerk.staff_no,
            "password": PASSWORD,
            "next": "",
            "csrf_token": token(whole.open("/login")),
        }
        as_form = {"Content-Type": "application/x-www-form-urlencoded"}
        whole.send("POST", "/login", body=urlencode(form), headers=as_form)
        whole.open("/")
        whole.open(f"/inspections/{sheet}")
        whole.open(section)
        again = Visitor(served.port, cookies=whole.cookies)
        save_first(again, section, sheet=str(sheet), item=str(item_ids(stage.year.city)[0]))
    least = "a page and a save: 2 requests"
    way = "empty cache, gzip, from the sign-in page over home and sheet to the answering page"
    table.add(way, product=whole.figures, bare="―", ratio=None, goal="―", database=stage.engine)
    item = "empty cache, gzip, signed in: from the answering page to the first saved answer"
    table.add(
        item,
        product=again.figures,
        bare=least,
        ratio=None,
        goal="≤ 5 requests, ≤ 60 KB",
        database=stage.engine,
    )


def save_first(visitor: Visitor, section: str, *, sheet: str, item: str) -> None:
    """Open a section and save one answer, as the page's script does."""
    script = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-CSRFToken": token(visitor.open(section)),
    }
    body = {
        "level": "implemented",
        "comment": "はじめて書いた。",
        "reply": "",
        "version": 1,
        "client": "first-visit-1",
    }
    reply = visitor.send("PUT", f"/inspections/{sheet}/answers/{item}", body=json.dumps(body), headers=script)
    assert json.loads(reply)["version"] == 2


def token(page: str) -> str:
    """Return the CSRF token of a page."""
    found = TOKEN.search(page)
    assert found is not None
    return found.group(1)


def _unpacked(content: bytes, *, packed: bool) -> str:
    return (gzip.decompress(content) if packed else content).decode(errors="replace")
