"""More time for one sheet: asked for, granted, declined, taken back, lapsed; by whom, until when, told to whom, kept how."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.inspections.commands import extension
from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.commands.hand_over import approve
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.commands.review import cancel_return
from app.inspections.commands.sign_off import close_unsubmitted, exclude
from app.inspections.models import Extension, ItemReturn
from app.inspections.queries.answering import check_page
from app.inspections.queries.campaigns import ProgressFilter, open_campaigns, progress_page
from app.inspections.queries.extension import extension_list, extensions_to_decide
from app.inspections.queries.in_hand import sheets_in_hand
from app.inspections.queries.lists import open_sheets
from app.inspections.queries.review_queue import review_queue
from app.inspections.rules import Judgement, State
from app.journal.queries import JournalLine, lines_of, verify
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import salted_digest
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow, Refusal
from app.kernel.ids import PersonId
from app.notices.models import Notice
from app.reminders.commands import remind_by_rule, tell_of_locks
from tests.factories.inspections import DATES, Year
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    EVERYBODY,
    HAYASHI,
    ITO,
    KIMURA,
    LEAD,
    OGAWA,
    PLACES,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    YOSHIDA,
    Cast,
    Place,
)
from tests.statements import statements

DAY = timedelta(days=1)
WHY = "窓口の移転と重なったため"
UNTIL = date(2026, 12, 7)
"""Ten days more: the approval is then due on 14 December, and so is the end of grace."""


def morning(month: int, day: int) -> datetime:
    """8:30 in Japan."""
    return datetime(2026, month, day, tzinfo=UTC) - timedelta(minutes=30)


def act(
    year: Year, command: Callable[..., object], cast: Cast, *, place: Place = AFFAIRS, **words: object
) -> None:
    """Carry a command out on a unit's sheet."""
    with year.database.transaction() as session:
        command(
            session,
            actor=year.actor(cast),
            inspection_id=year.sheets[place.code],
            now=year.now,
            **words,
        )


def ask(year: Year, cast: Cast = SATO, *, place: Place = AFFAIRS, until: date = UNTIL) -> None:
    act(year, extension.request_extension, cast, place=place, until=until, reason=WHY)


def grant(year: Year, cast: Cast = TANAKA, *, place: Place = AFFAIRS, until: date = UNTIL) -> None:
    act(year, extension.grant_extension, cast, place=place, until=until)


def decline(year: Year, cast: Cast = TANAKA, *, reason: str = "まだ間に合うため") -> None:
    act(year, extension.decline_extension, cast, reason=reason)


def requests(year: Year) -> list[Extension]:
    with year.database.reading() as session:
        return list(session.scalars(select(Extension).order_by(Extension.requested_at, Extension.sequence)))


def outcomes(year: Year) -> list[str | None]:
    return [row.outcome for row in requests(year)]


def journal(year: Year, place: Place = AFFAIRS) -> tuple[JournalLine, ...]:
    with year.database.reading() as session:
        subject = Subject(type=SubjectType.INSPECTION, id=str(year.sheets[place.code]))
        return lines_of(session, subject=subject)


def told(year: Year, kind: str) -> dict[str, date | None]:
    """Return who was told of something, with the date that stands there."""
    names: dict[object, str] = {cast.id: cast.name for cast in EVERYBODY}
    with year.database.reading() as session:
        rows = session.scalars(select(Notice).where(Notice.kind == f"extension.{kind}"))
        return {names[row.person_id]: row.due_on for row in rows}


def named(people: Collection[Cast]) -> set[str]:
    return {cast.name for cast in people}


def due_in_lists(year: Year, place: Place, *, on: date) -> set[tuple[date | None, bool]]:
    """Return the due date of a sheet, and whether it is late, in every list that shows it."""
    one, manager = year.sheets[place.code], year.actor(KIMURA)
    with year.database.reading() as session:
        page = progress_page(
            session, actor=manager, campaign_id=year.campaign_id, wanted=ProgressFilter(), today=on
        )
        lines = open_sheets(session, actor=manager, today=on)
        in_hand = sheets_in_hand(session, today=on)
        check = check_page(session, actor=year.actor(SATO), inspection_id=one, today=on)
    return {
        *((row.due, row.overdue) for row in page.rows if row.inspection_id == one),
        *((line.due, line.overdue) for line in lines if line.id == one),
        *((sheet.due, sheet.due < on) for sheet in in_hand if sheet.id == one),
        *((check.head.due, check.head.due is not None and check.head.due < on) for _ in [1]),
    }


# ---------------------------------------------------------------------------------------- asking and deciding


@pytest.mark.parametrize("cast", [SATO, SUZUKI])
def test_people_of_the_unit_ask_and_the_deciders_are_told(year: Year, cast: Cast) -> None:
    ask(year, cast)
    [row] = requests(year)
    assert (row.due_before, row.wished_until, row.requested_by) == (DATES.answer_due, UNTIL, cast.id)
    # 中村 of the lead division is an administrator, and nobody's business is his.
    assert set(told(year, "requested")) == named([TANAKA, KIMURA, HAYASHI])
    assert set(told(year, "requested").values()) == {DATES.answer_due}
    # Until it is decided, nothing moves.
    assert year.sheet(AFFAIRS).dates == DATES


def test_a_granted_request_moves_the_dates_of_this_sheet_alone(year: Year) -> None:
    ask(year)
    grant(year)
    own = replace(DATES, answer_due=UNTIL, approval_due=date(2026, 12, 14), grace_until=date(2026, 12, 14))
    assert year.sheet(AFFAIRS).dates == own
    assert year.sheet(AFFAIRS).campaign.dates == DATES
    assert year.sheet(COUNTER).dates == DATES
    assert set(told(year, "granted")) == named([SATO, SUZUKI])
    assert set(told(year, "granted").values()) == {UNTIL}
    assert [(row.outcome, row.granted_until, row.decided_by) for row in requests(year)] == [
        ("granted", UNTIL, TANAKA.id)
    ]


def test_another_day_can_be_granted_and_a_later_request_extends_again(year: Year) -> None:
    ask(year)
    grant(year, KIMURA, until=date(2026, 12, 2))
    assert year.sheet(AFFAIRS).dates.answer_due == date(2026, 12, 2)
    with pytest.raises(InvalidInput, match="いまの期限の令和8年12月2日"):
        ask(year, until=date(2026, 12, 2))
    ask(year, until=date(2026, 12, 9))
    grant(year, until=date(2026, 12, 9))
    assert year.sheet(AFFAIRS).dates.answer_due == date(2026, 12, 9)
    assert [(row.sequence, row.due_before) for row in requests(year)] == [
        (1, DATES.answer_due),
        (2, date(2026, 12, 2)),
    ]


def test_a_declined_request_has_a_reason_and_may_be_made_again(year: Year) -> None:
    ask(year)
    with pytest.raises(InvalidInput, match="断る理由を書いてください"):
        decline(year, reason=" ")
    decline(year)
    assert year.sheet(AFFAIRS).dates == DATES
    assert told(year, "declined") == {SATO.name: DATES.answer_due, SUZUKI.name: DATES.answer_due}
    ask(year)
    assert outcomes(year) == ["declined", None]


def test_anybody_of_the_unit_takes_the_request_back(year: Year) -> None:
    ask(year, SATO)
    act(year, extension.withdraw_extension, SUZUKI)
    assert [(row.outcome, row.decided_by) for row in requests(year)] == [("withdrawn", SUZUKI.id)]
    with pytest.raises(NotNow, match="もう決まったか、取り下げられました"):
        grant(year)


def test_there_is_one_open_request_for_a_sheet(year: Year) -> None:
    ask(year)
    with pytest.raises(NotNow, match="もう申し出てあります"):
        ask(year, SUZUKI)
    ask(year, TAKAHASHI, place=COUNTER)


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        (DATES.answer_due, "より後の日を選んでください"),
        (DATES.review_due + DAY, "審査の期限より後には延ばせません"),
    ],
)
def test_the_day_is_checked_when_asked_and_when_granted(year: Year, until: date, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        ask(year, until=until)
    ask(year)
    with pytest.raises(InvalidInput, match=sentence):
        grant(year, until=until)
    assert outcomes(year) == [None]


def test_a_wish_that_has_passed_meanwhile_is_not_granted(year: Year) -> None:
    ask(year)
    year.now = morning(12, 7)
    with pytest.raises(InvalidInput, match="きょうより後の日"):
        grant(year)
    grant(year, until=date(2026, 12, 8))


def test_after_the_review_was_due_there_is_no_more_time(year: Year) -> None:
    ask(year)
    year.now = morning(12, 18)
    with pytest.raises(NotNow, match="審査の期限の令和8年12月18日"):
        grant(year, until=DATES.review_due)
    act(year, extension.withdraw_extension, SATO)
    with pytest.raises(NotNow, match="これより後には延ばせません"):
        ask(year, until=DATES.review_due)


# ------------------------------------------------------------------------------------------- who may


def test_the_lead_divisions_own_sheet_is_for_the_chief(year: Year) -> None:
    ask(year, HAYASHI, place=LEAD)
    assert set(told(year, "requested")) == {OGAWA.name}
    for cast in (TANAKA, KIMURA):
        with pytest.raises(NotAllowed):
            grant(year, cast, place=LEAD)
    grant(year, OGAWA, place=LEAD)
    assert year.sheet(LEAD).extended_to == UNTIL


@pytest.mark.parametrize("cast", [SATO, SUZUKI, ITO, OGAWA])
def test_others_do_not_decide(year: Year, cast: Cast) -> None:
    ask(year)
    with pytest.raises(NotAllowed):
        grant(year, cast)
    with pytest.raises(NotAllowed):
        decline(year, cast)


def test_another_unit_knows_nothing_of_it(year: Year) -> None:
    with pytest.raises(NotFound):
        ask(year, TAKAHASHI)
    with pytest.raises(NotAllowed):
        ask(year, TANAKA)


def test_who_asked_does_not_decide_after_a_change_of_office(year: Year) -> None:
    ask(year)
    moved = replace(year.actor(TANAKA), person_id=PersonId(SATO.id))
    for command, words in (
        (extension.grant_extension, {"until": UNTIL}),
        (extension.decline_extension, {"reason": "自分で"}),
    ):
        with (
            pytest.raises(NotAllowed, match="自分が申し出たことは、自分では決められません"),
            year.database.transaction() as session,
        ):
            command(session, actor=moved, inspection_id=year.sheets[AFFAIRS.code], now=year.now, **words)


def test_the_database_repeats_that_two_persons_are_needed(year: Year) -> None:
    ask(year)
    with pytest.raises(IntegrityError), year.database.transaction() as session:
        session.execute(
            update(Extension).values(
                outcome="granted", granted_until=UNTIL, decided_by=SATO.id, decided_at=year.now
            )
        )
    with year.database.reading() as session:
        row = session.execute(select(Extension.__table__)).mappings().one()
    with pytest.raises(IntegrityError), year.database.transaction() as session:
        session.execute(insert(Extension).values(**{**row, "sequence": 2}))


def test_of_two_deciders_at_once_one_decides(year: Year) -> None:
    ask(year)
    line = Barrier(2)

    def start(what: Callable[[], None]) -> Refusal | None:
        line.wait(timeout=30)
        try:
            what()
        except Refusal as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(start, lambda: grant(year, TANAKA)),
            pool.submit(start, lambda: decline(year, KIMURA)),
        ]
        refusals = [one.result(timeout=60) for one in both]
    assert [type(one) for one in refusals if one] == [NotNow]
    assert [line.event for line in journal(year)][:-1] == [
        "inspection.opened",
        "inspection.extension_requested",
    ]
    granted = outcomes(year) == ["granted"]
    assert (year.sheet(AFFAIRS).extended_to == UNTIL) == granted


# --------------------------------------------------------------------------------------- the sheet goes on


@pytest.mark.parametrize("state", [State.AWAITING_HEAD, State.ANSWERING])
def test_a_request_lapses_when_nobody_decided_before_the_sheet_was_ended(year: Year, state: State) -> None:
    year.bring(AFFAIRS, to=state)
    ask(year)
    act(year, exclude, KIMURA, reason="組織の見直しのため")
    assert outcomes(year) == ["lapsed"]
    assert [line.event for line in journal(year)][-2:] == [
        "inspection.excluded",
        "inspection.extension_lapsed",
    ]
    assert extensions_for(year, TANAKA) == 0


def test_a_request_stays_while_the_sheet_only_goes_to_its_head_and_lapses_with_the_approval(
    year: Year,
) -> None:
    ask(year)
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    assert outcomes(year) == [None]
    year.approve(AFFAIRS)
    assert outcomes(year) == ["lapsed"]
    with pytest.raises(NotNow):
        grant(year)


def test_approving_without_a_request_writes_no_lapse(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    assert not any("extension" in line.event for line in journal(year))


def returned(year: Year, *, due: date) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.judge(AFFAIRS, judgements={"D02": Judgement.RETURNED, "D08": Judgement.RETURNED}, due=due)
    year.return_items(AFFAIRS)


@pytest.mark.parametrize("handed_over", [False, True])
def test_returned_items_get_more_time_too(year: Year, handed_over: bool) -> None:  # noqa: FBT001 - a case of the table
    returned(year, due=date(2026, 12, 1))
    if handed_over:
        year.answer(AFFAIRS, levels={"D02": "implemented", "D08": "partial"}, comment="直した。")
        year.hand_over(AFFAIRS)
    assert due_in_lists(year, AFFAIRS, on=date(2026, 12, 2)) == {(date(2026, 12, 1), True)}
    with pytest.raises(InvalidInput, match="いまの期限の令和8年12月1日"):
        ask(year, until=date(2026, 12, 1))
    ask(year)
    grant(year)
    assert due_in_lists(year, AFFAIRS, on=date(2026, 12, 2)) == {(UNTIL, False)}
    with year.database.reading() as session:
        assert set(session.scalars(select(ItemReturn.due_on))) == {UNTIL}
        queue = review_queue(
            session, actor=year.actor(TANAKA), state=State.RETURNED, number=1, now=morning(12, 2)
        )
    if not handed_over:
        assert [(line.due, line.overdue) for line in queue.lines] == [(UNTIL, False)]


def test_a_later_date_of_a_returned_item_stays(year: Year) -> None:
    returned(year, due=date(2026, 12, 1))
    with year.database.transaction() as session:
        later = update(ItemReturn).where(ItemReturn.item_id == year.item_id("D08"))
        session.execute(later.values(due_on=date(2026, 12, 16)))
    ask(year)
    grant(year)
    with year.database.reading() as session:
        assert sorted(session.scalars(select(ItemReturn.due_on))) == [UNTIL, date(2026, 12, 16)]


def test_more_time_moves_no_date_of_an_earlier_return(year: Year) -> None:
    returned(year, due=date(2026, 11, 25))
    year.now += timedelta(minutes=10)
    year.answer(AFFAIRS, levels={"D02": "implemented", "D08": "partial"}, comment="直した。")
    year.hand_over(AFFAIRS)
    year.approve(AFFAIRS)
    year.judge(AFFAIRS, judgements={"D08": Judgement.RETURNED}, due=date(2026, 12, 1))
    year.return_items(AFFAIRS)
    ask(year)
    grant(year)
    with year.database.reading() as session:
        rounds = session.execute(select(ItemReturn.round, ItemReturn.due_on).distinct()).all()
    assert sorted(tuple(one) for one in rounds) == [(1, date(2026, 11, 25)), (2, UNTIL)]


def test_a_return_begins_with_its_own_dates_whatever_was_granted_before(year: Year) -> None:
    ask(year)
    grant(year)
    returned(year, due=date(2026, 12, 1))
    assert year.sheet(AFFAIRS).extended_to is None
    assert due_in_lists(year, AFFAIRS, on=date(2026, 12, 2)) == {(date(2026, 12, 1), True)}


def test_a_cancelled_return_ends_the_request(year: Year) -> None:
    returned(year, due=date(2026, 12, 1))
    ask(year)
    act(
        year,
        cancel_return,
        TANAKA,
        reason="こちらで確かめたため",
        seen_version=year.sheet(AFFAIRS).version,
    )
    assert outcomes(year) == ["lapsed"]


def test_a_reopened_sheet_begins_without_its_extension(year: Year) -> None:
    ask(year)
    grant(year)
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    act(year, request_reopening, TANAKA, reason="写しが別の年度だったため")
    act(year, confirm_reopening, KIMURA)
    assert year.sheet(AFFAIRS).dates == DATES
    year.now = morning(12, 12)
    ask(year, until=date(2026, 12, 15))
    grant(year, until=date(2026, 12, 15))
    assert year.sheet(AFFAIRS).dates.answer_due == date(2026, 12, 15)


# ------------------------------------------------------------------------------- where due dates are used


def test_every_list_uses_the_sheets_own_dates(year: Year) -> None:
    on = date(2026, 11, 30)
    assert due_in_lists(year, AFFAIRS, on=on) == {(DATES.answer_due, True)}
    ask(year)
    grant(year)
    assert due_in_lists(year, AFFAIRS, on=on) == {(UNTIL, False)}
    assert due_in_lists(year, AFFAIRS, on=UNTIL + DAY) == {(UNTIL, True)}
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    assert due_in_lists(year, AFFAIRS, on=on) == {(date(2026, 12, 14), False)}


@pytest.mark.parametrize(("on", "before", "after"), [(date(2026, 11, 30), 4, 3), (date(2026, 12, 8), 4, 4)])
def test_the_figure_of_late_sheets_and_the_filter_know_the_extension(
    year: Year, on: date, before: int, after: int
) -> None:
    def late() -> tuple[int, int, int]:
        manager = year.actor(KIMURA)
        with year.database.reading() as session:
            [summary] = open_campaigns(session, actor=manager, today=on)
            page = progress_page(
                session,
                actor=manager,
                campaign_id=year.campaign_id,
                wanted=ProgressFilter(overdue_only=True),
                today=on,
            )
        return summary.overdue, page.overdue, len(page.rows)

    assert late() == (before, before, before)
    ask(year)
    grant(year)
    assert late() == (after, after, after)


def test_reminders_and_the_lock_wait_for_the_own_dates(year: Year) -> None:
    ask(year)
    grant(year)
    days: dict[tuple[str, bool], list[date]] = {}
    for day in range(33):
        now = year.now + day * DAY
        with year.database.transaction() as session:
            remind_by_rule(session, now=now)
            tell_of_locks(session, now=now)
    with year.database.reading() as session:
        for row in session.scalars(select(Notice).where(Notice.kind.like("reminder.%"))):
            own = row.person_id == SATO.id
            if own or row.person_id in {TAKAHASHI.id, KIMURA.id}:
                kind = row.kind.removeprefix("reminder.")
                days.setdefault((kind, own), []).append(row.created_at.date())
    # 佐藤, whose sheet was extended to Monday, 7 December; the grace then ends on the 14th.
    assert days["answer-soon", True] == [date(2026, 11, 30), date(2026, 12, 4)]
    assert days["answer-late", True] == [date(2026, 12, 8)]
    assert days["answer-escalated", True] == [date(2026, 12, 10)]
    assert days["locked", True] == [date(2026, 12, 15)]
    # Everybody else as before; the manager hears of the later lock by itself.
    assert set(days["answer-late", False]) == {date(2026, 11, 30)}
    assert set(days["locked", False]) == {date(2026, 12, 12)}
    assert {date(2026, 12, 12), date(2026, 12, 15)} <= set(days["locked-list", False])
    chain = Subject(type=SubjectType.CAMPAIGN, id=str(year.campaign_id))
    with year.database.reading() as session:
        lists = [
            line.facts["sheets"]
            for line in lines_of(session, subject=chain)
            if "reminder.locked-list" in line.facts.get("reminders", {})
        ]
    assert [len(sheets) for sheets in lists] == [3, 1]
    assert lists[-1] == [str(year.sheets[AFFAIRS.code])]


def test_an_extended_sheet_is_answered_after_the_campaigns_grace_and_locked_after_its_own(
    year: Year,
) -> None:
    ask(year)
    grant(year)
    draft = AnswerDraft(
        item_id=year.item_id("D01"), level="implemented", comment="", seen_version=0, client_id="late"
    )
    year.now = morning(12, 14)
    assert year.sheet(COUNTER).locked(business_date(year.now))
    act(year, record_answers, SATO, drafts=[draft])
    with pytest.raises(NotNow, match="猶予日を過ぎてから"):
        act(year, close_unsubmitted, KIMURA, reason="応答がないため")
    year.now = morning(12, 15)
    late = replace(draft, seen_version=1, client_id="later")
    with pytest.raises(NotNow, match="令和8年12月14日"):
        act(year, record_answers, SATO, drafts=[late])
    act(year, close_unsubmitted, KIMURA, reason="応答がないため")


def test_a_locked_sheet_is_opened_again_by_more_time(year: Year) -> None:
    year.now = morning(12, 12)
    assert year.sheet(BRANCH).locked(business_date(year.now))
    ask(year, YOSHIDA, place=BRANCH, until=date(2026, 12, 15))
    grant(year, place=BRANCH, until=date(2026, 12, 15))
    assert not year.sheet(BRANCH).locked(business_date(year.now))


def test_what_an_approval_tells_is_due_by_the_own_date(year: Year) -> None:
    ask(year)
    grant(year)
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    with year.database.reading() as session:
        due = session.scalars(select(Notice.due_on).where(Notice.kind == "step.approval-wanted")).one()
    assert due == date(2026, 12, 14)


def test_more_time_disturbs_nobody_who_has_the_sheet_open(year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    ask(year)
    seen = year.digest(AFFAIRS), year.sheet(AFFAIRS).version
    grant(year)
    assert (year.digest(AFFAIRS), year.sheet(AFFAIRS).version) == seen
    act(year, approve, SUZUKI, seen_digest=seen[0], comment="")


# ---------------------------------------------------------------------------------------------- what stays


def test_the_journal_proves_the_reasons_and_names_the_days(year: Year) -> None:
    ask(year)
    decline(year)
    ask(year)
    act(year, extension.withdraw_extension, SATO)
    ask(year)
    grant(year)
    first, *_ = requests(year)
    lines = [line for line in journal(year) if "extension" in line.event]
    assert [line.event.removeprefix("inspection.extension_") for line in lines] == [
        "requested",
        "declined",
        "requested",
        "withdrawn",
        "requested",
        "granted",
    ]
    assert lines[0].facts == {
        "revision": 1,
        "until": "2026-12-07",
        "reason": salted_digest(WHY, salt=first.salt),
    }
    assert lines[1].facts["reason"] == salted_digest("まだ間に合うため", salt=first.salt)
    assert lines[-1].facts == {"revision": 1, "until": "2026-12-07"}
    with year.database.reading() as session:
        assert verify(session).faults == ()


def extensions_for(year: Year, cast: Cast) -> int:
    with year.database.reading() as session:
        return extensions_to_decide(session, actor=year.actor(cast), today=business_date(year.now))


def test_each_decider_counts_what_is_theirs(year: Year) -> None:
    assert [extensions_for(year, cast) for cast in (TANAKA, KIMURA, OGAWA, SATO, ITO)] == [0] * 5
    ask(year)
    ask(year, TAKAHASHI, place=COUNTER)
    ask(year, HAYASHI, place=LEAD)
    assert [extensions_for(year, cast) for cast in (TANAKA, KIMURA, OGAWA, SATO, ITO)] == [2, 2, 1, 0, 0]
    grant(year)
    assert extensions_for(year, KIMURA) == 1


def test_the_list_has_what_waits_on_top_in_a_constant_number_of_statements(year: Year) -> None:
    counts = []
    for place, cast in ((AFFAIRS, SATO), (COUNTER, TAKAHASHI), (LEAD, HAYASHI)):
        ask(year, cast, place=place)
        year.now += timedelta(minutes=1)
        with year.database.reading() as session, statements() as sent:
            extension_list(session, actor=year.actor(TANAKA), number=1, today=business_date(year.now))
        counts.append(len(sent))
    assert len(set(counts)) == 1
    grant(year)
    with year.database.reading() as session:
        page = extension_list(session, actor=year.actor(TANAKA), number=9, today=business_date(year.now))
        with pytest.raises(NotAllowed):
            extension_list(session, actor=year.actor(SATO), number=1, today=business_date(year.now))
    assert [(one.unit_name, one.may_decide) for one in page.entries] == [
        (COUNTER.name, True),
        (LEAD.name, False),
        (AFFAIRS.name, False),
    ]
    assert (page.waiting, page.total, page.number, page.pages) == (2, 1, 1, 1)
    assert len(PLACES) > page.total
