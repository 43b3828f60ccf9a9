"""Signing off, and opening a sealed sheet again."""

from wtforms import PasswordField, TextAreaField
from wtforms.validators import InputRequired

from app.inspections.commands.steps import LONGEST_REASON
from app.inspections.forms.review import StepForm
from app.people.forms import ProofForm
from app.web.forms import Form, Longest


class SignOffForm(StepForm, ProofForm):
    """Signing off asks for the password once more, and for a code where there is a second factor: the person is there."""

    password = PasswordField(
        "あなたのパスワード",
        validators=[InputRequired("確定するには、あなたのパスワードを入れてください。")],
        description="席を離れたすきに押されたのではないことを、ここで確かめます。",
    )


class DeclineForm(Form):
    """Refusing to open a sealed sheet again."""

    decline_reason = TextAreaField(
        "断る理由",
        validators=[InputRequired("断る理由を書いてください。"), Longest(LONGEST_REASON)],
        description="申し出た人に見えます。直しかたが別にあるときは、それを書きます。",
    )


class ReopeningForm(Form):
    """Asking to open a sealed sheet again."""

    reason = TextAreaField(
        "再開の理由",
        validators=[InputRequired("再開の理由を書いてください。"), Longest(LONGEST_REASON)],
        description="何が分かり、どの項目を直す必要があるかを書きます。",
    )
