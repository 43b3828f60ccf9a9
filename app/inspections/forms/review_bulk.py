"""Acts on many sheets as the pages send them: `sheet-<id>` says which was listed, and what of it was shown."""

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app.inspections.commands.steps import LONGEST_REASON
from app.inspections.queries.review_across import AcrossFilter, Only, Order
from app.inspections.rules import Judgement
from app.inspections.rules.templates import LONGEST_TITLE, TemplateKind
from app.inspections.texts import JUDGEMENT, TEMPLATE_KIND
from app.kernel.errors import InvalidInput
from app.kernel.fiscal_year import is_reckoned
from app.kernel.ids import InspectionId, UnitId
from app.web.forms import Form, Longest

_SHEET: Final = "sheet-"
_DAMAGED: Final = "送られた内容を読み取れませんでした。画面を開き直してから、もう一度送ってください。"
_LONGEST_NUMBER: Final = 9
TOGETHER: Final = (Judgement.ACCEPTED, Judgement.ACCEPTED_WITH_REMARK, Judgement.RETURNED)
"""Judgements that can be given to many units at once; a level of the reviewer's own is a matter of one."""


def listed_sheets(form: MultiDict[str, str]) -> dict[InspectionId, int]:
    """Return the sheets that were listed, each with the version that was shown.

    Raises:
        InvalidInput: something else was sent than the page sends.
    """
    found = {name.removeprefix(_SHEET): value for name, value in form.items() if name.startswith(_SHEET)}
    return {InspectionId(_uuid(name)): _number(value) for name, value in found.items()}


def picked_sheets(form: MultiDict[str, str]) -> dict[InspectionId, int]:
    """Return the sheets that were picked, each with the version of the answer that was shown.

    Raises:
        InvalidInput: nothing was picked, or something else was sent than the page sends.
    """
    picked = [_uuid(value) for value in form.getlist("pick")]
    if not picked:
        raise InvalidInput.of("判断する所属を、左の四角で1つ以上選んでください。", field="pick-all")
    listed = listed_sheets(form)
    missing = [one for one in picked if one not in listed]
    if missing:
        raise InvalidInput.of(_DAMAGED)
    return {InspectionId(one): listed[InspectionId(one)] for one in picked}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput.of(_DAMAGED) from None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise InvalidInput.of(_DAMAGED)
    return int(text)


def wanted_filter(given: Mapping[str, str]) -> AcrossFilter:
    """Return the filter of an address; what is none counts as not given."""
    only, order = given.get("only", ""), given.get("order", "")
    try:
        department = UnitId(UUID(given["department"])) if given.get("department") else None
    except ValueError:
        department = None
    return AcrossFilter(
        level=given.get("level") or None,
        department=department,
        only=Only(only) if only in list(Only) else Only.ALL,
        order=Order(order) if order in list(Order) else Order.UNIT,
    )


class VerdictForm(Form):
    """One judgement and one remark for the units that were picked."""

    judgement = RadioField(
        "判断",
        choices={one.value: JUDGEMENT[one] for one in TOGETHER},
        validators=[InputRequired("判断を選んでください。")],
    )
    remark = TextAreaField("所見・理由", validators=[Longest(LONGEST_REASON)])
    due = StringField("差戻しの新しい期限")

    @property
    def return_due(self) -> date | None:
        """Return the date as it was typed, or None where it is none; only a return has one."""
        if self.judgement.data != Judgement.RETURNED.value:
            return None
        try:
            day = date.fromisoformat(self.due.data or "")
        except ValueError:
            return None
        return day if is_reckoned(day) else None


class TemplateForm(Form):
    """One 定型文."""

    title = StringField("名前", validators=[InputRequired("名前を書いてください。"), Longest(LONGEST_TITLE)])
    kind = RadioField(
        "使う場面",
        choices={kind.value: label for kind, label in TEMPLATE_KIND.items()},
        default=TemplateKind.RETURN.value,
    )
    text = TextAreaField("文", validators=[InputRequired("文を書いてください。"), Longest(LONGEST_REASON)])
    version = HiddenField(default="0")

    @property
    def seen_version(self) -> int:
        """Return the version that was shown; 0, which never fits, where it cannot be read."""
        return _number(self.version.data or "0")
