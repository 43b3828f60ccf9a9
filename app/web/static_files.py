"""Static files under names that carry the digest of their content, compressed once at start-up.

`static_url("app.css")` gives `/static/app.1a2b3c4d5e6f.css`; such an address may be kept by browsers for ever. No request leaves for
another host.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Flask, abort, request
from werkzeug.wrappers import Response

from app.web.access import public
from app.web.headers import FOREVER

FOLDER = Path(__file__).parent / "static"
COMPRESSED = {".css", ".js", ".svg"}
_ON_EVERY_PAGE = ("page/queue.js", "page/session.js", "page/unsent.js", "page/primary.js", "page/leaving.js")
BUNDLES: Final[Mapping[str, tuple[str, ...]]] = {
    "app.css": ("app.css", "answer/answer.css", "evidence.css"),
    "page.js": _ON_EVERY_PAGE,
    "answer.js": (
        *_ON_EVERY_PAGE,
        "answer/cards.js",
        "answer/sending.js",
        "answer/conflict.js",
        "answer/undo.js",
        "answer/keys.js",
        "answer/editors.js",
        "answer/start.js",
        "evidence.js",
    ),
}
"""Files that are read as small ones and served as one: a page stays at few requests. Their order is that of their names here."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, held in memory: there are few and they are small."""

    content: bytes
    packed: bytes | None
    mimetype: str


def contents() -> dict[str, bytes]:
    """Return what is served, by name: files as they are, but parts of a bundle only within it."""
    files = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()
    }
    bundles = {name: b"\n".join(files[part] for part in parts) for name, parts in BUNDLES.items()}
    parts = {part for parts in BUNDLES.values() for part in parts}
    return {**{name: content for name, content in files.items() if name not in parts}, **bundles}


def init_static_files(app: Flask) -> None:
    """Read the files, serve them under hashed names and give templates `static_url`."""
    by_address: dict[str, StaticFile] = {}
    addresses: dict[str, str] = {}
    for name, content in sorted(contents().items()):
        stem, dot, suffix = name.rpartition(".")
        address = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"
        packed = gzip.compress(content, 9, mtime=0) if f".{suffix}" in COMPRESSED else None
        by_address[address] = StaticFile(
            content, packed, mimetypes.guess_type(name)[0] or "application/octet-stream"
        )
        addresses[name] = f"/static/{address}"

    @public
    def static_file(address: str) -> Response:
        found = by_address.get(address)
        if found is None:
            abort(404)
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        if found.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(
                found.packed, mimetype=found.mimetype, headers={**headers, "Content-Encoding": "gzip"}
            )
        return Response(found.content, mimetype=found.mimetype, headers=headers)

    app.add_url_rule("/static/<path:address>", "static_file", static_file)
    app.jinja_env.globals["static_url"] = addresses.__getitem__
