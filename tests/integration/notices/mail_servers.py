"""Mail servers on loopback: a real one, and ones that fail at a chosen place."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

HOST = "127.0.0.1"
PASSWORD = "あいことば-of-the-server"


@dataclass
class Box:
    """Keeps what a server took; `replies` are given to RCPT before it takes anything."""

    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: ANN401, ARG002, N802
        """Take a recipient, or answer what the test wants."""
        if self.replies:
            return self.replies.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ANN401, ARG002, N802
        """Keep a mail."""
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.append((envelope.rcpt_tos[0], message))
        return "250 taken"


@contextmanager
def real_server(box: Box, **options: Any) -> Iterator[int]:  # noqa: ANN401 - aiosmtpd's own options
    """Run a real SMTP server; yield its port."""
    controller = Controller(box, hostname=HOST, port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def sign_in_checker(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401
    """Take the one password of the tests."""
    good = isinstance(data, LoginPassword) and data.password == b"right"
    return AuthResult(success=good, handled=good)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for this machine's loopback; return its file and a server's context with it."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "openssl is missing: apt-get install openssl"
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(  # noqa: S603 - a fixed program of the developer's machine
        [
            *(
                openssl,
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
            ),
            *("-addext", f"subjectAltName=IP:{HOST}", "-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


@contextmanager
def failing_server(*, at: str) -> Iterator[int]:
    """Speak SMTP by hand and fail at a place.

    at: "greeting" hangs before it; "data" drops the line at DATA; "text" drops it after the whole text was handed over;
    "reply" hangs then; "refuse-text" answers 554 to the text.
    """
    listening = socket.create_server((HOST, 0))
    over = threading.Event()
    thread = threading.Thread(target=_serve, args=(listening, at, over), daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        over.set()
        listening.close()
        thread.join(5)


def _serve(listening: socket.socket, at: str, over: threading.Event) -> None:
    while not over.is_set():
        try:
            line, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(line, at, over), daemon=True).start()


def _answer(line: socket.socket, at: str, over: threading.Event) -> None:
    with line, line.makefile("rwb") as stream:
        if at == "greeting":
            over.wait(10)
            return
        _converse(stream, at=at, over=over)


def _converse(stream: Any, *, at: str, over: threading.Event) -> None:  # noqa: ANN401 - a socket's file
    def say(text: str) -> None:
        stream.write(text.encode() + b"\r\n")
        stream.flush()

    say("220 here")
    for raw in stream:
        verb = raw.split()[0].upper()
        if verb == b"DATA":
            if at == "data":
                return
            say("354 go on")
            while stream.readline() not in {b".\r\n", b""}:
                pass
            if at == "text":
                return
            if at == "reply":
                over.wait(10)
                return
            say("554 not taken")
        elif verb == b"QUIT":
            say("221 bye")
            return
        else:
            say("250 OK")
