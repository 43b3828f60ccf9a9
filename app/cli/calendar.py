"""flask calendar: the days on which the city itself is closed."""

from datetime import date
from typing import Final

import click
from flask.cli import AppGroup

from app.calendar.commands import add_closing_day, remove_day
from app.calendar.queries import closing_days
from app.cli.terminal import Day, named_actor, now, refusals
from app.db.session import reading, transaction
from app.kernel.fiscal_year import long_date

calendar = AppGroup("calendar", help="市の閉庁日")


@calendar.command("list", help="市が決めた閉庁日の一覧（土日・祝日・年末年始は、書かなくても閉庁日）")
def list_command() -> None:
    """Print the city's own closed days by date."""
    with reading() as session:
        found = closing_days(session)
    for day, name in found:
        click.echo(f"{day.isoformat()}　{long_date(day)}　{name}")
    if not found:
        click.echo("市が決めた閉庁日は、まだありません。")


@calendar.command("add", help="閉庁日を足す")
@click.argument("day", type=Day())
@click.argument("name")
@click.option("--by", required=True, help="足す人（情報主管課）の職員番号")
def add_command(*, day: date, name: str, by: str) -> None:
    """Close the city on a day."""
    with refusals(), transaction() as session:
        add_closing_day(session, actor=named_actor(session, staff_no=by), day=day, name=name, now=now())
    click.echo(f"閉庁日にしました：{long_date(day)}　{name}")


@calendar.command("remove", help="閉庁日から外す")
@click.argument("day", type=Day())
@click.option("--by", required=True, help="外す人（情報主管課）の職員番号")
def remove_command(*, day: date, by: str) -> None:
    """Open the city again on a day."""
    with refusals(), transaction() as session:
        remove_day(session, actor=named_actor(session, staff_no=by), day=day, now=now())
    click.echo(f"閉庁日から外しました：{long_date(day)}")


COMMANDS: Final = (calendar,)
