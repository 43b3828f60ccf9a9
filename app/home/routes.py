"""The home page of each role, help, and the administrator's page of the installation."""

from typing import cast

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access.actor import Function
from app.access.permissions import Permission
from app.backup.queries import last_backup
from app.config import Settings
from app.db.session import bound, reading
from app.health.queries import checks, last_runs
from app.health.rules import Mark
from app.home.queries import home_page
from app.inspections.texts import STATE
from app.web.access import actor, now, public, requires, today, visitor

blueprint = Blueprint("home", __name__, template_folder="templates")

_PAGES = {
    "approval": "inspections.approval",
    "review": "inspections.review_page",
    "sign_off": "inspections.sign_off_page",
    "answer": "inspections.go_on",
    "sheet": "inspections.inspection",
    "reopening": "inspections.reopening_page",
}


_TONES = {Mark.GOOD: ("good", "check"), Mark.WARNING: ("warn", "alert"), Mark.BAD: ("bad", "stop")}


@blueprint.get("/")
@requires(Permission.OWN_ACCOUNT_USE)
def index() -> ResponseReturnValue:
    """What to do now, by due date."""
    if Function.ADMINISTRATOR in actor().functions:
        return redirect(url_for("home.installation"), code=303)
    with reading() as session:
        page = home_page(session, actor=actor(), today=today())
    return render_template(
        "home/home.html",
        page=page,
        visitor=visitor(),
        task_pages=_PAGES,
        state_words=STATE,
    )


@blueprint.get("/help")
@public
def help_page() -> str:
    """How to use the product, role by role."""
    return render_template("home/help.html")


@blueprint.get("/help/accessibility")
@public
def accessibility() -> str:
    """What is promised to people with disabilities, and what is not reached yet."""
    return render_template("home/accessibility.html")


@blueprint.get("/help/keys")
@public
def keys_help() -> str:
    """The keys of the answering page."""
    return render_template("home/keys.html")


@blueprint.get("/installation")
@requires(Permission.CITY_INSTALLATION_READ)
def installation() -> str:
    """Whether the installation stands as it should, when it was last backed up, and when its regular jobs were done."""
    settings = cast("Settings", current_app.extensions["settings"])
    with reading() as session:
        backup, jobs = last_backup(session), last_runs(session)
    found = checks(bound(), settings=settings, now=now())
    return render_template("home/installation.html", backup=backup, jobs=jobs, checks=found, tones=_TONES)
