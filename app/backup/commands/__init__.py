"""Making a backup, proving it, putting it back."""

from app.backup.commands.create import Created, create_backup, note_backup
from app.backup.commands.restore import (
    JournalFaults,
    Restored,
    restore_to_folder,
    restore_to_server,
    verify_backup,
)

__all__ = [
    "Created",
    "JournalFaults",
    "Restored",
    "create_backup",
    "note_backup",
    "restore_to_folder",
    "restore_to_server",
    "verify_backup",
]
