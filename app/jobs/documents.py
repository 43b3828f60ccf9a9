"""Making the document of a sealed revision after the commit that sealed it: rendered outside of any transaction, then kept.

It is made at once by whoever sealed the sheet. Where that was cut short (a crash, a full disk), or the sheet was ended in
another way than on its page, the sweep makes it later.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.access.actor import Actor, Function
from app.config import Settings
from app.db.session import reading, transaction
from app.inspections.queries.sealed import SealedSheet, sealed_sheet
from app.journal.rules import ActorMark, Via
from app.kernel.clock import business_date
from app.kernel.ids import InspectionId, PersonId
from app.reports.commands import keep_document, kept_document, read_document
from app.reports.queries import MissingDocument, inspection_pdf, missing_documents

log = logging.getLogger(__name__)

BATCH: Final = 20


def reader(*, day: date) -> Actor:
    """Return who reads every sealed sheet for the jobs; nobody in particular, and named nowhere."""
    return Actor(
        person_id=PersonId(UUID(int=0)),
        account_id=None,
        staff_no="",
        name="",
        day=day,
        functions=frozenset({Function.AUDITOR}),
        via=Via.JOB,
    )


SWEEPER: Final = ActorMark(person_id=None, via=Via.JOB)


def keep_inspection_pdf(
    *, actor: Actor, inspection_id: InspectionId, number: int | None, settings: Settings, now: datetime
) -> bytes:
    """Make and keep the PDF of a sealed revision, unless it is kept already; return its bytes either way.

    The document's number and its bytes follow from the sealed revision alone, so two who make it at once make the same.
    """
    with reading() as session:
        found = sealed_sheet(session, actor=actor, inspection_id=inspection_id, number=number)
    return kept_pdf(found, mark=actor.mark, settings=settings, now=now)


def kept_pdf(found: SealedSheet, *, mark: ActorMark, settings: Settings, now: datetime) -> bytes:
    """Return the kept PDF of a sealed revision; make and keep it first where that was not done yet."""
    with reading() as session:
        kept = kept_document(session, found=found)
    if kept is not None:
        return read_document(kept, folder=settings.evidence_path)
    return _make(found, mark=mark, settings=settings, now=now)


def _make(found: SealedSheet, *, mark: ActorMark, settings: Settings, now: datetime) -> bytes:
    content = inspection_pdf(found, settings=settings)
    try:
        with transaction() as session:
            keep_document(
                session, mark=mark, found=found, content=content, folder=settings.evidence_path, now=now
            )
    except IntegrityError:
        # Another process kept it meanwhile: the same bytes under the same digest. Anything else is a fault.
        with reading() as session:
            if kept_document(session, found=found) is None:
                raise
    return content


class DocumentAfterSealing:
    """Makes the document right after the commit. When that fails the seal stands, and the sweep makes up for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
        """Make and keep the document; a failure is logged, never shown as a failed sign-off."""
        try:
            keep_inspection_pdf(
                actor=actor, inspection_id=inspection_id, number=None, settings=self._settings, now=now
            )
        except Exception:
            log.exception("the document of inspection %s could not be kept", inspection_id)


class DocumentsMissingError(RuntimeError):
    """Some documents could not be made; the others were."""


def sweep_documents(*, settings: Settings, now: datetime, asked_to_stop: Callable[[], bool]) -> int:
    """Make the document of every sealed revision that has none, the oldest first; return how many were made.

    One that fails is logged and left for the next time; the others are made nevertheless. Several processes may
    sweep at once: a document is kept once.

    Raises:
        DocumentsMissingError: at the end, when any failed.
    """
    made = failed = 0
    for missing in _missing():
        if asked_to_stop():
            break
        try:
            _make_up_for(missing, settings=settings, now=now)
            made += 1
        except Exception:
            log.exception("the document of inspection %s could not be kept", missing.inspection_id)
            failed += 1
    if failed:
        raise DocumentsMissingError(f"{failed} documents could not be made, {made} were")
    return made


def _missing() -> Iterator[MissingDocument]:
    """Yield what is missing, read in small batches: between two of them nothing is held."""
    last: MissingDocument | None = None
    while True:
        with reading() as session:
            batch = missing_documents(session, after=last, most=BATCH)
        yield from batch
        if len(batch) < BATCH:
            return
        last = batch[-1]


def _make_up_for(missing: MissingDocument, *, settings: Settings, now: datetime) -> None:
    with reading() as session:
        found = sealed_sheet(
            session,
            actor=reader(day=business_date(now)),
            inspection_id=missing.inspection_id,
            number=missing.number,
        )
        kept = kept_document(session, found=found)
    if kept is None:
        _make(found, mark=SWEEPER, settings=settings, now=now)
