"""Every table and guard of the house, for migrations and the start-up check: the only place that imports all models."""

from typing import Final

from app.calendar import models as calendar
from app.checklists import models as checklists
from app.db.base import Base
from app.db.guards import Guard
from app.disposal import models as disposal
from app.evidence import models as evidence
from app.health import models as health
from app.inspections import models as inspections
from app.journal import models as journal
from app.notices import models as notices
from app.organisation import models as organisation
from app.people import models as people
from app.reports import models as reports
from app.systems import models as systems
from app.web import models as web

GUARDS: Final[tuple[Guard, ...]] = (
    *journal.GUARDS,
    *organisation.GUARDS,
    *people.GUARDS,
    *checklists.GUARDS,
    *disposal.GUARDS,
    *evidence.GUARDS,
    *inspections.GUARDS,
    *reports.GUARDS,
    *systems.GUARDS,
)
METADATA: Final = Base.metadata

__all__ = ["GUARDS", "METADATA", "calendar", "health", "notices", "web"]
