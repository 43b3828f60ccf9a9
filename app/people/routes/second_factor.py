"""The second factor: enrolling and removing one's own, and removing somebody else's by two persons."""

from typing import Final
from uuid import UUID

import pyotp
import segno
from flask import current_app, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access.permissions import Permission
from app.db.session import reading, transaction
from app.kernel.errors import InvalidInput
from app.kernel.ids import PersonId
from app.people import commands, queries, texts
from app.people.forms import EnrolmentForm, ProofForm, RecoveryForm, error_links
from app.people.routes import blueprint
from app.people.routes.accounts import account_page
from app.people.routes.door import installed, origin, required_for
from app.people.rules import Demand, RecoveryOutcome, demand
from app.web.access import Step, actor, now, on_the_way, requires, somebody, today, visitor
from app.web.forms import already_sent, key_for_page, perform

Page = str | Response | tuple[str, int]
_ENROLMENT: Final = frozenset({Step.ENROLMENT})
_DONE: Final = "二段階認証を登録しました。次のログインから、確認コードを入れます。"


@blueprint.route("/me/second-factor", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT_USE, steps=_ENROLMENT)
def second_factor() -> Page:
    """Enrol a second factor, or put another one in its place."""
    form = EnrolmentForm()
    if request.method != "POST":
        return _enrolment_page(EnrolmentForm(formdata=None))
    if not form.validate():
        return _enrolment_page(form), 422
    me, key = somebody(), str(current_app.secret_key)
    sealed, typed = form.offer.data or "", form.new_code.data or ""

    def command(session: Session) -> None:
        commands.enrol(session, actor=me.actor, token=me.token, sealed=sealed, code=typed, key=key, now=now())

    try:
        # First what costs nothing: a code of the old secret is not used up for a slip in the new one.
        commands.check_first_code(sealed, account_id=me.account_id, code=typed, key=key, now=now())
        _prove(form)
        return perform(command, to=_after_enrolment(), message=_DONE)
    except InvalidInput as refusal:
        sent = already_sent()
        if sent is not None:
            return sent
        form.take(refusal)
        return _enrolment_page(form), 422


def _after_enrolment() -> str:
    return url_for("home.index") if on_the_way() is not None else url_for("people.own_sessions")


def _prove(form: ProofForm) -> None:
    me = somebody()
    commands.prove_again(
        transaction, actor=me.actor, token=me.token, proof=form.proof, origin=origin(), now=now()
    )


def _enrolment_page(form: EnrolmentForm) -> str:
    me, key = somebody(), str(current_app.secret_key)
    offer = commands.offered_again(form.offer.data or "", account_id=me.account_id, key=key, now=now())
    form.offer.data = offer.sealed
    return render_template(
        "people/second_factor.html",
        form=form,
        errors=error_links(form),
        key=key_for_page(),
        qr=_qr(offer.secret, name=me.actor.staff_no),
        secret=[offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)],
        enrolled=me.second_factor,
        on_the_way=on_the_way() is not None,
        required=_wanted() is Demand.REQUIRED,
    )


def _qr(secret: str, *, name: str) -> Markup:
    """Return the picture that an app reads, as SVG without any style of its own: the policy allows none."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=installed().product_name)
    # Few modules, and no size of its own: it shrinks with a narrow page instead of being cut off.
    drawn = segno.make(uri, error="l", boost_error=False).svg_inline(
        light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    # Drawn by our own library from letters and digits.
    return Markup(drawn)  # noqa: S704


def _wanted() -> Demand:
    return demand(functions=somebody().actor.functions, required_for=required_for())


@blueprint.route("/me/second-factor/remove", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT_USE)
def remove_second_factor() -> Page:
    """Remove the own second factor, where none is required."""
    form = ProofForm()
    if request.method != "POST":
        return _removal_page(ProofForm(formdata=None))
    if not form.validate():
        return _removal_page(form), 422
    try:
        if _wanted() is Demand.FREE:
            _prove(form)
    except InvalidInput as refusal:
        sent = already_sent()
        if sent is not None:
            return sent
        form.take(refusal)
        return _removal_page(form), 422
    return perform(
        lambda session: commands.remove_own(
            session, actor=actor(), token=visitor().token, wanted=_wanted(), now=now()
        ),
        to=url_for("people.own_sessions"),
        message="二段階認証を外しました。ほかの端末のログインは終わらせました。",
    )


def _removal_page(form: ProofForm) -> str:
    return render_template(
        "people/second_factor_removal.html",
        form=form,
        errors=error_links(form),
        key=key_for_page(),
        enrolled=visitor().second_factor,
        required=_wanted() is Demand.REQUIRED,
    )


# ------------------------------------------------------------------------------------------------- recovery


@blueprint.post("/accounts/<uuid:person_id>/second-factor-recovery")
@requires(Permission.CITY_SECOND_FACTOR_RECOVER)
def request_recovery(person_id: UUID) -> Page:
    """Ask for the removal of somebody's second factor; another person confirms it."""
    form = RecoveryForm()
    if not form.validate():
        return account_page(person_id, recovery=form), 422
    return perform(
        lambda session: commands.request_recovery(
            session,
            actor=actor(),
            person_id=PersonId(person_id),
            reason=form.recovery_reason.data or "",
            day=today(),
            now=now(),
        ),
        to=url_for("people.account", person_id=person_id),
        message="二段階認証の解除を申し出ました。もう一人が確認すると、解除されます。",
    )


@blueprint.get("/second-factor-recoveries/<uuid:recovery_id>")
@requires(Permission.OWN_ACCOUNT_USE)
def recovery(recovery_id: UUID) -> str:
    """Show a request: to who may decide, who asked, and whom it concerns."""
    return _recovery_page(recovery_id, ProofForm(formdata=None))


def _recovery_page(recovery_id: UUID, form: ProofForm) -> str:
    with reading() as session:
        page = queries.recovery_page(session, actor=actor(), recovery_id=recovery_id, now=now(), day=today())
    return render_template(
        "people/recovery.html",
        page=page,
        form=form,
        errors=error_links(form),
        key=key_for_page(),
        outcomes=RecoveryOutcome,
        texts=texts,
        asks_for_code=visitor().second_factor,
    )


@blueprint.post("/second-factor-recoveries/<uuid:recovery_id>/confirm")
@requires(Permission.UNIT_SECOND_FACTOR_CONFIRM)
def confirm_recovery(recovery_id: UUID) -> Page:
    """Prove again who is there, then remove the factor."""
    form = ProofForm()
    with reading() as session:
        queries.require_decidable(session, actor=actor(), recovery_id=recovery_id, day=today())
    if not form.validate():
        return _recovery_page(recovery_id, form), 422
    try:
        _prove(form)
    except InvalidInput as refusal:
        sent = already_sent()
        if sent is not None:
            return sent
        form.take(refusal)
        return _recovery_page(recovery_id, form), 422
    return perform(
        lambda session: commands.confirm_recovery(
            session, actor=actor(), recovery_id=recovery_id, day=today(), now=now()
        ),
        to=url_for("people.recovery", recovery_id=recovery_id),
        message="二段階認証を解除しました。本人は、次のログインで登録し直します。",
    )


@blueprint.post("/second-factor-recoveries/<uuid:recovery_id>/decline")
@requires(Permission.UNIT_SECOND_FACTOR_CONFIRM)
def decline_recovery(recovery_id: UUID) -> Response:
    """Leave the factor as it is."""
    return perform(
        lambda session: commands.decline_recovery(
            session, actor=actor(), recovery_id=recovery_id, day=today(), now=now()
        ),
        to=url_for("people.recovery", recovery_id=recovery_id),
        message="解除しませんでした。二段階認証は、そのままです。",
    )


@blueprint.post("/second-factor-recoveries/<uuid:recovery_id>/withdraw")
@requires(Permission.OWN_ACCOUNT_USE)
def withdraw_recovery(recovery_id: UUID) -> Response:
    """Take a request back."""
    return perform(
        lambda session: commands.withdraw_recovery(
            session, actor=actor(), recovery_id=recovery_id, now=now()
        ),
        to=url_for("people.recovery", recovery_id=recovery_id),
        message="申し出を取り下げました。二段階認証は、そのままです。",
    )
