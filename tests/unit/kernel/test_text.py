"""What people type: kept as typed, refused when it hides something, folded only for searching."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import BIDI_CONTROLS, clean, search_key, text_problems


@pytest.mark.parametrize(
    "names",
    [
        ("渡辺", "渡邉", "渡邊"),
        ("髙橋", "高橋", "髙　橋", " 高橋 "),
        ("斎藤", "齋藤", "齊藤", "斉藤"),
        ("𠮷田", "吉田"),
        ("山﨑", "山嵜", "山崎"),
        ("濵田", "濱田", "浜田"),
        ("滝澤", "滝沢"),
        ("\ufa10田", "塚田"),
        ("ワタナベ", "わたなべ", "ﾜﾀﾅﾍﾞ", "わたなへ\u3099"),
        ("ABC", "ａｂｃ", "Abc"),
        ("１２３", "123"),
        ("コーヒー", "コ－ヒ－", "コ−ヒ−", "ｺｰﾋｰ", "コ-ヒ-", "こーひー", "コ―ヒ—"),
        ("㈱みほん", "(株)みほん"),
    ],
    ids=lambda names: names[0],
)
def test_spellings_of_one_name_have_one_key(names: tuple[str, ...]) -> None:
    assert len({search_key(name) for name in names}) == 1


def test_different_names_keep_different_keys() -> None:
    names = ["渡辺", "渡部", "佐藤", "佐東", "吉田", "古田", "か", "が", "は", "ぱ", "つ", "っ"]
    assert len({search_key(name) for name in names}) == len(names)


@given(st.text())
def test_a_key_never_holds_white_space(text: str) -> None:
    assert not any(character.isspace() for character in search_key(text))


@pytest.mark.parametrize("name", ["髙橋", "𠮷田", "渡邊", "\ufa19山", "㈱", "①", "が"])
def test_a_kept_text_is_never_normalised(name: str) -> None:
    assert clean(f"  {name}\r\n{name}\r{name} \n") == f"{name}\n{name}\n{name}"


@pytest.mark.parametrize(
    "harmless", ["", "一行", "二行\nある", "タブ\tも", "𠮷田 髙橋 \ufa19", "👩‍💻", "e\u0301"]
)
def test_harmless_text_has_no_problems(harmless: str) -> None:
    assert text_problems(harmless, field="comment", label="理由", longest=100) == []


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\r", chr(0xD800), chr(0xDFFF)])
def test_what_nobody_can_see_is_refused(character: str) -> None:
    [problem] = text_problems(f"見え{character}ない", field="comment", label="理由", longest=100)
    assert problem.field == "comment"
    assert problem.message.startswith("理由に、画面に出ない制御文字")


@pytest.mark.parametrize("character", sorted(BIDI_CONTROLS), ids=unicodedata.name)
def test_marks_that_turn_the_direction_are_refused(character: str) -> None:
    [problem] = text_problems(f"承認{character}しない", field="comment", label="理由", longest=100)
    assert "文字の向き" in problem.message


def test_the_length_is_counted_in_characters() -> None:
    assert text_problems("𠮷" * 100, field="comment", label="理由", longest=100) == []
    [problem] = text_problems("𠮷" * 101, field="comment", label="理由", longest=100)
    assert problem.message == "理由は100文字までです（いま101文字）。短くしてください。"


def test_every_problem_is_said_at_once() -> None:
    assert len(text_problems("\0\u202e" + "あ" * 10, field="comment", label="理由", longest=5)) == 3
