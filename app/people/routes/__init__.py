"""Pages of people: signing in, the own account, accounts for the administrator, duties for the head."""

from dataclasses import replace
from datetime import timedelta
from typing import Final, cast
from uuid import UUID

from flask import (
    Blueprint,
    Flask,
    current_app,
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
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access.actor import Function
from app.access.permissions import Permission
from app.config import Settings
from app.db.session import reading, transaction
from app.kernel.errors import InvalidInput
from app.kernel.fiscal_year import long_instant, plain_date
from app.kernel.ids import PersonId, UnitId
from app.people import commands, queries, texts
from app.people.forms import (
    AccountActForm,
    DutyForm,
    ExtensionForm,
    MailAddressForm,
    NewAccountForm,
    OwnMailForm,
    PasswordForm,
    SettingsForm,
    SignInForm,
    error_links,
)
from app.people.rules import (
    SEEN_STEP,
    AccountActKind,
    AccountKind,
    AccountOver,
    AccountState,
    Duty,
    SessionLimits,
    SignInRefused,
    SingleKeys,
    TooManyAttempts,
    is_over,
    over_sentence,
    session_ends,
)
from app.web.access import (
    NotSignedIn,
    Visitor,
    actor,
    local_path,
    now,
    public,
    requires,
    today,
    visitor,
    visitor_or_none,
    wants_json,
)
from app.web.errors import stale_form
from app.web.forms import key_for_page, new_key, perform
from app.web.held import Held, held_before, held_of_request, resend_page

blueprint: Final = Blueprint("people", __name__, template_folder="../templates")

OPEN_WITH_FIRST_PASSWORD: Final = frozenset(
    {"people.change_password", "people.sign_out", "people.session_state", "static_file"}
)
_ASKS_ONLY: Final = frozenset({"people.session_state"})
"""A page that asks by itself how long its session lasts is nobody at work."""

Page = str | Response | tuple[str, int]


# -------------------------------------------------------------------------------------- who is at the door


def init_login(app: Flask) -> None:
    """Connect Flask-Login to our own sessions: the cookie carries an opaque token, the database decides."""
    manager = LoginManager()
    # Its own protection compares address and browser, which change behind a gateway.
    manager.session_protection = None
    manager.init_app(app)
    manager.user_loader(load_visitor)
    app.before_request(_first_password_first)
    app.register_error_handler(NotSignedIn, _not_signed_in)


def load_visitor(token: str) -> Visitor | None:
    """Return who a session's token stands for, with the rights of this day; None when it no longer holds."""
    with reading() as session:
        found = queries.signed_in(session, token=token, now=now(), limits=_limits())
        if found is None or _over(found):
            return None
        acting, unit_label = queries.actor_and_unit(
            session, person_id=found.person_id, day=today(), account_id=found.account_id
        )
    rested, limits = now() - found.last_seen_at, _limits()
    if Function.ADMINISTRATOR in acting.functions:
        limits = replace(limits, idle=limits.administrator_idle)
    if rested >= limits.idle:
        return None
    last_seen = found.last_seen_at
    if rested >= SEEN_STEP and request.endpoint not in _ASKS_ONLY:
        last_seen = now()
        with transaction() as session:
            commands.note_seen(session, token=token, now=last_seen)
    return Visitor(
        actor=acting,
        account_id=found.account_id,
        token=token,
        session_id=found.public_id,
        must_change_password=found.must_change_password,
        unit_label=unit_label,
        role_labels=texts.role_labels(acting),
        ends_at=session_ends(created_at=found.created_at, last_seen_at=last_seen, limits=limits),
        idle=limits.idle,
        single_keys=found.single_keys is SingleKeys.ON,
    )


def _over(found: queries.SignedIn) -> bool:
    """Turn away who signed in before the last day of the account: said once, and the browser is nobody's from then on."""
    if found.expires_on is None or not is_over(found.expires_on, today=today()):
        return False
    cookie.pop("_user_id", None)
    flash(over_sentence(found.expires_on), "warning")
    return True


def origin() -> commands.Origin:
    """Return where this request comes from, for commands that check a password."""
    secret = str(current_app.secret_key)
    return commands.Origin(
        address=request.remote_addr or "",
        user_agent=request.user_agent.string,
        secret=secret,
        device=commands.read_device(request.cookies.get(_device_cookie()), secret=secret, now=now()),
    )


def _device_cookie() -> str:
    return "__Host-device" if _settings().https else "device"


def _remember_device(response: Response, *, staff_no: str) -> Response:
    """Give the browser its mark: from now on a guesser elsewhere does not keep this person waiting here."""
    here = origin()
    response.set_cookie(
        _device_cookie(),
        commands.signed_device(here.device_after(staff_no), secret=here.secret, now=now()),
        max_age=commands.REMEMBERED,
        secure=_settings().https,
        httponly=True,
        samesite="Lax",
    )
    return response


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


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])


def _limits() -> SessionLimits:
    settings = _settings()
    return SessionLimits(
        idle=settings.idle_limit,
        administrator_idle=timedelta(minutes=settings.administrator_idle_minutes),
        absolute=timedelta(hours=settings.absolute_hours),
    )


# --------------------------------------------------------------------------------------- signing in and out


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
            limits=_limits(),
            now=now(),
        )
    except (AccountOver, SignInRefused, TooManyAttempts) as refusal:
        form.staff_no.errors = [refusal.message]
        return _sign_in_refused(form, held=held, status=refusal.status)
    response = _let_in(opened.token, wanted=local_path(form.next.data))
    if held is not None:
        response = make_response(resend_page(held))
    if wants_json():
        # Signed in over a page that waits: it goes on where it was, or away when this is somebody else.
        response = make_response(jsonify(to=response.location))
    return _remember_device(response, staff_no=form.staff_no.data or "")


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


# ------------------------------------------------------------------------------------------ the own account


@blueprint.route("/password", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT_USE)
def change_password() -> Page:
    """Change the own password; with the first one, before anything else."""
    form = PasswordForm()
    if request.method != "POST":
        return _password_page(form)
    if not form.validate():
        return _password_page(form), 422
    try:
        commands.change_password(
            transaction,
            actor=actor(),
            token=visitor().token,
            current=form.current_password.data or "",
            new=form.new_password.data or "",
            minimum=_settings().minimum_password_length,
            origin=origin(),
            now=now(),
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _password_page(form), 422
    flash("パスワードを変えました。ほかの端末のログインは終わらせました。", "success")
    return redirect(url_for("home.index"), code=303)


def _password_page(form: PasswordForm) -> str:
    return render_template(
        "people/password.html",
        form=form,
        errors=error_links(form),
        key=key_for_page(),
        first=visitor().must_change_password,
        minimum=_settings().minimum_password_length,
    )


@blueprint.get("/me/sessions")
@requires(Permission.OWN_ACCOUNT_USE)
def own_sessions() -> str:
    """List the browsers in which one is signed in."""
    with reading() as session:
        account = queries.own_account(session, actor=actor(), now=now(), limits=_limits())
        before = queries.previous_sign_in(session, public_id=visitor().session_id)
    return render_template(
        "people/sessions.html",
        account=account,
        here=visitor().session_id,
        previous_sign_in=before,
        texts=texts,
    )


@blueprint.get("/me/settings")
@requires(Permission.OWN_ACCOUNT_USE)
def own_settings() -> str:
    """What one sets for oneself."""
    form = SettingsForm(formdata=None, single_keys=visitor().single_keys)
    return render_template("people/settings.html", form=form, key=new_key())


@blueprint.post("/me/settings")
@requires(Permission.OWN_ACCOUNT_USE)
def save_own_settings() -> Response:
    """Keep what one sets for oneself."""
    keys = SingleKeys.ON if SettingsForm().single_keys.data else SingleKeys.OFF

    def command(session: Session) -> None:
        commands.set_single_keys(session, actor=actor(), keys=keys, now=now())

    return perform(command, to=url_for("people.own_settings"), message="個人設定を保存しました。")


@blueprint.post("/me/sessions/<uuid:public_id>/end")
@requires(Permission.OWN_ACCOUNT_USE)
def end_own_session(public_id: UUID) -> Response:
    """End one of the own sessions."""

    def command(session: Session) -> None:
        commands.revoke_session(session, actor=actor(), public_id=public_id, now=now())

    return perform(command, to=url_for("people.own_sessions"), message="その端末のログインを終わらせました。")


@blueprint.post("/me/sessions/end-others")
@requires(Permission.OWN_ACCOUNT_USE)
def end_other_sessions() -> Response:
    """End all of the own sessions but this one."""

    def command(session: Session) -> int:
        return commands.revoke_other_sessions(session, actor=actor(), token=visitor().token, now=now())

    return perform(
        command, to=url_for("people.own_sessions"), message="ほかの端末のログインを終わらせました。"
    )


@blueprint.route("/me/mail", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT_USE)
def own_mail() -> Page:
    """Choose whether the notices also come by mail, once a day."""
    form = OwnMailForm()
    if request.method != "POST":
        return _own_mail_page(OwnMailForm(formdata=None))
    if not form.validate():
        return _own_mail_page(form), 422
    choice = commands.MailChoice(form.choice.data)
    wanted = choice is commands.MailChoice.WANTED
    return perform(
        lambda session: commands.choose_mail(session, actor=actor(), choice=choice, now=now()),
        to=url_for("people.own_mail"),
        message="お知らせをメールでも受け取ります。" if wanted else "お知らせのメールを止めました。",
    )


def _own_mail_page(form: OwnMailForm) -> str:
    with reading() as session:
        mail = queries.own_mail(session, actor=actor())
    if not form.is_submitted():
        chosen = commands.MailChoice.WANTED if mail.wanted else commands.MailChoice.REFUSED
        form.choice.data = chosen.value
    return render_template(
        "people/mail.html",
        mail=mail,
        form=form,
        errors=error_links(form),
        key=key_for_page(),
        sends=bool(_settings().smtp_host),
    )


# --------------------------------------------------------------------------------------------- accounts


@blueprint.get("/accounts")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def account_list() -> str:
    """List people and their accounts."""
    wanted = request.args.get("q", "")[:100]
    number = request.args.get("page", default=1, type=int)
    with reading() as session:
        page = queries.account_page(session, actor=actor(), wanted=wanted, number=number, day=today())
    return render_template(
        "people/accounts.html", page=page, wanted=wanted, links=_page_links(page, wanted), texts=texts
    )


def _page_links(page: queries.AccountPage, wanted: str) -> dict[str, object]:
    def address(number: int) -> str:
        return url_for("people.account_list", page=number, q=wanted or None)

    shown = sorted(
        {1, page.last_number, *range(max(1, page.number - 2), min(page.last_number, page.number + 2) + 1)}
    )
    first = (page.number - 1) * queries.PAGE_SIZE
    return {
        "total": page.total,
        "first": first + 1,
        "last": first + len(page.lines),
        "previous_url": address(page.number - 1) if page.number > 1 else None,
        "next_url": address(page.number + 1) if page.number < page.last_number else None,
        "links": [{"label": str(n), "url": address(n), "current": n == page.number} for n in shown],
    }


@blueprint.get("/accounts/<uuid:person_id>")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def account(person_id: UUID) -> str:
    """Show one account."""
    return _account_page(person_id, AccountActForm())


def _account_page(
    person_id: UUID,
    form: AccountActForm,
    *,
    mail: MailAddressForm | None = None,
    new: NewAccountForm | None = None,
    extension: ExtensionForm | None = None,
) -> str:
    detail = _account_detail(person_id)
    form.offer(detail.line.state)
    new = new or NewAccountForm(formdata=None)
    extension = extension or ExtensionForm(formdata=None, until=detail.line.expires_on)
    if mail is None:
        mail = MailAddressForm(formdata=None, address=detail.mail_address)
    return render_template(
        "people/account.html",
        detail=detail,
        form=form,
        mail=mail,
        new=new,
        extension=extension,
        errors=[link for one in (form, mail, new, extension) for link in error_links(one)],
        key=key_for_page(),
        contractor=AccountKind.CONTRACTOR,
        own=actor().person_id == person_id,
        states=AccountState,
        texts=texts,
    )


def _account_detail(person_id: UUID) -> queries.AccountDetail:
    with reading() as session:
        return queries.account_detail(
            session, actor=actor(), person_id=PersonId(person_id), now=now(), day=today(), limits=_limits()
        )


@blueprint.post("/accounts/<uuid:person_id>/create")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def create_account(person_id: UUID) -> Page:
    """Give somebody an account, and show the first password once."""
    form, fresh = NewAccountForm(), AccountActForm(formdata=None)
    if not form.validate():
        return _account_page(person_id, fresh, new=form), 422
    try:
        term = form.term(today())
    except InvalidInput as refusal:
        form.take(refusal)
        return _account_page(person_id, fresh, new=form), 422
    first = commands.new_first_password()
    first_hash = commands.hash_password(first)
    made: list[str] = []

    def command(session: Session) -> None:
        commands.create_account(
            session, person_id=PersonId(person_id), first_hash=first_hash, by=actor(), now=now(), term=term
        )
        made.append(first)

    response = perform(
        command, to=url_for("people.account", person_id=person_id), message="利用者を作りました。"
    )
    return _shown_once(person_id, made) or response


@blueprint.post("/accounts/<uuid:person_id>/last-day")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def extend_account(person_id: UUID) -> Page:
    """Give a contractor's account another last day, with a reason."""
    form, fresh = ExtensionForm(), AccountActForm(formdata=None)
    if not form.validate() or form.until.data is None:
        return _account_page(person_id, fresh, extension=form), 422
    until, reason = form.until.data, form.extension_reason.data or ""

    def command(session: Session) -> None:
        commands.extend_account(
            session, person_id=PersonId(person_id), until=until, reason=reason, by=actor(), now=now()
        )

    try:
        return perform(
            command,
            to=url_for("people.account", person_id=person_id),
            message=f"{texts.ACCOUNT_ACT[AccountActKind.EXTENDED]}（{plain_date(until)}まで）。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _account_page(person_id, fresh, extension=form), 422


@blueprint.post("/accounts/<uuid:person_id>/acts")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def act_on_account(person_id: UUID) -> Page:
    """Reset, close, open again, or end all sessions; each with a reason."""
    form = AccountActForm()
    form.act.choices = {act.value: act.value for act in AccountActKind}
    if not form.validate():
        return _account_page(person_id, form), 422
    act, reason = AccountActKind(form.act.data), form.reason.data or ""
    first = commands.new_first_password()
    first_hash = commands.hash_password(first) if act is AccountActKind.RESET else ""
    made: list[str] = []

    def command(session: Session) -> None:
        _carry_out(session, act, person_id=PersonId(person_id), reason=reason, first_hash=first_hash)
        if act is AccountActKind.RESET:
            made.append(first)

    try:
        response = perform(
            command, to=url_for("people.account", person_id=person_id), message=f"{texts.ACCOUNT_ACT[act]}。"
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _account_page(person_id, form), 422
    return _shown_once(person_id, made) or response


@blueprint.post("/accounts/<uuid:person_id>/mail-address")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def set_mail_address(person_id: UUID) -> Page:
    """Set or take away where somebody's daily mail goes."""
    form = MailAddressForm()
    fresh = AccountActForm(formdata=None)
    if not form.validate():
        return _account_page(person_id, fresh, mail=form), 422

    def command(session: Session) -> None:
        commands.set_mail_address(
            session, person_id=PersonId(person_id), address=form.address.data or "", by=actor(), now=now()
        )

    try:
        return perform(
            command,
            to=url_for("people.account", person_id=person_id),
            message="メールアドレスを保存しました。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _account_page(person_id, fresh, mail=form), 422


def _carry_out(
    session: Session, act: AccountActKind, *, person_id: PersonId, reason: str, first_hash: str
) -> None:
    if act is AccountActKind.RESET:
        commands.reset_password(
            session, person_id=person_id, first_hash=first_hash, reason=reason, by=actor(), now=now()
        )
    elif act is AccountActKind.DISABLED:
        commands.disable_account(session, person_id=person_id, reason=reason, by=actor(), now=now())
    elif act is AccountActKind.ENABLED:
        commands.enable_account(session, person_id=person_id, reason=reason, by=actor(), now=now())
    else:
        commands.end_sessions(session, person_id=person_id, reason=reason, by=actor(), now=now())


def _shown_once(person_id: UUID, made: list[str]) -> Page | None:
    """Show a first password in the reply itself: it is stored nowhere, so no later page could show it."""
    if not made:
        return None
    detail = _account_detail(person_id)
    return make_response(render_template("people/first_password.html", detail=detail, password=made[0]))


# ---------------------------------------------------------------------------------------- duties of a unit


@blueprint.route("/units/<uuid:unit_id>/duties", methods=["GET", "POST"])
@requires(Permission.UNIT_DUTY_NAME)
def duties(unit_id: UUID) -> Page:
    """Name 点検担当者 and 代決者 of a unit."""
    form = DutyForm()
    with reading() as session:
        page = queries.duty_page(session, actor=actor(), unit_id=UnitId(unit_id), day=today())
    form.offer(members=page.members, today=today())
    if request.method != "POST":
        return _duties_page(page, form)
    if not form.validate():
        return _duties_page(page, form), 422
    duty = Duty(form.duty.data)

    def command(session: Session) -> None:
        commands.name_for_duty(
            session,
            actor=actor(),
            unit_id=UnitId(unit_id),
            staff_no=form.chosen,
            duty=duty,
            valid_from=form.first_day.data or today(),
            valid_to=form.day_after,
            now=now(),
        )

    try:
        message = f"{texts.DUTY[duty]}を指名しました（{plain_date(form.first_day.data or today())}から）。"
        return perform(command, to=url_for("people.duties", unit_id=unit_id), message=message)
    except InvalidInput as refusal:
        form.take(refusal)
        return _duties_page(page, form), 422


def _duties_page(page: queries.DutyPage, form: DutyForm) -> str:
    return render_template(
        "people/duties.html", page=page, form=form, errors=error_links(form), key=key_for_page(), texts=texts
    )


@blueprint.post("/units/<uuid:unit_id>/duties/<uuid:duty_id>/end")
@requires(Permission.UNIT_DUTY_NAME)
def end_duty(unit_id: UUID, duty_id: UUID) -> Response:
    """Let a duty end with this day; one that has not begun is taken back."""

    def command(session: Session) -> None:
        tomorrow = today() + timedelta(days=1)
        commands.end_duty(session, actor=actor(), duty_id=duty_id, valid_to=tomorrow, now=now())

    return perform(
        command, to=url_for("people.duties", unit_id=unit_id), message="きょうで終わりにしました。"
    )


# Each adds its routes to the blueprint.
from app.people.routes import directory, inventory
