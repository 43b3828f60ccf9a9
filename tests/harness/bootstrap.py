"""Prepare the virtual environment, and for tests the programs they need, before anything else can run.

Run by the system's Python, before any library is installed: standard library only.

    python3 -m tests.harness.bootstrap venv      an empty virtual environment with pip
    python3 -m tests.harness.bootstrap runtime   and the locked libraries of the product
    python3 -m tests.harness.bootstrap dev       and the locked tools, and the programs tests start
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness.postgres import OLDEST_SERVER, ServerMissingError, server_binaries

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
RUNTIME_LOCK = ROOT / "requirements.txt"
DEV_LOCK = ROOT / "requirements-dev.txt"
# Digest of the lock file whose libraries the environment holds. One for both locks: it always tells the
# last installation, so going back to an older commit installs that commit's versions again.
STAMP = VENV / ".installed-lock"


class NotReadyError(Exception):
    """This machine lacks something we may not install; the text tells the person what to do."""


@dataclass(frozen=True)
class Program:
    """A program the tests start, and the Debian package it comes in."""

    package: str
    description: str
    is_present: Callable[[], bool]


def main(arguments: Sequence[str]) -> int:
    """Prepare what the one argument (venv, runtime or dev) names; return the exit code."""
    preparations = {"venv": ensure_venv, "runtime": prepare_runtime, "dev": prepare_dev}
    if len(arguments) != 1 or arguments[0] not in preparations:
        print(f"usage: python3 -m tests.harness.bootstrap {'|'.join(preparations)}", file=sys.stderr)
        return 2
    try:
        preparations[arguments[0]]()
    except NotReadyError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


def prepare_runtime() -> None:
    """Install the product's libraries; quick when they are there. Raises NotReadyError."""
    ensure_venv()
    # The dev lock contains the runtime lock with the same versions (tests/conventions/test_lock_files.py).
    if _installed_digest() not in {_digest(RUNTIME_LOCK), _digest(DEV_LOCK)}:
        _install(RUNTIME_LOCK)


def prepare_dev() -> None:
    """Install libraries, tools and the programs tests start; quick when there. Raises NotReadyError."""
    ensure_venv()
    if _installed_digest() != _digest(DEV_LOCK):
        _install(DEV_LOCK)
    _ensure_programs()


def ensure_venv() -> None:
    """Create .venv with pip unless a working one is there. Raises NotReadyError."""
    if not _succeeds(VENV_PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"):
        _ensure_venv_module()
        print("Creating the virtual environment .venv")
        _require([sys.executable, "-m", "venv", "--clear", str(VENV)], "creating .venv")
    if not _succeeds(VENV_PYTHON, "-m", "pip", "--version"):
        _ensure_venv_module()
        _require([str(VENV_PYTHON), "-m", "ensurepip", "--default-pip"], "installing pip into .venv")


def _ensure_venv_module() -> None:
    """Debian packs venv's pip apart from Python itself."""
    if _has_venv_module():
        return
    package = f"python3.{sys.version_info.minor}-venv"
    _install_packages([package], advice=f"Python's module for virtual environments is missing: {package}")
    importlib.invalidate_caches()
    if not _has_venv_module():
        raise NotReadyError(f"{sys.executable} still has no module 'ensurepip' although {package} is there.")


def _has_venv_module() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip"))


def _install(lock: Path) -> None:
    print(f"Installing the libraries of {lock.name} (about a minute the first time)", flush=True)
    STAMP.unlink(missing_ok=True)
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
    # Only wheels: nothing is compiled and no code of a package runs while it is installed.
    safely = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
    _require([*pip, *safely, "--requirement", str(lock)], f"installing {lock.name}")
    STAMP.write_text(_digest(lock), encoding="ascii")


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _installed_digest() -> str | None:
    return STAMP.read_text(encoding="ascii") if STAMP.exists() else None


def _has_server() -> bool:
    try:
        server_binaries()
    except ServerMissingError:
        return False
    return True


def _has_all(*names: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(name) for name in names)


PROGRAMS = (
    Program("chromium", "the browser Chromium (chromium)", _has_all("chromium")),
    Program("postgresql", f"the server of PostgreSQL {OLDEST_SERVER} or newer (initdb)", _has_server),
    Program("poppler-utils", "Poppler's PDF tools (pdftotext, pdftoppm)", _has_all("pdftotext", "pdftoppm")),
    Program("qpdf", "the PDF checker qpdf (qpdf)", _has_all("qpdf")),
    Program("libreoffice-calc", "the spreadsheet LibreOffice Calc (soffice)", _has_all("soffice")),
)


def _ensure_programs() -> None:
    missing = [program for program in PROGRAMS if not program.is_present()]
    if not missing:
        return
    advice = "The tests need programs that are missing:\n" + "\n".join(
        f"  {program.description}, Debian package {program.package}" for program in missing
    )
    _install_packages([program.package for program in missing], advice=advice)
    absent = [program.description for program in missing if not program.is_present()]
    if absent:
        raise NotReadyError("Installed, but still not found: " + "; ".join(absent))


def _install_packages(packages: Sequence[str], *, advice: str) -> None:
    """Install Debian packages, or raise NotReadyError with the advice and the exact command."""
    command = f"apt-get install --yes --no-install-recommends {' '.join(packages)}"
    if not Path("/etc/debian_version").exists() or shutil.which("apt-get") is None:
        raise NotReadyError(f"{advice}\nInstall them with this system's package manager, then try again.")
    become_root = _become_root()
    if become_root is None:
        raise NotReadyError(f"{advice}\nInstall what is missing, then try again:\n  sudo {command}")
    print(f"Installing Debian packages: {' '.join(packages)}", flush=True)
    apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive"]
    # A failing update is no reason to stop: the packages may be known already. The installation tells.
    subprocess.run([*apt, "apt-get", "update", "--quiet=2"], check=False)
    if subprocess.run([*apt, *command.split()], check=False).returncode != 0:
        raise NotReadyError(f"{advice}\nInstalling them failed, see above. The command was:\n  {command}")


def _become_root() -> list[str] | None:
    """The words before a command that needs root; None where we would have to ask for a password."""
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if _succeeds("sudo", "-n", "true") else None


def _succeeds(*command: str | Path) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _require(command: Sequence[str], purpose: str) -> None:
    if subprocess.run(command, check=False, cwd=ROOT).returncode != 0:
        raise NotReadyError(f"This failed, see above: {purpose}\n  {' '.join(command)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
