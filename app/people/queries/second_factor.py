"""Who has a second factor, who lacks one, and requests to remove one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import Subject, may, require
from app.kernel.errors import NotFound
from app.kernel.ids import AccountId, PersonId, UnitId
from app.organisation.queries import tree_on
from app.people.models import Account, Posting, SecondFactor, SecondFactorRecovery
from app.people.queries.holders import heads_on, holders_of, people_by_id
from app.people.queries.in_force import post_held
from app.people.rules import PersonView, PostingKind, RecoveryOutcome, barred, lapses_at


def enrolled_accounts(session: Session, *, account_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return which of some accounts have a second factor."""
    rows = session.scalars(select(SecondFactor.account_id).where(SecondFactor.account_id.in_(account_ids)))
    return frozenset(rows)


def enrolled_since(session: Session, *, account_id: AccountId) -> datetime | None:
    """Return since when an account has its second factor; None when it has none."""
    return session.scalar(select(SecondFactor.enrolled_at).where(SecondFactor.account_id == account_id))


def sealed_secrets(session: Session) -> Mapping[UUID, str]:
    """Return every stored secret by its account, sealed as it is: to see whether the key still fits."""
    rows = session.execute(select(SecondFactor.account_id, SecondFactor.secret))
    return {row.account_id: row.secret for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of how many people a second factor is required, and how many of them have none yet."""

    required: int
    lacking: int


def coverage(session: Session, *, required_for: Collection[Function], day: date) -> Coverage:
    """Count the accounts in use of those who need a second factor on a day."""
    people = frozenset[PersonId]().union(
        *(holders_of(session, function=function, day=day) for function in required_for)
    )
    rows = session.execute(
        select(Account.id, SecondFactor.account_id.label("factor"))
        .outerjoin(SecondFactor, SecondFactor.account_id == Account.id)
        .where(Account.person_id.in_(people), Account.disabled_at.is_(None))
    ).all()
    return Coverage(required=len(rows), lacking=sum(1 for row in rows if row.factor is None))


# ------------------------------------------------------------------------------------------------- recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecovery:
    """A request that waits for a second person."""

    id: UUID
    requested_at: datetime
    lapses_at: datetime


def open_recovery(session: Session, *, person_id: PersonId, now: datetime) -> OpenRecovery | None:
    """Return the request about somebody that still waits; None when there is none, or it has lapsed."""
    row = session.scalars(
        select(SecondFactorRecovery).where(
            SecondFactorRecovery.person_id == person_id, SecondFactorRecovery.outcome.is_(None)
        )
    ).one_or_none()
    if row is None or now >= lapses_at(row.requested_at):
        return None
    return OpenRecovery(id=row.id, requested_at=row.requested_at, lapses_at=lapses_at(row.requested_at))


def main_unit(session: Session, *, person_id: PersonId, day: date) -> UnitId | None:
    """Return the unit of somebody's 本務 on a day, of another post, or None."""
    found = session.scalar(
        select(Posting.unit_id)
        .where(Posting.person_id == person_id, post_held(day))
        .order_by(Posting.kind != PostingKind.MAIN.value, Posting.valid_from)
        .limit(1)
    )
    return UnitId(found) if found is not None else None


def recovery_subject(session: Session, *, person_id: PersonId, requested_by: PersonId, day: date) -> Subject:
    """Return what the permission table needs to know of a request to remove somebody's factor."""
    return Subject(
        unit_id=main_unit(session, person_id=person_id, day=day),
        requested_by=barred(requested_by=requested_by, person_id=person_id),
    )


def confirmers(
    session: Session, *, person_id: PersonId, requested_by: PersonId, day: date
) -> frozenset[PersonId]:
    """Return who may confirm: the other administrators, and the heads of the person's unit and of those above it."""
    unit_id = main_unit(session, person_id=person_id, day=day)
    path = [unit.id for unit in tree_on(session, day=day).path(unit_id)] if unit_id else []
    heads = frozenset[PersonId]().union(*heads_on(session, unit_ids=path, day=day).values())
    administrators = holders_of(session, function=Function.ADMINISTRATOR, day=day)
    return (heads | administrators) - barred(requested_by=requested_by, person_id=person_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPage:
    """A request to remove somebody's second factor, for whoever may see the person's face and decide."""

    id: UUID
    person: PersonView
    unit_name: str
    requested_by: str
    requested_at: datetime
    lapses_at: datetime
    reason: str
    outcome: RecoveryOutcome | None
    decided_by: str
    ended_at: datetime | None
    may_decide: bool
    may_withdraw: bool


def require_decidable(session: Session, *, actor: Actor, recovery_id: UUID, day: date) -> None:
    """Refuse who may not decide on a request, before anything is asked of them.

    Raises:
        NotAllowed, NotFound: as the permission table has it.
    """
    row = session.get(SecondFactorRecovery, recovery_id)
    if row is None:
        raise NotFound
    subject = recovery_subject(
        session, person_id=PersonId(row.person_id), requested_by=PersonId(row.requested_by), day=day
    )
    require(Permission.UNIT_SECOND_FACTOR_CONFIRM, actor=actor, subject=subject)


def recovery_page(
    session: Session, *, actor: Actor, recovery_id: UUID, now: datetime, day: date
) -> RecoveryPage:
    """Return a request as one page shows it: also to who asked and to whom it concerns, who cannot decide.

    Raises:
        NotFound: there is none, or it is none of the actor's business.
    """
    row = session.get(SecondFactorRecovery, recovery_id)
    if row is None:
        raise NotFound
    person_id, requested_by = PersonId(row.person_id), PersonId(row.requested_by)
    subject = recovery_subject(session, person_id=person_id, requested_by=requested_by, day=day)
    allowed = may(Permission.UNIT_SECOND_FACTOR_CONFIRM, actor=actor, subject=subject)
    involved = actor.person_id in subject.requested_by
    if not allowed and not involved:
        require(Permission.UNIT_SECOND_FACTOR_CONFIRM, actor=actor, subject=subject)
    ids = {person_id, requested_by, *([PersonId(row.decided_by)] if row.decided_by else [])}
    people = people_by_id(session, person_ids=ids)
    unit = tree_on(session, day=day).by_id.get(subject.unit_id) if subject.unit_id else None
    lapsed = row.outcome is None and now >= lapses_at(row.requested_at)
    outcome = RecoveryOutcome.LAPSED if lapsed else row.outcome and RecoveryOutcome(row.outcome)
    return RecoveryPage(
        id=row.id,
        person=people[person_id],
        unit_name=unit.name if unit else "",
        requested_by=people[requested_by].name,
        requested_at=row.requested_at,
        lapses_at=lapses_at(row.requested_at),
        reason=row.reason,
        outcome=outcome or None,
        decided_by=people[PersonId(row.decided_by)].name if row.decided_by else "",
        ended_at=row.ended_at,
        may_decide=allowed and not outcome,
        may_withdraw=involved and not outcome,
    )
