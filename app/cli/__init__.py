"""The command line: `flask …`. It goes through the same commands as the pages, with the same rules and the same journal.

A command's module is imported when the command is called, or when help lists them all: a server never reads how backups are packed,
and each command starts without what the others need.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click
from flask.cli import AppGroup

MODULES: Final[Mapping[str, str]] = {
    "database": "app.cli.database",
    "setup": "app.cli.setup",
    "organisation": "app.cli.organisation",
    "people": "app.cli.people",
    "checklists": "app.cli.checklists",
    "reports": "app.cli.reports",
    "journal": "app.cli.journal",
    "backup": "app.cli.backup",
    "calendar": "app.cli.calendar",
    "doctor": "app.cli.doctor",
    "jobs": "app.cli.jobs",
    "demo": "app.cli.demo",
    "serve": "app.cli.serve",
}
"""Each command with the module in whose `COMMANDS` it stands."""


class Commands(AppGroup):
    """The application's commands by name, each imported when it is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *MODULES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name; None when there is none."""
        if cmd_name not in MODULES:
            return super().get_command(ctx, cmd_name)
        commands: tuple[click.Command, ...] = import_module(MODULES[cmd_name]).COMMANDS
        return next(command for command in commands if command.name == cmd_name)
