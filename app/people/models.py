"""Tables of people, their posts and their ways in."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard
from app.db.search import Searched
from app.db.types import Instant, code, hex_digest
from app.kernel.ids import new_id
from app.people.rules import AccountKind


class Person(Searched, Base):
    """Somebody who works for the city. The name is kept exactly as the personnel office writes it."""

    __tablename__ = "person"
    __table_args__ = ({"info": kept(RetentionClass.TEN_YEARS)},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    staff_no: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    kana: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    # Where the daily mail goes, and since when the person does not want it.
    mail_address: Mapped[str | None] = mapped_column(String(254))
    mail_refused_at: Mapped[datetime | None] = mapped_column(Instant)


class Posting(Base):
    """A post held for a time (発令), as it was known for a time. Rights follow it from the first minute of its first day to the last.

    A row never says another thing afterwards: what a later file says stands in another row, and this one is superseded on the day of
    that file. So a late file takes nothing away from what was done in between in the capacity then held.
    """

    __tablename__ = "posting"
    __table_args__ = (
        UniqueConstraint("person_id", "unit_id", "valid_from", "known_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        CheckConstraint("superseded_on IS NULL OR superseded_on > known_from", name="knowledge"),
        Index("ix_posting_person", "person_id", "valid_from"),
        Index("ix_posting_unit", "unit_id", "valid_from"),
        {"info": kept(RetentionClass.TEN_YEARS)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str] = mapped_column(code())
    position: Mapped[str] = mapped_column(code())
    title: Mapped[str] = mapped_column(String(60))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    # From which business date on the row counts, and from which on another one says it instead.
    known_from: Mapped[date]
    superseded_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class DutyAssignment(Base):
    """A clerk or deputy named by the head of a unit, with dates."""

    __tablename__ = "duty_assignment"
    __table_args__ = (
        UniqueConstraint("unit_id", "person_id", "duty", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        Index("ix_duty_assignment_person", "person_id", "valid_from"),
        {"info": kept(RetentionClass.FIVE_YEARS)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    duty: Mapped[str] = mapped_column(code())
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    named_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    named_at: Mapped[datetime] = mapped_column(Instant)


class PersonFunctionAssignment(Base):
    """A function that a named person holds for a time (統括, CIO, 監査人, システム管理者)."""

    __tablename__ = "person_function"
    __table_args__ = (
        UniqueConstraint("person_id", "function", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        {"info": kept(RetentionClass.TEN_YEARS)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    function: Mapped[str] = mapped_column(code())
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Account(Base):
    """A way in. The password is kept as an Argon2id hash; the first one has to be changed."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("(disabled_at IS NULL) = (disabled_by IS NULL)", name="disabled_pair"),
        CheckConstraint("(kind = 'contractor') = (expires_on IS NOT NULL)", name="contractor_ends"),
        {"info": kept(RetentionClass.THREE_YEARS)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool]
    # Answering by single keys can be switched off (WCAG 2.1.4).
    single_keys: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    disabled_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    # A contractor's account opens up to this day, included; nobody else's has an end of its own.
    kind: Mapped[str] = mapped_column(code(), default=AccountKind.STAFF.value)
    expires_on: Mapped[date | None]


class AccountAct(Base):
    """What an administrator did with an account, and why. The journal keeps a salted digest of the reason."""

    __tablename__ = "account_act"
    __table_args__ = ({"info": kept(RetentionClass.THREE_YEARS)},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    act: Mapped[str] = mapped_column(code())
    reason: Mapped[str] = mapped_column(String(400))
    salt: Mapped[str] = mapped_column(String(32))
    done_at: Mapped[datetime] = mapped_column(Instant)
    done_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class SignInSession(Base):
    """One browser that is signed in. The browser holds the token, the database only its digest.

    `second_factor_at` is when a code of the second factor was given; where one was wanted, it is nobody's session before.
    """

    __tablename__ = "sign_in_session"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_pair"),
        {"info": kept(RetentionClass.THREE_YEARS)},
    )

    token_digest: Mapped[str] = mapped_column(hex_digest(), primary_key=True)
    public_id: Mapped[UUID] = mapped_column(unique=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    code_wanted: Mapped[bool] = mapped_column(default=False)
    second_factor_at: Mapped[datetime | None] = mapped_column(Instant)
    # Where it came from, and a keyed digest of the browser's own mark; sessions from before have neither.
    address: Mapped[str | None] = mapped_column(String(64))
    device_digest: Mapped[str | None] = mapped_column(hex_digest())
    # What was unusual about it: codes, parted by a blank.
    oddities: Mapped[str] = mapped_column(String(120), default="")
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    proved_at: Mapped[datetime] = mapped_column(Instant)
    user_agent: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    end_reason: Mapped[str | None] = mapped_column(code())


class SecondFactor(Base):
    """The second factor of an account: a secret shared with an app on a telephone (RFC 6238), encrypted at rest.

    `last_step` is the last half minute whose code was taken; it only grows, so no code counts twice. `last_use` tells the form
    that this was: the same form sent twice is the same use.
    """

    __tablename__ = "second_factor"
    __table_args__ = (
        CheckConstraint("last_step >= 0", name="last_step_not_negative"),
        {"info": kept(RetentionClass.WHILE_IN_FORCE)},
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(200))
    last_step: Mapped[int]
    last_use: Mapped[str | None] = mapped_column(hex_digest())
    enrolled_at: Mapped[datetime] = mapped_column(Instant)


class SecondFactorRecovery(Base):
    """A request to remove somebody's second factor, and what became of it. Never decided by who asked or whom it concerns."""

    __tablename__ = "second_factor_recovery"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_outcome"),
        CheckConstraint(
            "(COALESCE(outcome, 'lapsed') = 'lapsed') = (decided_by IS NULL)", name="decided_by_somebody"
        ),
        CheckConstraint("requested_by <> person_id", name="asked_for_another"),
        CheckConstraint(
            "outcome <> 'confirmed' OR (decided_by <> requested_by AND decided_by <> person_id)",
            name="two_persons",
        ),
        Index(
            "ix_second_factor_recovery_open",
            "person_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        {"info": kept(RetentionClass.THREE_YEARS)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(400))
    # Opens the digest that the journal keeps of the reason.
    salt: Mapped[str] = mapped_column(String(32))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(code())
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class SignInThrottle(Base):
    """Failed attempts for an account name or an address. It delays; it never locks for good."""

    __tablename__ = "sign_in_throttle"
    __table_args__ = ({"info": kept(RetentionClass.TECHNICAL)},)

    key_digest: Mapped[str] = mapped_column(hex_digest(), primary_key=True)
    failures: Mapped[int]
    last_failure_at: Mapped[datetime] = mapped_column(Instant)


class InventoryRound(Base):
    """One アカウント棚卸し: of a quarter of a 年度, once. The regular job closes it when it has suspended what nobody confirmed."""

    __tablename__ = "inventory_round"
    __table_args__ = (
        UniqueConstraint("fiscal_year", "quarter"),
        CheckConstraint("quarter BETWEEN 1 AND 4", name="quarter"),
        CheckConstraint("suspend_on > due_on", name="days"),
        {"info": kept(RetentionClass.THREE_YEARS)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fiscal_year: Mapped[int]
    quarter: Mapped[int]
    due_on: Mapped[date]
    suspend_on: Mapped[date]
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class InventoryLine(Base):
    """An account as it stood when a round was opened, what was decided about it, and what became of it unconfirmed."""

    __tablename__ = "inventory_line"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_pair"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_together"),
        CheckConstraint("COALESCE(decision, '') <> 'stop' OR reason <> ''", name="stop_has_a_reason"),
        CheckConstraint("decision IS NULL OR ending IS NULL", name="decided_or_ended"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index("ix_inventory_line_account", "account_id"),
        {"info": kept(RetentionClass.THREE_YEARS)},
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_round.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    last_sign_in_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_on: Mapped[date | None]
    # Codes of HeldRole and Concern, as canonical JSON.
    roles: Mapped[str] = mapped_column(Text)
    concerns: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)
    decision: Mapped[str | None] = mapped_column(code())
    reason: Mapped[str] = mapped_column(String(400), default="")
    # Opens the digest that the journal keeps of the reason.
    salt: Mapped[str] = mapped_column(String(32), default="")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    ending: Mapped[str | None] = mapped_column(code())


GUARDS: tuple[Guard, ...] = (
    Guard(
        table="second_factor_recovery",
        unique_keys=(("id",),),
        partial_keys=((("person_id",), "{row}.outcome IS NULL"),),
        frozen="{row}.outcome IS NOT NULL",
    ),
)
