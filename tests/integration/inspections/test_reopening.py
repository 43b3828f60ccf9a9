"""Opening a sealed sheet again: granted, declined, taken back; in an ended campaign; for an excluded unit."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.db.session import Database
from app.inspections.commands import reopening, sign_off
from app.inspections.commands.answer import AnswerDraft, confirm_profile, record_answers
from app.inspections.commands.campaign import add_unit, close_campaign
from app.inspections.models import (
    Answer,
    AnswerHistory,
    Campaign,
    Inspection,
    ProfileHistory,
    Reopening,
    Revision,
)
from app.inspections.queries.sheet import subject_of
from app.inspections.rules import CampaignState, Origin, State
from app.journal.queries import JournalLine, lines_of
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import salted_digest
from app.kernel.errors import InvalidInput, NotAllowed, NotNow, Refusal
from app.kernel.ids import UnitId, new_id
from tests.conftest import StandingClock
from tests.factories.inspections import Year, running_year
from tests.people import AFFAIRS, BRANCH, COUNTER, KIMURA, OGAWA, SATO, SUZUKI, TANAKA, Cast, Place
from tests.sign_in import signed_in

T = TypeVar("T", AnswerHistory, Answer, ProfileHistory)
WHY = "写しが別の年度だったため"
OTHERS = {"idempotency_key": "b" * 20, "decline_reason": "自分で断る"}


def act(
    year: Year, command: Callable[..., object], cast: Cast, *, place: Place = AFFAIRS, **words: str
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


def ask(year: Year, cast: Cast = TANAKA, *, place: Place = AFFAIRS) -> None:
    act(year, reopening.request_reopening, cast, place=place, reason=WHY)


def requests(year: Year) -> list[Reopening]:
    with year.database.reading() as session:
        return list(session.scalars(select(Reopening).order_by(Reopening.sequence)))


def journal(year: Year, place: Place = AFFAIRS) -> tuple[JournalLine, ...]:
    with year.database.reading() as session:
        subject = Subject(type=SubjectType.INSPECTION, id=str(year.sheets[place.code]))
        return lines_of(session, subject=subject)


@pytest.fixture
def signed(year: Year) -> Year:
    """総務課's sheet signed off."""
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    return year


# ------------------------------------------------------------------------------------ declined, taken back


def test_a_request_can_be_declined_with_a_reason_and_asked_for_again(signed: Year) -> None:
    ask(signed)
    act(signed, reopening.decline_reopening, KIMURA, reason="控えで足りるため")
    assert signed.sheet(AFFAIRS).state is State.SIGNED_OFF
    [declined] = requests(signed)
    assert (declined.outcome, declined.decided_by) == ("declined", KIMURA.id)
    ask(signed)
    act(signed, reopening.confirm_reopening, KIMURA)
    assert [row.outcome for row in requests(signed)] == ["declined", "granted"]
    assert (signed.sheet(AFFAIRS).state, signed.sheet(AFFAIRS).number) == (State.ANSWERING, 2)


def test_declining_takes_a_reason_and_another_person(signed: Year) -> None:
    ask(signed, KIMURA)
    with pytest.raises(NotAllowed, match="自分が申し出たこと"):
        act(signed, reopening.decline_reopening, KIMURA, reason="控えで足りるため")
    with pytest.raises(InvalidInput, match="理由を書いて"):
        act(signed, reopening.decline_reopening, OGAWA, reason=" ")
    assert requests(signed)[0].outcome is None


def test_only_who_asked_takes_the_request_back(signed: Year) -> None:
    ask(signed)
    with pytest.raises(NotNow, match="自分が出した申し出"):
        act(signed, reopening.withdraw_reopening, KIMURA)
    act(signed, reopening.withdraw_reopening, TANAKA)
    assert [(row.outcome, row.decided_by) for row in requests(signed)] == [("withdrawn", TANAKA.id)]
    with pytest.raises(NotNow, match="申し出がありません"):
        act(signed, reopening.confirm_reopening, KIMURA)


def test_there_is_one_waiting_request_at_a_time(signed: Year) -> None:
    ask(signed)
    with pytest.raises(NotNow, match="もう申し出があります"):
        ask(signed, KIMURA)


def test_the_journal_proves_both_reasons(signed: Year) -> None:
    ask(signed)
    act(signed, reopening.decline_reopening, KIMURA, reason="控えで足りるため")
    [row] = requests(signed)
    asked, declined = journal(signed)[-2:]
    assert (asked.event, declined.event) == (
        "inspection.reopening_requested",
        "inspection.reopening_declined",
    )
    assert row.salt is not None
    assert asked.facts["reason"] == salted_digest(WHY, salt=row.salt)
    assert declined.facts["reason"] == salted_digest("控えで足りるため", salt=row.salt)


def test_the_pages_lead_through_asking_declining_and_taking_back(
    signed: Year, app: Flask, clock: StandingClock
) -> None:
    clock.instant = signed.now
    path = f"/inspections/{signed.sheets[AFFAIRS.code]}"
    tanaka, kimura = signed_in(app, TANAKA), signed_in(app, KIMURA)
    ask(signed)
    assert "申し出を取り下げる" in tanaka.get(f"{path}/reopening").text
    assert "申し出を断る" in kimura.get(f"{path}/reopening").text
    empty = kimura.post(
        f"{path}/decline-reopening", data={"idempotency_key": "a" * 20, "decline_reason": " "}
    )
    assert (empty.status_code, "断る理由を書いてください。" in empty.text) == (422, True)
    assert tanaka.post(f"{path}/decline-reopening", data=OTHERS).status_code == 403
    done = kimura.post(
        f"{path}/decline-reopening", data={"idempotency_key": "c" * 20, "decline_reason": "控えで足りるため"}
    )
    assert done.status_code == 303
    page = tanaka.get(f"{path}/reopening").text
    assert "断られた申し出" in page
    assert "控えで足りるため" in page
    ask(signed)
    assert tanaka.post(f"{path}/withdraw-reopening", data={"idempotency_key": "d" * 20}).status_code == 303
    assert "取り下げられた申し出" in tanaka.get(f"{path}/reopening").text
    history = tanaka.get(f"{path}/history").text
    assert "再開の申し出を断った" in history
    assert "再開の申し出を取り下げた" in history


def test_a_request_is_told_to_who_decides_and_the_sheet_leads_there(
    signed: Year, app: Flask, clock: StandingClock
) -> None:
    clock.instant = signed.now
    path = f"/inspections/{signed.sheets[AFFAIRS.code]}"
    for cast in (TANAKA, KIMURA, OGAWA):
        assert f'href="{path}/reopening"' in signed_in(app, cast).get(path).text
    assert "reopening" not in signed_in(app, SATO).get(path).text
    assert "再開の申し出を判断する" not in signed_in(app, KIMURA).get("/").text
    ask(signed, KIMURA)
    assert "再開の申し出を判断する" not in signed_in(app, KIMURA).get("/").text
    assert "総務課の再開の申し出を判断する" in signed_in(app, OGAWA).get("/").text


def test_after_a_reopening_the_reason_is_told_and_the_first_revision_stays_at_hand(
    signed: Year, app: Flask, clock: StandingClock
) -> None:
    clock.instant = signed.now
    path = f"/inspections/{signed.sheets[AFFAIRS.code]}"
    ask(signed)
    act(signed, reopening.confirm_reopening, KIMURA)
    clerk = signed_in(app, SATO)
    page = clerk.get(path).text
    assert "再開の理由" in page
    assert WHY in page
    history = clerk.get(f"{path}/history").text
    assert f'{path}/report.pdf?revision=1"' in history
    assert f'{path}/report.pdf?revision=2"' not in history
    assert f'{path}/all?revision=1"' in history
    assert "審査後" in clerk.get(f"{path}/all?revision=1").text
    assert f'{path}/score?revision=1"' in clerk.get(f"{path}/all?revision=1").text
    assert "審査が終わると" not in clerk.get(f"{path}/score?revision=1").text
    assert clerk.get(f"{path}/all?revision=9").status_code == 404


# -------------------------------------------------------------------------- what the second revision begins with


def reopened(year: Year) -> None:
    ask(year)
    act(year, reopening.confirm_reopening, KIMURA)


def reply(year: Year, words: str) -> None:
    """The clerk corrects nothing in D02, and replies."""
    item_id = year.item_id("D02")
    draft = AnswerDraft(
        item_id=item_id,
        level="partial",
        comment="理由を書いた。",
        seen_version=1,
        client_id="a-reply",
        reply=words,
    )
    sheet = year.sheets[AFFAIRS.code]
    with year.database.transaction() as session:
        record_answers(session, actor=year.actor(SATO), inspection_id=sheet, drafts=[draft], now=year.now)


def of_revision(year: Year, table: type[T], number: int) -> list[T]:
    with year.database.reading() as session:
        rows = session.scalars(
            select(table)
            .join(Revision, Revision.id == table.revision_id)
            .where(Revision.inspection_id == year.sheets[AFFAIRS.code], Revision.number == number)
        )
        return list(rows)


@pytest.fixture
def corrected(year: Year) -> Year:
    """総務課's sheet signed off after a return: D02 with a reply and another version, D08 corrected."""
    year.bring(AFFAIRS, to=State.RETURNED)
    reply(year, "控えは書庫にあります。")
    year.answer(AFFAIRS, levels={"D08": "partial"}, comment="直した。")
    for step in (year.hand_over, year.approve, year.judge, year.finish_review, year.sign_off):
        step(AFFAIRS)
    return year


def test_each_answer_begins_again_with_its_last_save_and_nobodys_act(corrected: Year) -> None:
    before = {row.item_id: row for row in of_revision(corrected, Answer, 1)}
    assert {row.version for row in before.values()} == {1, 2}
    reopened(corrected)
    history = of_revision(corrected, AnswerHistory, 2)
    assert len(history) == len(before)
    for row in history:
        kept = before[row.item_id]
        assert (row.version, row.level, row.comment) == (kept.version, kept.level, kept.comment)
        assert (row.answered_by, row.answered_at) == (kept.answered_by, kept.answered_at)
    assert {(row.origin, row.reply, row.client_id) for row in history} == {
        (Origin.CARRIED.value, None, "carried over")
    }


def test_the_profile_begins_again_with_its_last_confirmation_and_counts_on(signed: Year) -> None:
    [before] = of_revision(signed, ProfileHistory, 1)
    reopened(signed)
    [row] = of_revision(signed, ProfileHistory, 2)
    assert (row.version, row.flags, row.origin) == (before.version, before.flags, Origin.CARRIED.value)
    assert (row.confirmed_by, row.confirmed_at) == (before.confirmed_by, before.confirmed_at)
    with signed.database.transaction() as session:
        confirm_profile(
            session,
            actor=signed.actor(SUZUKI),
            inspection_id=signed.sheets[AFFAIRS.code],
            flags={"MN": True},
            seen_version=before.version,
            now=signed.now,
        )
    found = {row.version: row for row in of_revision(signed, ProfileHistory, 2)}
    assert set(found) == {before.version, before.version + 1}
    assert json.loads(found[before.version + 1].flags) == {"MN": True}


def test_of_several_confirmations_only_the_last_is_carried_over(year: Year) -> None:
    for version, mn in enumerate((True, False)):
        with year.database.transaction() as session:
            confirm_profile(
                session,
                actor=year.actor(SATO),
                inspection_id=year.sheets[AFFAIRS.code],
                flags={"MN": mn},
                seen_version=version,
                now=year.now,
            )
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    reopened(year)
    [row] = of_revision(year, ProfileHistory, 2)
    assert (row.version, json.loads(row.flags)) == (2, {"MN": False})


def test_who_took_part_before_a_reopening_took_part(signed: Year) -> None:
    reopened(signed)
    sheet = signed.sheet(AFFAIRS)
    assert sheet.number == 2
    with signed.database.reading() as session:
        subject = subject_of(session, sheet=sheet, today=business_date(signed.now))
    assert subject.recorded_by == {SATO.id}
    assert subject.approved_by == {SUZUKI.id}
    assert subject.reviewed_by == {TANAKA.id}
    assert subject.requested_by == frozenset()


def test_who_reviewed_before_a_reopening_does_not_answer_after_it(signed: Year) -> None:
    reopened(signed)
    moved = replace(signed.actor(TANAKA), clerk_of=frozenset({AFFAIRS.id}))
    draft = AnswerDraft(
        item_id=signed.item_id("D02"),
        level="implemented",
        comment="",
        seen_version=1,
        client_id="transferred",
    )
    sheet = signed.sheets[AFFAIRS.code]
    with pytest.raises(NotAllowed, match="審査した点検票"), signed.database.transaction() as session:
        record_answers(session, actor=moved, inspection_id=sheet, drafts=[draft], now=signed.now)


def test_a_request_that_was_decided_bars_nobody_from_the_next(signed: Year) -> None:
    ask(signed, KIMURA)
    act(signed, reopening.decline_reopening, OGAWA, reason="控えで足りるため")
    ask(signed, TANAKA)
    act(signed, reopening.confirm_reopening, KIMURA)
    assert signed.sheet(AFFAIRS).number == 2


# ---------------------------------------------------------------------------------- in an ended campaign


def end(year: Year) -> None:
    with year.database.transaction() as session:
        close_campaign(session, actor=year.actor(KIMURA), campaign_id=year.campaign_id, now=year.now)


def campaign_state(year: Year) -> str:
    with year.database.reading() as session:
        return session.get_one(Campaign, year.campaign_id).state


@pytest.fixture
def one_sheet(database: Database) -> Year:
    """A campaign of one unit, signed off and waiting to be ended."""
    year = running_year(database, places=(AFFAIRS,))
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    return year


def test_an_ended_campaign_runs_again_for_a_reopened_sheet_and_its_people_are_told(
    one_sheet: Year, app: Flask, clock: StandingClock
) -> None:
    clock.instant = one_sheet.now
    end(one_sheet)
    ask(one_sheet)
    assert campaign_state(one_sheet) == CampaignState.CLOSED.value
    act(one_sheet, reopening.confirm_reopening, KIMURA)
    assert campaign_state(one_sheet) == CampaignState.OPEN.value
    assert "令和8年度 定期自己点検" in signed_in(app, SATO).get("/").text
    with one_sheet.database.reading() as session:
        subject = Subject(type=SubjectType.CAMPAIGN, id=str(one_sheet.campaign_id))
        last = lines_of(session, subject=subject)[-1]
    assert (last.event, last.facts) == (
        "campaign.reopened",
        {"inspection": str(one_sheet.sheets[AFFAIRS.code])},
    )
    with pytest.raises(NotNow, match="確定していない所属が1"):
        end(one_sheet)


def test_a_campaign_never_ends_around_a_reopened_sheet(one_sheet: Year) -> None:
    """Whoever is first: at the end the campaign runs, or nothing was reopened."""
    ask(one_sheet)
    line = Barrier(2)

    def start(what: Callable[[], None]) -> Refusal | None:
        line.wait(timeout=30)
        try:
            what()
        except Refusal as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(2) as pool:
        reopened = pool.submit(start, lambda: act(one_sheet, reopening.confirm_reopening, KIMURA))
        pool.submit(start, lambda: end(one_sheet)).result(timeout=60)
        assert reopened.result(timeout=60) is None
    assert campaign_state(one_sheet) == CampaignState.OPEN.value
    assert one_sheet.sheet(AFFAIRS).state is State.ANSWERING


# ---------------------------------------------------------------------------------- for an excluded unit


def test_an_excluded_unit_comes_back_by_a_reopening_and_not_by_adding_it(year: Year) -> None:
    act(year, sign_off.exclude, KIMURA, place=COUNTER, reason="組織の見直しのため")
    with (
        pytest.raises(InvalidInput, match="再開を申し出てください"),
        year.database.transaction() as session,
    ):
        add_unit(
            session,
            actor=year.actor(KIMURA),
            campaign_id=year.campaign_id,
            unit_id=UnitId(COUNTER.id),
            reason="戻すため",
            now=year.now,
        )
    ask(year, place=COUNTER)
    act(year, reopening.confirm_reopening, KIMURA, place=COUNTER)
    year.bring(COUNTER, to=State.SIGNED_OFF)
    assert (year.sheet(COUNTER).state, year.sheet(COUNTER).number) == (State.SIGNED_OFF, 2)


def test_a_unit_that_takes_part_is_not_added_again(year: Year) -> None:
    with pytest.raises(InvalidInput, match="もう対象"), year.database.transaction() as session:
        add_unit(
            session,
            actor=year.actor(KIMURA),
            campaign_id=year.campaign_id,
            unit_id=UnitId(AFFAIRS.id),
            reason="念のため",
            now=year.now,
        )


def test_the_salts_of_a_campaign_open_its_journal(database: Database) -> None:
    year = running_year(database, places=(AFFAIRS,))
    with database.transaction() as session:
        add_unit(
            session,
            actor=year.actor(KIMURA),
            campaign_id=year.campaign_id,
            unit_id=UnitId(BRANCH.id),
            reason="出先も対象にするため",
            now=year.now,
        )
    with database.reading() as session:
        lines = lines_of(session, subject=Subject(type=SubjectType.CAMPAIGN, id=str(year.campaign_id)))
        campaign = session.get_one(Campaign, year.campaign_id)
        added = session.scalars(select(Inspection).where(Inspection.unit_id == BRANCH.id)).one()
    facts = {line.event: line.facts for line in lines}
    assert campaign.salt is not None
    assert added.added_salt is not None
    assert facts["campaign.prepared"]["title"] == salted_digest(campaign.title, salt=campaign.salt)
    assert facts["campaign.prepared"]["notice"] == salted_digest(campaign.notice, salt=campaign.salt)
    assert facts["campaign.unit_added"]["reason"] == salted_digest(added.added_reason, salt=added.added_salt)


def test_a_sheet_has_one_current_revision_in_the_database_itself(signed: Year) -> None:
    table = Revision.__table__
    with signed.database.reading() as session:
        row = session.execute(
            select(table).where(table.c.inspection_id == signed.sheets[COUNTER.code])
        ).mappings()
        second = {**row.one(), "id": new_id(), "number": 2}
    with signed.database.transaction() as session, pytest.raises(IntegrityError):
        session.execute(insert(Revision), [second])
