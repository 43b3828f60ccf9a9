"""Making the document of a sealed revision after the commit that sealed it: rendered outside of any transaction, then kept."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from app.access.actor import Actor
from app.config import Settings
from app.db.session import reading, transaction
from app.inspections.queries.sealed import sealed_sheet
from app.kernel.ids import InspectionId
from app.reports.commands import keep_document, kept_document
from app.reports.queries import inspection_pdf


def keep_inspection_pdf(
    *, actor: Actor, inspection_id: InspectionId, number: int | None, settings: Settings, now: datetime
) -> bytes:
    """Make and keep the PDF of a sealed revision, unless it is kept already; return its bytes either way.

    The document's number and its bytes follow from the sealed revision alone, so two who make it at once make the same.
    """
    with reading() as session:
        found = sealed_sheet(session, actor=actor, inspection_id=inspection_id, number=number)
        kept = kept_document(session, found=found)
    content = inspection_pdf(found, settings=settings)
    # A clash means that another process kept it meanwhile: the same bytes under the same digest.
    if kept is None:
        with suppress(IntegrityError), transaction() as session:
            keep_document(session, actor=actor, found=found, content=content, folder=settings.evidence_path, now=now)
    return content
