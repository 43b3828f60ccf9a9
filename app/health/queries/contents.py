"""What the database holds: a plausible clock, a recent backup, a sound journal, the work that is open."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.backup.queries import last_backup
from app.db.search import stale_keys
from app.health.queries.jobs import documents_check, jobs_check, mail_check
from app.health.rules import Check, Depth, bad, good, warning
from app.inspections.queries.lists import open_sheets
from app.journal.queries import last_entry_at, quick_faults, verify
from app.journal.rules import Fault, Via
from app.kernel.clock import business_date
from app.kernel.fiscal_year import long_instant
from app.kernel.ids import PersonId
from app.organisation.queries import computed_heirs, ends_without_succession, stored_heirs

YEARS: Final = range(2026, 2100)
"""A clock outside of these was never set."""
CLOCK_STEP: Final = timedelta(seconds=5)
"""How far clocks of several processes may differ."""
BACKUP_AGE: Final = timedelta(hours=26)
"""A nightly backup, and two hours for a slow night."""


def _machine(*, day: date) -> Actor:
    """Return who counts for the operator: reads like somebody who sees the whole city, and shows nothing but a number."""
    return Actor(
        person_id=PersonId(UUID(int=0)),
        account_id=None,
        staff_no="",
        name="",
        day=day,
        functions=frozenset({Function.AUDITOR}),
        via=Via.CLI,
    )


def checks(session: Session, *, now: datetime, depth: Depth) -> Iterator[Check]:
    """Yield the checks of what the database holds."""
    yield _clock(session, now=now)
    yield _backup(session, now=now)
    yield jobs_check(session, now=now)
    yield documents_check(session)
    if (mails := mail_check(session)) is not None:
        yield mails
    yield _journal(session, depth=depth)
    yield _search(session)
    yield _heirs(session)
    sheets = open_sheets(session, actor=_machine(day=business_date(now)), today=business_date(now))
    yield good(f"確定していない点検票は {len(sheets)} 件です。")


def _clock(session: Session, *, now: datetime) -> Check:
    last = last_entry_at(session)
    remedy = "コンピュータの時計を合わせてください（時刻同期 NTP）。"
    if business_date(now).year not in YEARS:
        return bad(f"時計が {long_instant(now)} を指しています。", remedy=remedy)
    if last is not None and now < last - CLOCK_STEP:
        return bad(
            f"時計（{long_instant(now)}）が、最後の操作（{long_instant(last)}）より前を指しています。",
            remedy=remedy,
        )
    return good(f"時計は {long_instant(now)} です。")


def _backup(session: Session, *, now: datetime) -> Check:
    last = last_backup(session)
    if last is None:
        return warning(
            "バックアップを、まだ一度も取っていません。",
            remedy="flask backup create で作り、別の場所に置いてください。毎晩の実行をお勧めします。",
        )
    hours = (now - last.at) // timedelta(hours=1)
    if now - last.at > BACKUP_AGE:
        return warning(
            f"最後のバックアップから {hours} 時間たっています（{long_instant(last.at)}）。",
            remedy="毎晩の flask backup create が動いているかを確かめてください。",
        )
    return good(f"最後のバックアップは {long_instant(last.at)} です。")


def _journal(session: Session, *, depth: Depth) -> Check:
    if depth is Depth.FULL:
        found = verify(session)
        return _journal_check(found.faults, sound=f"操作ログは、{found.entries}件すべてつながっています。")
    return _journal_check(
        quick_faults(session), sound="操作ログの末尾は、そろっています（全件は flask doctor --full）。"
    )


def _search(session: Session) -> Check:
    stale = stale_keys(session)
    if not stale:
        return good("所属と職員は、名前のどの書き方でも探せます。")
    return warning(
        f"所属と職員を探すための鍵が {stale} 件古くなっています（見つからない名前があります）。",
        remedy="flask organisation refresh-search を実行してください。",
    )


def _heirs(session: Session) -> Check:
    if not ends_without_succession(session) and stored_heirs(session) == frozenset(computed_heirs(session)):
        return good("終わった所属の仕事を引き継ぐ所属は、組織の履歴のとおりです。")
    return bad(
        "終わった所属の仕事を引き継ぐ所属が、組織の履歴と違っています。",
        remedy="バックアップを確かめ、組織改正の確定か所属の取込みをもう一度行ってください（引継先が書き直されます）。",
    )


def _journal_check(faults: tuple[Fault, ...], *, sound: str) -> Check:
    if not faults:
        return good(sound)
    return bad(
        f"操作ログに食い違いが {len(faults)} 件あります（最初は {faults[0].place}：{faults[0].message}）。",
        remedy="flask journal verify で全件を確かめ、バックアップを取り、情報主管課長に報告してください。",
    )
