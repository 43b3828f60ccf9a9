"""Last year beside this year: the answers of the sealed sheet before, by the items of this edition."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.checklists.queries import load_edition
from app.checklists.rules import Edition, Item, Level
from app.inspections.models import Answer, Campaign, Inspection, ItemReview, Revision
from app.inspections.queries.sheet import Sheet, profile_of
from app.inspections.rules import Judgement
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import EditionId, ItemId, RevisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousAnswer:
    """What a unit answered to the same question in its sealed sheet of the year before.

    Attributes:
        level: in the scale of that year's edition; None where nothing was answered or the item did not apply.
        judgement: what the reviewer said of it; None where it was never judged.
        reviewed_level: the reviewer's own level, where it differs from the department's.
        remark: the reviewer's words; empty where there were none.
        fiscal_year: the label of that year (令和7年度).
        old_statement: what the question said then, only where the words differ.
    """

    level: Level | None
    comment: str
    judgement: Judgement | None
    reviewed_level: Level | None
    remark: str
    fiscal_year: str
    old_statement: str | None


@dataclass(frozen=True, slots=True)
class _Answered:
    """A stored answer with its judgement, if it was judged."""

    answer: Answer
    review: ItemReview | None


def previous_answers(session: Session, *, sheet: Sheet) -> Mapping[ItemId, PreviousAnswer]:
    """Return last year's answers by the items of this year's edition, in at most three statements.

    An item of the same edition is matched by itself, one of a newer edition by its lineage: only where that
    says that answers stay comparable. Items without a counterpart are absent; so are all of them without a
    sheet of the year before.
    """
    if sheet.previous_revision_id is None:
        return {}
    campaign = session.execute(
        select(Campaign.edition_id, Campaign.fiscal_year)
        .join(Inspection, Inspection.campaign_id == Campaign.id)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .where(Revision.id == sheet.previous_revision_id)
    ).one()
    before = load_edition(session, edition_id=EditionId(campaign.edition_id))
    answered = _answered(session, revision_id=sheet.previous_revision_id, edition=before)
    year = FiscalYear(campaign.fiscal_year).label
    return {
        item.id: _previous(item, was=was, edition=before, found=answered.get(was.id), year=year)
        for item, was in _pairs(sheet.edition, before=before)
    }


def _pairs(edition: Edition, *, before: Edition) -> list[tuple[Item, Item]]:
    """Return each item with the one of the edition before that it goes on from."""
    by_key = {item.key: item for item in before.items.values()}
    pairs = []
    for item in edition.items.values():
        key = item.key if edition.id == before.id else item.lineage.predecessor
        if key is not None and key in by_key:
            pairs.append((item, by_key[key]))
    return pairs


def _answered(session: Session, *, revision_id: RevisionId, edition: Edition) -> dict[ItemId, _Answered]:
    """Return the answers of the items that applied then, each with its judgement."""
    flags = profile_of(session, revision_id=revision_id).flags
    same = and_(ItemReview.revision_id == Answer.revision_id, ItemReview.item_id == Answer.item_id)
    rows = session.execute(
        select(Answer, ItemReview).outerjoin(ItemReview, same).where(Answer.revision_id == revision_id)
    )
    found = {ItemId(answer.item_id): _Answered(answer, review) for answer, review in rows}
    return {item_id: one for item_id, one in found.items() if edition.items[item_id].applies(flags)}


def _previous(
    item: Item, *, was: Item, edition: Edition, found: _Answered | None, year: str
) -> PreviousAnswer:
    answer = found.answer if found else None
    review = found.review if found else None
    return PreviousAnswer(
        level=edition.level(answer.level) if answer else None,
        comment=answer.comment if answer else "",
        judgement=Judgement(review.judgement) if review else None,
        reviewed_level=edition.level(review.reviewed_level) if review else None,
        remark=review.remark if review else "",
        fiscal_year=year,
        old_statement=was.statement if was.statement != item.statement else None,
    )
