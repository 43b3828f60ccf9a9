"""What a server costs, with all the processes it started: read from /proc."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TICK: Final = os.sysconf("SC_CLK_TCK")
MEBIBYTE: Final = 1024


@dataclass(frozen=True, slots=True)
class Group:
    """A group of processes: a server that was started in a session of its own."""

    leader: int

    def cpu(self) -> float:
        """Return the seconds of CPU that the living processes of the group have used, in the kernel too."""
        return sum(int(fields[11]) + int(fields[12]) for _, fields in self._members()) / TICK

    def memory(self) -> float:
        """Return the resident memory of the group in MiB."""
        return sum(_resident(path) for path, _ in self._members()) / MEBIBYTE

    def _members(self) -> Iterator[tuple[Path, list[str]]]:
        for path in Path("/proc").glob("[0-9]*"):
            try:
                # Behind the name, which may hold spaces: state, parent, group, …
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.leader:
                yield path, fields


def _resident(path: Path) -> int:
    lines = (path / "status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
