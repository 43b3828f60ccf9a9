"""The list of first passwords that is handed out. No database."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from app.kernel.text import harmless_cell
from app.people.files.staff import NAME, STAFF_NO


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPassword:
    """A first password on its way to its owner."""

    staff_no: str
    name: str
    unit_name: str
    password: str


def first_passwords_csv(lines: Iterable[FirstPassword]) -> bytes:
    """Return the list of first passwords in UTF-8 with its mark, which Excel opens as it is."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([STAFF_NO, NAME, "所属名", "最初のパスワード"])
    for line in lines:
        writer.writerow([harmless_cell(c) for c in (line.staff_no, line.name, line.unit_name, line.password)])
    return text.getvalue().encode("utf-8-sig")
