"""Which words of a text are marked: where a Japanese reader would put the marks."""

import pytest

from app.checklists.rules import Mark, marked, tokens

BRACKETS = {Mark.SAME: "{}", Mark.OLD: "[-{}-]", Mark.NEW: "{{+{}+}}"}


def shown(old: str, new: str) -> str:
    return "".join(BRACKETS[part.mark].format(part.text) for part in marked(old, new=new).parts)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("台帳を現物と見比べた。", "台帳|を|現物|と|見比べた|。"),
        ("共有フォルダのアクセス権", "共有|フォルダ|の|アクセス|権"),
        ("ISO/IEC 27002 5.24", "ISO|/|IEC| |27002| |5.24"),
        ("JC-STARの3件（足りなければ全部）", "JC-STAR|の|3|件|（|足りなければ|全部|）"),
        ("𠮷田課と﨑山", "𠮷田課|と|﨑山"),
        ("", ""),
    ],
)
def test_a_text_is_cut_by_script_and_particle(text: str, cut: str) -> None:
    assert "|".join(tokens(text)) == cut


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "最新の緊急連絡網を、課の全員が見られる所に置いている。",
            "夜間休日も使える最新の事故連絡網を、課の全員が見られる所に置いている。",
            "{+夜間休日も使える+}最新の[-緊急-]{+事故+}連絡網を、課の全員が見られる所に置いている。",
        ),
        (
            "職員の全員が、研修を受けた。",
            "課の全員（会計年度任用職員も含む）が、研修を受けた。",
            "[-職員-]{+課+}の全員{+（会計年度任用職員も含む）+}が、研修を受けた。",
        ),
        (
            "アクセス権を、人事異動のたびに見直している。",
            "アクセス権を、直近の人事異動の後に見直した。",
            "アクセス権を、{+直近の+}人事異動の[-たびに見直している-]{+後に見直した+}。",
        ),
        ("10日分の名前がある。", "5日分の名前がある。", "[-10-]{+5+}日分の名前がある。"),
        ("証明書がある。", "証明書か立会記録がある。", "証明書{+か立会記録+}がある。"),
        ("今年度に行った。", "前年度に行った。", "[-今年度-]{+前年度+}に行った。"),
        ("届を出した。", "棚に鍵をかけて帰った。", "[-届を出した。-]{+棚に鍵をかけて帰った。+}"),
        ("同じ。", "同じ。", "同じ。"),
        ("", "足した。", "{+足した。+}"),
        ("消した。", "", "[-消した。-]"),
    ],
)
def test_marks_begin_and_end_at_words(old: str, new: str, expected: str) -> None:
    assert shown(old, new) == expected


def test_kana_between_two_changes_are_marked_with_them() -> None:
    marking = marked("机と棚を見る。課の書類を全部出す。", new="床と壁を見る。課の書類を全部出す。")
    assert [part.text for part in marking.parts] == ["机と棚", "床と壁", "を見る。課の書類を全部出す。"]
