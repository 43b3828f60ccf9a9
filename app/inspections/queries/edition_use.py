"""How much editions are in use: what the checklist pages show before somebody publishes a successor."""

from collections.abc import Iterable, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.checklists.queries import keys_of_items
from app.inspections.models import Answer, Campaign, Inspection, Revision
from app.inspections.rules import SEALED
from app.kernel.ids import EditionId
from app.kernel.ports import EditionUsage


class UseInSheets:
    """The use of editions by the sheets of the campaigns that pin them."""

    def answers_by_edition(
        self, session: Session, *, edition_ids: Iterable[EditionId]
    ) -> Mapping[EditionId, int]:
        """Return the counts by one grouped query."""
        rows = session.execute(
            select(Campaign.edition_id, func.sum(Revision.answered))
            .join(Inspection, Inspection.campaign_id == Campaign.id)
            .join(Revision, Revision.inspection_id == Inspection.id)
            .where(Campaign.edition_id.in_(list(edition_ids)))
            .group_by(Campaign.edition_id)
        )
        return {EditionId(row[0]): int(row[1]) for row in rows if row[1]}

    def usage_by_edition(
        self, session: Session, *, edition_ids: Iterable[EditionId]
    ) -> Mapping[EditionId, EditionUsage]:
        """Count the answers and the sheets that are current, by two grouped queries.

        An earlier revision of a reopened sheet does not count again.
        """
        wanted = list(edition_ids)
        keys = keys_of_items().subquery()
        answers = session.execute(
            select(Campaign.edition_id, keys.c.item_key, func.count())
            .join(Inspection, Inspection.campaign_id == Campaign.id)
            .join(Revision, Revision.inspection_id == Inspection.id)
            .join(Answer, Answer.revision_id == Revision.id)
            .join(keys, keys.c.id == Answer.item_id)
            .where(Campaign.edition_id.in_(wanted), Revision.current.is_(True), Answer.level.is_not(None))
            .group_by(Campaign.edition_id, keys.c.item_key)
        ).all()
        sealed = Revision.state.in_([state.value for state in SEALED])
        sheets = session.execute(
            select(Campaign.edition_id, func.count(), func.count().filter(sealed))
            .join(Inspection, Inspection.campaign_id == Campaign.id)
            .join(Revision, Revision.inspection_id == Inspection.id)
            .where(Campaign.edition_id.in_(wanted), Revision.current.is_(True))
            .group_by(Campaign.edition_id)
        ).all()
        by_edition: dict[EditionId, dict[str, int]] = {}
        for edition_id, key, count in answers:
            by_edition.setdefault(EditionId(edition_id), {})[key] = count
        return {
            EditionId(edition_id): EditionUsage(
                answers=by_edition.get(EditionId(edition_id), {}),
                open_sheets=every - ended,
                sealed_sheets=ended,
            )
            for edition_id, every, ended in sheets
        }
