"""The ledger in the database and on its pages."""

import io
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.actor import Actor
from app.db.session import Database
from app.journal.queries import lines_of, verify
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, StaleVersion
from app.kernel.ids import SystemId, new_id
from app.organisation.models import OpenWorkChoice, Reorganisation
from app.systems.commands import add_system, change_system, import_systems
from app.systems.files import COLUMNS, system_rows
from app.systems.models import InformationSystem, SystemVersion
from app.systems.queries import (
    PAGE_SIZE,
    Wanted,
    stored_systems,
    system_list,
    system_page,
    systems_of_units,
)
from app.systems.rules import Outcome, Support, Zone
from tests.conftest import ActorOf
from tests.factories.systems import entry_of, registered
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    FIRST_DAY,
    ITO,
    KIMURA,
    NAKAMURA,
    SATO,
    STORY,
    SUZUKI,
    TANAKA,
    Cast,
)
from tests.sign_in import signed_in
from tests.statements import statements

TODAY = date(2026, 11, 20)
HEADER = ",".join(column.label for column in COLUMNS)
LINES = (
    "S-001,文書管理システム,ぶんしょかんりしすてむ,2010,3C,LGWAN接続系,2029-03-31,株式会社みほん,,",
    "S-002,証明書発行システム,しょうめいしょはっこうしすてむ,3010,3B,マイナンバー利用事務系,,,,",
)


@pytest.fixture
def reviewer(actor_of: ActorOf) -> Actor:
    return actor_of(TANAKA)


def rows(*lines: str) -> bytes:
    return "\r\n".join([HEADER, *(lines or LINES)]).encode()


def listed(database: Database, actor: Actor, wanted: Wanted | None = None) -> list[str]:
    with database.reading() as session:
        page = system_list(session, actor=actor, wanted=wanted or Wanted(), number=1, today=TODAY)
    return [line.code for line in page.lines]


# ------------------------------------------------------------------------------------------- commands


def test_a_system_is_entered_with_its_history_and_its_journal(database: Database, reviewer: Actor) -> None:
    with database.transaction() as session:
        system_id = registered(session, actor=reviewer, code="S-001", now=STORY)
    with database.reading() as session:
        (stored,) = stored_systems(session, day=STORY.date()).values()
        page = system_page(session, actor=reviewer, system_id=system_id, today=TODAY)
        (line,) = lines_of(session, subject=Subject(type=SubjectType.SYSTEM, id=str(system_id)))
        assert verify(session).faults == ()
    assert (stored.code, stored.version, stored.entry) == ("S-001", 1, entry_of())
    assert [(change.by, change.changed) for change in page.changes] == [("田中 実", ())]
    assert line.event == "system.registered"
    assert "文書管理システム" not in str(line.facts)
    assert line.facts["unit"] == str(AFFAIRS.id)


def test_a_number_is_given_once(database: Database, reviewer: Actor) -> None:
    with database.transaction() as session:
        registered(session, actor=reviewer, code="S-001", now=STORY)
    with database.transaction() as session, pytest.raises(InvalidInput) as refusal:
        registered(session, actor=reviewer, code="S-001", now=STORY)
    assert refusal.value.problems[0].field == "code"


def test_a_change_is_a_new_version_and_the_old_one_stays(database: Database, reviewer: Actor) -> None:
    with database.transaction() as session:
        system_id = registered(session, actor=reviewer, code="S-001", now=STORY)
        moved = entry_of(COUNTER, name="新文書管理システム")
        for seen in (1, 2):  # saved twice, changed once
            change_system(
                session, actor=reviewer, system_id=system_id, entry=moved, seen_version=seen, now=STORY
            )
    with database.reading() as session:
        page = system_page(session, actor=reviewer, system_id=system_id, today=TODAY)
        found = session.scalars(select(SystemVersion.name).order_by(SystemVersion.version)).all()
    assert found == ["文書管理システム", "新文書管理システム"]
    assert [change.changed for change in page.changes] == [("name", "unit_id"), ()]
    assert page.line.unit_name == COUNTER.name


def test_a_stale_change_is_refused_and_changes_nothing(database: Database, reviewer: Actor) -> None:
    with database.transaction() as session:
        system_id = registered(session, actor=reviewer, code="S-001", now=STORY)
        change_system(
            session,
            actor=reviewer,
            system_id=system_id,
            entry=entry_of(note="先に"),
            seen_version=1,
            now=STORY,
        )
    with database.transaction() as session, pytest.raises(StaleVersion):
        change_system(
            session,
            actor=reviewer,
            system_id=system_id,
            entry=entry_of(note="後から"),
            seen_version=1,
            now=STORY,
        )
    with database.reading() as session:
        assert stored_systems(session, day=STORY.date())["S-001"].entry.note == "先に"


def test_the_owner_has_to_exist_today(database: Database, reviewer: Actor) -> None:
    ended = entry_of()
    nowhere = type(ended)(
        **{f: getattr(ended, f) for f in ended.__dataclass_fields__} | {"unit_id": new_id()}
    )
    with database.transaction() as session, pytest.raises(InvalidInput):
        registered(session, actor=reviewer, code="S-001", entry=nowhere, now=STORY)
    with database.transaction() as session:
        system_id = registered(session, actor=reviewer, code="S-001", now=STORY)
    with database.transaction() as session, pytest.raises(InvalidInput):
        change_system(session, actor=reviewer, system_id=system_id, entry=nowhere, seen_version=1, now=STORY)


@pytest.mark.parametrize("cast", [SATO, SUZUKI, ITO, NAKAMURA])
def test_only_the_lead_division_keeps_the_ledger(database: Database, actor_of: ActorOf, cast: Cast) -> None:
    actor = actor_of(cast)
    with database.transaction() as session, pytest.raises(NotAllowed):
        add_system(session, actor=actor, code="S-009", entry=entry_of(), now=STORY)
    with database.transaction() as session, pytest.raises(NotAllowed):
        change_system(
            session,
            actor=actor,
            system_id=SystemId(new_id()),
            entry=entry_of(),
            seen_version=1,
            now=STORY,
        )
    with database.transaction() as session, pytest.raises(NotAllowed):
        import_systems(session, actor=actor, rows=system_rows(rows()), now=STORY)


def test_a_system_that_is_not_there_cannot_be_changed(database: Database, reviewer: Actor) -> None:
    with database.transaction() as session, pytest.raises(NotFound):
        change_system(
            session,
            actor=reviewer,
            system_id=SystemId(new_id()),
            entry=entry_of(),
            seen_version=1,
            now=STORY,
        )


def test_a_list_is_read_in_and_safe_to_repeat(database: Database, reviewer: Actor) -> None:
    outcomes = []
    for content in (rows(), rows(), rows(LINES[0].replace("株式会社みほん", "合同会社べつ"))):
        with database.transaction() as session:
            plan = import_systems(session, actor=reviewer, rows=system_rows(content), now=STORY)
            outcomes.append([one.outcome for one in plan])
    assert outcomes == [[Outcome.NEW] * 2, [Outcome.UNCHANGED] * 2, [Outcome.CHANGED]]
    with database.reading() as session:
        assert {code: one.version for code, one in stored_systems(session, day=STORY.date()).items()} == {
            "S-001": 2,
            "S-002": 1,
        }
        assert verify(session).faults == ()


def test_an_import_ends_with_its_counts_in_the_installations_journal(
    database: Database, reviewer: Actor
) -> None:
    third = LINES[0].replace("S-001", "S-003")
    changed = LINES[0].replace("株式会社みほん", "合同会社べつ")
    kept = []
    for content in (rows(), rows(changed, LINES[1], third)):
        with database.transaction() as session:
            import_systems(session, actor=reviewer, rows=system_rows(content), now=STORY)
        with database.reading() as session:
            chain = lines_of(session, subject=Subject(type=SubjectType.INSTALLATION, id="installation"))
        kept.append((chain[-1].event, chain[-1].person_id, chain[-1].facts))
    assert kept == [
        ("systems.imported", str(TANAKA.id), {"new": 2}),
        ("systems.imported", str(TANAKA.id), {"new": 1, "changed": 1, "unchanged": 1}),
    ]


def test_a_list_with_one_wrong_row_changes_nothing(database: Database, reviewer: Actor) -> None:
    wrong = rows(LINES[0], LINES[1].replace("3010", "9998"))
    with pytest.raises(InvalidInput), database.transaction() as session:
        import_systems(session, actor=reviewer, rows=system_rows(wrong), now=STORY)
    with database.reading() as session:
        assert session.scalars(select(InformationSystem)).all() == []


def many_rows(letter: str, count: int, *, contractor: str) -> bytes:
    """Return a list in which dates and retired systems alternate."""
    return rows(
        *(
            f"{letter}-{number:03},第{number}システム,しすてむ,2010,3C,LGWAN接続系,"
            f"{'2029-03-31' if number % 2 else ''},{contractor},,{'' if number % 3 else '2026-04-01'}"
            for number in range(count)
        )
    )


def test_a_list_asks_the_same_of_the_database_however_long_it_is(database: Database, reviewer: Actor) -> None:
    asked: list[tuple[int, ...]] = []
    for letter, count in (("A", 10), ("B", 200)):
        counts = []
        for content in (
            many_rows(letter, count, contractor="株式会社みほん"),
            many_rows(letter, count, contractor="合同会社べつ"),
            many_rows(letter, count, contractor="合同会社べつ"),
        ):
            with database.transaction() as session, statements() as sent:
                plan = import_systems(session, actor=reviewer, rows=system_rows(content), now=STORY)
            counts.append(len(sent))
            assert len(plan) == count
        asked.append(tuple(counts))
    assert asked[0] == asked[1]
    assert max(asked[0]) <= 11
    with database.reading() as session:
        stored = stored_systems(session, day=STORY.date())
        assert verify(session).faults == ()
    assert {one.version for one in stored.values()} == {2}
    assert [
        (stored[code].entry.support_ends_on, stored[code].entry.retired_on) for code in ("B-000", "B-001")
    ] == [(None, date(2026, 4, 1)), (date(2029, 3, 31), None)]


# -------------------------------------------------------------------------------------------- queries


def test_everybody_sees_the_systems_within_their_scope(database: Database, actor_of: ActorOf) -> None:
    with database.transaction() as session:
        import_systems(session, actor=actor_of(TANAKA), rows=system_rows(rows()), now=STORY)
        ids = {code: one.id for code, one in stored_systems(session, day=STORY.date()).items()}
    assert listed(database, actor_of(TANAKA)) == ["S-001", "S-002"]
    assert listed(database, actor_of(ITO)) == ["S-001", "S-002"]
    assert listed(database, actor_of(SATO)) == ["S-001"]
    with database.reading() as session, pytest.raises(NotFound):
        system_page(session, actor=actor_of(SATO), system_id=ids["S-002"], today=TODAY)


def test_the_list_is_narrowed(database: Database, reviewer: Actor) -> None:
    with database.transaction() as session:
        import_systems(session, actor=reviewer, rows=system_rows(rows()), now=STORY)
        registered(
            session,
            actor=reviewer,
            code="S-003",
            entry=entry_of(COUNTER, support_ends_on=date(2026, 3, 31), retired_on=date(2026, 4, 1)),
            now=STORY,
        )
    assert listed(database, reviewer, Wanted(words="しょうめい")) == ["S-002"]
    assert listed(database, reviewer, Wanted(words="市民課")) == ["S-002"]
    assert listed(database, reviewer, Wanted(zone=Zone.LGWAN)) == ["S-001"]
    assert listed(database, reviewer, Wanted(support=Support.UNKNOWN)) == ["S-002"]
    assert listed(database, reviewer, Wanted(support=Support.ENDED)) == []
    assert listed(database, reviewer, Wanted(support=Support.ENDED, retired="shown")) == ["S-003"]
    with database.reading() as session:
        owned = systems_of_units(session, unit_ids=[COUNTER.id, AFFAIRS.id], day=TODAY)
        earlier = systems_of_units(session, unit_ids=[COUNTER.id], day=date(2026, 3, 31))
        counts = system_list(session, actor=reviewer, wanted=Wanted(), number=1, today=TODAY).counts
    assert {unit: [one.code for one in found] for unit, found in owned.items()} == {
        AFFAIRS.id: ["S-001"],
        COUNTER.id: ["S-002"],
    }
    assert [one.code for one in earlier[COUNTER.id]] == ["S-002", "S-003"]
    # A retired system presses nobody any more.
    assert (counts[Support.ENDED], counts[Support.UNKNOWN], counts[Support.FINE]) == (0, 1, 1)


def test_the_list_asks_the_same_of_the_database_however_long_it_is(
    database: Database, reviewer: Actor
) -> None:
    counted: list[int] = []
    for wanted in (1, PAGE_SIZE + 5):
        with database.transaction() as session:
            for number in range(len(counted), wanted):
                registered(session, actor=reviewer, code=f"N-{number:03}", now=STORY)
        with database.reading() as session, statements() as sent:
            page = system_list(session, actor=reviewer, wanted=Wanted(), number=1, today=TODAY)
        counted.append(len(sent))
    assert counted[0] == counted[1] <= 2
    assert (len(page.lines), page.total, page.last_number) == (PAGE_SIZE, PAGE_SIZE + 5, 2)


# ---------------------------------------------------------------------------------------------- pages


@pytest.fixture
def desk(app: Flask, database: Database, reviewer: Actor) -> FlaskClient:
    """The reviewer's browser, with two systems in the ledger."""
    with database.transaction() as session:
        import_systems(session, actor=reviewer, rows=system_rows(rows()), now=STORY)
    return signed_in(app, TANAKA)


FIELDS = {
    "name": "施設予約システム",
    "kana": "しせつよやくしすてむ",
    "unit": str(AFFAIRS.id),
    "classification": "2",
    "zone": "internet",
    "support_ends_on": "2028-03-31",
    "contractor": "",
    "note": "",
    "retired_on": "",
}
KEY = {"idempotency_key": "k" * 24}


def test_a_system_is_added_changed_and_shown(desk: FlaskClient) -> None:
    added = desk.post("/systems/new", data={**FIELDS, **KEY, "code": "S-010"}, follow_redirects=True)
    assert "台帳に追加しました" in added.text
    assert "施設予約システム" in desk.get("/systems?q=よやく").text
    address = added.request.path
    changed = desk.post(
        address, data={**FIELDS, "name": "新予約", "version": "1", **KEY}, follow_redirects=True
    )
    assert "名称を「新予約」にしました" in changed.text


def test_what_was_typed_comes_back_with_the_problem(desk: FlaskClient) -> None:
    empty = desk.post("/systems/new", data={**FIELDS, **KEY, "code": "", "name": "", "note": "書いた備考"})
    taken = desk.post("/systems/new", data={**FIELDS, **KEY, "code": "S-001", "note": "書いた備考"})
    assert (empty.status_code, taken.status_code) == (422, 422)
    assert "名称を入れてください" in empty.text
    assert "台帳番号「S-001」は、もう使われています" in taken.text
    assert all("書いた備考" in page.text for page in (empty, taken))


def test_a_stale_page_keeps_what_was_typed(desk: FlaskClient, database: Database) -> None:
    with database.reading() as session:
        address = f"/systems/{stored_systems(session, day=STORY.date())['S-001'].id}"
    desk.post(address, data={**FIELDS, "version": "1", **KEY})
    stale = desk.post(
        address, data={**FIELDS, "name": "あとの名", "version": "1", "idempotency_key": "m" * 24}
    )
    assert stale.status_code == 409
    assert "ほかの人がこのシステムの台帳を変えました" in stale.text
    assert 'value="あとの名"' in stale.text
    again = desk.post(
        address, data={**FIELDS, "name": "あとの名", "version": "2", "idempotency_key": "n" * 24}
    )
    assert again.status_code == 303


def test_a_list_is_looked_at_before_it_is_read_in(desk: FlaskClient, database: Database) -> None:
    content = rows(LINES[0].replace("3C", "2"), LINES[1], LINES[1].replace("S-002", "S-003"))
    looked = desk.post(
        "/systems/import", data={"file": (io.BytesIO(content), "台帳.csv"), **KEY}, follow_redirects=True
    )
    assert "追加 <b>1</b>件" in looked.text
    assert "変更 <b>1</b>件" in looked.text
    with database.reading() as session:
        assert set(stored_systems(session, day=STORY.date())) == {"S-001", "S-002"}
    text = looked.text.partition('<textarea name="rows"')[2].partition(">")[2].partition("</textarea>")[0]
    done = desk.post(
        "/systems/import/confirm", data={"rows": text.removeprefix("\n"), **KEY}, follow_redirects=True
    )
    assert "追加 1件、変更 1件" in done.text
    with database.reading() as session:
        assert set(stored_systems(session, day=STORY.date())) == {"S-001", "S-002", "S-003"}


def test_everything_that_is_wrong_with_a_list_is_told_at_once(desk: FlaskClient) -> None:
    """A cell that cannot be read, a unit that is none, a number twice: one look, one way back to the spreadsheet."""
    nameless = LINES[0].replace("文書管理システム", "").replace("S-001", "S-007")
    wrong = rows(nameless, LINES[0].replace("2010", "9999"), LINES[1], LINES[1])
    refused = desk.post("/systems/import", data={"file": (io.BytesIO(wrong), "list.csv"), **KEY})
    assert refused.status_code == 422
    assert all(part in refused.text for part in ("2行目", "3行目", "5行目", "9999"))


def test_a_list_that_does_not_fit_names_each_row(desk: FlaskClient) -> None:
    wrong = rows(LINES[0].replace("2010", "8888"), LINES[0])
    reply = desk.post("/systems/import", data={"file": (io.BytesIO(wrong), "台帳.csv"), **KEY})
    assert reply.status_code == 422
    assert "2行目「所管所属コード」" in reply.text
    assert "3行目「台帳番号」" in reply.text
    nothing = desk.post("/systems/import", data=KEY)
    assert (nothing.status_code, "ファイルを選んでから" in nothing.text) == (422, True)
    forged = desk.post("/systems/import/confirm", data={"rows": "何か", **KEY})
    assert forged.status_code == 422


def test_the_ledger_taken_away_is_the_list_that_is_read_in(desk: FlaskClient) -> None:
    reply = desk.get("/systems/ledger.csv")
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert [row.code for row in system_rows(reply.data)] == ["S-001", "S-002"]


@pytest.mark.parametrize("address", ["/systems/new", "/systems/import", "/systems/ledger.csv"])
def test_others_do_not_come_to_the_keeping_of_the_ledger(app: Flask, address: str) -> None:
    assert signed_in(app, SATO).get(address).status_code == 403
    assert signed_in(app, KIMURA).get(address).status_code == 200


def test_a_stranger_does_not_learn_that_a_system_exists(
    app: Flask, desk: FlaskClient, database: Database
) -> None:
    del desk
    with database.reading() as session:
        counter = stored_systems(session, day=STORY.date())["S-002"].id
    assert signed_in(app, SATO).get(f"/systems/{counter}").status_code == 404
    assert signed_in(app, NAKAMURA).get("/systems").status_code == 403


def test_the_ledger_ends_a_choice_that_a_reorganisation_had_made(database: Database, reviewer: Actor) -> None:
    with database.transaction() as session:
        system_id = registered(session, actor=reviewer, code="S-001", now=STORY)
        reorganisation = Reorganisation(
            id=new_id(),
            title="組織改正",
            effective_on=FIRST_DAY,
            state="prepared",
            version=1,
            tree="[]",
            plan_digest="0" * 64,
            prepared_by=reviewer.person_id,
            prepared_at=STORY,
        )
        session.add(reorganisation)
        session.flush()
        session.add(
            OpenWorkChoice(
                reorganisation_id=reorganisation.id,
                kind="system",
                subject_id=system_id,
                unit_code=BRANCH.code,
                unit_id=BRANCH.id,
                in_force_from=FIRST_DAY,
                chosen_by=reviewer.person_id,
                chosen_at=STORY,
            )
        )
    with database.reading() as session:
        assert stored_systems(session, day=TODAY)["S-001"].entry.unit_id == BRANCH.id
    with database.transaction() as session:
        moved = replace(entry_of(), unit_id=COUNTER.id)
        change_system(session, actor=reviewer, system_id=system_id, entry=moved, seen_version=1, now=STORY)
    with database.reading() as session:
        assert stored_systems(session, day=TODAY)["S-001"].entry.unit_id == COUNTER.id
