"""The wording of reminders and of notices about steps; names and dates are merged in when they are shown."""

from dataclasses import dataclass
from typing import Final

from app.inspections.rules.audiences import StepNotice
from app.reminders.rules import ReminderKind


@dataclass(frozen=True, slots=True)
class Wording:
    """A notice's sentence, the line below it, and the page on which one acts. `{unit}`, `{campaign}`, ids are filled in."""

    title: str
    detail: str
    path: str


_SHEET: Final = "/inspections/{subject}"
_APPROVAL: Final = "/inspections/{subject}/approval"
_EXTENSION: Final = "/inspections/{subject}/extension"
_QUEUE: Final = "/reviews"
_LIST: Final = "/campaigns/{campaign_id}/reminders"
K, N = ReminderKind, StepNotice
WORDING: Final = {
    N.APPROVAL_WANTED.value: Wording(
        "{unit}の自己点検を承認してください", "{campaign}。担当者が回答を終えました。", _APPROVAL
    ),
    N.CORRECTIONS_WANTED.value: Wording(
        "{unit}の修正を承認してください", "{campaign}。差戻しで直したところだけを見ます。", _APPROVAL
    ),
    N.RETURNED_TO_CLERK.value: Wording(
        "{unit}の自己点検が、所属長から戻りました", "{campaign}。理由を読んで直してください。", _SHEET
    ),
    N.ITEMS_RETURNED.value: Wording(
        "{unit}の自己点検に差戻しがあります", "{campaign}。情報主管課が説明か修正を求めています。", _SHEET
    ),
    N.RETURN_CANCELLED.value: Wording(
        "{unit}への差戻しを、情報主管課が取りやめました", "{campaign}。答える必要はなくなりました。", _SHEET
    ),
    N.CORRECTIONS_IN.value: Wording(
        "{unit}から差戻しの修正が届きました",
        "{campaign}。審査の続きをしてください。",
        "/inspections/{subject}/review",
    ),
    N.REVIEW_RESUMED.value: Wording(
        "{unit}の点検票が審査に戻りました",
        "{campaign}。理由を読んで審査を続けてください。",
        "/inspections/{subject}/review",
    ),
    N.SIGNED_OFF.value: Wording("{unit}の自己点検が確定しました", "{campaign}。結果を見られます。", _SHEET),
    N.CLOSED.value: Wording(
        "{unit}の自己点検は、未提出で締め切られました",
        "{campaign}。続けたいときは、情報主管課に連絡してください。",
        _SHEET,
    ),
    N.EXCLUDED.value: Wording(
        "{unit}は、今回の点検の対象から外れました", "{campaign}。理由は経過に書いてあります。", _SHEET
    ),
    N.QUESTION_ANSWERED.value: Wording(
        "{unit}の質問に、情報主管課が答えました", "{campaign}。返信は項目の下に出ています。", _SHEET
    ),
    N.EXTENSION_REQUESTED.value: Wording(
        "{unit}が、期限の延長を申し出ています",
        "{campaign}。理由と希望の日を読んで、認めるか断るかを決めてください。",
        _EXTENSION,
    ),
    N.EXTENSION_GRANTED.value: Wording(
        "{unit}の自己点検の期限が延びました", "{campaign}。新しい期限までに進めてください。", _EXTENSION
    ),
    N.EXTENSION_DECLINED.value: Wording(
        "{unit}の期限の延長は、認められませんでした",
        "{campaign}。理由を読んで、いまの期限までに進めてください。",
        _EXTENSION,
    ),
    N.REOPENED.value: Wording(
        "{unit}の点検票が再開されました", "{campaign}。もう一度、回答と承認をしてください。", _SHEET
    ),
    K.BEGINS.value: Wording(
        "{unit}の自己点検に回答してください", "{campaign}。回答の期間が始まりました。", _SHEET
    ),
    K.ANSWER_SOON.value: Wording(
        "{unit}の自己点検は、回答の期限が近づいています", "{campaign}。まだ所属長に渡していません。", _SHEET
    ),
    K.ANSWER_LATE.value: Wording(
        "{unit}の自己点検は、回答の期限を過ぎています", "{campaign}。早めに回答を終えてください。", _SHEET
    ),
    K.ANSWER_ESCALATED.value: Wording(
        "{unit}の自己点検が、期限を過ぎても出ていません",
        "{campaign}。上位の所属長にもお知らせしています。進め方を確かめてください。",
        _SHEET,
    ),
    K.APPROVAL_SOON.value: Wording(
        "{unit}の自己点検は、承認の期限が近づいています", "{campaign}。承認を待っています。", _APPROVAL
    ),
    K.APPROVAL_LATE.value: Wording(
        "{unit}の自己点検は、承認の期限を過ぎています", "{campaign}。承認を待っています。", _APPROVAL
    ),
    K.APPROVAL_ESCALATED.value: Wording(
        "{unit}の自己点検が、承認されないまま期限を過ぎています",
        "{campaign}。上位の所属長にもお知らせしています。代わりに承認できる人を確かめてください。",
        _SHEET,
    ),
    K.RETURN_SOON.value: Wording(
        "{unit}の差戻しは、期限が近づいています", "{campaign}。説明か修正を待っています。", _SHEET
    ),
    K.RETURN_LATE.value: Wording(
        "{unit}の差戻しは、期限を過ぎています", "{campaign}。説明か修正を待っています。", _SHEET
    ),
    K.RETURN_ESCALATED.value: Wording(
        "{unit}の差戻しに、期限を過ぎても答えがありません",
        "{campaign}。上位の所属長にもお知らせしています。進め方を確かめてください。",
        _SHEET,
    ),
    K.REVIEW_SOON.value: Wording(
        "審査の期限が近づいています", "{campaign}。審査していない点検票があります。", _QUEUE
    ),
    K.REVIEW_LATE.value: Wording(
        "審査の期限を過ぎています", "{campaign}。審査していない点検票があります。", _QUEUE
    ),
    K.SIGN_OFF_SOON.value: Wording(
        "確定の期限が近づいています", "{campaign}。確定を待つ点検票があります。", _QUEUE
    ),
    K.SIGN_OFF_LATE.value: Wording(
        "確定の期限を過ぎています", "{campaign}。確定を待つ点検票があります。", _QUEUE
    ),
    K.LATE_LIST.value: Wording(
        "期限を過ぎた所属があります", "{campaign}。督促リストを確かめてください。", _LIST
    ),
    K.LOCKED.value: Wording(
        "{unit}の自己点検は、猶予日を過ぎたため回答を締め切りました",
        "{campaign}。続けたいときは、情報主管課に連絡してください。",
        _SHEET,
    ),
    K.LOCKED_LIST.value: Wording(
        "猶予日を過ぎても提出していない所属があります",
        "{campaign}。未提出で締め切るかを決めてください。",
        _LIST,
    ),
    K.BY_HAND.value: Wording(
        "{unit}の自己点検を進めてください", "{campaign}。情報主管課からの催促です。", _SHEET
    ),
}
"""What each kind of notice says, by its code."""
REMINDER: Final = {
    K.BEGINS: "回答の開始",
    K.ANSWER_SOON: "回答の期限の前",
    K.ANSWER_LATE: "回答の期限の超過",
    K.ANSWER_ESCALATED: "回答の遅れ（上位の所属長へ）",
    K.APPROVAL_SOON: "承認の期限の前",
    K.APPROVAL_LATE: "承認の期限の超過",
    K.APPROVAL_ESCALATED: "承認の遅れ（上位の所属長へ）",
    K.RETURN_SOON: "差戻しの期限の前",
    K.RETURN_LATE: "差戻しの期限の超過",
    K.RETURN_ESCALATED: "差戻しの遅れ（上位の所属長へ）",
    K.REVIEW_SOON: "審査の期限の前",
    K.REVIEW_LATE: "審査の期限の超過",
    K.SIGN_OFF_SOON: "確定の期限の前",
    K.SIGN_OFF_LATE: "確定の期限の超過",
    K.LATE_LIST: "期限を過ぎた所属の一覧",
    K.LOCKED: "猶予日の超過",
    K.LOCKED_LIST: "猶予日の超過（管理者へ）",
    K.BY_HAND: "手で送った催促",
}
