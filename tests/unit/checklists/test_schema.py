"""The JSON Schema beside the editions: true to the reader, and what editors check against."""

import json
from pathlib import Path

import jsonschema
import pytest

from app.checklists.files import json_schema, read_edition, schema_text, to_yaml
from tests.factories.editions import small_yaml

SCHEMA = Path("checklists/edition.schema.json")


def content_of_sample() -> dict[str, object]:
    content = json.loads(read_edition(small_yaml(), name="department/2026.1.yaml").content)
    assert isinstance(content, dict)
    return content


def test_the_schema_file_is_the_one_of_the_reader() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), (
        "run: flask checklists schema > checklists/edition.schema.json"
    )


def test_the_schema_is_a_valid_schema_and_accepts_a_sound_edition() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.validate(content_of_sample(), json_schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "path", sorted(Path("checklists").glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_the_schema_accepts_every_edition_of_the_repository(path: Path) -> None:
    content = json.loads(read_edition(path.read_bytes(), name=path.as_posix()).content)
    jsonschema.validate(content, json_schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2),
        ("edition", 2026.1),
        ("edition", "one"),
        ("levels", []),
        ("flags", None),
        ("subject", "people"),
        ("forms", [{"code": "short"}]),
        ("unknown", "field"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(field: str, value: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            {**content_of_sample(), field: value}, json_schema(), cls=jsonschema.Draft202012Validator
        )


def test_an_exported_file_keeps_the_order_of_the_format() -> None:
    exported = to_yaml(read_edition(small_yaml(), name="department/2026.1.yaml").content).decode()
    fields = [line.split(":")[0] for line in exported.splitlines() if line[0] not in " -"]
    order = "format code edition title description basis levels scoring flags sections retired"
    assert fields == order.split()
    criteria = [line.strip().split(":")[0] for line in exported.splitlines() if line.startswith(" " * 10)]
    assert criteria[:3] == ["implemented", "partial", "not_implemented"]
