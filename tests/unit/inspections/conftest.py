"""A small edition as a value, without any database."""

from typing import Final

import pytest

from app.checklists.rules import (
    Ask,
    Band,
    Basis,
    CommentRule,
    Edition,
    Item,
    Level,
    Lineage,
    LineageKind,
    ScoringMethod,
    Section,
    Symbol,
)
from app.kernel.ids import EditionId, ItemId, new_id

LEVELS: Final = (
    ("implemented", 2, CommentRule.OPTIONAL),
    ("partial", 1, CommentRule.REQUIRED),
    ("started", 1, CommentRule.REQUIRED),
    ("not_implemented", 0, CommentRule.REQUIRED),
    ("not_applicable", None, CommentRule.REQUIRED),
    ("unknown", 0, CommentRule.OPTIONAL),
)


def item(key: str, *flags: str) -> Item:
    return Item(
        id=ItemId(new_id()),
        key=key,
        number="1-1",
        position=1,
        statement="",
        why="",
        how_to_check="",
        criteria={},
        evidence=(),
        evidence_demanded=False,
        misreading="",
        mandatory=False,
        weight=1,
        guideline=(),
        measure=None,
        iso27002=(),
        applies_if=flags,
        ask=Ask.HEAD,
        lineage=Lineage(kind=LineageKind.NEW),
    )


@pytest.fixture(scope="session")
def edition() -> Edition:
    """Four items, one of them only with マイナンバー."""
    return Edition(
        id=EditionId(new_id()),
        code="department",
        label="2026.1",
        title="",
        description="",
        digest="",
        published=True,
        basis=Basis(
            guideline_name="", guideline_edition="", regulation_name="", regulation_effective_on="2027-07-01"
        ),
        levels=tuple(
            Level(code=code, label=code, symbol=Symbol.CIRCLE, points=points, comment=comment)
            for code, points, comment in LEVELS
        ),
        scoring=ScoringMethod(
            name="", full_points=2, bands=(Band(grade="A", at_least=0),), mandatory_cap="A"
        ),
        flags=(),
        sections=(
            Section(
                number=1,
                slug="one",
                title="",
                items=(item("D01"), item("D02"), item("D03"), item("D04", "MN")),
            ),
        ),
    )
