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
from tests.factories.editions import further_editions, published_edition, small_yaml, successor_yaml
from tests.people import KIMURA, NAKAMURA, PASSWORD, SATO, STORY, TANAKA, Cast
from tests.statements import statements

SignedIn = Callable[[Cast], FlaskClient]
EDITION = "/checklists/department/editions/2026.1"
PERSON = "/checklists/person/editions/2026.1"
SYSTEM = "/checklists/system/editions/2026.1"


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
def further(app: Flask) -> None:
    """Publish the checklists of persons and of systems."""
    with transaction() as session:
        publisher, confirmer = (
            actor_on(session, person_id=cast.id, day=business_date(STORY)) for cast in (TANAKA, KIMURA)
        )
        further_editions(session, publisher=publisher, confirmer=confirmer, now=STORY)


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


@pytest.mark.parametrize("path", ["", "/file", "/paper"])
def test_a_draft_is_seen_by_those_who_prepare_it(signed_in: SignedIn, drafted: None, path: str) -> None:
    preparing, reading = signed_in(TANAKA), signed_in(SATO)
    assert preparing.get(EDITION + path).status_code == 200
    assert reading.get(EDITION + path).status_code == 404
    assert "下書き" in preparing.get("/checklists").text
    assert "小さな点検票" not in reading.get("/checklists").text


@pytest.mark.parametrize("path", ["/checklists", EDITION, f"{EDITION}/file", f"{EDITION}/paper"])
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


# --------------------------------------------------------------------------------------- subjects and forms


def keys(page: str) -> list[str]:
    """Return the keys of the items on a page, in order."""
    return re.findall(r'id="item-([A-Z]+[0-9]+)"', page)


def test_the_list_says_what_each_checklist_is_for(signed_in: SignedIn, published: str, further: None) -> None:
    text = words(signed_in(SATO).get("/checklists").text)
    for shown in (
        "所属ごとに1枚",
        "職員ごとに1枚 様式：職員 25項目、管理職 30項目、短い様式 13項目",
        "情報システムごとに1枚",
    ):
        assert shown in text


def test_a_list_without_forms_offers_none(signed_in: SignedIn, published: str) -> None:
    page = signed_in(SATO).get(EDITION).text
    assert 'id="forms"' not in page
    assert "所属の条件" in words(page)


@pytest.mark.parametrize(
    ("form", "count", "label"),
    [("standard", 25, "職員"), ("manager", 30, "管理職"), ("short", 13, "短い様式")],
)
def test_an_edition_is_read_by_form(
    signed_in: SignedIn, further: None, form: str, count: int, label: str
) -> None:
    client = signed_in(SATO)
    whole, part = client.get(PERSON).text, client.get(f"{PERSON}?form={form}").text
    assert f'href="{PERSON}?form={form}">{label} {count}</a>' in whole
    assert f'href="{PERSON}?form={form}" aria-current="true">{label} {count}</a>' in part
    assert (len(keys(whole)), len(keys(part))) == (30, count)
    assert [key for key in keys(whole) if key in keys(part)] == keys(part)
    assert f"2026.1版（{label}）" in words(part)


def test_a_form_leaves_out_the_sections_that_it_does_not_ask(signed_in: SignedIn, further: None) -> None:
    page = signed_in(SATO).get(f"{PERSON}?form=short").text
    assert 'href="#section-first-steps"' in page
    assert "section-managers" not in page


def test_an_unknown_form_is_not_found_and_no_form_is_the_whole(signed_in: SignedIn, further: None) -> None:
    client = signed_in(SATO)
    assert client.get(f"{PERSON}?form=long").status_code == 404
    assert client.get(f"{SYSTEM}?form=short").status_code == 404
    assert len(keys(client.get(f"{PERSON}?form=").text)) == 30


def test_the_paper_sheet_has_one_row_for_each_item_of_the_form(signed_in: SignedIn, further: None) -> None:
    client = signed_in(SATO)
    assert f'href="{PERSON}/paper"' in client.get(PERSON).text
    assert f'href="{PERSON}/paper?form=short"' in client.get(f"{PERSON}?form=short").text
    assert "/paper" not in client.get(SYSTEM).text
    page = client.get(f"{PERSON}/paper?form=short").text
    rows = re.findall(r'<th scope="row" class="nowrap">([0-9]-[0-9]+)</th>', page)
    assert len(rows) == 13
    assert all(label in words(page) for label in ("守っている", "該当しない", "職員番号", "照合番号"))
    assert client.get(f"{PERSON}/paper?form=long").status_code == 404
    assert client.get("/checklists/person/editions/2030.1/paper").status_code == 404


def test_a_list_without_mandatory_items_does_not_speak_of_them(signed_in: SignedIn, further: None) -> None:
    client = signed_in(SATO)
    assert "重要な項目が1つでも" not in client.get(PERSON).text
    assert "重要な項目が1つでも" in client.get(SYSTEM).text


def test_the_words_follow_what_a_sheet_is_about(signed_in: SignedIn, further: None) -> None:
    client = signed_in(SATO)
    person, system = words(client.get(PERSON).text), words(client.get(SYSTEM).text)
    assert ("職員の条件" in person, "聞く人 本人" in person, "守れていない" in person) == (True, True, True)
    assert ("情報システムの条件" in system, "当てはまる情報システム" in system) == (True, True)
    assert ("聞く人 情報システム管理者" in system, "聞く人 保守業者・委託先" in system) == (True, True)
    assert "所属の条件" not in person + system


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
    assert page.count('<article class="panel diff"') == 39
    with statements() as long_ones:
        client.get(large)
    assert len(long_ones) == len(short_ones) <= 20
