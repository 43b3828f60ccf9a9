"""What people type: kept as typed, made harmless, and folded only for a search key.

Names are never normalised where they are stored: NFC changes U+FA19 (a form of 神), NFKC changes ㈱ and ①.
"""

import unicodedata

from app.kernel.errors import Problem

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, half width and full."""
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of text: they can make a sentence read as another one."""


def clean(text: str) -> str:
    """Return the text as it is kept: line ends as LF, no white space at the ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def text_problems(text: str, *, field: str, label: str, longest: int) -> list[Problem]:
    """Return why a text cannot be kept: control characters, direction marks, lone surrogates, length in characters."""
    problems = []
    if has_control_character(text):
        problems.append(
            Problem(
                field=field,
                message=f"{label}に、画面に出ない制御文字が入っています。消してからもう一度送ってください。",
            )
        )
    if any(character in BIDI_CONTROLS for character in text):
        problems.append(
            Problem(
                field=field,
                message=f"{label}に、文字の向きを変える記号が入っています。消してからもう一度送ってください。",
            )
        )
    if len(text) > longest:
        problems.append(
            Problem(
                field=field,
                message=f"{label}は{longest}文字までです（いま{len(text)}文字）。短くしてください。",
            )
        )
    return problems


def has_control_character(text: str) -> bool:
    """Return whether a text holds what nobody can see and some databases cannot keep; line ends and tabs are fine."""
    return any(_is_control(character) for character in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t"


def harmless_cell(cell: str) -> str:
    """Keep a spreadsheet from reading a cell of a CSV file as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def cell_as_typed(cell: str) -> str:
    """Undo `harmless_cell`, so that a list that was taken away and read in again says the same."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def half_width(typed: str) -> str:
    """Fold a code, number or date to half width; never done to a name."""
    return unicodedata.normalize("NFKC", typed).strip()


def private_use(text: str) -> tuple[str, ...]:
    """Return the code points of 外字 in a text (U+E000), each once, in order.

    What such a character looks like is agreed in one body only: elsewhere it is another one, or none.
    """
    return tuple(dict.fromkeys(f"U+{ord(c):04X}" for c in text if unicodedata.category(c) == "Co"))


def hiragana(text: str) -> str:
    """Return a reading as it is sorted and compared: ｶﾅ and カナ as かな, one plain space between the parts."""
    wide = unicodedata.normalize("NFKC", text)
    return " ".join("".join(map(_hiragana, wide)).split())


def search_key(text: str) -> str:
    """Fold a text for searching: width, case, kana height, strokes and the usual variants of surname characters.

    The result is only ever compared with other keys; it is never shown and never stored in place of the text.
    What is left out can bring together what composes (か, a space, a voiced mark): it is folded until nothing changes.
    """
    key = _folded(text)
    while (again := _folded(key)) != key:
        key = again
    return key


def keys_to_look_for(text: str) -> tuple[str, ...]:
    """Return the keys under which a text may be stored: the one of today, and the one of rows from before it was widened.

    A stored key can be folded anew without its text: `search_key(former) == search_key(text)`.
    """
    return tuple(dict.fromkeys((search_key(text), _former_key(text))))


def _folded(text: str) -> str:
    plain = "".join(character for character in text if not _selects_a_variant(character))
    wide = unicodedata.normalize("NFKC", plain).casefold()
    return "".join(_VARIANTS.get(c, _hiragana(c)) for c in wide if not c.isspace())


def _former_key(text: str) -> str:
    """Fold as keys were folded at first, with few variants and with selectors: pieces of evidence are stored under such."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_FORMER_VARIANTS.get(c, _hiragana(c)) for c in wide if not c.isspace())


def _selects_a_variant(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _hiragana(character: str) -> str:
    return chr(ord(character) - 0x60) if "ァ" <= character <= "ヶ" or character in "ヽヾ" else character


_FORMER_VARIANTS = {
    **dict.fromkeys("邉邊", "辺"),
    **dict.fromkeys("髙", "高"),
    **dict.fromkeys("﨑嵜", "崎"),
    **dict.fromkeys("𠮷", "吉"),
    **dict.fromkeys("齋齊斎", "斉"),
    **dict.fromkeys("濵濱", "浜"),
    **dict.fromkeys("澤", "沢"),
    **dict.fromkeys("﨔", "欅"),
    **dict.fromkeys("-‐–—―−", "ー"),
}

_KNOWN_VARIANTS = """
亜亞 栄榮 円圓 奥奧 横橫 応應 温溫 会會 覚覺 学學 岳嶽 館舘 関關 巌巖 観觀 亀龜 吉𠮷
尭堯 恵惠 渓溪 鶏鷄 芸藝 研硏 顕顯 厳嚴 戸戶户 呉吳 広廣 黄黃 高髙 郷鄕鄊 国國圀 黒黑
斉齋齊斎 済濟 崎﨑嵜碕 桜櫻 雑雜 参參 産產 実實 写寫 寿壽 収收 秋穐龝 渋澁 将將 条條
静靜 浄淨 穣穰 嬢孃 真眞 晋晉 図圖 瀬瀨 清淸 青靑 専專 浅淺 銭錢 船舩 総總 聡聰 増增
蔵藏 曽曾 荘莊 続續 沢澤 滝瀧 竜龍 単單 団團 昼晝 鉄鐵銕 伝傳 点點 土圡 当當 島嶋嶌
徳德 富冨 祢禰 内內 梅楳 売賣 麦麥 発發 浜濱濵 万萬 弥彌 仏佛 辺邊邉 弁辨瓣辯 歩步 宝寶
豊豐 峰峯 槙槇 松枩 満滿 緑綠 明朙 野埜 柳栁桺 薮藪籔 遥遙 揺搖 謡謠 瑶瑤 与與 来來
頼賴 乱亂 覧覽 両兩 凜凛 塁壘 礼禮 霊靈 歴歷 恋戀 郎郞 楼樓 録錄 芦蘆 淵渕渊 桑桒 為爲
衛衞 塩鹽 児兒 桧檜 蛍螢 剣劍劔 検檢 県縣 晃晄 鶴靏靍 禄祿 凉涼 欅﨔 旧舊 帰歸 尚尙
昇曻 隠隱 穂穗 瓶甁 枡桝 鉱鑛 浩澔 経經 軽輕 継繼 茎莖 径徑
"""


def _variants() -> dict[str, str]:
    """Return each variant with the character that stands for its family."""
    strokes = dict.fromkeys("-‐‑‒–—―−─━⁃", "ー")
    return strokes | {variant: family[0] for family in _KNOWN_VARIANTS.split() for variant in family[1:]}


_VARIANTS = _variants()
