"""What a check says."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How something stands; the value is how it is shown."""

    GOOD = "○"
    WARNING = "△"
    BAD = "×"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: a sentence, and what to do about it when it is not good."""

    mark: Mark
    sentence: str
    remedy: str = ""


def good(sentence: str) -> Check:
    """Return a check that is as it should be."""
    return Check(mark=Mark.GOOD, sentence=sentence)


def warning(sentence: str, *, remedy: str) -> Check:
    """Return a check that asks for attention; people can go on working."""
    return Check(mark=Mark.WARNING, sentence=sentence, remedy=remedy)


def bad(sentence: str, *, remedy: str) -> Check:
    """Return a check that must not stay as it is."""
    return Check(mark=Mark.BAD, sentence=sentence, remedy=remedy)


class Depth(StrEnum):
    """How much of the journal is read: the end of each chain, or every entry."""

    QUICK = "quick"
    FULL = "full"


class Job(StrEnum):
    """What has to be done regularly, without anybody asking for it."""

    REMINDERS = "reminders"
    LOCKS = "locks"
    INVENTORY = "account-inventory"
    MAIL = "mail"
    DOCUMENTS = "documents"
    BUNDLES = "document-bundles"
    SEAL = "journal-seal"
    FILES = "kept-files"
    SENT_FORMS = "sent-forms"
    SIGN_IN_COUNTS = "sign-in-counts"
    SESSIONS = "sessions"
    RECOVERIES = "second-factor-recoveries"
