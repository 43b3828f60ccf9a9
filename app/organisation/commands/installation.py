"""What this database is, and who may change its organisation from where."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.errors import NotAllowed, NotNow
from app.organisation.models import Installation
from app.organisation.rules import InstallationKind

INSTALLATION: Final = Subject(type=SubjectType.INSTALLATION, id="installation")
"""The chain of what concerns the installation as a whole."""

By = Actor | ActorMark
"""A named administrator; or, at the machine's own command line, its operating-system account alone."""


def authorised(by: By) -> ActorMark:
    """Let an administrator or the operator of the machine pass; return what the journal keeps.

    Raises:
        NotAllowed: somebody else, or nobody, through a browser.
    """
    if isinstance(by, Actor):
        require(Permission.CITY_ACCOUNT_MANAGE, actor=by)
        return by.mark
    if by.via is not Via.CLI:
        raise NotAllowed("この操作は、システム管理者だけができます。")
    return by


def one_at_a_time(session: Session) -> None:
    """Let one change of the organisation wait for the other: each is laid over what the one before left."""
    session.execute(select(Installation.id).with_for_update()).all()


def register_installation(
    session: Session, *, kind: InstallationKind, story_start: datetime | None, now: datetime
) -> None:
    """Say once what this database is: a city's own, or the demonstration with its story clock.

    Raises:
        NotNow: it has been said already.
    """
    if session.get(Installation, 1) is not None:
        raise NotNow("このデータベースは、もう使い始めています。setup は一度だけ使えます。")
    session.add(Installation(id=1, kind=kind.value, created_at=now, story_start=story_start))
    session.flush()
