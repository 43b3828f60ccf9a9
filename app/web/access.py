"""Who is at the door, and the rule that every route must declare.

Closed by default: a route without a rule keeps the application from starting. The guard checks city-wide permissions before the
view runs; a permission that looks at a unit is checked again, with its subject, by the command or query.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask, current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.db.session import one_moment
from app.kernel.clock import Clock, business_date
from app.kernel.errors import Refusal
from app.kernel.ids import AccountId

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

View = TypeVar("View", bound=Callable[..., Any])
RULE: Final = "access_rule"
ON_THE_WAY: Final = "on the way"
CITY_WIDE: Final = ("city:", "own:")
READS: Final = frozenset({"GET", "HEAD"})


class Step(StrEnum):
    """What may still be missing after the right password. Until it is given, nobody is signed in."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105 - a code, not a password
    ENROLMENT = "enrolment"


NOT_ON_THE_WAY: Final = frozenset[Step]()
EVERY_STEP: Final = frozenset(Step)
PAGE_OF_STEP: Final = {
    Step.CODE: "people.code",
    Step.PASSWORD: "people.change_password",
    Step.ENROLMENT: "people.second_factor",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route demands: nothing (public) or a permission; `steps` opens it to whom exactly that is still missing."""

    permission: Permission | None
    steps: frozenset[Step] = NOT_ON_THE_WAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The person at the door: Flask-Login's user, made for each request by the people domain.

    Attributes:
        ends_at: when the session ends unless somebody does something meanwhile.
        idle: how long it may rest.
        single_keys: whether pages may act on single keys.
        second_factor: whether the account has one, so that a code is asked for wherever the password is.
        step: what is still missing; None for who is signed in.
    """

    actor: Actor
    account_id: AccountId
    token: str
    session_id: UUID
    must_change_password: bool
    unit_label: str
    role_labels: tuple[str, ...]
    ends_at: datetime
    idle: timedelta
    single_keys: bool
    second_factor: bool = False
    step: Step | None = None
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Return what the signed cookie carries: the opaque session token, nothing else."""
        return self.token


def public(view: View) -> View:
    """Declare that a route is open to everybody: signing in, static files, the health of the process."""
    setattr(view, RULE, Rule(permission=None))
    return view


def requires(permission: Permission, *, steps: frozenset[Step] = NOT_ON_THE_WAY) -> Callable[[View], View]:
    """Declare the permission of a route, and the steps of signing in that it serves, if any."""

    def declare(view: View) -> View:
        setattr(view, RULE, Rule(permission=permission, steps=steps))
        return view

    return declare


def refuse_undeclared_routes(app: Flask) -> None:
    """Raise when any route declares no rule: run at the end of `create_app`."""
    undeclared = sorted(
        name for name, view in app.view_functions.items() if not isinstance(getattr(view, RULE, None), Rule)
    )
    if undeclared:
        message = f"routes without an access rule: {', '.join(undeclared)}"
        raise RuntimeError(message)


def visitor_or_none() -> Visitor | None:
    """Return who is signed in, if anybody."""
    return cast("Visitor", current_user) if current_user.is_authenticated else None


def on_the_way() -> Visitor | None:
    """Return who gave the right password here and is not signed in yet: none of the pages but that of the missing step."""
    if visitor_or_none() is not None:
        return None
    return cast("Visitor | None", g.get(ON_THE_WAY))


def somebody() -> Visitor:
    """Return who is signed in or on the way; only for views that declare steps."""
    found = visitor_or_none() or on_the_way()
    if found is None:
        message = "this view is public and has no visitor"
        raise RuntimeError(message)
    return found


def visitor() -> Visitor:
    """Return who is signed in; only for views behind the guard."""
    found = visitor_or_none()
    if found is None:
        message = "this view is public and has no visitor"
        raise RuntimeError(message)
    return found


def actor() -> Actor:
    """Return the acting person of this request."""
    return visitor().actor


def now() -> datetime:
    """Return the instant of this request: the same for all that happens in it."""
    if "now" not in g:
        g.now = cast("Clock", current_app.extensions["clock"]).now()
    return cast("datetime", g.now)


def today() -> date:
    """Return the business date of this request."""
    return business_date(now())


class NotSignedIn(Refusal):
    """A form was sent by nobody, or by somebody who has to change the first password before anything else."""

    status = 401

    def __init__(self) -> None:
        super().__init__("ログインし直してください。")


def guard() -> Response | None:
    """Let a request pass, or send it to the sign-in page or to the forced change of password.

    Raises:
        NotAllowed: a city-wide permission is missing.
        NotSignedIn: a form would be lost by sending its browser elsewhere.
    """
    if request.endpoint is None:
        return None
    rule = cast("Rule", getattr(current_app.view_functions[request.endpoint], RULE))
    if rule.permission is None:
        return None
    found = visitor_or_none()
    if found is None:
        return _on_the_way_or_out(rule)
    if found.must_change_password and rule.permission is not Permission.OWN_ACCOUNT_USE:
        if request.method == "POST":
            raise NotSignedIn
        return redirect(url_for("people.change_password"), code=303)
    if rule.permission.value.startswith(CITY_WIDE):
        require(rule.permission, actor=found.actor)
    return None


def _on_the_way_or_out(rule: Rule) -> Response | None:
    """Let who is not signed in yet come to the page of what is missing, and to no other."""
    coming = on_the_way()
    if coming is None or coming.step is None:
        return _to_sign_in()
    if coming.step in rule.steps:
        return None
    if request.method == "POST" or wants_json():
        return _to_sign_in()
    return redirect(url_for(PAGE_OF_STEP[coming.step]), code=303)


class OneMomentEach:
    """Lets everything that a GET reads, from who is at the door to the counts in the menu, see one moment of the database."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        with one_moment() if environ["REQUEST_METHOD"] in READS else nullcontext():
            return self._application(environ, start_response)


def wants_json() -> bool:
    """Return whether our own script asks: it needs a status, not a page."""
    return request.accept_mimetypes.best == "application/json"


def _to_sign_in() -> Response:
    if wants_json():
        return Response('{"message": "ログインし直してください。"}', status=401, mimetype="application/json")
    if request.method == "POST":
        raise NotSignedIn
    if request.method != "GET":
        return redirect(url_for("people.sign_in"), code=303)
    wanted = request.full_path.rstrip("?")
    query = "" if wanted == "/" else "?" + urlencode({"next": wanted})
    return redirect(url_for("people.sign_in") + query, code=303)


def local_path(target: str | None) -> str | None:
    """Return a path of our own site, or None: nobody is sent to another host after signing in."""
    if (
        not target
        or not target.startswith("/")
        or target.startswith(("//", "/\\"))
        or not target.isprintable()
    ):
        return None
    return target
