"""Acts on many sheets: the sample before, the list, one journal row an item, what is left out, the undoing, and how much is asked."""

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from app.db.session import Database
from app.inspections.commands import review_bulk
from app.inspections.commands.campaign import CampaignDraft, prepare_campaign
from app.inspections.commands.review import JudgementDraft, clear_judgement, judge_items
from app.inspections.commands.review_bulk import (
    BulkOutcome,
    ItemVerdict,
    accept_lane,
    draw_sample,
    judge_item,
)
from app.inspections.commands.review_claims import open_for_review, release, take_over
from app.inspections.commands.review_undo import UndoOutcome, finish_batch, undo_batch
from app.inspections.commands.sign_off import sign_off
from app.inspections.models import (
    ItemReview,
    ItemReviewHistory,
    ReviewClaim,
    ReviewSampleSheet,
    ReviewScreening,
    Revision,
    SectionSummary,
    SheetStepRow,
)
from app.inspections.queries.review_across import AcrossFilter, Only, across_page
from app.inspections.queries.review_batches import batch_page, lane_page
from app.inspections.queries.review_queue import review_queue
from app.inspections.queries.sheet import content_of_sheet, find_sheet
from app.inspections.rules import CampaignKind, Judgement, State
from app.inspections.rules.flags import FLAG_RULES_VERSION, Lane
from app.inspections.rules.sampling import drawn, sample_size
from app.journal.models import JournalEntry
from app.journal.queries import verify_subject
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow
from app.kernel.ids import InspectionId
from tests.factories.desk import Desk, desk_of
from tests.factories.inspections import DATES
from tests.people import AFFAIRS, HAYASHI, ITO, KIMURA, SATO, TANAKA, Cast
from tests.statements import statements

WEAK: Final = {"D08": "not_implemented"}


@pytest.fixture
def desk(database: Database) -> Desk:
    """Six sheets without a flag."""
    return desk_of(database, count=6)


def sampled(desk: Desk, *, by: Cast = TANAKA) -> UUID:
    """Draw a sample and open what was drawn."""
    actor = desk.actor(by)
    with desk.database.transaction() as session:
        sample_id = draw_sample(session, actor=actor, campaign_id=desk.campaign_id, now=desk.now)
    open_drawn(desk, sample_id, by=by)
    return sample_id


def open_drawn(desk: Desk, sample_id: UUID, *, by: Cast = TANAKA) -> None:
    with desk.database.reading() as session:
        wanted = set(
            session.scalars(
                select(Revision.inspection_id)
                .join(ReviewSampleSheet, ReviewSampleSheet.revision_id == Revision.id)
                .where(ReviewSampleSheet.sample_id == sample_id, ReviewSampleSheet.drawn.is_(True))
            )
        )
    for inspection_id in wanted:
        with desk.database.transaction() as session:
            open_for_review(
                session, actor=desk.actor(by), inspection_id=InspectionId(inspection_id), now=desk.now
            )


def accepted(desk: Desk, *, by: Cast = TANAKA, ids: Sequence[InspectionId] | None = None) -> BulkOutcome:
    """Accept sheets together after their sample."""
    sample_id, listed = sampled(desk, by=by), desk.listed(ids)
    with desk.database.transaction() as session:
        return accept_lane(session, actor=desk.actor(by), sample_id=sample_id, listed=listed, now=desk.now)


def undone(desk: Desk, batch_id: UUID, *, by: Cast = TANAKA) -> UndoOutcome:
    with desk.database.transaction() as session:
        return undo_batch(session, actor=desk.actor(by), batch_id=batch_id, now=desk.now)


def opened_by(desk: Desk, inspection_id: InspectionId, cast: Cast) -> None:
    with desk.database.transaction() as session:
        open_for_review(session, actor=desk.actor(cast), inspection_id=inspection_id, now=desk.now)


def judged_single(
    desk: Desk, inspection_id: InspectionId, *, keys: Sequence[str] = (), by: Cast = TANAKA
) -> None:
    """Accept items of one sheet one after the other, all of them by default."""
    actor = desk.actor(by)
    with desk.database.transaction() as session:
        sheet = find_sheet(session, actor=actor, inspection_id=inspection_id)
        content = content_of_sheet(session, sheet=sheet)
        drafts = [
            JudgementDraft(
                item_id=item.id,
                judgement=Judgement.ACCEPTED,
                reviewed_level=None,
                remark="",
                return_due=None,
                seen_answer_version=content.answers[item.id].version,
                seen_version=0,
            )
            for item in content.items
            if not keys or item.key in keys
        ]
        judge_items(session, actor=actor, inspection_id=inspection_id, drafts=drafts, now=desk.now)


_of_section: Final = [column for column in SectionSummary.__table__.columns if column.name != "revision_id"]


def snapshot(desk: Desk, inspection_id: InspectionId) -> dict[str, Any]:
    """Return what a judgement leaves of a sheet, without ids that differ by nature."""
    with desk.database.reading() as session:
        sheet = find_sheet(session, actor=desk.actor(KIMURA), inspection_id=inspection_id)
        content = content_of_sheet(session, sheet=sheet)
        row = session.get_one(Revision, sheet.revision_id)
        journal = session.scalars(
            select(JournalEntry.payload)
            .where(JournalEntry.subject_id == str(inspection_id))
            .order_by(JournalEntry.sequence)
        ).all()
        history = session.execute(
            select(
                ItemReviewHistory.item_id,
                ItemReviewHistory.version,
                ItemReviewHistory.judgement,
                ItemReviewHistory.remark,
                ItemReviewHistory.reviewed_by,
                ItemReviewHistory.reviewed_at,
            )
            .where(ItemReviewHistory.revision_id == sheet.revision_id)
            .order_by(ItemReviewHistory.item_id, ItemReviewHistory.version)
        ).all()
        steps = session.scalars(
            select(SheetStepRow.action)
            .where(SheetStepRow.revision_id == sheet.revision_id)
            .order_by(SheetStepRow.sequence)
        ).all()
        sections = session.execute(
            select(*_of_section)
            .where(SectionSummary.revision_id == sheet.revision_id)
            .order_by(SectionSummary.section)
        ).all()
    events = [payload.split('"event":"')[1].split('"')[0] for payload in journal]
    return {
        "state": (row.state, row.state_since, row.version, row.decided),
        "score": (row.reviewed_earned, row.reviewed_possible, row.reviewed_grade),
        "reviews": dict(content.reviews),
        "digest": content.digest,
        "sections": [tuple(one) for one in sections],
        "history": [tuple(one) for one in history],
        "steps": list(steps),
        "events": [event for event in events if event != "inspection.review_opened"],
    }


# ------------------------------------------------------------------------------------------- the sample


@pytest.mark.parametrize(
    ("sheets", "size"), [(1, 1), (2, 2), (3, 3), (29, 3), (30, 3), (31, 4), (72, 8), (120, 12)]
)
def test_a_tenth_is_opened_at_least_three(sheets: int, size: int) -> None:
    assert sample_size(sheets) == size


def test_a_seed_draws_the_same_again() -> None:
    ids = [UUID(int=n) for n in range(40)]
    assert drawn(ids, seed="a") == drawn(reversed(ids), seed="a")
    assert len({drawn(ids, seed=str(n)) for n in range(20)}) > 1


def test_nothing_is_accepted_before_the_sample_is_opened(desk: Desk) -> None:
    actor = desk.actor(TANAKA)
    with desk.database.transaction() as session:
        sample_id = draw_sample(session, actor=actor, campaign_id=desk.campaign_id, now=desk.now)
    with desk.database.reading() as session:
        page = lane_page(session, actor=actor, campaign_id=desk.campaign_id, now=desk.now)
    assert (page.to_open, len(page.drawn), len(page.listed), page.items) == (3, 3, 6, 30)
    with desk.database.transaction() as session, pytest.raises(NotNow, match="見本のうち3所属"):
        accept_lane(session, actor=actor, sample_id=sample_id, listed=desk.listed(), now=desk.now)
    # What a colleague opens is no sample of the own.
    open_drawn(desk, sample_id, by=HAYASHI)
    with desk.database.transaction() as session, pytest.raises(NotNow, match="見本のうち3所属"):
        accept_lane(session, actor=actor, sample_id=sample_id, listed=desk.listed(), now=desk.now)


def test_a_sample_belongs_to_who_drew_it_and_serves_once(desk: Desk) -> None:
    sample_id = sampled(desk)
    with desk.database.transaction() as session, pytest.raises(NotFound):
        accept_lane(
            session, actor=desk.actor(HAYASHI), sample_id=sample_id, listed=desk.listed(), now=desk.now
        )
    with desk.database.transaction() as session:
        accept_lane(
            session, actor=desk.actor(TANAKA), sample_id=sample_id, listed=desk.listed(), now=desk.now
        )
    with desk.database.transaction() as session, pytest.raises(NotNow, match="もう済んでいます"):
        accept_lane(
            session, actor=desk.actor(TANAKA), sample_id=sample_id, listed=desk.listed(), now=desk.now
        )


def test_a_sample_of_other_rules_is_no_ground_for_the_act(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample_id, listed, actor = sampled(desk), desk.listed(), desk.actor(TANAKA)
    monkeypatch.setattr(review_bulk, "FLAG_RULES_VERSION", FLAG_RULES_VERSION + 1)
    with desk.database.transaction() as session, pytest.raises(NotNow, match="印の規則が改まりました"):
        accept_lane(session, actor=actor, sample_id=sample_id, listed=listed, now=desk.now)
    again = sampled(desk)
    with desk.database.transaction() as session:
        outcome = accept_lane(session, actor=actor, sample_id=again, listed=listed, now=desk.now)
    assert (len(outcome.judged), outcome.refused) == (6, {})


# ------------------------------------------------------------------------------------------- bulk is single


def test_bulk_and_single_acceptance_give_the_same_state(database: Database) -> None:
    desk = desk_of(database, count=4)
    outcome = accepted(desk, ids=desk.sheets[:2])
    for one in desk.sheets[2:]:
        judged_single(desk, one)
    found = [snapshot(desk, one) for one in desk.sheets]
    assert found[0] == found[1] == found[2] == found[3]
    assert found[0]["state"][0] == "under_review"
    assert found[0]["events"].count("item.judged") == 5
    assert (outcome.items, outcome.refused) == (10, {})


def test_only_what_was_not_judged_is_accepted(desk: Desk) -> None:
    judged_single(desk, desk.sheets[0], keys=["D01"])
    before = snapshot(desk, desk.sheets[0])
    outcome = accepted(desk)
    assert outcome.judged[desk.sheets[0]] == 4
    assert snapshot(desk, desk.sheets[0])["reviews"].items() >= before["reviews"].items()


def test_chains_hold_after_an_act_on_many(desk: Desk) -> None:
    outcome = accepted(desk)
    undone(desk, outcome.batch_id)
    with desk.database.reading() as session:
        for one in desk.sheets:
            subject = Subject(type=SubjectType.INSPECTION, id=str(one))
            assert verify_subject(session, subject=subject).faults == ()
        subject = Subject(type=SubjectType.CAMPAIGN, id=str(desk.campaign_id))
        assert verify_subject(session, subject=subject).faults == ()


# ------------------------------------------------------------------------------------------- what is left out


def test_sheets_in_a_colleagues_hand_are_left_out_and_named(desk: Desk) -> None:
    sample_id, listed = sampled(desk), desk.listed()
    with desk.database.reading() as session:
        page = lane_page(session, actor=desk.actor(TANAKA), campaign_id=desk.campaign_id, now=desk.now)
    assert page.sample is not None
    free = next(one for one in page.listed if one.revision_id not in page.sample.opened)
    opened_by(desk, free.id, HAYASHI)
    with desk.database.transaction() as session:
        outcome = accept_lane(
            session, actor=desk.actor(TANAKA), sample_id=sample_id, listed=listed, now=desk.now
        )
    assert set(outcome.refused) == {free.id}
    assert "林さんが審査中です" in outcome.left_out
    assert free.unit_name in outcome.left_out
    assert len(outcome.judged) == 5


def test_sheets_that_changed_since_the_list_are_left_out(desk: Desk) -> None:
    sample_id, listed = sampled(desk), desk.listed()
    judged_single(desk, desk.sheets[0], keys=["D01"])
    with desk.database.transaction() as session:
        outcome = accept_lane(
            session, actor=desk.actor(TANAKA), sample_id=sample_id, listed=listed, now=desk.now
        )
    assert "一覧を開いたあとに変わりました" in outcome.refused[desk.sheets[0]]


def test_a_sheet_that_was_not_there_when_the_sample_was_drawn_is_left_out(desk: Desk) -> None:
    """It lies in the lane, and is what the list shows: but the sample was not drawn from it."""
    late = desk.sheets[0]
    opened_by(desk, late, HAYASHI)
    sample_id = sampled(desk)
    with desk.database.transaction() as session:
        release(session, actor=desk.actor(HAYASHI), inspection_id=late, now=desk.now)
    with desk.database.transaction() as session:
        outcome = accept_lane(
            session, actor=desk.actor(TANAKA), sample_id=sample_id, listed=desk.listed(), now=desk.now
        )
    assert set(outcome.judged) == set(desk.sheets[1:])
    assert "一覧を開いたあとに変わりました" in outcome.refused[late]


def test_a_sheet_that_left_the_lane_after_the_sample_is_left_out(desk: Desk) -> None:
    """The sample was drawn from it, and it is what the list shows: but the rules look at it otherwise now."""
    sample_id, flagged = sampled(desk), desk.sheets[0]
    with desk.database.transaction() as session:
        screening = update(ReviewScreening).where(
            ReviewScreening.revision_id == desk.sheet(flagged).revision_id
        )
        session.execute(screening.values(lane=Lane.CHECK.value))
    with desk.database.transaction() as session:
        outcome = accept_lane(
            session, actor=desk.actor(TANAKA), sample_id=sample_id, listed=desk.listed(), now=desk.now
        )
    assert set(outcome.judged) == set(desk.sheets[1:])
    assert "一覧を開いたあとに変わりました" in outcome.refused[flagged]


def test_flagged_sheets_never_come_into_the_list(database: Database) -> None:
    desk = desk_of(database, count=4, levels={0: {"D01": "partial"}})
    with database.reading() as session:
        page = lane_page(session, actor=desk.actor(TANAKA), campaign_id=desk.campaign_id, now=desk.now)
        queue = review_queue(session, actor=desk.actor(TANAKA), state=None, number=1, now=desk.now)
    assert desk.sheets[0] not in {one.id for one in page.listed}
    assert queue.lanes == {Lane.ALERT: 1, Lane.CHECK: 0, Lane.CLEAR: 3}
    assert queue.lines[0].id == desk.sheets[0]
    outcome = accepted(desk)
    assert set(outcome.refused) == {desk.sheets[0]}


@pytest.mark.parametrize(("cast", "refusal"), [(SATO, NotAllowed), (ITO, NotNow)])
def test_who_does_not_review_draws_nothing(desk: Desk, cast: Cast, refusal: type[Exception]) -> None:
    with desk.database.transaction() as session, pytest.raises(refusal):
        draw_sample(session, actor=desk.actor(cast), campaign_id=desk.campaign_id, now=desk.now)


# ------------------------------------------------------------------------------------------- the way back


def rejudged(desk: Desk, sheet: InspectionId, *, key: str) -> None:
    """Somebody gives an item that was accepted together a remark of its own."""
    draft = JudgementDraft(
        item_id=desk.item_id(key),
        judgement=Judgement.ACCEPTED_WITH_REMARK,
        reviewed_level=None,
        remark="続けてください。",
        return_due=None,
        seen_answer_version=1,
        seen_version=1,
    )
    with desk.database.transaction() as session:
        judge_items(session, actor=desk.actor(TANAKA), inspection_id=sheet, drafts=[draft], now=desk.now)


def test_undoing_takes_back_what_nobody_touched(desk: Desk) -> None:
    outcome = accepted(desk)
    touched = desk.sheets[0]
    rejudged(desk, touched, key="D08")
    back = undone(desk, outcome.batch_id)
    assert back.items == outcome.items - 1
    assert back.touched == {touched: ("2-2",)}
    assert "2-2" in back.left_out
    with desk.database.reading() as session:
        assert session.scalars(select(ItemReview.remark)).all() == ["続けてください。"]
        decided = session.scalars(select(Revision.decided).order_by(Revision.decided)).all()
    assert decided == [0, 0, 0, 0, 0, 1]
    with desk.database.transaction() as session, pytest.raises(NotNow, match="もうありません"):
        undo_batch(session, actor=desk.actor(TANAKA), batch_id=outcome.batch_id, now=desk.now)


def test_undoing_writes_the_figures_of_all_sheets_together(desk: Desk) -> None:
    """Where something was judged anew there are reviewed figures still; the other sheets have none any more."""
    outcome = accepted(desk)
    for sheet in desk.sheets[::2]:
        rejudged(desk, sheet, key="D08")
    with statements() as sent:
        undone(desk, outcome.batch_id)
    assert sum(one.startswith("INSERT INTO section_summary ") for one in sent) == 1
    with desk.database.reading() as session:
        found = session.scalars(select(SectionSummary.reviewed_possible)).all()
    assert None in found
    assert len(set(found)) > 1


def test_undoing_is_the_same_as_taking_back_one_by_one(database: Database) -> None:
    desk = desk_of(database, count=4)
    outcome = accepted(desk, ids=desk.sheets[:2])
    for one in desk.sheets[2:]:
        judged_single(desk, one)
    undone(desk, outcome.batch_id)
    for one in desk.sheets[2:]:
        for item_id in snapshot(desk, one)["reviews"]:
            with database.transaction() as session:
                clear_judgement(
                    session,
                    actor=desk.actor(TANAKA),
                    inspection_id=one,
                    item_id=item_id,
                    seen_version=1,
                    now=desk.now,
                )
    found = [snapshot(desk, one) for one in desk.sheets]
    for after in found:
        after["state"] = (after["state"][0], after["state"][3])  # the versions count the acts
        after["events"] = sorted(after["events"])
    assert found[0] == found[2]
    assert found[0]["reviews"] == {}


def test_what_was_undone_can_be_accepted_again(desk: Desk) -> None:
    undone(desk, accepted(desk).batch_id)
    again = accepted(desk)
    assert again.items == 30
    with desk.database.reading() as session:
        assert session.scalar(select(func.max(ItemReviewHistory.version))) == 2


def test_the_review_ends_for_many_and_is_undone_until_the_sign_off(desk: Desk) -> None:
    outcome = accepted(desk)
    with desk.database.transaction() as session:
        ended = finish_batch(session, actor=desk.actor(TANAKA), batch_id=outcome.batch_id, now=desk.now)
    assert set(ended.judged) == set(desk.sheets)
    assert {desk.sheet(one).state for one in desk.sheets} == {State.REVIEWED}
    with desk.database.reading() as session:
        held = session.scalar(select(func.count()).where(ReviewClaim.ended_at.is_(None)))
        page = batch_page(
            session, actor=desk.actor(TANAKA), batch_id=outcome.batch_id, today=business_date(desk.now)
        )
    assert held == 0
    assert (len(page.undoable), page.complete) == (len(desk.sheets), ())
    signed, *others = desk.sheets
    with desk.database.transaction() as session:
        version = desk.sheet(signed).version
        sign_off(session, actor=desk.actor(KIMURA), inspection_id=signed, seen_version=version, now=desk.now)
    before = snapshot(desk, signed)
    back = undone(desk, outcome.batch_id)
    assert back.refused == {signed: "もう確定しています。"}
    assert snapshot(desk, signed) == before
    assert set(back.cleared) == set(others)
    assert {desk.sheet(one).state for one in others} == {State.UNDER_REVIEW}
    assert [snapshot(desk, one)["reviews"] for one in others] == [{}] * len(others)
    with desk.database.reading() as session:
        steps = session.scalars(
            select(SheetStepRow.action).where(SheetStepRow.action == "retake_review")
        ).all()
        assert len(steps) == len(others)
        subject = Subject(type=SubjectType.INSPECTION, id=str(others[0]))
        assert verify_subject(session, subject=subject).faults == ()


def test_the_end_of_a_review_that_somebody_built_upon_stays(desk: Desk) -> None:
    """Where every judgement was changed after the act, undoing it takes nothing back: neither a judgement nor the end."""
    outcome = accepted(desk, ids=desk.sheets[:1])
    for key in ("D01", "D02", "D07", "D08", "D09"):
        rejudged(desk, desk.sheets[0], key=key)
    with desk.database.transaction() as session:
        finish_batch(session, actor=desk.actor(TANAKA), batch_id=outcome.batch_id, now=desk.now)
    back = undone(desk, outcome.batch_id)
    assert (back.items, len(back.touched[desk.sheets[0]])) == (0, 5)
    assert desk.sheet(desk.sheets[0]).state is State.REVIEWED


# ------------------------------------------------------------------------------------------- one item


def verdict(desk: Desk, judgement: Judgement = Judgement.ACCEPTED_WITH_REMARK, **changes: Any) -> ItemVerdict:  # noqa: ANN401 - fields of the value
    given: dict[str, Any] = {
        "item_id": desk.item_id("D08"),
        "judgement": judgement,
        "remark": "来年度も同じ方法で続けてください。",
        "return_due": None,
    }
    return ItemVerdict(**{**given, **changes})


def across(desk: Desk, given: ItemVerdict, seen: Mapping[InspectionId, int]) -> BulkOutcome:
    with desk.database.transaction() as session:
        return judge_item(
            session,
            actor=desk.actor(TANAKA),
            campaign_id=desk.campaign_id,
            verdict=given,
            seen=seen,
            now=desk.now,
        )


def test_one_remark_for_many_and_its_undoing(desk: Desk) -> None:
    opened_by(desk, desk.sheets[0], HAYASHI)
    judged_single(desk, desk.sheets[1], keys=["D08"])
    outcome = across(desk, verdict(desk), dict.fromkeys(desk.sheets, 1))
    assert set(outcome.judged) == set(desk.sheets[2:])
    assert "林さん" in outcome.refused[desk.sheets[0]]
    assert "もう判断があります" in outcome.refused[desk.sheets[1]]
    with desk.database.reading() as session:
        remarks = session.scalars(select(ItemReview.remark).where(ItemReview.remark != "")).all()
    assert remarks == ["来年度も同じ方法で続けてください。"] * 4
    assert undone(desk, outcome.batch_id).items == 4


def test_an_item_is_judged_within_its_campaign_only(desk: Desk) -> None:
    """The same question stands in another campaign too: an act there judges none of the sheets here."""
    with desk.database.transaction() as session:
        draft = CampaignDraft(
            title="令和8年度 試行",
            kind=CampaignKind.TRIAL,
            fiscal_year=2026,
            edition_id=desk.edition_id,
            dates=DATES,
            notice="",
            unit_ids=frozenset([AFFAIRS.id]),
        )
        other = prepare_campaign(session, actor=desk.actor(TANAKA), draft=draft, now=desk.now)
    with (
        desk.database.transaction() as session,
        pytest.raises(NotNow, match="この点検の点検票ではありません"),
    ):
        judge_item(
            session,
            actor=desk.actor(TANAKA),
            campaign_id=other,
            verdict=verdict(desk),
            seen=dict.fromkeys(desk.sheets, 1),
            now=desk.now,
        )


def test_an_answer_that_changed_meanwhile_is_left_out(desk: Desk) -> None:
    outcome = across(desk, verdict(desk), {desk.sheets[0]: 1, desk.sheets[1]: 7})
    assert "変わりました" in outcome.refused[desk.sheets[1]]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"remark": " "}, "所見・理由を書いてください"),
        ({"judgement": Judgement.ACCEPTED}, "所見があります"),
        ({"judgement": Judgement.CHANGED}, "1所属ずつ"),
        ({"judgement": Judgement.RETURNED}, "きょうより後の日"),
    ],
)
def test_words_that_do_not_fit_are_refused(desk: Desk, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        across(desk, verdict(desk, **changes), {desk.sheets[0]: 1})


def test_the_table_of_one_item_filters_and_counts(database: Database) -> None:
    desk = desk_of(database, count=5, levels={1: WEAK, 3: {"D08": "not_applicable"}}, words="短い。")
    with database.reading() as session:
        page = across_page(
            session,
            actor=desk.actor(TANAKA),
            campaign_id=desk.campaign_id,
            code="D08",
            wanted=AcrossFilter(only=Only.FLAGGED),
            number=1,
            size=50,
            now=desk.now,
        )
    assert (page.everything, page.total, page.open) == (5, 2, 5)
    labels = [[rule.label for rule in row.flags] for row in page.rows]
    assert labels[0] == ["説明が短い"]
    assert "ほかの所属は回答" in labels[1]
    assert [(one.value, one.count) for one in page.levels] == [
        ("implemented", 3),
        ("not_implemented", 1),
        ("not_applicable", 1),
    ]


# ------------------------------------------------------------------------------------------- claims


def test_a_sheet_is_taken_by_opening_it_and_free_after_twenty_minutes(desk: Desk) -> None:
    first = desk.sheets[0]
    opened_by(desk, first, TANAKA)
    with pytest.raises(NotNow, match="田中さんが審査中です"):
        opened_by(desk, first, HAYASHI)
    with pytest.raises(NotNow, match="田中さんが審査中です"):
        judged_single(desk, first, by=HAYASHI)
    desk.now += timedelta(minutes=19)
    opened_by(desk, first, TANAKA)  # an act keeps it in hand
    desk.now += timedelta(minutes=19)
    with pytest.raises(NotNow, match="田中さんが審査中です"):
        opened_by(desk, first, HAYASHI)
    desk.now += timedelta(minutes=1)
    opened_by(desk, first, HAYASHI)
    with pytest.raises(NotNow, match="林さんが審査中です"):
        judged_single(desk, first, by=TANAKA)


def test_a_sheet_that_was_let_go_is_free_at_once(desk: Desk) -> None:
    first = desk.sheets[0]
    opened_by(desk, first, TANAKA)
    with desk.database.transaction() as session:
        release(session, actor=desk.actor(HAYASHI), inspection_id=first, now=desk.now)  # not hers to let go
    with pytest.raises(NotNow):
        opened_by(desk, first, HAYASHI)
    with desk.database.transaction() as session:
        release(session, actor=desk.actor(TANAKA), inspection_id=first, now=desk.now)
    opened_by(desk, first, HAYASHI)


def test_taking_over_needs_a_reason(desk: Desk) -> None:
    first, hayashi = desk.sheets[0], desk.actor(HAYASHI)
    opened_by(desk, first, TANAKA)
    with desk.database.transaction() as session, pytest.raises(InvalidInput, match="理由を書いて"):
        take_over(session, actor=hayashi, inspection_id=first, reason=" ", now=desk.now)
    with desk.database.transaction() as session:
        take_over(session, actor=hayashi, inspection_id=first, reason="田中が急に休んだため", now=desk.now)
    with pytest.raises(NotNow, match="林さんが審査中です"):
        judged_single(desk, first, by=TANAKA)
    with desk.database.reading() as session:
        payloads = session.scalars(select(JournalEntry.payload)).all()
    assert sum("inspection.review_taken_over" in one for one in payloads) == 1
    assert not any("急に休んだ" in one for one in payloads)


def test_opening_judges_nothing(desk: Desk) -> None:
    """Who only looked is still free to sign off."""
    opened_by(desk, desk.sheets[0], KIMURA)
    assert desk.sheet(desk.sheets[0]).state is State.SUBMITTED
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SheetStepRow)) == 0


@pytest.mark.parametrize(("cast", "refusal"), [(ITO, NotAllowed), (SATO, NotFound)])
def test_only_reviewers_take_a_sheet(desk: Desk, cast: Cast, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        opened_by(desk, desk.sheets[0], cast)


# ------------------------------------------------------------------------------------------- at once


def _at_once(works: Sequence[Any]) -> list[Any]:
    """Do works in threads that start together; return what each gave or raised."""
    gate = threading.Barrier(len(works))
    found: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        gate.wait()
        try:
            found[place] = works[place]()
        except NotNow as refusal:
            found[place] = refusal

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_who_open_at_once_do_not_both_get_it(desk: Desk) -> None:
    for one in desk.sheets:
        found = _at_once(
            [lambda cast=cast, one=one: opened_by(desk, one, cast) for cast in (TANAKA, HAYASHI)]
        )
        assert sum(isinstance(outcome, NotNow) for outcome in found) == 1
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).where(ReviewClaim.ended_at.is_(None))) == 6


def test_two_who_accept_at_once_accept_each_item_once(desk: Desk) -> None:
    listed = desk.listed()
    samples = []
    for cast in (TANAKA, HAYASHI):
        samples.append(sampled(desk, by=cast))
        for one in desk.sheets:
            with desk.database.transaction() as session:
                release(session, actor=desk.actor(cast), inspection_id=one, now=desk.now)

    def accept(cast: Cast, sample_id: UUID) -> BulkOutcome:
        with desk.database.transaction() as session:
            return accept_lane(
                session, actor=desk.actor(cast), sample_id=sample_id, listed=listed, now=desk.now
            )

    pairs = list(zip((TANAKA, HAYASHI), samples, strict=True))
    found = _at_once([lambda pair=pair: accept(*pair) for pair in pairs])
    assert sum(isinstance(outcome, NotNow) for outcome in found) == 1
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ItemReviewHistory)) == 30


# ------------------------------------------------------------------------------------------- how much is asked


def test_acts_and_pages_ask_the_same_for_five_and_for_fifty(database: Database) -> None:
    desk = desk_of(database, count=55)
    few, many = desk.sheets[:5], desk.sheets[5:]
    actor, today = desk.actor(TANAKA), business_date(desk.now)
    sample_id = sampled(desk)

    def count(work: Any) -> int:  # noqa: ANN401 - any callable of a session
        with database.transaction() as session, statements() as sent:
            work(session)
        return len(sent)

    def judging(ids: Sequence[InspectionId]) -> int:
        return count(
            lambda session: judge_item(
                session,
                actor=actor,
                campaign_id=desk.campaign_id,
                verdict=verdict(desk),
                seen=dict.fromkeys(ids, 1),
                now=desk.now,
            )
        )

    judging(few[:2])
    small, large = judging(few[2:]), judging(many)
    # One more or less: the names of those who have a sheet in hand, where anybody has.
    assert abs(small - large) <= 1
    assert max(small, large) <= 45
    listed = desk.listed(few)
    made: list[BulkOutcome] = []
    accept = count(
        lambda session: made.append(
            accept_lane(session, actor=actor, sample_id=sample_id, listed=listed, now=desk.now)
        )
    )
    second = sampled(desk)
    all_listed = desk.listed(many)
    accept_all = count(
        lambda session: made.append(
            accept_lane(session, actor=actor, sample_id=second, listed=all_listed, now=desk.now)
        )
    )
    assert abs(accept - accept_all) <= 1
    finished = [
        count(
            lambda session, one=one: finish_batch(session, actor=actor, batch_id=one.batch_id, now=desk.now)
        )
        for one in made
    ]
    assert abs(finished[0] - finished[1]) <= 1

    def page_counts() -> list[int]:
        works = (
            lambda session: lane_page(session, actor=actor, campaign_id=desk.campaign_id, now=desk.now),
            lambda session: batch_page(session, actor=actor, batch_id=made[1].batch_id, today=today),
            lambda session: across_page(
                session,
                actor=actor,
                campaign_id=desk.campaign_id,
                code="D08",
                wanted=AcrossFilter(),
                number=1,
                size=50,
                now=desk.now,
            ),
        )
        return [count(work) for work in works]

    assert max(page_counts()) <= 20
