"""The README's generated parts are what runs, and its pictures are there."""

import re

from tests.harness.readme import README, filled


def test_the_generated_parts_of_the_readme_are_what_runs() -> None:
    text = README.read_text(encoding="utf-8")
    assert filled(text) == text, "run: python -m tests.harness.readme"


def test_every_picture_of_the_readme_is_there_and_none_is_left_over() -> None:
    named = set(re.findall(r"\((tests/screenshots/[^)]+\.png)\)", README.read_text(encoding="utf-8")))
    kept = {
        f"tests/screenshots/{path.name}" for path in (README.parent / "tests" / "screenshots").glob("*.png")
    }
    assert named == kept
