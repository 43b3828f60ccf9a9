"""The page of the regular jobs, for the administrator."""

from typing import Final, cast
from uuid import UUID

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access.permissions import Permission
from app.config import Settings
from app.db.session import reading
from app.jobs.queries import job_page, mail_to_resend
from app.kernel.errors import InvalidInput
from app.notices.commands import resend_mail
from app.notices.rules import MailState
from app.notices.texts import MAIL_CAUSE, MAIL_STATE
from app.web.access import actor, now, requires
from app.web.forms import new_key, perform

blueprint: Final = Blueprint("jobs", __name__, template_folder="templates")


@blueprint.get("/jobs")
@requires(Permission.CITY_INSTALLATION_READ)
def job_list() -> str:
    """Show how every job went last, when it runs next, and the mails that are stuck."""
    settings = cast("Settings", current_app.extensions["settings"])
    with reading() as session:
        page = job_page(session, actor=actor(), settings=settings)
    return render_template(
        "jobs/jobs.html", page=page, now=now(), states=MailState, words=MAIL_STATE, causes=MAIL_CAUSE
    )


@blueprint.get("/jobs/mails/<uuid:digest_id>/resend")
@requires(Permission.CITY_INSTALLATION_READ)
def resend_page(digest_id: UUID) -> str:
    """Ask before a mail goes out again that may have arrived."""
    with reading() as session:
        mail, person = mail_to_resend(session, actor=actor(), digest_id=digest_id)
    return render_template(
        "jobs/resend.html", mail=mail, person=person, states=MailState, causes=MAIL_CAUSE, key=new_key()
    )


@blueprint.post("/jobs/mails/<uuid:digest_id>/resend")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def resend(digest_id: UUID) -> ResponseReturnValue:
    """Let a mail go out again with the next round."""
    try:
        seen = MailState(request.form.get("seen", ""))
    except ValueError:
        raise InvalidInput.of("画面が古くなっています。開き直してから、もう一度送ってください。") from None
    return perform(
        lambda session: resend_mail(session, actor=actor(), digest_id=digest_id, seen=seen, now=now()),
        to=url_for("jobs.job_list"),
        message="次の回で送り直します。",
    )
