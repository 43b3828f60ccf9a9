"""The database as a machine: reachable, new enough, durable, in the right form, guarded, and ours."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.db.guards import check
from app.db.migrate import current, head
from app.db.registry import GUARDS
from app.health.rules import Check, bad, good
from app.organisation.queries import installation
from app.organisation.rules import InstallationKind

OLDEST: Final = {"sqlite": (3, 39), "postgresql": (15,)}
NAMES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
# What each engine must answer so that an acknowledged save survives a power cut.
_DURABLE: Final[dict[str, tuple[tuple[str, frozenset[Any]], ...]]] = {
    "sqlite": (
        ("PRAGMA journal_mode", frozenset({"wal"})),
        ("PRAGMA synchronous", frozenset({2, 3})),
        ("PRAGMA foreign_keys", frozenset({1})),
    ),
    "postgresql": (
        ("SHOW fsync", frozenset({"on"})),
        ("SHOW full_page_writes", frozenset({"on"})),
        ("SHOW synchronous_commit", frozenset({"on", "local", "remote_write", "remote_apply"})),
    ),
}


def checks(connection: Connection, *, demo: bool) -> Iterator[Check]:
    """Yield what a database has to be before it is used; the later checks only where the earlier are good."""
    yield _version(connection)
    form = _form(connection)
    yield form
    if form == _GOOD_FORM:
        yield _guards(connection)
        yield _owner(connection, demo=demo)


def _version(connection: Connection) -> Check:
    engine = connection.dialect.name
    found = tuple(connection.dialect.server_version_info or ())
    shown = f"{NAMES[engine]} {'.'.join(map(str, found))}"
    if found < OLDEST[engine]:
        oldest = ".".join(map(str, OLDEST[engine]))
        return bad(
            f"データベース {shown} は古すぎます。", remedy=f"{NAMES[engine]} {oldest} 以上にしてください。"
        )
    return good(f"データベースは {shown} です。")


def durability(connection: Connection) -> Check:
    """Return whether an acknowledged save survives a power cut."""
    asked = {
        question: connection.execute(text(question)).scalar()
        for question, _ in _DURABLE[connection.dialect.name]
    }
    wrong = [
        f"{question.split()[-1]}={asked[question]}"
        for question, allowed in _DURABLE[connection.dialect.name]
        if asked[question] not in allowed
    ]
    if wrong:
        return bad(
            f"停電のときに保存が失われうる設定です（{'、'.join(wrong)}）。",
            remedy="データベースの設定を元に戻してください。ファイルを、ネットワーク上のフォルダに置かないでください。",
        )
    return good("保存したものが停電で失われない設定です。")


_GOOD_FORM: Final = good("データベースの表は最新の形です。")


def _form(connection: Connection) -> Check:
    found = current(connection)
    if found == head():
        return _GOOD_FORM
    return bad(
        f"データベースの表が最新の形ではありません（いま {found or '空'}、最新 {head()}）。",
        remedy="flask database upgrade を実行してください。",
    )


def _guards(connection: Connection) -> Check:
    problems = check(connection, GUARDS)
    if problems:
        return bad(
            f"書き換えを防ぐ仕組みが{len(problems)}件、欠けているか違っています（最初は {problems[0]}）。",
            remedy="flask journal verify で確かめてから、flask database upgrade を実行してください。",
        )
    return good("書き換えを防ぐ仕組みが、すべてそろっています。")


def _owner(connection: Connection, *, demo: bool) -> Check:
    with Session(connection, autoflush=False) as session:
        found = installation(session)
    if found is None:
        return bad(
            "まだ使い始める準備ができていません。",
            remedy="flask setup を実行してください（試すだけなら make run）。",
        )
    held = found.kind == InstallationKind.DEMO.value
    if held and not demo:
        return bad(
            "デモのデータベースは、デモとしてだけ動かせます。",
            remedy="試すときは make run を使ってください。本番では、本番のデータベースを指定してください。",
        )
    if demo and not held:
        return bad(
            "本番のデータベースは、デモとして動かせません。",
            remedy="SELF_INSPECTION_DEMO を消してください。",
        )
    return good("デモのデータベースです。" if held else "本番のデータベースです。")
