"""What the page of a 臨時点検 starts from, and what its draft says about its questions."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.calendar.queries import city_calendar
from app.checklists.queries import load_edition
from app.checklists.rules import Question, questions_of
from app.inspections.queries.campaigns.preparation import SHEET_KINDS, units_of
from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.rules import CampaignState
from app.inspections.rules.special import FEWEST, bare_name, suggested_due
from app.kernel.errors import NotNow
from app.kernel.ids import CampaignId, EditionId, PersonId, UnitId
from app.organisation.queries import tree_on
from app.people.queries import people_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialPreparation:
    """What stands in the form: blank, or a draft (which has a version)."""

    name: str
    reason: str
    questions: tuple[Question, ...]
    answer_due: date
    unit_ids: frozenset[UnitId]
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionsOfDraft:
    """Who last saved the questions of a draft, and whether that is who looks at it."""

    author: str
    by_actor: bool


def first_special(session: Session, *, actor: Actor, today: date) -> SpecialPreparation:
    """Return what the form starts from: every 課 and 出先, to be answered by the next working day.

    Raises:
        NotAllowed: the actor does not prepare campaigns.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    tree = tree_on(session, day=today)
    return SpecialPreparation(
        name="",
        reason="",
        questions=tuple(Question(statement="") for _ in range(FEWEST)),
        answer_due=suggested_due(today, calendar=city_calendar(session)),
        unit_ids=frozenset(unit.id for unit in tree.units if unit.kind in SHEET_KINDS),
    )


def stored_special(session: Session, *, actor: Actor, campaign_id: CampaignId) -> SpecialPreparation:
    """Return a draft for changing it.

    Raises:
        NotAllowed: the actor does not prepare campaigns.
        NotFound: there is no such campaign.
        NotNow: it was opened, or brings no questions of its own.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    row = campaign_row(session, campaign_id=campaign_id)
    if row.state != CampaignState.DRAFT.value or row.questions_by is None:
        raise NotNow(
            "ここで直せるのは、まだ始めていない臨時点検だけです。点検実施の画面から開き直してください。"
        )
    return SpecialPreparation(
        name=bare_name(row.title),
        reason=row.notice,
        questions=questions_of(load_edition(session, edition_id=EditionId(row.edition_id))),
        answer_due=row.answer_due,
        unit_ids=units_of(session, campaign=row),
        version=row.version,
    )


def questions_of_draft(session: Session, *, actor: Actor, campaign_id: CampaignId) -> QuestionsOfDraft | None:
    """Return who stands for the questions that a draft brings; None where it asks a standing checklist.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    row = campaign_row(session, campaign_id=campaign_id)
    if row.questions_by is None:
        return None
    author = PersonId(row.questions_by)
    people = people_by_id(session, person_ids=[author])
    return QuestionsOfDraft(author=people[author].name, by_actor=author == actor.person_id)
