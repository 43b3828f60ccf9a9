"""An edition written as a file and read again is the same edition, whatever its words, subject and forms."""

import json
from typing import Any, Final
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.checklists.files import from_content, read_edition, to_yaml
from app.checklists.files.model import EditionFile
from app.checklists.rules import Ask, SheetSubject, Symbol, items_of_form
from app.kernel.digest import canonical
from app.kernel.ids import EditionId, ItemId
from app.kernel.text import BIDI_CONTROLS

NAME: Final = "person/2026.1.yaml"
FLAGS: Final = ("MN", "PI", "FULL")
LEVELS: Final = (("kept", "circle", 2), ("mostly_kept", "triangle", 1), ("not_kept", "cross", 0))

# Words that YAML could misread are more likely than chance would have them.
letters = st.characters(
    blacklist_categories=("Cc", "Cs", "Zl", "Zp"),
    blacklist_characters=[*BIDI_CONTROLS, "\ufeff", "\ufffe", "\uffff"],
)
odd = st.sampled_from(
    ["no", "2026.1", "null", "- 行頭", "a: b", "#注", "{x}", "&b", '引用"符\\', "'", "| 〆", "%"]
)
texts = (st.text(letters, min_size=1, max_size=20) | odd).filter(lambda text: text == text.strip())


@st.composite
def items(draw: st.DrawFn, *, key: str) -> dict[str, Any]:
    return {
        "key": key,
        "statement": draw(texts),
        "why": draw(texts),
        "how_to_check": draw(texts),
        "criteria": {code: draw(texts) for code, _, _ in LEVELS},
        "evidence": draw(st.lists(texts, min_size=1, max_size=3)),
        "misreading": draw(texts),
        "mandatory": draw(st.booleans()),
        "weight": draw(st.integers(1, 3)),
        "guideline": [{"section": draw(texts), "status": "confirmed"}],
        "measure": draw(st.none() | st.integers(1, 8)),
        "iso27002": draw(st.lists(st.sampled_from(["5.1", "8.34"]), unique=True)),
        "applies_if": draw(st.lists(st.sampled_from(FLAGS), unique=True)),
        "ask": draw(st.sampled_from(Ask)).value,
        "lineage": {"kind": "new"},
    }


@st.composite
def forms(draw: st.DrawFn) -> list[dict[str, Any]]:
    labels = draw(st.lists(texts, unique=True, max_size=3))
    return [
        {
            "code": f"form_{place}",
            "label": label,
            "description": draw(texts),
            "flags": draw(st.lists(st.sampled_from(FLAGS), unique=True)),
        }
        for place, label in enumerate(labels)
    ]


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """Return an edition in which the first item always applies, so that no form is empty."""
    asked = [draw(items(key=f"P{number:02d}")) for number in range(1, draw(st.integers(2, 4)) + 1)]
    asked[0]["applies_if"] = []
    return {
        "format": 1,
        "code": "person",
        "edition": "2026.1",
        "title": draw(texts),
        "description": draw(texts),
        "subject": draw(st.sampled_from(SheetSubject)).value,
        "basis": {
            "guideline": {"name": draw(texts), "edition": draw(texts)},
            "regulation": {"name": draw(texts), "effective_on": "2027-07-01"},
        },
        "levels": [
            {
                "code": code,
                "label": code,
                "symbol": Symbol(symbol).value,
                "points": points,
                "comment": "optional",
            }
            for code, symbol, points in LEVELS
        ],
        "scoring": {
            "method": "weighted-share-1",
            "full_points": 2,
            "bands": [{"grade": "A", "at_least": 0}],
            "mandatory_cap": "A",
        },
        "flags": [{"code": code, "label": draw(texts), "help": draw(texts)} for code in FLAGS],
        "forms": draw(forms()),
        "sections": [{"slug": "all", "title": draw(texts), "items": asked}],
        "retired": [],
    }


@given(contents())
def test_a_file_gives_its_edition_back(content: dict[str, Any]) -> None:
    sealed = canonical(EditionFile.model_validate_json(json.dumps(content)).model_dump(mode="json"))
    written = to_yaml(sealed)
    draft = read_edition(written, name=NAME)
    assert draft.content == sealed
    assert to_yaml(draft.content) == written


@given(contents())
def test_the_value_of_an_edition_says_what_its_content_says(content: dict[str, Any]) -> None:
    draft = read_edition(to_yaml(canonical(content)), name=NAME)
    edition = from_content(
        draft.content,
        edition_id=EditionId(UUID(int=0)),
        item_ids=[ItemId(UUID(int=number)) for number in range(len(draft.items))],
        digest=draft.digest,
    )
    assert edition.subject.value == content["subject"]
    assert [(form.code, form.label, list(form.flags)) for form in edition.forms] == [
        (form["code"], form["label"], form["flags"]) for form in content["forms"]
    ]
    for form in edition.forms:
        asked = [item.key for item in items_of_form(edition, form=form)]
        assert asked == [
            item["key"]
            for item in content["sections"][0]["items"]
            if not item["applies_if"] or set(item["applies_if"]) & set(form.flags)
        ]
