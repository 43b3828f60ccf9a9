"""What a sheet is about, and forms: presets of flags that ask for a part of the items."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import pytest

from app.checklists.files import from_content, read_edition, to_yaml
from app.checklists.rules import (
    UNKNOWN,
    Ask,
    CommentRule,
    Edition,
    SheetSubject,
    Symbol,
    items_of_form,
    score,
)
from app.checklists.texts import ASK, FLAGS_CHOSEN, SHEET_FOR, SUBJECT
from app.kernel.errors import InvalidInput
from app.kernel.ids import EditionId, ItemId

NAME = "person/2026.1.yaml"
HEAD = """\
format: 1
code: person
edition: "2026.1"
title: 点検票
description: 見本です。
"""
BODY = """\
basis:
  guideline: {name: ガイドライン, edition: 令和8年3月版}
  regulation: {name: 規則, effective_on: "2027-07-01"}
levels:
  - {code: kept, label: 守っている, symbol: circle, points: 2, comment: optional}
  - {code: not_kept, label: 守れていない, symbol: cross, points: 0, comment: optional}
scoring:
  method: weighted-share-1
  full_points: 2
  bands: [{grade: A, at_least: 0}]
  mandatory_cap: A
flags:
  - {code: FULL, label: 全部, help: 全部答える。}
  - {code: MGR, label: 管理職, help: 管理職が選ぶ。}
"""
ITEM = """\
      - key: KEY
        statement: 行った。
        why: 困ります。
        how_to_check: 見ます。
        criteria: {kept: 守った。, not_kept: 守らない。}
        evidence: [控え]
        misreading: 違います。
        mandatory: false
        weight: 1
        guideline: []
        measure: null
        iso27002: []
        applies_if: [FLAGS]
        ask: head
        lineage: {kind: new}
"""
SECTIONS = "sections:\n  - slug: all\n    title: 全部\n    items:\n" + "".join(
    ITEM.replace("KEY", key).replace("FLAGS", flags)
    for key, flags in (("P01", ""), ("P02", "FULL"), ("PM01", "MGR"))
)
FORMS = """\
forms:
  - {code: standard, label: 職員, description: 職員の様式。, flags: [FULL]}
  - {code: short, label: 短い様式, description: 短い様式。, flags: []}
"""
PLAIN_DIGEST = "99432fe7c4466815fde28bec349167d8aa9934281020b3ed0e6a608ff2964263"
"""The digest of the sample as it was before subjects and forms existed."""


def read(*parts: str) -> str:
    return read_edition("".join(parts).encode(), name=NAME).content


def edition(content: str) -> Edition:
    count = sum(len(section["items"]) for section in json.loads(content)["sections"])
    ids = [ItemId(UUID(int=number)) for number in range(1, count + 1)]
    return from_content(content, edition_id=EditionId(UUID(int=0)), item_ids=ids, digest="0" * 64)


def of_repository(code: str) -> Edition:
    path = Path("checklists") / code / "2026.1.yaml"
    return edition(read_edition(path.read_bytes(), name=path.as_posix()).content)


def keys(found: Edition, *, form: str) -> list[str]:
    preset = found.form(form)
    assert preset is not None
    return [item.key for item in items_of_form(found, form=preset)]


# ---------------------------------------------------------------------------------------------------- content


def test_an_edition_without_the_new_fields_keeps_its_content_and_digest() -> None:
    draft = read_edition((HEAD + BODY + SECTIONS).encode(), name=NAME)
    assert draft.digest == PLAIN_DIGEST
    assert {"subject", "forms"}.isdisjoint(json.loads(draft.content))
    assert b"subject" not in to_yaml(draft.content)
    assert b"forms" not in to_yaml(draft.content)


def test_what_says_no_more_than_its_absence_changes_no_digest() -> None:
    assert read(HEAD, "subject: unit\n", BODY, "forms: []\n", SECTIONS) == read(HEAD, BODY, SECTIONS)


def test_an_edition_is_about_units_unless_it_says_otherwise() -> None:
    assert edition(read(HEAD, BODY, SECTIONS)).subject is SheetSubject.UNIT
    assert edition(read(HEAD, BODY, SECTIONS)).forms == ()
    for subject in SheetSubject:
        content = read(HEAD, f"subject: {subject.value}\n", BODY, SECTIONS)
        assert edition(content).subject is subject


def test_subject_and_forms_are_part_of_the_content_and_come_back() -> None:
    content = read(HEAD, "subject: person\n", BODY, FORMS, SECTIONS)
    assert content != read(HEAD, BODY, SECTIONS)
    exported = to_yaml(content).decode()
    assert read_edition(exported.encode(), name=NAME).content == content
    fields = [line.split(":")[0] for line in exported.splitlines() if line[0] not in " -"]
    order = "format code edition title description subject basis levels scoring flags forms sections retired"
    assert fields == order.split()


def test_a_form_asks_what_always_applies_and_what_its_flags_ask() -> None:
    found = edition(read(HEAD, BODY, FORMS, SECTIONS))
    assert keys(found, form="standard") == ["P01", "P02"]
    assert keys(found, form="short") == ["P01"]
    assert found.form("manager") is None


# --------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("flags: [FULL]}", "flags: [FULL, XX]}", 22, "forms.1.flags.2 の「XX」は、flags にありません。"),
        ("flags: [FULL]}", "flags: [FULL, FULL]}", 22, "の「FULL」は22行目でも使われています。"),
        ("code: short", "code: standard", 23, "の「standard」は22行目でも使われています。"),
        ("label: 短い様式", "label: 職員", 23, "の「職員」は22行目でも使われています。"),
        ("code: short", "code: Short", 23, "forms.2.code の書き方が違います。"),
        ("flags: [FULL]}", "flags: FULL}", 22, "forms.1.flags は一覧"),
        ("description: 短い様式。, ", "", 23, "forms.2.description がありません。"),
        ("applies_if: []", "applies_if: [MGR]", 23, "forms.2 の様式では、どの項目も出ません。"),
        ("subject: person", "subject: people", 6, "subject は unit、person、system のどれか"),
        ("subject: person", "subject:", 6, "subject は unit、person、system のどれか"),
    ],
)
def test_each_mistake_is_reported_with_its_line(old: str, new: str, line: int, sentence: str) -> None:
    sound = HEAD + "subject: person\n" + BODY + FORMS + SECTIONS
    assert sound.count(old) == 1, old
    with pytest.raises(InvalidInput) as refused:
        read_edition(sound.replace(old, new).encode(), name=NAME)
    found = [(problem.row, problem.message) for problem in refused.value.problems]
    assert any(row == line and sentence in message for row, message in found), found


# ------------------------------------------------------------------------------------- the lists as they stand


def test_the_person_list_has_its_three_forms() -> None:
    person = of_repository("person")
    assert person.subject is SheetSubject.PERSON
    assert [form.code for form in person.forms] == ["standard", "manager", "short"]
    everybody = [f"P{number:02d}" for number in range(1, 26)]
    managers = [f"PM{number:02d}" for number in range(1, 6)]
    short = ["P01", "P03", "P05", "P06", "P07", "P08", "P10", "P11", "P12", "P14", "P16", "P19", "P22"]
    assert sorted(keys(person, form="standard")) == everybody
    assert sorted(keys(person, form="manager")) == everybody + managers
    assert sorted(keys(person, form="short")) == short


def test_the_system_list_has_forty_items_of_which_some_depend_on_the_system() -> None:
    system = of_repository("system")
    assert system.subject is SheetSubject.SYSTEM
    assert sorted(item.key for item in system.items.values()) == [f"T{n:02d}" for n in range(1, 41)]
    assert len(system.applicable({})) < len(system.applicable({"MN": True})) < 40
    assert len(system.applicable({flag.code: True for flag in system.flags})) == 40
    mandatory = {int(item.key[1:]) for item in system.items.values() if item.mandatory}
    assert mandatory == {1, 2, 4, 5, 6, 7, 10, 11, 13, 15, 16, 17, 19, 21, 22, 23, 24, 26, 30, 32, 33, 35, 38}


def test_the_system_list_uses_the_scale_of_the_department_list() -> None:
    assert of_repository("system").levels == of_repository("department").levels


# ------------------------------------------------------------------------------------------- the person scale

SCALE: Sequence[tuple[str, str, Symbol, int | None]] = (
    ("kept", "守っている", Symbol.CIRCLE, 2),
    ("mostly_kept", "だいたい守っている", Symbol.TRIANGLE, 1),
    ("not_kept", "守れていない", Symbol.CROSS, 0),
    (UNKNOWN, "わからない", Symbol.QUESTION, 0),
    ("not_applicable", "該当しない", Symbol.DASH, None),
)


def test_people_answer_on_their_own_scale_and_need_not_explain_themselves() -> None:
    levels = of_repository("person").levels
    assert [(level.code, level.label, level.symbol, level.points) for level in levels] == list(SCALE)
    assert {level.comment for level in levels} == {CommentRule.OPTIONAL}


def test_the_person_scale_is_scored_like_any_other() -> None:
    person = of_repository("person")
    form = person.form("short")
    assert form is not None
    items = items_of_form(person, form=form)
    codes = ("kept", "mostly_kept", "not_kept", UNKNOWN, "not_applicable")
    answers = {item.id: code for item, code in zip(items, codes, strict=False)}
    found = score(items[:6], answers=answers, edition=person)
    asked = [item.weight for item in items[:6]]
    earned = 2 * asked[0] + asked[1]
    assert (found.earned, found.possible) == (earned, 2 * (sum(asked) - asked[4]))
    assert found.share == Fraction(earned, found.possible)
    assert (found.unknown, found.excluded, found.unanswered) == (1, 1, 1)


def test_every_code_has_its_word() -> None:
    assert set(ASK) == set(Ask)
    assert set(SUBJECT) == set(SHEET_FOR) == set(FLAGS_CHOSEN) == set(SheetSubject)
