"""What a person does for the city, how somebody signs in, and what keeps others out. Pure."""

from app.people.rules.accounts import (
    AccountActKind,
    AccountState,
    SingleKeys,
)
from app.people.rules.attempts import (
    BY_ADDRESS,
    BY_DEVICE,
    BY_NAME,
    BY_NAME_AND_ADDRESS,
    QUIET,
    Failures,
    Patience,
    SignInRefused,
    TooManyAttempts,
)
from app.people.rules.passwords import (
    COMMON_PASSWORDS,
    LONGEST_PASSWORD,
    SHORTEST_KANA,
    password_problems,
)
from app.people.rules.postings import (
    PeoplePlan,
    PersonName,
    PostingRow,
    PostingSpan,
    plan_people,
)
from app.people.rules.roles import (
    Duty,
    PersonFunction,
    PersonView,
    Position,
    PostingKind,
)
from app.people.rules.sessions import (
    SEEN_STEP,
    SessionEnd,
    SessionLimits,
    forgotten_before,
    session_ends,
    session_lives,
)
from app.people.rules.telling import last_day_told

__all__ = [
    "BY_ADDRESS",
    "BY_DEVICE",
    "BY_NAME",
    "BY_NAME_AND_ADDRESS",
    "COMMON_PASSWORDS",
    "LONGEST_PASSWORD",
    "QUIET",
    "SEEN_STEP",
    "SHORTEST_KANA",
    "AccountActKind",
    "AccountState",
    "Duty",
    "Failures",
    "Patience",
    "PeoplePlan",
    "PersonFunction",
    "PersonName",
    "PersonView",
    "Position",
    "PostingKind",
    "PostingRow",
    "PostingSpan",
    "SessionEnd",
    "SessionLimits",
    "SignInRefused",
    "SingleKeys",
    "TooManyAttempts",
    "forgotten_before",
    "last_day_told",
    "password_problems",
    "plan_people",
    "session_ends",
    "session_lives",
]
