"""臨時点検: prepared with its questions on one page, opened by another person, and then a sheet like any other."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from secrets import token_urlsafe
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app.checklists.commands import publish_edition, replace_draft
from app.checklists.files import read_edition, to_yaml
from app.checklists.models import Checklist, ChecklistEdition
from app.checklists.queries import content_of, load_edition, published_edition
from app.checklists.rules import Question
from app.inspections.commands.campaign import (
    OWN_QUESTIONS,
    CampaignDraft,
    change_campaign,
    discard_campaign,
    open_campaign,
)
from app.inspections.commands.next_year import NOT_REGULAR, prepare_next_year
from app.inspections.commands.special import (
    AUTHOR_LEFT,
    NO_MODEL,
    NOT_SPECIAL,
    STARTED,
    WROTE_IT,
    SpecialDraft,
    change_special,
    open_special,
    prepare_special,
)
from app.inspections.models import Campaign, CampaignUnit, Inspection, Revision
from app.inspections.queries.campaigns.targets import Target, previous_of
from app.inspections.queries.sheet import find_sheet
from app.inspections.rules import CampaignKind, State
from app.journal.models import JournalEntry
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow, StaleVersion
from app.kernel.ids import CampaignId, EditionId, new_id
from tests.factories.inspections import DATES, Year, year_after
from tests.people import (
    AFFAIRS,
    AUDIT,
    BRANCH,
    COUNTER,
    ITO,
    KIMURA,
    LEAD,
    MANAGEMENT,
    NAKAMURA,
    OGAWA,
    SATO,
    TANAKA,
    Cast,
    Place,
)
from tests.sign_in import signed_in
from tests.statements import statements

ASKED = (
    Question(statement="USBメモリの数を台帳と合わせた。", guidance="台帳を出し、1本ずつ数えます。"),
    Question(statement="使わないUSBメモリを返した。"),
    Question(statement="貸出しの記録を今月分まで書いた。"),
)
DRAFT = SpecialDraft(
    name="USBメモリの取扱い",
    reason="他市で紛失がありました。\n急いで確かめます。",
    questions=ASKED,
    answer_due=date(2026, 11, 24),
    unit_ids=frozenset({AFFAIRS.id, COUNTER.id, LEAD.id, BRANCH.id}),
)
WORDS = ("他市で紛失", "USBメモリの数", "1本ずつ")


@pytest.fixture
def reviewer(app: Flask, year: Year) -> FlaskClient:
    """田中, who prepares."""
    return signed_in(app, TANAKA)


@pytest.fixture
def manager(app: Flask, year: Year) -> FlaskClient:
    """木村, who opens."""
    return signed_in(app, KIMURA)


def prepared(year: Year, *, by: Cast = TANAKA, draft: SpecialDraft = DRAFT) -> CampaignId:
    """Prepare a 臨時点検."""
    with year.database.transaction() as session:
        return prepare_special(session, actor=year.actor(by), draft=draft, now=year.now)


def changed(
    year: Year, campaign_id: CampaignId, *, by: Cast = TANAKA, draft: SpecialDraft = DRAFT, seen: int = 1
) -> None:
    """Change it."""
    with year.database.transaction() as session:
        change_special(
            session,
            actor=year.actor(by),
            campaign_id=campaign_id,
            draft=draft,
            seen_version=seen,
            now=year.now,
        )


def opened(year: Year, campaign_id: CampaignId, *, by: Cast = KIMURA, seen: int = 1) -> None:
    """Open it."""
    with year.database.transaction() as session:
        open_special(session, actor=year.actor(by), campaign_id=campaign_id, seen_version=seen, now=year.now)


def special_year(year: Year, *, seen: int = 1, campaign_id: CampaignId | None = None) -> Year:
    """Open a 臨時点検 and return it as a running year, with the means to move its sheets on."""
    made = campaign_id or prepared(year)
    opened(year, made, seen=seen)
    with year.database.reading() as session:
        kimura = year.actor(KIMURA)
        sheets = session.scalars(select(Inspection.id).where(Inspection.campaign_id == made)).all()
        units = {find_sheet(session, actor=kimura, inspection_id=one).unit_id: one for one in sheets}  # type: ignore[arg-type]
        edition_id = session.scalars(select(Campaign.edition_id).where(Campaign.id == made)).one()
    found = {place.code: units[place.id] for place in (AFFAIRS, COUNTER, LEAD, BRANCH)}
    return replace(year, campaign_id=made, edition_id=EditionId(edition_id), sheets=found)  # type: ignore[arg-type]


def row(year: Year, campaign_id: CampaignId) -> Campaign:
    """Return a campaign as it is stored."""
    with year.database.reading() as session:
        return session.scalars(select(Campaign).where(Campaign.id == campaign_id)).one()


def fields(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - form fields
    """Return a complete form."""
    return {
        "idempotency_key": token_urlsafe(18),
        "version": "0",
        "name": DRAFT.name,
        "reason": DRAFT.reason,
        "statement": [one.statement for one in ASKED],
        "guidance": [one.guidance for one in ASKED],
        "answer_due": "2026-11-24",
        "units": [str(AFFAIRS.id), str(COUNTER.id)],
        **changes,
    }


def sent(client: FlaskClient, address: str, **data: Any) -> TestResponse:  # noqa: ANN401 - form fields
    """Send a form with a fresh key."""
    return client.post(address, data={"idempotency_key": token_urlsafe(18), **data})


# ----------------------------------------------------------------------------------------------- the form


def test_the_form_starts_with_three_rows_every_unit_and_the_next_working_day(reviewer: FlaskClient) -> None:
    text = reviewer.get("/campaigns/special/new").text
    assert text.count('name="statement"') == 3
    ticked = set(re.findall(r'name="units" value="([^"]+)" checked', text))
    assert ticked == {str(place.id) for place in (LEAD, MANAGEMENT, AFFAIRS, COUNTER, BRANCH, AUDIT)}
    # Friday 20 November: the 23rd is a holiday, so the next working day is Tuesday.
    assert 'value="2026-11-24"' in text
    for day in ("11月25日(水)", "11月26日(木)", "12月1日(火)"):
        assert day in text
    assert "taking_over" not in text


def test_rows_come_and_go_without_a_script_and_nothing_typed_is_lost(reviewer: FlaskClient) -> None:
    address = "/campaigns/special/new"
    more = reviewer.post(address, data=fields(redraw="add-question", name="書きかけ"))
    assert more.status_code == 200
    assert more.text.count('name="statement"') == 4
    for words in ("書きかけ", *WORDS, f'value="{AFFAIRS.id}" checked'):
        assert words in more.text
    four = {"statement": ["一", "二", "三", "四"], "guidance": ["い", "ろ", "は", "に"]}
    fewer = reviewer.post(address, data=fields(redraw="remove-question-2", **four)).text
    assert re.findall(r'name="statement" value="([^"]*)"', fewer) == ["一", "三", "四"]
    assert "ろ</textarea>" not in fewer
    ten = {"statement": [str(n) for n in range(10)], "guidance": [""] * 10}
    assert (
        reviewer.post(address, data=fields(redraw="add-question", **ten)).text.count('name="statement"') == 10
    )
    three = reviewer.post(address, data=fields(redraw="remove-question-1"))
    assert three.text.count('name="statement"') == 3
    later = reviewer.post(address, data=fields(redraw="dates", answer_due="2026-12-04"))
    assert "12月7日(月)" in later.text


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"name": ""}, ["名称を書いてください。"]),
        ({"name": "長" * 91}, ["名称は90文字までです（いま91文字）。短くしてください。"]),
        ({"reason": "急\ufeffぎ"}, ["理由と通知文に、目に見えない文字が入っています。"]),
        ({"reason": " "}, ["理由と通知文を書いてください。"]),
        ({"reason": "長" * 601}, ["理由と通知文は600文字までです（いま601文字）。短くしてください。"]),
        ({"answer_due": "2026-11-19"}, ["回答の期限は、回答の開始日と同じ日か後の日にしてください。"]),
        ({"answer_due": ""}, ["回答の期限を選んでください。"]),
        ({"units": []}, ["対象の所属を1つ以上選んでください。"]),
        (
            {"statement": ["一", "", ""], "guidance": ["", "", ""]},
            ["設問は3つ以上書いてください（いま1つ）。"],
        ),
        (
            {"statement": ["一", "長" * 81, "", "四", "五"], "guidance": ["", "", "どう見る", "", ""]},
            [
                "設問は80文字までです（いま81文字）。",
                "設問を書いてください。確かめ方だけでは尋ねられません。",
            ],
        ),
        ({"guidance": ["", "長" * 601, ""]}, ["確かめ方は600文字までです（いま601文字）。"]),
        ({"statement": ["一", "二\u202e", "三"]}, ["設問に、文字の向きを変える記号が入っています。"]),
        (
            {"statement": [str(n) for n in range(11)], "guidance": [""] * 11},
            ["設問は10までです。この設問を消すか、ほかとまとめてください。"],
        ),
        (
            {"statement": ["一", "二\ufeff二", "三"]},
            ["設問に、目に見えない文字が入っています。打ち直してください。"],
        ),
    ],
)
def test_mistakes_come_back_beside_their_row_with_everything_typed(
    reviewer: FlaskClient, year: Year, changes: dict[str, Any], sentences: Sequence[str]
) -> None:
    answer = reviewer.post("/campaigns/special/new", data=fields(**changes))
    assert answer.status_code == 422
    for words in sentences:
        assert answer.text.count(words) == 2, "in the summary and beside"
    for typed in fields(**changes)["statement"]:
        assert f'name="statement" value="{typed}"' in answer.text
    with year.database.reading() as session:
        assert len(session.scalars(select(Campaign)).all()) == 1


def test_the_row_of_a_fault_is_the_row_on_the_screen(reviewer: FlaskClient) -> None:
    """A blank row before it does not move the sentence to another one."""
    typed = {"statement": ["一", "", "三\ufeff三", "四"], "guidance": [""] * 4}
    text = reviewer.post("/campaigns/special/new", data=fields(**typed)).text
    assert '#statement-3">設問3：' in text


def test_blank_rows_are_left_out(reviewer: FlaskClient, year: Year) -> None:
    typed = {"statement": ["一", "", "三", "四"], "guidance": ["", "", "", ""]}
    answer = reviewer.post("/campaigns/special/new", data=fields(**typed))
    assert answer.status_code == 303
    assert "設問　3問" in reviewer.get(answer.location).text


# ---------------------------------------------------------------------------------------------- the draft


def test_a_draft_carries_its_own_edition_on_the_standing_scale(year: Year) -> None:
    campaign_id = prepared(year)
    made = row(year, campaign_id)
    assert (made.title, made.kind, made.state) == ("臨時点検：USBメモリの取扱い", "extra", "draft")
    assert (made.base_date, made.answer_from) == (date(2026, 11, 20), date(2026, 11, 20))
    assert (made.approval_due, made.grace_until) == (date(2026, 11, 25), date(2026, 11, 26))
    assert made.review_due == date(2026, 12, 1)
    assert made.taking_over is False
    assert made.questions_by == TANAKA.id
    with year.database.reading() as session:
        edition = load_edition(session, edition_id=EditionId(made.edition_id))
        standing = published_edition(session, code="department", label="2026.1")
    assert (edition.code, edition.label, edition.published) == ("special_2026_01", "2026.1", False)
    assert edition.title == made.title
    assert (edition.levels, edition.scoring) == (standing.levels, standing.scoring)
    assert edition.flags == ()
    assert [item.weight for item in edition.items.values()] == [1, 1, 1]
    assert not any(item.mandatory or item.applies_if or item.lineage.of for item in edition.items.values())
    assert [item.statement for item in edition.items.values()] == [one.statement for one in ASKED]


def test_what_is_stored_is_a_file_that_reads_the_same(year: Year) -> None:
    campaign_id = prepared(year)
    with year.database.reading() as session:
        content = content_of(session, edition_id=EditionId(row(year, campaign_id).edition_id))
    assert read_edition(to_yaml(content), name="special_2026_01/2026.1.yaml").content == content
    assert json.loads(content)["description"] == "他市で紛失がありました。　急いで確かめます。"


def test_each_has_a_code_of_its_own(year: Year) -> None:
    prepared(year)
    prepared(year)
    with year.database.reading() as session:
        codes = session.scalars(select(Checklist.code).order_by(Checklist.code)).all()
    assert codes == ["department", "special_2026_01", "special_2026_02"]


def test_users_words_stay_out_of_the_journal(year: Year) -> None:
    special_year(year)
    with year.database.reading() as session:
        payloads = "".join(session.scalars(select(JournalEntry.payload)))
    assert "special" not in payloads
    assert not any(words in payloads for words in (*WORDS, "取扱い"))


def test_the_draft_page_shows_the_questions_and_no_empty_warning(manager: FlaskClient, year: Year) -> None:
    text = manager.get(f"/campaigns/{prepared(year)}").text
    for words in (*WORDS, "最後に保存した人　田中 実", "設問を公開して始める（4所属）"):
        assert words in text
    assert "前回の点検票がない" not in text
    assert "前の年度との違い" not in text


def test_questions_are_changed_until_it_is_opened(reviewer: FlaskClient, year: Year) -> None:
    campaign_id = prepared(year)
    address = f"/campaigns/{campaign_id}/special"
    text = reviewer.get(address).text
    assert 'value="USBメモリの取扱い"' in text
    assert "1本ずつ数えます。</textarea>" in text
    assert "書類や画面、現場を見て" not in text, "what we wrote ourselves is not shown as typed"
    other = {"statement": ["一つめ", "二つめ", "三つめ", "四つめ"], "guidance": [""] * 4}
    assert reviewer.post(address, data=fields(version="1", **other)).status_code == 303
    shown = reviewer.get(f"/campaigns/{campaign_id}").text
    assert "設問　4問" in shown
    assert "USBメモリの数" not in shown
    with year.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ChecklistEdition)) == 2
        labels = session.scalars(select(ChecklistEdition.label)).all()
        assert labels == ["2026.1", "2026.1"]
        units = session.scalars(select(CampaignUnit.unit_id).where(CampaignUnit.campaign_id == campaign_id))
        assert set(units) == {AFFAIRS.id, COUNTER.id}
    stale = reviewer.post(address, data=fields(version="1", name="別の名"))
    assert stale.status_code == 409
    assert "いま保存してある設問1" in stale.text
    assert "一つめ" in stale.text
    assert 'value="別の名"' in stale.text


def test_the_ordinary_page_and_button_do_not_touch_it(
    reviewer: FlaskClient, manager: FlaskClient, year: Year
) -> None:
    campaign_id = prepared(year)
    assert reviewer.get(f"/campaigns/{campaign_id}/edit").status_code == 409
    refused = sent(manager, f"/campaigns/{campaign_id}/open", version="1")
    assert refused.status_code == 409
    assert OWN_QUESTIONS in refused.text
    assert row(year, campaign_id).state == "draft"
    opened(year, campaign_id)
    assert "臨時点検：" not in reviewer.get("/campaigns/new").text, "no campaign borrows its questions"


# -------------------------------------------------------------------------------------------- two persons


def test_the_manager_publishes_and_opens_with_one_button(manager: FlaskClient, year: Year) -> None:
    campaign_id = prepared(year)
    answer = sent(manager, f"/campaigns/{campaign_id}/special/open", version="1")
    assert answer.status_code == 303
    assert "臨時点検を始めました。4所属に点検票を配りました。" in manager.get(answer.location).text
    made = row(year, campaign_id)
    assert (made.state, made.opened_by) == ("open", KIMURA.id)
    with year.database.reading() as session:
        edition = session.scalars(
            select(ChecklistEdition).where(ChecklistEdition.id == made.edition_id)
        ).one()
    assert (edition.published_by, edition.confirmed_by) == (TANAKA.id, KIMURA.id)


def test_who_wrote_the_questions_does_not_open(manager: FlaskClient, year: Year) -> None:
    campaign_id = prepared(year, by=KIMURA)
    text = manager.get(f"/campaigns/{campaign_id}").text
    assert WROTE_IT in text
    assert "設問を公開して始める" not in text
    assert sent(manager, f"/campaigns/{campaign_id}/special/open", version="1").status_code == 403
    changed(year, campaign_id, by=TANAKA)
    assert "設問を公開して始める" in manager.get(f"/campaigns/{campaign_id}").text
    changed(year, campaign_id, by=KIMURA, seen=2)
    with pytest.raises(NotAllowed):
        opened(year, campaign_id, seen=3)
    assert row(year, campaign_id).state == "draft"


def test_a_refused_opening_leaves_no_trace_and_the_questions_stay_open(year: Year) -> None:
    """The edition is sealed and the screen is stale: both are undone, and what is kept of editions knows it."""
    campaign_id = prepared(year)
    changed(year, campaign_id)
    with pytest.raises(StaleVersion):
        opened(year, campaign_id, seen=1)
    with year.database.reading() as session:
        assert not load_edition(session, edition_id=EditionId(row(year, campaign_id).edition_id)).published
    with suppress(ZeroDivisionError), year.database.transaction() as session:
        open_special(session, actor=year.actor(KIMURA), campaign_id=campaign_id, seen_version=2, now=year.now)
        raise ZeroDivisionError
    changed(year, campaign_id, draft=replace(DRAFT, questions=(*ASKED, ASKED[0])), seen=2)
    with year.database.reading() as session:
        edition = load_edition(session, edition_id=EditionId(row(year, campaign_id).edition_id))
    assert (edition.published, len(edition.items)) == (False, 4)


def test_an_author_who_prepares_no_more_gives_a_way_out(year: Year) -> None:
    campaign_id = prepared(year)
    with year.database.transaction() as session:
        session.execute(update(Campaign).where(Campaign.id == campaign_id).values(questions_by=SATO.id))
    with pytest.raises(NotNow, match=AUTHOR_LEFT):
        opened(year, campaign_id)
    changed(year, campaign_id)
    opened(year, campaign_id, seen=2)


def published_before(year: Year, edition_id: EditionId) -> None:
    """Publish the questions of a draft at the terminal."""
    with year.database.transaction() as session:
        publish_edition(
            session,
            actor=year.actor(TANAKA),
            confirmed_by=year.actor(KIMURA),
            edition_id=edition_id,
            note="先に",
            now=year.now,
        )


def test_questions_published_at_the_terminal_before_are_opened_as_they_are(year: Year) -> None:
    campaign_id = prepared(year)
    edition_id = EditionId(row(year, campaign_id).edition_id)
    published_before(year, edition_id)
    with pytest.raises(NotNow):
        changed(year, campaign_id)
    opened(year, campaign_id)


# ------------------------------------------------------------------------------------- every refusal of it


@pytest.mark.parametrize("cast", [SATO, OGAWA, ITO, NAKAMURA])
def test_who_prepares_no_campaigns_prepares_none_of_these(app: Flask, year: Year, cast: Cast) -> None:
    campaign_id = prepared(year)
    client = signed_in(app, cast)
    assert client.get("/campaigns/special/new").status_code == 403
    assert client.post("/campaigns/special/new", data=fields()).status_code == 403
    assert client.get(f"/campaigns/{campaign_id}/special").status_code == 403
    assert client.post(f"/campaigns/{campaign_id}/special", data=fields(version="1")).status_code == 403
    assert sent(client, f"/campaigns/{campaign_id}/special/open", version="1").status_code == 403
    with pytest.raises(NotAllowed):
        prepared(year, by=cast)
    with pytest.raises(NotAllowed):
        changed(year, campaign_id, by=cast)
    with pytest.raises(NotAllowed):
        opened(year, campaign_id, by=cast)


def test_the_reviewer_prepares_and_does_not_open(year: Year) -> None:
    campaign_id = prepared(year, by=KIMURA)
    with pytest.raises(NotAllowed):
        opened(year, campaign_id, by=TANAKA)


def test_only_drafts_with_questions_of_their_own_are_changed_and_opened_here(year: Year) -> None:
    for found in (year.campaign_id, CampaignId(new_id())):
        refusal = NotNow if found == year.campaign_id else NotFound
        with pytest.raises(refusal):
            changed(year, found)
        with pytest.raises(refusal):
            opened(year, found)
    with pytest.raises(NotNow, match=NOT_SPECIAL):
        changed(year, year.campaign_id)
    campaign_id = prepared(year)
    opened(year, campaign_id)
    for act in (changed, opened):
        with pytest.raises(NotNow, match=STARTED):
            act(year, campaign_id, seen=2)


def test_without_a_standing_checklist_there_is_no_scale(year: Year) -> None:
    with year.database.transaction() as session:
        session.execute(update(Checklist).where(Checklist.code == "department").values(code="office"))
    with pytest.raises(NotNow, match=NO_MODEL):
        prepared(year)


def test_a_draft_is_replaced_only_by_its_own_edition(year: Year) -> None:
    first, second = prepared(year), prepared(year)
    ids = [EditionId(row(year, one).edition_id) for one in (first, second)]
    with year.database.transaction() as session:
        other = read_edition(
            to_yaml(content_of(session, edition_id=ids[1])), name="special_2026_02/2026.1.yaml"
        )
        with pytest.raises(InvalidInput):
            replace_draft(session, actor=year.actor(TANAKA), edition_id=ids[0], draft=other, now=year.now)
        with pytest.raises(NotAllowed):
            replace_draft(session, actor=year.actor(SATO), edition_id=ids[1], draft=other, now=year.now)
        with pytest.raises(NotNow):
            replace_draft(
                session, actor=year.actor(TANAKA), edition_id=year.edition_id, draft=other, now=year.now
            )


def test_an_ordinary_change_cannot_take_its_questions_away(year: Year) -> None:
    ordinary = CampaignDraft(
        title="別の点検",
        kind=CampaignKind.EXTRA,
        fiscal_year=2026,
        edition_id=year.edition_id,
        dates=DATES,
        notice="",
        unit_ids=frozenset({AFFAIRS.id}),
    )
    campaign_id = prepared(year)
    with year.database.transaction() as session:
        with pytest.raises(NotNow, match=OWN_QUESTIONS):
            change_campaign(
                session,
                actor=year.actor(TANAKA),
                campaign_id=campaign_id,
                draft=ordinary,
                seen_version=1,
                now=year.now,
            )
        with pytest.raises(NotNow, match=OWN_QUESTIONS):
            open_campaign(
                session, actor=year.actor(KIMURA), campaign_id=campaign_id, seen_version=1, now=year.now
            )


# ------------------------------------------------------------------------------------------ the whole way


LEVELS = {"T01": "partial", "T02": "not_implemented"}


@pytest.mark.parametrize("place", [AFFAIRS, LEAD])
def test_a_special_sheet_goes_the_whole_way_to_sign_off(app: Flask, year: Year, place: Place) -> None:
    special = special_year(year)
    assert special.sheet(place).previous_revision_id is None
    special.answer(place, levels=LEVELS)
    special.hand_over(place)
    special.approve(place)
    special.judge(place)
    special.finish_review(place)
    special.sign_off(place)
    assert special.sheet(place).state is State.SIGNED_OFF
    with year.database.reading() as session:
        kept = session.scalars(
            select(Revision).where(Revision.inspection_id == special.sheets[place.code])
        ).one()
    assert (kept.self_earned, kept.self_possible, kept.self_grade) == (3, 6, "D")


def test_every_page_of_it_opens_without_a_sheet_of_the_year_before(app: Flask, year: Year) -> None:
    special = special_year(year)
    special.answer(AFFAIRS, levels=LEVELS)
    own = f"/inspections/{special.sheets[AFFAIRS.code]}"
    clerk = signed_in(app, SATO)
    for path in ("", "/sections/special", "/check", "/all", "/score", "/history"):
        assert clerk.get(f"{own}{path}").status_code == 200, path
    assert "前回の回答を写す" not in clerk.get(f"{own}/sections/special").text
    special.hand_over(AFFAIRS)
    special.approve(AFFAIRS)
    reviewer = signed_in(app, TANAKA)
    campaign = f"/campaigns/{special.campaign_id}"
    pages = [
        f"{own}/review",
        f"{own}/review/plain",
        "/reviews",
        campaign,
        f"{campaign}/notice",
        f"{campaign}/board",
        f"{campaign}/board/items",
        f"{campaign}/board/change",
        f"{campaign}/items/T01",
        f"{campaign}/reminders",
    ]
    for path in pages:
        assert reviewer.get(path).status_code == 200, path


def test_next_years_sheet_does_not_look_back_at_it(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    special = special_year(year)
    special.answer(AFFAIRS, levels=LEVELS)
    for act in ("hand_over", "approve", "judge", "finish_review", "sign_off"):
        getattr(special, act)(AFFAIRS)
    target = Target(unit_id=AFFAIRS.id)
    with year.database.reading() as session:
        found = previous_of(session, code="department", targets=[target], before=date(2030, 1, 1))
        own = previous_of(session, code="special_2026_01", targets=[target], before=date(2030, 1, 1))
    assert found == {target: year.sheet(AFFAIRS).revision_id}
    assert own == {}
    assert year_after(year).sheet(AFFAIRS).previous_revision_id == year.sheet(AFFAIRS).revision_id


def test_it_has_no_next_year(manager: FlaskClient, year: Year) -> None:
    special = special_year(year)
    assert "次の年度の点検を準備する" not in manager.get(f"/campaigns/{special.campaign_id}").text
    with year.database.transaction() as session, pytest.raises(NotNow, match=NOT_REGULAR):
        prepare_next_year(session, actor=year.actor(TANAKA), campaign_id=special.campaign_id, now=year.now)


# ------------------------------------------------------------------------------------------- where it shows


def test_checklists_show_them_below_the_standing_ones(app: Flask, reviewer: FlaskClient, year: Year) -> None:
    assert "臨時点検の設問" not in reviewer.get("/checklists").text
    special_year(year)
    text = reviewer.get("/checklists").text
    assert (
        text.index("小さな点検票") < text.index("臨時点検の設問") < text.index("臨時点検：USBメモリの取扱い")
    )
    assert signed_in(app, SATO).get("/checklists/special_2026_01/editions/2026.1").status_code == 200


def test_drafts_are_seen_by_those_who_prepare(app: Flask, year: Year) -> None:
    campaign_id = prepared(year)
    assert signed_in(app, SATO).get("/checklists/special_2026_01/editions/2026.1").status_code == 404
    auditor = signed_in(app, ITO).get(f"/campaigns/{campaign_id}")
    assert auditor.status_code == 200
    assert "臨時点検：USBメモリの取扱い（未公開）" in auditor.text
    assert "内容を直す" not in auditor.text.replace("「内容を直す」", "")


def test_lists_cost_the_same_for_any_number_of_drafts(app: Flask, year: Year) -> None:
    prepared(year)
    client = signed_in(app, TANAKA)

    def cost(address: str) -> int:
        client.get(address)
        with statements() as heard:
            client.get(address)
        return len(heard)

    pages = ("/campaigns", "/checklists", f"/campaigns/{year.campaign_id}")
    few = [cost(address) for address in pages]
    draft_few = cost(f"/campaigns/{prepared(year)}")
    for _ in range(4):
        last = prepared(year)
    assert [cost(address) for address in pages] == few
    assert cost(f"/campaigns/{last}") == draft_few


def test_a_draft_is_thrown_away_with_its_questions(year: Year) -> None:
    campaign_id = prepared(year)
    edition_id = row(year, campaign_id).edition_id
    for actor, seen, refusal in ((ITO, 1, NotAllowed), (TANAKA, 9, StaleVersion)):
        with pytest.raises(refusal), year.database.transaction() as session:
            discard_campaign(
                session, actor=year.actor(actor), campaign_id=campaign_id, seen_version=seen, now=year.now
            )
    with year.database.transaction() as session:
        discard_campaign(
            session, actor=year.actor(TANAKA), campaign_id=campaign_id, seen_version=1, now=year.now
        )
    with year.database.reading() as session:
        assert session.get(Campaign, campaign_id) is None
        assert session.get(ChecklistEdition, edition_id) is None
        empty = select(Checklist.code).where(
            ~select(ChecklistEdition.id).where(ChecklistEdition.checklist_id == Checklist.id).exists()
        )
        assert session.scalars(empty).all() == []
        assert session.get(ChecklistEdition, year.edition_id) is not None
    special_year(year)


def test_published_questions_stay_where_their_draft_is_thrown_away(year: Year) -> None:
    campaign_id = prepared(year)
    edition_id = EditionId(row(year, campaign_id).edition_id)
    published_before(year, edition_id)
    with year.database.transaction() as session:
        discard_campaign(
            session, actor=year.actor(TANAKA), campaign_id=campaign_id, seen_version=1, now=year.now
        )
    with year.database.reading() as session:
        assert session.get(Campaign, campaign_id) is None
        assert load_edition(session, edition_id=edition_id).published
