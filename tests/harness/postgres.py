"""A PostgreSQL server of one's own for the length of a test run.

python -m tests.harness.postgres -- COMMAND...   runs the command with DATABASE_URL set
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.processes import orderly_end, run_child

OLDEST_SERVER = 15
USER = "self_inspection"
# Seconds; a cold disk needs a few, a healthy machine less than one.
START_LIMIT = 60
STOP_LIMIT = 20

# Safe only because nobody misses these data: a power cut may destroy them.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "listen_addresses": "127.0.0.1",
}


class ServerMissingError(RuntimeError):
    """No PostgreSQL server of a sufficient version is installed."""


@dataclass(frozen=True)
class _Cluster:
    """Where the server's programs and files are, and the account it runs under (None: our own)."""

    binaries: Path
    folder: Path
    account: pwd.struct_passwd | None
    password: str
    port: int

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{USER}:{self.password}@127.0.0.1:{self.port}/postgres"


def server_binaries() -> Path:
    """Return the folder with initdb and postgres of the newest installed server.

    Looks at Debian's folders first, then at PATH. Raises ServerMissingError, a RuntimeError with advice.
    """
    debian = {int(path.parent.name): path for path in Path("/usr/lib/postgresql").glob("[0-9]*/bin")}
    for version in sorted(debian, reverse=True):
        if version >= OLDEST_SERVER and (debian[version] / "initdb").exists():
            return debian[version]
    on_path = shutil.which("initdb")
    if on_path is not None and _version(on_path) >= OLDEST_SERVER:
        return Path(on_path).resolve().parent
    raise ServerMissingError(
        f"No server of PostgreSQL {OLDEST_SERVER} or newer was found, neither in /usr/lib/postgresql nor as "
        "initdb in PATH. On Debian: sudo apt-get install postgresql"
    )


def _version(initdb: str) -> int:
    answer = subprocess.run([initdb, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"(\d+)", answer)
    return int(found.group(1)) if found else 0


@contextmanager
def throwaway_postgres() -> Iterator[str]:
    """Start a temporary server and yield its SQLAlchemy URL; stop and remove everything at the end.

    The user of the URL may create databases; the database `postgres` of the URL is empty. Listens on a free
    port of 127.0.0.1 with a random password, locale C.UTF-8, encoding UTF8. Also cleans up when a signal
    ends us. Main thread only. Raises RuntimeError with advice where no server can be started.
    """
    binaries = server_binaries()
    account = _unprivileged_account()
    with orderly_end(), tempfile.TemporaryDirectory(prefix="throwaway-postgres-") as name:
        cluster = _Cluster(
            binaries=binaries,
            folder=Path(name),
            account=account,
            password=secrets.token_hex(16),
            port=_free_port(),
        )
        _create(cluster)
        with _running(cluster):
            yield cluster.url


def _unprivileged_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root, so root lends it an account that has no rights."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(
        "PostgreSQL does not run as root and there is neither an account 'postgres' nor 'nobody' to run it "
        "under. Create one (adduser --system --group postgres) or run the tests as an ordinary user."
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _create(cluster: _Cluster) -> None:
    password_file = cluster.folder / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(cluster.password, encoding="ascii")
    if cluster.account is not None:
        for path in (cluster.folder, password_file):
            os.chown(path, cluster.account.pw_uid, cluster.account.pw_gid)
    command = [str(cluster.binaries / "initdb"), "--pgdata", str(cluster.data), "--username", USER]
    command += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"]
    command += ["--auth", "scram-sha-256", "--pwfile", str(password_file)]
    with cluster.log.open("wb") as log, _start(command, cluster=cluster, log=log.fileno()) as process:
        failed = process.wait() != 0
    password_file.unlink()
    if failed:
        raise RuntimeError(f"initdb could not create a database cluster:\n{_log(cluster)}")


@contextmanager
def _running(cluster: _Cluster) -> Iterator[None]:
    settings = _SETTINGS | {"port": str(cluster.port), "unix_socket_directories": str(cluster.folder)}
    command = [str(cluster.binaries / "postgres"), "-D", str(cluster.data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with cluster.log.open("ab") as log, _start(command, cluster=cluster, log=log.fileno()) as process:
        try:
            _wait_until_ready(process, cluster=cluster)
            yield
        finally:
            _stop(process)


def _start(command: Sequence[str], *, cluster: _Cluster, log: int) -> subprocess.Popen[bytes]:
    """Start a program of the server, as its account and away from our terminal's Ctrl-C."""
    account = cluster.account
    # Even if we are killed without a chance to clean up, the kernel tells the server to stop.
    follow = ["setpriv", "--pdeathsig", "INT", "--"] if shutil.which("setpriv") else []
    try:
        return subprocess.Popen(
            [*follow, *command],
            cwd=cluster.folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    except PermissionError as error:
        raise RuntimeError(
            f"Starting PostgreSQL as the account {account.pw_name if account else 'of this process'} was "
            f"refused ({error}). Run the tests as an ordinary user, or let every account enter the folder "
            f"{cluster.folder.parent} (or set TMPDIR to one that allows it)."
        ) from error


def _wait_until_ready(process: subprocess.Popen[bytes], *, cluster: _Cluster) -> None:
    question = [str(cluster.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(cluster.port)]
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        if subprocess.run(question, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start within {START_LIMIT} s:\n{_log(cluster)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    # Fast shutdown, then immediate shutdown, then none of its choice.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(number)
        try:
            process.wait(timeout=STOP_LIMIT)
        except subprocess.TimeoutExpired:
            continue
        return


def _log(cluster: _Cluster) -> str:
    return cluster.log.read_text(encoding="utf-8", errors="replace")[-4000:]


def main(arguments: Sequence[str]) -> int:
    """Run the command after `--` with DATABASE_URL set and return its exit code."""
    if len(arguments) < 2 or arguments[0] != "--":
        print("usage: python -m tests.harness.postgres -- COMMAND...", file=sys.stderr)
        return 2
    with throwaway_postgres() as url:
        return run_child(arguments[1:], environment=os.environ | {"DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
