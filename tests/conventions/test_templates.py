"""Templates: nothing that the content security policy would refuse, nothing that turns escaping off."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
TEMPLATES: Final = sorted((ROOT / "app").glob("**/templates/**/*.html"))
FORBIDDEN: Final = {
    "a style attribute": re.compile(r"\bstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "a script without src": re.compile(r"<script\b(?![^>]*\bsrc\s*=)", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "the filter safe": re.compile(r"\|\s*safe\b"),
    "escaping turned off": re.compile(r"autoescape\s+false"),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "another host": re.compile(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
    "a static address without its digest": re.compile(r"[\"']/static/"),
    "a frame": re.compile(r"<(?:i?frame|object|embed|base)\b", re.IGNORECASE),
}


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 5


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_contains(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if FORBIDDEN[what].search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "sample"),
    [
        ("a style attribute", '<p style="color: red">'),
        ("an event attribute", '<a onclick="go()">'),
        ("a script without src", "<script>go()</script>"),
        ("the filter safe", "{{ text | safe }}"),
        ("another host", '<img src="//example.com/x.png">'),
    ],
)
def test_what_is_forbidden_would_be_seen(what: str, sample: str) -> None:
    assert FORBIDDEN[what].search(sample)


def test_a_script_of_our_own_is_fine() -> None:
    assert not FORBIDDEN["a script without src"].search(
        '<script src="{{ static_url(name) }}" defer></script>'
    )
