"""Adding and changing evidence, and keeping its bytes."""

from app.evidence.commands.disposal import discard_pieces
from app.evidence.commands.pieces import add_file, add_reference, change_description, withdraw

__all__ = ["add_file", "add_reference", "change_description", "discard_pieces", "withdraw"]
