"""Last year beside this year: the answers of the sealed sheet before, by the items of this edition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, select
from sqlalchemy.orm import Session

from app.checklists.queries import load_edition
from app.checklists.rules import Edition, Item, Level
from app.inspections.models import Answer, Campaign, Inspection, ItemReview, ProfileFlag, Revision
from app.inspections.queries.sheet import Sheet
from app.inspections.rules import Judgement
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import EditionId, ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousAnswer:
    """What a unit answered to the same question in its sealed sheet of the year before.

    Attributes:
        item_id: the item of that year.
        level: in the scale of that year's edition; None where nothing was answered or the item did not apply.
        judgement: what the reviewer said of it; None where it was never judged.
        reviewed_level: the reviewer's own level, where it differs from the department's.
        remark: the reviewer's words; empty where there were none.
        fiscal_year: the label of that year (令和7年度).
        old_statement: what the question said then, only where the words differ.
    """

    item_id: ItemId
    level: Level | None
    comment: str
    judgement: Judgement | None
    reviewed_level: Level | None
    remark: str
    fiscal_year: str
    old_statement: str | None


def previous_answers(
    session: Session, *, sheet: Sheet, items: Iterable[Item] | None = None
) -> Mapping[ItemId, PreviousAnswer]:
    """Return last year's answers by the items of this year's edition, or to some of them, in two statements.

    An item of the same edition is matched by itself, one of a newer edition by its lineage: only where that
    says that answers stay comparable. Items without a counterpart are absent; so are all of them without a
    sheet of the year before.
    """
    if sheet.previous_revision_id is None:
        return {}
    connection, revision = session.connection(), {"revision": sheet.previous_revision_id}
    flags = connection.execute(_FLAGS, revision).all()
    before = load_edition(session, edition_id=EditionId(flags[0].edition_id))
    year = FiscalYear(flags[0].fiscal_year).label
    on = {row.flag: row.is_on for row in flags if row.flag is not None}
    pairs = _pairs(sheet.edition.items.values() if items is None else items, sheet.edition, before=before)
    asked = {**revision, "items": [was.id for _, was in pairs if was.applies(on)]}
    found = {ItemId(row.item_id): row for row in connection.execute(_ANSWERED, asked)}
    return {
        item.id: _previous(item, was=was, edition=before, found=found.get(was.id), year=year)
        for item, was in pairs
    }


_REVISION: Final = Revision.__table__.c
_FLAG: Final = ProfileFlag.__table__.c
_FLAGS: Final = (
    select(Campaign.__table__.c.edition_id, Campaign.__table__.c.fiscal_year, _FLAG.flag, _FLAG.is_on)
    .join_from(Revision.__table__, Inspection.__table__, Inspection.__table__.c.id == _REVISION.inspection_id)
    .join(Campaign.__table__, Campaign.__table__.c.id == Inspection.__table__.c.campaign_id)
    .outerjoin(ProfileFlag.__table__, _FLAG.revision_id == _REVISION.id)
    .where(_REVISION.id == bindparam("revision"))
)
"""The campaign of a revision beside each flag of its profile; once alone where there is none."""
_ANSWER: Final = Answer.__table__.c
_REVIEW: Final = ItemReview.__table__.c
_ANSWERED: Final = (
    select(
        *(_ANSWER[name] for name in ("item_id", "level", "comment")),
        *(_REVIEW[name] for name in ("judgement", "reviewed_level", "remark")),
    )
    .outerjoin_from(
        Answer.__table__,
        ItemReview.__table__,
        and_(_REVIEW.revision_id == _ANSWER.revision_id, _REVIEW.item_id == _ANSWER.item_id),
    )
    .where(
        _ANSWER.revision_id == bindparam("revision"),
        _ANSWER.item_id.in_(bindparam("items", expanding=True)),
    )
)


def _pairs(items: Iterable[Item], edition: Edition, *, before: Edition) -> list[tuple[Item, Item]]:
    """Return each item with the one of the edition before that it goes on from."""
    by_key = {item.key: item for item in before.items.values()}
    pairs = []
    for item in items:
        key = item.key if edition.id == before.id else item.lineage.predecessor
        if key is not None and key in by_key:
            pairs.append((item, by_key[key]))
    return pairs


def _previous(
    item: Item, *, was: Item, edition: Edition, found: Row[*tuple[Any, ...]] | None, year: str
) -> PreviousAnswer:
    judgement = found.judgement if found else None
    return PreviousAnswer(
        item_id=was.id,
        level=edition.level(found.level) if found else None,
        comment=found.comment if found else "",
        judgement=Judgement(judgement) if judgement else None,
        reviewed_level=edition.level(found.reviewed_level) if found else None,
        remark=(found.remark or "") if found else "",
        fiscal_year=year,
        old_statement=was.statement if was.statement != item.statement else None,
    )
