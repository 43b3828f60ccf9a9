"""Who is at the door: the session behind a cookie, where a request comes from, the browser's own mark."""

from dataclasses import replace
from datetime import timedelta
from typing import Final, cast

from flask import current_app, flash, g, request
from flask import session as cookie
from werkzeug.wrappers import Response

from app.access.actor import Function
from app.config import Settings
from app.db.session import reading, transaction
from app.kernel.ports import Ports
from app.people import commands, queries, texts
from app.people.commands import Device
from app.people.rules import (
    ON_THE_WAY_LASTS,
    REQUIRED_BY_SETTING,
    SEEN_STEP,
    Enrolment,
    Missing,
    SessionLimits,
    SingleKeys,
    demand,
    is_over,
    missing,
    over_sentence,
    session_ends,
)
from app.web.access import (
    ON_THE_WAY,
    Step,
    Visitor,
    now,
    today,
)

_ASKS_ONLY: Final = frozenset({"people.session_state"})
"""A page that asks by itself how long its session lasts is nobody at work."""


def load_visitor(token: str) -> Visitor | None:
    """Return who is signed in by a session's token, with the rights of this day; None when it does not hold (any more).

    Whoever gave the right password and not yet all that is wanted is nobody to every page but one: see `on_the_way`.
    """
    found = _behind(token)
    if found is not None and found.step is not None:
        setattr(g, ON_THE_WAY, found)
        return None
    return found


def _behind(token: str) -> Visitor | None:
    with reading() as session:
        found = queries.signed_in(session, token=token, now=now(), limits=session_limits())
        if found is None or _over(found):
            return None
        acting, unit_label = queries.actor_and_unit(
            session, person_id=found.person_id, day=today(), account_id=found.account_id
        )
    rested, limits = now() - found.last_seen_at, session_limits()
    if Function.ADMINISTRATOR in acting.functions:
        limits = replace(limits, idle=limits.administrator_idle)
    if rested >= limits.idle:
        return None
    lacking = missing(
        enrolment=found.enrolment,
        wanted=demand(functions=acting.functions, required_for=required_for()),
        given_at=found.second_factor_at,
        first_password=found.first_password,
    )
    if lacking is not Missing.NOTHING and now() - found.created_at >= ON_THE_WAY_LASTS:
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
        second_factor=found.enrolment is Enrolment.ENROLLED,
        step=None if lacking is Missing.NOTHING else Step(lacking.value),
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
    return "__Host-device" if installed().https else "device"


def remember_device(response: Response, *, device: Device) -> Response:
    """Give the browser its mark: from now on a guesser elsewhere does not keep this person waiting here."""
    response.set_cookie(
        _device_cookie(),
        commands.signed_device(device, secret=str(current_app.secret_key), now=now()),
        max_age=commands.REMEMBERED,
        secure=installed().https,
        httponly=True,
        samesite="Lax",
    )
    return response


def installed() -> Settings:
    """Return the settings of this installation."""
    return cast("Settings", current_app.extensions["settings"])


def required_for() -> frozenset[Function]:
    """Return who needs a second factor here."""
    return frozenset(REQUIRED_BY_SETTING[word] for word in installed().second_factor_required_for)


def ports() -> Ports:
    """Return what the rooms above registered."""
    return cast("Ports", current_app.extensions["ports"])


def session_limits() -> SessionLimits:
    """Return how long sessions may rest and last here."""
    settings = installed()
    return SessionLimits(
        idle=settings.idle_limit,
        administrator_idle=timedelta(minutes=settings.administrator_idle_minutes),
        absolute=timedelta(hours=settings.absolute_hours),
    )
