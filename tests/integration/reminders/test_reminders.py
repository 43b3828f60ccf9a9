"""Reminders by rule over the days of a campaign: each once, escalated, locked, journalled, in a constant number of statements."""

from collections import Counter
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.calendar.commands import add_closing_day
from app.db.session import Database
from app.inspections.commands.answer import AnswerDraft, confirm_profile, record_answers
from app.inspections.commands.hand_over import return_to_clerk
from app.inspections.rules import State
from app.journal.models import JournalEntry
from app.journal.queries import verify
from app.kernel.errors import InvalidInput, NotAllowed, NotNow
from app.kernel.ids import InspectionId
from app.notices.models import Notice
from app.reminders.commands import ByHand, remind_by_hand, remind_by_rule, tell_of_locks
from tests.conftest import ActorOf
from tests.factories.inspections import Year, running_year
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    FUJIMOTO,
    HAYASHI,
    HIGASHI,
    ITO,
    KIMURA,
    LEAD,
    OGAWA,
    ONO,
    PLACES,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    YAMADA,
    YOSHIDA,
)
from tests.statements import statements

DAY = timedelta(days=1)
NAMES = {
    cast.id: cast.name
    for cast in (
        SATO,
        SUZUKI,
        ONO,
        TAKAHASHI,
        YAMADA,
        HIGASHI,
        YOSHIDA,
        TANAKA,
        KIMURA,
        HAYASHI,
        OGAWA,
        FUJIMOTO,
    )
}


def morning(month: int, day: int) -> datetime:
    """8:30 in Japan."""
    return datetime(2026, month, day, tzinfo=UTC) - timedelta(minutes=30)


def round_at(year: Year, now: datetime) -> int:
    with year.database.transaction() as session:
        return remind_by_rule(session, now=now) + tell_of_locks(session, now=now)


def written(database: Database) -> list[tuple[date, str, str]]:
    with database.reading() as session:
        rows = session.scalars(
            select(Notice).where(Notice.kind.like("reminder.%")).order_by(Notice.created_at, Notice.kind)
        )
        return [
            (row.created_at.date(), row.kind.removeprefix("reminder."), NAMES[row.person_id])  # type: ignore[index]
            for row in rows
        ]


def kinds(database: Database) -> Counter[str]:
    return Counter(kind for _, kind, _ in written(database))


def test_each_reminder_comes_once_while_the_days_go_by(year: Year, database: Database) -> None:
    for day in range(33):
        for hour in (0, 3):
            round_at(year, year.now + day * DAY + timedelta(hours=hour))
    days: dict[str, set[date]] = {}
    for on, kind, _ in written(database):
        days.setdefault(kind, set()).add(on)
    assert days == {
        "begins": {date(2026, 11, 20)},
        "answer-soon": {date(2026, 11, 26)},
        "answer-late": {date(2026, 11, 30)},
        "answer-escalated": {date(2026, 12, 2)},
        "late-list": {date(2026, 11, 30), date(2026, 12, 4)},
        "locked": {date(2026, 12, 12)},
        "locked-list": {date(2026, 12, 12)},
    }
    with database.reading() as session:
        found = session.execute(
            select(Notice.person_id, Notice.kind, Notice.subject_id, Notice.occasion)
        ).all()
        assert len(found) == len(set(found))
        assert verify(session).faults == ()


def test_a_reminder_goes_up_to_the_superior(year: Year, database: Database) -> None:
    round_at(year, morning(12, 2))
    up = {name for _, kind, name in written(database) if kind == "answer-escalated"}
    # 総務部 for 総務課, 市民部 for 市民課 and the branch, 企画部 for the lead division.
    assert {ONO.name, HIGASHI.name, OGAWA.name} < up
    assert {SATO.name, SUZUKI.name, YOSHIDA.name} < up


def test_an_office_without_a_clerk_is_reminded_through_its_head(year: Year, database: Database) -> None:
    round_at(year, morning(11, 26))
    assert sum(name == YOSHIDA.name for _, kind, name in written(database) if kind == "answer-soon") == 1


def test_a_waiting_approval_reminds_who_can_approve(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    round_at(year, morning(12, 3))
    assert (date(2026, 12, 2), "approval-soon", SUZUKI.name) in written(database)
    round_at(year, morning(12, 9))
    escalated = {name for _, kind, name in written(database) if kind == "approval-escalated"}
    assert escalated == {SUZUKI.name, ONO.name}


def test_a_head_who_answered_alone_is_not_asked_to_approve(year: Year, database: Database) -> None:
    year.answer_as(BRANCH, YOSHIDA)
    round_at(year, morning(12, 3))
    assert {name for _, kind, name in written(database) if kind == "approval-soon"} == {HIGASHI.name}


def test_a_return_is_reminded_of_by_its_own_date(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.RETURNED)
    round_at(year, morning(12, 17))
    assert (date(2026, 12, 16), "return-soon", SATO.name) in written(database)


def test_the_desk_is_told_once_for_all_sheets(year: Year, database: Database) -> None:
    for place in (AFFAIRS, COUNTER):
        year.bring(place, to=State.SUBMITTED)
    year.bring(LEAD, to=State.SUBMITTED)
    round_at(year, morning(12, 17))
    soon = Counter(name for _, kind, name in written(database) if kind == "review-soon")
    assert soon[TANAKA.name] == soon[FUJIMOTO.name] == 1
    assert KIMURA.name not in soon


def test_a_closed_day_moves_reminders_and_nothing_is_written_on_it(
    year: Year, database: Database, actor_of: ActorOf
) -> None:
    with database.transaction() as session:
        add_closing_day(
            session, actor=actor_of(TANAKA), day=date(2026, 11, 26), name="市の休み", now=year.now
        )
    round_at(year, morning(11, 25))
    assert kinds(database)["answer-soon"] > 0
    before = kinds(database)
    round_at(year, morning(11, 26))
    assert kinds(database) == before


def test_a_missed_round_is_not_made_up_on_a_holiday(year: Year, database: Database) -> None:
    """The second list of who is late falls on Friday, 4 December: without a round on that day it waits over the weekend."""
    assert date(2026, 12, 4).isoweekday() == 5
    round_at(year, morning(12, 3))
    before = kinds(database)
    round_at(year, morning(12, 5))
    assert kinds(database) == before
    round_at(year, morning(12, 7))
    # Of what is being answered no rule fires on the Monday itself: what comes is what was missed.
    assert set(kinds(database) - before) == {"late-list"}


def test_who_gets_the_sheet_back_is_reminded_from_that_day(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    year.now = morning(12, 1)
    with database.transaction() as session:
        return_to_clerk(
            session,
            actor=year.actor(SUZUKI),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="理由を足してください。",
            seen_version=year.sheet(AFFAIRS).version,
            now=year.now,
        )
    round_at(year, morning(12, 1))
    assert not any(name == SATO.name and kind == "answer-late" for _, kind, name in written(database))
    round_at(year, morning(12, 2))
    assert (date(2026, 12, 1), "answer-late", SATO.name) in written(database)


@pytest.mark.parametrize("count", [1, len(PLACES)])
def test_the_number_of_statements_does_not_grow_with_the_sheets(database: Database, count: int) -> None:
    running_year(database, places=PLACES[:count])
    with database.transaction() as session, statements() as sent:
        remind_by_rule(session, now=morning(12, 2))
    assert len(sent) <= 27


def test_what_was_sent_stands_in_the_journal_of_the_campaign(year: Year, database: Database) -> None:
    round_at(year, morning(11, 30))
    with database.reading() as session:
        entries = session.scalars(
            select(JournalEntry.payload).where(JournalEntry.subject_id == str(year.campaign_id))
        ).all()
    reminded = [entry for entry in entries if '"campaign.reminded"' in entry]
    assert len(reminded) == 1
    assert '"rules":"2026.1"' in reminded[0]
    assert "佐藤" not in reminded[0]


# --------------------------------------------------------------------------------------------- the lock


def answer_one(year: Year, *, now: datetime) -> None:
    sheet = year.sheet(AFFAIRS)
    item = sheet.edition.applicable({})[0]
    with year.database.transaction() as session:
        draft = AnswerDraft(
            item_id=item.id, level="implemented", comment="", seen_version=0, client_id="x" * 8
        )
        record_answers(session, actor=year.actor(SATO), inspection_id=sheet.id, drafts=[draft], now=now)


def test_on_the_grace_date_one_can_still_answer_and_after_it_no_more(year: Year, database: Database) -> None:
    answer_one(year, now=datetime(2026, 12, 11, 14, 59, tzinfo=UTC))
    with pytest.raises(NotNow, match="猶予日（令和8年12月11日\\(金\\)）を過ぎたため"):
        answer_one(year, now=datetime(2026, 12, 11, 15, 0, tzinfo=UTC))
    with pytest.raises(NotNow, match="情報主管課に連絡"), database.transaction() as session:
        confirm_profile(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            flags={},
            seen_version=0,
            now=morning(12, 14),
        )


def test_what_the_head_gives_back_after_the_grace_date_can_be_answered(
    year: Year, database: Database
) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    year.now = morning(12, 14)
    with database.transaction() as session:
        return_to_clerk(
            session,
            actor=year.actor(SUZUKI),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="直してください。",
            seen_version=year.sheet(AFFAIRS).version,
            now=year.now,
        )
    assert not year.sheet(AFFAIRS).locked(date(2026, 12, 14))


def test_the_lock_is_told_once_to_office_and_manager(year: Year, database: Database) -> None:
    for day in (12, 13, 14, 20):
        round_at(year, morning(12, day))
    locked = [name for _, kind, name in written(database) if kind == "locked"]
    assert sorted(locked) == sorted(
        [SATO.name, SUZUKI.name, TAKAHASHI.name, YAMADA.name, HAYASHI.name, KIMURA.name, YOSHIDA.name]
    )
    assert sorted(name for _, kind, name in written(database) if kind == "locked-list") == sorted(
        [KIMURA.name, OGAWA.name]
    )


# ---------------------------------------------------------------------------------------------- by hand


def test_a_reminder_by_hand_reaches_who_has_the_sheet_once_a_day(
    year: Year, database: Database, actor_of: ActorOf
) -> None:
    year.bring(COUNTER, to=State.AWAITING_HEAD)
    chosen = [year.sheets[AFFAIRS.code], year.sheets[COUNTER.code]]

    def send(now: datetime, *, sheets: Collection[InspectionId] = chosen) -> ByHand:
        with database.transaction() as session:
            return remind_by_hand(
                session, actor=actor_of(TANAKA), campaign_id=year.campaign_id, inspection_ids=sheets, now=now
            )

    assert send(year.now, sheets=chosen[:1]) == ByHand(sent=1, already=0)
    assert send(year.now) == ByHand(sent=1, already=1)
    with pytest.raises(InvalidInput, match="きょうもう催促を送っています"):
        send(year.now + timedelta(hours=1))
    assert sorted(name for _, _, name in written(database)) == sorted([SATO.name, SUZUKI.name, YAMADA.name])
    send(year.now + 4 * DAY)
    assert len(written(database)) == 6


def test_only_the_lead_division_reminds_by_hand(year: Year, actor_of: ActorOf) -> None:
    for cast in (SATO, SUZUKI, ITO, OGAWA):
        with pytest.raises(NotAllowed), year.database.transaction() as session:
            remind_by_hand(
                session,
                actor=actor_of(cast),
                campaign_id=year.campaign_id,
                inspection_ids=[year.sheets[AFFAIRS.code]],
                now=year.now,
            )


def test_a_reminder_needs_somebody_to_remind(year: Year, actor_of: ActorOf) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    with pytest.raises(InvalidInput, match="一つ以上"), year.database.transaction() as session:
        remind_by_hand(
            session,
            actor=actor_of(KIMURA),
            campaign_id=year.campaign_id,
            inspection_ids=[year.sheets[AFFAIRS.code]],
            now=year.now,
        )
