"""Japanese labels of campaigns, states and actions. State words are nouns, buttons are verbs."""

from app.inspections.rules import (
    Action,
    ApprovalKind,
    CampaignKind,
    CampaignState,
    Capacity,
    Change,
    Judgement,
    State,
)
from app.inspections.rules.questions import QuestionState
from app.inspections.rules.taking_over import Barred, Offer

CAMPAIGN_STATE = {CampaignState.DRAFT: "準備中", CampaignState.OPEN: "実施中", CampaignState.CLOSED: "終了"}
CAMPAIGN_KIND = {CampaignKind.REGULAR: "定期自己点検", CampaignKind.EXTRA: "臨時自己点検"}
STATE = {
    State.ANSWERING: "回答中",
    State.AWAITING_HEAD: "承認待ち",
    State.SUBMITTED: "審査待ち",
    State.UNDER_REVIEW: "審査中",
    State.RETURNED: "差戻し中",
    State.AWAITING_REAPPROVAL: "修正の承認待ち",
    State.REVIEWED: "確定待ち",
    State.SIGNED_OFF: "確定",
    State.CLOSED_UNSUBMITTED: "未提出で締切",
    State.EXCLUDED: "対象から除外",
}
NOT_STARTED = "未着手"
ACTION = {
    Action.SUBMIT: "承認を依頼する",
    Action.WITHDRAW: "引き戻す",
    Action.APPROVE: "承認して情報主管課へ提出する",
    Action.RETURN_TO_CLERK: "担当者へ差し戻す",
    Action.START_REVIEW: "審査を始める",
    Action.RETURN_ITEMS: "差戻しを送る",
    Action.CANCEL_RETURN: "差戻しを取りやめる",
    Action.FINISH_REVIEW: "審査を終える",
    Action.RESUME_REVIEW: "審査に戻す",
    Action.SIGN_OFF: "確定する",
    Action.CLOSE_UNSUBMITTED: "未提出で締め切る",
    Action.EXCLUDE: "対象から外す",
}
JUDGEMENT = {
    Judgement.ACCEPTED: "受理",
    Judgement.ACCEPTED_WITH_REMARK: "所見を付けて受理",
    Judgement.CHANGED: "審査の判断",
    Judgement.RETURNED: "差戻し",
}
APPROVAL_KIND = {ApprovalKind.WHOLE: "全体の承認", ApprovalKind.CHANGES: "修正の承認"}
CAPACITY = {Capacity.HEAD: "所属長", Capacity.DEPUTY: "代決", Capacity.NEXT_HIGHER: "上位の所属長"}
CHANGE = {
    Change.WORSE: "悪くなった",
    Change.BETTER: "良くなった",
    Change.NEW: "新しい項目",
    Change.SAME: "変わらない",
    Change.OTHER: "そのほかの変更",
}
EVENT = {
    "inspection.opened": "点検を始めた",
    "inspection.profile_confirmed": "所属の状況を確かめた",
    "answer.recorded": "回答を記録した",
    "answers.taken_over": "前回の回答を写した（確認前）",
    "answers.taken_over_confirmed": "写した回答を確かめ、今年の回答にした",
    "items.assigned": "項目の担当を決めた",
    "question.asked": "情報主管課に質問した",
    "question.answered": "質問に答えた",
    "question.closed": "質問を終えた",
    "answers.taken_over_dropped": "写した回答を取り消した",
    "answer.restored": "差戻しの取りやめで、承認済みの回答に戻した",
    "inspection.handed_over": "承認を依頼した",
    "inspection.withdrawn": "引き戻した",
    "inspection.returned_to_clerk": "所属長が担当者へ差し戻した",
    "inspection.approved": "所属長が承認し、提出した",
    "inspection.review_started": "審査を始めた",
    "item.judged": "項目を審査した",
    "item.judgement_cleared": "審査の判断を取り消した",
    "inspection.items_returned": "項目を差し戻した",
    "inspection.return_cancelled": "差戻しを取りやめた",
    "return.replied": "差戻しに答えた",
    "return.reply_cleared": "差戻しへの返信を消した",
    "inspection.corrections_handed_over": "修正の承認を依頼した",
    "inspection.corrections_withdrawn": "修正を引き戻した",
    "inspection.corrections_returned_to_clerk": "所属長が修正を差し戻した",
    "inspection.corrections_approved": "所属長が修正を承認した",
    "inspection.review_finished": "審査を終えた",
    "inspection.review_resumed": "審査に戻した",
    "inspection.signed_off": "確定した",
    "inspection.closed_unsubmitted": "未提出で締め切った",
    "inspection.excluded": "対象から外した",
    "inspection.reopening_requested": "再開を申し出た",
    "inspection.reopened": "再開した",
    "inspection.reopening_declined": "再開の申し出を断った",
    "inspection.reopening_withdrawn": "再開の申し出を取り下げた",
    "document.kept": "結果のPDFを保管した",
}
REVIEW_FLAG = {
    "mandatory_missed": "重要項目が未達",
    "worse": "前回より悪化",
    "still_weak": "前回から続く未達",
    "excluded_now": "対象外に変更",
    "unknown": "わからない",
    "short_comment": "説明が短い",
    "same_words": "前回と同じ説明",
}
REVIEW_SHOW = {"all": "すべて", "changed": "前回から変わった", "weak": "未達", "unjudged": "未判断"}
READ_ACT = {
    "sheet.read": "点検票を開いた",
    "sheet.all": "全項目を開いた",
    "sheet.score": "得点の内訳を開いた",
    "sheet.review": "審査の画面を開いた",
    "sheet.sign-off": "確定の画面を開いた",
    "sheet.reopening": "再開の画面を開いた",
    "sheet.history": "経過と履歴を開いた",
    "sheet.item-history": "項目の履歴を開いた",
    "document.read": "結果のPDFを開いた",
    "document.workbook-read": "結果のExcelを開いた",
    "campaign.progress-file": "回収状況のCSVを取り出した",
    "campaign.progress-workbook": "回収状況のExcelを取り出した",
    "campaign.results-workbook": "全所属の結果のExcelを取り出した",
    "campaign.documents-file": "まとめた書類を取り出した",
    "access-log.read": "閲覧記録を開いた",
}
OFFER = {
    Offer.OFFERED: "分野ごとに写せる",
    Offer.NOT_OFFERED: "写せない",
}


def sheet_name(unit_name: str, *, system_name: str | None) -> str:
    """Return how a sheet is called: after its unit, or after the system that it is about with its owner."""
    return f"{system_name}（{unit_name}）" if system_name else unit_name


QUESTION_STATE = {
    QuestionState.WAITING: "回答待ち",
    QuestionState.ANSWERED: "返信あり",
    QuestionState.CLOSED: "終わり",
}
BARRED = {
    Barred.NEW: "前回の回答がない",
    Barred.MANDATORY: "重要項目",
    Barred.REWORDED: "文言が変わった",
    Barred.NOT_KEPT: "前回が実施・対象外でない",
}
"""Why an open item is not among those that may be taken over."""
