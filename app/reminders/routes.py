"""The lead division's pages of reminders: who would get what, sending now, the log, lists and letters to take away."""

from typing import Final, cast
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access.permissions import Permission
from app.config import Settings
from app.db.session import reading
from app.inspections.routes.access_log import log_campaign_access
from app.kernel.errors import InvalidInput
from app.kernel.ids import CampaignId, InspectionId
from app.notices.queries import PAGE_SIZE
from app.notices.texts import MAIL_STATE
from app.reminders.commands import ByHand, remind_by_hand
from app.reminders.files import reminder_csv
from app.reminders.queries.letters import LETTER, LetterKind, LetterPage, letter_page
from app.reminders.queries.pages import LogPage, ReminderPage, reminder_page, sent_page
from app.web.access import actor, now, requires, today
from app.web.forms import key_for_page, perform

blueprint: Final = Blueprint("reminders", __name__, template_folder="templates")


@blueprint.get("/campaigns/<uuid:campaign_id>/reminders")
@requires(Permission.CITY_PROGRESS_READ)
def campaign_reminders(campaign_id: UUID) -> str:
    """Show who has a sheet in hand, when they were reminded and when they will be."""
    return _page(campaign_id)


@blueprint.post("/campaigns/<uuid:campaign_id>/reminders")
@requires(Permission.CITY_REMINDER_SEND)
def send_reminders(campaign_id: UUID) -> ResponseReturnValue:
    """Remind whoever was ticked on the list, now."""
    try:
        chosen = frozenset(InspectionId(UUID(one)) for one in request.form.getlist("sheets"))
    except ValueError:
        chosen = frozenset()
    try:
        return perform(
            lambda session: remind_by_hand(
                session,
                actor=actor(),
                campaign_id=CampaignId(campaign_id),
                inspection_ids=chosen,
                now=now(),
            ),
            to=url_for("reminders.campaign_reminders", campaign_id=campaign_id),
            message=_done,
        )
    except InvalidInput as refusal:
        return _page(campaign_id, error=refusal.message), 422


def _done(found: ByHand) -> str:
    already = f"{found.already}所属には、きょうもう送ってあります。" if found.already else ""
    return f"{found.sent}所属に催促を送りました。{already}"


def _query(campaign_id: UUID) -> ReminderPage:
    with reading() as session:
        return reminder_page(session, actor=actor(), campaign_id=CampaignId(campaign_id), today=today())


def _page(campaign_id: UUID, *, error: str = "") -> str:
    page = _query(campaign_id)
    ticked = set(request.form.getlist("sheets")) if error else {str(row.inspection_id) for row in page.late}
    only_late = request.args.get("late") == "1"
    return render_template(
        "reminders/reminders.html",
        page=page,
        rows=page.late if only_late else page.rows,
        only_late=only_late,
        ticked=ticked,
        errors=[{"href": "#list", "text": error}] if error else [],
        sends=bool(_settings().smtp_host),
        key=key_for_page(),
    )


@blueprint.get("/campaigns/<uuid:campaign_id>/reminders/log")
@requires(Permission.CITY_PROGRESS_READ)
def reminder_log(campaign_id: UUID) -> str:
    """List what was sent to whom, the newest first."""
    number = request.args.get("page", default=1, type=int)
    with reading() as session:
        page = sent_page(
            session, actor=actor(), campaign_id=CampaignId(campaign_id), number=number, today=today()
        )
    return render_template("reminders/log.html", page=page, links=_links(page), mail_words=MAIL_STATE)


def _links(page: LogPage) -> dict[str, object]:
    def address(number: int) -> str:
        return url_for("reminders.reminder_log", campaign_id=page.campaign.line.id, page=number)

    near = range(max(1, page.number - 2), min(page.last_number, page.number + 2) + 1)
    first = (page.number - 1) * PAGE_SIZE
    return {
        "total": page.total,
        "first": first + 1,
        "last": first + len(page.lines),
        "previous_url": address(page.number - 1) if page.number > 1 else None,
        "next_url": address(page.number + 1) if page.number < page.last_number else None,
        "links": [
            {"label": str(n), "url": address(n), "current": n == page.number}
            for n in sorted({1, page.last_number, *near})
        ],
    }


# ------------------------------------------------------------------------------------------ taking it away


@blueprint.get("/campaigns/<uuid:campaign_id>/reminders.csv")
@requires(Permission.CITY_PROGRESS_READ)
def reminder_list_csv(campaign_id: UUID) -> Response:
    """Give the list as CSV: UTF-8, or CP932 with `?encoding=cp932`; only late departments with `?late=1`."""
    encoding = "cp932" if request.args.get("encoding") == "cp932" else "utf-8"
    page = _query(campaign_id)
    log_campaign_access(campaign_id=page.campaign.line.id, act="campaign.reminder-file")
    charset = "Shift_JIS" if encoding == "cp932" else "utf-8"
    return _download(
        reminder_csv(page.shown(late=request.args.get("late") == "1"), encoding=encoding),
        name="csv",
        kind=f"text/csv; charset={charset}",
    )


def _download(content: bytes | str, *, name: str, kind: str, stem: str = "督促リスト") -> Response:
    file = quote(f"{stem}-{today().isoformat()}.{name}")
    headers = {"Content-Disposition": f"attachment; filename=\"list.{name}\"; filename*=UTF-8''{file}"}
    return Response(content, content_type=kind, headers=headers)


@blueprint.get("/campaigns/<uuid:campaign_id>/letters")
@requires(Permission.CITY_PROGRESS_READ)
def letters(campaign_id: UUID) -> str:
    """Show the texts of one kind for copying into the groupware (`?kind=`)."""
    page = _letters(campaign_id)
    return render_template("reminders/letters.html", page=page, kinds=LETTER)


@blueprint.get("/campaigns/<uuid:campaign_id>/letters.txt")
@requires(Permission.CITY_PROGRESS_READ)
def letters_file(campaign_id: UUID) -> Response:
    """Give the same texts as a file."""
    page = _letters(campaign_id)
    log_campaign_access(campaign_id=page.campaign_id, act="campaign.reminder-file")
    # The mark keeps older editors from guessing the encoding.
    text = "\ufeff" + page.text.replace("\n", "\r\n")
    return _download(text, name="txt", kind="text/plain; charset=utf-8", stem=LETTER[page.kind])


def _letters(campaign_id: UUID) -> LetterPage:
    wanted = request.args.get("kind", "")
    kind = LetterKind(wanted) if wanted in set(LetterKind) else LetterKind.LATE
    settings = _settings()
    with reading() as session:
        return letter_page(
            session,
            actor=actor(),
            campaign_id=CampaignId(campaign_id),
            kind=kind,
            sender=settings.lead_division_name,
            contact=settings.contact,
            today=today(),
        )


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])
