"""flask backup: what an operator reads, and the exit code that a nightly job looks at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app.backup.commands import create_backup
from app.backup.queries import last_backup
from app.cli.backup import backup
from app.config import Settings
from app.db.session import Database, reading
from tests.people import STORY

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, settings: Settings) -> Run:
    """Run `flask backup …` on a city with one kept file."""
    settings.evidence_path.mkdir(parents=True)
    (settings.evidence_path / "kept.pdf").write_bytes(b"%PDF-1.7 kept")

    def invoke(*arguments: object) -> Result:
        return app.test_cli_runner().invoke(backup, list(map(str, arguments)))

    return invoke


def test_made_proved_and_put_back(run: Run, tmp_path: Path) -> None:
    file, folder = tmp_path / "backup.tar", tmp_path / "elsewhere"
    created = run("create", file)
    assert created.exit_code == 0, created.output
    assert "文書 1 件" in created.stdout
    with reading() as session:
        last = last_backup(session)
    assert last is not None
    assert last.digest in created.stdout

    proved = run("verify", file)
    assert proved.exit_code == 0, proved.output
    assert "控えは無傷です" in proved.stdout
    assert "この設置の操作ログに、令和8年11月20日(金) 9時00分 に作った記録があります" in proved.stdout

    restored = run("restore", file, "--into", folder)
    assert restored.exit_code == 0, restored.output
    assert f"SELF_INSPECTION_INSTANCE_PATH={folder}" in restored.stdout
    assert (folder / "evidence" / "kept.pdf").read_bytes() == b"%PDF-1.7 kept"


def test_a_second_backup_to_the_same_name_is_refused(run: Run, tmp_path: Path) -> None:
    run("create", tmp_path / "backup.tar")
    again = run("create", tmp_path / "backup.tar")
    assert again.exit_code == 1
    assert "上書きはしません" in again.stderr


def test_a_place_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    found = run("create", tmp_path / "nowhere" / "backup.tar")
    assert found.exit_code == 1
    assert "読み書きできませんでした" in found.stderr
    with reading() as session:
        assert last_backup(session) is None


def test_a_damaged_file_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    run("create", file)
    file.write_bytes(file.read_bytes()[:-700])
    for arguments in (("verify", file), ("restore", file, "--into", tmp_path / "elsewhere")):
        found = run(*arguments)
        assert found.exit_code == 1
        assert "控えのファイルが" in found.stderr
        assert "Traceback" not in found.output


def test_a_backup_that_this_installation_did_not_record_is_said_to_be_unknown(
    run: Run, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    create_backup(database, target=file, evidence=tmp_path / "none", now=STORY)
    proved = run("verify", file)
    assert proved.exit_code == 0
    assert "この控えを作った記録はありません" in proved.stdout


@pytest.mark.parametrize(
    ("into", "words"),
    [
        ("sqlite:///elsewhere.sqlite3", "PostgreSQL だけ"),
        ("mysql://somewhere/else", "PostgreSQL だけ"),
        ("postgresql+psycopg://nobody@127.0.0.1:1/nothing", "--documents"),
        ("://", "読み取れません"),
    ],
)
def test_a_target_that_cannot_be_is_refused(run: Run, tmp_path: Path, into: str, words: str) -> None:
    file = tmp_path / "backup.tar"
    run("create", file)
    found = run("restore", file, "--into", into)
    assert found.exit_code == 1
    assert words in found.stderr


def test_a_server_that_does_not_answer_leaves_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    run("create", file)
    url = "postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing"
    found = run("restore", file, "--into", url, "--documents", tmp_path / "elsewhere")
    assert found.exit_code == 1
    assert "secret" not in found.output
    assert not list(tmp_path.glob("elsewhere*"))
