"""Japanese words of the ledger."""

from typing import Final

from app.systems.rules import Classification, Outcome, Support, Zone

CLASSIFICATION: Final = {
    Classification.C3A: "3A",
    Classification.C3B: "3B",
    Classification.C3C: "3C",
    Classification.C2: "2",
    Classification.C1: "1",
}
CLASSIFICATION_HELP: Final = {
    Classification.C3A: "3A（秘密文書）",
    Classification.C3B: "3B（住民情報など、漏れると権利を大きく害するもの）",
    Classification.C3C: "3C（3Bより低いが、公表しないもの）",
    Classification.C2: "2（すぐには公表しないもの）",
    Classification.C1: "1（それ以外）",
}
ZONE: Final = {
    Zone.MYNUMBER: "マイナンバー利用事務系",
    Zone.LGWAN: "LGWAN接続系",
    Zone.INTERNET: "インターネット接続系",
    Zone.SEPARATE: "独立・その他",
}
SUPPORT: Final = {
    Support.ENDED: "保守切れ",
    Support.SOON: "1年以内に保守切れ",
    Support.UNKNOWN: "保守期限が未記入",
    Support.FINE: "保守期間中",
}
OUTCOME: Final = {Outcome.NEW: "追加", Outcome.CHANGED: "変更", Outcome.UNCHANGED: "変更なし"}
FIELD: Final = {
    "name": "名称",
    "kana": "かな",
    "unit_id": "所管所属",
    "classification": "機密性",
    "zone": "ネットワーク",
    "support_ends_on": "保守期限",
    "contractor": "委託先",
    "note": "備考",
    "retired_on": "廃止日",
}
