"""flask setup: preparing a real, empty installation."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import click
from flask.cli import with_appcontext

from app.cli.terminal import Day, now, operator, refusals, today
from app.db.session import transaction
from app.people.commands import (
    FirstPeople,
    FirstPerson,
    FirstUnit,
    hash_password,
    new_first_password,
    prepare_installation,
)
from app.people.files import one_person, one_unit

_PLACES: Final = {
    "administrator": "システム管理者",
    "manager": "情報主管課長",
    "reviewer": "審査担当",
    "chief": "統括情報セキュリティ責任者",
}
_PARTS: Final = ("職員番号", "氏名", "かな")
_UNIT_PARTS: Final = ("所属コード", "所属名", "かな")

Typed = tuple[str, str, str]


@click.command("setup", help="空のデータベースに、情報主管課と最初の四人を登録する（一度だけ使える）")
@click.option("--unit", nargs=3, metavar="所属コード 所属名 かな", help="情報主管課")
@click.option("--administrator", nargs=3, metavar="職員番号 氏名 かな", help="システム管理者")
@click.option("--manager", nargs=3, metavar="職員番号 氏名 かな", help="情報主管課長")
@click.option("--reviewer", nargs=3, metavar="職員番号 氏名 かな", help="審査担当")
@click.option("--chief", nargs=3, metavar="職員番号 氏名 かな", help="統括情報セキュリティ責任者")
@click.option("--from", "first_day", type=Day(), help="最初の日（なければきょう）")
@click.option("--non-interactive", is_flag=True, help="足りないものを尋ねずに、やめる")
@with_appcontext
def setup_command(
    *,
    unit: Typed | None,
    administrator: Typed | None,
    manager: Typed | None,
    reviewer: Typed | None,
    chief: Typed | None,
    first_day: date | None,
    non_interactive: bool,
) -> None:
    """Ask for what is missing, register everything at once, and show the first passwords once."""
    given = {"administrator": administrator, "manager": manager, "reviewer": reviewer, "chief": chief}
    missing = [f"--{name}" for name, typed in {"unit": unit, **given}.items() if typed is None]
    if non_interactive and missing:
        raise click.UsageError(f"足りません：{' '.join(missing)}")
    place = unit or _asked("情報主管課", _UNIT_PARTS)
    people = {name: typed or _asked(_PLACES[name], _PARTS) for name, typed in given.items()}
    with refusals():
        passwords = _prepare(place, people, first_day=first_day or today())
    click.echo("準備ができました。最初のパスワードです（もう表示できません）。")
    for name, first in passwords.items():
        click.echo(f"{_PLACES[name]}　{people[name][0]}　{people[name][1]}　{first}")


def _asked(heading: str, parts: Sequence[str]) -> Typed:
    click.echo(heading)
    first, second, third = (str(click.prompt(f"  {part}")) for part in parts)
    return first, second, third


def _prepare(place: Typed, people: dict[str, Typed], *, first_day: date) -> dict[str, str]:
    code, name, kana = one_unit(code=place[0], name=place[1], kana=place[2])
    passwords = {role: new_first_password() for role in people}
    first = {role: _first_person(typed, password=passwords[role]) for role, typed in people.items()}
    with transaction() as session:
        prepare_installation(
            session,
            unit=FirstUnit(code=code, name=name, kana=kana),
            people=FirstPeople(**first),
            valid_from=first_day,
            by=operator(),
            now=now(),
        )
    return passwords


def _first_person(typed: Typed, *, password: str) -> FirstPerson:
    staff_no, name = one_person(staff_no=typed[0], name=typed[1], kana=typed[2])
    return FirstPerson(staff_no=staff_no, name=name, first_hash=hash_password(password))


COMMANDS: Final = (setup_command,)
