"""The rules of a 臨時点検: its rows, its dates, its name."""

from datetime import date, timedelta

import pytest

from app.calendar.rules import CityCalendar
from app.checklists.files.model import EditionFile
from app.checklists.rules import Question, is_special, one_line, special_code, special_number
from app.inspections.rules import date_problems
from app.inspections.rules.special import (
    FEWEST,
    LONGEST_NAME,
    MOST,
    TITLE_START,
    bare_name,
    question_problems,
    special_dates,
    special_title,
    suggested_due,
    written,
)


def asked(*statements: str) -> tuple[Question, ...]:
    """Return questions without guidance."""
    return tuple(Question(statement=one) for one in statements)


@pytest.mark.parametrize("count", range(FEWEST, MOST + 1))
def test_three_to_ten_questions_are_fine(count: int) -> None:
    assert question_problems(asked(*(str(number) for number in range(count)))) == []


def test_too_few_are_said_at_the_first_blank_row_and_too_many_at_each_of_them() -> None:
    assert question_problems(asked("一", "", "三", "")) == [(1, "設問は3つ以上書いてください（いま2つ）。")]
    assert question_problems(asked("一", "二")) == [(1, "設問は3つ以上書いてください（いま2つ）。")]
    assert question_problems(()) == [(0, "設問は3つ以上書いてください（いま0つ）。")]
    too_many = question_problems(asked(*(str(number) for number in range(12))))
    assert [place for place, _ in too_many] == [10, 11]


def test_blank_rows_count_for_nothing() -> None:
    rows = asked("一", " \n", "三", "四")
    assert question_problems(rows) == []
    assert [one.statement for one in written(rows)] == ["一", "三", "四"]


@pytest.mark.parametrize("offset", range(400))
def test_dates_follow_in_order_on_working_days(offset: int) -> None:
    calendar = CityCalendar({date(2026, 11, 25): "市制記念日"})
    today = date(2026, 11, 1) + timedelta(days=offset)
    due = suggested_due(today, calendar=calendar)
    dates = special_dates(today, answer_due=due, calendar=calendar)
    assert date_problems(dates) == []
    assert due > today
    order = [dates.answer_due, dates.approval_due, dates.grace_until, dates.review_due]
    assert order == sorted(set(order))
    assert all(calendar.is_business_day(day) for day in order)


def test_the_title_begins_with_the_word_once_and_fits_an_edition() -> None:
    for typed in ("USBメモリ", "臨時点検：USBメモリ", "臨時点検:USBメモリ ", " 臨時点検： USBメモリ"):
        assert special_title(typed) == "臨時点検：USBメモリ"
    assert bare_name(special_title("USBメモリ")) == "USBメモリ"
    longest = next(
        one.max_length for one in EditionFile.model_fields["title"].metadata if hasattr(one, "max_length")
    )
    assert len(TITLE_START) + LONGEST_NAME <= longest


def test_codes_count_up_within_a_year() -> None:
    assert special_code(2026, number=3) == "special_2026_03"
    assert special_number("special_2026_03", year=2026) == 3
    assert special_number("special_2026_100", year=2026) == 100
    assert special_number("special_2027_03", year=2026) == 0
    assert special_number("department", year=2026) == 0
    assert is_special("special_2026_01")
    assert not is_special("department")


def test_lines_stand_behind_one_another() -> None:
    assert one_line(" 一行め\r\n\r\n 二行め\t三 \n") == "一行め　二行め　三"
