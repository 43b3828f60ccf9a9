"""The command line: `flask …`. It goes through the same commands as the pages, with the same rules and the same journal."""

from typing import Final

import click

from app.cli import (
    backup,
    checklists,
    database,
    demo,
    doctor,
    jobs,
    journal,
    organisation,
    people,
    reports,
    serve,
    setup,
)

COMMANDS: Final[tuple[click.Command, ...]] = (
    *database.COMMANDS,
    *setup.COMMANDS,
    *organisation.COMMANDS,
    *people.COMMANDS,
    *checklists.COMMANDS,
    *reports.COMMANDS,
    *journal.COMMANDS,
    *backup.COMMANDS,
    *doctor.COMMANDS,
    *jobs.COMMANDS,
    *demo.COMMANDS,
    *serve.COMMANDS,
)
