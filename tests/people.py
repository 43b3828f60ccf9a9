"""The same people in every test, and the small city in which they work.

佐藤 is clerk of 総務課 and 鈴木 its head; 高橋 is clerk of 市民課; 田中 reviews in the lead division and 木村 is its manager; 伊藤 audits;
渡辺 is CIO, 山本 his deputy, 中村 administrator. 小川 is 統括 and head of 企画部, above the lead division; 藤本 reviews the lead division's own
sheet (代替審査).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID, uuid5

from app.kernel.ids import PersonId, UnitId

STORY: Final = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
"""9:00 in Japan on 令和8年11月20日."""
FIRST_DAY: Final = date(2026, 4, 1)
_SPACE: Final = UUID("6d2a1a57-3b0c-4f5a-9a51-2f1c3b7f9d10")
PASSWORD: Final = "なつのひまわり-2026-hare"


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of the test city."""

    code: str
    name: str
    kana: str
    kind: str
    parent: str | None
    owner: str = "mayor"

    @property
    def id(self) -> UnitId:
        """Return the unit's id: the same in every test."""
        return UnitId(uuid5(_SPACE, f"unit {self.code}"))


@dataclass(frozen=True, slots=True)
class Cast:
    """A person of the test city, with the one post held since the first day."""

    staff_no: str
    name: str
    kana: str
    unit: Place
    position: str = "staff"
    duty: str | None = None
    function: str | None = None

    @property
    def id(self) -> PersonId:
        """Return the person's id: the same in every test."""
        return PersonId(uuid5(_SPACE, f"person {self.staff_no}"))


PLANNING: Final = Place("1000", "企画部", "きかくぶ", "department", None)
LEAD: Final = Place("1010", "情報政策課", "じょうほうせいさくか", "division", "1000")
MANAGEMENT: Final = Place("1020", "行政経営課", "ぎょうせいけいえいか", "division", "1000")
GENERAL: Final = Place("2000", "総務部", "そうむぶ", "department", None)
AFFAIRS: Final = Place("2010", "総務課", "そうむか", "division", "2000")
CITIZENS: Final = Place("3000", "市民部", "しみんぶ", "department", None)
COUNTER: Final = Place("3010", "市民課", "しみんか", "division", "3000")
BRANCH: Final = Place("3020", "𠮷田出張所", "よしだしゅっちょうじょ", "branch", "3000")
AUDIT: Final = Place("9000", "監査事務局", "かんさじむきょく", "division", None)
PLACES: Final = (PLANNING, LEAD, MANAGEMENT, GENERAL, AFFAIRS, CITIZENS, COUNTER, BRANCH, AUDIT)

SATO: Final = Cast("1001", "佐藤 花子", "さとう はなこ", AFFAIRS, duty="clerk")
SUZUKI: Final = Cast("1002", "鈴木 一郎", "すずき いちろう", AFFAIRS, position="head")
ONO: Final = Cast("1003", "大野 正", "おおの ただし", GENERAL, position="head")
TAKAHASHI: Final = Cast("1004", "髙橋 次郎", "たかはし じろう", COUNTER, duty="clerk")
YAMADA: Final = Cast("1005", "山田 太郎", "やまだ たろう", COUNTER, position="head")
HIGASHI: Final = Cast("1006", "東 三枝", "ひがし みえ", CITIZENS, position="head")
YOSHIDA: Final = Cast("1007", "𠮷田 一人", "よしだ かずと", BRANCH, position="head")
TANAKA: Final = Cast("2001", "田中 実", "たなか みのる", LEAD)
KIMURA: Final = Cast("2002", "木村 恵", "きむら めぐみ", LEAD, position="head")
HAYASHI: Final = Cast("2003", "林 緑", "はやし みどり", LEAD, duty="clerk")
OGAWA: Final = Cast("2004", "小川 清", "おがわ きよし", PLANNING, position="head", function="chief")
FUJIMOTO: Final = Cast("2005", "藤本 薫", "ふじもと かおる", MANAGEMENT)
ITO: Final = Cast("3001", "伊藤 誠", "いとう まこと", AUDIT)
WATANABE: Final = Cast("3002", "渡邊 勇", "わたなべ いさむ", PLANNING, function="cio")
YAMAMOTO: Final = Cast("3003", "山本 節子", "やまもと せつこ", PLANNING)
NAKAMURA: Final = Cast("9001", "中村 直", "なかむら なお", LEAD, function="administrator")
EVERYBODY: Final = (
    SATO,
    SUZUKI,
    ONO,
    TAKAHASHI,
    YAMADA,
    HIGASHI,
    YOSHIDA,
    TANAKA,
    KIMURA,
    HAYASHI,
    OGAWA,
    FUJIMOTO,
    ITO,
    WATANABE,
    YAMAMOTO,
    NAKAMURA,
)
