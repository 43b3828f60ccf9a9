"""Hashing passwords (Argon2id). Slow on purpose, so never called inside a transaction."""

import secrets
from enum import StrEnum
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.people.rules import LONGEST_PASSWORD

_HASHER: Final = PasswordHasher()
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without l, o, 0 and 1, which look alike on paper."""


class Check(StrEnum):
    """The outcome of comparing a password with a hash."""

    RIGHT = "right"
    RIGHT_BUT_OLD = "right-but-old"
    WRONG = "wrong"


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return _HASHER.hash(_octets(password))


def check_password(password: str, *, against: str | None) -> Check:
    """Compare a password with a hash. Without a hash, or for a text that is too long, the work is the same.

    RIGHT_BUT_OLD means that the hash was made with weaker settings than today's and should be renewed.
    """
    if against is None or len(password) > LONGEST_PASSWORD:
        _matches(password[:LONGEST_PASSWORD], against=_nobodys_hash())
        return Check.WRONG
    if not _matches(password, against=against):
        return Check.WRONG
    return Check.RIGHT_BUT_OLD if _HASHER.check_needs_rehash(against) else Check.RIGHT


def new_first_password() -> str:
    """Return a random password to be handed over and changed at the first sign-in (80 bits)."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _matches(password: str, *, against: str) -> bool:
    try:
        return _HASHER.verify(against, _octets(password))
    except (VerificationError, InvalidHashError):
        return False


def _octets(password: str) -> bytes:
    # What a form can hold but UTF-8 cannot is still hashed, never a fault.
    return password.encode("utf-8", errors="surrogatepass")


@cache
def _nobodys_hash() -> str:
    return hash_password(secrets.token_urlsafe(16))
