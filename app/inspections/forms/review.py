"""Judgements as the page sends them. The fields come from the edition: `judgement-D01`, `level-D01`, ….

With each item the page sends what it showed: `seen-D01` (the versions of answer and judgement) and
`shown-D01` (a digest of the fields). An item whose fields still say what was shown was left untouched, and is
not judged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from werkzeug.datastructures import MultiDict
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from app.checklists.rules import Item
from app.inspections.commands.review import JudgementDraft, PageOfJudgements
from app.inspections.commands.steps import LONGEST_REASON
from app.inspections.queries.review import JudgedItem
from app.inspections.rules import Judgement
from app.inspections.rules.templates import TemplateText
from app.inspections.texts import JUDGEMENT
from app.kernel.digest import digest_of
from app.kernel.errors import InvalidInput, Problem
from app.kernel.fiscal_year import is_reckoned
from app.kernel.text import clean
from app.web.forms import Form, Longest, seen_field

_DAMAGED: Final = "送られた内容を読み取れませんでした。画面を開き直してから、もう一度送ってください。"
_LONGEST_NUMBER: Final = 9
NOT_JUDGED: Final = ""
"""The value of the radio button 未判断."""


def problems_of(form: Form) -> tuple[Problem, ...]:
    """Return everything to mend in a form, with what belongs to the whole of it."""
    return (*form.problems, *(Problem(message=str(message)) for message in form.form_errors))


class StepForm(Form):
    """A step that is based on the version of the sheet that was shown."""

    version = seen_field()

    @property
    def seen_version(self) -> int:
        """Return the version that was shown; 0, which never fits, where it cannot be read."""
        return _whole_number(self.version.data or "")


class ReasonForm(StepForm):
    """A step that needs a reason."""

    reason = TextAreaField(
        "理由", validators=[InputRequired("理由を書いてください。"), Longest(LONGEST_REASON)]
    )


class TakeOverForm(Form):
    """Taking a sheet that somebody else still has in hand; where nobody has it any more, no reason is asked for."""

    reason = TextAreaField("引き継ぐ理由", validators=[Longest(LONGEST_REASON)])


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementFields:
    """The fields of one item, as they stand on the page.

    Attributes:
        seen: versions of the answer and the judgement on which they are based.
        newer: after a conflict the versions as they stand now, which count for who then chooses the own judgement; otherwise empty.
        shown: digest of what the fields said when the page was made.
        errors: sentences by the name of the field.
    """

    judgement: str = NOT_JUDGED
    level: str = ""
    remark: str = ""
    due: str = ""
    seen: str = ""
    newer: str = ""
    shown: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def conflict(self) -> bool:
        """Whether the item changed under what somebody typed."""
        return bool(self.newer)

    @property
    def meaning(self) -> str:
        """Return a digest of what the fields say: a level or a date counts only with its judgement."""
        level = self.level if self.judgement == Judgement.CHANGED else ""
        due = self.due if self.judgement == Judgement.RETURNED else ""
        return digest_of([self.judgement, level, clean(self.remark), due])[:16]

    @property
    def touched(self) -> bool:
        """Whether somebody changed anything."""
        return self.meaning != self.shown

    @property
    def label(self) -> str:
        """Return the judgement in words."""
        return JUDGEMENT[Judgement(self.judgement)] if self.judgement in list(Judgement) else "未判断"


def stored_fields(item: JudgedItem, *, default_due: date) -> JudgementFields:
    """Return the fields of an item as it is stored."""
    fields = JudgementFields(
        judgement=item.judgement.value if item.judgement else NOT_JUDGED,
        level=item.reviewed_level.code if item.reviewed_level else "",
        remark=item.remark,
        due=(item.return_due or default_due).isoformat(),
    )
    return replace(fields, seen=f"{item.answer_version}.{item.review_version}", shown=fields.meaning)


def sent_fields(form: MultiDict[str, str], *, items: Iterable[Item]) -> dict[str, JudgementFields]:
    """Return the fields that were sent and changed by somebody, by item key; the others are left alone.

    Left alone too is an item of which somebody decided, after a conflict, to keep the other's judgement.
    """
    sent = {
        item.key: _sent(form, key=item.key)
        for item in items
        if f"seen-{item.key}" in form and form.get(f"keep-{item.key}") != "theirs"
    }
    return {key: fields for key, fields in sent.items() if fields.touched}


def _sent(form: MultiDict[str, str], *, key: str) -> JudgementFields:
    chosen = form.get(f"judgement-{key}", NOT_JUDGED)
    together = form.get("as", "")
    return JudgementFields(
        judgement=together if together and key in form.getlist("pick") else chosen,
        level=form.get(f"level-{key}", ""),
        remark=form.get(f"remark-{key}", ""),
        due=form.get(f"due-{key}", ""),
        seen=form.get(f"{_based_on(form, key=key)}-{key}", ""),
        shown=form.get(f"shown-{key}", ""),
    )


def _based_on(form: MultiDict[str, str], *, key: str) -> str:
    """Return which versions count: after a conflict the newer ones only for who chose the own judgement of this item."""
    return "newer" if form.get(f"keep-{key}") == "mine" and f"newer-{key}" in form else "seen"


def page_of(sent: Mapping[str, JudgementFields], *, items: Iterable[Item]) -> PageOfJudgements:
    """Return what a reviewer changed, as the commands take it.

    Raises:
        InvalidInput: fields that contradict each other; every problem beside its field.
    """
    by_key = {item.key: item for item in items}
    problems = [problem for key, fields in sent.items() for problem in _problems(by_key[key], fields)]
    if problems:
        raise InvalidInput(problems)
    judged = {key: fields for key, fields in sent.items() if fields.judgement != NOT_JUDGED}
    return PageOfJudgements(
        drafts=tuple(_draft(by_key[key], fields) for key, fields in judged.items()),
        cleared={by_key[key].id: _seen(fields)[1] for key, fields in sent.items() if key not in judged},
    )


def _problems(item: Item, fields: JudgementFields) -> list[Problem]:
    number, problems = item.number, []
    if fields.judgement not in {NOT_JUDGED, *Judgement}:
        raise InvalidInput.of(_DAMAGED)
    if fields.judgement == NOT_JUDGED and clean(fields.remark):
        sentence = f"{number}の判断を選んでください。所見・理由だけでは保存できません。"
        problems.append(Problem(field=f"judgement-{item.key}", message=sentence))
    if fields.judgement == Judgement.ACCEPTED and clean(fields.remark):
        sentence = f"{number}に所見があります。「所見を付けて受理」を選ぶか、所見を消してください。"
        problems.append(Problem(field=f"judgement-{item.key}", message=sentence))
    if fields.judgement == Judgement.RETURNED and fields.due and _day(fields.due) is None:
        sentence = f"{number}の新しい期限は、2026-12-18のように、実際にある日を入れてください。"
        problems.append(Problem(field=f"due-{item.key}", message=sentence))
    return problems


def _draft(item: Item, fields: JudgementFields) -> JudgementDraft:
    judgement = Judgement(fields.judgement)
    seen_answer, seen_review = _seen(fields)
    return JudgementDraft(
        item_id=item.id,
        judgement=judgement,
        reviewed_level=(fields.level or None) if judgement is Judgement.CHANGED else None,
        remark=fields.remark,
        return_due=_day(fields.due) if judgement is Judgement.RETURNED else None,
        seen_answer_version=seen_answer,
        seen_version=seen_review,
    )


def _seen(fields: JudgementFields) -> tuple[int, int]:
    answer, dot, review = fields.seen.partition(".")
    if not dot:
        raise InvalidInput.of(_DAMAGED)
    return _whole_number(answer), _whole_number(review)


def _whole_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise InvalidInput.of(_DAMAGED)
    return int(text)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if is_reckoned(day) else None


def accepted_page(form: MultiDict[str, str], *, items: Iterable[Item]) -> PageOfJudgements:
    """Return the acceptance of every item that was listed (`accept-D01` with the versions shown)."""
    listed = [item for item in items if f"accept-{item.key}" in form]
    accepted = JudgementFields(judgement=Judgement.ACCEPTED.value)
    drafts = tuple(_draft(item, replace(accepted, seen=form[f"accept-{item.key}"])) for item in listed)
    return PageOfJudgements(drafts=drafts, cleared={})


def with_rest(
    judged: PageOfJudgements, form: MultiDict[str, str], *, items: Iterable[Item]
) -> PageOfJudgements:
    """Return what was judged, with the acceptance of every other item that was listed where the button for it was pressed."""
    if form.get("rest") != "accept":
        return judged
    touched = {draft.item_id for draft in judged.drafts} | set(judged.cleared)
    others = accepted_page(form, items=[item for item in items if item.id not in touched])
    return replace(judged, drafts=(*judged.drafts, *others.drafts))


def with_template(
    form: MultiDict[str, str], *, items: Iterable[Item], texts: Sequence[TemplateText]
) -> dict[str, JudgementFields]:
    """Return every field as it was typed, with the chosen text put into the remarks of the items that were picked.

    Raises:
        InvalidInput: no text was chosen, or no item.
    """
    number, picked = form.get("template", ""), set(form.getlist("pick"))
    if not number.isdecimal() or not number.isascii() or int(number) >= len(texts):
        raise InvalidInput.of("入れる定型文を選んでください。", field="template")
    if not picked:
        raise InvalidInput.of("定型文を入れる項目の、左の四角に印を付けてください。", field="template")
    text = texts[int(number)].text
    sent = {item.key: _sent(form, key=item.key) for item in items if f"seen-{item.key}" in form}
    filled = {
        key: replace(fields, remark=f"{fields.remark.strip()}\n{text}".strip()) if key in picked else fields
        for key, fields in sent.items()
    }
    return {key: fields for key, fields in filled.items() if fields.touched}


def fields_of_page(
    items: Iterable[JudgedItem],
    *,
    default_due: date,
    sent: Mapping[str, JudgementFields],
    problems: Iterable[Problem],
) -> dict[str, JudgementFields]:
    """Return the fields of every item: what was typed lies over what is stored."""
    stored = {item.item.key: stored_fields(item, default_due=default_due) for item in items}
    errors = {problem.field: problem.message for problem in problems if problem.field}
    return {
        key: _over(fields, sent=sent[key], key=key, errors=errors) if key in sent else fields
        for key, fields in stored.items()
    }


def _over(
    stored: JudgementFields, *, sent: JudgementFields, key: str, errors: Mapping[str, str]
) -> JudgementFields:
    """Lay what was typed over what is stored. Of an item that changed meanwhile, who typed has to choose."""
    names = [f"{name}-{key}" for name in ("judgement", "level", "remark", "due")]
    return replace(
        sent,
        newer=stored.seen if sent.seen != stored.seen else "",
        shown=stored.shown,
        errors={name: errors[name] for name in names if name in errors},
    )
