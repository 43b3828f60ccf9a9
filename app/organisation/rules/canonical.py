"""Spans, new trees and plans as the values that are kept and sealed: canonical JSON in, typed values out."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from app.kernel.digest import canonical, digest_of
from app.organisation.rules.reorganisation import (
    EndingUnit,
    NewTree,
    NewUnit,
    Origin,
    PlannedSuccession,
    ReorganisationPlan,
)
from app.organisation.rules.succession import SuccessionKind, Takeover
from app.organisation.rules.unit_list import Histories, UnitSpan
from app.organisation.rules.units import PolicyOwner, UnitKind


def span_facts(span: UnitSpan) -> dict[str, Any]:
    """Return a span as canonical JSON takes it."""
    return {
        "code": span.code,
        "name": span.name,
        "kana": span.kana,
        "kind": span.kind.value,
        "policy_owner": span.policy_owner.value,
        "parent_code": span.parent_code,
        "sort_order": span.sort_order,
        "valid_from": span.valid_from.isoformat(),
        "valid_to": span.valid_to.isoformat() if span.valid_to else None,
    }


def span_of(facts: Mapping[str, Any]) -> UnitSpan:
    """Return the span whose facts these are."""
    return UnitSpan(
        code=facts["code"],
        name=facts["name"],
        kana=facts["kana"],
        kind=UnitKind(facts["kind"]),
        policy_owner=PolicyOwner(facts["policy_owner"]),
        parent_code=facts["parent_code"],
        sort_order=facts["sort_order"],
        valid_from=date.fromisoformat(facts["valid_from"]),
        valid_to=date.fromisoformat(facts["valid_to"]) if facts["valid_to"] else None,
    )


def histories_text(histories: Histories) -> str:
    """Return the histories of some units as they are kept; units without a history, too, are named."""
    return canonical({code: [span_facts(span) for span in spans] for code, spans in histories.items()})


def histories_of(stored: str) -> dict[str, tuple[UnitSpan, ...]]:
    """Return the histories that are kept as text."""
    return {code: tuple(span_of(facts) for facts in spans) for code, spans in json.loads(stored).items()}


def tree_text(tree: NewTree) -> str:
    """Return a new tree as it is kept."""
    return canonical(tree_facts(tree))


def tree_facts(tree: NewTree) -> list[dict[str, Any]]:
    """Return a new tree as canonical JSON takes it."""
    return [_ending_facts(one) if isinstance(one, EndingUnit) else _unit_facts(one) for one in tree]


def _ending_facts(one: EndingUnit) -> dict[str, Any]:
    return {"row": one.row, "code": one.code, "handed_to": one.handed_to}


def _unit_facts(one: NewUnit) -> dict[str, Any]:
    return {
        "row": one.row,
        "code": one.code,
        "name": one.name,
        "kana": one.kana,
        "kind": one.kind.value,
        "policy_owner": one.policy_owner.value,
        "parent_code": one.parent_code,
        "sort_order": one.sort_order,
        "origins": [
            {
                "code": origin.code,
                "kind": origin.kind.value if origin.kind else None,
                "takeover": origin.takeover.value if origin.takeover else None,
                "share": origin.share,
                "subject": origin.subject,
            }
            for origin in one.origins
        ],
    }


def tree_of(stored: str) -> tuple[NewUnit | EndingUnit, ...]:
    """Return the new tree whose facts are kept as text."""
    return tuple(_row_of(facts) for facts in json.loads(stored))


def _row_of(facts: Mapping[str, Any]) -> NewUnit | EndingUnit:
    if "handed_to" in facts:
        return EndingUnit(row=facts["row"], code=facts["code"], handed_to=facts["handed_to"])
    return NewUnit(
        row=facts["row"],
        code=facts["code"],
        name=facts["name"],
        kana=facts["kana"],
        kind=UnitKind(facts["kind"]),
        policy_owner=PolicyOwner(facts["policy_owner"]),
        parent_code=facts["parent_code"],
        sort_order=facts["sort_order"],
        origins=tuple(
            Origin(
                code=origin["code"],
                kind=SuccessionKind(origin["kind"]) if origin["kind"] else None,
                takeover=Takeover(origin["takeover"]) if origin["takeover"] else None,
                share=origin["share"],
                subject=origin["subject"],
            )
            for origin in facts["origins"]
        ),
    )


def plan_digest(plan: ReorganisationPlan) -> str:
    """Return the digest of everything that a reorganisation does."""
    return digest_of(
        {
            "effective_on": plan.effective_on.isoformat(),
            "spans": {code: [span_facts(span) for span in spans] for code, spans in plan.spans.items()},
            "successions": [_succession_facts(one) for one in plan.successions],
        }
    )


def _succession_facts(one: PlannedSuccession) -> dict[str, Any]:
    return {
        "predecessor": one.predecessor,
        "successor": one.successor,
        "kind": one.kind.value,
        "takeover": one.takeover.value,
        "share": one.share,
        "subject": one.subject,
    }
