"""Recording answers: the path that runs most, so it speaks to the tables directly."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.checklists.rules import Edition
from app.inspections.commands.questions import follow_answers
from app.inspections.commands.steps import LONGEST_REASON, journal_subject
from app.inspections.models import Answer, AnswerHistory, ItemReturn, ProfileFlag, ProfileHistory, Revision
from app.inspections.queries.previous import previous_answers
from app.inspections.queries.sheet import (
    Lock,
    Profile,
    ReturnFact,
    Sheet,
    answering_subject,
    answers_of,
    applicable_items,
    find_sheet,
    open_returns,
    profile_of,
    profile_version,
    returns_of,
)
from app.inspections.queries.taking_over import copyable
from app.inspections.rules import ANSWERABLE, AnswerFact, Origin, State, asks_for_action, completeness
from app.inspections.rules.taking_over import Source
from app.journal.commands import record
from app.kernel.clock import business_date
from app.kernel.digest import canonical, new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotNow, Problem, StaleVersion
from app.kernel.fiscal_year import long_date
from app.kernel.ids import InspectionId, ItemId
from app.kernel.text import clean, text_problems

LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDraft:
    """One answer as somebody gives it.

    Attributes:
        seen_version: the version of the answer on which it is based, with its reply; 0 when there was none.
        client_id: the sender's own id of this save; the same id sent again does nothing twice.
        reply: words to the reviewer about a returned item.
        action_due: until when the unit means to do what is left; kept only where the level leaves something to do.
        source: whether somebody gave last year's answer again by one press; it counts as that only where it may, and is the same.
    """

    item_id: ItemId
    level: str | None
    comment: str
    seen_version: int
    client_id: str
    reply: str = ""
    action_due: date | None = None
    source: Source = Source.OWN


class Outcome(StrEnum):
    """What became of a draft."""

    SAVED = "saved"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The outcome for one item. On a conflict `kept` and `kept_reply` are what somebody else saved, and nothing was stored."""

    item_id: ItemId
    outcome: Outcome
    version: int
    kept: AnswerFact | None = None
    kept_reply: str = ""


def record_answers(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    drafts: Iterable[AnswerDraft],
    now: datetime,
) -> tuple[Recorded, ...]:
    """Record drafts, each on its own: a conflict of one never loses another.

    Raises:
        NotAllowed: the actor is neither clerk nor head of the unit.
        NotNow: the sheet cannot be answered now, or an item is locked during a return.
        InvalidInput: a level or a text cannot be taken.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet))
    wanted = tuple(drafts)
    items = [draft.item_id for draft in wanted]
    opened = require_answerable(session, sheet=sheet, items=items, today=business_date(now))
    answers = answers_of(session, revision_id=sheet.revision_id, items={draft.item_id for draft in wanted})
    _require_valid(wanted, edition=sheet.edition, answers=answers, today=business_date(now))
    before = dict(answers)
    pen = Pen(session, sheet=sheet, actor=actor, now=now)
    again = _given_again(session, sheet=sheet, drafts=wanted)
    outcomes = tuple(
        _record_one(
            pen,
            draft=draft,
            answers=answers,
            opened=opened.get(draft.item_id),
            source=Source.LAST_YEAR if draft.item_id in again else Source.OWN,
        )
        for draft in wanted
    )
    count_on(session, sheet=sheet, before=before, answers=answers)
    follow_answers(session, sheet=sheet, before=before, answers=answers, actor=actor, now=now)
    return outcomes


def _given_again(session: Session, *, sheet: Sheet, drafts: tuple[AnswerDraft, ...]) -> frozenset[ItemId]:
    """Return the items for which last year's answer was given again by one press. It costs nothing while nobody does."""
    pressed = [
        draft for draft in drafts if draft.source is Source.LAST_YEAR and draft.item_id in sheet.edition.items
    ]
    if not pressed:
        return frozenset()
    items = [sheet.edition.items[draft.item_id] for draft in pressed]
    before = previous_answers(session, sheet=sheet, items=items)
    found = {item.id: copyable(item, sheet=sheet, before=before.get(item.id)) for item in items}
    return frozenset(
        draft.item_id
        for draft in pressed
        if (last := found[draft.item_id]) is not None
        and (draft.level, clean(draft.comment)) == (last.level.code, last.comment)
    )


def require_answerable(
    session: Session, *, sheet: Sheet, items: Collection[ItemId], today: date
) -> Mapping[ItemId, ReturnFact]:
    """Return the open returns, or refuse items that cannot be answered now.

    Raises:
        NotNow: the sheet is not with the department, has not begun, or some of the items were not returned.
    """
    if sheet.state not in ANSWERABLE:
        sentence = "この点検票は、いま回答できません。所属長か情報主管課が扱っています。直したいときは引き戻してください。"
        raise NotNow(sentence)
    require_begun(sheet, today=today)
    if sheet.state is not State.RETURNED:
        return {}
    opened = open_returns(sheet, returns_of(session, revision_id=sheet.revision_id))
    if any(item_id not in opened for item_id in items):
        sentence = "差戻し中に直せるのは、差し戻された項目だけです。"
        raise NotNow(sentence)
    return opened


def require_begun(sheet: Sheet, *, today: date) -> None:
    """Refuse before the first day of answering."""
    if (first := sheet.campaign.dates.opens_after(today)) is not None:
        raise NotNow(f"回答は{long_date(first)}から始まります。その日になってから入力してください。")
    if sheet.locked(today):
        until = long_date(sheet.dates.grace_until)
        raise NotNow(f"猶予日（{until}）を過ぎたため、回答は締め切りました。情報主管課に連絡してください。")


def _require_valid(
    drafts: tuple[AnswerDraft, ...], *, edition: Edition, answers: Mapping[ItemId, AnswerFact], today: date
) -> None:
    problems: list[Problem] = []
    for draft in drafts:
        item = edition.items.get(draft.item_id)
        if item is None or (draft.level is not None and draft.level not in edition.levels_by_code):
            raise InvalidInput.of("この点検票にない項目か選択肢が送られました。画面を開き直してください。")
        field = f"comment-{item.key}"
        problems += text_problems(
            clean(draft.comment), field=field, label=f"{item.number}の理由", longest=LONGEST_COMMENT
        )
        problems += text_problems(
            clean(draft.reply),
            field=f"reply-{item.key}",
            label=f"{item.number}の返信",
            longest=LONGEST_REASON,
        )
        due, stored = _action_due(draft, edition=edition), answers.get(draft.item_id)
        if due is not None and due <= today and due != (stored.action_due if stored else None):
            message = f"{item.number}の対応の期限は、きょうより後の日を選んでください。"
            problems.append(Problem(field=f"due-{item.key}", message=message))
    if problems:
        raise InvalidInput(problems)


def _action_due(draft: AnswerDraft, *, edition: Edition) -> date | None:
    return draft.action_due if asks_for_action(draft.level, edition=edition) else None


@dataclass(frozen=True, slots=True)
class Words:
    """What one save holds. `reply` is None while no return of the item is open."""

    level: str | None
    comment: str
    action_due: date | None
    reply: str | None


# Built once, on the tables themselves: these run with every save.
_ANSWER: Final = cast("Table", Answer.__table__)
_HISTORY: Final = cast("Table", AnswerHistory.__table__)
_SENT: Final = select(
    _HISTORY.c.level, _HISTORY.c.comment, _HISTORY.c.action_due, _HISTORY.c.reply, _HISTORY.c.version
).where(
    _HISTORY.c.revision_id == bindparam("revision"),
    _HISTORY.c.item_id == bindparam("item"),
    _HISTORY.c.client_id == bindparam("client"),
)
_FIRST_ANSWER: Final = insert(_ANSWER)
_NEXT_ANSWER: Final = update(_ANSWER).where(
    _ANSWER.c.revision_id == bindparam("revision"), _ANSWER.c.item_id == bindparam("item")
)
"""Sets the columns that it is given."""
_SAVE: Final = insert(_HISTORY)


class Pen:
    """Writes saves of one sheet: who, when, and where to."""

    def __init__(self, session: Session, *, sheet: Sheet, actor: Actor, now: datetime) -> None:
        self.session, self.sheet, self.actor, self.now = session, sheet, actor, now

    def sent_before(self, draft: AnswerDraft) -> tuple[Words, int] | None:
        """Return what the same save brought when it was sent before, and its version."""
        sent = {
            "revision": self.sheet.revision_id,
            "item": draft.item_id,
            "client": draft.client_id,
        }
        row = self.session.connection().execute(_SENT, sent).one_or_none()
        if row is None:
            return None
        return Words(row.level, row.comment, row.action_due, row.reply), row.version

    def write(
        self,
        words: Words,
        *,
        kept: Words,
        item_id: ItemId,
        version: int,
        client_id: str,
        origin: Origin,
        source: Source = Source.OWN,
        author: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one save: the answer, its history, the reply, and the journal. `author`: whose answer it is, where somebody else writes it."""
        salt = new_salt()
        answered = {"answered_by": self.actor.person_id, "answered_at": self.now}
        row = {
            "level": words.level,
            "comment": words.comment,
            "action_due": words.action_due,
            "taken_over": source is Source.LAST_YEAR,
            "version": version,
        }
        key = {"revision_id": self.sheet.revision_id, "item_id": item_id}
        connection = self.session.connection()
        if version == 1:
            connection.execute(_FIRST_ANSWER, {**key, **row, **answered})
        else:
            place = {"revision": self.sheet.revision_id, "item": item_id}
            connection.execute(_NEXT_ANSWER, {**place, **row, **(author or answered)})
        saved = {"reply": words.reply, "origin": origin.value, "salt": salt, "client_id": client_id}
        connection.execute(_SAVE, {**key, **row, **answered, **saved})
        facts = {
            "revision": self.sheet.number,
            "item": self.sheet.edition.items[item_id].key,
            "version": version,
        }
        if (words.level, words.comment, words.action_due) != (kept.level, kept.comment, kept.action_due):
            event = "answer.recorded" if origin is Origin.GIVEN else "answer.restored"
            said = {"level": words.level, "comment": salted_digest(words.comment, salt=salt)}
            if words.action_due:
                said["action_due"] = words.action_due.isoformat()
            if source is Source.LAST_YEAR:
                said["source"] = source.value
            self._record(event, facts={**facts, **said})
        if words.reply is not None and words.reply != kept.reply:
            self._reply(words.reply, item_id=item_id, salt=salt, facts=facts)

    def _reply(self, reply: str, *, item_id: ItemId, salt: str, facts: dict[str, object]) -> None:
        """Write the reply; one that was taken out again stands under nobody's name."""
        by, at = (self.actor.person_id, self.now) if reply else (None, None)
        self.session.execute(
            update(ItemReturn)
            .where(
                ItemReturn.revision_id == self.sheet.revision_id,
                ItemReturn.item_id == item_id,
                ItemReturn.round == self.sheet.return_round,
            )
            .values(reply=reply, replied_by=by, replied_at=at)
        )
        said = {"round": self.sheet.return_round, "reply": salted_digest(reply, salt=salt)}
        self._record("return.replied" if reply else "return.reply_cleared", facts={**facts, **said})

    def _record(self, event: str, *, facts: dict[str, object]) -> None:
        record(
            self.session,
            subject=journal_subject(self.sheet.id),
            event=event,
            actor=self.actor.mark,
            now=self.now,
            facts=facts,
        )


def _record_one(
    pen: Pen,
    *,
    draft: AnswerDraft,
    answers: dict[ItemId, AnswerFact],
    opened: ReturnFact | None,
    source: Source,
) -> Recorded:
    stored = answers.get(draft.item_id)
    version = stored.version if stored else 0
    kept = _kept(stored, opened)
    due = _action_due(draft, edition=pen.sheet.edition)
    words = Words(draft.level, clean(draft.comment), due, clean(draft.reply) if opened else None)
    if words == kept:
        return Recorded(item_id=draft.item_id, outcome=Outcome.UNCHANGED, version=version)
    sent = pen.sent_before(draft) if version else None
    if sent is not None and sent[0] == words:
        # Sent twice, done once. The version is that of the first time: who saved since then is not overwritten next.
        return Recorded(item_id=draft.item_id, outcome=Outcome.UNCHANGED, version=sent[1])
    if sent is not None or draft.seen_version != version:
        return Recorded(
            item_id=draft.item_id,
            outcome=Outcome.CONFLICT,
            version=version,
            kept=stored,
            kept_reply=kept.reply or "",
        )
    pen.write(
        words,
        kept=kept,
        item_id=draft.item_id,
        version=version + 1,
        client_id=draft.client_id,
        origin=Origin.GIVEN,
        source=source,
    )
    answers[draft.item_id] = AnswerFact(
        level=words.level,
        comment=words.comment,
        version=version + 1,
        action_due=words.action_due,
        taken_over=source is Source.LAST_YEAR,
    )
    return Recorded(item_id=draft.item_id, outcome=Outcome.SAVED, version=version + 1)


def _kept(stored: AnswerFact | None, opened: ReturnFact | None) -> Words:
    reply = opened.reply if opened else None
    return (
        Words(stored.level, stored.comment, stored.action_due, reply)
        if stored
        else Words(None, "", None, reply)
    )


def restore_approved(session: Session, *, sheet: Sheet, actor: Actor, now: datetime) -> None:
    """Put back what the head had approved before the round of returns: nobody approved a correction that is half done.

    What the department had written meanwhile stays in the history.
    """
    pen = Pen(session, sheet=sheet, actor=actor, now=now)
    answers = answers_of(session, revision_id=sheet.revision_id)
    opened = open_returns(sheet, returns_of(session, revision_id=sheet.revision_id))
    authors = _authors(session, sheet=sheet, returned=opened)
    for item_id, entry in opened.items():
        kept = _kept(answers[item_id], entry)
        words = Words(entry.level, entry.comment, entry.action_due, "")
        if kept != words:
            pen.write(
                words,
                kept=kept,
                item_id=item_id,
                version=answers[item_id].version + 1,
                client_id=f"cancelled return {entry.round}",
                origin=Origin.RESTORED,
                source=Source.LAST_YEAR if entry.taken_over else Source.OWN,
                author=authors[item_id],
            )
    restored = answers_of(session, revision_id=sheet.revision_id)
    follow_answers(session, sheet=sheet, before=answers, answers=restored, actor=actor, now=now)


def _authors(
    session: Session, *, sheet: Sheet, returned: Mapping[ItemId, ReturnFact]
) -> dict[ItemId, dict[str, Any]]:
    """Return who gave the answers that were sent back, and when: the last who gave these words before they were."""
    rows = session.execute(
        select(AnswerHistory)
        .where(
            AnswerHistory.revision_id == sheet.revision_id,
            AnswerHistory.item_id.in_(list(returned)),
            AnswerHistory.origin.in_([Origin.GIVEN.value, Origin.CARRIED.value]),
        )
        .order_by(AnswerHistory.version)
    ).scalars()
    found: dict[ItemId, dict[str, Any]] = {}
    for row in rows:
        entry = returned[ItemId(row.item_id)]
        given = (row.level, row.comment, row.action_due)
        if row.version <= entry.answer_version and given == (entry.level, entry.comment, entry.action_due):
            found[entry.item_id] = {"answered_by": row.answered_by, "answered_at": row.answered_at}
    return found


def count_on(
    session: Session,
    *,
    sheet: Sheet,
    before: Mapping[ItemId, AnswerFact],
    answers: Mapping[ItemId, AnswerFact],
) -> None:
    """Keep the count of answered items by difference: most saves change words, and neither count nor profile."""
    changed = {
        item_id: after - was
        for item_id, answer in answers.items()
        if (after := answer.level is not None) != (was := _has_level(before.get(item_id)))
    }
    if not changed:
        return
    flags = profile_of(session, revision_id=sheet.revision_id).flags
    more = sum(by for item_id, by in changed.items() if sheet.edition.items[item_id].applies(flags))
    session.connection().execute(_MORE_ANSWERED, {"revision": sheet.revision_id, "more": more})


def _has_level(answer: AnswerFact | None) -> bool:
    return answer is not None and answer.level is not None


_REVISION: Final = cast("Table", Revision.__table__)
_MORE_ANSWERED: Final = (
    update(_REVISION)
    .where(_REVISION.c.id == bindparam("revision"))
    .values(answered=_REVISION.c.answered + bindparam("more"))
)


def _refresh_counts(
    session: Session, *, sheet: Sheet, profile: Profile, answers: Mapping[ItemId, AnswerFact]
) -> None:
    done = completeness(applicable_items(sheet, profile), answers=answers, edition=sheet.edition)
    session.execute(
        update(Revision)
        .where(Revision.id == sheet.revision_id)
        .values(applicable=done.applicable, answered=done.answered)
    )


def confirm_profile(
    session: Session,
    *,
    actor: Actor,
    inspection_id: InspectionId,
    flags: Mapping[str, bool],
    seen_version: int,
    now: datetime,
) -> None:
    """Confirm the unit's profile: it decides which items apply. Answers of items that no longer apply stay, and stop counting.

    Raises:
        NotNow: the profile is settled once the sheet was handed over.
        StaleVersion: somebody else confirmed another profile since the page was shown.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=answering_subject(session, sheet=sheet))
    if sheet.state is not State.ANSWERING:
        raise NotNow("所属の状況は、回答中の点検票でだけ変えられます。")
    require_begun(sheet, today=business_date(now))
    chosen = {flag.code: flags.get(flag.code, False) for flag in sheet.edition.flags}
    kept = profile_of(session, revision_id=sheet.revision_id)
    if not kept.unconfirmed and kept.flags == chosen:
        return
    version = profile_version(session, revision_id=sheet.revision_id)
    if version != seen_version:
        raise StaleVersion(
            "所属の状況は、画面を開いたあとにほかの人が保存しました。違いを確かめて、残すほうを選んでから保存してください。"
        )
    _write_profile(session, sheet=sheet, flags=chosen, version=version + 1, actor=actor, now=now)
    profile = Profile(flags=chosen, unconfirmed=frozenset())
    _refresh_counts(
        session, sheet=sheet, profile=profile, answers=answers_of(session, revision_id=sheet.revision_id)
    )


def _write_profile(
    session: Session, *, sheet: Sheet, flags: Mapping[str, bool], version: int, actor: Actor, now: datetime
) -> None:
    flag = ProfileFlag.__table__.c
    session.execute(
        update(ProfileFlag.__table__)  # type: ignore[arg-type]
        .where(flag.revision_id == sheet.revision_id, flag.flag == bindparam("code"))
        .values(is_on=bindparam("value"), confirmed_by=actor.person_id, confirmed_at=now),
        [{"code": code, "value": value} for code, value in flags.items()],
    )
    session.execute(
        insert(ProfileHistory).values(
            revision_id=sheet.revision_id,
            version=version,
            flags=canonical(dict(flags)),
            origin=Origin.GIVEN.value,
            confirmed_by=actor.person_id,
            confirmed_at=now,
        )
    )
    record(
        session,
        subject=journal_subject(sheet.id),
        event="inspection.profile_confirmed",
        actor=actor.mark,
        now=now,
        facts={"revision": sheet.number, "flags": dict(flags), "version": version},
    )
