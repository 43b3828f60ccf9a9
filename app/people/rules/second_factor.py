"""The second factor: codes by time (TOTP, RFC 6238), who needs one, and what is still missing on the way in."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.access.actor import Function
from app.kernel.errors import Refusal
from app.kernel.ids import PersonId

STEP_SECONDS: Final = 30
WINDOW: Final = 1
"""How many steps before and after the present one are taken: people type, and clocks differ a little."""
TOLD: Final = 10
"""How many steps further off a code is recognised, so that somebody with a wrong clock is told; it opens nothing."""
CODE_LENGTH: Final = 6
RECOVERY_LASTS: Final = timedelta(hours=24)
ON_THE_WAY_LASTS: Final = timedelta(minutes=30)
"""How long a session may wait between the password and what is still missing."""
ALARMING_FAILURES: Final = 5
"""After so many wrong codes the person is told: whoever types them knows the password."""


class Enrolment(StrEnum):
    """Whether an account has a second factor."""

    NONE = "none"
    ENROLLED = "enrolled"


class Demand(StrEnum):
    """Whether somebody needs a second factor."""

    FREE = "free"
    REQUIRED = "required"


class FirstPassword(StrEnum):
    """Whether the first password is still in place."""

    IN_PLACE = "in-place"
    CHANGED = "changed"


class Missing(StrEnum):
    """What is still missing between the right password and being signed in."""

    NOTHING = "nothing"
    CODE = "code"
    PASSWORD = "password"  # noqa: S105 - a code, not a password
    ENROLMENT = "enrolment"


REQUIRED_BY_SETTING: Final[Mapping[str, Function]] = {
    "lead-division": Function.REVIEWER,
    "auditor": Function.AUDITOR,
    "administrator": Function.ADMINISTRATOR,
    "chief": Function.CHIEF,
    "cio": Function.CIO,
}
"""The words of the setting. Everybody with a post in the lead division is REVIEWER, its head too."""


def demand(*, functions: Collection[Function], required_for: Collection[Function]) -> Demand:
    """Return whether somebody with these functions needs a second factor."""
    return Demand.REQUIRED if set(functions) & set(required_for) else Demand.FREE


def missing(
    *, enrolment: Enrolment, wanted: Demand, given_at: datetime | None, first_password: FirstPassword
) -> Missing:
    """Return what is still missing after the password. Whoever has a factor gives a code, whether it is required or not.

    With a first password that is still in place, that is changed before a factor is enrolled; never before a code is given.
    """
    if enrolment is Enrolment.ENROLLED:
        return Missing.NOTHING if given_at is not None else Missing.CODE
    if wanted is Demand.FREE:
        return Missing.NOTHING
    return Missing.PASSWORD if first_password is FirstPassword.IN_PLACE else Missing.ENROLMENT


# ---------------------------------------------------------------------------------------------------- codes


class Verdict(StrEnum):
    """What a typed code is. EARLY and LATE would have been right some steps off: a clock is wrong."""

    RIGHT = "right"
    USED = "used"
    EARLY = "early"
    LATE = "late"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and the step whose code it was, if any."""

    verdict: Verdict
    step: int | None = None


def step_of(now: datetime) -> int:
    """Return the number of the half minute of an instant, counted from 1970."""
    return int(now.timestamp()) // STEP_SECONDS


def judge(*, is_code_of: Callable[[int], bool], now: datetime, last_step: int) -> Judged:
    """Judge a code: right within the window, once for each step and never for a step before one that was taken.

    Each step of the whole range is compared, whichever matches, so that the time tells nothing.
    """
    at = step_of(now)
    found = [step for step in range(at - WINDOW - TOLD, at + WINDOW + TOLD + 1) if is_code_of(step)]
    near = [step for step in found if abs(step - at) <= WINDOW]
    fresh = [step for step in near if step > last_step]
    if fresh:
        return Judged(Verdict.RIGHT, max(fresh))
    if near:
        return Judged(Verdict.USED, max(near))
    if found:
        return Judged(Verdict.EARLY if max(found) > at else Verdict.LATE, max(found))
    return Judged(Verdict.WRONG)


CODE_SENTENCES: Final[Mapping[Verdict, str]] = {
    Verdict.WRONG: "確認コードが違います。アプリにいま出ている6桁を入れてください。",
    Verdict.USED: "この確認コードは、もう使われています。アプリの数字が変わるのを待って、新しいものを入れてください。",
    Verdict.EARLY: "この端末かサーバーの時計がずれています（コードを作った端末が進んでいます）。"
    "端末の時刻を自動設定にしてから、新しい確認コードを入れてください。",
    Verdict.LATE: "この端末かサーバーの時計がずれています（コードを作った端末が遅れているか、コードが古くなりました）。"
    "端末の時刻を自動設定にしてから、新しい確認コードを入れてください。",
}


def typed_code(text: str) -> str:
    """Return a code as people type it, without blanks and hyphens."""
    return text.replace(" ", "").replace("-", "")


class CodeRefused(Refusal):
    """A code that opens nothing: wrong, used, or of another time."""

    status = 422

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(CODE_SENTENCES[verdict])
        self.verdict = verdict


class SecretUnreadable(Refusal):
    """The installation's key was changed: no code can be checked any more."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "システムの鍵（SECRET_KEY）が変わったため、登録してある二段階認証を確かめられません。"
            "システム管理者に、二段階認証の解除を頼んでください（解除は2人で行います）。解除のあと、登録し直せます。"
        )


# ------------------------------------------------------------------------------------------------- recovery


class RecoveryOutcome(StrEnum):
    """What became of a request to remove somebody's factor."""

    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


def lapses_at(requested_at: datetime) -> datetime:
    """Return when a request on which nobody decided is over."""
    return requested_at + RECOVERY_LASTS


def barred(*, requested_by: PersonId, person_id: PersonId) -> frozenset[PersonId]:
    """Return who never confirms: who asked, and whom it concerns."""
    return frozenset({requested_by, person_id})
