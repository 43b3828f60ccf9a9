"""flask serve: the server that people use. waitress with SQLite (one process), gunicorn with PostgreSQL."""

import errno
import fcntl
import logging
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Final, cast

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from waitress import create_server, wasyncore

from app.cli.demo import demonstration_accounts
from app.config import Settings
from app.db.session import bound
from app.health.queries import serving_checks, sqlite_path
from app.health.rules import Mark
from app.jobs.round import Round, run_round
from app.jobs.timer import Timer
from app.kernel.clock import Clock
from app.kernel.errors import NotNow, Refusal
from app.kernel.ports import Ports

KEEP_ALIVE: Final = 120
"""Seconds an idle connection stays open: people think longer than servers expect."""
DRAIN_TIME: Final = 3.0
"""Seconds in which requests that were begun may end after SIGTERM."""
JOB_TIME: Final = 1.0
"""Seconds in which the piece of regular work in hand may end; broken off, it is done in the next round."""
MOST_WORKERS: Final = 4
LARGEST_BODY: Final = 72 * 1024 * 1024
"""Above the application's own limit, so that the application answers with its own page."""
OPEN_FILES: Final = 8192
SPARE_FILES: Final = 256
"""Kept for the database, logs and files being read."""


@click.command("serve", help="サーバーを動かす（止めるには Ctrl-C か SIGTERM）")
@with_appcontext
def serve() -> None:
    """Check the installation, then answer browsers until we are told to stop; exit with 1 when refused."""
    app = cast("Flask", current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    settings = cast("Settings", app.extensions["settings"])
    try:
        _require_ready(settings)
        with _alone(), _listening(settings.host, port=settings.port) as listening:
            _log_to_stderr()
            _greet(settings)
            if bound().is_sqlite:
                _serve_threads(app, settings=settings, listening=listening)
            else:
                _serve_workers(app, settings=settings, listening=listening)
    except Refusal as refusal:
        click.echo(refusal.message, err=True)
        raise SystemExit(1) from refusal


# ------------------------------------------------------------------------------------------ before serving


def _require_ready(settings: Settings) -> None:
    found = serving_checks(bound(), settings=settings)
    problems = [f"{check.sentence}\n   → {check.remedy}" for check in found if check.mark is Mark.BAD]
    if problems:
        raise NotNow("動かせません。\n" + "\n".join(problems))


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock that makes us the one server of an embedded database; PostgreSQL needs none."""
    path = sqlite_path(bound())
    if path is None:
        yield
        return
    lock = path.with_name(f"{path.name}.lock")
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = file.read().strip() or "不明"
            sentence = (
                f"同じデータベース {path} で、もう別のサーバーが動いています（プロセス番号 {other}）。"
                "それを止めてから、もう一度動かしてください。"
            )
            raise NotNow(sentence) from error
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        # The file stays: the system gives the lock back when this process ends, however it ends.
        yield


@contextmanager
def _listening(host: str, *, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise NotNow(f"アドレス {host} が分かりません。SELF_INSPECTION_HOST を確かめてください。") from error
    with listening:
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(512)
        except OSError as error:
            raise NotNow(_cannot_listen(error, host=host, port=port)) from error
        yield listening


def _cannot_listen(error: OSError, *, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"ポート {port} は、ほかのプログラムが使っています。それを止めるか、"
            f"SELF_INSPECTION_PORT で別の番号（例 {port + 1}）を指定してください。"
        )
    if error.errno == errno.EACCES:
        return (
            f"ポート {port} を使う権限がありません。"
            "SELF_INSPECTION_PORT で 1024 以上の番号を指定してください。"
        )
    return f"アドレス {host} では待ち受けられません。SELF_INSPECTION_HOST を確かめてください。"


def _greet(settings: Settings) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    click.echo(f"{settings.product_name} を動かしています：http://{host}:{settings.port}/")
    for role, staff_no, password in demonstration_accounts() if settings.demo else ():
        click.echo(f"  {role}　職員番号 {staff_no}　パスワード {password}")
    click.echo("止めるには Ctrl-C を押してください。")
    sys.stdout.flush()


# ------------------------------------------------------------------------------------------------ logging


class OneLine(logging.Formatter):
    """One line for each record: time, level, message, and for a fault its class and where it came from.

    The words of an exception are left out: they may carry what somebody typed.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line without control characters."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"{at} {record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            line += f" | {_origin(record.exc_info[1])}"
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _origin(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
    return f"{type(error).__module__}.{type(error).__qualname__} at {places}"


class WorkerLog(Logger):  # type: ignore[misc]  # gunicorn publishes no types
    """gunicorn's own log, in our form."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn publishes no types
        """Set up as gunicorn does, then write one line for each record."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(OneLine())


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # A line for each request that waits a moment would hide the faults on the busiest day.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


# ---------------------------------------------------------------------------------------- SQLite: one process


class _Stop:
    """Set by the signals that ask us to end."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked = True


def _serve_threads(app: Flask, *, settings: Settings, listening: socket.socket) -> None:
    channels: dict[int, Any] = {}
    stop = _Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server = create_server(
        app,
        map=channels,
        sockets=[listening],
        threads=settings.threads,
        ident=None,
        channel_timeout=KEEP_ALIVE,
        connection_limit=_connection_limit(),
        asyncore_use_poll=True,
        max_request_body_size=LARGEST_BODY,
        max_request_header_size=64 * 1024,
        # The number of proxies is a setting, applied by the application itself.
        clear_untrusted_proxy_headers=settings.trusted_proxies == 0,
    )
    with _regular_jobs(app, settings=settings):
        while not stop.asked:
            wasyncore.loop(timeout=0.5, use_poll=True, map=channels, count=1)
        server.accepting = False
        deadline = time.monotonic() + DRAIN_TIME
        while time.monotonic() < deadline and any(map(_is_busy, tuple(server.active_channels.values()))):
            wasyncore.loop(timeout=0.1, use_poll=True, map=channels, count=1)
    server.task_dispatcher.shutdown(timeout=1)


@contextmanager
def _regular_jobs(app: Flask, *, settings: Settings) -> Iterator[None]:
    """Do the regular work beside the server; with 0 minutes a scheduler of the machine does it (`flask jobs run`)."""
    if settings.jobs_minutes == 0:
        yield
        return
    clock = cast("Clock", app.extensions["clock"])
    timer = Timer(
        lambda asked_to_stop: run_round(
            Round(
                settings=settings,
                now=clock.now(),
                ports=app.extensions["ports"],
                asked_to_stop=asked_to_stop,
            )
        ),
        every=timedelta(minutes=settings.jobs_minutes),
    )
    hurry = cast("Ports", app.extensions["ports"]).hurry
    hurry.append(timer.hurry)
    timer.start()
    try:
        yield
    finally:
        hurry.remove(timer.hurry)
        timer.stop(within=timedelta(seconds=JOB_TIME))


def _is_busy(channel: Any) -> bool:  # noqa: ANN401 - waitress publishes no types
    return bool(channel.requests or channel.total_outbufs_len)


def _connection_limit() -> int:
    """Allow as many open files as the system lets us; most connections only wait for the next page."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(100, (wanted if soft == resource.RLIM_INFINITY else soft) - SPARE_FILES)


# ------------------------------------------------------------------------------ PostgreSQL: several processes


class _Workers(BaseApplication):  # type: ignore[misc]  # gunicorn publishes no types
    """gunicorn around our application: built before the workers part, so that they share its memory."""

    def __init__(self, app: Flask, *, options: dict[str, Any]) -> None:
        self._app, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        """Set our options; files and environment variables of gunicorn do not count."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application."""
        return self._app


def _serve_workers(app: Flask, *, settings: Settings, listening: socket.socket) -> None:
    options = {
        "bind": f"fd://{listening.detach()}",
        "workers": max(2, min(MOST_WORKERS, os.cpu_count() or 2)),
        "worker_class": "gthread",
        "threads": settings.threads,
        "keepalive": KEEP_ALIVE,
        "timeout": 60,
        "graceful_timeout": int(DRAIN_TIME),
        "loglevel": "warning",
        "logger_class": WorkerLog,
        "accesslog": None,
        # The number of proxies is a setting, applied by the application itself.
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
    }
    # No connection may be shared between processes: each worker opens its own.
    bound().engine.dispose()
    _Workers(app, options=options).run()


COMMANDS: Final = (serve,)
