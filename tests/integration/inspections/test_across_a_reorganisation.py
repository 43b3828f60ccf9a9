"""A running campaign across a reorganisation: from its day the successor answers, and nothing was moved."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from app.access.actor import Actor
from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.models import Inspection
from app.inspections.queries.campaigns.progress import ProgressFilter, progress_page
from app.inspections.queries.lists import HeaderCounter, open_sheets, sheets_of
from app.inspections.queries.open_work import SHEET, OpenSheets
from app.inspections.queries.sheet import find_sheet
from app.inspections.rules import State
from app.kernel.errors import NotFound
from app.kernel.ids import UnitId
from app.kernel.ports import Ports
from app.organisation.commands.reorganisations import choose_successors
from app.organisation.queries import tree_on
from app.organisation.rules import NewTree, Origin, SuccessionKind, Takeover
from app.people.models import DutyAssignment, Posting
from app.people.queries import actor_on
from tests.factories.inspections import Year
from tests.factories.reorganisation import Changes, a_unit, changed, confirmed, prepared, tree_rows
from tests.people import AFFAIRS, BRANCH, COUNTER, KIMURA, ONO, SATO, TAKAHASHI, TANAKA, YAMADA, Cast

DAY = date(2026, 12, 1)
LAST_MINUTE = datetime(2026, 11, 30, 14, 59, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)


def ports() -> Ports:
    made = Ports()
    made.open_work.append(OpenSheets())
    return made


def merged(year: Year) -> NewTree:
    both = (Origin(code=COUNTER.code), Origin(code=BRANCH.code))
    return changed(
        tree_rows(year.database, day=DAY),
        Changes(
            without=frozenset({COUNTER.code, BRANCH.code}),
            new=(a_unit("3200", "市民窓口課", parent="3000", origins=both),),
        ),
    )


def split(year: Year) -> NewTree:
    return changed(
        tree_rows(year.database, day=DAY),
        Changes(
            without=frozenset({COUNTER.code}),
            new=(
                a_unit(
                    "3110",
                    "窓口課",
                    parent="3000",
                    origins=(Origin(code=COUNTER.code, takeover=Takeover.REST),),
                ),
                a_unit("3120", "戸籍課", parent="3000", origins=(Origin(code=COUNTER.code),)),
            ),
        ),
    )


def unit_of(year: Year, code: str) -> UnitId:
    with year.database.reading() as session:
        return next(unit.id for unit in tree_on(session, day=DAY).units if unit.code == code)


def post(
    year: Year, cast: Cast, unit_id: UnitId, *, position: str = "staff", duty: str | None = None
) -> None:
    """Somebody is transferred on the day: the former post ends, the new one begins."""
    with year.database.transaction() as session:
        for held in session.scalars(select(Posting).where(Posting.person_id == cast.id)):
            held.valid_to = DAY
        session.add(
            Posting(
                person_id=cast.id,
                unit_id=unit_id,
                kind="main",
                position=position,
                title="主査",
                valid_from=DAY,
                known_from=DAY,
                recorded_at=MIDNIGHT,
            )
        )
        if duty:
            session.add(
                DutyAssignment(
                    unit_id=unit_id,
                    person_id=cast.id,
                    duty=duty,
                    valid_from=DAY,
                    named_by=cast.id,
                    named_at=MIDNIGHT,
                )
            )


def at(year: Year, cast: Cast, now: datetime) -> Actor:
    year.now = now
    return year.actor(cast)


def answer_one(year: Year, actor: Actor, now: datetime, *, comment: str) -> None:
    with year.database.transaction() as session:
        sheet = find_sheet(session, actor=actor, inspection_id=year.sheets[COUNTER.code])
        item = next(iter(sheet.edition.applicable({})))
        draft = AnswerDraft(
            item_id=item.id, level="implemented", comment=comment, seen_version=0, client_id=comment
        )
        record_answers(session, actor=actor, inspection_id=sheet.id, drafts=[draft], now=now)


@pytest.fixture
def after_merger(year: Year) -> Year:
    """市民課 and the branch become 市民窓口課 on the day; 佐藤 becomes its clerk, 山田 its head."""
    waiting = prepared(year.database, actor=year.actor(TANAKA), tree=merged(year), day=DAY, ports=ports())
    confirmed(year.database, waiting, actor=year.actor(KIMURA), ports=ports())
    new = unit_of(year, "3200")
    post(year, SATO, new, duty="clerk")
    post(year, YAMADA, new, position="head")
    return year


def test_the_preview_names_every_open_sheet_of_the_units_that_end(year: Year) -> None:
    with year.database.reading() as session:
        things = ports().open_things(session, unit_ids=[COUNTER.id, BRANCH.id], day=DAY)
    assert {(thing.kind, thing.id, thing.unit_id) for thing in things} == {
        (SHEET, year.sheets[COUNTER.code], COUNTER.id),
        (SHEET, year.sheets[BRANCH.code], BRANCH.id),
    }


def test_at_midnight_the_successor_answers_and_the_predecessor_does_not(after_merger: Year) -> None:
    year = after_merger
    old, new = at(year, TAKAHASHI, LAST_MINUTE), at(year, SATO, LAST_MINUTE)
    answer_one(year, old, LAST_MINUTE, comment="旧課")
    with year.database.reading() as session, pytest.raises(NotFound):
        find_sheet(session, actor=new, inspection_id=year.sheets[COUNTER.code])
    old, new = at(year, TAKAHASHI, MIDNIGHT), at(year, SATO, MIDNIGHT)
    with year.database.reading() as session:
        with pytest.raises(NotFound):
            find_sheet(session, actor=old, inspection_id=year.sheets[COUNTER.code])
        sheet = find_sheet(session, actor=new, inspection_id=year.sheets[COUNTER.code])
        stored = session.get(Inspection, year.sheets[COUNTER.code])
    assert (sheet.unit_id, sheet.origin_id) == (unit_of(year, "3200"), COUNTER.id)
    assert stored is not None
    assert stored.unit_id == COUNTER.id


def test_the_lists_of_the_successor_name_both_units(after_merger: Year) -> None:
    year = after_merger
    clerk = at(year, SATO, MIDNIGHT)
    with year.database.reading() as session:
        lines = open_sheets(session, actor=clerk, today=DAY)
        listed = sheets_of(session, actor=clerk, today=DAY, page=1)
        waiting = HeaderCounter().waiting(session, actor=clerk, today=DAY)
        progress = progress_page(
            session,
            actor=at(year, KIMURA, MIDNIGHT),
            campaign_id=year.campaign_id,
            wanted=ProgressFilter(),
            today=DAY,
        )
    names = {"市民窓口課（旧 市民課）", "市民窓口課（旧 𠮷田出張所）"}
    assert {line.unit_name for line in lines} == names
    assert {line.unit_name for line in listed.lines} == names
    assert waiting["inspections"] == 2
    assert names <= {row.unit_name for row in progress.rows}
    assert {row.heads for row in progress.rows if row.unit_name in names} == {(YAMADA.name,)}


def test_a_chosen_successor_answers_for_a_sheet_of_a_unit_that_was_split(year: Year) -> None:
    tree, room = split(year), ports()
    tanaka, kimura = year.actor(TANAKA), year.actor(KIMURA)
    waiting = prepared(year.database, actor=tanaka, tree=tree, day=DAY, ports=room)
    with year.database.transaction() as session:
        choose_successors(
            session,
            actor=tanaka,
            reorganisation_id=waiting,
            seen_version=1,
            choices={(SHEET, UUID(str(year.sheets[COUNTER.code]))): "3120"},
            ports=room,
            now=year.now,
        )
    confirmed(year.database, waiting, actor=kimura, version=2, ports=room)
    post(year, SATO, unit_of(year, "3120"), duty="clerk")
    post(year, TAKAHASHI, unit_of(year, "3110"), duty="clerk")
    chosen, other = at(year, SATO, MIDNIGHT), at(year, TAKAHASHI, MIDNIGHT)
    with year.database.reading() as session:
        sheet = find_sheet(session, actor=chosen, inspection_id=year.sheets[COUNTER.code])
        assert sheet.unit_id == unit_of(year, "3120")
        with pytest.raises(NotFound):
            find_sheet(session, actor=other, inspection_id=year.sheets[COUNTER.code])
        assert [line.id for line in open_sheets(session, actor=other, today=DAY)] == []


def test_what_was_sealed_is_read_by_every_successor_and_named_as_it_was(year: Year) -> None:
    year.bring(COUNTER, to=State.SIGNED_OFF)
    sealed_on = year.now
    tree = split(year)
    waiting = prepared(year.database, actor=year.actor(TANAKA), tree=tree, day=DAY, ports=ports())
    confirmed(year.database, waiting, actor=year.actor(KIMURA), ports=ports())
    assert sealed_on.date() < DAY
    post(year, SATO, unit_of(year, "3120"), duty="clerk")
    heir = at(year, SATO, MIDNIGHT)
    stranger = at(year, ONO, MIDNIGHT)
    with year.database.reading() as session:
        sheet = find_sheet(session, actor=heir, inspection_id=year.sheets[COUNTER.code])
        assert sheet.origin_id == COUNTER.id
        with pytest.raises(NotFound):
            find_sheet(session, actor=stranger, inspection_id=year.sheets[COUNTER.code])
        assert sheet.unit_id == unit_of(year, "3110")
        manager = actor_on(session, person_id=KIMURA.id, day=DAY)
        names = {line.unit_name for line in sheets_of(session, actor=manager, today=DAY, page=1).lines}
    assert "市民課（現 窓口課）" in names


def test_a_day_on_which_something_was_sealed_is_closed_for_the_tree(year: Year) -> None:
    with year.database.reading() as session:
        assert ports().last_closed_on(session) is None
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    with year.database.reading() as session:
        assert ports().last_closed_on(session) == year.now.date()


def test_what_was_sealed_is_no_part_of_a_task_that_is_handed_over(year: Year) -> None:
    year.bring(COUNTER, to=State.SIGNED_OFF)
    task = Origin(code=COUNTER.code, kind=SuccessionKind.TRANSFERRED, subject="統計")
    tree = changed(tree_rows(year.database, day=DAY), Changes(instead={AFFAIRS.code: {"origins": (task,)}}))
    waiting = prepared(year.database, actor=year.actor(TANAKA), tree=tree, day=DAY, ports=ports())
    confirmed(year.database, waiting, actor=year.actor(KIMURA), ports=ports())
    clerk = at(year, SATO, MIDNIGHT)
    with year.database.reading() as session, pytest.raises(NotFound):
        find_sheet(session, actor=clerk, inspection_id=year.sheets[COUNTER.code])
