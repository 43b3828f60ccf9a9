"""Asking for more time, and deciding on it."""

from datetime import date
from typing import cast

from wtforms import TextAreaField
from wtforms.validators import InputRequired

from app.inspections.commands.steps import LONGEST_REASON
from app.web.forms import DayField, Form, Longest


class UntilForm(Form):
    """A form that names the day until which there is more time."""

    until: DayField

    @property
    def day(self) -> date:
        """Return the day of a form that was found valid."""
        return cast("date", self.until.data)


class ExtensionForm(UntilForm):
    """Asking for more time for a sheet."""

    until = DayField("希望する日", validators=[InputRequired("希望する日を選んでください。")])
    reason = TextAreaField(
        "理由",
        validators=[InputRequired("理由を書いてください。"), Longest(LONGEST_REASON)],
        description="なぜ間に合わないのか、その日までにどう進めるのかを書きます。所属と情報主管課の人が読みます。",
    )


class GrantExtensionForm(UntilForm):
    """Granting more time, as it was asked for or until another day."""

    until = DayField(
        "認める日",
        validators=[InputRequired("認める日を選んでください。")],
        description="申し出の日が入っています。別の日にもできます。",
    )


class DeclineExtensionForm(Form):
    """Giving no more time."""

    decline_reason = TextAreaField(
        "断る理由",
        validators=[InputRequired("断る理由を書いてください。"), Longest(LONGEST_REASON)],
        description="所属に見えます。",
    )
