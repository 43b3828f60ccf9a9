"""Recording answers: the path that runs most, so it speaks to the tables directly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject as AccessSubject
from app.access.policy import require
from app.checklists.rules import Edition
from app.inspections.commands.steps import LONGEST_REASON, journal_subject
from app.inspections.models import Answer, AnswerHistory, ItemReturn, ProfileFlag, Revision
from app.inspections.queries.sheet import (
    Lock,
    Profile,
    Sheet,
    answers_of,
    applicable_items,
    find_sheet,
    open_returns,
    profile_of,
    returns_of,
)
from app.inspections.rules import ANSWERABLE, AnswerFact, State, completeness
from app.journal.commands import record
from app.kernel.digest import new_salt, salted_digest
from app.kernel.errors import InvalidInput, NotNow, Problem
from app.kernel.ids import InspectionId, ItemId
from app.kernel.text import clean, text_problems

LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDraft:
    """One answer as somebody gives it.

    Attributes:
        seen_version: the version of the answer on which it is based; 0 when there was none.
        client_id: the sender's own id of this save; the same id sent again does nothing twice.
        reply: words to the reviewer about a returned item.
    """

    item_id: ItemId
    level: str | None
    comment: str
    seen_version: int
    client_id: str
    reply: str = ""


class Outcome(StrEnum):
    """What became of a draft."""

    SAVED = "saved"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The outcome for one item. On a conflict `kept` is what somebody else saved, and the draft was not stored."""

    item_id: ItemId
    outcome: Outcome
    version: int
    kept: AnswerFact | None = None


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
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=AccessSubject(unit_id=sheet.unit_id))
    wanted = tuple(drafts)
    _require_answerable(session, sheet=sheet, drafts=wanted)
    _require_valid(wanted, edition=sheet.edition)
    answers = answers_of(session, revision_id=sheet.revision_id)
    outcomes = tuple(
        _record_one(session, sheet=sheet, draft=draft, answers=answers, actor=actor, now=now)
        for draft in wanted
    )
    if any(outcome.outcome is Outcome.SAVED for outcome in outcomes):
        _refresh_counts(
            session, sheet=sheet, profile=profile_of(session, revision_id=sheet.revision_id), answers=answers
        )
    return outcomes


def _require_answerable(session: Session, *, sheet: Sheet, drafts: tuple[AnswerDraft, ...]) -> None:
    if sheet.state not in ANSWERABLE:
        sentence = "この点検票は、いま回答できません。所属長か情報主管課が扱っています。直したいときは引き戻してください。"
        raise NotNow(sentence)
    if sheet.state is State.RETURNED:
        opened = open_returns(sheet, returns_of(session, revision_id=sheet.revision_id))
        if any(draft.item_id not in opened for draft in drafts):
            sentence = "差戻し中に直せるのは、差し戻された項目だけです。"
            raise NotNow(sentence)


def _require_valid(drafts: tuple[AnswerDraft, ...], *, edition: Edition) -> None:
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
    if problems:
        raise InvalidInput(problems)


def _record_one(
    session: Session,
    *,
    sheet: Sheet,
    draft: AnswerDraft,
    answers: dict[ItemId, AnswerFact],
    actor: Actor,
    now: datetime,
) -> Recorded:
    stored = answers.get(draft.item_id)
    version = stored.version if stored else 0
    comment = clean(draft.comment)
    replied = _reply(session, sheet=sheet, draft=draft, actor=actor, now=now)
    same = (
        (stored.level, stored.comment) == (draft.level, comment)
        if stored
        else (draft.level, comment) == (None, "")
    )
    if same:
        return Recorded(
            item_id=draft.item_id, outcome=Outcome.SAVED if replied else Outcome.UNCHANGED, version=version
        )
    sent = _sent_before(session, sheet=sheet, draft=draft) if version else None
    if sent is not None and (sent.level, sent.comment) == (draft.level, comment):
        # Sent twice, done once. The version is that of the first time: who saved since then is not overwritten next.
        return Recorded(item_id=draft.item_id, outcome=Outcome.UNCHANGED, version=sent.version)
    if sent is not None:
        return Recorded(item_id=draft.item_id, outcome=Outcome.CONFLICT, version=version, kept=stored)
    if draft.seen_version != version:
        return Recorded(item_id=draft.item_id, outcome=Outcome.CONFLICT, version=version, kept=stored)
    _write(session, sheet=sheet, draft=draft, comment=comment, version=version + 1, actor=actor, now=now)
    answers[draft.item_id] = AnswerFact(level=draft.level, comment=comment, version=version + 1)
    return Recorded(item_id=draft.item_id, outcome=Outcome.SAVED, version=version + 1)


def _sent_before(session: Session, *, sheet: Sheet, draft: AnswerDraft) -> AnswerFact | None:
    """Return what the same save brought when it was sent before."""
    row = session.execute(
        select(AnswerHistory.level, AnswerHistory.comment, AnswerHistory.version).where(
            AnswerHistory.revision_id == sheet.revision_id,
            AnswerHistory.item_id == draft.item_id,
            AnswerHistory.client_id == draft.client_id,
        )
    ).one_or_none()
    return AnswerFact(level=row.level, comment=row.comment, version=row.version) if row else None


def _write(
    session: Session,
    *,
    sheet: Sheet,
    draft: AnswerDraft,
    comment: str,
    version: int,
    actor: Actor,
    now: datetime,
) -> None:
    salt = new_salt()
    row = {
        "level": draft.level,
        "comment": comment,
        "version": version,
        "answered_by": actor.person_id,
        "answered_at": now,
    }
    key = {"revision_id": sheet.revision_id, "item_id": draft.item_id}
    if version == 1:
        session.execute(insert(Answer).values(**key, **row))
    else:
        session.execute(
            update(Answer)
            .where(Answer.revision_id == sheet.revision_id, Answer.item_id == draft.item_id)
            .values(**row)
        )
    session.execute(insert(AnswerHistory).values(**key, **row, salt=salt, client_id=draft.client_id))
    record(
        session,
        subject=journal_subject(sheet.id),
        event="answer.recorded",
        actor=actor.mark,
        now=now,
        facts={
            "revision": sheet.number,
            "item": sheet.edition.items[draft.item_id].key,
            "level": draft.level,
            "version": version,
            "comment": salted_digest(comment, salt=salt),
        },
    )


def _reply(session: Session, *, sheet: Sheet, draft: AnswerDraft, actor: Actor, now: datetime) -> bool:
    """Keep the words to the reviewer about a returned item; return whether there are new ones."""
    reply = clean(draft.reply)
    if sheet.state is not State.RETURNED or not reply:
        return False
    result = session.execute(
        update(ItemReturn)
        .where(
            ItemReturn.revision_id == sheet.revision_id,
            ItemReturn.item_id == draft.item_id,
            ItemReturn.round == sheet.return_round,
            ItemReturn.reply != reply,
        )
        .values(reply=reply, replied_by=actor.person_id, replied_at=now)
    )
    if getattr(result, "rowcount", 0) != 1:
        return False
    salt = new_salt()
    facts = {
        "item": sheet.edition.items[draft.item_id].key,
        "round": sheet.return_round,
        "reply": salted_digest(reply, salt=salt),
    }
    record(
        session,
        subject=journal_subject(sheet.id),
        event="return.replied",
        actor=actor.mark,
        now=now,
        facts=facts,
    )
    return True


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
    session: Session, *, actor: Actor, inspection_id: InspectionId, flags: Mapping[str, bool], now: datetime
) -> None:
    """Confirm the unit's profile: it decides which items apply. Answers of items that no longer apply stay, and stop counting.

    Raises:
        NotNow: the profile is settled once the sheet was handed over.
    """
    sheet = find_sheet(session, actor=actor, inspection_id=inspection_id, lock=Lock.HELD)
    require(Permission.UNIT_INSPECTION_ANSWER, actor=actor, subject=AccessSubject(unit_id=sheet.unit_id))
    if sheet.state is not State.ANSWERING:
        raise NotNow("所属の状況は、回答中の点検票でだけ変えられます。")
    defined = [flag.code for flag in sheet.edition.flags]
    chosen = {code: flags.get(code, False) for code in defined}
    session.execute(delete(ProfileFlag).where(ProfileFlag.revision_id == sheet.revision_id))
    session.execute(
        insert(ProfileFlag),
        [
            {
                "revision_id": sheet.revision_id,
                "flag": code,
                "is_on": value,
                "confirmed_by": actor.person_id,
                "confirmed_at": now,
            }
            for code, value in chosen.items()
        ],
    )
    record(
        session,
        subject=journal_subject(sheet.id),
        event="inspection.profile_confirmed",
        actor=actor.mark,
        now=now,
        facts={"revision": sheet.number, "flags": chosen},
    )
    profile = Profile(flags=chosen, unconfirmed=frozenset())
    _refresh_counts(
        session, sheet=sheet, profile=profile, answers=answers_of(session, revision_id=sheet.revision_id)
    )
