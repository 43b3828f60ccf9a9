"""A score with every line that made it: the department's own and the reviewed one side by side."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may
from app.checklists.rules import Item, Level, LineKind, Score, ScoreLine, Section, score
from app.inspections.queries.review_queue import is_own
from app.inspections.queries.score_change import SheetDifference, sheet_difference
from app.inspections.queries.sheet import Sheet, SheetContent, content_of_sheet, find_sheet
from app.inspections.rules import SEALED, Judgement, State
from app.inspections.rules.score_change import Measure
from app.inspections.texts import sheet_name
from app.kernel.ids import InspectionId
from app.organisation.queries import tree_on


class Judgements(StrEnum):
    """Whether the reader sees the judgements of a sheet."""

    SHOWN = "shown"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One item's part in one score: `earned` of `possible` weighted points; excluded items have none."""

    level: Level | None
    kind: LineKind
    earned: int
    possible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One item in both scores. `reviewed` is None as long as the review is not shown to the reader."""

    item: Item
    comment: str
    own: Part
    reviewed: Part | None
    judgement: Judgement | None
    remark: str

    @property
    def differs(self) -> bool:
        """Whether the reviewer came to another level."""
        return self.reviewed is not None and self.reviewed.level != self.own.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Weighted points of a section or of the whole."""

    earned: int
    possible: int

    @property
    def share(self) -> Fraction | None:
        """Return the share, or None where there is nothing to divide by."""
        return Fraction(self.earned, self.possible) if self.possible else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSection:
    """The items of one section that apply, with their sums."""

    section: Section
    rows: tuple[ScoreRow, ...]
    own: Sum
    reviewed: Sum | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """Both scores of a sheet, opened to the last line. The whole is the sum of the lines that are shown."""

    own: Score
    reviewed: Score | None
    sections: tuple[ScoreSection, ...]

    @property
    def missed(self) -> tuple[ScoreRow, ...]:
        """Return the mandatory items that are not at full points, as the last judgement leaves them."""
        ids = frozenset((self.reviewed or self.own).mandatory_missed)
        return tuple(row for row in self.rows if row.item.id in ids)

    @property
    def changed(self) -> tuple[ScoreRow, ...]:
        """Return the items in which the reviewer came to another level."""
        return tuple(row for row in self.rows if row.differs)

    @property
    def remarked(self) -> tuple[ScoreRow, ...]:
        """Return the items that were accepted with a remark."""
        return tuple(row for row in self.rows if row.judgement is Judgement.ACCEPTED_WITH_REMARK)

    @property
    def rows(self) -> tuple[ScoreRow, ...]:
        """Return every line, in the order of the edition."""
        return tuple(row for section in self.sections for row in section.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePage:
    """The score of one sheet, to be read."""

    sheet: Sheet
    unit_name: str
    table: ScoreTable
    review_ended: bool
    difference: SheetDifference | None


def score_page(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    today: date,
    number: int | None = None,
) -> ScorePage:
    """Return the score of a sheet, as it is now or as an earlier revision was: seven statements, nine with a year before.

    Raises:
        NotFound: there is no such sheet for the actor.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, number=number)
    content = content_of_sheet(session, sheet=sheet)
    ended = review_ended(sheet)
    return ScorePage(
        sheet=sheet,
        unit_name=unit_name_of(session, sheet=sheet, today=today),
        table=score_table(sheet, content, judgements=judgements_for(actor, sheet=sheet)),
        review_ended=ended,
        difference=sheet_difference(
            session,
            sheet=sheet,
            content=content,
            measure=Measure.REVIEWED if ended and content.reviews else Measure.SELF,
        ),
    )


def review_ended(sheet: Sheet) -> bool:
    """Return whether the judgements of a sheet are the reviewer's last word."""
    return sheet.state is State.REVIEWED or sheet.state in SEALED


def judgements_for(actor: Actor, *, sheet: Sheet) -> Judgements:
    """Return whether somebody sees the judgements of a sheet.

    The unit itself sees what was returned to it, and the rest when the review has ended; a judgement in the
    making is seen by those who follow the review.
    """
    follows = may(Permission.CITY_PROGRESS_READ, actor=actor) or sheet.unit_id in actor.substitutes_for
    if review_ended(sheet) or (follows and not is_own(actor, unit_id=sheet.unit_id)):
        return Judgements.SHOWN
    return Judgements.HIDDEN


def unit_name_of(session: Session, *, sheet: Sheet, today: date) -> str:
    """Return a sheet's name, with the unit's name of the day: of the base date for a sealed sheet, of today for open work."""
    day = sheet.campaign.dates.base_date if sheet.sealed else today
    unit = tree_on(session, day=day).by_id.get(sheet.unit_id)
    return sheet_name(unit.name if unit else "（廃止された所属）", system_name=sheet.system_name)


def score_table(sheet: Sheet, content: SheetContent, *, judgements: Judgements) -> ScoreTable:
    """Return the department's own score and, where it is shown, the reviewed one, line beside line."""
    own = score(content.items, answers=content.self_levels(), edition=sheet.edition)
    reviewed = None
    if judgements is Judgements.SHOWN:
        reviewed = score(content.items, answers=content.reviewed_levels(), edition=sheet.edition)
    return ScoreTable(
        own=own,
        reviewed=reviewed,
        sections=tuple(
            made
            for section in sheet.edition.sections
            if (made := _section(section, sheet=sheet, content=content, own=own, reviewed=reviewed)).rows
        ),
    )


def _section(
    section: Section, *, sheet: Sheet, content: SheetContent, own: Score, reviewed: Score | None
) -> ScoreSection:
    mine = {line.item_id: line for line in own.lines}
    theirs = {line.item_id: line for line in reviewed.lines} if reviewed else {}
    rows = tuple(
        _row(item, sheet=sheet, content=content, own=mine[item.id], reviewed=theirs.get(item.id))
        for item in section.items
        if item.id in mine
    )
    return ScoreSection(
        section=section,
        rows=rows,
        own=_sum([row.own for row in rows]),
        reviewed=_sum([row.reviewed for row in rows if row.reviewed]) if reviewed else None,
    )


def _row(
    item: Item, *, sheet: Sheet, content: SheetContent, own: ScoreLine, reviewed: ScoreLine | None
) -> ScoreRow:
    review = content.reviews.get(item.id) if reviewed else None
    answer = content.answers.get(item.id)
    return ScoreRow(
        item=item,
        comment=answer.comment if answer else "",
        own=_part(own, sheet=sheet),
        reviewed=_part(reviewed, sheet=sheet) if reviewed else None,
        judgement=review.judgement if review else None,
        remark=review.remark if review else "",
    )


def _part(line: ScoreLine, *, sheet: Sheet) -> Part:
    return Part(
        level=sheet.edition.level(line.level),
        kind=line.kind,
        earned=line.points * line.weight,
        possible=line.full * line.weight,
    )


def _sum(parts: list[Part]) -> Sum:
    return Sum(earned=sum(part.earned for part in parts), possible=sum(part.possible for part in parts))
