"""項目ごとに横並び: one item over all units of a campaign, with what each answered, said, and what was judged."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, Uuid, and_, bindparam, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.checklists.queries import load_edition
from app.checklists.rules import Edition, Item, Level
from app.inspections.models import (
    Answer,
    Campaign,
    Inspection,
    ItemReview,
    ReviewFlag,
    Revision,
)
from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.queries.holding import HOLDER
from app.inspections.queries.previous import comparable_items
from app.inspections.queries.review_batches import refusals_of
from app.inspections.queries.review_claims import claims_of
from app.inspections.queries.review_queue import own_units, queue_scope
from app.inspections.queries.sheet import CampaignLine, campaign_line, reviewing_subjects
from app.inspections.rules import SEALED, CampaignState, Judgement, State
from app.inspections.rules.flags import FLAG_RULES_VERSION, RULES_BY_CODE, FlagCode, FlagRule
from app.inspections.texts import sheet_name
from app.kernel.clock import business_date
from app.kernel.errors import NotFound, NotNow
from app.kernel.ids import CampaignId, EditionId, InspectionId, ItemId, RevisionId, UnitId
from app.organisation.queries import tree_on
from app.organisation.rules import UnitTree

PAGE_SIZE: Final = 50
ALL_ROWS: Final = 1200
"""Rows on one page when all are wanted."""
USUAL_RETURN: Final = timedelta(days=7)
_SHOWN: Final = frozenset(
    {
        State.SUBMITTED,
        State.UNDER_REVIEW,
        State.RETURNED,
        State.AWAITING_REAPPROVAL,
        State.REVIEWED,
        State.SIGNED_OFF,
    }
)
"""States in which a head approved what is shown: a draft is nobody else's."""


class Order(StrEnum):
    """How the units are ordered."""

    UNIT = "unit"
    LEVEL = "level"
    FLAGS = "flags"


class Only(StrEnum):
    """Which of the units are shown."""

    ALL = "all"
    FLAGGED = "flagged"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossFilter:
    """What is shown of an item's units; `level` is a code, 「none」 for no answer."""

    level: str | None = None
    department: UnitId | None = None
    only: Only = Only.ALL
    order: Order = Order.UNIT

    def lets_through(self, row: "AcrossRow") -> bool:
        """Return whether a row is shown."""
        return (
            (self.level is None or self.level == (row.level.code if row.level else "none"))
            and self.department in {None, row.department_id}
            and (self.only is not Only.FLAGGED or bool(row.flags))
            and (self.only is not Only.OPEN or row.judgement is None)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossRow:
    """One unit's answer. `refusal` says why the reader cannot judge it here; None where that is possible."""

    inspection_id: InspectionId
    unit_name: str
    department_id: UnitId | None
    department: str
    state: State
    level: Level | None
    comment: str
    answer_version: int
    before: Level | None
    flags: tuple[FlagRule, ...]
    judgement: Judgement | None
    reviewed_level: Level | None
    remark: str
    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a list to choose from, with how many units it has."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossPage:
    """One item over all units; `total` counts what the filter lets through, `rows` are of the page that is open."""

    campaign: CampaignLine
    edition: Edition
    item: Item
    previous: Item | None
    next: Item | None
    rows: tuple[AcrossRow, ...]
    levels: tuple[Choice, ...]
    departments: tuple[Choice, ...]
    everything: int
    flagged: int
    open: int
    total: int
    number: int
    size: int
    rules_version: int
    default_due: date

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // self.size))


def across_page(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    code: str,
    wanted: AcrossFilter,
    number: int,
    size: int,
    now: datetime,
) -> AcrossPage:
    """Return one item over all units whose head approved it, in a number of statements that does not grow with them.

    Raises:
        NotAllowed: the actor does not follow the review.
        NotFound: there is no such campaign or item.
        NotNow: the campaign was not opened yet.
    """
    require(Permission.CITY_REVIEW_READ, actor=actor)
    campaign = campaign_row(session, campaign_id=campaign_id)
    if campaign.state == CampaignState.DRAFT.value:
        raise NotNow("まだ始めていない点検です。始めると、所属ごとの回答がここに並びます。")
    edition = load_edition(session, edition_id=EditionId(campaign.edition_id))
    item = item_of(session, campaign_id=campaign_id, code=code)
    found = _rows(session, actor=actor, campaign=campaign, edition=edition, item=item, now=now)
    shown = _ordered([row for row in found if wanted.lets_through(row)], order=wanted.order)
    size = min(max(1, size), ALL_ROWS)
    number = min(max(1, number), max(1, -(-len(shown) // size)))
    items = list(edition.items.values())
    place = items.index(item)
    return AcrossPage(
        campaign=campaign_line(campaign),
        edition=edition,
        item=item,
        previous=items[place - 1] if place else None,
        next=items[place + 1] if place + 1 < len(items) else None,
        rows=tuple(shown[(number - 1) * size : number * size]),
        levels=_levels(found, edition=edition),
        departments=_departments(found),
        everything=len(found),
        flagged=sum(1 for row in found if row.flags),
        open=sum(1 for row in found if row.judgement is None),
        total=len(shown),
        number=number,
        size=size,
        rules_version=FLAG_RULES_VERSION,
        default_due=business_date(now) + USUAL_RETURN,
    )


def item_of(session: Session, *, campaign_id: CampaignId, code: str) -> Item:
    """Return an item of a campaign by its stable code.

    Raises:
        NotFound: there is no such campaign or item.
    """
    campaign = campaign_row(session, campaign_id=campaign_id)
    edition = load_edition(session, edition_id=EditionId(campaign.edition_id))
    found = next((one for one in edition.items.values() if one.key == code), None)
    if found is None:
        raise NotFound
    return found


def listed_rows(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    code: str,
    inspection_ids: Collection[InspectionId],
    now: datetime,
) -> tuple[AcrossPage, tuple[AcrossRow, ...]]:
    """Return an item's page with the rows of some units: the list that is shown before anything is judged."""
    page = across_page(
        session,
        actor=actor,
        campaign_id=campaign_id,
        code=code,
        wanted=AcrossFilter(),
        number=1,
        size=ALL_ROWS,
        now=now,
    )
    return page, tuple(row for row in page.rows if row.inspection_id in inspection_ids)


# These are built once for the process: every page asks them, and building them was a good part of its cost.
_ITEM: Final = bindparam("item", type_=Uuid())
_ANSWERED: Final = (
    select(
        Inspection.id,
        HOLDER.label("unit_id"),
        Inspection.system_name,
        Inspection.previous_revision_id,
        Revision.id.label("revision_id"),
        Revision.state,
        Answer.level,
        Answer.comment,
        Answer.version,
        ItemReview.judgement,
        ItemReview.reviewed_level,
        ItemReview.remark,
    )
    .join(Revision, and_(Revision.inspection_id == Inspection.id, Revision.current.is_(True)))
    .join(Answer, and_(Answer.revision_id == Revision.id, Answer.item_id == _ITEM))
    .outerjoin(ItemReview, and_(ItemReview.revision_id == Revision.id, ItemReview.item_id == _ITEM))
    .where(
        Inspection.campaign_id == bindparam("campaign", type_=Uuid()),
        Revision.state.in_([state.value for state in _SHOWN]),
    )
)


def _rows(
    session: Session, *, actor: Actor, campaign: Campaign, edition: Edition, item: Item, now: datetime
) -> list[AcrossRow]:
    today = business_date(now)
    rows = session.execute(
        _ANSWERED.where(queue_scope(actor).where(HOLDER)),
        {"campaign": campaign.id, "item": item.id, "day": today},
    ).all()
    tree = tree_on(session, day=today)
    refused = _refused(session, rows=rows, actor=actor, now=now)
    flags = _flags(session, revision_ids=[row.revision_id for row in rows], item_id=item.id)
    before = _before(session, campaign=campaign, edition=edition, item=item)
    places = {unit.id: place for place, unit in enumerate(tree.units)}
    ordered = sorted(rows, key=lambda row: places.get(UnitId(row.unit_id), len(places)))
    own = own_units(actor)
    return [
        _row(
            row,
            own=own,
            tree=tree,
            edition=edition,
            flags=flags.get(RevisionId(row.revision_id), ()),
            before=before.get(RevisionId(row.previous_revision_id)) if row.previous_revision_id else None,
            refusal=refused.get(InspectionId(row.id)),
        )
        for row in ordered
    ]


def _refused(
    session: Session,
    *,
    rows: Iterable[Row[*tuple[Any, ...]]],
    actor: Actor,
    now: datetime,
) -> Mapping[InspectionId, str]:
    """Return why the reader cannot judge sheets; a sealed one is never judged, so nobody asks who took part in it."""
    open_rows = [row for row in rows if State(row.state) not in SEALED]
    subjects = reviewing_subjects(
        session,
        sheets={InspectionId(row.id): UnitId(row.unit_id) for row in open_rows},
        today=business_date(now),
    )
    claims = claims_of(session, revision_ids=[RevisionId(row.revision_id) for row in open_rows], now=now)
    sealed = {InspectionId(row.id): "もう確定しています。" for row in rows if State(row.state) in SEALED}
    return sealed | refusals_of(
        [
            (
                InspectionId(row.id),
                State(row.state),
                subjects[InspectionId(row.id)],
                claims.get(RevisionId(row.revision_id)),
            )
            for row in open_rows
        ],
        actor=actor,
    )


_FLAGS: Final = (
    select(ReviewFlag.revision_id, ReviewFlag.rule)
    .where(
        ReviewFlag.item_id == _ITEM,
        ReviewFlag.revision_id.in_(bindparam("revisions", expanding=True, type_=Uuid())),
    )
    .order_by(ReviewFlag.sequence)
)


def _flags(
    session: Session, *, revision_ids: Iterable[RevisionId], item_id: ItemId
) -> Mapping[RevisionId, tuple[FlagRule, ...]]:
    found: dict[RevisionId, tuple[FlagRule, ...]] = {}
    for revision_id, code in session.execute(_FLAGS, {"item": item_id, "revisions": list(revision_ids)}):
        rule = RULES_BY_CODE[FlagCode(code)]
        found[RevisionId(revision_id)] = (*found.get(RevisionId(revision_id), ()), rule)
    return found


_OLDER, _EARLIER = Campaign.__table__.alias("older"), Inspection.__table__.alias("earlier")
_EARLIER_EDITIONS: Final = (
    select(_OLDER.c.edition_id)
    .join(_EARLIER, _EARLIER.c.campaign_id == _OLDER.c.id)
    .join(Revision, Revision.inspection_id == _EARLIER.c.id)
    .join(Inspection, Inspection.previous_revision_id == Revision.id)
    .where(Inspection.campaign_id == bindparam("campaign", type_=Uuid()))
    .distinct()
)
_EARLIER_ANSWERS: Final = (
    select(Answer.revision_id, Answer.level)
    .join(Inspection, Inspection.previous_revision_id == Answer.revision_id)
    .where(
        Inspection.campaign_id == bindparam("campaign", type_=Uuid()),
        Answer.item_id.in_(bindparam("items", expanding=True, type_=Uuid())),
    )
)


def _before(
    session: Session, *, campaign: Campaign, edition: Edition, item: Item
) -> Mapping[RevisionId, Level]:
    """Return last year's levels by revision, where the question stayed comparable."""
    editions = session.scalars(_EARLIER_EDITIONS, {"campaign": campaign.id}).all()
    keys: set[ItemId] = set()
    for edition_id in editions:
        was = load_edition(session, edition_id=EditionId(edition_id))
        keys |= set(comparable_items(session, item, edition=edition, before=was))
    if not keys:
        return {}
    rows = session.execute(_EARLIER_ANSWERS, {"campaign": campaign.id, "items": list(keys)})
    levels = ((RevisionId(row.revision_id), edition.level(row.level)) for row in rows)
    return {revision_id: level for revision_id, level in levels if level is not None}


def _row(
    row: Row[*tuple[Any, ...]],
    *,
    own: frozenset[UnitId],
    tree: UnitTree,
    edition: Edition,
    flags: tuple[FlagRule, ...],
    before: Level | None,
    refusal: str | None,
) -> AcrossRow:
    unit_id, state = UnitId(row.unit_id), State(row.state)
    path = tree.path(unit_id)
    # A judgement in the making is not shown to those whom it judges, here as on the sheet's own pages.
    ended = state is State.REVIEWED or state in SEALED
    hidden = unit_id in own and not ended
    judged = row.judgement is not None and not hidden
    return AcrossRow(
        inspection_id=InspectionId(row.id),
        unit_name=sheet_name(path[-1].name if path else "（廃止された所属）", system_name=row.system_name),
        department_id=path[0].id if len(path) > 1 else None,
        department=path[0].name if len(path) > 1 else "",
        state=state,
        level=edition.level(row.level),
        comment=row.comment,
        answer_version=row.version,
        before=before,
        flags=() if hidden else flags,
        judgement=Judgement(row.judgement) if judged else None,
        reviewed_level=edition.level(row.reviewed_level) if judged else None,
        remark=row.remark if judged else "",
        refusal=refusal or ("もう判断があります。" if row.judgement is not None else None),
    )


def _ordered(rows: list[AcrossRow], *, order: Order) -> list[AcrossRow]:
    """Return rows in an order; those alike stay in the order of the units."""
    if order is Order.LEVEL:
        return sorted(rows, key=lambda row: _depth(row.level))
    if order is Order.FLAGS:
        return sorted(rows, key=lambda row: -len(row.flags))
    return rows


def _depth(level: Level | None) -> tuple[int, int]:
    """Return the place of a level: no answer first, then the lowest points, 対象外 last."""
    if level is None:
        return (0, 0)
    return (2, 0) if level.points is None else (1, level.points)


def _levels(rows: Iterable[AcrossRow], *, edition: Edition) -> tuple[Choice, ...]:
    counts: dict[str, int] = {}
    for row in rows:
        code = row.level.code if row.level else "none"
        counts[code] = counts.get(code, 0) + 1
    known = [(level.code, level.label) for level in edition.levels] + [("none", "未回答")]
    return tuple(
        Choice(value=code, label=label, count=counts[code]) for code, label in known if code in counts
    )


def _departments(rows: Iterable[AcrossRow]) -> tuple[Choice, ...]:
    counts: dict[tuple[UnitId, str], int] = {}
    for row in rows:
        if row.department_id is not None:
            key = (row.department_id, row.department)
            counts[key] = counts.get(key, 0) + 1
    return tuple(
        Choice(value=str(unit_id), label=name, count=count) for (unit_id, name), count in counts.items()
    )
