"""Japanese labels of posts, duties and functions, of accounts and how one signs in."""

from app.access.actor import Actor, Function
from app.people.rules import (
    AbsenceKind,
    AccountActKind,
    AccountKind,
    AccountState,
    Change,
    DateForm,
    Duty,
    EmploymentType,
    Enrolment,
    FileShape,
    HrField,
    LeavingDay,
    NotMatchedReason,
    Oddity,
    PersonOutcome,
    Position,
    PostingKind,
    RecoveryOutcome,
    SessionEnd,
    SpanAct,
)
from app.people.rules.inventory import Decision, Ending
from app.people.rules.standing import AccountList, Concern, HeldRole

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
    AccountState.OVER: "利用期間の終わり",
}
ACCOUNT_KIND = {AccountKind.STAFF: "職員", AccountKind.CONTRACTOR: "外部委託"}
ACCOUNT_ACT = {
    AccountActKind.CREATED: "利用者を作りました",
    AccountActKind.RESET: "最初のパスワードに戻しました",
    AccountActKind.DISABLED: "利用を止めました",
    AccountActKind.ENABLED: "利用を再開しました",
    AccountActKind.SESSIONS_ENDED: "すべてのログインを終わらせました",
    AccountActKind.EXTENDED: "利用の最後の日を変えました",
}
HELD_ROLE = {
    HeldRole.HEAD: "所属長",
    HeldRole.CLERK: DUTY[Duty.CLERK],
    HeldRole.DEPUTY: DUTY[Duty.DEPUTY],
    HeldRole.REVIEWER: FUNCTION[Function.REVIEWER],
    HeldRole.MANAGER: FUNCTION[Function.MANAGER],
    HeldRole.SUBSTITUTE: "代替審査",
    HeldRole.CHIEF: "統括",
    HeldRole.CIO: FUNCTION[Function.CIO],
    HeldRole.AUDITOR: FUNCTION[Function.AUDITOR],
    HeldRole.ADMINISTRATOR: FUNCTION[Function.ADMINISTRATOR],
}
CONCERN = {
    Concern.NO_POST: "所属なし",
    Concern.UNUSED: "90日以上使っていない",
    Concern.NEVER_USED: "一度も使っていない",
    Concern.ADMINISTRATOR_AT_WORK: "管理者が業務の役割を持つ",
    Concern.ADMINISTRATOR_IN_CHARGE: "管理者が所属長・担当者",
    Concern.AUDITOR_IN_LEAD: "監査人が情報主管課にいる",
    Concern.CLERK_AND_SOLE_HEAD: "担当者と所属長がひとり",
    Concern.CONTRACTOR: "外部委託",
    Concern.ENDS_SOON: "まもなく終わる",
}
CONCERN_ADVICE = {
    Concern.NO_POST: "退職・休職か、発令の取込み漏れです。人事に確かめ、使わないなら利用を止めてください。",
    Concern.UNUSED: "本人か所属長に、まだ要るかを聞いてください。要らないなら利用を止めてください。",
    Concern.NEVER_USED: "最初のパスワードが渡っているかを確かめてください。要らないなら利用を止めてください。",
    Concern.ADMINISTRATOR_AT_WORK: "管理者の間、業務の権限は効きません。管理者の役割を終えるか、別の職員に替えてください。",
    Concern.ADMINISTRATOR_IN_CHARGE: "管理者の間、承認も回答もできません。所属長か担当者を、別の職員にしてください。",
    Concern.AUDITOR_IN_LEAD: "監査する側とされる側は分けます。監査人か情報主管課の職員の、どちらかを替えてください。",
    Concern.CLERK_AND_SOLE_HEAD: "自分の回答は自分で承認できません。別の担当者を指名するか、代決者を指名してください。",
    Concern.CONTRACTOR: "契約が続いているかを確かめてください。",
    Concern.ENDS_SOON: "契約が続くなら、システム管理者に最後の日を延ばすよう頼んでください。続かないなら、そのままで終わります。",
}
ACCOUNT_LIST = {
    AccountList.NO_POST: "所属のない利用者",
    AccountList.UNUSED: "使っていない利用者",
    AccountList.CONFLICTS: "役割がぶつかる利用者",
    AccountList.ENDING: "まもなく終わる利用者",
}
ACCOUNT_LIST_HINT = {
    AccountList.NO_POST: "きょう、どの所属にも発令がない利用者です。",
    AccountList.UNUSED: "90日以上ログインしていない利用者と、一度もログインしていない利用者です。",
    AccountList.CONFLICTS: "職務の分離で、ひとりが同時に持たない役割を持つ利用者です。",
    AccountList.ENDING: "外部委託の利用者のうち、最後の日まで30日以内か、すぎたものです。",
}
DECISION = {Decision.KEEP: "使う", Decision.STOP: "止める"}
ENDING = {Ending.SUSPENDED: "確認がなく停止", Ending.SPARED: "確認がないが、止めていない"}
_OWN_LINES = "/account-inventory/{round}/lines"
INVENTORY_NOTICE = {
    "inventory-opened": (
        "アカウント棚卸しで、利用者を確かめてください",
        "{label}。使うか止めるかを、期限までに決めます。",
        _OWN_LINES,
    ),
    "inventory-before": (
        "アカウント棚卸しの期限が近づいています",
        "{label}。まだ確かめていない利用者があります。",
        _OWN_LINES,
    ),
    "inventory-after": (
        "アカウント棚卸しの期限をすぎました",
        "{label}。確かめないままの利用者は、まもなく自動で止まります。",
        _OWN_LINES,
    ),
    "inventory-closed": (
        "アカウント棚卸しを締め切りました",
        "{label}。確認のなかった利用者を止めました。",
        "/account-inventory/{round}",
    ),
    "inventory-spared": (
        "止めなかった利用者があります（アカウント棚卸し）",
        "{label}。止めると、管理者か統括がいなくなるためです。すぐに確かめてください。",
        "/account-inventory/{round}",
    ),
}
"""By the kind of a notice: its sentence, the line below it, and the path of its page."""
HOW = {
    "password": "パスワード",
    "with-code": "パスワードと確認コード",
    "without-its-code": "パスワードだけ（確認コードがなく、入れませんでした）",
}
NEEDING = {
    "lead-division": "情報主管課",
    "auditor": "監査人",
    "administrator": "システム管理者",
    "chief": "統括",
    "cio": "CIO",
}
ENROLMENT = {Enrolment.NONE: "なし", Enrolment.ENROLLED: "登録済み"}
ODDITY = {
    Oddity.NEW_DEVICE: "初めての端末",
    Oddity.AT_NIGHT: "夜間・早朝（22時から6時）",
    Oddity.CLOSED_DAY: "閉庁日",
    Oddity.AFTER_FAILURES: "続けて5回以上の失敗のあと",
}
RECOVERY_OUTCOME = {
    RecoveryOutcome.CONFIRMED: "解除しました",
    RecoveryOutcome.DECLINED: "解除しませんでした",
    RecoveryOutcome.WITHDRAWN: "取り下げました",
    RecoveryOutcome.LAPSED: "24時間が過ぎて終わりました",
}
SESSION_END = {
    SessionEnd.SIGNED_OUT: "ログアウト",
    SessionEnd.REVOKED: "ほかの端末から終了",
    SessionEnd.EXPIRED: "時間切れ",
    SessionEnd.PASSWORD_CHANGED: "パスワードの変更で終了",
    SessionEnd.RESET: "パスワードを戻したため終了",
    SessionEnd.DISABLED: "利用停止で終了",
    SessionEnd.ADMINISTRATOR: "システム管理者が終了",
    SessionEnd.FACTOR_CHANGED: "二段階認証の変更で終了",
    SessionEnd.FACTOR_REMOVED: "二段階認証の解除で終了",
}
UNUSUAL_SIGN_IN = "sign-in.unusual"
PLAIN_NOTICES = {
    "sign-in.codes-refused": (
        "確認コードの間違いが続きました",
        "正しいパスワードのあとに、確認コードが5回以上間違えられました。覚えがないときは、パスワードを変えてください。",
        "/me/sessions",
    ),
    "second-factor.recovery-asked": (
        "あなたの二段階認証の解除が申し出られました",
        "もう一人が確認すると解除されます。頼んだ覚えがないときは、開いて取り下げてください。",
        "/second-factor-recoveries/{subject}",
    ),
    "second-factor.to-confirm": (
        "二段階認証の解除の確認を頼まれています",
        "本人を確かめてから、24時間のうちに決めてください。",
        "/second-factor-recoveries/{subject}",
    ),
    "second-factor.removed": (
        "あなたの二段階認証が解除されました",
        "申し出た人と確認した人の2人で解除し、すべての端末のログインを終わらせました。登録し直してください。",
        "/me/second-factor",
    ),
}
"""Title, detail and path of notices whose words are always the same."""
ALARMS = {
    UNUSUAL_SIGN_IN: "いつもと違うログインがありました",
    **{kind: PLAIN_NOTICES[kind][0] for kind in PLAIN_NOTICES if kind != "second-factor.to-confirm"},
}
"""Notices of which one is told at the next sign-in."""


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
