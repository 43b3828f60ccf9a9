"""`flask serve` as a process of its own, and a browser without a screen to talk to it."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from tests.people import PASSWORD, Cast

ROOT = Path(__file__).resolve().parents[3]
START_LIMIT = 60.0
"""Seconds that a start may take on a busy machine."""


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(
    url: str, *, instance: Path, port: int, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment of a test's own installation."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SELF_INSPECTION_")}
    return {
        **clean,
        "DATABASE_URL": url,
        "SELF_INSPECTION_INSTANCE_PATH": str(instance),
        "SELF_INSPECTION_PORT": str(port),
        # Whoever signs in here has a password only; what a second factor demands has tests of its own.
        "SELF_INSPECTION_SECOND_FACTOR": "none",
        **(more or {}),
    }


def flask(*arguments: str) -> list[str]:
    """Return the command line of a flask command."""
    return [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]


def run_to_its_end(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a flask command that is expected to end by itself."""
    return subprocess.run(  # noqa: S603 - our own command
        flask(*arguments),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@dataclass(slots=True)
class Served:
    """A running server. Its whole group of processes ends with it."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def wait_until_ready(self) -> None:
        """Return when the sign-in page is answered."""
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if Browser(self.port).get("/login").status == http.HTTPStatus.OK:
                    return
            except OSError:
                time.sleep(0.05)
        message = f"the server did not start:\n{self.log.read_text()}"
        raise RuntimeError(message)

    def stop(self) -> float:
        """Ask the server to end; return how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=15)
        return time.monotonic() - began

    def kill(self) -> None:
        """End every process of the server at once, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=15)


@contextmanager
def serving(environment: Mapping[str, str], *, log: Path) -> Iterator[Served]:
    """Start `flask serve` and wait until it answers; whatever happens, it is gone afterwards."""
    with (
        log.open("ab") as output,
        subprocess.Popen(  # noqa: S603 - our own command
            flask("serve"),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
    ):
        served = Served(process, port=int(environment["SELF_INSPECTION_PORT"]), log=log)
        try:
            served.wait_until_ready()
            yield served
        finally:
            if process.poll() is None:
                served.kill()


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    status: int
    text: str


@dataclass(slots=True)
class Browser:
    """One browser: its cookies, one request at a time."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Reply:
        """Open a page."""
        return self.send("GET", path)

    def send(
        self, method: str, path: str, *, body: str = "", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send a request on a connection of its own and remember the cookies."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, path, body=body.encode(), headers={"Cookie": held, **(headers or {})})
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie") or ():
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            return Reply(response.status, response.read().decode())
        finally:
            connection.close()

    def token(self, path: str) -> str:
        """Return the CSRF token of a page."""
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path).text)
        assert found is not None, f"{path} has no form"
        return found.group(1)

    def sign_in(self, cast: Cast) -> None:
        """Sign in with the common password of the cast."""
        body = urlencode(
            {
                "staff_no": cast.staff_no,
                "password": PASSWORD,
                "next": "",
                "csrf_token": self.token("/login"),
            }
        )
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = self.send("POST", "/login", body=body, headers=form)
        assert reply.status == http.HTTPStatus.SEE_OTHER, reply.text
