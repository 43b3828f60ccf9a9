"""Last year beside this year: the answers of the sealed sheet before, by the items of this edition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, select
from sqlalchemy.orm import Session

from app.checklists.queries import descent_between, load_edition
from app.checklists.rules import (
    Comparability,
    Edition,
    Item,
    Level,
    LineageKind,
    Obstacle,
    comparability,
    one_answer,
    scale_between,
)
from app.inspections.models import Answer, Campaign, Inspection, ItemReview, ProfileFlag, Revision
from app.inspections.queries.sheet import Sheet
from app.inspections.rules import Change, Judgement, change
from app.inspections.texts import OBSTACLE, origin
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import EditionId, ItemId, RevisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAnswer:
    """What a unit answered to one item of the year before, in the words and on the scale of that year."""

    key: str
    number: str
    statement: str
    level: Level | None
    comment: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousAnswer:
    """What stands beside a question from the unit's sealed sheet of the year before.

    Attributes:
        items: the items of that year that it goes on from.
        level: what is compared, in the scale of that year's edition; None where nothing was answered, the item did not
            apply, or nothing may be compared.
        judgement: what the reviewer said of it; None where it was never judged.
        reviewed_level: the reviewer's own level, where it differs from the department's.
        remark: the reviewer's words; empty where there were none.
        fiscal_year: the label of that year (令和7年度).
        old_statement: what the question said then, only where it is compared and the words differ.
        kind: where the item comes from, seen from that year's edition.
        obstacle: why nothing is compared; None where it is.
        of: the keys of the items that it goes on from.
        references: answers that are shown and not compared, and all of those that a merged item comes from.
        note: what the edition says about the change.
    """

    items: tuple[ItemId, ...]
    level: Level | None
    comment: str
    judgement: Judgement | None
    reviewed_level: Level | None
    remark: str
    fiscal_year: str
    old_statement: str | None
    kind: LineageKind = LineageKind.SAME
    obstacle: Obstacle | None = None
    of: tuple[str, ...] = ()
    references: tuple[PastAnswer, ...] = ()
    note: str = ""

    @property
    def sentence(self) -> str:
        """Say where the question comes from and why nothing is compared; empty for the same question."""
        return origin(self.kind, self.of) + (OBSTACLE.get(self.obstacle, "") if self.obstacle else "")


_MARKS: Final = {
    LineageKind.NEW: "new",
    LineageKind.REWORDED: "reworded",
    LineageKind.SPLIT: "split",
    LineageKind.MERGED: "merged",
}


def lineage_marks(before: PreviousAnswer | None) -> list[str]:
    """Return the small mark that says where a question comes from, where it is not simply last year's."""
    if before is None:
        return []
    reworded = before.kind is LineageKind.SAME and before.old_statement
    mark = "reworded" if reworded else _MARKS.get(before.kind)
    return [mark] if mark else []


def compared(now: Level | None, *, before: PreviousAnswer | None, edition: Edition) -> Change:
    """Return how an answer compares with what stands beside it from the year before."""
    if before is not None and before.obstacle not in {None, Obstacle.NEW}:
        return Change.APART
    last = before.level if before else None
    return change(now=now.code if now else None, before=last.code if last else None, edition=edition)


def previous_answers(
    session: Session, *, sheet: Sheet, items: Iterable[Item] | None = None
) -> Mapping[ItemId, PreviousAnswer]:
    """Return what stands beside each item of this year's edition, or some of them, in three statements.

    Whether answers are compared is decided by `comparability`, over all editions between the two. Without a sheet of
    the year before every item is absent.
    """
    if sheet.previous_revision_id is None:
        return {}
    connection, revision = session.connection(), {"revision": sheet.previous_revision_id}
    flags = connection.execute(_FLAGS, revision).all()
    before = load_edition(session, edition_id=EditionId(flags[0].edition_id))
    on = {row.flag: row.is_on for row in flags if row.flag is not None}
    wanted = tuple(sheet.edition.items.values() if items is None else items)
    origins = _origins(session, wanted, edition=sheet.edition, before=before)
    asked = {item.id for origin in origins.values() for item in origin.items if item.applies(on)}
    rows = connection.execute(_ANSWERED, {**revision, "items": list(asked)})
    past = _Past(
        edition=before,
        found={ItemId(row.item_id): row for row in rows},
        year=FiscalYear(flags[0].fiscal_year).label,
    )
    return {item.id: _previous(item, source=origins[item.id], past=past) for item in wanted}


_REVISION: Final = Revision.__table__.c
_FLAG: Final = ProfileFlag.__table__.c
_ASKED: Final = (
    select(Campaign.__table__.c.edition_id, Campaign.__table__.c.fiscal_year)
    .join_from(Revision.__table__, Inspection.__table__, Inspection.__table__.c.id == _REVISION.inspection_id)
    .join(Campaign.__table__, Campaign.__table__.c.id == Inspection.__table__.c.campaign_id)
    .where(_REVISION.id == bindparam("revision"))
)
"""The campaign of a revision."""
_FLAGS: Final = _ASKED.add_columns(_FLAG.flag, _FLAG.is_on).outerjoin(
    ProfileFlag.__table__, _FLAG.revision_id == _REVISION.id
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


@dataclass(frozen=True, slots=True)
class _Origin:
    """The items of the edition before that an item goes on from, and whether answers are compared."""

    decision: Comparability
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """The sheet of the year before."""

    edition: Edition
    found: Mapping[ItemId, Row[*tuple[Any, ...]]]
    year: str

    def level(self, item: Item) -> str | None:
        """Return the code of the department's answer to an item."""
        return self.found[item.id].level if item.id in self.found else None


def _origins(
    session: Session, items: Iterable[Item], *, edition: Edition, before: Edition
) -> dict[ItemId, _Origin]:
    along = descent_between(session, before=before, after=edition)
    scale = scale_between(before, after=edition)
    by_key = {item.key: item for item in before.items.values()}
    decisions = {item.id: comparability(along.lineages[item.key], scale=scale) for item in items}
    return {
        item_id: _Origin(decision, tuple(by_key[key] for key in decision.of))
        for item_id, decision in decisions.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Predecessors:
    """The items of the sheet of the year before that an item goes on from, as its answers are found.

    Attributes:
        revision_id: that sheet as it was sealed.
        fiscal_year: the label of that year (令和7年度).
        items: nothing for a new question; several for a merged one. Whether answers may be compared does not matter here.
    """

    revision_id: RevisionId
    fiscal_year: str
    items: tuple[Item, ...]


def predecessors(session: Session, *, sheet: Sheet, item: Item) -> Predecessors | None:
    """Return where an item comes from; None without a sheet of the year before."""
    if sheet.previous_revision_id is None:
        return None
    asked = session.connection().execute(_ASKED, {"revision": sheet.previous_revision_id}).one()
    before = load_edition(session, edition_id=EditionId(asked.edition_id))
    return Predecessors(
        revision_id=sheet.previous_revision_id,
        fiscal_year=FiscalYear(asked.fiscal_year).label,
        items=_origins(session, [item], edition=sheet.edition, before=before)[item.id].items,
    )


def comparable_items(
    session: Session, item: Item, *, edition: Edition, before: Edition
) -> tuple[ItemId, ...]:
    """Return the one item of an earlier edition with whose answers those of an item may be compared; nothing where there is none."""
    found = _origins(session, [item], edition=edition, before=before)[item.id]
    comparable = found.decision.obstacle is None and len(found.items) == 1
    return (found.items[0].id,) if comparable else ()


def _previous(item: Item, *, source: _Origin, past: _Past) -> PreviousAnswer:
    obstacle = source.decision.obstacle
    if obstacle is None and not one_answer([past.level(was) for was in source.items]):
        obstacle = Obstacle.MIXED
    was = source.items[0] if obstacle is None else None
    row = past.found.get(was.id) if was else None
    several = obstacle is not None or len(source.items) > 1
    return PreviousAnswer(
        items=tuple(one.id for one in source.items),
        level=past.edition.level(row.level) if row else None,
        comment=row.comment if row else "",
        judgement=Judgement(row.judgement) if row and row.judgement else None,
        reviewed_level=past.edition.level(row.reviewed_level) if row else None,
        remark=(row.remark or "") if row else "",
        fiscal_year=past.year,
        old_statement=was.statement if was and was.statement != item.statement else None,
        kind=source.decision.kind,
        obstacle=obstacle,
        of=source.decision.of,
        references=tuple(_past_answer(one, past=past) for one in source.items) if several else (),
        note=source.decision.note,
    )


def _past_answer(item: Item, *, past: _Past) -> PastAnswer:
    row = past.found.get(item.id)
    return PastAnswer(
        key=item.key,
        number=item.number,
        statement=item.statement,
        level=past.edition.level(row.level) if row else None,
        comment=row.comment if row else "",
        remark=(row.remark or "") if row else "",
    )
