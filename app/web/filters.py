"""Template filters: dates in Japanese, line breaks in free text."""

from datetime import datetime

from flask import Flask
from markupsafe import Markup, escape

from app.kernel.clock import business_date
from app.kernel.digest import short
from app.kernel.fiscal_year import clock_time, days_left, long_date, long_instant, plain_date, short_date
from app.web.access import today


def init_filters(app: Flask) -> None:
    """Give templates the filters that pages use."""
    app.jinja_env.filters.update(
        long_date=long_date,
        plain_date=plain_date,
        short_date=short_date,
        long_instant=long_instant,
        clock_time=clock_time,
        short_instant=short_instant,
        days_left=lambda due: days_left(due=due, today=today()),
        lines=lines,
        short_digest=short,
    )
    app.jinja_env.globals["days_to"] = lambda due: (due - today()).days
    app.jinja_env.globals["today_text"] = TodayText()


class TodayText:
    """The business date of the request, worked out when a page shows it."""

    def __str__(self) -> str:
        return long_date(today())


def short_instant(instant: datetime) -> str:
    """11月20日(金) 14時32分."""
    return f"{short_date(business_date(instant))} {clock_time(instant)}"


def lines(text: str) -> Markup:
    """Show free text with its line breaks and nothing else of it as markup."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))
