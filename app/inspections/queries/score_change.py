"""The lines of a sheet and of its sealed sheet of the year before, for explaining why a score differs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, select
from sqlalchemy.orm import Session

from app.checklists.queries import descent_between, load_edition
from app.checklists.rules import Edition, Item, Section, comparability, scale_between, score
from app.inspections.models import Answer, Campaign, Inspection, ItemReview, ProfileFlag, Revision
from app.inspections.queries.sheet import Sheet, SheetContent
from app.inspections.rules.score_change import (
    Cause,
    Counting,
    Line,
    Measure,
    Pairing,
    ScoreChange,
    by_section,
    explained,
)
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import EditionId, ItemId, RevisionId

Lines = tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A sealed sheet of a year before, line by line. A sheet that was never reviewed has no reviewed lines.

    `pairing` leads to it from the items of the sheet that it is compared with.
    """

    edition: Edition
    fiscal_year: FiscalYear
    lines: Mapping[Measure, Lines]
    pairing: Pairing


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetChange:
    """Why a sheet's score differs from the year before: the whole, and each section that counted in both years."""

    whole: ScoreChange
    sections: Mapping[str, ScoreChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDifference:
    """One item's part in the difference: `item` is None where it went out, `was` where it came in."""

    item: Item | None
    was: Item | None
    work: Fraction
    ruler: Fraction
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDifference:
    """A difference opened to its items, the weightiest first; what did nothing is left out."""

    measure: Measure
    last_year: str
    whole: ScoreChange
    sections: tuple[tuple[Section, ScoreChange], ...]
    items: tuple[ItemDifference, ...]

    @property
    def by_work(self) -> tuple[ItemDifference, ...]:
        """Return the items with a part in the work."""
        return tuple(one for one in self.items if one.work)

    @property
    def by_ruler(self) -> tuple[ItemDifference, ...]:
        """Return the items with a part in the ruler."""
        return tuple(one for one in self.items if one.ruler)


def sheet_difference(
    session: Session, *, sheet: Sheet, content: SheetContent, measure: Measure
) -> SheetDifference | None:
    """Return why a score of a sheet differs from the year before, in two statements; None without such a year."""
    earlier = earlier_lines(session, sheets=[sheet]).get(sheet.revision_id)
    found = sheet_change(sheet, content, earlier=earlier, measure=measure)
    if found is None or earlier is None:
        return None
    now = {item.key: item for item in sheet.edition.items.values()}
    before = {item.key: item for item in earlier.edition.items.values()}
    parts = (
        ItemDifference(
            item=now.get(part.key or ""),
            was=before.get(part.was or ""),
            work=part.work,
            ruler=part.ruler,
            cause=part.cause,
        )
        for part in sorted(found.whole.items, key=lambda part: -abs(part.work + part.ruler))
        if part.work or part.ruler
    )
    return SheetDifference(
        measure=measure,
        last_year=earlier.fiscal_year.label,
        whole=found.whole,
        sections=tuple(
            (section, found.sections[section.slug])
            for section in sheet.edition.sections
            if section.slug in found.sections
        ),
        items=tuple(parts),
    )


def sheet_change(
    sheet: Sheet, content: SheetContent, *, earlier: Earlier | None, measure: Measure
) -> SheetChange | None:
    """Explain one of the scores of a sheet; None without a comparable one in both years."""
    if earlier is None or measure not in earlier.lines:
        return None
    levels = content.self_levels() if measure is Measure.SELF else content.reviewed_levels()
    now = lines_of(sheet.edition, applicable=content.applicable_ids, levels=levels)
    before, pairing = earlier.lines[measure], earlier.pairing
    whole = explained(before=before, now=now, pairing=pairing)
    if whole is None:
        return None
    return SheetChange(whole=whole, sections=by_section(before=before, now=now, pairing=pairing))


def lines_of(edition: Edition, *, applicable: Collection[ItemId], levels: Mapping[ItemId, str]) -> Lines:
    """Return every item of an edition as it was scored; what does not apply to the unit says so."""
    items = [item for item in edition.items.values() if item.id in applicable]
    scored = {line.item_id: line for line in score(items, answers=levels, edition=edition).lines}
    made = []
    for section in edition.sections:
        for item in section.items:
            line = scored.get(item.id)
            counting = Counting.NOT_APPLICABLE
            if line is not None:
                counting = Counting.COUNTED if line.full else Counting.EXCLUDED
            made.append(
                Line(
                    key=item.key,
                    section=section.slug,
                    counting=counting,
                    points=line.points if line else 0,
                    full=edition.scoring.full_points,
                    weight=item.weight,
                )
            )
    return tuple(made)


def pairing_of(session: Session, *, edition: Edition, before: Edition) -> Pairing:
    """Return which items go on from which, as `comparability` decides over all editions between the two.

    An item merged from several is part of the ruler: their scores were several, even where the answers were the same.
    """
    along, scale = (
        descent_between(session, before=before, after=edition),
        scale_between(before, after=edition),
    )
    comparable, succeeded = {}, {}
    for item in edition.items.values():
        decision = comparability(along.lineages[item.key], scale=scale)
        if decision.comparable and len(decision.of) == 1:
            comparable[item.key] = decision.of[0]
        elif decision.of:
            succeeded[item.key] = decision.of
    return Pairing(comparable=comparable, succeeded=succeeded)


_REVISION: Final = Revision.__table__.c
_CAMPAIGN: Final = Campaign.__table__.c
_FLAG: Final = ProfileFlag.__table__.c
_ANSWER: Final = Answer.__table__.c
_REVIEW: Final = ItemReview.__table__.c
_PROFILES: Final = (
    select(
        _REVISION.id,
        _CAMPAIGN.edition_id,
        _CAMPAIGN.fiscal_year,
        _REVISION.reviewed_earned,
        _FLAG.flag,
        _FLAG.is_on,
    )
    .join_from(Revision.__table__, Inspection.__table__, Inspection.__table__.c.id == _REVISION.inspection_id)
    .join(Campaign.__table__, _CAMPAIGN.id == Inspection.__table__.c.campaign_id)
    .outerjoin(ProfileFlag.__table__, _FLAG.revision_id == _REVISION.id)
    .where(_REVISION.id.in_(bindparam("revisions", expanding=True)))
)
_LEVELS: Final = (
    select(_ANSWER.revision_id.label("id"), _ANSWER.item_id, _ANSWER.level, _REVIEW.reviewed_level)
    .outerjoin_from(
        Answer.__table__,
        ItemReview.__table__,
        and_(_REVIEW.revision_id == _ANSWER.revision_id, _REVIEW.item_id == _ANSWER.item_id),
    )
    .where(_ANSWER.revision_id.in_(bindparam("revisions", expanding=True)))
)


def earlier_lines(session: Session, *, sheets: Iterable[Sheet]) -> Mapping[RevisionId, Earlier]:
    """Return for sheets of this year, by their revision, the lines of the year before: two statements for all of them."""
    wanted = [
        (sheet, sheet.previous_revision_id) for sheet in sheets if sheet.previous_revision_id is not None
    ]
    if not wanted:
        return {}
    connection = session.connection()
    revisions = {"revisions": [previous for _, previous in wanted]}
    profiles = _by_revision(connection.execute(_PROFILES, revisions))
    answers = _by_revision(connection.execute(_LEVELS, revisions))
    editions = {
        edition_id: load_edition(session, edition_id=edition_id)
        for edition_id in {EditionId(rows[0].edition_id) for rows in profiles.values()}
    }
    pairings: dict[tuple[EditionId, EditionId], Pairing] = {}
    found = {}
    for sheet, previous in wanted:
        profile = profiles[previous]
        before = editions[EditionId(profile[0].edition_id)]
        pair = (sheet.edition.id, before.id)
        if pair not in pairings:
            pairings[pair] = pairing_of(session, edition=sheet.edition, before=before)
        found[sheet.revision_id] = _earlier(
            profile,
            answers=answers.get(previous, []),
            edition=before,
            pairing=pairings[pair],
        )
    return found


def _by_revision(rows: Iterable[Row[*tuple[Any, ...]]]) -> Mapping[RevisionId, list[Row[*tuple[Any, ...]]]]:
    found: dict[RevisionId, list[Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        found.setdefault(RevisionId(row.id), []).append(row)
    return found


def _earlier(
    profile: Sequence[Row[*tuple[Any, ...]]],
    *,
    answers: Sequence[Row[*tuple[Any, ...]]],
    edition: Edition,
    pairing: Pairing,
) -> Earlier:
    flags = {row.flag: row.is_on for row in profile if row.flag is not None}
    applicable = frozenset(item.id for item in edition.applicable(flags))
    own = {ItemId(row.item_id): row.level for row in answers if row.level is not None}
    theirs = {ItemId(row.item_id): row.reviewed_level for row in answers if row.reviewed_level is not None}
    lines = {Measure.SELF: lines_of(edition, applicable=applicable, levels=own)}
    if profile[0].reviewed_earned is not None:
        lines[Measure.REVIEWED] = lines_of(edition, applicable=applicable, levels={**own, **theirs})
    return Earlier(
        edition=edition, fiscal_year=FiscalYear(profile[0].fiscal_year), lines=lines, pairing=pairing
    )
