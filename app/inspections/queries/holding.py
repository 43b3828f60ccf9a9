"""Which unit answers for a sheet on a day: its own, or the one that followed it.

A sheet keeps the unit for which it was opened. Nothing is moved when the organisation changes: lists and single checks ask
for the unit that answers on the day, and show that one's name; what is sealed keeps the name of then.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement

from app.inspections.models import Inspection
from app.organisation.queries import THE_DAY, OnDay, responsible_unit


def holder(*, day: OnDay) -> ColumnElement[UUID]:
    """Return the unit that answers for a sheet on a day, for statements over `Inspection`."""
    return responsible_unit(Inspection.id, Inspection.unit_id, day=day)


HOLDER: Final = holder(day=THE_DAY)
"""The same for statements that are built once: they take the day as `day`."""
