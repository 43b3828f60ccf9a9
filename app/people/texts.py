"""Japanese labels of posts, duties and functions, of accounts and how one signs in."""

from app.access.actor import Actor, Function
from app.people.rules import (
    AccountActKind,
    AccountState,
    Duty,
    Enrolment,
    Oddity,
    Position,
    PostingKind,
    RecoveryOutcome,
    SessionEnd,
)

POSITION = {Position.HEAD: "所属長", Position.STAFF: "職員"}
POSTING_KIND = {
    PostingKind.MAIN: "本務",
    PostingKind.CONCURRENT: "兼務",
    PostingKind.JOINT: "併任",
    PostingKind.ACTING: "事務取扱",
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
