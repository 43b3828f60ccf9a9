"""A reorganisation as one act: prepared by one person, confirmed by another, undone until its day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import Subject as PolicySubject
from app.access.policy import require
from app.journal.commands import record
from app.journal.rules import Subject, SubjectType
from app.kernel.clock import business_date
from app.kernel.digest import digest_of
from app.kernel.errors import InvalidInput, NotFound, NotNow, StaleVersion
from app.kernel.ids import PersonId, new_id
from app.kernel.ports import Ports
from app.kernel.text import clean, text_problems
from app.kernel.workflow import next_step
from app.organisation.commands.installation import one_at_a_time
from app.organisation.commands.spans import journal_unit, keep_heirs, with_new_units, write_histories
from app.organisation.models import (
    OpenWorkChoice,
    Reorganisation,
    ReorganisationEditor,
    Unit,
    UnitSuccession,
)
from app.organisation.queries import unit_histories
from app.organisation.queries.reorganisations import choices_of, editors_of, open_things
from app.organisation.rules import (
    REORGANISATION_STEPS,
    BatchAction,
    BatchFacts,
    BatchState,
    Edit,
    NewTree,
    ReorganisationPlan,
    act_of,
    act_text,
    edited,
    plan_digest,
    plan_reorganisation,
    tree_of,
    tree_text,
)

TITLE_LENGTH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorganisationDraft:
    """What somebody prepares: the name, the day and the whole new tree, with the digest of the file from which it was read."""

    title: str
    effective_on: date
    tree: NewTree
    file_digest: str | None = None


def prepare_reorganisation(
    session: Session, *, actor: Actor, draft: ReorganisationDraft, ports: Ports, now: datetime
) -> UUID:
    """Keep a new tree until somebody else confirms it; nothing of the organisation changes.

    Raises:
        NotAllowed: the actor does not prepare reorganisations.
        InvalidInput: the tree does not fit; every problem is named with its row.
    """
    require(Permission.CITY_REORGANISATION_PREPARE, actor=actor)
    plan = planned_reorganisation(session, draft=draft, ports=ports)
    row = Reorganisation(
        id=new_id(),
        state=BatchState.PREPARED.value,
        version=1,
        prepared_by=actor.person_id,
        prepared_at=now,
        **_content(draft, plan=plan),
    )
    session.add(row)
    session.flush()
    _note_editor(session, row, actor=actor)
    _journal(session, row, event="reorganisation.prepared", actor=actor, now=now)
    return row.id


def revise_reorganisation(
    session: Session,
    *,
    actor: Actor,
    reorganisation_id: UUID,
    seen_version: int,
    draft: ReorganisationDraft,
    ports: Ports,
    now: datetime,
) -> None:
    """Put another tree, day or name in place of the prepared one. Who does this does not confirm it.

    Choices between successors stay where they still fit.

    Raises:
        NotFound, NotAllowed: none, or the actor does not prepare reorganisations.
        NotNow: it is not waiting any more.
        StaleVersion: somebody saved first.
        InvalidInput: the tree does not fit.
    """
    require(Permission.CITY_REORGANISATION_PREPARE, actor=actor)
    row = _locked(session, reorganisation_id=reorganisation_id, seen_version=seen_version)
    _refuse_unless_prepared(row)
    plan = planned_reorganisation(session, draft=draft, ports=ports)
    for name, value in _content(draft, plan=plan).items():
        setattr(row, name, value)
    row.version += 1
    _drop_misfits(session, row, plan=plan)
    _note_editor(session, row, actor=actor)
    session.flush()
    _journal(session, row, event="reorganisation.revised", actor=actor, now=now)


def edit_reorganisation(
    session: Session,
    *,
    actor: Actor,
    reorganisation_id: UUID,
    seen_version: int,
    edit: Edit,
    ports: Ports,
    now: datetime,
) -> None:
    """Make one more change in the prepared tree, as people name it.

    Raises:
        NotFound, NotAllowed, NotNow, StaleVersion, InvalidInput: as in `revise_reorganisation`.
    """
    require(Permission.CITY_REORGANISATION_PREPARE, actor=actor)
    row = _locked(session, reorganisation_id=reorganisation_id, seen_version=seen_version)
    known = {
        code
        for code, spans in unit_histories(session).items()
        if any(span.covers(row.effective_on) for span in spans)
    }
    draft = ReorganisationDraft(
        title=row.title,
        effective_on=row.effective_on,
        tree=edited(tree_of(row.tree), edit, known=known),
    )
    revise_reorganisation(
        session,
        actor=actor,
        reorganisation_id=reorganisation_id,
        seen_version=seen_version,
        draft=draft,
        ports=ports,
        now=now,
    )


def choose_successors(
    session: Session,
    *,
    actor: Actor,
    reorganisation_id: UUID,
    seen_version: int,
    choices: Mapping[tuple[str, UUID], str],
    ports: Ports,
    now: datetime,
) -> None:
    """Say to which of its successors each open thing of a unit goes: by (kind, id), the unit's code.

    Raises:
        NotFound, NotAllowed, NotNow, StaleVersion: as in `revise_reorganisation`.
        InvalidInput: a unit that is no successor, or a thing that is not open any more.
    """
    require(Permission.CITY_REORGANISATION_PREPARE, actor=actor)
    row = _locked(session, reorganisation_id=reorganisation_id, seen_version=seen_version)
    _refuse_unless_prepared(row)
    plan = _plan_as_seen(session, row, ports=ports)
    open_now = {(thing.kind, thing.id): code for code, thing in open_things(session, plan=plan, ports=ports)}
    for thing, chosen in choices.items():
        if thing not in open_now or chosen not in plan.heirs_to_choose(open_now[thing]):
            raise InvalidInput.of(
                "選んだ所属か仕事が、もうこの改正にありません。画面を開き直して、選び直してください。",
                field="choice",
            )
    held = choices_of(session, reorganisation_id=row.id)
    changed = {thing: chosen for thing, chosen in choices.items() if held.get(thing) != chosen}
    if not changed:
        return
    for (kind, subject_id), chosen in changed.items():
        session.merge(
            OpenWorkChoice(
                reorganisation_id=row.id,
                kind=kind,
                subject_id=subject_id,
                unit_code=chosen,
                chosen_by=actor.person_id,
                chosen_at=now,
            )
        )
    row.version += 1
    _note_editor(session, row, actor=actor)
    session.flush()
    _journal(session, row, event="reorganisation.shared-out", actor=actor, now=now)


def confirm_reorganisation(
    session: Session, *, actor: Actor, reorganisation_id: UUID, seen_version: int, ports: Ports, now: datetime
) -> None:
    """Write the new tree and the successions, all of it or nothing. From its day on they say who answers for what.

    Raises:
        NotFound: there is none.
        NotAllowed: the actor had a hand in it, or does not confirm reorganisations.
        NotNow: it is not waiting any more, the organisation has changed since, or open things wait for a successor.
        StaleVersion: somebody saved first.
        InvalidInput: the tree does not fit the organisation any more.
    """
    row = _locked(session, reorganisation_id=reorganisation_id, seen_version=seen_version)
    _require_another(session, row, actor=actor)
    plan = _plan_as_seen(session, row, ports=ports)
    chosen = _choices_in_force(session, row, plan=plan, ports=ports)
    step = next_step(
        REORGANISATION_STEPS,
        state=BatchState(row.state),
        action=BatchAction.CONFIRM,
        facts=BatchFacts(
            effective_on=row.effective_on,
            today=business_date(now),
            changes=len(plan.changes) + len(plan.successions),
            without_successor=sum(code is None for code in chosen.values()),
        ),
    )
    stored = unit_histories(session)
    before = {code: stored.get(code, ()) for code in plan.spans}
    ids = with_new_units(session, codes=plan.spans, now=now)
    write_histories(session, histories=plan.spans, ids=ids)
    session.add_all(
        UnitSuccession(
            predecessor_id=ids[one.predecessor],
            successor_id=ids[one.successor],
            kind=one.kind.value,
            takeover=one.takeover.value,
            share=one.share,
            subject=one.subject,
            effective_on=row.effective_on,
            reorganisation_id=row.id,
        )
        for one in plan.successions
    )
    for choice in session.scalars(select(OpenWorkChoice).where(OpenWorkChoice.reorganisation_id == row.id)):
        if chosen.get((choice.kind, choice.subject_id)) == choice.unit_code:
            choice.unit_id, choice.in_force_from = ids[choice.unit_code], row.effective_on
    keep_heirs(session)
    row.act, row.confirmed_by, row.confirmed_at = act_text(plan, before=before), actor.person_id, now
    row.state, row.version = step.target.value, row.version + 1
    session.flush()
    for code, spans in plan.spans.items():
        journal_unit(
            session,
            unit_id=ids[code],
            event="unit.reorganised",
            code=code,
            spans=spans,
            actor=actor.mark,
            now=now,
        )
    _journal(session, row, event=step.journal_event, actor=actor, now=now)


def undo_reorganisation(
    session: Session, *, actor: Actor, reorganisation_id: UUID, seen_version: int, now: datetime
) -> None:
    """Take a confirmed reorganisation back whole, as long as its day has not come: the organisation is as it was before.

    Raises:
        NotFound, NotAllowed, StaleVersion: as in `confirm_reorganisation`.
        NotNow: it is in force already, or something newer stands on it.
    """
    row = _locked(session, reorganisation_id=reorganisation_id, seen_version=seen_version)
    _require_another(session, row, actor=actor)
    today = business_date(now)
    step = next_step(
        REORGANISATION_STEPS,
        state=BatchState(row.state),
        action=BatchAction.UNDO,
        facts=BatchFacts(effective_on=row.effective_on, today=today),
    )
    done, before = act_of(row.act or "", effective_on=row.effective_on)
    stored = unit_histories(session)
    if any(stored.get(code, ()) != spans for code, spans in done.spans.items()):
        raise NotNow("この改正の後に、同じ所属への変更が登録されています。先にそちらを取り消してください。")
    session.execute(delete(UnitSuccession).where(UnitSuccession.reorganisation_id == row.id))
    session.execute(
        update(OpenWorkChoice)
        .where(OpenWorkChoice.reorganisation_id == row.id)
        .values(unit_id=None, in_force_from=None)
    )
    ids = with_new_units(session, codes=(), now=now)
    write_histories(session, histories=before, ids=ids)
    keep_heirs(session)
    _remove_units(session, [ids[code] for code, spans in before.items() if not spans])
    row.state, row.version = step.target.value, row.version + 1
    row.ended_by, row.ended_at = actor.person_id, now
    session.flush()
    for code, spans in before.items():
        journal_unit(
            session,
            unit_id=ids[code],
            event="unit.restored",
            code=code,
            spans=spans,
            actor=actor.mark,
            now=now,
        )
    _journal(session, row, event=step.journal_event, actor=actor, now=now)


def discard_reorganisation(
    session: Session, *, actor: Actor, reorganisation_id: UUID, seen_version: int, now: datetime
) -> None:
    """Throw a prepared reorganisation away; what it said stays on record.

    Raises:
        NotFound, NotAllowed, NotNow, StaleVersion: as in `revise_reorganisation`.
    """
    require(Permission.CITY_REORGANISATION_PREPARE, actor=actor)
    row = _locked(session, reorganisation_id=reorganisation_id, seen_version=seen_version)
    facts = BatchFacts(effective_on=row.effective_on, today=business_date(now))
    step = next_step(
        REORGANISATION_STEPS, state=BatchState(row.state), action=BatchAction.DISCARD, facts=facts
    )
    row.state, row.version = step.target.value, row.version + 1
    row.ended_by, row.ended_at = actor.person_id, now
    session.flush()
    _journal(session, row, event=step.journal_event, actor=actor, now=now)


# ------------------------------------------------------------------------------------- the parts of it


def planned_reorganisation(
    session: Session, *, draft: ReorganisationDraft, ports: Ports
) -> ReorganisationPlan:
    """Return what a new tree would do, without doing it.

    Raises:
        InvalidInput: it has no name, does not fit, or is read from a file that changes nothing; every problem is named.
    """
    title = clean(draft.title)
    problems = text_problems(title, field="title", label="改正の名前", longest=TITLE_LENGTH)
    if problems:
        raise InvalidInput(problems)
    if not title:
        raise InvalidInput.of("改正の名前を入れてください。例：令和9年4月1日の組織改正", field="title")
    plan = plan_reorganisation(
        unit_histories(session),
        draft.tree,
        effective_on=draft.effective_on,
        last_closed=ports.last_closed_on(session),
    )
    if draft.file_digest is not None and not plan.changes and not plan.successions:
        raise InvalidInput.of(
            "この一覧は、その日の組織と同じです。変えるところのある一覧を選んでください。", field="file"
        )
    return plan


def _content(draft: ReorganisationDraft, *, plan: ReorganisationPlan) -> dict[str, object]:
    return {
        "title": clean(draft.title),
        "effective_on": draft.effective_on,
        "tree": tree_text(draft.tree),
        "plan_digest": plan_digest(plan),
        "file_digest": draft.file_digest,
    }


def _locked(session: Session, *, reorganisation_id: UUID, seen_version: int) -> Reorganisation:
    one_at_a_time(session)
    row = session.scalars(
        select(Reorganisation).where(Reorganisation.id == reorganisation_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.version != seen_version:
        raise StaleVersion("ほかの人が先にこの改正を変えました。画面を開き直して、内容を確かめてください。")
    return row


def _refuse_unless_prepared(row: Reorganisation) -> None:
    if row.state != BatchState.PREPARED.value:
        raise NotNow("この改正は、もう確定待ちではありません。画面を開き直してください。")


def _require_another(session: Session, row: Reorganisation, *, actor: Actor) -> None:
    editors = editors_of(session, reorganisation_id=row.id) | {PersonId(row.prepared_by)}
    subject = PolicySubject(requested_by=editors)
    require(Permission.CITY_REORGANISATION_CONFIRM, actor=actor, subject=subject)


def _plan_as_seen(session: Session, row: Reorganisation, *, ports: Ports) -> ReorganisationPlan:
    """Return what the row does to the organisation of now, which has to be what people were shown."""
    plan = plan_reorganisation(
        unit_histories(session),
        tree_of(row.tree),
        effective_on=row.effective_on,
        last_closed=ports.last_closed_on(session),
    )
    if plan_digest(plan) != row.plan_digest:
        raise NotNow("準備した後に組織が変わりました。準備した人が内容を確かめて保存し直すと、確定できます。")
    return plan


def _choices_in_force(
    session: Session, row: Reorganisation, *, plan: ReorganisationPlan, ports: Ports
) -> dict[tuple[str, UUID], str | None]:
    """Return for each open thing of a unit that is split to whom it goes; None while nobody has said."""
    chosen = choices_of(session, reorganisation_id=row.id)
    found: dict[tuple[str, UUID], str | None] = {}
    for code, thing in open_things(session, plan=plan, ports=ports):
        named = chosen.get((thing.kind, thing.id))
        if named in plan.heirs_to_choose(code):
            found[thing.kind, thing.id] = named
        elif plan.has_to_be_chosen(code):
            found[thing.kind, thing.id] = None
    return found


def _drop_misfits(session: Session, row: Reorganisation, *, plan: ReorganisationPlan) -> None:
    fitting = {code for one in plan.predecessors for code in plan.heirs_to_choose(one)}
    session.execute(
        delete(OpenWorkChoice).where(
            OpenWorkChoice.reorganisation_id == row.id, OpenWorkChoice.unit_code.not_in(fitting)
        )
    )


def _remove_units(session: Session, unit_ids: list[UUID]) -> None:
    """Remove the units that the reorganisation had created; whoever refers to one keeps it from being undone."""
    try:
        with session.begin_nested():
            session.execute(delete(Unit).where(Unit.id.in_(unit_ids)))
    except IntegrityError as refused:
        raise NotNow(
            "新しい所属を、もう発令や点検の準備が使っています。先にそちらを取り消してください。"
        ) from refused


def _note_editor(session: Session, row: Reorganisation, *, actor: Actor) -> None:
    if session.get(ReorganisationEditor, (row.id, actor.person_id)) is None:
        session.add(ReorganisationEditor(reorganisation_id=row.id, person_id=actor.person_id))
        session.flush()


def _journal(session: Session, row: Reorganisation, *, event: str, actor: Actor, now: datetime) -> None:
    record(
        session,
        subject=Subject(type=SubjectType.REORGANISATION, id=str(row.id)),
        event=event,
        actor=actor.mark,
        now=now,
        facts={
            "effective_on": row.effective_on.isoformat(),
            "plan": row.plan_digest,
            "choices": digest_of(
                sorted(
                    [kind, str(subject_id), code]
                    for (kind, subject_id), code in choices_of(session, reorganisation_id=row.id).items()
                )
            ),
        },
    )
