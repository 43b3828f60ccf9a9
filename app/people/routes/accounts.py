"""Accounts, for the administrator."""

from uuid import UUID

from flask import (
    make_response,
    render_template,
    request,
    url_for,
)
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access.permissions import Permission
from app.db.session import reading
from app.kernel.errors import InvalidInput
from app.kernel.fiscal_year import plain_date
from app.kernel.ids import PersonId
from app.people import commands, queries, texts
from app.people.forms import (
    AccountActForm,
    ExtensionForm,
    MailAddressForm,
    NewAccountForm,
    RecoveryForm,
    error_links,
)
from app.people.routes import blueprint
from app.people.routes.door import session_limits
from app.people.rules import (
    AccountActKind,
    AccountKind,
    AccountState,
)
from app.web.access import (
    actor,
    now,
    requires,
    today,
)
from app.web.forms import key_for_page, perform

Page = str | Response | tuple[str, int]


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
    return account_page(person_id)


def account_page(
    person_id: UUID,
    form: AccountActForm | None = None,
    *,
    mail: MailAddressForm | None = None,
    recovery: RecoveryForm | None = None,
    new: NewAccountForm | None = None,
    extension: ExtensionForm | None = None,
) -> str:
    """Return the page of one account, with the form that came back."""
    form = form or AccountActForm(formdata=None)
    recovery = recovery or RecoveryForm(formdata=None)
    new = new or NewAccountForm(formdata=None)
    detail = _account_detail(person_id)
    extension = extension or ExtensionForm(formdata=None, until=detail.line.expires_on)
    form.offer(detail.line.state)
    if mail is None:
        mail = MailAddressForm(formdata=None, address=detail.mail_address)
    return render_template(
        "people/account.html",
        detail=detail,
        form=form,
        mail=mail,
        recovery=recovery,
        new=new,
        extension=extension,
        errors=[link for one in (form, mail, recovery, new, extension) for link in error_links(one)],
        contractor=AccountKind.CONTRACTOR,
        key=key_for_page(),
        own=actor().person_id == person_id,
        states=AccountState,
        texts=texts,
    )


def _account_detail(person_id: UUID) -> queries.AccountDetail:
    with reading() as session:
        return queries.account_detail(
            session,
            actor=actor(),
            person_id=PersonId(person_id),
            now=now(),
            day=today(),
            limits=session_limits(),
        )


@blueprint.post("/accounts/<uuid:person_id>/create")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def create_account(person_id: UUID) -> Page:
    """Give somebody an account, and show the first password once."""
    form, fresh = NewAccountForm(), AccountActForm(formdata=None)
    if not form.validate():
        return account_page(person_id, fresh, new=form), 422
    try:
        term = form.term(today())
    except InvalidInput as refusal:
        form.take(refusal)
        return account_page(person_id, fresh, new=form), 422
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
        return account_page(person_id, fresh, extension=form), 422
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
        return account_page(person_id, fresh, extension=form), 422


@blueprint.post("/accounts/<uuid:person_id>/acts")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def act_on_account(person_id: UUID) -> Page:
    """Reset, close, open again, or end all sessions; each with a reason."""
    form = AccountActForm()
    form.act.choices = {act.value: act.value for act in AccountActKind}
    if not form.validate():
        return account_page(person_id, form), 422
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
        return account_page(person_id, form), 422
    return _shown_once(person_id, made) or response


@blueprint.post("/accounts/<uuid:person_id>/mail-address")
@requires(Permission.CITY_ACCOUNT_MANAGE)
def set_mail_address(person_id: UUID) -> Page:
    """Set or take away where somebody's daily mail goes."""
    form = MailAddressForm()
    fresh = AccountActForm(formdata=None)
    if not form.validate():
        return account_page(person_id, fresh, mail=form), 422

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
        return account_page(person_id, fresh, mail=form), 422


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
