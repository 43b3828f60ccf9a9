"""Signing in and out."""

from typing import Final

from flask import (
    Flask,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, login_user, logout_user
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.wrappers import Response

from app.access.permissions import Permission
from app.db.session import reading, transaction
from app.kernel.fiscal_year import long_instant
from app.people import commands, queries
from app.people.forms import (
    SignInForm,
    error_links,
)
from app.people.routes import blueprint
from app.people.routes.door import load_visitor, origin, remember_device, session_limits
from app.people.rules import (
    SignInRefused,
    TooManyAttempts,
)
from app.web.access import (
    NotSignedIn,
    actor,
    local_path,
    now,
    public,
    requires,
    visitor,
    visitor_or_none,
    wants_json,
)
from app.web.errors import stale_form
from app.web.forms import key_for_page, new_key
from app.web.held import Held, held_before, held_of_request, resend_page

OPEN_WITH_FIRST_PASSWORD: Final = frozenset(
    {"people.change_password", "people.sign_out", "people.session_state", "static_file"}
)

Page = str | Response | tuple[str, int]


def init_login(app: Flask) -> None:
    """Connect Flask-Login to our own sessions: the cookie carries an opaque token, the database decides."""
    manager = LoginManager()
    # Its own protection compares address and browser, which change behind a gateway.
    manager.session_protection = None
    manager.init_app(app)
    manager.user_loader(load_visitor)
    app.before_request(_first_password_first)
    app.register_error_handler(NotSignedIn, _not_signed_in)


def _first_password_first() -> Response | None:
    """Send whoever still has the first password to the page on which it is changed."""
    found = visitor_or_none() if request.endpoint not in OPEN_WITH_FIRST_PASSWORD else None
    if found is not None and found.must_change_password:
        return redirect(url_for("people.change_password"), code=303)
    return None


def _not_signed_in(_: NotSignedIn) -> Page:
    """Answer a form that came too late: what was typed waits on the page on which one signs in."""
    held, found = held_of_request(), visitor_or_none()
    if found is not None:
        if held is None:
            return redirect(url_for("people.change_password"), code=303)
        return resend_page(held), 401
    if held is None:
        return redirect(url_for("people.sign_in"), code=303)
    return _sign_in_page(SignInForm(formdata=None), held=held), 401


@blueprint.route("/login", methods=["GET", "POST"])
@public
def sign_in() -> Page:
    """Sign in with staff number and password."""
    form, held = SignInForm(), held_before()
    if request.method != "POST":
        if visitor_or_none() is not None:
            return redirect(url_for("home.index"), code=303)
        form.next.data = local_path(request.args.get("next")) or ""
        return _sign_in_page(form)
    if not form.validate():
        return _sign_in_refused(form, held=held, status=422)
    try:
        opened = commands.sign_in(
            transaction,
            staff_no=form.staff_no.data or "",
            password=form.password.data or "",
            origin=origin(),
            limits=session_limits(),
            now=now(),
        )
    except (SignInRefused, TooManyAttempts) as refusal:
        form.staff_no.errors = [refusal.message]
        return _sign_in_refused(form, held=held, status=refusal.status)
    response = _let_in(opened.token, wanted=local_path(form.next.data))
    if held is not None:
        response = make_response(resend_page(held))
    if wants_json():
        # Signed in over a page that waits: it goes on where it was, or away when this is somebody else.
        response = make_response(jsonify(to=response.location))
    return remember_device(response, staff_no=form.staff_no.data or "")


def _sign_in_refused(form: SignInForm, *, held: Held | None, status: int) -> Page:
    """Say why nobody was let in: on the page, or in a sentence to a page that waits behind its cover."""
    if wants_json():
        messages = [str(message) for field in form for message in field.errors]
        return make_response(jsonify(message=" ".join(messages)), status)
    return _sign_in_page(form, held=held), status


@blueprint.get("/session")
@public
def session_state() -> Response:
    """Tell a page who is signed in now, for how long, and the token of this session. Asking is no activity."""
    found = visitor_or_none()
    left = (found.ends_at - now()).total_seconds() if found else 0
    return make_response(
        jsonify(
            person=str(found.actor.person_id) if found else None,
            session=str(found.session_id) if found else None,
            first_password=found.must_change_password if found else False,
            seconds=int(left),
            token=generate_csrf(),
        )
    )


@blueprint.post("/session/renew")
@requires(Permission.OWN_ACCOUNT_USE)
def renew_session() -> Response:
    """Go on working: somebody was asked and said so."""
    with transaction() as session:
        commands.note_seen(session, token=visitor().token, now=now())
    return make_response(jsonify(seconds=int(visitor().idle.total_seconds())))


@blueprint.errorhandler(CSRFError)
def stale_form_of_people(error: CSRFError) -> ResponseReturnValue:
    """Answer a form whose token is old; on the page on which one signs in, by that page again."""
    del error
    if request.endpoint != "people.sign_in" or wants_json():
        return stale_form()
    held = held_before()
    if held is not None and visitor_or_none() is not None:
        return resend_page(held), 400
    form = SignInForm()
    form.staff_no.errors = ["この画面は古くなっていました。もう一度、パスワードを入れてください。"]
    return _sign_in_page(form, held=held), 400


def _sign_in_page(form: SignInForm, *, held: Held | None = None) -> str:
    return render_template(
        "people/sign_in.html",
        form=form,
        errors=error_links(form),
        key=new_key() if held else key_for_page(),
        held=held,
    )


def _let_in(token: str, *, wanted: str | None) -> Response:
    """Begin a new cookie for the new session: nothing that was set before signing in lives on."""
    cookie.clear()
    found = load_visitor(token)
    if found is None:
        return redirect(url_for("people.sign_in"), code=303)
    cookie.permanent = True
    login_user(found)
    if found.must_change_password:
        return redirect(url_for("people.change_password"), code=303)
    with reading() as session:
        before = queries.previous_sign_in(session, public_id=found.session_id)
    # The page of the own sessions says it itself.
    if before is not None and wanted != url_for("people.own_sessions"):
        flash(
            f"前回のログインは {long_instant(before)} です。覚えがないときは、情報主管課へ知らせてください。",
            "info",
        )
    return redirect(wanted or url_for("home.index"), code=303)


@blueprint.post("/logout")
@requires(Permission.OWN_ACCOUNT_USE)
def sign_out() -> Response:
    """End this browser's session."""
    with transaction() as session:
        commands.sign_out(session, actor=actor(), token=visitor().token, now=now())
    logout_user()
    cookie.clear()
    flash("ログアウトしました。", "success")
    response = redirect(url_for("people.sign_in"), code=303)
    # The pages of this person leave the browser; answers that wait in its storage stay.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
