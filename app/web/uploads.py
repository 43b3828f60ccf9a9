"""Which routes take files, and how much: exactly these take more than the rest of the product, and only from who is signed in."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import current_app, request

View = TypeVar("View", bound=Callable[..., Any])
TAKES_FILES: Final = "takes_files"
LARGEST_UPLOAD: Final = 64 * 1024 * 1024
"""Bytes of one request with files: three of the largest. A script sends them one by one."""
TOO_LARGE: Final = (
    "一度に送れるのは、合わせて60MBまでです（1件は20MBまで）。前の画面に戻り、分けて送ってください。"
)


def takes_files(view: View) -> View:
    """Declare that a route takes files. What is larger than half a megabyte waits on the disk, not in memory."""
    setattr(view, TAKES_FILES, True)
    return view


def widen() -> None:
    """Let a request of such a route be larger, once it is known who sends it and before its body is read."""
    if expects_files():
        request.max_content_length = LARGEST_UPLOAD


def expects_files() -> bool:
    """Return whether this request is for a route that takes files."""
    return request.endpoint is not None and getattr(
        current_app.view_functions.get(request.endpoint), TAKES_FILES, False
    )
