"""Whether those who need a second factor have one, and whether the installation's key still fits."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from app.config import Settings
from app.health.rules import Check, bad, good, warning
from app.kernel.clock import business_date
from app.people.commands import open_secret
from app.people.queries import coverage, sealed_secrets
from app.people.rules import REQUIRED_BY_SETTING, SecretUnreadable
from app.people.texts import NEEDING


def second_factor_checks(session: Session, *, settings: Settings, now: datetime) -> Iterator[Check]:
    """Yield the checks of the second factor."""
    yield _coverage(session, settings=settings, now=now)
    if (unreadable := _unreadable(session, key=settings.secret())) is not None:
        yield unreadable


def _coverage(session: Session, *, settings: Settings, now: datetime) -> Check:
    words = [word for word in REQUIRED_BY_SETTING if word in settings.second_factor_required_for]
    if not words:
        return good("二段階認証は、だれにも求めていません（希望する人は登録できます）。")
    found = coverage(
        session, required_for={REQUIRED_BY_SETTING[word] for word in words}, day=business_date(now)
    )
    whom = "・".join(NEEDING[word] for word in words)
    sentence = f"二段階認証を求める人（{whom}）は {found.required} 名で、まだ登録していない人は {found.lacking} 名です。"
    if found.lacking:
        remedy = (
            "次のログインで登録の画面になります。スマートフォンなどの認証アプリを用意するよう伝えてください。"
        )
        return warning(sentence, remedy=remedy)
    return good(sentence)


def _unreadable(session: Session, *, key: str) -> Check | None:
    lost = 0
    for account_id, sealed in sealed_secrets(session).items():
        try:
            open_secret(sealed, account_id=account_id, key=key)
        except SecretUnreadable:
            lost += 1
    if not lost:
        return None
    return bad(
        f"署名の鍵が変わったため、{lost} 名の二段階認証を確かめられません。",
        remedy="元の鍵（secret-key）に戻すか、flask people second-factor-remove で一人ずつ解除し、登録し直してもらってください。",
    )
