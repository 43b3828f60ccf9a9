"""Discarding a trial."""

from wtforms import TextAreaField
from wtforms.validators import InputRequired

from app.inspections.commands.steps import LONGEST_REASON
from app.web.forms import Form, Longest


class DisposalForm(Form):
    """Naming a trial for disposal."""

    reason = TextAreaField(
        "廃棄の理由",
        validators=[InputRequired("廃棄の理由を書いてください。"), Longest(LONGEST_REASON)],
        description="例：操作の練習が終わり、本番の点検を始めるため。",
    )


class DeclineDisposalForm(Form):
    """Keeping it after all."""

    decline_reason = TextAreaField(
        "断る理由",
        validators=[InputRequired("断る理由を書いてください。"), Longest(LONGEST_REASON)],
        description="準備した人に見えます。",
    )
