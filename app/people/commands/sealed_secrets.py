"""Secrets of second factors, encrypted at rest: a stolen database alone makes no code.

AES-256-GCM with a key derived from the installation's own secret (HKDF-SHA256), which lies outside of the database. What is
sealed for one account opens for no other: its id is the associated data.
"""

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.people.rules import SecretUnreadable

_FORM: Final = "1."
"""Begins every sealed text, so that another way of sealing can follow one day."""
_NONCE: Final = 12
OFFERED_FOR: Final = timedelta(minutes=30)


class _Purpose(StrEnum):
    """What is sealed for one purpose opens for no other."""

    AT_REST = "at-rest"
    OFFER = "offer"


def seal_secret(text: str, *, account_id: UUID, key: str) -> str:
    """Return a secret as the database keeps it."""
    return _sealed(text, account_id=account_id, key=key, purpose=_Purpose.AT_REST)


def open_secret(sealed: str, *, account_id: UUID, key: str) -> str:
    """Return a stored secret.

    Raises:
        SecretUnreadable: it was sealed with another key, for another account, or is damaged.
    """
    return _opened(sealed, account_id=account_id, key=key, purpose=_Purpose.AT_REST)


def seal_offer(text: str, *, account_id: UUID, key: str, now: datetime) -> str:
    """Return a secret that is offered on a page and not stored yet, for the form to bring back."""
    content = json.dumps([text, int(now.timestamp())])
    return _sealed(content, account_id=account_id, key=key, purpose=_Purpose.OFFER)


def open_offer(sealed: str, *, account_id: UUID, key: str, now: datetime) -> str | None:
    """Return the secret that our own page offered to this account; None when it is another's, altered or too old."""
    try:
        content = _opened(sealed, account_id=account_id, key=key, purpose=_Purpose.OFFER)
    except SecretUnreadable:
        return None
    text, offered = json.loads(content)
    age = now - datetime.fromtimestamp(offered, tz=UTC)
    return str(text) if age < OFFERED_FOR else None


def _sealed(text: str, *, account_id: UUID, key: str, purpose: _Purpose) -> str:
    nonce = os.urandom(_NONCE)
    content = _cipher(key, purpose=purpose).encrypt(nonce, text.encode(), account_id.bytes)
    return _FORM + base64.urlsafe_b64encode(nonce + content).decode()


def _opened(sealed: str, *, account_id: UUID, key: str, purpose: _Purpose) -> str:
    try:
        content = base64.urlsafe_b64decode(sealed.removeprefix(_FORM).encode("ascii"))
        opened = _cipher(key, purpose=purpose).decrypt(content[:_NONCE], content[_NONCE:], account_id.bytes)
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable from error
    return opened.decode()


def _cipher(key: str, *, purpose: _Purpose) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"second factor {purpose}".encode())
    return AESGCM(derived.derive(key.encode()))
