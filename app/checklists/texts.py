"""Japanese labels of checklists."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from app.checklists.rules import (
    Ask,
    Aspect,
    CommentRule,
    Comparability,
    Confirmation,
    Edition,
    EditionAspect,
    EditionChange,
    EditionDiff,
    EditionState,
    EntryKind,
    Facet,
    LineageKind,
    Obstacle,
    Scale,
    SheetSubject,
    Symbol,
    Value,
)
from app.kernel.fiscal_year import plain_date

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
FACET: Final = {
    Facet.ADDED: "追加",
    Facet.RETIRED: "廃止",
    Facet.REWORDED: "文言変更",
    Facet.SPLIT: "分割",
    Facet.MERGED: "統合",
    Facet.WEIGHT: "重み",
    Facet.MANDATORY: "重要の指定",
    Facet.EVIDENCE_DEMANDED: "証拠の要否",
    Facet.CRITERIA: "判断の目安",
    Facet.GUIDANCE: "説明・確かめ方",
    Facet.CONDITIONS: "当てはまる所属",
    Facet.REFERENCES: "根拠",
    Facet.MOVED: "分野の移動",
    Facet.NOT_COMPARABLE: "前回と比べない",
    Facet.SAME: "変わらない",
}
ENTRY_KIND: Final = {
    EntryKind.ADDED: "追加",
    EntryKind.RETIRED: "廃止",
    EntryKind.REWORDED: "文言変更",
    EntryKind.SPLIT: "分割",
    EntryKind.MERGED: "統合",
    EntryKind.CHANGED: "設定の変更",
    EntryKind.SAME: "変わらない",
}
ASPECT: Final = {
    Aspect.STATEMENT: "設問",
    Aspect.WHY: "なぜ",
    Aspect.HOW_TO_CHECK: "確かめ方",
    Aspect.CRITERIA: "目安",
    Aspect.EVIDENCE: "証拠の例",
    Aspect.MISREADING: "読み違い",
    Aspect.WEIGHT: "重み",
    Aspect.MANDATORY: "重要の指定",
    Aspect.EVIDENCE_DEMANDED: "証拠の要否",
    Aspect.APPLIES_IF: "当てはまる所属",
    Aspect.GUIDELINE: "ガイドライン",
    Aspect.MEASURE: "規則の号",
    Aspect.ISO27002: "ISO/IEC 27002",
    Aspect.ASK: "聞く人",
    Aspect.SECTION: "分野",
}
SCALE: Final = {
    Scale.KEPT: "回答の段階と点数は同じです。前の版の回答とは、項目ごとの定めに従って比べます。",
    Scale.CHANGED: "回答の段階か点数が変わりました。前の版の回答とは、どの項目も比べません。",
}
COMPARABLE: Final = "前の版の回答と比べます。"
OBSTACLE: Final = {
    Obstacle.NEW: "新しい項目なので、比べる回答がありません。",
    Obstacle.MEANING: "問いの中身が変わったため、前の版の回答とは比べません。",
    Obstacle.SCALE: "回答の段階か点数が変わったため、前の版の回答とは比べません。",
    Obstacle.MIXED: "前の回答が項目ごとに違うため、比べません。",
}
_EDITION_ASPECT: Final = {
    EditionAspect.TITLE: "名前",
    EditionAspect.DESCRIPTION: "説明",
    EditionAspect.GUIDELINE_NAME: "ガイドラインの名前",
    EditionAspect.GUIDELINE_EDITION: "ガイドラインの版",
    EditionAspect.REGULATION_NAME: "根拠の規則",
    EditionAspect.REGULATION_EFFECTIVE_ON: "規則の施行日",
    EditionAspect.LEVEL: "回答の段階「{0}」",
    EditionAspect.LEVEL_POINTS: "回答の段階「{0}」の点数",
    EditionAspect.LEVEL_COMMENT: "回答の段階「{0}」のコメント",
    EditionAspect.LEVEL_SYMBOL: "回答の段階「{0}」の印",
    EditionAspect.METHOD: "得点の付け方",
    EditionAspect.FULL_POINTS: "満点",
    EditionAspect.BAND: "評価{0}の下限",
    EditionAspect.MANDATORY_CAP: "重要項目に未達があるときの評価の上限",
    EditionAspect.FLAG: "所属の条件 {0}",
    EditionAspect.FLAG_HELP: "所属の条件 {0} の選び方",
    EditionAspect.SECTION: "分野の名前",
}
_SYMBOL: Final = {
    Symbol.CIRCLE: "○",
    Symbol.TRIANGLE: "△",
    Symbol.CROSS: "×",
    Symbol.DASH: "―",
    Symbol.QUESTION: "？",
}


def edition_aspect(change: EditionChange, *, diff: EditionDiff) -> str:
    """Return what of an edition changed, with the name of the level, flag or section where it is of one."""
    level = diff.after.level(change.subject) or diff.before.level(change.subject)
    return _EDITION_ASPECT[change.aspect].format(level.label if level else change.subject)


_EDITION_VALUE: Final[Mapping[EditionAspect, Callable[[Any], str]]] = {
    EditionAspect.LEVEL_POINTS: "{}点".format,
    EditionAspect.FULL_POINTS: "{}点".format,
    EditionAspect.BAND: "{}%以上".format,
    EditionAspect.LEVEL_COMMENT: lambda value: COMMENT_RULE[CommentRule(value)],
    EditionAspect.LEVEL_SYMBOL: lambda value: _SYMBOL[Symbol(value)],
    EditionAspect.METHOD: lambda value: SCORING_METHOD_NAME.get(value, value),
    EditionAspect.REGULATION_EFFECTIVE_ON: lambda value: plain_date(date.fromisoformat(value)),
}


def edition_value(aspect: EditionAspect, value: Value) -> str:
    """Return a field of an edition in words; what is not in that edition is 「なし」."""
    if value is None:
        return "数えない" if aspect is EditionAspect.LEVEL_POINTS else "なし"
    return _EDITION_VALUE.get(aspect, str)(value)


_ITEM_VALUE: Final[Mapping[Aspect, Callable[[Any], str]]] = {
    Aspect.MANDATORY: lambda value: "重要項目" if value else "重要項目ではない",
    Aspect.EVIDENCE_DEMANDED: lambda value: "必要" if value else "任意",
    Aspect.GUIDELINE: lambda value: "、".join(_reference(one) for one in value) or "なし",
    Aspect.ISO27002: lambda value: "、".join(value) or "なし",
    Aspect.MEASURE: lambda value: f"第{value}号" if value else "なし",
    Aspect.ASK: lambda value: ASK[Ask(value)],
}


def item_value(aspect: Aspect, value: Value, *, edition: Edition) -> str:
    """Return a setting of an item in words."""
    if isinstance(value, tuple) and aspect is Aspect.APPLIES_IF:
        labels = {flag.code: flag.label for flag in edition.flags}
        return "、または".join(labels.get(code, code) for code in value) or "すべての所属"
    return _ITEM_VALUE.get(aspect, str)(value)


def _reference(stored: str) -> str:
    section, _, status = stored.rpartition(" ")
    return f"{section}（{CONFIRMATION[Confirmation(status)]}）"


def decision(made: Comparability) -> str:
    """Say whether earlier answers to an item are compared."""
    return OBSTACLE[made.obstacle] if made.obstacle else COMPARABLE
