"""Canonical JSON (RFC 8785) and SHA-256: the one way in which anything here is sealed."""

import hashlib
import secrets
from typing import Any

import rfc8785

GENESIS = "0" * 64
"""The digest before the first link of every chain."""


def canonical(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the canonical JSON text of a value made of dict, list, str, int, bool and None.

    Floats are refused by our own rule: scores are kept as exact fractions in text.
    """
    _refuse_floats(value)
    return rfc8785.dumps(value).decode("utf-8")


def digest_text(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal (64 characters)."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def digest_of(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 of a value's canonical JSON."""
    return digest_text(canonical(value))


def link(*, previous: str, sequence: int, payload: str) -> str:
    """Return the digest of one link of a chain: it binds the digest before it, its place and its canonical payload."""
    return digest_text(f"{previous}\n{sequence}\n{payload}")


def salted_digest(text: str, *, salt: str) -> str:
    """Return a digest that proves a text without telling it: the salt is disposed of together with the text."""
    return digest_text(f"{salt}\n{text}")


def new_salt() -> str:
    """Return 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def short(digest: str) -> str:
    """Return the first 16 hexadecimal digits in groups of four, as printed on documents."""
    return " ".join(digest[i : i + 4] for i in range(0, 16, 4))


def _refuse_floats(value: Any) -> None:  # noqa: ANN401 - any JSON value
    if isinstance(value, float):
        message = "a float has no place in a sealed record"
        raise TypeError(message)
    if isinstance(value, dict):
        for child in value.values():
            _refuse_floats(child)
    elif isinstance(value, list | tuple):
        for child in value:
            _refuse_floats(child)
