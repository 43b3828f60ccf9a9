"""flask checklists: checking edition files, importing, publishing and exporting them."""

import getpass
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, cast

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.checklists.commands import EditionDraft, import_edition, publish_edition
from app.checklists.files import (
    ancestry_from,
    diff_as_json,
    diff_as_text,
    read_edition,
    schema_text,
    to_yaml,
)
from app.checklists.files.model import EDITION_PATTERN
from app.checklists.queries import (
    Ancestry,
    all_editions,
    compared_editions,
    content_of,
    edition_named,
    label_order,
)
from app.checklists.texts import EDITION_STATE, SHEET_FOR
from app.db.session import reading, transaction
from app.journal.rules import Via
from app.kernel.clock import Clock, business_date
from app.kernel.digest import short
from app.kernel.errors import InvalidInput, Refusal
from app.kernel.fiscal_year import plain_date
from app.kernel.ports import Ports
from app.people.queries import actor_by_staff_no

checklists_cli = AppGroup("checklists", help="点検票の版を確かめる、取り込む、公開する")

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_LABEL: Final = re.compile(EDITION_PATTERN)


@checklists_cli.command(
    "check",
    help="版のファイルを確かめ、直すところを全部示す（データベースは使わない）",
    with_appcontext=False,
)
@click.argument("files", nargs=-1, required=True, type=_FILE)
def check_command(files: Sequence[Path]) -> None:
    """Print every problem of every file on stderr; exit with 1 when there is any."""
    sound = [_check(path) for path in files]
    if not all(sound):
        raise SystemExit(1)


def _check(path: Path) -> bool:
    try:
        draft = _read(path, ancestry=_ancestry_in_folder(path))
    except InvalidInput as refusal:
        click.echo(refusal.message, err=True)
        return False
    click.echo(f"{path}: 問題ありません（{len(draft.items)}項目、照合番号 {short(draft.digest)}）")
    return True


def _read(path: Path, *, ancestry: Ancestry | None = None) -> EditionDraft:
    # A bare file name says nothing of its folder, which has to agree with the content.
    shown = path if path.parent.name else path.resolve().parent.name / path
    return read_edition(path.read_bytes(), name=shown.as_posix(), ancestry=ancestry)


def _ancestry_in_folder(path: Path) -> Ancestry | None:
    """Return what the older editions in the same folder say; None where one of them cannot be read."""
    if not _LABEL.match(path.stem):
        return None
    others = [other for other in path.resolve().parent.glob("*.yaml") if _LABEL.match(other.stem)]
    try:
        return ancestry_from(
            [_read(other) for other in others if label_order(other.stem) < label_order(path.stem)]
        )
    except InvalidInput:
        return None


@checklists_cli.command("import", help="版を下書きとして取り込む")
@click.argument("file", type=_FILE)
@click.option("--by", "staff_no", required=True, help="取り込む人の職員番号")
def import_command(file: Path, staff_no: str) -> None:
    """Import an edition in the name of somebody."""
    with _refusals():
        draft = _read(file)
        with transaction() as session:
            actor = _actor(session, staff_no=staff_no)
            import_edition(session, actor=actor, draft=draft, now=_now())
    click.echo(f"取り込みました：{draft.code} {draft.label}（照合番号 {short(draft.digest)}）")


@checklists_cli.command("publish", help="版を公開する（公開したあとは変えられない）")
@click.argument("code")
@click.argument("edition")
@click.option("--by", "staff_no", required=True, help="公開する人の職員番号")
@click.option("--confirmed-by", required=True, help="確かめた人（別の人）の職員番号")
@click.option("--note", required=True, help="公開の理由")
def publish_command(code: str, edition: str, staff_no: str, confirmed_by: str, note: str) -> None:
    """Seal an edition in the name of two persons."""
    with _refusals(), transaction() as session:
        publish_edition(
            session,
            actor=_actor(session, staff_no=staff_no),
            confirmed_by=_actor(session, staff_no=confirmed_by),
            edition_id=edition_named(session, code=code, label=edition),
            note=note,
            now=_now(),
        )
    click.echo(f"公開しました：{code} {edition}")


@checklists_cli.command("export", help="取り込んだ版をファイルに書き出す")
@click.argument("code")
@click.argument("edition")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="書き出すファイル（なければ画面）"
)
def export_command(code: str, edition: str, output: Path | None) -> None:
    """Write an edition as YAML; importing it again gives the same digest."""
    with _refusals(), reading() as session:
        data = to_yaml(content_of(session, edition_id=edition_named(session, code=code, label=edition)))
    if output is None:
        click.echo(data, nl=False)
    else:
        output.write_bytes(data)


@checklists_cli.command("diff", help="取り込んだ2つの版の違いを示す（下書きも比べられる）")
@click.argument("code")
@click.argument("old")
@click.argument("new")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="人が読む文章か、プログラムが読むJSONか",
)
def diff_command(code: str, old: str, new: str, form: str) -> None:
    """Print how an edition differs from an earlier one, and how many answers each difference touches."""
    ports = cast("Ports", current_app.extensions["ports"])
    with _refusals(), reading() as session:
        page = compared_editions(session, code=code, old=old, new=new, ports=ports)
    click.echo({"text": diff_as_text, "json": diff_as_json}[form](page), nl=False)


@checklists_cli.command("list", help="取り込んだ版の一覧")
def list_command() -> None:
    """Print one line for each edition."""
    with reading() as session:
        lines = all_editions(session)
    for line in lines:
        published = plain_date(business_date(line.published_at)) if line.published_at else "―"
        click.echo(
            f"{line.code} {line.label}  {EDITION_STATE[line.state]}  {line.items}項目（{SHEET_FOR[line.subject]}）  "
            f"照合番号 {short(line.digest)}  公開 {published}"
        )


@checklists_cli.command("schema", help="版のファイルの形（JSON Schema）", with_appcontext=False)
def schema_command() -> None:
    """Print the JSON Schema of an edition file."""
    click.echo(schema_text(), nl=False)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn a refusal into its sentence on stderr and the exit code 1."""
    try:
        yield
    except Refusal as refusal:
        click.echo(refusal.message, err=True)
        raise SystemExit(1) from refusal


def _actor(session: Session, *, staff_no: str) -> Actor:
    return actor_by_staff_no(
        session, staff_no=staff_no, day=business_date(_now()), via=Via.CLI, operator=getpass.getuser()
    )


def _now() -> datetime:
    return cast("Clock", current_app.extensions["clock"]).now()


COMMANDS: Final = (checklists_cli,)
