"""Japanese labels of the organisation."""

from app.organisation.rules import BatchAction, BatchState, Change, PolicyOwner, SuccessionKind, UnitKind

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
