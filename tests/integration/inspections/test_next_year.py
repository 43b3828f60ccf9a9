"""Next year's campaign from last year's: one press, never two drafts, and everything that differs named."""

import re
from datetime import date
from secrets import token_urlsafe
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.inspections.commands.campaign import CampaignDraft, prepare_campaign
from app.inspections.commands.next_year import (
    NO_UNITS_LEFT,
    NOBODY_CHOSEN,
    NOT_OPENED,
    NOT_REGULAR,
    add_units_to_draft,
    prepare_next_year,
)
from app.inspections.commands.sign_off import exclude
from app.inspections.models import Campaign, CampaignUnit
from app.inspections.queries.campaigns import next_year_page
from app.inspections.rules import CampaignKind
from app.journal.models import JournalEntry
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow, StaleVersion
from app.kernel.ids import CampaignId, UnitId, new_id
from app.organisation.models import Unit, UnitVersion
from tests.factories.editions import published_edition, successor_yaml
from tests.factories.inspections import DATES, Year
from tests.people import (
    AFFAIRS,
    AUDIT,
    BRANCH,
    CITIZENS,
    COUNTER,
    ITO,
    KIMURA,
    LEAD,
    MANAGEMENT,
    NAKAMURA,
    OGAWA,
    SATO,
    STORY,
    TANAKA,
    Cast,
)
from tests.sign_in import signed_in
from tests.statements import statements

LINEAGES = {
    "D01": "{kind: reworded, of: D01, comparable: false, note: 広げた。}",
    "D10": "{kind: split, of: D02, comparable: false, note: 半分。}",
    "D11": "{kind: split, of: D02, comparable: false, note: 残り。}",
    "D12": "{kind: merged, of: [D07, D08], comparable: true, note: 合わせた。}",
    "D13": "{kind: new}",
    "D09": "{kind: same, of: D09}",
}


@pytest.fixture
def reviewer(app: Flask, year: Year) -> FlaskClient:
    """田中, who prepares campaigns."""
    return signed_in(app, TANAKA)


def sent(client: FlaskClient, address: str, **data: Any) -> TestResponse:  # noqa: ANN401 - form fields
    """Send a form with a fresh key."""
    return client.post(address, data={"idempotency_key": token_urlsafe(18), **data})


def pressed(year: Year, *, by: Cast = TANAKA) -> CampaignId:
    """Press the button, and return where it leads."""
    with year.database.transaction() as session:
        made = prepare_next_year(session, actor=year.actor(by), campaign_id=year.campaign_id, now=year.now)
    return made.campaign_id


def drafts(year: Year) -> list[Campaign]:
    """Return every campaign but the running one."""
    with year.database.reading() as session:
        return list(session.scalars(select(Campaign).where(Campaign.id != year.campaign_id)))


def newer_edition(year: Year) -> None:
    """Publish the edition of the next year."""
    with year.database.transaction() as session:
        published_edition(
            session,
            publisher=year.actor(TANAKA),
            confirmer=year.actor(KIMURA),
            now=year.now,
            data=successor_yaml(LINEAGES, retired={"D03": "制度がなくなった。"}),
            name="department/2027.1.yaml",
        )


def unit_from(year: Year, *, name: str, first: date) -> UnitId:
    """Found a unit."""
    young = UnitId(new_id())
    with year.database.transaction() as session:
        session.add(Unit(id=young, code=str(young)[:8], created_at=STORY))
        session.flush()
        session.add(
            UnitVersion(
                unit_id=young,
                name=name,
                kana="あたらしいか",
                kind="division",
                policy_owner="mayor",
                parent_id=CITIZENS.id,
                sort_order=99,
                valid_from=first,
            )
        )
    return young


def end_of(year: Year, unit_id: UnitId, *, last: date) -> None:
    """Close a unit."""
    with year.database.transaction() as session:
        session.execute(update(UnitVersion).where(UnitVersion.unit_id == unit_id).values(valid_to=last))


# ---------------------------------------------------------------------------------------------- the draft


def test_one_press_makes_next_years_draft(reviewer: FlaskClient, year: Year) -> None:
    newer_edition(year)
    page = reviewer.get(f"/campaigns/{year.campaign_id}").text
    assert "この点検を令和9年度へ写します。" in page
    answer = sent(reviewer, f"/campaigns/{year.campaign_id}/next-year")
    assert answer.status_code == 303
    (made,) = drafts(year)
    assert answer.location == f"/campaigns/{made.id}"
    assert (made.title, made.kind, made.fiscal_year) == ("令和9年度 定期自己点検", "regular", 2027)
    assert made.notice == "各所属で点検してください。"
    assert made.taking_over is True
    assert made.prepared_from_id == year.campaign_id
    assert made.state == "draft"
    assert made.edition_id != year.edition_id
    assert (made.base_date, made.answer_from) == (date(2027, 10, 1), date(2027, 11, 1))
    assert (made.answer_due, made.approval_due) == (date(2027, 11, 29), date(2027, 12, 6))
    assert (made.grace_until, made.review_due) == (date(2027, 12, 13), date(2027, 12, 20))
    with year.database.reading() as session:
        units = session.scalars(select(CampaignUnit.unit_id).where(CampaignUnit.campaign_id == made.id))
        assert set(units) == {place.id for place in (AFFAIRS, COUNTER, LEAD, BRANCH)}


def test_the_journal_knows_the_source(year: Year) -> None:
    made = pressed(year)
    with year.database.reading() as session:
        payload = session.scalars(
            select(JournalEntry.payload).where(JournalEntry.subject_id == str(made))
        ).one()
    assert f'"prepared_from":"{year.campaign_id}"' in payload
    assert "定期自己点検" not in payload


def test_a_second_press_leads_to_the_same_draft(reviewer: FlaskClient, year: Year) -> None:
    address = f"/campaigns/{year.campaign_id}/next-year"
    first, second = sent(reviewer, address), sent(reviewer, address)
    assert first.location == second.location
    assert len(drafts(year)) == 1
    told = reviewer.get(second.location).text
    assert "「令和9年度 定期自己点検」は、もう準備中です。新しくは作らず、その準備を開きました。" in told
    running = reviewer.get(f"/campaigns/{year.campaign_id}").text
    assert "次の年度の点検を準備する" not in running
    assert re.search(r"令和9年度 定期自己点検</a>」が準備中です。", running)


def test_a_draft_made_by_hand_is_found_too_and_another_checklists_is_not(year: Year) -> None:
    by_hand = CampaignDraft(
        title="来年の点検",
        kind=CampaignKind.REGULAR,
        fiscal_year=2027,
        edition_id=year.edition_id,
        dates=DATES,
        notice="",
        unit_ids=frozenset({AFFAIRS.id}),
    )
    with year.database.transaction() as session:
        made = prepare_campaign(session, actor=year.actor(TANAKA), draft=by_hand, now=year.now)
    assert pressed(year) == made


def test_the_offer_is_copied_and_excluded_units_stay_out(year: Year) -> None:
    with year.database.transaction() as session:
        exclude(
            session,
            actor=year.actor(KIMURA),
            inspection_id=year.sheets[BRANCH.code],
            reason="統合のため",
            now=year.now,
        )
        session.execute(update(Campaign).where(Campaign.id == year.campaign_id).values(taking_over=False))
    pressed(year)
    (made,) = drafts(year)
    assert made.taking_over is False
    with year.database.reading() as session:
        units = session.scalars(select(CampaignUnit.unit_id).where(CampaignUnit.campaign_id == made.id))
        assert set(units) == {place.id for place in (AFFAIRS, COUNTER, LEAD)}


# ------------------------------------------------------------------------------------------- what differs


def test_the_draft_names_what_differs_in_the_items(reviewer: FlaskClient, year: Year) -> None:
    newer_edition(year)
    text = reviewer.get(f"/campaigns/{pressed(year)}").text
    assert "2026.1版（6項目）から2027.1版（6項目）に変わります。" in text
    for words in (
        "追加 <b>1</b>",
        "廃止 <b>1</b>",
        "文言変更 <b>1</b>",
        "分割 <b>1</b>",
        "統合 <b>1</b>",
        "重み <b>1</b>",
    ):
        assert words in text, words
    assert "/checklists/department/editions/2027.1/diff/2026.1" in text
    assert "回答の段階と点数は同じです。" in text
    assert re.search(r'>1-2</td><td data-label="2027.1版" class="nowrap">1-2、1-3</td>', text), (
        "split: D02 into D10, D11"
    )


def test_the_same_edition_says_so(reviewer: FlaskClient, year: Year) -> None:
    text = reviewer.get(f"/campaigns/{pressed(year)}").text
    assert "前の年度と同じ2026.1版です。項目の違いはありません。" in text


def test_the_draft_says_which_dates_moved_and_why(reviewer: FlaskClient, year: Year) -> None:
    made = pressed(year)
    text = reviewer.get(f"/campaigns/{made}").text
    assert "1年後の11月27日は閉庁日（土曜日）なので、次の開庁日にしました。" in text
    assert "1年後の同じ日です。" in text
    with year.database.transaction() as session:
        session.execute(update(Campaign).where(Campaign.id == made).values(review_due=date(2028, 1, 21)))
    text = reviewer.get(f"/campaigns/{made}").text
    assert "準備のあとで、12月20日(月)から変えました。" in text


def test_units_that_are_gone_and_units_that_are_new_are_named(reviewer: FlaskClient, year: Year) -> None:
    young = unit_from(year, name="こども支援課", first=date(2027, 4, 1))
    end_of(year, BRANCH.id, last=date(2027, 4, 1))
    made = pressed(year)
    text = reviewer.get(f"/campaigns/{made}").text
    assert re.search(r"なくなった所属　1</b>　𠮷田出張所</p>", text)
    assert "前の年度の対象になかった所属　3" in text
    assert f'value="{young}" checked><span>こども支援課（新設）' in text
    assert f'value="{AUDIT.id}"><span>監査事務局<' in text
    assert 'id="left-out"' not in text, "the same units are not named twice"
    answer = sent(reviewer, f"/campaigns/{made}/newcomers", units=[str(young)], version="1")
    assert answer.status_code == 303
    text = reviewer.get(answer.location).text
    assert "1所属を対象に加えました。" in text
    assert "点検票を配る所属　4所属" in text
    assert "前の年度の対象になかった所属　2" in text


def test_adding_nobody_or_on_a_stale_screen_is_refused(reviewer: FlaskClient, year: Year) -> None:
    address = f"/campaigns/{pressed(year)}/newcomers"
    nobody = sent(reviewer, address, version="1")
    assert nobody.status_code == 422
    assert nobody.text.count(NOBODY_CHOSEN) == 2, "above and beside"
    assert sent(reviewer, address, version="1", units=["x"]).status_code == 422
    unknown = sent(reviewer, address, version="1", units=[str(new_id())])
    assert unknown.status_code == 422
    assert "基準日に存在しない所属が選ばれています。" in unknown.text
    assert sent(reviewer, address, version="7", units=[str(AUDIT.id)]).status_code == 409


def test_auditors_read_the_differences_and_change_nothing(app: Flask, year: Year) -> None:
    made = pressed(year)
    text = signed_in(app, ITO).get(f"/campaigns/{made}").text
    assert "前の年度との違い" in text
    assert "選んだ所属を対象に加える" not in text
    assert "次の年度" not in signed_in(app, ITO).get(f"/campaigns/{year.campaign_id}").text


# ------------------------------------------------------------------------------------------- who, and when


@pytest.mark.parametrize("cast", [SATO, OGAWA, ITO, NAKAMURA])
def test_who_does_not_prepare_campaigns_is_refused(app: Flask, year: Year, cast: Cast) -> None:
    client = signed_in(app, cast)
    assert sent(client, f"/campaigns/{year.campaign_id}/next-year").status_code == 403
    assert sent(client, f"/campaigns/{year.campaign_id}/newcomers", version="1").status_code == 403
    with year.database.transaction() as session, pytest.raises(NotAllowed):
        prepare_next_year(session, actor=year.actor(cast), campaign_id=year.campaign_id, now=year.now)
    assert drafts(year) == []


def test_only_opened_regular_campaigns_have_a_next_year(year: Year) -> None:
    made = pressed(year)
    with year.database.transaction() as session:
        actor = year.actor(TANAKA)
        with pytest.raises(NotNow, match=NOT_OPENED):
            prepare_next_year(session, actor=actor, campaign_id=made, now=year.now)
        with pytest.raises(NotFound):
            prepare_next_year(session, actor=actor, campaign_id=CampaignId(new_id()), now=year.now)
        session.execute(update(Campaign).where(Campaign.id == made).values(kind="extra"))
        with pytest.raises(NotNow, match=NOT_REGULAR):
            prepare_next_year(session, actor=actor, campaign_id=made, now=year.now)


def test_a_campaign_whose_units_are_all_gone_has_none_either(year: Year) -> None:
    for place in (AFFAIRS, COUNTER, LEAD, BRANCH):
        end_of(year, place.id, last=date(2027, 4, 1))
    with year.database.transaction() as session, pytest.raises(NotNow, match=NO_UNITS_LEFT):
        prepare_next_year(session, actor=year.actor(TANAKA), campaign_id=year.campaign_id, now=year.now)


def test_units_join_only_a_draft(year: Year) -> None:
    with year.database.transaction() as session:
        given = {"actor": year.actor(TANAKA), "seen_version": 2, "now": year.now}
        with pytest.raises(NotNow):
            add_units_to_draft(session, campaign_id=year.campaign_id, unit_ids=[AUDIT.id], **given)  # type: ignore[arg-type]
        with pytest.raises(InvalidInput):
            add_units_to_draft(session, campaign_id=year.campaign_id, unit_ids=[], **given)  # type: ignore[arg-type]
    made = pressed(year)
    with year.database.transaction() as session, pytest.raises(StaleVersion):
        add_units_to_draft(
            session,
            actor=year.actor(TANAKA),
            campaign_id=made,
            unit_ids=[AUDIT.id],
            seen_version=3,
            now=year.now,
        )


def test_the_differences_cost_the_same_for_any_number_of_units(year: Year) -> None:
    newer_edition(year)
    made = pressed(year)

    def cost() -> int:
        with year.database.reading() as session, statements() as heard:
            next_year_page(session, actor=year.actor(TANAKA), campaign_id=made)
            return len(heard)

    cost()
    few = cost()
    for number in range(5):
        unit_from(year, name=f"新しい課{number}", first=date(2027, 4, 1))
    end_of(year, MANAGEMENT.id, last=date(2027, 4, 1))
    assert cost() == few
