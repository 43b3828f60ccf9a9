"""What the documents of a disposed campaign leave: nothing. Their files are removed by the regular jobs once no row names them."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from app.disposal.commands import discard_rows
from app.disposal.rules import NamedKind
from app.reports.models import DocumentRequest, KeptDocument


def discard_documents(session: Session, *, batch_id: UUID) -> Mapping[str, int]:
    """Delete the rows of kept documents and of requests for documents that an approved batch names."""
    records = (
        (KeptDocument, KeptDocument.revision_id, NamedKind.REVISION),
        (DocumentRequest, DocumentRequest.campaign_id, NamedKind.CAMPAIGN),
    )
    return discard_rows(session, batch_id=batch_id, records=records)
