"""flask organisation: reading in the list of units, taking the tree of a day away, renewing what names are found by."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Final

import click
from flask.cli import AppGroup

from app.cli.terminal import FILE, Day, by_whom, count_line, now, refusals, today
from app.db.session import reading, transaction
from app.kernel.errors import InvalidInput
from app.organisation.commands import import_units
from app.organisation.files import RowsRefused, tree_csv, tree_json, tree_text, unit_rows
from app.organisation.queries import planned_units
from app.organisation.queries.outline import listed_units
from app.organisation.rules import ListedUnit, UnitRow
from app.people.commands import refresh_search

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


@organisation_cli.command("tree", help="ある日の組織を書き出す（CSV は organisation import で取り込める）")
@click.option("--on", "day", type=Day(), help="いつの組織か（なければ今日）")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", help="書き方")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="書き出すファイル（なければ画面）"
)
def tree_command(*, day: date | None, form: str, output: Path | None) -> None:
    """Print the tree of a day, or write it to a file."""
    wanted = day or today()
    with reading() as session:
        units = listed_units(session, day=wanted)
    data = _written(units, day=wanted, form=form)
    with refusals():
        if output is None:
            click.echo(data, nl=False)
        else:
            _write(output, data)
            click.echo(f"{output} に書きました（{len(units)}所属）。")


def _written(units: tuple[ListedUnit, ...], *, day: date, form: str) -> bytes:
    if form == "csv":
        return tree_csv(units)
    return (tree_json(units) if form == "json" else tree_text(units, day=day)).encode()


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InvalidInput.of(f"{path} に書けません。書けるフォルダーを選んでください。") from error


@organisation_cli.command(
    "refresh-search", help="所属と職員を探すための鍵を作り直す（新しい版で字のまとめ方が変わったとき）"
)
@click.option("--by", "staff_no", help="作り直すシステム管理者の職員番号（なければOSの利用者名だけを記録）")
def refresh_search_command(*, staff_no: str | None) -> None:
    """Write the keys anew by which names are found."""
    with refusals(), transaction() as session:
        renewed = refresh_search(session, by=by_whom(session, staff_no=staff_no), now=now())
    click.echo(f"探すための鍵を{renewed}件作り直しました。")


COMMANDS: Final = (organisation_cli,)
