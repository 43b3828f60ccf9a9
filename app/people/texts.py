"""Japanese labels of posts, duties and functions."""

from app.access.actor import Actor, Function
from app.people.rules import (
    AbsenceKind,
    AccountActKind,
    AccountState,
    Change,
    DateForm,
    Duty,
    EmploymentType,
    FileShape,
    HrField,
    LeavingDay,
    NotMatchedReason,
    PersonOutcome,
    Position,
    PostingKind,
    SpanAct,
)

POSITION = {Position.HEAD: "所属長", Position.STAFF: "職員"}
POSTING_KIND = {
    PostingKind.MAIN: "本務",
    PostingKind.CONCURRENT: "兼務",
    PostingKind.JOINT: "併任",
    PostingKind.ACTING: "事務取扱",
}
EMPLOYMENT_TYPE = {
    EmploymentType.REGULAR: "正規",
    EmploymentType.REAPPOINTED: "再任用",
    EmploymentType.FIXED_TERM: "任期付",
    EmploymentType.ANNUAL: "会計年度任用職員",
    EmploymentType.DISPATCHED_IN: "派遣（受入）",
    EmploymentType.SPECIAL: "特別職",
    EmploymentType.CONTRACTOR: "委託先",
}
ABSENCE_KIND = {
    AbsenceKind.LEAVE: "休職",
    AbsenceKind.PARENTAL: "育休",
    AbsenceKind.SECONDED: "派遣（出向）",
}
FILE_SHAPE = {
    FileShape.WHOLE_LIST: "全職員の一覧",
    FileShape.CHANGES_ONLY: "異動者だけの一覧",
}
CHANGE = {
    Change.HIRE: "採用",
    Change.MOVE: "異動",
    Change.DEPART: "退職",
    Change.LEAVE: "休職",
    Change.PARENTAL: "育休",
    Change.SECONDED: "派遣（出向）",
    Change.BACK: "復職",
    Change.CONCURRENT: "兼務発令",
    Change.CONCURRENT_END: "兼務解除",
    Change.JOINT: "併任発令",
    Change.JOINT_END: "併任解除",
    Change.ACTING: "事務取扱発令",
    Change.ACTING_END: "事務取扱解除",
}
HR_FIELD = {
    HrField.STAFF_NO: "職員番号",
    HrField.NAME: "氏名",
    HrField.KANA: "かな",
    HrField.EMPLOYMENT: "任用区分",
    HrField.CHANGE: "異動種別",
    HrField.UNIT_CODE: "所属コード",
    HrField.TITLE: "職名",
    HrField.POSITION: "区分（所属長・職員）",
    HrField.KIND: "発令（本務・兼務など）",
    HrField.FIRST_DAY: "発令日",
    HrField.LAST_DAY: "終了日",
    HrField.ORDER_NO: "発令番号",
    HrField.LEFT_ON: "退職日",
    HrField.ABSENCE: "休職等",
    HrField.ABSENCE_FROM: "休職等の開始日",
    HrField.ABSENCE_TO: "休職等の終了日",
}
DATE_FORM = {
    DateForm.WRITTEN: "2026-04-01、2026/4/1、令和8年4月1日、R8.4.1",
    DateForm.COMPACT: "20260401",
    DateForm.ERA_NUMBER: "5080401（令和は5）",
}
LEAVING_DAY = {
    LeavingDay.LAST_IN_OFFICE: "退職の行の日付は、最後に在職する日",
    LeavingDay.FIRST_AWAY: "退職の行の日付は、在職しない最初の日",
}
PERSON_OUTCOME = {
    PersonOutcome.NEW: "新規",
    PersonOutcome.MOVED: "異動",
    PersonOutcome.CHANGED: "変更",
    PersonOutcome.RETURNED: "復帰",
    PersonOutcome.LEFT: "退職",
    PersonOutcome.ABSENT: "休職等",
    PersonOutcome.UNCHANGED: "変更なし",
}
SPAN_ACT = {
    SpanAct.OPEN: "始める",
    SpanAct.CLOSE: "終える",
    SpanAct.CANCEL: "取り消す",
    SpanAct.KEEP: "そのまま",
}
NOT_MATCHED_REASON = {
    NotMatchedReason.UNKNOWN_UNIT: "所属コードがない",
    NotMatchedReason.ENDED_UNIT: "終わった所属",
    NotMatchedReason.UNIT_NOT_YET: "まだ始まっていない所属",
    NotMatchedReason.LOST_ZERO: "職員番号の先頭の0",
    NotMatchedReason.OTHER_NAME: "氏名が違う",
    NotMatchedReason.UNKNOWN_PERSON: "登録のない職員番号",
    NotMatchedReason.INCOMPLETE: "新規の人の項目が足りない",
    NotMatchedReason.OTHER_DAY: "日付が合わない",
    NotMatchedReason.NOTHING_TO_END: "終わらせるものがない",
    NotMatchedReason.NOT_IN_OFFICE: "その日に発令がない",
    NotMatchedReason.LATER_POST: "後の発令が登録済み",
    NotMatchedReason.SAME_UNIT: "同じ所属に本務がある",
    NotMatchedReason.SAME_PERSON: "同じ人の別の行",
}
DUTY = {Duty.CLERK: "点検担当者", Duty.DEPUTY: "代決者"}
FUNCTION = {
    Function.REVIEWER: "審査担当",
    Function.MANAGER: "情報主管課長",
    Function.CHIEF: "統括情報セキュリティ責任者",
    Function.CIO: "CIO",
    Function.AUDITOR: "監査人",
    Function.ADMINISTRATOR: "システム管理者",
}
ACCOUNT_STATE = {
    AccountState.NONE: "なし",
    AccountState.FIRST_PASSWORD: "最初のパスワードのまま",
    AccountState.IN_USE: "利用中",
    AccountState.DISABLED: "停止中",
}
ACCOUNT_ACT = {
    AccountActKind.CREATED: "利用者を作りました",
    AccountActKind.RESET: "最初のパスワードに戻しました",
    AccountActKind.DISABLED: "利用を止めました",
    AccountActKind.ENABLED: "利用を再開しました",
    AccountActKind.SESSIONS_ENDED: "すべてのログインを終わらせました",
}


def role_labels(actor: Actor) -> tuple[str, ...]:
    """Return the words for what somebody does, as the header shows them."""
    functions = [label for function, label in FUNCTION.items() if function in actor.functions]
    if Function.MANAGER in actor.functions:
        functions.remove(FUNCTION[Function.REVIEWER])
    posts = [POSITION[Position.HEAD]] if actor.head_of and Function.MANAGER not in actor.functions else []
    duties = [
        label
        for label, units in (
            (DUTY[Duty.CLERK], actor.clerk_of),
            (DUTY[Duty.DEPUTY], actor.deputy_of),
            ("代替審査", actor.substitutes_for),
        )
        if units
    ]
    return (*posts, *duties, *functions)
