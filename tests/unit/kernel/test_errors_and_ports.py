"""Refusals as values, identifiers, and the ports through which low rooms ask high ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pytest

from app.kernel.errors import (
    InvalidInput,
    NotAllowed,
    NotFound,
    NotNow,
    Problem,
    Refusal,
    RepeatedKey,
    StaleVersion,
)
from app.kernel.ids import EditionId, new_id
from app.kernel.ports import EditionUsage, Ports

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (NotFound(), 404),
        (NotAllowed("x"), 403),
        (NotNow("x"), 409),
        (StaleVersion("x"), 409),
        (RepeatedKey("x"), 409),
        (InvalidInput.of("x"), 422),
    ],
)
def test_each_refusal_has_its_status_and_a_sentence(refusal: Refusal, status: int) -> None:
    assert refusal.status == status
    assert refusal.message
    assert str(refusal) == refusal.message


def test_invalid_input_lists_every_problem() -> None:
    problems = [Problem(message="一つめ", field="a"), Problem(message="二つめ", row=3)]
    refusal = InvalidInput(problems)
    assert refusal.problems == tuple(problems)
    assert refusal.message == "一つめ\n二つめ"
    assert InvalidInput.of("一つ", field="a").problems == (Problem(message="一つ", field="a"),)


def test_identifiers_are_random() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
    assert new_id().version == 4


@dataclass(frozen=True)
class Room:
    """A room above, with fixed figures."""

    answers: Mapping[EditionId, int]
    counts: Mapping[str, int]

    def answers_by_edition(
        self, session: object, *, edition_ids: Iterable[EditionId]
    ) -> Mapping[EditionId, int]:
        del session
        wanted = set(edition_ids)
        return {edition: count for edition, count in self.answers.items() if edition in wanted}

    def usage_by_edition(
        self, session: object, *, edition_ids: Iterable[EditionId]
    ) -> Mapping[EditionId, EditionUsage]:
        counts = self.answers_by_edition(session, edition_ids=edition_ids)
        return {
            edition: EditionUsage(answers={"D01": count, f"D{count}": 1}, open_sheets=1, sealed_sheets=count)
            for edition, count in counts.items()
        }

    def waiting(self, session: object, *, actor: object, today: date) -> Mapping[str, int]:
        del session, actor, today
        return self.counts


def test_the_figures_of_all_rooms_are_put_together() -> None:
    first, second, third = EditionId(new_id()), EditionId(new_id()), EditionId(new_id())
    rooms = [Room({first: 2, second: 1}, {"review": 3}), Room({first: 5, third: 9}, {"inspections": 1})]
    ports = Ports(edition_use=[*rooms], work_counters=[*rooms])
    # The ids may come from anything that can be read once.
    assert ports.answers_by_edition(None, edition_ids=iter([first, second])) == {first: 7, second: 1}
    used = ports.usage_by_edition(None, edition_ids=iter([first, second]))
    assert used == {
        first: EditionUsage(answers={"D01": 7, "D2": 1, "D5": 1}, open_sheets=2, sealed_sheets=7),
        second: EditionUsage(answers={"D01": 1, "D1": 1}, open_sheets=1, sealed_sheets=1),
    }
    assert used[first].answered(["D01", "D5", "D99"]) == 8
    assert ports.waiting(None, actor=None, today=TODAY) == {"review": 3, "inspections": 1}
    assert Ports().waiting(None, actor=None, today=TODAY) == {}
