"""What stands out about an account: nobody's post behind it, no use, roles that are kept apart, an end that is near. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.access.actor import Function
from app.kernel.ids import AccountId, PersonId, UnitId
from app.people.rules.accounts import AccountKind
from app.people.rules.roles import PersonView

UNUSED_AFTER: Final = timedelta(days=90)
ENDS_SOON: Final = timedelta(days=60)
"""What an inventory calls near."""
ENDS_AT_ONCE: Final = timedelta(days=30)
"""What the list of ends that wait for an extension shows."""


class Concern(StrEnum):
    """What stands out about an account.

    Basis: 市 情報セキュリティ対策基準 6.2(1) 利用者IDの管理 (unused ids, ids without a post), 7 兼務の禁止.
    """

    NO_POST = "no-post"
    UNUSED = "unused"
    NEVER_USED = "never-used"
    ADMINISTRATOR_AT_WORK = "administrator-at-work"
    ADMINISTRATOR_IN_CHARGE = "administrator-in-charge"
    AUDITOR_IN_LEAD = "auditor-in-lead"
    CLERK_AND_SOLE_HEAD = "clerk-and-sole-head"
    CONTRACTOR = "contractor"
    ENDS_SOON = "ends-soon"


CONFLICTS: Final = frozenset(
    {
        Concern.ADMINISTRATOR_AT_WORK,
        Concern.ADMINISTRATOR_IN_CHARGE,
        Concern.AUDITOR_IN_LEAD,
        Concern.CLERK_AND_SOLE_HEAD,
    }
)
OF_USE: Final = frozenset({Concern.UNUSED, Concern.NEVER_USED})


class HeldRole(StrEnum):
    """What somebody is, as an inventory names it."""

    HEAD = "head"
    CLERK = "clerk"
    DEPUTY = "deputy"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    SUBSTITUTE = "substitute"
    CHIEF = "chief"
    CIO = "cio"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class CityRoles:
    """The units that hold a function on a day, and the heads of each unit."""

    lead: frozenset[UnitId] = frozenset()
    substitutes: frozenset[UnitId] = frozenset()
    audit: frozenset[UnitId] = frozenset()
    heads: frozenset[tuple[UnitId, PersonId]] = frozenset()

    def heads_alone(self, unit_id: UnitId, person_id: PersonId) -> bool:
        """Return whether somebody is the only head of a unit."""
        return {person for unit, person in self.heads if unit == unit_id} == {person_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Everything that a person holds on a day, an administrator's suspended posts included."""

    person_id: PersonId
    unit_id: UnitId | None = None
    member_of: frozenset[UnitId] = field(default=frozenset())
    head_of: frozenset[UnitId] = field(default=frozenset())
    clerk_of: frozenset[UnitId] = field(default=frozenset())
    deputy_of: frozenset[UnitId] = field(default=frozenset())
    functions: frozenset[Function] = field(default=frozenset())

    def roles(self, city: CityRoles) -> tuple[HeldRole, ...]:
        """Return what the person is, in the order in which lists show it."""
        named = {HeldRole(function.value) for function in self.functions}
        held = {
            HeldRole.HEAD: bool(self.head_of),
            HeldRole.CLERK: bool(self.clerk_of),
            HeldRole.DEPUTY: bool(self.deputy_of),
            HeldRole.REVIEWER: bool(self.member_of & city.lead),
            HeldRole.MANAGER: bool(self.head_of & city.lead),
            HeldRole.SUBSTITUTE: bool(self.member_of & city.substitutes),
            HeldRole.AUDITOR: bool(self.member_of & city.audit),
        }
        return tuple(role for role in HeldRole if role in named or held.get(role))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """An account in force with what is known of its use."""

    account_id: AccountId
    person: PersonView
    kind: AccountKind
    created_on: date
    last_sign_in_on: date | None
    expires_on: date | None


def conflicts_of(held: Holding, *, city: CityRoles) -> frozenset[Concern]:
    """Return the roles of a person that the separation of duties keeps apart."""
    administers = Function.ADMINISTRATOR in held.functions
    audits = Function.AUDITOR in held.functions or held.member_of & city.audit
    business = held.member_of & (city.lead | city.substitutes | city.audit) or (
        held.functions - {Function.ADMINISTRATOR}
    )
    found = {
        Concern.ADMINISTRATOR_AT_WORK: administers and business,
        Concern.ADMINISTRATOR_IN_CHARGE: administers and held.head_of | held.clerk_of | held.deputy_of,
        Concern.AUDITOR_IN_LEAD: audits and held.member_of & city.lead,
        Concern.CLERK_AND_SOLE_HEAD: any(
            city.heads_alone(unit_id, held.person_id) for unit_id in held.clerk_of & held.head_of
        ),
    }
    return frozenset(concern for concern, holds in found.items() if holds)


def concerns_of(facts: AccountFacts, held: Holding, *, city: CityRoles, today: date) -> tuple[Concern, ...]:
    """Return what stands out about an account, in the order in which it is shown."""
    found = set(conflicts_of(held, city=city))
    if not held.member_of:
        found.add(Concern.NO_POST)
    if facts.last_sign_in_on is None:
        found.add(Concern.NEVER_USED)
    elif today - facts.last_sign_in_on >= UNUSED_AFTER:
        found.add(Concern.UNUSED)
    if facts.kind is AccountKind.CONTRACTOR:
        found.add(Concern.CONTRACTOR)
    if facts.expires_on is not None and facts.expires_on - today <= ENDS_SOON:
        found.add(Concern.ENDS_SOON)
    return tuple(concern for concern in Concern if concern in found)


class AccountList(StrEnum):
    """The lists that can be looked at on any day."""

    NO_POST = "no-post"
    UNUSED = "unused"
    CONFLICTS = "conflicts"
    ENDING = "ending"


_LISTED: Final = {
    AccountList.NO_POST: frozenset({Concern.NO_POST}),
    AccountList.UNUSED: OF_USE,
    AccountList.CONFLICTS: CONFLICTS,
}


def listed(
    chosen: AccountList, *, concerns: Iterable[Concern], expires_on: date | None, today: date
) -> tuple[Concern, ...]:
    """Return why an account stands on a list; empty when it does not."""
    if chosen is AccountList.ENDING:
        near = expires_on is not None and expires_on - today <= ENDS_AT_ONCE
        return (Concern.ENDS_SOON,) if near else ()
    return tuple(concern for concern in concerns if concern in _LISTED[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account that nobody closed, as it stands on a day. `over` says that its own last day lies behind."""

    facts: AccountFacts
    unit_id: UnitId | None
    roles: tuple[HeldRole, ...]
    concerns: tuple[Concern, ...]
    last_sign_in_at: datetime | None
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAccount:
    """An account on one of the lists, and why it is there."""

    standing: Standing
    unit_name: str
    why: tuple[Concern, ...]
