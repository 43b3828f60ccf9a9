"""What a page says when the state of a sheet or a campaign no longer allows what somebody sent."""

from uuid import UUID

from flask import Response, request, url_for

from app.db.session import reading
from app.inspections.queries.standing import Standing, standing_of
from app.inspections.routes import blueprint
from app.inspections.routes.words import state_label
from app.kernel.errors import NotFound, NotNow, Refusal, RepeatedKey, StaleVersion
from app.kernel.ids import InspectionId
from app.web.access import actor, visitor_or_none
from app.web.errors import Way, refusal_page
from app.web.filters import short_instant


@blueprint.errorhandler(NotNow)
@blueprint.errorhandler(StaleVersion)
@blueprint.errorhandler(RepeatedKey)
def not_now(refusal: Refusal) -> tuple[str | Response, int]:
    """Lead back to the thing itself, and say how it stands now."""
    given = request.view_args or {}
    sheet_id, campaign_id = given.get("inspection_id"), given.get("campaign_id")
    if sheet_id is not None:
        return _of_sheet(refusal, sheet_id)
    if campaign_id is not None:
        way = Way("点検実施の画面を開く", url_for("inspections.campaign", campaign_id=campaign_id))
        return refusal_page(refusal, way=way)
    return refusal_page(refusal)


def _of_sheet(refusal: Refusal, sheet_id: UUID) -> tuple[str | Response, int]:
    if visitor_or_none() is None:
        return refusal_page(refusal)
    try:
        with reading() as session:
            found = standing_of(session, actor=actor(), inspection_id=InspectionId(sheet_id))
    except NotFound:
        return refusal_page(refusal)
    way = Way("点検票を開く", url_for("inspections.inspection", inspection_id=sheet_id))
    return refusal_page(refusal, way=way, known=_sentence(found))


def _sentence(found: Standing) -> str:
    state = f"いまの状態は「{state_label(found.sheet, found.sheet.answered)}」です。"
    if found.last is None:
        return state
    last = found.last
    return f"{state}最後の動きは、{last.person}さんの「{last.what}」です（{short_instant(last.at)}）。"
