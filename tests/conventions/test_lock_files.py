"""The lock files install the same bytes everywhere, and say nothing about where they were made."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "requirements.txt"
DEV = ROOT / "requirements-dev.txt"

both_locks = pytest.mark.parametrize("lock", [RUNTIME, DEV], ids=lambda path: path.name)


@dataclass(frozen=True)
class Pin:
    version: Version
    hashes: tuple[str, ...]


def pins(lock: Path) -> dict[str, Pin]:
    found: dict[str, Pin] = {}
    for entry in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        match = re.fullmatch(r"([a-z0-9-]+)==(\S+)((?:\s+--hash=sha256:[0-9a-f]{64})*)\s*", entry)
        assert match is not None, f"{lock.name} has a line that is no pinned requirement: {entry[:100]}"
        found[match[1]] = Pin(version=Version(match[2]), hashes=tuple(match[3].split()))
    return found


def declared(extra: str | None = None) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts: list[str] = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [Requirement(text) for text in texts]


@both_locks
def test_names_no_address(lock: Path) -> None:
    assert "://" not in lock.read_text(encoding="utf-8")


@both_locks
def test_every_requirement_has_hashes(lock: Path) -> None:
    assert [name for name, pin in pins(lock).items() if not pin.hashes] == []


def test_runtime_lock_is_part_of_dev_lock() -> None:
    dev = pins(DEV)
    assert {name: pin for name, pin in pins(RUNTIME).items() if dev.get(name) != pin} == {}


@pytest.mark.parametrize(("lock", "extra"), [(RUNTIME, None), (DEV, None), (DEV, "dev")])
def test_declared_requirements_are_locked_within_their_range(lock: Path, extra: str | None) -> None:
    locked = pins(lock)
    for requirement in declared(extra):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is missing in {lock.name}: run `make lock`"
        assert requirement.specifier.contains(locked[name].version), f"{name}: run `make lock`"
