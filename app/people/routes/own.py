"""The own account: password, sessions, settings, mail."""

from uuid import UUID

from flask import (
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access.permissions import Permission
from app.db.session import reading, transaction
from app.kernel.errors import InvalidInput
from app.people import commands, queries, texts
from app.people.forms import (
    OwnMailForm,
    PasswordForm,
    SettingsForm,
    error_links,
)
from app.people.routes import blueprint
from app.people.routes.door import installed, origin, required_for, session_limits
from app.people.rules import (
    Demand,
    SingleKeys,
    demand,
)
from app.web.access import (
    Step,
    actor,
    now,
    requires,
    somebody,
    visitor,
)
from app.web.forms import key_for_page, new_key, perform

Page = str | Response | tuple[str, int]


@blueprint.route("/password", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT_USE, steps=frozenset({Step.PASSWORD}))
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
            actor=somebody().actor,
            token=somebody().token,
            current=form.current_password.data or "",
            new=form.new_password.data or "",
            minimum=installed().minimum_password_length,
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
        first=somebody().must_change_password,
        minimum=installed().minimum_password_length,
    )


@blueprint.get("/me/sessions")
@requires(Permission.OWN_ACCOUNT_USE)
def own_sessions() -> str:
    """Show how one gets in: the second factor, the browsers in which one is signed in, past sign-ins, known devices."""
    number = request.args.get("page", default=1, type=int)
    with reading() as session:
        account = queries.own_account(
            session, actor=actor(), now=now(), limits=session_limits(), number=number
        )
        before = queries.previous_sign_in(session, public_id=visitor().session_id)
    return render_template(
        "people/sessions.html",
        account=account,
        here=visitor().session_id,
        previous_sign_in=before,
        required=_required(),
        links=_sign_in_links(account.sign_ins),
        texts=texts,
    )


def _sign_in_links(page: queries.SignInPage) -> dict[str, object]:
    def address(number: int) -> str:
        return url_for("people.own_sessions", page=number, _anchor="sign-ins")

    near = range(max(1, page.number - 2), min(page.last_number, page.number + 2) + 1)
    first = (page.number - 1) * queries.PAGE_SIZE
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


def _required() -> bool:
    wanted = demand(functions=somebody().actor.functions, required_for=required_for())
    return wanted is Demand.REQUIRED


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
        sends=bool(installed().smtp_host),
    )
