"""What people see when something is refused or breaks: a sentence, a way on, and a number to tell on the telephone."""

import logging
import secrets
from dataclasses import dataclass
from typing import Final

from flask import Flask, Response, jsonify, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.db.session import transaction
from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import NotAllowed, Refusal
from app.web.access import now, visitor_or_none, wants_json
from app.web.held import held_of_request, resend_page
from app.web.uploads import TOO_LARGE, expects_files

log = logging.getLogger(__name__)

HEADINGS: Final = {
    400: "送られた内容を読み取れませんでした",
    403: "この操作はできません",
    404: "ページが見つかりません",
    405: "この開き方はできません",
    409: "いまは進められません",
    413: "送られた内容が大きすぎます",
    422: "入力内容を確かめてください",
    500: "表示できませんでした",
    503: "いまは使えません",
}
SENTENCES: Final = {
    400: "通信の途中で欠けたのかもしれません。前の画面に戻り、もう一度送ってください。",
    404: "アドレスを確かめるか、ホームから開き直してください。",
    405: "前の画面に戻り、ボタンから進んでください。",
    413: "一度に送れるのは2MBまでです。分けて送ってください。",
    500: "システムの中で問題が起きました。入力した内容は、最後に保存した時点まで残っています。下の番号を情報主管課へ知らせてください。",
}
CONFLICT: Final = 409
TOO_MUCH: Final = 413
WORDS: Final = frozenset(
    {"comment", "decline_reason", "notice", "reason", "recovery_reason", "remark", "reply", "title"}
)
"""Fields in which people write; those of one item have its key behind a hyphen."""
CSRF_SENTENCE: Final = "画面を開いてから時間がたったか、別の画面でログインし直したようです。前の画面に戻って開き直し、もう一度送ってください。"


@dataclass(frozen=True, slots=True)
class Way:
    """A way on from a page that refuses: what the button says, and where it leads."""

    label: str
    url: str


def new_reference() -> str:
    """Return a number short enough to be told on the telephone."""
    digits = secrets.token_hex(4).upper()
    return f"{digits[:4]}-{digits[4:]}"


def init_errors(app: Flask) -> None:
    """Register the handlers: refusals, HTTP errors, and a last resort."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> tuple[str | Response, int]:
        if isinstance(refusal, NotAllowed):
            _record_refusal()
        return _page(refusal.status, message=refusal.message)

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> tuple[str | Response, int]:
        del error
        return stale_form()

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[str | Response, int]:
        status = error.code or 500
        if status == TOO_MUCH and expects_files():
            return _page(status, message=TOO_LARGE)
        return _page(status, message=SENTENCES.get(status, SENTENCES[400 if status < 500 else 500]))  # noqa: PLR2004

    @app.errorhandler(Exception)
    def broken(error: Exception) -> tuple[str | Response, int]:
        reference = new_reference()
        log.error("unhandled fault %s at %s %s", reference, request.method, request.path, exc_info=error)
        return _page(500, message=SENTENCES[500], reference=reference)


def stale_form() -> tuple[str | Response, int]:
    """Answer a form whose token is not of this session: what was typed comes back with a fresh one."""
    held = held_of_request() if visitor_or_none() is not None else None
    if held is not None:
        return resend_page(held), 400
    return _page(400, message=CSRF_SENTENCE)


def refusal_page(refusal: Refusal, *, way: Way | None = None, known: str = "") -> tuple[str | Response, int]:
    """Return the page of a refusal for a room that knows more of the thing than its sentence.

    Args:
        refusal: what was refused, and why.
        way: where the thing itself is to be seen; it then comes before the way home.
        known: a sentence on how the thing stands now.
    """
    return _page(refusal.status, message=refusal.message, way=way, known=known)


def _page(
    status: int, *, message: str, reference: str | None = None, way: Way | None = None, known: str = ""
) -> tuple[str | Response, int]:
    shown = reference or _logged(status)
    if wants_json():
        return jsonify(message=message, reference=shown), status
    text = render_template(
        "errors/error.html",
        code=status,
        heading=HEADINGS.get(status, HEADINGS[400]),
        message=message,
        known=known,
        ways=[*([way] if way else []), Way("ホームへ戻る", url_for("home.index"))],
        typed=_typed_words(status),
        reference=shown,
    )
    return text, status


def _typed_words(status: int) -> list[str]:
    """Return what somebody had written in a form that came too late: it is given back, so that nothing has to be written twice.

    Only a command says 409, so the form was our own: its token was looked at before.
    """
    if request.method != "POST" or status != CONFLICT:
        return []
    names = (name for name in request.form if name.partition("-")[0] in WORDS)
    return [words for name in names if (words := request.form[name].strip())]


def _logged(status: int) -> str:
    """Write a refusal to the log under a new number; return the number that the page shows.

    The path without its query, in which somebody may have typed, and never a name.
    """
    reference, found = new_reference(), visitor_or_none()
    person = found.actor.person_id if found else "nobody"
    log.warning("refused %s with %s at %s %s to %s", reference, status, request.method, request.path, person)
    return reference


def _record_refusal() -> None:
    """Record a refused act in its own transaction: the one in which it was refused is already undone."""
    found = visitor_or_none()
    if found is None:
        return
    with transaction() as session:
        record(
            session,
            subject=Subject(type=SubjectType.ACCOUNT, id=str(found.account_id)),
            event="access.refused",
            actor=found.actor.mark,
            now=now(),
            facts={"endpoint": request.endpoint or "", "method": request.method},
        )
