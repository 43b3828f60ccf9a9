"""The answers of every sheet of a campaign at once, for documents over the whole city."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.inspections.models import Answer, Inspection, ItemReview, ProfileFlag, Revision
from app.inspections.queries.campaigns.progress import ProgressFilter, ProgressPage, progress_page
from app.inspections.rules import AnswerFact
from app.kernel.ids import CampaignId, InspectionId, ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetAnswers:
    """What the current revision of a sheet holds. `reviewed` has the reviewer's own level where it differs from the answer."""

    flags: Mapping[str, bool]
    answers: Mapping[ItemId, AnswerFact]
    reviewed: Mapping[ItemId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignResults:
    """The progress of a campaign with the answers of each of its sheets."""

    page: ProgressPage
    sheets: Mapping[InspectionId, SheetAnswers]


_INSPECTION: Final = Inspection.__table__.c
_REVISION: Final = Revision.__table__.c
_FLAG: Final = ProfileFlag.__table__.c
_ANSWER: Final = Answer.__table__.c
_REVIEW: Final = ItemReview.__table__.c


def _of_current(table: Any, *columns: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401 - a table and its columns
    return (
        select(_INSPECTION.id.label("inspection_id"), *columns)
        .join_from(Inspection.__table__, Revision.__table__, _REVISION.inspection_id == _INSPECTION.id)
        .join(table, table.c.revision_id == _REVISION.id)
        .where(_INSPECTION.campaign_id == bindparam("campaign"), _REVISION.current.is_(True))
    )


_FLAGS: Final = _of_current(ProfileFlag.__table__, _FLAG.flag, _FLAG.is_on)
_ANSWERS: Final = _of_current(
    Answer.__table__,
    *(_ANSWER[name] for name in ("item_id", "level", "comment", "version", "action_due", "taken_over")),
)
_REVIEWED: Final = _of_current(ItemReview.__table__, _REVIEW.item_id, _REVIEW.reviewed_level).where(
    _REVIEW.reviewed_level.is_not(None)
)


def campaign_results(
    session: Session, *, actor: Actor, campaign_id: CampaignId, today: date
) -> CampaignResults:
    """Return the progress and all answers of an opened campaign: three statements more than its progress.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
        NotNow: it was not opened yet.
    """
    page = progress_page(session, actor=actor, campaign_id=campaign_id, wanted=ProgressFilter(), today=today)
    values = {"campaign": campaign_id}
    connection = session.connection()
    found: dict[InspectionId, tuple[dict[str, bool], dict[ItemId, AnswerFact], dict[ItemId, str]]] = {
        row.inspection_id: ({}, {}, {}) for row in page.rows
    }
    for row in connection.execute(_FLAGS, values):
        found[row.inspection_id][0][row.flag] = row.is_on
    for row in connection.execute(_ANSWERS, values):
        found[row.inspection_id][1][ItemId(row.item_id)] = _answer(row)
    for row in connection.execute(_REVIEWED, values):
        found[row.inspection_id][2][ItemId(row.item_id)] = row.reviewed_level
    return CampaignResults(
        page=page,
        sheets={
            inspection_id: SheetAnswers(flags=flags, answers=answers, reviewed=reviewed)
            for inspection_id, (flags, answers, reviewed) in found.items()
        },
    )


def _answer(row: Row[*tuple[Any, ...]]) -> AnswerFact:
    return AnswerFact(
        level=row.level,
        comment=row.comment,
        version=row.version,
        action_due=row.action_due,
        taken_over=row.taken_over,
    )
