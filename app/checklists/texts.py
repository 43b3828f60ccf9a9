"""Japanese labels of checklists."""

from typing import Final

from app.checklists.rules import Ask, CommentRule, Confirmation, EditionState, LineageKind, SheetSubject

EDITION_STATE: Final = {EditionState.DRAFT: "下書き", EditionState.PUBLISHED: "公開"}
CONFIRMATION: Final = {Confirmation.CONFIRMED: "確認済", Confirmation.TO_CONFIRM: "要確認"}
COMMENT_RULE: Final = {CommentRule.REQUIRED: "必ず書く", CommentRule.OPTIONAL: "書かなくてもよい"}
SUBJECT: Final = {
    SheetSubject.UNIT: "所属",
    SheetSubject.PERSON: "職員",
    SheetSubject.SYSTEM: "情報システム",
}
SHEET_FOR: Final = {
    SheetSubject.UNIT: "所属ごとに1枚",
    SheetSubject.PERSON: "職員ごとに1枚",
    SheetSubject.SYSTEM: "情報システムごとに1枚",
}
FLAGS_CHOSEN: Final = {
    SheetSubject.UNIT: "年に1回、所属が選ぶ。当てはまる所属だけに出る項目がある。",
    SheetSubject.PERSON: "様式が決める。当てはまる職員だけに出る項目がある。",
    SheetSubject.SYSTEM: "年に1回、情報システム管理者が選ぶ。当てはまるシステムだけに出る項目がある。",
}
ASK: Final = {
    Ask.HEAD: "所属長",
    Ask.PROMOTER: "推進員",
    Ask.GENERAL_AFFAIRS: "庶務担当",
    Ask.OUTSOURCING: "委託担当",
    Ask.SUBSECTION_CHIEF: "係長",
    Ask.SELF: "本人",
    Ask.SYSTEM_MANAGER: "情報システム管理者",
    Ask.SYSTEM_STAFF: "情報システム担当者",
    Ask.CONTRACTOR: "保守業者・委託先",
}
SCORING_METHOD: Final = {
    "weighted-share-1": "得点率は、点数×重みの合計を、満点×重みの合計で割ったものです。"
    "点数のない回答は、どちらにも入れません。",
}
SCORING_METHOD_NAME: Final = {"weighted-share-1": "重み付き得点率（第1版）"}
LINEAGE: Final = {
    LineageKind.NEW: "新しい項目",
    LineageKind.SAME: "前の版と同じ",
    LineageKind.REWORDED: "文言を変えた",
    LineageKind.SPLIT: "分けた",
    LineageKind.MERGED: "まとめた",
}
