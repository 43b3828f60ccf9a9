"""The shape of what is typed about a system of the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from app.kernel.ids import UnitId
from app.organisation.files import CODE_LENGTH, KANA_LENGTH, NAME_LENGTH
from app.organisation.rules import UnitView
from app.systems.rules import NOTE_LENGTH, Classification, Entry, Zone
from app.systems.texts import CLASSIFICATION_HELP, ZONE
from app.web.forms import DayField, Form, Longest


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One line of the summary on top of a page that came back."""

    href: str
    text: str


def error_lines(form: Form) -> list[ErrorLine]:
    """Return every error of a form with a link to its field; what belongs to no field leads to the page."""
    fields = [ErrorLine(f"#{problem.field}", problem.message) for problem in form.problems]
    return [*fields, *(ErrorLine("#main", str(message)) for message in form.form_errors)]


class SystemForm(Form):
    """One entry of the ledger. The number is asked for once, when it is entered."""

    code = StringField(
        "台帳番号", validators=[Optional(), Longest(CODE_LENGTH)], description="半角の英数字。例：S-012"
    )
    name = StringField("名称", validators=[InputRequired("名称を入れてください。"), Longest(NAME_LENGTH)])
    kana = StringField("かな", validators=[InputRequired("かなを入れてください。"), Longest(KANA_LENGTH)])
    unit = SelectField("所管所属", coerce=UUID, choices={}, validate_choice=False)
    classification = SelectField(
        "機密性",
        choices={one.value: label for one, label in CLASSIFICATION_HELP.items()},
        description="扱う情報のうち、いちばん高い分類。",
    )
    zone = SelectField("ネットワーク", choices={one.value: label for one, label in ZONE.items()})
    support_ends_on = DayField(
        "保守期限",
        validators=[Optional()],
        description="OS・ミドルウェア・機器のうち、いちばん早く切れる日。分からないときは空けておきます。",
    )
    contractor = StringField("委託先", validators=[Longest(NAME_LENGTH)])
    note = TextAreaField("備考", validators=[Longest(NOTE_LENGTH)])
    retired_on = DayField(
        "廃止日",
        validators=[Optional()],
        description="使わなくなった最初の日。使っている間は空けておきます。",
    )
    version = HiddenField()

    def offer(self, units: Iterable[UnitView]) -> None:
        """Offer the units of today; one that has ended stays as it stands until somebody chooses another."""
        self.unit.choices = {str(unit.id): unit.name for unit in units}

    @property
    def entry(self) -> Entry:
        """Return what was typed; the form has been validated."""
        return Entry(
            name=self.name.data or "",
            kana=self.kana.data or "",
            unit_id=UnitId(self.unit.data),
            classification=Classification(self.classification.data),
            zone=Zone(self.zone.data),
            support_ends_on=_day(self.support_ends_on),
            contractor=self.contractor.data or "",
            note=self.note.data or "",
            retired_on=_day(self.retired_on),
        )

    def show(self, entry: Entry, *, version: int) -> None:
        """Fill in what the ledger holds."""
        self.name.data, self.kana.data, self.unit.data = entry.name, entry.kana, entry.unit_id
        self.classification.data, self.zone.data = entry.classification.value, entry.zone.value
        self.support_ends_on.data, self.retired_on.data = entry.support_ends_on, entry.retired_on
        self.contractor.data, self.note.data = entry.contractor, entry.note
        self.version.data = str(version)


def _day(field: DayField) -> date | None:
    found: date | None = field.data
    return found
