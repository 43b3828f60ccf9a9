"""わからない asks the lead division by itself; what is asked and answered stays on the item."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.commands.questions import answer_questions, ask, close_question
from app.inspections.models import Question
from app.inspections.queries.answering import answer_page
from app.inspections.queries.questions import question_list, question_page, questions_to_answer
from app.inspections.rules import State
from app.inspections.rules.questions import QuestionState, Side
from app.journal.models import AccessLogEntry
from app.journal.queries import lines_of, verify
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow
from app.kernel.ids import InspectionId, ItemId, new_id
from tests.conftest import StandingClock
from tests.factories.inspections import LINES, Year, year_after
from tests.pages import browser
from tests.people import (
    AFFAIRS,
    COUNTER,
    FUJIMOTO,
    HAYASHI,
    ITO,
    KIMURA,
    LEAD,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    Cast,
    Place,
)
from tests.statements import statements

TODAY = date(2026, 11, 20)


def save(year: Year, level: str, *, key: str = "D02", comment: str = "", place: Place = AFFAIRS) -> None:
    with year.database.reading() as session:
        page = answer_page(
            session,
            actor=year.actor(LINES[place.code].clerk),
            inspection_id=year.sheets[place.code],
            slug="organisation" if key < "D04" else "assets",
            today=TODAY,
        )
    version = next(card.version for card in page.cards if card.item.key == key)
    draft = AnswerDraft(
        item_id=year.item_id(key),
        level=level,
        comment=comment,
        seen_version=version,
        client_id=f"save {key} {version}",
    )
    with year.database.transaction() as session:
        record_answers(
            session,
            actor=year.actor(LINES[place.code].clerk),
            inspection_id=year.sheets[place.code],
            drafts=[draft],
            now=year.now,
        )


def write(year: Year, cast: Cast, text: str, *, place: Place = AFFAIRS, key: str = "D02") -> None:
    with year.database.transaction() as session:
        ask(
            session,
            actor=year.actor(cast),
            inspection_id=year.sheets[place.code],
            item_id=year.item_id(key),
            text=text,
            now=year.now,
        )


def reply(year: Year, cast: Cast, text: str, *places: Place, key: str = "D02") -> int:
    with year.database.transaction() as session:
        return answer_questions(
            session,
            actor=year.actor(cast),
            item_id=year.item_id(key),
            inspection_ids=[year.sheets[place.code] for place in places or (AFFAIRS,)],
            text=text,
            now=year.now,
        )


def states(year: Year) -> Mapping[str, str]:
    with year.database.reading() as session:
        places = {sheet: code for code, sheet in year.sheets.items()}
        return {
            places[InspectionId(row.inspection_id)]: row.state for row in session.scalars(select(Question))
        }


def test_dont_know_asks_by_itself_and_another_answer_ends_it(year: Year) -> None:
    save(year, "unknown", comment="どの書類か分かりません。")
    assert states(year) == {AFFAIRS.code: "waiting"}
    save(year, "implemented")
    assert states(year) == {AFFAIRS.code: "closed"}
    save(year, "unknown")
    assert states(year) == {AFFAIRS.code: "waiting"}
    with year.database.reading() as session:
        chain = Subject(type=SubjectType.INSPECTION, id=str(year.sheets[AFFAIRS.code]))
        events = [line.event for line in lines_of(session, subject=chain)]
        assert verify(session).faults == ()
    assert [event for event in events if event.startswith("question")] == [
        "question.asked",
        "question.closed",
        "question.asked",
    ]


def test_other_answers_cost_no_statement_more(year: Year) -> None:
    save(year, "implemented")
    with statements() as sent:
        save(year, "partial", comment="途中")
    assert not [one for one in sent if "question" in one and one.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert states(year) == {}


def test_a_thread_goes_back_and_forth_and_stays(year: Year) -> None:
    write(year, SATO, "控えはどこに置けばよいですか。")
    reply(year, TANAKA, "鍵のかかる棚に置いてください。")
    assert states(year) == {AFFAIRS.code: "answered"}
    write(year, SATO, "分かりました。")
    assert states(year) == {AFFAIRS.code: "waiting"}
    with year.database.transaction() as session:
        close_question(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id("D02"),
            now=year.now,
        )
    assert states(year) == {AFFAIRS.code: "closed"}
    with year.database.reading() as session:
        page = question_page(
            session,
            actor=year.actor(SUZUKI),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id("D02"),
            today=TODAY,
        )
        chain = Subject(type=SubjectType.INSPECTION, id=str(year.sheets[AFFAIRS.code]))
        journal = str([line.facts for line in lines_of(session, subject=chain)])
    assert page.thread is not None
    assert [(m.side, m.person, m.text) for m in page.thread.messages] == [
        (Side.UNIT, "佐藤 花子", "控えはどこに置けばよいですか。"),
        (Side.LEAD, "田中 実", "鍵のかかる棚に置いてください。"),
        (Side.UNIT, "佐藤 花子", "分かりました。"),
    ]
    assert "鍵のかかる棚" not in journal


def test_the_card_shows_the_thread_and_next_year_shows_it_beside(year: Year) -> None:
    write(year, SATO, "控えはどこに置けばよいですか。")
    reply(year, TANAKA, "鍵のかかる棚に置いてください。")
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    second = year_after(year)
    with year.database.reading() as session:
        before, after = (
            answer_page(
                session,
                actor=one.actor(SATO),
                inspection_id=one.sheets[AFFAIRS.code],
                slug="organisation",
                today=one.now.date(),
            )
            for one in (year, second)
        )
    (then,) = [card for card in before.cards if card.item.key == "D02"]
    (now,) = [card for card in after.cards if card.item.key == "D02"]
    assert (then.thread and len(then.thread.messages), then.thread_before) == (2, None)
    assert now.thread is None
    assert now.thread_before is not None
    assert now.thread_before.messages[1].text == "鍵のかかる棚に置いてください。"


def test_one_reply_serves_many_units(year: Year) -> None:
    for place in (AFFAIRS, COUNTER):
        save(year, "unknown", place=place)
    save(year, "unknown", key="D08")
    with year.database.reading() as session:
        page = question_list(session, actor=year.actor(TANAKA), state=QuestionState.WAITING, today=TODAY)
        assert questions_to_answer(session, actor=year.actor(TANAKA)) == 3
        # An auditor reads them and answers none; to a clerk they are not even counted.
        assert [questions_to_answer(session, actor=year.actor(cast)) for cast in (ITO, SATO)] == [0, 0]
    assert [(one.item.key, len(one.questions)) for one in page.items] == [("D02", 2), ("D08", 1)]
    assert reply(year, TANAKA, "手引の3ページを見てください。", AFFAIRS, COUNTER) == 2
    with year.database.reading() as session:
        page = question_list(session, actor=year.actor(TANAKA), state=QuestionState.WAITING, today=TODAY)
    assert [(one.item.key, len(one.questions)) for one in page.items] == [("D08", 1)]


def test_one_reply_asks_the_database_the_same_for_many_units(year: Year) -> None:
    counts = []
    for places in ((AFFAIRS,), (AFFAIRS, COUNTER)):
        for place in places:
            save(year, "implemented", place=place)
            save(year, "unknown", place=place)
        with statements() as sent:
            assert reply(year, TANAKA, "手引の3ページを見てください。", *places) == len(places)
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_two_who_answer_the_same_questions_never_wait_for_each_other_crosswise(year: Year) -> None:
    for place in (AFFAIRS, COUNTER):
        save(year, "unknown", place=place)
    orders = ((AFFAIRS, COUNTER), (COUNTER, AFFAIRS)) * 3
    with ThreadPoolExecutor(len(orders)) as pool:
        sent = [pool.submit(reply, year, TANAKA, f"返事{n}", *order) for n, order in enumerate(orders)]
        assert [one.result(timeout=60) for one in sent] == [2] * len(orders)
    with year.database.reading() as session:
        thread = question_page(
            session,
            actor=year.actor(TANAKA),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id("D02"),
            today=TODAY,
        ).thread
        assert verify(session).faults == ()
    assert thread is not None
    assert len([one for one in thread.messages if one.side is Side.LEAD]) == len(orders)


def test_questions_are_something_to_do(app: Flask, year: Year, clock: StandingClock) -> None:
    home = browser(app, TANAKA, year=year, clock=clock)
    assert "所属からの質問" not in home.get("/").text
    save(year, "unknown")
    assert "所属からの質問　1件" in home.get("/").text


def test_the_list_asks_the_same_of_the_database_however_many_ask(year: Year) -> None:
    counted = []
    for place in (AFFAIRS, COUNTER):
        save(year, "unknown", place=place)
        with year.database.reading() as session, statements() as sent:
            question_list(session, actor=year.actor(TANAKA), state=QuestionState.WAITING, today=TODAY)
        counted.append(len([one for one in sent if "question" in one]))
    assert counted[0] == counted[1] == 2


@pytest.mark.parametrize("cast", [SATO, SUZUKI, ITO, TAKAHASHI])
def test_only_the_lead_division_answers(year: Year, cast: Cast) -> None:
    write(year, SATO, "聞きます。")
    with pytest.raises((NotAllowed, NotFound)):
        reply(year, cast, "答えます。")
    assert states(year) == {AFFAIRS.code: "waiting"}


def test_the_lead_divisions_own_question_is_answered_by_its_substitute(year: Year) -> None:
    write(year, HAYASHI, "自課のことです。", place=LEAD)
    with pytest.raises(NotAllowed):
        reply(year, TANAKA, "答えます。", LEAD)
    assert reply(year, FUJIMOTO, "答えます。", LEAD) == 1


@pytest.mark.parametrize("cast", [TANAKA, ITO, TAKAHASHI])
def test_only_the_unit_asks(year: Year, cast: Cast) -> None:
    with pytest.raises((NotAllowed, NotFound)):
        write(year, cast, "聞きます。")


def test_what_cannot_be_asked_is_said(year: Year) -> None:
    for text in ("", "　\n", "長" * 2001):
        with pytest.raises(InvalidInput):
            write(year, SATO, text)
    with pytest.raises(NotFound), year.database.transaction() as session:
        ask(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=ItemId(new_id()),
            text="聞きます。",
            now=year.now,
        )
    with pytest.raises(NotFound):
        reply(year, TANAKA, "だれも聞いていません。")
    with pytest.raises(InvalidInput), year.database.transaction() as session:
        answer_questions(
            session,
            actor=year.actor(TANAKA),
            item_id=year.item_id("D02"),
            inspection_ids=[],
            text="だれへ",
            now=year.now,
        )
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    with pytest.raises(NotNow):
        write(year, SATO, "もう遅い。")


# ---------------------------------------------------------------------------------------------- pages


def test_the_mark_of_an_item_says_whose_turn_it_is(year: Year) -> None:
    def mark() -> list[str]:
        with year.database.reading() as session:
            page = answer_page(
                session,
                actor=year.actor(SATO),
                inspection_id=year.sheets[AFFAIRS.code],
                slug="organisation",
                today=TODAY,
            )
        kinds = next(card.kinds for card in page.cards if card.item.key == "D02")
        return [kind for kind in kinds if kind in {"question", "replied"}]

    assert mark() == []
    write(year, SATO, "聞きます。")
    assert mark() == ["question"]
    reply(year, TANAKA, "答えます。")
    assert mark() == ["replied"]
    write(year, SATO, "もう一つ聞きます。")
    assert mark() == ["question"]


def test_both_sides_write_on_the_page_of_the_item(app: Flask, year: Year, clock: StandingClock) -> None:
    item = year.item_id("D02")
    address = f"/inspections/{year.sheets[AFFAIRS.code]}/items/{item}/question"
    clerk = browser(app, SATO, year=year, clock=clock)
    asked = clerk.post(
        address, data={"text": "どこに置きますか。", "idempotency_key": "k" * 24}, follow_redirects=True
    )
    assert "どこに置きますか。" in asked.text
    desk = browser(app, TANAKA, year=year, clock=clock)
    assert "（1）質問" in desk.get("/questions").text
    empty = desk.post(f"{address}/reply", data={"text": "", "idempotency_key": "m" * 24})
    assert (empty.status_code, "書いてから送ってください" in empty.text) == (422, True)
    nobody = desk.post(f"/questions/{item}", data={"text": "棚です。", "idempotency_key": "n" * 24})
    assert (nobody.status_code, "返信する質問を選んでください" in nobody.text, "棚です。" in nobody.text) == (
        422,
        True,
        True,
    )
    sent = desk.post(
        f"/questions/{item}",
        data={
            "text": "棚です。",
            "questions": str(year.sheets[AFFAIRS.code]),
            "idempotency_key": "o" * 24,
        },
        follow_redirects=True,
    )
    assert "1件の質問に返信しました" in sent.text
    card = clerk.get(f"/inspections/{year.sheets[AFFAIRS.code]}/sections/organisation").text
    assert ("質問中" in card, "返信あり" in card) == (False, True)
    assert "棚です。" in clerk.get(address).text
    done = clerk.post(f"{address}/close", data={"idempotency_key": "p" * 24}, follow_redirects=True)
    assert "終わり" in done.text


def test_who_may_not_see_the_sheet_does_not_see_its_questions(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    address = f"/inspections/{year.sheets[AFFAIRS.code]}/items/{year.item_id('D02')}/question"
    stranger = browser(app, TAKAHASHI, year=year, clock=clock)
    assert stranger.get(address).status_code == 404
    assert stranger.get("/questions").status_code == 403
    assert browser(app, ITO, year=year, clock=clock).get(address).status_code == 200
    assert browser(app, KIMURA, year=year, clock=clock).get("/questions?state=nonsense").status_code == 200


def test_a_substitute_reviewer_sees_no_question_of_other_units(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    save(year, "unknown", comment="総務課だけの事情")
    substitute = browser(app, FUJIMOTO, year=year, clock=clock)
    page = substitute.get("/questions")
    assert page.status_code == 200
    assert "総務課だけの事情" not in page.text
    assert AFFAIRS.name not in page.text.partition("<main")[2]
    with year.database.reading() as session:
        assert session.scalars(select(AccessLogEntry.act)).all() == []
    assert "総務課だけの事情" in browser(app, TANAKA, year=year, clock=clock).get("/questions").text
    with year.database.reading() as session:
        assert session.scalars(select(AccessLogEntry.act)).all() == ["campaign.questions"]
