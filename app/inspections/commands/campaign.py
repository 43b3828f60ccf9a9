"""Preparing and running a campaign: opened for all units in one act and one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.checklists.commands import discard_draft
from app.checklists.queries import load_edition
from app.checklists.rules import Edition, SheetSubject
from app.inspections.commands.steps import checked_reason
from app.inspections.models import Campaign, CampaignUnit, Inspection, ProfileFlag, Revision
from app.inspections.queries.campaigns.targets import Target, previous_of, targets_of
from app.inspections.queries.holding import holder
from app.inspections.queries.sheet import campaign_dates
from app.inspections.rules import (
    SEALED,
    CampaignDates,
    CampaignKind,
    CampaignState,
    State,
    date_problems,
    title_of,
)
from app.inspections.rules.taking_over import Offer
from app.journal.commands import record, record_births
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotFound, NotNow, Problem, StaleVersion
from app.kernel.ids import CampaignId, EditionId, InspectionId, PersonId, RevisionId, UnitId, new_id
from app.kernel.text import clean, text_problems
from app.organisation.queries import tree_on

LONGEST_TITLE = 100
LONGEST_NOTICE = 4000
NO_SYSTEMS = (
    "対象の所属には、使用中の情報システムがありません。情報システム台帳で、所管と廃止日を確かめてください。"
)

OWN_QUESTIONS = (
    "この臨時点検は設問も一緒に準備します。点検実施の画面から開き直し、臨時点検の画面で直すか始めてください。"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """A campaign as somebody prepares it.

    Attributes:
        prepared_from: the campaign of the year before that it was made from in one act.
        questions_by: who wrote its questions, where it brings its own (臨時点検): that edition is published when it is opened.
    """

    title: str
    kind: CampaignKind
    fiscal_year: int
    edition_id: EditionId
    dates: CampaignDates
    notice: str
    unit_ids: frozenset[UnitId]
    taking_over: Offer = Offer.OFFERED
    prepared_from: CampaignId | None = None
    questions_by: PersonId | None = None


def _subject(campaign_id: CampaignId) -> Subject:
    return Subject(type=SubjectType.CAMPAIGN, id=str(campaign_id))


def prepare_campaign(session: Session, *, actor: Actor, draft: CampaignDraft, now: datetime) -> CampaignId:
    """Make a draft of a campaign.

    Raises:
        InvalidInput: dates in the wrong order, no unit chosen, an edition that is not published.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    _require_valid(session, draft=draft)
    campaign_id, salt = CampaignId(new_id()), new_salt()
    session.execute(
        insert(Campaign).values(
            id=campaign_id,
            state=CampaignState.DRAFT.value,
            version=1,
            prepared_by=actor.person_id,
            prepared_at=now,
            prepared_from_id=draft.prepared_from,
            salt=salt,
            **_values(draft),
        )
    )
    _choose_units(session, campaign_id=campaign_id, unit_ids=draft.unit_ids)
    record(
        session,
        subject=_subject(campaign_id),
        event="campaign.prepared",
        actor=actor.mark,
        now=now,
        facts=_facts(draft, salt=salt),
    )
    return campaign_id


def change_campaign(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    draft: CampaignDraft,
    seen_version: int,
    now: datetime,
) -> None:
    """Change a draft; once opened, a campaign stays as it is."""
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    campaign = _held(session, campaign_id=campaign_id)
    _require_draft(campaign, seen_version=seen_version)
    if (campaign.questions_by is None) != (draft.questions_by is None):
        raise NotNow(OWN_QUESTIONS)
    _require_valid(session, draft=draft)
    salt = new_salt()
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(version=campaign.version + 1, salt=salt, **_values(draft))
    )
    session.execute(delete(CampaignUnit).where(CampaignUnit.campaign_id == campaign_id))
    _choose_units(session, campaign_id=campaign_id, unit_ids=draft.unit_ids)
    record(
        session,
        subject=_subject(campaign_id),
        event="campaign.changed",
        actor=actor.mark,
        now=now,
        facts=_facts(draft, salt=salt),
    )


def discard_campaign(
    session: Session, *, actor: Actor, campaign_id: CampaignId, seen_version: int, now: datetime
) -> None:
    """Throw a draft away, with the questions that it brings: nobody has been told of it, and nothing hangs on it.

    Questions that were published meanwhile stay: what is published is for ever.

    Raises:
        NotNow: it was opened.
        StaleVersion: somebody changed it after it was looked at.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    campaign = _held(session, campaign_id=campaign_id)
    _require_draft(campaign, seen_version=seen_version)
    edition_id = EditionId(campaign.edition_id)
    own_questions = (
        campaign.questions_by is not None and not load_edition(session, edition_id=edition_id).published
    )
    record(
        session,
        subject=_subject(campaign_id),
        event="campaign.discarded",
        actor=actor.mark,
        now=now,
        facts={"edition": str(edition_id)},
    )
    session.execute(delete(CampaignUnit).where(CampaignUnit.campaign_id == campaign_id))
    session.execute(delete(Campaign).where(Campaign.id == campaign_id))
    if own_questions:
        discard_draft(session, actor=actor, edition_id=edition_id, now=now)


def _values(draft: CampaignDraft) -> dict[str, Any]:
    return {
        "title": title_of(draft.kind, draft.title),
        "kind": draft.kind.value,
        "fiscal_year": draft.fiscal_year,
        "edition_id": draft.edition_id,
        "base_date": draft.dates.base_date,
        "answer_from": draft.dates.answer_from,
        "answer_due": draft.dates.answer_due,
        "approval_due": draft.dates.approval_due,
        "review_due": draft.dates.review_due,
        "grace_until": draft.dates.grace_until,
        "notice": clean(draft.notice),
        "taking_over": draft.taking_over is Offer.OFFERED,
        "questions_by": draft.questions_by,
    }


def _facts(draft: CampaignDraft, *, salt: str) -> dict[str, Any]:
    source = {"prepared_from": str(draft.prepared_from)} if draft.prepared_from else {}
    return {
        **source,
        "title": salted_digest(title_of(draft.kind, draft.title), salt=salt),
        "edition": str(draft.edition_id),
        "fiscal_year": draft.fiscal_year,
        "kind": draft.kind.value,
        "dates": {name: day.isoformat() for name, day in asdict(draft.dates).items()},
        "units": sorted(str(unit_id) for unit_id in draft.unit_ids),
        "notice": salted_digest(clean(draft.notice), salt=salt),
        "taking_over": draft.taking_over.value,
    }


def _require_valid(session: Session, *, draft: CampaignDraft) -> None:
    problems = [Problem(field=field, message=sentence) for field, sentence in date_problems(draft.dates)]
    problems += text_problems(
        title_of(draft.kind, draft.title), field="title", label="名称", longest=LONGEST_TITLE
    )
    problems += text_problems(draft.notice, field="notice", label="通知文", longest=LONGEST_NOTICE)
    if not clean(draft.title):
        problems.append(Problem(field="title", message="名称を書いてください。"))
    if not draft.unit_ids:
        problems.append(Problem(field="units", message="対象の所属を1つ以上選んでください。"))
    unknown = draft.unit_ids - set(tree_on(session, day=draft.dates.base_date).by_id)
    if unknown:
        problems.append(
            Problem(field="units", message="基準日に存在しない所属が選ばれています。選び直してください。")
        )
    edition = load_edition(session, edition_id=draft.edition_id)
    if not edition.published and draft.questions_by is None:
        problems.append(Problem(field="edition", message="公開した版を選んでください。"))
    if edition.subject is SheetSubject.PERSON:
        message = "職員個人の点検票は、紙の回答用紙で使います。点検の実施では、所属かシステムの点検票を選んでください。"
        problems.append(Problem(field="edition", message=message))
    if problems:
        raise InvalidInput(problems)


def _choose_units(session: Session, *, campaign_id: CampaignId, unit_ids: Iterable[UnitId]) -> None:
    session.execute(
        insert(CampaignUnit), [{"campaign_id": campaign_id, "unit_id": unit_id} for unit_id in unit_ids]
    )


def _held(session: Session, *, campaign_id: CampaignId) -> Campaign:
    campaign = session.scalars(
        select(Campaign).where(Campaign.id == campaign_id).with_for_update()
    ).one_or_none()
    if campaign is None:
        raise NotFound
    return campaign


def _require_draft(campaign: Campaign, *, seen_version: int) -> None:
    if campaign.state != CampaignState.DRAFT.value:
        raise NotNow("始めた点検は変えられません。所属の追加や除外は、理由を書いて行えます。")
    if campaign.version != seen_version:
        raise StaleVersion(
            "画面を開いたあとに、ほかの人がこの点検の準備を変えました。開き直して、いまの内容を確かめてください。"
        )


def open_campaign(
    session: Session, *, actor: Actor, campaign_id: CampaignId, seen_version: int, now: datetime
) -> tuple[InspectionId, ...]:
    """Open a campaign for all its units in one act: one sheet each, pinned to the edition, last year's sealed sheet beside it.

    Over a checklist about systems each system in use of these units gets its sheet.

    Raises:
        NotNow: it was opened before, or none of the units owns a system in use.
    """
    require(Permission.CITY_CAMPAIGN_OPEN, actor=actor)
    campaign = _held(session, campaign_id=campaign_id)
    _require_draft(campaign, seen_version=seen_version)
    unit_ids = tuple(
        UnitId(row)
        for row in session.scalars(
            select(CampaignUnit.unit_id).where(CampaignUnit.campaign_id == campaign_id)
        )
    )
    edition = load_edition(session, edition_id=EditionId(campaign.edition_id))
    if not edition.published:
        raise NotNow(OWN_QUESTIONS)
    targets = targets_of(
        session,
        edition=edition,
        unit_ids=unit_ids,
        day=campaign.base_date,
    )
    if not targets:
        raise NotNow(NO_SYSTEMS)
    made = _create_sheets(session, actor=actor, campaign=campaign, targets=targets, reason="", now=now)
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(
            state=CampaignState.OPEN.value,
            version=campaign.version + 1,
            opened_by=actor.person_id,
            opened_at=now,
        )
    )
    dates = {name: day.isoformat() for name, day in asdict(campaign_dates(campaign)).items()}
    units = sorted(str(unit_id) for unit_id in unit_ids)
    systems = sorted(str(target.system_id) for target in targets if target.system_id)
    facts = {"edition": str(campaign.edition_id), "dates": dates, "units": units}
    if systems:
        facts["systems"] = systems
    record(
        session,
        subject=_subject(campaign_id),
        event="campaign.opened",
        actor=actor.mark,
        now=now,
        facts=facts,
    )
    return made


def add_unit(
    session: Session, *, actor: Actor, campaign_id: CampaignId, unit_id: UnitId, reason: str, now: datetime
) -> InspectionId:
    """Add a unit to a running campaign, or the systems of a unit that have no sheet yet, with the reason; return the first sheet."""
    require(Permission.CITY_CAMPAIGN_OPEN, actor=actor)
    campaign = _held(session, campaign_id=campaign_id)
    if campaign.state != CampaignState.OPEN.value:
        raise NotNow("所属を追加できるのは、実施中の点検だけです。")
    words = checked_reason(reason)
    if unit_id not in tree_on(session, day=business_date(now)).by_id:
        raise InvalidInput.of("きょう存在しない所属です。選び直してください。", field="unit")
    targets = _missing(session, campaign=campaign, unit_id=unit_id, today=business_date(now))
    salt = new_salt()
    made = _create_sheets(
        session, actor=actor, campaign=campaign, targets=targets, reason=words, salt=salt, now=now
    )
    facts = {"unit": str(unit_id), "reason": salted_digest(words, salt=salt)}
    record(
        session,
        subject=_subject(campaign_id),
        event="campaign.unit_added",
        actor=actor.mark,
        now=now,
        facts=facts,
    )
    return made[0]


def _missing(session: Session, *, campaign: Campaign, unit_id: UnitId, today: date) -> tuple[Target, ...]:
    """Return what of a unit has no sheet in a campaign yet; refuse where there is nothing."""
    edition = load_edition(session, edition_id=EditionId(campaign.edition_id))
    targets = targets_of(session, edition=edition, unit_ids=[unit_id], day=today)
    if not targets:
        raise InvalidInput.of(NO_SYSTEMS, field="unit")
    rows = session.execute(
        select(Inspection.system_id, Revision.state)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .where(
            Inspection.campaign_id == campaign.id,
            Revision.current.is_(True),
            or_(
                Inspection.unit_id == unit_id,
                holder(day=today) == unit_id,
                Inspection.system_id.in_([one.system_id for one in targets if one.system_id]),
            ),
        )
    )
    states = {row.system_id: row.state for row in rows}
    missing = tuple(target for target in targets if target.system_id not in states)
    if not missing and State.EXCLUDED.value in states.values():
        sentence = (
            "この所属は対象から除外されています。戻すときは、その点検票の画面で再開を申し出てください。"
        )
        raise InvalidInput.of(sentence, field="unit")
    if not missing:
        raise InvalidInput.of("この所属は、もう対象に入っています。", field="unit")
    return missing


def reopen_for_sheet(
    session: Session, *, actor: Actor, campaign_id: CampaignId, inspection_id: InspectionId, now: datetime
) -> None:
    """Let an ended campaign run again for a sheet that is reopened: its people see the sheet among what they have to do.

    Also holds the campaign against being ended in the same moment.
    """
    campaign = _held(session, campaign_id=campaign_id)
    if campaign.state != CampaignState.CLOSED.value:
        return
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(state=CampaignState.OPEN.value, version=campaign.version + 1)
    )
    record(
        session,
        subject=_subject(campaign_id),
        event="campaign.reopened",
        actor=actor.mark,
        now=now,
        facts={"inspection": str(inspection_id)},
    )


def close_campaign(session: Session, *, actor: Actor, campaign_id: CampaignId, now: datetime) -> None:
    """End a campaign when every sheet of it is sealed."""
    require(Permission.CITY_CAMPAIGN_OPEN, actor=actor)
    campaign = _held(session, campaign_id=campaign_id)
    if campaign.state != CampaignState.OPEN.value:
        raise NotNow("終えられるのは、実施中の点検だけです。")
    unsealed = session.scalars(
        select(Inspection.id)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .where(
            Inspection.campaign_id == campaign_id,
            Revision.current.is_(True),
            Revision.state.not_in([state.value for state in SEALED]),
        )
    ).all()
    if unsealed:
        raise NotNow(f"まだ終えられません。確定していない所属が{len(unsealed)}あります。")
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(state=CampaignState.CLOSED.value, version=campaign.version + 1)
    )
    record(session, subject=_subject(campaign_id), event="campaign.closed", actor=actor.mark, now=now)


def _create_sheets(
    session: Session,
    *,
    actor: Actor,
    campaign: Campaign,
    targets: tuple[Target, ...],
    reason: str,
    now: datetime,
    salt: str | None = None,
) -> tuple[InspectionId, ...]:
    """Insert obligations, first revisions and profiles in bulk, each with the first entry of its journal chain."""
    edition = load_edition(session, edition_id=EditionId(campaign.edition_id))
    previous = previous_of(session, code=edition.code, targets=targets, before=campaign.base_date)
    inherited = _inherited_flags(session, revision_ids=previous.values())
    ids = {target: InspectionId(new_id()) for target in targets}
    revisions = {target: RevisionId(new_id()) for target in targets}
    flags = {target: _first_flags(edition, inherited.get(previous.get(target))) for target in targets}
    # Into the table itself: the mapper would begin a new statement wherever a sheet had no year before.
    session.execute(
        insert(cast("Table", Inspection.__table__)),
        [
            {
                "id": ids[target],
                "campaign_id": campaign.id,
                "unit_id": target.unit_id,
                "system_id": target.system_id,
                "system_name": target.system_name,
                "previous_revision_id": previous.get(target),
                "added_by": actor.person_id,
                "added_at": now,
                "added_reason": reason,
                "added_salt": salt,
            }
            for target in targets
        ],
    )
    session.execute(
        insert(Revision),
        [_first_revision(ids[t], revisions[t], edition=edition, flags=flags[t], now=now) for t in targets],
    )
    rows = [
        {"revision_id": revisions[target], "flag": flag, "is_on": value}
        for target in targets
        for flag, value in flags[target].items()
    ]
    if rows:
        session.execute(insert(ProfileFlag), rows)
    record_births(
        session,
        subjects=[Subject(type=SubjectType.INSPECTION, id=str(ids[target])) for target in targets],
        event="inspection.opened",
        actor=actor.mark,
        now=now,
        facts={"campaign": str(campaign.id), "edition": edition.digest},
    )
    return tuple(ids[target] for target in targets)


def _first_flags(edition: Edition, inherited: Mapping[str, bool] | None) -> dict[str, bool]:
    return {flag.code: (inherited or {}).get(flag.code, False) for flag in edition.flags}


def _first_revision(
    inspection_id: InspectionId,
    revision_id: RevisionId,
    *,
    edition: Edition,
    flags: Mapping[str, bool],
    now: datetime,
) -> dict[str, Any]:
    return {
        "id": revision_id,
        "inspection_id": inspection_id,
        "number": 1,
        "current": True,
        "state": State.ANSWERING.value,
        "state_since": now,
        "version": 1,
        "return_round": 0,
        "applicable": len(edition.applicable(flags)),
        "answered": 0,
        "decided": 0,
    }


def _inherited_flags(
    session: Session, *, revision_ids: Iterable[RevisionId]
) -> dict[RevisionId | None, dict[str, bool]]:
    rows = session.execute(
        select(ProfileFlag.revision_id, ProfileFlag.flag, ProfileFlag.is_on).where(
            ProfileFlag.revision_id.in_(list(revision_ids))
        )
    )
    found: dict[RevisionId | None, dict[str, bool]] = {}
    for row in rows:
        found.setdefault(RevisionId(row.revision_id), {})[row.flag] = row.is_on
    return found
