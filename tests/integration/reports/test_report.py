"""The frozen report of a sealed sheet: what the department promised, what it took over, and what happened."""

from datetime import date, timedelta

from sqlalchemy import select

from app.config import Settings
from app.inspections.commands.answer import AnswerDraft, confirm_profile, record_answers
from app.inspections.commands.sign_off import exclude
from app.inspections.commands.taking_over import confirm_taken_over, take_over
from app.inspections.models import TakenOver
from app.inspections.queries.sealed import sealed_sheet
from app.inspections.rules import State
from app.kernel.ids import ItemId
from app.reports.queries import inspection_report
from app.reports.rules import InspectionReport
from tests.factories.inspections import Year, year_after
from tests.people import AFFAIRS, KIMURA, SATO

DUE = date(2027, 1, 29)


def report_of(year: Year, settings: Settings) -> InspectionReport:
    with year.database.reading() as session:
        found = sealed_sheet(session, actor=year.actor(KIMURA), inspection_id=year.sheets[AFFAIRS.code])
    return inspection_report(found, settings=settings)


def answer(year: Year, key: str, *, level: str, due: date | None) -> None:
    """Answer an item anew, with the date until which the rest is to be done."""
    clerk, item_id = year.actor(SATO), year.item_id(key)
    draft = AnswerDraft(
        item_id=item_id,
        level=level,
        comment="順に直す。",
        action_due=due,
        seen_version=1,
        client_id=f"due-{key}",
    )
    with year.database.transaction() as session:
        record_answers(
            session, actor=clerk, inspection_id=year.sheets[AFFAIRS.code], drafts=[draft], now=year.now
        )


def seal(year: Year) -> None:
    for act in (year.hand_over, year.approve, year.judge, year.finish_review, year.sign_off):
        year.now += timedelta(minutes=10)
        act(AFFAIRS)


def test_the_date_until_which_an_item_is_to_be_done_stands_beside_its_reason(
    year: Year, settings: Settings
) -> None:
    year.answer(AFFAIRS, levels={"D02": "partial", "D08": "not_implemented"})
    answer(year, "D08", level="not_implemented", due=DUE)
    seal(year)
    report = report_of(year, settings)
    dues = {item.key: item.action_due for item in report.items if item.action_due}
    assert [(key, due.day, due.text) for key, due in dues.items()] == [("D08", DUE, "令和9年1月29日(金)")]
    assert report.action_text == "1項目（最初は令和9年1月29日(金)）"
    assert report.taken_over_text.startswith("0件")
    # Everything was saved in one moment: nobody knows how long that took.
    assert report.time_text == "記録なし"


def test_items_taken_over_are_marked_and_counted(year: Year, settings: Settings) -> None:
    year.answer(AFFAIRS, comment="控えがある。")
    seal(year)
    later = year_after(year)
    taken = taken_over(later)
    assert taken
    later.answer(AFFAIRS, levels=dict.fromkeys(later_keys(later) - taken, "partial"), comment="控えがある。")
    seal(later)
    report = report_of(later, settings)
    assert {item.key for item in report.items if item.is_taken_over} == taken
    count, share = len(taken), 100 * len(taken) / len(report.score_lines)
    assert report.taken_over_text == f"{count}件（{share:.1f}%）"


def taken_over(year: Year) -> set[str]:
    """Take over what may be taken over in one section and confirm it; return the keys of those items."""
    clerk, sheet_id, now = year.actor(SATO), year.sheets[AFFAIRS.code], year.now
    with year.database.transaction() as session:
        confirm_profile(session, actor=clerk, inspection_id=sheet_id, flags={}, seen_version=0, now=now)
        take_over(session, actor=clerk, inspection_id=sheet_id, slug="assets", now=now)
        items = [ItemId(one) for one in session.scalars(select(TakenOver.item_id))]
        confirm_taken_over(session, actor=clerk, inspection_id=sheet_id, item_ids=items, now=now)
    return {item.key for item in year.sheet(AFFAIRS).edition.items.values() if item.id in items}


def later_keys(year: Year) -> set[str]:
    return {item.key for item in year.sheet(AFFAIRS).edition.applicable({})}


def test_the_course_holds_steps_returns_and_replies_in_order(year: Year, settings: Settings) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_REAPPROVAL)
    for act in (year.approve, year.judge, year.finish_review, year.sign_off):
        year.now += timedelta(minutes=10)
        act(AFFAIRS)
    course = report_of(year, settings).course
    assert [line.at for line in course] == sorted(line.at for line in course)
    assert course[0].what == "承認を依頼する"
    assert course[-1].what == "確定する"
    assert course[-1].who.endswith("木村 恵")
    returned = [line for line in course if line.what == "項目の差戻し"]
    assert len(returned) == 2
    assert {line.words for line in returned} == {"控えの日付を確かめてください。"}
    assert all(line.due is not None for line in returned)


def test_the_course_of_a_sheet_that_was_never_judged_names_no_reviewer(
    year: Year, settings: Settings
) -> None:
    year.bring(AFFAIRS, to=State.RETURNED)
    with year.database.transaction() as session:
        exclude(
            session,
            actor=year.actor(KIMURA),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="組織が改まったため",
            now=year.now,
        )
    course = report_of(year, settings).course
    assert [line.who for line in course if line.what == "差戻しを送る"] == [""]
    assert course[-1].who.endswith("木村 恵")
    assert not any("田中" in line.who for line in course)
