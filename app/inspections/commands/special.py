"""臨時点検: prepared with its questions in one act, changed until it is opened, opened and published in one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.calendar.queries import city_calendar
from app.checklists.commands import (
    EditionDraft,
    import_edition,
    publish_edition,
    replace_draft,
    take_special_code,
)
from app.checklists.queries import content_of, load_edition, newest_published
from app.checklists.rules import LONGEST_TEXT, MODEL, Question
from app.inspections.commands.campaign import CampaignDraft, change_campaign, open_campaign, prepare_campaign
from app.inspections.models import Campaign
from app.inspections.rules import CampaignKind, CampaignState
from app.inspections.rules.special import (
    LONGEST_NAME,
    bare_name,
    question_problems,
    special_dates,
    special_title,
    unseen_marks,
    written,
)
from app.inspections.rules.taking_over import Offer
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotFound, NotNow, Problem
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import CampaignId, EditionId, InspectionId, PersonId, UnitId
from app.kernel.text import clean, text_problems
from app.people.queries import actor_on

QUESTION: Final = "question-"
"""What the field of a problem with one question begins with; its number follows, counted from 1."""
NO_MODEL: Final = (
    "所属の点検票がまだ公開されていません。回答の段階と評価を受け継ぐので、先に公開してください。"
)
NOT_SPECIAL: Final = "設問を持つ臨時点検ではありません。点検実施の画面から開き直してください。"
STARTED: Final = "始めた点検は変えられません。所属の追加や除外は、理由を書いて行えます。"
AUTHOR_LEFT: Final = "設問を書いた人は、いまは点検を準備する役割にありません。審査担当が「内容を直す」を開き、確かめて保存し直してください。"
WROTE_IT: Final = "設問を最後に保存したのはあなたです。公開には、もう一人の確認が要ります。審査担当が「内容を直す」を開き、確かめて保存すると、あなたが始められます。"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDraft:
    """A 臨時点検 as somebody prepares it. `name` follows 「臨時点検：」; `reason` is the notice too; blank questions are left out."""

    name: str
    reason: str
    questions: tuple[Question, ...]
    answer_due: date
    unit_ids: frozenset[UnitId]


def prepare_special(session: Session, *, actor: Actor, draft: SpecialDraft, now: datetime) -> CampaignId:
    """Make a draft of a campaign together with the edition that it asks.

    Raises:
        NotNow: no department checklist is published whose scale it could take.
        InvalidInput: something is missing, too long, or in the wrong order.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    _require_valid(draft)
    year = FiscalYear.containing(business_date(now)).year
    code = take_special_code(session, actor=actor, year=year)
    edition = _edition(session, draft=draft, code=code, label=f"{year}.1")
    edition_id = import_edition(session, actor=actor, draft=edition, now=now)
    campaign = _campaign(session, actor=actor, draft=draft, edition_id=edition_id, now=now)
    return prepare_campaign(session, actor=actor, draft=campaign, now=now)


def change_special(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    draft: SpecialDraft,
    seen_version: int,
    now: datetime,
) -> None:
    """Change a draft and its questions. Whoever saves it last stands for the questions, changed or not.

    Raises:
        NotNow: it was opened, or brings no questions of its own.
        StaleVersion: somebody else changed it.
        InvalidInput: something is missing, too long, or in the wrong order.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    held = _held(session, campaign_id=campaign_id)
    _require_valid(draft)
    edition_id = EditionId(held.edition_id)
    # First the campaign: it refuses a stale screen before anything is written.
    campaign = _campaign(session, actor=actor, draft=draft, edition_id=edition_id, now=now)
    change_campaign(
        session, actor=actor, campaign_id=campaign_id, draft=campaign, seen_version=seen_version, now=now
    )
    stored = load_edition(session, edition_id=edition_id)
    edition = _edition(session, draft=draft, code=stored.code, label=stored.label)
    replace_draft(session, actor=actor, edition_id=edition_id, draft=edition, now=now)


def open_special(
    session: Session, *, actor: Actor, campaign_id: CampaignId, seen_version: int, now: datetime
) -> tuple[InspectionId, ...]:
    """Publish the questions and give every unit its sheet, in one act: who wrote them publishes, who opens confirms.

    Raises:
        NotAllowed: the actor opens no campaigns, or wrote the questions.
        NotNow: it was opened before, brings no questions of its own, or who wrote them prepares no campaigns any more.
        StaleVersion: somebody changed the draft after it was looked at.
    """
    require(Permission.CITY_CAMPAIGN_OPEN, actor=actor)
    held = _held(session, campaign_id=campaign_id)
    edition_id = EditionId(held.edition_id)
    if not load_edition(session, edition_id=edition_id).published:
        author = actor_on(
            session,
            person_id=PersonId(held.questions_by) if held.questions_by else actor.person_id,
            day=business_date(now),
            via=actor.via,
            operator=actor.operator,
        )
        if not may(Permission.CITY_CHECKLIST_IMPORT, actor=author):
            raise NotNow(AUTHOR_LEFT)
        note = f"「{held.title}」を始めるため"
        publish_edition(session, actor=author, confirmed_by=actor, edition_id=edition_id, note=note, now=now)
    return open_campaign(session, actor=actor, campaign_id=campaign_id, seen_version=seen_version, now=now)


def _held(session: Session, *, campaign_id: CampaignId) -> Campaign:
    campaign = session.scalars(
        select(Campaign).where(Campaign.id == campaign_id).with_for_update()
    ).one_or_none()
    if campaign is None:
        raise NotFound
    if campaign.questions_by is None:
        raise NotNow(NOT_SPECIAL)
    if campaign.state != CampaignState.DRAFT.value:
        raise NotNow(STARTED)
    return campaign


def _require_valid(draft: SpecialDraft) -> None:
    problems = text_problems(bare_name(draft.name), field="name", label="名称", longest=LONGEST_NAME)
    problems += text_problems(clean(draft.reason), field="reason", label="理由と通知文", longest=LONGEST_TEXT)
    problems += [
        Problem(field=name, message=words)
        for name, label, text in (("name", "名称", draft.name), ("reason", "理由と通知文", draft.reason))
        for words in unseen_marks(text, label=label)
    ]
    if not bare_name(draft.name):
        problems.append(Problem(field="name", message="名称を書いてください。"))
    if not clean(draft.reason):
        message = "理由と通知文を書いてください。答える人が、なぜ急ぐのかを知るためです。"
        problems.append(Problem(field="reason", message=message))
    problems += [
        Problem(field=f"{QUESTION}{place + 1}", message=words)
        for place, words in question_problems(draft.questions)
    ]
    if problems:
        raise InvalidInput(problems)


def _edition(session: Session, *, draft: SpecialDraft, code: str, label: str) -> EditionDraft:
    # Here, because reading and writing files takes as long to import as half of all else together.
    from app.checklists.files.special import special_edition  # noqa: PLC0415

    model = newest_published(session, code=MODEL)
    if model is None:
        raise NotNow(NO_MODEL)
    return special_edition(
        code=code,
        label=label,
        title=special_title(draft.name),
        reason=draft.reason,
        questions=written(draft.questions),
        model=content_of(session, edition_id=model.id),
    )


def _campaign(
    session: Session, *, actor: Actor, draft: SpecialDraft, edition_id: EditionId, now: datetime
) -> CampaignDraft:
    today = business_date(now)
    return CampaignDraft(
        title=special_title(draft.name),
        kind=CampaignKind.EXTRA,
        fiscal_year=FiscalYear.containing(today).year,
        edition_id=edition_id,
        dates=special_dates(today, answer_due=draft.answer_due, calendar=city_calendar(session)),
        notice=draft.reason,
        unit_ids=draft.unit_ids,
        taking_over=Offer.NOT_OFFERED,
        questions_by=actor.person_id,
    )
