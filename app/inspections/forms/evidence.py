"""What is said of evidence: days, names, where it is."""

from datetime import date

from wtforms import StringField
from wtforms.validators import DataRequired, Optional

from app.evidence.rules import (
    LONGEST_NUMBER,
    LONGEST_PLACE,
    LONGEST_TITLE,
    CheckedFile,
    Description,
    title_of_file,
)
from app.web.forms import DayField, Form, Longest, seen_field

_STANDS_FOR = "写した日や、文書の日付です。付けた日とは別に残ります。"
_EXPIRES = "名簿や契約など、効力の終わる日があるときだけ入れてください。"


class FilesForm(Form):
    """Files that are sent: both days hold for all of them."""

    stands_for = DayField(
        "いつの状態を示すか", description=f"{_STANDS_FOR}空のときは今日になります。", validators=[Optional()]
    )
    expires_on = DayField("有効期限", description=_EXPIRES, validators=[Optional()])

    def description(self, file: CheckedFile, *, today: date) -> Description:
        """Return what is said of one of the files; its name is that of the file until somebody gives it another."""
        return Description(
            title=title_of_file(file.name),
            stands_for=self.stands_for.data or today,
            expires_on=self.expires_on.data,
        )


class ReferenceForm(Form):
    """Where something is to be found."""

    title = StringField(
        "証跡の名前",
        description="例：個人情報取扱台帳",
        validators=[DataRequired(message="証跡の名前を書いてください。"), Longest(LONGEST_TITLE)],
    )
    document_number = StringField(
        "文書番号", description="例：令8総第123号", validators=[Longest(LONGEST_NUMBER)]
    )
    place = StringField(
        "保管場所", description="例：総務課 書庫B-3、共有フォルダの場所", validators=[Longest(LONGEST_PLACE)]
    )
    stands_for = DayField(
        "いつの状態を示すか",
        description=_STANDS_FOR,
        validators=[DataRequired(message="いつの状態を示すかを入れてください。")],
    )
    expires_on = DayField("有効期限", description=_EXPIRES, validators=[Optional()])

    @property
    def description(self) -> Description:
        """Return what was typed; only after the form was found valid."""
        return Description(
            title=str(self.title.data),
            stands_for=_day(self.stands_for.data),
            expires_on=self.expires_on.data,
            document_number=str(self.document_number.data or ""),
            place=str(self.place.data or ""),
        )


class DescriptionForm(ReferenceForm):
    """What is said of a piece that is there already."""

    version = seen_field()


def _day(found: date | None) -> date:
    if found is None:
        message = "the form was not validated"
        raise ValueError(message)
    return found
