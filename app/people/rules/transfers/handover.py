"""What a person gives up and takes up: what is open in the old place is joined by those who know of it."""

from dataclasses import dataclass
from datetime import date

from app.people.rules.postings import PersonName, PostingSpan
from app.people.rules.roles import AbsenceSpan
from app.people.rules.transfers.plans import PersonOutcome, SpanAct, TransferPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A post that is no longer held from a day on."""

    span: PostingSpan
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """The old and the new posts of somebody who leaves a place.

    Attributes:
        given_up: posts in units of which the person is no longer.
        taken_up: posts in units of which the person was not.
        resting: posts that stay while the person is away; `absent` says why and until when.
    """

    staff_no: str
    name: PersonName
    outcome: PersonOutcome
    given_up: tuple[GivenUp, ...]
    taken_up: tuple[PostingSpan, ...]
    resting: tuple[PostingSpan, ...]
    absent: AbsenceSpan | None


def handover_of(plan: TransferPlan, staff_no: str) -> Handover | None:
    """Return what somebody hands over, None for who keeps every place; another title in the same unit is none."""
    person = plan.people.get(staff_no)
    if person is None:
        return None
    units = {span.unit_code for span in person.after}
    left = {SpanAct.CLOSE, SpanAct.CANCEL}
    given_up = tuple(
        GivenUp(span=entry.span, day=entry.day)
        for entry in person.posts
        if entry.act in left and entry.span.unit_code not in units
    )
    before = {span.unit_code for span in person.before}
    away = person.outcome is PersonOutcome.ABSENT
    if not given_up and not away:
        return None
    return Handover(
        staff_no=staff_no,
        name=person.name,
        outcome=person.outcome,
        given_up=given_up,
        taken_up=tuple(span for span in person.after if span.unit_code not in before),
        resting=person.after if away else (),
        absent=person.absent if away else None,
    )
