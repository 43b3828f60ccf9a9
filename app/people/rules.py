"""What a person does for the city, and for how long; how somebody signs in, and what keeps others out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Final

from app.kernel.errors import InvalidInput, Problem, Refusal
from app.kernel.ids import PersonId
from app.kernel.text import search_key
from app.organisation.rules import Histories, Outcome


class Position(StrEnum):
    """The place in a unit: 所属長 or a member of staff."""

    HEAD = "head"
    STAFF = "staff"


class PostingKind(StrEnum):
    """How a post is held. 事務取扱 means that somebody of a higher rank acts in it."""

    MAIN = "main"
    CONCURRENT = "concurrent"
    JOINT = "joint"
    ACTING = "acting"


class Duty(StrEnum):
    """What a head names somebody for, with dates."""

    CLERK = "clerk"
    DEPUTY = "deputy"


class PersonFunction(StrEnum):
    """Functions that a named person holds for a time."""

    CHIEF = "chief"
    CIO = "cio"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A person as pages name them."""

    id: PersonId
    staff_no: str
    name: str
    kana: str


# ---------------------------------------------------------------------------- reading in a list of postings


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingSpan:
    """A post (発令) by staff number and unit code, from one day to another."""

    staff_no: str
    unit_code: str
    title: str
    position: Position
    kind: PostingKind
    valid_from: date
    valid_to: date | None

    @property
    def key(self) -> tuple[str, str, date]:
        """Return what tells one post from another."""
        return self.staff_no, self.unit_code, self.valid_from

    def overlaps(self, other: "PostingSpan") -> bool:
        """Return whether both are held on some day."""
        return (self.valid_to is None or other.valid_from < self.valid_to) and (
            other.valid_to is None or self.valid_from < other.valid_to
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName:
    """A name and its reading, exactly as the personnel office writes them."""

    name: str
    kana: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow:
    """One row of an imported list; `row` counts as Excel does, the header is row 1."""

    row: int
    name: PersonName
    span: PostingSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePlan:
    """What an import would do: names to be written, and each row's post with its outcome."""

    names: Mapping[str, tuple[PersonName, Outcome]]
    postings: tuple[tuple[PostingSpan, Outcome], ...]


def plan_people(
    *,
    names: Mapping[str, PersonName],
    postings: Mapping[str, Sequence[PostingSpan]],
    units: Histories,
    rows: Sequence[PostingRow],
) -> PeoplePlan:
    """Lay a list of postings over the stored ones, or refuse with every problem at once.

    A post is known by staff number, unit and first day. Nothing ends because it is missing from the list.

    Raises:
        InvalidInput: a post twice, two names for one number, no such unit on the first day, two 本務 at once,
            two posts in one unit at once.
    """
    problems = [*_doubled_posts(rows), *_two_names(rows), *_unknown_units(rows, units)]
    wanted = {entry.span.staff_no: dict[tuple[str, str, date], PostingSpan]() for entry in rows}
    for staff_no, spans in wanted.items():
        spans.update({span.key: span for span in postings.get(staff_no, ())})
    outcomes = [(entry.span, _posting_outcome(wanted[entry.span.staff_no], entry.span)) for entry in rows]
    for entry in rows:
        wanted[entry.span.staff_no][entry.span.key] = entry.span
    problems += _overlapping_posts(wanted, rows)
    if problems:
        raise InvalidInput(sorted(problems, key=lambda problem: problem.row or 0))
    return PeoplePlan(
        names={entry.span.staff_no: (entry.name, _name_outcome(names, entry)) for entry in rows},
        postings=tuple(outcomes),
    )


def _posting_outcome(held: Mapping[tuple[str, str, date], PostingSpan], wanted: PostingSpan) -> Outcome:
    before = held.get(wanted.key)
    if before is None:
        return Outcome.NEW
    if before == wanted:
        return Outcome.UNCHANGED
    only_ends = wanted.valid_to is not None and replace(before, valid_to=wanted.valid_to) == wanted
    return Outcome.ENDED if only_ends else Outcome.CHANGED


def _name_outcome(names: Mapping[str, PersonName], entry: PostingRow) -> Outcome:
    before = names.get(entry.span.staff_no)
    if before is None:
        return Outcome.NEW
    return Outcome.UNCHANGED if before == entry.name else Outcome.CHANGED


def _doubled_posts(rows: Sequence[PostingRow]) -> list[Problem]:
    first: dict[tuple[str, str, date], int] = {}
    problems = []
    for entry in rows:
        earlier = first.setdefault(entry.span.key, entry.row)
        if earlier != entry.row:
            message = (
                f"同じ職員番号・所属・開始日の行が、{earlier}行目にもあります。どちらかを消してください。"
            )
            problems.append(Problem(message=message, field="職員番号", row=entry.row))
    return problems


def _two_names(rows: Sequence[PostingRow]) -> list[Problem]:
    first: dict[str, PostingRow] = {}
    problems = []
    for entry in rows:
        earlier = first.setdefault(entry.span.staff_no, entry)
        if earlier.name != entry.name:
            message = (
                f"同じ職員番号の{earlier.row}行目と、氏名かかなが違います。同じ書き方にそろえてください。"
            )
            problems.append(Problem(message=message, field="氏名", row=entry.row))
    return problems


def _unknown_units(rows: Sequence[PostingRow], units: Histories) -> list[Problem]:
    return [
        Problem(
            message=f"所属コード「{entry.span.unit_code}」は、{entry.span.valid_from.isoformat()}にはありません。"
            "コードと日付を確かめるか、先に所属を登録してください。",
            field="所属コード",
            row=entry.row,
        )
        for entry in rows
        if not any(span.covers(entry.span.valid_from) for span in units.get(entry.span.unit_code, ()))
    ]


def _overlapping_posts(
    wanted: Mapping[str, Mapping[tuple[str, str, date], PostingSpan]], rows: Sequence[PostingRow]
) -> list[Problem]:
    row_of = {entry.span.key: entry.row for entry in rows}
    problems = []
    for spans in wanted.values():
        for one, other in combinations(sorted(spans.values(), key=lambda span: span.valid_from), 2):
            row = row_of.get(other.key, row_of.get(one.key))
            sentence = _overlap_sentence(one, other)
            if row is not None and sentence is not None:
                problems.append(Problem(message=sentence, field="開始日", row=row))
    return problems


def _overlap_sentence(one: PostingSpan, other: PostingSpan) -> str | None:
    if not one.overlaps(other):
        return None
    if one.kind is PostingKind.MAIN and other.kind is PostingKind.MAIN:
        return (
            f"本務が二つ重なります（所属コード「{one.unit_code}」{one.valid_from.isoformat()}から）。"
            "前の本務に終了日を付けた行も加えてください。"
        )
    if one.unit_code == other.unit_code:
        return f"同じ所属の発令（{one.valid_from.isoformat()}から）と重なります。日付を確かめてください。"
    return None


# -------------------------------------------------------------------------------------------- passwords

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


# ------------------------------------------------------------------------------------- failed attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How failures slow the next attempt down: `free` of them cost nothing, then 2, 4, 8 … seconds."""

    free: int
    longest: timedelta


BY_NAME: Final = Patience(free=3, longest=timedelta(seconds=60))
BY_ADDRESS: Final = Patience(free=20, longest=timedelta(seconds=30))
"""Looser: behind a gateway a whole office has one address."""

QUIET: Final = timedelta(minutes=30)
"""After this time without a failure the count begins anew."""

_MOST_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Failed attempts of one name or address."""

    count: int
    last_at: datetime

    def counted(self, now: datetime) -> int:
        """Return how many still count."""
        return 0 if now - self.last_at >= QUIET else self.count

    def wait(self, patience: Patience, *, now: datetime) -> timedelta:
        """Return how long the next attempt has to wait; zero when it may come at once."""
        beyond = self.counted(now) - patience.free
        if beyond <= 0:
            return timedelta(0)
        delay = min(timedelta(seconds=2 ** min(beyond, _MOST_DOUBLINGS)), patience.longest)
        return max(self.last_at + delay - now, timedelta(0))


class SignInRefused(Refusal):
    """Unknown number, wrong password or disabled account: one answer for all three."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            "職員番号かパスワードが違います。もう一度入れてください。つづけて間違えると、次に押せるまで少し待ちます。"
        )


class TooManyAttempts(Refusal):
    """The attempt came too early after failed ones. It is neither checked nor counted."""

    status = 429

    def __init__(self, wait: timedelta) -> None:
        self.seconds = max(1, -(-wait // timedelta(seconds=1)))
        super().__init__(
            f"つづけて間違えたため、少し待ちます。あと{self.seconds}秒たってから、もう一度入れてください。"
        )


# -------------------------------------------------------------------------------------------- sessions


SEEN_STEP: Final = timedelta(minutes=1)
"""How often at most a session in use is written down."""


class SessionEnd(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed-out"
    REVOKED = "revoked"
    EXPIRED = "expired"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a code, not a password
    RESET = "reset"
    DISABLED = "disabled"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session may rest and last."""

    idle: timedelta
    administrator_idle: timedelta
    absolute: timedelta


def session_lives(
    *, created_at: datetime, last_seen_at: datetime, now: datetime, limits: SessionLimits
) -> bool:
    """Return whether a session is within its limits.

    The shorter rest of an administrator is checked with the actor.
    """
    return now - last_seen_at < limits.idle and now - created_at < limits.absolute


def proved_recently(proved_at: datetime, *, now: datetime, within: timedelta) -> bool:
    """Return whether the password was given recently enough for a sign-off."""
    return now - proved_at < within


class AccountActKind(StrEnum):
    """What an administrator does with an account."""

    CREATED = "created"
    RESET = "reset"
    DISABLED = "disabled"
    ENABLED = "enabled"
    SESSIONS_ENDED = "sessions-ended"


class AccountState(StrEnum):
    """How an account stands."""

    NONE = "none"
    FIRST_PASSWORD = "first-password"  # noqa: S105 - a code, not a password
    IN_USE = "in-use"
    DISABLED = "disabled"
