"""Where somebody may be sent after signing in: paths of our own site, as a browser reads them."""

import pytest

from app.web.access import local_path


@pytest.mark.parametrize("path", ["/", "/inspections?page=2", "/inspections/x#q1", "/checklists/点検"])
def test_a_path_of_our_own_is_taken(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "inspections",
        "https://example.com/",
        "//example.com/",
        "/\\example.com/",
        "javascript:alert(1)",
        # A browser drops tabs and line ends, and would read //example.com.
        "/\t/example.com",
        "/\n/example.com",
        "/\r/example.com",
        "/ok\r\nSet-Cookie: x=1",
        "/\x00/example.com",
        "/\x7f",
        "/\x85/example.com",
        "/\u2028/example.com",
        "/\u202e/example.com",
    ],
)
def test_anything_else_is_not(path: str | None) -> None:
    assert local_path(path) is None
