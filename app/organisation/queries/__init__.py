"""Reading the organisation of a day."""

from app.organisation.queries.histories import (
    codes_of_units,
    last_names,
    planned_units,
    unit_histories,
    unit_ids_by_code,
)
from app.organisation.queries.lineage import (
    computed_heirs,
    ends_without_succession,
    lineage_until,
    responsible_unit,
    stored_heirs,
)
from app.organisation.queries.trees import (
    THE_DAY,
    OnDay,
    functions_of_units,
    installation,
    tree_on,
    unit_functions_on,
    units_on,
    units_with,
    valid_on,
)

__all__ = [
    "THE_DAY",
    "OnDay",
    "codes_of_units",
    "computed_heirs",
    "ends_without_succession",
    "functions_of_units",
    "installation",
    "last_names",
    "lineage_until",
    "planned_units",
    "responsible_unit",
    "stored_heirs",
    "tree_on",
    "unit_functions_on",
    "unit_histories",
    "unit_ids_by_code",
    "units_on",
    "units_with",
    "valid_on",
]
