"""How an edition goes on from an earlier one, over the editions that were published between them."""

from sqlalchemy.orm import Session

from app.checklists.queries.loading import label_order, labels_published, load_edition
from app.checklists.rules import Descent, Edition, by_key, descent, unchanged


def descent_between(session: Session, *, before: Edition, after: Edition) -> Descent:
    """Return how `after` goes on from `before`: one statement beside editions that were never loaded.

    No lineage leads from a draft, nor backwards: there the keys are all that connects.
    """
    if before.id == after.id:
        return unchanged(after)
    first, last = label_order(before.label), label_order(after.label)
    if not before.published or first >= last:
        return by_key(before, after=after)
    published = labels_published(session, code=before.code)
    labels = sorted((label for label in published if first < label_order(label) < last), key=label_order)
    between = [load_edition(session, edition_id=published[label]) for label in labels]
    return descent(before, through=(*between, after))
