"""Time and actor are arguments: below the edge nobody asks for the time, or for who is signed in."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
# Where time enters: the clock itself. Where the actor enters: the web layer and the routes.
CLOCK: Final = {"app/kernel/clock.py"}
ASKS: Final = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "func.now",
    "func.current_timestamp",
    "func.current_date",
}
FILES: Final = sorted((ROOT / "app").rglob("*.py"))


def is_edge(path: Path) -> bool:
    parts = path.relative_to(ROOT / "app").parts
    return parts[0] == "web" or "routes" in parts or parts[-1] == "routes.py"


def questions(text: str) -> Iterator[str]:
    """Yield every call that asks the machine for the time."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = ".".join(ast.unparse(node.func).split(".")[-2:])
            if name in ASKS:
                yield name


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if list(questions(path.read_text(encoding="utf-8")))
    }
    assert found == CLOCK


def test_only_the_edge_knows_who_is_signed_in_and_what_is_asked() -> None:
    words = {"current_user", "current_app", "request", "g"}
    found = [
        f"{path.relative_to(ROOT)}: {alias.name}"
        for path in FILES
        if not is_edge(path) and "cli" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flask")
        for alias in node.names
        if alias.name in words
    ]
    assert found == []


@pytest.mark.parametrize("call", ["datetime.now(UTC)", "dt.date.today()", "time.time()", "func.now()"])
def test_a_question_would_be_seen(call: str) -> None:
    assert list(questions(f"x = {call}"))
