"""The pages of a reorganisation: who opens them, what they say, and that nothing typed is lost; and the command line."""

import io
import re
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db.session import Database
from app.organisation.files import new_tree, new_tree_csv
from app.organisation.models import Reorganisation, UnitSuccession
from app.organisation.queries import tree_on
from app.organisation.rules import Origin, Takeover
from tests.factories.inspections import Year
from tests.factories.reorganisation import EFFECTIVE, Changes, a_unit, changed, prepared, tree_rows
from tests.pages import FormReader
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    ITO,
    KIMURA,
    NAKAMURA,
    OGAWA,
    PLACES,
    SATO,
    SUZUKI,
    TANAKA,
    WATANABE,
    Cast,
)
from tests.sign_in import signed_in
from tests.statements import statements


class EveryForm(FormReader):
    """Reads the hidden fields of the form that posts to an address."""

    def __init__(self, action: str) -> None:
        super().__init__("")
        self._action = action

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "form":
            self._inside = (dict(attrs).get("action") or "").endswith(self._action)
            return
        super().handle_starttag(tag, attrs)


def send(client: FlaskClient, page: str, action: str, **typed: object) -> object:
    """Open a page, fill the form that posts to an address, and send it."""
    reader = EveryForm(action)
    reader.feed(client.get(page).text)
    assert reader.fields, f"no form to {action} on {page}"
    target = page if action in page else action if action.startswith("/") else f"{page}/{action}"
    return client.post(target, data=reader.fields | typed, content_type="multipart/form-data")


def csv_of(database: Database, *changes: Changes) -> bytes:
    tree = tree_rows(database)
    for one in changes:
        tree = changed(tree, one)  # type: ignore[assignment]  # only trees without ends are chained
    return new_tree_csv(tree)


def merged_file(database: Database) -> bytes:
    both = (Origin(code=COUNTER.code), Origin(code=BRANCH.code))
    return csv_of(
        database,
        Changes(
            without=frozenset({COUNTER.code, BRANCH.code}),
            new=(a_unit("3200", "市民窓口課", parent="3000", origins=both),),
        ),
    )


def prepare_on_page(client: FlaskClient, data: bytes | None = None) -> str:
    typed: dict[str, object] = {"title": "令和9年の改正", "effective_on": EFFECTIVE.isoformat()}
    if data is not None:
        typed["file"] = (io.BytesIO(data), "tree.csv")
    answer = send(client, "/reorganisations/new", "/reorganisations/new", **typed)
    assert answer.status_code == 303, answer.text  # type: ignore[attr-defined]
    return str(answer.location)  # type: ignore[attr-defined]


def living(database: Database) -> dict[str, str]:
    with database.reading() as session:
        return {unit.code: unit.name for unit in tree_on(session, day=EFFECTIVE).units}


def test_from_a_file_to_the_new_tree_by_two_people(app: Flask, database: Database) -> None:
    tanaka, kimura = signed_in(app, TANAKA), signed_in(app, KIMURA)
    page = prepare_on_page(tanaka, merged_file(database))
    assert "この改正を確定する" not in tanaka.get(page).text
    seen = kimura.get(page).text
    assert "市民窓口課" in seen
    assert "統合" in seen
    assert send(kimura, page, "confirmation").status_code == 303  # type: ignore[attr-defined]
    assert living(database)["3200"] == "市民窓口課"
    assert send(kimura, page, "undoing").status_code == 303  # type: ignore[attr-defined]
    assert "3200" not in living(database)


def test_step_by_step_without_a_file(app: Flask, database: Database) -> None:
    tanaka = signed_in(app, TANAKA)
    page = prepare_on_page(tanaka)
    assert "変わる所属は、まだありません" in tanaka.get(page).text
    steps = (
        (f"alter?unit={AFFAIRS.code}", {"name": "法制課", "kana": "ほうせいか"}),
        (
            f"split?unit={COUNTER.code}",
            {
                "part1_code": "3110",
                "part1_name": "窓口課",
                "part1_kana": "まどぐちか",
                "part2_code": "3120",
                "part2_name": "戸籍課",
                "part2_kana": "こせきか",
                "part2_subject": "戸籍",
                "rest": "1",
            },
        ),
        (f"abolish?unit={BRANCH.code}", {"handed_to": "3110"}),
        (
            "create",
            {
                "code": "2090",
                "name": "デジタル課",
                "kana": "でじたるか",
                "kind": "division",
                "policy_owner": "mayor",
                "parent": "2000",
                "sort_order": "9",
            },
        ),
        ("task?unit=1020", {"to": "2090", "subject": "統計"}),
        (
            "merge",
            {
                "units": ["1020", "2010"],
                "code": "1020",
                "name": "経営総務課",
                "kana": "けいえいそうむか",
                "kind": "division",
                "policy_owner": "mayor",
                "parent": "1000",
                "sort_order": "3",
            },
        ),
    )
    for address, typed in steps:
        answer = send(tanaka, f"{page}/{address}", f"{page}/{address}", **typed)
        assert answer.status_code == 303, answer.text  # type: ignore[attr-defined]
    kimura = signed_in(app, KIMURA)
    assert send(kimura, page, "confirmation").status_code == 303  # type: ignore[attr-defined]
    after = living(database)
    assert {"3110", "3120", "2090"} <= set(after)
    assert not {COUNTER.code, BRANCH.code, AFFAIRS.code} & set(after)
    assert after["1020"] == "経営総務課"
    with database.reading() as session:
        tree = tree_on(session, day=EFFECTIVE)
        kinds = {row.kind for row in session.scalars(select(UnitSuccession))}
    assert tree.by_id[tree.responsible(COUNTER.id)].code == "3110"
    assert tree.by_id[tree.responsible(BRANCH.id)].code == "3110"
    assert kinds == {"split", "abolished", "transferred", "merged"}


def test_a_faulty_file_is_refused_whole_and_the_name_and_day_stay(app: Flask, database: Database) -> None:
    tanaka = signed_in(app, TANAKA)
    data = csv_of(database, Changes(instead={"1000": {"parent_code": "1010"}}))
    typed = {
        "title": "失敗する改正",
        "effective_on": EFFECTIVE.isoformat(),
        "file": (io.BytesIO(data), "tree.csv"),
    }
    answer = send(tanaka, "/reorganisations/new", "/reorganisations/new", **typed)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    text = answer.text  # type: ignore[attr-defined]
    assert "2行目「上位所属コード」" in text
    assert "失敗する改正" in text
    assert EFFECTIVE.isoformat() in text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Reorganisation)) == 0


def test_a_change_that_does_not_fit_keeps_what_was_typed(app: Flask) -> None:
    tanaka = signed_in(app, TANAKA)
    page = prepare_on_page(tanaka)
    address = f"{page}/split?unit={COUNTER.code}"
    answer = send(
        tanaka, address, address, part1_code="3110", part1_name="窓口課", part1_kana="まど", rest="2"
    )
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "残りの仕事を引き継ぐ所属の行" in answer.text  # type: ignore[attr-defined]
    assert 'value="窓口課"' in answer.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("cast", "listed", "new"),
    [
        (SATO, 403, 403),
        (SUZUKI, 403, 403),
        (TANAKA, 200, 200),
        (KIMURA, 200, 200),
        (OGAWA, 200, 403),
        (ITO, 200, 403),
        (WATANABE, 200, 403),
        (NAKAMURA, 200, 200),
    ],
    ids=lambda one: one.staff_no if isinstance(one, Cast) else "",
)
def test_who_opens_which_page(app: Flask, cast: Cast, listed: int, new: int) -> None:
    client = signed_in(app, cast)
    assert client.get("/reorganisations").status_code == listed
    assert client.get("/reorganisations/new").status_code == new


def test_a_stale_page_is_told_so(app: Flask, database: Database) -> None:
    tanaka = signed_in(app, TANAKA)
    page = prepare_on_page(tanaka, merged_file(database))
    reader = EveryForm("confirmation")
    kimura = signed_in(app, KIMURA)
    reader.feed(kimura.get(page).text)
    address = f"{page}/alter?unit={AFFAIRS.code}"
    assert send(tanaka, address, address, name="法制課").status_code == 303  # type: ignore[attr-defined]
    answer = kimura.post(f"{page}/confirmation", data=reader.fields)
    assert answer.status_code == 409
    assert "ほかの人が先に" in answer.text


def test_the_preview_asks_the_same_for_any_size(app: Flask, year: Year) -> None:
    """Statements do not grow with what changes and what is open."""
    one = changed(tree_rows(year.database), Changes(instead={AFFAIRS.code: {"name": "法制課"}}))
    everything = tuple(place for place in PLACES if place.kind != "department" and place.code != "9000")
    many = changed(
        tree_rows(year.database),
        Changes(
            without=frozenset(place.code for place in everything),
            new=tuple(
                a_unit(f"5{place.code}", f"新{place.name}", parent=None, origins=(Origin(code=place.code),))
                for place in everything
            ),
        ),
    )
    counts = []
    for tree in (one, many):
        reorganisation_id = prepared(year.database, actor=year.actor(TANAKA), tree=tree)
        client = signed_in(app, KIMURA)
        client.get(f"/reorganisations/{reorganisation_id}")
        with statements() as heard:
            assert client.get(f"/reorganisations/{reorganisation_id}").status_code == 200
        counts.append(len(heard))
    # Of nothing that ends there is nothing to ask for.
    assert counts[1] - counts[0] <= 2
    assert counts[1] <= 20


def test_the_tree_that_is_taken_away_can_be_read_in_again(database: Database) -> None:
    origin = Origin(code=COUNTER.code, takeover=Takeover.REST, share=60, subject="窓口に関する事務")
    tree = changed(
        tree_rows(database),
        Changes(
            without=frozenset({COUNTER.code}),
            new=(a_unit("3110", "𠮷田課", parent="3000", origins=(origin,)),),
        ),
    )
    assert new_tree(new_tree_csv(tree)) == tree


# ------------------------------------------------------------------------------------------- the command line


def run(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=["organisation", *map(str, arguments)])


def test_the_command_line_looks_prepares_and_confirms(app: Flask, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "tree.csv"
    file.write_bytes(merged_file(database))
    looked = run(app, "import", file, "--effective", "令和9年4月1日", "--dry-run")
    assert looked.exit_code == 0, looked.output
    assert "新設　3200　市民窓口課" in looked.output
    assert "統合　3010 → 3200 市民窓口課" in looked.output
    assert "3200" not in living(database)
    nobody = run(app, "import", file, "--effective", EFFECTIVE.isoformat())
    assert nobody.exit_code == 1
    assert "--by" in nobody.output
    alone = run(
        app,
        "import",
        file,
        "--effective",
        EFFECTIVE.isoformat(),
        "--by",
        KIMURA.staff_no,
        "--confirmed-by",
        KIMURA.staff_no,
    )
    assert alone.exit_code == 1
    assert "3200" not in living(database)
    done = run(
        app,
        "import",
        file,
        "--effective",
        EFFECTIVE.isoformat(),
        "--by",
        TANAKA.staff_no,
        "--confirmed-by",
        KIMURA.staff_no,
    )
    assert done.exit_code == 0, done.output
    assert re.search(r"確定しました：[0-9a-f-]{36}", done.output)
    assert living(database)["3200"] == "市民窓口課"


def test_the_command_line_names_every_row_of_a_faulty_file(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "tree.csv"
    file.write_bytes(
        csv_of(
            database,
            Changes(instead={"1000": {"parent_code": "1010"}, AFFAIRS.code: {"parent_code": "7777"}}),
        )
    )
    refused = run(app, "import", file, "--effective", EFFECTIVE.isoformat(), "--dry-run")
    assert refused.exit_code == 1
    assert "2行目" in refused.output
    assert "7777" in refused.output


def test_the_page_of_a_unit_names_where_it_came_from_and_where_it_went(
    app: Flask, database: Database
) -> None:
    tanaka, kimura = signed_in(app, TANAKA), signed_in(app, KIMURA)
    page = prepare_on_page(tanaka, merged_file(database))
    send(kimura, page, "confirmation")
    with database.reading() as session:
        new = next(unit for unit in tree_on(session, day=EFFECTIVE).units if unit.code == "3200")
    clerk = signed_in(app, SATO)
    seen = clerk.get(f"/units/{new.id}?on={EFFECTIVE.isoformat()}").text
    assert "前身と承継" in seen
    assert all(place.name in seen for place in (COUNTER, BRANCH))
    old = clerk.get(f"/units/{COUNTER.id}").text
    assert "市民窓口課" in old
    assert "承継先" in old
    assert "前身と承継" not in clerk.get(f"/units/{AFFAIRS.id}").text
