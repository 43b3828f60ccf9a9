"""Many sheets on the reviewers' desk: a campaign by the real commands, answers and approvals by direct inserts, flags by the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import insert, select, update

from app.access.actor import Actor
from app.db.session import Database
from app.inspections.commands.campaign import CampaignDraft, open_campaign, prepare_campaign
from app.inspections.commands.review_flags import screen
from app.inspections.commands.review_many import load_many
from app.inspections.models import Answer, AnswerHistory, Approval, Inspection, ProfileFlag, Revision
from app.inspections.queries.sheet import Sheet, content_of_sheet, find_sheet
from app.inspections.rules import CampaignKind, Origin, State
from app.kernel.clock import business_date
from app.kernel.digest import new_salt
from app.kernel.ids import CampaignId, EditionId, InspectionId, ItemId
from app.organisation.models import Unit, UnitVersion
from app.people.queries import actor_on
from tests.factories.editions import published_edition
from tests.factories.inspections import DATES
from tests.people import FIRST_DAY, KIMURA, SATO, STORY, SUZUKI, TANAKA, Cast, Place

DEPARTMENT: Final = Place("7000", "試験部", "しけんぶ", "department", None)
DUE: Final = date(2027, 3, 31)
LONG: Final = "年度内に手順を直し、係で読み合わせる。"


def offices(count: int) -> tuple[Place, ...]:
    """Return so many units of one 部."""
    return tuple(
        Place(f"7{n:03}", f"第{n}試験課", "しけんか", "division", DEPARTMENT.code)
        for n in range(1, count + 1)
    )


@dataclass(slots=True)
class Desk:
    """A campaign whose sheets all lie with the lead division, in the order of their units."""

    database: Database
    now: datetime
    edition_id: EditionId
    campaign_id: CampaignId
    sheets: tuple[InspectionId, ...]

    def actor(self, cast: Cast) -> Actor:
        """Return a person as an actor of the present day."""
        with self.database.reading() as session:
            return actor_on(session, person_id=cast.id, day=business_date(self.now))

    def sheet(self, inspection_id: InspectionId) -> Sheet:
        """Return a sheet as the manager sees it."""
        with self.database.reading() as session:
            return find_sheet(session, actor=self.actor(KIMURA), inspection_id=inspection_id)

    def listed(self, ids: Sequence[InspectionId] | None = None) -> dict[InspectionId, int]:
        """Return sheets with the versions that a page would show."""
        return {one: self.sheet(one).version for one in (self.sheets if ids is None else ids)}

    def item_id(self, key: str) -> ItemId:
        """Return the id of an item by its key."""
        items = self.sheet(self.sheets[0]).edition.items.values()
        return next(item.id for item in items if item.key == key)


def desk_of(
    database: Database,
    *,
    count: int,
    levels: Mapping[int, Mapping[str, str]] | None = None,
    words: str = LONG,
    now: datetime = STORY,
    edition_id: EditionId | None = None,
) -> Desk:
    """Return a desk with so many sheets; `levels` overrides 実施 by place and item key. An edition may be published already."""
    made = Desk(database, now, EditionId(SATO.id), CampaignId(SATO.id), ())
    units = offices(count)
    _add_units(database, units)
    tanaka, kimura = made.actor(TANAKA), made.actor(KIMURA)
    with database.transaction() as session:
        made.edition_id = edition_id or published_edition(
            session, publisher=tanaka, confirmer=kimura, now=now
        )
        draft = CampaignDraft(
            title="令和8年度 定期自己点検",
            kind=CampaignKind.REGULAR,
            fiscal_year=2026,
            edition_id=made.edition_id,
            dates=DATES,
            notice="",
            unit_ids=frozenset(unit.id for unit in units),
        )
        made.campaign_id = prepare_campaign(session, actor=tanaka, draft=draft, now=now)
        open_campaign(session, actor=kimura, campaign_id=made.campaign_id, seen_version=1, now=now)
        found = session.execute(
            select(Inspection.unit_id, Inspection.id).where(Inspection.campaign_id == made.campaign_id)
        )
        by_unit = {unit_id: InspectionId(one) for unit_id, one in found}
    made.sheets = tuple(by_unit[unit.id] for unit in units)
    _bring(made, levels=levels or {}, words=words)
    return made


def _add_units(database: Database, units: Sequence[Place]) -> None:
    with database.transaction() as session:
        for place in (DEPARTMENT, *units):
            session.execute(insert(Unit).values(id=place.id, code=place.code, created_at=STORY))
            session.execute(
                insert(UnitVersion).values(
                    unit_id=place.id,
                    name=place.name,
                    kana=place.kana,
                    kind=place.kind,
                    policy_owner=place.owner,
                    parent_id=DEPARTMENT.id if place.parent else None,
                    sort_order=int(place.code),
                    valid_from=FIRST_DAY,
                )
            )


def _bring(desk: Desk, *, levels: Mapping[int, Mapping[str, str]], words: str) -> None:
    at = desk.now
    sheets = [desk.sheet(one) for one in desk.sheets]
    with desk.database.transaction() as session:
        for place, sheet in enumerate(sheets):
            session.execute(
                update(ProfileFlag)
                .where(ProfileFlag.revision_id == sheet.revision_id)
                .values(confirmed_by=SATO.id, confirmed_at=at)
            )
            rows = [
                {
                    "revision_id": sheet.revision_id,
                    "item_id": item.id,
                    "level": level,
                    "comment": words,
                    "action_due": None if level == "implemented" else DUE,
                    "taken_over": False,
                    "version": 1,
                    "answered_by": SATO.id,
                    "answered_at": at,
                }
                for item in sheet.edition.applicable({})
                for level in (levels.get(place, {}).get(item.key, "implemented"),)
            ]
            session.execute(insert(Answer), rows)
            saved = {"salt": new_salt(), "client_id": "desk", "origin": Origin.GIVEN.value}
            session.execute(insert(AnswerHistory), [{**row, **saved} for row in rows])
            content = content_of_sheet(session, sheet=sheet)
            session.execute(
                insert(Approval).values(
                    revision_id=sheet.revision_id,
                    sequence=1,
                    kind="whole",
                    capacity="head",
                    content_digest=content.digest,
                    comment="",
                    approved_by=SUZUKI.id,
                    approved_at=at,
                )
            )
            session.execute(
                update(Revision)
                .where(Revision.id == sheet.revision_id)
                .values(state=State.SUBMITTED.value, state_since=at, version=3, answered=len(rows))
            )
    kimura = desk.actor(KIMURA)
    with desk.database.transaction() as session:
        for loaded in load_many(session, actor=kimura, inspection_ids=desk.sheets, now=at).values():
            screen(session, loaded=loaded, now=at)
    desk.now += timedelta(hours=1)
