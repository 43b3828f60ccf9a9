"""How figures and days of a report stand in cells."""

from app.reports.excel.book import Value
from app.reports.rules import ReportDay, ScoreFigure


def points(figure: ScoreFigure | None) -> Value:
    """A score as a number; ― where there was nothing to divide by, empty where there is no such score."""
    if figure is None:
        return None
    return "―" if figure.percent is None else figure.percent


def day_cells(day: ReportDay | None) -> tuple[Value, Value]:
    """A day for people, and beside it as a date of the spreadsheet."""
    return (day.text, day.day) if day else ("", None)
