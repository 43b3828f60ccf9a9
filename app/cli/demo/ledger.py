"""The ledger of the demonstration city, and its first inspection of systems. All names are invented."""

from datetime import date
from typing import Final

from app.cli.demo.city import MANAGER, REVIEWERS, SECOND_YEAR
from app.cli.demo.desk import People
from app.cli.demo.way import at_minute
from app.inspections.commands.campaign import CampaignDraft, open_campaign, prepare_campaign
from app.inspections.rules import CampaignDates, CampaignKind
from app.kernel.ids import EditionId
from app.organisation.queries import unit_ids_by_code
from app.systems.commands import import_systems
from app.systems.files import system_rows

LEDGER: Final = """\
台帳番号,名称,かな,所管所属コード,機密性,ネットワーク,保守期限,委託先,備考,廃止日
S-001,住民記録システム,じゅうみんきろくしすてむ,4010,3B,マイナンバー利用事務系,2029-03-31,みほんデータ株式会社,標準準拠システムへ移行済み,
S-002,証明書発行端末,しょうめいしょはっこうたんまつ,4010,3B,マイナンバー利用事務系,2027-02-28,みほんデータ株式会社,コンビニ交付の機器を含む,
S-003,国民健康保険システム,こくみんけんこうほけんしすてむ,4020,3B,マイナンバー利用事務系,2029-03-31,みほんデータ株式会社,,
S-004,市民税課税システム,しみんぜいかぜいしすてむ,3010,3B,マイナンバー利用事務系,2029-03-31,かなた情報株式会社,,
S-005,滞納整理支援システム,たいのうせいりしえんしすてむ,3030,3B,LGWAN接続系,2026-09-30,かなた情報株式会社,令和9年度に更改を予算要求,
S-006,生活保護システム,せいかつほごしすてむ,5020,3B,マイナンバー利用事務系,2028-09-30,さがみソフト株式会社,,
S-007,保育入所選考システム,ほいくにゅうしょせんこうしすてむ,6020,3B,LGWAN接続系,2028-03-31,さがみソフト株式会社,,
S-008,財務会計システム,ざいむかいけいしすてむ,1030,3C,LGWAN接続系,2030-03-31,株式会社あおば計算,,
S-009,人事給与システム,じんじきゅうよしすてむ,2020,3C,LGWAN接続系,2028-03-31,株式会社あおば計算,,
S-010,文書管理システム,ぶんしょかんりしすてむ,2010,3C,LGWAN接続系,2029-03-31,株式会社あおば計算,電子決裁を含む,
S-011,市公式ウェブサイト,しこうしきうぇぶさいと,1040,2,インターネット接続系,2027-03-31,ひなた制作株式会社,クラウドで運用,
S-012,庁内ネットワーク基盤,ちょうないねっとわーくきばん,1010,3C,LGWAN接続系,2027-09-30,みほんデータ株式会社,認証基盤と仮想化基盤を含む,
S-013,旧施設予約システム,きゅうしせつよやくしすてむ,2040,2,インターネット接続系,2025-03-31,ひなた制作株式会社,新しい予約サイトへ移行,令和8年4月1日
S-014,気象観測盤,きしょうかんそくばん,2050,1,独立・その他,,,保守契約なし,
"""
DATES: Final = CampaignDates(
    base_date=date(2026, 11, 2),
    answer_from=date(2026, 11, 16),
    answer_due=date(2026, 12, 11),
    approval_due=date(2026, 12, 18),
    review_due=date(2027, 1, 29),
    grace_until=date(2026, 12, 25),
)
NOTICE: Final = """\
台帳にある情報システムごとに、点検票へ回答してください。
情報システム管理者（所管の所属長）が、担当者と保守業者に確かめて答えます。
分からない項目は「わからない」を選ぶと、情報主管課へ質問が届きます。"""


def keep_ledger(people: People) -> None:
    """In the spring of 令和8年 the lead division reads the ledger in, as it was kept in a spreadsheet until then."""
    now = at_minute(date(2026, 4, 22), 615)
    actor = people.actor(REVIEWERS[SECOND_YEAR][0], now=now)
    import_systems(people.session, actor=actor, rows=system_rows(LEDGER.encode()), now=now)


def inspect_systems(people: People, *, edition_id: EditionId) -> None:
    """In 令和8年11月 the first inspection of systems begins: one sheet for each system in use."""
    prepared, opened = at_minute(date(2026, 11, 9), 640), at_minute(date(2026, 11, 13), 905)
    codes = {line.split(",")[3] for line in LEDGER.splitlines()[1:]}
    draft = CampaignDraft(
        title="令和8年度 情報システム点検",
        kind=CampaignKind.REGULAR,
        fiscal_year=SECOND_YEAR,
        edition_id=edition_id,
        dates=DATES,
        notice=NOTICE,
        unit_ids=frozenset(unit_ids_by_code(people.session, codes=codes).values()),
    )
    reviewer = people.actor(REVIEWERS[SECOND_YEAR][0], now=prepared)
    campaign_id = prepare_campaign(people.session, actor=reviewer, draft=draft, now=prepared)
    manager = people.actor(MANAGER, now=opened)
    open_campaign(people.session, actor=manager, campaign_id=campaign_id, seen_version=1, now=opened)
