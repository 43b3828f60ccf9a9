"""The list of staff as CSV, the list of first passwords that is handed out, and lists of accounts. No database.

職員の一覧 (one row is one post; several rows for a person with 兼務)::

    職員番号,氏名,かな,所属コード,職名,区分,発令,開始日,終了日
    1048213,髙﨑 花子,たかさき はなこ,0101,主査,職員,本務,令和8年4月1日,
    1048213,髙﨑 花子,たかさき はなこ,0900,主査,職員,兼務,2026-10-01,2027-03-31

区分 is 所属長 or 職員; 発令 is 本務, 兼務, 併任 or 事務取扱. 終了日 is the last day of the post, or empty. A column
メールアドレス may be added: that is where the daily mail of notices goes.
Names are kept exactly as typed, with every variant and selector; nothing here normalises them.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from app.kernel.fiscal_year import long_instant
from app.kernel.text import harmless_cell
from app.notices.rules import is_address
from app.organisation.files import (
    KANA_LENGTH,
    NAME_LENGTH,
    Column,
    Line,
    half_width,
    read_lines,
    typed_rows,
)
from app.people.rules import PersonName, PostingRow, PostingSpan
from app.people.rules.standing import ListedAccount
from app.people.texts import ACCOUNT_KIND, CONCERN, CONCERN_ADVICE, HELD_ROLE, POSITION, POSTING_KIND

TITLE_LENGTH: Final = 60

STAFF_NO: Final = "職員番号"
NAME: Final = "氏名"
KANA: Final = "かな"
MAIL: Final = "メールアドレス"

PEOPLE_COLUMNS: Final = (
    Column(STAFF_NO),
    Column(NAME),
    Column(KANA),
    Column("所属コード"),
    Column("職名"),
    Column("区分"),
    Column("発令"),
    Column("開始日"),
    Column("終了日", optional=True),
    Column(MAIL, optional=True),
)


def posting_rows(data: bytes) -> tuple[PostingRow, ...]:
    """Return the rows of a list of staff.

    Raises:
        InvalidInput: every problem of every row, with the row and the column.
    """
    return typed_rows(read_lines(data, columns=PEOPLE_COLUMNS), _posting_row)


def _posting_row(line: Line) -> PostingRow:
    first, last = line.validity("開始日", "終了日")
    span = PostingSpan(
        staff_no=line.code(STAFF_NO),
        unit_code=line.code("所属コード"),
        title=line.text("職名", longest=TITLE_LENGTH),
        position=line.choice("区分", POSITION),
        kind=line.choice("発令", POSTING_KIND),
        valid_from=first,
        valid_to=last,
    )
    return PostingRow(row=line.row, name=_name(line), span=span, mail=_mail(line))


def _mail(line: Line) -> str | None:
    """Read the address to which the daily mail goes; an empty cell leaves the stored one as it is."""
    typed = half_width(line.cells.get(MAIL, ""))
    if not typed:
        return None
    if not is_address(typed):
        line.complain(
            MAIL, f"{MAIL}「{typed[:40]}」は読み取れません。name@city.example.lg.jp のように書いてください。"
        )
    return typed


def _name(line: Line) -> PersonName:
    return PersonName(name=line.text(NAME, longest=NAME_LENGTH), kana=line.text(KANA, longest=KANA_LENGTH))


def one_person(*, staff_no: str, name: str, kana: str) -> tuple[str, PersonName]:
    """Return the number and name of somebody who is typed in by hand, held to the same rules as a list.

    Raises:
        InvalidInput: any of the three cannot be kept.
    """
    line = Line(1, {STAFF_NO: staff_no.strip(), NAME: name.strip(), KANA: kana.strip()})
    return typed_rows([line], lambda typed: (typed.code(STAFF_NO), _name(typed)))[0]


def one_unit(*, code: str, name: str, kana: str) -> tuple[str, str, str]:
    """Return code, name and reading of a unit that is typed in by hand, held to the same rules as a list.

    Raises:
        InvalidInput: any of the three cannot be kept.
    """
    line = Line(1, {"所属コード": code.strip(), "所属名": name.strip(), KANA: kana.strip()})

    def read(typed: Line) -> tuple[str, str, str]:
        return (
            typed.code("所属コード"),
            typed.text("所属名", longest=NAME_LENGTH),
            typed.text(KANA, longest=KANA_LENGTH),
        )

    return typed_rows([line], read)[0]


# ------------------------------------------------------------------------------------- first passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPassword:
    """A first password on its way to its owner."""

    staff_no: str
    name: str
    unit_name: str
    password: str


def first_passwords_csv(lines: Iterable[FirstPassword]) -> bytes:
    """Return the list of first passwords in UTF-8 with its mark, which Excel opens as it is."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([STAFF_NO, NAME, "所属名", "最初のパスワード"])
    for line in lines:
        writer.writerow([harmless_cell(c) for c in (line.staff_no, line.name, line.unit_name, line.password)])
    return text.getvalue().encode("utf-8-sig")


# ---------------------------------------------------------------------------------------- lists of accounts

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
