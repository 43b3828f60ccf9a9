"""The frozen report of a whole campaign, from the answers of all its sheets and its edition."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.checklists.rules import Edition, Item, score
from app.checklists.texts import SCORING_METHOD_NAME
from app.config import Settings
from app.inspections.queries.board import BoardView, board_page
from app.inspections.queries.campaigns.results import CampaignResults, SheetAnswers, campaign_results
from app.inspections.rules import State
from app.inspections.rules.progress import ProgressRow
from app.inspections.texts import CAMPAIGN_KIND, CAMPAIGN_STATE
from app.kernel.clock import business_date
from app.kernel.fiscal_year import long_instant
from app.kernel.ids import CampaignId, ItemId
from app.reports.queries import DATES, figure_of, level_of, report_day
from app.reports.queries.board import board_figures
from app.reports.rules import LevelCount, ReportLevel
from app.reports.rules.campaign import (
    Assessment,
    CampaignItem,
    CampaignReport,
    Imprint,
    MissedItem,
    OpenItem,
    ReportSection,
    UnitResult,
)

_WEAK_FIRST: Final = BoardView()
_REVIEW_ENDED: Final = frozenset({State.REVIEWED, State.SIGNED_OFF})
"""Before that a judgement may still change, and nobody else sees it."""


def imprint(*, settings: Settings, now: datetime) -> Imprint:
    """Return what every document of this installation carries."""
    return Imprint(
        city=settings.city,
        classification=settings.classification,
        made_at=now,
        generated_at=long_instant(now),
    )


def campaign_report(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    settings: Settings,
    now: datetime,
    view: BoardView = _WEAK_FIRST,
) -> CampaignReport:
    """Return the results of an opened campaign as they are now; `view` says how its board is looked at.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
        NotNow: it was not opened yet.
    """
    found = campaign_results(session, actor=actor, campaign_id=campaign_id, today=business_date(now))
    page, edition = found.page, found.page.edition
    board = board_page(session, actor=actor, campaign_id=campaign_id, view=view, today=business_date(now))
    sheets = tuple(_sheets(found))
    return CampaignReport(
        imprint=imprint(settings=settings, now=now),
        title="情報セキュリティ自己点検　結果一覧",
        campaign_title=page.campaign.title,
        kind=CAMPAIGN_KIND[page.campaign.kind],
        fiscal_year=page.campaign.fiscal_year.label,
        state=CAMPAIGN_STATE[page.state],
        dates=tuple((label, report_day(getattr(page.campaign.dates, name))) for name, label in DATES.items()),
        checklist_title=edition.title,
        edition_label=edition.label,
        edition_digest=edition.digest,
        method_name=SCORING_METHOD_NAME[edition.scoring.name],
        total=page.counts.total,
        handed_in=page.counts.handed_in,
        signed_off=page.counts.of(State.SIGNED_OFF),
        excluded=page.counts.excluded,
        answer_rate_text=f"{page.counts.answer_rate}%",
        sections=tuple(ReportSection(number=str(one.number), title=one.title) for one in edition.sections),
        items=tuple(_items(edition, sheets)),
        levels=tuple(level_of(level) for level in (*edition.levels, None)),
        units=tuple(_unit(sheet) for sheet in sheets),
        missed=tuple(line for sheet in sheets for line in _missed(sheet)),
        open_items=tuple(line for sheet in sheets for line in _open(sheet)),
        board=board_figures(board),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """One sheet that is not excluded, with the items that apply and the levels of both judgements."""

    row: ProgressRow
    edition: Edition
    content: SheetAnswers
    items: tuple[Item, ...]
    own: Mapping[ItemId, str]
    reviewed: Mapping[ItemId, str] | None


def _sheets(found: CampaignResults) -> Iterator[_Sheet]:
    edition = found.page.edition
    for row in found.page.rows:
        if row.state is State.EXCLUDED:
            continue
        content = found.sheets[row.inspection_id]
        own = {key: answer.level for key, answer in content.answers.items() if answer.level is not None}
        yield _Sheet(
            row=row,
            edition=edition,
            content=content,
            items=edition.applicable(content.flags),
            own=own,
            reviewed={**own, **content.reviewed} if row.state in _REVIEW_ENDED else None,
        )


def _unit(sheet: _Sheet) -> UnitResult:
    row, answers = sheet.row, sheet.content.answers
    plain = score(sheet.items, answers=sheet.own, edition=sheet.edition)
    return UnitResult(
        department=row.department_name,
        name=row.unit_name,
        state=row.label,
        applicable=len(sheet.items),
        answered=len(sheet.items) - plain.unanswered,
        unknown=plain.unknown,
        taken_over=sum(1 for item in sheet.items if item.id in answers and answers[item.id].taken_over),
        own=None if row.state is State.ANSWERING else _assessment(sheet, sheet.own),
        reviewed=_assessment(sheet, sheet.reviewed) if sheet.reviewed is not None else None,
    )


def _assessment(sheet: _Sheet, levels: Mapping[ItemId, str]) -> Assessment:
    applies = {item.id for item in sheet.items}
    whole = score(sheet.items, answers=levels, edition=sheet.edition)
    return Assessment(
        score=figure_of(whole.share),
        grade=whole.grade or "",
        mandatory_missed=len(whole.mandatory_missed),
        sections=tuple(
            figure_of(
                score(
                    [item for item in section.items if item.id in applies],
                    answers=levels,
                    edition=sheet.edition,
                ).share
            )
            for section in sheet.edition.sections
        ),
        levels=tuple(
            _level(sheet, levels, item_id) if item_id in applies else None for item_id in sheet.edition.items
        ),
    )


def _level(sheet: _Sheet, levels: Mapping[ItemId, str], item_id: ItemId) -> ReportLevel:
    return level_of(sheet.edition.level(levels.get(item_id)))


def _items(edition: Edition, sheets: Sequence[_Sheet]) -> Iterator[CampaignItem]:
    wanted = [level_of(level) for level in (*edition.levels, None)]
    asked = Counter(item.id for sheet in sheets for item in sheet.items)
    held = Counter(
        (item.id, _level(sheet, sheet.own, item.id).label) for sheet in sheets for item in sheet.items
    )
    for section in edition.sections:
        for item in section.items:
            yield CampaignItem(
                number=item.number,
                key=item.key,
                section=f"{section.number}　{section.title}",
                statement=item.statement,
                is_mandatory=item.mandatory,
                weight=item.weight,
                counts=tuple(LevelCount(level=one, items=held[item.id, one.label]) for one in wanted),
                not_asked=len(sheets) - asked[item.id],
            )


def _missed(sheet: _Sheet) -> Iterator[MissedItem]:
    """Yield the mandatory items that a handed-in sheet misses, by the review where it has ended."""
    if sheet.row.state is State.ANSWERING:
        return
    levels = sheet.own if sheet.reviewed is None else sheet.reviewed
    for item_id in score(sheet.items, answers=levels, edition=sheet.edition).mandatory_missed:
        item, answer = sheet.edition.items[item_id], sheet.content.answers.get(item_id)
        yield MissedItem(
            department=sheet.row.department_name,
            unit=sheet.row.unit_name,
            number=item.number,
            statement=item.statement,
            level=_level(sheet, levels, item_id),
            basis="自己点検" if sheet.reviewed is None else "審査後",
            comment=answer.comment if answer else "",
            action_due=report_day(answer.action_due) if answer and answer.action_due else None,
        )


def _open(sheet: _Sheet) -> Iterator[OpenItem]:
    for item in sheet.items:
        if item.id not in sheet.own:
            yield OpenItem(
                department=sheet.row.department_name,
                unit=sheet.row.unit_name,
                state=sheet.row.label,
                number=item.number,
                statement=item.statement,
                is_mandatory=item.mandatory,
            )
