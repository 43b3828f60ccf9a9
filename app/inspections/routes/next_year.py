"""Next year's campaign from last year's: one press, then what differs, and the units that are new."""

from typing import Final
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.inspections.commands.next_year import NextYear, add_units_to_draft, prepare_next_year
from app.inspections.forms.campaigns import UnitsForm, version_of
from app.inspections.routes import blueprint
from app.inspections.routes.campaigns import draft_again
from app.inspections.rules import CampaignState
from app.kernel.errors import InvalidInput
from app.kernel.ids import CampaignId
from app.web.access import actor, now, requires
from app.web.forms import perform

UNPROCESSABLE: Final = 422
FOUND: Final = {
    CampaignState.DRAFT: "「{}」は、もう準備中です。新しくは作らず、その準備を開きました。",
    CampaignState.OPEN: "「{}」は、もう始まっています。新しくは作らず、その点検を開きました。",
    CampaignState.CLOSED: "「{}」は、もう終わっています。新しくは作らず、その点検を開きました。",
}


@blueprint.post("/campaigns/<uuid:campaign_id>/next-year")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def prepare_next_campaign(campaign_id: UUID) -> ResponseReturnValue:
    """Make next year's draft, or open the one that exists."""

    def command(session: Session) -> NextYear:
        return prepare_next_year(session, actor=actor(), campaign_id=CampaignId(campaign_id), now=now())

    return perform(
        command,
        to=lambda made: url_for("inspections.campaign", campaign_id=made.campaign_id),
        message=_sentence,
    )


def _sentence(made: NextYear) -> str:
    if made.found:
        return FOUND[made.state].format(made.title)
    return f"「{made.title}」の準備を作りました。前の年度との違いを確かめてください。"


@blueprint.post("/campaigns/<uuid:campaign_id>/newcomers")
@requires(Permission.CITY_CAMPAIGN_PREPARE)
def add_newcomers(campaign_id: UUID) -> ResponseReturnValue:
    """Add units to a draft that were not in last year's campaign."""
    form = UnitsForm()
    if not form.validate():
        return draft_again(campaign_id, refused=form.units.errors), UNPROCESSABLE
    chosen, seen = form.units.unit_ids, version_of(request.form.get("version"))

    def command(session: Session) -> None:
        add_units_to_draft(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            unit_ids=chosen,
            seen_version=seen,
            now=now(),
        )

    try:
        return perform(
            command,
            to=url_for("inspections.campaign", campaign_id=campaign_id),
            message=f"{len(chosen)}所属を対象に加えました。",
        )
    except InvalidInput as refusal:
        return draft_again(campaign_id, refused=[one.message for one in refusal.problems]), UNPROCESSABLE
