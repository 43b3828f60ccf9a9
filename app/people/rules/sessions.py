"""How long a signed-in browser stays signed in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.kernel.clock import start_of_day
from app.kernel.fiscal_year import FiscalYear

SEEN_STEP: Final = timedelta(minutes=1)
"""How often at most a session in use is written down."""


KEPT_YEARS: Final = 3
"""How long an ended session stays on record, counted from the 年度 after it ended."""


class SessionEnd(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed-out"
    REVOKED = "revoked"
    EXPIRED = "expired"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a code, not a password
    RESET = "reset"
    DISABLED = "disabled"
    ADMINISTRATOR = "administrator"
    FACTOR_CHANGED = "second-factor-changed"
    FACTOR_REMOVED = "second-factor-removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session may rest and last."""

    idle: timedelta
    administrator_idle: timedelta
    absolute: timedelta


def session_ends(*, created_at: datetime, last_seen_at: datetime, limits: SessionLimits) -> datetime:
    """Return when a session ends unless somebody does something meanwhile: the shorter of rest and length."""
    return min(last_seen_at + limits.idle, created_at + limits.absolute)


def session_lives(
    *, created_at: datetime, last_seen_at: datetime, now: datetime, limits: SessionLimits
) -> bool:
    """Return whether a session is within its limits.

    The shorter rest of an administrator is checked with the actor.
    """
    return now - last_seen_at < limits.idle and now - created_at < limits.absolute


def forgotten_before(today: date) -> datetime:
    """Return the instant before which a session must have ended to be forgotten today.

    Basis: 市 文書管理規程 (保存期間は完結した年度の翌年度から起算する).
    """
    this_year = FiscalYear.containing(today)
    return start_of_day(FiscalYear(this_year.year - KEPT_YEARS).first_day)
