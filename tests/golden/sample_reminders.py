"""An invented list of reminders: late and not, nobody in charge, names that are rare or look like formulas."""

from datetime import UTC, date, datetime
from typing import Final

from app.kernel.ids import InspectionId, new_id
from app.reminders.rules import ReminderRow

SENT_AT: Final = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)


def reminder_row(**given: object) -> ReminderRow:
    """Return a row of a department that is late, but for what is given."""
    values: dict[str, object] = {
        "inspection_id": InspectionId(new_id()),
        "unit_name": "総務課",
        "department_name": "総務部",
        "standing": "answering",
        "label": "回答中",
        "due": date(2026, 11, 27),
        "late_days": 4,
        "locked": False,
        "holders": ("佐藤 花子", "鈴木 一郎"),
        "heads": ("鈴木 一郎",),
        "clerks": ("佐藤 花子",),
        "last_at": None,
        "next_on": date(2026, 12, 2),
        "next_label": "回答の遅れ（上位の所属長へ）",
        **given,
    }
    return ReminderRow(**values)  # type: ignore[arg-type]


def reminder_rows() -> tuple[ReminderRow, ...]:
    """Return the rows of a list."""
    return (
        reminder_row(last_at=SENT_AT),
        reminder_row(
            unit_name="=cmd|' /C calc'!A0",
            department_name='+HYPERLINK("http://127.0.0.1/","x")',
            late_days=0,
            locked=True,
            holders=(),
            clerks=(),
            next_on=None,
            next_label="",
        ),
        reminder_row(
            unit_name="𠮷田・髙﨑出張所",
            department_name="－財務部",
            label="承認待ち",
            due=date(2026, 12, 4),
            late_days=0,
            holders=("@山﨑 薫",),
            heads=("@山﨑 薫", "葛\U000e0100西 渡"),
            clerks=("<r>田中</r>", "石井 一\n二"),
        ),
    )
