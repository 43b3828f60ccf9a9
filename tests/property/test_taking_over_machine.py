"""Random people take last year's answers over: whatever they try, nothing counts that nobody gave or confirmed by name.

SHEET_MACHINE=thorough plays far longer than the run of every day.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from app.checklists.rules import score
from app.inspections.models import Answer, AnswerHistory, Revision, SealedRevision, SectionSummary, TakenOver
from app.inspections.queries.answering import check_page
from app.inspections.queries.head import head_page
from app.inspections.queries.sheet import Sheet, SheetContent
from app.inspections.queries.taking_over import Proposal, waiting_proposals
from app.inspections.rules import Origin, State
from app.inspections.rules.taking_over import Settling, Source
from app.journal.queries import verify
from app.kernel.clock import business_date
from app.kernel.errors import Refusal
from app.kernel.ids import ItemId, PersonId
from tests.people import EVERYBODY, KIMURA, Cast, Place
from tests.property.stage import ACTS, SECOND_YEAR, TAKING_OVER, Stage, Template, build_second_year

THOROUGH: Final = os.environ.get("SHEET_MACHINE") == "thorough"
CONFIRMING: Final = frozenset({"confirm one", "confirm all"})
GIVING: Final = CONFIRMING | {"press last year's answer", "undo one", "answer one", "answer the rest"}
"""Acts in which a named person gives answers; all others give none."""
MAY_BE_LAST_YEARS: Final = CONFIRMING | {"press last year's answer"}
PROPOSING: Final = frozenset({"take a section over", "drop one"})
GOING_ON: Final = frozenset({"hand over", "approve"})
BEFORE_HANDING_OVER: Final = frozenset({State.ANSWERING, State.CLOSED_UNSUBMITTED, State.EXCLUDED})
places = st.sampled_from(SECOND_YEAR)
picks = st.integers(0, 999)
around = st.sampled_from([name for name in ACTS if name != "exclude"])
taking = st.sampled_from(list(TAKING_OVER))
unit_acts = st.sampled_from(("answer one", "answer the rest", "confirm the profile", "hand over", "withdraw"))

View = tuple[Sheet, SheetContent, Mapping[ItemId, Proposal]]
Done = tuple[str, PersonId, str]


class Witness(Stage):
    """A stage on which every act is looked at before and after; it keeps who did what when, beside the product's own books."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.done: dict[datetime, Done] = {}
        self.views: dict[str, View] = {}

    def view(self, place: Place) -> View:
        """Return a sheet with the proposals that wait, as they were after the last act."""
        if place.code not in self.views:
            sheet, content = self.look(place)
            with self.database.reading() as session:
                self.views[place.code] = sheet, content, waiting_proposals(session, sheet=sheet)
        return self.views[place.code]

    def attempt(self, place: Place, cast: Cast, act: str, *, pick: int) -> Refusal | None:
        """Try something as on any stage, and hold that it gave exactly the answers that it may give."""
        before = self.view(place)
        refusal = super().attempt(place, cast, act, pick=pick)
        self.views.pop(place.code)
        after = self.view(place)
        sheet, _, waiting = before
        if act in GOING_ON and waiting.keys() & before[1].applicable_ids:
            assert refusal is not None, f"{act} with {len(waiting)} unconfirmed"
        if refusal is None:
            assert self.now not in self.done
            self.done[self.now] = (place.code, cast.id, act)
            if act not in GIVING and sheet.state is State.ANSWERING and act != "confirm the profile":
                _gives_nothing(before, after)
            if act in CONFIRMING:
                self._confirms(before, after, cast=cast, everything=act == "confirm all")
        return refusal

    def _confirms(self, before: View, after: View, *, cast: Cast, everything: bool) -> None:
        """What was confirmed waited, is last year's answer word for word, and carries who and when."""
        sheet, content, waiting = before
        changed = {
            item_id: answer
            for item_id, answer in after[1].answers.items()
            if answer != content.answers.get(item_id)
        }
        assert changed.keys() <= waiting.keys()
        assert changed.keys() == waiting.keys() if everything else len(changed) == 1
        for item_id, answer in changed.items():
            proposal = waiting[item_id]
            assert (answer.level, answer.comment) == (proposal.level.code, proposal.comment)
            assert answer.taken_over
        with self.database.reading() as session:
            rows = session.scalars(
                select(TakenOver).where(
                    TakenOver.revision_id == sheet.revision_id, TakenOver.item_id.in_(list(changed))
                )
            ).all()
        assert {(row.outcome, row.settled_by, row.settled_at) for row in rows} == {
            (Settling.CONFIRMED.value, cast.id, self.now)
        }
        assert len(rows) == len(changed)


def _gives_nothing(before: View, after: View) -> None:
    assert after[1].answers == before[1].answers
    assert after[1].digest == before[1].digest
    assert after[0].answered == before[0].answered


def _said(row: Answer | AnswerHistory) -> tuple[object, ...]:
    return row.item_id, row.level, row.comment, row.taken_over, row.answered_by, row.answered_at


class TakingOverMachine(RuleBasedStateMachine):
    """People before the sheets of a second year."""

    template: ClassVar[Template]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.in_play = SECOND_YEAR[0]

    @initialize(place=places, sections=st.integers(0, 2))
    def the_year_begins(self, place: Place, sections: int) -> None:
        self.stage = self.open.enter_context(self.template.stage_of(Witness))
        self.in_play = place
        for section in range(sections):
            assert self.stage.perform(place, "take a section over", pick=section)

    @rule(place=places, act=taking | unit_acts, who=picks, pick=picks)
    def the_unit_works(self, place: Place, act: str, who: int, pick: int) -> None:
        self.in_play = place
        able = self.stage.who_may(place, TAKING_OVER["confirm one"].permission)
        if able:
            self.stage.attempt(place, able[who % len(able)], act, pick=pick)

    @rule(place=places, first=picks, second=picks)
    def the_unit_takes_everything_over_and_tries_to_hand_it_on(
        self, place: Place, first: int, second: int
    ) -> None:
        """The straight way into the mistake: all proposed, the rest answered, not all confirmed."""
        self.in_play = place
        for act, pick in (("take a section over", 0), ("take a section over", 1), ("confirm one", first)):
            self.stage.perform(place, act, pick=pick)
        self.stage.perform(place, "confirm the profile", pick=second)
        self.stage.perform(place, "hand over", pick=second)

    @rule(place=places, act=around, who=picks, pick=picks)
    def somebody_who_may_does_something(self, place: Place, act: str, who: int, pick: int) -> None:
        self.in_play = place
        able = self.stage.who_may(place, ACTS[act].permission)
        if able:
            self.stage.attempt(place, able[who % len(able)], act, pick=pick)

    @rule(place=places, cast=st.sampled_from(EVERYBODY), act=taking, pick=picks)
    def anybody_tries_to_take_over(self, place: Place, cast: Cast, act: str, pick: int) -> None:
        self.in_play = place
        able = self.stage.who_may(place, TAKING_OVER[act].permission)
        before = self.stage.view(place)[1].answers
        refusal = self.stage.attempt(place, cast, act, pick=pick)
        # A press that says what stands there already does nothing, whoever sends it.
        idle = act not in CONFIRMING | PROPOSING and self.stage.view(place)[1].answers == before
        assert cast in able or refusal is not None or idle

    @rule(place=places, pick=picks)
    def things_go_well(self, place: Place, pick: int) -> None:
        self.in_play = place
        self.stage.push(place, pick=pick)

    def saves(self, sheet: Sheet) -> Sequence[AnswerHistory]:
        """Return the saves of every revision of a sheet."""
        own = select(Revision.id).where(Revision.inspection_id == sheet.id)
        with self.stage.database.reading() as session:
            return session.scalars(select(AnswerHistory).where(AnswerHistory.revision_id.in_(own))).all()

    @invariant()
    def every_answer_is_somebodys_act(self) -> None:
        """Of each answer somebody was seen giving or confirming it at that moment; what says that it is last year's was confirmed."""
        sheet, *_ = self.stage.view(self.in_play)
        saves = self.saves(sheet)
        given_rows = [row for row in saves if row.origin == Origin.GIVEN.value]
        for row in given_rows:
            place, person, act = self.stage.done[row.answered_at]
            assert (place, person) == (self.in_play.code, row.answered_by)
            assert act in (MAY_BE_LAST_YEARS if row.taken_over else GIVING)
        given = {_said(row) for row in given_rows}
        newest = {(row.item_id, row.version): row for row in saves if row.revision_id == sheet.revision_id}
        with self.stage.database.reading() as session:
            answers = session.scalars(select(Answer).where(Answer.revision_id == sheet.revision_id)).all()
        for answer in answers:
            # Also what a cancelled return put back, or a reopened sheet began with, is the answer of who gave it.
            assert _said(answer) in given
            save = newest[answer.item_id, answer.version]
            assert (save.level, save.comment, save.taken_over) == (
                answer.level,
                answer.comment,
                answer.taken_over,
            )

    @invariant()
    def only_what_was_given_counts_anywhere(self) -> None:
        sheet, content, waiting = self.stage.view(self.in_play)
        today, manager = business_date(self.stage.now), self.stage.actors[KIMURA]
        with self.stage.database.reading() as session:
            rows = session.execute(
                select(Answer.item_id, Answer.level).where(Answer.revision_id == sheet.revision_id)
            ).all()
            check = check_page(session, actor=manager, inspection_id=sheet.id, today=today)
            summed = session.scalar(
                select(func.sum(SectionSummary.answered)).where(
                    SectionSummary.revision_id == sheet.revision_id
                )
            )
        levels = {ItemId(row.item_id): row.level for row in rows if row.level is not None}
        counted = sum(item.id in levels for item in content.items)
        left = len(content.items) - counted
        assert waiting.keys().isdisjoint(levels)
        assert content.self_levels() == levels
        assert (sheet.answered, content.completeness(sheet).answered) == (counted, counted)
        assert score(content.items, answers=content.self_levels(), edition=sheet.edition).unanswered == left
        assert (check.head.answered, check.head.left, len(check.unanswered)) == (counted, left, left)
        assert sum(one.answered for one in check.head.sections) == counted
        if sheet.state not in BEFORE_HANDING_OVER:
            assert (left, summed) == (0, counted)

    @invariant()
    def the_head_sees_what_was_taken_over(self) -> None:
        sheet, content, _ = self.stage.view(self.in_play)
        if sheet.state is not State.AWAITING_HEAD:
            return
        with self.stage.database.reading() as session:
            page = head_page(
                session,
                actor=self.stage.actors[KIMURA],
                inspection_id=sheet.id,
                today=business_date(self.stage.now),
            )
        assert {line.item.id for line in page.lines if line.taken_over} == {
            item.id for item in content.items if content.answers[item.id].taken_over
        }

    @invariant()
    def what_is_sealed_was_given(self) -> None:
        sheet, *_ = self.stage.view(self.in_play)
        if not sheet.sealed:
            return
        given_words = {
            (sheet.edition.items[ItemId(row.item_id)].key, row.level, row.comment, row.taken_over)
            for row in self.saves(sheet)
            if row.origin == Origin.GIVEN.value
        }
        with self.stage.database.reading() as session:
            kept: Any = json.loads(session.get_one(SealedRevision, sheet.revision_id).content)
        for key, level, comment, *_, source in kept["answers"]:
            assert (key, level, comment, source == Source.LAST_YEAR.value) in given_words

    def teardown(self) -> None:
        try:
            with self.stage.database.reading() as session:
                assert verify(session).faults == ()
        finally:
            self.open.close()


@pytest.fixture(scope="module")
def machine() -> Iterator[type[TakingOverMachine]]:
    """The machine with its template."""
    with TemporaryDirectory() as name:
        TakingOverMachine.template = build_second_year(Path(name))
        yield TakingOverMachine


def test_nothing_counts_that_nobody_gave_or_confirmed(machine: type[TakingOverMachine]) -> None:
    profile = settings(
        max_examples=200 if THOROUGH else 6,
        stateful_step_count=50 if THOROUGH else 20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=profile)
