"""印 are worked out when content comes to the review, and kept: no page adds them up."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.inspections.commands.steps import Loaded
from app.inspections.models import ReviewFlag, ReviewScreening
from app.inspections.queries.review_flags import facts_for_flags
from app.inspections.rules.flags import (
    FLAG_RULES_VERSION,
    RULES_BY_CODE,
    FlagCode,
    Severity,
    flags_of_answer,
    flags_of_sheet,
    lane_of,
)
from app.kernel.clock import business_date
from app.kernel.ids import ItemId


def screen(session: Session, *, loaded: Loaded, now: datetime) -> None:
    """Work out the flags of a sheet anew and keep them with its lane: a constant number of statements."""
    sheet = loaded.sheet
    seen = facts_for_flags(session, sheet=sheet, content=loaded.content, day=business_date(now))
    found: list[tuple[ItemId | None, FlagCode]] = [
        (answer.item.id, code)
        for answer in seen.answers
        for code in flags_of_answer(answer, edition=sheet.edition, today=business_date(now))
    ]
    found += [(None, code) for code in flags_of_sheet(seen.sheet)]
    key = ReviewFlag.revision_id == sheet.revision_id
    session.execute(delete(ReviewFlag).where(key))
    session.execute(delete(ReviewScreening).where(ReviewScreening.revision_id == sheet.revision_id))
    stamp = {
        "revision_id": sheet.revision_id,
        "rules_version": FLAG_RULES_VERSION,
        "computed_at": now,
    }
    if found:
        session.execute(
            insert(ReviewFlag),
            [
                {
                    **stamp,
                    "sequence": number,
                    "item_id": item_id,
                    "rule": code.value,
                    "severity": RULES_BY_CODE[code].severity.value,
                }
                for number, (item_id, code) in enumerate(found, start=1)
            ],
        )
    gravest = _gravest(found)
    session.execute(
        insert(ReviewScreening).values(
            **stamp,
            lane=lane_of(code for _, code in found).value,
            red=gravest.count(Severity.RED),
            amber=gravest.count(Severity.AMBER),
        )
    )


def screen_if_outdated(session: Session, *, loaded: Loaded, now: datetime) -> None:
    """Work out the flags of a sheet that came to the review before there were any rules, or under an earlier version of them."""
    version = session.scalar(
        select(ReviewScreening.rules_version).where(ReviewScreening.revision_id == loaded.sheet.revision_id)
    )
    if version != FLAG_RULES_VERSION:
        screen(session, loaded=loaded, now=now)


def _gravest(found: Iterable[tuple[ItemId | None, FlagCode]]) -> list[Severity]:
    """Return the gravest severity of each flagged item; the sheet as a whole counts as one."""
    severities: dict[ItemId | None, set[Severity]] = {}
    for item_id, code in found:
        severities.setdefault(item_id, set()).add(RULES_BY_CODE[code].severity)
    return [Severity.RED if Severity.RED in those else Severity.AMBER for those in severities.values()]
