"""The words of notices about accounts. No name and no address of a computer: a mail may carry them."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import business_date
from app.kernel.fiscal_year import clock_time, short_date
from app.kernel.ids import PersonId
from app.kernel.ports import NoticeRef, NoticeWords
from app.notices.queries import unread_of
from app.people.models import SignInSession
from app.people.rules import unpacked
from app.people.texts import ALARMS, ODDITY, PLAIN_NOTICES, UNUSUAL_SIGN_IN


class PeopleNoticeWords:
    """Words for notices of unusual sign-ins and of changes to a second factor."""

    def words(
        self, session: Session, *, notices: Sequence[NoticeRef], today: date
    ) -> Mapping[UUID, NoticeWords]:
        """Return the words by the ids of the notices, in one statement."""
        del today
        plain = {
            notice.id: NoticeWords(title=title, detail=detail, path=path.format(subject=notice.subject_id))
            for notice in notices
            if notice.kind in PLAIN_NOTICES
            for title, detail, path in [PLAIN_NOTICES[notice.kind]]
        }
        return {**plain, **self._of_sign_ins(session, notices=notices)}

    def _of_sign_ins(self, session: Session, *, notices: Sequence[NoticeRef]) -> Mapping[UUID, NoticeWords]:
        ours = {notice.subject_id: notice.id for notice in notices if notice.kind == UNUSUAL_SIGN_IN}
        if not ours:
            return {}
        rows = session.execute(
            select(SignInSession.public_id, SignInSession.created_at, SignInSession.oddities).where(
                SignInSession.public_id.in_(ours)
            )
        )
        return {
            ours[row.public_id]: NoticeWords(
                title=ALARMS[UNUSUAL_SIGN_IN],
                detail=f"{short_date(business_date(row.created_at))} {clock_time(row.created_at)}　"
                + "・".join(ODDITY[oddity] for oddity in unpacked(row.oddities))
                + "。覚えがないときは、ほかの端末をログアウトさせ、パスワードを変えてください。",
                path="/me/sessions",
            )
            for row in rows
        }


def alarms(session: Session, *, person_id: PersonId, here: UUID) -> tuple[str, ...]:
    """Return what unread notices say of somebody's account, each once; nothing of the session in which one looks."""
    unread = unread_of(session, person_id=person_id, kinds=ALARMS)
    return tuple(dict.fromkeys(ALARMS[kind] for kind, subject_id in unread if subject_id != here))
