"""Edition files: YAML with line numbers in, YAML and its JSON Schema out. No database here.

A file is read in three steps, and every problem of every step is reported with its line: the YAML itself
(`tree`), the shape of each field (`model`), and what has to agree between fields (`checks`).
"""

from app.checklists.commands import EditionDraft
from app.checklists.files.difference import diff_as_json, diff_as_text
from app.checklists.files.model import json_schema, schema_text
from app.checklists.files.reader import LARGEST_FILE, ancestry_from, read_edition
from app.checklists.files.writer import to_yaml
from app.checklists.queries import from_content

__all__ = [
    "LARGEST_FILE",
    "EditionDraft",
    "ancestry_from",
    "diff_as_json",
    "diff_as_text",
    "from_content",
    "json_schema",
    "read_edition",
    "schema_text",
    "to_yaml",
]
