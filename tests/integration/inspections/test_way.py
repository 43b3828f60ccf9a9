"""The way of a sheet through its states, by the real commands."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.session import Database
from app.inspections.commands import hand_over
from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.commands.steps import load
from app.inspections.models import Approval
from app.inspections.rules import ApprovalKind, State
from app.journal.queries import lines_of, verify
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import NotNow, StaleVersion
from tests.factories.inspections import WAY, Year, at_grace_end
from tests.people import AFFAIRS, BRANCH, COUNTER, KIMURA, LEAD, SATO, SUZUKI


@pytest.mark.parametrize("state", [state for state in State if state in WAY])
def test_each_state_is_reached_by_the_right_people(year: Year, state: State) -> None:
    year.bring(AFFAIRS, to=state)
    assert year.sheet(AFFAIRS).state is state


def test_the_lead_divisions_own_sheet_goes_through_substitute_review_and_chief(year: Year) -> None:
    year.bring(LEAD, to=State.SIGNED_OFF)
    assert year.sheet(LEAD).state is State.SIGNED_OFF


def test_a_silent_department_is_closed_after_the_grace_date(year: Year) -> None:
    year.now = at_grace_end()
    year.close_unsubmitted(BRANCH)
    assert year.sheet(BRANCH).state is State.CLOSED_UNSUBMITTED


def test_the_journal_of_a_whole_year_verifies(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    with database.reading() as session:
        outcome = verify(session)
    assert outcome.faults == ()
    assert outcome.seals == 1


def test_the_second_approval_is_of_the_changes_only(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_REAPPROVAL)
    year.approve(AFFAIRS)
    with database.reading() as session:
        kinds = session.scalars(select(Approval.kind).order_by(Approval.sequence)).all()
    assert kinds == [ApprovalKind.WHOLE.value, ApprovalKind.CHANGES.value]


def test_a_reply_to_a_return_stands_in_the_journal_as_such(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.RETURNED)
    draft = AnswerDraft(
        item_id=year.item_id("D02"),
        level="partial",
        comment="理由を書いた。",
        seen_version=1,
        client_id="reply",
        reply="来月に直します。",
    )
    with database.transaction() as session:
        record_answers(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            drafts=[draft],
            now=year.now,
        )
    subject = Subject(type=SubjectType.INSPECTION, id=str(year.sheets[AFFAIRS.code]))
    with database.reading() as session:
        line = lines_of(session, subject=subject)[-1]
    assert (line.event, line.facts["item"], line.person_id) == ("return.replied", "D02", str(SATO.id))


def _hand_over(session: Session, year: Year, version: int) -> None:
    hand_over.hand_over(
        session,
        actor=year.actor(SATO),
        inspection_id=year.sheets[AFFAIRS.code],
        seen_version=version,
        now=year.now,
    )


def _return_to_clerk(session: Session, year: Year, version: int) -> None:
    hand_over.return_to_clerk(
        session,
        actor=year.actor(SUZUKI),
        inspection_id=year.sheets[AFFAIRS.code],
        reason="数え直してください。",
        seen_version=version,
        now=year.now,
    )


@pytest.mark.parametrize(
    ("before", "act", "after"),
    [
        (State.ANSWERING, _hand_over, State.AWAITING_HEAD),
        (State.AWAITING_HEAD, _return_to_clerk, State.ANSWERING),
    ],
)
def test_a_sheet_that_moved_on_since_the_page_was_shown_is_not_moved(
    year: Year, database: Database, before: State, act: Callable[[Session, Year, int], None], after: State
) -> None:
    year.bring(AFFAIRS, to=before)
    if before is State.ANSWERING:
        year.answer(AFFAIRS)
    version = year.sheet(AFFAIRS).version
    for stale in (version - 1, version + 1):
        with pytest.raises(StaleVersion), database.transaction() as session:
            act(session, year, stale)
    assert year.sheet(AFFAIRS).state is before
    with database.transaction() as session:
        act(session, year, version)
    assert year.sheet(AFFAIRS).state is after


@pytest.mark.only_postgresql("SQLite has one writer at a time")
def test_a_sheet_is_held_from_loading_on_and_no_other_is(year: Year, database: Database) -> None:
    """Two who move one sheet wait for each other before they look at it, not only when they write."""
    with database.transaction() as first:
        load(first, actor=year.actor(KIMURA), inspection_id=year.sheets[AFFAIRS.code], now=year.now)
        with database.transaction() as second:
            second.execute(text("SET LOCAL lock_timeout = '200ms'"))
            load(second, actor=year.actor(KIMURA), inspection_id=year.sheets[COUNTER.code], now=year.now)
            with pytest.raises(DBAPIError, match="lock timeout"), second.begin_nested():
                load(second, actor=year.actor(KIMURA), inspection_id=year.sheets[AFFAIRS.code], now=year.now)


def test_a_clerk_opens_no_sheet_again_that_the_grace_date_would_have_locked(year: Year) -> None:
    """Withdrawing would begin a new time with the clerk; only the head gives it back."""
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    year.now = at_grace_end()
    with pytest.raises(NotNow, match="猶予日を過ぎた"), year.database.transaction() as session:
        hand_over.withdraw(
            session, actor=year.actor(SATO), inspection_id=year.sheets[AFFAIRS.code], now=year.now
        )
    with year.database.transaction() as session:
        hand_over.return_to_clerk(
            session,
            actor=year.actor(SUZUKI),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="日付を直してください。",
            seen_version=year.sheet(AFFAIRS).version,
            now=year.now,
        )
    assert year.sheet(AFFAIRS).state is State.ANSWERING
