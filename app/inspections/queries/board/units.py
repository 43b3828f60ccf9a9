"""One unit beside the city: its own people see the city's mean and nobody else; who follows the city sees medians and similar units."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, require
from app.checklists.queries import load_edition
from app.checklists.rules import Edition
from app.inspections.models import Inspection, ProfileFlag, Revision
from app.inspections.queries.board.figures import (
    FIGURES,
    change_of,
    has_figures,
    sees_the_city,
    sheets_of_campaign,
)
from app.inspections.queries.campaigns.summaries import STANDING_LABELS, campaign_row, standing
from app.inspections.queries.places import Places, places_of
from app.inspections.queries.review_queue import own_units, share_of
from app.inspections.queries.sheet import CampaignLine, campaign_line
from app.inspections.rules import CampaignState, State
from app.inspections.rules.board import ENOUGH_FOR_AVERAGE, Likeness, Mean, alike, median_of
from app.inspections.rules.score_change import Measure, ScoreChange
from app.inspections.texts import sheet_name
from app.kernel.errors import NotFound
from app.kernel.ids import CampaignId, EditionId, InspectionId, UnitId

Entry = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonLine:
    """One section, or the whole: the unit's share beside the others'. What the reader may not see is None."""

    title: str
    slug: str
    own: Fraction | None
    mean: Fraction | None
    median: Fraction | None
    similar: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarUnit:
    """A unit that resembles the one that is looked at."""

    inspection_id: InspectionId
    unit_id: UnitId
    name: str
    share: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One sheet of the unit beside the others."""

    inspection_id: InspectionId
    name: str
    standing: str
    label: str
    share: Fraction | None
    change: ScoreChange | None
    whole: ComparisonLine
    sections: tuple[ComparisonLine, ...]
    similar: tuple[SimilarUnit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitBoardPage:
    """The sheets of one unit in a campaign beside the city. `enough`: there are sheets enough for a mean."""

    campaign: CampaignLine
    edition: Edition
    measure: Measure
    unit_id: UnitId
    unit_name: str
    whole_city: bool
    scored: int
    enough: bool
    sheets: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class _City:
    """The figures of every sheet that has some: the share, and the sections as (earned, possible)."""

    shares: Mapping[InspectionId, Fraction]
    sections: Mapping[InspectionId, Mapping[str, tuple[int, int]]]
    kinds: Mapping[InspectionId, Likeness]
    names: Mapping[InspectionId, tuple[UnitId, str]]

    def section(self, slug: str, *, of: Iterable[InspectionId]) -> list[Fraction]:
        """Return the shares of one section in some sheets."""
        found = (self.sections.get(one, {}).get(slug) for one in of)
        return [Fraction(*pair) for pair in found if pair is not None]


_FLAGS: Final = ProfileFlag.__table__.c
_REVISIONS: Final = Revision.__table__.c
_INSPECTIONS: Final = Inspection.__table__.c
_PROFILES: Final = (
    select(_INSPECTIONS.id, _FLAGS.flag)
    .join_from(ProfileFlag.__table__, Revision.__table__, _REVISIONS.id == _FLAGS.revision_id)
    .join(Inspection.__table__, _INSPECTIONS.id == _REVISIONS.inspection_id)
    .where(
        _INSPECTIONS.campaign_id == bindparam("campaign"),
        _REVISIONS.current.is_(True),
        _FLAGS.is_on.is_(True),
    )
)


def unit_board_page(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    unit_id: UnitId,
    measure: Measure,
    today: date,
) -> UnitBoardPage:
    """Return the sheets of a unit beside the city, in six statements for any number of sheets.

    Raises:
        NotFound: the actor may not know of the unit's sheets, or it has none in the campaign.
    """
    require(Permission.UNIT_INSPECTION_READ, actor=actor, subject=Subject(unit_id=unit_id))
    campaign = campaign_row(session, campaign_id=campaign_id)
    line, state = campaign_line(campaign), CampaignState(campaign.state)
    edition = load_edition(session, edition_id=EditionId(campaign.edition_id))
    places = places_of(session, line=line, state=state, today=today)
    found = sheets_of_campaign(session, campaign_id=campaign_id, measure=measure)
    own = [entry for entry in found if entry.unit_id == unit_id]
    if not own:
        raise NotFound
    # Who follows the city and belongs to the unit reads about the own unit as its other people do.
    whole_city = sees_the_city(actor) and unit_id not in own_units(actor)
    city = _city(session, found, line=line, measure=measure, places=places)
    view = _View(edition=edition, city=city, whole_city=whole_city)
    return UnitBoardPage(
        campaign=line,
        edition=edition,
        measure=measure,
        unit_id=unit_id,
        unit_name=places.name(unit_id, state=State(own[0].state)),
        whole_city=whole_city,
        scored=len(city.shares),
        enough=view.enough,
        sheets=tuple(view.comparison(entry, name=city_name(entry, places=places)) for entry in own),
    )


def city_name(entry: Entry, *, places: Places) -> str:
    """Return the name of a sheet."""
    name = places.name(UnitId(entry.unit_id), state=State(entry.state))
    return sheet_name(name, system_name=entry.system_name)


def _city(
    session: Session, found: Iterable[Entry], *, line: CampaignLine, measure: Measure, places: Places
) -> _City:
    scored = {
        entry.revision_key: entry
        for entry in found
        if has_figures(State(entry.state), measure=measure) and _share(entry, measure=measure) is not None
    }
    sections: dict[InspectionId, dict[str, tuple[int, int]]] = {}
    for key, section, earned, possible, _ in session.connection().execute(
        FIGURES[measure], {"campaign": line.id}
    ):
        if key in scored and possible:
            sections.setdefault(InspectionId(scored[key].id), {})[section] = (earned, possible)
    flags: dict[InspectionId, set[str]] = {}
    for row in session.connection().execute(_PROFILES, {"campaign": line.id}):
        flags.setdefault(InspectionId(row.id), set()).add(row.flag)
    shares, kinds, names = {}, {}, {}
    for entry in scored.values():
        sheet_id, unit_id = InspectionId(entry.id), UnitId(entry.unit_id)
        share = _share(entry, measure=measure)
        if share is not None:
            shares[sheet_id] = share
        kinds[sheet_id] = _likeness(unit_id, places=places, flags=flags.get(sheet_id, set()))
        names[sheet_id] = (unit_id, city_name(entry, places=places))
    return _City(shares, sections, kinds, names)


def _likeness(unit_id: UnitId, *, places: Places, flags: Iterable[str]) -> Likeness:
    unit = places.tree(unit_id).by_id.get(unit_id)
    return Likeness(
        kind=unit.kind.value if unit else "",
        department=str(places.department(unit_id)[0]),
        flags=frozenset(flags),
    )


def _share(entry: Entry, *, measure: Measure) -> Fraction | None:
    if measure is Measure.SELF:
        return share_of(entry.self_earned, entry.self_possible)
    return share_of(entry.reviewed_earned, entry.reviewed_possible)


@dataclass(frozen=True, slots=True)
class _View:
    """What a reader sees of the city."""

    edition: Edition
    city: _City
    whole_city: bool

    @property
    def enough(self) -> bool:
        """Return whether a mean tells nobody about a single neighbour."""
        return self.whole_city or len(self.city.shares) >= ENOUGH_FOR_AVERAGE

    def comparison(self, entry: Entry, *, name: str) -> Comparison:
        """Return one sheet beside the others."""
        sheet_id = InspectionId(entry.id)
        share = self.city.shares.get(sheet_id)
        where = standing(State(entry.state), answered=entry.answered)
        similar = self._similar(sheet_id)
        return Comparison(
            inspection_id=sheet_id,
            name=name,
            standing=where,
            label=STANDING_LABELS[where],
            share=share,
            change=change_of(entry) if share is not None else None,
            whole=self._whole(share, similar=similar),
            sections=tuple(
                self._section(
                    sheet_id, number=section.number, title=section.title, slug=section.slug, similar=similar
                )
                for section in self.edition.sections
            ),
            similar=tuple(
                SimilarUnit(
                    inspection_id=one,
                    unit_id=self.city.names[one][0],
                    name=self.city.names[one][1],
                    share=self.city.shares[one],
                )
                for one in similar
            ),
        )

    def _similar(self, sheet_id: InspectionId) -> list[InspectionId]:
        own = self.city.kinds.get(sheet_id)
        if not self.whole_city or own is None:
            return []
        others = {one: likeness for one, likeness in self.city.kinds.items() if one != sheet_id}
        return list(alike(own, others=others))

    def _whole(self, share: Fraction | None, *, similar: list[InspectionId]) -> ComparisonLine:
        shares = list(self.city.shares.values())
        return ComparisonLine(
            title="総合",
            slug="",
            own=share,
            mean=_mean(shares) if self.enough else None,
            median=median_of(shares) if self.whole_city else None,
            similar=median_of(self.city.shares[one] for one in similar),
        )

    def _section(
        self, sheet_id: InspectionId, *, number: int, title: str, slug: str, similar: list[InspectionId]
    ) -> ComparisonLine:
        own = self.city.section(slug, of=[sheet_id])
        shares = self.city.section(slug, of=self.city.shares)
        told = self.whole_city or len(shares) >= ENOUGH_FOR_AVERAGE
        return ComparisonLine(
            title=f"{number}　{title}",
            slug=slug,
            own=own[0] if own else None,
            mean=_mean(shares) if told else None,
            median=median_of(shares) if self.whole_city else None,
            similar=median_of(self.city.section(slug, of=similar)),
        )


def _mean(shares: Iterable[Fraction]) -> Fraction | None:
    mean = Mean.empty()
    for share in shares:
        mean.add(share.numerator, share.denominator)
    return mean.value
