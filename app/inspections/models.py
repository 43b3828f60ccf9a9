"""Tables of the year's work. Each promise of the rules is repeated here as a constraint or a guard."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, RetentionClass, kept
from app.db.guards import Guard, named_for_disposal
from app.db.types import Instant, code, hex_digest
from app.inspections.rules import SEALED
from app.kernel.ids import new_id

FIVE_YEARS = {"info": kept(RetentionClass.FIVE_YEARS)}


class Campaign(Base):
    """One inspection of many units (点検実施): it pins an edition and sets the dates."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("answer_due >= answer_from", name="answer_dates"),
        CheckConstraint("approval_due >= answer_due", name="approval_date"),
        CheckConstraint("review_due >= approval_due", name="review_date"),
        CheckConstraint("grace_until >= approval_due", name="grace_date"),
        CheckConstraint("(opened_at IS NULL) = (opened_by IS NULL)", name="opened_pair"),
        CheckConstraint("(opened_at IS NULL) = (state = 'draft')", name="opened_state"),
        FIVE_YEARS,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(code())
    fiscal_year: Mapped[int]
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_edition.id"))
    base_date: Mapped[date]
    answer_from: Mapped[date]
    answer_due: Mapped[date]
    approval_due: Mapped[date]
    review_due: Mapped[date]
    grace_until: Mapped[date]
    notice: Mapped[str] = mapped_column(Text)
    # Whether departments may take last year's answers over, to confirm them one by one or section by section.
    taking_over: Mapped[bool]
    # The campaign of the year before that this one was prepared from in one act.
    prepared_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaign.id"))
    # Who last wrote the questions of a 臨時点検 that brings its own; none where a standing checklist is asked.
    questions_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    # Opens the digests that the journal keeps of title and notice; campaigns from before it existed have none.
    salt: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(code())
    version: Mapped[int]
    prepared_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    prepared_at: Mapped[datetime] = mapped_column(Instant)
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime | None] = mapped_column(Instant)


class CampaignUnit(Base):
    """A unit chosen while the campaign is prepared."""

    __tablename__ = "campaign_unit"
    __table_args__ = (FIVE_YEARS,)

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)


class Inspection(Base):
    """The obligation of one unit, for itself or for one of its systems, in one campaign. Its content is in its revisions."""

    __tablename__ = "inspection"
    __table_args__ = (
        CheckConstraint("(system_id IS NULL) = (system_name IS NULL)", name="system_pair"),
        Index(
            "ix_inspection_one_of_unit",
            "campaign_id",
            "unit_id",
            unique=True,
            sqlite_where=text("system_id IS NULL"),
            postgresql_where=text("system_id IS NULL"),
        ),
        Index(
            "ix_inspection_one_of_system",
            "campaign_id",
            "system_id",
            unique=True,
            sqlite_where=text("system_id IS NOT NULL"),
            postgresql_where=text("system_id IS NOT NULL"),
        ),
        # The two above hold for a part of the rows each, so a campaign's sheets are found through neither.
        Index("ix_inspection_campaign", "campaign_id"),
        Index("ix_inspection_unit", "unit_id"),
        FIVE_YEARS,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"))
    # The system that the sheet is about, with its name on the day of the opening; none where it is about the unit itself.
    system_id: Mapped[UUID | None] = mapped_column(ForeignKey("information_system.id"))
    system_name: Mapped[str | None] = mapped_column(String(100))
    # The sealed sheet of the year before: the one that is shown beside the questions.
    previous_revision_id: Mapped[UUID | None] = mapped_column(ForeignKey("revision.id", use_alter=True))
    added_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(Instant)
    added_reason: Mapped[str] = mapped_column(Text)
    # Opens the digest that the campaign's journal keeps of the reason; none where the campaign was opened with the unit.
    added_salt: Mapped[str | None] = mapped_column(String(32))


class Revision(Base):
    """One run of a sheet from the first answer to the seal. The counts are kept with it, so that no page adds up a city."""

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("inspection_id", "number"),
        CheckConstraint("number >= 1", name="number_positive"),
        CheckConstraint("answered <= applicable", name="answered_range"),
        CheckConstraint("decided <= applicable", name="decided_range"),
        CheckConstraint("(self_possible IS NULL) = (self_earned IS NULL)", name="self_pair"),
        CheckConstraint("(reviewed_possible IS NULL) = (reviewed_earned IS NULL)", name="reviewed_pair"),
        Index("ix_revision_state", "state"),
        Index(
            "ix_revision_current",
            "inspection_id",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
        FIVE_YEARS,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspection.id"))
    number: Mapped[int]
    current: Mapped[bool]
    state: Mapped[str] = mapped_column(code())
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int]
    return_round: Mapped[int]
    applicable: Mapped[int]
    answered: Mapped[int]
    decided: Mapped[int]
    self_earned: Mapped[int | None]
    self_possible: Mapped[int | None]
    self_grade: Mapped[str | None] = mapped_column(String(4))
    reviewed_earned: Mapped[int | None]
    reviewed_possible: Mapped[int | None]
    reviewed_grade: Mapped[str | None] = mapped_column(String(4))
    # Until when the present stay with the department was extended; a further return of items begins without.
    extended_to: Mapped[date | None]


class SectionSummary(Base):
    """One section of a revision in figures, kept where the sheet's own figures are, so that no page adds up a city.

    `missed` and `reviewed_missed` hold the keys of the items below full points, separated by spaces.
    """

    __tablename__ = "section_summary"
    __table_args__ = (
        CheckConstraint("answered <= applicable", name="answered_range"),
        CheckConstraint("unknown <= answered", name="unknown_range"),
        CheckConstraint("self_earned <= self_possible", name="self_range"),
        CheckConstraint("reviewed_earned <= reviewed_possible", name="reviewed_range"),
        CheckConstraint("(reviewed_possible IS NULL) = (reviewed_earned IS NULL)", name="reviewed_pair"),
        CheckConstraint("(reviewed_possible IS NULL) = (reviewed_missed IS NULL)", name="reviewed_missed"),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    section: Mapped[str] = mapped_column(code(), primary_key=True)
    number: Mapped[int]
    applicable: Mapped[int]
    answered: Mapped[int]
    unknown: Mapped[int]
    mandatory_missed: Mapped[int]
    self_earned: Mapped[int]
    self_possible: Mapped[int]
    missed: Mapped[str] = mapped_column(Text)
    reviewed_earned: Mapped[int | None]
    reviewed_possible: Mapped[int | None]
    reviewed_missed: Mapped[str | None] = mapped_column(Text)


class ScoreChangeSummary(Base):
    """Why a score of a revision differs from the year before: a section's, or the whole sheet's (`section` empty).

    Every part is a whole number of `denominator`ths of the share, so that nothing is rounded before it is shown.
    """

    __tablename__ = "score_change_summary"
    __table_args__ = (
        CheckConstraint("denominator >= 1", name="denominator_positive"),
        CheckConstraint(
            "share_now - share_before = work + new_items + retired + weight + applicability + wording + moved",
            name="adds_up",
        ),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    measure: Mapped[str] = mapped_column(code(), primary_key=True)
    section: Mapped[str] = mapped_column(code(), primary_key=True)
    denominator: Mapped[int] = mapped_column(BigInteger)
    share_before: Mapped[int] = mapped_column(BigInteger)
    share_now: Mapped[int] = mapped_column(BigInteger)
    work: Mapped[int] = mapped_column(BigInteger)
    new_items: Mapped[int] = mapped_column(BigInteger)
    retired: Mapped[int] = mapped_column(BigInteger)
    weight: Mapped[int] = mapped_column(BigInteger)
    applicability: Mapped[int] = mapped_column(BigInteger)
    wording: Mapped[int] = mapped_column(BigInteger)
    moved: Mapped[int] = mapped_column(BigInteger)


class ProfileFlag(Base):
    """One fact of the unit's profile on this sheet: it decides which items apply. Unconfirmed ones carry last year's value."""

    __tablename__ = "profile_flag"
    __table_args__ = (
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed_pair"),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    flag: Mapped[str] = mapped_column(code(), primary_key=True)
    is_on: Mapped[bool]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)


class ProfileHistory(Base):
    """Every confirmation of a unit's profile, with all its flags as canonical JSON. Append-only."""

    __tablename__ = "profile_history"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    flags: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(code())
    confirmed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime] = mapped_column(Instant)


class Answer(Base):
    """The answer to one item as it stands. `version` counts its saves; each of them stands in the history."""

    __tablename__ = "answer"
    __table_args__ = (CheckConstraint("version >= 1", name="version_positive"), FIVE_YEARS)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_item.id"), primary_key=True)
    level: Mapped[str | None] = mapped_column(code())
    comment: Mapped[str] = mapped_column(Text)
    # Until when the unit means to do what is left.
    action_due: Mapped[date | None]
    # Last year's answer, confirmed anew by whoever answered.
    taken_over: Mapped[bool]
    version: Mapped[int]
    answered_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime] = mapped_column(Instant)


class AnswerHistory(Base):
    """Every save of an answer. Append-only; `salt` opens the digest that the journal keeps of the words."""

    __tablename__ = "answer_history"
    __table_args__ = (
        UniqueConstraint("revision_id", "item_id", "client_id"),
        Index("ix_answer_history_person", "revision_id", "answered_by"),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_item.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    level: Mapped[str | None] = mapped_column(code())
    comment: Mapped[str] = mapped_column(Text)
    action_due: Mapped[date | None]
    taken_over: Mapped[bool]
    # The words to the reviewer that were saved with it; none while no return of the item was open.
    reply: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(code())
    salt: Mapped[str] = mapped_column(String(32))
    client_id: Mapped[str] = mapped_column(String(64))
    answered_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime] = mapped_column(Instant)


class AnswerEvidence(Base):
    """Every time a piece of evidence was linked to an item or taken off it; the newest version stands. Append-only."""

    __tablename__ = "answer_evidence"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        Index("ix_answer_evidence_evidence", "evidence_id"),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_item.id"), primary_key=True)
    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("evidence.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_linked: Mapped[bool]
    origin: Mapped[str] = mapped_column(code())
    done_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    done_at: Mapped[datetime] = mapped_column(Instant)


class TakenOver(Base):
    """Last year's answer as a proposal for this year: it is no answer, and counts for nothing, until somebody confirms it."""

    __tablename__ = "taken_over"
    __table_args__ = (
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled_pair"),
        CheckConstraint("(settled_at IS NULL) = (outcome IS NULL)", name="settled_outcome"),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_item.id"), primary_key=True)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"))
    level: Mapped[str] = mapped_column(code())
    comment: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(code())
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime | None] = mapped_column(Instant)


class ItemAssignment(Base):
    """Who of the unit's clerks and heads looks after an item of a sheet. It divides the work and bars nobody."""

    __tablename__ = "item_assignment"
    __table_args__ = (FIVE_YEARS,)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_item.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    assigned_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    assigned_at: Mapped[datetime] = mapped_column(Instant)


class Question(Base):
    """A question of a unit about one item to the lead division. It stays on the item, this year and the next."""

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("inspection_id", "item_id"),
        CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed_pair"),
        Index("ix_question_state", "state"),
        FIVE_YEARS,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspection.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_item.id"))
    state: Mapped[str] = mapped_column(code())
    messages: Mapped[int]
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class QuestionMessage(Base):
    """One message of a question. Append-only; `salt` opens the digest that the journal keeps of the words."""

    __tablename__ = "question_message"
    __table_args__ = (
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        FIVE_YEARS,
    )

    question_id: Mapped[UUID] = mapped_column(ForeignKey("question.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    side: Mapped[str] = mapped_column(code())
    text: Mapped[str] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(32))
    written_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(Instant)


class SheetStepRow(Base):
    """One step of a sheet on its way, with the reason that was given. Append-only."""

    __tablename__ = "sheet_step"
    __table_args__ = (FIVE_YEARS,)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[str] = mapped_column(code())
    source: Mapped[str] = mapped_column(code())
    target: Mapped[str] = mapped_column(code())
    reason: Mapped[str] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(32))
    done_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    done_at: Mapped[datetime] = mapped_column(Instant)


class Approval(Base):
    """A head's decision over exactly the content that was shown. Never changed."""

    __tablename__ = "approval"
    __table_args__ = (FIVE_YEARS,)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(code())
    capacity: Mapped[str] = mapped_column(code())
    content_digest: Mapped[str] = mapped_column(hex_digest())
    comment: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime] = mapped_column(Instant)


class ItemReview(Base):
    """The reviewer's judgement of one item, beside the answer that it judged."""

    __tablename__ = "item_review"
    __table_args__ = (
        CheckConstraint("(judgement = 'changed') = (reviewed_level IS NOT NULL)", name="changed_level"),
        CheckConstraint("judgement = 'accepted' OR remark <> ''", name="remark_given"),
        ForeignKeyConstraint(["revision_id", "item_id"], ["answer.revision_id", "answer.item_id"]),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    judgement: Mapped[str] = mapped_column(code())
    reviewed_level: Mapped[str | None] = mapped_column(code())
    remark: Mapped[str] = mapped_column(Text)
    return_due: Mapped[date | None]
    answer_version: Mapped[int]
    version: Mapped[int]
    reviewed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime] = mapped_column(Instant)


class ItemReviewHistory(Base):
    """Every judgement of an item. Append-only."""

    __tablename__ = "item_review_history"
    __table_args__ = (FIVE_YEARS,)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_item.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    judgement: Mapped[str] = mapped_column(code())
    reviewed_level: Mapped[str | None] = mapped_column(code())
    remark: Mapped[str] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(32))
    reviewed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime] = mapped_column(Instant)


class ItemReturn(Base):
    """One item sent back in one round: the remark, the new date, and what the department replied."""

    __tablename__ = "item_return"
    __table_args__ = (
        CheckConstraint("(replied_at IS NULL) = (replied_by IS NULL)", name="replied_pair"),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_item.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    remark: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    answer_version: Mapped[int]
    returned_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    returned_at: Mapped[datetime] = mapped_column(Instant)
    reply: Mapped[str] = mapped_column(Text)
    replied_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    replied_at: Mapped[datetime | None] = mapped_column(Instant)


class SealedRevision(Base):
    """The whole revision as canonical JSON with its digest. Written once."""

    __tablename__ = "sealed_revision"
    __table_args__ = (FIVE_YEARS,)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(hex_digest(), unique=True)
    sealed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    sealed_at: Mapped[datetime] = mapped_column(Instant)
    journal_seal: Mapped[int] = mapped_column(ForeignKey("journal_seal.sequence"))


class Reopening(Base):
    """A request to open a sealed sheet again: somebody else grants or declines it, or who asked takes it back."""

    __tablename__ = "reopening"
    __table_args__ = (
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_pair"),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided_outcome"),
        CheckConstraint("outcome = 'withdrawn' OR decided_by <> requested_by", name="two_persons"),
        Index(
            "ix_reopening_waiting",
            "revision_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(Text)
    # Opens the digests that the journal keeps of both reasons; requests from before it existed have none.
    salt: Mapped[str | None] = mapped_column(String(32))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(code())
    decision_reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)


class Extension(Base):
    """A request for more time (期限の延長) for one run of a sheet, with its decision. A decided one never changes again."""

    __tablename__ = "extension"
    __table_args__ = (
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        CheckConstraint("wished_until > due_before", name="wished_later"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_pair"),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided_outcome"),
        CheckConstraint(
            "(COALESCE(outcome, '') = 'granted') = (granted_until IS NOT NULL)", name="granted_until"
        ),
        CheckConstraint("granted_until > due_before", name="granted_later"),
        CheckConstraint(
            "outcome IN ('withdrawn', 'lapsed') OR decided_by <> requested_by", name="two_persons"
        ),
        Index(
            "ix_extension_waiting",
            "revision_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # The due date when the request was made: the answer's, or the earliest of the returned items'.
    due_before: Mapped[date]
    wished_until: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    # Opens the digests that the journal keeps of both reasons.
    salt: Mapped[str] = mapped_column(String(32))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(code())
    granted_until: Mapped[date | None]
    decision_reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)


class ReviewScreening(Base):
    """The outcome of the flag rules for one revision, in one row: its lane and how many of its items have a red or an amber flag.

    Made anew whenever content comes to the review; a revision without a row was never looked at by any rules.
    """

    __tablename__ = "review_screening"
    __table_args__ = (CheckConstraint("red >= 0 AND amber >= 0", name="counts"), FIVE_YEARS)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    lane: Mapped[str] = mapped_column(code())
    red: Mapped[int]
    amber: Mapped[int]
    rules_version: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(Instant)


class ReviewFlag(Base):
    """One flag of one revision: of an item, or of the sheet as a whole where there is none."""

    __tablename__ = "review_flag"
    __table_args__ = (FIVE_YEARS,)

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("checklist_item.id"))
    rule: Mapped[str] = mapped_column(code())
    severity: Mapped[str] = mapped_column(code())
    rules_version: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(Instant)


class ReviewClaim(Base):
    """A reviewer has a sheet in hand, until it is let go, taken over, or nothing was done for a while."""

    __tablename__ = "review_claim"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_pair"),
        Index(
            "ix_review_claim_held",
            "revision_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        FIVE_YEARS,
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime] = mapped_column(Instant)
    active_at: Mapped[datetime] = mapped_column(Instant)
    # Why it was taken from somebody who still had it in hand; empty otherwise.
    reason: Mapped[str] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(32))
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class ReviewSample(Base):
    """A sample drawn from the sheets without flags, for one reviewer. The seed draws it again."""

    __tablename__ = "review_sample"
    __table_args__ = (Index("ix_review_sample_reviewer", "reviewer_id", "campaign_id"), FIVE_YEARS)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"))
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    rules_version: Mapped[int]
    seed: Mapped[str] = mapped_column(String(32))
    drawn_at: Mapped[datetime] = mapped_column(Instant)


class ReviewSampleSheet(Base):
    """One sheet from which a sample was drawn; the drawn ones are opened before the others are accepted with them."""

    __tablename__ = "review_sample_sheet"
    __table_args__ = (
        Index("ix_review_sample_sheet_revision", "revision_id"),
        CheckConstraint("drawn OR opened_at IS NULL", name="opened_drawn"),
        FIVE_YEARS,
    )

    sample_id: Mapped[UUID] = mapped_column(ForeignKey("review_sample.id"), primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    drawn: Mapped[bool]
    opened_at: Mapped[datetime | None] = mapped_column(Instant)


class ReviewBatch(Base):
    """One act on many sheets: a lane accepted after its sample, or one item judged across units. Never changed."""

    __tablename__ = "review_batch"
    __table_args__ = (
        CheckConstraint("(sample_id IS NULL) <> (item_id IS NULL)", name="one_kind"),
        Index("ix_review_batch_sample", "sample_id", unique=True),
        FIVE_YEARS,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"))
    sample_id: Mapped[UUID | None] = mapped_column(ForeignKey("review_sample.id"))
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("checklist_item.id"))
    rules_version: Mapped[int]
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    judged_at: Mapped[datetime] = mapped_column(Instant)


class ReviewBatchSheet(Base):
    """One sheet of an act on many, and whether the act was undone there."""

    __tablename__ = "review_batch_sheet"
    __table_args__ = (
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone_pair"),
        FIVE_YEARS,
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("review_batch.id"), primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None] = mapped_column(Instant)


class ReviewBatchItem(Base):
    """One judgement of an act on many, by its version in the history. Append-only."""

    __tablename__ = "review_batch_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["revision_id", "item_id", "version"],
            ["item_review_history.revision_id", "item_review_history.item_id", "item_review_history.version"],
        ),
        FIVE_YEARS,
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("review_batch.id"), primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]


class ReviewTemplate(Base):
    """A text that reviewers put into a remark (定型文). One that is no longer used is switched off, never removed."""

    __tablename__ = "review_template"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        {"info": kept(RetentionClass.WHILE_IN_FORCE)},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(code())
    active: Mapped[bool]
    version: Mapped[int]
    # Opens the digests that the journal keeps of title and text.
    salt: Mapped[str] = mapped_column(String(32))
    changed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(Instant)


_STATES = ", ".join(f"'{state.value}'" for state in sorted(SEALED))
_OWN_SEALED = f"{{row}}.state IN ({_STATES})"


def _parent_sealed(row: str) -> str:
    return f"(SELECT state FROM revision WHERE revision.id = {row}.revision_id) IN ({_STATES})"  # noqa: S608 - our own words


_OF_REVISION = named_for_disposal("revision", "{row}.revision_id")
_OF_CAMPAIGN = named_for_disposal("campaign", "{row}.campaign_id")
_OF_QUESTION = named_for_disposal(
    "inspection", "(SELECT inspection_id FROM question WHERE question.id = {row}.question_id)"
)


def _child(table: str, *keys: tuple[str, ...]) -> Guard:
    """Guard rows that stand or fall with their revision: free until it is sealed, then frozen and closed to new ones."""
    return Guard(
        disposable=_OF_REVISION,
        table=table,
        unique_keys=keys,
        frozen=_parent_sealed("{row}"),
        insertable=f"NOT {_parent_sealed('{new}')}",
    )


def _append_only(table: str, *keys: tuple[str, ...]) -> Guard:
    """Guard rows that never change from their birth, in a revision that is still open."""
    return Guard(
        table=table,
        unique_keys=keys,
        insertable=f"NOT {_parent_sealed('{new}')}",
        disposable=_OF_REVISION,
    )


GUARDS = (
    Guard(
        table="revision",
        unique_keys=(("id",), ("inspection_id", "number")),
        partial_keys=((("inspection_id",), "{row}.current"),),
        frozen=_OWN_SEALED,
        disposable=named_for_disposal("revision", "{row}.id"),
        # When a sheet is reopened, its sealed revision only stops being the current one, after a second person agreed.
        growing=("current",),
        grows=" AND ".join(
            (
                "{old}.current AND NOT {new}.current",
                "EXISTS (SELECT 1 FROM reopening WHERE reopening.revision_id = {old}.id AND reopening.outcome = 'granted')",
                *(
                    f"{{new}}.{name} IS NOT DISTINCT FROM {{old}}.{name}"
                    for name in (column.name for column in Revision.__table__.columns)
                    if name != "current"
                ),
            )
        ),
    ),
    _child("section_summary", ("revision_id", "section")),
    _child("score_change_summary", ("revision_id", "measure", "section")),
    _child("profile_flag", ("revision_id", "flag")),
    _child("answer", ("revision_id", "item_id")),
    _child("taken_over", ("revision_id", "item_id")),
    _child("item_assignment", ("revision_id", "item_id")),
    Guard(table="question_message", unique_keys=(("question_id", "sequence"),), disposable=_OF_QUESTION),
    _child("item_review", ("revision_id", "item_id")),
    _child("item_return", ("revision_id", "item_id", "round")),
    _append_only(
        "answer_history", ("revision_id", "item_id", "version"), ("revision_id", "item_id", "client_id")
    ),
    _append_only("answer_evidence", ("revision_id", "item_id", "evidence_id", "version")),
    _append_only("profile_history", ("revision_id", "version")),
    _append_only("item_review_history", ("revision_id", "item_id", "version")),
    _append_only("sheet_step", ("revision_id", "sequence")),
    _append_only("approval", ("revision_id", "sequence")),
    # What stood under an act on many sheets; only whether it was undone is written beside it.
    Guard(table="review_sample", unique_keys=(("id",),), disposable=_OF_CAMPAIGN),
    Guard(table="review_batch", unique_keys=(("id",), ("sample_id",)), disposable=_OF_CAMPAIGN),
    Guard(
        table="review_batch_item",
        unique_keys=(("batch_id", "revision_id", "item_id"),),
        disposable=_OF_REVISION,
    ),
    Guard(table="sealed_revision", unique_keys=(("revision_id",), ("digest",)), disposable=_OF_REVISION),
    Guard(
        table="extension",
        unique_keys=(("revision_id", "sequence"),),
        partial_keys=((("revision_id",), "{row}.decided_at IS NULL"),),
        frozen="{row}.decided_at IS NOT NULL",
        disposable=_OF_REVISION,
    ),
    Guard(
        disposable=_OF_REVISION,
        table="reopening",
        unique_keys=(("revision_id", "sequence"),),
        partial_keys=((("revision_id",), "{row}.decided_at IS NULL"),),
        frozen="{row}.decided_at IS NOT NULL",
    ),
)
