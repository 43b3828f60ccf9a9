"""Static files under names that carry the digest of their content, compressed once at start-up.

`static_url("app.css")` gives `/static/app.1a2b3c4d5e6f.css`; such an address may be kept by browsers for ever. No request leaves for
another host.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, abort, request
from werkzeug.wrappers import Response

from app.web.access import public
from app.web.headers import FOREVER

FOLDER = Path(__file__).parent / "static"
COMPRESSED = {".css", ".js", ".svg"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, held in memory: there are few and they are small."""

    content: bytes
    packed: bytes | None
    mimetype: str


def init_static_files(app: Flask) -> None:
    """Read the files, serve them under hashed names and give templates `static_url`."""
    by_address: dict[str, StaticFile] = {}
    addresses: dict[str, str] = {}
    for path in sorted(p for p in FOLDER.rglob("*") if p.is_file()):
        name = path.relative_to(FOLDER).as_posix()
        content = path.read_bytes()
        stem, dot, suffix = name.rpartition(".")
        address = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"
        packed = gzip.compress(content, 9, mtime=0) if path.suffix in COMPRESSED else None
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
