"""Who read which sheet when: the access log of sensitive reads, for those who watch over the whole city."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.evidence.queries import pieces_by_id
from app.inspections.models import Campaign, Inspection
from app.inspections.queries.history import reads_only
from app.inspections.queries.holding import holder
from app.inspections.texts import READ_ACT, sheet_name
from app.journal.queries import AccessFilter, AccessLine, access_count, access_lines, access_readers
from app.journal.rules import SubjectType
from app.kernel.clock import start_of_day
from app.kernel.ids import EvidenceId, InspectionId, PersonId
from app.organisation.queries import tree_on
from app.people.queries import people_by_id
from app.people.rules import PersonView

READER: Final = Permission.CITY_ACCESS_LOG_READ
"""Whoever may follow every sheet may see who read them."""
PAGE_SIZE: Final = 50
USUAL_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks the log: by person, by sheet, from and to a business date, both included."""

    person_id: PersonId | None
    inspection_id: InspectionId | None
    first_day: date
    last_day: date

    @classmethod
    def usual(cls, today: date) -> "Wanted":
        """Return what is shown to begin with: the last thirty days."""
        first_day = today - timedelta(days=USUAL_DAYS - 1)
        return cls(person_id=None, inspection_id=None, first_day=first_day, last_day=today)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetName:
    """A sheet as the log names it."""

    id: InspectionId
    unit_name: str
    campaign_title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One sensitive read. Without a sheet it is of what `subject` says."""

    at: datetime
    staff_no: str
    person: str
    what: str
    sheet: SheetName | None
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLogPage:
    """One page of the log, the newest read first."""

    reads: tuple[Read, ...]
    wanted: Wanted
    sheet: SheetName | None
    readers: tuple[PersonView, ...]
    read_only: bool
    total: int
    number: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // self.size))


def access_log_page(
    session: Session, *, actor: Actor, wanted: Wanted, number: int, today: date, size: int = PAGE_SIZE
) -> AccessLogPage:
    """Return one page of the access log, in a number of statements that does not grow with it.

    Raises:
        NotAllowed: the actor does not watch over the whole city.
    """
    require(READER, actor=actor)
    chosen = AccessFilter(
        person_id=str(wanted.person_id) if wanted.person_id else None,
        subject_id=str(wanted.inspection_id) if wanted.inspection_id else None,
        since=start_of_day(wanted.first_day),
        before=start_of_day(wanted.last_day + timedelta(days=1)),
    )
    total = access_count(session, wanted=chosen)
    number = min(max(1, number), max(1, -(-total // size)))
    lines = access_lines(session, wanted=chosen, first=(number - 1) * size, most=size)
    readers = access_readers(session, wanted=replace(chosen, person_id=None))
    people = people_by_id(session, person_ids=_ids(readers))
    sheets = _sheets(session, lines=lines, also=wanted.inspection_id, today=today)
    campaigns = _campaigns(session, lines=lines)
    pieces = _pieces(session, lines=lines, today=today)
    return AccessLogPage(
        reads=tuple(
            _read(line, people=people, sheets=sheets, campaigns=campaigns, pieces=pieces) for line in lines
        ),
        wanted=wanted,
        sheet=sheets.get(str(wanted.inspection_id)),
        readers=tuple(sorted(people.values(), key=lambda person: (person.kana, person.staff_no))),
        read_only=reads_only(actor),
        total=total,
        number=number,
        size=size,
    )


def _ids(readers: Iterable[str]) -> set[PersonId]:
    return {PersonId(UUID(reader)) for reader in readers}


def _sheets(
    session: Session, *, lines: Iterable[AccessLine], also: InspectionId | None, today: date
) -> Mapping[str, SheetName]:
    """Return the sheets that are named, with the names of today."""
    ids = {UUID(line.subject_id) for line in lines if line.subject_type == SubjectType.INSPECTION.value}
    units = tree_on(session, day=today).by_id
    rows = session.execute(
        select(Inspection.id, holder(day=today).label("unit_id"), Inspection.system_name, Campaign.title)
        .join(Campaign, Campaign.id == Inspection.campaign_id)
        .where(Inspection.id.in_(ids | ({also} if also else set())))
    )
    return {
        str(row.id): SheetName(
            id=InspectionId(row.id),
            unit_name=sheet_name(
                units[row.unit_id].name if row.unit_id in units else "（廃止された所属）",
                system_name=row.system_name,
            ),
            campaign_title=row.title,
        )
        for row in rows
    }


def _campaigns(session: Session, *, lines: Iterable[AccessLine]) -> Mapping[str, str]:
    ids = {UUID(line.subject_id) for line in lines if line.subject_type == SubjectType.CAMPAIGN.value}
    rows = session.execute(select(Campaign.id, Campaign.title).where(Campaign.id.in_(ids)))
    return {str(row.id): row.title for row in rows}


def _pieces(session: Session, *, lines: Iterable[AccessLine], today: date) -> Mapping[str, str]:
    """Return how the pieces of evidence are named whose files were taken, with their units of today."""
    ids = [
        EvidenceId(UUID(line.subject_id)) for line in lines if line.subject_type == SubjectType.EVIDENCE.value
    ]
    units = tree_on(session, day=today).by_id
    return {
        str(
            piece.id
        ): f"証跡「{piece.title}」（{units[piece.unit_id].name if piece.unit_id in units else '廃止された所属'}）"
        for piece in pieces_by_id(session, evidence_ids=ids, day=today).values()
    }


def _read(
    line: AccessLine,
    *,
    people: Mapping[PersonId, PersonView],
    sheets: Mapping[str, SheetName],
    campaigns: Mapping[str, str],
    pieces: Mapping[str, str],
) -> Read:
    person = people.get(PersonId(UUID(line.person_id)))
    return Read(
        at=line.at,
        staff_no=person.staff_no if person else "",
        person=person.name if person else "（記録のない職員）",
        what=READ_ACT.get(line.act, line.act),
        sheet=sheets.get(line.subject_id),
        subject=campaigns.get(line.subject_id) or pieces.get(line.subject_id, "システム全体"),
    )
