"""What somebody who prepares a campaign starts from, and the tree on which its units are chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.calendar.queries import city_calendar
from app.calendar.rules import CityCalendar
from app.checklists.queries import all_editions, label_order
from app.checklists.rules import SheetSubject, is_special
from app.inspections.models import Campaign, CampaignUnit, Inspection, Revision
from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.queries.sheet import campaign_dates
from app.inspections.rules import CampaignDates, CampaignKind, CampaignState, State
from app.inspections.rules.taking_over import Offer
from app.kernel.errors import NotNow
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import CampaignId, EditionId, UnitId
from app.organisation.queries import tree_on
from app.organisation.rules import UnitKind, UnitTree, UnitView
from app.organisation.texts import UNIT_KIND

SHEET_KINDS: Final = frozenset({UnitKind.DIVISION, UnitKind.BRANCH})
"""Units that fill in a sheet of their own unless somebody decides otherwise: 課 and 出先, not 部 and 係."""

FIRST_NOTICE: Final = """\
市の情報セキュリティポリシーに基づき、自己点検を実施します。
各所属の点検担当者は、下の期間に点検票へ回答し、所属長の承認を受けてください。
わからない項目は「わからない」を選び、そのまま提出できます。
できていない項目は、理由と今後の対応を書いてください。
不明な点は、情報主管課へ問い合わせてください。"""
_FRIDAY: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What stands in the form: of a new campaign, or a draft (which has a version)."""

    title: str
    kind: CampaignKind
    fiscal_year: int
    edition_id: EditionId | None
    dates: CampaignDates
    notice: str
    unit_ids: frozenset[UnitId]
    taking_over: Offer = Offer.OFFERED
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionChoice:
    """A published edition that a campaign can pin; nobody opens one for persons."""

    id: EditionId
    code: str
    label: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetNode:
    """A unit on the tree of choices; `sheets_below` counts the 課 and 出先 under it."""

    id: UnitId
    name: str
    kind_label: str
    chosen: bool
    sheets_below: int
    children: "tuple[TargetNode, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """What the form offers: editions, fiscal years, and the tree of one day."""

    editions: tuple[EditionChoice, ...]
    years: tuple[FiscalYear, ...]
    day: date
    tree: UnitTree
    roots: tuple[TargetNode, ...]
    chosen: int
    calendar: CityCalendar


def form_page(
    session: Session,
    *,
    actor: Actor,
    day: date,
    chosen: Iterable[UnitId],
    below: Iterable[UnitId],
    today: date,
) -> FormPage:
    """Return the choices of the form; units that do not exist on the day are left out.

    Raises:
        NotAllowed: the actor does not prepare campaigns.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    tree = tree_on(session, day=day)
    ticked = expand_targets(tree, chosen=chosen, below=below) & set(tree.by_id)
    now = FiscalYear.containing(today).year
    return FormPage(
        editions=_published(session),
        years=tuple(FiscalYear(year) for year in range(now + 1, now - 5, -1)),
        day=day,
        tree=tree,
        roots=_nodes(tree, ticked=ticked),
        chosen=len(ticked),
        calendar=city_calendar(session),
    )


def expand_targets(tree: UnitTree, *, chosen: Iterable[UnitId], below: Iterable[UnitId]) -> frozenset[UnitId]:
    """Return the chosen units, and for each unit of `below` every 課 and 出先 under it."""
    roots = frozenset(below)
    under = tree.below(roots) - roots
    return frozenset(chosen) | {unit_id for unit_id in under if tree.by_id[unit_id].kind in SHEET_KINDS}


def _nodes(tree: UnitTree, *, ticked: Iterable[UnitId]) -> tuple[TargetNode, ...]:
    children: dict[UnitId | None, list[UnitView]] = {}
    for unit in tree.units:
        children.setdefault(unit.parent_id if unit.parent_id in tree.by_id else None, []).append(unit)
    chosen = frozenset(ticked)

    def node(unit: UnitView) -> TargetNode:
        return TargetNode(
            id=unit.id,
            name=unit.name,
            kind_label=UNIT_KIND[unit.kind],
            chosen=unit.id in chosen,
            sheets_below=len(expand_targets(tree, chosen=(), below=[unit.id])) if unit.id in children else 0,
            children=tuple(node(child) for child in children.get(unit.id, ())),
        )

    return tuple(node(unit) for unit in children.get(None, ()))


def _published(session: Session) -> tuple[EditionChoice, ...]:
    lines = [
        line
        for line in all_editions(session)
        if line.published_at is not None
        and line.subject is not SheetSubject.PERSON
        and not is_special(line.code)
    ]
    newest_first = sorted(lines, key=lambda line: label_order(line.label), reverse=True)
    return tuple(
        EditionChoice(id=line.id, code=line.code, label=line.label, title=line.title)
        for line in sorted(newest_first, key=lambda line: line.code)
    )


def first_preparation(session: Session, *, actor: Actor, today: date) -> Preparation:
    """Return what the form of a new campaign starts from: all 課 and 出先, three weeks to answer.

    Raises:
        NotAllowed: the actor does not prepare campaigns.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    year = FiscalYear.containing(today)
    tree = tree_on(session, day=today)
    return Preparation(
        title=f"{year.label} 定期自己点検",
        kind=CampaignKind.REGULAR,
        fiscal_year=year.year,
        edition_id=None,
        dates=suggested_dates(today, calendar=city_calendar(session)),
        notice=FIRST_NOTICE,
        unit_ids=frozenset(unit.id for unit in tree.units if unit.kind in SHEET_KINDS),
    )


def suggested_dates(today: date, *, calendar: CityCalendar) -> CampaignDates:
    """Return usual dates: three weeks to answer, one more for heads; on Fridays, if offices are open."""
    start = today + timedelta(days=7 - today.weekday())
    friday, opened = start + timedelta(days=_FRIDAY), calendar.next_business_day
    return CampaignDates(
        base_date=today,
        answer_from=opened(start),
        answer_due=opened(friday + timedelta(weeks=2)),
        approval_due=opened(friday + timedelta(weeks=3)),
        review_due=opened(friday + timedelta(weeks=7)),
        grace_until=opened(friday + timedelta(weeks=4)),
    )


def offer_of(campaign: Campaign) -> Offer:
    """Return whether departments may take last year's answers over."""
    return Offer.OFFERED if campaign.taking_over else Offer.NOT_OFFERED


def units_of(session: Session, *, campaign: Campaign) -> frozenset[UnitId]:
    """Return the units of a campaign: as chosen; from its opening on those that were not excluded."""
    chosen = select(CampaignUnit.unit_id).where(CampaignUnit.campaign_id == campaign.id)
    given = (
        select(Inspection.unit_id)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .where(
            Inspection.campaign_id == campaign.id,
            Revision.current.is_(True),
            Revision.state != State.EXCLUDED.value,
        )
    )
    wanted = chosen if campaign.state == CampaignState.DRAFT.value else given
    return frozenset(UnitId(row) for row in session.scalars(wanted))


def stored_preparation(session: Session, *, actor: Actor, campaign_id: CampaignId) -> Preparation:
    """Return a draft for changing it.

    Raises:
        NotAllowed: the actor does not prepare campaigns.
        NotFound: there is no such campaign.
        NotNow: it was opened.
    """
    require(Permission.CITY_CAMPAIGN_PREPARE, actor=actor)
    campaign = campaign_row(session, campaign_id=campaign_id)
    if campaign.state != CampaignState.DRAFT.value:
        raise NotNow("始めた点検は変えられません。所属の追加や除外は、理由を書いて行えます。")
    if campaign.questions_by is not None:
        raise NotNow(
            "この臨時点検は、設問と一緒に臨時点検の画面で直します。点検実施の画面から開き直してください。"
        )
    return Preparation(
        title=campaign.title,
        kind=CampaignKind(campaign.kind),
        fiscal_year=campaign.fiscal_year,
        edition_id=EditionId(campaign.edition_id),
        dates=campaign_dates(campaign),
        notice=campaign.notice,
        unit_ids=units_of(session, campaign=campaign),
        taking_over=offer_of(campaign),
        version=campaign.version,
    )
