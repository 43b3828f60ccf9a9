"""The shape of what is typed about a reorganisation."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, cast

from flask_wtf.file import FileField
from wtforms import (
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.kernel.errors import InvalidInput
from app.kernel.text import half_width
from app.organisation.rules import (
    CODE_LENGTH,
    KANA_LENGTH,
    LARGEST_ORDER,
    NAME_LENGTH,
    AbolishUnit,
    AlterUnit,
    CreateUnit,
    Edit,
    HandTaskOver,
    MergeUnits,
    NewUnit,
    Part,
    PolicyOwner,
    SplitUnit,
    UnitKind,
)
from app.organisation.texts import POLICY_OWNER, UNIT_KIND
from app.web.forms import DayField, Form, Longest

TITLE_LENGTH: Final = 100
SUBJECT_LENGTH: Final = 200
PARTS: Final = 4
"""How many units a unit is split into on the page; more go by a file."""


class ReorganisationForm(Form):
    """The name and the day of a reorganisation, and the file of the new tree where there is one."""

    title = StringField(
        "改正の名前",
        validators=[InputRequired("改正の名前を入れてください。"), Longest(TITLE_LENGTH)],
        description="例：令和9年4月1日の組織改正",
    )
    effective_on = DayField(
        "施行日",
        validators=[InputRequired("施行日を入れてください。")],
        description="この日から新しい組織になります。",
    )
    file = FileField(
        "新しい組織の一覧",
        validators=[Optional()],
        description="CSV（UTF-8か、Excelの「CSV」）か、Excelブック（.xlsx）。選ばないときは、いまの組織から始めて画面で直します。",
    )
    version = HiddenField()

    @property
    def day(self) -> date:
        """Return the day that was typed; the form has been validated."""
        return cast("date", self.effective_on.data)


class EditForm(Form):
    """One change in the tree. `offer` says which units there are in it."""

    version = HiddenField()

    def offer(self, units: Iterable[NewUnit]) -> None:
        """Offer the units of the new tree wherever one is chosen."""
        choices = {one.code: f"{one.name}（{one.code}）" for one in units}
        for field in self:
            if isinstance(field, SelectField) and field.name in {"parent", "handed_to", "to", "units"}:
                empty = {"": "（上位なし）"} if field.name == "parent" else {}
                field.choices = {**empty, **choices}

    def edit(self, code: str) -> Edit:
        """Return the change; the form has been validated."""
        raise NotImplementedError  # each kind of change has its own form; wtforms' metaclass leaves no room for an abstract class


class UnitForm(EditForm):
    """A unit of the new tree."""

    code = StringField(
        "所属コード",
        validators=[InputRequired("所属コードを入れてください。"), Longest(CODE_LENGTH)],
        description="半角の英数字。使い終えたコードは使えません。",
    )
    name = StringField("所属名", validators=[InputRequired("所属名を入れてください。"), Longest(NAME_LENGTH)])
    kana = StringField("かな", validators=[InputRequired("かなを入れてください。"), Longest(KANA_LENGTH)])
    kind = SelectField("種別", choices={one.value: label for one, label in UNIT_KIND.items()})
    policy_owner = SelectField(
        "ポリシー主体", choices={one.value: label for one, label in POLICY_OWNER.items()}
    )
    parent = SelectField("上位の所属", choices={}, validate_choice=False)
    sort_order = IntegerField(
        "並び順",
        validators=[
            InputRequired("並び順を数字で入れてください。"),
            NumberRange(0, LARGEST_ORDER, f"並び順は、0から{LARGEST_ORDER}までの数字にしてください。"),
        ],
        description="同じ上位の中で、小さいものから並びます。",
    )

    def show(self, unit: NewUnit) -> None:
        """Fill the fields with a unit as it stands in the tree."""
        self.code.data, self.name.data, self.kana.data = unit.code, unit.name, unit.kana
        self.kind.data, self.policy_owner.data = unit.kind.value, unit.policy_owner.value
        self.parent.data, self.sort_order.data = unit.parent_code or "", unit.sort_order

    @property
    def unit(self) -> NewUnit:
        """Return the unit that was typed."""
        return NewUnit(
            row=0,
            code=half_width(self.code.data or ""),
            name=self.name.data or "",
            kana=self.kana.data or "",
            kind=UnitKind(self.kind.data),
            policy_owner=PolicyOwner(self.policy_owner.data),
            parent_code=self.parent.data or None,
            sort_order=self.sort_order.data or 0,
        )


class AlterForm(UnitForm):
    """A unit gets another name or place; with another code it is a new one that takes over (改称)."""

    def edit(self, code: str) -> Edit:
        """Return the change."""
        return AlterUnit(code=code, unit=self.unit)


class CreateForm(UnitForm):
    """A unit that follows nobody."""

    def edit(self, code: str) -> Edit:
        """Return the change."""
        del code
        return CreateUnit(unit=self.unit)


class MergeForm(UnitForm):
    """Units become one."""

    units = SelectMultipleField(
        "一緒になる所属",
        choices={},
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="二つ以上。残る所属のコードを下に入れると、ほかがそこに加わります。新しいコードなら、新しい所属になります。",
    )

    def edit(self, code: str) -> Edit:
        """Return the change."""
        del code
        return MergeUnits(codes=tuple(self.units.data or ()), unit=self.unit)


class AbolishForm(EditForm):
    """A unit ends."""

    handed_to = SelectField(
        "残る仕事の引継先",
        choices={},
        validate_choice=False,
        description="点検票や情報システムなど、終わっていない仕事を引き継ぐ所属です。",
    )

    def edit(self, code: str) -> Edit:
        """Return the change."""
        return AbolishUnit(code=code, handed_to=self.handed_to.data or "")


class TaskForm(EditForm):
    """A task goes to another unit; both go on."""

    to = SelectField("移管先", choices={}, validate_choice=False)
    subject = StringField(
        "移管する事務", validators=[InputRequired("移管する事務を入れてください。"), Longest(SUBJECT_LENGTH)]
    )

    def edit(self, code: str) -> Edit:
        """Return the change."""
        return HandTaskOver(code=code, to=self.to.data or "", subject=self.subject.data or "")


class SplitForm(EditForm):
    """A unit is split into up to four, which stand where it stood."""

    rest = RadioField(
        "残りの仕事を引き継ぐ所属",
        choices={str(number): f"{number}番目の所属" for number in range(1, PARTS + 1)},
        default="1",
        description="どこへ行くか決めていない仕事と、これまでの記録が、この所属に付きます。",
    )

    def parts_from(self, before: NewUnit) -> "SplitForm":
        """Note the unit that is split: its kind, owner and place are those of the parts."""
        self._before = before
        return self

    @property
    def rows(self) -> list[dict[str, Field]]:
        """Return the fields of the parts, row by row."""
        return [
            {name: self[f"part{number}_{name}"] for name in _PART_FIELDS} for number in range(1, PARTS + 1)
        ]

    def edit(self, code: str) -> Edit:
        """Return the change."""
        parts = {
            str(number): self._part(row, number=number)
            for number, row in enumerate(self.rows, start=1)
            if (row["code"].data or "").strip()
        }
        rest = parts.get(self.rest.data or "")
        if rest is None:
            raise InvalidInput.of(
                "残りの仕事を引き継ぐ所属の行に、コードと名前を入れてください。", field="rest"
            )
        return SplitUnit(code=code, parts=tuple(parts.values()), rest=rest.unit.code)

    def _part(self, row: Mapping[str, Field], *, number: int) -> Part:
        unit = NewUnit(
            row=0,
            code=half_width(row["code"].data or ""),
            name=row["name"].data or "",
            kana=row["kana"].data or "",
            kind=self._before.kind,
            policy_owner=self._before.policy_owner,
            parent_code=self._before.parent_code,
            sort_order=self._before.sort_order + number - 1,
        )
        return Part(unit=unit, subject=row["subject"].data or "")


_PART_FIELDS: Final = {
    "code": ("所属コード", CODE_LENGTH),
    "name": ("所属名", NAME_LENGTH),
    "kana": ("かな", KANA_LENGTH),
    "subject": ("引き継ぐ事務", SUBJECT_LENGTH),
}
for _number in range(1, PARTS + 1):
    for _name, (_label, _longest) in _PART_FIELDS.items():
        setattr(
            SplitForm,
            f"part{_number}_{_name}",
            StringField(f"{_number}番目の{_label}", validators=[Longest(_longest)]),
        )

EDIT_FORMS: Final[Mapping[str, type[EditForm]]] = {
    "alter": AlterForm,
    "create": CreateForm,
    "merge": MergeForm,
    "split": SplitForm,
    "abolish": AbolishForm,
    "task": TaskForm,
}
