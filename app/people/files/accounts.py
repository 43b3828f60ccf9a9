"""Lists of accounts as they are taken away. No database."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from app.kernel.fiscal_year import long_instant
from app.kernel.text import harmless_cell
from app.people.files.staff import KANA, NAME, STAFF_NO
from app.people.rules.standing import ListedAccount
from app.people.texts import ACCOUNT_KIND, CONCERN, CONCERN_ADVICE, HELD_ROLE

ACCOUNT_COLUMNS: Final = (
    STAFF_NO,
    NAME,
    KANA,
    "所属",
    "種類",
    "役割",
    "最後のログイン",
    "最後のログイン（西暦）",
    "利用の最後の日（西暦）",
    "理由",
    "すること",
)


def account_list_csv(rows: Iterable[ListedAccount]) -> bytes:
    """Return a list of accounts in UTF-8 with its mark, which Excel opens as it is; a text is never taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(ACCOUNT_COLUMNS)
    for row in rows:
        writer.writerow([harmless_cell(cell) for cell in _account_cells(row)])
    return text.getvalue().encode("utf-8-sig")


def _account_cells(row: ListedAccount) -> tuple[str, ...]:
    facts, last = row.standing.facts, row.standing.last_sign_in_at
    return (
        facts.person.staff_no,
        facts.person.name,
        facts.person.kana,
        row.unit_name,
        ACCOUNT_KIND[facts.kind],
        "、".join(HELD_ROLE[role] for role in row.standing.roles),
        long_instant(last) if last else "",
        facts.last_sign_in_on.isoformat() if facts.last_sign_in_on else "",
        facts.expires_on.isoformat() if facts.expires_on else "",
        "、".join(CONCERN[concern] for concern in row.why),
        "".join(CONCERN_ADVICE[concern] for concern in row.why),
    )
