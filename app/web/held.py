"""A form that was sent after the session had ended: what was typed is given back, nothing of it is kept here.

The page that comes in place of the reply carries the fields, hidden, in the body of the form with which one signs in;
after signing in they come back once more behind the button 「もう一度送る」, with a fresh token, for the address they
were meant for. So without a script nothing typed is lost, also when somebody signs in anew in another tab meanwhile.

- Only the browser that sent the fields sees them, and only when one of our own pages sent them: a form of another site
  would otherwise come back to be sent with a token of ours.
- Passwords and tokens are never given back. What is done, is done by who is signed in when it is sent again.
- The size is that of a request; the answer goes as multipart, in which Japanese takes a third of the room.
"""

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import render_template, request

from app.web.access import Step, local_path, on_the_way, visitor_or_none, wants_json
from app.web.forms import KEY, new_key

FIELD: Final = "held"
_MOST_FIELDS: Final = 1900
"""A little below what the application takes in one multipart form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The fields of a form, in their order and with all their values, and the path that they are meant for."""

    to: str
    key: str
    fields: tuple[tuple[str, str], ...]

    @property
    def packed(self) -> str:
        """Return everything as the text of one hidden field."""
        return json.dumps([self.to, self.key, self.fields], ensure_ascii=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return what people write, to be shown: codes, numbers and dates are plain ASCII without a blank."""
        return tuple(value for _, value in self.fields if not value.isascii() or " " in value.strip())


def held_of_request() -> Held | None:
    """Return the form of this request; None when nothing was typed or another site may have sent it."""
    if request.method != "POST" or wants_json() or not _sent_by_our_own_page():
        return None
    if (request.content_length or 0) > (request.max_content_length or 0):
        # Files of somebody who is not signed in (any more) are not even read.
        return None
    fields = tuple(
        (name, value) for name, value in request.form.items(multi=True) if name != KEY and not _secret(name)
    )
    if not any(value for _, value in fields) or len(fields) > _MOST_FIELDS:
        return None
    key = request.form.get(KEY) or new_key()
    return Held(to=request.full_path.rstrip("?"), key=key, fields=fields)


def held_before() -> Held | None:
    """Return what a page of ours held while somebody signed in; None when there is none, or it is damaged."""
    packed = request.form.get(FIELD)
    if not packed or not _sent_by_our_own_page():
        return None
    try:
        to, key, fields = json.loads(packed)
        held = Held(to=str(to), key=str(key), fields=tuple((str(name), str(value)) for name, value in fields))
        held.packed.encode()  # half a surrogate pair is no text that a page could show
    except (ValueError, TypeError, RecursionError):
        return None
    return held if local_path(held.to) else None


def resend_page(held: Held) -> str:
    """Return the page on which one button sends the fields again."""
    found, coming = visitor_or_none(), on_the_way()
    first = found is not None and found.must_change_password
    enrol = coming is not None and coming.step is Step.ENROLMENT
    first = first or (coming is not None and coming.step is Step.PASSWORD)
    return render_template("resend.html", held=held, first_password=first, enrol=enrol)


def _secret(name: str) -> bool:
    return name in {"csrf_token", "one_time_code", "new_code", "offer"} or "password" in name.lower()


def _sent_by_our_own_page() -> bool:
    """Return whether the browser says so; a browser that says nothing gets nothing back."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    try:
        return urlsplit(request.headers.get("Origin", "")).netloc == request.host
    except ValueError:
        return False
