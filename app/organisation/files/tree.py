"""The tree of a day to take away: as text, as the list of units that is read in again, as JSON."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from app.kernel.fiscal_year import long_date
from app.kernel.text import harmless_cell
from app.organisation.files.units import UNIT_COLUMNS
from app.organisation.rules import ListedUnit
from app.organisation.texts import POLICY_OWNER, UNIT_KIND


def tree_text(units: Sequence[ListedUnit], *, day: date) -> str:
    """Return the tree as indented lines: code, name, kind and whose policy binds the unit."""
    lines = [
        f"{'  ' * one.depth}{one.span.code}　{one.span.name}"
        f"（{UNIT_KIND[one.span.kind]}・{POLICY_OWNER[one.span.policy_owner]}）"
        for one in units
    ]
    return "\n".join([f"{long_date(day)}の組織　{len(units)}所属", *lines, ""])


def tree_csv(units: Iterable[ListedUnit]) -> bytes:
    """Return the units as the list that `unit_rows` reads, in UTF-8 with its mark, which Excel opens as it is."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.label for column in UNIT_COLUMNS])
    for one in units:
        span = one.span
        cells = (
            span.code,
            span.name,
            span.kana,
            UNIT_KIND[span.kind],
            POLICY_OWNER[span.policy_owner],
            span.parent_code or "",
            str(span.sort_order),
            span.valid_from.isoformat(),
            (span.valid_to - timedelta(days=1)).isoformat() if span.valid_to else "",
        )
        writer.writerow([harmless_cell(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def tree_json(units: Iterable[ListedUnit]) -> str:
    """Return the units in the order of the tree, with ids and codes; `valid_to` is the first day on which a version no longer holds."""
    content = [
        {
            "id": str(one.id),
            "code": one.span.code,
            "name": one.span.name,
            "kana": one.span.kana,
            "kind": one.span.kind.value,
            "policy_owner": one.span.policy_owner.value,
            "parent_id": str(one.parent_id) if one.parent_id else None,
            "parent_code": one.span.parent_code,
            "depth": one.depth,
            "sort_order": one.span.sort_order,
            "valid_from": one.span.valid_from.isoformat(),
            "valid_to": one.span.valid_to.isoformat() if one.span.valid_to else None,
        }
        for one in units
    ]
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
