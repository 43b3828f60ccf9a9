"""Acts on many sheets are the same as single ones, and undoing them brings back what was: on random sheets, by the real commands.

Accepting a lane together, and judging one item across all units.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from shutil import copyfile
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.db.engine import make_engine
from app.db.migrate import upgrade
from app.db.session import Database
from app.inspections.commands.review import JudgementDraft, clear_judgement, judge_items
from app.inspections.commands.review_bulk import ItemVerdict
from app.inspections.queries.review_flags import screenings_of
from app.inspections.rules import Judgement
from app.inspections.rules.flags import Lane
from app.kernel.errors import NotNow
from app.kernel.ids import InspectionId, ItemId
from tests.factories.city import build_city
from tests.factories.desk import DUE, Desk, desk_of
from tests.integration.inspections.test_review_bulk import (
    accepted,
    across,
    judged_single,
    opened_by,
    snapshot,
    undone,
)
from tests.people import HAYASHI, TANAKA

KEYS: Final = ("D01", "D02", "D07", "D08", "D09")
UNFLAGGED: Final = st.dictionaries(
    st.sampled_from(("D02", "D08", "D09")), st.sampled_from(("implemented", "partial", "not_implemented"))
)
SOME: Final = st.lists(st.sampled_from(KEYS), unique=True, max_size=4)


@pytest.fixture(scope="module")
def city_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated city on SQLite, made once."""
    path = tmp_path_factory.mktemp("desk") / "city.sqlite3"
    database = Database(make_engine(f"sqlite:///{path}"))
    upgrade(database)
    with database.transaction() as session:
        build_city(session)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.engine.dispose()
    return path


@contextmanager
def fresh(city_file: Path, folder: Path) -> Iterator[Database]:
    path = folder / "run.sqlite3"
    for leftover in folder.glob("run.sqlite3*"):
        leftover.unlink()
    copyfile(city_file, path)
    database = Database(make_engine(f"sqlite:///{path}"))
    try:
        yield database
    finally:
        database.engine.dispose()


def judge_some(desk: Desk, place: int, keys: list[str]) -> None:
    if keys:
        judged_single(desk, desk.sheets[place], keys=keys)


@given(levels=UNFLAGGED, before=SOME)
@settings(max_examples=15)
def test_bulk_is_single_and_undoing_restores(
    city_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
    levels: dict[str, str],
    before: list[str],
) -> None:
    """Two sheets alike, some items of both judged before: one is accepted in an act on many, the other item by item."""
    with fresh(city_file, tmp_path_factory.getbasetemp()) as database:
        desk = desk_of(database, count=2, levels={0: levels, 1: levels})
        with database.reading() as session:
            found = screenings_of(session, revision_ids=[desk.sheet(one).revision_id for one in desk.sheets])
        assert {one.lane for one in found.values()} == {Lane.CLEAR}
        for place in (0, 1):
            judge_some(desk, place, before)
        start = snapshot(desk, desk.sheets[0])
        outcome = accepted(desk, ids=desk.sheets[:1])
        rest = [key for key in KEYS if key not in before]
        judged_single(desk, desk.sheets[1], keys=rest)
        together, single = (snapshot(desk, one) for one in desk.sheets)
        assert together == single
        undone(desk, outcome.batch_id)
        after = snapshot(desk, desk.sheets[0])
        for part in ("reviews", "digest", "score") if before else ("reviews", "digest"):
            assert after[part] == start[part]
        assert after["state"][3] == start["state"][3]


# ------------------------------------------------------------------------------- one item across all units


class Prior(StrEnum):
    """What was the matter with a sheet before one of its items was judged together with others."""

    NOTHING = "nothing"
    ANOTHER_ITEM = "another item judged"
    TAKEN_BACK = "this item judged, and taken back"
    THIS_ITEM = "this item judged"
    IN_HAND = "in a colleague's hand"
    OLD_PAGE = "answered anew since the page was shown"


FREE: Final = frozenset({Prior.NOTHING, Prior.ANOTHER_ITEM, Prior.TAKEN_BACK})


@dataclass(frozen=True, slots=True)
class Office:
    """A unit with its answers; `later` says whether somebody judges the item anew before the act is undone."""

    levels: dict[str, str]
    prior: Prior
    later: bool


offices: Final = st.builds(
    Office,
    levels=st.dictionaries(
        st.sampled_from(KEYS),
        st.sampled_from(("implemented", "partial", "not_implemented", "not_applicable", "unknown")),
    ),
    prior=st.sampled_from([*[Prior.NOTHING] * 2, *Prior]),
    later=st.sampled_from((False, False, True)),
)
VERDICTS: Final = (
    (Judgement.ACCEPTED, "", None),
    (Judgement.ACCEPTED_WITH_REMARK, "来年度も続けてください。", None),
    (Judgement.RETURNED, "控えの日付を確かめてください。", DUE),
)


def prepare(desk: Desk, sheet: InspectionId, *, key: str, prior: Prior) -> None:
    if prior in {Prior.THIS_ITEM, Prior.TAKEN_BACK}:
        judged_single(desk, sheet, keys=[key])
        if prior is Prior.TAKEN_BACK:
            clear_one(desk, sheet, desk.item_id(key))
    elif prior is Prior.ANOTHER_ITEM:
        judged_single(desk, sheet, keys=[next(one for one in KEYS if one != key)])
    elif prior is Prior.IN_HAND:
        opened_by(desk, sheet, HAYASHI)


def judge_one(
    desk: Desk, sheet: InspectionId, verdict: ItemVerdict, *, seen_answer: int, seen: int = 0
) -> bool:
    """Judge one item of one sheet by itself; return whether that went through."""
    draft = JudgementDraft(
        item_id=verdict.item_id,
        judgement=verdict.judgement,
        reviewed_level=None,
        remark=verdict.remark,
        return_due=verdict.return_due,
        seen_answer_version=seen_answer,
        seen_version=seen,
    )
    try:
        with desk.database.transaction() as session:
            actor = desk.actor(TANAKA)
            return bool(judge_items(session, actor=actor, inspection_id=sheet, drafts=[draft], now=desk.now))
    except NotNow:
        return False


def version_of(desk: Desk, sheet: InspectionId, item_id: ItemId) -> int:
    stored = snapshot(desk, sheet)["reviews"].get(item_id)
    return stored.version if stored else 0


def clear_one(desk: Desk, sheet: InspectionId, item_id: ItemId) -> None:
    version = version_of(desk, sheet, item_id)
    with desk.database.transaction() as session:
        clear_judgement(
            session,
            actor=desk.actor(TANAKA),
            inspection_id=sheet,
            item_id=item_id,
            seen_version=version,
            now=desk.now,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Units with a twin each: alike in their answers and in what was judged before."""

    desk: Desk
    city: Sequence[Office]
    together: Sequence[InspectionId]
    singly: Sequence[InspectionId]

    @property
    def free(self) -> list[bool]:
        """Whether the item can be judged."""
        return [office.prior in FREE for office in self.city]

    @property
    def touched(self) -> list[bool]:
        """Whether somebody judges the item anew after the act."""
        return [office.prior in FREE and office.later for office in self.city]

    def alike(self) -> None:
        """Hold that twins are in the same state."""
        for one, other in zip(self.together, self.singly, strict=True):
            assert snapshot(self.desk, one) == snapshot(self.desk, other)


def twins_of(database: Database, city: Sequence[Office], *, key: str) -> Twins:
    levels = {place: office.levels for place, office in enumerate((*city, *city))}
    desk = desk_of(database, count=2 * len(city), levels=levels)
    for office, sheet in zip((*city, *city), desk.sheets, strict=True):
        prepare(desk, sheet, key=key, prior=office.prior)
    return Twins(desk=desk, city=city, together=desk.sheets[: len(city)], singly=desk.sheets[len(city) :])


def judge_all(twins: Twins, verdict: ItemVerdict) -> UUID | None:
    """Judge the item of the ones in one act and of the others singly; return the act, None where it was refused."""
    seen = [7 if office.prior is Prior.OLD_PAGE else 1 for office in twins.city]
    for sheet, at, free in zip(twins.singly, seen, twins.free, strict=True):
        assert judge_one(twins.desk, sheet, verdict, seen_answer=at) == free
    asked = dict(zip(twins.together, seen, strict=True))
    if not any(twins.free):
        with pytest.raises(NotNow):
            across(twins.desk, verdict, asked)
        return None
    outcome = across(twins.desk, verdict, asked)
    assert [sheet in outcome.judged for sheet in twins.together] == twins.free
    assert [sheet not in outcome.refused for sheet in twins.together] == twins.free
    return outcome.batch_id


def judge_again(twins: Twins, verdict: ItemVerdict) -> None:
    for one, other, touched in zip(twins.together, twins.singly, twins.touched, strict=True):
        for sheet in (one, other) if touched else ():
            seen = version_of(twins.desk, sheet, verdict.item_id)
            assert judge_one(twins.desk, sheet, verdict, seen_answer=1, seen=seen)


def take_back(twins: Twins, batch_id: UUID, verdict: ItemVerdict) -> None:
    """Undo the act, and each of the single judgements that nobody touched."""
    back = undone(twins.desk, batch_id)
    touched = {sheet for sheet, again in zip(twins.together, twins.touched, strict=True) if again}
    assert set(back.touched) == touched
    for sheet, free, again in zip(twins.singly, twins.free, twins.touched, strict=True):
        if free and not again:
            clear_one(twins.desk, sheet, verdict.item_id)


@given(
    city=st.lists(offices, min_size=1, max_size=3),
    key=st.sampled_from(KEYS),
    said=st.sampled_from(VERDICTS),
)
@settings(max_examples=7)
def test_one_item_across_all_units_is_single_and_undoing_restores(
    city_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
    city: list[Office],
    key: str,
    said: tuple[Judgement, str, date | None],
) -> None:
    with fresh(city_file, tmp_path_factory.getbasetemp()) as database:
        twins = twins_of(database, city, key=key)
        desk = twins.desk
        start = [snapshot(desk, sheet) for sheet in twins.together]
        judgement, remark, due = said
        verdict = ItemVerdict(item_id=desk.item_id(key), judgement=judgement, remark=remark, return_due=due)
        batch_id = judge_all(twins, verdict)
        twins.alike()
        made = [snapshot(desk, sheet) for sheet in twins.together]
        for was, now, free in zip(start, made, twins.free, strict=True):
            assert (now != was) == free
            given_now = now["reviews"].get(verdict.item_id)
            assert not free or (given_now.judgement, given_now.remark, given_now.return_due) == said
        if batch_id is None:
            return
        later = replace(verdict, judgement=Judgement.ACCEPTED_WITH_REMARK, remark="あとで見直した。")
        judge_again(twins, later)
        take_back(twins, batch_id, verdict)
        twins.alike()
        for sheet, was, touched in zip(twins.together, start, twins.touched, strict=True):
            after = snapshot(desk, sheet)
            if touched:
                assert after["reviews"][verdict.item_id].remark == later.remark
            else:
                assert (after["reviews"], after["digest"]) == (was["reviews"], was["digest"])
                assert after["state"][3] == was["state"][3]
