"""Random people do random things to real sheets: whatever they try, the promises hold and the way stays open.

SHEET_MACHINE=thorough plays far longer than the run of every day.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final
from uuid import UUID

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
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inspections.models import (
    Answer,
    AnswerHistory,
    Approval,
    ItemReturn,
    ItemReview,
    ItemReviewHistory,
    ProfileFlag,
    ProfileHistory,
    Revision,
    SealedRevision,
    SheetStepRow,
)
from app.inspections.rules import SEALED, Action, Origin, State
from app.journal.queries import verify
from app.kernel.digest import digest_text
from tests.people import EVERYBODY, Cast, Place
from tests.property.stage import (
    ACTS,
    APPROVERS,
    SHEETS,
    STARTS,
    Stage,
    Template,
    after_grace,
    build_template,
)

THOROUGH: Final = os.environ.get("SHEET_MACHINE") == "thorough"
CONTENT: Final = (
    ProfileFlag,
    ProfileHistory,
    Answer,
    AnswerHistory,
    ItemReview,
    ItemReviewHistory,
    ItemReturn,
    SheetStepRow,
    Approval,
)
REVIEWING: Final = (Action.START_REVIEW, Action.RETURN_ITEMS, Action.CANCEL_RETURN, Action.FINISH_REVIEW)
LONGEST_WAY: Final = 14
"""Steps from the worst state to the seal: a cancelled return, found out, sent again and corrected."""
places = st.sampled_from(SHEETS)
picks = st.integers(0, 999)
# Taking a unit out of the campaign ends the play for its sheet: seldom.
acts = st.sampled_from([name for name in ACTS if name != "exclude"] * 4 + ["exclude"])
PEOPLE: Final[Mapping[UUID, Cast]] = {cast.id: cast for cast in EVERYBODY}


class SheetMachine(RuleBasedStateMachine):
    """People before the sheets of four offices."""

    template: ClassVar[Template]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.sealed: dict[UUID, list[Any]] = {}
        self.last = self.in_play = SHEETS[0]

    @initialize(start=st.sampled_from(list(STARTS)), last=places)
    def the_play_begins(self, start: str, last: Place) -> None:
        self.stage = self.open.enter_context(self.template.stage(start))
        # The sheet that has to end well, whatever is done to it on the way.
        self.last = last

    @rule(place=places, cast=st.sampled_from(EVERYBODY), act=acts, pick=picks)
    def anybody_tries_anything(self, place: Place, cast: Cast, act: str, pick: int) -> None:
        self.in_play = place
        self.stage.attempt(place, cast, act, pick=pick)

    @rule(place=places, act=acts, who=picks, pick=picks)
    def somebody_who_may_does_something(self, place: Place, act: str, who: int, pick: int) -> None:
        self.in_play = place
        able = self.stage.who_may(place, ACTS[act].permission)
        if able:
            self.stage.attempt(place, able[who % len(able)], act, pick=pick)

    @rule(place=places, pick=picks)
    def things_go_well(self, place: Place, pick: int) -> None:
        self.in_play = place
        state = self.stage.look(place)[0].state
        if state not in SEALED:
            assert self.stage.push(place, pick=pick), f"nobody can go on from {state}"

    @rule()
    def the_grace_date_passes(self) -> None:
        self.stage.now = max(self.stage.now, after_grace()) + timedelta(days=1)

    @invariant()
    def whatever_is_sealed_keeps_the_promises(self) -> None:
        with self.stage.database.reading() as session:
            for revision_id in session.scalars(select(SealedRevision.revision_id)):
                if revision_id not in self.sealed:
                    self.sealed[revision_id] = _dump(session, revision_id)
                    _check_seal(session, revision_id, stage=self.stage)

    @invariant()
    def the_sheet_in_play_has_one_current_revision_with_true_counts(self) -> None:
        # look() itself refuses two current revisions.
        sheet, content = self.stage.look(self.in_play)
        done = content.completeness(sheet)
        counts = (sheet.applicable, sheet.answered, sheet.decided)
        assert counts == (done.applicable, done.answered, content.decided)

    @invariant()
    def what_is_reviewed_is_exactly_what_a_head_approved(self) -> None:
        sheet, content = self.stage.look(self.in_play)
        if sheet.state in {State.SUBMITTED, State.UNDER_REVIEW, State.REVIEWED, State.SIGNED_OFF}:
            assert content.digest == content.approved_digest

    def teardown(self) -> None:
        """Hold that the chosen sheet still reaches its end, and that the journal verifies."""
        try:
            for turn in range(LONGEST_WAY):
                if self.stage.look(self.last)[0].state in SEALED:
                    break
                state = self.stage.look(self.last)[0].state
                assert self.stage.push(self.last, pick=turn), f"nobody can go on from {state}"
            assert self.stage.look(self.last)[0].state in SEALED
            self.whatever_is_sealed_keeps_the_promises()
            with self.stage.database.reading() as session:
                assert {one: _dump(session, one) for one in self.sealed} == self.sealed
                assert verify(session).faults == ()
        finally:
            self.open.close()


def _dump(session: Session, revision_id: UUID) -> list[Any]:
    kept = [column for column in Revision.__table__.columns if column.name != "current"]
    rows: list[Any] = [tuple(session.execute(select(*kept).where(Revision.id == revision_id)).one())]
    for table in (*CONTENT, SealedRevision):
        found = session.execute(select(table.__table__).where(table.__table__.c.revision_id == revision_id))
        rows.append(sorted((tuple(row) for row in found), key=repr))
    return rows


def _check_seal(session: Session, revision_id: UUID, *, stage: Stage) -> None:
    revision, kept = session.get_one(Revision, revision_id), session.get_one(SealedRevision, revision_id)
    assert kept.digest == digest_text(kept.content)
    content = json.loads(kept.content)
    if revision.state == State.SIGNED_OFF.value:
        _check_sign_off(session, revision=revision, kept=kept, stage=stage)
        assert len(content["reviews"]) == len(content["answers"]) == revision.applicable
        assert content["content_digest"] == content["approvals"][-1][3]
    if revision.state == State.CLOSED_UNSUBMITTED.value:
        assert content["approvals"] == []


def _check_sign_off(session: Session, *, revision: Revision, kept: SealedRevision, stage: Stage) -> None:
    """Hold who did what, over every revision of the sheet."""
    place = next(place for place in SHEETS if stage.sheets[place.code] == revision.inspection_id)
    own = select(Revision.id).where(Revision.inspection_id == revision.inspection_id)
    history = [
        (row.answered_by, row.answered_at)
        for row in session.scalars(
            select(AnswerHistory).where(
                AnswerHistory.revision_id.in_(own), AnswerHistory.origin == Origin.GIVEN.value
            )
        )
    ] + [
        (row.confirmed_by, row.confirmed_at)
        for row in session.scalars(
            select(ProfileHistory).where(
                ProfileHistory.revision_id.in_(own), ProfileHistory.origin == Origin.GIVEN.value
            )
        )
    ]
    approvals = session.scalars(select(Approval).where(Approval.revision_id.in_(own))).all()
    for approval in approvals:
        # One of those who may, who had recorded nothing until then.
        assert PEOPLE[approval.approved_by] in APPROVERS[place.code]
        assert approval.approved_by not in {person for person, at in history if at < approval.approved_at}
    recorders = {person for person, _ in history}
    approvers = {row.approved_by for row in approvals}
    judgements = select(ItemReviewHistory.reviewed_by).where(ItemReviewHistory.revision_id.in_(own))
    steps = select(SheetStepRow.done_by).where(
        SheetStepRow.revision_id.in_(own), SheetStepRow.action.in_([action.value for action in REVIEWING])
    )
    reviewers = set(session.scalars(judgements)) | set(session.scalars(steps))
    assert reviewers.isdisjoint(recorders | approvers)
    assert all(place.id not in stage.actors[PEOPLE[person]].member_of for person in reviewers)
    assert kept.sealed_by not in recorders | approvers | reviewers


@pytest.fixture(scope="module")
def machine() -> Iterator[type[SheetMachine]]:
    """The machine with its template."""
    with TemporaryDirectory() as name:
        SheetMachine.template = build_template(Path(name))
        yield SheetMachine


def test_whatever_people_do_the_promises_hold_and_the_way_stays_open(machine: type[SheetMachine]) -> None:
    profile = settings(
        max_examples=200 if THOROUGH else 25,
        stateful_step_count=50 if THOROUGH else 25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=profile)


@pytest.mark.parametrize("place", SHEETS, ids=lambda place: place.name)
def test_each_kind_of_office_reaches_its_sign_off(machine: type[SheetMachine], place: Place) -> None:
    with machine.template.stage() as stage:
        for turn in range(LONGEST_WAY):
            if stage.look(place)[0].state is State.SIGNED_OFF:
                break
            assert stage.push(place, pick=turn)
        assert stage.look(place)[0].state is State.SIGNED_OFF
