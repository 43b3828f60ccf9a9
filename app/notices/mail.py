"""Handing one mail over to the city's mail server, and saying exactly how far it came. No database.

Everything before the text is handed over is certain: the server has not taken it. After the text only the server's reply
tells; without one nobody knows.
"""

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from app.kernel.clock import JST
from app.notices.rules import Attempt, Digest, MailCause, MailState

_GO_ON: Final = 354
_PROTECT_FIRST: Final = 530
"""What a server answers that wants STARTTLS or a password before anything else."""
_TEMPORARY: Final = range(400, 500)
_TAKEN: Final = range(200, 300)


class Security(StrEnum):
    """How the line to the server is protected."""

    PLAIN = "plain"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The city's mail server and the address from which we write. `authorities` is a file with the city's own CA."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = ""
    timeout: float = 20.0
    authorities: Path | None = None


def message_of(
    digest: Digest, *, digest_id: UUID, to: str, sender: str, name: str, now: datetime
) -> EmailMessage:
    """Return a digest as a mail: plain text, Japanese headers encoded, one Message-ID for all its tries."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name, addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = digest.subject
    message["Date"] = format_datetime(now.astimezone(JST))
    message["Message-ID"] = f"<{digest_id}@{sender.rpartition('@')[2]}>"
    # Nobody's absence note answers it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(digest.body, charset="utf-8", cte="base64")
    return message


def deliver(message: EmailMessage, *, server: MailServer) -> Attempt:
    """Hand a mail over. Never raises for what a server or a line can do."""
    try:
        connection = _connected(server)
    except _Stopped as stopped:
        return Attempt(state=MailState.WAITING, cause=stopped.cause)
    try:
        return _handed_over(connection, message)
    finally:
        with suppress(OSError, smtplib.SMTPException):
            connection.quit()
        connection.close()


class _Stopped(Exception):  # noqa: N818 - a finding, not an error
    """The conversation ended before any text was handed over."""

    def __init__(self, cause: MailCause) -> None:
        super().__init__(cause.value)
        self.cause = cause


def _connected(server: MailServer) -> smtplib.SMTP:
    """Open the line, protect it and sign in.

    Raises:
        _Stopped: with what stood in the way.
    """
    try:
        connection = _opened(server)
    except ssl.SSLError as error:
        raise _Stopped(MailCause.TLS) from error
    except (OSError, smtplib.SMTPException) as error:
        raise _Stopped(MailCause.UNREACHABLE) from error
    try:
        _protected(connection, server)
        if server.user:
            connection.login(server.user, server.password)
    except _Stopped:
        connection.close()
        raise
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
        connection.close()
        raise _Stopped(MailCause.SIGN_IN) from error
    except (OSError, smtplib.SMTPException) as error:
        connection.close()
        raise _Stopped(MailCause.UNREACHABLE) from error
    return connection


def _opened(server: MailServer) -> smtplib.SMTP:
    # The local name goes into EHLO; looking up the machine's full name may hang for long in a closed network.
    name = socket.gethostname()
    if server.security is Security.TLS:
        return smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=name, timeout=server.timeout, context=_context(server)
        )
    return smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=server.timeout)


def _protected(connection: smtplib.SMTP, server: MailServer) -> None:
    if server.security is not Security.STARTTLS:
        return
    try:
        connection.starttls(context=_context(server))
    except (ssl.SSLError, smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException) as error:
        raise _Stopped(MailCause.TLS) from error


def _context(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.authorities) if server.authorities else None)


def _handed_over(connection: smtplib.SMTP, message: EmailMessage) -> Attempt:
    sender, to = (message[name].addresses[0].addr_spec for name in ("From", "To"))
    try:
        connection.ehlo_or_helo_if_needed()
        code, _ = connection.mail(sender)
        if code not in _TAKEN:
            return _refused_sender(code)
        code, _ = connection.rcpt(to)
        if code not in _TAKEN:
            return _refusal(code)
        code, _ = connection.docmd("DATA")
        if code != _GO_ON:
            return _refusal(code)
    except (OSError, smtplib.SMTPException):
        return Attempt(state=MailState.WAITING, cause=MailCause.UNREACHABLE)
    try:
        connection.send(_with_its_end(message.as_bytes()))
        code, _ = connection.getreply()
    except (OSError, smtplib.SMTPException):
        return Attempt(state=MailState.UNCERTAIN, cause=MailCause.BROKEN_OFF)
    return Attempt(state=MailState.SENT) if code in _TAKEN else _refusal(code)


def _refused_sender(code: int) -> Attempt:
    """Return what it means that not even the sender is taken: the settings are at fault, not the mail."""
    if code in _TEMPORARY:
        return _refusal(code)
    cause = MailCause.SIGN_IN if code == _PROTECT_FIRST else MailCause.SENDER
    return Attempt(state=MailState.WAITING, cause=cause)


def _refusal(code: int) -> Attempt:
    if code in _TEMPORARY:
        return Attempt(state=MailState.WAITING, cause=MailCause.LATER)
    return Attempt(state=MailState.FAILED, cause=MailCause.REFUSED)


def _with_its_end(content: bytes) -> bytes:
    """Return a mail as it goes over the line: lines that begin with a dot get another one, and a lone dot ends it."""
    return re.sub(rb"(?m)^\.", b"..", content).rstrip(b"\r\n") + b"\r\n.\r\n"
