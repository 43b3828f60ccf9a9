"""What every item of the repository's checklists has to offer to the person who answers it.

The newest edition of each checklist is looked at: an older one is sealed and stays as it was.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from app.checklists.files import from_content, read_edition
from app.checklists.queries import label_order
from app.checklists.rules import UNKNOWN, Ask, Confirmation, Edition, Item, SheetSubject, items_of_form
from app.kernel.digest import digest_text
from app.kernel.ids import EditionId, ItemId

FOLDERS: Final = sorted(path for path in Path("checklists").iterdir() if path.is_dir())
MEASURES: Final = {"1": 1, "2": 2, "3": None, "4": 3, "5": 4, "6": 5, "7": 6, "8": 7, "9": 8}
"""施行規則第16条の3 第n号 by the chapter of an item's first reference."""
NOT_SEEN: Final = re.compile(r"9\.|8\.4|第4編")
"""Sections whose wording nobody has compared with the guideline yet."""
ASKED: Final = {
    SheetSubject.UNIT: {
        Ask.HEAD, Ask.PROMOTER, Ask.GENERAL_AFFAIRS, Ask.OUTSOURCING, Ask.SUBSECTION_CHIEF,
    },
    SheetSubject.PERSON: {Ask.SELF},
    SheetSubject.SYSTEM: {Ask.SYSTEM_MANAGER, Ask.SYSTEM_STAFF, Ask.CONTRACTOR},
}  # fmt: skip
POLITE: Final = re.compile(r"(ます|です|ません|ました|でした|ください|でしょう)[」）]*$")
LENGTHS: Final = {"statement": (15, 60), "why": (40, 120), "how_to_check": (60, 260), "misreading": (40, 140)}


def newest(folder: Path) -> Edition:
    """Return the newest edition of a checklist as a value."""
    path = max(folder.glob("*.yaml"), key=lambda found: label_order(found.stem))
    draft = read_edition(path.read_bytes(), name=path.as_posix())
    return from_content(
        draft.content,
        edition_id=EditionId(UUID(int=0)),
        item_ids=[ItemId(UUID(int=number)) for number in range(1, len(draft.items) + 1)],
        digest=digest_text(draft.content),
    )


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def edition(request: pytest.FixtureRequest) -> Edition:
    return newest(request.param)


def faults(edition: Edition, of: Callable[[Item], bool]) -> list[str]:
    """Return the keys of the items of which something is true that must not be."""
    return [item.key for item in edition.items.values() if of(item)]


def sentences(text: str) -> list[str]:
    return [sentence for sentence in text.split("。") if sentence]


def words(item: Item) -> Iterator[str]:
    yield from (item.statement, item.why, item.how_to_check, item.misreading)
    yield from item.criteria.values()
    yield from item.evidence


def test_the_three_checklists_of_a_city_are_there() -> None:
    assert [folder.name for folder in FOLDERS] == ["department", "person", "system"]
    assert [newest(folder).subject for folder in FOLDERS] == list(SheetSubject)


def test_a_statement_is_one_short_sentence_of_one_condition(edition: Edition) -> None:
    def wrong(item: Item) -> bool:
        text = item.statement
        return not text.endswith("。") or text.count("。") != 1 or "及び" in text or "並びに" in text

    assert faults(edition, wrong) == []


@pytest.mark.parametrize("field", LENGTHS)
def test_texts_are_neither_empty_words_nor_essays(edition: Edition, field: str) -> None:
    shortest, longest = LENGTHS[field]
    assert faults(edition, lambda item: not shortest <= len(getattr(item, field)) <= longest) == []


def test_no_statement_is_asked_twice(edition: Edition) -> None:
    counted = Counter(item.statement for item in edition.items.values())
    assert [statement for statement, count in counted.items() if count > 1] == []


def test_explanations_are_polite_and_whole_sentences(edition: Edition) -> None:
    def wrong(item: Item) -> bool:
        texts = (item.why, item.how_to_check, item.misreading)
        return any(
            not text.endswith("。") or not all(POLITE.search(sentence) for sentence in sentences(text))
            for text in texts
        )

    assert faults(edition, wrong) == []


def test_every_level_with_points_has_a_criterion_of_its_own(edition: Edition) -> None:
    wanted = {level.code for level in edition.levels if level.points is not None and level.code != UNKNOWN}
    assert len(wanted) == 3

    def wrong(item: Item) -> bool:
        texts = item.criteria.values()
        return (
            set(item.criteria) != wanted
            or len(set(texts)) != len(wanted)
            or not all(text.endswith("。") and len(sentences(text)) <= 2 for text in texts)
        )

    assert faults(edition, wrong) == []


def test_two_or_three_things_are_named_as_evidence(edition: Edition) -> None:
    def wrong(item: Item) -> bool:
        return not 2 <= len(set(item.evidence)) <= 3 or any("。" in one for one in item.evidence)

    assert faults(edition, wrong) == []


def test_no_text_is_used_for_two_items(edition: Edition) -> None:
    for field in ("why", "how_to_check", "misreading"):
        counted = Counter(getattr(item, field) for item in edition.items.values())
        assert max(counted.values()) == 1, field


def test_references_lead_to_the_measure_of_their_chapter(edition: Edition) -> None:
    def wrong(item: Item) -> bool:
        return not item.guideline or item.measure != MEASURES[item.guideline[0].section[0]]

    assert faults(edition, wrong) == []


def test_what_nobody_has_compared_with_the_guideline_is_marked(edition: Edition) -> None:
    def wrong(item: Item) -> bool:
        return any(
            NOT_SEEN.match(ref.section) and ref.status is not Confirmation.TO_CONFIRM
            for ref in item.guideline
        )

    assert faults(edition, wrong) == []


def test_the_right_people_are_asked(edition: Edition) -> None:
    assert faults(edition, lambda item: item.ask not in ASKED[edition.subject]) == []


def test_sections_hold_about_ten_items(edition: Edition) -> None:
    assert [section.slug for section in edition.sections if len(section.items) > 10] == []


def test_every_flag_decides_something_and_every_item_can_be_reached(edition: Edition) -> None:
    used = {flag for item in edition.items.values() for flag in item.applies_if}
    assert used == {flag.code for flag in edition.flags}
    if edition.forms:
        asked = {item.key for form in edition.forms for item in items_of_form(edition, form=form)}
        assert asked == {item.key for item in edition.items.values()}


def test_nothing_is_left_to_be_written(edition: Edition) -> None:
    unfinished = re.compile(r"TODO|TBD|未定|○○|××|\?\?|…")
    assert faults(edition, lambda item: any(unfinished.search(text) for text in words(item))) == []
