"""What evidence that only a disposed thing cited leaves: nothing. Its bytes are removed by the regular jobs once no row names them."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from app.disposal.commands import discard_rows
from app.disposal.rules import NamedKind
from app.evidence.models import Evidence, EvidenceFile


def discard_pieces(session: Session, *, batch_id: UUID) -> Mapping[str, int]:
    """Delete the evidence that an approved batch names, after whatever cited it."""
    records = (
        (EvidenceFile, EvidenceFile.evidence_id, NamedKind.EVIDENCE),
        (Evidence, Evidence.id, NamedKind.EVIDENCE),
    )
    return discard_rows(session, batch_id=batch_id, records=records)
