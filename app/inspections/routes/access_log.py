"""Sensitive reads leave a trace before the page is sent: in their own short transaction, one of the two things a GET may record."""

from app.db.session import transaction
from app.inspections.commands.steps import journal_subject
from app.journal.commands import record_access
from app.kernel.ids import InspectionId, UnitId
from app.web.access import actor, now


def log_access(*, inspection_id: InspectionId, unit_id: UnitId, act: str) -> None:
    """Record that somebody from outside of the unit looked at its sheet."""
    reader = actor()
    if unit_id in reader.member_of | reader.clerk_of | reader.deputy_of:
        return
    with transaction() as session:
        record_access(
            session,
            person_id=str(reader.person_id),
            subject=journal_subject(inspection_id),
            act=act,
            now=now(),
        )
