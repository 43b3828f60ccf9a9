"""More time for one sheet (期限の延長): who may still ask for it, and for which day. Pure.

Basis: 市 情報セキュリティ対策基準 (自己点検): the lead division grants a department more time, and the review begins when it was announced.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.inspections.rules import State
from app.kernel.fiscal_year import long_date

EXTENDABLE: Final = frozenset(
    {State.ANSWERING, State.AWAITING_HEAD, State.RETURNED, State.AWAITING_REAPPROVAL}
)
"""States in which the unit has the sheet in hand, and so may need more time. A request lapses when the sheet leaves them."""
CORRECTING: Final = frozenset({State.RETURNED, State.AWAITING_REAPPROVAL})
"""Of these the states in which the dates of the returned items count, not the campaign's."""


class ExtensionOutcome(StrEnum):
    """How a request for more time ended.

    LAPSED: nobody decided, and the sheet went on its way or was ended.
    """

    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


def first_day(*, due: date, today: date) -> date:
    """Return the earliest day to which a sheet can be extended: after its present due date, and not before tomorrow."""
    return max(due, today) + timedelta(days=1)


def extension_waits(state: State, *, due: date, limit: date, today: date) -> str | None:
    """Return why a sheet gets no more time now; None when it can. `limit` is the campaign's review due."""
    if state not in EXTENDABLE:
        return "期限の延長を申し出られるのは、所属が回答・承認・差戻しへの対応をしている間だけです。"
    if first_day(due=due, today=today) > limit:
        return (
            f"期限を延ばせるのは、審査の期限の{long_date(limit)}までです。これより後には延ばせません。"
            "情報主管課に連絡してください。"
        )
    return None


def day_problem(day: date, *, due: date, limit: date, today: date) -> str | None:
    """Return what is wrong with a day, wished or granted; None when it can be the new due date."""
    if day <= due:
        return f"いまの期限の{long_date(due)}より後の日を選んでください。"
    if day <= today:
        return "きょうより後の日を選んでください。"
    if day > limit:
        return f"審査の期限の{long_date(limit)}までの日を選んでください。審査の期限より後には延ばせません。"
    return None
