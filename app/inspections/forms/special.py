"""The shape of a 臨時点検 as it is typed: as many rows of questions as somebody wants, and what stands around them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app.checklists.rules import LONGEST_TEXT, Question
from app.inspections.commands.special import QUESTION, SpecialDraft
from app.inspections.forms.campaigns import NO_VERSION, ErrorLine, UnitsField, error_lines, version_of
from app.inspections.queries.campaigns import FormPage, SpecialPreparation, expand_targets
from app.inspections.rules.special import FEWEST, LONGEST_NAME, MOST, bare_name, question_problems
from app.kernel.errors import InvalidInput
from app.kernel.fiscal_year import long_date
from app.web.forms import DayField, Form, Longest

ADD: Final = "add-question"
REMOVE: Final = "remove-question-"
_AT_MOST: Final = 50
"""Rows that are read at all: nobody types more."""


@dataclass(slots=True)
class QuestionRow:
    """One row of the form with what is wrong with it."""

    number: int
    question: Question
    errors: list[str] = field(default_factory=list)


class SpecialForm(Form):
    """A 臨時点検 as somebody prepares it. The rows of questions are read beside the fields: their number is open."""

    name = StringField(
        "名称",
        validators=[InputRequired("名称を書いてください。"), Longest(LONGEST_NAME)],
        description="「臨時点検：」に続きます。例：USBメモリの取扱い",
    )
    reason = TextAreaField(
        "理由と通知文",
        validators=[
            InputRequired("理由と通知文を書いてください。答える人が、なぜ急ぐのかを知るためです。"),
            Longest(LONGEST_TEXT),
        ],
        description="設問の横と通知文に出ます。",
    )
    answer_due = DayField(
        "回答の期限",
        validators=[InputRequired("回答の期限を選んでください。")],
        description="はじめは次の開庁日です。",
    )
    units = UnitsField("対象の所属")
    below = UnitsField("部ごと全部", name="units-below")
    version = HiddenField(default=str(NO_VERSION))

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - WTForms' own arguments
        super().__init__(**kwargs)
        self.show(())

    def read(self, *, statements: Sequence[str], guidances: Sequence[str]) -> None:
        """Take the rows as they were sent: each has both texts, blank or not."""
        self.show(
            Question(statement=statement, guidance=guidance)
            for statement, guidance in zip(statements[:_AT_MOST], guidances[:_AT_MOST], strict=False)
        )

    def show(self, questions: Iterable[Question]) -> None:
        """Set the rows, at least as many as there have to be."""
        found = list(questions)
        found += [Question(statement="")] * (FEWEST - len(found))
        self.rows = [QuestionRow(number, question) for number, question in enumerate(found, start=1)]

    def fill(self, start: SpecialPreparation) -> None:
        """Show what somebody starts from."""
        self.name.data, self.reason.data, self.answer_due.data = start.name, start.reason, start.answer_due
        self.units.data = list(start.unit_ids)
        self.version.data = str(start.version or NO_VERSION)
        self.show(start.questions)

    def redrawn(self, wanted: str) -> None:
        """Add a row, or take one away; what stands in the others stays."""
        questions = [row.question for row in self.rows]
        if wanted == ADD and len(questions) < MOST:
            questions.append(Question(statement=""))
        for place in range(len(questions)):
            if wanted == f"{REMOVE}{place + 1}" and len(questions) > FEWEST:
                del questions[place]
        self.show(questions)

    def say_dates(self) -> None:
        """Say the day in the Japanese calendar beside its field."""
        if isinstance(self.answer_due.data, date):
            self.answer_due.description = f"{long_date(self.answer_due.data)}。{self.answer_due.description}"

    @property
    def may_add(self) -> bool:
        """Whether one more question fits."""
        return len(self.rows) < MOST

    @property
    def may_remove(self) -> bool:
        """Whether a row can go."""
        return len(self.rows) > FEWEST

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - WTForms' own signature
        """Validate the fields and every row: all that is wrong is said at once."""
        valid = super().validate(extra_validators)
        for place, words in question_problems([row.question for row in self.rows]):
            self.rows[place].errors.append(words)
            valid = False
        return valid

    def take(self, refusal: InvalidInput) -> None:
        """Show a command's problems beside their rows and fields."""
        rest = []
        for problem in refusal.problems:
            number = (problem.field or "").removeprefix(QUESTION)
            if (problem.field or "").startswith(QUESTION) and number.isdigit():
                self.rows[int(number) - 1].errors.append(problem.message)
            else:
                rest.append(problem)
        if rest:
            super().take(InvalidInput(rest))

    @property
    def error_lines(self) -> list[ErrorLine]:
        """Return every error with a link to its place."""
        rows = [
            ErrorLine(f"#statement-{row.number}", f"設問{row.number}：{words}")
            for row in self.rows
            for words in row.errors
        ]
        return [*error_lines(self), *rows]

    @property
    def seen_version(self) -> int:
        """Return the version of the draft that was on the screen."""
        return version_of(self.version.data)

    def differences(self, kept: SpecialPreparation) -> list[tuple[str, str]]:
        """Return each field in which a stored draft says something else, with what it says."""
        mine = [row.question for row in self.rows if not row.question.is_blank]
        pairs = [
            ("名称", bare_name(self.name.data or ""), kept.name),
            ("理由と通知文", self.reason.data or "", kept.reason),
            (
                "回答の期限",
                long_date(self.answer_due.data) if self.answer_due.data else "",
                long_date(kept.answer_due),
            ),
            *(
                (f"設問{number + 1}", _words(mine, number), _words(kept.questions, number))
                for number in range(max(len(mine), len(kept.questions)))
            ),
        ]
        return [(label, stored) for label, typed, stored in pairs if typed != stored]

    def draft(self, page: FormPage) -> SpecialDraft:
        """Return a valid form as a draft."""
        return SpecialDraft(
            name=self.name.data or "",
            reason=self.reason.data or "",
            questions=tuple(row.question for row in self.rows),
            answer_due=self["answer_due"].data,
            unit_ids=expand_targets(page.tree, chosen=self.units.unit_ids, below=self.below.unit_ids),
        )


def _words(questions: Sequence[Question], number: int) -> str:
    if number >= len(questions):
        return ""
    one = questions[number]
    return f"{one.statement}（確かめ方：{one.guidance}）" if one.guidance else one.statement
