"""A reorganisation: prepared by one, confirmed by another, in force from its day, undone until then."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.db.session import Database
from app.journal.queries import verify
from app.journal.rules import ActorMark, Via
from app.kernel.errors import InvalidInput, NotAllowed, NotNow, StaleVersion
from app.kernel.ids import UnitId
from app.kernel.ports import OpenThing, Ports
from app.organisation.commands import import_units
from app.organisation.commands.reorganisations import (
    ReorganisationDraft,
    choose_successors,
    discard_reorganisation,
    prepare_reorganisation,
    revise_reorganisation,
    undo_reorganisation,
)
from app.organisation.files import unit_rows
from app.organisation.models import OpenWorkChoice, Unit, UnitSuccession
from app.organisation.queries import tree_on, unit_histories
from app.organisation.queries.reorganisations import reorganisation_list, reorganisation_page
from app.organisation.rules import Change, EndingUnit, NewTree, Origin, SuccessionKind, Takeover
from tests.conftest import ActorOf
from tests.factories.reorganisation import (
    EFFECTIVE,
    NOTHING_OPEN,
    Changes,
    a_unit,
    changed,
    confirmed,
    prepared,
    tree_rows,
)
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    KIMURA,
    NAKAMURA,
    OGAWA,
    SATO,
    STORY,
    TANAKA,
)

EVE = date(2027, 3, 31)
THING = UUID("11111111-2222-3333-4444-555555555555")


class OneOpenThing:
    """A room in which one thing of one unit is open, and something was closed on a day."""

    def __init__(self, unit_id: UnitId, *, closed: date | None = None) -> None:
        self._unit_id, self._closed = unit_id, closed

    def open_things(self, session: Session, *, unit_ids: Iterable[UnitId], day: date) -> Sequence[OpenThing]:
        """Return the thing where its unit is asked for."""
        del session, day
        thing = OpenThing(kind="sheet", id=THING, label="点検票", title="定期点検", unit_id=self._unit_id)
        return [thing] if self._unit_id in set(unit_ids) else []

    def last_closed_on(self, session: Session) -> date | None:
        """Return the day."""
        del session
        return self._closed


def with_open(unit_id: UnitId, *, closed: date | None = None) -> Ports:
    ports = Ports()
    ports.open_work.append(OneOpenThing(unit_id, closed=closed))
    return ports


def split_in_two(database: Database) -> NewTree:
    """市民課 ends; 窓口課 takes the rest, 戸籍課 a task."""
    origin = Origin(code=COUNTER.code, subject="戸籍に関する事務")
    return changed(
        tree_rows(database),
        Changes(
            without=frozenset({COUNTER.code}),
            new=(
                a_unit(
                    "3110",
                    "窓口課",
                    parent="3000",
                    origins=(Origin(code=COUNTER.code, takeover=Takeover.REST),),
                ),
                a_unit("3120", "戸籍課", parent="3000", origins=(origin,)),
            ),
        ),
    )


def merged(database: Database) -> NewTree:
    """市民課 and the branch become 市民窓口課."""
    both = (Origin(code=COUNTER.code), Origin(code=BRANCH.code))
    return changed(
        tree_rows(database),
        Changes(
            without=frozenset({COUNTER.code, BRANCH.code}),
            new=(a_unit("3200", "市民窓口課", parent="3000", origins=both),),
        ),
    )


@pytest.fixture
def tanaka(actor_of: ActorOf) -> Actor:
    """A reviewer of the lead division, who prepares."""
    return actor_of(TANAKA)


@pytest.fixture
def kimura(actor_of: ActorOf) -> Actor:
    """The manager, who confirms."""
    return actor_of(KIMURA)


def problems(database: Database, actor: Actor, tree: NewTree, **how: object) -> list[tuple[int | None, str]]:
    with pytest.raises(InvalidInput) as refused:
        prepared(database, actor=actor, tree=tree, **how)  # type: ignore[arg-type]
    return [(problem.row, problem.message) for problem in refused.value.problems]


def names(database: Database, day: date) -> set[str]:
    with database.reading() as session:
        return {unit.name for unit in tree_on(session, day=day).units}


def test_a_merger_is_in_force_from_its_day_and_not_before(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    reorganisation_id = prepared(database, actor=tanaka, tree=merged(database))
    assert "市民窓口課" not in names(database, EFFECTIVE)
    confirmed(database, reorganisation_id, actor=kimura)
    assert {"市民課", "𠮷田出張所"} <= names(database, EVE)
    assert "市民窓口課" not in names(database, EVE)
    assert names(database, EFFECTIVE) & {"市民課", "𠮷田出張所", "市民窓口課"} == {"市民窓口課"}
    with database.reading() as session:
        tree = tree_on(session, day=EFFECTIVE)
        eve = tree_on(session, day=EVE)
        kinds = {row.kind for row in session.scalars(select(UnitSuccession))}
    heir = tree.responsible(COUNTER.id)
    assert tree.by_id[heir].name == "市民窓口課"
    assert tree.responsible(BRANCH.id) == heir
    assert tree.origins([heir]) == {heir, COUNTER.id, BRANCH.id}
    assert eve.responsible(COUNTER.id) == COUNTER.id
    assert kinds == {SuccessionKind.MERGED.value}


def test_whoever_prepared_it_does_not_confirm_it(
    database: Database, actor_of: ActorOf, kimura: Actor
) -> None:
    reorganisation_id = prepared(database, actor=kimura, tree=merged(database))
    with pytest.raises(NotAllowed):
        confirmed(database, reorganisation_id, actor=kimura)
    confirmed(database, reorganisation_id, actor=actor_of(OGAWA))


def test_whoever_changed_it_since_does_not_confirm_it(
    database: Database, tanaka: Actor, kimura: Actor, actor_of: ActorOf
) -> None:
    reorganisation_id = prepared(database, actor=tanaka, tree=merged(database))
    draft = ReorganisationDraft(title="直したもの", effective_on=EFFECTIVE, tree=merged(database))
    with database.transaction() as session:
        revise_reorganisation(
            session,
            actor=kimura,
            reorganisation_id=reorganisation_id,
            seen_version=1,
            draft=draft,
            ports=NOTHING_OPEN,
            now=STORY,
        )
    with pytest.raises(NotAllowed):
        confirmed(database, reorganisation_id, actor=kimura, version=2)
    confirmed(database, reorganisation_id, actor=actor_of(NAKAMURA), version=2)


@pytest.mark.parametrize("cast", [SATO], ids=["clerk"])
def test_nobody_else_prepares_or_looks(database: Database, actor_of: ActorOf, cast: object) -> None:
    with pytest.raises(NotAllowed):
        prepared(database, actor=actor_of(SATO), tree=merged(database))
    with database.reading() as session, pytest.raises(NotAllowed):
        reorganisation_list(session, actor=actor_of(SATO), ports=NOTHING_OPEN, page=1)
    with database.reading() as session, pytest.raises(NotAllowed):
        reorganisation_page(
            session, actor=actor_of(SATO), reorganisation_id=uuid4(), ports=NOTHING_OPEN, today=STORY.date()
        )


def test_a_split_waits_until_each_open_thing_has_a_successor(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    ports = with_open(COUNTER.id)
    reorganisation_id = prepared(database, actor=tanaka, tree=split_in_two(database), ports=ports)
    with pytest.raises(NotNow, match="1件"):
        confirmed(database, reorganisation_id, actor=kimura, ports=ports)
    with database.transaction() as session:
        choose_successors(
            session,
            actor=tanaka,
            reorganisation_id=reorganisation_id,
            seen_version=1,
            choices={("sheet", THING): "3120"},
            ports=ports,
            now=STORY,
        )
    with database.reading() as session:
        page = reorganisation_page(
            session, actor=kimura, reorganisation_id=reorganisation_id, ports=ports, today=STORY.date()
        )
    assert [(line.chosen, line.chosen_name) for line in page.open_lines] == [("3120", "戸籍課")]
    assert (page.to_choose, page.may_confirm) == (0, True)
    confirmed(database, reorganisation_id, actor=kimura, version=2, ports=ports)
    with database.reading() as session:
        choice = session.scalars(select(OpenWorkChoice)).one()
        tree = tree_on(session, day=EFFECTIVE)
    assert tree.by_id[UnitId(choice.unit_id or uuid4())].name == "戸籍課"
    assert choice.in_force_from == EFFECTIVE
    assert tree.by_id[tree.responsible(COUNTER.id)].name == "窓口課"


def test_a_choice_that_is_no_successor_is_refused(database: Database, tanaka: Actor) -> None:
    ports = with_open(COUNTER.id)
    reorganisation_id = prepared(database, actor=tanaka, tree=split_in_two(database), ports=ports)
    for choice in ({("sheet", THING): "2010"}, {("sheet", uuid4()): "3120"}):
        with database.transaction() as session, pytest.raises(InvalidInput):
            choose_successors(
                session,
                actor=tanaka,
                reorganisation_id=reorganisation_id,
                seen_version=1,
                choices=choice,
                ports=ports,
                now=STORY,
            )


def test_loaded_undone_and_loaded_again_it_leaves_the_same_tree(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    def state() -> object:
        with database.reading() as session:
            successions = session.execute(
                select(Unit.code, UnitSuccession.kind, UnitSuccession.takeover, UnitSuccession.effective_on)
                .join(Unit, Unit.id == UnitSuccession.predecessor_id)
                .order_by(Unit.code)
            ).all()
            assert verify(session).faults == ()
            return unit_histories(session), [tuple(row) for row in successions]

    before = state()
    first = prepared(database, actor=tanaka, tree=merged(database))
    confirmed(database, first, actor=kimura)
    after = state()
    assert after != before
    with database.transaction() as session:
        undo_reorganisation(session, actor=kimura, reorganisation_id=first, seen_version=2, now=STORY)
    assert state() == before
    second = prepared(database, actor=tanaka, tree=merged(database))
    confirmed(database, second, actor=kimura)
    assert state() == after


def test_it_is_not_undone_from_its_day_on(database: Database, tanaka: Actor, kimura: Actor) -> None:
    reorganisation_id = prepared(database, actor=tanaka, tree=merged(database))
    confirmed(database, reorganisation_id, actor=kimura)
    last_minute = datetime(2027, 3, 31, 14, 59, tzinfo=UTC)
    midnight = datetime(2027, 3, 31, 15, 0, tzinfo=UTC)
    with database.transaction() as session, pytest.raises(NotNow, match="施行されている"):
        undo_reorganisation(
            session, actor=kimura, reorganisation_id=reorganisation_id, seen_version=2, now=midnight
        )
    with database.transaction() as session:
        undo_reorganisation(
            session, actor=kimura, reorganisation_id=reorganisation_id, seen_version=2, now=last_minute
        )


def test_it_is_not_undone_under_something_newer(database: Database, tanaka: Actor, kimura: Actor) -> None:
    first = prepared(database, actor=tanaka, tree=merged(database))
    confirmed(database, first, actor=kimura)
    later = date(2027, 10, 1)
    renamed = changed(
        tree_rows(database, day=later),
        Changes(instead={"3200": {"name": "総合窓口課", "kana": "そうごうまどぐちか"}}),
    )
    second = prepared(database, actor=tanaka, tree=renamed, day=later)
    confirmed(database, second, actor=kimura)
    with database.transaction() as session, pytest.raises(NotNow, match="先に"):
        undo_reorganisation(session, actor=kimura, reorganisation_id=first, seen_version=2, now=STORY)


def test_what_was_confirmed_is_kept_by_the_database_itself(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    confirmed(database, prepared(database, actor=tanaka, tree=merged(database)), actor=kimura)
    for statement in ("UPDATE reorganisation SET title = 'x'", "DELETE FROM reorganisation"):
        with pytest.raises(DBAPIError), database.transaction() as session:
            session.execute(text(statement))


def test_a_rename_and_a_move_keep_the_unit(database: Database, tanaka: Actor, kimura: Actor) -> None:
    tree = changed(
        tree_rows(database),
        Changes(
            instead={AFFAIRS.code: {"name": "総務法制課", "kana": "そうむほうせいか", "parent_code": "1000"}}
        ),
    )
    reorganisation_id = prepared(database, actor=tanaka, tree=tree)
    with database.reading() as session:
        page = reorganisation_page(
            session, actor=kimura, reorganisation_id=reorganisation_id, ports=NOTHING_OPEN, today=STORY.date()
        )
    assert [(one.code, one.changes) for one in page.changes] == [
        (AFFAIRS.code, (Change.RENAMED, Change.MOVED))
    ]
    confirmed(database, reorganisation_id, actor=kimura)
    with database.reading() as session:
        new, old = tree_on(session, day=EFFECTIVE), tree_on(session, day=EVE)
    assert new.by_id[AFFAIRS.id].name == "総務法制課"
    assert [one.name for one in new.path(AFFAIRS.id)] == ["企画部", "総務法制課"]
    assert [one.name for one in old.path(AFFAIRS.id)] == ["総務部", "総務課"]


def test_every_fault_of_a_tree_is_named_with_its_row(database: Database, tanaka: Actor) -> None:
    rows = tree_rows(database)
    faulty = changed(
        rows,
        Changes(
            without=frozenset({BRANCH.code}),
            instead={
                "1000": {"parent_code": "1010"},
                AFFAIRS.code: {"parent_code": BRANCH.code},
                COUNTER.code: {"parent_code": "9999"},
            },
            new=(a_unit("3300", "新しい課", parent="3000", origins=(Origin(code="0000"),)),),
            ending=(EndingUnit(row=0, code="0001", handed_to="0002"),),
        ),
    )
    row_of = {one.code: one.row for one in faulty}
    found = problems(database, tanaka, faulty)
    for code, words in (
        ("1000", "戻ってしまいます"),
        ("1010", "戻ってしまいます"),
        (AFFAIRS.code, "この改正で終わる所属です"),
        (COUNTER.code, "新しい一覧にありません"),
        ("3300", "前身の所属コード「0000」"),
        ("0001", "廃止する所属コード「0001」"),
        ("0001", "引継先の所属コード「0002」"),
    ):
        assert any(row == row_of[code] and words in message for row, message in found), (code, words)
    assert any("𠮷田出張所" in message and "前身に書くか" in message for _, message in found)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(UnitSuccession)) == 0


def test_a_day_before_the_last_closed_act_is_refused(database: Database, tanaka: Actor) -> None:
    ports = with_open(COUNTER.id, closed=EFFECTIVE)
    assert "締めた" in problems(database, tanaka, merged(database), ports=ports)[0][1]
    prepared(database, actor=tanaka, tree=merged(database), ports=with_open(COUNTER.id, closed=EVE))


def test_what_is_registered_for_later_is_not_crossed(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    confirmed(database, prepared(database, actor=tanaka, tree=merged(database)), actor=kimura)
    earlier = date(2027, 1, 1)
    tree = changed(tree_rows(database, day=earlier), Changes(instead={AFFAIRS.code: {"name": "庶務課"}}))
    assert all("期間が重なります" in message for _, message in problems(database, tanaka, tree, day=earlier))


def test_a_used_up_code_does_not_come_back(database: Database, tanaka: Actor, kimura: Actor) -> None:
    confirmed(database, prepared(database, actor=tanaka, tree=merged(database)), actor=kimura)
    later = date(2028, 4, 1)
    tree = changed(
        tree_rows(database, day=later), Changes(new=(a_unit(COUNTER.code, "市民課", parent="3000"),))
    )
    assert "使い終えた" in problems(database, tanaka, tree, day=later)[0][1]


def test_a_file_that_changes_nothing_is_refused_and_a_draft_without_changes_is_not_confirmed(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    draft = ReorganisationDraft(
        title="同じ組織", effective_on=EFFECTIVE, tree=tree_rows(database), file_digest="0" * 64
    )
    with database.transaction() as session, pytest.raises(InvalidInput, match="同じです"):
        prepare_reorganisation(session, actor=tanaka, draft=draft, ports=NOTHING_OPEN, now=STORY)
    waiting = prepared(database, actor=tanaka, tree=tree_rows(database))
    with pytest.raises(NotNow, match="変えるところがまだありません"):
        confirmed(database, waiting, actor=kimura)


def test_a_change_in_between_has_to_be_looked_at_again(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    waiting = prepared(database, actor=tanaka, tree=merged(database))
    other = changed(tree_rows(database), Changes(instead={AFFAIRS.code: {"name": "庶務課"}}))
    confirmed(database, prepared(database, actor=tanaka, tree=other), actor=kimura)
    with pytest.raises(NotNow, match="準備した後に"):
        confirmed(database, waiting, actor=kimura)
    with database.reading() as session:
        page = reorganisation_page(
            session, actor=kimura, reorganisation_id=waiting, ports=NOTHING_OPEN, today=STORY.date()
        )
    assert "準備した後に" in page.problems[0].message


def test_a_stale_page_confirms_nothing(database: Database, tanaka: Actor, kimura: Actor) -> None:
    waiting = prepared(database, actor=tanaka, tree=merged(database))
    with pytest.raises(StaleVersion):
        confirmed(database, waiting, actor=kimura, version=7)


def test_a_discarded_one_is_over(database: Database, tanaka: Actor, kimura: Actor) -> None:
    waiting = prepared(database, actor=tanaka, tree=merged(database))
    with database.transaction() as session:
        discard_reorganisation(session, actor=tanaka, reorganisation_id=waiting, seen_version=1, now=STORY)
    with pytest.raises(NotNow):
        confirmed(database, waiting, actor=kimura, version=2)


def test_an_abolished_unit_leaves_what_is_open_to_another(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    ports = with_open(BRANCH.id)
    tree = changed(
        tree_rows(database),
        Changes(
            without=frozenset({BRANCH.code}),
            ending=(EndingUnit(row=0, code=BRANCH.code, handed_to=COUNTER.code),),
        ),
    )
    reorganisation_id = prepared(database, actor=tanaka, tree=tree, ports=ports)
    with database.reading() as session:
        page = reorganisation_page(
            session, actor=kimura, reorganisation_id=reorganisation_id, ports=ports, today=STORY.date()
        )
    assert [(line.unit_name, line.chosen_name, line.options) for line in page.open_lines] == [
        ("𠮷田出張所", "市民課", ())
    ]
    confirmed(database, reorganisation_id, actor=kimura, ports=ports)
    with database.reading() as session:
        assert tree_on(session, day=EFFECTIVE).responsible(BRANCH.id) == COUNTER.id


def test_the_page_of_one_in_force_says_what_it_did_whatever_came_after(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    first = prepared(database, actor=tanaka, tree=merged(database))
    confirmed(database, first, actor=kimura)
    later = date(2028, 4, 1)
    other = changed(tree_rows(database, day=later), Changes(instead={AFFAIRS.code: {"name": "庶務課"}}))
    confirmed(database, prepared(database, actor=tanaka, tree=other, day=later), actor=kimura)
    with database.reading() as session:
        page = reorganisation_page(
            session,
            actor=kimura,
            reorganisation_id=first,
            ports=NOTHING_OPEN,
            today=date(2028, 5, 1),
        )
    assert page.problems == ()
    assert {(one.code, one.changes) for one in page.changes} == {
        ("3200", (Change.CREATED,)),
        (COUNTER.code, (Change.ENDED,)),
        (BRANCH.code, (Change.ENDED,)),
    }
    assert {(one.predecessor, one.successor) for one in page.successions} == {
        (COUNTER.code, "3200"),
        (BRANCH.code, "3200"),
    }


def test_it_is_undone_although_something_else_was_registered_since(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    first = prepared(database, actor=tanaka, tree=merged(database))
    confirmed(database, first, actor=kimura)
    header = "所属コード,所属名,かな,種別,ポリシー主体,上位所属コード,並び順,有効開始日"
    row = "2090,法制課,ほうせいか,課,市長部局,2000,5,2027-01-01"
    mark = ActorMark(person_id=None, via=Via.CLI, operator="root")
    with database.transaction() as session:
        import_units(
            session, rows=unit_rows(f"{header}\n{row}\n".encode()), by=mark, ports=NOTHING_OPEN, now=STORY
        )
    with database.transaction() as session:
        undo_reorganisation(session, actor=kimura, reorganisation_id=first, seen_version=2, now=STORY)
    assert "2090" in {code for code, spans in histories(database).items() if spans}
    assert "3200" not in histories(database)


def histories(database: Database) -> dict[str, object]:
    with database.reading() as session:
        return dict(unit_histories(session))


def test_a_unit_that_had_handed_a_task_over_and_then_ends_in_a_list_is_followed(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    task = changed(
        tree_rows(database),
        Changes(instead={AFFAIRS.code: {"origins": (Origin(code=BRANCH.code, subject="統計"),)}}),
    )
    confirmed(database, prepared(database, actor=tanaka, tree=task), actor=kimura)
    header = "所属コード,所属名,かな,種別,ポリシー主体,上位所属コード,並び順,有効開始日,有効終了日"
    row = "3020,𠮷田出張所,よしだしゅっちょうじょ,出先,市長部局,3000,7,2020-04-01,2028-03-31"
    mark = ActorMark(person_id=None, via=Via.CLI, operator="root")
    with database.transaction() as session:
        import_units(
            session, rows=unit_rows(f"{header}\n{row}\n".encode()), by=mark, ports=NOTHING_OPEN, now=STORY
        )
    with database.reading() as session:
        tree = tree_on(session, day=date(2028, 4, 1))
    assert tree.by_id[tree.responsible(BRANCH.id)].code == "3000"


def test_a_split_of_a_unit_that_is_only_to_come_waits_for_its_open_things_too(
    database: Database, tanaka: Actor, kimura: Actor
) -> None:
    """Whose they are is asked for the last day before, not for today."""

    class HeldByWhoeverFollows:
        """A room with one thing that began in 市民課."""

        def open_things(
            self, session: Session, *, unit_ids: Iterable[UnitId], day: date
        ) -> Sequence[OpenThing]:
            """Return it where the unit that answers on the day is asked for."""
            unit_id = tree_on(session, day=day).responsible(COUNTER.id)
            thing = OpenThing(kind="sheet", id=THING, label="点検票", title="定期点検", unit_id=unit_id)
            return [thing] if unit_id in set(unit_ids) else []

        def last_closed_on(self, session: Session) -> date | None:
            """Return nothing."""
            del session
            return None

    ports = Ports()
    ports.open_work.append(HeldByWhoeverFollows())
    confirmed(
        database,
        prepared(database, actor=tanaka, tree=merged(database), ports=ports),
        actor=kimura,
        ports=ports,
    )
    october = date(2027, 10, 1)
    parts = (
        a_unit("3110", "窓口課", parent="3000", origins=(Origin(code="3200", takeover=Takeover.REST),)),
        a_unit("3120", "戸籍課", parent="3000", origins=(Origin(code="3200"),)),
    )
    tree = changed(tree_rows(database, day=october), Changes(without=frozenset({"3200"}), new=parts))
    second = prepared(database, actor=tanaka, tree=tree, day=october, ports=ports)
    with pytest.raises(NotNow, match="1件"):
        confirmed(database, second, actor=kimura, ports=ports)


@pytest.mark.parametrize("kind", [None, SuccessionKind.TRANSFERRED])
def test_whatever_it_is_called_a_unit_that_ends_into_two_is_shared_out(
    database: Database, tanaka: Actor, kimura: Actor, kind: SuccessionKind | None
) -> None:
    parts = (
        a_unit(
            "3110",
            "窓口課",
            parent="3000",
            origins=(Origin(code=COUNTER.code, kind=kind, takeover=Takeover.REST),),
        ),
        a_unit("3120", "戸籍課", parent="3000", origins=(Origin(code=COUNTER.code, kind=kind),)),
    )
    ports = with_open(COUNTER.id)
    tree = changed(tree_rows(database), Changes(without=frozenset({COUNTER.code}), new=parts))
    waiting = prepared(database, actor=tanaka, tree=tree, ports=ports)
    with pytest.raises(NotNow, match="1件"):
        confirmed(database, waiting, actor=kimura, ports=ports)


def test_one_unit_is_not_followed_twice_by_the_same(database: Database, tanaka: Actor) -> None:
    tree = changed(
        tree_rows(database),
        Changes(
            without=frozenset({BRANCH.code}),
            instead={COUNTER.code: {"origins": (Origin(code=BRANCH.code, subject="統計"),)}},
            ending=(EndingUnit(row=0, code=BRANCH.code, handed_to=COUNTER.code),),
        ),
    )
    assert any("どちらか一つに" in message for _, message in problems(database, tanaka, tree))
