"""The shape of what people type: signing in, passwords, accounts, duties."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from werkzeug.datastructures import MultiDict
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

from app.kernel.errors import InvalidInput, Problem
from app.kernel.ids import AccountId
from app.kernel.text import clean, text_problems
from app.notices.rules import LONGEST_ADDRESS
from app.organisation.files import CODE_LENGTH, half_width
from app.people.commands import MailChoice, Proof
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
from app.people.rules.inventory import Decision, LineAnswer, Quarter
from app.people.texts import ACCOUNT_KIND, DUTY
from app.web.forms import DayField, Form, Longest

REASON_LENGTH: Final = 400
_LONGEST_CODE: Final = 20
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


def _code_field(label: str, *, validators: Sequence[object], description: str) -> StringField:
    return StringField(
        label,
        validators=[*validators, Longest(_LONGEST_CODE)],
        filters=[lambda typed: half_width(typed) if typed else typed],
        description=description,
    )


class CodeForm(Form):
    """The code of the second factor. `next` is where to go afterwards, on our own site only."""

    one_time_code = _code_field(
        "確認コード",
        validators=[InputRequired("確認コードを入れてください。")],
        description="スマートフォンなどのアプリに、いま出ている6桁の数字です。30秒ごとに変わります。",
    )
    next = HiddenField()


class ProofForm(Form):
    """What shows once more who sits there: the password, and a code where the account has a second factor."""

    password = PasswordField(
        "あなたのパスワード",
        validators=[InputRequired(_MISSING_PASSWORD)],
        description="席を離れたすきに押されたのではないことを、ここで確かめます。",
    )
    one_time_code = _code_field(
        "いまの確認コード",
        validators=[Optional()],
        description="登録してあるアプリに、いま出ている6桁の数字です。",
    )

    @property
    def proof(self) -> Proof:
        """Return what was given; the key of the form names its use."""
        return Proof(
            password=self.password.data or "",
            code=self.one_time_code.data or "",
            use=self.idempotency_key.data or "",
        )


class EnrolmentForm(ProofForm):
    """A first code of a new secret. `offer` brings the secret back, sealed."""

    offer = HiddenField()
    new_code = _code_field(
        "新しい確認コード",
        validators=[InputRequired("QRコードを読み取ったアプリに出ている、6桁の数字を入れてください。")],
        description="QRコードを読み取ると、アプリに出ます。",
    )


class RecoveryForm(Form):
    """Why somebody's second factor has to go."""

    recovery_reason = TextAreaField(
        "解除の理由",
        validators=[InputRequired("理由を書いてください。"), Longest(REASON_LENGTH)],
        description="だれから、どのように頼まれたかを書きます。本人と、確認する人に見えます。",
    )


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


class InventoryRoundForm(Form):
    """A new round of the account inventory."""

    quarter = SelectField("対象の四半期", choices={}, validators=[InputRequired("四半期を選んでください。")])
    due_on = DayField(
        "確認の期限",
        validators=[InputRequired("確認の期限を入れてください。")],
        description="所属長などが、この日までに確かめます。はじめの値は2週間後です。",
    )
    suspend_on = DayField(
        "利用を止める日",
        validators=[InputRequired("利用を止める日を入れてください。")],
        description="この日に、確認のない利用者が自動で止まります。",
    )

    def offer(self, quarters: Iterable[Quarter]) -> None:
        """Offer the quarters that have no round yet."""
        self.quarter.choices = {quarter.code: quarter.label for quarter in quarters}

    @property
    def chosen(self) -> Quarter:
        """Return the quarter that was chosen; only after the form was found valid."""
        year, _, number = str(self.quarter.data).partition("-")
        return Quarter(int(year), int(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedLine:
    """What came in for one account of an inventory: perhaps no decision yet."""

    account_id: AccountId
    decision: Decision | None
    reason: str
    seen_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedLines:
    """What came in for the accounts on a page, and what of it cannot be kept at all."""

    lines: Mapping[AccountId, TypedLine]
    problems: tuple[Problem, ...]

    @property
    def answers(self) -> tuple[LineAnswer, ...]:
        """Return what was decided; where nothing was chosen, nothing is said."""
        return tuple(
            LineAnswer(
                account_id=line.account_id,
                decision=line.decision,
                reason=line.reason,
                seen_version=line.seen_version,
            )
            for line in self.lines.values()
            if line.decision is not None
        )


_VERSION: Final = "version-"
_DAMAGED: Final = "送られた内容を読み取れませんでした。画面を開き直してから、もう一度送ってください。"
_LONGEST_NUMBER: Final = 9


def typed_lines(form: MultiDict[str, str]) -> TypedLines:
    """Return what was typed on a page of an inventory: `version-<account>`, `decision-<account>`, `reason-<account>`.

    Raises:
        InvalidInput: something else was sent than the page sends.
    """
    names = [name.removeprefix(_VERSION) for name in form if name.startswith(_VERSION)]
    lines = {line.account_id: line for line in (_typed_line(form, name) for name in names)}
    problems = tuple(
        problem
        for line in lines.values()
        for problem in text_problems(
            line.reason, field=f"reason-{line.account_id}", label="理由", longest=REASON_LENGTH
        )
    )
    return TypedLines(lines=lines, problems=problems)


def _typed_line(form: MultiDict[str, str], name: str) -> TypedLine:
    version, decision = form.get(_VERSION + name, ""), form.get(f"decision-{name}", "")
    try:
        account_id = AccountId(UUID(name))
    except ValueError:
        raise InvalidInput.of(_DAMAGED) from None
    if not version.isascii() or not version.isdigit() or len(version) > _LONGEST_NUMBER:
        raise InvalidInput.of(_DAMAGED)
    if decision not in {"", *Decision}:
        raise InvalidInput.of(_DAMAGED)
    return TypedLine(
        account_id=account_id,
        decision=Decision(decision) if decision else None,
        reason=clean(form.get(f"reason-{name}", "")),
        seen_version=int(version),
    )
