"""flask doctor: one line for each thing that has to be as it should be."""

from typing import Final, cast

import click
from flask import current_app
from flask.cli import with_appcontext

from app.cli.terminal import now
from app.config import Settings
from app.db.session import bound
from app.health.queries import checks
from app.health.rules import Check, Depth, Mark


@click.command("doctor", help="設置の状態を調べる（× があれば 1 で終わる）")
@click.option("--full", is_flag=True, help="操作ログと証跡を全件調べる（時間がかかる）")
@with_appcontext
def doctor(*, full: bool) -> None:
    """Print every check and what to do about it; exit with 1 when one is bad."""
    found = checks(
        bound(),
        settings=cast("Settings", current_app.extensions["settings"]),
        now=now(),
        depth=Depth.FULL if full else Depth.QUICK,
    )
    for check in found:
        _echo(check)
    if any(check.mark is Mark.BAD for check in found):
        raise SystemExit(1)


def _echo(check: Check) -> None:
    click.echo(f"{check.mark} {check.sentence}")
    if check.remedy:
        click.echo(f"   → {check.remedy}")


COMMANDS: Final = (doctor,)
