"""How an account stands, and what an administrator does with it."""

from enum import StrEnum


class AccountActKind(StrEnum):
    """What an administrator does with an account."""

    CREATED = "created"
    RESET = "reset"
    DISABLED = "disabled"
    ENABLED = "enabled"
    SESSIONS_ENDED = "sessions-ended"


class SingleKeys(StrEnum):
    """Whether single keys act on a page."""

    ON = "on"
    OFF = "off"


class AccountState(StrEnum):
    """How an account stands."""

    NONE = "none"
    FIRST_PASSWORD = "first-password"  # noqa: S105 - a code, not a password
    IN_USE = "in-use"
    DISABLED = "disabled"
