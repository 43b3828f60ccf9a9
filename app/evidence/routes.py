"""Handing out the file of a piece: always as an attachment, proved, and without what it tells of its maker."""

from typing import Final, cast
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.access.permissions import Permission
from app.config import Settings
from app.db.session import reading, transaction
from app.evidence.commands.pieces import journal_subject, note_damage
from app.evidence.commands.store import FileDamaged, read
from app.evidence.files import without_metadata
from app.evidence.queries import find_piece
from app.evidence.rules import FORMATS, CheckedFile, Piece
from app.journal.commands import record_access
from app.kernel.errors import NotFound
from app.kernel.ids import EvidenceId
from app.web.access import actor, now, requires

blueprint = Blueprint("evidence", __name__)
_PLAIN: Final = "!#$&+-.^_`|~"
"""What stands for itself in an extended parameter (RFC 8187), beside letters and digits."""


@blueprint.get("/evidence/<uuid:evidence_id>/file")
@requires(Permission.UNIT_INSPECTION_READ)
def evidence_file(evidence_id: UUID) -> ResponseReturnValue:
    """The file of a piece; its metadata stay in the stored original."""
    with reading() as session:
        piece = find_piece(session, actor=actor(), evidence_id=EvidenceId(evidence_id))
    if piece.file is None:
        raise NotFound
    _log_access(piece)
    content = _content(piece, piece.file)
    headers = {"Content-Disposition": disposition(piece.file.name)}
    return Response(content, content_type=FORMATS[piece.file.kind].media_type, headers=headers)


def disposition(name: str) -> str:
    """Return the header that names an attachment (RFC 6266): in ASCII for old programs, in full for all others."""
    ending = name.rpartition(".")[2]
    return f"attachment; filename=\"evidence.{ending}\"; filename*=UTF-8''{quote(name, safe=_PLAIN)}"


def _content(piece: Piece, file: CheckedFile) -> bytes:
    settings = cast("Settings", current_app.extensions["settings"])
    try:
        content = read(file.digest, folder=settings.evidence_path)
    except FileDamaged:
        with transaction() as session:
            note_damage(session, actor=actor(), evidence_id=piece.id, now=now())
        raise
    return without_metadata(content, kind=file.kind)


def _log_access(piece: Piece) -> None:
    """Record that somebody from outside of the unit took a file, before it is sent."""
    reader = actor()
    if piece.unit_id in reader.member_of | reader.clerk_of | reader.deputy_of:
        return
    with transaction() as session:
        record_access(
            session,
            person_id=str(reader.person_id),
            subject=journal_subject(piece.id),
            act="evidence.read",
            now=now(),
        )
