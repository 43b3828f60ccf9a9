"""The way of a sheet as a table: nothing hangs, nothing is forgotten, nothing goes that is not in it."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.permissions import Permission
from app.access.policy import POLICY
from app.inspections import texts
from app.inspections.rules import (
    ANSWERABLE,
    COMPARABLE,
    DECIDED,
    DUE_OF_STATE,
    REASON_NEEDED,
    REVIEWABLE,
    SEALED,
    STEPS,
    Action,
    ApprovalKind,
    CampaignKind,
    CampaignState,
    Capacity,
    Judgement,
    SheetFacts,
    State,
    comments_are_given,
    everything_is_answered,
    everything_is_judged,
    grace_has_passed,
    grace_is_not_over,
    head_approved_exactly_this,
    nothing_is_marked,
    profile_is_confirmed,
    returns_are_answered,
    something_is_marked,
)
from app.kernel.errors import NotNow
from app.kernel.workflow import diagram, next_step, reachable, steps_from

A, S, P = Action, State, Permission
READY: Final = SheetFacts(approved_digest="d", content_digest="d", marked_for_return=1, after_grace=True)
"""Facts under which every guard but one agrees: something is marked for return."""
JUDGED: Final = replace(READY, marked_for_return=0)

# The way as the departments were told it. A change of the table has to be made here as well.
WAYS: Final[Mapping[State, Mapping[Action, tuple[State, Permission]]]] = {
    S.ANSWERING: {
        A.SUBMIT: (S.AWAITING_HEAD, P.UNIT_INSPECTION_ANSWER),
        A.CLOSE_UNSUBMITTED: (S.CLOSED_UNSUBMITTED, P.UNIT_INSPECTION_CLOSE),
    },
    S.AWAITING_HEAD: {
        A.WITHDRAW: (S.ANSWERING, P.UNIT_INSPECTION_ANSWER),
        A.RETURN_TO_CLERK: (S.ANSWERING, P.UNIT_INSPECTION_APPROVE),
        A.APPROVE: (S.SUBMITTED, P.UNIT_INSPECTION_APPROVE),
        A.CLOSE_UNSUBMITTED: (S.CLOSED_UNSUBMITTED, P.UNIT_INSPECTION_CLOSE),
    },
    S.SUBMITTED: {A.START_REVIEW: (S.UNDER_REVIEW, P.UNIT_INSPECTION_REVIEW)},
    S.UNDER_REVIEW: {
        A.RETURN_ITEMS: (S.RETURNED, P.UNIT_INSPECTION_REVIEW),
        A.FINISH_REVIEW: (S.REVIEWED, P.UNIT_INSPECTION_REVIEW),
    },
    S.RETURNED: {
        A.SUBMIT: (S.AWAITING_REAPPROVAL, P.UNIT_INSPECTION_ANSWER),
        A.CANCEL_RETURN: (S.UNDER_REVIEW, P.UNIT_INSPECTION_REVIEW),
    },
    S.AWAITING_REAPPROVAL: {
        A.WITHDRAW: (S.RETURNED, P.UNIT_INSPECTION_ANSWER),
        A.RETURN_TO_CLERK: (S.RETURNED, P.UNIT_INSPECTION_APPROVE),
        A.APPROVE: (S.UNDER_REVIEW, P.UNIT_INSPECTION_APPROVE),
        A.CANCEL_RETURN: (S.UNDER_REVIEW, P.UNIT_INSPECTION_REVIEW),
    },
    S.REVIEWED: {
        A.RETAKE_REVIEW: (S.UNDER_REVIEW, P.UNIT_INSPECTION_REVIEW),
        A.RESUME_REVIEW: (S.UNDER_REVIEW, P.UNIT_INSPECTION_SIGN_OFF),
        A.SIGN_OFF: (S.SIGNED_OFF, P.UNIT_INSPECTION_SIGN_OFF),
    },
    S.SIGNED_OFF: {},
    S.CLOSED_UNSUBMITTED: {},
    S.EXCLUDED: {},
}
EVERYWHERE: Final = {A.EXCLUDE: (S.EXCLUDED, P.UNIT_INSPECTION_CLOSE)}
"""A unit can be taken out of a running campaign from every state that is not sealed."""


def ways(state: State) -> dict[Action, tuple[State, Permission]]:
    return {**WAYS[state], **({} if state in SEALED else EVERYWHERE)}


@pytest.mark.parametrize("state", State)
def test_the_steps_of_each_state_are_the_ones_that_were_agreed(state: State) -> None:
    found = {step.action: (step.target, step.permission) for step in steps_from(STEPS, state=state)}
    assert found == ways(state)


def test_no_state_has_two_steps_for_one_action() -> None:
    assert len({(step.source, step.action) for step in STEPS}) == len(STEPS)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_whatever_is_not_in_the_table_is_refused(state: State, action: Action) -> None:
    facts = JUDGED if action is not A.RETURN_ITEMS else READY
    facts = replace(facts, after_grace=action is not A.WITHDRAW)
    if action in ways(state):
        assert next_step(STEPS, state=state, action=action, facts=facts).target is ways(state)[action][0]
    else:
        with pytest.raises(NotNow, match="いまの状態では"):
            next_step(STEPS, state=state, action=action, facts=facts)


def test_every_state_can_be_reached() -> None:
    assert reachable(STEPS, start=S.ANSWERING) == frozenset(State)


@pytest.mark.parametrize("state", sorted(set(State) - SEALED))
def test_sign_off_stays_reachable_from_every_open_state_without_excluding_the_unit(state: State) -> None:
    onwards = [step for step in STEPS if step.action not in {A.EXCLUDE, A.CLOSE_UNSUBMITTED}]
    assert S.SIGNED_OFF in reachable(onwards, start=state)


@pytest.mark.parametrize("state", sorted(SEALED))
def test_nothing_leads_out_of_a_sealed_state(state: State) -> None:
    assert reachable(STEPS, start=state) == {state}


def test_only_a_heads_approval_leads_out_of_the_department() -> None:
    """A cancelled return leads out as well, with what the head had approved before."""
    inside = {S.ANSWERING, S.AWAITING_HEAD}
    out = {step.action for step in STEPS if step.source in inside and step.target not in inside | SEALED}
    assert out == {A.APPROVE}
    again = {
        step.action
        for step in STEPS
        if step.source is S.AWAITING_REAPPROVAL and step.target is S.UNDER_REVIEW
    }
    assert again == {A.APPROVE, A.CANCEL_RETURN}


def test_sets_of_states_and_actions_fit_the_table() -> None:
    assert {S.ANSWERING, S.RETURNED} == ANSWERABLE
    assert {S.SUBMITTED, S.UNDER_REVIEW} == REVIEWABLE
    assert {S.SIGNED_OFF, S.CLOSED_UNSUBMITTED} == COMPARABLE
    assert {*COMPARABLE, S.EXCLUDED} == SEALED
    assert set(DUE_OF_STATE) == set(State) - SEALED
    assert {
        A.RETURN_TO_CLERK,
        A.RESUME_REVIEW,
        A.CANCEL_RETURN,
        A.CLOSE_UNSUBMITTED,
        A.EXCLUDE,
    } == REASON_NEEDED
    assert set(Judgement) - DECIDED == {Judgement.RETURNED}


# ------------------------------------------------------------------------------------------- labels


def test_every_permission_of_a_step_is_in_the_policy() -> None:
    assert {step.permission for step in STEPS} <= set(POLICY)


@pytest.mark.parametrize(
    ("labels", "codes"),
    [
        (texts.STATE, State),
        (texts.ACTION, Action),
        (texts.JUDGEMENT, Judgement),
        (texts.CAMPAIGN_STATE, CampaignState),
        (texts.CAMPAIGN_KIND, CampaignKind),
        (texts.APPROVAL_KIND, ApprovalKind),
        (texts.CAPACITY, Capacity),
    ],
)
def test_every_code_has_its_own_label(labels: Mapping[StrEnum, str], codes: type[StrEnum]) -> None:
    assert set(labels) == set(codes)
    assert len(set(labels.values())) == len(labels)
    assert all(labels.values())


def test_every_event_has_its_own_label() -> None:
    assert recorded_events() - set(texts.EVENT) == set()
    assert len(set(texts.EVENT.values())) == len(texts.EVENT)


def recorded_events() -> set[str]:
    """Every event that the commands of this domain write into the chain of a sheet."""
    folder = Path(str(texts.__file__)).parent / "commands"
    calls = (
        node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )
    keywords = (
        word for node in calls if isinstance(node, ast.Call) for word in node.keywords if word.arg == "event"
    )
    literal = {str(word.value.value) for word in keywords if isinstance(word.value, ast.Constant)}
    return {step.journal_event for step in STEPS} | {
        event for event in literal if not event.startswith(("campaign.", "review.", "review-template."))
    }


def test_an_event_tells_its_step_apart() -> None:
    by_event: dict[str, set[tuple[Action, State]]] = {}
    for step in STEPS:
        by_event.setdefault(step.journal_event, set()).add((step.action, step.target))
    assert all(len(meanings) == 1 for meanings in by_event.values())


def test_the_diagram_names_every_state_and_every_button() -> None:
    drawn = diagram(
        STEPS, start=S.ANSWERING, state_label=texts.STATE.__getitem__, action_label=texts.ACTION.__getitem__
    )
    assert all(label in drawn for label in (*texts.STATE.values(), *texts.ACTION.values()))
    assert drawn.count("--> [*]") == len(SEALED)


# ------------------------------------------------------------------------------------------- guards


Guard = Callable[[SheetFacts], str | None]
COMPLETE: Final[set[Guard]] = {profile_is_confirmed, everything_is_answered, comments_are_given}
GUARDS_OF: Final[Mapping[tuple[Action, State], set[Guard]]] = {
    (A.SUBMIT, S.ANSWERING): COMPLETE,
    (A.APPROVE, S.AWAITING_HEAD): COMPLETE,
    (A.SUBMIT, S.RETURNED): {*COMPLETE, returns_are_answered},
    (A.APPROVE, S.AWAITING_REAPPROVAL): COMPLETE,
    (A.RETURN_ITEMS, S.UNDER_REVIEW): {something_is_marked},
    (A.FINISH_REVIEW, S.UNDER_REVIEW): {
        nothing_is_marked,
        everything_is_judged,
        head_approved_exactly_this,
    },
    (A.SIGN_OFF, S.REVIEWED): {everything_is_judged, head_approved_exactly_this},
    (A.WITHDRAW, S.AWAITING_HEAD): {grace_is_not_over},
    (A.CLOSE_UNSUBMITTED, S.ANSWERING): {grace_has_passed},
    (A.CLOSE_UNSUBMITTED, S.AWAITING_HEAD): {grace_has_passed},
}


def test_each_step_waits_for_exactly_its_guards() -> None:
    assert {(s.action, s.source): set(s.guards) for s in STEPS if s.guards} == GUARDS_OF


DIGESTS = st.sampled_from([None, "a", "b"])
FACTS = st.builds(
    SheetFacts,
    flags_open=st.integers(0, 3),
    unanswered=st.integers(0, 3),
    comments_missing=st.integers(0, 3),
    returns_open=st.integers(0, 3),
    marked_for_return=st.integers(0, 3),
    undecided=st.integers(0, 3),
    approved_digest=DIGESTS,
    content_digest=DIGESTS,
    after_grace=st.booleans(),
)
WAITS: Final[Mapping[Guard, Callable[[SheetFacts], bool]]] = {
    profile_is_confirmed: lambda facts: facts.flags_open > 0,
    everything_is_answered: lambda facts: facts.unanswered > 0,
    comments_are_given: lambda facts: facts.comments_missing > 0,
    returns_are_answered: lambda facts: facts.returns_open > 0,
    something_is_marked: lambda facts: facts.marked_for_return == 0,
    nothing_is_marked: lambda facts: facts.marked_for_return > 0,
    everything_is_judged: lambda facts: facts.undecided > 0,
    head_approved_exactly_this: lambda f: f.approved_digest is None or f.approved_digest != f.content_digest,
    grace_has_passed: lambda facts: not facts.after_grace,
    grace_is_not_over: lambda facts: facts.after_grace,
}


@given(FACTS)
def test_each_guard_speaks_exactly_under_its_condition(facts: SheetFacts) -> None:
    assert {guard: guard(facts) is not None for guard in WAITS} == {
        guard: waits(facts) for guard, waits in WAITS.items()
    }


@given(FACTS)
def test_a_step_goes_exactly_when_none_of_its_guards_speaks(facts: SheetFacts) -> None:
    for step in STEPS:
        waiting = [guard for guard in GUARDS_OF.get((step.action, step.source), set()) if WAITS[guard](facts)]
        if not waiting:
            assert next_step(STEPS, state=step.source, action=step.action, facts=facts) is step
            continue
        with pytest.raises(NotNow) as refused:
            next_step(STEPS, state=step.source, action=step.action, facts=facts)
        assert len(refused.value.message.split("\n")) == len(waiting)


@pytest.mark.parametrize(
    ("guard", "facts", "sentence"),
    [
        (
            profile_is_confirmed,
            SheetFacts(flags_open=2),
            "まだ提出できません。「所属の状況」を確かめて保存してください。",
        ),
        (
            everything_is_answered,
            SheetFacts(unanswered=3),
            "まだ提出できません。答えていない項目が3件あります。",
        ),
        (
            comments_are_given,
            SheetFacts(comments_missing=1),
            "まだ提出できません。理由を書く項目が1件残っています。",
        ),
        (
            returns_are_answered,
            SheetFacts(returns_open=2),
            "まだ提出できません。差戻しに答えていない項目が2件あります。",
        ),
        (something_is_marked, SheetFacts(), "差し戻す項目に「差戻し」の印と理由を付けてから送ってください。"),
        (
            nothing_is_marked,
            SheetFacts(marked_for_return=4),
            "「差戻し」の印を付けた項目が4件あります。差戻しを送るか、判断を変えてください。",
        ),
        (
            everything_is_judged,
            SheetFacts(undecided=5),
            "まだ終えられません。判断していない項目が5件あります。",
        ),
        (
            head_approved_exactly_this,
            SheetFacts(content_digest="a", approved_digest="b"),
            "所属長が承認した内容と、いまの回答が一致しません。差し戻して、所属長の承認を受け直してください。",
        ),
        (grace_has_passed, SheetFacts(), "猶予日を過ぎてから締め切れます。"),
        (
            grace_is_not_over,
            SheetFacts(after_grace=True),
            "猶予日を過ぎたので、引き戻せません。直すときは、所属長が担当者へ差し戻します。",
        ),
    ],
)
def test_each_guard_says_what_is_missing(guard: Guard, facts: SheetFacts, sentence: str) -> None:
    assert guard(facts) == sentence
