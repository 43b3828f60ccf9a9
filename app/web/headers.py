"""Response headers: the same on every route, errors included, without any unsafe word."""

from typing import Final

from flask import Flask, request
from werkzeug.wrappers import Response

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'none'",
    )
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
NO_STORE: Final = "no-store"
FOREVER: Final = "public, max-age=31536000, immutable"


def init_headers(app: Flask, *, strict_transport: str | None) -> None:
    """Send the strict headers with every response; pages are never kept by a browser or proxy."""

    @app.after_request
    def send(response: Response) -> Response:
        for name, value in STRICT.items():
            response.headers[name] = value
        if strict_transport is not None:
            response.headers["Strict-Transport-Security"] = strict_transport
        if request.endpoint != "static_file" or response.status_code != 200:  # noqa: PLR2004 - OK
            response.headers["Cache-Control"] = NO_STORE
        return response
