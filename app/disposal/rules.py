"""What a disposal batch names, and how it ends.

Basis: 市 文書管理規程 (廃棄の承認): whoever keeps records disposes of them with the approval of another; what was disposed of, when and by
whom stays on record.
"""

from enum import StrEnum


class NamedKind(StrEnum):
    """Under what a record is named: itself, or the thing that it is a part of."""

    CAMPAIGN = "campaign"
    INSPECTION = "inspection"
    REVISION = "revision"
    EVIDENCE = "evidence"


class DisposalOutcome(StrEnum):
    """How a prepared disposal ended."""

    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
