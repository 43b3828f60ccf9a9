"""Bare counterparts under the product's own kind of server, as a process of their own.

python -m tests.benchmarks.bare_server PORT          an empty Flask application
python -m tests.benchmarks.bare_server PORT URL      a function that saves an answer in the bare store of that database
"""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask
from waitress import serve

from tests.benchmarks.bare_store import BareStore, store_at

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

THREADS: Final = 8


def empty_application() -> Flask:
    """Return an application with one page of two words."""
    app = Flask("bare")
    app.add_url_rule("/login", "page", lambda: "まだ何もない")
    return app


class Saving:
    """One indexed read and one committed write for each request, whatever it asks."""

    def __init__(self, store: BareStore) -> None:
        self._store = store

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Save the answer whose number stands in the path; a GET only says that the server is there."""
        number = environ["PATH_INFO"].rpartition("/")[2]
        body = b"ready" if environ["REQUEST_METHOD"] == "GET" else str(self._store.save(int(number))).encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]


def main(arguments: list[str]) -> None:
    """Serve until the process is ended."""
    port, urls = int(arguments[0]), arguments[1:]
    app: Any = Saving(store_at(urls[0])) if urls else empty_application()
    serve(app, host="127.0.0.1", port=port, threads=THREADS, ident=None)


if __name__ == "__main__":
    main(sys.argv[1:])
