"""The shape of what people type: signing in, passwords, accounts, duties."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from wtforms import (
    BooleanField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional, ValidationError

from app.kernel.errors import InvalidInput
from app.notices.rules import LONGEST_ADDRESS
from app.organisation.files import CODE_LENGTH, half_width
from app.people.commands import MailChoice
from app.people.rules import (
    LONGEST_PASSWORD,
    STAFF_TERM,
    AccountActKind,
    AccountKind,
    AccountState,
    Duty,
    PersonView,
    Term,
    contractor_term,
)
from app.people.texts import ACCOUNT_KIND, DUTY
from app.web.forms import DayField, Form, Longest

REASON_LENGTH: Final = 400
_MISSING_PASSWORD: Final = "パスワードを入れてください。"  # noqa: S105 - a sentence


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """One line of the summary on top of a page that came back."""

    href: str
    text: str


def error_links(form: Form) -> list[ErrorLink]:
    """Return the summary of a form: a link to each field in error, and what belongs to the whole form."""
    fields = [ErrorLink(f"#{problem.field}", problem.message) for problem in form.problems]
    return [*fields, *(ErrorLink("#main", str(message)) for message in form.form_errors)]


class SignInForm(Form):
    """Staff number and password. `next` is where to go afterwards, on our own site only."""

    staff_no = StringField(
        "職員番号",
        validators=[InputRequired("職員番号を入れてください。"), Longest(CODE_LENGTH)],
        filters=[lambda typed: half_width(typed) if typed else typed],
    )
    password = PasswordField("パスワード", validators=[InputRequired(_MISSING_PASSWORD)])
    next = HiddenField()


class PasswordForm(Form):
    """A new password of the own choice, typed twice."""

    current_password = PasswordField(
        "いまのパスワード",
        validators=[InputRequired("いまのパスワードを入れてください。")],
        description="初めてのときは、渡された最初のパスワードです。",
    )
    new_password = PasswordField(
        "新しいパスワード",
        validators=[InputRequired("新しいパスワードを入れてください。"), Longest(LONGEST_PASSWORD)],
    )
    new_password_again = PasswordField(
        "新しいパスワード（もう一度）",
        validators=[InputRequired("新しいパスワードを、もう一度入れてください。")],
    )

    def validate_new_password_again(self, field: PasswordField) -> None:
        """Both have to be equal: what was typed cannot be seen."""
        if self.new_password.data and field.data != self.new_password.data:
            message = "上の「新しいパスワード」と違います。同じものを入れてください。"
            raise ValidationError(message)


class SettingsForm(Form):
    """What somebody sets for oneself."""

    single_keys = BooleanField(
        "1文字のキーで操作する",
        description="回答の画面で、1〜5や N などのキーを使います。文字を書く欄の中では、いつでもふつうに入力できます。",
    )


_ACTS: Final = {
    AccountState.FIRST_PASSWORD: (
        AccountActKind.RESET,
        AccountActKind.DISABLED,
        AccountActKind.SESSIONS_ENDED,
    ),
    AccountState.IN_USE: (AccountActKind.RESET, AccountActKind.DISABLED, AccountActKind.SESSIONS_ENDED),
    AccountState.DISABLED: (AccountActKind.ENABLED,),
    AccountState.OVER: (AccountActKind.DISABLED,),
    AccountState.NONE: (),
}
_ACT_WORDS: Final = {
    AccountActKind.RESET: "最初のパスワードに戻す（忘れたとき。ログインはすべて終わります）",
    AccountActKind.DISABLED: "利用を止める（次の画面から入れなくなります）",
    AccountActKind.ENABLED: "利用を再開する",
    AccountActKind.SESSIONS_ENDED: "すべてのログインを終わらせる（端末をなくしたときなど）",
}


class AccountActForm(Form):
    """What to do with an account, and why."""

    act = RadioField("すること", validators=[InputRequired("することを選んでください。")], choices={})
    reason = TextAreaField(
        "理由",
        validators=[InputRequired("理由を書いてください。"), Longest(REASON_LENGTH)],
        description="だれから、どのように頼まれたかを書きます。本人も見ることができます。",
    )

    def offer(self, state: AccountState) -> None:
        """Offer what fits the state of the account."""
        self.act.choices = {act.value: _ACT_WORDS[act] for act in _ACTS[state]}


class MailAddressForm(Form):
    """Where somebody's daily mail goes; empty takes the address away."""

    address = StringField(
        "メールアドレス",
        validators=[Optional(), Longest(LONGEST_ADDRESS)],
        filters=[lambda typed: half_width(typed) if typed else typed],
        description="一日一通のお知らせメールの宛先です。空にすると、メールは送りません。",
    )


class OwnMailForm(Form):
    """Whether one wants the daily mail."""

    choice = RadioField(
        "お知らせのメール",
        validators=[InputRequired("受け取るかどうかを選んでください。")],
        choices={
            MailChoice.WANTED.value: "受け取る（一日一通）",
            MailChoice.REFUSED.value: "メールを受け取らない（画面のお知らせは続きます）",
        },
    )


class DutyForm(Form):
    """Naming somebody: a member of the unit by the list, a deputy of another unit by the staff number."""

    duty = RadioField(
        "役割",
        validators=[InputRequired("役割を選んでください。")],
        choices={duty.value: word for duty, word in DUTY.items()},
        default=Duty.CLERK.value,
    )
    member = SelectField("この所属の職員", choices={})
    staff_no = StringField(
        "ほかの所属の職員番号",
        validators=[Optional(), Longest(CODE_LENGTH)],
        filters=[lambda typed: half_width(typed) if typed else typed],
        description="代決者を、ほかの所属から選ぶときだけ入れます。",
    )
    first_day = DayField(
        "最初の日",
        validators=[InputRequired("最初の日を入れてください。")],
        description="この日の0時から、役割が使えるようになります。",
    )
    last_day = DayField(
        "最後の日",
        validators=[Optional()],
        description="この日の24時に終わります。決まっていなければ空にします。",
    )

    def offer(self, *, members: Iterable[PersonView], today: date) -> None:
        """Offer the members of the unit, and today as the first day."""
        self.today = today
        self.member.choices = {
            "": "選んでください",
            **{person.staff_no: f"{person.name}（{person.staff_no}）" for person in members},
        }
        if not self.is_submitted():
            self.first_day.data = today

    def validate_member(self, field: SelectField) -> None:
        """One person, and a clerk from the unit itself."""
        others = self.staff_no.data
        if self.duty.data == Duty.CLERK.value and others:
            raise ValidationError("点検担当者は、この所属の職員から選んでください。")
        if bool(field.data) == bool(others):
            raise ValidationError("職員をひとり、一覧か職員番号で選んでください。")

    def validate_first_day(self, field: DayField) -> None:
        """Nobody is named for days that are over."""
        if field.data and field.data < self.today:
            raise ValidationError("最初の日は、きょうか、それより後の日にしてください。")

    def validate_last_day(self, field: DayField) -> None:
        """The last day does not lie before the first."""
        if field.data and self.first_day.data and field.data < self.first_day.data:
            raise ValidationError("最後の日は、最初の日と同じ日か、それより後の日にしてください。")

    @property
    def chosen(self) -> str:
        """Return the staff number of who is named."""
        return self.member.data or self.staff_no.data or ""

    @property
    def day_after(self) -> date | None:
        """Return the first day on which the duty no longer holds."""
        return self.last_day.data + timedelta(days=1) if self.last_day.data else None


class NewAccountForm(Form):
    """For whom an account is made; a contractor's needs its last day."""

    kind = RadioField(
        "利用者の種類",
        validators=[Optional()],
        choices={kind.value: word for kind, word in ACCOUNT_KIND.items()},
        default=AccountKind.STAFF.value,
    )
    until = DayField(
        "利用の最後の日",
        validators=[Optional()],
        description="外部委託のときだけ入れます。契約の終わりまで、長くても次の年度の終わりまでです。",
    )

    def term(self, today: date) -> Term:
        """Return for whom and how long.

        Raises:
            InvalidInput: a contractor's account without a last day or an employee's with one; or a day that cannot be one.
        """
        contractor = self.kind.data == AccountKind.CONTRACTOR.value
        if not contractor and self.until.data is None:
            return STAFF_TERM
        if not contractor:
            raise InvalidInput.of(
                "職員の利用者には、最後の日を入れません。空にするか、外部委託を選んでください。",
                field="until",
            )
        if self.until.data is None:
            raise InvalidInput.of("外部委託の利用者には、利用の最後の日を入れてください。", field="until")
        return contractor_term(self.until.data, today=today)


class ExtensionForm(Form):
    """Another last day for a contractor's account, and why."""

    until = DayField(
        "新しい最後の日",
        validators=[InputRequired("新しい最後の日を入れてください。")],
        description="この日の24時まで使えます。長くても次の年度の終わりまでです。",
    )
    extension_reason = TextAreaField(
        "延ばす（縮める）理由",
        validators=[InputRequired("理由を書いてください。"), Longest(REASON_LENGTH)],
        description="契約の延長など。本人も見ることができます。",
    )
