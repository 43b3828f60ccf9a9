"""Who is at the door, and the rule that every route must declare.

Closed by default: a route without a rule keeps the application from starting. The guard checks city-wide permissions before the
view runs; a permission that looks at a unit is checked again, with its subject, by the command or query.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
CITY_WIDE: Final = ("city:", "own:")
READS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route demands: nothing (public) or a permission."""

    permission: Permission | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The person at the door: Flask-Login's user, made for each request by the people domain.

    Attributes:
        ends_at: when the session ends unless somebody does something meanwhile.
        idle: how long it may rest.
        single_keys: whether pages may act on single keys.
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


def requires(permission: Permission) -> Callable[[View], View]:
    """Declare the permission of a route."""

    def declare(view: View) -> View:
        setattr(view, RULE, Rule(permission=permission))
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
        return _to_sign_in()
    if found.must_change_password and rule.permission is not Permission.OWN_ACCOUNT_USE:
        if request.method == "POST":
            raise NotSignedIn
        return redirect(url_for("people.change_password"), code=303)
    if rule.permission.value.startswith(CITY_WIDE):
        require(rule.permission, actor=found.actor)
    return None


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
