"""Refusals: what the rules say no to, as values of our own.

A refusal carries a Japanese sentence that says what happened and what to do next. The web layer maps each
class to one status; the command line prints the sentence and exits with 1. Anything else that escapes is a fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """Base of all refusals. `message` is shown to people as it stands."""

    status: int = 409

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(Refusal):
    """The thing does not exist, or the actor may not know that it does: both look the same."""

    status = 404

    def __init__(
        self,
        message: str = "このページは見つかりません。アドレスを確かめるか、ホームから開き直してください。",
    ) -> None:
        super().__init__(message)


class NotAllowed(Refusal):
    """The actor may see the thing, but not do this with it."""

    status = 403


class NotNow(Refusal):
    """The state of the thing does not allow this step (any more)."""

    status = 409


class StaleVersion(Refusal):
    """Somebody saved first. Nothing was overwritten; both texts are to be shown."""

    status = 409


class RepeatedKey(Refusal):
    """An idempotency key came back with another body."""

    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend. `field` names the form field or column, `row` the 1-based row of a file."""

    message: str
    field: str | None = None
    row: int | None = None


class InvalidInput(Refusal):
    """The input cannot be taken as it is; every problem is listed, nothing was stored."""

    status = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems = tuple(problems)

    @classmethod
    def of(cls, message: str, *, field: str | None = None) -> "InvalidInput":
        """Refuse for a single problem."""
        return cls([Problem(message=message, field=field)])
