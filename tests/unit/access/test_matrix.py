"""The permission matrix: role × relation to the unit × involvement × permission, every cell.

The expected values stand here as people would read them, and are not computed from the policy. A cell says
for whom who holds a role, in one relation to the sheet's unit, a permission is given:

    .      to nobody
    *      always
    letters  unless the person is involved so: r recorded, a approved, v reviewed, q requested

Relations: own (a post in the sheet's unit), below (a post in a unit above it), above (in a unit below it), other (in none of them), lead
(the sheet is the lead division's own, and the person works elsewhere), ownlead (… and the person works there), heir (a sealed sheet of a unit
of whose work a part went to the person's), forebear (a sheet of a unit to which a part of the work of the person's went).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import pytest

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import CITY, POLICY, Subject, may
from app.kernel.ids import PersonId, UnitId, new_id

ME: Final = PersonId(new_id())
HOME, BELOW, ABOVE, ELSEWHERE, LEAD = (UnitId(new_id()) for _ in range(5))
RELATIONS: Final = ("own", "below", "above", "other", "lead", "ownlead", "heir", "forebear")
INVOLVEMENTS: Final = ("", "r", "a", "v", "q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What somebody is."""

    clerk: bool = False
    head: bool = False
    deputy: bool = False
    functions: frozenset[Function] = frozenset()
    posted: bool = True
    lead: bool = False
    substitute: bool = False
    stands_in_as_head: bool = False
    stands_in_as_signer: bool = False


ROLES: Final[Mapping[str, Role]] = {
    "clerk": Role(clerk=True),
    "head": Role(head=True),
    "deputy": Role(deputy=True),
    # 統括, where no head, deputy or higher head of the unit is free.
    "stand-in": Role(functions=frozenset({Function.CHIEF}), stands_in_as_head=True),
    "reviewer": Role(lead=True, functions=frozenset({Function.REVIEWER})),
    "manager": Role(lead=True, head=True, functions=frozenset({Function.REVIEWER, Function.MANAGER})),
    "chief": Role(functions=frozenset({Function.CHIEF})),
    # 統括 or CIO, where no manager is free.
    "signer": Role(functions=frozenset({Function.CIO}), stands_in_as_signer=True),
    "substitute": Role(substitute=True),
    "auditor": Role(functions=frozenset({Function.AUDITOR})),
    "cio": Role(functions=frozenset({Function.CIO})),
    "admin": Role(functions=frozenset({Function.ADMINISTRATOR}), posted=False),
    "staff": Role(),
    "stranger": Role(posted=False),
}

# ---------------------------------------------------------------------------------- the expected values

CAMPAIGN_TABLE: Final = """
role        ACCESS_LOG_READ ACCOUNT_MANAGE  CAMPAIGN_OPEN  CAMPAIGN_PREPARE  CAMPAIGN_READ
clerk       .               .               .              .                 *
head        .               .               .              .                 *
deputy      .               .               .              .                 *
stand-in    *               .               .              .                 *
reviewer    .               .               .              *                 *
manager     .               .               *              *                 *
chief       *               .               .              .                 *
signer      *               .               .              .                 *
substitute  .               .               .              .                 *
auditor     *               .               .              .                 *
cio         *               .               .              .                 *
admin       .               *               .              .                 .
staff       .               .               .              .                 *
stranger    .               .               .              .                 .
"""
CHECKLIST_TABLE: Final = """
role        CHECKLIST_IMPORT  CHECKLIST_PUBLISH  CHECKLIST_READ
clerk       .                 .                  *
head        .                 .                  *
deputy      .                 .                  *
stand-in    .                 q                  *
reviewer    *                 .                  *
manager     *                 q                  *
chief       .                 q                  *
signer      .                 .                  *
substitute  .                 .                  *
auditor     .                 .                  *
cio         .                 .                  *
admin       .                 .                  .
staff       .                 .                  *
stranger    .                 .                  .
"""
DIRECTORY_TABLE: Final = """
role        ORGANISATION_READ
clerk       *
head        *
deputy      *
stand-in    *
reviewer    *
manager     *
chief       *
signer      *
substitute  *
auditor     *
cio         *
admin       *
staff       *
stranger    .
"""
DISPOSAL_TABLE: Final = """
role        DISPOSAL_APPROVE  DISPOSAL_PREPARE
clerk       .                 .
head        .                 .
deputy      .                 .
stand-in    q                 .
reviewer    .                 *
manager     q                 *
chief       q                 .
signer      .                 .
substitute  .                 .
auditor     .                 .
cio         .                 .
admin       .                 .
staff       .                 .
stranger    .                 .
"""
CITY_TABLE: Final = """
role        INSTALLATION_READ PROGRESS_READ REVIEW_READ OWN_ACCOUNT_USE
clerk       .                 .             .           *
head        .                 .             .           *
deputy      .                 .             .           *
stand-in    .                 *             *           *
reviewer    .                 *             *           *
manager     .                 *             *           *
chief       .                 *             *           *
signer      .                 *             *           *
substitute  .                 .             *           *
auditor     .                 *             *           *
cio         .                 *             *           *
admin       *                 .             .           *
staff       .                 .             .           *
stranger    .                 .             .           *
"""
DESK_TABLE: Final = """
role        CALENDAR_MANAGE  REMINDER_SEND  REVIEW_TEMPLATE_MANAGE  SYSTEM_MANAGE  SYSTEM_READ
clerk       .                .              .                       .              *
head        .                .              .                       .              *
deputy      .                .              .                       .              *
stand-in    .                .              .                       .              *
reviewer    *                *              *                       *              *
manager     *                *              *                       *              *
chief       .                .              .                       .              *
signer      .                .              .                       .              *
substitute  .                .              .                       .              *
auditor     .                .              .                       .              *
cio         .                .              .                       .              *
admin       .                .              .                       .              .
staff       .                .              .                       .              *
stranger    .                .              .                       .              .
"""
ACCOUNT_TABLE: Final = """
role        SECOND_FACTOR_RECOVER
clerk       .
head        .
deputy      .
stand-in    .
reviewer    .
manager     .
chief       .
signer      .
substitute  .
auditor     .
cio         .
admin       q
staff       .
stranger    .
"""
INVENTORY_TABLE: Final = """
role        ACCOUNT_INVENTORY_MANAGE  ACCOUNT_INVENTORY_READ
clerk       .                         .
head        .                         .
deputy      .                         .
stand-in    .                         *
reviewer    .                         .
manager     .                         .
chief       .                         *
signer      .                         .
substitute  .                         .
auditor     .                         *
cio         .                         .
admin       *                         *
staff       .                         .
stranger    .                         .
"""
ORGANISATION_TABLE: Final = """
role        REORGANISATION_CONFIRM  REORGANISATION_PREPARE  REORGANISATION_READ
clerk       .                       .                       .
head        .                       .                       .
deputy      .                       .                       .
stand-in    q                       .                       *
reviewer    .                       *                       *
manager     q                       *                       *
chief       q                       .                       *
signer      .                       .                       *
substitute  .                       .                       .
auditor     .                       .                       *
cio         .                       .                       *
admin       q                       *                       *
staff       .                       .                       .
stranger    .                       .                       .
"""
UNIT_TABLES: Final[Mapping[Permission, str]] = {
    Permission.UNIT_SECOND_FACTOR_CONFIRM: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        q    q      .      .      .     q        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    .    .      .      .      .     .        .     .
        reviewer    .    .      .      .      .     .        .     .
        manager     .    .      .      .      q     q        .     .
        chief       .    .      .      .      .     .        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       q    q      q      q      q     q        q     q
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_ACCOUNT_INVENTORY_CONFIRM: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        q    q      .      .      .     q        .     .
        deputy      q    .      .      .      .     q        .     .
        stand-in    q    q      q      q      q     q        q     q
        reviewer    .    .      .      .      .     .        .     .
        manager     .    .      .      .      q     q        .     .
        chief       q    q      q      q      q     q        q     q
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       q    q      q      q      q     q        q     q
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_INSPECTION_READ: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       *    .      .      .      .     *        *     .
        head        *    *      .      .      .     *        *     .
        deputy      *    .      .      .      .     *        *     .
        stand-in    *    *      *      *      *     *        *     *
        reviewer    *    *      *      *      *     *        *     *
        manager     *    *      *      *      *     *        *     *
        chief       *    *      *      *      *     *        *     *
        signer      *    *      *      *      *     *        *     *
        substitute  .    .      .      .      *     *        .     .
        auditor     *    *      *      *      *     *        *     *
        cio         *    *      *      *      *     *        *     *
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_INSPECTION_HISTORY: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       *    .      .      .      .     *        *     .
        head        *    *      .      .      .     *        *     .
        deputy      *    .      .      .      .     *        *     .
        stand-in    *    *      *      *      *     *        *     *
        reviewer    *    *      *      *      *     *        *     *
        manager     *    *      *      *      *     *        *     *
        chief       *    *      *      *      *     *        *     *
        signer      *    *      *      *      *     *        *     *
        substitute  .    .      .      .      *     *        .     .
        auditor     *    *      *      *      *     *        *     *
        cio         *    *      *      *      *     *        *     *
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_INSPECTION_ANSWER: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       v    .      .      .      .     v        .     .
        head        v    .      .      .      .     v        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    .    .      .      .      .     .        .     .
        reviewer    .    .      .      .      .     .        .     .
        manager     .    .      .      .      v     v        .     .
        chief       .    .      .      .      .     .        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_INSPECTION_APPROVE: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        rv   .      .      .      .     rv       .     .
        deputy      rv   .      .      .      .     rv       .     .
        stand-in    rv   rv     rv     rv     rv    rv       rv    rv
        reviewer    .    .      .      .      .     .        .     .
        manager     .    .      .      .      rv    rv       .     .
        chief       .    .      .      .      .     .        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_INSPECTION_REVIEW: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        .    .      .      .      .     .        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    .    .      .      .      .     .        .     .
        reviewer    .    ra     ra     ra     .     .        ra    ra
        manager     .    ra     ra     ra     .     .        ra    ra
        chief       .    .      .      .      .     .        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      ra    .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_INSPECTION_SIGN_OFF: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        .    .      .      .      .     .        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    .    .      .      .      .     .        .     .
        reviewer    .    .      .      .      .     .        .     .
        manager     .    rav    rav    rav    .     .        rav   rav
        chief       .    .      .      .      .     .        .     .
        signer      .    rav    rav    rav    rav   .        rav   rav
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_INSPECTION_CLOSE: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        .    .      .      .      .     .        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    .    .      .      .      *     *        .     .
        reviewer    .    .      .      .      .     .        .     .
        manager     .    *      *      *      .     .        *     *
        chief       .    .      .      .      *     *        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_INSPECTION_REOPEN_REQUEST: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        .    .      .      .      .     .        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    .    .      .      .      .     .        .     .
        reviewer    .    *      *      *      .     .        *     *
        manager     .    *      *      *      .     .        *     *
        chief       .    .      .      .      .     .        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      *     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_INSPECTION_REOPEN_CONFIRM: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        .    .      .      .      .     .        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    q    q      q      q      q     q        q     q
        reviewer    .    .      .      .      .     .        .     .
        manager     .    q      q      q      .     .        q     q
        chief       q    q      q      q      q     q        q     q
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_QUESTION_ANSWER: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        .    .      .      .      .     .        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    .    .      .      .      .     .        .     .
        reviewer    .    *      *      *      .     .        *     *
        manager     .    *      *      *      .     .        *     *
        chief       .    .      .      .      .     .        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      *     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_EXTENSION_DECIDE: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        .    .      .      .      .     .        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    .    .      .      .      *     *        .     .
        reviewer    .    *      *      *      .     .        *     *
        manager     .    *      *      *      .     .        *     *
        chief       .    .      .      .      *     *        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_EXTENSION_REQUEST: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       *    .      .      .      .     *        .     .
        head        *    .      .      .      .     *        .     .
        deputy      *    .      .      .      .     *        .     .
        stand-in    .    .      .      .      .     .        .     .
        reviewer    .    .      .      .      .     .        .     .
        manager     .    .      .      .      *     *        .     .
        chief       .    .      .      .      .     .        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
    Permission.UNIT_DUTY_NAME: """
        role        own  below  above  other  lead  ownlead  heir  forebear
        clerk       .    .      .      .      .     .        .     .
        head        *    *      .      .      .     *        .     .
        deputy      .    .      .      .      .     .        .     .
        stand-in    .    .      .      .      .     .        .     .
        reviewer    .    .      .      .      .     .        .     .
        manager     .    .      .      .      *     *        .     .
        chief       .    .      .      .      .     .        .     .
        signer      .    .      .      .      .     .        .     .
        substitute  .    .      .      .      .     .        .     .
        auditor     .    .      .      .      .     .        .     .
        cio         .    .      .      .      .     .        .     .
        admin       .    .      .      .      .     .        .     .
        staff       .    .      .      .      .     .        .     .
        stranger    .    .      .      .      .     .        .     .
    """,
}


def _rows(table: str) -> dict[str, dict[str, str]]:
    head, *lines = (line.split() for line in table.strip().splitlines())
    return {line[0]: dict(zip(head[1:], line[1:], strict=True)) for line in lines}


def _expected() -> dict[tuple[Permission, str, str], str]:
    """Every cell, by permission, role and relation."""
    cells = {}
    for table in (
        ACCOUNT_TABLE,
        CAMPAIGN_TABLE,
        CHECKLIST_TABLE,
        CITY_TABLE,
        DESK_TABLE,
        DIRECTORY_TABLE,
        DISPOSAL_TABLE,
        INVENTORY_TABLE,
        ORGANISATION_TABLE,
    ):
        for role, row in _rows(table).items():
            for name, cell in row.items():
                permission = Permission[name if name.startswith("OWN") else f"CITY_{name}"]
                cells.update({(permission, role, relation): cell for relation in RELATIONS})
    for permission, table in UNIT_TABLES.items():
        for role, row in _rows(table).items():
            cells.update({(permission, role, relation): cell for relation, cell in row.items()})
    return cells


EXPECTED: Final = _expected()

# -------------------------------------------------------------------------------------------- the actors


def actor_of(role: Role, *, relation: str) -> Actor:
    """Return somebody who holds a role and has a post in the home unit of the relation."""
    home = LEAD if relation == "ownlead" else HOME
    posts = {home} if role.posted else set()
    posts |= {LEAD} if role.lead else set()
    led = {LEAD} if role.lead else {home}
    head_of = frozenset(led if role.head else ())
    return Actor(
        person_id=ME,
        account_id=None,
        staff_no="1",
        name="",
        day=date(2026, 11, 20),
        member_of=frozenset(posts),
        head_of=head_of,
        deputy_of=frozenset({home} if role.deputy else ()),
        clerk_of=frozenset({home} if role.clerk else ()),
        oversees=head_of | ({BELOW} if HOME in head_of else frozenset()),
        substitutes_for=frozenset({LEAD} if role.substitute else ()),
        functions=role.functions,
    )


def subject_of(role: Role, *, relation: str, involvement: str) -> Subject:
    """Return a sheet of the relation's unit in which the actor is involved."""
    units = {"own": HOME, "below": BELOW, "above": ABOVE, "lead": LEAD, "ownlead": LEAD}
    unit = units.get(relation, ELSEWHERE)
    me, nobody = frozenset({ME}), frozenset[PersonId]()
    return Subject(
        unit_id=unit,
        belongs_to_lead=unit == LEAD,
        inherited_by=frozenset({HOME} if relation == "heir" else ()),
        recorded_by=me if involvement == "r" else nobody,
        approved_by=me if involvement == "a" else nobody,
        reviewed_by=me if involvement == "v" else nobody,
        requested_by=me if involvement == "q" else nobody,
        next_heads=me if role.stands_in_as_head else nobody,
        next_signers=me if role.stands_in_as_signer else nobody,
    )


def test_the_table_has_every_cell() -> None:
    assert set(EXPECTED) == {
        (p, role, relation) for p in Permission for role in ROLES for relation in RELATIONS
    }


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", ROLES)
def test_each_cell_of_the_matrix(permission: Permission, role: str) -> None:
    found = {}
    for relation in RELATIONS:
        actor = actor_of(ROLES[role], relation=relation)
        given = {
            involvement: may(
                permission,
                actor=actor,
                subject=subject_of(ROLES[role], relation=relation, involvement=involvement),
            )
            for involvement in INVOLVEMENTS
        }
        found[relation] = _cell(given)
    assert found == {relation: EXPECTED[permission, role, relation] for relation in RELATIONS}


def _cell(given: Mapping[str, bool]) -> str:
    if not given[""]:
        # Whoever may not anyway may not when involved either.
        return "." if not any(given.values()) else "?"
    barred = "".join(letter for letter, allowed in given.items() if not allowed)
    return barred or "*"


@pytest.mark.parametrize("role", ROLES)
def test_what_looks_at_no_unit_is_the_same_for_the_whole_city(role: str) -> None:
    actor = actor_of(ROLES[role], relation="own")
    for permission in Permission:
        if not permission.value.startswith("unit:"):
            assert may(permission, actor=actor, subject=CITY) is (EXPECTED[permission, role, "own"] != ".")


@pytest.mark.parametrize("role", ROLES)
def test_a_permission_on_a_unit_is_never_given_without_a_unit(role: str) -> None:
    # A head of nothing is not the head of "no unit".
    actor = actor_of(ROLES[role], relation="own")
    city_readers = {"reviewer", "manager", "chief", "cio", "auditor", "signer", "stand-in"}
    given = {p for p in POLICY if p.value.startswith("unit:") and may(p, actor=actor, subject=CITY)}
    # Who has no post has no unit either: an administrator confirms for the whole city.
    assert given == set() or role in city_readers or (role, given) == ("admin", CONFIRMS)


CONFIRMS: Final = {Permission.UNIT_ACCOUNT_INVENTORY_CONFIRM, Permission.UNIT_SECOND_FACTOR_CONFIRM}


def test_an_administrator_has_no_business_rights_and_nobody_else_has_account_rights() -> None:
    of_admin = {p for (p, role, _), cell in EXPECTED.items() if role == "admin" and cell != "."}
    assert of_admin == {
        Permission.CITY_ACCOUNT_INVENTORY_MANAGE,
        Permission.CITY_ACCOUNT_INVENTORY_READ,
        Permission.CITY_SECOND_FACTOR_RECOVER,
        *CONFIRMS,
        Permission.CITY_ACCOUNT_MANAGE,
        Permission.CITY_INSTALLATION_READ,
        # Whose account it is: names and units, and nothing of any inspection.
        Permission.CITY_ORGANISATION_READ,
        Permission.CITY_REORGANISATION_CONFIRM,
        Permission.CITY_REORGANISATION_PREPARE,
        Permission.CITY_REORGANISATION_READ,
        Permission.OWN_ACCOUNT_USE,
    }
    assert {
        r for (p, r, _), cell in EXPECTED.items() if p is Permission.CITY_ACCOUNT_MANAGE and cell != "."
    } == {"admin"}
