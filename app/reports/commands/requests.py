"""Asking for the documents of a whole campaign, and the steps in which the jobs make them: each at most once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.queries.campaigns import campaign_state
from app.inspections.queries.sealed import sealed_of_campaign
from app.journal.commands import record
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.errors import NotNow
from app.kernel.ids import CampaignId, new_id
from app.reports.models import DocumentRequest
from app.reports.rules.requests import LEASE, MOST_FAILURES, BundleKind, RequestState

JOB = ActorMark(person_id=None, via=Via.JOB)


def request_documents(
    session: Session, *, actor: Actor, campaign_id: CampaignId, kind: BundleKind, now: datetime
) -> bool:
    """Ask for the documents of all sealed sheets of a campaign; return False where the same is being made already.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
        NotNow: no sheet is sealed yet.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    campaign_state(session, campaign_id=campaign_id)
    if not sealed_of_campaign(session, campaign_id=campaign_id):
        raise NotNow("確定した点検票が、まだありません。1所属でも確定すると、書類をまとめて作れます。")
    if _waiting(session, campaign_id=campaign_id, kind=kind):
        return False
    request = DocumentRequest(
        id=new_id(),
        campaign_id=campaign_id,
        kind=kind.value,
        state=RequestState.WAITING.value,
        requested_by=actor.person_id,
        requested_at=now,
        failures=0,
        documents=0,
        size=0,
    )
    session.add(request)
    session.flush()
    _record(session, request=request, event="documents.requested", mark=actor.mark, now=now)
    return True


def _waiting(session: Session, *, campaign_id: CampaignId, kind: BundleKind) -> UUID | None:
    return session.scalars(
        select(DocumentRequest.id).where(
            DocumentRequest.campaign_id == campaign_id,
            DocumentRequest.kind == kind.value,
            DocumentRequest.state == RequestState.WAITING.value,
        )
    ).one_or_none()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A request that one round is at: what it is for, and since when it is ours."""

    id: UUID
    campaign_id: CampaignId
    kind: BundleKind
    claimed_at: datetime


def claim_request(session: Session, *, passed_over: frozenset[UUID], now: datetime) -> Claim | None:
    """Take the oldest request that nobody is at, or whose maker is taken for dead; None when there is none."""
    row = session.scalars(
        select(DocumentRequest)
        .where(
            DocumentRequest.state == RequestState.WAITING.value,
            DocumentRequest.id.not_in(passed_over),
            or_(DocumentRequest.claimed_at.is_(None), DocumentRequest.claimed_at <= now - LEASE),
        )
        .order_by(DocumentRequest.requested_at, DocumentRequest.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    row.claimed_at = now
    session.flush()
    return Claim(
        id=row.id, campaign_id=CampaignId(row.campaign_id), kind=BundleKind(row.kind), claimed_at=now
    )


def _ours(session: Session, *, claim: Claim) -> DocumentRequest | None:
    return session.scalars(
        select(DocumentRequest)
        .where(
            DocumentRequest.id == claim.id,
            DocumentRequest.state == RequestState.WAITING.value,
            DocumentRequest.claimed_at == claim.claimed_at,
        )
        .with_for_update()
    ).one_or_none()


def release_claim(session: Session, *, claim: Claim) -> None:
    """Give a request back that was broken off: the next round begins it again."""
    row = _ours(session, claim=claim)
    if row is not None:
        row.claimed_at = None


def fail_claim(session: Session, *, claim: Claim, now: datetime) -> None:
    """Count a failure; after `MOST_FAILURES` of them the request is given up."""
    row = _ours(session, claim=claim)
    if row is None:
        return
    row.claimed_at, row.failures = None, row.failures + 1
    if row.failures >= MOST_FAILURES:
        row.state = RequestState.FAILED.value
        session.flush()
        _record(session, request=row, event="documents.failed", mark=JOB, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A finished archive: a file not yet in its place, with what it holds."""

    path: Path
    digest: str
    size: int
    documents: int


def finish_claim(session: Session, *, claim: Claim, archive: Archive, folder: Path, now: datetime) -> bool:
    """Put an archive in its place and name it; False where another round was quicker, then nothing is changed."""
    row = _ours(session, claim=claim)
    if row is None:
        return False
    # In its place before the row names it: a row never points to nothing.
    archive.path.replace(bundle_path(claim.id, folder=folder))
    row.state, row.made_at, row.claimed_at = RequestState.MADE.value, now, None
    row.archive_digest, row.size, row.documents = archive.digest, archive.size, archive.documents
    session.flush()
    facts = {"archive": archive.digest, "documents": archive.documents}
    _record(session, request=row, event="documents.made", mark=JOB, now=now, facts=facts)
    return True


def forget_bundles(session: Session, *, days: int, folder: Path, now: datetime) -> int:
    """Remove archives after their days; the requests stay on record. Return how many were removed."""
    old = session.scalars(
        select(DocumentRequest)
        .where(
            DocumentRequest.state == RequestState.MADE.value,
            DocumentRequest.made_at <= now - timedelta(days=days),
        )
        .with_for_update(skip_locked=True)
    ).all()
    for row in old:
        bundle_path(row.id, folder=folder).unlink(missing_ok=True)
        row.state = RequestState.REMOVED.value
        session.flush()
        _record(session, request=row, event="documents.removed", mark=JOB, now=now)
    return len(old)


def forget_orphans(session: Session, *, folder: Path) -> int:
    """Remove archives whose request is no longer there, since it was disposed of; return how many."""
    found = {path.stem: path for path in folder.glob("*.zip")}
    if not found:
        return 0
    known = {str(request_id) for request_id in session.scalars(select(DocumentRequest.id))}
    orphans = [path for stem, path in found.items() if stem not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def bundle_path(request_id: UUID, *, folder: Path) -> Path:
    """Return where the archive of a request lies."""
    return folder / f"{request_id}.zip"


def _record(
    session: Session,
    *,
    request: DocumentRequest,
    event: str,
    mark: ActorMark,
    now: datetime,
    facts: dict[str, object] | None = None,
) -> None:
    record(
        session,
        subject=Subject(type=SubjectType.CAMPAIGN, id=str(request.campaign_id)),
        event=event,
        actor=mark,
        now=now,
        facts={"request": str(request.id), "kind": request.kind, **(facts or {})},
    )
