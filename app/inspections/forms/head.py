"""The head's decision."""

from wtforms import TextAreaField
from wtforms.validators import DataRequired

from app.inspections.commands.steps import LONGEST_REASON
from app.web.forms import Form, Longest, seen_field


class ApproveForm(Form):
    """Approve exactly the content that was shown."""

    digest = seen_field()
    comment = TextAreaField(
        "所属長の意見",
        description="審査担当と監査人が読みます。なくても承認できます。",
        validators=[Longest(LONGEST_REASON)],
    )


class ReturnForm(Form):
    """Give the sheet back to the clerk."""

    version = seen_field()
    reason = TextAreaField(
        "差し戻す理由",
        description="担当者が読みます。どの項目を、どう直してほしいかを書いてください。",
        validators=[
            DataRequired("差し戻す理由を書いてください。"),
            Longest(LONGEST_REASON),
        ],
    )
