"""The PDF of one sealed sheet of 72 items: read from the database, scored, set and written."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate

from app.config import Settings
from app.db.session import Database
from app.inspections.commands.answer import AnswerDraft, confirm_profile, record_answers
from app.inspections.queries.sealed import SealedSheet, sealed_sheet
from app.reports.pdf import fonts
from app.reports.queries import inspection_pdf
from tests.benchmarks.city import COMMENT, EDITION, LEVELS, REMARK
from tests.benchmarks.measuring import Table, Work, in_turns, name_of, timed
from tests.factories.inspections import Year, running_year
from tests.people import AFFAIRS, KIMURA, SATO

ROUNDS: Final = 5
FONT: Final = "BareGothic"
FONT_FILE: Final = Path(fonts.__file__).parent / "fonts" / "BIZUDPGothic" / "Regular.ttf"
WIDTHS: Final = (34, 190, 52, 150, 99)


def test_pdf_of_one_sheet(database: Database, table: Table, tmp_path: Path) -> None:
    year = sealed_year(database)
    settings = Settings(instance_path=tmp_path)
    work = document(year, settings=settings)
    bare = bare_document(_found(year))
    sizes = [len(bytes(made) if isinstance(made, bytes) else b"") // 1024 for made in (work(), bare())]
    found = in_turns(lambda: timed([work]), lambda: timed([bare]), rounds=ROUNDS)
    item = f"PDF of one sheet of 72 items ({sizes[0]} KiB), vs a ReportLab table with CJK paragraphs ({sizes[1]} KiB)"
    table.compare(item, found, goal="≤ 2 ×", database=name_of(database.engine.url))


def document(year: Year, *, settings: Settings) -> Work:
    """Return the work of making the document from the sealed rows."""
    return lambda: inspection_pdf(_found(year), settings=settings)


def _found(year: Year) -> SealedSheet:
    actor = year.actor(KIMURA)
    with year.database.reading() as session:
        return sealed_sheet(session, actor=actor, inspection_id=year.sheets[AFFAIRS.code])


def sealed_year(database: Database) -> Year:
    """Walk a sheet with all 72 items from the first answer to the seal by the real commands."""
    year = running_year(database, places=(AFFAIRS,), data=EDITION.read_bytes())
    clerk, sheet = year.actor(SATO), year.sheet(AFFAIRS)
    with database.transaction() as session:
        flags = {flag.code: True for flag in sheet.edition.flags}
        confirm_profile(
            session, actor=clerk, inspection_id=sheet.id, flags=flags, seen_version=0, now=year.now
        )
        drafts = [
            AnswerDraft(
                item_id=item_id,
                level=LEVELS[number % len(LEVELS)],
                comment=COMMENT,
                seen_version=0,
                client_id=f"benchmark-{number}",
            )
            for number, item_id in enumerate(sheet.edition.items)
        ]
        record_answers(session, actor=clerk, inspection_id=sheet.id, drafts=drafts, now=year.now)
    for act in (year.hand_over, year.approve, year.judge, year.finish_review, year.sign_off):
        year.now += timedelta(minutes=10)
        act(AFFAIRS)
    return year


def bare_document(found: SealedSheet) -> Work:
    """Return the work of writing the same items as one table of paragraphs, the font loaded before."""
    pdfmetrics.registerFont(TTFont(FONT, FONT_FILE))
    style = ParagraphStyle("cell", fontName=FONT, fontSize=8.5, leading=12, wordWrap="CJK")
    answers = found.content.answers
    texts = [
        (item.number, item.statement, answers[item.id].level or "", answers[item.id].comment, REMARK)
        for item in found.content.items
    ]

    def work() -> bytes:
        rows = [[Paragraph(text, style) for text in line] for line in texts]
        stream = io.BytesIO()
        SimpleDocTemplate(stream, pagesize=A4).build([LongTable(rows, colWidths=WIDTHS)])
        return stream.getvalue()

    return work
