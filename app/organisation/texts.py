"""Japanese labels of the organisation."""

from app.organisation.rules import (
    BatchAction,
    BatchState,
    Change,
    PolicyOwner,
    Standing,
    SuccessionKind,
    UnitAspect,
    UnitFunction,
    UnitKind,
)

UNIT_KIND = {
    UnitKind.BODY: "執行機関等",
    UnitKind.DEPARTMENT: "部",
    UnitKind.DIVISION: "課",
    UnitKind.SUBSECTION: "係",
    UnitKind.BRANCH: "出先",
}
POLICY_OWNER = {
    PolicyOwner.MAYOR: "市長部局",
    PolicyOwner.EDUCATION: "教育委員会",
    PolicyOwner.ASSEMBLY: "議会",
    PolicyOwner.UTILITY: "公営企業",
    PolicyOwner.HOSPITAL: "病院",
    PolicyOwner.FIRE: "消防",
}
SUCCESSION_KIND = {
    SuccessionKind.RENAMED: "改称",
    SuccessionKind.MERGED: "統合",
    SuccessionKind.SPLIT: "分割",
    SuccessionKind.TRANSFERRED: "移管",
    SuccessionKind.ABOLISHED: "廃止",
}
CHANGE = {
    Change.CREATED: "新設",
    Change.RENAMED: "改称",
    Change.MOVED: "移動",
    Change.ALTERED: "変更",
    Change.ENDED: "終了",
}
BATCH_STATE = {
    BatchState.PREPARED: "確定待ち",
    BatchState.CONFIRMED: "確定",
    BatchState.UNDONE: "取消",
    BatchState.DISCARDED: "破棄",
}
BATCH_ACTION = {
    BatchAction.CONFIRM: "確定する",
    BatchAction.DISCARD: "破棄する",
    BatchAction.UNDO: "確定を取り消す",
}
BATCH_TONE = {
    BatchState.PREPARED: "warn",
    BatchState.CONFIRMED: "good",
    BatchState.UNDONE: "plain",
    BatchState.DISCARDED: "plain",
}
CHANGE_TONE = {
    Change.CREATED: "good",
    Change.RENAMED: "info",
    Change.MOVED: "info",
    Change.ALTERED: "info",
    Change.ENDED: "warn",
}
EDIT = {
    "alter": "名前や上位を変える",
    "create": "所属を新しく作る",
    "merge": "所属をまとめる",
    "split": "所属を分ける",
    "abolish": "所属を廃止する",
    "task": "事務を移管する",
}
EDIT_OF_ONE = {"alter": "変える", "split": "分ける", "task": "移管", "abolish": "廃止"}
"""The changes that begin with one unit, as short links beside it."""
EDIT_HELP = {
    "alter": "コードを変えると、新しいコードの所属が、いまの所属を引き継ぎます（改称）。コードが同じなら、同じ所属のままです。",
    "create": "どの所属も引き継がない、新しい所属を作ります。",
    "merge": "選んだ所属が一つになります。前の所属の記録は前の名前のまま残り、新しい所属から見えます。",
    "split": "所属が分かれます。いまのコードを一つに使うと、その所属が続き、ほかの所属に一部が移ります。",
    "abolish": "所属が終わります。終わっていない仕事の引継先を選びます。",
    "task": "事務の一部をほかの所属に移します。どちらの所属も続きます。",
}
UNIT_FUNCTION = {
    UnitFunction.LEAD_DIVISION: "情報主管課",
    UnitFunction.SUBSTITUTE_REVIEW: "代替審査",
    UnitFunction.AUDIT: "監査",
}
UNIT_ASPECT = {
    UnitAspect.NAME: "名称",
    UnitAspect.KANA: "かな",
    UnitAspect.KIND: "種別",
    UnitAspect.POLICY_OWNER: "ポリシー主体",
    UnitAspect.PARENT: "上位の所属",
}
STANDING = {Standing.IN_FORCE: "現在", Standing.TO_COME: "予定", Standing.ENDED: "終了"}
