"""みほん市: its units, its people and where they sit. The city and everybody in it are invented.

Two fiscal years: 令和7年度 from 2025-04-01, and 令和8年度, which begins with a transfer wave and a renamed division.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from app.organisation.rules import UnitFunction
from app.people.rules import PersonFunction

FIRST_YEAR: Final = 2025
SECOND_YEAR: Final = 2026

LEAD: Final = "1010"
"""情報政策課."""
MANAGER: Final = "10307"
REVIEWERS: Final = {FIRST_YEAR: ("11204", "11219"), SECOND_YEAR: ("11204", "11222")}
SUBSTITUTE: Final = "11225"
CHIEF: Final = "10112"
CIO: Final = "10003"
AUDITOR: Final = "11652"
ADMINISTRATOR: Final = "11914"
CLERK: Final = "11249"
HEAD: Final = "10340"
"""総務課長, to whom the clerk of the list hands over: with these accounts one sheet can be walked from end to end."""

PASSWORD: Final = "mihon-demo-2026"  # noqa: S105 - published on purpose: a demonstration answers this machine only

ACCOUNTS: Final = (
    ("点検担当者", CLERK),
    ("所属長", HEAD),
    ("審査担当", REVIEWERS[SECOND_YEAR][0]),
    ("情報主管課長", MANAGER),
    ("統括情報セキュリティ責任者", CHIEF),
    ("代替審査", SUBSTITUTE),
    ("監査人", AUDITOR),
    ("CIO", CIO),
    ("システム管理者", ADMINISTRATOR),
)
"""Whom to sign in as, to see the system from each role."""

UNIT_FUNCTIONS: Final = (
    (LEAD, UnitFunction.LEAD_DIVISION),
    ("1020", UnitFunction.SUBSTITUTE_REVIEW),
    ("9600", UnitFunction.AUDIT),
)
PERSON_FUNCTIONS: Final = (
    (CHIEF, PersonFunction.CHIEF),
    (CIO, PersonFunction.CIO),
)
CIO_DEPUTY: Final = "10118"
"""総務部長: held the function CIO for two weeks of 令和8年8月, while the 副市長 was away (職務代理)."""

UNITS: Final = """\
所属コード,所属名,かな,種別,ポリシー主体,上位所属コード,並び順,有効開始日
0010,副市長,ふくしちょう,執行機関等,市長部局,,10,2025-04-01
1000,企画部,きかくぶ,部,市長部局,,100,2025-04-01
1010,情報政策課,じょうほうせいさくか,課,市長部局,1000,110,2025-04-01
1020,行政経営課,ぎょうせいけいえいか,課,市長部局,1000,120,2025-04-01
1030,財政課,ざいせいか,課,市長部局,1000,130,2025-04-01
1040,広報課,こうほうか,課,市長部局,1000,140,2025-04-01
2000,総務部,そうむぶ,部,市長部局,,200,2025-04-01
2010,総務課,そうむか,課,市長部局,2000,210,2025-04-01
2020,人事課,じんじか,課,市長部局,2000,220,2025-04-01
2030,契約検査課,けいやくけんさか,課,市長部局,2000,230,2025-04-01
2040,管財課,かんざいか,課,市長部局,2000,240,2025-04-01
2050,防災課,ぼうさいか,課,市長部局,2000,250,2025-04-01
3000,税務部,ぜいむぶ,部,市長部局,,300,2025-04-01
3010,市民税課,しみんぜいか,課,市長部局,3000,310,2025-04-01
3020,資産税課,しさんぜいか,課,市長部局,3000,320,2025-04-01
3030,収納課,しゅうのうか,課,市長部局,3000,330,2025-04-01
4000,市民部,しみんぶ,部,市長部局,,400,2025-04-01
4010,市民課,しみんか,課,市長部局,4000,410,2025-04-01
4020,国保年金課,こくほねんきんか,課,市長部局,4000,420,2025-04-01
4030,𠮷田出張所,よしだしゅっちょうじょ,出先,市長部局,4000,430,2025-04-01
4040,北出張所,きたしゅっちょうじょ,出先,市長部局,4000,440,2025-04-01
5000,福祉部,ふくしぶ,部,市長部局,,500,2025-04-01
5010,地域福祉課,ちいきふくしか,課,市長部局,5000,510,2025-04-01
5020,生活支援課,せいかつしえんか,課,市長部局,5000,520,2025-04-01
5030,障害福祉課,しょうがいふくしか,課,市長部局,5000,530,2025-04-01
5040,高齢介護課,こうれいかいごか,課,市長部局,5000,540,2025-04-01
6000,こども部,こどもぶ,部,市長部局,,600,2025-04-01
6010,こども政策課,こどもせいさくか,課,市長部局,6000,610,2025-04-01
6020,保育課,ほいくか,課,市長部局,6000,620,2025-04-01
6030,こども家庭課,こどもかていか,課,市長部局,6000,630,2025-04-01
7000,環境部,かんきょうぶ,部,市長部局,,700,2025-04-01
7010,環境政策課,かんきょうせいさくか,課,市長部局,7000,710,2025-04-01
7020,資源循環課,しげんじゅんかんか,課,市長部局,7000,720,2025-04-01
7500,都市部,としぶ,部,市長部局,,750,2025-04-01
7510,都市計画課,としけいかくか,課,市長部局,7500,760,2025-04-01
7520,建築指導課,けんちくしどうか,課,市長部局,7500,770,2025-04-01
8000,建設部,けんせつぶ,部,市長部局,,800,2025-04-01
8010,道路課,どうろか,課,市長部局,8000,810,2025-04-01
8020,公園緑地課,こうえんりょくちか,課,市長部局,8000,820,2025-04-01
8500,会計課,かいけいか,課,市長部局,,850,2025-04-01
9000,教育委員会事務局,きょういくいいんかいじむきょく,部,教育委員会,,900,2025-04-01
9010,教育総務課,きょういくそうむか,課,教育委員会,9000,901,2025-04-01
9020,学校教育課,がっこうきょういくか,課,教育委員会,9000,902,2025-04-01
9030,生涯学習課,しょうがいがくしゅうか,課,教育委員会,9000,903,2025-04-01
9040,中央図書館,ちゅうおうとしょかん,出先,教育委員会,9000,904,2025-04-01
9100,議会事務局,ぎかいじむきょく,課,議会,,910,2025-04-01
9200,上下水道局,じょうげすいどうきょく,部,公営企業,,920,2025-04-01
9210,経営総務課,けいえいそうむか,課,公営企業,9200,921,2025-04-01
9220,工務課,こうむか,課,公営企業,9200,922,2025-04-01
9300,消防本部,しょうぼうほんぶ,部,消防,,930,2025-04-01
9310,消防総務課,しょうぼうそうむか,課,消防,9300,931,2025-04-01
9400,市民病院事務局,しみんびょういんじむきょく,課,病院,,940,2025-04-01
9500,選挙管理委員会事務局,せんきょかんりいいんかいじむきょく,課,市長部局,,950,2025-04-01
9600,監査事務局,かんさじむきょく,課,市長部局,,960,2025-04-01
"""

STAFF: Final = """\
職員番号,氏名,かな,令和7年度,令和8年度
10003,渡邉 健一,わたなべ けんいち,0010/副市長/長,=
10112,小山田 正樹,おやまだ まさき,1000/企画部長/長,=
10118,髙橋 秀明,たかはし ひであき,2000/総務部長/長,=
10132,沼田 博,ぬまた ひろし,3000/税務部長/長,-
10303,大久保 隆志,おおくぼ たかし,3010/課長/長,3000/税務部長/長
10136,三枝 久美子,さえぐさ くみこ,4000/市民部長/長,=
10141,樋口 雅彦,ひぐち まさひこ,5000/福祉部長/長,=
10154,早川 千鶴,はやかわ ちづる,6000/こども部長/長,=
10157,白石 孝雄,しらいし たかお,7000/環境部長/長,7000/環境部長/長+7010/環境部長/長/事務取扱
10165,桑原 俊介,くわばら しゅんすけ,7500/都市部長/長,=
10168,工藤 信二,くどう しんじ,8000/建設部長/長,=
10172,星野 律子,ほしの りつこ,9000/教育部長/長,=
10187,荒木 康弘,あらき やすひろ,9200/上下水道局長/長,=
10202,阿部 剛,あべ つよし,9300/消防長/長,=
10307,木内 真由美,きうち まゆみ,1010/課長/長,=
10709,内田 博司,うちだ ひろし,1010/課長補佐/代,=
11204,田所 亮,たどころ りょう,1010/主査/員,=
11219,松井 里奈,まつい りな,1010/主査/員,1030/主査/担
11222,小林 慎吾,こばやし しんご,1020/主査/員,1010/主査/員
11905,平田 彩,ひらた あや,1010/主任/担,=
11914,中村 直樹,なかむら なおき,1010/主任/員,=
12603,河合 拓海,かわい たくみ,1010/主事/副,=
10321,藤原 聡,ふじわら さとし,1020/課長/長,=
11225,宮下 陽子,みやした ようこ,1020/主査/員,=
11923,黒田 航,くろだ わたる,1020/主任/担,=
12606,増田 七海,ますだ ななみ,1020/主事/副,=
10327,北村 直人,きたむら なおと,1030/課長/長,=
11236,安藤 亮介,あんどう りょうすけ,1030/主査/担,2030/主査/担
12621,服部 葵,はっとり あおい,1030/主事/副,=
10333,杉本 亜希子,すぎもと あきこ,1040/課長/長,=
11241,川島 悠斗,かわしま ゆうと,1040/主査/担,=
12632,望月 さくら,もちづき さくら,1040/主事/副,=
10340,鈴木 俊郎,すずき としろう,2010/課長/長+9500/書記長/長/兼務,=
10714,松尾 弘美,まつお ひろみ,2010/課長補佐/代,=
11249,佐藤 美穂,さとう みほ,2010/主査/担,=
12645,大塚 隼人,おおつか はやと,2010/主事/副+9500/書記/員/兼務,=
10345,村瀬 佳代,むらせ かよ,2020/課長/長,=
10718,山口 貴史,やまぐち たかし,2020/課長補佐/代,=
11252,清水 友香,しみず ゆか,2020/主査/担,=
12653,岡本 蓮,おかもと れん,2020/主事/副,=
10362,内海 誠司,うつみ せいじ,2030/課長/長,=
11267,竹内 文彦,たけうち ふみひこ,2030/主査/担,2040/主査/担
12665,飯田 真央,いいだ まお,2030/主事/副,=
10378,横山 博之,よこやま ひろゆき,2040/課長/長,=
11283,神田 律,かんだ りつ,2040/主査/担,8500/主査/担
12678,根本 大地,ねもと だいち,2040/主事/副,=
10389,土屋 健太郎,つちや けんたろう,2050/課長/長,=
10727,五十嵐 浩二,いがらし こうじ,2050/課長補佐/代,=
11290,広瀬 夏美,ひろせ なつみ,2050/主査/担,=
12687,三浦 凌,みうら りょう,2050/主事/副,=
10393,岩崎 美和,いわさき みわ,3020/課長/長,3010/課長/長
10738,千葉 和也,ちば かずや,3010/課長補佐/代,=
11307,西田 麻衣,にしだ まい,3010/主査/担,4020/主査/担
12699,福島 琴音,ふくしま ことね,3010/主事/副,=
10409,本田 光一,ほんだ こういち,3030/課長/長,3020/課長/長
11318,原田 康介,はらだ こうすけ,3020/主査/担,=
12703,市原 結衣,いちはら ゆい,3020/主事/副,=
10743,﨑山 達也,さきやま たつや,5020/課長補佐/代,3030/課長/長
11333,東海林 孝,しょうじ たかし,3030/主査/担,=
12710,大場 拓也,おおば たくや,3030/主事/副,-
13412,前川 ひなた,まえかわ ひなた,-,3030/主事/副
10415,中島 京子,なかじま きょうこ,4010/課長/長,=
10760,石田 昌宏,いしだ まさひろ,4010/課長補佐/代,=
11348,飯島 由香里,いいじま ゆかり,4010/主査/担,=
11926,落合 純,おちあい じゅん,4010/主任/副,=
10419,片桐 修,かたぎり おさむ,4020/課長/長,=
11360,上野 雄一,うえの ゆういち,4020/主査/担,3010/主査/担
12722,久保 里緒,くぼ りお,4020/主事/副,=
10432,柴田 勝,しばた まさる,4030/所長/長,=
11377,矢野 光代,やの みつよ,4030/主査/担,=
11942,金子 豊,かねこ ゆたか,4030/主任/副,=
10436,𠮷田 昭夫,よしだ あきお,4040/所長/長,=
10440,長谷川 恵理,はせがわ えり,5010/課長/長,=
11387,川口 剛志,かわぐち つよし,5010/主査/担,6020/主査/担
12739,瀬戸 一樹,せと かずき,5010/主事/副,=
10444,小野寺 徹,おのでら とおる,5020/課長/長,=
10763,尾崎 良平,おざき りょうへい,6030/課長補佐/代,5020/課長補佐/代
11398,野村 亜由美,のむら あゆみ,5020/主査/担,=
12755,谷口 翼,たにぐち つばさ,5020/主事/副,=
10455,齋藤 礼子,さいとう れいこ,5030/課長/長,=
11412,井上 正和,いのうえ まさかず,5030/主査/担,=
12768,片山 莉子,かたやま りこ,5030/主事/副,=
10457,平岡 伸也,ひらおか しんや,5040/課長/長,=
10779,坂本 千春,さかもと ちはる,5040/課長補佐/代,=
11425,吉川 智宏,よしかわ ともひろ,5040/主査/担,=
12775,森下 涼太,もりした りょうた,5040/主事/副,=
10462,新井 奈緒美,あらい なおみ,6010/課長/長,=
11442,池田 美津子,いけだ みつこ,6010/主査/員,6030/課長補佐/代
11445,橋本 亮太,はしもと りょうた,6010/主査/担,=
12783,水谷 咲良,みずたに さら,6010/主事/副,=
10473,菅野 幸恵,かんの さちえ,6020/課長/長,=
11451,武田 志保,たけだ しほ,6020/主査/担,5010/主査/担
12792,小池 彩花,こいけ あやか,6020/主事/副,=
10487,西川 理香,にしかわ りか,6030/課長/長,=
11465,大石 真紀,おおいし まき,6030/主査/担,=
12809,辻本 海斗,つじもと かいと,6030/主事/副,=
10491,富田 一成,とみた かずなり,7010/課長/長,-
10786,堤 和夫,つつみ かずお,7010/課長補佐/代,=
11481,岸本 祐介,きしもと ゆうすけ,7010/主査/担,=
12823,柳沢 茉優,やなぎさわ まゆ,7010/主事/副,=
10501,堀内 大輔,ほりうち だいすけ,7020/課長/長,=
11487,若林 淳子,わかばやし じゅんこ,7020/主査/担,=
11502,塩谷 実,しおや みのる,7020/技能主任/副,=
10511,今泉 洋,いまいずみ ひろし,7510/課長/長,=
10801,関根 隆之,せきね たかゆき,7510/課長補佐/代,7520/課長/長
11515,久米 亮子,くめ りょうこ,7510/主査/担,=
12837,樽井 健,たるい けん,7510/主事/副,=
10520,篠原 敏,しのはら さとし,7520/課長/長,-
11521,石川 賢治,いしかわ けんじ,7520/主査/担,8010/主査/担
12841,児玉 愛,こだま あい,7520/主事/副,-
13419,長島 颯,ながしま はやて,-,7520/主事/副
10526,大竹 克也,おおたけ かつや,8010/課長/長,=
11530,榎本 俊,えのもと しゅん,8010/主査/担,7520/主査/担
12850,河野 沙織,こうの さおり,8010/主事/副,=
10528,永井 智子,ながい ともこ,8020/課長/長,=
11547,藤井 誠一郎,ふじい せいいちろう,8020/主査/担,=
12857,目黒 楓,めぐろ かえで,8020/主事/副,=
10538,須藤 春美,すどう はるみ,8500/会計管理者/長,=
11558,浅野 由紀,あさの ゆき,8500/主査/担,-
12859,宇野 光,うの ひかる,8500/主事/副,=
10544,古川 哲郎,ふるかわ てつろう,9010/課長/長,=
11573,濵田 恵子,はまだ けいこ,9010/主査/担,=
12872,相沢 陸,あいざわ りく,9010/主事/副,=
10556,島田 裕司,しまだ ゆうじ,9020/課長/長,=
11579,成田 恵,なりた めぐみ,9020/指導主事/担,=
12875,藤沢 美月,ふじさわ みづき,9020/主事/副,=
10572,江口 文子,えぐち ふみこ,9030/課長/長,=
11593,日高 徹也,ひだか てつや,9030/主査/担,9040/主査/担
12889,秋山 航太,あきやま こうた,9030/主事/副,=
10586,水野 典子,みずの のりこ,9040/館長/長,=
11607,菊池 陽子,きくち ようこ,9040/主査/担,9030/主査/担
11947,南 さやか,みなみ さやか,9040/司書/副,=
10603,野口 武,のぐち たけし,9100/事務局長/長,=
10815,矢島 敏夫,やじま としお,9100/次長/代,=
11610,大橋 弥生,おおはし やよい,9100/主査/担,=
12897,坂口 悠,さかぐち ゆう,9100/主事/副,=
10607,市川 宏,いちかわ ひろし,9210/課長/長,=
11618,中川 綾子,なかがわ あやこ,9210/主査/担,=
12913,林 隆太,はやし りゅうた,9210/主事/副,=
10614,田村 義則,たむら よしのり,9220/課長/長,=
11623,遠藤 誠,えんどう まこと,9220/主査/担,=
12925,牧野 玲,まきの れい,9220/技師/副,=
10617,石黒 淳,いしぐろ じゅん,9310/課長/長,=
10820,青木 大樹,あおき だいき,9310/消防司令/代,=
11625,滝沢 勇気,たきざわ ゆうき,9310/消防司令補/担,=
11953,戸田 亮平,とだ りょうへい,9310/消防士長/副,=
10622,丸山 秀樹,まるやま ひでき,9400/事務局長/長,=
11638,加藤 真弓,かとう まゆみ,9400/主査/担,=
12927,渋谷 祐,しぶや ゆう,9400/主事/副,-
13423,奥村 千尋,おくむら ちひろ,-,9400/主事/副
10630,伊藤 久雄,いとう ひさお,9600/事務局長/長,=
11652,辻 恒一,つじ こういち,9600/主査/員,=
11959,佐々木 葉子,ささき ようこ,9600/主任/担,=
"""
"""A seat is 所属コード/職名/役割, 兼務 and 事務取扱 behind it; = means the same seat again, - none at all.

役割: 長 leads, 代 is deputy (代決者), 担 is clerk (点検担当者), 副 stands in for the clerk, 員 none of these.
"""

OFFICES: Final = """\
所属コード,種類,力,状況
1010,inside,8,PI OUT CL TW RM WL
1020,inside,8,OUT TW
1030,inside,7,TW
1040,facility,6,PI OUT CL PUB WL
2010,inside,6,PI OUT
2020,inside,7,PI OUT CL
2030,inside,6,PI
2040,site,5,PI OUT RM
2050,facility,6,PI OUT CL PUB RM
3010,counter,7,MN PI OUT
3020,counter,6,MN PI OUT
3030,counter,5,MN PI OUT CL
4010,counter,6,MN PI OUT
4020,counter,6,MN PI OUT
4030,counter,4,MN PI RM
4040,counter,5,MN PI RM
5010,welfare,6,MN PI OUT
5020,welfare,5,MN PI OUT
5030,welfare,6,MN PI OUT
5040,welfare,7,MN PI OUT CL
6010,welfare,6,MN PI OUT PUB
6020,welfare,5,MN PI OUT CL
6030,welfare,7,MN PI
7010,inside,5,PI OUT PUB
7020,site,5,PI OUT
7510,site,6,PI OUT
7520,site,4,PI
8010,site,5,PI OUT
8020,site,4,PI OUT PUB
8500,inside,9,PI OUT
9010,inside,7,PI OUT
9020,welfare,6,MN PI OUT CL
9030,facility,5,PI OUT CL PUB WL
9040,facility,6,PI OUT CL PUB RM WL
9100,inside,6,PI OUT PUB WL
9210,inside,7,PI OUT CL
9220,site,5,PI OUT RM
9310,facility,6,PI RM PUB
9400,facility,5,MN PI OUT CL RM WL
9600,inside,9,PI
"""
"""Who has a sheet: the kind of office, how well it is kept (1 to 10), and the flags of its profile."""


class Role(StrEnum):
    """What somebody is in a unit."""

    HEAD = "長"
    DEPUTY = "代"
    CLERK = "担"
    ALTERNATE = "副"
    STAFF = "員"


class Kind(StrEnum):
    """What sort of work an office does: its weak points follow from it."""

    COUNTER = "counter"
    WELFARE = "welfare"
    SITE = "site"
    FACILITY = "facility"
    INSIDE = "inside"


@dataclass(frozen=True, slots=True)
class Seat:
    """One post of one person."""

    unit: str
    title: str
    role: Role
    kind: str = "本務"


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody with the seats of both years."""

    staff_no: str
    name: str
    kana: str
    seats: dict[int, tuple[Seat, ...]]


@dataclass(frozen=True, slots=True)
class Office:
    """A unit that answers a sheet."""

    code: str
    kind: Kind
    strength: int
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Team:
    """Who acts for a unit in a year, by staff number. Without a clerk the head answers."""

    head: str
    clerks: tuple[str, ...]
    deputies: tuple[str, ...]


@cache
def employees() -> tuple[Employee, ...]:
    """Return everybody who works for the city in either year."""
    return tuple(_employee(row) for row in csv.DictReader(io.StringIO(STAFF)))


def _employee(row: dict[str, str]) -> Employee:
    first = _seats(row["令和7年度"])
    second = first if row["令和8年度"] == "=" else _seats(row["令和8年度"])
    seats = {FIRST_YEAR: first, SECOND_YEAR: second}
    return Employee(row["職員番号"], row["氏名"], row["かな"], seats)


def _seats(cell: str) -> tuple[Seat, ...]:
    return () if cell == "-" else tuple(_seat(part) for part in cell.split("+"))


def _seat(part: str) -> Seat:
    unit, title, role, *kind = part.split("/")
    return Seat(unit, title, Role(role), *kind)


@cache
def offices() -> tuple[Office, ...]:
    """Return every unit that answers a sheet."""
    rows = csv.DictReader(io.StringIO(OFFICES))
    return tuple(
        Office(row["所属コード"], Kind(row["種類"]), int(row["力"]), frozenset(row["状況"].split()))
        for row in rows
    )


@cache
def team(unit: str, *, year: int) -> Team:
    """Return who acts for a unit in a year."""
    held = [(seat.role, one.staff_no) for one in employees() for seat in one.seats[year] if seat.unit == unit]
    return Team(
        head=next(staff_no for role, staff_no in held if role is Role.HEAD),
        clerks=tuple(
            staff_no for wanted in (Role.CLERK, Role.ALTERNATE) for role, staff_no in held if role is wanted
        ),
        deputies=tuple(staff_no for role, staff_no in held if role is Role.DEPUTY),
    )


def name_of(staff_no: str) -> str:
    """Return the name of somebody."""
    return next(one.name for one in employees() if one.staff_no == staff_no)


def posting_list(*, year: int) -> bytes:
    """Return the list of posts that the personnel office hands over: for the second year, what changes."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("職員番号", "氏名", "かな", "所属コード", "職名", "区分", "発令", "開始日", "終了日"))
    for one in employees():
        for seat, first, last in _postings(one, year=year):
            position = "所属長" if seat.role is Role.HEAD else "職員"
            writer.writerow(
                (one.staff_no, one.name, one.kana, seat.unit, seat.title, position, seat.kind, first, last)
            )
    return text.getvalue().encode()


def _postings(one: Employee, *, year: int) -> Iterator[tuple[Seat, str, str]]:
    before, after = one.seats[FIRST_YEAR], one.seats[SECOND_YEAR]
    if year == FIRST_YEAR:
        yield from ((seat, "2025-04-01", "") for seat in before)
        return
    yield from ((seat, "2025-04-01", "2026-03-31") for seat in before if seat not in after)
    yield from ((seat, "2026-04-01", "") for seat in after if seat not in before)
