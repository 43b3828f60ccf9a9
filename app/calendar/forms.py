"""The shape of a closed day."""

from wtforms import StringField
from wtforms.validators import InputRequired

from app.calendar.commands import LONGEST_NAME
from app.web.forms import DayField, Form, Longest


class ClosingDayForm(Form):
    """A day on which the city is closed, and why."""

    day = DayField("閉庁日", validators=[InputRequired("閉庁日を選んでください。")])
    name = StringField(
        "名称",
        validators=[InputRequired("名称を書いてください（例：市制記念日）。"), Longest(LONGEST_NAME)],
        description="例：市制記念日、庁舎の点検日",
    )
