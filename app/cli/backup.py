"""flask backup: one file with everything, proved, and put back into a new place."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn, cast

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from app.backup.commands import (
    Created,
    JournalFaults,
    Restored,
    create_backup,
    note_backup,
    restore_to_folder,
    restore_to_server,
    verify_backup,
)
from app.backup.queries import made_here_at
from app.cli.terminal import now, operator, refusals
from app.config import Settings
from app.db.session import bound, reading, transaction
from app.health.queries import sqlite_path
from app.kernel.errors import InvalidInput
from app.kernel.fiscal_year import long_instant

backup = AppGroup("backup", help="控え（バックアップ）を作る、確かめる、戻す")

_NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_NEW_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@backup.command("create", help="控えを一つのファイルに作る（使いながらでよい）")
@click.argument("file", type=_NEW_FILE)
def create_command(file: Path) -> None:
    """Write a backup and record it in the journal."""
    with _orderly():
        created = create_backup(bound(), target=file, evidence=_settings().evidence_path, now=now())
        with transaction() as session:
            note_backup(session, created=created, mark=operator(), now=now())
    _echo_created(created)


def _echo_created(created: Created) -> None:
    click.echo(f"控えを作りました：{created.path}")
    click.echo(f"  {created.rows} 行、文書 {created.files} 件、{created.size / 1024**2:.1f} MB")
    click.echo(f"  SHA-256 {created.digest}")
    click.echo("別の場所に置き、flask backup verify で確かめてください。個人の情報を含みます。")
    if created.missing:
        _echo_missing(len(created.missing))
    if created.strangers:
        count, first = len(created.strangers), created.strangers[0]
        click.echo(
            f"△ このシステムのものではないファイル {count} 件は入れていません（{first} など）。", err=True
        )


def _echo_missing(count: int) -> None:
    click.echo(
        f"△ 文書 {count} 件が、文書のフォルダにありません。前の控えから戻してください。",
        err=True,
    )


@backup.command("verify", help="控えを全部読み、試しに戻して確かめる（動いているものには触れない）")
@click.argument("file", type=_NEW_FILE)
def verify_command(file: Path) -> None:
    """Prove a backup; exit with 1 when it is damaged or its journal does not hold."""
    with _orderly():
        found = verify_backup(file, mark=operator(), now=now())
    _echo_contents(found)
    _echo_origin(found)
    for fault in found.journal.faults:
        click.echo(f"× {fault.place}：{fault.message}", err=True)
    if found.journal.faults:
        sentence = "ファイルは無傷ですが、操作ログに食い違いがあります。控える前からのものです。"
        click.echo(sentence, err=True)
        raise SystemExit(1)
    click.echo("控えは無傷です。戻せます。")


def _echo_contents(found: Restored) -> None:
    manifest = found.manifest
    made = long_instant(datetime.fromisoformat(manifest.created_at))
    click.echo(f"{made} の控え（{manifest.engine}、表の形 {manifest.revision}）")
    click.echo(f"  表 {len(manifest.tables)}、{manifest.rows} 行、文書 {len(manifest.evidence)} 件")
    click.echo(f"  操作ログ {found.journal.entries} 件、封印 {found.journal.seals} 件")
    click.echo(f"  SHA-256 {found.digest}")
    if manifest.missing:
        _echo_missing(len(manifest.missing))


def _echo_origin(found: Restored) -> None:
    """Say whether the journal of this installation knows the file: who rewrites one cannot arrange that."""
    known = _made_here_at(found.digest)
    if known is not None:
        click.echo(f"  この設置の操作ログに、{long_instant(known)} に作った記録があります。")
    else:
        click.echo("  この設置の操作ログに、この控えを作った記録はありません。")


def _made_here_at(digest: str) -> datetime | None:
    path = sqlite_path(bound())
    if path is not None and not path.exists():
        return None
    try:
        with reading() as session:
            return made_here_at(session, digest=digest)
    except DBAPIError:
        # Proving a backup must also work where the database is lost.
        return None


@backup.command("restore", help="控えを新しい場所に戻す（動いているものには触れない）")
@click.argument("file", type=_NEW_FILE)
@click.option("--into", required=True, help="新しいフォルダ、または空の PostgreSQL のデータベースの URL")
@click.option("--documents", type=_NEW_FOLDER, help="PostgreSQL に戻すとき、文書などを置く新しいフォルダ")
@click.option("--keep-journal-faults", is_flag=True, help="操作ログに食い違いのある控えでも戻す")
def restore_command(file: Path, into: str, documents: Path | None, *, keep_journal_faults: bool) -> None:
    """Restore a backup elsewhere and print the settings that switch over to it."""
    faults = JournalFaults.KEPT if keep_journal_faults else JournalFaults.REFUSED
    with _orderly():
        if "://" in into:
            folder, url = _server_target(into, documents=documents)
            found = restore_to_server(file, url=url, folder=folder, faults=faults, mark=operator(), now=now())
        else:
            folder, url = Path(into), None
            found = restore_to_folder(file, folder=folder, faults=faults, mark=operator(), now=now())
    _echo_contents(found)
    click.echo(f"戻しました。控えのときのログイン {found.sessions} 件は終わらせてあります。")
    _echo_switch(folder, url=url)


def _server_target(url: str, *, documents: Path | None) -> tuple[Path, str]:
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError as error:
        raise InvalidInput.of("--into の URL を読み取れません。") from error
    if backend != "postgresql":
        raise InvalidInput.of(
            "--into の URL は PostgreSQL だけです。SQLite に戻すときは、フォルダを指定してください。"
        )
    if documents is None:
        raise InvalidInput.of(
            "PostgreSQL に戻すときは、文書を置く新しいフォルダを --documents で指定してください。"
        )
    return documents, url


def _echo_switch(folder: Path, *, url: str | None) -> None:
    click.echo("切り替えるには、動いているものを止め、次の設定で動かしてください。")
    click.echo(f"  SELF_INSPECTION_INSTANCE_PATH={folder.resolve()}")
    if url is not None:
        click.echo(f"  DATABASE_URL={make_url(url).render_as_string(hide_password=True)}")
    click.echo(f"  いまの instance/settings.env は控えに入っていません。{folder} に写してください。")


@contextmanager
def _orderly() -> Iterator[None]:
    """Turn refusals and full disks into a sentence and exit code 1; let SIGTERM clean up like Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with refusals():
            yield
    except DBAPIError:
        _fail("データベースを読み書きできません。flask doctor で確かめてください。")
    except OSError as error:
        _fail(f"読み書きできませんでした（{error.strerror or error}）。空き容量と権限を確かめてください。")
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    sys.exit(128 + number)


def _fail(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    raise SystemExit(1)


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])


COMMANDS: Final = (backup,)
