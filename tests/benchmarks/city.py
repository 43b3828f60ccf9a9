"""A city of 120 offices in a database, and years of sheets: direct inserts, walking the commands would take minutes.

Every sheet has all 72 items of the real edition, each answered with a comment. Sheets of earlier years are signed off, with
judgements and a journal as long as a real one. This year's campaign is opened by the real command; its sheets then stand at
every step of their way.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.checklists.queries import load_edition
from app.checklists.rules import Edition
from app.db.base import Base
from app.db.session import Database
from app.inspections.commands.campaign import CampaignDraft, open_campaign, prepare_campaign
from app.inspections.models import (
    Answer,
    AnswerHistory,
    Campaign,
    Inspection,
    ItemReview,
    ItemReviewHistory,
    ProfileFlag,
    Revision,
    ScoreChangeSummary,
    SectionSummary,
)
from app.inspections.rules import CampaignDates, CampaignKind, Origin, State
from app.journal.models import JournalEntry, JournalHead
from app.journal.rules import SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import GENESIS, link, new_salt
from app.kernel.ids import CampaignId, EditionId, InspectionId, ItemId, RevisionId, UnitId, new_id
from app.organisation.models import Unit, UnitVersion
from app.people.models import Account, DutyAssignment, Person, Posting
from app.people.queries import actor_on
from tests.factories.city import build_city, password_hash
from tests.factories.editions import published_edition
from tests.people import FIRST_DAY, KIMURA, STORY, TANAKA, Cast, Place

OFFICE_COUNT: Final = 120
PER_DEPARTMENT: Final = 10
EDITION: Final = Path(__file__).resolve().parents[2] / "checklists" / "department" / "2026.1.yaml"
COMMENT: Final = "台帳と現物を3件ずつ見比べ、日付と印を確かめた。足りない控えは11月中に書き足す。"
REMARK: Final = "控えの日付を確かめました。"
LEVELS: Final = ("implemented", "implemented", "partial", "implemented", "not_implemented")
STATES: Final = (State.AWAITING_HEAD, State.SUBMITTED, State.UNDER_REVIEW, State.REVIEWED)
ANSWERING: Final = 40
"""The first offices of the list are still answering; the others stand at the later steps in turn."""

DEPARTMENTS: Final = tuple(
    Place(f"7{n:02}", f"試算{n + 1}部", "しさんぶ", "department", None)
    for n in range(OFFICE_COUNT // PER_DEPARTMENT)
)
OFFICES: Final = tuple(
    Place(f"8{n:03}", f"第{n + 1}事務課", "じむか", "division", DEPARTMENTS[n // PER_DEPARTMENT].code)
    for n in range(OFFICE_COUNT)
)
CLERKS: Final = tuple(
    Cast(f"6{n:03}", f"点検 担当{n + 1}", "てんけん たんとう", office, duty="clerk")
    for n, office in enumerate(OFFICES)
)
HEADS: Final = tuple(
    Cast(f"5{n:03}", f"所属 課長{n + 1}", "しょぞく かちょう", office, position="head")
    for n, office in enumerate(OFFICES)
)

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class City:
    """A database with the city and its published edition."""

    database: Database
    edition_id: EditionId

    def actor(self, cast: Cast) -> Actor:
        """Return a person of the city as an actor of the story's day."""
        with self.database.reading() as session:
            return actor_on(session, person_id=cast.id, day=business_date(STORY))

    @property
    def edition(self) -> Edition:
        """Return the edition with its 72 items."""
        with self.database.reading() as session:
            return load_edition(session, edition_id=self.edition_id)


@dataclass(frozen=True, slots=True)
class RunningYear:
    """A city in which this year's campaign runs; `sheets` in the order of the offices."""

    city: City
    campaign_id: CampaignId
    sheets: tuple[InspectionId, ...]


def _add(session: Session, model: type[Base], rows: Rows) -> None:
    session.connection().execute(insert(model), rows)


# ------------------------------------------------------------------------------------------------ the city


def found_city(database: Database) -> City:
    """Fill a migrated, empty database with the people of the tests, 120 offices more, and the real edition."""
    with database.transaction() as session:
        build_city(session)
        _add_offices(session)
        _add_staff(session)
    city = City(database, EditionId(new_id()))
    tanaka, kimura = city.actor(TANAKA), city.actor(KIMURA)
    with database.transaction() as session:
        edition_id = published_edition(
            session, publisher=tanaka, confirmer=kimura, now=STORY, data=EDITION.read_bytes()
        )
    return City(database, edition_id)


def _add_offices(session: Session) -> None:
    places = (*DEPARTMENTS, *OFFICES)
    by_code = {place.code: place.id for place in places}
    _add(session, Unit, [{"id": p.id, "code": p.code, "created_at": STORY} for p in places])
    _add(
        session,
        UnitVersion,
        [
            {
                "unit_id": place.id,
                "name": place.name,
                "kana": place.kana,
                "kind": place.kind,
                "policy_owner": place.owner,
                "parent_id": by_code[place.parent] if place.parent else None,
                "sort_order": 1000 + order,
                "valid_from": FIRST_DAY.replace(year=2010),
            }
            for order, place in enumerate(places)
        ],
    )


def _add_staff(session: Session) -> None:
    people = (*CLERKS, *HEADS)
    named = [
        {"id": c.id, "staff_no": c.staff_no, "name": c.name, "kana": c.kana, "created_at": STORY}
        for c in people
    ]
    _add(session, Person, named)
    _add(session, Posting, [_posting(cast) for cast in people])
    account = {"password_hash": password_hash(), "must_change_password": False, "created_at": STORY}
    _add(session, Account, [{"person_id": cast.id, **account} for cast in CLERKS])
    _add(
        session,
        DutyAssignment,
        [
            {
                "unit_id": clerk.unit.id,
                "person_id": clerk.id,
                "duty": "clerk",
                "valid_from": FIRST_DAY,
                "named_by": head.id,
                "named_at": STORY,
            }
            for clerk, head in zip(CLERKS, HEADS, strict=True)
        ],
    )


def _posting(cast: Cast) -> dict[str, Any]:
    return {
        "person_id": cast.id,
        "unit_id": cast.unit.id,
        "kind": "main",
        "position": cast.position,
        "title": "課長" if cast.position == "head" else "主任",
        "valid_from": FIRST_DAY,
        "known_from": FIRST_DAY,
        "recorded_at": STORY,
    }


# ------------------------------------------------------------------------------------------- this year


def dates_of(year: int) -> CampaignDates:
    """Return the dates of a campaign of a 年度."""
    return CampaignDates(
        base_date=date(year, 10, 1),
        answer_from=date(year, 11, 1),
        answer_due=date(year, 11, 27),
        approval_due=date(year, 12, 4),
        review_due=date(year, 12, 18),
        grace_until=date(year, 12, 11),
    )


def prepared_campaign(city: City) -> CampaignId:
    """Prepare a campaign of this year for all 120 offices by the real command."""
    draft = CampaignDraft(
        title="令和8年度 定期自己点検",
        kind=CampaignKind.REGULAR,
        fiscal_year=2026,
        edition_id=city.edition_id,
        dates=dates_of(2026),
        notice="各所属で点検してください。",
        unit_ids=frozenset(office.id for office in OFFICES),
    )
    actor = city.actor(TANAKA)
    with city.database.transaction() as session:
        return prepare_campaign(session, actor=actor, draft=draft, now=STORY)


def running_year(city: City) -> RunningYear:
    """Open this year's campaign and bring its sheets to every step of their way, all answered."""
    campaign_id, kimura = prepared_campaign(city), city.actor(KIMURA)
    with city.database.transaction() as session:
        open_campaign(session, actor=kimura, campaign_id=campaign_id, seen_version=1, now=STORY)
    edition = city.edition
    with city.database.transaction() as session:
        found = {
            UnitId(row.unit_id): (InspectionId(row.id), RevisionId(row.revision_id))
            for row in session.execute(
                select(Inspection.id, Inspection.unit_id, Revision.id.label("revision_id"))
                .join(Revision, Revision.inspection_id == Inspection.id)
                .where(Inspection.campaign_id == campaign_id)
            )
        }
        _fill(session, edition, revisions={office.id: found[office.id][1] for office in OFFICES}, at=STORY)
        confirmed = {"is_on": True, "confirmed_by": KIMURA.id, "confirmed_at": STORY}
        session.execute(
            update(ProfileFlag)
            .where(ProfileFlag.revision_id.in_([r for _, r in found.values()]))
            .values(confirmed)
        )
        for number, office in enumerate(OFFICES):
            state = State.ANSWERING if number < ANSWERING else STATES[number % len(STATES)]
            session.execute(
                update(Revision).where(Revision.id == found[office.id][1]).values(_standing(edition, state))
            )
    return RunningYear(city, campaign_id, tuple(found[office.id][0] for office in OFFICES))


def _standing(edition: Edition, state: State) -> dict[str, Any]:
    count = len(edition.items)
    decided = count if state in {State.REVIEWED, State.SIGNED_OFF} else 0
    judged = (
        {"decided": decided, "self_earned": 150, "self_possible": 200, "self_grade": "B"} if decided else {}
    )
    return {"state": state.value, "applicable": count, "answered": count, **judged}


# --------------------------------------------------------------------------------------- earlier years


def add_earlier_years(city: City, *, years: int) -> None:
    """Add signed-off campaigns before this year's: answers, histories, judgements and journal of every sheet."""
    edition = city.edition
    for year in range(2026 - years, 2026):
        with city.database.transaction() as session:
            _add_sealed_year(session, edition, year=year)


def _add_sealed_year(session: Session, edition: Edition, *, year: int) -> None:
    at, campaign_id = STORY.replace(year=year), new_id()
    _add(session, Campaign, [_campaign(campaign_id, edition, year=year, at=at)])
    inspections = {UnitId(office.id): InspectionId(new_id()) for office in OFFICES}
    revisions = {UnitId(office.id): RevisionId(new_id()) for office in OFFICES}
    added = {"campaign_id": campaign_id, "added_by": KIMURA.id, "added_at": at, "added_reason": ""}
    _add(session, Inspection, [{"id": inspections[u], "unit_id": u, **added} for u in revisions])
    open_now = {"number": 1, "current": True, "state_since": at, "version": 7, "return_round": 0}
    standing = _standing(edition, State.REVIEWED)
    _add(
        session,
        Revision,
        [{"id": r, "inspection_id": inspections[u], **open_now, **standing} for u, r in revisions.items()],
    )
    confirmed = {"is_on": True, "confirmed_by": KIMURA.id, "confirmed_at": at}
    _add(
        session,
        ProfileFlag,
        [{"revision_id": r, "flag": f.code, **confirmed} for r in revisions.values() for f in edition.flags],
    )
    _fill(session, edition, revisions=revisions, at=at)
    _judge(session, edition, revisions=revisions.values(), at=at)
    add_summaries(session, edition, revisions=revisions.values())
    _write_journal(session, inspections.values(), entries=2 * len(edition.items), at=at)
    # Sealed last: from then on the guards refuse every further row.
    sealed = {
        **_standing(edition, State.SIGNED_OFF),
        "reviewed_earned": 148,
        "reviewed_possible": 200,
        "reviewed_grade": "C",
    }
    session.execute(update(Revision).where(Revision.id.in_(list(revisions.values()))).values(sealed))


def _campaign(campaign_id: object, edition: Edition, *, year: int, at: datetime) -> dict[str, Any]:
    dates = dates_of(year)
    return {
        "id": campaign_id,
        "title": f"{year}年度 定期自己点検",
        "kind": CampaignKind.REGULAR.value,
        "fiscal_year": year,
        "edition_id": edition.id,
        **{name: getattr(dates, name) for name in CampaignDates.__dataclass_fields__},
        "notice": "",
        "taking_over": True,
        "state": "closed",
        "version": 3,
        "prepared_by": TANAKA.id,
        "prepared_at": at,
        "opened_by": KIMURA.id,
        "opened_at": at,
    }


def _fill(
    session: Session, edition: Edition, *, revisions: Mapping[UnitId, RevisionId], at: datetime
) -> None:
    """Answer every item of the sheets of some offices once."""
    clerks = {clerk.unit.id: clerk.id for clerk in CLERKS}
    answers: Rows = [
        {
            "revision_id": revision_id,
            "item_id": item_id,
            "level": LEVELS[number % len(LEVELS)],
            "comment": COMMENT,
            "taken_over": False,
            "version": 1,
            "answered_by": clerks[unit_id],
            "answered_at": at,
        }
        for unit_id, revision_id in revisions.items()
        for number, item_id in enumerate(edition.items)
    ]
    _add(session, Answer, answers)
    salt = new_salt()
    saved = {"salt": salt, "client_id": "benchmark", "origin": Origin.GIVEN.value}
    _add(session, AnswerHistory, [{**row, **saved} for row in answers])


def _judge(session: Session, edition: Edition, *, revisions: Iterable[RevisionId], at: datetime) -> None:
    rows: Rows = [
        {
            "revision_id": revision_id,
            "item_id": item_id,
            "judgement": "accepted",
            "remark": REMARK,
            "version": 1,
            "reviewed_by": TANAKA.id,
            "reviewed_at": at,
        }
        for revision_id in revisions
        for item_id in edition.items
    ]
    _add(session, ItemReview, [{**row, "answer_version": 1} for row in rows])
    salt = new_salt()
    _add(session, ItemReviewHistory, [{**row, "salt": salt} for row in rows])


def add_summaries(session: Session, edition: Edition, *, revisions: Iterable[RevisionId]) -> None:
    """Add the figures that a sheet's commands keep with it: its sections, and why its score differs from the year before."""
    parts = {"share_before": 1400, "share_now": 1500, "work": 90, "new_items": 20, "retired": -10}
    change = {"denominator": 2000, **parts, "weight": 0, "applicability": 0, "wording": 0, "moved": 0}
    sections: Rows = []
    changes: Rows = []
    for place, revision_id in enumerate(revisions):
        for section in edition.sections:
            possible = 4 * len(section.items)
            earned = possible * (50 + (7 * place + 11 * section.number) % 51) // 100
            sections.append(
                {
                    "revision_id": revision_id,
                    "section": section.slug,
                    "number": section.number,
                    "applicable": len(section.items),
                    "answered": len(section.items),
                    "unknown": 0,
                    "mandatory_missed": 1,
                    "self_earned": earned,
                    "self_possible": possible,
                    "missed": " ".join(item.key for item in section.items[place % 3 :: 3]),
                    "reviewed_earned": earned,
                    "reviewed_possible": possible,
                    "reviewed_missed": "",
                }
            )
        for slug in ("", *(section.slug for section in edition.sections)):
            changes.append({"revision_id": revision_id, "measure": "self", "section": slug, **change})
    _add(session, SectionSummary, sections)
    _add(session, ScoreChangeSummary, changes)


def _write_journal(
    session: Session, inspections: Iterable[InspectionId], *, entries: int, at: datetime
) -> None:
    chains = {str(one): tuple(_chain(str(one), entries=entries)) for one in inspections}
    kind = SubjectType.INSPECTION.value
    _add(
        session,
        JournalEntry,
        [
            {
                "subject_type": kind,
                "subject_id": subject,
                "sequence": sequence,
                "recorded_at": at + timedelta(seconds=sequence),
                "payload": payload,
                "previous_digest": previous,
                "digest": digest,
            }
            for subject, chain in chains.items()
            for sequence, (payload, previous, digest) in enumerate(chain, start=1)
        ],
    )
    heads = [
        {"subject_type": kind, "subject_id": s, "sequence": entries, "digest": c[-1][2], "sealed_sequence": 0}
        for s, c in chains.items()
    ]
    _add(session, JournalHead, heads)


def _chain(subject: str, *, entries: int) -> Iterator[tuple[str, str, str]]:
    """Yield payload, previous and own digest: linked as the real ones, the payload about as long."""
    previous = GENESIS
    for sequence in range(1, entries + 1):
        payload = f'{{"actor":"{KIMURA.id}","event":"answer.recorded","facts":{{"comment":"{GENESIS}"}},"subject":"{subject}"}}'
        digest = link(previous=previous, sequence=sequence, payload=payload)
        yield payload, previous, digest
        previous = digest


def item_ids(city: City) -> tuple[ItemId, ...]:
    """Return the items of the edition in their order."""
    return tuple(city.edition.items)
