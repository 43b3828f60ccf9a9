"""The new tree of a reorganisation: typed rows from a table. No database.

組織改正後の所属の一覧 (the whole tree of the day; columns in any order)::

    所属コード,所属名,かな,種別,ポリシー主体,上位所属コード,並び順,前身,廃止後の引継先
    1100,企画部,きかくぶ,部,市長部局,,10,1000;1200,
    1110,情報政策課,じょうほうせいさくか,課,市長部局,1100,11,1010,
    1120,統計課,とうけいか,課,市長部局,1100,12,1010/分割/統計に関する事務,
    1900,市史編さん室,,,,,,,1110

A unit that is missing ends. 前身 names the units from which one takes over, several behind a semicolon; behind a stroke may stand the kind
(改称・統合・分割・移管), 主 for the one that takes the rest of a unit that is split, a share in percent, and in words what goes there. A row with
廃止後の引継先 abolishes its unit. 有効開始日 and 有効終了日 of a list that was taken from the system are read over: the day of the reorganisation holds.
"""

import csv
import io
import re
from typing import Final

from app.kernel.text import half_width, harmless_cell
from app.organisation.files.table import (
    Column,
    Line,
    read_lines,
    typed_rows,
)
from app.organisation.rules import (
    KANA_LENGTH,
    NAME_LENGTH,
    EndingUnit,
    NewTree,
    NewUnit,
    Origin,
    SuccessionKind,
    Takeover,
)
from app.organisation.texts import POLICY_OWNER, SUCCESSION_KIND, UNIT_KIND

ORIGINS: Final = "前身"
HANDED_TO: Final = "廃止後の引継先"
REORGANISATION_COLUMNS: Final = (
    Column("所属コード"),
    Column("所属名"),
    Column("かな"),
    Column("種別"),
    Column("ポリシー主体"),
    Column("上位所属コード"),
    Column("並び順"),
    Column(ORIGINS, optional=True),
    Column(HANDED_TO, optional=True),
    Column("有効開始日", optional=True),
    Column("有効終了日", optional=True),
)
SUBJECT_LENGTH: Final = 200
REST: Final = "主"


def new_tree(data: bytes) -> tuple[NewUnit | EndingUnit, ...]:
    """Return the rows of a new tree.

    Raises:
        InvalidInput: every problem of every row, with the row and the column.
    """
    return typed_rows(read_lines(data, columns=REORGANISATION_COLUMNS), _row)


def _row(line: Line) -> NewUnit | EndingUnit:
    handed_to = line.optional_code(HANDED_TO)
    if handed_to is not None:
        if line.cells.get(ORIGINS):
            line.complain(ORIGINS, f"廃止する所属の行に、{ORIGINS}は書けません。どちらかを消してください。")
        return EndingUnit(row=line.row, code=line.code("所属コード"), handed_to=handed_to)
    unit = NewUnit(
        row=line.row,
        code=line.code("所属コード"),
        name=line.text("所属名", longest=NAME_LENGTH),
        kana=line.text("かな", longest=KANA_LENGTH),
        kind=line.choice("種別", UNIT_KIND),
        policy_owner=line.choice("ポリシー主体", POLICY_OWNER),
        parent_code=line.optional_code("上位所属コード"),
        sort_order=line.number("並び順"),
        origins=_origins(line),
    )
    if unit.parent_code is not None and unit.parent_code == unit.code:
        line.complain("上位所属コード", "自分自身を上位の所属にはできません。")
    return unit


def _origins(line: Line) -> tuple[Origin, ...]:
    parts = re.split(r"[;；、\n]", line.cells.get(ORIGINS, ""))
    return tuple(_origin(line, part.strip()) for part in parts if part.strip())


_KINDS: Final = {word: kind for kind, word in SUCCESSION_KIND.items() if kind is not SuccessionKind.ABOLISHED}
_SHARE: Final = re.compile(r"([0-9]{1,3})%")
_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,19}")
_LARGEST_SHARE: Final = 100


def _origin(line: Line, typed: str) -> Origin:
    first, *others = (part.strip() for part in re.split(r"[/／]", typed))
    code, kind, takeover, share, words = half_width(first), None, None, None, []
    if not _CODE.fullmatch(code):
        line.complain(ORIGINS, f"{ORIGINS}「{typed[:30]}」の所属コードを読み取れません。")
    for part in others:
        if part in _KINDS:
            kind = _KINDS[part]
        elif part == REST:
            takeover = Takeover.REST
        elif match := _SHARE.fullmatch(half_width(part)):
            share = int(match[1])
        elif part:
            words.append(part)
    if share is not None and not 1 <= share <= _LARGEST_SHARE:
        line.complain(ORIGINS, f"{ORIGINS}「{typed[:30]}」の割合は、1%から100%までにしてください。")
    subject = "／".join(words)
    if len(subject) > SUBJECT_LENGTH:
        line.complain(ORIGINS, f"{ORIGINS}の事務の説明は{SUBJECT_LENGTH}文字までです。短くしてください。")
    return Origin(code=code, kind=kind, takeover=takeover, share=share, subject=subject)


def new_tree_csv(tree: NewTree) -> bytes:
    """Return a new tree in the form in which `new_tree` reads it, in UTF-8 with its mark: to go on with it in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.label for column in REORGANISATION_COLUMNS[:9]])
    for one in tree:
        cells = (one.code, *[""] * 7, one.handed_to) if isinstance(one, EndingUnit) else _cells(one)
        writer.writerow([harmless_cell(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _cells(one: NewUnit) -> tuple[str, ...]:
    return (
        one.code,
        one.name,
        one.kana,
        UNIT_KIND[one.kind],
        POLICY_OWNER[one.policy_owner],
        one.parent_code or "",
        str(one.sort_order),
        "；".join(origin_words(origin) for origin in one.origins),
        "",
    )


def origin_words(origin: Origin) -> str:
    """Return an origin as it is typed in a list."""
    parts = [
        origin.code,
        SUCCESSION_KIND[origin.kind] if origin.kind else "",
        REST if origin.takeover is Takeover.REST else "",
        f"{origin.share}%" if origin.share else "",
        origin.subject,
    ]
    return "/".join(part for part in parts if part)
