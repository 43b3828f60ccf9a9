"""flask database: bringing the tables up to date."""

from typing import Final

import click
from flask.cli import AppGroup

from app.db.guards import check
from app.db.migrate import current, head, upgrade
from app.db.registry import GUARDS
from app.db.session import bound

database = AppGroup("database", help="データベースの準備と更新")


@database.command("upgrade", help="表を最新の形にする（データは残る）")
def upgrade_command() -> None:
    """Bring the database to the newest revision and install the guards."""
    upgrade(bound())
    click.echo(f"データベースは最新です（{head()}）。")


@database.command("status", help="表の形と、書き換え防止の仕組みを確かめる")
def status_command() -> None:
    """Print the revision and any missing guard; exit with 1 when something is wrong."""
    with bound().engine.connect() as connection:
        revision = current(connection)
        missing = check(connection, GUARDS) if revision else []
    click.echo(f"いま {revision or '空'} / 最新 {head()}")
    for line in missing:
        click.echo(line, err=True)
    if missing or revision != head():
        raise SystemExit(1)


COMMANDS: Final = (database,)
