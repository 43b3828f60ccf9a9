"""The pages of evidence, as a browser sends files to them."""

import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from app import LARGEST_REQUEST
from app.config import Settings
from app.db.session import Database
from app.evidence.commands import store
from app.evidence.commands.store import path_of
from app.evidence.models import Evidence, EvidenceFile
from app.inspections.queries.evidence_links import links_of
from app.inspections.rules import State
from app.journal.models import AccessLogEntry, JournalEntry
from app.kernel.ids import EvidenceId
from app.web import uploads
from app.web.uploads import LARGEST_UPLOAD
from tests.conftest import StandingClock
from tests.factories.files import OFFICE, PLAIN_CANARY, jpeg, office, pdf, png
from tests.factories.inspections import Year
from tests.pages import browser
from tests.people import AFFAIRS, ITO, NAKAMURA, SATO, SUZUKI, TAKAHASHI, TANAKA, Cast
from tests.sign_in import signed_in

# Bodies of many megabytes: the client of the tests leaves the temporary file in which it held one to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
JSON: Final = {"Accept": "application/json"}


@pytest.fixture
def clerk(app: Flask, year: Year, clock: StandingClock) -> FlaskClient:
    """The clerk of 総務課."""
    return browser(app, SATO, year=year, clock=clock)


def address(year: Year, key: str = "D01") -> str:
    return f"/inspections/{year.sheets[AFFAIRS.code]}/items/{year.item_id(key)}/evidence"


def send(
    client: FlaskClient,
    year: Year,
    *files: tuple[bytes, str],
    key: str = "D01",
    headers: dict[str, str] | None = None,
    fields: dict[str, str] | None = None,
) -> TestResponse:
    data: dict[str, Any] = {"idempotency_key": token_urlsafe(18), **(fields or {})}
    data["files"] = [FileStorage(BytesIO(content), filename=name) for content, name in files]
    # Encoded here: the test client would leave a temporary file open.
    boundary, body = encode_multipart(MultiDict(data))
    return client.post(
        f"{address(year, key)}/files",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        headers=headers,
    )


def the_piece(year: Year, key: str = "D01") -> EvidenceId:
    with year.database.reading() as session:
        links = links_of(session, revision_id=year.sheet(AFFAIRS).revision_id)
    (link,) = links.of(year.item_id(key))
    return link.piece.id


# ------------------------------------------------------------------------------------------- sending


def test_files_are_kept_and_shown(clerk: FlaskClient, year: Year, settings: Settings) -> None:
    reply = send(
        clerk,
        year,
        (pdf(), "規程.pdf"),
        (office("xlsx"), "台帳.xlsx"),
        fields={"file-expires_on": "2027-03-31"},
    )
    assert reply.status_code == 303
    page = clerk.get(reply.location)
    assert "証跡を2件付けました。" in page.text
    assert page.text.count("有効期限 令和9年3月31日") == 4
    kept = [path for path in settings.evidence_path.rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)


def test_a_mixture_keeps_the_good_ones_and_says_what_is_wrong_with_the_others(
    clerk: FlaskClient, year: Year
) -> None:
    reply = send(clerk, year, (pdf(), "a.pdf"), (b"MZ", "b.pdf"), (b"", "c.txt"))
    assert reply.status_code == 422
    assert "「b.pdf」：拡張子はPDFですが、中身は実行できるプログラムです" in reply.text
    assert "「c.txt」：中身が空です" in reply.text
    assert "付いている証跡（1件）" in reply.text


def test_the_same_bytes_under_another_name_are_said_to_be_there(clerk: FlaskClient, year: Year) -> None:
    clerk.get(send(clerk, year, (pdf(), "good.pdf")).location)
    there = "「名簿.pdf」と同じ内容の「good」が、もう付いています。"
    page = clerk.get(send(clerk, year, (pdf(), "名簿.pdf")).location)
    assert there in page.text
    assert "付けました" not in page.text
    some = clerk.get(send(clerk, year, (pdf(), "名簿.pdf"), (png(), "写真.png")).location)
    assert f"証跡を1件付けました。{there}" in some.text
    key = {"idempotency_key": token_urlsafe(18)}
    for _ in range(2):
        reply = send(clerk, year, (pdf(), "名簿.pdf"), fields=key, headers=JSON)
        assert (reply.status_code, reply.json["message"]) == (200, there)  # type: ignore[index]
    bad = send(clerk, year, (pdf(), "名簿.pdf"), (b"", "c.txt"), headers=JSON)
    assert "「c.txt」：中身が空です" in bad.json["message"]  # type: ignore[index]
    assert there in bad.json["message"]  # type: ignore[index]


def test_many_known_files_are_said_shortly(clerk: FlaskClient, year: Year) -> None:
    send(clerk, year, (pdf(), "good.pdf"))
    many = [(pdf(), f"{'長' * 70}{number}.pdf") for number in range(10)]
    page = clerk.get(send(clerk, year, *many).location)
    assert "ほかの6件も、同じ内容のものが付いています。" in page.text


def test_nothing_and_too_many_are_refused(clerk: FlaskClient, year: Year) -> None:
    assert "ファイルを選んでください" in send(clerk, year).text
    many = [(b"x%d" % number, f"{number}.txt") for number in range(11)]
    assert "一度に付けられるのは10件まで" in send(clerk, year, *many).text
    wrong = send(clerk, year, (pdf(), "a.pdf"), fields={"file-stands_for": "昨日"})
    assert wrong.status_code == 422
    assert "いつの状態を示すかは、2026-11-20 の形で" in wrong.text


def test_the_script_gets_the_list_or_the_sentence(clerk: FlaskClient, year: Year) -> None:
    good = send(clerk, year, (pdf(), "規程.pdf"), headers=JSON)
    assert good.status_code == 200
    assert "規程" in good.json["html"]  # type: ignore[index]
    bad = send(clerk, year, (png(), "規程.pdf"), headers=JSON)
    assert (bad.status_code, "中身はPNG画像です" in bad.json["message"]) == (422, True)  # type: ignore[index]
    with clerk.session_transaction() as cookie:
        assert "_flashes" not in cookie


def test_sent_twice_it_is_done_once_and_another_file_under_the_same_key_is_refused(
    clerk: FlaskClient, year: Year, database: Database
) -> None:
    key = {"idempotency_key": token_urlsafe(18)}
    assert send(clerk, year, (pdf(), "a.pdf"), fields=key).status_code == 303
    assert send(clerk, year, (pdf(), "a.pdf"), fields=key).status_code == 303
    assert send(clerk, year, (pdf(b"%other\n"), "a.pdf"), fields=key).status_code == 409
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Evidence)) == 1


@pytest.mark.parametrize(("cast", "status"), [(TAKAHASHI, 404), (TANAKA, 403), (ITO, 403), (NAKAMURA, 404)])
def test_others_keep_nothing_here(
    app: Flask, year: Year, settings: Settings, cast: Cast, status: int
) -> None:
    assert send(signed_in(app, cast), year, (pdf(), "a.pdf")).status_code == status
    assert not settings.evidence_path.exists()


def test_a_sheet_that_was_handed_over_takes_no_file(
    clerk: FlaskClient, year: Year, settings: Settings
) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    reply = send(clerk, year, (pdf(), "a.pdf"))
    assert reply.status_code == 409
    assert "いま回答できません" in reply.text
    assert not settings.evidence_path.exists()


def test_a_full_disk_refuses_with_a_sentence(
    clerk: FlaskClient, year: Year, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RESERVE", 1 << 62)
    reply = send(clerk, year, (pdf(), "a.pdf"))
    assert reply.status_code == 503
    assert "いまはファイルを受け取れません" in reply.text


# ---------------------------------------------------------------------------------------------- sizes


def test_a_file_at_the_limit_is_taken_and_a_larger_one_refused(clerk: FlaskClient, year: Year) -> None:
    limit = 20 * 1024 * 1024
    assert send(clerk, year, (b"a" * limit, "a.txt")).status_code == 303
    for size in (limit + 1, 21 * 1024 * 1024):
        reply = send(clerk, year, (b"b" * size, "b.txt"))
        assert (reply.status_code, "20MBを超えています" in reply.text) == (422, True)


def test_only_routes_that_take_files_take_much(
    clerk: FlaskClient, year: Year, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LARGEST_UPLOAD > 60 * 1024 * 1024
    monkeypatch.setattr(uploads, "LARGEST_UPLOAD", 4 * 1024 * 1024)
    assert send(clerk, year, (b"x" * (3 * 1024 * 1024), "a.txt")).status_code == 303
    too_much = send(clerk, year, (b"x" * (4 * 1024 * 1024), "a.txt"))
    assert (too_much.status_code, "合わせて60MBまで" in too_much.text) == (413, True)
    data = {"idempotency_key": token_urlsafe(18), "evidence": "x" * (LARGEST_REQUEST + 1)}
    small = clerk.post(f"{address(year)}/links", data=data)
    assert (small.status_code, "2MBまで" in small.text) == (413, True)
    words = {"idempotency_key": token_urlsafe(18), "file-stands_for": "x" * (LARGEST_REQUEST + 1)}
    assert (
        clerk.post(f"{address(year)}/files", data=words, content_type="multipart/form-data").status_code
        == 413
    )


def test_files_of_nobody_are_not_read(app: Flask, year: Year) -> None:
    reply = send(app.test_client(), year, (b"x" * (3 * 1024 * 1024), "a.txt"))
    assert (reply.status_code, reply.location) == (303, "/login")
    assert send(app.test_client(), year, (b"x", "a.txt"), headers=JSON).status_code == 401


# ------------------------------------------------------------------------------------- beside the files


def test_a_reference_is_given_and_a_wrong_one_keeps_what_was_typed(clerk: FlaskClient, year: Year) -> None:
    wrong = clerk.post(
        f"{address(year)}/references",
        data={
            "idempotency_key": token_urlsafe(18),
            "reference-title": "台帳",
            "reference-stands_for": "2026-11-20",
        },
    )
    assert (wrong.status_code, 'value="台帳"' in wrong.text) == (422, True)
    assert "文書番号か保管場所の、どちらかを" in wrong.text
    right = clerk.post(
        f"{address(year)}/references",
        data={
            "idempotency_key": token_urlsafe(18),
            "reference-title": "台帳",
            "reference-place": "書庫",
            "reference-stands_for": "2026-11-20",
        },
    )
    assert "書庫" in clerk.get(right.location).text


def test_a_piece_is_linked_again_and_taken_off(clerk: FlaskClient, year: Year) -> None:
    send(clerk, year, (pdf(), "規程.pdf"))
    piece = the_piece(year)
    none = clerk.post(
        f"{address(year, 'D02')}/links", data={"idempotency_key": token_urlsafe(18), "evidence": "x"}
    )
    assert (none.status_code, "付ける証跡を選んでください" in none.text) == (422, True)
    data = {"idempotency_key": token_urlsafe(18), "evidence": str(piece)}
    assert clerk.post(f"{address(year, 'D02')}/links", data=data).status_code == 303
    assert the_piece(year, "D02") == piece
    off = clerk.post(
        f"{address(year)}/{piece}/unlink", data={"idempotency_key": token_urlsafe(18)}, headers=JSON
    )
    assert (off.status_code, "規程" in off.json["html"]) == (200, False)  # type: ignore[index]


def test_a_piece_is_described_and_a_late_change_keeps_what_was_typed(
    clerk: FlaskClient, year: Year, app: Flask, clock: StandingClock
) -> None:
    send(clerk, year, (pdf(), "規程.pdf"))
    url = f"/evidence/{the_piece(year)}"
    data = {"title": "新しい規程", "stands_for": "2026-11-01", "version": "1"}

    def post(client: FlaskClient, **more: str) -> TestResponse:
        return client.post(url, data={"idempotency_key": token_urlsafe(18), **data, **more})

    assert post(clerk).status_code == 303
    late = post(clerk, title="同時に書いた名前")
    assert (late.status_code, 'value="同時に書いた名前"' in late.text) == (409, True)
    assert post(clerk, title="").status_code == 422
    assert post(browser(app, TAKAHASHI, year=year, clock=clock)).status_code == 404
    assert post(browser(app, TANAKA, year=year, clock=clock)).status_code == 403
    assert clerk.post(f"{url}/withdraw", data={"idempotency_key": token_urlsafe(18)}).status_code == 409


@pytest.mark.parametrize("cast", [SUZUKI, TANAKA, ITO])
def test_readers_see_it_and_change_nothing(clerk: FlaskClient, app: Flask, year: Year, cast: Cast) -> None:
    send(clerk, year, (pdf(), "規程.pdf"))
    year.bring(AFFAIRS, to=State.UNDER_REVIEW)
    reader = signed_in(app, cast)
    sheet = f"/inspections/{year.sheets[AFFAIRS.code]}"
    for path in (
        f"{sheet}/evidence",
        f"/units/{AFFAIRS.id}/evidence",
        f"/evidence/{the_piece(year)}",
        address(year),
    ):
        page = reader.get(path)
        assert page.status_code == 200
        assert "規程" in page.text
        assert 'type="file"' not in page.text
    section = reader.get(f"{sheet}/sections/organisation")
    assert "規程" in section.text
    assert "data-unlink" not in section.text
    if cast is TANAKA:
        assert "証跡 1件" in reader.get(f"{sheet}/review?show=all").text
    stranger = signed_in(app, TAKAHASHI)
    for path in (f"{sheet}/evidence", f"/units/{AFFAIRS.id}/evidence", f"/evidence/{the_piece(year)}"):
        assert stranger.get(path).status_code == 404


# --------------------------------------------------------------------------------------- handing out


def test_a_file_is_handed_out_as_an_attachment_that_no_browser_shows(
    clerk: FlaskClient, app: Flask, year: Year, database: Database
) -> None:
    send(clerk, year, (jpeg(exif=True), "窓口\u202e :夜:.jpg"))
    url = f"/evidence/{the_piece(year)}/file"
    reply = signed_in(app, ITO).get(url)
    assert reply.status_code == 200
    assert PLAIN_CANARY.encode() not in reply.data
    assert reply.headers["Content-Type"] == "image/jpeg"
    disposition = reply.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=\"evidence.jpg\"; filename*=UTF-8''")
    assert disposition.isascii()
    assert unquote(disposition.rpartition("''")[2]) == "窓口 _夜_.jpg"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert reply.headers["Cache-Control"] == "no-store"
    clerk.get(url)
    with database.reading() as session:
        acts = session.scalars(
            select(AccessLogEntry.person_id).where(AccessLogEntry.act == "evidence.read")
        ).all()
    assert acts == [str(ITO.id)]
    assert "証跡「窓口 _夜_」（総務課）" in signed_in(app, ITO).get("/access-log").text
    assert signed_in(app, TAKAHASHI).get(url).status_code == 404


SCRIPT: Final = b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.pdf", pdf(b"9 0 obj\n<< /S /JavaScript /JS (app.alert\\(1\\)) >>\nendobj\n"), "application/pdf"),
        ("a.jpg", jpeg() + SCRIPT, "image/jpeg"),
        ("a.png", png(), "image/png"),
        ("a.xlsx", office("xlsx"), f"{OFFICE}spreadsheetml.sheet"),
        ("a.docx", office("docx"), f"{OFFICE}wordprocessingml.document"),
        ("a.pptx", office("pptx"), f"{OFFICE}presentationml.presentation"),
        ("a.csv", b'=cmd|" /C calc"!A1,<b onclick=alert(1)>\n', "text/csv"),
        ("a.txt", b"a <a href=javascript:alert(1)>b</a>\n", "text/plain"),
    ],
)
def test_whatever_stands_in_a_file_no_browser_runs_it(
    clerk: FlaskClient, year: Year, name: str, data: bytes, media_type: str
) -> None:
    assert send(clerk, year, (data, name)).status_code == 303
    reply = clerk.get(f"/evidence/{the_piece(year)}/file")
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, media_type)
    assert reply.headers["Content-Disposition"].startswith("attachment; ")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert SCRIPT not in reply.data


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../../etc/cron.d/台帳.pdf", "台帳.pdf"),
        ("..\\..\\台帳.pdf", "台帳.pdf"),
        ("/etc/passwd\0.pdf", "passwd.pdf"),
        ("a%0d%0aSet-Cookie: x=1.pdf", "a%0d%0aSet-Cookie_ x=1.pdf"),
        ("\u202efdp.exe.pdf", "fdp.exe.pdf"),
        ("<b>名簿</b>.pdf", "b_.pdf"),
        ("<b onclick=alert(1)>名簿.pdf", "_b onclick=alert(1)_名簿.pdf"),
        ("あ" * 300 + ".pdf", "あ" * 78 + ".pdf"),
        ("CON.pdf", "_CON.pdf"),
    ],
)
def test_a_name_reaches_no_folder_no_header_and_no_page_as_it_was_sent(
    clerk: FlaskClient, year: Year, settings: Settings, sent: str, kept: str
) -> None:
    reply = send(clerk, year, (pdf(), sent))
    assert reply.status_code == 303
    assert all(word not in clerk.get(reply.location).text for word in ("<b>名簿", "<b onclick", "\u202e"))
    handed = clerk.get(f"/evidence/{the_piece(year)}/file")
    assert "Set-Cookie" not in handed.headers
    disposition = handed.headers["Content-Disposition"]
    assert disposition.isascii()
    assert unquote(disposition.rpartition("''")[2]) == kept
    files = [path for path in settings.instance_path.rglob("*") if path.is_file()]
    assert [path.name for path in files if settings.evidence_path in path.parents] == [
        hashlib.sha256(pdf()).hexdigest()
    ]
    assert not [path for path in files if "pdf" in path.name or "passwd" in path.name]


@pytest.mark.parametrize("kind", ["jpg", "docx"])
def test_a_photograph_loses_its_place_on_the_way_out_and_keeps_it_in_the_store(
    clerk: FlaskClient, year: Year, settings: Settings, kind: str
) -> None:
    photo = jpeg(exif=True)
    original = photo if kind == "jpg" else office("docx", {"word/media/image1.jpeg": photo})
    send(clerk, year, (original, f"a.{kind}"))
    digest = hashlib.sha256(original).hexdigest()
    assert path_of(digest, folder=settings.evidence_path).read_bytes() == original
    handed = clerk.get(f"/evidence/{the_piece(year)}/file").data
    if kind == "docx":
        with zipfile.ZipFile(BytesIO(handed)) as archive:
            handed = archive.read("word/media/image1.jpeg")
    with Image.open(BytesIO(handed)) as image:
        assert dict(image.getexif()) == {0x0112: 6}
        assert dict(image.getexif().get_ifd(0x8825)) == {}


def test_text_keeps_its_own_encoding(clerk: FlaskClient, year: Year) -> None:
    data = "番号,名前\r\n1,髙橋\r\n".encode("cp932")
    send(clerk, year, (data, "一覧.csv"))
    reply = clerk.get(f"/evidence/{the_piece(year)}/file")
    assert (reply.data, reply.headers["Content-Type"]) == (data, "text/csv")


def test_a_reference_has_no_file(clerk: FlaskClient, year: Year) -> None:
    clerk.post(
        f"{address(year)}/references",
        data={
            "idempotency_key": token_urlsafe(18),
            "reference-title": "台帳",
            "reference-place": "書庫",
            "reference-stands_for": "2026-11-20",
        },
    )
    assert clerk.get(f"/evidence/{the_piece(year)}/file").status_code == 404


@pytest.mark.parametrize("harm", ["missing", "altered"])
def test_a_damaged_file_is_not_handed_out_and_leaves_a_trace(
    clerk: FlaskClient, year: Year, database: Database, settings: Settings, harm: str
) -> None:
    send(clerk, year, (pdf(), "規程.pdf"))
    with database.reading() as session:
        digest = session.scalars(select(EvidenceFile.file_digest)).one()
    path: Path = path_of(digest, folder=settings.evidence_path)
    path.unlink() if harm == "missing" else path.write_bytes(b"%PDF-1.7 other")
    reply = clerk.get(f"/evidence/{the_piece(year)}/file")
    assert reply.status_code == 500
    assert "バックアップから戻してください" in reply.text
    assert "Content-Disposition" not in reply.headers
    with database.reading() as session:
        events = [json.loads(one)["event"] for one in session.scalars(select(JournalEntry.payload))]
    assert "evidence.found_damaged" in events
