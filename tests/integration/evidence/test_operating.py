"""Evidence in operation: backed up and restored, looked after by the doctor, listed on the result."""

import hashlib
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader
from sqlalchemy import select

from app.backup.commands import create_backup, restore_to_folder
from app.backup.commands.restore import JournalFaults
from app.backup.rules import DATABASE_FILE
from app.config import Settings
from app.db.engine import make_engine
from app.db.session import Database
from app.evidence.commands.store import is_whole, keep, path_of
from app.evidence.models import EvidenceFile
from app.evidence.rules import CheckedFile, Description, FileKind
from app.health.queries.evidence import SAMPLE, evidence_check
from app.health.rules import Check, Depth, Mark
from app.inspections.commands.evidence import attach_files, attach_reference
from app.inspections.queries.sealed import sealed_sheet
from app.inspections.rules import State
from app.journal.rules import ActorMark, Via
from app.reports.queries import inspection_pdf
from tests.factories.files import pdf
from tests.factories.inspections import Year
from tests.people import AFFAIRS, KIMURA, SATO, STORY

MARK = ActorMark(person_id=None, via=Via.CLI, operator="root")


def give(year: Year, folder: Path, *contents: bytes) -> list[str]:
    """The clerk puts files beside the first item."""
    files = [
        CheckedFile(
            name=f"規程{number}.pdf",
            kind=FileKind.PDF,
            size=len(data),
            digest=hashlib.sha256(data).hexdigest(),
        )
        for number, data in enumerate(contents)
    ]
    for file, data in zip(files, contents, strict=True):
        keep(BytesIO(data), digest=file.digest, size=file.size, folder=folder)
    with year.database.transaction() as session:
        attach_files(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id("D01"),
            files=[(file, Description(title=file.name, stands_for=STORY.date())) for file in files],
            quota=1 << 40,
            now=year.now,
        )
    return [file.digest for file in files]


def test_evidence_comes_back_from_a_backup_byte_for_byte(year: Year, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    whole, altered = give(year, folder, pdf(), pdf(b"%2\n"))
    (folder / "incoming" / "tmp_half").write_bytes(b"half")
    path_of(altered, folder=folder).write_bytes(b"altered")
    created = create_backup(year.database, target=tmp_path / "backup.tar", evidence=folder, now=STORY)
    assert created.missing == (altered,)
    assert created.strangers == ()
    restore_to_folder(
        created.path, folder=tmp_path / "back", faults=JournalFaults.REFUSED, mark=MARK, now=STORY
    )
    back = tmp_path / "back" / "evidence"
    assert is_whole(whole, folder=back)
    assert not is_whole(altered, folder=back)
    assert not (back / "incoming").exists()
    restored = Database(make_engine(f"sqlite:///{tmp_path / 'back' / DATABASE_FILE}"))
    with restored.reading() as session:
        assert set(session.scalars(select(EvidenceFile.file_digest))) == {whole, altered}
    restored.engine.dispose()


def look(year: Year, folder: Path, *, depth: Depth = Depth.QUICK) -> Check:
    with year.database.reading() as session:
        return evidence_check(session, folder=folder, depth=depth)


def test_the_doctor_compares_the_newest_files_and_all_of_them_when_asked(year: Year, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    assert look(year, folder).sentence == "証跡のファイルは、まだありません。"
    digests = sorted(give(year, folder, *(b"%d" % number for number in range(SAMPLE + 2))))
    assert look(year, folder).mark is Mark.GOOD
    assert f"{SAMPLE} 件を照合しました" in look(year, folder).sentence
    path_of(digests[-1], folder=folder).write_bytes(b"altered")
    assert look(year, folder).mark is Mark.GOOD
    assert look(year, folder, depth=Depth.FULL).mark is Mark.BAD
    path_of(digests[-2], folder=folder).unlink()
    assert "証跡のファイル 1 件が、ないか" in look(year, folder).sentence
    assert "証跡のファイル 2 件が、ないか" in look(year, folder, depth=Depth.FULL).sentence


def test_the_result_lists_the_evidence(year: Year, tmp_path: Path, settings: Settings) -> None:
    year.answer(AFFAIRS)
    (digest,) = give(year, tmp_path / "evidence", pdf())
    with year.database.transaction() as session:
        attach_reference(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id("D02"),
            description=Description(
                title="台帳", stands_for=STORY.date(), expires_on=STORY.date(), document_number="令8総第123号"
            ),
            now=year.now,
        )
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    with year.database.reading() as session:
        found = sealed_sheet(session, actor=year.actor(KIMURA), inspection_id=year.sheets[AFFAIRS.code])
    reader = PdfReader(BytesIO(inspection_pdf(found, settings=settings)))
    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "").replace(" ", "")
    assert "別紙4" in text
    assert "規程0.pdf" in text
    assert "令8総第123号" in text
    assert digest[:4].upper() in text
