"""Eight people who answer at the same time, over real HTTP on connections that stay open."""

import http.client
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, Protocol

from tests.benchmarks.processes import Group
from tests.integration.cli.served import Browser
from tests.people import Cast

SECONDS: Final = 2.0
"""How long a round of answering lasts."""


class Saver(Protocol):
    """Somebody who saves one answer after the other."""

    def save(self) -> None:
        """Save the next answer; anything but success is an error."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a round gave: latencies in seconds, in ascending order; CPU of the server in seconds."""

    latencies: tuple[float, ...]
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency in milliseconds below which a share of the answers stayed."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))] * 1000

    @property
    def text(self) -> str:
        """The figures for the table."""
        cpu = f", {self.cpu / len(self.latencies) * 1000:.3g} ms server CPU each" if self.cpu else ""
        return (
            f"{self.rate:.0f}/s, p50 {self.percentile(0.5):.3g} ms, p99 {self.percentile(0.99):.3g} ms{cpu}"
        )


def answering(savers: Sequence[Saver], *, server: Group | None) -> Load:
    """Let everybody save for the length of a round."""
    used = server.cpu() if server else 0.0
    began = perf_counter()
    with ThreadPoolExecutor(len(savers)) as pool:
        found = [
            one
            for each in pool.map(lambda saver: _latencies(saver, until=began + SECONDS), savers)
            for one in each
        ]
    seconds = perf_counter() - began
    return Load(tuple(sorted(found)), seconds, (server.cpu() - used) if server else 0.0)


def _latencies(saver: Saver, *, until: float) -> list[float]:
    found = []
    while (began := perf_counter()) < until:
        saver.save()
        found.append(perf_counter() - began)
    return found


@dataclass(slots=True)
class Clerk:
    """A clerk at the autosave of the own sheet: signed in, with the page's CSRF token."""

    cast: Cast
    sheet: str
    items: tuple[str, ...]
    browser: Browser
    token: str = ""
    number: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None

    def enter(self) -> None:
        """Sign in and open the connection."""
        self.browser.sign_in(self.cast)
        self.token = self.browser.token(f"/inspections/{self.sheet}/profile")
        self.connection = http.client.HTTPConnection("127.0.0.1", self.browser.port, timeout=30)

    def save(self) -> None:
        """Save the next item."""
        self.number += 1
        item = self.items[self.number % len(self.items)]
        body = {
            "level": ("implemented", "partial")[self.number // len(self.items) % 2],
            "comment": f"控えを確かめた（{self.number}回目）。",
            "reply": "",
            "version": self.versions.get(item, 1),
            "client": f"load-{self.cast.staff_no}-{self.number}",
        }
        reply = json.loads(self._put(f"/inspections/{self.sheet}/answers/{item}", json.dumps(body)))
        self.versions[item] = reply["version"]

    def leave(self) -> None:
        """Close the connection."""
        if self.connection:
            self.connection.close()

    def _put(self, path: str, body: str) -> bytes:
        assert self.connection is not None
        cookie = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        headers = {
            "Cookie": cookie,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-CSRFToken": self.token,
        }
        return exchange(self.connection, path, body=body.encode(), headers=headers)


@dataclass(slots=True)
class Stranger:
    """Somebody without a name at the bare server."""

    connection: http.client.HTTPConnection
    number: int

    def save(self) -> None:
        """Save the next number."""
        self.number += 7
        exchange(self.connection, f"/answers/{self.number}", body=b'{"level": "partial"}', headers={})


@dataclass(slots=True)
class Caller:
    """Somebody who calls a function in this process."""

    act: Callable[[int], object]
    number: int

    def save(self) -> None:
        """Save the next number."""
        self.number += 7
        self.act(self.number)


def exchange(
    connection: http.client.HTTPConnection, path: str, *, body: bytes, headers: dict[str, str]
) -> bytes:
    """Send a PUT on an open connection and return the body of the answer, which has to be a success."""
    connection.request("PUT", path, body=body, headers=headers)
    response = connection.getresponse()
    content = response.read()
    assert response.status == http.client.OK, content.decode()
    return content
