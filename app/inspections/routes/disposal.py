"""Discarding a trial: prepared by one person, approved by another."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.db.session import reading
from app.inspections.commands import disposal as commands
from app.inspections.forms.disposal import DeclineDisposalForm, DisposalForm
from app.inspections.forms.review import problems_of
from app.inspections.queries.disposal import disposal_page
from app.inspections.routes import blueprint
from app.inspections.texts import CAMPAIGN_STATE, DISPOSED_TABLE, GOING
from app.kernel.errors import InvalidInput
from app.kernel.ids import CampaignId
from app.kernel.ports import Ports
from app.web.access import actor, now, requires
from app.web.forms import Form, key_for_page, perform


@blueprint.get("/campaigns/<uuid:campaign_id>/disposal")
@requires(Permission.CITY_PROGRESS_READ)
def disposal(campaign_id: UUID) -> str:
    """Show what of a trial would go, who decides, and what became of it."""
    return _page(campaign_id)


@blueprint.post("/campaigns/<uuid:campaign_id>/disposal")
@requires(Permission.CITY_DISPOSAL_PREPARE)
def prepare_disposal(campaign_id: UUID) -> ResponseReturnValue:
    """Name a trial for disposal, with the reason."""
    form = DisposalForm()

    def command(session: Session) -> None:
        commands.prepare_disposal(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            reason=form.reason.data or "",
            now=now(),
        )

    return _with_reason(
        campaign_id,
        form=form,
        command=command,
        again=lambda: _page(campaign_id, form=form),
        message="廃棄を準備しました。もう一人が承認すると、試行のデータが消えます。",
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/disposal/approve")
@requires(Permission.CITY_DISPOSAL_APPROVE)
def approve_disposal(campaign_id: UUID) -> ResponseReturnValue:
    """Discard a trial."""
    return perform(
        lambda session: commands.approve_disposal(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            ports=cast("Ports", current_app.extensions["ports"]),
            now=now(),
        ),
        to=url_for("inspections.disposal", campaign_id=campaign_id),
        message="試行のデータを廃棄しました。廃棄の記録は、このページに残ります。",
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/disposal/decline")
@requires(Permission.CITY_DISPOSAL_APPROVE)
def decline_disposal(campaign_id: UUID) -> ResponseReturnValue:
    """Keep a trial after all, with the reason."""
    form = DeclineDisposalForm()

    def command(session: Session) -> None:
        commands.decline_disposal(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            reason=form.decline_reason.data or "",
            now=now(),
        )

    return _with_reason(
        campaign_id,
        form=form,
        command=command,
        again=lambda: _page(campaign_id, decline=form),
        message="廃棄を断りました。試行のデータはそのまま残ります。",
    )


@blueprint.post("/campaigns/<uuid:campaign_id>/disposal/withdraw")
@requires(Permission.CITY_DISPOSAL_PREPARE)
def withdraw_disposal(campaign_id: UUID) -> ResponseReturnValue:
    """Take the own preparation back."""
    return perform(
        lambda session: commands.withdraw_disposal(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), now=now()
        ),
        to=url_for("inspections.disposal", campaign_id=campaign_id),
        message="廃棄の準備を取り下げました。",
    )


def _with_reason(
    campaign_id: UUID,
    *,
    form: Form,
    command: Callable[[Session], None],
    again: Callable[[], str],
    message: str,
) -> ResponseReturnValue:
    if not form.validate():
        return again(), 422
    try:
        return perform(command, to=url_for("inspections.disposal", campaign_id=campaign_id), message=message)
    except InvalidInput as refusal:
        form.take(refusal)
        return again(), 422


def _page(
    campaign_id: UUID, *, form: DisposalForm | None = None, decline: DeclineDisposalForm | None = None
) -> str:
    with reading() as session:
        page = disposal_page(session, actor=actor(), campaign_id=CampaignId(campaign_id))
    forms = (form or DisposalForm(formdata=None), decline or DeclineDisposalForm(formdata=None))
    return render_template(
        "inspections/disposal.html",
        page=page,
        form=forms[0],
        decline=forms[1],
        problems=[problem for one in forms for problem in problems_of(one)],
        states=CAMPAIGN_STATE,
        going=GOING,
        gone=DISPOSED_TABLE,
        key=key_for_page(),
    )
