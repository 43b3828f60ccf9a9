"""Two departments ask for more time for this year's sheet: one has got it, the other still waits for the answer."""

from datetime import date, timedelta
from typing import Final

from app.cli.demo.city import REVIEWERS, SECOND_YEAR, team
from app.cli.demo.desk import People
from app.cli.demo.way import at_minute
from app.inspections.commands.extension import grant_extension, request_extension
from app.inspections.queries.lists import open_sheets
from app.kernel.clock import business_date
from app.organisation.queries import unit_ids_by_code

_ASKED: Final = at_minute(date(2026, 11, 19), 1010)
_UNTIL: Final = date(2026, 12, 4)
_REASONS: Final = {
    "2040": "年末の支払の準備と重なり、担当者2人の手がふさがっています。12月1日から回答を始めます。",
    "8020": "担当者が11月末まで研修で不在のためです。戻りしだい、その週のうちに所属長へ渡します。",
}
_GRANTED: Final = "2040"


def ask_for_more_time(people: People) -> None:
    """Let each department ask; a reviewer grants the first request and has not come to the second."""
    session, reviewer = people.session, people.actor(REVIEWERS[SECOND_YEAR][0], now=_ASKED)
    units = unit_ids_by_code(session, codes=_REASONS)
    sheets = {
        line.unit_id: line.id for line in open_sheets(session, actor=reviewer, today=business_date(_ASKED))
    }
    for code, reason in _REASONS.items():
        request_extension(
            session,
            actor=people.actor(team(code, year=SECOND_YEAR).clerks[0], now=_ASKED),
            inspection_id=sheets[units[code]],
            until=_UNTIL,
            reason=reason,
            now=_ASKED,
        )
    grant_extension(
        session,
        actor=reviewer,
        inspection_id=sheets[units[_GRANTED]],
        until=_UNTIL,
        now=_ASKED + timedelta(minutes=20),
    )
