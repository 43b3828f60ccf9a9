"""The figures that are kept with a sheet for the board: its sections, and why its score differs from the year before.

Written where the sheet's own scores are, never when an answer is saved. A reopened sheet starts without them, as it starts without
scores; the sealed revision keeps its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from typing import Any, Final, cast

from sqlalchemy import Table, delete, insert
from sqlalchemy.orm import Session

from app.checklists.rules import UNKNOWN, LineKind, Score, ScoreLine, Section, score
from app.inspections.models import ScoreChangeSummary, SectionSummary
from app.inspections.queries.score_change import Earlier, earlier_lines, sheet_change
from app.inspections.queries.sheet import Sheet, SheetContent
from app.inspections.rules import SEALED, State
from app.inspections.rules.score_change import Cause, Measure, ScoreChange
from app.kernel.ids import ItemId

WHOLE: Final = ""
"""The place of the whole sheet among its sections."""
COLUMN: Final[Mapping[Cause, str]] = {
    Cause.NEW: "new_items",
    Cause.RETIRED: "retired",
    Cause.WEIGHT: "weight",
    Cause.APPLICABILITY: "applicability",
    Cause.WORDING: "wording",
    Cause.MOVED: "moved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """A sheet whose figures are kept. `state` is where it goes: before its review has ended, a reviewed score explains nothing."""

    sheet: Sheet
    content: SheetContent
    state: State


def keep_summaries(session: Session, sheets: Sequence[Summed]) -> None:
    """Write the figures of sheets anew, in as many statements for many as for one."""
    revisions = [one.sheet.revision_id for one in sheets]
    for table in (SectionSummary, ScoreChangeSummary):
        session.execute(delete(table).where(table.revision_id.in_(revisions)))
    sections = [row for one in sheets for row in _section_rows(one.sheet, one.content)]
    if sections:
        # Into the table itself: the mapper would begin a new statement with each sheet that has no reviewed figures.
        session.execute(insert(cast("Table", SectionSummary.__table__)), sections)
    earlier = earlier_lines(session, sheets=[one.sheet for one in sheets])
    changes = [row for one in sheets for row in _change_rows(one, earlier=earlier.get(one.sheet.revision_id))]
    if changes:
        session.execute(insert(ScoreChangeSummary), changes)


def _section_rows(sheet: Sheet, content: SheetContent) -> Iterator[dict[str, Any]]:
    own = score(content.items, answers=content.self_levels(), edition=sheet.edition)
    reviewed = None
    if content.reviews:
        reviewed = score(content.items, answers=content.reviewed_levels(), edition=sheet.edition)
    for section in sheet.edition.sections:
        mine = _lines(section, of=own)
        if mine:
            theirs = _lines(section, of=reviewed) if reviewed else None
            yield {
                "revision_id": sheet.revision_id,
                "section": section.slug,
                "number": section.number,
                "applicable": len(mine),
                "answered": sum(line.kind is not LineKind.UNANSWERED for line in mine.values()),
                "unknown": sum(line.level == UNKNOWN for line in mine.values()),
                "mandatory_missed": sum(line.mandatory_missed for line in mine.values()),
                "self_earned": _earned(mine),
                "self_possible": _possible(mine),
                "missed": _missed(section, mine),
                "reviewed_earned": None if theirs is None else _earned(theirs),
                "reviewed_possible": None if theirs is None else _possible(theirs),
                "reviewed_missed": None if theirs is None else _missed(section, theirs),
            }


def _lines(section: Section, *, of: Score) -> dict[ItemId, ScoreLine]:
    found = {line.item_id: line for line in of.lines}
    return {item.id: found[item.id] for item in section.items if item.id in found}


def _earned(lines: Mapping[ItemId, ScoreLine]) -> int:
    return sum(line.points * line.weight for line in lines.values())


def _possible(lines: Mapping[ItemId, ScoreLine]) -> int:
    return sum(line.full * line.weight for line in lines.values())


def _missed(section: Section, lines: Mapping[ItemId, ScoreLine]) -> str:
    return " ".join(
        item.key
        for item in section.items
        if (line := lines.get(item.id)) is not None and line.points < line.full
    )


def _change_rows(summed: Summed, *, earlier: Earlier | None) -> Iterator[dict[str, Any]]:
    sheet, content = summed.sheet, summed.content
    ended = bool(content.reviews) and (summed.state is State.REVIEWED or summed.state in SEALED)
    for measure in (Measure.SELF, Measure.REVIEWED) if ended else (Measure.SELF,):
        found = sheet_change(sheet, content, earlier=earlier, measure=measure)
        for section, change in {WHOLE: found.whole, **found.sections}.items() if found else ():
            yield {
                "revision_id": sheet.revision_id,
                "measure": measure.value,
                "section": section,
                **_parts(change),
            }


def _parts(change: ScoreChange) -> dict[str, int]:
    """Return the parts as whole numbers over their smallest common denominator."""
    values = {
        "share_before": change.before,
        "share_now": change.now,
        "work": change.work,
        **{column: change.ruler.get(cause, 0) for cause, column in COLUMN.items()},
    }
    common = lcm(*(value.denominator for value in values.values()))
    return {
        "denominator": common,
        **{name: value.numerator * (common // value.denominator) for name, value in values.items()},
    }
