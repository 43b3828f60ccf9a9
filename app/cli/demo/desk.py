"""One unit's sheet on somebody's desk.

Every act is one real command, done by somebody who has the right to it that day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.checklists.rules import Item
from app.cli.demo.answers import (
    IMPLEMENTED,
    NOT_IMPLEMENTED,
    PARTIAL,
    UNKNOWN,
    chance,
    given_answer,
    is_corrected,
    is_forgotten,
)
from app.cli.demo.city import CHIEF, LEAD, MANAGER, REVIEWERS, SUBSTITUTE, Office, team
from app.cli.demo.words import (
    BACK_TO_CLERK,
    CORRECTIONS,
    EVIDENCE,
    HEADS_PLAIN_WORDS,
    HEADS_WORDS,
    HEADS_WORDS_ON_CHANGES,
    REMARKS,
    RETURNS,
    TAKEN_OUT,
    UNSUBMITTED,
)
from app.evidence.rules import Description
from app.inspections.commands.answer import AnswerDraft, confirm_profile, record_answers
from app.inspections.commands.evidence import attach_reference
from app.inspections.commands.hand_over import approve, hand_over, return_to_clerk
from app.inspections.commands.review import JudgementDraft, finish_review, judge_items, return_items
from app.inspections.commands.sign_off import close_unsubmitted, exclude, sign_off
from app.inspections.queries.sheet import Sheet, SheetContent, content_of_sheet, find_sheet
from app.inspections.rules import Judgement
from app.journal.rules import Via
from app.kernel.clock import business_date
from app.kernel.fiscal_year import FiscalYear
from app.kernel.ids import InspectionId
from app.people.queries import actor_by_staff_no

_DAYS_TO_CORRECT: Final = 14
_WEAK: Final = frozenset({PARTIAL, NOT_IMPLEMENTED})


@dataclass(slots=True)
class People:
    """The people of the story as actors, each looked up once in a chapter, in which nobody moves."""

    session: Session
    known: dict[str, Actor] = field(default_factory=dict)

    def actor(self, staff_no: str, *, now: datetime) -> Actor:
        """Return somebody with the rights of the day, at a browser: the story tells what they did there."""
        if staff_no not in self.known:
            day = business_date(now)
            self.known[staff_no] = actor_by_staff_no(self.session, staff_no=staff_no, day=day, via=Via.WEB)
        return self.known[staff_no]

    def turn_the_page(self) -> None:
        """Begin a chapter: posts and duties may have changed."""
        self.known.clear()


@dataclass(slots=True, kw_only=True)
class Desk:
    """One unit's sheet of one year.

    Attributes:
        approver: who approves; None for the head of the unit.
        heads_part: how many items the head recorded in place of a clerk; somebody else then approves.
    """

    people: People
    office: Office
    year: int
    inspection_id: InspectionId
    approver: str | None = None
    heads_part: int = 0

    @property
    def session(self) -> Session:
        """Return the session of the story's one transaction."""
        return self.people.session

    # ------------------------------------------------------------------------------- who does it

    @property
    def head(self) -> str:
        """Return who leads the unit."""
        return team(self.office.code, year=self.year).head

    def clerk(self, sitting: int) -> str:
        """Return who answers at a sitting: clerk or alternate, in a one-person office the head."""
        clerks = team(self.office.code, year=self.year).clerks
        if not clerks:
            return self.head
        return clerks[-1] if sitting % 3 == 1 else clerks[0]

    @property
    def reviewer(self) -> str:
        """Return who reviews: for the lead division's own sheet the substitute."""
        if self.office.code == LEAD:
            return SUBSTITUTE
        return chance("reviewer", self.office.code).choice(REVIEWERS[self.year])

    @property
    def signer(self) -> str:
        """Return who signs off: for the lead division's own sheet 統括."""
        return CHIEF if self.office.code == LEAD else MANAGER

    # ---------------------------------------------------------------------------- what is on it

    def sheet(self, actor: Actor) -> Sheet:
        """Return the sheet as it is now."""
        return find_sheet(self.session, actor=actor, inspection_id=self.inspection_id)

    def content(self, actor: Actor) -> SheetContent:
        """Return answers and judgements as they are now."""
        return content_of_sheet(self.session, sheet=self.sheet(actor))

    def items(self, actor: Actor) -> tuple[Item, ...]:
        """Return the items that apply, in order."""
        return self.sheet(actor).edition.applicable(dict.fromkeys(self.office.flags, True))

    def _draft(self, item: Item, *, level: str, comment: str, version: int, reply: str = "") -> AnswerDraft:
        return AnswerDraft(
            item_id=item.id,
            level=level,
            comment=comment,
            seen_version=version,
            client_id=f"demo-{self.year}-{item.key}-{version + 1}",
            reply=reply,
            action_due=self._due(item, level=level),
        )

    def _due(self, item: Item, *, level: str) -> date | None:
        """Most offices say until when they mean to do what is left."""
        said = chance("due", self.office.code, item.key).random() < 0.8  # noqa: PLR2004 - four of five
        return date(self.year + 1, 3, 31) if said and level in {"partial", "not_implemented"} else None

    def _record(self, drafts: Iterable[AnswerDraft], *, actor: Actor, now: datetime) -> None:
        record_answers(
            self.session, actor=actor, inspection_id=self.inspection_id, drafts=tuple(drafts), now=now
        )

    # ----------------------------------------------------------------------------- the department

    def confirm_profile(self, now: datetime) -> None:
        """The clerk confirms the unit's profile."""
        confirm_profile(
            self.session,
            actor=self.people.actor(self.clerk(0), now=now),
            inspection_id=self.inspection_id,
            flags=dict.fromkeys(self.office.flags, True),
            seen_version=0,
            now=now,
        )

    def answer(self, now: datetime, *, sitting: int, part: tuple[int, int]) -> None:
        """Somebody answers the items from one thousandth of the sheet to another."""
        actor = self.people.actor(self.clerk(sitting), now=now)
        items = self.items(actor)
        first, last = (len(items) * edge // 1000 for edge in part)
        own = self.heads_part if sitting == 0 else 0
        self._answer(items[first + own : last], actor=actor, now=now)
        if own:
            head = self.people.actor(self.head, now=now)
            self._answer(items[first : first + own], actor=head, now=now + timedelta(minutes=7))

    def _answer(self, items: Sequence[Item], *, actor: Actor, now: datetime) -> None:
        given = ((item, given_answer(self.office, item, year=self.year)) for item in items)
        self._record(
            [
                self._draft(item, level=answer.level, comment=answer.comment, version=0)
                for item, answer in given
            ],
            actor=actor,
            now=now,
        )

    def look_again(self, now: datetime) -> None:
        """The clerk looks at what was わからない once more, and finds half of it out."""
        actor = self.people.actor(self.clerk(0), now=now)
        answers = self.content(actor).answers
        unknown = [item for item in self.items(actor) if answers[item.id].level == UNKNOWN]
        self._record(
            [
                self._draft(
                    item,
                    level=IMPLEMENTED,
                    comment="あとで担当に聞き、基準のとおりと確かめた。",
                    version=answers[item.id].version,
                )
                for item in unknown[::2]
            ],
            actor=actor,
            now=now,
        )

    def keep_evidence(self, now: datetime) -> None:
        """The clerk says where the proof is, for items that demand it; now and then it is forgotten."""
        actor = self.people.actor(self.clerk(0), now=now)
        answers = self.content(actor).answers
        done = [
            item
            for item in self.items(actor)
            if item.evidence_demanded and answers[item.id].level == IMPLEMENTED
        ]
        for number, item in enumerate(done, start=1):
            if is_forgotten(self.office, item, year=self.year):
                continue
            attach_reference(
                self.session,
                actor=actor,
                inspection_id=self.inspection_id,
                item_id=item.id,
                description=Description(
                    title=EVIDENCE[item.key],
                    stands_for=business_date(now),
                    document_number=f"{FiscalYear(self.year).label}情セ第{self.office.code}-{number}号",
                    place="所属の共有フォルダ「情報セキュリティ」",
                ),
                now=now,
            )

    def hand_over(self, now: datetime) -> None:
        """The clerk hands the sheet, or the corrections, to the head."""
        actor = self.people.actor(self.clerk(0), now=now)
        version = self.sheet(actor).version
        hand_over(self.session, actor=actor, inspection_id=self.inspection_id, seen_version=version, now=now)

    def give_back(self, now: datetime) -> None:
        """The head gives the sheet back to the clerk."""
        actor = self.people.actor(self.head, now=now)
        return_to_clerk(
            self.session,
            actor=actor,
            inspection_id=self.inspection_id,
            reason=chance("back", self.office.code).choice(BACK_TO_CLERK),
            seen_version=self.sheet(actor).version,
            now=now,
        )

    def improve(self, now: datetime) -> None:
        """The clerk adds to a comment what the head asked for."""
        actor = self.people.actor(self.clerk(0), now=now)
        answers = self.content(actor).answers
        weak = [item for item in self.items(actor) if answers[item.id].level in _WEAK]
        self._record(
            [
                self._draft(
                    item,
                    level=answers[item.id].level or PARTIAL,
                    comment=f"{answers[item.id].comment}庶務係が12月末までに直す。",
                    version=answers[item.id].version,
                )
                for item in weak[:2]
            ],
            actor=actor,
            now=now,
        )

    def approve(self, now: datetime) -> None:
        """The head, a deputy or a higher head approves what is there."""
        actor = self.people.actor(self.approver or self.head, now=now)
        content = self.content(actor)
        approve(
            self.session,
            actor=actor,
            inspection_id=self.inspection_id,
            seen_digest=content.digest,
            comment=self._heads_words(content),
            now=now,
        )

    def _heads_words(self, content: SheetContent) -> str:
        drawn = chance("head", self.year, self.office.code)
        if content.returns:
            return drawn.choice(HEADS_WORDS_ON_CHANGES)
        weak = [item.key for item in content.items if content.answers[item.id].level in _WEAK]
        fitting = [HEADS_WORDS[key] for key in weak if key in HEADS_WORDS]
        return drawn.choice((*fitting, *HEADS_PLAIN_WORDS))

    def correct(self, now: datetime, *, share: int) -> None:
        """The clerk corrects the first of the returned items, so many percent of them, and replies."""
        actor = self.people.actor(self.clerk(0), now=now)
        sheet, content = self.sheet(actor), self.content(actor)
        sent = [entry.item_id for entry in content.returns if entry.round == sheet.return_round]
        items = [item for item in content.items if item.id in sent]
        drafts = []
        for item in items[: max(1, len(items) * share // 100)]:
            back, held = RETURNS[item.key], content.answers[item.id]
            drafts.append(
                self._draft(
                    item, level=back.level, comment=back.comment, version=held.version, reply=back.reply
                )
            )
        self._record(drafts, actor=actor, now=now)

    # ---------------------------------------------------------------------------------- the review

    def judge(self, now: datetime, *, part: tuple[int, int]) -> None:
        """The reviewer takes what is there, with a remark or a lower level where there is one to make."""
        self._judge(now, part=part, sent=frozenset())

    def mark(self, now: datetime) -> None:
        """The reviewer judges everything and marks two or three items to go back."""
        actor = self.people.actor(self.reviewer, now=now)
        self._judge(now, part=(0, 1000), sent=self._to_be_returned(self.content(actor)))

    def _to_be_returned(self, content: SheetContent) -> frozenset[str]:
        able = [item.key for item in content.items if _may_go_back(item, content=content)]
        drawn = chance("returned", self.year, self.office.code)
        return frozenset(drawn.sample(able, k=min(len(able), drawn.choice((2, 3)))))

    def _judge(self, now: datetime, *, part: tuple[int, int], sent: frozenset[str]) -> None:
        actor = self.people.actor(self.reviewer, now=now)
        content = self.content(actor)
        first, last = (len(content.items) * edge // 1000 for edge in part)
        drafts = [
            self._judgement(item, content=content, sent=sent, now=now) for item in content.items[first:last]
        ]
        judge_items(self.session, actor=actor, inspection_id=self.inspection_id, drafts=drafts, now=now)

    def _judgement(
        self, item: Item, *, content: SheetContent, sent: frozenset[str], now: datetime
    ) -> JudgementDraft:
        judgement, remark = self._verdict(item, content=content, sent=sent)
        stored = content.reviews.get(item.id)
        due = business_date(now) + timedelta(days=_DAYS_TO_CORRECT)
        return JudgementDraft(
            item_id=item.id,
            judgement=judgement,
            reviewed_level=PARTIAL if judgement is Judgement.CHANGED else None,
            remark=remark,
            return_due=due if judgement is Judgement.RETURNED else None,
            seen_answer_version=content.answers[item.id].version,
            seen_version=stored.version if stored else 0,
        )

    def _verdict(self, item: Item, *, content: SheetContent, sent: frozenset[str]) -> tuple[Judgement, str]:
        level = content.answers[item.id].level or UNKNOWN
        if item.key in sent:
            return Judgement.RETURNED, RETURNS[item.key].remark
        if is_corrected(self.office, item, level=level, year=self.year):
            return Judgement.CHANGED, CORRECTIONS[item.key]
        if level in _WEAK and item.key in REMARKS:
            return Judgement.ACCEPTED_WITH_REMARK, REMARKS[item.key]
        return Judgement.ACCEPTED, ""

    def return_items(self, now: datetime) -> None:
        """The reviewer sends the marked items back."""
        actor = self.people.actor(self.reviewer, now=now)
        version = self.sheet(actor).version
        return_items(
            self.session, actor=actor, inspection_id=self.inspection_id, seen_version=version, now=now
        )

    def judge_corrections(self, now: datetime) -> None:
        """The reviewer takes the corrected items."""
        actor = self.people.actor(self.reviewer, now=now)
        content = self.content(actor)
        drafts = [
            self._judgement(item, content=content, sent=frozenset(), now=now)
            for item in content.items
            if (held := content.reviews.get(item.id)) and held.judgement is Judgement.RETURNED
        ]
        judge_items(self.session, actor=actor, inspection_id=self.inspection_id, drafts=drafts, now=now)

    def finish_review(self, now: datetime) -> None:
        """The reviewer ends the review."""
        actor = self.people.actor(self.reviewer, now=now)
        version = self.sheet(actor).version
        finish_review(
            self.session, actor=actor, inspection_id=self.inspection_id, seen_version=version, now=now
        )

    def sign_off(self, now: datetime) -> None:
        """The manager signs off; for the lead division 統括 does."""
        actor = self.people.actor(self.signer, now=now)
        version = self.sheet(actor).version
        sign_off(self.session, actor=actor, inspection_id=self.inspection_id, seen_version=version, now=now)

    def close_unsubmitted(self, now: datetime) -> None:
        """The manager ends the sheet of a department that never handed it in."""
        close_unsubmitted(
            self.session,
            actor=self.people.actor(MANAGER, now=now),
            inspection_id=self.inspection_id,
            reason=UNSUBMITTED,
            now=now,
        )

    def exclude(self, now: datetime) -> None:
        """The manager takes a unit out of the campaign."""
        exclude(
            self.session,
            actor=self.people.actor(MANAGER, now=now),
            inspection_id=self.inspection_id,
            reason=TAKEN_OUT,
            now=now,
        )


def _may_go_back(item: Item, *, content: SheetContent) -> bool:
    """Whether there are words to send an answer back with, and they fit it."""
    answer = content.answers[item.id]
    if item.key not in RETURNS or answer.level not in RETURNS[item.key].levels:
        return False
    return answer.level != IMPLEMENTED or not answer.comment
