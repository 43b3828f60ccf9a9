"""通知文: what goes out to the offices, as plain text for the groupware."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may, require
from app.checklists.queries import load_edition
from app.checklists.rules import Edition
from app.inspections.models import CampaignUnit, Inspection, Revision
from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.queries.places import department_of
from app.inspections.queries.sheet import CampaignLine, campaign_line
from app.inspections.rules import CampaignState, State
from app.kernel.errors import NotFound
from app.kernel.fiscal_year import long_date
from app.kernel.ids import CampaignId, EditionId, UnitId
from app.organisation.queries import tree_on
from app.organisation.rules import UnitTree

RULE: Final = "　　　　　　　　　　記"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePage:
    """The notice of a campaign."""

    campaign: CampaignLine
    state: CampaignState
    text: str
    lines: int
    may_follow: bool


def notice_page(
    session: Session, *, actor: Actor, campaign_id: CampaignId, sender: str, today: date
) -> NoticePage:
    """Return the notice with the names of the units and the dates of the campaign.

    Everybody with a post reads the notice of an opened campaign, a draft those who follow the progress.

    Raises:
        NotAllowed: the actor holds no post.
        NotFound: there is no such campaign, or it is a draft that the actor does not see.
    """
    require(Permission.CITY_CAMPAIGN_READ, actor=actor)
    row = campaign_row(session, campaign_id=campaign_id)
    follows, state = may(Permission.CITY_PROGRESS_READ, actor=actor), CampaignState(row.state)
    if state is CampaignState.DRAFT and not follows:
        raise NotFound
    line, edition = campaign_line(row), load_edition(session, edition_id=EditionId(row.edition_id))
    # Units that were added later may be younger than the base date.
    trees = (tree_on(session, day=line.dates.base_date), tree_on(session, day=today))
    units = _unit_ids(session, campaign_id=campaign_id)
    text = notice_text(line, edition=edition, trees=trees, units=units, sender=sender)
    return NoticePage(campaign=line, state=state, text=text, lines=text.count("\n") + 1, may_follow=follows)


def _unit_ids(session: Session, *, campaign_id: CampaignId) -> frozenset[UnitId]:
    """Return who is meant: chosen or added, and not excluded since."""
    excluded = (
        select(Inspection.unit_id)
        .join(Revision, Revision.inspection_id == Inspection.id)
        .where(
            Inspection.campaign_id == campaign_id,
            Revision.current.is_(True),
            Revision.state == State.EXCLUDED.value,
        )
    )
    meant = union(
        select(CampaignUnit.unit_id).where(
            CampaignUnit.campaign_id == campaign_id, CampaignUnit.unit_id.not_in(excluded)
        ),
        select(Inspection.unit_id).where(
            Inspection.campaign_id == campaign_id, Inspection.unit_id.not_in(excluded)
        ),
    )
    return frozenset(UnitId(unit_id) for unit_id in session.scalars(meant))


def notice_text(
    line: CampaignLine,
    *,
    edition: Edition,
    trees: tuple[UnitTree, ...],
    units: frozenset[UnitId],
    sender: str,
) -> str:
    """Return the notice as plain text; its words are the campaign's, its dates and units are merged in."""
    dates = line.dates
    return "\n".join(
        (
            "各所属長　様",
            "",
            f"　　　　　　　　　　{sender}長",
            "",
            f"{line.title}の実施について（通知）",
            "",
            line.notice,
            "",
            RULE,
            "",
            f"１　点検票：{edition.title}　{edition.label}版",
            f"２　基準日：{long_date(dates.base_date)}",
            f"３　回答の期間：{long_date(dates.answer_from)}から{long_date(dates.answer_due)}まで",
            f"４　所属長の承認：{long_date(dates.approval_due)}まで",
            f"５　審査の予定：{long_date(dates.review_due)}まで",
            f"６　対象の所属：{len(units)}所属",
            *(f"　　{text}" for text in _by_department(trees, units=units)),
        )
    )


def _by_department(trees: tuple[UnitTree, ...], *, units: frozenset[UnitId]) -> list[str]:
    found: dict[tuple[UnitId | None, str], list[str]] = {}
    named: set[UnitId] = set()
    for tree in trees:
        for unit in tree.units:
            if unit.id in units - named:
                named.add(unit.id)
                found.setdefault(department_of(tree, unit.id), []).append(unit.name)
    return [f"{department}：{'、'.join(names)}" for (_, department), names in found.items()]
