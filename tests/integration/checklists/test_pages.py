"""Pages of checklists: what is shown to whom."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.checklists.commands import import_edition, publish_edition
from app.checklists.files import read_edition
from app.config import ROOT
from app.db.session import transaction
from app.kernel.clock import business_date
from app.kernel.digest import short
from app.people.queries import actor_on
from tests.factories.editions import published_edition, small_yaml, successor_yaml
from tests.people import KIMURA, NAKAMURA, PASSWORD, SATO, STORY, TANAKA, Cast
from tests.statements import statements

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


# ----------------------------------------------------------------------------------- two editions side by side

NEXT = "/checklists/department/editions/2027.1"
DIFF = f"{NEXT}/diff/2026.1"
LINEAGES = {
    "D01": "{kind: reworded, of: D01, comparable: true, note: 言い換えた。}",
    "D10": "{kind: split, of: D02, comparable: false, note: 半分。}",
    "D11": "{kind: split, of: D02, comparable: false, note: 残り。}",
    "D12": "{kind: merged, of: [D07, D08], comparable: true, note: 合わせた。}",
    "D13": "{kind: new}",
    "D09": "{kind: same, of: D09}",
}


def successor() -> bytes:
    """Return the next edition, with one of each kind of change."""
    data = successor_yaml(LINEAGES, retired={"D03": "制度がなくなった。"})
    return data.replace("D01のことを今年度に行った。".encode(), "D01のことを前年度に行った。".encode())


@pytest.fixture
def two(app: Flask, published: str) -> None:
    """Import the next edition as a draft."""
    with transaction() as session:
        actor = actor_on(session, person_id=TANAKA.id, day=business_date(STORY))
        import_edition(
            session, actor=actor, draft=read_edition(successor(), name="department/2027.1.yaml"), now=STORY
        )


def test_two_editions_stand_side_by_side(signed_in: SignedIn, two: None) -> None:
    reply = signed_in(TANAKA).get(DIFF)
    assert reply.status_code == 200
    text = words(reply.text).replace(" ", "")
    for shown in (
        "2026.1版→2027.1版",
        "2027.1版は下書きです",
        "6すべての違い",
        "1追加",
        "1廃止",
        "1文言変更",
        "1分割",
        "1統合",
        "前の版の回答と比べます。言い換えた。",
        "D10：問いの中身が変わったため、前の版の回答とは比べません。半分。",
        "制度がなくなった。",
        "分野の名前",
    ):
        assert shown in text, shown
    assert '<del><span class="visually-hidden">（削除 </span>今年度' in reply.text
    assert '<ins><span class="visually-hidden">（追加 </span>前年度' in reply.text
    # 1-1 alone changed its words: the others show what they ask without marks.
    assert (reply.text.count("<del>"), reply.text.count("<ins>")) == (1, 1)


def test_a_filter_leaves_one_kind_of_change(signed_in: SignedIn, two: None) -> None:
    client = signed_in(TANAKA)
    page = client.get(f"{DIFF}?show=split").text
    assert re.findall(r'<article class="panel diff" id="entry-(\w+)"', page) == ["D11"]
    assert "版全体の違い" not in page
    same = client.get(f"{DIFF}?show=same").text
    assert 'id="entry-D09"' in same
    every = client.get(f"{DIFF}?show=nonsense").text
    assert every.count('<article class="panel diff"') == 6


def test_an_edition_beside_itself_shows_no_difference(signed_in: SignedIn, published: str) -> None:
    reply = signed_in(SATO).get(f"{EDITION}/diff/2026.1")
    assert reply.status_code == 200
    assert "違いはありません" in reply.text


def test_lists_and_editions_lead_to_the_difference(signed_in: SignedIn, two: None) -> None:
    client = signed_in(TANAKA)
    for path in ("/checklists", NEXT):
        assert f'href="{DIFF}"' in client.get(path).text
    assert "/diff/" not in client.get(EDITION).text


@pytest.mark.parametrize(
    "path",
    [
        f"{NEXT}/diff/2025.1",
        "/checklists/department/editions/2030.1/diff/2026.1",
        "/checklists/none/editions/2027.1/diff/2026.1",
        f"{EDITION}/diff/2027.1",
        f"{NEXT}/diff/x",
    ],
)
def test_editions_that_are_not_there_are_not_compared(signed_in: SignedIn, two: None, path: str) -> None:
    assert signed_in(TANAKA).get(path).status_code == 404


def test_a_draft_is_compared_only_by_those_who_prepare_it(app: Flask, signed_in: SignedIn, two: None) -> None:
    assert signed_in(SATO).get(DIFF).status_code == 404
    assert signed_in(NAKAMURA).get(DIFF).status_code == 403
    stranger = app.test_client().get(DIFF)
    assert (stranger.status_code, stranger.location.split("?")[0]) == (303, "/login")


def test_the_difference_asks_the_same_however_long_the_editions_are(
    app: Flask, signed_in: SignedIn, two: None
) -> None:
    client = signed_in(TANAKA)
    client.get(DIFF)
    with statements() as short_ones:
        client.get(DIFF)
    path = ROOT / "checklists" / "department"
    for label in ("2025.1", "2026.1"):
        data = (path / f"{label}.yaml").read_bytes().replace(b"code: department", b"code: large", 1)
        draft = read_edition(data, name=f"large/{label}.yaml")
        with transaction() as session:
            publisher, confirmer = (
                actor_on(session, person_id=cast.id, day=business_date(STORY)) for cast in (TANAKA, KIMURA)
            )
            edition_id = import_edition(session, actor=publisher, draft=draft, now=STORY)
            if label == "2025.1":
                publish_edition(
                    session,
                    actor=publisher,
                    confirmed_by=confirmer,
                    edition_id=edition_id,
                    note="初版",
                    now=STORY,
                )
    large = "/checklists/large/editions/2026.1/diff/2025.1"
    page = client.get(large).text
    assert page.count('<article class="panel diff"') == 36
    with statements() as long_ones:
        client.get(large)
    assert len(long_ones) == len(short_ones) <= 20
