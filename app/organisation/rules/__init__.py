"""What a unit is, who takes over from it, and how a city's organisation changes. Validity is half-open: `[valid_from, valid_to)`, an open end is None."""

from app.organisation.rules.batches import (
    REORGANISATION_STEPS,
    BatchAction,
    BatchFacts,
    BatchState,
)
from app.organisation.rules.canonical import (
    histories_of,
    histories_text,
    plan_digest,
    span_facts,
    tree_of,
    tree_text,
)
from app.organisation.rules.reorganisation import (
    Change,
    EndingUnit,
    NewTree,
    NewUnit,
    Origin,
    PlannedSuccession,
    ReorganisationPlan,
    UnitChange,
    plan_reorganisation,
)
from app.organisation.rules.succession import (
    Lineage,
    Succession,
    SuccessionKind,
    Takeover,
    heirs_on,
)
from app.organisation.rules.unit_list import (
    Histories,
    Outcome,
    UnitPlan,
    UnitRow,
    UnitSpan,
    plan_units,
)
from app.organisation.rules.units import (
    InstallationKind,
    PolicyOwner,
    UnitFunction,
    UnitKind,
    UnitTree,
    UnitView,
)

__all__ = [
    "REORGANISATION_STEPS",
    "BatchAction",
    "BatchFacts",
    "BatchState",
    "Change",
    "EndingUnit",
    "Histories",
    "InstallationKind",
    "Lineage",
    "NewTree",
    "NewUnit",
    "Origin",
    "Outcome",
    "PlannedSuccession",
    "PolicyOwner",
    "ReorganisationPlan",
    "Succession",
    "SuccessionKind",
    "Takeover",
    "UnitChange",
    "UnitFunction",
    "UnitKind",
    "UnitPlan",
    "UnitRow",
    "UnitSpan",
    "UnitTree",
    "UnitView",
    "heirs_on",
    "histories_of",
    "histories_text",
    "plan_digest",
    "plan_reorganisation",
    "plan_units",
    "span_facts",
    "tree_of",
    "tree_text",
]
