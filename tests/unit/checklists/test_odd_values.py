"""Whatever stands in a field, the reader answers with a sentence and never breaks."""

import copy
import json
from collections.abc import Iterable
from typing import Any

import pytest

from app.checklists.files import read_edition
from app.checklists.files.checks import CHECKS, Document
from app.checklists.files.model import EditionFile
from app.checklists.files.reader import _content
from app.checklists.files.tree import Path, Tree
from app.checklists.files.wording import SHAPES
from app.checklists.queries import Ancestry
from tests.factories.editions import small_yaml

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    99,
    1.5,
    "",
    "?",
    "あ" * 700,
    [],
    [1],
    ["?"] * 101,
    {},
    {"?": 1},
    [{}],
    [[]],
)
SOUND: dict[str, Any] = json.loads(read_edition(small_yaml(), name="department/2026.1.yaml").content) | {
    "subject": "unit",
    "forms": [{"code": "short", "label": "短い様式", "description": "短い様式。", "flags": ["MN"]}],
}
OPTIONAL: tuple[Path, ...] = (("retired",), ("subject",), ("forms",))


def places(value: object, path: Path = ()) -> list[Path]:
    parts: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


def with_value(path: Path, odd: object) -> dict[str, Any]:
    changed: Any = copy.deepcopy(SOUND)
    around = changed
    for part in path[:-1]:
        around = around[part]
    around[path[-1]] = odd
    assert isinstance(changed, dict)
    return changed


def without(path: Path) -> dict[str, Any]:
    changed = with_value(path, None)
    around: Any = changed
    for part in path[:-1]:
        around = around[part]
    del around[path[-1]]
    return changed


# One item of each section is enough: the others have the same fields.
PLACES = [
    path for path in places(SOUND)[1:] if not (len(path) > 3 and path[0] == "sections" and path[3] != 0)
]


def sentences(value: dict[str, Any]) -> list[str]:
    tree = Tree(value, dict.fromkeys([(), *places(value)], 1))
    _, misshapen = _content(tree)
    document = Document(tree=tree, name="department/2026.1.yaml", ancestry=Ancestry())
    return [fault.message for fault in [*misshapen, *(f for check in CHECKS for f in check(document))]]


@pytest.mark.parametrize("odd", ODD_VALUES, ids=lambda odd: repr(odd)[:12])
def test_no_value_in_any_field_breaks_the_reader(odd: object) -> None:
    for path in PLACES:
        assert all(message.endswith("。") for message in sentences(with_value(path, odd))), path


def test_no_missing_field_goes_unnoticed() -> None:
    for path in PLACES:
        if isinstance(path[-1], str) and path not in OPTIONAL:
            assert sentences(without(path)), path


def test_every_pattern_of_the_model_has_a_shape_in_words() -> None:
    schema = json.dumps(EditionFile.model_json_schema())
    patterns = {json.dumps(pattern) for pattern in SHAPES}
    assert all(pattern in schema for pattern in patterns)
    assert schema.count('"pattern"') >= len(patterns)
