"""Last year's answers are proposals: they count once a person of the unit has confirmed them, and stay marked."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.checklists.rules import score
from app.inspections.commands.answer import AnswerDraft, confirm_profile, record_answers
from app.inspections.commands.taking_over import confirm_taken_over, drop_taken_over, take_over
from app.inspections.models import Answer, AnswerHistory, TakenOver
from app.inspections.queries.answering import AnswerPage, answer_page, check_page
from app.inspections.queries.head import head_page
from app.inspections.queries.sheet import content_of_sheet, profile_version
from app.inspections.queries.taking_over import waiting_proposals
from app.inspections.rules import Judgement, State
from app.inspections.rules.next_year import a_year_later
from app.inspections.rules.taking_over import Barred, Offer, Source
from app.journal.queries import lines_of, verify
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow
from app.kernel.ids import ItemId
from tests.conftest import StandingClock
from tests.factories.editions import small_yaml
from tests.factories.inspections import DATES, LINES, Year, year_after
from tests.pages import browser
from tests.people import AFFAIRS, COUNTER, SATO, SUZUKI, TANAKA, Place

ORGANISATION, ASSETS = "organisation", "assets"
TODAY = date(2027, 11, 20)


@pytest.fixture
def second(year: Year) -> Year:
    """The year after one in which the department kept everything but D08."""
    year.answer(AFFAIRS, levels={"D08": "not_implemented"}, comment="控えがある。")
    year.hand_over(AFFAIRS)
    year.approve(AFFAIRS)
    year.judge(AFFAIRS)
    year.finish_review(AFFAIRS)
    year.sign_off(AFFAIRS)
    return year_after(year)


def propose(year: Year, slug: str = ASSETS, place: Place = AFFAIRS) -> int:
    with year.database.transaction() as session:
        return take_over(
            session,
            actor=year.actor(LINES[place.code].clerk),
            inspection_id=year.sheets[place.code],
            slug=slug,
            now=year.now,
        )


def settle(year: Year, act: Callable[..., int], *keys: str) -> int:
    with year.database.transaction() as session:
        return act(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_ids=[year.item_id(key) for key in keys],
            now=year.now,
        )


def page(year: Year, slug: str = ASSETS) -> AnswerPage:
    with year.database.reading() as session:
        return answer_page(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            slug=slug,
            today=TODAY,
        )


def answered(year: Year) -> int:
    return year.sheet(AFFAIRS).answered


def answer(year: Year, key: str, level: str, *, version: int = 0) -> None:
    draft = AnswerDraft(
        item_id=year.item_id(key),
        level=level,
        comment="今年の説明",
        seen_version=version,
        client_id=f"own {key} {level} {version}",
    )
    with year.database.transaction() as session:
        record_answers(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            drafts=[draft],
            now=year.now,
        )


def test_what_may_be_proposed_is_offered_with_the_reasons_for_the_rest(second: Year) -> None:
    offer = page(second).offer
    assert offer.items == (second.item_id("D09"),)
    assert offer.barred == {Barred.MANDATORY: 1, Barred.NOT_KEPT: 1}


def test_a_proposal_is_no_answer(second: Year) -> None:
    assert propose(second) == 1
    shown = page(second)
    (card,) = shown.proposed
    assert (card.item.key, card.level, card.proposal and card.proposal.level.code) == (
        "D09",
        None,
        "implemented",
    )
    assert answered(second) == 0
    assert shown.offer.items == ()
    with second.database.reading() as session:
        revision = second.sheet(AFFAIRS).revision_id
        assert session.scalars(select(Answer).where(Answer.revision_id == revision)).all() == []
        content = content_of_sheet(session, sheet=second.sheet(AFFAIRS))
        assert content.completeness(second.sheet(AFFAIRS)).answered == 0


def test_confirmed_it_is_the_answer_of_whoever_confirmed_and_stays_marked(second: Year) -> None:
    propose(second)
    assert settle(second, confirm_taken_over, "D09") == 1
    (card,) = [card for card in page(second).cards if card.item.key == "D09"]
    assert (card.level and card.level.code, card.comment, card.taken_over) == (
        "implemented",
        "控えがある。",
        True,
    )
    assert "copied" in card.kinds
    assert answered(second) == 1
    revision = second.sheet(AFFAIRS).revision_id
    with second.database.reading() as session:
        (row,) = session.scalars(select(AnswerHistory).where(AnswerHistory.revision_id == revision))
        (settled,) = session.scalars(select(TakenOver))
        events = [
            line.event
            for line in lines_of(
                session,
                subject=Subject(type=SubjectType.INSPECTION, id=str(second.sheets[AFFAIRS.code])),
            )
        ]
        assert verify(session).faults == ()
    assert (row.answered_by, row.origin, row.taken_over) == (SATO.id, "given", True)
    assert (settled.outcome, settled.settled_by) == ("confirmed", SATO.id)
    assert events[-3:] == ["answers.taken_over", "answer.recorded", "answers.taken_over_confirmed"]


@pytest.mark.parametrize(
    ("level", "comment", "marked"),
    [
        ("implemented", "控えがある。", True),
        ("implemented", "控えがない。", False),
        ("partial", "控えがある。", False),
    ],
)
def test_only_what_is_the_same_as_last_year_is_marked_as_given_again(
    second: Year, level: str, comment: str, *, marked: bool
) -> None:
    """The press on 前回と同じ says where the words come from, and is believed only where they are the same."""
    draft = AnswerDraft(
        item_id=second.item_id("D09"),
        level=level,
        comment=comment,
        seen_version=0,
        client_id="pressed",
        source=Source.LAST_YEAR,
    )
    with second.database.transaction() as session:
        record_answers(
            session,
            actor=second.actor(SATO),
            inspection_id=second.sheets[AFFAIRS.code],
            drafts=[draft],
            now=second.now,
        )
    with second.database.reading() as session:
        content = content_of_sheet(session, sheet=second.sheet(AFFAIRS))
    assert content.answers[second.item_id("D09")].taken_over is marked


def test_an_answer_of_ones_own_takes_the_mark_away(second: Year) -> None:
    propose(second)
    settle(second, confirm_taken_over, "D09")
    answer(second, "D09", "partial", version=1)
    (card,) = [card for card in page(second).cards if card.item.key == "D09"]
    assert (card.level and card.level.code, card.taken_over) == ("partial", False)


def test_what_was_answered_meanwhile_waits_no_more(second: Year) -> None:
    propose(second)
    answer(second, "D09", "partial")
    with second.database.reading() as session:
        assert waiting_proposals(session, sheet=second.sheet(AFFAIRS)) == {}
    with pytest.raises(InvalidInput, match="確かめる項目がありません"):
        settle(second, confirm_taken_over, "D09")
    (card,) = [card for card in page(second).cards if card.item.key == "D09"]
    assert card.level is not None
    assert card.level.code == "partial"


def test_dropped_it_is_open_again_and_may_be_proposed_again(second: Year) -> None:
    propose(second)
    assert settle(second, drop_taken_over, "D09") == 1
    assert (page(second).proposed, answered(second)) == ((), 0)
    with pytest.raises(InvalidInput):
        settle(second, confirm_taken_over, "D09")
    assert propose(second) == 1
    assert settle(second, confirm_taken_over, "D09") == 1


def test_proposing_twice_is_proposing_once(second: Year) -> None:
    assert [propose(second), propose(second)] == [1, 1]
    assert len(page(second).proposed) == 1


def test_what_no_longer_applies_to_the_unit_is_not_proposed(year: Year) -> None:
    """D03 was answered while マイナンバー was used; this year it is not."""
    year.answer(AFFAIRS)
    revision = year.sheet(AFFAIRS).revision_id
    with year.database.transaction() as session:
        confirm_profile(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            flags={"MN": True},
            seen_version=profile_version(session, revision_id=revision),
            now=year.now,
        )
    answer(year, "D03", "implemented")
    for step in ("hand_over", "approve", "judge", "finish_review", "sign_off"):
        getattr(year, step)(AFFAIRS)
    this_year = year_after(year)
    revision = this_year.sheet(AFFAIRS).revision_id
    with this_year.database.transaction() as session:
        confirm_profile(
            session,
            actor=this_year.actor(SATO),
            inspection_id=this_year.sheets[AFFAIRS.code],
            flags={"MN": False},
            seen_version=profile_version(session, revision_id=revision),
            now=this_year.now,
        )
    assert propose(this_year, ORGANISATION) == 1
    with this_year.database.reading() as session:
        waiting = waiting_proposals(session, sheet=this_year.sheet(AFFAIRS))
    assert set(waiting) == {this_year.item_id("D02")}


def test_nothing_is_offered_where_the_campaign_says_so(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    second = year_after(year, taking_over=Offer.NOT_OFFERED)
    assert page(second).offer.items == ()
    with pytest.raises(InvalidInput, match="写せる項目がありません"):
        propose(second)


def test_a_section_without_anything_to_take_over_says_so(second: Year) -> None:
    with pytest.raises(InvalidInput, match="写せる項目がありません"):
        propose(second, place=COUNTER)
    with pytest.raises(NotFound):
        propose(second, slug="nowhere")


def test_reworded_items_are_not_offered(year: Year) -> None:
    year.answer(AFFAIRS)
    year.hand_over(AFFAIRS)
    year.approve(AFFAIRS)
    year.judge(AFFAIRS)
    year.finish_review(AFFAIRS)
    year.sign_off(AFFAIRS)
    newer = small_yaml("2027.1").decode()
    for key in ("D01", "D02", "D03", "D07", "D08", "D09"):
        kind = f"reworded, of: {key}, comparable: true, note: 言い方" if key == "D09" else f"same, of: {key}"
        before, marker, after = newer.partition(f"- key: {key}\n")
        newer = before + marker + after.replace("{kind: new}", f"{{kind: {kind}}}", 1)
    second = year_after(year, data=newer.replace("D09のことを", "D09の事を").encode())
    shown = page(second)
    assert [second.item_id("D08")] == list(shown.offer.items)
    assert shown.offer.barred == {Barred.MANDATORY: 1, Barred.REWORDED: 1}


def test_a_level_changed_by_the_reviewer_counts_as_the_reviewer_saw_it(year: Year) -> None:
    year.answer(AFFAIRS)
    year.hand_over(AFFAIRS)
    year.approve(AFFAIRS)
    year.judge(AFFAIRS, judgements={"D09": Judgement.CHANGED})
    year.finish_review(AFFAIRS)
    year.sign_off(AFFAIRS)
    offer = page(year_after(year)).offer
    assert offer.barred == {Barred.MANDATORY: 1, Barred.NOT_KEPT: 1}


@pytest.mark.parametrize("act", [confirm_taken_over, drop_taken_over])
def test_only_the_unit_takes_over_and_only_while_it_answers(second: Year, act: Callable[..., int]) -> None:
    propose(second)
    with second.database.transaction() as session:
        for cast, refused in ((TANAKA, NotAllowed),):
            with pytest.raises(refused):
                act(
                    session,
                    actor=second.actor(cast),
                    inspection_id=second.sheets[AFFAIRS.code],
                    item_ids=[second.item_id("D09")],
                    now=second.now,
                )
            with pytest.raises(refused):
                take_over(
                    session,
                    actor=second.actor(cast),
                    inspection_id=second.sheets[AFFAIRS.code],
                    slug=ASSETS,
                    now=second.now,
                )
    second.answer(AFFAIRS)
    second.hand_over(AFFAIRS)
    with pytest.raises(NotNow):
        settle(second, act, "D09")
    with pytest.raises(NotNow):
        propose(second)


@pytest.mark.parametrize(("day", "by"), [(DATES.answer_from, -1), (DATES.grace_until, 1)])
def test_nothing_is_taken_over_outside_of_the_time_for_answers(second: Year, day: date, by: int) -> None:
    propose(second)
    moment = datetime.combine(a_year_later(day), time(3), tzinfo=UTC)
    second.now = moment + timedelta(days=by)
    for act in (confirm_taken_over, drop_taken_over):
        with pytest.raises(NotNow):
            settle(second, act, "D09")
    with pytest.raises(NotNow):
        propose(second)
    assert answered(second) == 0


def test_the_share_is_shown_to_the_clerk_and_to_the_head(second: Year) -> None:
    propose(second)
    settle(second, confirm_taken_over, "D09")
    second.answer(AFFAIRS, levels={"D09": "implemented"}, comment="控えがある。")
    with second.database.reading() as session:
        actor, sheet = second.actor(SUZUKI), second.sheets[AFFAIRS.code]
        head = head_page(session, actor=actor, inspection_id=sheet, today=TODAY)
        check = check_page(session, actor=actor, inspection_id=sheet, today=TODAY)
    assert head.taken_over == 1
    assert [line.item.key for line in head.lines if line.taken_over] == ["D09"]
    assert [card.item.key for card in check.taken_over] == ["D09"]


@pytest.mark.parametrize("seed", range(12))
def test_taken_over_answers_never_count_unconfirmed(second: Year, seed: int) -> None:
    """Whatever is proposed, confirmed, dropped and answered in whatever order: what counts is what somebody gave or confirmed."""
    dice = random.Random(seed)  # noqa: S311 - an order of events, not a secret
    counted: dict[ItemId, str] = {}
    waiting: set[str] = set()
    for step in range(14):
        key = dice.choice(["D01", "D02", "D07", "D08", "D09"])
        act = dice.choice(["over", "confirm", "drop", "answer"])
        try:
            if act == "over":
                propose(second, dice.choice([ORGANISATION, ASSETS]))
            elif act == "answer":
                level = dice.choice(["implemented", "partial", "unknown"])
                version = second_version(second, key)
                answer(second, key, level, version=version)
                counted[second.item_id(key)] = level
            else:
                settle(second, confirm_taken_over if act == "confirm" else drop_taken_over, key)
                if act == "confirm":
                    counted[second.item_id(key)] = "implemented"
        except InvalidInput:
            continue
        finally:
            waiting = {
                card.item.key for slug in (ORGANISATION, ASSETS) for card in page(second, slug).proposed
            }
        sheet = second.sheet(AFFAIRS)
        with second.database.reading() as session:
            content = content_of_sheet(session, sheet=sheet)
        assert content.self_levels() == counted, step
        assert sheet.answered == len(counted)
        assert not waiting & {sheet.edition.items[item_id].key for item_id in counted}
        outcome = score(content.items, answers=content.self_levels(), edition=sheet.edition)
        assert outcome.unanswered == len(content.items) - len(counted)


def second_version(year: Year, key: str) -> int:
    with year.database.reading() as session:
        found = content_of_sheet(session, sheet=year.sheet(AFFAIRS)).answers.get(year.item_id(key))
    return found.version if found else 0


# ------------------------------------------------------------------------------------ the planned date


def with_due(year: Year, due: date | None, *, level: str = "partial", version: int = 0) -> None:
    draft = AnswerDraft(
        item_id=year.item_id("D02"),
        level=level,
        comment="途中です。",
        seen_version=version,
        client_id=f"due {due} {level}",
        action_due=due,
    )
    with year.database.transaction() as session:
        record_answers(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            drafts=[draft],
            now=year.now,
        )


def due_of(year: Year) -> date | None:
    with year.database.reading() as session:
        return content_of_sheet(session, sheet=year.sheet(AFFAIRS)).answers[year.item_id("D02")].action_due


def test_what_is_left_to_do_has_a_date(year: Year) -> None:
    with_due(year, date(2027, 3, 31))
    assert due_of(year) == date(2027, 3, 31)
    with_due(year, date(2027, 3, 31), level="implemented", version=1)
    assert due_of(year) is None


def test_the_date_lies_ahead_when_it_is_given(year: Year) -> None:
    with pytest.raises(InvalidInput) as refusal:
        with_due(year, year.now.date())
    assert [(p.field, "きょうより後の日" in p.message) for p in refusal.value.problems] == [("due-D02", True)]
    with_due(year, date(2026, 11, 21))
    year.now = year.now.replace(day=25)
    # A date that has passed since does not stop anybody from mending the words.
    draft = AnswerDraft(
        item_id=year.item_id("D02"),
        level="partial",
        comment="まだ途中です。",
        seen_version=1,
        client_id="mended words",
        action_due=date(2026, 11, 21),
    )
    with year.database.transaction() as session:
        record_answers(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            drafts=[draft],
            now=year.now,
        )
    assert due_of(year) == date(2026, 11, 21)


# -------------------------------------------------------------------------------------------- the page


def test_a_section_is_taken_over_and_confirmed_on_its_page(
    app: Flask, second: Year, clock: StandingClock
) -> None:
    clerk = browser(app, SATO, year=second, clock=clock)
    address = f"/inspections/{second.sheets[AFFAIRS.code]}/sections/{ASSETS}"
    fields = {"idempotency_key": "k" * 24}
    typed = {"version-D08": "0", "level-D08": "partial", "comment-D08": "書きかけの言葉"}
    over = clerk.post(address, data={**fields, **typed, "take": "over"}, follow_redirects=True)
    assert "前回の回答を1件写しました" in over.text
    assert "書きかけの言葉" in over.text
    item = str(second.item_id("D09"))
    done = clerk.post(address, data={**fields, "take": f"confirm:{item}", "place": "q2-3"})
    assert (done.status_code, done.location) == (303, f"{address}#q2-3")
    assert answered(second) == 2
    again = clerk.post(address, data={**fields, "take": f"confirm:{item}"}, follow_redirects=True)
    assert "確かめる項目がありません" in again.text
    for wrong in ("something", "confirm:no-id"):
        reply = clerk.post(address, data={**fields, "take": wrong}, follow_redirects=True)
        assert "読み取れませんでした" in reply.text


def test_a_planned_date_is_sent_by_the_page_and_by_the_autosave(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    clerk = browser(app, SATO, year=year, clock=clock)
    sheet, item = year.sheets[AFFAIRS.code], year.item_id("D02")
    fields = {"version-D02": "0", "level-D02": "partial", "comment-D02": "途中", "due-D02": "令和9年3月31日"}
    reply = clerk.post(
        f"/inspections/{sheet}/sections/{ORGANISATION}", data={**fields, "idempotency_key": "k" * 24}
    )
    assert (reply.status_code, due_of(year)) == (303, date(2027, 3, 31))
    body = {"level": "partial", "comment": "途中", "version": 1, "client": "autosave-1", "due": "2027-04-30"}
    saved = clerk.put(f"/inspections/{sheet}/answers/{item}", json=body)
    assert (saved.status_code, due_of(year)) == (200, date(2027, 4, 30))
    for wrong in ("きのう", "2020-01-01"):
        refused = clerk.put(
            f"/inspections/{sheet}/answers/{item}",
            json={
                **body,
                "version": 2,
                "client": f"wrong-{wrong}-save"[:20].replace("きのう", "kinou"),
                "due": wrong,
            },
        )
        assert refused.status_code == 422
        assert "対応の期限" in refused.get_data(as_text=True)
