"""Answers as the page or the autosave sends them. The fields come from the edition: `level-D01`, `comment-D01`, `version-D01`, `reply-D01`."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from app.checklists.rules import Flag, Item
from app.inspections.commands.answer import AnswerDraft
from app.inspections.rules.taking_over import Source
from app.kernel.errors import InvalidInput
from app.kernel.ids import ItemId
from app.organisation.files import day_of
from app.web.forms import KEY

_DAMAGED = "送られた内容を読み取れませんでした。画面を開き直してから、もう一度送ってください。"
_CLIENT_ID: Final = re.compile("[A-Za-z0-9:_-]{8,64}")
"""An id of a save: long enough not to meet another, of letters that every database takes."""


def drafts_of_page(form: MultiDict[str, str], *, items: Iterable[Item]) -> tuple[AnswerDraft, ...]:
    """Return the drafts of a whole page; items without fields, and those where the other's text is kept, are left out."""
    page_id = form.get(KEY, "")[:40]
    if not _CLIENT_ID.fullmatch(page_id):
        raise InvalidInput.of(_DAMAGED)
    return tuple(
        AnswerDraft(
            item_id=item.id,
            level=form.get(f"level-{item.key}") or None,
            comment=form.get(f"comment-{item.key}", ""),
            seen_version=_seen_version(form, key=item.key),
            client_id=f"{page_id}:{item.key}",
            reply=form.get(f"reply-{item.key}", ""),
            action_due=_action_due(form.get(f"due-{item.key}", ""), item_key=item.key),
        )
        for item in items
        if f"version-{item.key}" in form and form.get(f"keep-{item.key}") != "theirs"
    )


def _seen_version(form: MultiDict[str, str], *, key: str) -> int:
    """Return the version that a draft is based on.

    After a conflict that is still the old one, so that the other's answer is not replaced by saving something else on the page: only
    who chooses the own answer has seen the newer one.
    """
    name = "newer" if form.get(f"keep-{key}") == "mine" and f"newer-{key}" in form else "version"
    return _number(form.get(f"{name}-{key}", "0"))


def draft_of_autosave(body: Any, *, item_id: ItemId) -> AnswerDraft:  # noqa: ANN401 - any JSON value
    """Return the draft of one autosave.

    Raises:
        InvalidInput: the body is not what our own script sends.
    """
    if not isinstance(body, dict):
        raise InvalidInput.of(_DAMAGED)
    level, comment, reply = body.get("level"), body.get("comment"), body.get("reply", "")
    due, version, client_id = body.get("due", ""), body.get("version"), body.get("client")
    source = Source.LAST_YEAR if body.get("same") is True else Source.OWN
    if not (level is None or isinstance(level, str)):
        raise InvalidInput.of(_DAMAGED)
    if not isinstance(comment, str) or not isinstance(reply, str) or not isinstance(due, str):
        raise InvalidInput.of(_DAMAGED)
    if isinstance(version, bool) or not isinstance(version, int) or not isinstance(client_id, str):
        raise InvalidInput.of(_DAMAGED)
    if not _CLIENT_ID.fullmatch(client_id):
        raise InvalidInput.of(_DAMAGED)
    return AnswerDraft(
        item_id=item_id,
        level=level or None,
        comment=comment,
        seen_version=version,
        client_id=client_id,
        reply=reply,
        action_due=_action_due(due, item_key=""),
        source=source,
    )


def _action_due(typed: str, *, item_key: str) -> date | None:
    """Return the day that was sent; none where the field is empty.

    Raises:
        InvalidInput: it is no day, or one out of all reason.
    """
    if not typed.strip():
        return None
    day = day_of(typed[:40])
    if day is None:
        message = "対応の期限は、2026-11-20 の形で、ある日付を入れてください。"
        raise InvalidInput.of(message, field=f"due-{item_key}")
    return day


def flags_of_page(form: MultiDict[str, str], *, flags: Iterable[Flag]) -> dict[str, bool]:
    """Return the profile that was sent: a flag is on when its box is ticked."""
    chosen = set(form.getlist("flags"))
    return {flag.code: flag.code in chosen for flag in flags}


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - a billion saves of one answer
        raise InvalidInput.of(_DAMAGED)
    return int(text)
