"""臨時点検: three to ten questions to every unit within days, with dates that follow from the day on which answers are due. Pure.

Basis: 市 情報セキュリティ対策基準 (自己点検): 統括 may have the city inspected at any time, after an incident or a warning.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from app.calendar.rules import CityCalendar
from app.checklists.rules import LONGEST_STATEMENT, LONGEST_TEXT, Question
from app.inspections.rules import CampaignDates
from app.kernel.text import clean, text_problems

FEWEST: Final = 3
MOST: Final = 10
TITLE_START: Final = "臨時点検："
LONGEST_NAME: Final = 90
"""Characters of the name that follows `TITLE_START`; both together fit a campaign's title and an edition's."""
_UNSEEN: Final = "\ufeff\ufffe\uffff"
APPROVAL_DAYS: Final = 1
GRACE_DAYS: Final = 2
REVIEW_DAYS: Final = 5
"""Working days after the answers are due, until heads have approved, stragglers are closed, and the review is done."""


def suggested_due(today: date, *, calendar: CityCalendar) -> date:
    """Return the next working day after today."""
    return calendar.add_business_days(today, 1)


def special_dates(today: date, *, answer_due: date, calendar: CityCalendar) -> CampaignDates:
    """Return the dates of an inspection that is answered from today: all others follow from the day answers are due."""
    return CampaignDates(
        base_date=today,
        answer_from=today,
        answer_due=answer_due,
        approval_due=calendar.add_business_days(answer_due, APPROVAL_DAYS),
        review_due=calendar.add_business_days(answer_due, REVIEW_DAYS),
        grace_until=calendar.add_business_days(answer_due, GRACE_DAYS),
    )


def special_title(name: str) -> str:
    """Return the title of a campaign and its checklist, which begins with the word once."""
    return TITLE_START + bare_name(name)


def bare_name(title: str) -> str:
    """Return what somebody called it, without the word before it."""
    words = clean(title)
    for start in (TITLE_START, TITLE_START.replace("：", ":")):
        words = words.removeprefix(start).strip()
    return words


def written(questions: Sequence[Question]) -> tuple[Question, ...]:
    """Return the questions without blank rows."""
    return tuple(question for question in questions if not question.is_blank)


def question_problems(questions: Sequence[Question]) -> list[tuple[int, str]]:
    """Return (place, sentence) for each row to mend, counted from 0; blank rows count for nothing."""
    problems = [(place, words) for place, one in enumerate(questions) for words in _problems(one)]
    filled = [place for place, one in enumerate(questions) if not one.is_blank]
    if len(filled) < FEWEST:
        blank = next((place for place, one in enumerate(questions) if one.is_blank), len(questions) - 1)
        words = f"設問は{FEWEST}つ以上書いてください（いま{len(filled)}つ）。"
        problems.append((max(blank, 0), words))
    problems += [
        (place, f"設問は{MOST}までです。この設問を消すか、ほかとまとめてください。")
        for place in filled[MOST:]
    ]
    return sorted(problems, key=lambda problem: problem[0])


def _problems(question: Question) -> list[str]:
    if question.is_blank:
        return []
    statement, guidance = clean(question.statement), clean(question.guidance)
    found = text_problems(statement, field="statement", label="設問", longest=LONGEST_STATEMENT)
    found += text_problems(guidance, field="guidance", label="確かめ方", longest=LONGEST_TEXT)
    missing = [] if statement else ["設問を書いてください。確かめ方だけでは尋ねられません。"]
    unseen = [*unseen_marks(statement, label="設問"), *unseen_marks(guidance, label="確かめ方")]
    return [*missing, *(problem.message for problem in found), *unseen]


def unseen_marks(text: str, *, label: str) -> list[str]:
    """Return the sentence for marks that an edition refuses beside those that no text may hold."""
    found = any(mark in text for mark in _UNSEEN)
    return [f"{label}に、目に見えない文字が入っています。打ち直してください。"] if found else []
