"""Writing reminders: by the rules, and by hand."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.queries.in_hand import sheets_in_hand
from app.journal.commands import record
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput
from app.kernel.ids import CampaignId, InspectionId
from app.notices.commands import notify
from app.notices.queries import subjects_told
from app.notices.rules import NoticeDraft
from app.reminders.queries.pages import holders_audience
from app.reminders.queries.people import roll_of
from app.reminders.queries.planning import Reminder, due_reminders, lock_reminders
from app.reminders.rules import VERSION, WITH_DEPARTMENT, ReminderKind

_BY_RULE = ActorMark(person_id=None, via=Via.JOB)


def remind_by_rule(session: Session, *, now: datetime) -> int:
    """Write every reminder whose day has come, each once for ever; return how many notices."""
    return _write(session, reminders=due_reminders(session, today=business_date(now)), now=now)


def tell_of_locks(session: Session, *, now: datetime) -> int:
    """Tell of every sheet that the grace date locked, once; return how many notices."""
    return _write(session, reminders=lock_reminders(session, today=business_date(now)), now=now)


def _write(session: Session, *, reminders: Iterable[Reminder], now: datetime) -> int:
    """Write the notices of all campaigns at once, and one journal entry for each campaign."""
    by_campaign: dict[CampaignId, list[Reminder]] = {}
    for reminder in reminders:
        by_campaign.setdefault(reminder.campaign_id, []).append(reminder)
    drafts = [draft for found in by_campaign.values() for one in found for draft in one.drafts]
    written = notify(session, drafts=drafts, now=now)
    for campaign_id, found in by_campaign.items():
        counts = Counter(one.kind.value for one in found)
        sheets = sorted({str(sheet) for one in found for sheet in one.sheets})
        record(
            session,
            subject=_chain(campaign_id),
            event="campaign.reminded",
            actor=_BY_RULE,
            now=now,
            facts={"rules": VERSION, "reminders": dict(sorted(counts.items())), "sheets": sheets},
        )
    return written


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What a reminder by hand did: departments that were reminded, and those that had been reminded today already."""

    sent: int
    already: int


def remind_by_hand(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    inspection_ids: Collection[InspectionId],
    now: datetime,
) -> ByHand:
    """Remind whoever has the chosen sheets in hand, once a day; return how many departments were reminded, and how many were already.

    Raises:
        NotAllowed: the actor sends no reminders.
        InvalidInput: no department was chosen that still has its sheet, or all of them were reminded today.
    """
    require(Permission.CITY_REMINDER_SEND, actor=actor)
    today = business_date(now)
    chosen = [
        sheet
        for sheet in sheets_in_hand(session, today=today, campaign_id=campaign_id)
        if sheet.id in inspection_ids and sheet.state in WITH_DEPARTMENT
    ]
    if not chosen:
        raise InvalidInput.of("催促を送る所属を、一つ以上選んでください。", field="sheets")
    told = subjects_told(
        session,
        kind=ReminderKind.BY_HAND.value,
        occasion=today.isoformat(),
        subject_ids=[sheet.id for sheet in chosen],
    )
    fresh = [sheet for sheet in chosen if sheet.id not in told]
    if not fresh:
        raise InvalidInput.of(
            "選んだ所属には、きょうもう催促を送っています。同じ所属への催促は、1日に1回です。", field="sheets"
        )
    roll = roll_of(session, sheets=fresh, today=today)
    drafts = [
        NoticeDraft(
            person_id=person_id,
            kind=ReminderKind.BY_HAND.value,
            subject_id=sheet.id,
            context_id=campaign_id,
            occasion=today.isoformat(),
            due_on=sheet.due,
        )
        for sheet in fresh
        for person_id in sorted(roll.of_sheet(sheet, audiences=holders_audience(sheet)))
    ]
    notify(session, drafts=drafts, now=now)
    record(
        session,
        subject=_chain(campaign_id),
        event="campaign.reminded_by_hand",
        actor=actor.mark,
        now=now,
        facts={"sheets": sorted(str(sheet.id) for sheet in fresh), "notices": len(drafts)},
    )
    return ByHand(sent=len(fresh), already=len(told))


def _chain(campaign_id: CampaignId) -> Subject:
    return Subject(type=SubjectType.CAMPAIGN, id=str(campaign_id))
