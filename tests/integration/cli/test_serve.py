"""The server as a process: it starts, answers, refuses what must not be served, and ends in order."""

import errno
import http.client
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli.serve import _listening
from app.db.session import Database
from app.kernel.errors import NotNow
from tests.integration.cli.served import Browser, environment, free_port, run_to_its_end, serving
from tests.people import SATO

STOP_LIMIT = 5.0


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture
def installation(city_url: str, database: Database, tmp_path: Path, port: int) -> dict[str, str]:
    """The environment of a city of this test."""
    database.engine.dispose()
    return environment(city_url, instance=tmp_path / "instance", port=port)


def test_it_answers_people_and_stops_in_time(installation: dict[str, str], tmp_path: Path, port: int) -> None:
    log = tmp_path / "log"
    with serving(installation, log=log) as served:
        browser = Browser(port)
        browser.sign_in(SATO)
        assert "佐藤 花子" in browser.get("/").text
        # An idle connection that a browser keeps open does not hold up the end.
        with socket.create_connection(("127.0.0.1", port)):
            seconds = served.stop()
    assert seconds < STOP_LIMIT
    assert served.process.returncode == 0
    written = log.read_text()
    assert f"http://127.0.0.1:{port}/" in written
    assert "Traceback" not in written
    assert "佐藤" not in written


def test_a_request_that_was_begun_is_answered_before_the_end(
    installation: dict[str, str], tmp_path: Path, port: int
) -> None:
    with serving(installation, log=tmp_path / "log") as served:
        statuses: list[int] = []
        asking = [threading.Thread(target=_ask, args=(port, statuses)) for _ in range(6)]
        for thread in asking:
            thread.start()
        served.stop()
        for thread in asking:
            thread.join()
    # Refused connections are no answers; a broken-off answer would have raised in its thread.
    assert set(statuses) <= {200}


def _ask(port: int, statuses: list[int]) -> None:
    with suppress(ConnectionRefusedError, ConnectionResetError, http.client.RemoteDisconnected):
        statuses.append(Browser(port).get("/login").status)


def test_it_can_start_again_at_once(installation: dict[str, str], tmp_path: Path) -> None:
    for _ in range(2):
        with serving(installation, log=tmp_path / "log") as served:
            served.kill()


@pytest.mark.only_sqlite("only an embedded database belongs to one process")
def test_a_second_server_on_the_same_file_is_refused(installation: dict[str, str], tmp_path: Path) -> None:
    with serving(installation, log=tmp_path / "log") as served:
        second = run_to_its_end(
            "serve", environment={**installation, "SELF_INSPECTION_PORT": str(free_port())}
        )
        assert second.returncode == 1
        assert "もう別のサーバーが動いています" in second.stderr
        assert str(served.process.pid) in second.stderr


def test_a_busy_port_is_named_with_its_setting(installation: dict[str, str], port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        refused = run_to_its_end("serve", environment=installation)
    assert refused.returncode == 1
    assert f"ポート {port} は" in refused.stderr
    assert "SELF_INSPECTION_PORT" in refused.stderr


def test_a_port_without_permission_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests: root, who may use every port, gets the system's answer to others."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(NotNow, match="ポート 81 を使う権限がありません"), _listening("127.0.0.1", port=81):
        pass


def test_a_citys_database_is_no_demonstration(installation: dict[str, str]) -> None:
    refused = run_to_its_end("serve", environment={**installation, "SELF_INSPECTION_DEMO": "1"})
    assert refused.returncode == 1
    assert "本番のデータベースは、デモとして動かせません" in refused.stderr


def test_a_demonstration_is_no_citys_database(installation: dict[str, str], database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE installation SET kind = 'demo', story_start = created_at"))
    refused = run_to_its_end("serve", environment=installation)
    assert refused.returncode == 1
    assert "デモのデータベースは" in refused.stderr


def test_a_missing_guard_keeps_the_doors_closed(installation: dict[str, str], database: Database) -> None:
    with database.migrating() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER guard_journal_entry_update")
        else:
            connection.exec_driver_sql("DROP TRIGGER guard_journal_entry_row ON journal_entry")
    refused = run_to_its_end("serve", environment=installation)
    assert refused.returncode == 1
    assert "書き換えを防ぐ仕組みが1件" in refused.stderr


def test_an_empty_database_is_told_what_to_do(empty_url: str, tmp_path: Path, port: int) -> None:
    refused = run_to_its_end("serve", environment=environment(empty_url, instance=tmp_path / "i", port=port))
    assert refused.returncode == 1
    assert "flask database upgrade" in refused.stderr
    assert "Traceback" not in refused.stderr
