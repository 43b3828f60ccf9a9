"""How much a page asks of the database: the same for a small sheet and a long one, for a few units and for many.

Each figure is the page's own: what the frame of every page asks of the same reader is measured and taken off.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, update

from app.checklists.rules import Item
from app.db.session import Database
from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.commands.assignments import assign_items
from app.inspections.commands.extension import decline_extension, request_extension
from app.inspections.commands.questions import ask
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.commands.review_templates import TemplateDraft, add_template
from app.inspections.commands.taking_over import take_over
from app.inspections.models import (
    Extension,
    ItemReturn,
    Question,
    QuestionMessage,
    Reopening,
    Revision,
)
from app.inspections.queries.sheet import content_of_sheet
from app.inspections.rules import Judgement, State
from app.inspections.rules.templates import TemplateKind
from app.kernel.ids import new_id
from app.people.models import DutyAssignment, Posting
from tests.conftest import StandingClock
from tests.factories.desk import Desk, desk_of, offices
from tests.factories.editions import HEADER, ITEM
from tests.factories.inspections import DATES, PLACES, Year, running_year, year_after
from tests.people import AFFAIRS, FIRST_DAY, HAYASHI, KIMURA, LEAD, SATO, SUZUKI, TANAKA, Cast
from tests.sign_in import signed_in
from tests.statements import statements

Expected = Mapping[tuple[Cast, str], int]


def asked(client: FlaskClient, address: str, *, status: int = 200) -> int:
    """Return how many statements a page takes that was shown before."""
    client.get(address)
    with statements() as sent:
        assert client.get(address).status_code == status, address
    return len(sent)


def own_statements(app: Flask, pages: Expected, **ids: Any) -> dict[tuple[Cast, str], int]:  # noqa: ANN401 - parts of addresses
    found: dict[tuple[Cast, str], int] = {}
    for cast in dict.fromkeys(cast for cast, _ in pages):
        client = signed_in(app, cast)
        frame = asked(client, "/a-page-that-does-not-exist", status=404)
        found |= {
            (reader, page): asked(client, page.format(**ids)) - frame
            for reader, page in pages
            if reader is cast
        }
    return found


# ---------------------------------------------------------------------------------------- many units

CITY_PAGES: Final[Expected] = {
    (SATO, "/"): 14,
    (SUZUKI, "/"): 25,
    (TANAKA, "/"): 19,
    (KIMURA, "/"): 32,
    (SATO, "/inspections"): 4,
    (SUZUKI, "/inspections/{waiting}/approval"): 35,
    (TANAKA, "/reviews"): 8,
    (TANAKA, "/reviews?state=submitted"): 8,
    (TANAKA, "/campaigns/{campaign}/items/D08"): 10,
    (TANAKA, "/campaigns/{campaign}/items/D08?rows=all"): 10,
    (TANAKA, "/campaigns/{campaign}/review-lane"): 8,
    (TANAKA, "/questions"): 5,
    (TANAKA, "/extensions"): 7,
    (TANAKA, "/reviews/templates"): 2,
}
STATES: Final = (
    State.RETURNED,
    State.ANSWERING,
    State.AWAITING_HEAD,
    State.REVIEWED,
    State.SIGNED_OFF,
    State.SUBMITTED,
    State.SUBMITTED,
)


def busy(desk: Desk) -> None:
    """Spread the sheets over the states, let each unit ask for something, and give all units one clerk and one head."""
    units = offices(len(desk.sheets))
    sheets = [desk.sheet(one) for one in desk.sheets]
    asked_for = {"reason": "", "salt": "0" * 32, "requested_by": SATO.id, "requested_at": desk.now}
    post = {"kind": "concurrent", "valid_from": FIRST_DAY}
    with desk.database.transaction() as session:
        for unit in units:
            duty = {"unit_id": unit.id, "person_id": SATO.id, "duty": "clerk", "valid_from": FIRST_DAY}
            session.execute(insert(DutyAssignment).values(**duty, named_by=SUZUKI.id, named_at=desk.now))
            known = {"known_from": FIRST_DAY, "recorded_at": desk.now}
            for person, position in ((SATO, "staff"), (SUZUKI, "head")):
                held = {"person_id": person.id, "unit_id": unit.id, "position": position, "title": ""}
                session.execute(insert(Posting).values(id=new_id(), **held, **post, **known))
        for place, sheet in enumerate(sheets):
            state = STATES[place % len(STATES)]
            revision = {"revision_id": sheet.revision_id}
            session.execute(
                update(Revision)
                .where(Revision.id == sheet.revision_id)
                .values(state=state.value, return_round=int(state is State.RETURNED))
            )
            if state is State.RETURNED:
                returned = {"item_id": desk.item_id("D08"), "round": 1, "remark": "直す", "reply": ""}
                by = {"returned_by": TANAKA.id, "returned_at": desk.now}
                session.execute(
                    insert(ItemReturn).values(
                        **revision, **returned, **by, due_on=DATES.answer_due, answer_version=1
                    )
                )
            if state in {State.RETURNED, State.ANSWERING}:
                due = {"due_before": DATES.answer_due, "wished_until": DATES.review_due}
                session.execute(
                    insert(Extension).values(**revision, **due, **asked_for, sequence=1, decision_reason="")
                )
            if state is State.SIGNED_OFF:
                session.execute(
                    insert(Reopening).values(**revision, **asked_for, sequence=1, decision_reason="")
                )
            question = new_id()
            session.execute(
                insert(Question).values(
                    id=question,
                    inspection_id=sheet.id,
                    item_id=desk.item_id("D08"),
                    state="waiting",
                    messages=1,
                    opened_by=SATO.id,
                    opened_at=desk.now,
                )
            )
            words = {"sequence": 1, "side": "unit", "text": "どういう意味ですか。", "salt": "0" * 32}
            session.execute(
                insert(QuestionMessage).values(
                    question_id=question, **words, written_by=SATO.id, written_at=desk.now
                )
            )
            author = desk.actor((TANAKA, HAYASHI)[place % 2])
            template = TemplateDraft(title=f"{place}番", text="直してください。", kind=TemplateKind.RETURN)
            add_template(session, actor=author, draft=template, now=desk.now)


@pytest.mark.parametrize("count", [7, 42])
def test_the_pages_of_the_city_ask_the_same_for_any_number_of_sheets(
    app: Flask, database: Database, clock: StandingClock, count: int
) -> None:
    desk = desk_of(database, count=count)
    busy(desk)
    clock.instant = desk.now
    found = own_statements(app, CITY_PAGES, campaign=desk.campaign_id, waiting=desk.sheets[2])
    assert found == CITY_PAGES
    # A sealed sheet waits for no reply.
    shown = signed_in(app, TANAKA).get("/questions").text.count('name="questions"')
    assert shown == count - count // len(STATES)


# ---------------------------------------------------------------------------------------- long sheets

UNIT_PAGES: Final[Expected] = {
    (SATO, "/inspections/{sheet}"): 23,
    (SATO, "/inspections/{sheet}/profile"): 6,
    (SATO, "/inspections/{sheet}/sections/first"): 9,
    (SATO, "/inspections/{sheet}/check"): 24,
    (SATO, "/inspections/{sheet}/assignments"): 9,
    (SATO, "/inspections/{sheet}/items/{item}/question"): 5,
    (SATO, "/inspections/{sheet}/extension"): 6,
    (SATO, "/inspections/{sheet}/all"): 7,
    (SATO, "/inspections/{sheet}/history"): 13,
    (TANAKA, "/inspections/{sheet}/extension"): 7,
}
RETURNED_PAGES: Final[Expected] = {
    (SUZUKI, "/inspections/{sheet}/approval"): 38,
    (SUZUKI, "/inspections/{sheet}/all"): 9,
    (SATO, "/inspections/{sheet}"): 24,
    (TANAKA, "/inspections/{sheet}/review"): 33,
    (TANAKA, "/inspections/{sheet}/score"): 9,
}


def edition_of(length: int) -> bytes:
    """Return an edition of two sections with so many items in each."""
    text = HEADER.format(label="2026.1")
    for start, slug in ((1, "first"), (length + 1, "second")):
        text += f"  - slug: {slug}\n    title: {slug}\n    items:\n"
        text += "".join(
            ITEM.format(key=f"D{number:02}", mandatory="false", weight=1, flags="")
            for number in range(start, start + length)
        )
    return (text + "retired: []\n").encode()


@pytest.fixture(params=[3, 30])
def long_year(request: pytest.FixtureRequest, database: Database) -> Year:
    """A running campaign over a checklist of two sections with so many items in each."""
    return running_year(database, data=edition_of(request.param))


def every_item(year: Year) -> list[Item]:
    return list(year.sheet(AFFAIRS).edition.items.values())


def answered(year: Year, *levels: str) -> None:
    """Answer every item, with the levels by turns."""
    keys = [item.key for item in every_item(year)]
    year.answer(AFFAIRS, levels={key: levels[place % len(levels)] for place, key in enumerate(keys)})
    year.now += timedelta(minutes=10)


def test_the_page_on_which_most_time_is_spent_asks_six(
    app: Flask, long_year: Year, clock: StandingClock
) -> None:
    """The sheet, its profile, its answers, its evidence, who is in charge, and the marks of the items."""
    answered(long_year, "implemented", "partial")
    clock.instant = long_year.now
    page = {(SATO, "/inspections/{sheet}/sections/first"): 6}
    assert own_statements(app, page, sheet=long_year.sheets[AFFAIRS.code]) == page


def test_the_pages_of_a_unit_ask_the_same_for_any_number_of_items(
    app: Flask, long_year: Year, clock: StandingClock
) -> None:
    """In a second year: last year's answers stand beside this year's, some are taken over, questions and requests wait."""
    first = long_year
    answered(first, "implemented", "partial")
    for step in ("hand_over", "approve", "judge", "finish_review", "sign_off"):
        getattr(first, step)(AFFAIRS)
    year = year_after(first)
    sheet, items = year.sheets[AFFAIRS.code], every_item(year)
    with year.database.transaction() as session:
        take_over(session, actor=year.actor(SATO), inspection_id=sheet, slug="first", now=year.now)
    answers = [
        AnswerDraft(
            item_id=item.id,
            level=("unknown", "partial")[place % 2],
            comment="途中です。",
            seen_version=0,
            client_id=f"second-{item.key}",
        )
        for place, item in enumerate(items[len(items) // 2 + 1 :])
    ]
    with year.database.transaction() as session:
        record_answers(session, actor=year.actor(SATO), inspection_id=sheet, drafts=answers, now=year.now)
    for cast, some in ((SATO, items[::2]), (SUZUKI, items[1::2])):
        with year.database.transaction() as session:
            assign_items(
                session,
                actor=year.actor(SATO),
                inspection_id=sheet,
                item_ids=[item.id for item in some],
                person_id=cast.id,
                now=year.now,
            )
    for number, item in enumerate(items):
        with year.database.transaction() as session:
            asking = year.actor((SATO, SUZUKI)[number % 2])
            for about in (items[0].id, item.id):
                ask(session, actor=asking, inspection_id=sheet, item_id=about, text="なぜ", now=year.now)
        with year.database.transaction() as session:
            until = year.sheet(AFFAIRS).dates.answer_due + timedelta(days=1)
            request_extension(
                session,
                actor=year.actor(SATO),
                inspection_id=sheet,
                until=until,
                reason="忙しい",
                now=year.now,
            )
            decline_extension(
                session, actor=year.actor(TANAKA), inspection_id=sheet, reason="間に合う", now=year.now
            )
    clock.instant = year.now
    assert own_statements(app, UNIT_PAGES, sheet=sheet, item=items[0].id) == UNIT_PAGES


def test_the_pages_after_a_return_ask_the_same_for_any_number_of_items(
    app: Flask, long_year: Year, clock: StandingClock
) -> None:
    """Every item went back and was corrected: the head approves the changes, and the reviewer sees them afterwards."""
    year = long_year
    answered(year, "partial", "not_implemented")
    year.hand_over(AFFAIRS)
    year.approve(AFFAIRS)
    year.judge(AFFAIRS, judgements={item.key: Judgement.RETURNED for item in every_item(year)})
    year.return_items(AFFAIRS)
    year.now += timedelta(minutes=10)
    answered(year, "implemented", "partial")
    year.hand_over(AFFAIRS)
    clock.instant = year.now
    assert own_statements(app, RETURNED_PAGES, sheet=year.sheets[AFFAIRS.code]) == RETURNED_PAGES


# ---------------------------------------------------------------------------------------- rows written together


def inserts(sent: list[str], table: str) -> int:
    """Count the statements that write rows of a table."""
    return sum(one.startswith(f"INSERT INTO {table} ") for one in sent)


def test_a_reopened_sheet_gets_its_answers_in_one_statement(year: Year) -> None:
    """Some have a day by which something will be done, the others have none."""
    answered(year, "implemented", "partial")
    drafts = [
        AnswerDraft(
            item_id=item.id,
            level="partial",
            comment="途中です。",
            seen_version=1,
            client_id=f"due-{item.key}",
            action_due=date(2027, 3, 31),
        )
        for item in year.sheet(AFFAIRS).edition.applicable({})[1::2]
    ]
    sheet = year.sheets[AFFAIRS.code]
    with year.database.transaction() as session:
        record_answers(session, actor=year.actor(SATO), inspection_id=sheet, drafts=drafts, now=year.now)
    for step in ("hand_over", "approve", "judge", "finish_review", "sign_off"):
        getattr(year, step)(AFFAIRS)
    with year.database.transaction() as session:
        request_reopening(
            session, actor=year.actor(TANAKA), inspection_id=sheet, reason="写し違い", now=year.now
        )
    with year.database.transaction() as session, statements() as sent:
        confirm_reopening(session, actor=year.actor(KIMURA), inspection_id=sheet, now=year.now)
    with year.database.reading() as session:
        carried = content_of_sheet(session, sheet=year.sheet(AFFAIRS)).answers.values()
    assert {answer.action_due for answer in carried} == {None, date(2027, 3, 31)}
    assert (inserts(sent, "answer"), inserts(sent, "answer_history")) == (1, 1)


def test_a_campaign_is_opened_in_one_statement_whoever_had_a_year_before(year: Year) -> None:
    for place in (AFFAIRS, LEAD):
        year.bring(place, to=State.SIGNED_OFF)
    with statements() as sent:
        following = year_after(year)
    before = {following.sheet(place).previous_revision_id is None for place in PLACES}
    assert before == {True, False}
    assert (inserts(sent, "inspection"), inserts(sent, "revision")) == (1, 1)
