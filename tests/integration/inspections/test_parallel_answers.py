"""Two people at the same item, and one save that arrives several times, at the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Final, TypeVar

from sqlalchemy import func, select

from app.inspections.commands.answer import AnswerDraft, Outcome, Recorded, record_answers
from app.inspections.models import Answer, AnswerHistory
from app.inspections.queries.sheet import content_of_sheet
from app.inspections.rules import AnswerFact
from app.journal.queries import verify
from tests.factories.inspections import Year
from tests.people import AFFAIRS, SATO, SUZUKI, Cast

T = TypeVar("T")
TIMES: Final = 5


def at_the_same_moment(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Start every act at the same moment; return what each gave, in their order."""
    line = Barrier(len(acts))

    def start(act: Callable[[], T]) -> T:
        line.wait(timeout=30)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result(timeout=60) for done in [pool.submit(start, act) for act in acts]]


def save(
    year: Year, cast: Cast, *, comment: str, client_id: str, seen_version: int = 0, key: str = "D02"
) -> Recorded:
    draft = AnswerDraft(
        item_id=year.item_id(key),
        level="partial",
        comment=comment,
        seen_version=seen_version,
        client_id=client_id,
    )
    actor = year.actor(cast)
    with year.database.transaction() as session:
        [outcome] = record_answers(
            session, actor=actor, inspection_id=year.sheets[AFFAIRS.code], drafts=[draft], now=year.now
        )
    return outcome


def stored(year: Year) -> tuple[list[AnswerFact], int]:
    """Return the answers as they stand, and how many saves the history keeps."""
    with year.database.reading() as session:
        answers = content_of_sheet(session, sheet=year.sheet(AFFAIRS)).answers
        return list(answers.values()), session.scalar(select(func.count()).select_from(AnswerHistory)) or 0


def test_of_two_first_answers_one_is_kept_and_the_other_learns_of_it(year: Year) -> None:
    first, second = at_the_same_moment(
        [
            lambda: save(year, SATO, comment="佐藤が書いた", client_id="sato"),
            lambda: save(year, SUZUKI, comment="鈴木が書いた", client_id="suzuki"),
        ]
    )
    _one_saved_and_one_conflict(year, {"佐藤が書いた": first, "鈴木が書いた": second}, version=1)


def test_of_two_changes_of_the_same_answer_one_is_kept_and_the_other_learns_of_it(year: Year) -> None:
    save(year, SATO, comment="はじめ", client_id="first")
    year.now += timedelta(minutes=1)
    first, second = at_the_same_moment(
        [
            lambda: save(year, SATO, comment="佐藤が直した", client_id="sato", seen_version=1),
            lambda: save(year, SUZUKI, comment="鈴木が直した", client_id="suzuki", seen_version=1),
        ]
    )
    _one_saved_and_one_conflict(year, {"佐藤が直した": first, "鈴木が直した": second}, version=2)


def _one_saved_and_one_conflict(year: Year, outcomes: dict[str, Recorded], *, version: int) -> None:
    by_outcome = {recorded.outcome: comment for comment, recorded in outcomes.items()}
    assert set(by_outcome) == {Outcome.SAVED, Outcome.CONFLICT}
    kept = AnswerFact(level="partial", comment=by_outcome[Outcome.SAVED], version=version)
    refused = outcomes[by_outcome[Outcome.CONFLICT]]
    # The one who came second is shown what the first one wrote; the own text is still on the own page.
    assert (refused.kept, refused.version) == (kept, version)
    assert stored(year) == ([kept], version)


def test_the_same_save_sent_several_times_is_done_once(year: Year) -> None:
    outcomes = at_the_same_moment([lambda: save(year, SATO, comment="一度だけ", client_id="same")] * TIMES)
    assert sorted(recorded.outcome for recorded in outcomes) == [
        Outcome.SAVED,
        *[Outcome.UNCHANGED] * (TIMES - 1),
    ]
    assert {recorded.version for recorded in outcomes} == {1}
    assert stored(year)[1] == 1


def test_a_save_that_comes_again_after_a_later_one_does_not_undo_it(year: Year) -> None:
    save(year, SATO, comment="はじめ", client_id="first")
    save(year, SATO, comment="つぎ", client_id="second", seen_version=1)
    again = save(year, SATO, comment="はじめ", client_id="first")
    assert again.outcome is Outcome.UNCHANGED
    assert stored(year) == ([AnswerFact(level="partial", comment="つぎ", version=2)], 2)


def test_different_items_of_one_sheet_are_saved_side_by_side(year: Year) -> None:
    keys = ("D01", "D02", "D07", "D08", "D09")
    outcomes = at_the_same_moment(
        [lambda key=key: save(year, SATO, comment=key, client_id=key, key=key) for key in keys]  # type: ignore[misc]
    )
    assert {recorded.outcome for recorded in outcomes} == {Outcome.SAVED}
    assert year.sheet(AFFAIRS).answered == len(keys)
    with year.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == len(keys)
        assert verify(session).faults == ()
