"""The steps of `make test` and `make lint`: in order, each timed, stopping at the first that fails.

The last line of `make test` is the sum of all pytest runs, as `N passed, M failed[, K skipped]`.
"""

import enum
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.harness.postgres import throwaway_postgres
from tests.harness.processes import orderly_end, run_child

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
REPORTS = CACHE / "junit"

# Folders whose tests do not gain from a second process, or look at the tree as a whole, run in one.
_IN_ONE_PROCESS = ("tests/unit", "tests/conventions")
_FAST_FOLDERS = ("tests/unit", "tests/property", "tests/conventions", "tests/golden")


class Database(enum.Enum):
    """What the tests of a step find in DATABASE_URL: nothing, or a throw-away PostgreSQL."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"


@dataclass(frozen=True)
class Step:
    """A command with the name it is timed under; a step with a report is a pytest run."""

    name: str
    command: tuple[str, ...]
    report: Path | None = None
    database: Database = Database.SQLITE


@dataclass(frozen=True)
class Outcome:
    """How one step ended: exit code and wall-clock seconds."""

    step: Step
    exit_code: int
    seconds: float


@dataclass(frozen=True)
class Tally:
    """How many tests passed, failed (errors in fixtures are failures) and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def lint_steps() -> list[Step]:
    """Return the checks that read the code without running it."""
    python = (sys.executable, "-m")
    lint_imports = str(Path(sys.executable).with_name("lint-imports"))
    return [
        Step("ruff check", (*python, "ruff", "check", ".")),
        Step("ruff format", (*python, "ruff", "format", "--check", ".")),
        Step("mypy", (*python, "mypy")),
        Step("import contracts", (lint_imports, "--cache-dir", str(CACHE / "import-linter"))),
    ]


def pytest_steps() -> list[Step]:
    """Return the test runs: fast folders, integration on both databases, the browser, and what must not lose an answer again."""
    integration = "tests/integration"
    planned = [(folder, Database.SQLITE) for folder in _FAST_FOLDERS]
    planned += [(integration, Database.SQLITE), (integration, Database.POSTGRESQL)]
    planned += [("tests/e2e", Database.SQLITE), ("tests/e2e/breaking", Database.POSTGRESQL)]
    return [_pytest_step(folder, database=database) for folder, database in planned if _has_tests(folder)]


def _has_tests(folder: str) -> bool:
    return any((ROOT / folder).rglob("test_*.py"))


def _pytest_step(folder: str, *, database: Database) -> Step:
    on = f" ({database.value})" if folder not in _FAST_FOLDERS else ""
    report = REPORTS / f"{Path(folder).name}-{database.name.lower()}.xml"
    command = [sys.executable, "-m", "pytest", folder, "--quiet", f"--junitxml={report}"]
    if folder not in _IN_ONE_PROCESS:
        command += ["-n", "2", "--dist", "loadgroup"]
    return Step(f"{folder}{on}", tuple(command), report=report, database=database)


def run_all(steps: Sequence[Step]) -> list[Outcome]:
    """Run the steps until one fails; the last outcome tells whether all went well."""
    outcomes: list[Outcome] = []
    for step in steps:
        print(f"\n=== {step.name}", flush=True)
        began = time.monotonic()
        exit_code = run(step)
        outcomes.append(Outcome(step, exit_code=exit_code, seconds=time.monotonic() - began))
        if exit_code != 0:
            break
    return outcomes


def run(step: Step) -> int:
    """Run one step on its database and return its exit code."""
    with _environment(step.database) as environment:
        return run_child(step.command, environment=environment)


@contextmanager
def _environment(database: Database) -> Iterator[Mapping[str, str]]:
    """Our environment without settings of an installation: a developer's shell must not change a result."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("SELF_INSPECTION_")
    }
    clean["HYPOTHESIS_STORAGE_DIRECTORY"] = str(CACHE / "hypothesis")
    if database is Database.SQLITE:
        yield clean
        return
    with throwaway_postgres() as url:
        yield clean | {"DATABASE_URL": url}


def tally(report: Path) -> Tally:
    """Count the tests of a junit report; a run that ended before writing one counts nothing."""
    if not report.exists():
        return Tally()
    cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314 (written by our own run)
    verdicts = [{part.tag for part in case} for case in cases]
    failed = sum(bool(tags & {"failure", "error"}) for tags in verdicts)
    skipped = sum("skipped" in tags and not tags & {"failure", "error"} for tags in verdicts)
    return Tally(passed=len(cases) - failed - skipped, failed=failed, skipped=skipped)


def print_times(outcomes: Sequence[Outcome]) -> None:
    """Print the wall-clock time of each step and of all together."""
    print("\n=== Times")
    for outcome in outcomes:
        verdict = "" if outcome.exit_code == 0 else f"   FAILED (exit code {outcome.exit_code})"
        print(f"{outcome.seconds:8.1f} s  {outcome.step.name}{verdict}")
    print(f"{sum(outcome.seconds for outcome in outcomes):8.1f} s  together", flush=True)


def print_summary(outcomes: Sequence[Outcome]) -> None:
    """Print the sum of all pytest runs that took place, in the form the CI runner reads."""
    reports = [outcome.step.report for outcome in outcomes if outcome.step.report is not None]
    print(sum((tally(report) for report in reports), start=Tally()), flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run `lint` or `test`; return 0 when every step succeeded, 1 when one failed, 130 after Ctrl-C."""
    if list(arguments) not in (["lint"], ["test"]):
        print("usage: python -m tests.harness.steps lint|test", file=sys.stderr)
        return 2
    with_tests = arguments[0] == "test"
    shutil.rmtree(REPORTS, ignore_errors=True)
    os.chdir(ROOT)
    try:
        with orderly_end():
            outcomes = run_all(lint_steps() + (pytest_steps() if with_tests else []))
    except KeyboardInterrupt:
        return 130
    print_times(outcomes)
    if with_tests:
        print_summary(outcomes)
    return 0 if outcomes[-1].exit_code == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
