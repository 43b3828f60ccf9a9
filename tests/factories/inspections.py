"""An inspection at any state, reached by the real commands and the right people."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from app.access.actor import Actor
from app.checklists.queries import load_edition
from app.db.session import Database
from app.inspections.commands.answer import AnswerDraft, confirm_profile, record_answers
from app.inspections.commands.campaign import CampaignDraft, open_campaign, prepare_campaign
from app.inspections.commands.hand_over import approve, hand_over
from app.inspections.commands.review import JudgementDraft, finish_review, judge_items, return_items
from app.inspections.commands.sign_off import close_unsubmitted, sign_off
from app.inspections.queries.sheet import Sheet, content_of_sheet, find_sheet, profile_version
from app.inspections.rules import CampaignDates, CampaignKind, Judgement, State
from app.inspections.rules.next_year import a_year_later
from app.inspections.rules.taking_over import Offer
from app.kernel.clock import business_date
from app.kernel.ids import CampaignId, EditionId, InspectionId, ItemId, UnitId
from app.people.queries import actor_on
from tests.factories.editions import published_edition
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    FUJIMOTO,
    HAYASHI,
    KIMURA,
    LEAD,
    OGAWA,
    SATO,
    STORY,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    YAMADA,
    Cast,
    Place,
)

DATES: Final = CampaignDates(
    base_date=date(2026, 10, 1),
    answer_from=date(2026, 11, 1),
    answer_due=date(2026, 11, 27),
    approval_due=date(2026, 12, 4),
    review_due=date(2026, 12, 18),
    grace_until=date(2026, 12, 11),
)


@dataclass(frozen=True, slots=True)
class Line:
    """Who acts for one unit's sheet."""

    clerk: Cast
    head: Cast
    reviewer: Cast = TANAKA
    manager: Cast = KIMURA


LINES: Final[Mapping[str, Line]] = {
    AFFAIRS.code: Line(SATO, SUZUKI),
    COUNTER.code: Line(TAKAHASHI, YAMADA),
    # The lead division's own sheet: 代替審査 reviews, 統括 signs off.
    LEAD.code: Line(HAYASHI, KIMURA, FUJIMOTO, OGAWA),
}
PLACES: Final = (AFFAIRS, COUNTER, LEAD, BRANCH)


@dataclass(slots=True)
class Year:
    """A running campaign of the test city, with the means to move its sheets on."""

    database: Database
    now: datetime
    edition_id: EditionId
    campaign_id: CampaignId
    sheets: Mapping[str, InspectionId]

    def actor(self, cast: Cast) -> Actor:
        """Return a person as an actor of the year's present day."""
        with self.database.reading() as session:
            return actor_on(session, person_id=cast.id, day=business_date(self.now))

    def sheet(self, place: Place) -> Sheet:
        """Return a unit's sheet as the manager sees it."""
        with self.database.reading() as session:
            return find_sheet(session, actor=self.actor(KIMURA), inspection_id=self.sheets[place.code])

    def digest(self, place: Place) -> str:
        """Return the digest of what a head would approve now."""
        with self.database.reading() as session:
            sheet = find_sheet(session, actor=self.actor(KIMURA), inspection_id=self.sheets[place.code])
            return content_of_sheet(session, sheet=sheet).digest

    def answer(
        self, place: Place, *, levels: Mapping[str, str] | None = None, comment: str = "理由を書いた。"
    ) -> None:
        """Confirm the profile and answer every item that applies; `levels` overrides 実施 by item key."""
        sheet, clerk = self.sheet(place), self.actor(LINES[place.code].clerk)
        with self.database.transaction() as session:
            if sheet.state is State.ANSWERING:
                confirm_profile(
                    session,
                    actor=clerk,
                    inspection_id=sheet.id,
                    flags={},
                    seen_version=profile_version(session, revision_id=sheet.revision_id),
                    now=self.now,
                )
            answers = content_of_sheet(session, sheet=sheet).answers
            items = sheet.edition.applicable({})
            drafts = [
                AnswerDraft(
                    item_id=item.id,
                    level=(levels or {}).get(item.key, "implemented"),
                    comment=comment,
                    seen_version=answers[item.id].version if item.id in answers else 0,
                    client_id=f"factory-{item.key}-{self.now.isoformat()}",
                )
                for item in items
                if sheet.state is State.ANSWERING or item.key in (levels or {})
            ]
            record_answers(session, actor=clerk, inspection_id=sheet.id, drafts=drafts, now=self.now)

    def answer_as(self, place: Place, cast: Cast) -> None:
        """Somebody answers everything and hands it over: in a one-person office the head."""
        acting, sheet = self.actor(cast), self.sheet(place)
        with self.database.transaction() as session:
            confirm_profile(
                session, actor=acting, inspection_id=sheet.id, flags={}, seen_version=0, now=self.now
            )
            drafts = [
                AnswerDraft(
                    item_id=item.id,
                    level="implemented",
                    comment="",
                    seen_version=0,
                    client_id=f"own-{item.key}",
                )
                for item in sheet.edition.applicable({})
            ]
            record_answers(session, actor=acting, inspection_id=sheet.id, drafts=drafts, now=self.now)
        with self.database.transaction() as session:
            hand_over(
                session,
                actor=acting,
                inspection_id=sheet.id,
                seen_version=self.sheet(place).version,
                now=self.now,
            )

    def hand_over(self, place: Place) -> None:
        """The clerk hands the sheet to the head."""
        with self.database.transaction() as session:
            hand_over(
                session,
                actor=self.actor(LINES[place.code].clerk),
                inspection_id=self.sheets[place.code],
                seen_version=self.sheet(place).version,
                now=self.now,
            )

    def approve(self, place: Place, *, comment: str = "") -> None:
        """The head approves what is there."""
        with self.database.transaction() as session:
            approve(
                session,
                actor=self.actor(LINES[place.code].head),
                inspection_id=self.sheets[place.code],
                seen_digest=self.digest(place),
                comment=comment,
                now=self.now,
            )

    def judge(
        self,
        place: Place,
        *,
        judgements: Mapping[str, Judgement] | None = None,
        by: Cast | None = None,
        due: date = DATES.review_due,
    ) -> None:
        """The reviewer, or somebody else, judges every item; `judgements` overrides 受理 by item key."""
        reviewer = self.actor(by or LINES[place.code].reviewer)
        with self.database.transaction() as session:
            sheet = find_sheet(session, actor=reviewer, inspection_id=self.sheets[place.code])
            content = content_of_sheet(session, sheet=sheet)
            drafts = []
            for item in content.items:
                judgement = (judgements or {}).get(item.key, Judgement.ACCEPTED)
                stored = content.reviews.get(item.id)
                drafts.append(
                    JudgementDraft(
                        item_id=item.id,
                        judgement=judgement,
                        reviewed_level="partial" if judgement is Judgement.CHANGED else None,
                        remark="" if judgement is Judgement.ACCEPTED else "控えの日付を確かめてください。",
                        return_due=due if judgement is Judgement.RETURNED else None,
                        seen_answer_version=content.answers[item.id].version,
                        seen_version=stored.version if stored else 0,
                    )
                )
            judge_items(
                session,
                actor=reviewer,
                inspection_id=sheet.id,
                drafts=drafts,
                now=self.now,
            )

    def return_items(self, place: Place) -> None:
        """The reviewer sends the marked items back."""
        with self.database.transaction() as session:
            return_items(
                session,
                actor=self.actor(LINES[place.code].reviewer),
                inspection_id=self.sheets[place.code],
                seen_version=self.sheet(place).version,
                now=self.now,
            )

    def finish_review(self, place: Place) -> None:
        """The reviewer ends the review."""
        with self.database.transaction() as session:
            finish_review(
                session,
                actor=self.actor(LINES[place.code].reviewer),
                inspection_id=self.sheets[place.code],
                seen_version=self.sheet(place).version,
                now=self.now,
            )

    def sign_off(self, place: Place) -> None:
        """The manager (for the lead division: 統括) signs off."""
        with self.database.transaction() as session:
            sign_off(
                session,
                actor=self.actor(LINES[place.code].manager),
                inspection_id=self.sheets[place.code],
                seen_version=self.sheet(place).version,
                now=self.now,
            )

    def close_unsubmitted(self, place: Place) -> None:
        """The manager closes a silent department after the grace date."""
        with self.database.transaction() as session:
            close_unsubmitted(
                session,
                actor=self.actor(KIMURA),
                inspection_id=self.sheets[place.code],
                reason="督促に応答がないため",
                now=self.now,
            )

    def bring(self, place: Place, *, to: State) -> None:
        """Walk a sheet from its beginning to a state."""
        for state, act in WAY[to]:
            del state
            getattr(self, act[0])(place, **act[1])
            self.now += timedelta(minutes=10)

    def item_id(self, key: str) -> ItemId:
        """Return the id of an item by its key."""
        with self.database.reading() as session:
            edition = load_edition(session, edition_id=self.edition_id)
        return next(item.id for item in edition.items.values() if item.key == key)


Act = tuple[str, dict[str, object]]
_ANSWER: Final[Act] = ("answer", {"levels": {"D02": "partial", "D08": "not_implemented"}})
_JUDGE: Final[Act] = ("judge", {})
_MARK: Final[Act] = ("judge", {"judgements": {"D02": Judgement.RETURNED, "D08": Judgement.RETURNED}})
_CORRECT: Final[Act] = ("answer", {"levels": {"D02": "implemented", "D08": "partial"}, "comment": "直した。"})


def _acts(*acts: Act) -> tuple[tuple[None, Act], ...]:
    return tuple((None, act) for act in acts)


_SUBMITTED: Final = _acts(_ANSWER, ("hand_over", {}), ("approve", {}))
_RETURNED: Final = (*_SUBMITTED, *_acts(_MARK, ("return_items", {})))
WAY: Final = {
    State.ANSWERING: (),
    State.AWAITING_HEAD: _acts(_ANSWER, ("hand_over", {})),
    State.SUBMITTED: _SUBMITTED,
    State.UNDER_REVIEW: (*_SUBMITTED, *_acts(_JUDGE)),
    State.RETURNED: _RETURNED,
    State.AWAITING_REAPPROVAL: (*_RETURNED, *_acts(_CORRECT, ("hand_over", {}))),
    State.REVIEWED: (*_SUBMITTED, *_acts(_JUDGE, ("finish_review", {}))),
    State.SIGNED_OFF: (*_SUBMITTED, *_acts(_JUDGE, ("finish_review", {}), ("sign_off", {}))),
}


def running_year(
    database: Database,
    *,
    now: datetime = STORY,
    places: tuple[Place, ...] = PLACES,
    data: bytes | None = None,
) -> Year:
    """Publish an edition, prepare and open a campaign for some units."""
    made = Year(database, now, EditionId(UnitId(AFFAIRS.id)), CampaignId(AFFAIRS.id), {})
    tanaka, kimura = made.actor(TANAKA), made.actor(KIMURA)
    with database.transaction() as session:
        made.edition_id = published_edition(session, publisher=tanaka, confirmer=kimura, now=now, data=data)
        draft = CampaignDraft(
            title="令和8年度 定期自己点検",
            kind=CampaignKind.REGULAR,
            fiscal_year=2026,
            edition_id=made.edition_id,
            dates=DATES,
            notice="各所属で点検してください。",
            unit_ids=frozenset(place.id for place in places),
        )
        made.campaign_id = prepare_campaign(session, actor=tanaka, draft=draft, now=now)
        opened = open_campaign(session, actor=kimura, campaign_id=made.campaign_id, seen_version=1, now=now)
        by_unit = {find_sheet(session, actor=kimura, inspection_id=one).unit_id: one for one in opened}
    made.sheets = {place.code: by_unit[place.id] for place in places}
    return made


def year_after(year: Year, *, data: bytes | None = None, taking_over: Offer = Offer.OFFERED) -> Year:
    """Open the next year's campaign for the same units, on the same edition or on a newer one."""
    made = Year(
        year.database, year.now.replace(year=year.now.year + 1), year.edition_id, year.campaign_id, {}
    )
    tanaka, kimura = made.actor(TANAKA), made.actor(KIMURA)
    with year.database.transaction() as session:
        if data is not None:
            made.edition_id = published_edition(
                session,
                publisher=tanaka,
                confirmer=kimura,
                now=made.now,
                data=data,
                name="department/2027.1.yaml",
            )
        draft = CampaignDraft(
            title="令和9年度 定期自己点検",
            kind=CampaignKind.REGULAR,
            fiscal_year=2027,
            edition_id=made.edition_id,
            dates=CampaignDates(**{name: a_year_later(day) for name, day in asdict(DATES).items()}),
            notice="各所属で点検してください。",
            unit_ids=frozenset(place.id for place in PLACES),
            taking_over=taking_over,
        )
        made.campaign_id = prepare_campaign(session, actor=tanaka, draft=draft, now=made.now)
        opened = open_campaign(
            session, actor=kimura, campaign_id=made.campaign_id, seen_version=1, now=made.now
        )
        by_unit = {find_sheet(session, actor=kimura, inspection_id=one).unit_id: one for one in opened}
    made.sheets = {place.code: by_unit[place.id] for place in PLACES}
    return made


def at_grace_end() -> datetime:
    """Return an instant after the grace date of `DATES`."""
    return datetime(2026, 12, 12, tzinfo=UTC)
