"""Which passwords can be taken."""

from typing import Final

from app.kernel.text import search_key

LONGEST_PASSWORD: Final = 128
SHORTEST_KANA: Final = 3
"""A shorter part of a name is in many words by chance."""

COMMON_PASSWORDS: Final = frozenset(
    (
        "password",
        "password1",
        "password12",
        "password123",
        "password1234",
        "password12345",
        "passwordpassword",
        "passw0rd1234",
        "p@ssw0rd1234",
        "p@ssword1234",
        "administrator",
        "admin1234567",
        "adminadmin12",
        "welcome12345",
        "letmein12345",
        "iloveyou1234",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwerty123456",
        "qwertyqwerty",
        "1qaz2wsx3edc",
        "1qaz2wsx3edc4rfv",
        "1q2w3e4r5t6y",
        "q1w2e3r4t5y6",
        "zaq12wsxcde3",
        "asdfghjkl123",
        "asdfghjkl;:",
        "zxcvbnm12345",
        "123456789012",
        "1234567890123",
        "12345678901234",
        "0123456789012",
        "123456123456",
        "123412341234",
        "098765432109",
        "987654321098",
        "abcdefghijkl",
        "abcdefg12345",
        "abc123abc123",
        "abcd1234abcd",
        "abcd12345678",
        "sakura123456",
        "sakurasakura",
        "nihon1234567",
        "konnichiwa12",
        "arigatou1234",
        "security1234",
        "changeme1234",
    )
)
"""Passwords that are tried first. All lower-case."""


def password_problems(password: str, *, staff_no: str, kana: str, minimum: int) -> list[str]:
    """Return why a new password cannot be taken, as Japanese sentences.

    Basis: OWASP ASVS 5.0 V6.2 (length counts, no rules of composition, no forced rotation).
    """
    problems = []
    if len(password) < minimum:
        problems.append(f"パスワードは{minimum}文字以上にしてください（いま{len(password)}文字）。")
    if len(password) > LONGEST_PASSWORD:
        problems.append(f"パスワードは{LONGEST_PASSWORD}文字までにしてください。")
    folded = search_key(password)
    if search_key(staff_no) in folded:
        problems.append("パスワードに、職員番号を入れないでください。")
    if any(len(part) >= SHORTEST_KANA and search_key(part) in folded for part in kana.split()):
        problems.append("パスワードに、自分の名前を入れないでください。")
    if password.casefold() in COMMON_PASSWORDS or len(set(password)) <= 2:  # noqa: PLR2004 - aaaa…, abab…
        problems.append("よく使われるパスワードなので、すぐに当てられます。別の言葉を組み合わせてください。")
    return problems
