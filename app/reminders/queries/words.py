"""The words of notices about sheets and campaigns, with the names of today merged in."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from app.inspections.queries.in_hand import NamedThing, named_things
from app.inspections.queries.places import ENDED_UNIT
from app.inspections.texts import sheet_name
from app.kernel.ids import UnitId
from app.kernel.ports import NoticeRef, NoticeWords
from app.organisation.queries import tree_on
from app.reminders.texts import WORDING


class SheetNoticeWords:
    """Words for every notice of a step or a reminder."""

    def words(
        self, session: Session, *, notices: Sequence[NoticeRef], today: date
    ) -> Mapping[UUID, NoticeWords]:
        """Return the words by the ids of the notices, in three statements."""
        ours = [notice for notice in notices if notice.kind in WORDING]
        if not ours:
            return {}
        things = named_things(session, ids={notice.subject_id for notice in ours}, today=today)
        names = {unit.id: unit.name for unit in tree_on(session, day=today).units}
        return {
            notice.id: _worded(notice, things[notice.subject_id], names=names)
            for notice in ours
            if notice.subject_id in things
        }


def _worded(notice: NoticeRef, thing: NamedThing, *, names: Mapping[UnitId, str]) -> NoticeWords:
    wording = WORDING[notice.kind]
    merged = {
        "unit": sheet_name(names.get(thing.unit_id, ENDED_UNIT), system_name=thing.system_name)
        if thing.unit_id
        else "",
        "campaign": thing.campaign_title,
        "subject": notice.subject_id,
        "campaign_id": thing.campaign_id,
    }
    return NoticeWords(
        title=wording.title.format(**merged),
        detail=wording.detail.format(**merged),
        path=wording.path.format(**merged),
    )
