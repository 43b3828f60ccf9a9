"""Workflow as a table.

A domain declares its steps once, as a tuple of `Step`. The refusals, the buttons on a page, the state diagram in
the README and the property tests all come from that tuple.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from app.kernel.errors import NotNow

A = TypeVar("A", bound=StrEnum)
S = TypeVar("S", bound=StrEnum)
P = TypeVar("P")
F = TypeVar("F")

Guard = Callable[[F], str | None]
"""Looks at the facts of a subject; returns a Japanese sentence when the step has to wait, None when it may go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[A, S, P, F]):
    """One way on: `action` leads from `source` to `target`, for whoever holds `permission`, while all guards agree.

    `journal_event` is the past-tense name under which the journal keeps it.
    """

    action: A
    source: S
    target: S
    permission: P
    journal_event: str
    guards: tuple[Guard[F], ...] = field(default=())


def steps_from(steps: Iterable[Step[A, S, P, F]], *, state: S) -> tuple[Step[A, S, P, F], ...]:
    """Return the steps that lead out of a state, in the order of the table."""
    return tuple(step for step in steps if step.source == state)


def next_step(steps: Sequence[Step[A, S, P, F]], *, state: S, action: A, facts: F) -> Step[A, S, P, F]:
    """Return the one step of an action from a state, or refuse with the reason.

    Raises:
        NotNow: the state has no such step, or a guard says what is still missing.
    """
    step = next((step for step in steps_from(steps, state=state) if step.action == action), None)
    if step is None:
        message = "いまの状態では、この操作はできません。ほかの人が先に進めたかもしれません。画面を開き直してください。"
        raise NotNow(message)
    reasons = [reason for guard in step.guards if (reason := guard(facts)) is not None]
    if reasons:
        raise NotNow("\n".join(reasons))
    return step


def reachable(steps: Iterable[Step[A, S, P, F]], *, start: S) -> frozenset[S]:
    """Return every state that can be reached from `start`, itself included."""
    table = tuple(steps)
    seen: set[S] = set()
    queue = [start]
    while queue:
        state = queue.pop()
        if state not in seen:
            seen.add(state)
            queue.extend(step.target for step in steps_from(table, state=state))
    return frozenset(seen)


def diagram(
    steps: Iterable[Step[A, S, P, F]],
    *,
    start: S,
    state_label: Callable[[S], str],
    action_label: Callable[[A], str],
) -> str:
    """Return the table as a Mermaid state diagram, with the labels that people see."""
    table = tuple(steps)
    states = list(dict.fromkeys([start, *(s for step in table for s in (step.source, step.target))]))
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{state_label(state)}" as {state.value}' for state in states]
    lines.append(f"    [*] --> {start.value}")
    lines += [
        f"    {step.source.value} --> {step.target.value}: {action_label(step.action)}" for step in table
    ]
    lines += [f"    {state.value} --> [*]" for state in states if not steps_from(table, state=state)]
    return "\n".join(lines)
