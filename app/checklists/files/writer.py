"""Writing an edition file: the same content in the order of the format. Importing it changes nothing."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from app.checklists.files.model import EditionFile

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_WORDS_OF_YAML: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def to_yaml(content: str) -> bytes:
    """Return the file of a canonical content: reading it gives the same content with the same digest."""
    edition = EditionFile.model_validate_json(content).model_dump(mode="json")
    order = [level["code"] for level in edition["levels"]]
    for section in edition["sections"]:
        for item in section["items"]:
            item["criteria"] = dict(sorted(item["criteria"].items(), key=lambda pair: order.index(pair[0])))
    return as_yaml(edition)


def as_yaml(edition: dict[str, Any]) -> bytes:
    """Return the file of what an edition says, as it stands: reading it finds what is wrong with it."""
    return ("\n".join(_mapping(edition, indent=0)) + "\n").encode("utf-8")


def _mapping(value: dict[str, Any], *, indent: int) -> Iterator[str]:
    pad = " " * indent
    for key, part in value.items():
        if isinstance(part, dict):
            yield f"{pad}{key}:"
            yield from _mapping(part, indent=indent + 2)
        elif isinstance(part, list) and part:
            yield f"{pad}{key}:"
            yield from _sequence(part, indent=indent + 2)
        else:
            yield f"{pad}{key}: {_scalar(part)}"


def _sequence(values: list[Any], *, indent: int) -> Iterator[str]:
    pad = " " * indent
    for value in values:
        if isinstance(value, dict):
            first, *rest = _mapping(value, indent=indent + 2)
            yield f"{pad}- {first.lstrip()}"
            yield from rest
        else:
            yield f"{pad}- {_scalar(value)}"


def _scalar(value: Any) -> str:  # noqa: ANN401 - str, int, bool, None or an empty list
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML:
        return value
    # JSON's texts, numbers and words are YAML's as well.
    return json.dumps(value, ensure_ascii=False)
