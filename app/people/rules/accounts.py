"""How an account stands, how long it lasts, and what an administrator does with it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.kernel.errors import InvalidInput, Refusal
from app.kernel.fiscal_year import FiscalYear, plain_date


class AccountActKind(StrEnum):
    """What an administrator does with an account."""

    CREATED = "created"
    RESET = "reset"
    DISABLED = "disabled"
    ENABLED = "enabled"
    SESSIONS_ENDED = "sessions-ended"
    EXTENDED = "extended"


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
    OVER = "over"


class AccountKind(StrEnum):
    """Whose account it is: an employee's, or that of somebody who works under a contract (外部委託)."""

    STAFF = "staff"
    CONTRACTOR = "contractor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """For whom an account is made, and the last day on which it opens: a contractor's has one, nobody else's."""

    kind: AccountKind
    expires_on: date | None = None


STAFF_TERM: Final = Term(kind=AccountKind.STAFF)


def contractor_term(until: date, *, today: date) -> Term:
    """Return the term of a contractor's account that lasts until a day, that day included.

    Raises:
        InvalidInput: the day is over, or lies beyond the next 年度.
    """
    refuse_end(until, today=today)
    return Term(kind=AccountKind.CONTRACTOR, expires_on=until)


def refuse_end(until: date, *, today: date) -> None:
    """Refuse a last day that cannot be one: contracts are looked at anew with every 年度.

    Raises:
        InvalidInput: the day is over, or lies beyond the next 年度; the problem belongs to `until`.
    """
    latest = FiscalYear(FiscalYear.containing(today).year + 1).last_day
    if until < today:
        raise InvalidInput.of("利用の最後の日は、きょうか、それより後の日にしてください。", field="until")
    if until > latest:
        raise InvalidInput.of(
            f"利用の最後の日は、次の年度の終わり（{plain_date(latest)}）までの日にしてください。延ばすことは、あとでできます。",
            field="until",
        )


def is_over(expires_on: date | None, *, today: date) -> bool:
    """Return whether the last day of an account lies behind."""
    return expires_on is not None and expires_on < today


class AccountOver(Refusal):
    """The password is right and the account's last day lies behind: said only to who knows the password."""

    status = 422

    def __init__(self, expires_on: date) -> None:
        super().__init__(over_sentence(expires_on))


def over_sentence(expires_on: date) -> str:
    """Return what the owner of an account is told whose last day lies behind."""
    return (
        f"この利用者の利用期間は、{plain_date(expires_on)}で終わりました。"
        "続けて使うときは、業務の担当課からシステム管理者に、期間の延長を頼んでください。"
    )
