"""Which passwords can be taken, and how they are compared."""

import pytest
from argon2 import PasswordHasher

from app.people.commands.passwords import Check, check_password, hash_password, new_first_password
from app.people.rules import password_problems


def problems(password: str, *, minimum: int = 12) -> list[str]:
    return password_problems(password, staff_no="1048213", kana="たかさき はなこ", minimum=minimum)


@pytest.mark.parametrize(
    "password",
    ["abcdefghijkx", "すいか電車ひまわり七時半", "correct horse battery staple", "x" * 3 + "yz" * 60],
)
def test_no_kind_of_character_is_demanded(password: str) -> None:
    assert problems(password) == []


@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("short", "12文字以上にしてください（いま5文字）"),
        ("あいうえお" * 26, "128文字まで"),
        ("my-1048213-pass", "職員番号"),
        ("my-１０４８２１３-pass", "職員番号"),
        ("ハナコの長いパスワード", "自分の名前"),
        ("Password1234", "よく使われる"),
        ("aaaaaaaaaaaaaa", "よく使われる"),
        ("abababababab", "よく使われる"),
    ],
)
def test_easy_passwords_are_refused(password: str, part: str) -> None:
    assert any(part in sentence for sentence in problems(password))


def test_the_city_sets_the_length() -> None:
    assert problems("twelve chars", minimum=16)
    assert not problems("exactly sixteen!", minimum=16)


def test_a_right_password_is_told_from_a_wrong_one() -> None:
    held = hash_password("なつのひまわり")
    assert held.startswith("$argon2id$")
    assert check_password("なつのひまわり", against=held) is Check.RIGHT
    assert check_password("なつのひまわり ", against=held) is Check.WRONG
    assert check_password("なつのひまわり", against=None) is Check.WRONG
    assert check_password("なつのひまわり", against="no hash at all") is Check.WRONG


def test_weaker_hashes_are_to_be_renewed() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("old")
    assert check_password("old", against=weak) is Check.RIGHT_BUT_OLD


def test_what_utf8_cannot_say_is_no_fault() -> None:
    assert check_password("\ud800", against=hash_password("x")) is Check.WRONG


def test_a_text_that_is_too_long_never_matches_by_its_beginning() -> None:
    held = hash_password("x" * 128)
    assert check_password("x" * 129, against=held) is Check.WRONG


def test_first_passwords_keep_the_rules_and_differ() -> None:
    made = {new_first_password() for _ in range(100)}
    assert len(made) == 100
    assert all(problems(one) == [] for one in made)
