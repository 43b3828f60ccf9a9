"""Bulk and single acceptance give the same state, and undoing brings back what was before: on random sheets, by the real commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.db.engine import make_engine
from app.db.migrate import upgrade
from app.db.session import Database
from app.inspections.queries.review_flags import screenings_of
from app.inspections.rules.flags import Lane
from tests.factories.city import build_city
from tests.factories.desk import Desk, desk_of
from tests.integration.inspections.test_review_bulk import accepted, judged_single, snapshot, undone

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
