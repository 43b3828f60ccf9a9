"""What templates of the year's work may call: labels, addresses, figures."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from urllib.parse import urlencode

from flask import request, url_for

from app.checklists.rules import Edition, Item, grade_of
from app.checklists.rules import percent as percent_text
from app.checklists.texts import ASK
from app.evidence.rules import ACCEPT
from app.inspections.queries.answering import CheckPage
from app.inspections.queries.editors import Editor
from app.inspections.queries.lists import PAGE_SIZE, SheetLine, SheetList
from app.inspections.queries.sheet import Sheet
from app.inspections.routes import blueprint
from app.inspections.rules import Action, State
from app.inspections.texts import (
    BARRED,
    NOT_APPLICABLE_REASONS,
    NOT_STARTED,
    QUESTION_STATE,
    STATE,
    year_before,
)
from app.kernel.errors import Problem
from app.kernel.fiscal_year import clock_time
from app.web.access import visitor_or_none


@dataclass(frozen=True, slots=True)
class Link:
    """Something to do, and where."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One line of the error summary."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """One page of a list in its pagination."""

    label: str
    url: str | None
    current: bool


@dataclass(frozen=True, slots=True)
class Paging:
    """What the pagination macro shows."""

    total: int
    first: int
    last: int
    previous_url: str | None
    next_url: str | None
    links: tuple[NumberedPage, ...]


_PAGE_OF_ACTION: Final = {
    Action.SUBMIT: ("inspections.check", "回答を確認して提出する"),
    Action.APPROVE: ("inspections.approval", "承認の画面を開く"),
    Action.START_REVIEW: ("inspections.review_page", "審査を始める"),
    Action.FINISH_REVIEW: ("inspections.review_page", "審査を続ける"),
    Action.CANCEL_RETURN: ("inspections.review_page", "差戻しの様子を見る"),
    Action.SIGN_OFF: ("inspections.sign_off_page", "確定の画面を開く"),
    Action.CLOSE_UNSUBMITTED: ("inspections.ending", "未提出で締め切る"),
}


def doable(page: CheckPage) -> tuple[Link, ...]:
    """Return the ways on that the visitor has from a sheet: answering first, then the page of each permitted step."""
    sheet = page.head.sheet
    links = []
    if page.head.may_answer and sheet.state in {State.ANSWERING, State.RETURNED}:
        links.append(Link(_answer_label(page), answer_address(page)))
    for action, (endpoint, label) in _PAGE_OF_ACTION.items():
        if action in page.actions:
            links.append(Link(label, url_for(endpoint, inspection_id=sheet.id)))
    return tuple(links)


def _answer_label(page: CheckPage) -> str:
    if page.head.sheet.state is State.RETURNED:
        return "差戻しに答える"
    return "続きから回答する" if page.head.answered else "回答を始める"


def answer_address(page: CheckPage) -> str:
    """Return where answering goes on: the profile first, then the first open or returned item."""
    sheet = page.head.sheet
    if page.profile_open:
        return url_for("inspections.profile", inspection_id=sheet.id)
    card = (page.returns_open or page.unanswered or page.comments_missing or (None,))[0]
    if card is None:
        return url_for("inspections.section", inspection_id=sheet.id, slug=sheet.edition.sections[0].slug)
    slug = slug_of(sheet.edition, card.item)
    return url_for("inspections.section", inspection_id=sheet.id, slug=slug, _anchor=f"q{card.item.number}")


@blueprint.app_template_global()
def slug_of(edition: Edition, item: Item) -> str:
    """Return the address of the section in which an item stands."""
    return next(section.slug for section in edition.sections if item.id in {one.id for one in section.items})


@blueprint.app_template_global()
def state_label(sheet: Sheet, answered: int) -> str:
    """Return the word for a sheet's state."""
    return NOT_STARTED if sheet.state is State.ANSWERING and not answered else STATE[sheet.state]


@blueprint.app_template_global()
def state_word(line: SheetLine) -> str:
    """Return the word for the state of a sheet in a list."""
    return NOT_STARTED if line.not_started else STATE[line.state]


@blueprint.app_template_global()
def summary_of(problems: tuple[Problem, ...]) -> tuple[SummaryLine, ...]:
    """Return the lines of the error summary; a problem without a field leads to the top of the page."""
    return tuple(SummaryLine(f"#{problem.field or 'main'}", problem.message) for problem in problems)


def refused_lines(page: CheckPage, *, message: str) -> tuple[SummaryLine, ...]:
    """Return why a sheet was not handed over: a line for each list of places to mend, or else the refusal as it stands."""
    lists = (
        ("profile-open", page.profile_open, "「所属の状況」を確かめて保存してください"),
        ("unanswered", len(page.unanswered), "答えていない項目"),
        ("comments", len(page.comments_missing), "理由を書いていない項目"),
        ("returns", len(page.returns_open), "差戻しに答えていない項目"),
    )
    lines = tuple(
        SummaryLine(f"#{anchor}", words if count is True else f"{words}（{count}件）")
        for anchor, count, words in lists
        if count
    )
    return lines or (SummaryLine("#main", message),)


@blueprint.app_template_global()
def paging(found: SheetList) -> Paging:
    """Return the pagination of a list; other words of the address stay."""
    first = (found.number - 1) * PAGE_SIZE + 1 if found.total else 0
    return Paging(
        total=found.total,
        first=first,
        last=min(found.number * PAGE_SIZE, found.total),
        previous_url=page_url(found.number - 1) if found.number > 1 else None,
        next_url=page_url(found.number + 1) if found.number < found.pages else None,
        links=tuple(NumberedPage(str(n), page_url(n), n == found.number) for n in range(1, found.pages + 1)),
    )


def page_url(number: int) -> str:
    """Return the address of another page of the same list, with the same filter."""
    # Not by url_for: words of the query such as `_scheme` would be its own arguments.
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'page': number})}"


@blueprint.app_template_global()
def editor_words(editor: Editor) -> str:
    """Return in words who else is at work in a section, and where."""
    return f"{editor.name}さん（{editor.number}　{clock_time(editor.at)}に保存）"


@blueprint.app_template_global()
def grade_word(share: Fraction | None, edition: Edition) -> str:
    """Return the grade of a share by the bands of the edition, before any cap; empty where there is none."""
    return grade_of(share, method=edition.scoring) or ""


@blueprint.app_template_global()
def bar_tone(share: Fraction | None, edition: Edition) -> str:
    """Return the look of a bar by its grade: the best, the one before the last, the last; any other between them.

    The grade itself always stands beside the bar: colour says nothing that is not also written.
    """
    grades = [band.grade for band in edition.scoring.bands]
    place = grades.index(grade_word(share, edition))
    if place == len(grades) - 1:
        return "low"
    if place == 0:
        return "good"
    return "warn" if place == len(grades) - 2 else "now"


@blueprint.app_template_global()
def last_year_name(label: str, sheet: Sheet) -> str:
    """Return how the year of the sheet before is called on a page of this one."""
    return year_before(label, now=sheet.campaign.fiscal_year)


@blueprint.app_template_filter()
def percent(share: Fraction | None) -> str:
    """Show a share as 84.2点, or ― where there is none."""
    return "―" if share is None else f"{percent_text(share)}点"


@blueprint.app_context_processor
def labels() -> dict[str, object]:
    """Give templates the label tables that they index, and whose page it is (a script never sends as somebody else)."""
    found = visitor_or_none()
    return {
        "ask_labels": ASK,
        "barred_labels": BARRED,
        "question_states": QUESTION_STATE,
        "not_applicable_reasons": NOT_APPLICABLE_REASONS,
        "evidence_accept": ACCEPT,
        "person_id": str(found.actor.person_id) if found else "",
    }
