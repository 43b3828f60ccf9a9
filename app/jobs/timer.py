"""A thread beside the embedded server that does the regular work: at the start, and then every few minutes."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

log = logging.getLogger(__name__)
AskedToStop = Callable[[], bool]


class Timer:
    """Runs `work` again and again until it is told to stop. Whatever the work raises is logged and ends nothing."""

    def __init__(self, work: Callable[[AskedToStop], object], *, every: timedelta) -> None:
        self._work, self._every = work, every
        self._stop, self._wake = threading.Event(), threading.Event()
        # A daemon: work that does not end in time never keeps the server from ending.
        self._thread = threading.Thread(target=self._run, name="regular jobs", daemon=True)

    def start(self) -> None:
        """Begin with the first round at once."""
        self._thread.start()

    def hurry(self) -> None:
        """Begin the next round now, or right after the one that runs: somebody waits for it."""
        self._wake.set()

    def stop(self, *, within: timedelta) -> bool:
        """Ask the work to end after the piece it is at, wait for that, and return whether it did."""
        self._stop.set()
        self._wake.set()
        self._thread.join(within.total_seconds())
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self._work(self._stop.is_set)
            except Exception:
                log.exception("a round of the regular jobs failed")
            if not self._stop.is_set():
                self._wake.wait(self._every.total_seconds())
