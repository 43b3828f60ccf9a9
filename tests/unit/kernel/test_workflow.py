"""Workflow as a table, on a small table of its own."""

from enum import StrEnum

import pytest

from app.kernel.errors import NotNow
from app.kernel.workflow import Step, diagram, next_step, reachable, steps_from


class Act(StrEnum):
    """What can be done."""

    GO = "go"
    STOP = "stop"
    BREAK = "break"


class Light(StrEnum):
    """Where it stands."""

    RED = "red"
    GREEN = "green"
    BROKEN = "broken"
    LOST = "lost"


def road_is_free(cars: int) -> str | None:
    return f"車が{cars}台います。" if cars else None


def nobody_crosses(cars: int) -> str | None:
    return "歩行者がいます。" if cars > 1 else None


ToyStep = Step[Act, Light, str, int]
GO: ToyStep = Step(
    action=Act.GO,
    source=Light.RED,
    target=Light.GREEN,
    permission="drive",
    journal_event="gone",
    guards=(road_is_free, nobody_crosses),
)
STOP: ToyStep = Step(
    action=Act.STOP, source=Light.GREEN, target=Light.RED, permission="drive", journal_event="stopped"
)
BREAK: ToyStep = Step(
    action=Act.BREAK, source=Light.GREEN, target=Light.BROKEN, permission="mend", journal_event="broken"
)
TABLE = (GO, STOP, BREAK)


def test_the_steps_of_a_state_come_in_the_order_of_the_table() -> None:
    assert steps_from(TABLE, state=Light.GREEN) == (STOP, BREAK)
    assert steps_from(TABLE, state=Light.BROKEN) == ()


def test_a_step_is_taken_when_every_guard_agrees() -> None:
    assert next_step(TABLE, state=Light.RED, action=Act.GO, facts=0) is GO
    assert next_step(TABLE, state=Light.GREEN, action=Act.STOP, facts=9) is STOP


def test_every_reason_to_wait_is_said_at_once() -> None:
    with pytest.raises(NotNow) as refused:
        next_step(TABLE, state=Light.RED, action=Act.GO, facts=2)
    assert refused.value.message == "車が2台います。\n歩行者がいます。"


@pytest.mark.parametrize(
    ("state", "action"),
    [(s, a) for s in Light for a in Act if not any(step.source == s and step.action == a for step in TABLE)],
)
def test_what_is_not_in_the_table_is_refused(state: Light, action: Act) -> None:
    with pytest.raises(NotNow, match="いまの状態では"):
        next_step(TABLE, state=state, action=action, facts=0)


def test_reachable_follows_every_step_and_ends_in_circles() -> None:
    assert reachable(TABLE, start=Light.RED) == {Light.RED, Light.GREEN, Light.BROKEN}
    assert reachable(TABLE, start=Light.LOST) == {Light.LOST}


def test_the_diagram_shows_labels_and_the_end() -> None:
    assert diagram(TABLE, start=Light.RED, state_label=lambda s: s.name, action_label=lambda a: a.name) == (
        "stateDiagram-v2\n"
        '    state "RED" as red\n'
        '    state "GREEN" as green\n'
        '    state "BROKEN" as broken\n'
        "    [*] --> red\n"
        "    red --> green: GO\n"
        "    green --> red: STOP\n"
        "    green --> broken: BREAK\n"
        "    broken --> [*]"
    )
