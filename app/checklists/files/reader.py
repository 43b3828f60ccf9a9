"""Reading an edition file: all its problems at once, or a draft."""

import json
from collections.abc import Iterable
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.checklists.commands import EditionDraft, draft_of
from app.checklists.files.checks import CHECKS, Document
from app.checklists.files.model import EditionFile
from app.checklists.files.tree import Fault, Tree, parse
from app.checklists.files.wording import sentence
from app.checklists.queries import Ancestry, label_order
from app.kernel.digest import canonical
from app.kernel.errors import InvalidInput, Problem

LARGEST_FILE: Final = 2 * 1024 * 1024
"""Bytes; an edition of a hundred items has about 200 KB."""


def read_edition(data: bytes, *, name: str, ancestry: Ancestry | None = None) -> EditionDraft:
    """Read an edition file, `<code>/<edition>.yaml`.

    Args:
        data: the bytes of the file, UTF-8.
        name: its path as the user knows it; it stands before each problem (`name:line: reason`), and its last
            folder and its file name have to agree with the content.
        ancestry: the editions before it; an empty one for a first edition, None where nobody knows them,
            which leaves the lineage unchecked.

    Raises:
        InvalidInput: the file has problems; each carries its line as `row`.
    """
    draft, faults = _read(data, name=name, ancestry=ancestry)
    if draft is None:
        raise InvalidInput(_problems(faults, name=name))
    return draft


def ancestry_from(drafts: Iterable[EditionDraft]) -> Ancestry:
    """Return the ancestry that earlier files of one checklist give, as if all of them had been published."""
    by_age = sorted(drafts, key=lambda draft: label_order(draft.label))
    if not by_age:
        return Ancestry()
    return Ancestry(
        label=by_age[-1].label,
        keys=frozenset(item.key for item in by_age[-1].items),
        used=frozenset(item.key for draft in by_age for item in draft.items),
    )


def _read(data: bytes, *, name: str, ancestry: Ancestry | None) -> tuple[EditionDraft | None, list[Fault]]:
    if len(data) > LARGEST_FILE:
        return None, [Fault(1, f"ファイルが大きすぎます（{LARGEST_FILE // 1024 // 1024}MBまで）。")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [Fault(line, "文字コードがUTF-8ではありません。UTF-8で保存し直してください。")]
    tree, faults = parse(text)
    if tree is None:
        return None, faults
    content, misshapen = _content(tree)
    document = Document(tree=tree, name=name, ancestry=ancestry)
    faults += misshapen + [fault for check in CHECKS for fault in check(document)]
    return (draft_of(content) if content is not None and not faults else None), faults


def _content(tree: Tree) -> tuple[str | None, list[Fault]]:
    try:
        # Through JSON, because strict lists and codes are then what they are in a file: lists and texts.
        edition = EditionFile.model_validate_json(json.dumps(tree.value))
    except ValidationError as error:
        details = _without_echoes(error.errors(include_url=False, include_input=False))
        return None, [Fault(tree.line(detail["loc"]), sentence(detail, tree=tree)) for detail in details]
    return canonical(edition.model_dump(mode="json")), []


def _without_echoes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out lists that are too short only because their entries are wrong."""
    around = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    return [detail for detail in details if detail["type"] != "too_short" or detail["loc"] not in around]


def _problems(faults: list[Fault], *, name: str) -> list[Problem]:
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: fault.line)
    return [Problem(message=f"{name}:{fault.line}: {fault.message}", row=fault.line) for fault in ordered]
