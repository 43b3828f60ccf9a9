"""The pages of evidence: beside an item, of a sheet, of a unit, of one piece."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, cast
from uuid import UUID

from flask import current_app, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from app.access.permissions import Permission
from app.config import Settings
from app.db.session import reading
from app.evidence.commands.store import keep, require_room
from app.evidence.files import checked_file
from app.evidence.queries import PAGE_SIZE, Library
from app.evidence.rules import ACCEPT, FORMATS, MOST_FILES, CheckedFile
from app.inspections.commands import evidence as commands
from app.inspections.forms.evidence import DescriptionForm, FilesForm, ReferenceForm
from app.inspections.queries import evidence as queries
from app.inspections.queries.sheet import Lock
from app.inspections.routes import blueprint
from app.inspections.routes.access_log import log_access
from app.inspections.routes.words import NumberedPage, Paging, page_url
from app.kernel.errors import InvalidInput, NotNow, Problem, StaleVersion
from app.kernel.ids import EvidenceId, InspectionId, ItemId, UnitId
from app.web.access import actor, now, requires, today, wants_json
from app.web.addresses import numbered
from app.web.forms import new_key, perform
from app.web.uploads import takes_files

# ------------------------------------------------------------------------------------------------ an item


@blueprint.get("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/evidence")
@requires(Permission.UNIT_INSPECTION_READ)
def item_evidence(inspection_id: UUID, item_id: UUID) -> str:
    """The evidence of one item, with every way of adding to it."""
    return _item_page(inspection_id, item_id)


def _item_page(
    inspection_id: UUID,
    item_id: UUID,
    *,
    files: FilesForm | None = None,
    reference: ReferenceForm | None = None,
    problems: tuple[Problem, ...] = (),
) -> str:
    page = _found(inspection_id, item_id)
    days = {"stands_for": today()}
    return render_template(
        "inspections/item_evidence.html",
        page=page,
        files=files or FilesForm(formdata=None, prefix="file-", data=days),
        reference=reference or ReferenceForm(formdata=None, prefix="reference-", data=days),
        problems=problems,
        accept=ACCEPT,
        words=request.args.get("q", ""),
        paging=_paging(page.offered),
    )


def _found(inspection_id: UUID, item_id: UUID) -> queries.ItemEvidencePage:
    with reading() as session:
        page = queries.item_evidence_page(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            item_id=ItemId(item_id),
            words=request.args.get("q", ""),
            number=request.args.get("page", 1, type=int),
            today=today(),
        )
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.evidence")
    return page


def _address(inspection_id: UUID, item_id: UUID) -> str:
    return url_for("inspections.item_evidence", inspection_id=inspection_id, item_id=item_id)


def _list_of(inspection_id: UUID, item_id: UUID, *, message: str = "") -> ResponseReturnValue:
    """Answer our own script with the list as it stands now, and what else is to be said."""
    page = _found(inspection_id, item_id)
    return jsonify(html=render_template("inspections/evidence_list.html", page=page), message=message)


@blueprint.get("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/evidence/before")
@requires(Permission.UNIT_INSPECTION_READ)
def evidence_before(inspection_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """What the year before offers for an item: asked for by our own script when somebody opens it on the card."""
    with reading() as session:
        found = queries.earlier_evidence(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            item_id=ItemId(item_id),
            today=today(),
        )
    log_access(inspection_id=found.sheet.id, unit_id=found.sheet.unit_id, act="sheet.evidence")
    return jsonify(html=render_template("inspections/evidence_before.html", found=found))


@blueprint.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/evidence/files")
@takes_files
@requires(Permission.UNIT_INSPECTION_ANSWER)
def add_evidence_files(inspection_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """Look into the files that were sent, keep those that are taken, and say of each other one why not."""
    form = FilesForm(prefix="file-")
    if not form.validate():
        return _refused_files(inspection_id, item_id, form=form, problems=tuple(form.problems), said=())
    with reading() as session:
        commands.open_item(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            item_id=ItemId(item_id),
            now=now(),
            lock=Lock.NONE,
        )
    taken, problems = _taken([one for one in request.files.getlist("files") if one.filename])
    said: list[str] = []
    if taken:
        try:
            reply = _attach(inspection_id, item_id, form=form, taken=taken, tell=said.append)
        except InvalidInput as refusal:
            problems += refusal.problems
        else:
            if not problems:
                return _list_of(inspection_id, item_id, message="".join(said)) if wants_json() else reply
    return _refused_files(inspection_id, item_id, form=form, problems=tuple(problems), said=said)


def _taken(sent: list[FileStorage]) -> tuple[list[CheckedFile], list[Problem]]:
    """Return the files that are kept now, and what is wrong with the others. All the slow work, before any transaction."""
    if not sent:
        return [], [Problem(field="files", message="ファイルを選んでください。")]
    if len(sent) > MOST_FILES:
        message = f"一度に付けられるのは{MOST_FILES}件までです。分けて付けてください。"
        return [], [Problem(field="files", message=message)]
    folder = _settings().evidence_path
    require_room(folder, size=sum(one.seek(0, 2) for one in sent))
    taken: list[CheckedFile] = []
    problems: list[Problem] = []
    for one in sent:
        try:
            file = checked_file(one.stream, name=one.filename or "")
        except InvalidInput as refusal:
            problems += refusal.problems
        else:
            keep(one.stream, digest=file.digest, size=file.size, folder=folder)
            taken.append(file)
    return taken, problems


def _attach(
    inspection_id: UUID,
    item_id: UUID,
    *,
    form: FilesForm,
    taken: list[CheckedFile],
    tell: Callable[[str], object],
) -> ResponseReturnValue:
    described = [(file, form.description(file, today=today())) for file in taken]
    quota = _settings().evidence_megabytes_per_sheet * 1024**2
    return perform(
        lambda session: commands.attach_files(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            item_id=ItemId(item_id),
            files=described,
            quota=quota,
            now=now(),
        ),
        to=_address(inspection_id, item_id),
        message=_known if wants_json() else _added,
        beside=[file.digest for file in taken],
        tell=tell if wants_json() else None,
    )


def _added(attached: commands.Attached) -> str:
    return (f"証跡を{attached.added}件付けました。" if attached.added else "") + _known(attached)


_ROOM: Final = 400
"""Characters for the names of files, so that the sentence fits where the reply of a form is kept."""


def _known(attached: commands.Attached) -> str:
    sentences: list[str] = []
    for number, (name, title) in enumerate(attached.known):
        sentence = f"「{name}」と同じ内容の「{title}」が、もう付いています。"
        if len("".join(sentences)) + len(sentence) > _ROOM:
            sentences.append(f"ほかの{len(attached.known) - number}件も、同じ内容のものが付いています。")
            break
        sentences.append(sentence)
    return "".join(sentences)


def _refused_files(
    inspection_id: UUID,
    item_id: UUID,
    *,
    form: FilesForm,
    problems: tuple[Problem, ...],
    said: Iterable[str],
) -> ResponseReturnValue:
    if wants_json():
        return jsonify(message="\n".join([*(problem.message for problem in problems), *said])), 422
    return _item_page(inspection_id, item_id, files=form, problems=problems), 422


@blueprint.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/evidence/references")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def add_evidence_reference(inspection_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """Say where something is to be found."""
    form = ReferenceForm(prefix="reference-")
    if form.validate():
        try:
            return perform(
                lambda session: commands.attach_reference(
                    session,
                    actor=actor(),
                    inspection_id=InspectionId(inspection_id),
                    item_id=ItemId(item_id),
                    description=form.description,
                    now=now(),
                ),
                to=_address(inspection_id, item_id),
                message="証跡を付けました。",
            )
        except InvalidInput as refusal:
            form.take(refusal)
    return _item_page(inspection_id, item_id, reference=form, problems=tuple(form.problems)), 422


@blueprint.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/evidence/links")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def link_evidence(inspection_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """Put pieces beside the item that the unit has already."""
    try:
        reply = perform(
            lambda session: commands.link_pieces(
                session,
                actor=actor(),
                inspection_id=InspectionId(inspection_id),
                item_id=ItemId(item_id),
                evidence_ids=_chosen(),
                now=now(),
            ),
            to=_address(inspection_id, item_id),
            message="" if wants_json() else "選んだ証跡を付けました。",
        )
    except InvalidInput as refusal:
        return _refused_choice(inspection_id, item_id, refusal=refusal)
    return _list_of(inspection_id, item_id) if wants_json() else reply


def _chosen() -> frozenset[EvidenceId]:
    found = set()
    for typed in request.form.getlist("evidence"):
        with suppress(ValueError):
            found.add(EvidenceId(UUID(typed)))
    return frozenset(found)


def _refused_choice(inspection_id: UUID, item_id: UUID, *, refusal: InvalidInput) -> ResponseReturnValue:
    if wants_json():
        raise refusal
    return _item_page(inspection_id, item_id, problems=refusal.problems), 422


@blueprint.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/evidence/<uuid:evidence_id>/unlink")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def unlink_evidence(inspection_id: UUID, item_id: UUID, evidence_id: UUID) -> ResponseReturnValue:
    """Take a piece off the item; it stays with the unit."""
    reply = perform(
        lambda session: commands.unlink_piece(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            item_id=ItemId(item_id),
            evidence_id=EvidenceId(evidence_id),
            now=now(),
        ),
        to=_address(inspection_id, item_id),
        message="" if wants_json() else "証跡を外しました。「前に付けたものから選ぶ」で、また付けられます。",
    )
    return _list_of(inspection_id, item_id) if wants_json() else reply


# ----------------------------------------------------------------------------------------------- a sheet


@blueprint.get("/inspections/<uuid:inspection_id>/evidence")
@requires(Permission.UNIT_INSPECTION_READ)
def sheet_evidence(inspection_id: UUID) -> str:
    """Every piece of a sheet, for those who read, approve and review."""
    with reading() as session:
        page = queries.sheet_evidence_page(
            session,
            actor=actor(),
            inspection_id=InspectionId(inspection_id),
            today=today(),
            number=numbered("revision"),
        )
    log_access(inspection_id=page.sheet.id, unit_id=page.sheet.unit_id, act="sheet.evidence")
    return render_template("inspections/sheet_evidence.html", page=page)


# ------------------------------------------------------------------------------------ a unit, and a piece


@blueprint.get("/units/<uuid:unit_id>/evidence")
@requires(Permission.UNIT_INSPECTION_READ)
def evidence_library(unit_id: UUID) -> str:
    """What a unit has, over the years, with what runs out."""
    wanted = queries.LibraryFilter(
        words=request.args.get("q", "")[:100],
        year=_year(),
        item=request.args.get("item", "")[:40],
    )
    with reading() as session:
        page = queries.library_page(
            session,
            actor=actor(),
            unit_id=UnitId(unit_id),
            wanted=wanted,
            number=request.args.get("page", 1, type=int),
            today=today(),
        )
    return render_template("inspections/evidence_library.html", page=page, paging=_paging(page.found))


def _year() -> int | None:
    found = request.args.get("year", type=int)
    return found if found is not None and today().year - queries.YEARS <= found <= today().year else None


@blueprint.get("/evidence/<uuid:evidence_id>")
@requires(Permission.UNIT_INSPECTION_READ)
def evidence_piece(evidence_id: UUID) -> str:
    """One piece: what it is, its digest, everything that cites it."""
    return _piece_page(evidence_id)


def _piece_page(evidence_id: UUID, *, form: DescriptionForm | None = None, refusal: str = "") -> str:
    with reading() as session:
        page = queries.piece_page(session, actor=actor(), evidence_id=EvidenceId(evidence_id), today=today())
    said = page.piece.description
    return render_template(
        "inspections/evidence_piece.html",
        page=page,
        form=form or DescriptionForm(formdata=None, obj=said, version=page.piece.version),
        refusal=refusal,
        format=FORMATS[page.piece.file.kind] if page.piece.file else None,
        key=new_key(),
    )


@blueprint.post("/evidence/<uuid:evidence_id>")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def describe_evidence(evidence_id: UUID) -> ResponseReturnValue:
    """Change the name and the days of a piece, and where it is."""
    form = DescriptionForm()
    if form.validate():
        try:
            return perform(
                lambda session: commands.describe_piece(
                    session,
                    actor=actor(),
                    evidence_id=EvidenceId(evidence_id),
                    description=form.description,
                    seen_version=request.form.get("version", 0, type=int),
                    now=now(),
                ),
                to=url_for("inspections.evidence_piece", evidence_id=evidence_id),
                message="証跡の名前と日付を保存しました。",
            )
        except InvalidInput as refusal:
            form.take(refusal)
        except (NotNow, StaleVersion) as late:
            # What was typed stays in the fields, below the sentence that says why it was not saved.
            return _piece_page(evidence_id, form=form, refusal=late.message), late.status
    return _piece_page(evidence_id, form=form), 422


@blueprint.post("/evidence/<uuid:evidence_id>/withdraw")
@requires(Permission.UNIT_INSPECTION_ANSWER)
def withdraw_evidence(evidence_id: UUID) -> ResponseReturnValue:
    """Offer a piece no more."""
    return perform(
        lambda session: commands.withdraw_piece(
            session, actor=actor(), evidence_id=EvidenceId(evidence_id), now=now()
        ),
        to=url_for("inspections.evidence_piece", evidence_id=evidence_id),
        message="証跡を取り下げました。確定した点検票では、そのまま見られます。",
    )


def _paging(found: Library) -> Paging:
    return Paging(
        total=found.total,
        first=(found.number - 1) * PAGE_SIZE + 1 if found.total else 0,
        last=min(found.number * PAGE_SIZE, found.total),
        previous_url=page_url(found.number - 1) if found.number > 1 else None,
        next_url=page_url(found.number + 1) if found.number < found.pages else None,
        links=tuple(NumberedPage(str(n), page_url(n), n == found.number) for n in range(1, found.pages + 1)),
    )


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])
