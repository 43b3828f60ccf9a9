"""What was asked for of a campaign, and how it stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import require
from app.inspections.queries.campaigns.summaries import campaign_row
from app.inspections.queries.sealed import sealed_of_campaign
from app.inspections.queries.sheet import CampaignLine, campaign_line
from app.inspections.rules import CampaignState
from app.kernel.errors import NotFound, NotNow
from app.kernel.ids import CampaignId, PersonId
from app.people.queries import people_by_id
from app.reports.models import DocumentRequest
from app.reports.rules.requests import BundleKind, RequestState

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """One request as its campaign's page shows it; `kept_until` is when its archive goes."""

    id: UUID
    kind: BundleKind
    state: RequestState
    begun: bool
    person: str
    requested_at: datetime
    made_at: datetime | None
    documents: int
    size: int
    kept_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsPage:
    """What can be taken away of a campaign."""

    campaign: CampaignLine
    sealed: int
    requests: tuple[RequestLine, ...]


def documents_page(session: Session, *, actor: Actor, campaign_id: CampaignId, days: int) -> DocumentsPage:
    """Return what can be taken away of an opened campaign, the newest request first.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such campaign.
        NotNow: it was not opened yet.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    row = campaign_row(session, campaign_id=campaign_id)
    if row.state == CampaignState.DRAFT.value:
        raise NotNow("まだ始めていない点検です。始めると、結果の書類をここから取り出せます。")
    found = session.scalars(
        select(DocumentRequest)
        .where(DocumentRequest.campaign_id == campaign_id)
        .order_by(DocumentRequest.requested_at.desc(), DocumentRequest.id)
        .limit(MOST_SHOWN)
    ).all()
    people = people_by_id(session, person_ids={PersonId(one.requested_by) for one in found})
    return DocumentsPage(
        campaign=campaign_line(row),
        sealed=len(sealed_of_campaign(session, campaign_id=campaign_id)),
        requests=tuple(
            RequestLine(
                id=one.id,
                kind=BundleKind(one.kind),
                state=RequestState(one.state),
                begun=one.claimed_at is not None,
                person=people[PersonId(one.requested_by)].name,
                requested_at=one.requested_at,
                made_at=one.made_at,
                documents=one.documents,
                size=one.size,
                kept_until=one.made_at + timedelta(days=days) if one.made_at else None,
            )
            for one in found
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeBundle:
    """An archive that is there to be taken."""

    id: UUID
    kind: BundleKind
    digest: str
    made_at: datetime


def made_bundle(session: Session, *, actor: Actor, campaign_id: CampaignId, request_id: UUID) -> MadeBundle:
    """Return the archive of a request.

    Raises:
        NotAllowed: the actor does not follow the progress of the whole city.
        NotFound: there is no such request for this campaign.
        NotNow: the archive is not made yet, or is gone already.
    """
    require(Permission.CITY_PROGRESS_READ, actor=actor)
    row = session.get(DocumentRequest, request_id)
    if row is None or row.campaign_id != campaign_id:
        raise NotFound
    if row.state == RequestState.REMOVED.value:
        raise NotNow("保存の期間を過ぎたので、この書類は消しました。もう一度作ってください。")
    if row.archive_digest is None or row.made_at is None:
        raise NotNow("この書類は、まだできていません。しばらくしてから、ページを開き直してください。")
    return MadeBundle(id=row.id, kind=BundleKind(row.kind), digest=row.archive_digest, made_at=row.made_at)
