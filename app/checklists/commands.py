"""Writing checklists: an edition is imported as a draft, then sealed by two persons; nothing else."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject, require
from app.checklists.models import Checklist, ChecklistEdition, ChecklistItem
from app.checklists.queries import Ancestry, ancestry, label_order, lineage_of
from app.checklists.queries.loading import PUBLISHED_HERE
from app.checklists.rules import MODEL, EditionState, Lineage, LineageKind, special_code, special_number
from app.journal.commands import record
from app.journal.rules import Subject as JournalSubject
from app.journal.rules import SubjectType
from app.kernel.digest import digest_text
from app.kernel.errors import InvalidInput, NotFound, NotNow, Problem
from app.kernel.ids import EditionId
from app.kernel.text import clean, text_problems

LONGEST_NOTE: Final = 500
"""Characters in the note of a publication."""

ALREADY_PUBLISHED: Final = (
    "この版はもう公開されています。直したいときは、新しい版の番号を付けて取り込んでください。"
)
ANOTHER_EDITION: Final = "別の点検票か、別の版の内容です。下書きは、同じ版の内容とだけ入れ替えられます。"
CONTENT_CHANGED: Final = (
    "取り込んだ内容が、そのあとに変わっています。公開せず、システム管理者に知らせてください。"
)
ITEMS_CHANGED: Final = "項目の行が、取り込んだ内容と合いません。公開せず、システム管理者に知らせてください。"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftItem:
    """What importing has to know of an item; all else stands in the content."""

    key: str
    lineage: Lineage


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionDraft:
    """A checked edition file: `content` is its canonical JSON, `items` are in their order."""

    code: str
    label: str
    content: str
    items: tuple[DraftItem, ...]
    retired: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the content."""
        return digest_text(self.content)


def draft_of(content: str) -> EditionDraft:
    """Return the draft that a canonical content describes."""
    data = json.loads(content)
    items = [item for section in data["sections"] for item in section["items"]]
    return EditionDraft(
        code=data["code"],
        label=data["edition"],
        content=content,
        items=tuple(DraftItem(key=item["key"], lineage=lineage_of(item["lineage"])) for item in items),
        retired=tuple(retired["key"] for retired in data["retired"]),
    )


# -------------------------------------------------------------------------------------- where items come from


@dataclass(frozen=True, slots=True, kw_only=True)
class AncestryFault:
    """One key whose lineage does not fit the edition before."""

    key: str
    message: str


def ancestry_faults(
    items: Sequence[DraftItem], *, retired: Sequence[str], of: Ancestry
) -> Iterator[AncestryFault]:
    """Yield what does not fit the editions before.

    A key means the same question for ever: an item that goes on (same, reworded) keeps it, every other item
    takes one that was never used. Each item of the edition before goes on or is named as retired.
    """
    for item in items:
        yield from _item_faults(item, of=of)
    yield from _farewell_faults(items, retired=retired, of=of)


def _item_faults(item: DraftItem, *, of: Ancestry) -> Iterator[AncestryFault]:
    lineage = item.lineage
    for ancestor in lineage.of:
        if ancestor not in of.keys:
            yield AncestryFault(key=item.key, message=_unknown_ancestor(ancestor, of=of))
    if lineage.kind in {LineageKind.SAME, LineageKind.REWORDED}:
        if lineage.of != (item.key,):
            yield AncestryFault(
                key=item.key,
                message="前の版から続く項目（same、reworded）は、キーを変えません。"
                "違う問いなら lineage を new にします。",
            )
    elif item.key in of.used:
        yield AncestryFault(
            key=item.key,
            message="このキーは前の版で使われています。新しい項目には、まだ使われていないキーを付けます。",
        )


def _unknown_ancestor(ancestor: str, *, of: Ancestry) -> str:
    if of.label is None:
        return f"最初の版なので、{ancestor} を受け継ぐことはできません。lineage は new にします。"
    return f"lineage の {ancestor} は、前の版（{of.label}）にありません。キーを確かめてください。"


def _farewell_faults(
    items: Iterable[DraftItem], *, retired: Sequence[str], of: Ancestry
) -> Iterator[AncestryFault]:
    continued = {ancestor for item in items for ancestor in item.lineage.of}
    for key in retired:
        if key not in of.keys:
            yield AncestryFault(
                key=key, message="retired に書いたキーは、前の版にありません。書き間違いか確かめてください。"
            )
        elif key in continued:
            yield AncestryFault(
                key=key,
                message="retired に書いたキーを、lineage で受け継いでいます。どちらかを消してください。",
            )
    for key in sorted(of.keys - continued - set(retired)):
        yield AncestryFault(
            key=key,
            message=f"前の版（{of.label}）の項目が、どこにも続いていません。"
            "lineage で受け継ぐか、retired に書きます。",
        )


# --------------------------------------------------------------------------------------------------- import


def import_edition(session: Session, *, actor: Actor, draft: EditionDraft, now: datetime) -> EditionId:
    """Store an edition as a draft and return its id; the same content again changes nothing.

    Raises:
        NotAllowed: the actor does not prepare checklists.
        InvalidInput: the label is taken by another content, is not newer than what is published, or the
            lineage does not fit the newest published edition.
    """
    require(Permission.CITY_CHECKLIST_IMPORT, actor=actor)
    checklist = _checklist(session, code=draft.code, now=now)
    held = session.scalars(
        select(ChecklistEdition).where(
            ChecklistEdition.checklist_id == checklist.id, ChecklistEdition.label == draft.label
        )
    ).one_or_none()
    if held is not None:
        return _already_there(held, draft=draft)
    _refuse_unfit(draft, of=ancestry(session, code=draft.code))
    edition = _stored(session, checklist=checklist, draft=draft, now=now)
    _journal(
        session,
        checklist=checklist,
        edition=edition,
        event="checklist.imported",
        actor=actor,
        now=now,
        facts={"items": len(draft.items)},
    )
    session.flush()
    return EditionId(edition.id)


def _checklist(session: Session, *, code: str, now: datetime) -> Checklist:
    found = session.scalars(select(Checklist).where(Checklist.code == code).with_for_update()).one_or_none()
    if found is None:
        found = Checklist(code=code, created_at=now)
        session.add(found)
        session.flush()
    return found


def _already_there(held: ChecklistEdition, *, draft: EditionDraft) -> EditionId:
    if held.digest == draft.digest:
        return EditionId(held.id)
    state = "公開済み" if held.state == EditionState.PUBLISHED.value else "取込み済み"
    raise InvalidInput.of(
        f"版「{draft.label}」は、別の内容で{state}です。版の中身は変えられません。"
        f"直したいときは、ファイルに新しい版の番号を付けて取り込んでください。",
        field="edition",
    )


def _refuse_unfit(draft: EditionDraft, *, of: Ancestry) -> None:
    if of.label is None:
        # A city may begin with any edition: what came before it was never published here, and is not looked for.
        return
    problems = [
        Problem(message=f"項目 {fault.key}：{fault.message}", field=fault.key)
        for fault in ancestry_faults(draft.items, retired=draft.retired, of=of)
    ]
    if label_order(draft.label) <= label_order(of.label):
        message = (
            f"版「{draft.label}」は、公開済みの最新の版「{of.label}」より新しくありません。"
            "それより大きい番号を付けてください。"
        )
        problems.insert(0, Problem(message=message, field="edition"))
    if problems:
        raise InvalidInput(problems)


def _stored(
    session: Session, *, checklist: Checklist, draft: EditionDraft, now: datetime
) -> ChecklistEdition:
    edition = ChecklistEdition(
        checklist_id=checklist.id,
        label=draft.label,
        state=EditionState.DRAFT.value,
        content=draft.content,
        digest=draft.digest,
        imported_at=now,
    )
    session.add(edition)
    session.flush()
    _add_items(session, edition=edition, draft=draft)
    return edition


def _add_items(session: Session, *, edition: ChecklistEdition, draft: EditionDraft) -> None:
    session.add_all(
        ChecklistItem(edition_id=edition.id, item_key=item.key, position=position)
        for position, item in enumerate(draft.items, start=1)
    )
    session.flush()


def replace_draft(
    session: Session, *, actor: Actor, edition_id: EditionId, draft: EditionDraft, now: datetime
) -> None:
    """Put another content into a draft that was written on a page: the same checklist, the same label.

    Raises:
        NotAllowed: the actor does not prepare checklists.
        NotFound: there is no such edition.
        NotNow: it is published.
        InvalidInput: the content is another checklist's or another edition's, or does not follow the newest published one.
    """
    require(Permission.CITY_CHECKLIST_IMPORT, actor=actor)
    edition, checklist = _locked(session, edition_id=edition_id)
    if (draft.code, draft.label) != (checklist.code, edition.label):
        raise InvalidInput.of(ANOTHER_EDITION, field="edition")
    _refuse_unfit(draft, of=ancestry(session, code=checklist.code))
    session.execute(delete(ChecklistItem).where(ChecklistItem.edition_id == edition_id))
    edition.content, edition.digest, edition.imported_at = draft.content, draft.digest, now
    _add_items(session, edition=edition, draft=draft)
    _journal(
        session,
        checklist=checklist,
        edition=edition,
        event="checklist.draft_replaced",
        actor=actor,
        now=now,
        facts={"items": len(draft.items)},
    )


def discard_draft(session: Session, *, actor: Actor, edition_id: EditionId, now: datetime) -> None:
    """Throw a draft away, and its checklist where that holds nothing else; the journal keeps that there was one.

    Raises:
        NotAllowed: the actor does not prepare checklists.
        NotFound: there is no such edition.
        NotNow: it is published.
    """
    require(Permission.CITY_CHECKLIST_IMPORT, actor=actor)
    edition, checklist = _locked(session, edition_id=edition_id)
    _journal(
        session,
        checklist=checklist,
        edition=edition,
        event="checklist.draft_discarded",
        actor=actor,
        now=now,
        facts={},
    )
    session.execute(delete(ChecklistItem).where(ChecklistItem.edition_id == edition_id))
    session.execute(delete(ChecklistEdition).where(ChecklistEdition.id == edition_id))
    others = select(ChecklistEdition.id).where(ChecklistEdition.checklist_id == checklist.id)
    session.execute(delete(Checklist).where(Checklist.id == checklist.id, ~others.exists()))


def take_special_code(session: Session, *, actor: Actor, year: int) -> str:
    """Return the code of the next 臨時点検 of a fiscal year; two at the same moment get two codes.

    Raises:
        NotAllowed: the actor does not prepare checklists.
    """
    require(Permission.CITY_CHECKLIST_IMPORT, actor=actor)
    # Whoever takes a code holds the standing checklist until the commit: the next one then sees the code.
    session.execute(select(Checklist.id).where(Checklist.code == MODEL).with_for_update())
    taken = (special_number(code, year=year) for code in session.scalars(select(Checklist.code)))
    return special_code(year, number=max(taken, default=0) + 1)


# -------------------------------------------------------------------------------------------------- publish


def publish_edition(
    session: Session, *, actor: Actor, confirmed_by: Actor, edition_id: EditionId, note: str, now: datetime
) -> None:
    """Seal a draft for ever: `actor` publishes, another person confirms.

    Raises:
        NotAllowed: the actor does not prepare checklists; or the other one may not confirm, or is the
            same person.
        NotFound: there is no such edition.
        NotNow: it is published already, or what is stored is not what was imported.
        InvalidInput: the note is missing or too long, or the edition does not follow the newest published one
            (any more).
    """
    require(Permission.CITY_CHECKLIST_IMPORT, actor=actor)
    subject = Subject(requested_by=frozenset({actor.person_id}))
    require(Permission.CITY_CHECKLIST_PUBLISH, actor=confirmed_by, subject=subject)
    words = _note(note)
    edition, checklist = _locked(session, edition_id=edition_id)
    _refuse_unsound(session, edition=edition, checklist=checklist)
    edition.state = EditionState.PUBLISHED.value
    edition.published_at = now
    edition.published_by = actor.person_id
    edition.confirmed_by = confirmed_by.person_id
    edition.note = words
    session.flush()
    session.info.setdefault(PUBLISHED_HERE, set()).add(EditionId(edition.id))
    _journal(
        session,
        checklist=checklist,
        edition=edition,
        event="checklist.published",
        actor=actor,
        now=now,
        facts={"confirmed_by": str(confirmed_by.person_id)},
    )


def _note(note: str) -> str:
    words = clean(note)
    problems = text_problems(words, field="note", label="公開の理由", longest=LONGEST_NOTE)
    if not words:
        message = "公開の理由を書いてください。この版にしたわけが、あとで読む人に分かります。"
        problems.append(Problem(field="note", message=message))
    if problems:
        raise InvalidInput(problems)
    return words


def _locked(session: Session, *, edition_id: EditionId) -> tuple[ChecklistEdition, Checklist]:
    # The checklist is locked as well: two editions of it are never published at the same time.
    row = session.execute(
        select(ChecklistEdition, Checklist)
        .join(Checklist, Checklist.id == ChecklistEdition.checklist_id)
        .where(ChecklistEdition.id == edition_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    edition, checklist = row
    if edition.state != EditionState.DRAFT.value:
        raise NotNow(ALREADY_PUBLISHED)
    return edition, checklist


def _refuse_unsound(session: Session, *, edition: ChecklistEdition, checklist: Checklist) -> None:
    if digest_text(edition.content) != edition.digest:
        raise NotNow(CONTENT_CHANGED)
    draft = draft_of(edition.content)
    rows = session.scalars(
        select(ChecklistItem.item_key)
        .where(ChecklistItem.edition_id == edition.id)
        .order_by(ChecklistItem.position)
    )
    if tuple(rows) != tuple(item.key for item in draft.items):
        raise NotNow(ITEMS_CHANGED)
    # Another edition may have been published since this one was imported: the ancestry is asked again.
    _refuse_unfit(draft, of=ancestry(session, code=checklist.code))


def _journal(
    session: Session,
    *,
    checklist: Checklist,
    edition: ChecklistEdition,
    event: str,
    actor: Actor,
    now: datetime,
    facts: dict[str, Any],
) -> None:
    record(
        session,
        subject=JournalSubject(type=SubjectType.CHECKLIST, id=str(checklist.id)),
        event=event,
        actor=actor.mark,
        now=now,
        facts={"digest": edition.digest, "edition": str(edition.id), "label": edition.label, **facts},
    )
