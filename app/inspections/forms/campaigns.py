"""The shape of what is typed about campaigns: preparing one, and the reasons for changing a running one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, ValidationError

from app.calendar.rules import CityCalendar
from app.inspections.commands.campaign import LONGEST_NOTICE, LONGEST_TITLE, CampaignDraft
from app.inspections.commands.steps import LONGEST_REASON
from app.inspections.queries.campaigns import Choice, FormPage, Preparation, expand_targets
from app.inspections.rules import CampaignDates, CampaignKind
from app.inspections.rules.taking_over import Offer
from app.inspections.texts import CAMPAIGN_KIND, OFFER
from app.kernel.fiscal_year import FiscalYear, long_date, short_date
from app.kernel.ids import EditionId, UnitId
from app.web.forms import DayField, Form, Longest

NO_VERSION: Final = 0


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One line of the summary on top of a page that came back."""

    href: str
    text: str


def error_lines(form: Form) -> list[ErrorLine]:
    """Return every error of a form with a link to its field; what belongs to no field leads to the page."""
    fields = [ErrorLine(f"#{field.id}", str(error)) for field in form for error in field.errors]
    return [*fields, *(ErrorLine("#main", str(message)) for message in form.form_errors)]


def version_of(typed: str | None) -> int:
    """Return the version that a hidden field carries; what is none fits no version and so counts as stale."""
    return int(typed) if typed and re.fullmatch("[0-9]{1,9}", typed) else NO_VERSION


class UnitsField(SelectMultipleField):
    """Units by their ids; which of them exist is for the command to say, by the base date."""

    def __init__(self, label: str, **kwargs: Any) -> None:  # noqa: ANN401 - WTForms' own arguments
        super().__init__(label, coerce=UUID, choices={}, validate_choice=False, **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read ids; anything else did not come from our page."""
        try:
            self.data = [UUID(value) for value in valuelist]
        except ValueError:
            self.data = []
            message = "対象の所属を読み取れませんでした。画面を開き直して、選び直してください。"
            raise ValueError(message) from None

    @property
    def unit_ids(self) -> frozenset[UnitId]:
        """Return what was ticked."""
        return frozenset(UnitId(value) for value in self.data or ())


class UnitsForm(Form):
    """Units to be ticked."""

    units = UnitsField("対象の所属")


def _day(label: str, *, hint: str) -> DayField:
    return DayField(label, validators=[InputRequired(f"{label}を選んでください。")], description=hint)


def _editions(page: FormPage) -> dict[str, str]:
    return {str(one.id): f"{one.title}　{one.label}版" for one in page.editions}


class CampaignForm(Form):
    """A campaign as somebody prepares it."""

    title = StringField("名称", validators=[InputRequired("名称を書いてください。"), Longest(LONGEST_TITLE)])
    kind = SelectField(
        "種類",
        choices={kind.value: label for kind, label in CAMPAIGN_KIND.items()},
        description="試行は練習です。名称に【試行】が付き、翌年度に引き継がず、終わったら廃棄します。",
    )
    fiscal_year = SelectField("年度", coerce=int)
    edition = SelectField("点検票の版", validators=[InputRequired("点検票の版を選んでください。")])
    base_date = _day("基準日", hint="この日の組織で対象を選びます。")
    answer_from = _day("回答の開始日", hint="この日から所属が回答します。")
    answer_due = _day("回答の期限", hint="点検担当者が答え終える日です。")
    approval_due = _day("所属長承認の期限", hint="所属長が承認して提出する日です。")
    review_due = _day("審査の期限", hint="情報主管課が審査を終える日です。")
    grace_until = _day("猶予日", hint="この日を過ぎると、未提出で締め切れます。")
    notice = TextAreaField(
        "通知文",
        validators=[Longest(LONGEST_NOTICE)],
        description="日付と対象の所属は、通知文のページで自動で付きます。",
    )
    taking_over = SelectField(
        "前回の回答",
        choices={one.value: label for one, label in OFFER.items()},
        description="写した回答は、担当者が1つずつか分野ごとに確かめるまで、回答になりません。",
    )
    units = UnitsField("対象の所属")
    below = UnitsField("部ごと全部", name="units-below")
    version = HiddenField(default=str(NO_VERSION))

    DATES: Final = ("base_date", "answer_from", "answer_due", "approval_due", "review_due", "grace_until")

    def fill(self, start: Preparation) -> None:
        """Show what somebody starts from."""
        self.title.data, self.kind.data = start.title, start.kind.value
        self.fiscal_year.data, self.notice.data = start.fiscal_year, start.notice
        self.edition.data = str(start.edition_id) if start.edition_id else None
        self.units.data = list(start.unit_ids)
        self.taking_over.data = start.taking_over.value
        self.version.data = str(start.version or NO_VERSION)
        for name in self.DATES:
            self[name].data = getattr(start.dates, name)

    def offer(self, page: FormPage) -> None:
        """Set what the closed lists offer, and say each date in the Japanese calendar beside it."""
        self.edition.choices = _editions(page)
        self.fiscal_year.choices = {str(year.year): year.label for year in page.years}
        for name in self.DATES:
            day = self[name].data
            if isinstance(day, date):
                self[name].description = f"{long_date(day)}。{self[name].description}"

    DEADLINES: Final = ("answer_due", "approval_due", "review_due", "grace_until")

    def closed_days(self, calendar: CityCalendar) -> list[str]:
        """Return a sentence for each deadline on which the city is closed, with the next day on which it is not."""
        chosen = [(self[name].label.text, self[name].data) for name in self.DEADLINES]
        return [
            f"{label}の{short_date(day)}は閉庁日（{reason}）です。次の開庁日は{short_date(calendar.next_business_day(day))}です。"
            for label, day in chosen
            if isinstance(day, date) and (reason := calendar.reason_closed(day)) is not None
        ]

    def move_to_business_days(self, calendar: CityCalendar) -> None:
        """Move each deadline from a closed day to the next business day; their order stays as it is."""
        for name in self.DEADLINES:
            if isinstance(self[name].data, date):
                self[name].data = calendar.next_business_day(self[name].data)
                # The field shows what was typed while it knows of it.
                self[name].raw_data = None

    @property
    def seen_version(self) -> int:
        """Return the version of the draft that was on the screen."""
        return version_of(self.version.data)

    def differences(self, kept: Preparation, *, page: FormPage) -> list[tuple[str, str]]:
        """Return each field in which a stored draft says something else, with what it says."""
        stored = {
            "title": kept.title,
            "kind": CAMPAIGN_KIND[kept.kind],
            "fiscal_year": FiscalYear(kept.fiscal_year).label,
            "edition": _editions(page).get(str(kept.edition_id), ""),
            "notice": kept.notice,
            "taking_over": OFFER[kept.taking_over],
            "units": "、".join(unit.name for unit in page.tree.units if unit.id in kept.unit_ids),
            **{name: long_date(getattr(kept.dates, name)) for name in self.DATES},
        }
        mine = self.draft(page)
        same = {
            "title": mine.title == kept.title,
            "kind": mine.kind is kept.kind,
            "fiscal_year": mine.fiscal_year == kept.fiscal_year,
            "edition": mine.edition_id == kept.edition_id,
            "notice": mine.notice == kept.notice,
            "taking_over": mine.taking_over is kept.taking_over,
            "units": mine.unit_ids == kept.unit_ids,
            **{name: getattr(mine.dates, name) == getattr(kept.dates, name) for name in self.DATES},
        }
        return [(self[name].label.text, words) for name, words in stored.items() if not same[name]]

    def draft(self, page: FormPage) -> CampaignDraft:
        """Return a valid form as a draft; 部ごと全部 is spelled out on the tree of the base date."""
        chosen = expand_targets(page.tree, chosen=self.units.unit_ids, below=self.below.unit_ids)
        return CampaignDraft(
            title=self.title.data or "",
            kind=CampaignKind(self.kind.data),
            fiscal_year=self.fiscal_year.data,
            edition_id=EditionId(UUID(self.edition.data)),
            dates=CampaignDates(**{name: self[name].data for name in self.DATES}),
            notice=self.notice.data or "",
            unit_ids=chosen,
            taking_over=Offer(self.taking_over.data),
        )


class ReasonForm(Form):
    """The reason for something out of the ordinary."""

    reason = TextAreaField(
        "理由",
        validators=[InputRequired("理由を書いてください。"), Longest(LONGEST_REASON)],
        description="点検票の経過に残り、監査人も読みます。",
    )


class EndingForm(ReasonForm):
    """The reason for ending a sheet before its time, and the sheet's version on the screen."""

    version = HiddenField(default=str(NO_VERSION))

    @classmethod
    def anchored(cls, anchor: str, **kwargs: Any) -> "EndingForm":  # noqa: ANN401 - WTForms' own arguments
        """Return a form whose field has an id of its own: the page holds one form for each way."""
        form = cls(**kwargs)
        form.reason.id = form.reason.label.field_id = anchor
        return form

    def show_version(self, version: int) -> None:
        """Carry the version that is shown; a form that came back keeps the one that it was written at."""
        if self.seen_version == NO_VERSION:
            self.version.data = str(version)

    @property
    def seen_version(self) -> int:
        """Return the version of the sheet that was on the screen."""
        return version_of(self.version.data)


class AddUnitForm(ReasonForm):
    """A unit that joins a running campaign. Whether it still can is for the command to say."""

    unit = SelectField(
        "追加する所属", validators=[InputRequired("追加する所属を選んでください。")], validate_choice=False
    )

    def offer(self, addable: Sequence[Choice]) -> None:
        """Set the units that have no sheet yet."""
        self.unit.choices = {"": "選んでください", **{choice.value: choice.label for choice in addable}}

    def validate_unit(self, field: SelectField) -> None:
        """An id is what our own list sends."""
        try:
            UUID(field.data)
        except ValueError:
            raise ValidationError("追加する所属を選び直してください。") from None

    @property
    def unit_id(self) -> UnitId:
        """Return the chosen unit of a valid form."""
        return UnitId(UUID(self.unit.data))
