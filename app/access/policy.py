"""The permission table: each permission is an OR of ANDs of named predicates.

Predicates are pure functions of the actor and the subject, both as they are today; the table can be read aloud and is printed in the
README. A permission without a row, or a row with an empty alternative, cannot exist: a test and the start-up check hold it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.scope import Scope
from app.kernel.errors import NotAllowed, NotFound
from app.kernel.ids import PersonId, UnitId

P = Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the predicates know of the thing acted upon.

    Attributes:
        unit_id: the unit that answers for it today.
        belongs_to_lead: whether that is the lead division itself.
        inherited_by: units to which a part of the unit's work went, for what is sealed: they read what their predecessor did.
        recorded_by: who recorded any answer of it.
        approved_by: who approved it as head, deputy or higher head.
        reviewed_by: who judged any item of it.
        requested_by: who asked for what is to be decided, and of what is decided about a person, that person.
        next_heads: who approves when no head or deputy of the unit is free to (next higher head, then 統括).
        next_signers: who signs off when no manager is free to (統括, then CIO).
    """

    unit_id: UnitId | None = None
    belongs_to_lead: bool = False
    inherited_by: frozenset[UnitId] = field(default=frozenset())
    recorded_by: frozenset[PersonId] = field(default=frozenset())
    approved_by: frozenset[PersonId] = field(default=frozenset())
    reviewed_by: frozenset[PersonId] = field(default=frozenset())
    requested_by: frozenset[PersonId] = field(default=frozenset())
    next_heads: frozenset[PersonId] = field(default=frozenset())
    next_signers: frozenset[PersonId] = field(default=frozenset())


CITY: Final = Subject()
"""The subject of permissions that look at no unit."""

Predicate = Callable[[Actor, Subject], bool]


def is_clerk_of_unit(actor: Actor, subject: Subject) -> bool:
    """点検担当者 of the unit."""
    return subject.unit_id in actor.clerk_of


def is_head_of_unit(actor: Actor, subject: Subject) -> bool:
    """所属長 of the unit."""
    return subject.unit_id in actor.head_of


def is_deputy_of_unit(actor: Actor, subject: Subject) -> bool:
    """代決者 of the unit."""
    return subject.unit_id in actor.deputy_of


def is_next_higher_head(actor: Actor, subject: Subject) -> bool:
    """Stands in because no head or deputy of the unit is free to approve."""
    return actor.person_id in subject.next_heads


def oversees_unit(actor: Actor, subject: Subject) -> bool:
    """Leads the unit or one above it."""
    return subject.unit_id in actor.oversees


def inherits_from_unit(actor: Actor, subject: Subject) -> bool:
    """Clerk, deputy or head of a unit to which a part of the unit's work went, or above it."""
    return not subject.inherited_by.isdisjoint(actor.clerk_of | actor.deputy_of | actor.oversees)


def not_of_the_unit(actor: Actor, subject: Subject) -> bool:
    """Holds no post in the unit, not even a concurrent one."""
    return subject.unit_id not in actor.member_of | actor.head_of | actor.deputy_of | actor.clerk_of


def recorded_nothing(actor: Actor, subject: Subject) -> bool:
    """Recorded no answer of the sheet."""
    return actor.person_id not in subject.recorded_by


def approved_nothing(actor: Actor, subject: Subject) -> bool:
    """Did not approve the sheet for the unit."""
    return actor.person_id not in subject.approved_by


def reviewed_nothing(actor: Actor, subject: Subject) -> bool:
    """Judged no item of the sheet."""
    return actor.person_id not in subject.reviewed_by


def did_not_request(actor: Actor, subject: Subject) -> bool:
    """Is not the one who asked."""
    return actor.person_id not in subject.requested_by


def is_lead_divisions_own(actor: Actor, subject: Subject) -> bool:
    """The sheet is the lead division's own."""
    del actor
    return subject.belongs_to_lead


def is_another_divisions(actor: Actor, subject: Subject) -> bool:
    """The sheet is not the lead division's own."""
    del actor
    return not subject.belongs_to_lead


def is_next_signer(actor: Actor, subject: Subject) -> bool:
    """Signs off one level higher, because no manager is free to."""
    return actor.person_id in subject.next_signers


def substitutes_for_unit(actor: Actor, subject: Subject) -> bool:
    """Reviews the unit's sheet in place of the lead division (代替審査)."""
    return subject.unit_id in actor.substitutes_for


def substitutes_for_some_unit(actor: Actor, subject: Subject) -> bool:
    """Reviews in place of the lead division (代替審査)."""
    del subject
    return bool(actor.substitutes_for)


def holds_a_post(actor: Actor, subject: Subject) -> bool:
    """Works for the city in any unit."""
    del subject
    return bool(actor.member_of or actor.functions - {Function.ADMINISTRATOR})


def is_anybody(actor: Actor, subject: Subject) -> bool:
    """Is signed in."""
    del actor, subject
    return True


def _holds(function: Function, doc: str) -> Predicate:
    def predicate(actor: Actor, subject: Subject) -> bool:
        del subject
        return function in actor.functions

    predicate.__name__ = f"is_{function.value.replace('-', '_')}"
    predicate.__doc__ = doc
    return predicate


is_reviewer = _holds(Function.REVIEWER, "情報主管課の審査担当.")
is_manager = _holds(Function.MANAGER, "情報主管課長.")
is_chief = _holds(Function.CHIEF, "統括.")
is_cio = _holds(Function.CIO, "CIO.")
is_auditor = _holds(Function.AUDITOR, "監査人.")
is_administrator = _holds(Function.ADMINISTRATOR, "システム管理者.")

Alternatives = tuple[tuple[Predicate, ...], ...]

_UNINVOLVED = (not_of_the_unit, recorded_nothing, approved_nothing)
_LEAD_LINE: Alternatives = ((is_reviewer,), (is_manager,), (is_chief,))
_CITY_READERS: Alternatives = (*_LEAD_LINE, (is_cio,), (is_auditor,))
_APPROVERS: Alternatives = (
    (is_head_of_unit, recorded_nothing, reviewed_nothing),
    (is_deputy_of_unit, recorded_nothing, reviewed_nothing),
    (is_next_higher_head, recorded_nothing, reviewed_nothing),
)
_READERS: Alternatives = (
    (is_clerk_of_unit,),
    (is_deputy_of_unit,),
    (oversees_unit,),
    (inherits_from_unit,),
    (substitutes_for_unit,),
    *_CITY_READERS,
)

POLICY: Final[Mapping[Permission, Alternatives]] = {
    P.CITY_ACCESS_LOG_READ: ((is_auditor,), (is_chief,), (is_cio,)),
    P.CITY_ACCOUNT_INVENTORY_MANAGE: ((is_administrator,),),
    P.CITY_ACCOUNT_INVENTORY_READ: ((is_administrator,), (is_auditor,), (is_chief,)),
    P.CITY_ACCOUNT_MANAGE: ((is_administrator,),),
    P.CITY_CALENDAR_MANAGE: ((is_reviewer,), (is_manager,)),
    P.CITY_CAMPAIGN_OPEN: ((is_manager,),),
    P.CITY_CAMPAIGN_PREPARE: ((is_reviewer,), (is_manager,)),
    P.CITY_CAMPAIGN_READ: ((holds_a_post,),),
    P.CITY_CHECKLIST_IMPORT: ((is_reviewer,), (is_manager,)),
    P.CITY_CHECKLIST_PUBLISH: ((is_manager, did_not_request), (is_chief, did_not_request)),
    P.CITY_CHECKLIST_READ: ((holds_a_post,),),
    P.CITY_DISPOSAL_APPROVE: ((is_manager, did_not_request), (is_chief, did_not_request)),
    P.CITY_DISPOSAL_PREPARE: ((is_reviewer,), (is_manager,)),
    P.CITY_INSTALLATION_READ: ((is_administrator,),),
    P.CITY_ORGANISATION_READ: ((holds_a_post,), (is_administrator,)),
    P.CITY_PROGRESS_READ: _CITY_READERS,
    P.CITY_REMINDER_SEND: ((is_reviewer,), (is_manager,)),
    P.CITY_REORGANISATION_CONFIRM: (
        (is_manager, did_not_request),
        (is_chief, did_not_request),
        (is_administrator, did_not_request),
    ),
    P.CITY_REORGANISATION_PREPARE: ((is_reviewer,), (is_manager,), (is_administrator,)),
    P.CITY_REORGANISATION_READ: (*_CITY_READERS, (is_administrator,)),
    P.CITY_REVIEW_READ: (*_CITY_READERS, (substitutes_for_some_unit,)),
    P.CITY_REVIEW_TEMPLATE_MANAGE: ((is_reviewer,), (is_manager,)),
    P.CITY_SECOND_FACTOR_RECOVER: ((is_administrator, did_not_request),),
    P.CITY_SYSTEM_MANAGE: ((is_reviewer,), (is_manager,)),
    P.CITY_SYSTEM_READ: ((holds_a_post,),),
    P.OWN_ACCOUNT_USE: ((is_anybody,),),
    P.UNIT_ACCOUNT_INVENTORY_CONFIRM: (
        (is_head_of_unit, did_not_request),
        (is_deputy_of_unit, did_not_request),
        (oversees_unit, did_not_request),
        (is_chief, did_not_request),
        (is_administrator, did_not_request),
    ),
    P.UNIT_DUTY_NAME: ((is_head_of_unit,), (oversees_unit,)),
    P.UNIT_EXTENSION_DECIDE: (
        (is_reviewer, not_of_the_unit),
        (is_manager, not_of_the_unit),
        (is_chief, is_lead_divisions_own),
    ),
    P.UNIT_EXTENSION_REQUEST: ((is_clerk_of_unit,), (is_head_of_unit,), (is_deputy_of_unit,)),
    P.UNIT_INSPECTION_ANSWER: ((is_clerk_of_unit, reviewed_nothing), (is_head_of_unit, reviewed_nothing)),
    P.UNIT_INSPECTION_APPROVE: _APPROVERS,
    P.UNIT_INSPECTION_CLOSE: ((is_manager, not_of_the_unit), (is_chief, is_lead_divisions_own)),
    P.UNIT_INSPECTION_HISTORY: _READERS,
    P.UNIT_INSPECTION_READ: _READERS,
    P.UNIT_INSPECTION_REOPEN_CONFIRM: (
        (is_manager, not_of_the_unit, did_not_request),
        (is_chief, did_not_request),
    ),
    P.UNIT_INSPECTION_REOPEN_REQUEST: (
        (is_reviewer, not_of_the_unit),
        (is_manager, not_of_the_unit),
        (substitutes_for_unit, not_of_the_unit),
    ),
    P.UNIT_INSPECTION_REVIEW: (
        (is_reviewer, is_another_divisions, *_UNINVOLVED),
        (substitutes_for_unit, *_UNINVOLVED),
    ),
    P.UNIT_INSPECTION_SIGN_OFF: (
        (is_manager, is_another_divisions, *_UNINVOLVED, reviewed_nothing),
        (is_next_signer, *_UNINVOLVED, reviewed_nothing),
    ),
    P.UNIT_QUESTION_ANSWER: (
        (is_reviewer, not_of_the_unit),
        (is_manager, not_of_the_unit),
        (substitutes_for_unit, not_of_the_unit),
    ),
    P.UNIT_SECOND_FACTOR_CONFIRM: ((is_administrator, did_not_request), (oversees_unit, did_not_request)),
}

_SEEN_BY: Final[Mapping[Permission, Alternatives]] = {
    P.UNIT_ACCOUNT_INVENTORY_CONFIRM: (*POLICY[P.CITY_ACCOUNT_INVENTORY_READ], *_READERS),
    P.UNIT_SECOND_FACTOR_CONFIRM: ((is_administrator,), (oversees_unit,)),
}
"""Who sees the subject of a permission that is not about a sheet; of all others, who may read the unit's sheets sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether somebody may, and otherwise the predicate that failed in the alternative that came closest."""

    allowed: bool
    failed: Predicate | None = None


def verdict(permission: Permission, *, actor: Actor, subject: Subject = CITY) -> Verdict:
    """Judge one permission. The reason is the first failing predicate of the alternative with the most holding ones."""
    return _judged(POLICY[permission], actor=actor, subject=subject)


def _judged(alternatives: Alternatives, *, actor: Actor, subject: Subject) -> Verdict:
    closest: tuple[int, Predicate] | None = None
    for alternative in alternatives:
        failing = next(((n, p) for n, p in enumerate(alternative) if not p(actor, subject)), None)
        if failing is None:
            return Verdict(allowed=True)
        if closest is None or failing[0] > closest[0]:
            closest = failing
    return Verdict(allowed=False, failed=closest[1] if closest else None)


def may(permission: Permission, *, actor: Actor, subject: Subject = CITY) -> bool:
    """Return whether somebody may: used to hide buttons, never to protect."""
    return verdict(permission, actor=actor, subject=subject).allowed


def require(permission: Permission, *, actor: Actor, subject: Subject = CITY) -> None:
    """Let pass, or refuse: 404 where the actor may not even see the subject, 403 where they see it.

    Raises:
        NotFound: the subject lies outside of what the actor sees.
        NotAllowed: the actor sees it and may not do this; the message says why.
    """
    outcome = verdict(permission, actor=actor, subject=subject)
    if outcome.allowed:
        return
    seen_by = _SEEN_BY.get(permission, POLICY[P.UNIT_INSPECTION_READ])
    about_a_unit = subject.unit_id is not None or permission in _SEEN_BY
    if about_a_unit and not _judged(seen_by, actor=actor, subject=subject).allowed:
        raise NotFound
    raise NotAllowed(REASONS.get(outcome.failed.__name__ if outcome.failed else "", DEFAULT_REASON))


DEFAULT_REASON: Final = (
    "この操作は、あなたの役割ではできません。役割が違うと思うときは、情報主管課に聞いてください。"
)
REASONS: Final[Mapping[str, str]] = {
    "recorded_nothing": "自分が記録した回答は、自分では承認も審査もできません。代決者か、ひとつ上の所属長に頼んでください。",
    "approved_nothing": "自分が承認した点検票は、審査も確定もできません。ほかの担当者に頼んでください。",
    "reviewed_nothing": "自分が審査した点検票では、回答も承認も確定もできません。審査していない人に頼んでください。",
    "not_of_the_unit": "自分の所属の点検票は、審査も確定もできません。ほかの担当者に頼んでください。",
    "is_another_divisions": "情報主管課の点検票は、代替審査の所属が審査し、統括が確定します。",
    "did_not_request": "自分が申し出たことは、自分では決められません。自分についての申し出も同じです。もう一人に頼んでください。",
}


def scope_of(actor: Actor) -> Scope:
    """Return the units whose sheets somebody sees in lists: the same set that UNIT_INSPECTION_READ lets through.

    Who stands in as next higher head either leads a unit above, which lies within `oversees`, or is 統括, who sees the city.
    """
    if actor.functions & {
        Function.REVIEWER,
        Function.MANAGER,
        Function.CHIEF,
        Function.CIO,
        Function.AUDITOR,
    }:
        return Scope.city()
    return Scope.units(actor.clerk_of | actor.deputy_of | actor.oversees | actor.substitutes_for)
