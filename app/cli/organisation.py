"""flask organisation: reading in the list of units, taking the tree of a day away, renewing what names are found by."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final, cast

import click
from flask import current_app
from flask.cli import AppGroup

from app.cli.terminal import FILE, Day, by_whom, count_line, named_actor, now, refusals, today
from app.db.session import reading, transaction
from app.kernel.errors import InvalidInput
from app.kernel.fiscal_year import plain_date
from app.kernel.ports import Ports
from app.organisation.commands import import_units
from app.organisation.commands.reorganisations import (
    ReorganisationDraft,
    confirm_reorganisation,
    planned_reorganisation,
    prepare_reorganisation,
)
from app.organisation.files import RowsRefused, new_tree, tree_csv, tree_json, tree_text, unit_rows
from app.organisation.queries import planned_units
from app.organisation.queries.outline import listed_units
from app.organisation.rules import Change, ListedUnit, NewUnit, ReorganisationPlan, Takeover, UnitRow
from app.organisation.texts import CHANGE, SUCCESSION_KIND
from app.people.commands import refresh_search

organisation_cli = AppGroup("organisation", help="所属の一覧")


@organisation_cli.command(
    "import",
    help="所属の一覧（CSV・Excel）を取り込む。--effective を付けると、その日からの組織全体（組織改正）として扱う。"
    "直すところが一つでもあれば、何も取り込まない",
)
@click.argument("file", type=FILE)
@click.option("--effective", "effective_on", type=Day(), help="組織改正の施行日")
@click.option("--title", help="組織改正の名前（なければ「施行日の組織改正」）")
@click.option("--dry-run", is_flag=True, help="確かめるだけで、取り込まない")
@click.option("--by", "staff_no", help="取り込む人の職員番号（一覧だけなら省け、OSの利用者名だけを記録）")
@click.option(
    "--confirmed-by", help="組織改正を確定するもう一人の職員番号（なければ、画面で確定するまで待つ）"
)
def import_command(
    file: Path,
    *,
    effective_on: date | None,
    title: str | None,
    dry_run: bool,
    staff_no: str | None,
    confirmed_by: str | None,
) -> None:
    """Read in a list of units, or the new tree of a reorganisation; or say what that would do."""
    with refusals():
        if effective_on is None:
            _read_list(file, staff_no=staff_no, dry_run=dry_run)
            return
        draft = ReorganisationDraft(
            title=title or f"{plain_date(effective_on)}の組織改正",
            effective_on=effective_on,
            tree=new_tree(data := file.read_bytes()),
            file_digest=sha256(data).hexdigest(),
        )
        with reading() as session:
            plan = planned_reorganisation(session, draft=draft, ports=_ports())
        _say(plan, names=_names(draft))
        if dry_run:
            click.echo("確かめました（取り込んでいません）")
            return
        _prepare(draft, staff_no=staff_no, confirmed_by=confirmed_by)


def _read_list(file: Path, *, staff_no: str | None, dry_run: bool) -> None:
    rows = _rows(file)
    if dry_run:
        with reading() as session:
            plan = planned_units(session, rows=rows, ports=_ports())
    else:
        with transaction() as session:
            by = by_whom(session, staff_no=staff_no)
            plan = import_units(session, rows=rows, by=by, ports=_ports(), now=now())
    heading = "確かめました（取り込んでいません）" if dry_run else "取り込みました"
    click.echo(f"{heading}：{count_line(Counter(plan.outcomes.values()))}")


def _prepare(draft: ReorganisationDraft, *, staff_no: str | None, confirmed_by: str | None) -> None:
    if staff_no is None:
        raise InvalidInput.of("組織改正には、準備する人の職員番号が要ります（--by）。")
    with transaction() as session:
        by = named_actor(session, staff_no=staff_no)
        reorganisation_id = prepare_reorganisation(session, actor=by, draft=draft, ports=_ports(), now=now())
        if confirmed_by is not None:
            confirm_reorganisation(
                session,
                actor=named_actor(session, staff_no=confirmed_by),
                reorganisation_id=reorganisation_id,
                seen_version=1,
                ports=_ports(),
                now=now(),
            )
    ending = (
        "確定しました" if confirmed_by else "準備しました。もう一人が画面で確定すると、施行日から効きます"
    )
    click.echo(f"{ending}：{reorganisation_id}")


def _say(plan: ReorganisationPlan, *, names: Mapping[str, str]) -> None:
    for change in plan.changes:
        words = "・".join(CHANGE[one] for one in change.changes)
        known = change.after or change.before
        was = f"（前は {change.before.name}）" if Change.RENAMED in change.changes and change.before else ""
        click.echo(f"{words}　{change.code}　{known.name if known else ''}{was}")
    for one in plan.successions:
        rest = (
            "（残りを引き継ぐ）"
            if one.takeover is Takeover.REST and len(plan.successors(one.predecessor)) > 1
            else ""
        )
        subject = f"　{one.subject}" if one.subject else ""
        click.echo(
            f"{SUCCESSION_KIND[one.kind]}　{one.predecessor} → {one.successor} {names.get(one.successor, '')}{rest}{subject}"
        )


def _names(draft: ReorganisationDraft) -> dict[str, str]:
    return {one.code: one.name for one in draft.tree if isinstance(one, NewUnit)}


def _ports() -> Ports:
    return cast("Ports", current_app.extensions["ports"])


def _rows(file: Path) -> tuple[UnitRow, ...]:
    """Read the list; a refusal names every problem, of the rows and of how they fit what is stored."""
    try:
        return unit_rows(file.read_bytes())
    except RowsRefused as refusal:
        with reading() as session:
            found = refusal.with_problems_of(lambda rows: planned_units(session, rows=rows, ports=_ports()))
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
