"""Replies, profiles and cancelled returns: each word has a version and a history, and nobody's word is lost to another's."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inspections.commands.answer import AnswerDraft, Outcome, Recorded, confirm_profile, record_answers
from app.inspections.commands.hand_over import hand_over
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.commands.review import cancel_return
from app.inspections.commands.sign_off import close_unsubmitted, exclude
from app.inspections.models import Answer, AnswerHistory, ProfileHistory, Revision, SealedRevision
from app.inspections.queries.sheet import SheetContent, content_of_sheet, subject_of
from app.inspections.rules import Judgement, Origin, State
from app.journal.queries import JournalLine, lines_of
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import salted_digest
from app.kernel.errors import NotAllowed, NotNow, StaleVersion
from tests.conftest import StandingClock
from tests.factories.inspections import Year, at_grace_end
from tests.people import AFFAIRS, KIMURA, SATO, SUZUKI, TANAKA, Cast
from tests.sign_in import signed_in

T = TypeVar("T")
PAPER = "控えは書庫にあります。"


def content(year: Year) -> SheetContent:
    with year.database.reading() as session:
        return content_of_sheet(session, sheet=year.sheet(AFFAIRS))


def save(year: Year, cast: Cast = SATO, *, client: str, **words: str | int | None) -> Recorded:
    """Save D02 as a page would; `words` are the fields that differ from what stands."""
    item_id = year.item_id("D02")
    stands = content(year).answers[item_id]
    given: dict[str, Any] = {
        "level": stands.level,
        "comment": stands.comment,
        "seen_version": stands.version,
        **words,
    }
    draft = AnswerDraft(item_id=item_id, client_id=client, **given)
    with year.database.transaction() as session:
        [outcome] = record_answers(
            session,
            actor=year.actor(cast),
            inspection_id=year.sheets[AFFAIRS.code],
            drafts=[draft],
            now=year.now,
        )
    return outcome


def reply_of(year: Year) -> str:
    return next(entry.reply for entry in content(year).returns if entry.item_id == year.item_id("D02"))


def rows(year: Year, table: type[T]) -> list[T]:
    with year.database.reading() as session:
        return list(session.scalars(select(table)))


@pytest.fixture
def returned(year: Year) -> Year:
    """総務課's sheet with two items sent back."""
    year.bring(AFFAIRS, to=State.RETURNED)
    return year


# --------------------------------------------------------------------------------------------- replies


def test_a_reply_is_saved_with_its_answer_as_one_version(returned: Year) -> None:
    before = content(returned).answers[returned.item_id("D02")]
    outcome = save(returned, client="reply-one", reply=PAPER)
    assert (outcome.outcome, outcome.version) == (Outcome.SAVED, before.version + 1)
    assert reply_of(returned) == PAPER
    kept = next(row for row in rows(returned, AnswerHistory) if row.client_id == "reply-one")
    assert (kept.level, kept.comment, kept.reply, kept.origin) == (
        before.level,
        before.comment,
        PAPER,
        "given",
    )


def test_the_second_of_two_replies_meets_a_conflict_and_sees_the_first(returned: Year) -> None:
    seen = content(returned).answers[returned.item_id("D02")].version
    save(returned, SATO, client="reply-one", reply=PAPER)
    second = save(returned, SUZUKI, client="reply-two", reply="別の返信", seen_version=seen)
    assert (second.outcome, second.kept_reply) == (Outcome.CONFLICT, PAPER)
    assert reply_of(returned) == PAPER
    assert all(row.client_id != "reply-two" for row in rows(returned, AnswerHistory))


def test_a_reply_can_be_taken_out_again_and_the_item_waits_again(returned: Year) -> None:
    save(returned, client="reply-one", reply=PAPER)
    assert save(returned, client="reply-two", reply="").outcome is Outcome.SAVED
    assert reply_of(returned) == ""
    assert_two_returns_wait(returned)


def assert_two_returns_wait(year: Year) -> None:
    with (
        pytest.raises(NotNow, match="差戻しに答えていない項目が2件"),
        year.database.transaction() as session,
    ):
        hand_over(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            seen_version=year.sheet(AFFAIRS).version,
            now=year.now,
        )


def test_an_answer_changed_and_changed_back_is_no_correction(returned: Year) -> None:
    stands = content(returned).answers[returned.item_id("D02")]
    save(returned, client="there-and", level="implemented")
    save(returned, client="back-again", level=stands.level)
    assert content(returned).answers[returned.item_id("D02")].version == stands.version + 2
    assert_two_returns_wait(returned)


def test_the_same_reply_sent_twice_is_done_once(returned: Year) -> None:
    seen = content(returned).answers[returned.item_id("D02")].version
    first = save(returned, client="reply-one", reply=PAPER, seen_version=seen)
    again = save(returned, client="reply-one", reply=PAPER, seen_version=seen)
    assert (again.outcome, again.version) == (Outcome.UNCHANGED, first.version)


def test_another_text_under_a_name_that_was_used_is_a_conflict(returned: Year) -> None:
    """Also on the newest version: one name stands for one save."""
    first = save(returned, client="one-name", level="implemented")
    second = save(returned, client="one-name", level="not_implemented")
    assert (second.outcome, second.version) == (Outcome.CONFLICT, first.version)
    assert second.kept == content(returned).answers[returned.item_id("D02")]
    assert second.kept is not None
    assert second.kept.level == "implemented"


def test_who_only_replied_took_part(returned: Year) -> None:
    save(returned, SUZUKI, client="reply-one", reply=PAPER)
    with returned.database.reading() as session:
        subject = subject_of(session, sheet=returned.sheet(AFFAIRS), today=business_date(returned.now))
    assert SUZUKI.id in subject.recorded_by


# ------------------------------------------------------------------------------------ cancelled returns


def cancel(year: Year, *, seen: int | None = None) -> None:
    with year.database.transaction() as session:
        cancel_return(
            session,
            actor=year.actor(TANAKA),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="控えを窓口で確かめたため",
            seen_version=year.sheet(AFFAIRS).version if seen is None else seen,
            now=year.now,
        )


def _half_corrected(year: Year) -> None:
    save(year, client="half-done", level="implemented", comment="直した。", reply=PAPER)


def _handed_over(year: Year) -> None:
    year.answer(AFFAIRS, levels={"D02": "implemented", "D08": "partial"}, comment="直した。")
    year.hand_over(AFFAIRS)


@pytest.mark.parametrize("happened", [_half_corrected, _handed_over])
def test_a_cancelled_return_puts_back_what_the_head_had_approved(
    returned: Year, happened: Callable[[Year], None]
) -> None:
    before = content(returned)
    happened(returned)
    returned.now += timedelta(minutes=5)
    cancel(returned)
    after = content(returned)
    assert returned.sheet(AFFAIRS).state is State.UNDER_REVIEW
    assert after.digest == after.approved_digest == before.approved_digest
    for item_id, answer in before.answers.items():
        assert (after.answers[item_id].level, after.answers[item_id].comment) == (
            answer.level,
            answer.comment,
        )
    assert returned.sheet(AFFAIRS).answered == len(after.items)


def test_a_cancelled_return_counts_an_answer_again_that_had_been_taken_out(returned: Year) -> None:
    before = returned.sheet(AFFAIRS).answered
    save(returned, client="taken-out", level=None)
    assert returned.sheet(AFFAIRS).answered == before - 1
    cancel(returned)
    assert returned.sheet(AFFAIRS).answered == before


def test_a_cancelled_return_puts_the_score_back_too(returned: Year) -> None:
    before = own_score(returned)
    _handed_over(returned)
    assert own_score(returned) != before
    cancel(returned)
    assert own_score(returned) == before


def own_score(year: Year) -> tuple[int | None, int | None]:
    """The summary of the department's own score."""
    sheet = year.sheet(AFFAIRS)
    with year.database.reading() as session:
        row = session.get_one(Revision, sheet.revision_id)
        return row.self_earned, row.self_possible


def test_what_was_put_back_is_the_clerks_answer_and_the_reviewers_act(returned: Year) -> None:
    _half_corrected(returned)
    cancel(returned)
    item_id = returned.item_id("D02")
    last = max(
        (row for row in rows(returned, AnswerHistory) if row.item_id == item_id), key=lambda row: row.version
    )
    assert (last.origin, last.answered_by, last.reply) == (Origin.RESTORED.value, TANAKA.id, "")
    stands = next(row for row in rows(returned, Answer) if row.item_id == item_id)
    assert (stands.answered_by, stands.version) == (SATO.id, last.version)
    with returned.database.reading() as session:
        subject = subject_of(session, sheet=returned.sheet(AFFAIRS), today=business_date(returned.now))
        events = [line.event for line in journal(session, returned)]
    assert TANAKA.id not in subject.recorded_by
    assert events[-2:] == ["return.reply_cleared", "inspection.return_cancelled"]
    assert "answer.restored" in events


def test_what_was_put_back_is_the_answer_of_who_gave_it_also_after_a_reopening(returned: Year) -> None:
    item_id = returned.item_id("D02")
    given = content(returned).saves[item_id]
    for times in (1, 2):
        returned.now += timedelta(hours=1)
        save(returned, SUZUKI, client=f"half-done-{times}", level="implemented", comment="所属長が直した。")
        assert content(returned).saves[item_id] == (SUZUKI.id, returned.now)
        cancel(returned)
        assert content(returned).saves[item_id] == given
        returned.judge(AFFAIRS, judgements={"D02": Judgement.RETURNED, "D08": Judgement.RETURNED})
        returned.return_items(AFFAIRS)
    cancel(returned)
    for act in (returned.judge, returned.finish_review, returned.sign_off):
        act(AFFAIRS)
    sealed = next(line for line in sealed_by(returned)["answers"] if line[0] == "D02")
    assert (sealed[4], sealed[5]) == (str(given[0]), given[1].isoformat())
    with returned.database.transaction() as session:
        sheet = returned.sheets[AFFAIRS.code]
        request_reopening(
            session, actor=returned.actor(TANAKA), inspection_id=sheet, reason="写しの誤り", now=returned.now
        )
        confirm_reopening(session, actor=returned.actor(KIMURA), inspection_id=sheet, now=returned.now)
    assert content(returned).saves[item_id] == given
    carried = [row for row in rows(returned, AnswerHistory) if row.origin == Origin.CARRIED.value]
    assert {(row.answered_by, row.answered_at) for row in carried if row.item_id == item_id} == {given}


def test_the_same_words_given_after_the_return_make_nobody_else_their_author(returned: Year) -> None:
    """Who corrects and takes it back for a while has written what was sent back, but not what had been approved."""
    item_id = returned.item_id("D02")
    stands, given = content(returned).answers[item_id], content(returned).saves[item_id]
    assert given[0] == SATO.id
    for client, level, comment in (
        ("there-and", "implemented", "所属長が直した。"),
        ("back-again", stands.level, stands.comment),
        ("there-again", "implemented", "所属長が直した。"),
    ):
        returned.now += timedelta(minutes=5)
        save(returned, SUZUKI, client=client, level=level, comment=comment)
        assert content(returned).saves[item_id] == (SUZUKI.id, returned.now)
    cancel(returned)
    after = content(returned)
    assert (after.answers[item_id].level, after.answers[item_id].comment) == (stands.level, stands.comment)
    assert after.saves[item_id] == given


def test_a_reply_that_was_cleared_is_nobodys_in_the_seal(returned: Year) -> None:
    _half_corrected(returned)
    cancel(returned)
    for act in (returned.judge, returned.finish_review, returned.sign_off):
        act(AFFAIRS)
    assert [line[7:] for line in sealed_by(returned)["returns"]] == [["", None, None]] * 2


def test_a_late_click_does_not_undo_corrections_that_were_handed_over(returned: Year) -> None:
    seen = returned.sheet(AFFAIRS).version
    _handed_over(returned)
    with pytest.raises(StaleVersion):
        cancel(returned, seen=seen)
    assert returned.sheet(AFFAIRS).state is State.AWAITING_REAPPROVAL


def test_a_return_is_cancelled_again_after_a_reopening(returned: Year) -> None:
    """The row that is carried over has a name of its own: the second restoring does not meet the first."""
    _half_corrected(returned)
    cancel(returned)
    for act in (returned.judge, returned.finish_review, returned.sign_off):
        act(AFFAIRS)
    sheet = returned.sheets[AFFAIRS.code]
    with returned.database.transaction() as session:
        request_reopening(
            session, actor=returned.actor(TANAKA), inspection_id=sheet, reason="写しの誤り", now=returned.now
        )
        confirm_reopening(session, actor=returned.actor(KIMURA), inspection_id=sheet, now=returned.now)
    returned.hand_over(AFFAIRS)
    returned.approve(AFFAIRS)
    returned.judge(AFFAIRS, judgements={"D02": Judgement.RETURNED, "D08": Judgement.RETURNED})
    returned.return_items(AFFAIRS)
    save(returned, client="half-again", level="implemented", comment="もう一度直した。", reply=PAPER)
    cancel(returned)
    after = content(returned)
    assert after.digest == after.approved_digest


def test_after_a_cancelled_return_the_sheet_reaches_its_seal(returned: Year) -> None:
    _half_corrected(returned)
    cancel(returned)
    for act in (returned.judge, returned.finish_review, returned.sign_off):
        act(AFFAIRS)
    assert returned.sheet(AFFAIRS).state is State.SIGNED_OFF


def test_a_clerk_cannot_take_the_name_that_a_cancelled_return_writes_under(returned: Year) -> None:
    """The name has letters that no page may send."""
    _half_corrected(returned)
    cancel(returned)
    names = {row.client_id for row in rows(returned, AnswerHistory) if row.origin == Origin.RESTORED.value}
    assert names == {"cancelled return 1"}


def journal(session: Session, year: Year) -> tuple[JournalLine, ...]:
    subject = Subject(type=SubjectType.INSPECTION, id=str(year.sheets[AFFAIRS.code]))
    return lines_of(session, subject=subject)


# --------------------------------------------------------------------------------------------- profiles


def confirm(year: Year, cast: Cast = SATO, *, mn: bool, seen: int) -> None:
    with year.database.transaction() as session:
        confirm_profile(
            session,
            actor=year.actor(cast),
            inspection_id=year.sheets[AFFAIRS.code],
            flags={"MN": mn},
            seen_version=seen,
            now=year.now,
        )


def test_every_confirmation_of_a_profile_is_kept(year: Year) -> None:
    confirm(year, SATO, mn=True, seen=0)
    confirm(year, SUZUKI, mn=False, seen=1)
    kept = sorted(rows(year, ProfileHistory), key=lambda row: row.version)
    assert [(row.version, json.loads(row.flags), row.confirmed_by) for row in kept] == [
        (1, {"MN": True}, SATO.id),
        (2, {"MN": False}, SUZUKI.id),
    ]
    with year.database.reading() as session:
        subject = subject_of(session, sheet=year.sheet(AFFAIRS), today=business_date(year.now))
    assert {SATO.id, SUZUKI.id} <= subject.recorded_by


def test_confirming_what_stands_adds_nothing(year: Year) -> None:
    confirm(year, mn=True, seen=0)
    confirm(year, SUZUKI, mn=True, seen=0)
    assert len(rows(year, ProfileHistory)) == 1


def test_a_stale_profile_does_not_overwrite_anothers(year: Year) -> None:
    confirm(year, SATO, mn=True, seen=0)
    with pytest.raises(StaleVersion):
        confirm(year, SUZUKI, mn=False, seen=0)
    assert content(year).profile.flags == {"MN": True}


def test_the_page_of_a_stale_profile_shows_both_choices(year: Year, app: Flask) -> None:
    path = f"/inspections/{year.sheets[AFFAIRS.code]}/profile"
    head: FlaskClient = signed_in(app, SUZUKI)
    confirm(year, SATO, mn=True, seen=0)
    stale = head.post(path, data={"idempotency_key": "k" * 20, "version": "0"})
    assert stale.status_code == 409
    assert "いま保存されている内容：<b>当てはまる</b>" in stale.text
    assert "あなたの選択：<b>当てはまらない</b>" in stale.text
    assert 'name="version" value="1"' in stale.text
    again = head.post(path, data={"idempotency_key": "l" * 20, "version": "1"})
    assert again.status_code == 303
    assert content(year).profile.flags == {"MN": False}


def test_a_profile_sent_without_a_version_is_refused(year: Year, app: Flask) -> None:
    path = f"/inspections/{year.sheets[AFFAIRS.code]}/profile"
    assert signed_in(app, SATO).post(path, data={"idempotency_key": "k" * 20}).status_code == 409
    assert rows(year, ProfileHistory) == []


def test_an_answer_of_an_item_that_does_not_apply_is_not_counted(year: Year) -> None:
    confirm(year, mn=False, seen=0)
    for key, answered in (("D03", 0), ("D01", 1)):
        draft = AnswerDraft(
            item_id=year.item_id(key), level="implemented", comment="", seen_version=0, client_id=f"of-{key}"
        )
        with year.database.transaction() as session:
            record_answers(
                session,
                actor=year.actor(SATO),
                inspection_id=year.sheets[AFFAIRS.code],
                drafts=[draft],
                now=year.now,
            )
        assert year.sheet(AFFAIRS).answered == answered


# ---------------------------------------------------------------------------------- before the first day


def test_nothing_is_answered_before_the_first_day(year: Year, app: Flask, clock: StandingClock) -> None:
    year.now = clock.instant = datetime(2026, 10, 31, 3, tzinfo=UTC)
    with pytest.raises(NotNow, match=r"令和8年11月1日.*から始まります"):
        confirm(year, mn=True, seen=0)
    with pytest.raises(NotNow, match="から始まります"):
        year.answer(AFFAIRS)
    page = signed_in(app, SATO).get(f"/inspections/{year.sheets[AFFAIRS.code]}/sections/organisation").text
    assert "回答は<b>令和8年11月1日" in page
    assert "<textarea" not in page


# ------------------------------------------------------------------------------ who reviewed does not answer


def test_who_reviewed_a_sheet_does_not_answer_it_after_a_transfer(returned: Year) -> None:
    moved = replace(returned.actor(TANAKA), clerk_of=frozenset({AFFAIRS.id}))
    draft = AnswerDraft(
        item_id=returned.item_id("D02"),
        level="implemented",
        comment="",
        seen_version=1,
        client_id="transferred",
    )
    with pytest.raises(NotAllowed, match="審査した点検票"), returned.database.transaction() as session:
        record_answers(
            session,
            actor=moved,
            inspection_id=returned.sheets[AFFAIRS.code],
            drafts=[draft],
            now=returned.now,
        )


# ------------------------------------------------------------------------------------------ what is sealed


def sealed_by(year: Year) -> dict[str, Any]:
    [row] = rows(year, SealedRevision)
    return dict(json.loads(row.content))


def test_the_seal_holds_who_did_what_when_and_why(year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_REAPPROVAL)
    for act in (year.approve, year.judge, year.finish_review, year.sign_off):
        year.now += timedelta(minutes=10)
        act(AFFAIRS)
    value = sealed_by(year)
    assert [step[1] for step in value["steps"]] == [
        "submit",
        "approve",
        "start_review",
        "return_items",
        "submit",
        "approve",
        "finish_review",
    ]
    assert value["ended"]["action"] == "sign_off"
    assert value["ended"]["by"] == str(KIMURA.id)
    assert value["campaign"]["dates"]["answer_due"] == "2026-11-27"
    assert [line[0] for line in value["returns"]] == ["D02", "D08"]
    assert {line[5] for line in value["returns"]} == {str(TANAKA.id)}
    assert [line[3] for line in value["profile"]["confirmed"]] == [str(SATO.id)]
    assert [line[1] for line in value["approvals"]] == ["whole", "changes"]


def test_the_seal_holds_each_reply_with_who_gave_it_and_when(returned: Year) -> None:
    replied_at = returned.now
    save(returned, client="reply-one", reply=PAPER)
    returned.now += timedelta(minutes=5)
    returned.answer(AFFAIRS, levels={"D08": "partial"}, comment="直した。")
    for act in (
        returned.hand_over,
        returned.approve,
        returned.judge,
        returned.finish_review,
        returned.sign_off,
    ):
        act(AFFAIRS)
    lines = {line[0]: line[7:] for line in sealed_by(returned)["returns"]}
    assert lines == {"D02": [PAPER, str(SATO.id), replied_at.isoformat()], "D08": ["", None, None]}


@pytest.mark.parametrize("command", [close_unsubmitted, exclude])
def test_a_sheet_that_moved_on_while_the_reason_was_written_is_not_ended(
    year: Year, command: Callable[..., None]
) -> None:
    seen = year.sheet(AFFAIRS).version
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    year.now = at_grace_end()
    with pytest.raises(StaleVersion), year.database.transaction() as session:
        command(
            session,
            actor=year.actor(KIMURA),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="督促に応答がないため",
            now=year.now,
            seen_version=seen,
        )
    assert year.sheet(AFFAIRS).state is State.AWAITING_HEAD
    assert rows(year, SealedRevision) == []


def test_the_seal_holds_the_reason_of_an_exclusion(year: Year) -> None:
    with year.database.transaction() as session:
        exclude(
            session,
            actor=year.actor(KIMURA),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="組織がなくなったため",
            now=year.now,
        )
    assert sealed_by(year)["ended"] == {
        "action": "exclude",
        "by": str(KIMURA.id),
        "at": year.now.isoformat(),
        "reason": "組織がなくなったため",
    }


def test_an_answer_of_an_item_that_does_not_apply_is_not_sealed(year: Year) -> None:
    confirm(year, mn=True, seen=0)
    draft = AnswerDraft(
        item_id=year.item_id("D03"), level="implemented", comment="", seen_version=0, client_id="of-mynumber"
    )
    with year.database.transaction() as session:
        record_answers(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            drafts=[draft],
            now=year.now,
        )
    confirm(year, mn=False, seen=1)
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    value = sealed_by(year)
    keys = [line[0] for line in value["answers"]]
    assert keys == sorted(keys)
    assert "D03" not in keys
    assert len(keys) == year.sheet(AFFAIRS).applicable


# ------------------------------------------------------------------- what the journal proves can be opened


def test_the_salt_that_opens_a_digest_of_the_journal_is_kept(returned: Year) -> None:
    save(returned, client="reply-one", reply=PAPER)
    kept = next(row for row in rows(returned, AnswerHistory) if row.client_id == "reply-one")
    with returned.database.reading() as session:
        line = journal(session, returned)[-1]
    assert line.event == "return.replied"
    assert line.facts["reply"] == salted_digest(PAPER, salt=kept.salt)
    assert (line.facts["version"], line.facts["round"]) == (kept.version, 1)
