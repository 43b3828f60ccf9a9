"""定型文: texts that reviewers put into a remark and then fit to the case. The first ones come with the product."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_TITLE: Final = 60


class TemplateKind(StrEnum):
    """For which judgement a text is meant."""

    RETURN = "return"
    REMARK = "remark"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateText:
    """A text with the name by which it is chosen."""

    title: str
    text: str
    kind: TemplateKind


def _text(kind: TemplateKind, title: str, text: str) -> TemplateText:
    return TemplateText(title=title, text=text, kind=kind)


_R, _S, _A = TemplateKind.RETURN, TemplateKind.REMARK, TemplateKind.ANY
DEFAULTS: Final[tuple[TemplateText, ...]] = (
    _text(_R, "理由を具体的に", "できていない理由と、いつまでに、だれが、何をするかを書いてください。"),
    _text(_R, "対応の期限を書く", "対応を終える日が書かれていません。終える日と担当する係を書いてください。"),
    _text(
        _R,
        "対象外の理由を書く",
        "前回は答えていた項目です。対象外とした理由（業務や機器をやめた時期など）を書いてください。",
    ),
    _text(
        _R,
        "対象外をもう一度確かめる",
        "同じ部のほかの所属は回答しています。貴所属に当てはまらないか、もう一度確かめてください。",
    ),
    _text(_R, "前回と同じ説明", "前回と同じ説明です。今年度に行ったことと、いまの状況を書いてください。"),
    _text(
        _R,
        "確かめた方法を書く",
        "どの記録や画面で確かめたかを書いてください。控えがあれば、保管場所も書いてください。",
    ),
    _text(
        _R,
        "わからないを解消する",
        "「わからない」と答えた項目です。確かめ方を読み、担当の係に聞いて答え直してください。",
    ),
    _text(
        _S,
        "期限までに終える",
        "書かれた期限までに対応を終え、終わったら所属の記録に残してください。次回の点検で確かめます。",
    ),
    _text(_S, "続けてください", "基準どおりに行われています。来年度も同じ方法で続けてください。"),
    _text(_S, "代わりの対策を続ける", "対応が終わるまでは、書かれた代わりの対策を続けてください。"),
    _text(_A, "電話で確かめた", "電話で所属に確かめました。"),
)
