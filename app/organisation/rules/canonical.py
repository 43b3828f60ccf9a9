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
    changes_of_histories,
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


def act_text(plan: ReorganisationPlan, *, before: Histories) -> str:
    """Return what a reorganisation did as it is kept: the histories that it touched, before and after, and the successions."""
    return canonical(
        {
            "before": {code: [span_facts(span) for span in spans] for code, spans in before.items()},
            "after": {code: [span_facts(span) for span in spans] for code, spans in plan.spans.items()},
            "order": [one.code for one in plan.changes],
            "successions": [_succession_facts(one) for one in plan.successions],
        }
    )


def act_of(stored: str, *, effective_on: date) -> tuple[ReorganisationPlan, dict[str, tuple[UnitSpan, ...]]]:
    """Return what a reorganisation did, and the histories of the units that it touched as they were before."""
    facts = json.loads(stored)
    before, after = (
        {code: tuple(span_of(one) for one in spans) for code, spans in facts[part].items()}
        for part in ("before", "after")
    )
    plan = ReorganisationPlan(
        effective_on=effective_on,
        spans=after,
        changes=changes_of_histories(before, after, order=facts["order"], day=effective_on),
        successions=tuple(
            PlannedSuccession(
                predecessor=one["predecessor"],
                successor=one["successor"],
                kind=SuccessionKind(one["kind"]),
                takeover=Takeover(one["takeover"]),
                share=one["share"],
                subject=one["subject"],
            )
            for one in facts["successions"]
        ),
    )
    return plan, before


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
