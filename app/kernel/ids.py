"""Identifiers are types, so that a unit's id never slips into the place of a person's."""

from typing import NewType
from uuid import UUID, uuid4

SystemId = NewType("SystemId", UUID)
UnitId = NewType("UnitId", UUID)
PersonId = NewType("PersonId", UUID)
AccountId = NewType("AccountId", UUID)
ChecklistId = NewType("ChecklistId", UUID)
EditionId = NewType("EditionId", UUID)
ItemId = NewType("ItemId", UUID)
CampaignId = NewType("CampaignId", UUID)
InspectionId = NewType("InspectionId", UUID)
RevisionId = NewType("RevisionId", UUID)
EvidenceId = NewType("EvidenceId", UUID)


def new_id() -> UUID:
    """Return a random identifier (122 random bits): nobody guesses a neighbour's."""
    return uuid4()
