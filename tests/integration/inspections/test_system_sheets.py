"""A campaign over a checklist about systems makes one sheet for each system in use, through the same workflow."""

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.inspections.commands.campaign import CampaignDraft, add_unit, open_campaign, prepare_campaign
from app.inspections.models import Inspection
from app.inspections.queries.campaigns import ProgressFilter, preview_page, progress_page
from app.inspections.queries.lists import sheets_of
from app.inspections.queries.sheet import find_sheet
from app.inspections.rules import CampaignKind, State
from app.journal.queries import verify
from app.kernel.errors import InvalidInput, NotNow
from app.kernel.ids import CampaignId, EditionId, InspectionId, SystemId, UnitId, new_id
from app.systems.commands import change_system
from app.systems.queries import stored_systems
from tests.conftest import StandingClock
from tests.factories.editions import published_edition, small_yaml
from tests.factories.inspections import DATES, LINES, Year
from tests.factories.systems import entry_of, registered
from tests.pages import browser
from tests.people import AFFAIRS, BRANCH, COUNTER, KIMURA, SATO, TANAKA, Place

TODAY = date(2026, 11, 20)
SYSTEM_YAML = small_yaml().replace(b"code: department", b"code: system\nsubject: system")


def ledger(year: Year, *systems: tuple[str, Place, str, date | None]) -> None:
    with year.database.transaction() as session:
        for code, place, name, retired_on in systems:
            entry = replace(entry_of(place, name=name), retired_on=retired_on)
            registered(session, actor=year.actor(TANAKA), code=code, entry=entry, now=year.now)


def edition(year: Year, data: bytes = SYSTEM_YAML) -> EditionId:
    with year.database.transaction() as session:
        return published_edition(
            session,
            publisher=year.actor(TANAKA),
            confirmer=year.actor(KIMURA),
            now=year.now,
            data=data,
            name="system/2026.1.yaml",
        )


def prepared(year: Year, edition_id: EditionId, *places: Place, years: int = 0) -> CampaignId:
    dates = replace(
        DATES,
        **{
            name: getattr(DATES, name).replace(year=DATES.base_date.year + years)
            for name in DATES.__dataclass_fields__
        },
    )
    draft = CampaignDraft(
        title="システム点検",
        kind=CampaignKind.REGULAR,
        fiscal_year=2026 + years,
        edition_id=edition_id,
        dates=dates,
        notice="",
        unit_ids=frozenset(place.id for place in places),
    )
    with year.database.transaction() as session:
        return prepare_campaign(session, actor=year.actor(TANAKA), draft=draft, now=year.now)


def opened(year: Year, campaign_id: CampaignId) -> dict[str, InspectionId]:
    """Open a campaign; return its sheets by the names of their systems."""
    with year.database.transaction() as session:
        made = open_campaign(
            session, actor=year.actor(KIMURA), campaign_id=campaign_id, seen_version=1, now=year.now
        )
        sheets = [find_sheet(session, actor=year.actor(KIMURA), inspection_id=one) for one in made]
    return {sheet.system_name or "": sheet.id for sheet in sheets}


@pytest.fixture
def two(year: Year) -> tuple[CampaignId, dict[str, InspectionId]]:
    """A running campaign over two systems of one unit and one of another."""
    ledger(
        year,
        ("S-1", AFFAIRS, "文書管理", None),
        ("S-2", AFFAIRS, "施設予約", None),
        ("S-3", COUNTER, "証明発行", None),
        ("S-4", COUNTER, "旧証明発行", date(2026, 4, 1)),
    )
    campaign_id = prepared(year, edition(year), AFFAIRS, COUNTER, BRANCH)
    return campaign_id, opened(year, campaign_id)


Two = tuple[CampaignId, dict[str, InspectionId]]


def test_each_system_in_use_gets_one_sheet(year: Year, two: Two) -> None:
    assert set(two[1]) == {"文書管理", "施設予約", "証明発行"}
    with year.database.reading() as session:
        assert verify(session).faults == ()


def test_sheets_are_named_after_their_systems_everywhere(year: Year, two: Two) -> None:
    with year.database.reading() as session:
        rows = progress_page(
            session,
            actor=year.actor(KIMURA),
            campaign_id=two[0],
            wanted=ProgressFilter(),
            today=TODAY,
        ).rows
        own = sheets_of(session, actor=year.actor(SATO), today=TODAY, page=1)
    assert [row.unit_name for row in rows] == [
        "文書管理（総務課）",
        "施設予約（総務課）",
        "証明発行（市民課）",
    ]
    assert {line.unit_name for line in own.lines} == {"総務課", "文書管理（総務課）", "施設予約（総務課）"}


def test_a_systems_sheet_goes_the_whole_way(year: Year, two: Two) -> None:
    year.sheets = {AFFAIRS.code: two[1]["文書管理"]}
    with year.database.reading() as session:
        year.edition_id = find_sheet(
            session, actor=year.actor(KIMURA), inspection_id=two[1]["文書管理"]
        ).edition.id
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    assert year.sheet(AFFAIRS).state is State.SIGNED_OFF


def test_the_preview_says_what_will_be_made(year: Year) -> None:
    ledger(year, ("S-1", AFFAIRS, "文書管理", None), ("S-2", AFFAIRS, "施設予約", None))
    campaign_id = prepared(year, edition(year), AFFAIRS, COUNTER)
    with year.database.reading() as session:
        page = preview_page(session, actor=year.actor(KIMURA), campaign_id=campaign_id, today=TODAY)
    assert (page.total, page.no_system) == (2, ("市民課",))
    assert [unit.systems for group in page.groups for unit in group.units] == [("文書管理", "施設予約")]


def test_without_a_system_there_is_nothing_to_open(year: Year) -> None:
    campaign_id = prepared(year, edition(year), BRANCH)
    with pytest.raises(NotNow, match="情報システム台帳"):
        opened(year, campaign_id)


def test_last_years_sheet_of_a_system_follows_the_system_to_its_new_owner(year: Year, two: Two) -> None:
    year.sheets = {AFFAIRS.code: two[1]["文書管理"]}
    sheet = year.sheet(AFFAIRS)
    edition_id, year.edition_id = year.edition_id, sheet.edition.id
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    with year.database.transaction() as session:
        change_system(
            session,
            actor=year.actor(TANAKA),
            system_id=stored_systems(session, day=year.now.date())["S-1"].id,
            entry=entry_of(COUNTER, name="新文書管理"),
            seen_version=1,
            now=year.now,
        )
    year.now = year.now.replace(year=2027)
    sheets = opened(year, prepared(year, EditionId(sheet.edition.id), AFFAIRS, COUNTER, years=1))
    with year.database.reading() as session:
        moved = find_sheet(session, actor=year.actor(KIMURA), inspection_id=sheets["新文書管理"])
        other = find_sheet(session, actor=year.actor(KIMURA), inspection_id=sheets["施設予約"])
    assert (moved.unit_id, moved.previous_revision_id) == (COUNTER.id, sheet.revision_id)
    assert other.previous_revision_id is None
    del edition_id


def test_a_system_that_came_later_joins_with_its_unit(year: Year, two: Two) -> None:
    ledger(year, ("S-9", BRANCH, "出張所端末", None))

    def add(place: Place) -> InspectionId:
        with year.database.transaction() as session:
            return add_unit(
                session,
                actor=year.actor(KIMURA),
                campaign_id=two[0],
                unit_id=place.id,
                reason="あとから台帳に入ったため",
                now=year.now,
            )

    with year.database.reading() as session:
        added = find_sheet(session, actor=year.actor(KIMURA), inspection_id=add(BRANCH))
    assert added.system_name == "出張所端末"
    for place in (BRANCH, AFFAIRS):
        with pytest.raises(InvalidInput, match="もう対象に入っています"):
            add(place)
    ledger(year, ("S-10", AFFAIRS, "新しい仕組み", None))
    with year.database.reading() as session:
        late = find_sheet(session, actor=year.actor(KIMURA), inspection_id=add(AFFAIRS))
    assert late.system_name == "新しい仕組み"


def test_a_checklist_for_persons_makes_no_sheets_yet(year: Year) -> None:
    data = small_yaml().replace(b"code: department", b"code: person\nsubject: person")
    with year.database.transaction() as session:
        found = published_edition(
            session,
            publisher=year.actor(TANAKA),
            confirmer=year.actor(KIMURA),
            now=year.now,
            data=data,
            name="person/2026.1.yaml",
        )
    with pytest.raises(InvalidInput, match="紙の回答用紙"):
        prepared(year, found, AFFAIRS)


def test_the_database_holds_one_sheet_for_each_system(year: Year, two: Two) -> None:
    with year.database.reading() as session:
        row = session.scalars(select(Inspection).where(Inspection.id == two[1]["文書管理"])).one()
        values = {
            "campaign_id": row.campaign_id,
            "unit_id": UnitId(COUNTER.id),
            "system_id": SystemId(row.system_id or new_id()),
            "system_name": "写し",
            "added_by": row.added_by,
            "added_at": row.added_at,
            "added_reason": "",
        }
    for twice in (values, {**values, "system_id": None}):
        with pytest.raises(IntegrityError), year.database.transaction() as session:
            session.execute(insert(Inspection).values(id=new_id(), **twice))


def test_the_pages_of_a_systems_sheet(app: Flask, year: Year, two: Two, clock: StandingClock) -> None:
    clerk = browser(app, LINES[AFFAIRS.code].clerk, year=year, clock=clock)
    page = clerk.get(f"/inspections/{two[1]['施設予約']}")
    assert "施設予約（総務課）の点検票" in page.text
    desk = browser(app, KIMURA, year=year, clock=clock)
    progress = desk.get(f"/campaigns/{two[0]}").text
    assert "証明発行（市民課）" in progress
    assert "対象 <b>3システム</b>" in progress
    board = desk.get(f"/campaigns/{two[0]}/board").text
    assert all(name in board for name in ("文書管理（総務課）", "施設予約（総務課）", "証明発行（市民課）"))
