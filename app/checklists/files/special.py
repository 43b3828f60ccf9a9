"""The edition of a 臨時点検: written as a file and read like any other, so that nothing is refused otherwise than there."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.checklists.commands import EditionDraft
from app.checklists.files.reader import read_edition
from app.checklists.files.writer import as_yaml
from app.checklists.queries import Ancestry
from app.checklists.rules import HOW_TO_CHECK, UNKNOWN, Ask, Question, one_line

SECTION: Final = "special"
EVIDENCE: Final = "確かめた書類や画面の控え"
MISREADING: Final = "「対象外」は、設問に当たる仕事や物がまったくないときだけ選びます。"
DONE: Final = "設問のとおりにできている。"
PARTLY: Final = "設問のことが一部だけできている。"
NOT_DONE: Final = "設問のことができていない。"


def special_edition(
    *, code: str, label: str, title: str, reason: str, questions: Sequence[Question], model: str
) -> EditionDraft:
    """Return the edition of a few questions; scale, scoring, grades and basis are those of the model's content.

    Every question weighs the same, none is mandatory, all apply to every unit, and none goes on from an earlier one.

    Raises:
        InvalidInput: an edition file with these words would be refused.
    """
    like = json.loads(model)
    why = one_line(reason)
    content = {
        "format": like["format"],
        "code": code,
        "edition": label,
        "title": title,
        "description": why,
        "basis": like["basis"],
        "levels": like["levels"],
        "scoring": like["scoring"],
        "flags": [],
        "sections": [
            {
                "slug": SECTION,
                "title": "臨時点検",
                "items": [
                    _item(question, key=key_of(number), why=why, criteria=_criteria(like))
                    for number, question in enumerate(questions, start=1)
                ],
            }
        ],
        "retired": [],
    }
    return read_edition(as_yaml(content), name=f"{code}/{label}.yaml", ancestry=Ancestry())


def key_of(number: int) -> str:
    """Return the key of the so-and-so-many-th question."""
    return f"T{number:02d}"


def _item(question: Question, *, key: str, why: str, criteria: dict[str, str]) -> dict[str, Any]:
    return {
        "key": key,
        "statement": one_line(question.statement),
        "why": why,
        "how_to_check": one_line(question.guidance) or HOW_TO_CHECK,
        "criteria": criteria,
        "evidence": [EVIDENCE],
        "misreading": MISREADING,
        "mandatory": False,
        "weight": 1,
        "guideline": [],
        "measure": None,
        "iso27002": [],
        "applies_if": [],
        "ask": Ask.PROMOTER.value,
        "lineage": {"kind": "new"},
    }


def _criteria(like: Mapping[str, Any]) -> dict[str, str]:
    full = like["scoring"]["full_points"]
    words = {full: DONE, 0: NOT_DONE}
    return {
        level["code"]: words.get(level["points"], PARTLY)
        for level in like["levels"]
        if level["points"] is not None and level["code"] != UNKNOWN
    }
