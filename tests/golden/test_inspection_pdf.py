"""The inspection result as people get it: its text, its look, and what other programs find in the file.

UPDATE_GOLDEN=1 writes the expected text and page images anew; the change is then reviewed as a diff.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat
from pypdf import PdfReader
from pypdf.generic import Destination

from app.reports.pdf.document import MARGIN, PAGE_HEIGHT, PAGE_WIDTH
from app.reports.pdf.inspection_result import render, render_document
from app.reports.rules import InspectionReport, ScoreFigure
from tests.golden.sample_report import COMMENTS, MADE_AT, digest, draft_report, rich_report

HERE = Path(__file__).parent
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
TOOLS = ("pdftotext", "pdftoppm", "pdffonts", "qpdf")
TILE = 8
"""Pixels a side of the tiles in which two pages are compared: about one mark of an answer at 60 dpi."""
TOLERANCE = 24
"""Grey levels out of 255 the mean of a tile may differ: smoothing differs between versions of poppler."""

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in TOOLS), reason="poppler-utils and qpdf are not installed"
)


def tool(name: str, *arguments: str | Path) -> str:
    path = shutil.which(name)
    assert path
    done = subprocess.run([path, *map(str, arguments)], check=True, capture_output=True)  # noqa: S603
    return done.stdout.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pdf")


@pytest.fixture(scope="module")
def rich(folder: Path) -> Path:
    path = folder / "rich.pdf"
    path.write_bytes(render(rich_report()))
    return path


@pytest.fixture(scope="module")
def draft(folder: Path) -> Path:
    path = folder / "draft.pdf"
    path.write_bytes(render(draft_report()))
    return path


@pytest.fixture(scope="module")
def rich_text(rich: Path) -> str:
    return tool("pdftotext", "-layout", rich, "-")


def compact(text: str) -> str:
    """Text without white space, as a search across line ends sees it."""
    return re.sub(r"\s", "", text)


def test_text_is_as_reviewed(rich_text: str) -> None:
    golden = HERE / "inspection_result.txt"
    if UPDATE:
        golden.write_text(rich_text, encoding="utf-8")
    assert rich_text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["rich", "draft"])
def test_pages_look_as_reviewed(name: str, folder: Path, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(name)
    tool("pdftoppm", "-r", "60", "-gray", "-png", path, folder / f"inspection_{name}")
    pages = sorted(folder.glob(f"inspection_{name}-*.png"))
    if UPDATE:
        for old in HERE.glob(f"inspection_{name}-*.png"):
            old.unlink()
        for page in pages:
            Image.open(page).quantize(32).save(HERE / page.name, optimize=True)
    assert [page.name for page in pages] == sorted(
        each.name for each in HERE.glob(f"inspection_{name}-*.png")
    )
    for page in pages:
        assert difference(page, HERE / page.name) <= TOLERANCE, page.name


def difference(one: Path, other: Path) -> int:
    """The greatest difference of a tile, in grey levels; pages of different size differ wholly."""
    images = [Image.open(path).convert("L") for path in (one, other)]
    if images[0].size != images[1].size:
        return 255
    tiles = ImageChops.difference(*images).reduce(TILE)
    return int(ImageStat.Stat(tiles).extrema[0][1])


def test_difference_notices_a_missing_mark(folder: Path) -> None:
    page = Image.new("L", (496, 702), 255)
    page.save(folder / "blank.png")
    ImageDraw.Draw(page).ellipse((100, 100, 108, 108), outline=30)
    page.save(folder / "mark.png")
    assert difference(folder / "blank.png", folder / "mark.png") > TOLERANCE


@pytest.mark.parametrize("build", [rich_report, draft_report])
def test_same_report_same_bytes(build: Callable[[], InspectionReport]) -> None:
    assert render(build()) == render(build())


def test_many_threads_write_the_same_bytes() -> None:
    expected = render(rich_report())
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(render(rich_report()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * len(threads)


@pytest.mark.parametrize("name", ["rich", "draft"])
def test_file_is_sound(name: str, request: pytest.FixtureRequest) -> None:
    assert "No syntax or stream encoding errors" in tool("qpdf", "--check", request.getfixturevalue(name))


@pytest.mark.parametrize("name", ["rich", "draft"])
def test_all_fonts_are_embedded_subsets_with_unicode(name: str, request: pytest.FixtureRequest) -> None:
    rows = tool("pdffonts", request.getfixturevalue(name)).splitlines()[2:]
    assert rows
    for row in rows:
        font, *_rest, embedded, subset, unicode_map, _object, _generation = row.split()
        assert (embedded, subset, unicode_map) == ("yes", "yes", "yes"), row
        assert re.fullmatch(r"[A-Z]{6}\+(BIZUDPGothic-(Regular|Bold)|NotoSansJP-Regular)", font)


def test_metadata_and_language(rich: Path) -> None:
    reader = PdfReader(rich)
    assert reader.metadata is not None
    assert reader.metadata.title == "情報セキュリティ自己点検　結果報告書　令和8年度　税務課"
    assert reader.metadata.author == "見本市"
    assert "税務課" in str(reader.metadata.subject)
    assert reader.metadata.creator == reader.metadata.producer == "情報セキュリティ自己点検システム"
    # The file says when the sheet was sealed, not when it was written.
    assert reader.metadata.creation_date == reader.metadata.modification_date == MADE_AT
    keywords = str(reader.metadata["/Keywords"])
    assert "第4版" in keywords
    assert f"edition:{digest('edition')}" in keywords
    assert f"revision:{digest('revision')}" in keywords
    assert str(reader.root_object["/Lang"]) == "ja-JP"


def test_outline_leads_to_every_section(rich: Path) -> None:
    reader = PdfReader(rich)
    titles = list(outline(reader.outline))
    assert titles[:3] == [(0, "点検結果の概要"), (0, "未達の重要項目"), (0, "全項目の回答と審査")]
    assert titles[3] == (1, "1　体制と責任")
    assert (1, "9　研修と周知") in titles
    assert titles[-3:] == [(1, "別紙1　得点の計算"), (1, "別紙2　承認の経過"), (1, "別紙3　版と照合値")]


def outline(entries: object, level: int = 0) -> list[tuple[int, str]]:
    """The outline as (level, title) in order."""
    found: list[tuple[int, str]] = []
    assert isinstance(entries, list)
    for entry in entries:
        found += outline(entry, level + 1) if isinstance(entry, list) else [(level, title_of(entry))]
    return found


def title_of(entry: object) -> str:
    assert isinstance(entry, Destination)
    return str(entry.title)


def test_markup_is_printed_as_typed(rich_text: str) -> None:
    assert compact(COMMENTS["5-1"]) in compact(rich_text)


@pytest.mark.parametrize("word", ["𠮷田髙志", "木村﨑子", "𠮷田建設", "髙橋印刷"])
def test_difficult_names_are_found(rich_text: str, word: str) -> None:
    assert word in compact(rich_text)


def test_long_comment_is_complete(rich: Path) -> None:
    plain = compact(
        re.sub(
            r"取扱注意.*?審査の判断|令和8年度情報セキュリティ自己点検所属.*?/10",
            "",
            compact(tool("pdftotext", rich, "-")),
        )
    )
    sentence = "旧庁舎から運んだ共有フォルダーに、保存期間を過ぎたデータが残っている。"
    assert (
        plain.count("作業は2人で行い、記録を残す。")
        >= COMMENTS["2-3"].count("作業は2人で行い、記録を残す。") - 1
    )
    assert plain.count(sentence) >= COMMENTS["2-3"].count(sentence) - 2


def test_direction_override_does_not_act(rich_text: str) -> None:
    assert "report〔U+202E〕fdp.exe" in rich_text
    assert "\u202e" not in rich_text


def test_missing_characters_are_shown_and_reported(rich_text: str) -> None:
    assert render_document(rich_report()).missing_characters == ("\ue000", "🔒")
    assert "U+E000、U+1F512" in rich_text
    assert "〓" in rich_text


def test_every_page_carries_its_marks(rich: Path) -> None:
    pages = [compact(page) for page in tool("pdftotext", "-layout", rich, "-").split("\f")[:-1]]
    for number, page in enumerate(pages, start=1):
        assert "取扱注意機密性2" in page
        assert "文書番号08情政第321号" in page
        assert "照合番号2B21-4DDF-3326-0165" in page
        assert f"{number}/{len(pages)}" in page


def test_draft_and_copy_are_marked_on_every_page(draft: Path, folder: Path) -> None:
    for page in tool("pdftotext", "-layout", draft, "-").split("\f")[:-1]:
        assert "下書き（確定前）" in page
    path = folder / "copy.pdf"
    path.write_bytes(render(replace(rich_report(), copy_mark="写し（監査用）")))
    for page in tool("pdftotext", "-layout", path, "-").split("\f")[:-1]:
        assert "写し（監査用）" in page


def no_sections(report: InspectionReport) -> InspectionReport:
    return replace(
        report, sections=(), items=(), bands=(), level_counts=(), score_lines=(), mandatory_misses=()
    )


def many_sections(report: InspectionReport) -> InspectionReport:
    line = report.sections[0]
    return replace(
        report,
        sections=tuple(replace(line, number=str(at), title=f"{line.title}{at}") for at in range(1, 25)),
    )


def two_sections(report: InspectionReport) -> InspectionReport:
    return replace(report, sections=report.sections[:2], items=report.items[:16])


def long_texts(report: InspectionReport) -> InspectionReport:
    long, word = "長い文、「かぎ」。" * 450, "a" * 4000
    items = tuple(replace(item, statement=long, comment=word, remark=long) for item in report.items[:3])
    figure = ScoreFigure(text="とても長い得点の書き方", percent=250.0)
    misses = tuple(replace(miss, comment=long, statement=long) for miss in report.mandatory_misses[:2])
    return replace(
        report,
        title=long,
        unit_name=long,
        unit_path=long,
        city=long,
        campaign_title=long,
        classification=long,
        copy_mark=long,
        form_number=long,
        reviewed_score=figure,
        grade_note=long,
        items=items,
        mandatory_misses=misses,
        sections=tuple(replace(line, title=long, self_score=figure) for line in report.sections),
        score_lines=tuple(replace(line, note=long[:200]) for line in report.score_lines[:3]),
        approvals=tuple(replace(each, name=long, post=word) for each in report.approvals),
        head_statement=long,
        reviewer_statement=word,
    )


def blank_texts(report: InspectionReport) -> InspectionReport:
    items = tuple(
        replace(item, number="", statement="", comment=" \n ", remark="\n") for item in report.items
    )
    return replace(
        report, title="", unit_name="", classification="", items=items, revision_digest="", city=""
    )


@pytest.mark.parametrize("change", [no_sections, many_sections, two_sections, long_texts, blank_texts])
def test_nothing_leaves_the_page(
    change: Callable[[InspectionReport], InspectionReport], folder: Path
) -> None:
    path = folder / f"{change.__name__}.pdf"
    path.write_bytes(render(change(rich_report())))
    words = re.findall(
        r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>',
        tool("pdftotext", "-bbox", path, "-"),
    )
    assert words
    for left, upper, right, lower, word in words:
        assert float(left) >= MARGIN - 1, word
        assert float(right) <= PAGE_WIDTH - MARGIN + 1, word
        assert float(upper) >= MARGIN - 3, word
        assert float(lower) <= PAGE_HEIGHT - MARGIN + 3, word


def test_rows_are_not_divided_unless_taller_than_a_page(rich: Path) -> None:
    reader = PdfReader(io.BytesIO(rich.read_bytes()))
    continued = [
        page
        for page in tool("pdftotext", "-layout", rich, "-").split("\f")
        if re.search(r"\d-\d つづき", page)
    ]
    assert len(continued) == 1
    assert len(reader.pages) == 10
