"""What is wrong, in Japanese sentences that a writer of checklists understands."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import ErrorDetails

from app.checklists.files import model
from app.checklists.files.tree import Path, Tree

_LIST: Final = "{where}は一覧（行頭の「-」か [ ]）で書きます。"
_GROUP: Final = "{where}は「欄: 値」の組で書きます。"
_ONE_OF: Final = "{where}は {expected} のどれかにします。"

SENTENCES: Final[Mapping[str, str]] = {
    "missing": "{where}がありません。書き足してください。",
    "extra_forbidden": "{where}という欄はありません。つづりを確かめるか、消してください。",
    "string_type": '{where}は文字で書きます。数に見えるものは引用符で囲みます（例 edition: "2026.1"）。',
    "int_type": "{where}は整数で書きます。",
    "int_from_float": "{where}は整数で書きます。",
    "bool_type": "{where}は true か false で書きます。",
    "tuple_type": _LIST,
    "dict_type": _GROUP,
    "model_type": _GROUP,
    "model_attributes_type": _GROUP,
    "enum": _ONE_OF,
    "literal_error": _ONE_OF,
    "union_tag_invalid": "{where}の kind は {expected} のどれかにします。",
    "union_tag_not_found": "{where}に kind がありません。書き足してください。",
    "string_too_short": "{where}が空です。書いてください。",
    "string_too_long": "{where}は{max_length}文字までです。短くしてください。",
    "string_pattern_mismatch": "{where}の書き方が違います。{shape}",
    "greater_than_equal": "{where}は{ge}以上にします。",
    "less_than_equal": "{where}は{le}以下にします。",
    "too_short": "{where}には{min_length}つ以上を書きます。",
    "too_long": "{where}は{max_length}つまでです。",
}
"""A sentence for each kind of error that pydantic finds in the model; a test holds that none is missing."""

SHAPES: Final[Mapping[str, str]] = {
    model.EDITION_PATTERN: '西暦と番号にします（例 "2026.1"）。',
    model.KEY_PATTERN: "英大文字と2けた以上の数字にします（例 D01）。",
    model.FLAG_PATTERN: "英大文字で始まる2～10文字にします（例 MN）。",
    model.GRADE_PATTERN: "英大文字1文字にします（例 A）。",
    model.CODE_PATTERN: "英小文字、数字、下線にします（例 not_applicable）。",
    model.SLUG_PATTERN: "英小文字、数字、ハイフンにします（例 paper-and-room）。",
    model.DATE_PATTERN: '年-月-日にします（例 "2027-07-01"）。',
    model.CONTROL_PATTERN: 'ISO/IEC 27002:2022 の管理策の番号にします（例 "5.24"）。',
}

_QUOTED: Final = re.compile(r"'([^']*)'")


def sentence(error: ErrorDetails, *, tree: Tree) -> str:
    """Return what a model's error means to the writer of the file."""
    context = error.get("ctx", {})
    details: dict[str, Any] = {
        **context,
        "where": where(error["loc"], tree=tree),
        "expected": "、".join(_expected(context)),
        "shape": SHAPES.get(context.get("pattern", ""), ""),
    }
    return SENTENCES[error["type"]].format_map(details)


def _expected(context: Mapping[str, Any]) -> list[str]:
    words = str(context.get("expected_tags") or context.get("expected", ""))
    return _QUOTED.findall(words) or [words]


def where(path: Path, *, tree: Tree) -> str:
    """Return how a place is named: by the key of its item or the slug of its section, then the field."""
    place, rest = _anchor(path, tree=tree)
    field = ".".join(str(part) if isinstance(part, str) else str(part + 1) for part in rest)
    return " の ".join(part for part in (place, field) if part) + " "


def _anchor(path: Path, *, tree: Tree) -> tuple[str, Path]:
    match path:
        case ("sections", int(), "items", int(), *rest):
            return f"項目 {_named(path[:4], 'key', tree=tree)}", _shown(rest, tree=tree, above=path[:4])
        case ("sections", int(), *rest):
            return f"章 {_named(path[:2], 'slug', tree=tree)}", tuple(rest)
        case _:
            return "", path


def _named(path: Path, field: str, *, tree: Tree) -> str:
    value: Any = tree.value
    for part in path:
        value = value[part]
    name = value.get(field) if isinstance(value, dict) else None
    return name if isinstance(name, str) else f"{int(path[-1]) + 1}番目"


def _shown(rest: list[str | int], *, tree: Tree, above: Path) -> Path:
    # pydantic names the alternative of a union between the field and its parts: the file does not hold it.
    if rest[:1] == ["lineage"] and len(rest) > 2 and (*above, "lineage", rest[1]) not in tree.lines:  # noqa: PLR2004
        return ("lineage", *rest[2:])
    return tuple(rest)
