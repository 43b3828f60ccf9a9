"""Servers in processes of their own: `flask serve` on a stage's database, and the bare counterparts."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.benchmarks.processes import Group
from tests.integration.cli.served import ROOT, Served, environment, free_port
from tests.integration.cli.served import serving as flask_serving

THREADS: Final = 8


@contextmanager
def serving_product(url: str, *, folder: Path) -> Iterator[Served]:
    """Start the product on a database as a city does, with eight threads."""
    more = {"SELF_INSPECTION_THREADS": str(THREADS)}
    own = environment(url, instance=folder / "instance", port=free_port(), more=more)
    with flask_serving(own, log=folder / "serve.log") as served:
        yield served


@contextmanager
def serving_bare(*arguments: str, folder: Path) -> Iterator[Served]:
    """Start a bare counterpart under waitress with eight threads; see `bare_server`."""
    port, log = free_port(), folder / "bare.log"
    command = [sys.executable, "-m", "tests.benchmarks.bare_server", str(port), *arguments]
    with (
        log.open("ab") as output,
        subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True) as process,  # noqa: S603 - our own
    ):
        served = Served(process, port=port, log=log)
        try:
            served.wait_until_ready()
            yield served
        finally:
            served.kill()


def group_of(served: Served) -> Group:
    """Return the processes of a server."""
    return Group(served.process.pid)
