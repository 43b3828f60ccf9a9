"""What the documents of a disposed campaign leave: nothing. Their files are removed by the regular jobs once no row names them."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.disposal.queries import named_in
from app.disposal.rules import NamedKind
from app.reports.models import DocumentRequest, KeptDocument


def discard_documents(session: Session, *, batch_id: UUID) -> Mapping[str, int]:
    """Delete the rows of kept documents and of requests for documents that an approved batch names."""
    connection = session.connection()
    kept = delete(KeptDocument).where(KeptDocument.revision_id.in_(named_in(batch_id, NamedKind.REVISION)))
    asked = delete(DocumentRequest).where(
        DocumentRequest.campaign_id.in_(named_in(batch_id, NamedKind.CAMPAIGN))
    )
    return {
        "kept_document": connection.execute(kept).rowcount,
        "document_request": connection.execute(asked).rowcount,
    }
