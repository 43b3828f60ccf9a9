"""Looking whether everything stands as it should. Nothing here changes anything."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app.config import Settings
from app.db.session import Database
from app.health.queries import contents, machine, storage
from app.health.queries.evidence import evidence_check
from app.health.queries.jobs import LastRun, last_runs
from app.health.queries.second_factor import second_factor_checks
from app.health.rules import Check, Depth, Mark, bad, warning


def serving_checks(database: Database, *, settings: Settings) -> tuple[Check, ...]:
    """Return what has to be good before anybody is let in: the database, its form, guards and owner."""
    return tuple(_database(database, settings=settings))


def checks(
    database: Database, *, settings: Settings, now: datetime, depth: Depth = Depth.QUICK
) -> tuple[Check, ...]:
    """Return every check, in the order in which they are shown."""
    return tuple(_all(database, settings=settings, now=now, depth=depth))


def _all(database: Database, *, settings: Settings, now: datetime, depth: Depth) -> Iterator[Check]:
    yield from machine.checks(settings)
    path = sqlite_path(database)
    if path is not None and path.exists() and not settings.demo:
        yield machine.privacy(path)
    stored = list(_database(database, settings=settings))
    yield from stored
    if stored[0].mark is not Mark.BAD:
        with database.engine.connect() as connection:
            yield storage.durability(connection)
    if any(check.mark is Mark.BAD for check in stored):
        yield warning(
            "データベースの中身（時計・バックアップ・操作ログ・点検票）は、まだ調べていません。",
            remedy="上の × を直してから、もう一度 flask doctor を実行してください。",
        )
        return
    with database.reading() as session:
        yield from contents.checks(session, now=now, depth=depth)
        yield from second_factor_checks(session, settings=settings, now=now)
        yield evidence_check(session, folder=settings.evidence_path, depth=depth)


def _database(database: Database, *, settings: Settings) -> Iterator[Check]:
    path = sqlite_path(database)
    if path is not None and not path.exists():
        yield bad(
            f"データベースのファイル {path} がありません。",
            remedy="flask database upgrade を実行してください。",
        )
        return
    try:
        with database.engine.connect() as connection:
            yield from storage.checks(connection, demo=settings.demo)
    except DBAPIError:
        yield bad(
            "データベースを読めません。",
            remedy="データベースが動いているかと、DATABASE_URL とファイルの権限を確かめてください。",
        )


def sqlite_path(database: Database) -> Path | None:
    """Return the file of the embedded database; None on PostgreSQL."""
    return Path(database.engine.url.database or "").resolve() if database.is_sqlite else None


__all__ = ["LastRun", "checks", "last_runs", "serving_checks", "sqlite_path"]
