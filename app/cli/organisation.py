"""flask organisation: reading in the list of units, and giving units their functions."""

from collections import Counter
from pathlib import Path
from typing import Final

import click
from flask.cli import AppGroup

from app.cli.terminal import FILE, by_whom, count_line, now, refusals
from app.db.session import reading, transaction
from app.organisation.commands import import_units
from app.organisation.files import RowsRefused, unit_rows
from app.organisation.queries import planned_units
from app.organisation.rules import UnitRow

organisation_cli = AppGroup("organisation", help="所属の一覧")


@organisation_cli.command(
    "import", help="所属の一覧（CSV）を取り込む。直すところが一つでもあれば、何も取り込まない"
)
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="確かめるだけで、取り込まない")
@click.option("--by", "staff_no", help="取り込むシステム管理者の職員番号（なければOSの利用者名だけを記録）")
def import_command(file: Path, *, dry_run: bool, staff_no: str | None) -> None:
    """Read in a list of units, or say what that would do."""
    with refusals():
        rows = _rows(file)
        if dry_run:
            with reading() as session:
                plan = planned_units(session, rows=rows)
        else:
            with transaction() as session:
                by = by_whom(session, staff_no=staff_no)
                plan = import_units(session, rows=rows, by=by, now=now())
    heading = "確かめました（取り込んでいません）" if dry_run else "取り込みました"
    click.echo(f"{heading}：{count_line(Counter(plan.outcomes.values()))}")


def _rows(file: Path) -> tuple[UnitRow, ...]:
    """Read the list; a refusal names every problem, of the rows and of how they fit what is stored."""
    try:
        return unit_rows(file.read_bytes())
    except RowsRefused as refusal:
        with reading() as session:
            found = refusal.with_problems_of(lambda rows: planned_units(session, rows=rows))
        raise found from refusal


COMMANDS: Final = (organisation_cli,)
