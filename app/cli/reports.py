"""flask reports: documents from the command line."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast
from uuid import UUID

import click
from flask import current_app
from flask.cli import AppGroup

from app.config import Settings
from app.cli.terminal import acting
from app.jobs.documents import keep_inspection_pdf
from app.kernel.ids import InspectionId

reports = AppGroup("reports", help="書類を取り出す")
COMMANDS: Final = (reports,)
