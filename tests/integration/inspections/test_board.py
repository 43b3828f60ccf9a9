"""The board: every figure against a slow reference from the answers, who sees what, and how much is asked."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.checklists.rules import percent, score
from app.db.session import Database
from app.inspections.commands.hand_over import withdraw
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.commands.review import cancel_return
from app.inspections.commands.sign_off import close_unsubmitted
from app.inspections.commands.summaries import Summed, keep_summaries
from app.inspections.models import Campaign, Revision, ScoreChangeSummary, SectionSummary
from app.inspections.queries.board import (
    BoardPage,
    BoardRow,
    BoardView,
    board_page,
    difference_page,
    unit_board_page,
)
from app.inspections.queries.board.next_actions import next_actions
from app.inspections.queries.head import head_page
from app.inspections.queries.score_change import earlier_lines, lines_of
from app.inspections.queries.sheet import content_of_sheet
from app.inspections.rules import CampaignState, Judgement, State
from app.inspections.rules.board import Need, Order
from app.inspections.rules.score_change import Cause, Measure, explained
from app.kernel.errors import NotAllowed, NotFound
from app.kernel.ids import new_id
from app.kernel.ports import Ports
from app.notices.models import Notice
from app.organisation.models import Unit, UnitVersion
from app.reminders.commands import remind_by_hand
from tests.conftest import StandingClock
from tests.factories.desk import desk_of
from tests.factories.editions import small_yaml
from tests.factories.inspections import Year, running_year, year_after
from tests.pages import browser
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    FIRST_DAY,
    GENERAL,
    ITO,
    KIMURA,
    LEAD,
    NAKAMURA,
    SATO,
    STORY,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    WATANABE,
    Cast,
    Place,
)
from tests.statements import statements

TODAY: Final = date(2026, 11, 20)
REVIEWED: Final = BoardView(measure=Measure.REVIEWED)


def board(year: Year, view: BoardView | None = None, *, cast: Cast = KIMURA) -> BoardPage:
    with year.database.reading() as session:
        return board_page(
            session,
            actor=year.actor(cast),
            campaign_id=year.campaign_id,
            view=view or BoardView(),
            today=TODAY,
        )


def row(page: BoardPage, place: Place) -> BoardRow:
    return next(one for one in page.rows if one.unit_id == place.id)


def kept(year: Year, place: Place) -> Mapping[str, SectionSummary]:
    with year.database.reading() as session:
        rows = session.scalars(
            select(SectionSummary).where(SectionSummary.revision_id == year.sheet(place).revision_id)
        )
        return {one.section: one for one in rows}


def reference(year: Year, place: Place, measure: Measure) -> Mapping[str, tuple[int, int, str]]:
    """Add up each section of a sheet from its answers, as slowly as it can be done."""
    with year.database.reading() as session:
        sheet = year.sheet(place)
        content = content_of_sheet(session, sheet=sheet)
    levels = content.self_levels() if measure is Measure.SELF else content.reviewed_levels()
    found = {}
    for section in sheet.edition.sections:
        items = [item for item in section.items if item.id in content.applicable_ids]
        outcome = score(items, answers=levels, edition=sheet.edition)
        missed = " ".join(
            sheet.edition.items[line.item_id].key for line in outcome.lines if line.points < line.full
        )
        found[section.slug] = (outcome.earned, outcome.possible, missed)
    return found


# --------------------------------------------------------------------------------- the figures that are kept


@pytest.mark.parametrize(
    "state",
    [
        State.AWAITING_HEAD,
        State.SUBMITTED,
        State.UNDER_REVIEW,
        State.RETURNED,
        State.AWAITING_REAPPROVAL,
        State.REVIEWED,
        State.SIGNED_OFF,
    ],
)
def test_the_sections_are_what_the_answers_add_up_to(year: Year, state: State) -> None:
    year.bring(AFFAIRS, to=state)
    found = {
        slug: (one.self_earned, one.self_possible, one.missed) for slug, one in kept(year, AFFAIRS).items()
    }
    assert found == reference(year, AFFAIRS, Measure.SELF)
    page = board(year)
    shown = row(page, AFFAIRS)
    earned, possible = sum(own for own, _, _ in found.values()), sum(of for _, of, _ in found.values())
    assert shown.share == Fraction(earned, possible)
    assert {slug: cell.text for slug, cell in shown.cells.items()} == {
        slug: str(100 * own // of) if 100 * own // of >= 60 else f"!{100 * own // of}"
        for slug, (own, of, _) in found.items()
    }


def test_judged_sections_are_what_the_review_leaves(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.judge(AFFAIRS, judgements={"D01": Judgement.CHANGED})
    found = {
        slug: (one.reviewed_earned, one.reviewed_possible, one.reviewed_missed)
        for slug, one in kept(year, AFFAIRS).items()
    }
    assert found == reference(year, AFFAIRS, Measure.REVIEWED)
    assert found != reference(year, AFFAIRS, Measure.SELF)
    assert row(board(year, REVIEWED), AFFAIRS).share is None, "a review in the making is no figure"
    year.finish_review(AFFAIRS)
    shown = row(board(year, REVIEWED), AFFAIRS)
    assert shown.share == Fraction(sum(one[0] or 0 for one in found.values()), 18)


def test_saving_an_answer_writes_no_figures(year: Year) -> None:
    year.answer(AFFAIRS)
    assert kept(year, AFFAIRS) == {}


def test_a_cancelled_return_puts_the_figures_back(year: Year) -> None:
    year.bring(AFFAIRS, to=State.RETURNED)
    before = reference(year, AFFAIRS, Measure.SELF)
    year.answer(AFFAIRS, levels={"D02": "implemented", "D08": "implemented"}, comment="直した。")
    year.hand_over(AFFAIRS)
    assert kept(year, AFFAIRS)["assets"].missed == ""
    with year.database.transaction() as session:
        cancel_return(
            session,
            actor=year.actor(TANAKA),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="承認が間に合わないため",
            seen_version=year.sheet(AFFAIRS).version,
            now=year.now,
        )
    found = {
        slug: (one.self_earned, one.self_possible, one.missed) for slug, one in kept(year, AFFAIRS).items()
    }
    assert found == before


def test_a_reopened_sheet_starts_without_figures_and_the_sealed_one_keeps_its_own(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    sealed, before = year.sheet(AFFAIRS).revision_id, kept(year, AFFAIRS)
    inspection_id = year.sheets[AFFAIRS.code]
    with year.database.transaction() as session:
        request_reopening(
            session, actor=year.actor(TANAKA), inspection_id=inspection_id, reason="控え", now=year.now
        )
        confirm_reopening(session, actor=year.actor(KIMURA), inspection_id=inspection_id, now=year.now)
    assert kept(year, AFFAIRS) == {}
    assert row(board(year), AFFAIRS).share is None
    with year.database.reading() as session:
        rows = session.scalars(select(SectionSummary).where(SectionSummary.revision_id == sealed)).all()
        assert {one.section for one in rows} == set(before)


# --------------------------------------------------------------------------------------------- the board


def test_an_empty_campaign_says_what_will_come(app: Flask, year: Year, clock: StandingClock) -> None:
    page = board(year)
    assert (page.mean, page.change, page.missed, page.support, page.scored) == (None, None, (), (), 0)
    text = browser(app, KIMURA, year=year, clock=clock).get(f"/campaigns/{year.campaign_id}/board").text
    assert "まだ平均を出せません" in text
    assert text.count("未提出") >= len(page.rows)


def test_means_misses_and_support_come_from_the_sheets(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.answer(COUNTER)
    year.hand_over(COUNTER)
    page = board(year)
    shares = [row(page, place).share for place in (AFFAIRS, COUNTER)]
    assert shares[1] == 1
    assert page.mean == sum(share for share in shares if share is not None) / 2
    sections = {section.slug: section for section in page.sections}
    both = [reference(year, place, Measure.SELF)["assets"] for place in (AFFAIRS, COUNTER)]
    assert sections["assets"].now == sum(Fraction(own, of) for own, of, _ in both) / 2
    assert [(one.item.key, [each.unit_id for each in one.rows]) for one in page.missed] == [
        ("D02", [AFFAIRS.id]),
        ("D08", [AFFAIRS.id]),
    ]
    assert [one.unit_id for one in page.support] == [AFFAIRS.id]
    assert page.support[0].needs == (Need.BELOW_TARGET,)


def test_what_was_not_handed_in_has_no_figures(year: Year) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    assert row(board(year), AFFAIRS).share is not None
    assert row(board(year), BRANCH).share is None
    with year.database.transaction() as session:
        withdraw(session, actor=year.actor(SATO), inspection_id=year.sheets[AFFAIRS.code], now=year.now)
    assert row(board(year), AFFAIRS).share is None


def test_a_silent_unit_stays_without_figures(year: Year) -> None:
    year.answer(COUNTER, levels={"D02": "partial"})
    year.now += timedelta(days=30)
    with year.database.transaction() as session:
        close_unsubmitted(
            session,
            actor=year.actor(KIMURA),
            inspection_id=year.sheets[COUNTER.code],
            reason="督促に応答がないため",
            now=year.now,
        )
    assert kept(year, COUNTER)["organisation"].missed == "D02"
    page = board(year)
    assert row(page, COUNTER).share is None
    assert page.missed == ()


def test_the_order_can_be_chosen(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.answer(COUNTER)
    year.hand_over(COUNTER)
    weak = [one.unit_id for one in board(year).rows]
    assert weak[:2] == [AFFAIRS.id, COUNTER.id]
    units = [one.place for one in board(year, BoardView(order=Order.UNITS)).rows]
    assert units == sorted(units)
    client = browser(app, KIMURA, year=year, clock=clock)
    for query in ("?order=units", "?order=dropped&score=reviewed", "?order=no-such&score=no-such"):
        assert client.get(f"/campaigns/{year.campaign_id}/board{query}").status_code == 200


def test_a_sheet_from_before_the_figures_were_kept_says_so(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    with year.database.transaction() as session:
        session.execute(delete(SectionSummary))
    page = board(year)
    assert (row(page, AFFAIRS).cells, page.without_sections) == ({}, 1)
    assert row(page, AFFAIRS).share is not None
    text = browser(app, KIMURA, year=year, clock=clock).get(f"/campaigns/{year.campaign_id}/board").text
    assert "分野ごとの集計を始める前に提出された" in text


def test_self_and_review_stand_side_by_side(year: Year) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.judge(AFFAIRS, judgements={"D07": Judgement.CHANGED})
    assert board(year).rated == 0
    year.finish_review(AFFAIRS)
    page = board(year)
    (line,) = page.ratings
    assert (line.row.unit_id, line.own > line.reviewed, line.points < 0) == (AFFAIRS.id, True, True)


# ------------------------------------------------------------------------------------- the year before


LINEAGE: Final = {
    "D01": "{kind: same, of: D01}",
    "D02": "{kind: reworded, of: D02, comparable: true, note: 言い換えた}",
    "D03": "{kind: same, of: D03}",
    "D07": "{kind: same, of: D07}",
    "D09": "{kind: reworded, of: D09, comparable: false, note: 別の意味になった}",
    "D10": "{kind: new}",
}


def newer_yaml() -> bytes:
    """Return the next edition: D07 weighs less, D08 is retired, D09 is another question, D10 is new."""
    head, *items = small_yaml("2027.1").decode().replace("D08", "D10").split("      - key: ")
    made = [item.replace("{kind: new}", LINEAGE[item[:3]]) for item in items]
    made = [item.replace("weight: 3", "weight: 1") if item.startswith("D07") else item for item in made]
    text = "      - key: ".join([head, *made])
    return text.replace("retired: []", "retired: [{key: D08, note: ほかの項目に含めた}]").encode()


@pytest.fixture
def second(year: Year) -> Year:
    """The year after, on a newer edition: 総務課 was signed off, 市民課 was silent."""
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    later = year_after(year, data=newer_yaml())
    later.answer(AFFAIRS, levels={"D02": "implemented", "D10": "partial"})
    later.hand_over(AFFAIRS)
    return later


def test_a_difference_splits_into_work_and_ruler_as_the_answers_say(second: Year) -> None:
    page = board(second)
    change = row(page, AFFAIRS).change
    assert change is not None
    with second.database.reading() as session:
        sheet = second.sheet(AFFAIRS)
        content = content_of_sheet(session, sheet=sheet)
        earlier = earlier_lines(session, sheets=[sheet]).get(sheet.revision_id)
    assert earlier is not None
    slow = explained(
        before=earlier.lines[Measure.SELF],
        now=lines_of(sheet.edition, applicable=content.applicable_ids, levels=content.self_levels()),
        pairing=earlier.pairing,
    )
    assert slow is not None
    assert (change.before, change.now, change.work, change.ruler) == (
        slow.before,
        slow.now,
        slow.work,
        slow.ruler,
    )
    assert change.work + change.ruler_total == change.difference
    assert change.work > 0
    assert set(change.ruler) == {Cause.NEW, Cause.RETIRED, Cause.WEIGHT, Cause.WORDING}
    assert page.change is not None
    assert (page.compared, page.change.work) == (1, change.work)


def test_units_without_last_year_are_left_out_of_the_comparison(second: Year) -> None:
    second.answer(COUNTER)
    second.hand_over(COUNTER)
    page = board(second)
    assert row(page, COUNTER).share == 1
    assert (row(page, COUNTER).change, row(page, COUNTER).points_changed) == (None, None)
    assert page.compared == 1


def test_last_years_sections_stand_beside_this_years(second: Year) -> None:
    found = {section.slug: section.last for section in board(second).sections}
    assert found == {"organisation": Fraction(5, 6), "assets": Fraction(5, 6)}


def read_points(words: str) -> Fraction:
    return Fraction(words.replace("−", "-").replace("±", ""))


def test_the_difference_opens_to_sections_units_and_items(
    app: Flask, second: Year, clock: StandingClock
) -> None:
    with second.database.reading() as session:
        page = difference_page(
            session,
            actor=second.actor(KIMURA),
            campaign_id=second.campaign_id,
            view=BoardView(),
            today=TODAY,
        )
    assert [line.row and line.row.unit_id for line in page.units] == [AFFAIRS.id]
    assert {line.name for line in page.sections} == {"1　体制", "2　情報資産"}
    for line in (*page.sections, *page.units):
        assert line.change.work + line.change.ruler_total == line.change.difference
    client = browser(app, KIMURA, year=second, clock=clock)
    path = f"/inspections/{second.sheets[AFFAIRS.code]}"
    for address in (f"/campaigns/{second.campaign_id}/board/change", f"{path}/score", f"{path}/approval"):
        text = client.get(address).text
        assert "取組による差" in text, address
        assert "新しい項目" in text, address
        total, work, ruler = (read_points(one) for one in re.findall(r"<dd><b>(\S+)</b> 点</dd>", text))
        assert total == work + ruler, address
        ((first, last),) = re.findall(r"([\d.]+)点 → 今回 <b>([\d.]+)点", text)
        assert total == read_points(last) - read_points(first), address
    assert "令和8年度" in client.get(f"{path}/score").text


def test_the_head_reads_the_difference_of_the_own_score(
    app: Flask, second: Year, clock: StandingClock
) -> None:
    client = browser(app, SUZUKI, year=second, clock=clock)
    text = client.get(f"/inspections/{second.sheets[AFFAIRS.code]}/approval").text
    assert "点検票の変更による差" in text
    assert "廃止した項目" in text


def test_the_head_reads_one_score_of_the_year_before(app: Flask, second: Year, clock: StandingClock) -> None:
    """On top, in the block of the difference, and for each section: last year's own score, as it was sealed."""
    sheet = second.sheets[AFFAIRS.code]
    text = browser(app, SUZUKI, year=second, clock=clock).get(f"/inspections/{sheet}/approval").text
    (on_top,) = re.findall(r"評価　前回 ([\d.]+)点</p>", text)
    (in_the_block,) = re.findall(r"([\d.]+)点 → 今回", text)
    with second.database.reading() as session:
        page = head_page(session, actor=second.actor(SUZUKI), inspection_id=sheet, today=TODAY)
        before = session.get(Revision, second.sheet(AFFAIRS).previous_revision_id)
        assert before is not None
        assert before.self_earned is not None
        assert before.self_possible is not None
        own = Fraction(before.self_earned, before.self_possible)
    assert on_top == in_the_block == percent(own)
    assert page.difference is not None
    assert {one.section.slug: one.before for one in page.sections if one.before is not None} == {
        section.slug: change.before for section, change in page.difference.sections
    }


def test_a_reviewed_score_is_compared_once_its_review_has_ended(second: Year) -> None:
    second.approve(AFFAIRS)
    second.judge(AFFAIRS)
    assert row(board(second, REVIEWED), AFFAIRS).change is None
    assert {section.last for section in board(second, REVIEWED).sections} == {None}
    assert _measures(second) == {Measure.SELF}
    second.finish_review(AFFAIRS)
    assert _measures(second) == {Measure.SELF, Measure.REVIEWED}
    assert {section.last for section in board(second, REVIEWED).sections} == {Fraction(5, 6)}
    change = row(board(second, REVIEWED), AFFAIRS).change
    assert change is not None
    assert change.difference == change.work + change.ruler_total


def _measures(year: Year) -> set[str]:
    with year.database.reading() as session:
        return set(session.scalars(select(ScoreChangeSummary.measure)))


def test_the_database_keeps_the_parts_adding_up(second: Year) -> None:
    with second.database.reading() as session:
        rows = session.scalars(select(ScoreChangeSummary)).all()
    assert {one.section for one in rows} == {"", "organisation", "assets"}
    for one in rows:
        parts = one.new_items + one.retired + one.weight + one.applicability + one.wording + one.moved
        assert one.share_now - one.share_before == one.work + parts


def test_figures_kept_for_many_are_those_kept_for_each(second: Year) -> None:
    """Acts on many sheets keep them together: one with a year before, one without, each with its own."""
    second.answer(COUNTER)
    second.hand_over(COUNTER)
    tables = [SectionSummary.__table__, ScoreChangeSummary.__table__]
    with second.database.transaction() as session:
        single = [sorted(map(tuple, session.execute(select(table)))) for table in tables]
        sheets = [second.sheet(AFFAIRS), second.sheet(COUNTER)]
        keep_summaries(
            session,
            [
                Summed(sheet=one, content=content_of_sheet(session, sheet=one), state=one.state)
                for one in sheets
            ],
        )
        assert [sorted(map(tuple, session.execute(select(table)))) for table in tables] == single
    assert {row[0] for row in single[0]} >= {one.revision_id for one in sheets}
    assert single[1]


# ------------------------------------------------------------------------------------------ who sees what


@pytest.mark.parametrize("page", ["", "/items", "/change"])
@pytest.mark.parametrize("cast", [SATO, SUZUKI, NAKAMURA])
def test_offices_and_administrators_do_not_see_the_board(
    app: Flask, year: Year, clock: StandingClock, cast: Cast, page: str
) -> None:
    client = browser(app, cast, year=year, clock=clock)
    assert client.get(f"/campaigns/{year.campaign_id}/board{page}").status_code == 403
    with year.database.reading() as session, pytest.raises(NotAllowed):
        board_page(
            session,
            actor=year.actor(cast),
            campaign_id=year.campaign_id,
            view=BoardView(),
            today=TODAY,
        )


@pytest.mark.parametrize("cast", [TANAKA, KIMURA, ITO, WATANABE])
def test_lead_division_audit_and_committee_see_it(
    app: Flask, year: Year, clock: StandingClock, cast: Cast
) -> None:
    client = browser(app, cast, year=year, clock=clock)
    city = client.get(f"/campaigns/{year.campaign_id}/board")
    assert city.status_code == 200
    workbook = f"/campaigns/{year.campaign_id}/results.xlsx"
    assert f'href="{workbook}"' in city.text
    assert client.get(workbook).status_code == 200


def test_a_unit_sees_itself_and_no_other(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.answer(COUNTER)
    year.hand_over(COUNTER)
    address = f"/campaigns/{year.campaign_id}/board/units/{AFFAIRS.id}"
    text = browser(app, SATO, year=year, clock=clock).get(address).text
    assert "総務課と全庁の比較" in text
    assert "市民課" not in text
    assert "中央値" not in text
    assert "5件以上そろうと出ます" in text, "the mean of two would tell the other's score"
    lead = browser(app, TANAKA, year=year, clock=clock).get(address).text
    assert "中央値" in lead
    assert browser(app, TAKAHASHI, year=year, clock=clock).get(address).status_code == 404
    with year.database.reading() as session, pytest.raises(NotFound):
        unit_board_page(
            session,
            actor=year.actor(TAKAHASHI),
            campaign_id=year.campaign_id,
            unit_id=AFFAIRS.id,
            measure=Measure.SELF,
            today=TODAY,
        )


def test_a_unit_without_a_sheet_in_the_campaign_is_not_found(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    client = browser(app, TANAKA, year=year, clock=clock)
    assert client.get(f"/campaigns/{year.campaign_id}/board/units/{GENERAL.id}").status_code == 404


def test_who_follows_the_city_reads_about_the_own_unit_as_its_people_do(year: Year) -> None:
    year.bring(LEAD, to=State.SUBMITTED)
    year.bring(AFFAIRS, to=State.SUBMITTED)
    with year.database.reading() as session:
        own, other = (
            unit_board_page(
                session,
                actor=year.actor(KIMURA),
                campaign_id=year.campaign_id,
                unit_id=place.id,
                measure=Measure.SELF,
                today=TODAY,
            )
            for place in (LEAD, AFFAIRS)
        )
    assert (own.whole_city, own.sheets[0].whole.median) == (False, None)
    assert other.whole_city
    assert other.sheets[0].whole.median is not None
    assert [one.unit_id for one in other.sheets[0].similar] == [LEAD.id]


def test_links_lead_to_the_board(app: Flask, year: Year, clock: StandingClock) -> None:
    client = browser(app, TANAKA, year=year, clock=clock)
    address = f'href="/campaigns/{year.campaign_id}/board"'
    for page in ("/", "/campaigns", f"/campaigns/{year.campaign_id}"):
        assert address in client.get(page).text, page


# ------------------------------------------------------------------------------------- what can be done next


def actions(client: FlaskClient, year: Year) -> dict[str, tuple[int, str, str]]:
    """Return the next actions of the board: how much there is, what else is said of it, and what it leads to."""
    text = client.get(f"/campaigns/{year.campaign_id}/board").text
    found = re.findall(
        r'figures__action"><b>(\d+)</b><p>(.*?)<br>\s*(.*?)</p>(?:<a [^>]*href="([^"]*)">([^<]*)</a>)?',
        text,
        re.DOTALL,
    )
    return {
        about: (int(count), f"{more.strip()}／{label}", href) for count, about, more, href, label in found
    }


def figure(client: FlaskClient, address: str, words: str) -> int:
    """Return the number that a page gives after some words."""
    match = re.search(rf"{words}\s*(?:<b>)?(\d+)", client.get(address.replace("&amp;", "&")).text)
    assert match, (address, words)
    return int(match[1])


def test_each_next_action_opens_as_much_as_it_names(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.answer(COUNTER, levels={"D01": "not_implemented"})
    year.hand_over(COUNTER)
    year.approve(COUNTER)
    client = browser(app, TANAKA, year=year, clock=clock)
    found = actions(client, year)
    waiting, about_waiting, queue = found["審査を待っている点検票"]
    clear, _, lane = found["印がなく「問題なし」の点検票"]
    left, about_left, reminders = found["まだ所属にある点検票"]
    assert (waiting, left) == (2, 2)
    assert about_waiting.endswith("／審査を始める")
    assert about_left == "催促はまだありません／催促を送る"
    assert figure(client, queue, "判断を待つ所属") == waiting
    assert figure(client, queue, "問題なし") == clear
    assert figure(client, reminders, "まだ所属にある点検票") == left
    if clear:
        assert client.get(lane).status_code == 200


def test_who_does_not_follow_the_city_gets_no_next_actions(year: Year) -> None:
    page = board(year)
    with year.database.reading() as session, pytest.raises(NotAllowed):
        next_actions(session, actor=year.actor(SATO), page=page, ports=Ports())


def test_every_state_in_which_a_unit_has_its_sheet_is_counted_as_with_units(database: Database) -> None:
    desk = desk_of(database, count=7)
    at_units = (State.ANSWERING, State.AWAITING_HEAD, State.RETURNED, State.AWAITING_REAPPROVAL)
    with database.transaction() as session:
        # The first one stays with the lead division; of the two that are being answered one is not begun.
        for inspection_id, state in zip(
            desk.sheets[1:], (*at_units, State.ANSWERING, State.REVIEWED), strict=True
        ):
            revision_id = desk.sheet(inspection_id).revision_id
            session.execute(update(Revision).where(Revision.id == revision_id).values(state=state.value))
        untouched = desk.sheet(desk.sheets[1]).revision_id
        session.execute(update(Revision).where(Revision.id == untouched).values(answered=0))
    kimura = desk.actor(KIMURA)
    with database.reading() as session:
        page = board_page(session, actor=kimura, campaign_id=desk.campaign_id, view=BoardView(), today=TODAY)
        found = next_actions(session, actor=kimura, page=page, ports=Ports())
    assert found is not None
    assert {row.standing for row in page.rows} == {
        *(state.value for state in at_units),
        "not_started",
        State.SUBMITTED.value,
        State.REVIEWED.value,
    }
    assert (found.with_units, found.waiting) == (5, 1)


def test_what_the_desk_was_told_is_no_reminder_of_the_departments(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    with year.database.transaction() as session:
        session.add_all(
            Notice(
                id=new_id(),
                person_id=KIMURA.id,
                kind=kind,
                subject_id=year.campaign_id,
                context_id=year.campaign_id,
                occasion=kind,
                created_at=year.now,
            )
            for kind in ("reminder.review-late", "reminder.late-list", "reminder.locked-list")
        )
    found = actions(browser(app, TANAKA, year=year, clock=clock), year)
    assert "最後の催促" not in found["まだ所属にある点検票"][1]


def test_the_desk_goes_on_within_the_campaign(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    year.bring(COUNTER, to=State.SUBMITTED)
    desk_of(year.database, count=3, edition_id=year.edition_id, now=year.now)
    client = browser(app, TANAKA, year=year, clock=clock)
    page = client.get(f"/inspections/{year.sheets[AFFAIRS.code]}/review").text
    assert COUNTER.name in page
    assert "第1試験課" not in page


def test_a_second_campaign_is_not_in_what_the_first_ones_board_opens(
    app: Flask, database: Database, year: Year, clock: StandingClock
) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    desk = desk_of(database, count=3, edition_id=year.edition_id, now=year.now)
    client = browser(app, TANAKA, year=year, clock=clock)
    waiting, _, queue = actions(client, year)["審査を待っている点検票"]
    assert waiting == 1
    assert figure(client, queue, "判断を待つ所属") == 1
    assert "第1試験課" not in client.get(queue).text
    assert figure(client, "/reviews", "判断を待つ所属") == 1 + len(desk.sheets)


def test_the_board_names_the_last_reminder(app: Flask, year: Year, clock: StandingClock) -> None:
    with year.database.transaction() as session:
        remind_by_hand(
            session,
            actor=year.actor(TANAKA),
            campaign_id=year.campaign_id,
            inspection_ids=frozenset({year.sheets[AFFAIRS.code]}),
            now=year.now,
        )
    found = actions(browser(app, TANAKA, year=year, clock=clock), year)
    assert found["まだ所属にある点検票"][1].startswith("最後の催促 11月20日(金)")


def test_who_only_looks_is_not_asked_to_act(app: Flask, year: Year, clock: StandingClock) -> None:
    year.bring(AFFAIRS, to=State.SUBMITTED)
    found = actions(browser(app, ITO, year=year, clock=clock), year)
    assert found["審査を待っている点検票"][1].endswith("／審査の一覧を見る")
    assert found["まだ所属にある点検票"][1].endswith("／催促の状況を見る")


def test_a_closed_campaign_has_no_next_actions(app: Flask, year: Year, clock: StandingClock) -> None:
    with year.database.transaction() as session:
        session.execute(update(Campaign).values(state=CampaignState.CLOSED.value))
    assert actions(browser(app, TANAKA, year=year, clock=clock), year) == {}


# ------------------------------------------------------------------------------------- how much is asked

PAGES: Final = {
    "": 7,
    "?score=reviewed&order=dropped": 7,
    "/items": 5,
    "/change": 6,
    "/units/{unit}": 5,
}
"""Each page with its own statements: what the frame of every page asks, today's units among it, is measured and taken off."""


@pytest.mark.parametrize("count", [5, 50])
def test_a_page_asks_the_same_for_any_number_of_sheets(
    app: Flask, database: Database, clock: StandingClock, count: int
) -> None:
    places = tuple(
        Place(f"5{number:03}", f"試験{number:03}課", "しけんか", "division", "2000")
        for number in range(count)
    )
    with database.transaction() as session:
        session.add_all(Unit(id=place.id, code=place.code, created_at=STORY) for place in places)
        session.flush()
        session.add_all(_version(place, number=number) for number, place in enumerate(places))
    year = running_year(database, places=places)
    _give_figures(year)
    client = browser(app, KIMURA, year=year, clock=clock)

    def asked(address: str) -> int:
        client.get(address)
        with statements() as heard:
            assert client.get(address).status_code in {200, 404}
        return len(heard)

    frame = asked("/a-page-that-does-not-exist")
    base = f"/campaigns/{year.campaign_id}/board"
    assert client.get(base).text.count('<td class="cell risk-1"') == count
    own = {page: asked(base + page.format(unit=places[0].id)) - frame for page in PAGES}
    assert own == PAGES


def _version(place: Place, *, number: int) -> UnitVersion:
    return UnitVersion(
        unit_id=place.id,
        name=place.name,
        kana=place.kana,
        kind=place.kind,
        policy_owner=place.owner,
        parent_id=GENERAL.id,
        sort_order=100 + number,
        valid_from=FIRST_DAY,
    )


def _give_figures(year: Year) -> None:
    """Hand every sheet in with figures, without walking the commands for each."""
    with year.database.transaction() as session:
        handed_in = {
            "state": State.SUBMITTED.value,
            "self_earned": 8,
            "self_possible": 10,
            "self_grade": "B",
        }
        session.execute(update(Revision).values(handed_in))
        for revision_id in session.scalars(select(Revision.id)).all():
            session.add(
                SectionSummary(
                    revision_id=revision_id,
                    section="assets",
                    number=2,
                    applicable=3,
                    answered=3,
                    unknown=0,
                    mandatory_missed=0,
                    self_earned=8,
                    self_possible=10,
                    missed="D08",
                )
            )
