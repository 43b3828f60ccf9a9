"""Child processes that end in order: whoever stops us, what we started is stopped and cleaned up."""

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

# Seconds a child gets to close its browsers, servers and files after an interrupt.
GRACE = 15

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def orderly_end() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into exceptions, so that `finally` blocks run; main thread only.

    The first signal counts, further ones are ignored until the end of the block: an impatient second
    Ctrl-C must not cut the cleaning up in two.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        for ending in _ENDING_SIGNALS:
            signal.signal(ending, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in _ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_child(command: Sequence[str], *, environment: Mapping[str, str]) -> int:
    """Run a command in our terminal and return its exit code; interrupt it in order when we must end."""
    with subprocess.Popen(command, env=environment) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            # The terminal has sent Ctrl-C to the child as well; a second one would break its cleaning up.
            _wait_or_kill(child)
            raise
        except BaseException:
            child.send_signal(signal.SIGINT)
            _wait_or_kill(child)
            raise


def _wait_or_kill(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
