"""Writes `rows_of_<revision>.sql`: what the program leaves in its tables under the newest revision.

Run once, before a new revision is written: `python -m tests.integration.migrations.write_rows`. The sheets stand where
`test_rows_of_before.py` expects them: one signed off and reopened, one returned with a reply to one item, one under review, one
closed unsubmitted whose reopening waits.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import text

from app.db.engine import make_engine
from app.db.migrate import head, upgrade
from app.db.registry import METADATA
from app.db.session import Database
from app.inspections.commands.answer import AnswerDraft, record_answers
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.queries.sheet import content_of_sheet
from app.inspections.rules import State
from tests.factories.city import build_city
from tests.factories.inspections import LINES, Year, at_grace_end, running_year
from tests.people import AFFAIRS, BRANCH, COUNTER, KIMURA, LEAD, TANAKA, Place

HERE: Final = Path(__file__).parent
HEADING: Final = (
    "-- Rows as revision {} wrote them. Every value is quoted: both engines read it into the column's type.\n"
)


def _lived_in(database: Database) -> None:
    with database.transaction() as session:
        build_city(session)
    year = running_year(database)
    year.bring(AFFAIRS, to=State.RETURNED)
    year.answer(AFFAIRS, levels={"D02": "implemented", "D08": "partial"}, comment="直した。")
    year.hand_over(AFFAIRS)
    year.approve(AFFAIRS)
    year.judge(AFFAIRS)
    year.finish_review(AFFAIRS)
    year.sign_off(AFFAIRS)
    year.bring(COUNTER, to=State.RETURNED)
    _reply(year)
    year.bring(LEAD, to=State.UNDER_REVIEW)
    year.now = at_grace_end()
    year.close_unsubmitted(BRANCH)
    _ask(year, AFFAIRS, reason="控えが見つかったため")
    with database.transaction() as session:
        confirm_reopening(
            session, actor=year.actor(KIMURA), inspection_id=year.sheets[AFFAIRS.code], now=year.now
        )
    _ask(year, BRANCH, reason="提出の申し出があったため")


def _reply(year: Year) -> None:
    sheet = year.sheet(COUNTER)
    with year.database.transaction() as session:
        before = content_of_sheet(session, sheet=sheet).answers[year.item_id("D02")]
        draft = AnswerDraft(
            item_id=year.item_id("D02"),
            level=before.level,
            comment=before.comment,
            reply="来月に直します。",
            seen_version=before.version,
            client_id="reply-D02",
        )
        clerk = year.actor(LINES[COUNTER.code].clerk)
        record_answers(session, actor=clerk, inspection_id=sheet.id, drafts=[draft], now=year.now)


def _ask(year: Year, place: Place, *, reason: str) -> None:
    with year.database.transaction() as session:
        request_reopening(
            session,
            actor=year.actor(TANAKA),
            inspection_id=year.sheets[place.code],
            reason=reason,
            now=datetime(2026, 12, 12, tzinfo=UTC),
        )


def _statements(database: Database) -> Iterator[str]:
    with database.reading() as session:
        for table in METADATA.sorted_tables:
            names = ",".join(f'"{column.name}"' for column in table.columns)
            for row in session.execute(text(f"SELECT {names} FROM {table.name} ORDER BY 1, 2")):  # noqa: S608 - our own names
                values = ",".join("NULL" if value is None else _quoted(value) for value in row)
                yield f"INSERT INTO {table.name} ({names}) VALUES ({values});\n"  # noqa: S608 - our own rows


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def main() -> None:
    """Write the file of the newest revision."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(make_engine(f"sqlite:///{folder}/rows.db"))
        upgrade(database)
        _lived_in(database)
        content = HEADING.format(head()) + "".join(_statements(database))
        database.engine.dispose()
    (HERE / f"rows_of_{head()}.sql").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
