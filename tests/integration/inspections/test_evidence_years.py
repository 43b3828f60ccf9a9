"""One piece of evidence over the years: linked again, taken off, sealed, discarded with a trial; and what last year offers."""

import hashlib
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from app.db.session import Database
from app.evidence.commands.store import ORPHAN_AGE, keep, named_digests, read, sweep
from app.evidence.models import Evidence
from app.evidence.rules import CheckedFile, Description, FileKind
from app.inspections.commands.disposal import approve_disposal, prepare_disposal
from app.inspections.commands.evidence import attach_files, link_pieces, unlink_piece, withdraw_piece
from app.inspections.models import AnswerEvidence, Campaign, SealedRevision
from app.inspections.queries.answering import answer_page
from app.inspections.queries.evidence import (
    EarlierEvidence,
    earlier_evidence,
    item_evidence_page,
    piece_page,
    sheet_evidence_page,
    uses_of,
)
from app.inspections.rules import CampaignKind, State
from app.journal.models import AccessLogEntry
from app.kernel.errors import NotFound, NotNow
from app.kernel.ids import EvidenceId, UnitId, new_id
from app.kernel.ports import Ports
from tests.conftest import StandingClock
from tests.factories.editions import successor_yaml
from tests.factories.inspections import LINES, Year, year_after
from tests.pages import browser
from tests.people import AFFAIRS, COUNTER, ITO, KIMURA, SATO, TAKAHASHI, TANAKA, Cast, Place
from tests.statements import statements

BYTES: Final = b"a,b\n1,2\n"
DIGEST: Final = hashlib.sha256(BYTES).hexdigest()
LAST_YEAR: Final = date(2026, 11, 20)
THIS_YEAR: Final = date(2027, 11, 20)
ONE: Final = {
    "D01": "{kind: same, of: D01}",
    "D02": "{kind: reworded, of: D02, comparable: true, note: 直した。}",
    "D10": "{kind: split, of: D08, comparable: false, note: 分けた。}",
    "D11": "{kind: split, of: D08, comparable: false, note: 分けた。}",
    "D12": "{kind: merged, of: [D07, D09], comparable: true, note: 合わせた。}",
    "D13": "{kind: new}",
}
"""The next edition: an item of every origin."""


def attach(
    year: Year,
    title: str = "規程",
    *,
    key: str = "D01",
    place: Place = AFFAIRS,
    cast: Cast = SATO,
    **days: date,
) -> EvidenceId:
    """Put a file beside an item; each title has bytes of its own."""
    data = BYTES if title == "規程" else title.encode()
    file = CheckedFile(
        name=f"{title}.csv", kind=FileKind.CSV, size=len(data), digest=hashlib.sha256(data).hexdigest()
    )
    said = Description(**{"title": title, "stands_for": LAST_YEAR, **days})  # type: ignore[arg-type]
    before = set(standing(year, key, place=place))
    with year.database.transaction() as session:
        attach_files(
            session,
            actor=year.actor(cast),
            inspection_id=year.sheets[place.code],
            item_id=year.item_id(key),
            files=[(file, said)],
            quota=1 << 30,
            now=year.now,
        )
    (made,) = set(standing(year, key, place=place)) - before
    return made


def link(year: Year, *ids: EvidenceId, key: str = "D01", place: Place = AFFAIRS) -> int:
    with year.database.transaction() as session:
        return link_pieces(
            session,
            actor=year.actor(LINES[place.code].clerk),
            inspection_id=year.sheets[place.code],
            item_id=year.item_id(key),
            evidence_ids=frozenset(ids),
            now=year.now,
        )


def unlink(year: Year, piece: EvidenceId, *, key: str = "D01") -> None:
    with year.database.transaction() as session:
        unlink_piece(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id(key),
            evidence_id=piece,
            now=year.now,
        )


def standing(year: Year, key: str = "D01", *, place: Place = AFFAIRS) -> list[EvidenceId]:
    """What the page of a sheet shows beside an item."""
    with year.database.reading() as session:
        page = sheet_evidence_page(
            session, actor=year.actor(ITO), inspection_id=year.sheets[place.code], today=year.now.date()
        )
    return [one.piece.id for item, links in page.lines if item.key == key for one in links]


def used_in(year: Year, piece: EvidenceId) -> list[tuple[int, str]]:
    with year.database.reading() as session:
        return [(use.fiscal_year.year, use.item.key) for use in uses_of(session, evidence_id=piece)]


def offered(
    year: Year, key: str = "D01", *, place: Place = AFFAIRS, day: date = THIS_YEAR
) -> EarlierEvidence:
    with year.database.reading() as session:
        return earlier_evidence(
            session,
            actor=year.actor(LINES[place.code].clerk),
            inspection_id=year.sheets[place.code],
            item_id=year.item_id(key),
            today=day,
        )


def titles(found: EarlierEvidence) -> list[str]:
    return [one.piece.title for one in found.pieces]


def sealed_then_next(year: Year, *, data: bytes | None = None, place: Place = AFFAIRS) -> Year:
    year.bring(place, to=State.SIGNED_OFF)
    return year_after(year, data=data)


# ------------------------------------------------------------------------------------ one piece, two years


def test_a_piece_of_last_year_stands_beside_this_years_item_and_both_sheets_show_it(year: Year) -> None:
    piece = attach(year)
    link(year, piece, key="D02")
    second = sealed_then_next(year)
    assert standing(second) == []
    assert link(second, piece, key="D09") == 1
    assert link(second, piece) == 1
    assert (standing(year), standing(year, "D02")) == ([piece], [piece])
    assert (standing(second), standing(second, "D09")) == ([piece], [piece])
    assert used_in(second, piece)[:2] in ([(2027, "D01"), (2027, "D09")], [(2027, "D09"), (2027, "D01")])
    assert {year for year, _ in used_in(second, piece)[2:]} == {2026}
    with year.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Evidence)) == 1
        page = piece_page(session, actor=second.actor(SATO), evidence_id=piece, today=THIS_YEAR)
    assert len(page.uses) == 4
    # Last year's head approved these words: this year's open sheet does not loosen them.
    assert (page.may_change, page.may_withdraw) == (False, False)


def test_taken_off_this_year_it_stands_in_last_years_sheet(year: Year) -> None:
    piece = attach(year)
    approved = year.digest(AFFAIRS)
    second = sealed_then_next(year)
    sealed = year.digest(AFFAIRS)
    link(second, piece)
    unlink(second, piece)
    assert (standing(year), standing(second)) == ([piece], [])
    assert used_in(second, piece) == [(2026, "D01")]
    assert year.digest(AFFAIRS) == sealed != approved
    assert titles(offered(second)) == ["規程"]


def test_a_sealed_sheets_link_never_vanishes(year: Year, database: Database) -> None:
    piece = attach(year)
    second = sealed_then_next(year)
    link(second, piece)
    with pytest.raises(NotNow):
        unlink(year, piece)
    with pytest.raises(NotNow, match="確定していない点検票（令和9年度"), database.transaction() as session:
        withdraw_piece(session, actor=second.actor(SATO), evidence_id=piece, now=second.now)
    unlink(second, piece)
    with database.transaction() as session:
        withdraw_piece(session, actor=second.actor(SATO), evidence_id=piece, now=second.now)
    assert standing(year) == [piece]
    assert titles(offered(second)) == []
    with database.reading() as session:
        before = session.scalars(select(SealedRevision.content)).one()
    last = year.sheet(AFFAIRS).revision_id
    for harm in (
        delete(AnswerEvidence).where(AnswerEvidence.revision_id == last),
        update(AnswerEvidence).where(AnswerEvidence.revision_id == last).values(is_linked=False),
        delete(Evidence).where(Evidence.id == piece),
    ):
        with pytest.raises(DBAPIError), database.transaction() as session:
            session.execute(harm)
    off = {
        "revision_id": last,
        "item_id": year.item_id("D01"),
        "evidence_id": piece,
        "version": 2,
        "is_linked": False,
        "origin": "given",
        "done_by": SATO.id,
        "done_at": year.now,
    }
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.execute(insert(AnswerEvidence).values(off))
    assert standing(year) == [piece]
    with database.reading() as session:
        assert session.scalars(select(SealedRevision.content)).one() == before


def test_another_units_piece_is_linked_in_no_year(year: Year, database: Database) -> None:
    """Also not by somebody who answers for both units, and not when it stood beside the same item the year before."""
    theirs = attach(year, place=COUNTER, cast=TAKAHASHI)
    second = sealed_then_next(year, place=COUNTER)
    for refused in (year, second):
        with pytest.raises(NotFound):
            link(refused, theirs)
    both = second.actor(TAKAHASHI)
    wide = type(both)(
        **{
            **{name: getattr(both, name) for name in both.__dataclass_fields__},
            "member_of": both.member_of | {UnitId(AFFAIRS.id)},
            "clerk_of": both.clerk_of | {UnitId(AFFAIRS.id)},
        }
    )
    with pytest.raises(NotFound), database.transaction() as session:
        link_pieces(
            session,
            actor=wide,
            inspection_id=second.sheets[AFFAIRS.code],
            item_id=second.item_id("D01"),
            evidence_ids=frozenset({theirs}),
            now=second.now,
        )
    assert (standing(second), titles(offered(second))) == ([], [])
    assert titles(offered(second, place=COUNTER)) == ["規程"]
    with pytest.raises(NotFound), database.reading() as session:
        earlier_evidence(
            session,
            actor=second.actor(SATO),
            inspection_id=second.sheets[COUNTER.code],
            item_id=second.item_id("D01"),
            today=THIS_YEAR,
        )


# --------------------------------------------------------------------------------- the disposal of a trial


def made_trial(year: Year) -> None:
    with year.database.transaction() as session:
        session.execute(
            update(Campaign)
            .where(Campaign.id == year.campaign_id)
            .values(kind=CampaignKind.TRIAL.value, title="【試行】操作の練習")
        )


def prepare(trial: Year) -> None:
    with trial.database.transaction() as session:
        prepare_disposal(
            session,
            actor=trial.actor(TANAKA),
            campaign_id=trial.campaign_id,
            reason="操作の練習が終わったため。",
            now=trial.now,
        )


def approve(trial: Year) -> None:
    with trial.database.transaction() as session:
        approve_disposal(
            session, actor=trial.actor(KIMURA), campaign_id=trial.campaign_id, ports=Ports(), now=trial.now
        )


@pytest.mark.parametrize("made_in", ["the trial", "the real year"])
def test_a_trial_goes_and_the_piece_stays_while_another_year_links_it(
    year: Year, database: Database, tmp_path: Path, made_in: str
) -> None:
    keep(BytesIO(BYTES), digest=DIGEST, size=len(BYTES), folder=tmp_path)
    piece, second = attach(year), year_after(year)
    link(second, piece, key="D02")
    trial, real, key = (year, second, "D02") if made_in == "the trial" else (second, year, "D01")
    only = attach(trial, "試行だけ", key="D09")
    made_trial(trial)
    prepare(trial)
    approve(trial)
    assert standing(real, key) == [piece]
    with database.reading() as session:
        assert session.scalars(select(Evidence.id)).all() == [piece]
        assert session.get(Evidence, only) is None
        # The regular jobs take away files without a row, never this one.
        assert sweep(lambda: named_digests(session), folder=tmp_path, age=-ORPHAN_AGE) == 0
    assert read(DIGEST, folder=tmp_path) == BYTES


def test_a_piece_that_another_year_links_after_the_preparation_stops_the_disposal(year: Year) -> None:
    piece, second = attach(year), year_after(year)
    made_trial(year)
    prepare(year)
    link(second, piece)
    with pytest.raises(NotNow, match="廃棄するものが変わりました"):
        approve(year)
    assert (standing(year), standing(second)) == ([piece], [piece])


# ---------------------------------------------------------------------------------- what last year offers


@pytest.fixture
def successor(year: Year) -> Year:
    """The year after, over an edition in which every kind of origin stands; each item of last year had a piece of its own."""
    for key in ("D01", "D02", "D07", "D08", "D09"):
        attach(year, f"{key}の控え", key=key)
    data = successor_yaml(ONE, retired={"D03": "制度がなくなった。"})
    return sealed_then_next(year, data=data)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("D01", {"D01の控え": "1-1"}),
        ("D02", {"D02の控え": "1-2"}),
        ("D10", {"D08の控え": "2-2"}),
        ("D11", {"D08の控え": "2-2"}),
        ("D12", {"D07の控え": "2-1", "D09の控え": "2-3"}),
        ("D13", {}),
    ],
    ids=["same", "reworded", "split", "the other of the split", "merged", "new"],
)
def test_last_years_pieces_come_along_the_lineage(
    successor: Year, key: str, found: Mapping[str, str]
) -> None:
    shown = offered(successor, key)
    assert {one.piece.title: "、".join(one.numbers) for one in shown.pieces} == found
    assert (shown.year, shown.editable) == ("昨年度" if found else "", True)
    assert all(one.piece.description.stands_for == LAST_YEAR for one in shown.pieces)


def test_a_piece_of_both_ancestors_is_offered_once(year: Year) -> None:
    piece = attach(year, key="D07")
    link(year, piece, key="D09")
    second = sealed_then_next(
        year, data=successor_yaml(ONE | {"D08": "{kind: same, of: D08}"}, retired={"D03": "なくなった。"})
    )
    (one,) = offered(second, "D12").pieces
    assert (one.piece.id, one.numbers) == (piece, ("2-1", "2-3"))


def test_what_is_linked_again_is_offered_no_more_and_what_ran_out_is_last_and_does_not_hold(
    year: Year,
) -> None:
    attach(year, "期限切れ", expires_on=date(2027, 11, 19))
    attach(year, "きょうまで", expires_on=THIS_YEAR)
    kept = attach(year)
    second = sealed_then_next(year)
    shown = offered(second).pieces
    assert [one.holds for one in shown] == [True, True, False]
    assert {one.piece.title for one in shown[:2]} == {"きょうまで", "規程"}
    link(second, kept)
    assert titles(offered(second)) == ["きょうまで", "期限切れ"]
    unlink(second, kept)
    assert "規程" in titles(offered(second))


def test_what_another_unit_had_beside_the_same_sheet_is_not_offered(year: Year, database: Database) -> None:
    """As with a system that has a new owner: its sheet of last year cites what the owner of then has."""
    theirs = attach(year, place=COUNTER, cast=TAKAHASHI)
    cited = {
        "revision_id": year.sheet(AFFAIRS).revision_id,
        "item_id": year.item_id("D01"),
        "evidence_id": theirs,
        "version": 1,
        "is_linked": True,
        "origin": "given",
        "done_by": TAKAHASHI.id,
        "done_at": year.now,
    }
    with database.transaction() as session:
        session.execute(insert(AnswerEvidence).values(cited))
    second = sealed_then_next(year)
    assert standing(year) == [theirs]
    assert titles(offered(second)) == []


def test_what_was_taken_off_last_year_is_not_offered(year: Year) -> None:
    piece = attach(year)
    unlink(year, piece)
    assert titles(offered(sealed_then_next(year))) == []


def test_a_year_between_is_named(year: Year, database: Database) -> None:
    attach(year)
    second = sealed_then_next(year)
    with database.transaction() as session:
        session.execute(update(Campaign).where(Campaign.id == second.campaign_id).values(fiscal_year=2028))
    assert offered(second).year == "前回（令和8年度）"


def test_after_the_grace_date_nothing_is_offered_to_be_changed(year: Year) -> None:
    attach(year)
    second = sealed_then_next(year)
    assert offered(second).editable
    assert not offered(second, day=date(2027, 12, 31)).editable


def test_the_panel_asks_the_same_however_much_there_is_and_the_answering_page_nothing_for_it(
    year: Year,
) -> None:
    attach(year)
    second = sealed_then_next(year)

    def counts(of: Year) -> tuple[int, int, int]:
        found = []
        actor, sheet, item = of.actor(SATO), of.sheets[AFFAIRS.code], of.item_id("D01")
        for query in (
            lambda session: answer_page(
                session, actor=actor, inspection_id=sheet, slug="organisation", today=THIS_YEAR
            ),
            lambda session: earlier_evidence(
                session, actor=actor, inspection_id=sheet, item_id=item, today=THIS_YEAR
            ),
            lambda session: item_evidence_page(
                session, actor=actor, inspection_id=sheet, item_id=item, words="", number=1, today=THIS_YEAR
            ),
        ):
            with of.database.reading() as session:
                query(session)
            with of.database.reading() as session, statements() as sent:
                query(session)
            found.append(len(sent))
        answering, panel, page = found
        return answering, panel, page

    few = counts(second)
    for number in range(12):
        link(second, attach(second, f"今年の{number}", key="D02"), key="D08")
    assert counts(second) == few
    assert few == (8, 5, 7), "the answering page and the panel cost what they did"


def test_many_pieces_of_last_year_cost_nothing_more(year: Year) -> None:
    for number in range(12):
        attach(year, f"控え{number}")
    second = sealed_then_next(year)
    actor, sheet, item = second.actor(SATO), second.sheets[AFFAIRS.code], second.item_id("D01")
    with second.database.reading() as session:
        earlier_evidence(session, actor=actor, inspection_id=sheet, item_id=item, today=THIS_YEAR)
    with second.database.reading() as session, statements() as sent:
        found = earlier_evidence(session, actor=actor, inspection_id=sheet, item_id=item, today=THIS_YEAR)
    assert (len(found.pieces), len(sent)) == (12, 5)


# --------------------------------------------------------------------------------------------- the pages


def test_one_press_links_it_again_with_and_without_the_script(
    app: Flask, year: Year, clock: StandingClock
) -> None:
    piece, old = attach(year), attach(year, "旧名簿", expires_on=date(2027, 3, 31))
    second = sealed_then_next(year)
    clerk = browser(app, SATO, year=second, clock=clock)
    address = f"/inspections/{second.sheets[AFFAIRS.code]}/items/{second.item_id('D01')}/evidence"
    section = clerk.get(f"/inspections/{second.sheets[AFFAIRS.code]}/sections/organisation").text
    assert f'href="{address}#before" data-before="{address}/before"' in section
    assert "昨年度の証跡" in section
    html = clerk.get(f"{address}/before").json["html"]  # type: ignore[index]
    assert f'data-again="{piece}"' in html
    assert f'data-again="{old}"' not in html
    assert "令和8年11月20日の状態" in html
    assert "期限切れ" in html
    page = clerk.get(address).text
    assert "昨年度の証跡（2件）" in page
    assert page.count("今年も付ける") == 1
    data = {"idempotency_key": token_urlsafe(18), "evidence": str(piece)}
    reply = clerk.post(f"{address}/links", data=data, headers={"Accept": "application/json"})
    assert "規程" in reply.json["html"]  # type: ignore[index]
    assert standing(second) == [piece]
    assert "規程" not in clerk.get(f"{address}/before").json["html"]  # type: ignore[index]
    assert "昨年度の証跡（1件）" in clerk.get(address).text


def test_a_reader_sees_it_and_a_first_year_has_none(app: Flask, year: Year, clock: StandingClock) -> None:
    attach(year)
    first = f"/inspections/{year.sheets[AFFAIRS.code]}"
    assert (
        "昨年度の証跡"
        not in browser(app, SATO, year=year, clock=clock).get(f"{first}/sections/organisation").text
    )
    second = sealed_then_next(year)
    address = f"/inspections/{second.sheets[AFFAIRS.code]}/items/{second.item_id('D01')}/evidence"
    auditor = browser(app, ITO, year=second, clock=clock)
    shown = auditor.get(f"{address}/before").json["html"]  # type: ignore[index]
    assert ("規程" in shown, "今年も付ける" in shown) == (True, False)
    assert ("規程" in auditor.get(address).text, "今年も付ける" in auditor.get(address).text) == (True, False)
    assert browser(app, TAKAHASHI, year=second, clock=clock).get(f"{address}/before").status_code == 404


def test_a_new_item_has_no_way_to_last_year(app: Flask, successor: Year, clock: StandingClock) -> None:
    section = (
        browser(app, SATO, year=successor, clock=clock)
        .get(f"/inspections/{successor.sheets[AFFAIRS.code]}/sections/organisation")
        .text
    )
    assert f'/items/{successor.item_id("D12")}/evidence/before"' in section
    assert f'/items/{successor.item_id("D13")}/evidence/before"' not in section


def test_looking_at_last_years_pieces_leaves_a_trace(app: Flask, year: Year, clock: StandingClock) -> None:
    attach(year)
    second = sealed_then_next(year)
    sheet = second.sheets[AFFAIRS.code]
    reviewer = browser(app, TANAKA, year=second, clock=clock)
    shown = reviewer.get(f"/inspections/{sheet}/items/{second.item_id('D01')}/evidence/before")
    assert "規程" in shown.json["html"]  # type: ignore[index]
    with year.database.reading() as session:
        reads = [(row.person_id, row.subject_id, row.act) for row in session.scalars(select(AccessLogEntry))]
    assert reads == [(str(TANAKA.id), str(sheet), "sheet.evidence")]


def test_an_item_of_no_edition_has_nothing_of_last_year(app: Flask, year: Year, clock: StandingClock) -> None:
    clerk = browser(app, SATO, year=year, clock=clock)
    address = f"/inspections/{year.sheets[AFFAIRS.code]}/items"
    assert clerk.get(f"{address}/{year.item_id('D01')}/evidence/before").status_code == 200
    assert clerk.get(f"{address}/{new_id()}/evidence/before").status_code == 404
