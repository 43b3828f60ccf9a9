"""How long a signed-in browser stays signed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SEEN_STEP: Final = timedelta(minutes=1)
"""How often at most a session in use is written down."""


class SessionEnd(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed-out"
    REVOKED = "revoked"
    EXPIRED = "expired"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a code, not a password
    RESET = "reset"
    DISABLED = "disabled"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session may rest and last."""

    idle: timedelta
    administrator_idle: timedelta
    absolute: timedelta


def session_lives(
    *, created_at: datetime, last_seen_at: datetime, now: datetime, limits: SessionLimits
) -> bool:
    """Return whether a session is within its limits.

    The shorter rest of an administrator is checked with the actor.
    """
    return now - last_seen_at < limits.idle and now - created_at < limits.absolute
