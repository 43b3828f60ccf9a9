"""Forms: their base class, and the one way in which a form becomes an act.

Every mutating form carries a key bound to the person and the route. The same key with the same body gives the same reply and does the
work once; with another body it is refused. Validation errors are not stored, so a mended form goes through.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import current_app, flash, redirect, request
from flask_wtf import FlaskForm
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from app.db.session import reading, transaction
from app.kernel.digest import canonical, digest_of
from app.kernel.errors import InvalidInput, Problem, RepeatedKey
from app.kernel.fiscal_year import EARLIEST_DAY, LATEST_DAY, is_reckoned
from app.kernel.text import clean, text_problems
from app.web.access import now, on_the_way, visitor_or_none
from app.web.models import SentForm

T = TypeVar("T")
KEY = "idempotency_key"
KEPT = timedelta(days=30)
AT_ONCE = 1000
"""Rows that one sweep removes, so that nobody waits behind it for long."""
LONGEST = 4000
"""Characters in any free text, unless a field says less."""


def new_key() -> str:
    """Return a fresh key for a form that is about to be shown."""
    return secrets.token_urlsafe(18)


def key_for_page() -> str:
    """Return the key of the form that came in, so that a re-rendered page keeps it, or a fresh one."""
    return request.form.get(KEY) or new_key()


class Longest(Length):
    """How long a text may be. Only the number: the sentence about too long texts is the same for all (see `Form.validate`)."""

    def __init__(self, longest: int) -> None:
        super().__init__(max=longest)

    def __call__(self, form: Any, field: Any) -> None:  # noqa: ANN401 - WTForms' own signature
        """Leave the judgement to the form."""


class Form(FlaskForm):
    """Base of all forms: Japanese messages, texts cleaned and refused when they hold what nobody can see."""

    class Meta:
        """WTForms' own Japanese messages; CSRF is checked for the whole application."""

        locales = ("ja",)
        csrf = False

    idempotency_key = HiddenField(default=new_key)

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - WTForms' own signature
        """Validate, then refuse invisible characters in every text field.

        Texts are cleaned first; passwords stay as typed: a blank at their end is part of them.
        """
        for field in self._texts():
            field.data = (field.data or "") if isinstance(field, PasswordField) else clean(field.data or "")
        valid = bool(super().validate(extra_validators))
        for field in self._texts():
            longest = next((v.max for v in field.validators if isinstance(v, Length) and v.max > 0), LONGEST)
            problems = text_problems(
                field.data or "", field=field.name, label=field.label.text, longest=longest
            )
            known = set(field.errors)
            field.errors = [*field.errors, *(p.message for p in problems if p.message not in known)]
            valid = valid and not problems
        return valid

    def _texts(self) -> list[StringField]:
        return [field for field in self if isinstance(field, StringField) and field.name != KEY]

    @property
    def problems(self) -> list[Problem]:
        """Return every error, for the summary on top of the page."""
        return [
            Problem(
                field=field.name,
                message=f"{field.label.text}：{error}" if field.label.text not in error else error,
            )
            for field in self
            for error in field.errors
        ]

    def take(self, refusal: InvalidInput) -> None:
        """Show a command's problems beside their fields; what belongs to no field goes to the summary."""
        for problem in refusal.problems:
            if problem.field and problem.field in self:
                self[problem.field].errors = [*self[problem.field].errors, problem.message]
            else:
                self.form_errors.append(problem.message)


def seen_field() -> HiddenField:
    """Return the field that says what was shown, for a form that only makes sense with it. It is named by what somebody would do about it."""
    sentence = "画面が古いか、途中で切れています。開き直してください。"
    return HiddenField("画面", validators=[InputRequired(sentence)])


class DayField(DateField):
    """A date as the browser's calendar sends it: a real day of the years that the product can reckon with."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read an ISO date, and refuse what is none or lies out of all reason."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            message = f"{self.label.text}は、2026-11-20 の形で、ある日付を入れてください。"
            raise ValueError(message) from None
        if self.data is not None and not is_reckoned(self.data):
            self.data = None
            message = (
                f"{self.label.text}は、{EARLIEST_DAY.year}年から{LATEST_DAY.year}年までの日にしてください。"
            )
            raise ValueError(message)


def perform(
    command: Callable[[Session], T],
    *,
    to: str | Callable[[T], str],
    message: str | Callable[[T], str] = "",
    beside: Sequence[str] = (),
    tell: Callable[[str], object] | None = None,
) -> Response:
    """Carry out a form's command in one transaction and redirect; sent twice, it is done once.

    Args:
        command: does the work; whatever it raises undoes everything, the key included.
        to: the address of the page that follows, or how to find it from the command's result.
        message: the sentence shown there, or how to word it.
        beside: what the body holds beside its fields: the digests of files.
        tell: takes the sentence instead of the page that follows, also when it was sent twice.
    """
    key, body = _key_digest(), _body_digest(beside)
    try:
        with transaction() as session:
            stored = _claim(session, key=key, body=body)
            if stored is None:
                result = command(session)
                location = to if isinstance(to, str) else to(result)
                text = message if isinstance(message, str) else message(result)
                session.execute(
                    update(SentForm).where(SentForm.key_digest == key).values(location=location, message=text)
                )
            else:
                location, text = stored
    except IntegrityError:
        # Another process may have carried out the same key while this one waited.
        with transaction() as session:
            replay = _stored(session, key=key, body=body)
        if replay is None:
            raise
        location, text = replay
    if text and tell:
        tell(text)
    elif text:
        flash(text, "success")
    return redirect(location, code=303)


def already_sent() -> Response | None:
    """Return the reply of this form when it was carried out already, for a route that checks something before it performs."""
    key, body = _key_digest(), _body_digest(())
    with reading() as session:
        stored = _stored(session, key=key, body=body)
    if stored is None or not stored[0]:
        return None
    if stored[1]:
        flash(stored[1], "success")
    return redirect(stored[0], code=303)


def _key_digest() -> str:
    found = visitor_or_none() or on_the_way()
    sender = str(found.account_id) if found else "nobody"
    typed = request.form.get(KEY, "")
    if not 16 <= len(typed) <= 64:  # noqa: PLR2004 - the length of our own keys, with room
        sentence = "この画面は古いか、途中で切れています。開き直してから、もう一度送ってください。"
        raise InvalidInput.of(sentence)
    return digest_of([sender, request.path, typed])


def _body_digest(beside: Sequence[str]) -> str:
    """Return what tells two bodies apart. Keyed: a form may hold a password, and a plain digest could be guessed."""
    fields = {name: request.form.getlist(name) for name in request.form if name not in {KEY, "csrf_token"}}
    if beside:
        fields["files"] = list(beside)
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, canonical(fields).encode(), hashlib.sha256).hexdigest()


def _claim(session: Session, *, key: str, body: str) -> tuple[str, str] | None:
    """Return the reply of a form that was carried out already; otherwise take its key and return None."""
    stored = _stored(session, key=key, body=body)
    if stored is None:
        session.execute(
            insert(SentForm).values(key_digest=key, body_digest=body, location="", message="", sent_at=now())
        )
    return stored


def _stored(session: Session, *, key: str, body: str) -> tuple[str, str] | None:
    row = session.execute(
        select(SentForm.body_digest, SentForm.location, SentForm.message).where(SentForm.key_digest == key)
    ).one_or_none()
    if row is None:
        return None
    if row.body_digest != body:
        sentence = (
            "この画面からは、もう別の内容が送られています。画面を開き直して、いまの内容を確かめてください。"
        )
        raise RepeatedKey(sentence)
    return row.location, row.message


def forget_sent_forms(session: Session, *, at: datetime) -> int:
    """Remove up to `AT_ONCE` keys of forms sent 30 days before an instant or earlier; return how many, 0 when none are left."""
    old = select(SentForm.key_digest).where(SentForm.sent_at <= at - KEPT).limit(AT_ONCE)
    gone = session.scalars(
        delete(SentForm).where(SentForm.key_digest.in_(old)).returning(SentForm.key_digest)
    )
    return len(gone.all())
