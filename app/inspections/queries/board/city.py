"""The board of a campaign: stages, units by sections, means, what is missed most, who needs support, self against review."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.checklists.queries import load_edition
from app.checklists.rules import Edition, Item, percent
from app.inspections.queries.board.figures import (
    FIGURES,
    change_of,
    has_figures,
    last_years_means,
    review_ended,
    sheets_of_campaign,
)
from app.inspections.queries.campaigns.summaries import (
    STANDING_LABELS,
    SheetCounts,
    campaign_row,
    standing,
)
from app.inspections.queries.places import Places, places_of
from app.inspections.queries.review_queue import points_between, share_of
from app.inspections.queries.sheet import CampaignLine, campaign_line
from app.inspections.rules import CampaignState, State
from app.inspections.rules.board import (
    IMPROVED,
    SUPPORTED,
    WORST,
    Mean,
    Need,
    Order,
    needs,
    target_of,
    tone_of,
    whole_percent,
)
from app.inspections.rules.score_change import Measure, ScoreChange, mean_of
from app.inspections.texts import sheet_name
from app.kernel.errors import NotNow
from app.kernel.ids import CampaignId, EditionId, InspectionId, UnitId

RATED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """How somebody looks at the board."""

    order: Order = Order.WEAK
    measure: Measure = Measure.SELF


@dataclass(frozen=True, slots=True)
class Cell:
    """One section of one unit: whole percent and tone; the text is that of the cell."""

    text: str
    tone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One sheet on the board. `cells` by section slug, without those that do not apply; empty without kept figures."""

    inspection_id: InspectionId
    unit_id: UnitId
    name: str
    department: str
    place: int
    state: State
    standing: str
    label: str
    share: Fraction | None
    grade: str
    points_changed: int | None
    change: ScoreChange | None
    cells: Mapping[str, Cell]
    missed: tuple[str, ...]
    needs: tuple[Need, ...]

    @property
    def percent(self) -> str:
        """Return the share as lists show it."""
        return percent(self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSection:
    """One section over the city: the means of this year and of the last, each 0..1 or None."""

    number: int
    slug: str
    title: str
    short: str
    now: Fraction | None
    last: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedItem:
    """An item and the sheets in which it is below full points."""

    item: Item
    section: str
    rows: tuple[BoardRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingLine:
    """A unit's own score beside the reviewed one: `points` above zero where it rated itself too low."""

    row: BoardRow
    own: Fraction
    reviewed: Fraction

    @property
    def points(self) -> Fraction:
        """Return by how many points the review differs."""
        return (self.reviewed - self.own) * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """Everything on the board."""

    campaign: CampaignLine
    state: CampaignState
    edition: Edition
    view: BoardView
    counts: SheetCounts
    target: Fraction
    mean: Fraction | None
    sections: tuple[BoardSection, ...]
    rows: tuple[BoardRow, ...]
    change: ScoreChange | None
    compared: int
    missed: tuple[MissedItem, ...]
    support: tuple[BoardRow, ...]
    support_more: int
    improved: tuple[BoardRow, ...]
    ratings: tuple[RatingLine, ...]
    rated: int

    @property
    def scored(self) -> int:
        """Return how many sheets have a score on this board."""
        return sum(1 for row in self.rows if row.share is not None)

    @property
    def without_sections(self) -> int:
        """Return how many scored sheets have no sections: they were handed in before such figures were kept."""
        return sum(1 for row in self.rows if row.share is not None and not row.cells)


@dataclass(slots=True)
class _Kept:
    """The kept figures of one sheet, by section."""

    cells: dict[str, Cell] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)


def board_page(
    session: Session, *, actor: Actor, campaign_id: CampaignId, view: BoardView, today: date
) -> BoardPage:
    """Return the board of an opened campaign, in six statements for any number of sheets.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
        NotNow: it was not opened yet.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    campaign = campaign_row(session, campaign_id=campaign_id)
    if campaign.state == CampaignState.DRAFT.value:
        raise NotNow("まだ始めていない点検です。始めると、全庁の状況がここに出ます。")
    line, state = campaign_line(campaign), CampaignState(campaign.state)
    edition = load_edition(session, edition_id=EditionId(campaign.edition_id))
    places = places_of(session, line=line, state=state, today=today)
    found = sheets_of_campaign(session, campaign_id=campaign_id, measure=view.measure)
    kept, means = _kept_figures(session, found, line=line, measure=view.measure)
    last = last_years_means(session, campaign_id=campaign_id, measure=view.measure)
    making = _Making(view=view, edition=edition, places=places)
    rows = making.ordered(making.row(entry, kept=kept.get(entry.revision_key)) for entry in found)
    changes = [row.change for row in rows if row.change is not None]
    helped = _support(rows)
    ratings = _ratings(found, rows={row.inspection_id: row for row in rows})
    return BoardPage(
        campaign=line,
        state=state,
        edition=edition,
        view=view,
        counts=SheetCounts(by_standing=Counter(row.standing for row in rows)),
        target=target_of(edition.scoring),
        mean=_mean_of(found, view=view),
        sections=_sections(edition, means=means, last=last),
        rows=rows,
        change=mean_of(changes),
        compared=len(changes),
        missed=_missed(rows, edition=edition),
        support=helped[:SUPPORTED],
        support_more=max(0, len(helped) - SUPPORTED),
        improved=_improved(rows),
        ratings=tuple(line for line in ratings if line.points)[:RATED],
        rated=len(ratings),
    )


def _kept_figures(
    session: Session, found: Iterable[Row[*tuple[Any, ...]]], *, line: CampaignLine, measure: Measure
) -> tuple[dict[str, _Kept], dict[str, Mean]]:
    """Return the kept figures of the sheets that show any, and the mean of each section over them."""
    kept = {row.revision_key: _Kept() for row in found if has_figures(State(row.state), measure=measure)}
    means: dict[str, Mean] = {}
    for entry in session.connection().execute(FIGURES[measure], {"campaign": line.id}):
        key, section, earned, possible, missed = entry
        own = kept.get(key)
        if own is None or possible is None:
            continue
        if missed:
            own.missed += missed.split(" ")
        if possible:
            share = whole_percent(earned, possible)
            tone = tone_of(share)
            own.cells[section] = Cell(f"!{share}" if tone == WORST else str(share), tone)
            means.setdefault(section, Mean.empty()).add(earned, possible)
    return kept, means


@dataclass(frozen=True, slots=True)
class _Making:
    """What every row is made with."""

    view: BoardView
    edition: Edition
    places: Places
    mandatory: frozenset[str] = field(init=False)
    target: Fraction = field(init=False)

    def __post_init__(self) -> None:
        keys = frozenset(item.key for item in self.edition.items.values() if item.mandatory)
        object.__setattr__(self, "mandatory", keys)
        object.__setattr__(self, "target", target_of(self.edition.scoring))

    def row(self, entry: Row[*tuple[Any, ...]], *, kept: _Kept | None) -> BoardRow:
        """Return one sheet as the board shows it."""
        unit_id, state = UnitId(entry.unit_id), State(entry.state)
        where = standing(state, answered=entry.answered)
        share, before, grade = _scores(entry, measure=self.view.measure, state=state)
        change = change_of(entry) if share is not None else None
        points = points_between(before, share)
        return BoardRow(
            inspection_id=InspectionId(entry.id),
            unit_id=unit_id,
            name=sheet_name(self.places.name(unit_id, state=state), system_name=entry.system_name),
            department=self.places.department(unit_id)[1],
            place=self.places.place(unit_id),
            state=state,
            standing=where,
            label=STANDING_LABELS[where],
            share=share,
            grade=grade,
            points_changed=points,
            change=change,
            cells=kept.cells if kept else {},
            missed=tuple(kept.missed) if kept else (),
            needs=() if share is None else self._needs(share, points=points, kept=kept or _Kept()),
        )

    def _needs(self, share: Fraction, *, points: int | None, kept: _Kept) -> tuple[Need, ...]:
        return needs(
            share=share,
            target=self.target,
            points_changed=points,
            mandatory_missed=sum(1 for key in kept.missed if key in self.mandatory),
            weak_sections=sum(1 for cell in kept.cells.values() if cell.tone == WORST),
        )

    def ordered(self, rows: Iterable[BoardRow]) -> tuple[BoardRow, ...]:
        """Return the rows in the wanted order; what has no figure stands last, and units keep theirs among equals."""
        by_unit = sorted(rows, key=lambda row: (row.place, row.name))
        if self.view.order is Order.WEAK:
            return tuple(sorted(by_unit, key=lambda row: (row.share is None, row.share or 0)))
        if self.view.order is Order.DROPPED:
            return tuple(
                sorted(by_unit, key=lambda row: (row.points_changed is None, row.points_changed or 0))
            )
        return tuple(by_unit)


def _scores(
    entry: Row[*tuple[Any, ...]], *, measure: Measure, state: State
) -> tuple[Fraction | None, Fraction | None, str]:
    """Return the share, last year's, and the grade, of the wanted score."""
    if not has_figures(state, measure=measure):
        return None, None, ""
    if measure is Measure.SELF:
        now = share_of(entry.self_earned, entry.self_possible)
        return now, share_of(entry.before_self_earned, entry.before_self_possible), entry.self_grade or ""
    now = share_of(entry.reviewed_earned, entry.reviewed_possible)
    before = share_of(entry.before_reviewed_earned, entry.before_reviewed_possible)
    return now, before, entry.reviewed_grade or ""


def _mean_of(found: Iterable[Row[*tuple[Any, ...]]], *, view: BoardView) -> Fraction | None:
    mean = Mean.empty()
    for entry in found:
        if has_figures(State(entry.state), measure=view.measure):
            own = view.measure is Measure.SELF
            earned = entry.self_earned if own else entry.reviewed_earned
            possible = entry.self_possible if own else entry.reviewed_possible
            mean.add(earned or 0, possible or 0)
    return mean.value


def _sections(
    edition: Edition, *, means: Mapping[str, Mean], last: Mapping[str, Fraction | None]
) -> tuple[BoardSection, ...]:
    return tuple(
        BoardSection(
            number=section.number,
            slug=section.slug,
            title=section.title,
            short=short_title(section.title),
            now=means[section.slug].value if section.slug in means else None,
            last=last.get(section.slug),
        )
        for section in edition.sections
    )


_ENDS_OF_WORDS: Final = ("・", "、", "への", "と", "の")


def short_title(title: str) -> str:
    """Return the first theme of a section's title: 「体制」 of 「体制と責任」. The whole title always stands in a table near by."""
    cuts = [at for end in _ENDS_OF_WORDS if (at := title.find(end)) > 0]
    return title[: min(cuts)] if cuts else title


def _missed(rows: Iterable[BoardRow], *, edition: Edition) -> tuple[MissedItem, ...]:
    """Return every missed item, the most often missed first; the rows keep their order."""
    found: dict[str, list[BoardRow]] = {}
    for row in rows:
        for key in row.missed:
            found.setdefault(key, []).append(row)
    items = [(section, item) for section in edition.sections for item in section.items if item.key in found]
    ordered = sorted(items, key=lambda one: -len(found[one[1].key]))
    return tuple(
        MissedItem(item=item, section=section.slug, rows=tuple(found[item.key])) for section, item in ordered
    )


def _support(rows: Sequence[BoardRow]) -> tuple[BoardRow, ...]:
    """Return the units that need support, the furthest from the target first."""
    return tuple(sorted((row for row in rows if row.needs), key=lambda row: (row.share or 0, row.place)))


def _improved(rows: Iterable[BoardRow]) -> tuple[BoardRow, ...]:
    risen = [row for row in rows if row.points_changed is not None and row.points_changed > 0]
    return tuple(sorted(risen, key=lambda row: (-(row.points_changed or 0), row.place))[:IMPROVED])


def _ratings(
    found: Iterable[Row[*tuple[Any, ...]]], *, rows: Mapping[InspectionId, BoardRow]
) -> tuple[RatingLine, ...]:
    """Return the sheets whose review has ended, the furthest from their own score first."""
    lines = []
    for entry in found:
        own = share_of(entry.self_earned, entry.self_possible)
        reviewed = share_of(entry.reviewed_earned, entry.reviewed_possible)
        if review_ended(State(entry.state)) and own is not None and reviewed is not None:
            lines.append(RatingLine(row=rows[InspectionId(entry.id)], own=own, reviewed=reviewed))
    return tuple(sorted(lines, key=lambda line: (-abs(line.points), line.row.place)))
