"""The board as a document: its text as reviewed, its paper, its heads on every page, its tones in grey.

UPDATE_GOLDEN=1 writes the expected text anew; the change is then reviewed as a diff.
"""

import io
import os
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from app.reports.pdf.board import _TONES, render
from app.reports.pdf.document import WIDE
from tests.golden.sample_campaign import board_figures, campaign_report

HERE = Path(__file__).parent
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
DISCERNED = 0.05
"""Least difference of lightness, of 1, between two tones that paper tells apart."""

pytestmark = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("board") / "board.pdf"
    made.write_bytes(render(campaign_report()))
    return made


def tool(name: str, *arguments: str | Path) -> str:
    program = shutil.which(name)
    assert program
    done = subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)  # noqa: S603
    return done.stdout.decode()


def test_text_is_as_reviewed(path: Path) -> None:
    golden, found = HERE / "board_document.txt", tool("pdftotext", "-layout", path, "-")
    if UPDATE:
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


def test_every_page_is_a4_landscape_with_its_number_and_its_label(path: Path) -> None:
    paper = PdfReader(path)
    assert len(paper.pages) == 4
    for number, page in enumerate(paper.pages, start=1):
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(
            (WIDE.width, WIDE.height), abs=0.01
        )
        text = page.extract_text()
        assert f"{number} / 4" in text
        assert "取扱注意" in text


def test_the_head_of_the_heat_map_stands_on_each_of_its_pages(path: Path) -> None:
    board = board_figures()
    pages = [
        "".join(page.extract_text().split())
        for page in PdfReader(path).pages
        if "前回比" in page.extract_text()
    ]
    heat = [text for text in pages if board.lines[5].name in text or board.lines[-2].name in text]
    assert len(heat) == 2
    for text in heat:
        assert [mean.short for mean in board.means if mean.short not in text] == []


def test_nothing_stands_outside_of_the_paper(path: Path, tmp_path: Path) -> None:
    """The margin is white on every page, also beside the widest table."""
    tool("pdftoppm", "-r", "50", "-gray", "-png", path, tmp_path / "page")
    for file in sorted(tmp_path.glob("page-*.png")):
        page = Image.open(file).convert("L")
        width, height = page.size
        margins = [(0, 0, 24, height), (width - 24, 0, width, height), (0, 0, width, 20)]
        assert {page.crop(box).getextrema() for box in margins} == {(255, 255)}, file.name


def test_each_tone_is_darker_than_the_one_before_on_grey_paper() -> None:
    lightness = [0.299 * red + 0.587 * green + 0.114 * blue for (red, green, blue), _ in _TONES]
    steps = [before - after for before, after in pairwise(lightness)]
    assert min(steps) >= DISCERNED


def test_the_same_report_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = render(campaign_report())
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert render(campaign_report()) == first


def test_a_board_of_nothing_is_still_a_document() -> None:
    empty = replace(board_figures(), lines=(), means=(), support=(), support_more=0, dropped=(), missed=())
    text = "".join(
        page.extract_text()
        for page in PdfReader(io.BytesIO(render(replace(campaign_report(), board=empty)))).pages
    )
    assert text.count("いまのところありません。") == 3
