"""Japanese labels of posts, duties and functions."""

from app.access.actor import Actor, Function
from app.people.rules import AccountActKind, AccountKind, AccountState, Duty, Position, PostingKind

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
