"""Looking into files that people send, and handing them out clean. No database; nothing is ever executed or rendered."""

from app.evidence.files.cleaning import without_metadata
from app.evidence.files.looking import checked_file

__all__ = ["checked_file", "without_metadata"]
