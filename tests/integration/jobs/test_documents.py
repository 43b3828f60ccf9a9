"""The sweep: every sealed revision gets its document, however it ended and whatever went wrong the first time."""

import hashlib
import logging
import subprocess
import threading
from datetime import timedelta
from pathlib import Path
from shutil import which
from typing import Final

import pytest
from flask import Flask
from sqlalchemy import select

from app.config import Settings
from app.db.session import Database
from app.inspections.commands.sign_off import exclude
from app.inspections.queries.sealed import SealedSheet, sealed_sheet
from app.inspections.rules import State
from app.jobs import documents
from app.jobs.documents import DocumentsMissingError, keep_inspection_pdf, sweep_documents
from app.journal.queries import last_line, verify
from app.journal.rules import Subject, SubjectType
from app.reports import commands
from app.reports.models import KeptDocument
from app.reports.queries import inspection_pdf, inspection_report, missing_documents
from app.reports.rules import InspectionReport
from tests.conftest import StandingClock
from tests.factories.inspections import Year, at_grace_end, running_year
from tests.people import AFFAIRS, BRANCH, COUNTER, ITO, KIMURA, SATO, Place
from tests.sign_in import signed_in

REASON: Final = "年度の途中で組織が改まり、所属がなくなったため"


@pytest.fixture
def year(database: Database, year: Year) -> Year:
    """A sheet that was signed off, one that was closed unsubmitted, and one that was excluded during its review."""
    made = year
    made.bring(AFFAIRS, to=State.SIGNED_OFF)
    made.bring(COUNTER, to=State.UNDER_REVIEW)
    made.now = at_grace_end()
    made.close_unsubmitted(BRANCH)
    with database.transaction() as session:
        exclude(
            session,
            actor=made.actor(KIMURA),
            inspection_id=made.sheets[COUNTER.code],
            reason=REASON,
            now=made.now,
        )
    return made


def swept(year: Year, settings: Settings) -> int:
    return sweep_documents(settings=settings, now=year.now, asked_to_stop=lambda: False)


def kept(year: Year) -> list[KeptDocument]:
    with year.database.reading() as session:
        return list(session.scalars(select(KeptDocument)))


def report_of(year: Year, place: Place, settings: Settings) -> InspectionReport:
    with year.database.reading() as session:
        found = sealed_sheet(session, actor=year.actor(ITO), inspection_id=year.sheets[place.code])
    return inspection_report(found, settings=settings)


def test_every_sealed_revision_gets_its_document_once(year: Year, settings: Settings) -> None:
    assert swept(year, settings) == 3
    assert swept(year, settings) == 0
    for row in kept(year):
        content = (settings.evidence_path / row.file_digest[:2] / row.file_digest).read_bytes()
        assert content.startswith(b"%PDF-")
        assert hashlib.sha256(content).hexdigest() == row.file_digest
    with year.database.reading() as session:
        assert missing_documents(session, most=9) == ()
        assert verify(session).faults == ()


def test_what_is_more_than_one_batch_is_made_in_one_sweep(
    year: Year, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of the three were sealed at the same instant: the end of the first batch lies between them."""
    monkeypatch.setattr(documents, "BATCH", 2)
    assert swept(year, settings) == 3
    assert len(kept(year)) == 3


def test_the_journal_names_nobody_for_what_the_sweep_did(year: Year, settings: Settings) -> None:
    swept(year, settings)
    subject = Subject(type=SubjectType.INSPECTION, id=str(year.sheets[BRANCH.code]))
    with year.database.reading() as session:
        line = last_line(session, subject=subject, event="document.kept")
    assert line is not None
    assert (line.person_id, line.via) == (None, "job")


def test_one_that_is_kept_stays_as_it_is(year: Year, settings: Settings) -> None:
    made = keep_inspection_pdf(
        actor=year.actor(KIMURA),
        inspection_id=year.sheets[AFFAIRS.code],
        number=1,
        settings=settings,
        now=year.now,
    )
    [before] = kept(year)
    assert swept(year, settings) == 2
    after = next(row for row in kept(year) if row.revision_id == before.revision_id)
    assert (after.file_digest, after.made_at) == (hashlib.sha256(made).hexdigest(), before.made_at)


def test_one_that_fails_is_logged_and_the_others_are_made(
    year: Year, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(documents, "BATCH", 1)
    broken = [str(year.sheets[AFFAIRS.code])]

    def fails_for_one(found: SealedSheet, *, settings: Settings) -> bytes:
        if str(found.sheet.id) in broken:
            raise OSError("no space left")
        return inspection_pdf(found, settings=settings)

    monkeypatch.setattr(documents, "inspection_pdf", fails_for_one)
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(DocumentsMissingError, match=r"^1 documents .*, 2 were$"),
    ):
        swept(year, settings)
    assert broken[0] in caplog.text
    assert len(kept(year)) == 2
    broken.clear()
    assert swept(year, settings) == 1


def test_it_stops_between_two_documents_when_asked(year: Year, settings: Settings) -> None:
    answers = iter([False, True])
    assert sweep_documents(settings=settings, now=year.now, asked_to_stop=lambda: next(answers)) == 1
    assert len(kept(year)) == 1


def test_two_who_sweep_at_once_keep_each_document_once(year: Year, settings: Settings) -> None:
    counts: list[int] = []
    sweepers = [threading.Thread(target=lambda: counts.append(swept(year, settings))) for _ in range(3)]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()
    assert len(counts) == 3
    assert len(kept(year)) == 3
    with year.database.reading() as session:
        assert verify(session).faults == ()


def test_a_number_that_is_taken_by_another_revision_is_a_fault_and_not_silence(
    year: Year, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "document_number", lambda _: "R08-00000000")
    with pytest.raises(DocumentsMissingError, match=r"^2 documents .*, 1 were$"):
        swept(year, settings)


# ------------------------------------------------------------------------------------- what they say


def test_a_sheet_that_was_closed_unsubmitted_says_so_and_claims_nothing(
    year: Year, settings: Settings
) -> None:
    report = report_of(year, BRANCH, settings)
    assert report.ending is not None
    assert report.ending.decision.step == "未提出で締切"
    assert report.ending.decision.name == "木村 恵"
    assert report.ending.decision.at_text.startswith("令和8年12月12日")
    assert report.ending.reason == "督促に応答がないため"
    assert (report.grade, report.reviewed_score, report.sign_off, report.approvals) == ("", None, None, ())


def test_an_excluded_sheet_shows_its_approval_but_no_unfinished_review(
    year: Year, settings: Settings
) -> None:
    report = report_of(year, COUNTER, settings)
    assert report.ending is not None
    assert (report.ending.decision.step, report.ending.reason) == ("対象から除外", REASON)
    assert [line.step for line in report.approvals] == ["点検担当者", "所属長"]
    assert (report.grade, report.reviewed_score, report.sign_off) == ("", None, None)
    assert {(item.judgement, item.reviewed_level, item.remark) for item in report.items} == {(None, None, "")}


def test_a_signed_off_sheet_has_no_ending_but_its_sign_off(year: Year, settings: Settings) -> None:
    report = report_of(year, AFFAIRS, settings)
    assert report.ending is None
    assert report.sign_off is not None
    assert report.whole_title == "情報セキュリティ自己点検　結果票"
    assert report.grade != ""


@pytest.mark.skipif(which("pdftotext") is None, reason="needs pdftotext")
def test_the_paper_says_how_it_ended_why_and_who_decided(
    year: Year, settings: Settings, tmp_path: Path
) -> None:
    content = keep_inspection_pdf(
        actor=year.actor(ITO),
        inspection_id=year.sheets[COUNTER.code],
        number=None,
        settings=settings,
        now=year.now,
    )
    path = tmp_path / "excluded.pdf"
    path.write_bytes(content)
    out = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607
    for words in ("結果票（対象から除外）", REASON, "決めた人", "木村 恵", "評価はありません"):
        assert words in out
    assert "田中" not in out


# ------------------------------------------------------------------------------------------ on the pages


def test_closing_on_the_page_keeps_the_document_at_once_and_shows_it(
    app: Flask, database: Database, clock: StandingClock
) -> None:
    year = running_year(database)
    year.now = at_grace_end() + timedelta(hours=1)
    clock.instant = year.now
    sheet = f"/inspections/{year.sheets[AFFAIRS.code]}"
    form = {"reason": "督促に応答がないため", "version": "1", "idempotency_key": "k" * 24}
    reply = signed_in(app, KIMURA).post(f"{sheet}/close-unsubmitted", data=form)
    assert reply.status_code == 303, reply.text
    assert len(kept(year)) == 1
    client = signed_in(app, SATO)
    assert "結果のPDF" in client.get(sheet).text
    assert client.get(f"{sheet}/report.pdf").data.startswith(b"%PDF-")
