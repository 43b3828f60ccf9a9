"""Failed attempts slow down the next one; nobody is locked out for good.

A computer on which somebody signed in before is judged by its own count alone, so nobody else can make its owner
wait. Any other computer is judged strictly by what came from its address for that name, and loosely by the name and
by the address alone: one guesser's address waits so long after each failure that the name is free again in between.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.kernel.errors import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How failures slow the next attempt down: `free` of them cost nothing, then 2, 4, 8 … seconds."""

    free: int
    longest: timedelta


BY_DEVICE: Final = Patience(free=3, longest=timedelta(seconds=60))
BY_CODE_OF_NAME: Final = Patience(free=5, longest=timedelta(seconds=60))
"""Codes have six digits and are asked of who knows the password: guessing from many addresses gains nothing."""
BY_NAME_AND_ADDRESS: Final = Patience(free=3, longest=timedelta(seconds=60))
BY_NAME: Final = Patience(free=20, longest=timedelta(seconds=10))
"""Looser, and much shorter than one address has to wait: it is for guesses at one name from many addresses."""
BY_ADDRESS: Final = Patience(free=20, longest=timedelta(seconds=30))
"""Looser: behind a gateway a whole office has one address."""

QUIET: Final = timedelta(minutes=30)
"""After this time without a failure the count begins anew."""

_MOST_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Failed attempts of one device, name or address."""

    count: int
    last_at: datetime

    def counted(self, now: datetime) -> int:
        """Return how many still count."""
        return 0 if now - self.last_at >= QUIET else self.count

    def wait(self, patience: Patience, *, now: datetime) -> timedelta:
        """Return how long the next attempt has to wait; zero when it may come at once."""
        beyond = self.counted(now) - patience.free
        if beyond <= 0:
            return timedelta(0)
        delay = min(timedelta(seconds=2 ** min(beyond, _MOST_DOUBLINGS)), patience.longest)
        return max(self.last_at + delay - now, timedelta(0))


class SignInRefused(Refusal):
    """Unknown number, wrong password or disabled account: one answer for all three."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            "職員番号かパスワードが違います。もう一度入れてください。つづけて間違えると、次に押せるまで少し待ちます。"
        )


class TooManyAttempts(Refusal):
    """The attempt came too early after failed ones. It is neither checked nor counted."""

    status = 429

    def __init__(self, wait: timedelta) -> None:
        self.seconds = max(1, -(-wait // timedelta(seconds=1)))
        super().__init__(
            f"つづけて間違えたため、少し待ちます。あと{self.seconds}秒たってから、もう一度入れてください。"
        )
