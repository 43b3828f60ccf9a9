"""flask journal: verifying the journal, sealing it, and taking seals off the machine."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

import click
from flask.cli import AppGroup

from app.cli.terminal import FILE, Day, named_actor, now, refusals, today
from app.db.session import reading, transaction
from app.inspections.queries.access_log import Wanted, access_log_page
from app.journal.commands import record_access, seal
from app.journal.queries import Verification, exported_seal, verify
from app.journal.rules import ExportedSeal, exported_seal_from, exported_text
from app.kernel.digest import short
from app.kernel.errors import NotNow
from app.kernel.fiscal_year import long_instant
from app.kernel.ids import InspectionId
from app.organisation.commands import INSTALLATION

journal = AppGroup("journal", help="操作ログの検証と封印")

_NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_BY_HAND: Final = "operator"
_MOST_READS: Final = 10_000


@journal.command("verify", help="操作ログを全件調べる（食い違いがあれば 1 で終わる）")
@click.option("--seal", "files", multiple=True, type=FILE, help="書き出してあった封印（いくつでも）")
def verify_command(files: Sequence[Path]) -> None:
    """Print the counts and every fault with its place; exit with 1 when there is any."""
    with refusals():
        exported = [exported_seal_from(path.read_text(encoding="utf-8", errors="replace")) for path in files]
        with reading() as session:
            found = verify(session, exported=exported)
    click.echo(f"記録 {found.entries} 件　対象 {found.subjects} 件　封印 {found.seals} 件")
    if exported:
        click.echo(f"書き出した封印 {len(exported)} 件と比べました。")
    _echo_faults(found)


def _echo_faults(found: Verification) -> None:
    for fault in found.faults:
        click.echo(f"× {fault.place}：{fault.message}", err=True)
    if found.faults:
        click.echo(f"食い違いが {len(found.faults)} 件あります。", err=True)
        raise SystemExit(1)
    last = f"最後の封印 {short(found.last_seal)}" if found.last_seal else "封印はまだありません"
    click.echo(f"食い違いはありません（{last}）。")


@journal.command("seal", help="操作ログを封印する")
@click.option("--export", "file", type=_NEW_FILE, help="封印を書き出すファイル（このコンピュータの外に置く）")
def seal_command(file: Path | None) -> None:
    """Bind every chain into a new seal; with --export also write it to a new file."""
    with refusals():
        _refuse_existing(file)
        with transaction() as session:
            sequence = seal(session, reason=_BY_HAND, now=now()).sequence
        click.echo(f"封印 #{sequence} を作りました。")
        if file is not None:
            _write(_newest(), path=file)


@journal.command("export-seal", help="最後の封印をファイルに書き出す")
@click.argument("file", type=_NEW_FILE)
def export_command(file: Path) -> None:
    """Write the newest seal to a new file."""
    with refusals():
        _refuse_existing(file)
        _write(_newest(), path=file)


@journal.command("access-log", help="閲覧記録：だれが、いつ、どの点検票を見たか（タブ区切り）")
@click.option("--by", "staff_no", required=True, help="取り出す職員の職員番号")
@click.option("--from", "first_day", type=Day(), help="この日から（指定しなければ30日前）")
@click.option("--to", "last_day", type=Day(), help="この日まで（指定しなければきょう）")
@click.option("--person", help="見た人の職員番号")
@click.option("--sheet", "inspection_id", type=click.UUID, help="点検票の識別番号")
def access_log_command(
    staff_no: str,
    first_day: date | None,
    last_day: date | None,
    person: str | None,
    inspection_id: UUID | None,
) -> None:
    """Print the access log, the newest read first; taking it out is itself recorded."""
    usual = Wanted.usual(today())
    with refusals():
        with reading() as session:
            actor = named_actor(session, staff_no=staff_no)
            wanted = Wanted(
                person_id=named_actor(session, staff_no=person).person_id if person else None,
                inspection_id=InspectionId(inspection_id) if inspection_id else None,
                first_day=first_day or usual.first_day,
                last_day=last_day or usual.last_day,
            )
            page = access_log_page(
                session, actor=actor, wanted=wanted, number=1, today=today(), size=_MOST_READS
            )
        with transaction() as session:
            record_access(
                session,
                person_id=str(actor.person_id),
                subject=INSTALLATION,
                act="access-log.read",
                now=now(),
            )
    for read in page.reads:
        thing = f"{read.sheet.unit_name}　{read.sheet.campaign_title}" if read.sheet else read.subject
        click.echo("\t".join((long_instant(read.at), read.staff_no, read.person, read.what, thing)))
    if page.total > len(page.reads):
        rest = f"{page.total:,}件のうち新しい {len(page.reads):,}件です。日付を分けて取り出してください。"
        click.echo(rest, err=True)


def _newest() -> ExportedSeal:
    with reading() as session:
        found = exported_seal(session)
    if found is None:
        raise NotNow("封印がまだありません。flask journal seal で作ってください。")
    return found


def _refuse_existing(path: Path | None) -> None:
    if path is not None and path.exists():
        raise NotNow(f"{path} はもうあります。上書きはしません。別の名前を指定してください。")


def _write(found: ExportedSeal, *, path: Path) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(exported_text(found))
    except OSError as error:
        raise NotNow(f"{path} に書き込めません（{error.strerror}）。") from error
    click.echo(f"封印 #{found.sequence}（{short(found.digest)}）を {path} に書き出しました。")
    click.echo("このファイルは、このコンピュータの外に置いてください。")


COMMANDS: Final = (journal,)
