"""Looks at files with little memory and time, as a process of its own: what bursts takes nothing else along.

From standard input comes a name, how many bytes follow, and these; to standard output goes one line about each: the
seconds it took, and what was said.
"""

import resource
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Final

from app.evidence.files import checked_file
from app.kernel.errors import InvalidInput

MEMORY: Final = 100 * 1024 * 1024
"""Beyond what the process has with the file itself: the parser of XML takes its memory where Python does not count."""
SECONDS: Final = 60
"""So that what has no end at all ends."""


def limit() -> None:
    """Allow so much more than was taken until now."""
    taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + SECONDS + 1, resource.RLIM_INFINITY))


def look(data: bytes, *, name: str) -> str:
    """Return the sentence of the refusal, or that the file was taken."""
    limit()
    try:
        checked_file(BytesIO(data), name=name)
    except InvalidInput as refused:
        return refused.message
    except MemoryError:
        return "the memory is full"
    return "taken"


def main() -> None:
    """Answer until nothing more comes."""
    while name := sys.stdin.buffer.readline().decode().strip():
        data = sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))
        began = time.process_time()
        said = look(data, name=name)
        sys.stdout.buffer.write(f"{time.process_time() - began} {said}\n".encode())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
