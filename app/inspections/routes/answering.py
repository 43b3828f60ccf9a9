"""The clerk's pages: sheets, profile, sections, autosave, check, hand over, withdraw."""

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import cast
from uuid import UUID

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.access.policy import Subject, may
from app.db.session import reading, transaction
from app.inspections.commands import answer as commands
from app.inspections.commands.answer import Outcome, Recorded
from app.inspections.commands.hand_over import hand_over, withdraw
from app.inspections.commands.taking_over import confirm_taken_over, drop_taken_over, take_over
from app.inspections.forms.answering import draft_of_autosave, drafts_of_page, flags_of_page
from app.inspections.queries import answering as queries
from app.inspections.queries.editors import Editor, editors_at, editors_of
from app.inspections.queries.lists import sheets_of
from app.inspections.queries.sheet import find_sheet
from app.inspections.queries.working import time_spent, words_before
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_access
from app.inspections.routes.words import answer_address, doable, editor_words, refused_lines
from app.inspections.rules import whole_minutes
from app.kernel.errors import InvalidInput, NotNow, StaleVersion
from app.kernel.fiscal_year import clock_time
from app.kernel.ids import InspectionId, ItemId
from app.web.access import actor, now, requires, today
from app.web.forms import new_key, perform


@blueprint.get("/inspections")
@requires(Permission.CITY_CAMPAIGN_READ)
def inspection_list() -> str:
    """The sheets of the units in one's scope, this year's first."""
    with reading() as session:
        page = sheets_of(session, actor=actor(), today=today(), page=request.args.get("page", 1, type=int))
    return render_template("inspections/inspection_list.html", page=page)


@blueprint.get("/inspections/<uuid:inspection_id>")
@requires(Permission.UNIT_INSPECTION_READ)
def inspection(inspection_id: UUID) -> str:
    """One sheet at a glance, with what can be done now."""
    with reading() as session:
        page = queries.check_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), today=today()
        )
    log_access(inspection_id=page.head.sheet.id, unit_id=page.head.sheet.unit_id, act="sheet.read")
    subject = Subject(unit_id=page.head.sheet.unit_id)
    names = may(Permission.UNIT_DUTY_NAME, actor=actor(), subject=subject)
    return render_template(
        "inspections/inspection.html", page=page, key=new_key(), doable=doable(page), names=names
    )


@blueprint.get("/inspections/<uuid:inspection_id>/next")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def go_on(inspection_id: UUID) -> ResponseReturnValue:
    """Lead to where answering goes on: the profile, then the first open or returned item, then the check."""
    with reading() as session:
        page = queries.check_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), today=today()
        )
    waiting = page.profile_open or page.returns_open or page.unanswered or page.comments_missing
    return redirect(
        answer_address(page) if waiting else url_for("inspections.check", inspection_id=inspection_id),
        code=303,
    )


@blueprint.get("/inspections/<uuid:inspection_id>/profile")
@requires(Permission.UNIT_INSPECTION_READ)
def profile(inspection_id: UUID) -> str:
    """The unit's profile: which items apply, and why."""
    return _profile(inspection_id)


def _profile(inspection_id: UUID, *, typed: dict[str, bool] | None = None, refusal: str = "") -> str:
    with reading() as session:
        page = queries.profile_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), today=today()
        )
    log_access(inspection_id=page.head.sheet.id, unit_id=page.head.sheet.unit_id, act="sheet.read")
    return render_template(
        "inspections/profile.html", page=page, key=new_key(), typed=typed or {}, refusal=refusal
    )


@blueprint.post("/inspections/<uuid:inspection_id>/profile")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def save_profile(inspection_id: UUID) -> ResponseReturnValue:
    """Confirm the profile and go on to the first section."""
    sheet_id = InspectionId(inspection_id)
    with reading() as session:
        edition = find_sheet(session, actor=actor(), inspection_id=sheet_id).edition
    flags = flags_of_page(request.form, flags=edition.flags)
    seen = request.form.get("version", -1, type=int)
    try:
        return perform(
            lambda session: commands.confirm_profile(
                session, actor=actor(), inspection_id=sheet_id, flags=flags, seen_version=seen, now=now()
            ),
            to=url_for("inspections.section", inspection_id=inspection_id, slug=edition.sections[0].slug),
            message="所属の状況を保存しました。当てはまる項目だけを表示します。",
        )
    except StaleVersion as refusal:
        # Both choices are shown; the page's version is now the newer one, so that saving again decides.
        return _profile(inspection_id, typed=flags, refusal=refusal.message), refusal.status


@blueprint.get("/inspections/<uuid:inspection_id>/sections/<slug>")
@requires(Permission.UNIT_INSPECTION_READ)
def section(inspection_id: UUID, slug: str) -> str:
    """One section to answer or to read."""
    with reading() as session:
        page = queries.answer_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), slug=slug, today=today()
        )
        beside = _editors(session, page)
    log_access(inspection_id=page.head.sheet.id, unit_id=page.head.sheet.unit_id, act="sheet.read")
    return render_template(
        "inspections/section.html",
        page=page,
        key=new_key(),
        conflicts={},
        typed={},
        problems=(),
        editors=beside,
    )


def _editors(session: Session, page: queries.AnswerPage) -> tuple[Editor, ...]:
    """Return who else is at work in a section; a page to read does not ask."""
    if not page.editable:
        return ()
    return editors_of(session, actor=actor(), section=page.section, saves=page.saves, now=now())


@blueprint.get("/inspections/<uuid:inspection_id>/sections/<slug>/editors")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def editors(inspection_id: UUID, slug: str) -> ResponseReturnValue:
    """Tell a page that is being answered who else is at work in its section."""
    with reading() as session:
        found = editors_at(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), slug=slug, now=now()
        )
    return jsonify(editors=[{"words": editor_words(one)} for one in found])


@blueprint.post("/inspections/<uuid:inspection_id>/sections/<slug>")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def save_section(inspection_id: UUID, slug: str) -> ResponseReturnValue:
    """Save a whole section at once (without a script). A conflict of one item never loses another."""
    sheet_id = InspectionId(inspection_id)
    with reading() as session:
        page = queries.answer_page(session, actor=actor(), inspection_id=sheet_id, slug=slug, today=today())
    try:
        drafts = drafts_of_page(request.form, items=[card.item for card in page.cards])
        with transaction() as session:
            outcomes = commands.record_answers(
                session, actor=actor(), inspection_id=sheet_id, drafts=drafts, now=now()
            )
    except InvalidInput as refusal:
        typed = request.form.to_dict()
        return render_template(
            "inspections/section.html",
            page=page,
            key=new_key(),
            conflicts={},
            typed=typed,
            problems=refusal.problems,
        ), 422
    conflicts = {outcome.item_id: outcome for outcome in outcomes if outcome.outcome is Outcome.CONFLICT}
    if conflicts:
        return _with_conflicts(sheet_id, slug=slug, conflicts=conflicts)
    if request.form.get("take"):
        return _take(sheet_id, slug=slug, wanted=request.form["take"])
    flash(f"保存しました（{clock_time(now())}）。", "success")
    return redirect(_after_saving(inspection_id, slug=slug, page=page), code=303)


def _take(sheet_id: InspectionId, *, slug: str, wanted: str) -> ResponseReturnValue:
    """Take last year's answers over, or confirm or drop them: what else was typed on the page has been saved before.

    `wanted` is the act, with the item where it concerns a single one: `over`, `confirm`, `confirm:<item>`, `drop`, `drop:<item>`.
    """
    act, _, one = wanted.partition(":")
    shown = [one] if one else request.form.getlist("proposed")
    try:
        with transaction() as session:
            sentence = _taking(act, item_ids=_item_ids(shown))(session, sheet_id, slug)
        flash(sentence, "success")
    except InvalidInput as refusal:
        flash(refusal.message, "warning")
    place = request.form.get("place", "") if one else ""
    anchor = place if re.fullmatch("q[0-9]{1,2}-[0-9]{1,2}", place) else None
    return redirect(
        url_for("inspections.section", inspection_id=sheet_id, slug=slug, _anchor=anchor), code=303
    )


def _item_ids(typed: list[str]) -> list[ItemId]:
    try:
        return [ItemId(UUID(one)) for one in typed]
    except ValueError:
        raise InvalidInput.of("写した項目を読み取れませんでした。画面を開き直してください。") from None


Taking = Callable[[Session, InspectionId, str], str]


def _taking(act: str, *, item_ids: list[ItemId]) -> Taking:
    def over(session: Session, sheet_id: InspectionId, slug: str) -> str:
        count = take_over(session, actor=actor(), inspection_id=sheet_id, slug=slug, now=now())
        return (
            f"前回の回答を{count}件写しました。まだ回答ではありません。1件ずつか、まとめて確かめてください。"
        )

    def confirm(session: Session, sheet_id: InspectionId, slug: str) -> str:
        del slug
        count = confirm_taken_over(
            session, actor=actor(), inspection_id=sheet_id, item_ids=item_ids, now=now()
        )
        return f"写した{count}件を、今年の回答にしました。"

    def drop(session: Session, sheet_id: InspectionId, slug: str) -> str:
        del slug
        count = drop_taken_over(session, actor=actor(), inspection_id=sheet_id, item_ids=item_ids, now=now())
        return f"写した{count}件を取り消しました。"

    known: dict[str, Taking] = {"over": over, "confirm": confirm, "drop": drop}
    if act not in known:
        raise InvalidInput.of("送られた操作を読み取れませんでした。画面を開き直してください。")
    return known[act]


def _with_conflicts(
    sheet_id: InspectionId, *, slug: str, conflicts: dict[ItemId, Recorded]
) -> ResponseReturnValue:
    with reading() as session:
        page = queries.answer_page(session, actor=actor(), inspection_id=sheet_id, slug=slug, today=today())
        savers = queries.savers_of(session, sheet=page.head.sheet, item_ids=conflicts)
    text = render_template(
        "inspections/section.html",
        page=page,
        key=new_key(),
        conflicts=conflicts,
        savers=savers,
        own_id=actor().person_id,
        typed=request.form.to_dict(),
        problems=(),
    )
    return text, 409


def _after_saving(inspection_id: UUID, *, slug: str, page: queries.AnswerPage) -> str:
    wanted = request.form.get("go")
    if wanted == "check":
        return url_for("inspections.check", inspection_id=inspection_id)
    beside = {"next": page.next_slug, "previous": page.previous_slug}.get(wanted or "")
    return url_for("inspections.section", inspection_id=inspection_id, slug=beside or slug)


def _json_body() -> object:
    """Return the JSON that was sent; None for what is none, or is nested so deep that nobody means it."""
    try:
        return cast("object", request.get_json(silent=True))
    except RecursionError:
        return None


@blueprint.put("/inspections/<uuid:inspection_id>/answers/<uuid:item_id>")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def autosave(inspection_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """Save one answer as it is given; the reply carries the server's time and the new version."""
    draft = draft_of_autosave(_json_body(), item_id=ItemId(item_id))
    with transaction() as session:
        (outcome,) = commands.record_answers(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), drafts=[draft], now=now()
        )
    if outcome.outcome is Outcome.CONFLICT:
        return _conflict(InspectionId(inspection_id), outcome), 409
    return jsonify(version=outcome.version, time=clock_time(now()))


def _conflict(inspection_id: InspectionId, outcome: Recorded) -> Response:
    """Say what stands instead, who saved it and when; the own words stay in the browser until one is chosen."""
    with reading() as session:
        sheet = find_sheet(session, actor=actor(), inspection_id=inspection_id)
        savers = queries.savers_of(session, sheet=sheet, item_ids=[outcome.item_id])
    saver, kept = savers.get(outcome.item_id), outcome.kept
    own = saver is not None and saver.person_id == actor().person_id
    return jsonify(
        version=outcome.version,
        level=kept.level if kept else None,
        comment=kept.comment if kept else "",
        due=kept.action_due.isoformat() if kept and kept.action_due else "",
        reply=outcome.kept_reply,
        saver=saver.name if saver and not own else None,
        # By its id the browser knows a save that one of its own pages sent while it was being closed.
        client=saver.client_id if saver and own else None,
        saved=clock_time(saver.at) if saver else None,
        time=clock_time(now()),
    )


@blueprint.get("/inspections/<uuid:inspection_id>/answers/<uuid:item_id>/before")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def answer_before(inspection_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """Tell what an answer was before one of its saves: 元に戻す sends that as a save of its own."""
    with reading() as session:
        words = words_before(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            item_id=ItemId(item_id),
            version=request.args.get("version", 0, type=int),
        )
    return jsonify(asdict(words))


@blueprint.get("/inspections/<uuid:inspection_id>/check")
@requires(Permission.UNIT_INSPECTION_READ)
def check(inspection_id: UUID) -> str:
    """The check before handing over: what is missing, what is weak."""
    return _check_page(inspection_id)


def _check_page(inspection_id: UUID, *, refusal: NotNow | None = None) -> str:
    """Show the check; refused, with the places to mend on top of it, where the focus goes."""
    with reading() as session:
        page = queries.check_page(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), today=today()
        )
        spent = time_spent(session, revision_id=page.head.sheet.revision_id)
    log_access(inspection_id=page.head.sheet.id, unit_id=page.head.sheet.unit_id, act="sheet.read")
    lines = refused_lines(page, message=refusal.message) if refusal else ()
    return render_template(
        "inspections/check.html", page=page, key=new_key(), problems=lines, minutes=whole_minutes(spent)
    )


@blueprint.post("/inspections/<uuid:inspection_id>/submit")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def submit(inspection_id: UUID) -> ResponseReturnValue:
    """Hand the sheet over to the head."""
    seen = request.form.get("version", 0, type=int)
    try:
        return perform(
            lambda session: hand_over(
                session,
                actor=actor(),
                inspection_id=InspectionId(inspection_id),
                seen_version=seen,
                now=now(),
            ),
            to=url_for("inspections.inspection", inspection_id=inspection_id),
            message="所属長へ承認を依頼しました。所属長が判断するまでは引き戻せます。",
        )
    except NotNow as refusal:
        return _check_page(inspection_id, refusal=refusal), refusal.status


@blueprint.post("/inspections/<uuid:inspection_id>/withdraw")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def withdraw_sheet(inspection_id: UUID) -> ResponseReturnValue:
    """Take the sheet back while the head has not acted."""
    return perform(
        lambda session: withdraw(
            session, actor=actor(), inspection_id=InspectionId(inspection_id), now=now()
        ),
        to=url_for("inspections.inspection", inspection_id=inspection_id),
        message="点検票を引き戻しました。続きを回答できます。",
    )
