"""Last year's answers as proposals: which there may be, which wait for a confirmation, and what was taken over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.checklists.rules import Edition, Item, LineageKind
from app.inspections.models import Answer, TakenOver
from app.inspections.queries.previous import PreviousAnswer, previous_answers
from app.inspections.queries.sheet import Sheet, answers_of, applicable_items, profile_of
from app.inspections.rules import AnswerFact, Judgement, State
from app.inspections.rules.taking_over import Barred, LastYear, Offer, barred
from app.kernel.ids import ItemId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(LastYear):
    """Last year's answer that waits to be confirmed: who proposed it, and when."""

    taken_by: PersonId
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionOffer:
    """What a section offers to take over: the items, and why the other open ones are not among them."""

    items: tuple[ItemId, ...]
    barred: Mapping[Barred, int]

    @property
    def barred_shown(self) -> Mapping[Barred, int]:
        """Return the reasons that are worth a word: not those of what is answered, or of a campaign without the offer."""
        return {
            reason: count
            for reason, count in self.barred.items()
            if reason not in {Barred.OFF, Barred.ANSWERED}
        }


def last_year(before: PreviousAnswer | None, *, edition: Edition) -> LastYear | None:
    """Return last year's answer as it stood after the review; None where there is none, or its level means something else now."""
    if before is None or before.level is None:
        return None
    level = before.reviewed_level if before.judgement is Judgement.CHANGED else before.level
    now = edition.level(level.code) if level else None
    if level is None or now is None or now.points != level.points:
        return None
    reworded = before.old_statement is not None or before.kind is not LineageKind.SAME
    return LastYear(level=now, comment=before.comment, reworded=reworded)


def offer_of(
    sheet: Sheet,
    *,
    items: Iterable[Item],
    before: Mapping[ItemId, PreviousAnswer],
    answers: Mapping[ItemId, AnswerFact],
) -> SectionOffer:
    """Judge the items of a section that apply; the offer is empty unless the sheet is answered for the first time."""
    offer = (
        Offer.OFFERED if sheet.campaign.taking_over and sheet.state is State.ANSWERING else Offer.NOT_OFFERED
    )
    found: list[ItemId] = []
    reasons: dict[Barred, int] = {}
    for item in items:
        answer = answers.get(item.id)
        reason = barred(
            item,
            before=last_year(before.get(item.id), edition=sheet.edition),
            answered=answer.level if answer else None,
            offer=offer,
        )
        if reason is None:
            found.append(item.id)
        else:
            reasons[reason] = reasons.get(reason, 0) + 1
    return SectionOffer(items=tuple(found), barred=reasons)


def copyable(item: Item, *, sheet: Sheet, before: PreviousAnswer | None) -> LastYear | None:
    """Return last year's answer where one press may give it again, whatever stands there now."""
    offer = (
        Offer.OFFERED if sheet.campaign.taking_over and sheet.state is State.ANSWERING else Offer.NOT_OFFERED
    )
    last = last_year(before, edition=sheet.edition)
    return last if barred(item, before=last, answered=None, offer=offer) is None else None


def proposable(session: Session, *, sheet: Sheet, items: Iterable[Item]) -> Mapping[ItemId, LastYear]:
    """Return last year's answers that may be proposed for items of a section."""
    profile = profile_of(session, revision_id=sheet.revision_id)
    applying = {item.id for item in applicable_items(sheet, profile)}
    wanted = [item for item in items if item.id in applying]
    before = previous_answers(session, sheet=sheet, items=wanted)
    answers = answers_of(session, revision_id=sheet.revision_id, items={item.id for item in wanted})
    offer = offer_of(sheet, items=wanted, before=before, answers=answers)
    found = {item_id: last_year(before.get(item_id), edition=sheet.edition) for item_id in offer.items}
    return {item_id: last for item_id, last in found.items() if last is not None}


_WAITING: Final = (
    select(TakenOver)
    .outerjoin(Answer, and_(Answer.revision_id == TakenOver.revision_id, Answer.item_id == TakenOver.item_id))
    .where(TakenOver.outcome.is_(None), or_(Answer.item_id.is_(None), Answer.level.is_(None)))
)


def waiting_proposals(session: Session, *, sheet: Sheet) -> Mapping[ItemId, Proposal]:
    """Return the proposals of a sheet that wait for a confirmation: what was answered otherwise meanwhile waits no more."""
    if sheet.state is not State.ANSWERING:
        return {}
    found = {}
    for row in session.scalars(_WAITING.where(TakenOver.revision_id == sheet.revision_id)):
        level = sheet.edition.level(row.level)
        if level is not None:
            found[ItemId(row.item_id)] = Proposal(
                level=level,
                comment=row.comment,
                reworded=False,
                taken_by=PersonId(row.taken_by),
                taken_at=row.taken_at,
            )
    return found
