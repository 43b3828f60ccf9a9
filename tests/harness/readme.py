"""The generated parts of the README: the workflow diagram and the permission matrix, straight from the tables that run.

`python -m tests.harness.readme` writes them; a test in `tests/conventions` fails while they differ.
"""

import sys
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import POLICY, Subject, may
from app.inspections.rules import SEALED, STEPS, State
from app.inspections.texts import ACTION, STATE
from app.kernel.ids import PersonId, UnitId
from app.kernel.workflow import diagram
from app.organisation.rules import REORGANISATION_STEPS, BatchState
from app.organisation.texts import BATCH_ACTION, BATCH_STATE

README: Final = Path(__file__).resolve().parents[2] / "README.md"
OWN: Final = UnitId(UUID(int=1))
ABOVE: Final = UnitId(UUID(int=2))
LEAD: Final = UnitId(UUID(int=3))
SELF: Final = PersonId(UUID(int=9))


def _actor(
    *,
    member: UnitId | None = None,
    head: UnitId | None = None,
    deputy: UnitId | None = None,
    clerk: UnitId | None = None,
    oversees: tuple[UnitId, ...] = (),
    substitutes: UnitId | None = None,
    functions: tuple[Function, ...] = (),
) -> Actor:
    def units(*found: UnitId | None) -> frozenset[UnitId]:
        return frozenset(unit for unit in found if unit is not None)

    return Actor(
        person_id=SELF,
        account_id=None,
        staff_no="0",
        name="",
        day=date(2026, 11, 20),
        member_of=units(member),
        head_of=units(head),
        deputy_of=units(deputy),
        clerk_of=units(clerk),
        oversees=units(*oversees, head),
        substitutes_for=units(substitutes),
        functions=frozenset(functions),
    )


ROLES: Final = (
    ("点検担当者", _actor(member=OWN, clerk=OWN)),
    ("所属長", _actor(member=OWN, head=OWN)),
    ("代決者", _actor(member=OWN, deputy=OWN)),
    ("部長", _actor(member=ABOVE, head=ABOVE, oversees=(OWN,))),
    ("職員", _actor(member=OWN)),
    ("審査担当", _actor(member=LEAD, functions=(Function.REVIEWER,))),
    ("情報主管課長", _actor(member=LEAD, head=LEAD, functions=(Function.REVIEWER, Function.MANAGER))),
    ("代替審査", _actor(member=ABOVE, substitutes=LEAD)),
    ("統括", _actor(member=ABOVE, head=ABOVE, oversees=(LEAD,), functions=(Function.CHIEF,))),
    ("監査人", _actor(member=ABOVE, functions=(Function.AUDITOR,))),
    ("CIO", _actor(functions=(Function.CIO,))),
    ("管理者", _actor(functions=(Function.ADMINISTRATOR,))),
)


def workflow() -> str:
    """Return the way of a sheet as a Mermaid diagram in a fence."""
    text = diagram(
        STEPS,
        start=State.ANSWERING,
        state_label=lambda state: STATE[state],
        action_label=lambda action: ACTION[action],
    )
    reopened = "、".join(STATE[state] for state in sorted(SEALED))
    return f"```mermaid\n{text}\n```\n\n再開（{reopened}から）は、2人で行い、新しい版を回答中から始めます。元の版は封印されたまま残ります。"


def reorganisations() -> str:
    """Return the way of a reorganisation as a Mermaid diagram in a fence."""
    text = diagram(
        REORGANISATION_STEPS,
        start=BatchState.PREPARED,
        state_label=lambda state: BATCH_STATE[state],
        action_label=lambda action: BATCH_ACTION[action],
    )
    return f"```mermaid\n{text}\n```"


def steps_table() -> str:
    """Return each state's actions with their permission."""
    lines = ["| 状態 | 操作 | 次の状態 | 権限 |", "|---|---|---|---|"]
    lines += [
        f"| {STATE[step.source]} | {ACTION[step.action]} | {STATE[step.target]} | `{step.permission.value}` |"
        for step in STEPS
    ]
    return "\n".join(lines)


def matrix() -> str:
    """Return who may do what: to a sheet of another unit than the lead division's (●), to the lead division's own (◆), to both (○)."""
    lines = ["| 権限 | " + " | ".join(label for label, _ in ROLES) + " |", "|---|" + ":-:|" * len(ROLES)]
    for permission in Permission:
        cells = [_cell(permission, actor) for _, actor in ROLES]
        lines.append(f"| `{permission.value}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(permission: Permission, actor: Actor) -> str:
    ordinary = may(permission, actor=actor, subject=Subject(unit_id=OWN))
    chiefs = frozenset({SELF}) if Function.CHIEF in actor.functions else frozenset[PersonId]()
    own = may(
        permission, actor=actor, subject=Subject(unit_id=LEAD, belongs_to_lead=True, next_signers=chiefs)
    )
    return {(True, True): "○", (True, False): "●", (False, True): "◆", (False, False): ""}[ordinary, own]


def conditions() -> str:
    """Return the table of alternatives, each a chain of predicates, as the policy has them."""
    lines = ["| 権限 | 次のどれかがすべて成り立つとき |", "|---|---|"]
    for permission in Permission:
        ways = [
            " かつ ".join(f"`{predicate.__name__}`" for predicate in alternative)
            for alternative in POLICY[permission]
        ]
        lines.append(f"| `{permission.value}` | {'<br>'.join(ways)} |")
    return "\n".join(lines)


PARTS: Final = {
    "workflow": workflow,
    "steps": steps_table,
    "reorganisations": reorganisations,
    "matrix": matrix,
    "conditions": conditions,
}


def filled(text: str) -> str:
    """Return a README text with every generated part renewed between its marks."""
    for name, make in PARTS.items():
        start, end = f"<!-- {name}: generated -->", f"<!-- /{name} -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            message = f"README.md has no marks for {name}"
            raise ValueError(message)
        text = f"{before}{start}\n\n{make()}\n\n{end}{after}"
    return text


def main() -> int:
    """Renew README.md."""
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
