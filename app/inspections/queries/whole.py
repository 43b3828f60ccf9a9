"""The whole sheet on one page, to be read and printed."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.checklists.rules import Flag
from app.inspections.queries.history import reads_only
from app.inspections.queries.previous import previous_answers
from app.inspections.queries.review import (
    ApprovalMark,
    JudgedSection,
    approval_mark,
    approvals_of,
    by_section,
    judged_items,
    people_in,
)
from app.inspections.queries.score import Judgements, ScoreTable, judgements_for, score_table, unit_name_of
from app.inspections.queries.sheet import Sheet, content_of_sheet, find_sheet
from app.kernel.ids import InspectionId
from app.people.queries import people_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePage:
    """A sheet with every item that applies: answer, last year's, judgement, returns."""

    sheet: Sheet
    unit_name: str
    read_only: bool
    flags: tuple[tuple[Flag, bool], ...]
    sections: tuple[JudgedSection, ...]
    table: ScoreTable
    approval: ApprovalMark | None
    judgements: Judgements


def whole_page(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    today: date,
    number: int | None = None,
) -> WholePage:
    """Return the whole sheet, as it is now or as an earlier revision was: six statements until a head approved it, eleven then, however many items it has.

    Raises:
        NotFound: there is no such sheet for the actor.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, number=number)
    content = content_of_sheet(session, sheet=sheet)
    first = sheet.only_with_department
    approvals = () if first else approvals_of(session, revision_id=sheet.revision_id)
    names = people_by_id(session, person_ids=people_in(content, approvals))
    before = previous_answers(session, sheet=sheet)
    judgements = judgements_for(actor, sheet=sheet)
    return WholePage(
        sheet=sheet,
        unit_name=unit_name_of(session, sheet=sheet, today=today),
        read_only=reads_only(actor),
        flags=tuple((flag, content.profile.flags.get(flag.code, False)) for flag in sheet.edition.flags),
        sections=by_section(sheet, judged_items(sheet, content, before=before, names=names)),
        table=score_table(sheet, content, judgements=judgements),
        approval=approval_mark(approvals, names=names),
        judgements=judgements,
    )
