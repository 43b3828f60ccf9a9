"""Making the document of a sealed revision after the commit that sealed it: rendered outside of any transaction, then kept."""

import logging
from contextlib import suppress
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from app.access.actor import Actor
from app.config import Settings
from app.db.session import reading, transaction
from app.inspections.queries.sealed import sealed_sheet
from app.kernel.ids import InspectionId
from app.reports.commands import keep_document, kept_document, read_document
from app.reports.queries import inspection_pdf

log = logging.getLogger(__name__)


def keep_inspection_pdf(
    *, actor: Actor, inspection_id: InspectionId, number: int | None, settings: Settings, now: datetime
) -> bytes:
    """Make and keep the PDF of a sealed revision, unless it is kept already; return its bytes either way.

    The document's number and its bytes follow from the sealed revision alone, so two who make it at once make the same.
    """
    with reading() as session:
        found = sealed_sheet(session, actor=actor, inspection_id=inspection_id, number=number)
        kept = kept_document(session, found=found)
    if kept is not None:
        return read_document(kept, folder=settings.evidence_path)
    content = inspection_pdf(found, settings=settings)
    # A clash means that another process kept it meanwhile: the same bytes under the same digest.
    with suppress(IntegrityError), transaction() as session:
        keep_document(
            session, actor=actor, found=found, content=content, folder=settings.evidence_path, now=now
        )
    return content


class DocumentAfterSealing:
    """Makes the document right after the commit. When that fails the seal stands, and the page makes it from the seal."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
        """Make and keep the document; a failure is logged, never shown as a failed sign-off."""
        try:
            keep_inspection_pdf(
                actor=actor, inspection_id=inspection_id, number=None, settings=self._settings, now=now
            )
        except Exception:
            log.exception("the document of inspection %s could not be kept", inspection_id)
