"""flask journal: verifying the journal, sealing it, and taking seals off the machine."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from flask.cli import AppGroup

from app.cli.terminal import FILE, now, refusals
from app.db.session import reading, transaction
from app.journal.commands import seal
from app.journal.queries import Verification, exported_seal, verify
from app.journal.rules import ExportedSeal, exported_seal_from, exported_text
from app.kernel.digest import short
from app.kernel.errors import NotNow

journal = AppGroup("journal", help="操作ログの検証と封印")

_NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_BY_HAND: Final = "operator"


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
