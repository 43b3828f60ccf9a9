"""The rows under the board: sheets of one campaign with their kept figures, in a fixed number of statements."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Row, String, and_, bindparam, func, select, type_coerce
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may
from app.inspections.models import Inspection, Revision, ScoreChangeSummary, SectionSummary
from app.inspections.rules import State
from app.inspections.rules.board import Mean
from app.inspections.rules.score_change import Cause, Measure, ScoreChange
from app.kernel.ids import CampaignId

WITHOUT_FIGURES: Final = frozenset({State.ANSWERING, State.CLOSED_UNSUBMITTED, State.EXCLUDED})
"""States in which a sheet shows no figures: nothing was handed to the head, or it was taken back."""
WHOLE: Final = ""


def review_ended(state: State) -> bool:
    """Return whether the judgements of a sheet are the reviewer's last word; until then they are no figures of the board."""
    return state is State.REVIEWED or state is State.SIGNED_OFF


def has_figures(state: State, *, measure: Measure) -> bool:
    """Return whether the board shows figures of a sheet."""
    return state not in WITHOUT_FIGURES and (measure is Measure.SELF or review_ended(state))


_INSPECTIONS: Final = Inspection.__table__.c
_REVISIONS: Final = Revision.__table__
_NOW: Final = _REVISIONS.c
_BEFORE: Final = _REVISIONS.alias("before")
_CHANGES: Final = ScoreChangeSummary.__table__.c
_SECTIONS: Final = SectionSummary.__table__.c
_PARTS: Final = (
    *("denominator", "share_before", "share_now", "work"),
    *("new_items", "retired", "weight", "applicability", "wording", "moved"),
)
REVISION_KEY: Final = type_coerce(_NOW.id, String)
"""A revision's id as the driver gives it: a thousand of them only hold rows together, nobody reads them."""
SHEETS: Final = (
    select(
        *(_INSPECTIONS[name] for name in ("id", "unit_id", "system_name")),
        REVISION_KEY.label("revision_key"),
        *(_NOW[name] for name in ("state", "answered", "self_earned", "self_possible", "self_grade")),
        *(_NOW[name] for name in ("reviewed_earned", "reviewed_possible", "reviewed_grade")),
        *(
            _BEFORE.c[name].label(f"before_{name}")
            for name in ("self_earned", "self_possible", "reviewed_earned", "reviewed_possible")
        ),
        *(_CHANGES[name] for name in _PARTS),
    )
    .join_from(Inspection.__table__, _REVISIONS, _NOW.inspection_id == _INSPECTIONS.id)
    .outerjoin(_BEFORE, _BEFORE.c.id == _INSPECTIONS.previous_revision_id)
    .outerjoin(
        ScoreChangeSummary.__table__,
        and_(
            _CHANGES.revision_id == _NOW.id,
            _CHANGES.measure == bindparam("measure"),
            _CHANGES.section == WHOLE,
        ),
    )
    .where(_INSPECTIONS.campaign_id == bindparam("campaign"), _NOW.current.is_(True))
)
FIGURES: Final = {
    measure: select(
        type_coerce(_SECTIONS.revision_id, String).label("revision_key"),
        _SECTIONS.section,
        _SECTIONS[f"{measure.value}_earned"],
        _SECTIONS[f"{measure.value}_possible"],
        _SECTIONS["missed" if measure is Measure.SELF else "reviewed_missed"],
    )
    .join_from(SectionSummary.__table__, _REVISIONS, _NOW.id == _SECTIONS.revision_id)
    .join(Inspection.__table__, _INSPECTIONS.id == _NOW.inspection_id)
    .where(_INSPECTIONS.campaign_id == bindparam("campaign"), _NOW.current.is_(True))
    for measure in Measure
}
"""The sections of every current sheet of a campaign."""
_EARLIER: Final = {
    measure: select(
        _SECTIONS.section,
        _SECTIONS[f"{measure.value}_possible"].label("possible"),
        func.sum(_SECTIONS[f"{measure.value}_earned"]).label("earned"),
        func.count().label("sheets"),
    )
    .join_from(Inspection.__table__, _REVISIONS, _NOW.inspection_id == _INSPECTIONS.id)
    .join(SectionSummary.__table__, _SECTIONS.revision_id == _INSPECTIONS.previous_revision_id)
    .where(
        _INSPECTIONS.campaign_id == bindparam("campaign"),
        _NOW.current.is_(True),
        _NOW[f"{measure.value}_possible"].is_not(None),
        _SECTIONS[f"{measure.value}_possible"].is_not(None),
        _NOW.state.in_([state.value for state in State if has_figures(state, measure=measure)]),
    )
    .group_by(_SECTIONS.section, _SECTIONS[f"{measure.value}_possible"])
    for measure in Measure
}
"""Last year's sections of the sheets that have figures now, added up by denominator: the mean stays exact."""
CAUSES: Final[Mapping[Cause, str]] = {
    Cause.NEW: "new_items",
    Cause.RETIRED: "retired",
    Cause.WEIGHT: "weight",
    Cause.APPLICABILITY: "applicability",
    Cause.WORDING: "wording",
    Cause.MOVED: "moved",
}
"""The column of each cause."""


def sheets_of_campaign(
    session: Session, *, campaign_id: CampaignId, measure: Measure
) -> list[Row[*tuple[Any, ...]]]:
    """Return the current sheets of a campaign with the whole of their change, without the excluded ones."""
    values = {"campaign": campaign_id, "measure": measure.value}
    rows = session.connection().execute(SHEETS, values)
    return [row for row in rows if row.state != State.EXCLUDED.value]


def last_years_means(
    session: Session, *, campaign_id: CampaignId, measure: Measure
) -> dict[str, Fraction | None]:
    """Return last year's mean of each section."""
    means: dict[str, Mean] = {}
    for row in session.connection().execute(_EARLIER[measure], {"campaign": campaign_id}):
        means.setdefault(row.section, Mean.empty()).add(int(row.earned), row.possible, count=row.sheets)
    return {section: mean.value for section, mean in means.items()}


def change_of(row: Row[*tuple[Any, ...]]) -> ScoreChange | None:
    """Return a kept change as it was computed; None where there is none."""
    if row.denominator is None:
        return None
    return ScoreChange(
        before=Fraction(row.share_before, row.denominator),
        now=Fraction(row.share_now, row.denominator),
        work=Fraction(row.work, row.denominator),
        ruler={
            cause: Fraction(part, row.denominator)
            for cause, column in CAUSES.items()
            if (part := getattr(row, column))
        },
    )


def sees_the_city(actor: Actor) -> bool:
    """Return whether somebody sees the figures of other units."""
    return may(Permission.CITY_PROGRESS_READ, actor=actor)
