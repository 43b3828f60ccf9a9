"""The canonical content of an edition as a value."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.checklists.rules import (
    Ask,
    Band,
    Basis,
    CommentRule,
    Confirmation,
    Edition,
    EditionState,
    Flag,
    Form,
    GuidelineRef,
    Item,
    Level,
    Lineage,
    LineageKind,
    Retired,
    ScoringMethod,
    Section,
    SheetSubject,
    Symbol,
)
from app.kernel.ids import EditionId, ItemId

Content = Mapping[str, Any]
"""The parsed canonical JSON of an edition: checked when it was imported, sealed since it was published."""


def from_content(
    content: str,
    *,
    edition_id: EditionId,
    item_ids: Sequence[ItemId],
    digest: str,
    state: EditionState = EditionState.PUBLISHED,
) -> Edition:
    """Return the edition that a canonical content describes; `item_ids` are those of its items, in order."""
    data: Content = json.loads(content)
    ids = iter(item_ids)
    position = iter(range(1, len(item_ids) + 1))
    return Edition(
        id=edition_id,
        code=data["code"],
        label=data["edition"],
        title=data["title"],
        description=data["description"],
        digest=digest,
        published=state is EditionState.PUBLISHED,
        basis=_basis(data["basis"]),
        levels=tuple(_level(level) for level in data["levels"]),
        scoring=_scoring(data["scoring"]),
        flags=tuple(
            Flag(code=flag["code"], label=flag["label"], help=flag["help"]) for flag in data["flags"]
        ),
        subject=SheetSubject(data.get("subject", SheetSubject.UNIT)),
        forms=tuple(_form(form) for form in data.get("forms", ())),
        sections=tuple(
            Section(
                number=number,
                slug=section["slug"],
                title=section["title"],
                items=tuple(
                    _item(item, item_id=next(ids), position=next(position), number=f"{number}-{place}")
                    for place, item in enumerate(section["items"], start=1)
                ),
            )
            for number, section in enumerate(data["sections"], start=1)
        ),
        retired=tuple(Retired(key=gone["key"], note=gone["note"]) for gone in data["retired"]),
    )


def _basis(data: Content) -> Basis:
    return Basis(
        guideline_name=data["guideline"]["name"],
        guideline_edition=data["guideline"]["edition"],
        regulation_name=data["regulation"]["name"],
        regulation_effective_on=data["regulation"]["effective_on"],
    )


def _level(data: Content) -> Level:
    return Level(
        code=data["code"],
        label=data["label"],
        symbol=Symbol(data["symbol"]),
        points=data["points"],
        comment=CommentRule(data["comment"]),
    )


def _form(data: Content) -> Form:
    return Form(
        code=data["code"],
        label=data["label"],
        description=data["description"],
        flags=tuple(data["flags"]),
    )


def _scoring(data: Content) -> ScoringMethod:
    return ScoringMethod(
        name=data["method"],
        full_points=data["full_points"],
        bands=tuple(Band(grade=band["grade"], at_least=band["at_least"]) for band in data["bands"]),
        mandatory_cap=data["mandatory_cap"],
    )


def _item(data: Content, *, item_id: ItemId, position: int, number: str) -> Item:
    return Item(
        id=item_id,
        key=data["key"],
        number=number,
        position=position,
        statement=data["statement"],
        why=data["why"],
        how_to_check=data["how_to_check"],
        criteria=data["criteria"],
        evidence=tuple(data["evidence"]),
        evidence_demanded=data.get("evidence_demanded", False),
        misreading=data["misreading"],
        mandatory=data["mandatory"],
        weight=data["weight"],
        guideline=tuple(
            GuidelineRef(section=ref["section"], status=Confirmation(ref["status"]))
            for ref in data["guideline"]
        ),
        measure=data["measure"],
        iso27002=tuple(data["iso27002"]),
        applies_if=tuple(data["applies_if"]),
        ask=Ask(data["ask"]),
        lineage=lineage_of(data["lineage"]),
    )


def lineage_of(data: Content) -> Lineage:
    """Return the lineage that a content describes. `of` is one key or several; the same stays comparable."""
    kind = LineageKind(data["kind"])
    of = data.get("of", ())
    return Lineage(
        kind=kind,
        of=(of,) if isinstance(of, str) else tuple(of),
        comparable=data.get("comparable", kind is LineageKind.SAME),
        note=data.get("note", ""),
    )
