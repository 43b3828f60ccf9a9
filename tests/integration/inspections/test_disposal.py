"""A trial from its preparation to its disposal, on the pages."""

from secrets import token_urlsafe

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.evidence.commands import add_reference
from app.evidence.models import Evidence
from app.evidence.rules import Description
from app.inspections.commands.campaign import CampaignDraft, prepare_campaign
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.models import Answer, AnswerEvidence, Campaign, Inspection, Revision
from app.inspections.queries.campaigns.targets import previous_of, targets_of
from app.inspections.rules import CampaignKind, State, title_of
from tests.conftest import StandingClock
from tests.factories.inspections import DATES, Year, year_after
from tests.pages import browser
from tests.people import AFFAIRS, COUNTER, ITO, KIMURA, NAKAMURA, OGAWA, SATO, STORY, TAKAHASHI, TANAKA, Cast
from tests.statements import statements

REASON = {"reason": "操作の練習が終わったため。"}


@pytest.fixture
def trial(year: Year) -> Year:
    """A trial in which one office was signed off."""
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    with year.database.transaction() as session:
        session.execute(update(Campaign).values(kind=CampaignKind.TRIAL.value, title="【試行】操作の練習"))
    return year


def page_of(year: Year) -> str:
    return f"/campaigns/{year.campaign_id}/disposal"


def send(client: FlaskClient, address: str, **words: str) -> str:
    """Post from the page as somebody does who looks at it."""
    reply = client.post(address, data={"idempotency_key": token_urlsafe(18), **words})
    assert reply.status_code == 303, reply.text
    return client.get(reply.headers["Location"]).text


def test_a_trial_says_so_wherever_it_is_named(year: Year) -> None:
    assert title_of(CampaignKind.TRIAL, " 操作の練習 ") == "【試行】操作の練習"
    assert title_of(CampaignKind.TRIAL, "【試行】操作の練習") == "【試行】操作の練習"
    assert title_of(CampaignKind.REGULAR, "操作の練習") == "操作の練習"
    assert title_of(CampaignKind.TRIAL, "　") == ""
    draft = CampaignDraft(
        title="操作の練習",
        kind=CampaignKind.TRIAL,
        fiscal_year=2026,
        edition_id=year.edition_id,
        dates=DATES,
        notice="",
        unit_ids=frozenset({AFFAIRS.id}),
    )
    with year.database.transaction() as session:
        made = prepare_campaign(session, actor=year.actor(TANAKA), draft=draft, now=year.now)
        assert session.get_one(Campaign, made).title == "【試行】操作の練習"


def test_a_trial_is_nobodys_year_before(trial: Year) -> None:
    edition = trial.sheet(AFFAIRS).edition
    later = DATES.base_date.replace(year=2027)
    with trial.database.reading() as session:
        targets = targets_of(session, edition=edition, unit_ids=[AFFAIRS.id], day=later)
        assert previous_of(session, code=edition.code, targets=targets, before=later) == {}


def test_two_persons_discard_a_trial(app: Flask, trial: Year, clock: StandingClock) -> None:
    reviewer, manager = (browser(app, cast, year=trial, clock=clock) for cast in (TANAKA, KIMURA))
    assert page_of(trial) in reviewer.get("/campaigns").text
    text = reviewer.get(page_of(trial)).text
    assert "<dt>点検票</dt><dd>4件</dd>" in text
    assert "<dt>回答</dt><dd>5件</dd>" in text
    waiting = send(reviewer, page_of(trial), **REASON)
    assert "もう一人の承認を待っています" in waiting
    assert "いま廃棄する" not in waiting
    assert "【試行】操作の練習の廃棄を決める" in manager.get("/").text
    assert "の廃棄を決める" not in reviewer.get("/").text
    done = send(manager, f"{page_of(trial)}/approve")
    assert "廃棄したもの" in done
    assert REASON["reason"] in done
    with trial.database.reading() as session:
        assert session.scalars(select(Answer.item_id)).all() == []
        assert session.scalars(select(Inspection.id)).all() == []
    assert manager.get(f"/inspections/{trial.sheets[AFFAIRS.code]}").status_code == 404
    progress = manager.get(f"/campaigns/{trial.campaign_id}")
    assert (progress.status_code, progress.headers["Location"]) == (302, page_of(trial))
    listed = manager.get("/campaigns").text
    assert "廃棄済" in listed
    assert "の廃棄を決める" not in manager.get("/").text
    assert manager.post(f"{page_of(trial)}/approve", data={"idempotency_key": "y" * 20}).status_code == 409
    for page in ("/", "/inspections", "/review", "/jobs", f"/campaigns/{trial.campaign_id}/board"):
        assert manager.get(page).status_code in {200, 403, 404}, page


def test_who_prepared_does_not_approve(app: Flask, trial: Year, clock: StandingClock) -> None:
    manager = browser(app, KIMURA, year=trial, clock=clock)
    send(manager, page_of(trial), **REASON)
    assert "準備を取り下げる" in manager.get(page_of(trial)).text
    reply = manager.post(f"{page_of(trial)}/approve", data={"idempotency_key": "z" * 20})
    assert reply.status_code == 403
    assert "自分では決められません" in reply.text
    assert "取り下げられた廃棄" in send(manager, f"{page_of(trial)}/withdraw")


def test_the_chief_declines_with_a_reason_and_everything_stays(
    app: Flask, trial: Year, clock: StandingClock
) -> None:
    reviewer, chief = (browser(app, cast, year=trial, clock=clock) for cast in (TANAKA, OGAWA))
    send(reviewer, page_of(trial), **REASON)
    empty = chief.post(f"{page_of(trial)}/decline", data={"idempotency_key": "d" * 20, "decline_reason": " "})
    assert empty.status_code == 422
    assert "断る理由を書いてください" in empty.text
    text = send(chief, f"{page_of(trial)}/decline", decline_reason="まだ見比べたいため")
    assert "断られた廃棄" in text
    assert "まだ見比べたいため" in text
    with trial.database.reading() as session:
        assert len(session.scalars(select(Answer.item_id)).all()) == 5
    # It may be prepared again.
    assert "もう一人の承認を待っています" in send(reviewer, page_of(trial), **REASON)


def test_who_prepared_takes_back_only_the_own(app: Flask, trial: Year, clock: StandingClock) -> None:
    send(browser(app, TANAKA, year=trial, clock=clock), page_of(trial), **REASON)
    other = browser(app, KIMURA, year=trial, clock=clock)
    reply = other.post(f"{page_of(trial)}/withdraw", data={"idempotency_key": "w" * 20})
    assert reply.status_code == 409
    assert "自分が準備した廃棄だけ" in reply.text


def test_a_sheet_that_came_meanwhile_stops_the_disposal(
    app: Flask, trial: Year, clock: StandingClock
) -> None:
    send(browser(app, TANAKA, year=trial, clock=clock), page_of(trial), **REASON)
    with trial.database.transaction() as session:
        sheet = trial.sheets[AFFAIRS.code]
        request_reopening(
            session, actor=trial.actor(TANAKA), inspection_id=sheet, reason="直すため", now=trial.now
        )
        confirm_reopening(session, actor=trial.actor(KIMURA), inspection_id=sheet, now=trial.now)
    reply = browser(app, OGAWA, year=trial, clock=clock).post(
        f"{page_of(trial)}/approve", data={"idempotency_key": "m" * 20}
    )
    assert reply.status_code == 409
    assert "廃棄するものが変わりました" in reply.text


def test_what_is_missing_is_said_beside_the_field(app: Flask, trial: Year, clock: StandingClock) -> None:
    reviewer = browser(app, TANAKA, year=trial, clock=clock)
    for words in ("", "あ" * 1001):
        reply = reviewer.post(page_of(trial), data={"idempotency_key": "e" * 20, "reason": words})
        assert reply.status_code == 422
        assert 'aria-invalid="true"' in reply.text
    assert words in reply.text


@pytest.mark.parametrize(("cast", "status"), [(SATO, 403), (NAKAMURA, 403), (ITO, 200), (OGAWA, 200)])
def test_who_sees_the_page(app: Flask, trial: Year, clock: StandingClock, cast: Cast, status: int) -> None:
    client = browser(app, cast, year=trial, clock=clock)
    assert client.get(page_of(trial)).status_code == status
    assert client.post(page_of(trial), data={"idempotency_key": "p" * 20, **REASON}).status_code == 403


def test_a_real_inspection_is_never_discarded(app: Flask, year: Year, clock: StandingClock) -> None:
    manager = browser(app, KIMURA, year=year, clock=clock)
    assert manager.get(page_of(year)).status_code == 404
    assert page_of(year) not in manager.get("/campaigns").text
    reply = manager.post(page_of(year), data={"idempotency_key": "r" * 20, **REASON})
    assert reply.status_code == 409
    assert "試行の点検だけ" in reply.text


def test_the_page_asks_little(app: Flask, trial: Year, clock: StandingClock) -> None:
    client = browser(app, TANAKA, year=trial, clock=clock)
    client.get(page_of(trial))
    with statements() as heard:
        client.get(page_of(trial))
    assert len(heard) <= 12, heard


def test_evidence_that_another_sheet_cites_stays(app: Flask, trial: Year, clock: StandingClock) -> None:
    """What only the trial cites goes with it; what a real sheet cites as well is no record of the trial."""
    real = year_after(trial)
    with trial.database.transaction() as session:
        pieces = {
            title: add_reference(
                session,
                actor=trial.actor(TAKAHASHI),
                unit_id=COUNTER.id,
                description=Description(title=title, stands_for=STORY.date(), document_number="1"),
                now=trial.now,
            ).id
            for title in ("試行だけの証跡", "両方の証跡")
        }
        tried, real_one = (
            session.scalars(
                select(Revision.id).where(Revision.inspection_id == of.sheets[COUNTER.code])
            ).one()
            for of in (trial, real)
        )
        cited = [(tried, one) for one in pieces.values()]
        cited.append((real_one, pieces["両方の証跡"]))
        for revision_id, evidence_id in cited:
            session.add(
                AnswerEvidence(
                    revision_id=revision_id,
                    item_id=trial.item_id("D02"),
                    evidence_id=evidence_id,
                    version=1,
                    is_linked=True,
                    origin="given",
                    done_by=TAKAHASHI.id,
                    done_at=trial.now,
                )
            )
    reviewer, manager = (browser(app, cast, year=trial, clock=clock) for cast in (TANAKA, KIMURA))
    send(reviewer, page_of(trial), **REASON)
    send(manager, f"{page_of(trial)}/approve")
    with trial.database.reading() as session:
        assert session.scalars(select(Evidence.title)).all() == ["両方の証跡"]
        assert session.scalars(select(AnswerEvidence.revision_id)).all() == [real_one]
