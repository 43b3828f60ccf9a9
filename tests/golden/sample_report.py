"""A rich invented report: 72 items, every level and judgement, difficult names, markup, a long comment."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from app.kernel.fiscal_year import long_date, long_instant
from app.reports.rules import (
    Approval,
    CourseLine,
    GradeBand,
    InspectionReport,
    JournalSeal,
    Judgement,
    JudgementMark,
    LevelCount,
    LevelMark,
    MandatoryMiss,
    ReportDay,
    ReportItem,
    ReportLevel,
    ScoreFigure,
    ScoreLine,
    SectionLine,
    Standing,
)

DONE = ReportLevel(mark=LevelMark.DONE, label="実施")
PARTLY = ReportLevel(mark=LevelMark.PARTLY, label="一部実施")
NOT_DONE = ReportLevel(mark=LevelMark.NOT_DONE, label="未実施")
NOT_APPLICABLE = ReportLevel(mark=LevelMark.NOT_APPLICABLE, label="対象外")
EXCEPTION = ReportLevel(mark=LevelMark.EXCEPTION, label="例外承認")
UNKNOWN = ReportLevel(mark=LevelMark.UNKNOWN, label="わからない")
UNANSWERED = ReportLevel(mark=LevelMark.UNANSWERED, label="未回答")
LEVELS = (DONE, PARTLY, NOT_DONE, NOT_APPLICABLE, EXCEPTION, UNKNOWN, UNANSWERED)

ACCEPTED = Judgement(mark=JudgementMark.ACCEPTED, label="受理")
WITH_REMARK = Judgement(mark=JudgementMark.ACCEPTED_WITH_REMARK, label="所見を付けて受理")
CHANGED = Judgement(mark=JudgementMark.CHANGED, label="評価を変更")
RETURNED = Judgement(mark=JudgementMark.RETURNED, label="差戻し")
PENDING = Judgement(mark=JudgementMark.PENDING, label="審査前")

PER_SECTION = 8
SECTIONS = (
    "体制と責任",
    "情報資産の管理",
    "端末・記憶媒体",
    "認証・アカウント",
    "メール・ウェブの利用",
    "委託・クラウドサービス",
    "執務室と機器の物理的な保護",
    "事故への備えと報告",
    "研修と周知",
)
STATEMENTS = (
    "情報セキュリティ管理者（所属長）と点検担当者の氏名を、所属の全員が知っている。",
    "情報資産台帳に、この所属が持つ機密性2以上の情報資産をすべて載せている。",
    "離席するときは、端末の画面をロックしている。",
    "USBメモリは、管理簿に記録した市の物だけを使い、使い終わったら所定の場所に戻して鍵をかけている。",
    "共用IDを使うときは、だれがいつ使ったかを利用簿に残している。",
    "外部へ送るメールは、送信前に宛先と添付ファイルを二人で確かめている（個人情報を含む場合）。",
    "委託契約書に「再委託の事前承認」「作業場所」「作業者の名簿」「事故の報告」の4点を書いている。",
    "事故に気付いたときの連絡先（内線 2345、夜間 090-0000-0000）を執務室に掲示している。",
    "新しく着任した職員は、着任から30日以内に情報セキュリティ研修を受けている。",
)
LONG_COMMENT = (
    "旧庁舎から運んだ共有フォルダーに、保存期間を過ぎたデータが残っている。所管を確かめながら、"
    "12月25日（金）までに一覧を作り、所属長の確認を受けてから消去する。作業は2人で行い、記録を残す。"
) * 40
"""Near the 4,000 characters a comment may have."""

COMMENTS = {
    "1-2": "台帳を4月1日に見直した。",
    "2-3": LONG_COMMENT[:3990],
    "3-4": (
        "更新した5台のうち2台が、まだ暗号化されていない。\n"
        "11月30日（月）までに設定を終え、結果を情報政策課へ報告する。"
    ),
    "4-5": "応援職員が使った2件に、利用簿の記録がない。",
    "5-1": "<b>太字ではない</b> {{7*7}} ${HOME} %(name)s <script>alert(1)</script> &amp; <br/> \\n",
    "5-6": "見た目は「exe.pdf」: report\u202efdp.exe 制御文字: \x07 終わり。絵文字: 🔒 外字: \ue000",
    "6-2": (
        "委託先に名簿の提出を依頼した。"
        "https://www.example.jp/keiyaku/itaku/2026/shiyousho-betten-dai4han-kaiteiban.html に様式がある。"
    ),
    "6-7": "𠮷田建設（𠮷田 﨑子 様）、髙橋印刷、葛\U000e0100城の3者と契約している。か\u3099ぎは金庫に置く。",
    "8-1": "訓練を10月30日に実施した。参加率は96.4%で、前回の88.0%から上がった。",
}
REMARKS = {
    "2-3": "消去の記録を、次の審査で確かめます。",
    "3-4": "2台は、設定が終わるまで持ち出しを止めてください。",
    "4-5": "「実施」とありますが、利用簿の記録が2件足りないため「一部実施」に変えました。",
    "6-2": "契約変更の時期を所属長と相談してください。",
}
REVIEWED = {"4-5": PARTLY}
ANSWERS = {
    "1-7": PARTLY,
    "2-3": PARTLY,
    "2-8": NOT_APPLICABLE,
    "3-4": NOT_DONE,
    "3-6": EXCEPTION,
    "4-8": UNKNOWN,
    "5-4": PARTLY,
    "6-2": NOT_DONE,
    "6-8": UNANSWERED,
    "7-3": PARTLY,
    "7-8": NOT_APPLICABLE,
    "8-4": PARTLY,
    "9-2": UNKNOWN,
}
LAST_YEAR = {"3-4": DONE, "4-5": DONE, "2-3": NOT_DONE, "6-2": NOT_DONE, "9-1": PARTLY}
NEW_ITEMS = {"5-8", "9-8"}
POINTS = {LevelMark.DONE: 2, LevelMark.EXCEPTION: 2, LevelMark.PARTLY: 1}

TAKEN_OVER: Final = 7
"""The section in which every answer is last year's."""


def _day(day: date) -> ReportDay:
    return ReportDay(text=long_date(day), day=day)


ACTION_DUE = {
    "1-7": _day(date(2027, 1, 29)),
    "3-4": _day(date(2026, 11, 30)),
    "6-2": _day(date(2026, 12, 25)),
}
MADE_AT = datetime(2026, 11, 18, 6, 2, tzinfo=UTC)


def digest(seed: str) -> str:
    """A digest for the sample."""
    return hashlib.sha256(seed.encode()).hexdigest()


def rich_report() -> InspectionReport:
    """The report of 税務課 after sign-off."""
    items = tuple(_item(section, at) for section in range(1, 10) for at in range(1, PER_SECTION + 1))
    return InspectionReport(
        city="見本市",
        product_name="情報セキュリティ自己点検システム",
        form_number="様式第2号",
        document_number="08情政第321号",
        classification="取扱注意　機密性2",
        standing=Standing.SEALED,
        copy_mark=None,
        title="情報セキュリティ自己点検　結果報告書",
        fiscal_year="令和8年度",
        last_fiscal_year="令和7年度",
        campaign_title="令和8年度 情報セキュリティ自己点検",
        kind="定期",
        unit_name="税務課",
        unit_path="総務部",
        base_date="令和8年10月1日(木)",
        dates=(
            ("基準日", _day(date(2026, 10, 1))),
            ("回答の期限", _day(date(2026, 11, 13))),
            ("猶予日", _day(date(2026, 11, 30))),
        ),
        generated_at="令和8年11月18日(水) 15時02分",
        made_at=MADE_AT,
        checklist_title="所属点検票",
        edition_label="第4版",
        edition_digest=digest("edition"),
        method_name="重み付き平均・重要項目の上限つき 第1版",
        method_digest=digest("method"),
        revision_number=1,
        revision_digest=digest("revision"),
        grade="C",
        grade_note="得点は A の範囲ですが、重要項目に未達があるため、上限の C になります。",
        bands=(
            GradeBand(grade="A", range_text="90点以上"),
            GradeBand(grade="B", range_text="75点以上"),
            GradeBand(grade="C", range_text="60点以上"),
            GradeBand(grade="D", range_text="60点未満"),
        ),
        self_score=ScoreFigure(text="91.4点", percent=91.43),
        reviewed_score=ScoreFigure(text="90.7点", percent=90.71),
        last_year_score=ScoreFigure(text="79.2点", percent=79.2),
        answer_rate_text="98.6%",
        unanswered_items=1,
        unknown_items=2,
        taken_over_text="8件（11.1%）",
        time_text="およそ42分",
        action_text="3項目（最初は令和8年11月30日(月)）",
        level_counts=_counts(items),
        mandatory_total=18,
        mandatory_misses=_misses(items),
        sections=tuple(_section(number, title, items) for number, title in enumerate(SECTIONS, start=1)),
        items=items,
        score_basis="情報主管課の審査による得点です。対象外の項目は、得点と満点の両方から除きます。",
        score_formula="獲得 127 ÷ 満点 140 × 100 ＝ 90.7点",
        score_lines=tuple(_score_line(item) for item in items),
        head_statement="未設定の2台は、設定が終わるまで持ち出しを止めました。",
        reviewer_statement="昨年度から続く課題のうち、データの消去に進みがありました。重要項目の2件は、期限までの是正を求めます。",
        approvals=_approvals(),
        sign_off=Approval(
            step="確定",
            post="情報政策課長",
            name="木村 﨑子",
            capacity="統括情報セキュリティ責任者",
            at_text="令和8年11月18日(水) 15時02分",
            at=MADE_AT,
            digest=digest("revision"),
        ),
        journal_seal=JournalSeal(sequence=412, digest=digest("seal")),
        course=_course(),
    )


def draft_report() -> InspectionReport:
    """The same sheet before any approval: no review, no last year, no annexed score."""
    report = rich_report()
    return replace(
        report,
        standing=Standing.DRAFT,
        grade="",
        grade_note="",
        document_number="",
        reviewed_score=None,
        last_year_score=None,
        mandatory_misses=(),
        sections=tuple(replace(line, reviewed_score=None, last_year_score=None) for line in report.sections),
        items=tuple(
            replace(item, judgement=None, reviewed_level=None, last_year=None, remark="")
            for item in report.items
        ),
        score_basis="",
        score_formula="",
        score_lines=(),
        head_statement="",
        reviewer_statement="",
        approvals=(),
        sign_off=None,
        journal_seal=None,
        course=(),
        revision_digest="",
    )


def _item(section: int, at: int) -> ReportItem:
    number = f"{section}-{at}"
    level = ANSWERS.get(number, DONE)
    remark = REMARKS.get(number, "")
    return ReportItem(
        number=number,
        key=f"sample.{number}",
        section_number=str(section),
        statement=STATEMENTS[(section * 5 + at) % len(STATEMENTS)],
        is_mandatory=at in {2, 4},
        weight=2 if at == 1 else 1,
        level=level,
        comment=COMMENTS.get(number, ""),
        action_due=ACTION_DUE.get(number),
        is_taken_over=section == TAKEN_OVER,
        last_year=None if number in NEW_ITEMS else LAST_YEAR.get(number, DONE),
        judgement=_judgement(number, level, remark),
        reviewed_level=REVIEWED.get(number, level),
        remark=remark,
        returned_count=1 if number in {"3-4", "6-2"} else 0,
        not_applicable_reason="この所属は、サーバー室も個人番号利用事務の端末も持たない。"
        if level is NOT_APPLICABLE
        else "",
    )


def _judgement(number: str, level: ReportLevel, remark: str) -> Judgement:
    if number in REVIEWED:
        return CHANGED
    if level is UNANSWERED:
        return PENDING
    if number == "9-2":
        return RETURNED
    return WITH_REMARK if remark else ACCEPTED


def _counts(items: tuple[ReportItem, ...]) -> tuple[LevelCount, ...]:
    held = [item.reviewed_level for item in items]
    return tuple(LevelCount(level=level, items=held.count(level)) for level in LEVELS)


def _misses(items: tuple[ReportItem, ...]) -> tuple[MandatoryMiss, ...]:
    return tuple(
        MandatoryMiss(
            number=item.number,
            statement=item.statement,
            level=item.level,
            comment=item.comment,
            action_due=item.action_due,
        )
        for item in items
        if item.is_mandatory and item.level in {NOT_DONE, UNKNOWN, PARTLY}
    )


def _section(number: int, title: str, items: tuple[ReportItem, ...]) -> SectionLine:
    own = tuple(item for item in items if item.section_number == str(number))
    return SectionLine(
        number=str(number),
        title=title,
        self_score=_figure([item.level for item in own]),
        reviewed_score=_figure([item.reviewed_level or item.level for item in own]),
        last_year_score=None
        if number == len(SECTIONS)
        else ScoreFigure(text=f"{60 + number * 4}.0点", percent=60.0 + number * 4),
        counts=_counts(own),
    )


def _figure(levels: list[ReportLevel]) -> ScoreFigure:
    counted = [level for level in levels if level is not NOT_APPLICABLE]
    percent = 100 * sum(POINTS.get(level.mark, 0) for level in counted) / (2 * len(counted))
    return ScoreFigure(text=f"{percent:.1f}点", percent=percent)


def _score_line(item: ReportItem) -> ScoreLine:
    level = item.reviewed_level or item.level
    notes = {NOT_APPLICABLE: "分母から除く", EXCEPTION: "例外承認（令和9年3月31日まで）を2点とする"}
    weight = item.weight
    return ScoreLine(
        number=item.number,
        level=level,
        weight_text=f"×{weight}",
        earned_text="―" if level is NOT_APPLICABLE else str(POINTS.get(level.mark, 0) * weight),
        possible_text="―" if level is NOT_APPLICABLE else str(2 * weight),
        note=notes.get(level, ""),
    )


def _approvals() -> tuple[Approval, ...]:
    return (
        Approval(
            step="点検担当者",
            post="税務課 主査",
            name="佐藤 健一",
            capacity="点検担当者",
            at_text="令和8年11月10日(火) 16時42分",
            at=datetime(2026, 11, 10, 7, 42, tzinfo=UTC),
            digest=digest("submitted"),
        ),
        Approval(
            step="所属長",
            post="税務課 課長補佐",
            name="𠮷田 髙志",
            capacity="代決（所属長 不在）",
            at_text="令和8年11月11日(水) 9時05分",
            at=datetime(2026, 11, 11, 0, 5, tzinfo=UTC),
            digest=digest("approved"),
            note="後閲 11月13日",
        ),
        Approval(
            step="審査",
            post="情報政策課 係長",
            name="田中 真由美",
            capacity="審査担当者",
            at_text="令和8年11月16日(月) 11時20分",
            at=datetime(2026, 11, 16, 2, 20, tzinfo=UTC),
            digest=digest("reviewed"),
        ),
    )


def _course() -> tuple[CourseLine, ...]:
    returned = MADE_AT - timedelta(days=5)
    steps = (
        (MADE_AT - timedelta(days=8), "承認を依頼する", "", "税務課 主査　佐藤 健一", "", None),
        (
            MADE_AT - timedelta(days=7),
            "承認して情報主管課へ提出する",
            "",
            "税務課 課長補佐　𠮷田 髙志",
            "",
            None,
        ),
        (returned, "差戻しを送る", "", "情報政策課 係長　田中 真由美", "", None),
        (
            returned,
            "項目の差戻し",
            "3-4",
            "",
            "=2+3 ではなく、台数を書いてください。",
            _day(date(2026, 11, 16)),
        ),
        (MADE_AT - timedelta(days=4), "差戻しへの返信", "3-4", "", "-2台 を残して終えました。", None),
        (MADE_AT, "確定する", "", "情報政策課長　木村 﨑子", "", None),
    )
    return tuple(
        CourseLine(
            at=at, at_text=long_instant(at), what=what, item_number=number, who=who, words=words, due=due
        )
        for at, what, number, who, words, due in steps
    )
