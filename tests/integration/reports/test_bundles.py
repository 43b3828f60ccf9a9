"""The documents of a whole campaign: asked for on a page, made once by the jobs, taken by those who follow the city."""

import io
import logging
import threading
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.config import Settings
from app.inspections.queries.sealed import SealedSheet
from app.inspections.rules import State
from app.jobs import bundles
from app.jobs.bundles import BundlesFailedError, make_bundles
from app.journal.models import AccessLogEntry
from app.journal.queries import last_line, verify
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import NotNow
from app.kernel.ids import new_id
from app.reports.commands.requests import claim_request, request_documents
from app.reports.models import DocumentRequest
from app.reports.queries import inspection_workbook
from app.reports.rules.requests import LEASE, MOST_FAILURES, BundleKind
from tests.conftest import StandingClock
from tests.factories.inspections import Year
from tests.people import AFFAIRS, COUNTER, ITO, KIMURA, LEAD, NAKAMURA, SATO, SUZUKI, TANAKA, Cast
from tests.sign_in import signed_in
from tests.statements import statements


@pytest.fixture
def sealed(year: Year) -> Year:
    for place in (AFFAIRS, LEAD):
        year.bring(place, to=State.SIGNED_OFF)
    return year


def asked(year: Year, *, kind: BundleKind = BundleKind.ALL, cast: Cast = TANAKA) -> bool:
    with year.database.transaction() as session:
        return request_documents(
            session, actor=year.actor(cast), campaign_id=year.campaign_id, kind=kind, now=year.now
        )


def ran(year: Year, settings: Settings) -> int:
    return make_bundles(settings=settings, now=year.now, asked_to_stop=lambda: False)


def requests(year: Year) -> list[DocumentRequest]:
    with year.database.reading() as session:
        return list(session.scalars(select(DocumentRequest).order_by(DocumentRequest.requested_at)))


def files(settings: Settings) -> list[Path]:
    return sorted(settings.documents_path.glob("*"))


# ------------------------------------------------------------------------------------------------ making


def test_a_round_makes_the_documents_of_every_sealed_sheet_in_the_order_of_the_units(
    sealed: Year, settings: Settings
) -> None:
    assert asked(sealed)
    assert ran(sealed, settings) == 1
    [row] = requests(sealed)
    assert (row.state, row.documents, row.claimed_at) == ("made", 4, None)
    [path] = files(settings)
    assert path.name == f"{row.id}.zip"
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        starts = [archive.read(name)[:4] for name in names]
    assert [name.partition("_R08-")[0] for name in names] == [
        f"001_{LEAD.name}", f"001_{LEAD.name}", f"002_{AFFAIRS.name}", f"002_{AFFAIRS.name}",
    ]  # fmt: skip
    assert [name.rpartition(".")[2] for name in names] == ["pdf", "xlsx"] * 2
    assert starts == [b"%PDF", b"PK\x03\x04"] * 2


@pytest.mark.parametrize(("kind", "endings"), [(BundleKind.PDF, {"pdf"}), (BundleKind.XLSX, {"xlsx"})])
def test_only_the_kind_that_was_asked_for_is_made(
    sealed: Year, settings: Settings, kind: BundleKind, endings: set[str]
) -> None:
    asked(sealed, kind=kind)
    ran(sealed, settings)
    with zipfile.ZipFile(files(settings)[0]) as archive:
        assert {name.rpartition(".")[2] for name in archive.namelist()} == endings


def test_nothing_is_made_twice(sealed: Year, settings: Settings) -> None:
    assert asked(sealed)
    assert not asked(sealed, cast=KIMURA)
    assert asked(sealed, kind=BundleKind.PDF)
    assert ran(sealed, settings) == 2
    assert ran(sealed, settings) == 0
    assert asked(sealed), "once made, it may be asked for again"
    assert len(requests(sealed)) == 3


def test_two_rounds_at_once_make_each_archive_once(sealed: Year, settings: Settings) -> None:
    asked(sealed)
    asked(sealed, kind=BundleKind.PDF)
    counts: list[int] = []
    rounds = [threading.Thread(target=lambda: counts.append(ran(sealed, settings))) for _ in range(3)]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join()
    assert sum(counts) == 2
    assert len(files(settings)) == 2
    with sealed.database.reading() as session:
        assert verify(session).faults == ()


def test_an_archive_has_the_same_bytes_again(sealed: Year, settings: Settings) -> None:
    asked(sealed)
    ran(sealed, settings)
    sealed.now += timedelta(hours=1)
    asked(sealed)
    ran(sealed, settings)
    first, second = requests(sealed)
    assert first.archive_digest == second.archive_digest


def test_asked_to_stop_it_gives_the_request_back(sealed: Year, settings: Settings) -> None:
    asked(sealed)
    answers: Iterator[bool] = iter([False, False, True, True])
    assert make_bundles(settings=settings, now=sealed.now, asked_to_stop=lambda: next(answers)) == 0
    [row] = requests(sealed)
    assert (row.state, row.claimed_at, row.failures) == ("waiting", None, 0)
    assert files(settings) == []
    assert ran(sealed, settings) == 1


def test_what_a_dead_round_left_is_begun_again_after_its_lease(sealed: Year, settings: Settings) -> None:
    asked(sealed)
    with sealed.database.transaction() as session:
        claim = claim_request(session, passed_over=frozenset(), now=sealed.now)
    assert claim is not None
    settings.documents_path.mkdir(parents=True)
    (settings.documents_path / f"{claim.id}.abc.part").write_bytes(b"half of an archive")
    sealed.now += LEASE - timedelta(seconds=1)
    assert ran(sealed, settings) == 0
    sealed.now += timedelta(seconds=1)
    assert ran(sealed, settings) == 1
    assert [path.suffix for path in files(settings)] == [".zip"]


def test_a_failure_is_tried_again_and_then_given_up(
    sealed: Year, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(found: SealedSheet, *, settings: Settings) -> bytes:
        raise OSError("no space left")

    asked(sealed, kind=BundleKind.XLSX)
    monkeypatch.setattr(bundles, "inspection_workbook", fails)
    for count in range(1, MOST_FAILURES + 1):
        with caplog.at_level(logging.ERROR), pytest.raises(BundlesFailedError):
            ran(sealed, settings)
        assert requests(sealed)[0].failures == count
    assert requests(sealed)[0].state == "failed"
    assert files(settings) == []
    monkeypatch.setattr(bundles, "inspection_workbook", inspection_workbook)
    assert ran(sealed, settings) == 0
    assert asked(sealed, kind=BundleKind.XLSX)
    assert ran(sealed, settings) == 1


def test_archives_go_after_their_days_and_the_request_stays(sealed: Year, settings: Settings) -> None:
    asked(sealed)
    ran(sealed, settings)
    sealed.now += timedelta(days=settings.documents_days) - timedelta(seconds=1)
    ran(sealed, settings)
    assert len(files(settings)) == 1
    sealed.now += timedelta(seconds=1)
    ran(sealed, settings)
    assert files(settings) == []
    assert requests(sealed)[0].state == "removed"


def test_without_a_sealed_sheet_there_is_nothing_to_ask_for(year: Year) -> None:
    year.bring(AFFAIRS, to=State.REVIEWED)
    with pytest.raises(NotNow, match="確定した点検票が、まだありません"):
        asked(year)


def test_the_journal_says_who_asked_and_that_a_job_made_it(sealed: Year, settings: Settings) -> None:
    asked(sealed)
    ran(sealed, settings)
    subject = Subject(type=SubjectType.CAMPAIGN, id=str(sealed.campaign_id))
    with sealed.database.reading() as session:
        requested = last_line(session, subject=subject, event="documents.requested")
        made = last_line(session, subject=subject, event="documents.made")
    assert requested is not None
    assert made is not None
    assert (str(requested.person_id), made.person_id, made.via) == (str(TANAKA.id), None, "job")


# ------------------------------------------------------------------------------------------ on the pages


def page_of(year: Year) -> str:
    return f"/campaigns/{year.campaign_id}/documents"


def sent(client: FlaskClient, year: Year, **fields: str) -> TestResponse:
    return client.post(page_of(year), data={"idempotency_key": token_urlsafe(18), **fields})


def test_the_way_from_the_page_to_the_file(
    app: Flask, sealed: Year, settings: Settings, clock: StandingClock
) -> None:
    clock.instant = sealed.now
    client = signed_in(app, TANAKA)
    assert f'href="{page_of(sealed)}"' in client.get(f"/campaigns/{sealed.campaign_id}").text
    assert "まだ作っていません" in client.get(page_of(sealed)).text
    hurried: list[bool] = []
    app.extensions["ports"].hurry.append(lambda: hurried.append(True))
    assert sent(client, sealed, kind="all").status_code == 303
    assert hurried == [True], "whoever asks does not wait for the next round"
    text = client.get(page_of(sealed)).text
    assert "書類を作り始めます" in text
    assert "作成待ち" in text
    [row] = requests(sealed)
    address = f"{page_of(sealed)}/{row.id}.zip"
    assert client.get(address).status_code == 409
    ran(sealed, settings)
    assert f'href="{address}"' in client.get(page_of(sealed)).text
    answer = signed_in(app, ITO).get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=documents-all-")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert len(archive.namelist()) == 4
    answer.close()
    with sealed.database.reading() as session:
        assert session.scalars(select(AccessLogEntry.act)).all() == ["campaign.documents-file"]


def test_a_request_that_is_waiting_is_not_doubled(app: Flask, sealed: Year) -> None:
    client = signed_in(app, TANAKA)
    sent(client, sealed, kind="pdf")
    sent(client, sealed, kind="pdf")
    assert "同じ書類を、いま作っています" in client.get(page_of(sealed)).text
    assert len(requests(sealed)) == 1


@pytest.mark.parametrize("fields", [{}, {"kind": "docx"}])
def test_another_kind_is_refused_on_the_page(app: Flask, sealed: Year, fields: dict[str, str]) -> None:
    answer = sent(signed_in(app, TANAKA), sealed, **fields)
    assert answer.status_code == 422
    assert "選んで" in answer.text
    assert requests(sealed) == []


@pytest.mark.parametrize("cast", [SATO, SUZUKI, NAKAMURA])
def test_who_does_not_follow_the_city_gets_nothing(
    app: Flask, sealed: Year, settings: Settings, cast: Cast
) -> None:
    asked(sealed)
    ran(sealed, settings)
    client = signed_in(app, cast)
    assert client.get(page_of(sealed)).status_code == 403
    assert sent(client, sealed, kind="all").status_code == 403
    assert client.get(f"{page_of(sealed)}/{requests(sealed)[0].id}.zip").status_code == 403


def test_a_file_of_another_campaign_or_of_none_is_not_found(
    app: Flask, sealed: Year, settings: Settings
) -> None:
    asked(sealed)
    ran(sealed, settings)
    client, made = signed_in(app, TANAKA), requests(sealed)[0].id
    for campaign_id, request_id in ((new_id(), made), (sealed.campaign_id, new_id())):
        assert client.get(f"/campaigns/{campaign_id}/documents/{request_id}.zip").status_code == 404
    assert client.get(f"/campaigns/{new_id()}/documents").status_code == 404


def test_a_file_that_is_gone_or_altered_is_not_given(app: Flask, sealed: Year, settings: Settings) -> None:
    asked(sealed)
    ran(sealed, settings)
    client, address = signed_in(app, TANAKA), f"{page_of(sealed)}/{requests(sealed)[0].id}.zip"
    [path] = files(settings)
    path.write_bytes(path.read_bytes() + b"x")
    answer = client.get(address)
    assert answer.status_code == 409
    assert "もう一度作ってください" in answer.text
    path.unlink()
    assert client.get(address).status_code == 409


def test_the_page_asks_the_same_number_of_questions_with_many_requests(app: Flask, sealed: Year) -> None:
    client = signed_in(app, TANAKA)
    asked(sealed)
    client.get(page_of(sealed))
    with statements() as few:
        client.get(page_of(sealed))
    asked(sealed, kind=BundleKind.PDF)
    asked(sealed, kind=BundleKind.XLSX, cast=KIMURA)
    with statements() as many:
        client.get(page_of(sealed))
    assert len(few) == len(many)


# ------------------------------------------------------------------------------------ from the command line


def test_the_command_line_writes_the_same_archive_at_once(
    app: Flask, sealed: Year, settings: Settings, tmp_path: Path
) -> None:
    asked(sealed, kind=BundleKind.PDF)
    ran(sealed, settings)
    target = tmp_path / "documents.zip"
    command = ["reports", "make", "--campaign", str(sealed.campaign_id), "--kind", "pdf", "-o", str(target)]
    result = app.test_cli_runner().invoke(args=[*command, "--by", TANAKA.staff_no])
    assert result.exit_code == 0, result.output
    assert target.read_bytes() == files(settings)[0].read_bytes()
    again = app.test_cli_runner().invoke(args=[*command, "--by", TANAKA.staff_no])
    assert again.exit_code == 1
    assert "もうあります" in again.output


def test_the_command_line_refuses_whom_the_page_refuses(app: Flask, sealed: Year, tmp_path: Path) -> None:
    target = tmp_path / "documents.zip"
    command = ["reports", "make", "--campaign", str(sealed.campaign_id), "-o", str(target)]
    assert app.test_cli_runner().invoke(args=[*command, "--by", SATO.staff_no]).exit_code == 1
    assert not target.exists()
    unknown = ["reports", "make", "--campaign", str(UUID(int=1)), "-o", str(target), "--by", TANAKA.staff_no]
    assert app.test_cli_runner().invoke(args=unknown).exit_code == 1


def test_a_sheet_still_open_is_in_no_archive(sealed: Year, settings: Settings) -> None:
    sealed.bring(COUNTER, to=State.REVIEWED)
    asked(sealed, kind=BundleKind.PDF)
    ran(sealed, settings)
    with zipfile.ZipFile(files(settings)[0]) as archive:
        assert not any(COUNTER.name in name for name in archive.namelist())
