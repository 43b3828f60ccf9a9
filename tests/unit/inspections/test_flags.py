"""The flag rules: each alone, at its threshold, and what they make of a sheet."""

from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checklists.rules import Edition, Item
from app.inspections.rules.flags import (
    FLAG_RULES,
    RULES_BY_CODE,
    THRESHOLDS,
    About,
    AnswerSeen,
    FlagCode,
    Lane,
    Peers,
    Severity,
    SheetSeen,
    flags_of_answer,
    flags_of_sheet,
    lane_of,
)

TODAY: Final = date(2026, 11, 20)
LATER: Final = date(2027, 3, 31)
LONG: Final = "年度内に手順を直し、係で読み合わせる。"
LEVELS: Final = ("implemented", "partial", "not_implemented", "not_applicable", "unknown")
C = FlagCode


def item_of(edition: Edition, *, mandatory: bool, demands: bool) -> Item:
    """Return an item that is mandatory, or is not, and that demands evidence, or does not."""
    return replace(next(iter(edition.items.values())), mandatory=mandatory, evidence_demanded=demands)


def flags(
    edition: Edition,
    level: str | None,
    *,
    mandatory: str = "no",
    demands: bool = False,
    **changes: Any,  # noqa: ANN401 - fields of the value
) -> tuple[FlagCode, ...]:
    before = changes.pop("before", None)
    seen = AnswerSeen(
        item=item_of(edition, mandatory=mandatory == "yes", demands=demands),
        level=edition.level(level),
        words=changes.pop("words", LONG),
        action_due=changes.pop("action_due", LATER),
        before=edition.level(before),
        **changes,
    )
    return flags_of_answer(seen, edition=edition, today=TODAY)


@pytest.mark.parametrize(
    ("level", "changes", "expected"),
    [
        ("implemented", {"mandatory": "yes"}, ()),
        ("partial", {"mandatory": "yes"}, (C.MANDATORY_MISSED,)),
        ("partial", {"action_due": None}, (C.DUE_MISSING,)),
        ("not_implemented", {"action_due": date(2026, 11, 19)}, (C.DUE_MISSING,)),
        ("not_implemented", {"action_due": TODAY}, ()),
        ("implemented", {"action_due": None}, ()),
        ("unknown", {"action_due": None}, (C.UNKNOWN,)),
        ("not_applicable", {"action_due": None}, ()),
        (None, {"mandatory": "yes"}, (C.MANDATORY_MISSED,)),
        ("not_applicable", {"mandatory": "yes"}, ()),
        ("partial", {}, ()),
        ("partial", {"before": "implemented"}, (C.WORSE,)),
        ("partial", {"before": "partial"}, ()),
        ("not_implemented", {"before": "not_implemented"}, (C.STILL_WEAK,)),
        ("not_implemented", {"before": "not_applicable"}, ()),
        ("not_applicable", {"before": "partial"}, (C.EXCLUDED_NOW,)),
        ("not_applicable", {"before": "not_applicable"}, ()),
        ("unknown", {}, (C.UNKNOWN,)),
        ("partial", {"words": "あ" * 9}, (C.SHORT_COMMENT,)),
        ("partial", {"words": "あ" * 10}, ()),
        ("implemented", {"words": ""}, ()),
        ("partial", {"words_before": LONG}, (C.SAME_WORDS,)),
        ("implemented", {"words_before": LONG}, ()),
        ("implemented", {"demands": True, "evidence": 0}, (C.EVIDENCE_MISSING,)),
        ("implemented", {"demands": True, "evidence": 1}, ()),
        ("partial", {"demands": True, "evidence": 0}, ()),
        ("not_applicable", {"demands": True, "evidence": 0}, ()),
        (None, {"demands": True, "evidence": 0}, ()),
        ("implemented", {"mandatory": "yes", "evidence": 0}, ()),
        ("not_applicable", {"department": Peers(answered=4, applied=3)}, ()),
        ("not_applicable", {"department": Peers(answered=4, applied=4)}, (C.EXCLUDED_UNUSUAL,)),
        ("not_applicable", {"campaign": Peers(answered=100, applied=76)}, (C.EXCLUDED_UNUSUAL,)),
        ("not_applicable", {"campaign": Peers(answered=2, applied=2)}, ()),
        ("implemented", {"campaign": Peers(answered=100, applied=100)}, ()),
    ],
)
def test_each_rule_at_its_threshold(
    edition: Edition, level: str | None, changes: dict[str, Any], expected: tuple[FlagCode, ...]
) -> None:
    assert flags(edition, level, **changes) == expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (SheetSeen(answered=10, taken_over=8), ()),
        (SheetSeen(answered=10, taken_over=9), (C.TAKEN_OVER,)),
        (SheetSeen(answered=0, taken_over=0), ()),
        (SheetSeen(answered=10, seconds=240), ()),
        (SheetSeen(answered=10, seconds=239), (C.TOO_QUICK,)),
        (SheetSeen(answered=10), ()),
    ],
)
def test_each_rule_of_a_sheet_at_its_threshold(seen: SheetSeen, expected: tuple[FlagCode, ...]) -> None:
    assert flags_of_sheet(seen) == expected


def test_every_rule_is_said_in_words_and_every_name_has_a_rule() -> None:
    assert [rule.code for rule in FLAG_RULES] == list(FlagCode)
    assert set(RULES_BY_CODE) == set(FlagCode)
    assert all(rule.label and rule.meaning.endswith("。") for rule in FLAG_RULES)
    assert {rule.code for rule in FLAG_RULES if rule.about is About.SHEET} == {C.TAKEN_OVER, C.TOO_QUICK}
    assert f"{THRESHOLDS.short_comment}字" in RULES_BY_CODE[C.SHORT_COMMENT].meaning


def test_the_gravest_flag_decides_the_lane() -> None:
    assert lane_of([]) is Lane.CLEAR
    assert lane_of([C.WORSE, C.UNKNOWN]) is Lane.CHECK
    assert lane_of([C.WORSE, C.MANDATORY_MISSED]) is Lane.ALERT


@given(st.lists(st.sampled_from(FlagCode)), st.sampled_from(FlagCode))
def test_a_further_flag_never_makes_a_lane_lighter(codes: list[FlagCode], another: FlagCode) -> None:
    order = list(Lane)
    assert order.index(lane_of([*codes, another])) <= order.index(lane_of(codes))


@given(
    st.sampled_from(LEVELS),
    st.sampled_from([*LEVELS, None]),
    st.sampled_from(("yes", "no")),
    st.text(max_size=30),
)
def test_a_better_answer_never_gains_a_red_flag(
    edition: Edition, level: str, before: str | None, mandatory: str, words: str
) -> None:
    def red(given_level: str) -> set[FlagCode]:
        found = flags(edition, given_level, mandatory=mandatory, before=before, words=words)
        return {code for code in found if RULES_BY_CODE[code].severity is Severity.RED}

    assert red("implemented") <= red(level)
    assert red("implemented") == set()
