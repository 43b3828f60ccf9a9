"""flask demo: the demonstration city みほん市, for trying the system out on this machine."""

from collections.abc import Iterable
from typing import Final, cast

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import inspect

from app.checklists.files import read_edition
from app.cli.demo.city import ACCOUNTS, FIRST_YEAR, PASSWORD, SECOND_YEAR, name_of
from app.cli.demo.story import Sealed, tell
from app.cli.terminal import operator, refusals
from app.config import ROOT, Settings
from app.db.session import bound, reading, transaction
from app.jobs.documents import keep_inspection_pdf
from app.journal.rules import Via
from app.kernel.clock import SystemClock, business_date
from app.kernel.errors import NotNow
from app.organisation.queries import codes_of_units, installation
from app.organisation.rules import InstallationKind
from app.people.commands import hash_password
from app.people.queries import actor_by_staff_no

demo = AppGroup("demo", help="デモ（みほん市）")

_CHECKLISTS: Final = {FIRST_YEAR: "department/2025.1.yaml", SECOND_YEAR: "department/2026.1.yaml"}
"""The edition of each year's campaign."""
_FURTHER: Final = ("person/2026.1.yaml", "system/2026.1.yaml")
"""The other checklists: one for systems, one to be read."""


def demonstration_accounts() -> tuple[tuple[str, str, str], ...]:
    """Return (role, staff number, password) of somebody for each role; everybody has the same password."""
    return tuple((role, staff_no, PASSWORD) for role, staff_no in ACCOUNTS)


@demo.command("accounts", help="デモで使える利用者の一覧")
def accounts_command() -> None:
    """Print whom to sign in as."""
    click.echo("役割　職員番号　氏名　パスワード")
    for role, staff_no, password in demonstration_accounts():
        click.echo(f"{role}　{staff_no}　{name_of(staff_no)}　{password}")


@demo.command("load", help="空のデータベースに、デモの市と2年分の点検を作る（1分ほどかかる）")
@click.option("--if-empty", is_flag=True, help="もう入っていれば、何もしない")
def load_command(*, if_empty: bool) -> None:
    """Build the demonstration, all of it or nothing."""
    settings = cast("Settings", current_app.extensions["settings"])
    with refusals():
        if _is_loaded(settings):
            if not if_empty:
                raise NotNow(
                    "デモは、もう入っています。作り直すには、データベースのファイルを消してください。"
                )
            click.echo("デモは、もう入っています。")
            return
        click.echo("デモのみほん市を作っています。1分ほどかかります。")
        sealed = _load()
        click.echo(f"点検票を作りました。確定した{len(sealed)}件の書類を作っています。")
        _keep_documents(sealed, settings=settings)
    click.echo("デモの準備ができました。利用者は flask demo accounts で示します。")


def _is_loaded(settings: Settings) -> bool:
    """Return whether the demonstration is there already.

    Raises:
        NotNow: this is no place for a demonstration: a real installation, or none that asked for one.
    """
    if not settings.demo:
        raise NotNow(
            "デモは、実際の運用と混ざらないように、環境変数 SELF_INSPECTION_DEMO=1 のあるときだけ作れます。"
        )
    if not inspect(bound().engine).has_table("installation"):
        raise NotNow("データベースの表がありません。先に flask database upgrade を実行してください。")
    with reading() as session:
        found, in_use = installation(session), bool(codes_of_units(session))
    if found is None and not in_use:
        return False
    if found is None or found.kind != InstallationKind.DEMO.value:
        raise NotNow(
            "このデータベースは、実際の運用に使われています。デモは、別の空のデータベースに作ってください。"
        )
    return True


def _load() -> tuple[Sealed, ...]:
    # What is slow comes first, outside of the transaction. One hash serves everybody: hashing is slow on
    # purpose.
    editions = {
        year: read_edition((ROOT / "checklists" / name).read_bytes(), name=name)
        for year, name in _CHECKLISTS.items()
    }
    further = [read_edition((ROOT / "checklists" / name).read_bytes(), name=name) for name in _FURTHER]
    password_hash = hash_password(PASSWORD)
    with transaction() as session:
        return tell(
            session,
            editions=editions,
            further=further,
            password_hash=password_hash,
            by=operator(),
            real_now=SystemClock().now(),
        )


def _keep_documents(sealed: Iterable[Sealed], *, settings: Settings) -> None:
    """Make the document of each sealed sheet, as its sign-off would have."""
    for one in sealed:
        with reading() as session:
            actor = actor_by_staff_no(session, staff_no=one.signer, day=business_date(one.at), via=Via.JOB)
        keep_inspection_pdf(
            actor=actor, inspection_id=one.inspection_id, number=None, settings=settings, now=one.at
        )


COMMANDS: Final = (demo,)
