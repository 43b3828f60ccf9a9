"""The ruler: checklists in sealed editions."""
