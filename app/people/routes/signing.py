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
from app.people.commands import Device
from app.people.forms import (
    CodeForm,
    SignInForm,
    error_links,
)
from app.people.routes import blueprint
from app.people.routes.door import load_visitor, origin, ports, remember_device, session_limits
from app.people.rules import (
    CodeRefused,
    SecretUnreadable,
    SignInRefused,
    TooManyAttempts,
)
from app.web.access import (
    EVERY_STEP,
    PAGE_OF_STEP,
    NotSignedIn,
    Step,
    Visitor,
    local_path,
    now,
    on_the_way,
    public,
    requires,
    somebody,
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
    held, found, coming = held_of_request(), visitor_or_none(), on_the_way()
    if coming is not None and held is not None:
        asks_for_code = coming.step is Step.CODE
        return (code_page(CodeForm(formdata=None), held=held) if asks_for_code else resend_page(held)), 401
    if found is not None or coming is not None:
        if held is None:
            # The guard knows what is missing, and leads there.
            return redirect(url_for("home.index"), code=303)
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
            days=ports().business_days,
        )
    except (SignInRefused, TooManyAttempts) as refusal:
        form.staff_no.errors = [refusal.message]
        return _sign_in_refused(form, held=held, status=refusal.status)
    wanted = local_path(form.next.data)
    if opened.device is None:
        return _ask_for_code(opened.token, wanted=wanted, held=held)
    return _arrived(opened.token, device=opened.device, wanted=wanted, held=held)


def _ask_for_code(token: str, *, wanted: str | None, held: Held | None) -> Page:
    """Lead on to the code: in a page that waits behind its cover, by a word to its script."""
    _begin_cookie(token)
    if wants_json():
        return make_response(jsonify(code=True, to=url_for("people.code")))
    if held is not None:
        return code_page(CodeForm(formdata=None), held=held)
    return redirect(url_for("people.code", next=wanted), code=303)


def _arrived(token: str, *, device: Device, wanted: str | None, held: Held | None) -> Page:
    response = _let_in(token, wanted=wanted)
    if held is not None:
        response = make_response(resend_page(held))
    if wants_json():
        # Signed in over a page that waits: it goes on where it was, or away when this is somebody else.
        response = make_response(jsonify(to=response.location))
    return remember_device(response, device=device)


@blueprint.route("/login/code", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT_USE, steps=frozenset({Step.CODE}))
def code() -> Page:
    """Give the code of the second factor: the password alone opens nothing."""
    form, held = CodeForm(), held_before()
    coming = on_the_way()
    if coming is None:
        return redirect(local_path(request.values.get("next")) or url_for("home.index"), code=303)
    if request.method != "POST":
        form.next.data = local_path(request.args.get("next")) or ""
        return code_page(form, held=held)
    if not form.validate():
        return _code_refused(form, held=held, status=422)
    try:
        device = commands.enter_code(
            transaction, token=coming.token, code=form.one_time_code.data or "", origin=origin(), now=now()
        )
    except (CodeRefused, TooManyAttempts, SecretUnreadable) as refusal:
        form.one_time_code.errors = [refusal.message]
        return _code_refused(form, held=held, status=refusal.status)
    return _arrived(coming.token, device=device, wanted=local_path(form.next.data), held=held)


def _code_refused(form: CodeForm, *, held: Held | None, status: int) -> Page:
    if wants_json():
        messages = [str(message) for field in form for message in field.errors]
        return make_response(jsonify(message=" ".join(messages)), status)
    return code_page(form, held=held), status


def code_page(form: CodeForm, *, held: Held | None) -> str:
    """Return the page on which the code is given."""
    return render_template(
        "people/code.html",
        form=form,
        errors=error_links(form),
        key=new_key() if held else key_for_page(),
        held=held,
    )


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


def _begin_cookie(token: str) -> None:
    """Begin a new cookie for the new session: nothing that was set before signing in lives on."""
    cookie.clear()
    cookie.permanent = True
    cookie["_user_id"] = token


def _let_in(token: str, *, wanted: str | None) -> Response:
    """Let somebody in whose session holds, or lead on to what is still missing."""
    _begin_cookie(token)
    found = load_visitor(token)
    if found is None:
        coming = on_the_way()
        if coming is None or coming.step is None:
            return redirect(url_for("people.sign_in"), code=303)
        _flash_alarms(coming)
        return redirect(url_for(PAGE_OF_STEP[coming.step]), code=303)
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
    _flash_alarms(found)
    return redirect(wanted or url_for("home.index"), code=303)


def _flash_alarms(found: Visitor) -> None:
    """Say at once what the own notices say of the account: somebody else may have been in it."""
    with reading() as session:
        alarms = queries.alarms(session, person_id=found.actor.person_id, here=found.session_id)
    for title in alarms:
        flash(f"{title}。お知らせを開いて確かめてください。", "warning")


@blueprint.post("/logout")
@requires(Permission.OWN_ACCOUNT_USE, steps=EVERY_STEP)
def sign_out() -> Response:
    """End this browser's session."""
    with transaction() as session:
        commands.sign_out(session, actor=somebody().actor, token=somebody().token, now=now())
    logout_user()
    cookie.clear()
    flash("ログアウトしました。", "success")
    response = redirect(url_for("people.sign_in"), code=303)
    # The pages of this person leave the browser; answers that wait in its storage stay.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
