"""The words that cities use in lists of staff: in headers, and in cells for one of our codes. Compared folded."""

import re
from collections.abc import Mapping
from typing import Final

from app.kernel.text import search_key
from app.people.rules import (
    PRESENT,
    AbsenceKind,
    Change,
    EmploymentType,
    HrField,
    Position,
    PostingKind,
)

HEADER_WORDS: Final[Mapping[HrField, tuple[str, ...]]] = {
    HrField.STAFF_NO: ("職員番号", "職員コード", "職員CD", "職員No", "職員ID", "職番"),
    HrField.NAME: ("氏名", "職員氏名", "漢字氏名", "氏名漢字", "職員名", "名前"),
    HrField.KANA: (
        *("かな", "フリガナ", "かな氏名", "氏名かな", "氏名フリガナ", "職員かな氏名"),
        *("読み", "読みがな", "よみ"),
    ),
    HrField.EMPLOYMENT: ("任用区分", "職員区分", "任用形態", "雇用区分", "任用種別", "職員種別"),
    HrField.CHANGE: (
        *("異動種別", "異動区分", "異動事由", "異動内容"),
        *("発令種別", "発令事由", "発令内容"),
    ),
    HrField.UNIT_CODE: (
        *("新所属コード", "新所属CD", "所属コード", "所属CD", "所属番号"),
        *("課コード", "部署コード", "組織コード"),
    ),
    HrField.TITLE: ("新職名", "新補職名", "職名", "補職名", "役職名", "役職", "補職"),
    HrField.POSITION: ("区分", "所属長区分", "所属長"),
    HrField.KIND: ("発令", "発令区分", "本務兼務区分", "本兼区分", "本務区分", "兼務区分", "主務区分"),
    HrField.FIRST_DAY: (
        *("発令日", "発令年月日", "異動日", "異動年月日"),
        *("開始日", "開始年月日", "適用日", "適用年月日"),
    ),
    HrField.LAST_DAY: (
        *("終了日", "終了年月日", "任期満了日", "任期終了日", "任用終了日"),
        *("期間終了日", "満了日"),
    ),
    HrField.ORDER_NO: ("発令番号", "辞令番号", "発令No", "発令記号番号"),
    HrField.LEFT_ON: ("退職日", "退職年月日", "離職日"),
    HrField.ABSENCE: ("休職等", "休職区分", "休業区分", "在職区分", "在職状況", "勤務状態"),
    HrField.ABSENCE_FROM: ("休職等開始日", "休職開始日", "休業開始日"),
    HrField.ABSENCE_TO: ("休職等終了日", "休職終了日", "休業終了日"),
}
"""For each field, the words of a header; where a file has several of them, the first here is meant."""

HEADERS_IN_TWO: Final[Mapping[HrField, tuple[tuple[str, str], ...]]] = {
    HrField.NAME: (("姓", "名"), ("氏", "名"), ("漢字姓", "漢字名"), ("姓漢字", "名漢字")),
    HrField.KANA: (("セイ", "メイ"), ("かな姓", "かな名"), ("姓かな", "名かな")),
}
"""Names in two columns, where there is none for the whole."""

CELL_WORDS: Final[Mapping[HrField, Mapping[str, tuple[str, ...]]]] = {
    HrField.POSITION: {
        Position.HEAD: ("所属長",),
        Position.STAFF: ("職員", "所属員", "一般職員"),
    },
    HrField.KIND: {
        PostingKind.MAIN: ("本務", "本職", "主務", "本"),
        PostingKind.CONCURRENT: ("兼務", "兼職", "兼任", "兼"),
        PostingKind.JOINT: ("併任", "併"),
        PostingKind.ACTING: ("事務取扱", "事務取扱い", "取扱"),
    },
    HrField.EMPLOYMENT: {
        EmploymentType.REGULAR: ("正規", "正規職員", "正職員", "常勤職員", "常勤", "任期の定めのない職員"),
        EmploymentType.REAPPOINTED: (
            *("再任用", "再任用職員", "暫定再任用", "暫定再任用職員"),
            *("定年前再任用", "定年前再任用短時間勤務職員"),
        ),
        EmploymentType.FIXED_TERM: ("任期付", "任期付き", "任期付職員", "任期付任用", "任期付採用"),
        EmploymentType.ANNUAL: ("会計年度任用職員", "会計年度任用", "会計年度", "会年"),
        EmploymentType.DISPATCHED_IN: ("派遣（受入）", "派遣受入", "受入派遣", "派遣受入職員", "割愛"),
        EmploymentType.SPECIAL: ("特別職", "特別職職員"),
        EmploymentType.CONTRACTOR: ("委託先", "委託", "業務委託"),
    },
    HrField.ABSENCE: {
        PRESENT: ("在職", "在職中", "在籍", "勤務", "勤務中", "現職", "なし", "無", "-"),
        AbsenceKind.LEAVE: ("休職", "休職中", "病気休職", "分限休職"),
        AbsenceKind.PARENTAL: ("育休", "育児休業", "育児休業中", "育休中"),
        AbsenceKind.SECONDED: ("派遣（出向）", "派遣", "出向", "派遣出向", "派遣中", "出向中"),
    },
    HrField.CHANGE: {
        Change.HIRE: ("採用", "新規採用", "新採用", "再任用", "転入", "任用", "割愛採用"),
        Change.MOVE: (
            *("異動", "配置換", "配置換え", "配置替え", "転任", "転補"),
            *("昇任", "昇格", "昇格異動", "昇任異動", "降任", "職名変更"),
        ),
        Change.DEPART: (
            *("退職", "定年退職", "普通退職", "勧奨退職", "辞職", "失職", "免職", "死亡退職"),
            *("任期満了", "任期満了退職", "転出", "割愛退職"),
        ),
        Change.LEAVE: ("休職", "病気休職", "分限休職"),
        Change.PARENTAL: ("育休", "育児休業"),
        Change.SECONDED: ("派遣（出向）", "派遣", "出向", "派遣出向"),
        Change.BACK: ("復職", "復帰", "育休復帰", "職務復帰", "派遣解除", "派遣終了", "休職解除"),
        Change.CONCURRENT: ("兼務発令", "兼務", "兼務命"),
        Change.CONCURRENT_END: ("兼務解除", "兼務免"),
        Change.JOINT: ("併任発令", "併任", "併任命"),
        Change.JOINT_END: ("併任解除", "併任免"),
        Change.ACTING: ("事務取扱発令", "事務取扱", "事務取扱命"),
        Change.ACTING_END: ("事務取扱解除", "事務取扱免"),
    },
}
"""For each field that has codes, the words of everybody. Words of one city stand in its mapping, and come first."""

MEANING: Final[Mapping[HrField, Mapping[str, str]]] = {
    field: {search_key(word): code for code, words in codes.items() for word in words}
    for field, codes in CELL_WORDS.items()
}
"""The code for each word, folded."""


def header_keys(header: str) -> tuple[str, str]:
    """Return a word of a header as it is compared: as it stands, and without remarks (氏名（漢字）, ※職名)."""
    whole = search_key(header)
    return whole, re.sub(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】|[※*:]", "", whole)
