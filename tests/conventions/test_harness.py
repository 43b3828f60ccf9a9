"""What `make` calls does what it says: the form of the tree, the steps, the throw-away server."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.harness import bootstrap, steps
from tests.harness.postgres import throwaway_postgres
from tests.harness.steps import Database, Outcome, Step, Tally

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {
    "Makefile",
    "README.md",
    "app",
    "checklists",
    "instance",
    "migrations",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements.txt",
    "tests",
    "wsgi.py",
}
REPORT = """<testsuites><testsuite>
<testcase name="good"/><testcase name="also good"><system-out>text</system-out></testcase>
<testcase name="bad"><failure/></testcase><testcase name="bad at both ends"><failure/><error/></testcase>
<testcase name="left out"><skipped/></testcase>
</testsuite></testsuites>"""


def python_step(name: str, code: str) -> Step:
    return Step(name, (sys.executable, "-c", code))


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"))


def data_directory(url: str) -> Path:
    with connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return Path(str(row[0]))


def is_gone(url: str, *, folder: Path) -> bool:
    with pytest.raises(psycopg.OperationalError):
        connect(url)
    return not folder.exists()


def test_top_level_holds_nothing_else() -> None:
    present = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__pycache__"))}
    assert present - TOP_LEVEL == set()


def test_ci_runs_make_test_and_nothing_more() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "make test"


def test_make_names_no_address() -> None:
    harness = [path for path in (ROOT / "tests" / "harness").rglob("*.py*") if path.suffix != ".pyc"]
    for path in [ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / ".ci" / "run", *harness]:
        assert "http" not in path.read_text(encoding="utf-8"), path


def test_report_is_counted_test_by_test(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")
    assert steps.tally(report) == Tally(passed=2, failed=2, skipped=1)
    assert steps.tally(tmp_path / "never written.xml") == Tally()


def test_summary_adds_all_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")
    runs = [Step("one", (), report=report), Step("two", (), report=report), Step("no tests", ())]
    steps.print_summary([Outcome(step, exit_code=0, seconds=1.0) for step in runs])
    assert capsys.readouterr().out == "4 passed, 4 failed, 2 skipped\n"


def test_summary_mentions_skipped_tests_only_if_there_are_any() -> None:
    assert str(Tally(passed=3)) == "3 passed, 0 failed"


def test_first_failing_step_is_the_last() -> None:
    planned = [
        python_step("good", ""),
        python_step("bad", "raise SystemExit(3)"),
        python_step("never", ""),
    ]
    outcomes = steps.run_all(planned)
    assert [(outcome.step.name, outcome.exit_code) for outcome in outcomes] == [("good", 0), ("bad", 3)]


def test_settings_of_an_installation_do_not_reach_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///somebody's.db")
    monkeypatch.setenv("SELF_INSPECTION_DEMO", "1")
    code = (
        "import os; raise SystemExit(any(n in os.environ for n in ('DATABASE_URL', 'SELF_INSPECTION_DEMO')))"
    )
    assert steps.run(python_step("look", code)) == 0


def test_folders_run_from_quick_to_slow_and_what_stores_answers_on_both_databases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steps, "_has_tests", lambda _folder: True)
    assert [(step.name, step.database) for step in steps.pytest_steps()] == [
        ("tests/unit", Database.SQLITE),
        ("tests/property", Database.SQLITE),
        ("tests/conventions", Database.SQLITE),
        ("tests/golden", Database.SQLITE),
        ("tests/integration (SQLite)", Database.SQLITE),
        ("tests/integration (PostgreSQL)", Database.POSTGRESQL),
        ("tests/e2e (SQLite)", Database.SQLITE),
        ("tests/e2e/breaking (PostgreSQL)", Database.POSTGRESQL),
    ]


def test_folder_without_tests_is_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_has_tests", lambda folder: folder == "tests/unit")
    assert [step.name for step in steps.pytest_steps()] == ["tests/unit"]


def test_missing_package_is_named_with_the_exact_command(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = bootstrap.Program("some-package", "some program", lambda: False)
    monkeypatch.setattr(bootstrap, "PROGRAMS", (absent,))
    monkeypatch.setattr(bootstrap, "_become_root", lambda: None)
    with pytest.raises(bootstrap.NotReadyError, match=r"some program|apt-get install .* some-package"):
        bootstrap._ensure_programs()


def test_throwaway_server_is_what_it_says_and_leaves_nothing() -> None:
    with throwaway_postgres() as url:
        folder = data_directory(url).parent
        query = "SELECT current_setting('server_version_num'), pg_encoding_to_char(encoding), datcollate "
        query += "FROM pg_database WHERE datname = 'postgres'"
        with connect(url) as connection:
            version, encoding, collation = connection.execute(query).fetchone() or ("0", "", "")
    assert int(str(version)) >= 150000
    assert (encoding, collation) == ("UTF8", "C.UTF-8")
    assert is_gone(url, folder=folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_throwaway_server_is_removed_when_a_signal_ends_the_run(number: signal.Signals) -> None:
    child = "import os, time; print(os.environ['DATABASE_URL'], flush=True); time.sleep(60)"
    command = [sys.executable, "-m", "tests.harness.postgres", "--", sys.executable, "-c", child]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, process_group=0) as run:
        assert run.stdout is not None
        url = run.stdout.readline().strip()
        folder = data_directory(url).parent
        os.killpg(run.pid, number)
        assert run.wait(timeout=60) != 0
    assert is_gone(url, folder=folder)
