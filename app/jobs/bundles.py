"""Making the documents of a whole campaign into one archive, in the background.

A round claims one request after the other. Whatever ends it, the work is not lost for long: the PDF of each sheet is kept
once it is made, and a request whose maker died is claimed again. An archive appears whole or not at all.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from app.access.actor import Actor
from app.config import Settings
from app.db.session import reading, transaction
from app.inspections.queries.sealed import SealedSheet, sealed_of_campaign, sealed_sheet
from app.jobs.documents import SWEEPER, kept_pdf, reader
from app.journal.rules import ActorMark
from app.kernel.clock import JST, business_date
from app.kernel.ids import CampaignId
from app.reports.commands.requests import (
    Archive,
    Claim,
    claim_request,
    fail_claim,
    finish_claim,
    forget_bundles,
    release_claim,
)
from app.reports.queries import document_number, inspection_workbook
from app.reports.rules.requests import BundleKind, member_name

log = logging.getLogger(__name__)
AskedToStop = Callable[[], bool]


class BundlesFailedError(RuntimeError):
    """Some archives could not be made; the others were."""


class BrokenOffError(Exception):
    """The work was asked to stop between two documents."""


def make_bundles(*, settings: Settings, now: datetime, asked_to_stop: AskedToStop) -> int:
    """Make what was asked for, the oldest first, and remove what is past its days; return how many archives were made.

    Raises:
        BundlesFailedError: at the end, when any failed: the next round tries again.
    """
    with transaction() as session:
        forget_bundles(session, days=settings.documents_days, folder=settings.documents_path, now=now)
    made, failed = 0, frozenset[UUID]()
    while not asked_to_stop():
        with transaction() as session:
            claim = claim_request(session, passed_over=failed, now=now)
        if claim is None:
            break
        try:
            made += _make(claim, settings=settings, now=now, asked_to_stop=asked_to_stop)
        except BrokenOffError:
            with transaction() as session:
                release_claim(session, claim=claim)
        except Exception:
            log.exception("the documents of request %s could not be made", claim.id)
            failed |= {claim.id}
            with transaction() as session:
                fail_claim(session, claim=claim, now=now)
    if failed:
        raise BundlesFailedError(f"{len(failed)} archives could not be made, {made} were")
    return made


def _make(claim: Claim, *, settings: Settings, now: datetime, asked_to_stop: AskedToStop) -> int:
    folder = settings.documents_path
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # What is left of a maker that died: the claim is ours alone.
    for left in folder.glob(f"{claim.id}.*.part"):
        left.unlink(missing_ok=True)
    handle, partial = tempfile.mkstemp(dir=folder, prefix=f"{claim.id}.", suffix=".part")
    path = Path(partial)
    try:
        with os.fdopen(handle, "w+b") as file:
            documents = write_archive(
                file,
                campaign_id=claim.campaign_id,
                kind=claim.kind,
                reader=reader(day=business_date(now)),
                mark=SWEEPER,
                settings=settings,
                now=now,
                asked_to_stop=asked_to_stop,
            )
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        archive = Archive(path=path, digest=digest, size=path.stat().st_size, documents=documents)
        with transaction() as session:
            return int(finish_claim(session, claim=claim, archive=archive, folder=folder, now=now))
    finally:
        path.unlink(missing_ok=True)


def write_archive(
    file: IO[bytes],
    *,
    campaign_id: CampaignId,
    kind: BundleKind,
    reader: Actor,
    mark: ActorMark,
    settings: Settings,
    now: datetime,
    asked_to_stop: AskedToStop = lambda: False,
) -> int:
    """Write the documents of all sealed sheets of a campaign as a ZIP archive; return how many documents.

    One sheet after the other: memory does not grow with their number. The same seals give the same bytes.

    Raises:
        BrokenOffError: asked to stop; what was written is no archive.
    """
    with reading() as session:
        sheets = sealed_of_campaign(session, campaign_id=campaign_id)
    documents = 0
    # Stored, not packed: both kinds of documents are packed already.
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for place, (inspection_id, number) in enumerate(sheets, start=1):
            if asked_to_stop():
                raise BrokenOffError
            with reading() as session:
                found = sealed_sheet(session, actor=reader, inspection_id=inspection_id, number=number)
            for ending in kind.endings:
                content = (
                    kept_pdf(found, mark=mark, settings=settings, now=now)
                    if ending == "pdf"
                    else inspection_workbook(found, settings=settings)
                )
                archive.writestr(_member(found, place=place, ending=ending), content)
                documents += 1
    return documents


def _member(found: SealedSheet, *, place: int, ending: str) -> ZipInfo:
    unit = found.path[-1].name if found.path else ""
    name = member_name(
        place=place,
        unit=f"{unit} {found.sheet.system_name}" if found.sheet.system_name else unit,
        number=document_number(found),
        ending=ending,
    )
    sealed = found.sealed_at.astimezone(JST)
    member = ZipInfo(name, (sealed.year, sealed.month, sealed.day, sealed.hour, sealed.minute, sealed.second))
    member.external_attr = 0o600 << 16
    return member
