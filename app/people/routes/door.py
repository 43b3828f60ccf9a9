"""Who is at the door: the session behind a cookie, where a request comes from, the browser's own mark."""

from dataclasses import replace
from datetime import timedelta
from typing import Final, cast

from flask import (
    current_app,
    request,
)
from werkzeug.wrappers import Response

from app.access.actor import Function
from app.config import Settings
from app.db.session import reading, transaction
from app.people import commands, queries, texts
from app.people.rules import (
    SEEN_STEP,
    SessionLimits,
    SingleKeys,
    session_ends,
)
from app.web.access import (
    Visitor,
    now,
    today,
)

_ASKS_ONLY: Final = frozenset({"people.session_state"})
"""A page that asks by itself how long its session lasts is nobody at work."""


def load_visitor(token: str) -> Visitor | None:
    """Return who a session's token stands for, with the rights of this day; None when it no longer holds."""
    with reading() as session:
        found = queries.signed_in(session, token=token, now=now(), limits=session_limits())
        if found is None:
            return None
        acting, unit_label = queries.actor_and_unit(
            session, person_id=found.person_id, day=today(), account_id=found.account_id
        )
    rested, limits = now() - found.last_seen_at, session_limits()
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
    return "__Host-device" if installed().https else "device"


def remember_device(response: Response, *, staff_no: str) -> Response:
    """Give the browser its mark: from now on a guesser elsewhere does not keep this person waiting here."""
    here = origin()
    response.set_cookie(
        _device_cookie(),
        commands.signed_device(here.device_after(staff_no), secret=here.secret, now=now()),
        max_age=commands.REMEMBERED,
        secure=installed().https,
        httponly=True,
        samesite="Lax",
    )
    return response


def installed() -> Settings:
    """Return the settings of this installation."""
    return cast("Settings", current_app.extensions["settings"])


def session_limits() -> SessionLimits:
    """Return how long sessions may rest and last here."""
    settings = installed()
    return SessionLimits(
        idle=settings.idle_limit,
        administrator_idle=timedelta(minutes=settings.administrator_idle_minutes),
        absolute=timedelta(hours=settings.absolute_hours),
    )
