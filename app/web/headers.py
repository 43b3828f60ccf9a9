"""Response headers: the same on every route, errors included, without any unsafe word."""

import gzip
from typing import Final

from flask import Flask, request
from werkzeug.wrappers import Response

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'none'"
)
STRICT: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
ATTACHMENT_POLICY: Final = "default-src 'none'; sandbox"
"""Of what is saved and never shown: whatever a file holds, it has no origin and runs nothing."""
NO_STORE: Final = "no-store"
FOREVER: Final = "public, max-age=31536000, immutable"


SMALLEST_PACKED: Final = 2000
"""Bytes; a smaller page gains nothing."""


def pack(response: Response) -> None:
    """Compress a page for browsers that take it: the judging page of seventy items shrinks to a tenth.

    Guessing secrets from the length needs authenticated requests from another site; the session cookie is never sent with those
    (SameSite).
    """
    if response.mimetype != "text/html" or "gzip" not in request.headers.get("Accept-Encoding", ""):
        return
    if (
        response.direct_passthrough
        or "Content-Encoding" in response.headers
        or len(response.data) < SMALLEST_PACKED
    ):
        return
    response.data = gzip.compress(response.data, 5)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.add("Vary", "Accept-Encoding")


def init_headers(app: Flask, *, strict_transport: str | None) -> None:
    """Send the strict headers with every response; pages are never kept by a browser or proxy."""

    @app.after_request
    def send(response: Response) -> Response:
        for name, value in STRICT.items():
            response.headers[name] = value
        if response.headers.get("Content-Disposition", "").startswith("attachment"):
            response.headers["Content-Security-Policy"] = ATTACHMENT_POLICY
        if strict_transport is not None:
            response.headers["Strict-Transport-Security"] = strict_transport
        pack(response)
        if request.endpoint != "static_file" or response.status_code != 200:  # noqa: PLR2004 - OK
            response.headers["Cache-Control"] = NO_STORE
        return response
