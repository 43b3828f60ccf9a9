"""Japanese labels of campaigns, states and actions. State words are nouns, buttons are verbs."""

from collections.abc import Iterable
from fractions import Fraction

from app.checklists.rules import LineageKind, Obstacle
from app.inspections.rules import (
    Action,
    ApprovalKind,
    CampaignKind,
    CampaignState,
    Capacity,
    Judgement,
    State,
)
from app.inspections.rules.board import Need, Order
from app.inspections.rules.extension import ExtensionOutcome
from app.inspections.rules.flags import Lane, Severity
from app.inspections.rules.next_year import Shift
from app.inspections.rules.questions import QuestionState
from app.inspections.rules.score_change import Cause, Measure
from app.inspections.rules.taking_over import Barred, Offer
from app.inspections.rules.templates import TemplateKind
from app.kernel.fiscal_year import FiscalYear

CAMPAIGN_STATE = {
    CampaignState.DRAFT: "準備中",
    CampaignState.OPEN: "実施中",
    CampaignState.CLOSED: "終了",
    CampaignState.DISPOSED: "廃棄済",
}
CAMPAIGN_KIND = {
    CampaignKind.REGULAR: "定期自己点検",
    CampaignKind.EXTRA: "臨時自己点検",
    CampaignKind.TRIAL: "試行",
}
CAMPAIGN_DATE = {
    "base_date": "基準日",
    "answer_from": "回答の開始日",
    "answer_due": "回答の期限",
    "approval_due": "所属長承認の期限",
    "review_due": "審査の期限",
    "grace_until": "猶予日",
}
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
NOT_APPLICABLE_REASONS = {
    "業務がない": "当てはまる業務を、この所属では行っていません。",
    "機器・システムがない": "当てはまる機器やシステムを、この所属では使っていません。",
    "ほかの所属が行う": "ほかの所属がまとめて行っているため、この所属では行っていません。",
    "今年度は例がない": "業務はありますが、今年度は当てはまる例がありませんでした。",
}
"""Reasons that are offered where an item does not apply: what is pressed, and what is written. Anything may be added to them."""
ACTION = {
    Action.SUBMIT: "承認を依頼する",
    Action.WITHDRAW: "引き戻す",
    Action.APPROVE: "承認して情報主管課へ提出する",
    Action.RETURN_TO_CLERK: "担当者へ差し戻す",
    Action.START_REVIEW: "審査を始める",
    Action.RETURN_ITEMS: "差戻しを送る",
    Action.CANCEL_RETURN: "差戻しを取りやめる",
    Action.FINISH_REVIEW: "審査を終える",
    Action.RETAKE_REVIEW: "審査の終了を取り消す",
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
OBSTACLE = {
    Obstacle.MEANING: "問いの中身が変わったため、前回とは比べません。",
    Obstacle.SCALE: "回答の段階が変わったため、前回とは比べません。",
    Obstacle.MIXED: "前の回答が項目ごとに違うため、前回とは比べません。",
}
"""Why an answer of the year before is shown and not compared."""


def moved(shift: Shift) -> str:
    """Say why a date does not stand on the same day as the year before; empty where it does."""
    why = f"1年後の{shift.plain.month}月{shift.plain.day}日は閉庁日（{shift.closed}）なので、次の開庁日にしました。"
    leap = "2月29日のない年なので、28日にしました。" if shift.is_leap else ""
    closed = why if shift.closed else ""
    pushed = "前の期限が後ろへ動いたので、そのあとの開庁日にしました。" if shift.pushed else ""
    return leap + (pushed or closed)


def year_before(label: str, *, now: FiscalYear) -> str:
    """Return how the year of the sheet before is called: 昨年度, or by its name where years lie between."""
    return "昨年度" if label == FiscalYear(now.year - 1).label else f"前回（{label}）"


def origin(kind: LineageKind, keys: Iterable[str]) -> str:
    """Say which items of the edition before a question comes from, where it is another question now."""
    names = "、".join(keys)
    return {
        LineageKind.SPLIT: f"前の版の項目 {names} から分かれました。",
        LineageKind.MERGED: f"前の版の項目 {names} をまとめました。",
    }.get(kind, "")


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
    "evidence.linked": "証跡を付けた",
    "evidence.unlinked": "証跡を外した",
    "evidence.restored": "差戻しの取りやめで、承認済みの証跡に戻した",
    "disposal.prepared": "廃棄を準備した",
    "disposal.approved": "廃棄を承認した",
    "disposal.declined": "廃棄を断った",
    "disposal.withdrawn": "廃棄の準備を取り下げた",
    "campaign.disposed": "試行のデータを廃棄した",
    "inspection.handed_over": "承認を依頼した",
    "inspection.withdrawn": "引き戻した",
    "inspection.returned_to_clerk": "所属長が担当者へ差し戻した",
    "inspection.approved": "所属長が承認し、提出した",
    "inspection.review_opened": "審査の画面で手に取った",
    "inspection.review_released": "手放した",
    "inspection.review_taken_over": "ほかの審査担当から引き継いだ",
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
    "inspection.review_retaken": "審査の終了を取り消した",
    "inspection.signed_off": "確定した",
    "inspection.closed_unsubmitted": "未提出で締め切った",
    "inspection.excluded": "対象から外した",
    "inspection.reopening_requested": "再開を申し出た",
    "inspection.reopened": "再開した",
    "inspection.reopening_declined": "再開の申し出を断った",
    "inspection.reopening_withdrawn": "再開の申し出を取り下げた",
    "inspection.extension_requested": "期限の延長を申し出た",
    "inspection.extension_granted": "期限の延長を認めた",
    "inspection.extension_declined": "期限の延長の申し出を断った",
    "inspection.extension_withdrawn": "期限の延長の申し出を取り下げた",
    "inspection.extension_lapsed": "期限の延長の申し出が、決まらないまま終わった",
    "document.kept": "結果のPDFを保管した",
    "review-template.added": "審査の定型文を加えた",
    "review-template.changed": "審査の定型文を直した",
    "review-template.switched": "審査の定型文の使う・使わないを変えた",
}
REVIEW_SHOW = {
    "flagged": "印のある項目",
    "all": "すべて",
    "changed": "前回から変わった",
    "weak": "未達",
    "unjudged": "未判断",
}
LANE = {Lane.ALERT: "要注意", Lane.CHECK: "要確認", Lane.CLEAR: "問題なし"}
SEVERITY = {Severity.RED: "要注意", Severity.AMBER: "要確認"}
TEMPLATE_KIND = {
    TemplateKind.RETURN: "差戻しの理由",
    TemplateKind.REMARK: "所見",
    TemplateKind.ANY: "どちらにも",
}
READ_ACT = {
    "sheet.read": "点検票を開いた",
    "sheet.all": "全項目を開いた",
    "sheet.score": "得点の内訳を開いた",
    "sheet.review": "審査の画面を開いた",
    "sheet.sign-off": "確定の画面を開いた",
    "sheet.reopening": "再開の画面を開いた",
    "sheet.extension": "期限の延長の画面を開いた",
    "sheet.history": "経過と履歴を開いた",
    "sheet.item-history": "項目の履歴を開いた",
    "sheet.evidence": "証跡の一覧を開いた",
    "evidence.read": "証跡のファイルを取り出した",
    "document.read": "結果のPDFを開いた",
    "document.workbook-read": "結果のExcelを開いた",
    "campaign.item-across": "1項目を横並びで開いた",
    "campaign.questions": "所属からの質問の一覧を開いた",
    "campaign.progress-file": "回収状況のCSVを取り出した",
    "campaign.progress-workbook": "回収状況のExcelを取り出した",
    "campaign.results-workbook": "全所属の結果のExcelを取り出した",
    "campaign.board-document": "全庁の状況のPDFを取り出した",
    "campaign.documents-file": "まとめた書類を取り出した",
    "campaign.reminder-file": "督促リストを取り出した",
    "access-log.read": "閲覧記録を開いた",
}
GOING = {"sheets": "点検票", "answers": "回答", "judgements": "審査の判断", "evidence": "証跡の添付"}
DISPOSED_TABLE = {
    "kept_document": "作った書類",
    "document_request": "書類の依頼",
    "sealed_revision": "封印",
    "reopening": "再開の申し出",
    "extension": "期限の延長",
    "review_batch_item": "まとめた判断の項目",
    "review_batch_sheet": "まとめた判断の点検票",
    "review_batch": "まとめた判断",
    "review_sample_sheet": "見本の点検票",
    "review_sample": "見本",
    "review_claim": "審査の受け持ち",
    "review_flag": "審査の目印",
    "review_screening": "目印の計算",
    "item_return": "差戻し",
    "item_review_history": "判断の履歴",
    "item_review": "判断",
    "approval": "所属長の承認",
    "sheet_step": "経過",
    "item_assignment": "項目の分担",
    "taken_over": "写した前回の回答",
    "answer_evidence": "証跡の添付",
    "answer_history": "回答の履歴",
    "answer": "回答",
    "profile_history": "所属の条件の履歴",
    "profile_flag": "所属の条件",
    "score_change_summary": "得点の増減の内訳",
    "section_summary": "分野別の集計",
    "question_message": "質問のやりとり",
    "question": "質問",
    "evidence_file": "証跡のファイル",
    "evidence": "証跡",
    "revision": "点検票の版",
    "inspection": "点検票",
    "campaign_unit": "対象の所属",
    "notice": "お知らせ",
}
OFFER = {
    Offer.OFFERED: "分野ごとに写せる",
    Offer.NOT_OFFERED: "写せない",
}


def taken_over_name(now: str, *, then: str) -> str:
    """Return how an open sheet is called that another unit answers for now."""
    return f"{now}（旧 {then}）"


def kept_name(then: str, *, now: str) -> str:
    """Return how a sealed sheet is called whose unit has gone on under another name."""
    return f"{then}（現 {now}）"


def sheet_name(unit_name: str, *, system_name: str | None) -> str:
    """Return how a sheet is called: after its unit, or after the system that it is about with its owner."""
    return f"{system_name}（{unit_name}）" if system_name else unit_name


QUESTION_STATE = {
    QuestionState.WAITING: "回答待ち",
    QuestionState.ANSWERED: "返信あり",
    QuestionState.CLOSED: "終わり",
}
EXTENSION_OUTCOME = {
    ExtensionOutcome.GRANTED: "認めた",
    ExtensionOutcome.DECLINED: "断った",
    ExtensionOutcome.WITHDRAWN: "取り下げた",
    ExtensionOutcome.LAPSED: "決まらないまま終わった",
}
BARRED = {
    Barred.NEW: "比べられる前回の回答がない",
    Barred.MANDATORY: "重要項目",
    Barred.REWORDED: "文言が変わった",
    Barred.NOT_KEPT: "前回が実施・対象外でない",
}
"""Why an open item is not among those that may be taken over."""
ACROSS_ONLY = {"all": "すべて", "flagged": "印のある所属", "open": "未判断"}
ACROSS_ORDER = {"unit": "所属の順", "level": "低い段階の順", "flags": "印の多い順"}


MEASURE = {Measure.SELF: "自己点検", Measure.REVIEWED: "審査後"}
ORDER = {Order.WEAK: "弱い順", Order.UNITS: "部局順", Order.DROPPED: "下がった順"}
NEED = {
    Need.MANDATORY: "重要項目の未達",
    Need.SECTION: "60未満の分野",
    Need.DROPPED: "5点以上の低下",
    Need.BELOW_TARGET: "目標に届かない",
}
CAUSE = {
    Cause.NEW: "新しい項目",
    Cause.RETIRED: "廃止した項目",
    Cause.WEIGHT: "重みの変更",
    Cause.APPLICABILITY: "適用（対象外・所属の状況）",
    Cause.WORDING: "前回と比べられない変更",
    Cause.MOVED: "分野の移動",
}


def signed_points(share: Fraction) -> str:
    """Show a part of a share in points with one decimal and its sign, halves away from zero: +2.1, −0.4, ±0.0."""
    tenths = (abs(share) * 1000 + Fraction(1, 2)).__floor__()
    if not tenths:
        return "±0.0"
    return f"{'+' if share > 0 else '−'}{tenths // 10}.{tenths % 10}"
