"""Ports: what a low room needs to know of the rooms above it.

Each is bulk: ids in, a mapping out, so that nobody queries in a loop. They are implemented in the higher domain and
registered in `create_app`. The kernel does not know the classes of a session or an actor: it hands them on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from app.kernel.ids import CampaignId, EditionId, InspectionId, PersonId, UnitId

Session = Any
Actor = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionUsage:
    """How much one edition is in use.

    Attributes:
        answers: by the key of each item, how many sheets answer it now; items without any are absent.
        open_sheets, sealed_sheets: sheets of the campaigns that pin the edition.
    """

    answers: Mapping[str, int] = field(default_factory=dict)
    open_sheets: int = 0
    sealed_sheets: int = 0

    def answered(self, keys: Iterable[str]) -> int:
        """Return how many answers there are to some items."""
        return sum(self.answers.get(key, 0) for key in keys)

    def with_another(self, other: "EditionUsage") -> "EditionUsage":
        """Return the use of an edition in two rooms together."""
        keys = dict.fromkeys((*self.answers, *other.answers))
        return EditionUsage(
            answers={key: self.answered([key]) + other.answered([key]) for key in keys},
            open_sheets=self.open_sheets + other.open_sheets,
            sealed_sheets=self.sealed_sheets + other.sealed_sheets,
        )


class EditionUse(Protocol):
    """How much an edition is in use: shown before somebody decides to publish its successor."""

    def answers_by_edition(
        self, session: Session, *, edition_ids: Iterable[EditionId]
    ) -> Mapping[EditionId, int]:
        """Return the number of answers that point to each edition; editions without any are absent."""
        ...

    def usage_by_edition(
        self, session: Session, *, edition_ids: Iterable[EditionId]
    ) -> Mapping[EditionId, EditionUsage]:
        """Return how much each edition is in use, item by item; editions that no campaign pins are absent."""
        ...


class WorkCounter(Protocol):
    """How much waits for somebody: the figures in the header."""

    def waiting(self, session: Session, *, actor: Actor, today: date) -> Mapping[str, int]:
        """Return the number of waiting things for each menu entry's key; entries without any are absent."""
        ...


class AfterSealing(Protocol):
    """What follows when a sheet is sealed, after the commit: making its document."""

    def __call__(self, *, actor: Actor, inspection_id: InspectionId, now: datetime) -> None:
        """Do it; a failure is logged and made up for later, the seal stands."""
        ...


class BeforeDisposal(Protocol):
    """What a room above deletes of its own, before that to which its rows refer goes."""

    def __call__(self, session: Session, *, batch_id: UUID) -> Mapping[str, int]:
        """Delete what an approved disposal batch names; return how many rows of each table."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRef:
    """A notice as the room that wrote it needs it for wording it: what it is about, by id."""

    id: UUID
    kind: str
    subject_id: UUID
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """What a notice says: one sentence, what it is about, and the path of the page on which one acts."""

    title: str
    detail: str
    path: str


class NoticeSource(Protocol):
    """Words for the notices that a room wrote. Names are merged in when they are shown, so none is stored twice."""

    def words(
        self, session: Session, *, notices: Sequence[NoticeRef], today: date
    ) -> Mapping[UUID, NoticeWords]:
        """Return the words of the notices that are this room's, by their ids; others are absent."""
        ...


class Reminding(Protocol):
    """When departments were reminded of a campaign: shown beside what is still with them."""

    def last_reminded(
        self, session: Session, *, campaign_ids: Iterable[CampaignId]
    ) -> Mapping[CampaignId, datetime]:
        """Return when somebody was reminded of each campaign last; campaigns without a reminder are absent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenThing:
    """Something that a unit answers for and that is not finished.

    Attributes:
        kind: a code that is stable: together with the id it names the thing.
        label: what sort of thing it is, in words.
        unit_id: the unit that answers for it on the day asked for.
    """

    kind: str
    id: UUID
    label: str
    title: str
    unit_id: UnitId


class OpenWork(Protocol):
    """What is open when the organisation changes: shown before somebody decides, and shared out where a unit is split."""

    def open_things(self, session: Session, *, unit_ids: Iterable[UnitId], day: date) -> Sequence[OpenThing]:
        """Return what some units answer for on a day, in the order in which lists show it."""
        ...

    def last_closed_on(self, session: Session) -> date | None:
        """Return the last day of the organisation on which something that is closed for good relies; None before there is any."""
        ...


class PeopleNames(Protocol):
    """How people are called, for rooms below them."""

    def __call__(self, session: Session, *, person_ids: Iterable[PersonId]) -> Mapping[PersonId, str]:
        """Return the names; unknown ids are absent."""
        ...


class Staffing(Protocol):
    """Who works where: counted beside the units of a day."""

    def staff_by_unit(self, session: Session, *, day: date) -> Mapping[UnitId, frozenset[PersonId]]:
        """Return who holds a post in each unit on a day that is not to come; units without anybody are absent."""
        ...


class BusinessDays(Protocol):
    """On which days the city works: a room above keeps its calendar."""

    def is_business_day(self, session: Session, *, day: date) -> bool:
        """Return whether the city works on a day."""
        ...


class EveryDay:
    """The calendar of a house without one: every day is worked on."""

    def is_business_day(self, session: Session, *, day: date) -> bool:
        """Return that the city works on the day, whichever it is."""
        del session, day
        return True


@dataclass(slots=True)
class Ports:
    """The registered implementations. Filled once in `create_app`, read by lower rooms."""

    edition_use: list[EditionUse] = field(default_factory=list)
    work_counters: list[WorkCounter] = field(default_factory=list)
    after_sealing: list[AfterSealing] = field(default_factory=list)
    notice_sources: list[NoticeSource] = field(default_factory=list)
    before_disposal: list[BeforeDisposal] = field(default_factory=list)
    reminding: list[Reminding] = field(default_factory=list)
    open_work: list[OpenWork] = field(default_factory=list)
    people_names: list[PeopleNames] = field(default_factory=list)
    staffing: list[Staffing] = field(default_factory=list)
    business_days: BusinessDays = field(default_factory=EveryDay)
    # Called when somebody waits for a regular job; empty where a scheduler outside of the process runs them.
    hurry: list[Callable[[], None]] = field(default_factory=list)

    def answers_by_edition(
        self, session: Session, *, edition_ids: Iterable[EditionId]
    ) -> dict[EditionId, int]:
        """Add up what every registered room says about the use of editions."""
        wanted = tuple(edition_ids)
        totals: dict[EditionId, int] = {}
        for source in self.edition_use:
            for edition_id, count in source.answers_by_edition(session, edition_ids=wanted).items():
                totals[edition_id] = totals.get(edition_id, 0) + count
        return totals

    def usage_by_edition(
        self, session: Session, *, edition_ids: Iterable[EditionId]
    ) -> dict[EditionId, EditionUsage]:
        """Add up what every registered room says about the use of editions, item by item."""
        wanted = tuple(edition_ids)
        totals: dict[EditionId, EditionUsage] = {}
        for source in self.edition_use:
            for edition_id, usage in source.usage_by_edition(session, edition_ids=wanted).items():
                totals[edition_id] = totals.get(edition_id, EditionUsage()).with_another(usage)
        return totals

    def open_things(
        self, session: Session, *, unit_ids: Iterable[UnitId], day: date
    ) -> tuple[OpenThing, ...]:
        """Return what some units answer for on a day, room by room."""
        wanted = frozenset(unit_ids)
        rooms = (room.open_things(session, unit_ids=wanted, day=day) for room in self.open_work)
        return tuple(thing for things in rooms for thing in things)

    def names_of(self, session: Session, *, person_ids: Iterable[PersonId]) -> dict[PersonId, str]:
        """Return how people are called; unknown ids are absent."""
        wanted = frozenset(person_ids)
        rooms = (room(session, person_ids=wanted) for room in self.people_names)
        return {person_id: name for names in rooms for person_id, name in names.items()}

    def last_closed_on(self, session: Session) -> date | None:
        """Return the last day of the organisation on which anything closed relies, in whatever room."""
        days = (room.last_closed_on(session) for room in self.open_work)
        return max((day for day in days if day is not None), default=None)

    def last_reminded(
        self, session: Session, *, campaign_ids: Iterable[CampaignId]
    ) -> dict[CampaignId, datetime]:
        """Return when somebody was reminded of each campaign last, by whatever registered room."""
        wanted = tuple(campaign_ids)
        last: dict[CampaignId, datetime] = {}
        for source in self.reminding:
            for campaign_id, at in source.last_reminded(session, campaign_ids=wanted).items():
                last[campaign_id] = max(at, last.get(campaign_id, at))
        return last

    def staff_by_unit(self, session: Session, *, day: date) -> dict[UnitId, frozenset[PersonId]]:
        """Join what every registered room says about who works where."""
        joined: dict[UnitId, frozenset[PersonId]] = {}
        for source in self.staffing:
            for unit_id, people in source.staff_by_unit(session, day=day).items():
                joined[unit_id] = joined.get(unit_id, frozenset()) | people
        return joined

    def waiting(self, session: Session, *, actor: Actor, today: date) -> dict[str, int]:
        """Merge the counters of all rooms; two rooms never share a menu entry."""
        return {
            key: count
            for source in self.work_counters
            for key, count in source.waiting(session, actor=actor, today=today).items()
        }

    def notice_words(
        self, session: Session, *, notices: Sequence[NoticeRef], today: date
    ) -> dict[UUID, NoticeWords]:
        """Merge the words of all rooms; what no room knows any more is absent."""
        return {
            notice_id: words
            for source in self.notice_sources
            for notice_id, words in source.words(session, notices=notices, today=today).items()
        }
