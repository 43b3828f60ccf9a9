"""Reading checklists."""

from app.checklists.queries.content import from_content, lineage_of
from app.checklists.queries.descent import descent_between
from app.checklists.queries.diff import DiffEntry, DiffPage, compared_editions, diff_page
from app.checklists.queries.lineage import Ancestry, ancestry
from app.checklists.queries.loading import (
    content_of,
    edition_named,
    keys_of_items,
    label_order,
    load_edition,
    load_editions,
    newest_published,
    published_edition,
)
from app.checklists.queries.pages import (
    ChecklistGroup,
    EditionLine,
    EditionPage,
    all_editions,
    edition_content,
    edition_ids,
    edition_page,
    editions,
    sees_drafts,
)

__all__ = [
    "Ancestry",
    "ChecklistGroup",
    "DiffEntry",
    "DiffPage",
    "EditionLine",
    "EditionPage",
    "all_editions",
    "ancestry",
    "compared_editions",
    "content_of",
    "descent_between",
    "diff_page",
    "edition_content",
    "edition_ids",
    "edition_named",
    "edition_page",
    "editions",
    "from_content",
    "keys_of_items",
    "label_order",
    "lineage_of",
    "load_edition",
    "load_editions",
    "newest_published",
    "published_edition",
    "sees_drafts",
]
