"""The time spent on a sheet, as far as the saves tell."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.inspections.rules import LONGEST_PAUSE, active_time
from tests.people import STORY

PAUSES = st.lists(st.integers(min_value=0, max_value=1200), max_size=30)


def test_pauses_of_five_minutes_count_and_longer_ones_do_not() -> None:
    saves = [STORY + timedelta(minutes=minutes) for minutes in (0, 5, 11, 12)]
    assert active_time(saves) == timedelta(minutes=6)


def test_a_single_save_tells_nothing() -> None:
    assert active_time([]) == active_time([STORY]) == timedelta()


@given(PAUSES)
def test_it_is_never_more_than_the_whole_and_the_order_does_not_matter(pauses: list[int]) -> None:
    saves = [STORY]
    for pause in pauses:
        saves.append(saves[-1] + timedelta(seconds=pause))
    spent = active_time(saves)
    assert spent == active_time(saves[::-1])
    assert timedelta() <= spent <= min(saves[-1] - saves[0], len(pauses) * LONGEST_PAUSE)
