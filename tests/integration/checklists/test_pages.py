"""Pages of checklists: what is shown to whom."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.checklists.commands import import_edition
from app.checklists.files import read_edition
from app.db.session import transaction
from app.kernel.clock import business_date
from app.kernel.digest import short
from app.people.queries import actor_on
from tests.factories.editions import published_edition, small_yaml
from tests.people import KIMURA, NAKAMURA, PASSWORD, SATO, STORY, TANAKA, Cast

SignedIn = Callable[[Cast], FlaskClient]
EDITION = "/checklists/department/editions/2026.1"


@pytest.fixture
def signed_in(app: Flask) -> SignedIn:
    """Return a browser in which somebody of the cast is signed in."""

    def sign_in(cast: Cast) -> FlaskClient:
        client = app.test_client()
        reply = client.post(
            "/login", data={"staff_no": cast.staff_no, "password": PASSWORD, "next": "/checklists"}
        )
        assert reply.location == "/checklists", reply.text
        return client

    return sign_in


@pytest.fixture
def published(app: Flask) -> str:
    """Publish the small edition and return its digest."""
    draft = read_edition(small_yaml(), name="department/2026.1.yaml")
    with transaction() as session:
        publisher, confirmer = (
            actor_on(session, person_id=cast.id, day=business_date(STORY)) for cast in (TANAKA, KIMURA)
        )
        published_edition(session, publisher=publisher, confirmer=confirmer, now=STORY)
    return draft.digest


@pytest.fixture
def drafted(app: Flask) -> None:
    """Import the small edition without publishing it."""
    with transaction() as session:
        actor = actor_on(session, person_id=TANAKA.id, day=business_date(STORY))
        draft = read_edition(small_yaml(), name="department/2026.1.yaml")
        import_edition(session, actor=actor, draft=draft, now=STORY)


def words(page: str) -> str:
    """Return the text of a page without its markup, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_list_shows_editions_with_state_and_digest(signed_in: SignedIn, published: str) -> None:
    reply = signed_in(SATO).get("/checklists")
    assert reply.status_code == 200
    text = words(reply.text)
    for shown in ("小さな点検票", "2026.1版", "公開", short(published), TANAKA.name, f"確認 {KIMURA.name}"):
        assert shown in text
    assert f'href="{EDITION}"' in reply.text


def test_an_empty_list_says_so(signed_in: SignedIn) -> None:
    assert "公開した点検票はまだありません" in signed_in(SATO).get("/checklists").text


def test_an_edition_shows_every_field_of_its_items(signed_in: SignedIn, published: str) -> None:
    reply = signed_in(SATO).get(EDITION)
    assert reply.status_code == 200
    text = words(reply.text)
    for shown in (
        "D07のことを今年度に行った。",
        "D07がないと困ります。",
        "D07の書類を3枚見ます。",
        "D07が一部ある。",
        "D07の控え、D07の写真",
        "D07は要らないと思われがちですが、要ります。",
        "1(4) 確認済",
        "地方自治法施行規則第16条の3 第1号（令和9年7月1日施行）",
        "5.2",
        "マイナンバー利用事務がある（MN）",
        "所属長",
        "新しい項目",
        "重み 3",
        "重要",
        "評価は C までです".replace(" ", ""),
        "得点率は、点数×重み",
        "90%以上",
        "数えない",
        short(published),
        f"{published[:32]} {published[32:]}",
        "初版",
    ):
        assert shown in text.replace("（ ", "（"), shown


def test_the_contents_lead_to_the_sections(signed_in: SignedIn, published: str) -> None:
    page = signed_in(SATO).get(EDITION).text
    for slug in ("organisation", "assets"):
        assert f'href="#section-{slug}"' in page
        assert f'id="section-{slug}"' in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_reference_to_be_confirmed_is_shown_as_such(app: Flask, signed_in: SignedIn) -> None:
    data = small_yaml().replace(b"status: confirmed", b"status: to_confirm", 1)
    with transaction() as session:
        publisher, confirmer = (
            actor_on(session, person_id=cast.id, day=business_date(STORY)) for cast in (TANAKA, KIMURA)
        )
        published_edition(session, publisher=publisher, confirmer=confirmer, now=STORY, data=data)
    assert words(signed_in(SATO).get(EDITION).text).count("要確認") == 1


def test_the_file_is_the_one_that_was_imported(signed_in: SignedIn, published: str) -> None:
    reply = signed_in(SATO).get(f"{EDITION}/file")
    assert reply.headers["Content-Disposition"] == 'attachment; filename="department-2026.1.yaml"'
    assert read_edition(reply.data, name="department/2026.1.yaml").digest == published


@pytest.mark.parametrize("path", ["", "/file"])
def test_a_draft_is_seen_by_those_who_prepare_it(signed_in: SignedIn, drafted: None, path: str) -> None:
    preparing, reading = signed_in(TANAKA), signed_in(SATO)
    assert preparing.get(EDITION + path).status_code == 200
    assert reading.get(EDITION + path).status_code == 404
    assert "下書き" in preparing.get("/checklists").text
    assert "小さな点検票" not in reading.get("/checklists").text


@pytest.mark.parametrize("path", ["/checklists", EDITION, f"{EDITION}/file"])
def test_an_administrator_and_a_stranger_see_nothing(
    app: Flask, signed_in: SignedIn, published: str, path: str
) -> None:
    assert signed_in(NAKAMURA).get(path).status_code == 403
    stranger = app.test_client().get(path)
    assert (stranger.status_code, stranger.location.split("?")[0]) == (303, "/login")


@pytest.mark.parametrize(
    "path", ["/checklists/department/editions/2030.1", "/checklists/none/editions/2026.1/file"]
)
def test_unknown_editions_are_not_found(signed_in: SignedIn, published: str, path: str) -> None:
    assert signed_in(SATO).get(path).status_code == 404
