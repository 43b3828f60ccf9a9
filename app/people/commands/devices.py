"""Known devices: browsers in which somebody signed in before.

At a successful sign-in the browser is given a signed cookie with a random id and keyed digests of the staff numbers
that signed in there. For these numbers the browser is then judged by its own failed attempts, never by those of a
guesser elsewhere. The cookie opens nothing: the password is asked and its failures are counted as strictly as before.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

REMEMBERED: Final = timedelta(days=400)
"""As long as browsers keep a cookie at most; an inspection comes once a year."""
MOST_NAMES: Final = 5
"""People who share a computer, the last ones to sign in."""
_LONGEST_COOKIE: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A browser: its random id, and the keyed digests of the names that signed in there, the last one first."""

    id: str
    names: tuple[str, ...]

    def with_name(self, name_key: str) -> "Device":
        """Return the device after somebody signed in."""
        others = tuple(name for name in self.names if name != name_key)
        return Device(id=self.id, names=(name_key, *others)[:MOST_NAMES])


def new_device() -> Device:
    """Return a browser in which nobody has signed in yet."""
    return Device(id=secrets.token_urlsafe(16), names=())


def signed_device(device: Device, *, secret: str, now: datetime) -> str:
    """Return what the cookie holds."""
    content = {"id": device.id, "names": list(device.names), "at": int(now.timestamp())}
    return str(_signer(secret).dumps(content))


def read_device(cookie: str | None, *, secret: str, now: datetime) -> Device | None:
    """Return the device of a cookie; None when we did not sign it, or too long ago."""
    if not cookie or len(cookie) > _LONGEST_COOKIE:
        return None
    try:
        content = _signer(secret).loads(cookie)
    except BadSignature:
        return None
    if now - datetime.fromtimestamp(content["at"], tz=UTC) >= REMEMBERED:
        return None
    return Device(id=content["id"], names=tuple(content["names"]))


def _signer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="known device")
