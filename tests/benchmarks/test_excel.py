"""Workbooks: of one sheet, of a long list, and of a whole campaign with the PDFs as a job."""

import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from openpyxl import load_workbook
from sqlalchemy import func, select
from xlsxwriter import Workbook

from app.config import Settings
from app.db.session import Database, bind
from app.inspections.models import Campaign, Revision, SealedRevision
from app.inspections.queries.sealed import SealedSheet, sealed_of_campaign, sealed_sheet
from app.inspections.rules import State
from app.inspections.rules.progress import ProgressRow, ShownScore, StepMark
from app.jobs.bundles import make_bundles
from app.journal.commands import seal
from app.journal.models import JournalSeal
from app.kernel.digest import digest_text
from app.kernel.ids import CampaignId, InspectionId, UnitId, new_id
from app.people.queries import actor_on
from app.reports.commands.requests import request_documents
from app.reports.excel import inspection_result, progress_list
from app.reports.queries import inspection_report
from app.reports.rules.campaign import Imprint
from app.reports.rules.requests import BundleKind
from tests.benchmarks.city import City, add_earlier_years
from tests.benchmarks.measuring import (
    NO_DATABASE,
    Comparison,
    Sample,
    Table,
    Work,
    in_turns,
    name_of,
    timed,
)
from tests.benchmarks.test_sheet_pdf import bare_document, sealed_year
from tests.factories.inspections import Year
from tests.people import AFFAIRS, KIMURA

ROUNDS: Final = 5
ROWS: Final = 10_000
SHEETS: Final = 120
AT: Final = datetime(2026, 11, 20, tzinfo=UTC)

Cells = list[tuple[str, list[tuple[object, ...]]]]


def test_excel_of_one_sheet(database: Database, table: Table, tmp_path: Path) -> None:
    year = sealed_year(database)
    report = inspection_report(_found(year), settings=Settings(instance_path=tmp_path))
    made = inspection_result.render(report)
    cells = cells_of(made)
    found = in_turns(
        lambda: timed([lambda: inspection_result.render(report)] * 4),
        lambda: timed([lambda: bare_workbook(cells, option="in_memory")] * 4),
        rounds=ROUNDS,
    )
    item = f"Excel of one sheet of 72 items ({len(made) // 1024} KiB), vs bare XlsxWriter with the same cells"
    table.compare(item, found, goal="≤ 3 ×", database=NO_DATABASE)


def test_excel_of_a_long_list(table: Table) -> None:
    rows = [progress_row(number) for number in range(ROWS)]
    imprint = Imprint(city="みほん市", classification="取扱注意", made_at=AT, generated_at="")
    made = progress_list.render(rows, imprint=imprint, campaign="令和8年度")
    cells = cells_of(made)
    found = in_turns(
        lambda: timed([lambda: progress_list.render(rows, imprint=imprint, campaign="令和8年度")]),
        lambda: timed([lambda: bare_workbook(cells, option="constant_memory")]),
        rounds=ROUNDS,
    )
    item = (
        f"Excel of a list of {ROWS:,} rows of 17 cells, vs XlsxWriter in constant memory with the same cells"
    )
    table.compare(item, found, goal="≤ 1.2 ×", database=NO_DATABASE)


def test_documents_of_120_sheets_as_a_job(city: City, table: Table, tmp_path: Path) -> None:
    """Each kind of document of a whole year, none of them made before: read, laid out, kept, and put into one archive."""
    add_earlier_years(city, years=1)
    settings = Settings(instance_path=tmp_path)
    bind(city.database)
    campaign_id = sealed_campaign(city)
    manager = city.actor(KIMURA)
    with city.database.reading() as session:
        first, number = sealed_of_campaign(session, campaign_id=campaign_id)[0]
        found = sealed_sheet(session, actor=manager, inspection_id=first, number=number)
    document = bare_document(found)
    cells = cells_of(inspection_result.render(inspection_report(found, settings=settings)))
    kinds: tuple[tuple[BundleKind, str, str, Work, str], ...] = (
        (BundleKind.PDF, "PDF", "a bare ReportLab table", document, "≤ 2 ×"),
        (
            BundleKind.XLSX,
            "Excel",
            "bare XlsxWriter",
            lambda: bare_workbook(cells, option="in_memory"),
            "≤ 3 ×",
        ),
    )
    for kind, name, library, bare, goal in kinds:
        bare()
        before = timed([bare] * (SHEETS // 2))
        product, size = _bundle(city, campaign_id, kind=kind, settings=settings)
        after = timed([bare] * (SHEETS // 2))
        table.compare(
            f"{name} of {SHEETS} sheets as a job ({size // 1024:,} KiB), one sheet, vs {library} with the same cells",
            Comparison((product, product), (before, after)),
            goal=goal,
            database=name_of(city.database.engine.url),
        )


def _bundle(
    city: City, campaign_id: CampaignId, *, kind: BundleKind, settings: Settings
) -> tuple[Sample, int]:
    """Ask for one kind of documents, let the job make them; return the cost of one document and the size of the archive."""
    before = set(settings.documents_path.glob("*.zip"))
    with city.database.transaction() as session:
        manager = actor_on(session, person_id=KIMURA.id, day=AT.date())
        request_documents(session, actor=manager, campaign_id=campaign_id, kind=kind, now=AT)
    made = timed([lambda: make_bundles(settings=settings, now=AT, asked_to_stop=lambda: False)])
    [path] = set(settings.documents_path.glob("*.zip")) - before
    with ZipFile(path) as archive:
        assert len(archive.namelist()) == SHEETS
    return Sample(made.wall / SHEETS, made.cpu / SHEETS), path.stat().st_size


def sealed_campaign(city: City) -> CampaignId:
    """Seal the sheets of the year before, which were put into the database as signed off."""
    with city.database.transaction() as session:
        campaign_id = CampaignId(session.scalars(select(Campaign.id)).one())
        revisions = session.scalars(select(Revision.id)).all()
        seal(session, reason="benchmark", now=AT)
        number = session.scalars(select(func.max(JournalSeal.sequence))).one()
        session.add_all(
            SealedRevision(
                revision_id=revision_id,
                content="{}",
                digest=digest_text(str(revision_id)),
                sealed_by=KIMURA.id,
                sealed_at=AT,
                journal_seal=number,
            )
            for revision_id in revisions
        )
    return campaign_id


def _found(year: Year) -> SealedSheet:
    actor = year.actor(KIMURA)
    with year.database.reading() as session:
        return sealed_sheet(session, actor=actor, inspection_id=year.sheets[AFFAIRS.code])


def cells_of(content: bytes) -> Cells:
    """Return the values of a workbook by sheet and row."""
    book = load_workbook(io.BytesIO(content))
    return [(sheet.title, list(sheet.iter_rows(values_only=True))) for sheet in book.worksheets]


def bare_workbook(cells: Cells, *, option: str) -> bytes:
    """Write the same cells with the library alone."""
    stream = io.BytesIO()
    book = Workbook(stream, {option: True})
    text = book.add_format({"text_wrap": True, "border": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd", "border": 1})
    for name, rows in cells:
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(at, place, value, text)
                elif isinstance(value, datetime):
                    sheet.write_datetime(at, place, value, day)
                elif value is None:
                    sheet.write_blank(at, place, None, text)
                else:
                    sheet.write_number(at, place, value, text)
    book.close()
    return stream.getvalue()


def progress_row(number: int) -> ProgressRow:
    """Return a row of a progress list as a busy campaign has it."""
    return ProgressRow(
        inspection_id=InspectionId(new_id()),
        unit_id=UnitId(new_id()),
        unit_name=f"第{number}出張所",
        department_id=None,
        department_name="総務部",
        state=State.UNDER_REVIEW,
        standing="under_review",
        label="審査中",
        marks=(StepMark.DONE,) * 4,
        answered=72,
        applicable=72,
        decided=40,
        self_score=ShownScore(percent="84.2", grade="B"),
        reviewed_score=None,
        due=date(2026, 12, 18),
        extended=False,
        grace_until=date(2026, 12, 18),
        overdue=number % 2 == 0,
        since=AT,
        heads=("鈴木 一郎",),
        clerks=("佐藤 健一", "髙橋 実"),
        may_end=False,
    )
