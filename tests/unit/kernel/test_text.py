"""What people type: kept as typed, refused when it hides something, folded only for searching."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import (
    BIDI_CONTROLS,
    clean,
    hiragana,
    keys_to_look_for,
    private_use,
    search_key,
    text_problems,
)


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
        ("コーヒー", "コ－ヒ－", "コ−ヒ−", "ｺｰﾋｰ", "コ-ヒ-", "こーひー", "コ―ヒ—", "コ‐ヒ‑", "コ─ヒ━"),
        ("渡部", "渡\U000e0101部", "渡\ufe00部"),
        ("櫻井", "桜井"),
        ("廣瀨", "広瀬", "廣瀬"),
        ("國島", "国嶋", "圀嶌", "国島"),
        ("冨田", "富田"),
        ("惠榮", "恵栄"),
        ("德辻", "徳辻", "徳辻\U000e0100"),
        ("眞龍", "真竜"),
        ("髙栁", "高柳"),
        ("いすゞ", "イスヾ", "いすゝ\u3099"),
        ("か\u309b", "か \uff9e", "が"),
        ("㈱みほん", "(株)みほん"),
    ],
    ids=lambda names: names[0],
)
def test_spellings_of_one_name_have_one_key(names: tuple[str, ...]) -> None:
    assert len({search_key(name) for name in names}) == 1


def test_different_names_keep_different_keys() -> None:
    names = ["渡辺", "渡部", "佐藤", "佐東", "吉田", "古田", "か", "が", "は", "ぱ", "つ", "っ"]
    assert len({search_key(name) for name in names}) == len(names)


spelt = st.text(
    st.one_of(
        st.characters(), st.sampled_from(" \u3000\u3099\u309a\uff9e\ufe00\U000e0100ｶかカワヽ渡邊髙㈱ß－‐İ")
    )
)


@given(spelt)
def test_a_key_is_its_own_key(text: str) -> None:
    assert search_key(search_key(text)) == search_key(text)


def test_each_character_up_to_the_second_plane_has_a_key_that_is_its_own() -> None:
    everything = (chr(point) for point in range(0x30000) if not 0xD800 <= point < 0xE000)
    assert [c for c in everything if search_key(search_key(c)) != search_key(c)] == []


@given(spelt)
def test_keys_that_were_stored_before_lead_to_the_key_of_today(text: str) -> None:
    assert {search_key(key) for key in keys_to_look_for(text)} == {search_key(text)}


@pytest.mark.parametrize(
    ("typed", "keys"),
    [("嶋田", ("島田", "嶋田")), ("髙橋", ("高橋",)), ("辻\U000e0100", ("辻", "辻\U000e0100"))],
)
def test_rows_from_before_are_looked_for_by_the_key_of_then(typed: str, keys: tuple[str, ...]) -> None:
    assert keys_to_look_for(typed) == keys


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("𠮷田 髙﨑 \ufa19 葛\U000e0100城", ()),
        ("", ()),
        ("\ue000川", ("U+E000",)),
        ("\uf8ff\ue000\uf8ff", ("U+F8FF", "U+E000")),
        ("\U000f0000 \U0010fffd", ("U+F0000", "U+10FFFD")),
    ],
)
def test_characters_that_only_one_body_knows_are_named(text: str, points: tuple[str, ...]) -> None:
    assert private_use(text) == points


@pytest.mark.parametrize("typed", ["たかさき はなこ", "タカサキ　ハナコ", " ﾀｶｻｷ  ﾊﾅｺ", "たかさき ハナコ"])
def test_a_reading_is_compared_as_hiragana(typed: str) -> None:
    assert hiragana(typed) == "たかさき はなこ"
    assert hiragana("ｳﾞｨｰﾉ") == "ゔぃーの"


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
