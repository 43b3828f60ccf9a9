"""Texts for the groupware where there is no mail: 通知文, 督促文 and 結果通知, with names, dates and results merged in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.queries.campaigns import (
    ProgressFilter,
    ProgressPage,
    notice_page,
    progress_page,
)
from app.inspections.rules import State
from app.inspections.rules.progress import ProgressRow
from app.inspections.texts import STATE
from app.kernel.clock import business_date
from app.kernel.fiscal_year import long_date, plain_date
from app.kernel.ids import CampaignId
from app.reminders.rules import WITH_DEPARTMENT

CUT: Final = "\n\n――――――――――――――――――――\n\n"
"""Between the letters of two departments."""


class LetterKind(StrEnum):
    """Which text."""

    NOTICE = "notice"
    LATE = "late"
    RESULT = "result"


LETTER: Final = {LetterKind.NOTICE: "通知文", LetterKind.LATE: "督促文", LetterKind.RESULT: "結果通知"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPage:
    """All letters of one kind as one text; `count` says for how many departments."""

    campaign_id: CampaignId
    title: str
    kind: LetterKind
    text: str
    count: int


def letter_page(
    session: Session,
    *,
    actor: Actor,
    campaign_id: CampaignId,
    kind: LetterKind,
    sender: str,
    contact: str,
    today: date,
) -> LetterPage:
    """Return the texts of one kind.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
        NotNow: it was not opened yet.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    page = progress_page(session, actor=actor, campaign_id=campaign_id, wanted=ProgressFilter(), today=today)
    if kind is LetterKind.NOTICE:
        found = notice_page(session, actor=actor, campaign_id=campaign_id, sender=sender, today=today)
        texts, count = [found.text], page.counts.total
    else:
        rows = [row for row in page.rows if _WANTED[kind](row)]
        texts = [_WORDED[kind](row, page, sender, contact) for row in rows]
        count = len(rows)
    return LetterPage(
        campaign_id=campaign_id, title=page.campaign.title, kind=kind, text=CUT.join(texts), count=count
    )


def _is_late(row: ProgressRow) -> bool:
    return row.overdue and row.state in WITH_DEPARTMENT


def _has_result(row: ProgressRow) -> bool:
    return row.state is State.SIGNED_OFF


_WANTED: Final[Mapping[LetterKind, Callable[[ProgressRow], bool]]] = {
    LetterKind.LATE: _is_late,
    LetterKind.RESULT: _has_result,
}


def _addressed(row: ProgressRow) -> str:
    heads = "・".join(row.heads)
    return f"{row.unit_name}長　{heads}　様" if heads else f"{row.unit_name}長　様"


def _late(row: ProgressRow, page: ProgressPage, sender: str, contact: str) -> str:
    due = row.due or page.campaign.dates.answer_due
    step = {
        State.ANSWERING: "回答",
        State.AWAITING_HEAD: "所属長の承認",
        State.RETURNED: "差戻しへの回答",
        State.AWAITING_REAPPROVAL: "修正の承認",
    }[row.state]
    return "\n".join(
        (
            _addressed(row),
            "",
            f"　　　　　　　　　　{sender}長",
            "",
            f"{page.campaign.title}の提出について（督促）",
            "",
            f"{row.unit_name}の{step}の期限は、{long_date(due)}でした。まだ済んでいません（いまの状態：{STATE[row.state]}）。",
            f"猶予日の{long_date(row.grace_until)}までに、点検票を提出してください。",
            "猶予日を過ぎると、回答できなくなります。",
            f"間に合わないときは、{sender}へ連絡してください（{contact}）。",
            "",
            f"　点検担当者：{'・'.join(row.clerks) or '決まっていません。指名してください。'}",
        )
    )


def _result(row: ProgressRow, page: ProgressPage, sender: str, contact: str) -> str:
    score = row.reviewed_score
    result = f"{score.percent}点（評価 {score.grade}）" if score else "得点なし"
    return "\n".join(
        (
            _addressed(row),
            "",
            f"　　　　　　　　　　{sender}長",
            "",
            f"{page.campaign.title}の結果について（通知）",
            "",
            f"{row.unit_name}の自己点検の結果が、{plain_date(business_date(row.since))}に確定しました。",
            f"　審査後の得点：{result}",
            "項目ごとの所見と結果票（PDF）は、点検票の画面で見られます。",
            f"結果についての問合せは、{sender}へお願いします（{contact}）。",
        )
    )


_WORDED: Final[Mapping[LetterKind, Callable[[ProgressRow, ProgressPage, str, str], str]]] = {
    LetterKind.LATE: _late,
    LetterKind.RESULT: _result,
}
