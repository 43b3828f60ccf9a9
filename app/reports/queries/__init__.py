"""The frozen report of a sealed revision: every figure and label decided here, so that all documents say the same."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.checklists.rules import (
    Item,
    Level,
    LineKind,
    Score,
    Section,
    Symbol,
    percent,
    score,
)
from app.checklists.texts import SCORING_METHOD_NAME
from app.config import Settings
from app.inspections.queries.previous import PreviousAnswer
from app.inspections.queries.sealed import ApprovalLine, SealedSheet, sealed_revisions
from app.inspections.queries.sheet import ReturnFact, ReviewFact
from app.inspections.rules import Action, Judgement, State, whole_minutes
from app.inspections.texts import ACTION, CAMPAIGN_KIND, CAPACITY, JUDGEMENT, STATE, sheet_name
from app.kernel.digest import digest_of
from app.kernel.fiscal_year import FiscalYear, long_date, long_instant, plain_date
from app.kernel.ids import InspectionId, PersonId
from app.reports.models import KeptDocument
from app.reports.rules import (
    Approval,
    CourseLine,
    Ending,
    EvidenceLine,
    GradeBand,
    InspectionReport,
    JournalSeal,
    JudgementMark,
    LevelCount,
    LevelMark,
    MandatoryMiss,
    ReportDay,
    ReportItem,
    ReportLevel,
    ScoreFigure,
    ScoreLine,
    SectionLine,
    Standing,
)
from app.reports.rules import Judgement as ReportJudgement

_MARKS: Final = {
    Symbol.CIRCLE: LevelMark.DONE,
    Symbol.TRIANGLE: LevelMark.PARTLY,
    Symbol.CROSS: LevelMark.NOT_DONE,
    Symbol.DASH: LevelMark.NOT_APPLICABLE,
    Symbol.QUESTION: LevelMark.UNKNOWN,
}
_JUDGEMENT_MARKS: Final = {
    Judgement.ACCEPTED: JudgementMark.ACCEPTED,
    Judgement.ACCEPTED_WITH_REMARK: JudgementMark.ACCEPTED_WITH_REMARK,
    Judgement.CHANGED: JudgementMark.CHANGED,
    Judgement.RETURNED: JudgementMark.RETURNED,
}
NOT_ASKED: Final = ReportLevel(mark=LevelMark.NOT_APPLICABLE, label="該当なし")
UNANSWERED: Final = ReportLevel(mark=LevelMark.UNANSWERED, label="未回答")
FIRST_REIWA_YEAR: Final = 2019
TITLE: Final = "情報セキュリティ自己点検　結果票"
_ENDED_BY: Final = {
    State.CLOSED_UNSUBMITTED: Action.CLOSE_UNSUBMITTED,
    State.EXCLUDED: Action.EXCLUDE,
}
_OF_REVIEWERS: Final = frozenset(
    {Action.START_REVIEW, Action.RETURN_ITEMS, Action.CANCEL_RETURN, Action.FINISH_REVIEW}
)
"""Whoever does one of these is named only where the review came to its end."""
DATES: Final = {
    "base_date": "基準日",
    "answer_from": "回答の開始",
    "answer_due": "回答の期限",
    "approval_due": "承認の期限",
    "review_due": "審査の予定",
    "grace_until": "猶予日",
}
"""The dates of a campaign, by the names of `CampaignDates`."""
_ENDED: Final = {
    State.CLOSED_UNSUBMITTED: "期限までに提出がなかったため、未提出のまま締め切りました。提出・審査・確定はされていません。",
    State.EXCLUDED: "点検の途中で、この所属を点検の対象から外しました。審査の結果は示さず、確定もされていません。",
}


@dataclass(frozen=True, slots=True)
class _Scores:
    """Both scores of a sheet."""

    own: Score
    reviewed: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingDocument:
    """A sealed revision whose document was not kept yet; `place` orders them, the oldest seal first."""

    inspection_id: InspectionId
    number: int
    place: tuple[datetime, UUID]


def missing_documents(
    session: Session, *, after: MissingDocument | None = None, most: int
) -> tuple[MissingDocument, ...]:
    """Return sealed revisions without a kept document, `most` of them, the oldest first, from behind `after` on."""
    sealed = _sealed_without_document().subquery()
    order = (sealed.c.sealed_at, sealed.c.revision_id)
    query = select(sealed).order_by(*order).limit(most)
    if after is not None:
        at, revision_id = after.place
        query = query.where(or_(order[0] > at, and_(order[0] == at, order[1] > revision_id)))
    return tuple(
        MissingDocument(
            inspection_id=InspectionId(row.inspection_id),
            number=row.number,
            place=(row.sealed_at, row.revision_id),
        )
        for row in session.execute(query)
    )


def count_missing_documents(session: Session) -> int:
    """Return how many sealed revisions have no kept document."""
    missing = _sealed_without_document().subquery()
    return session.scalar(select(func.count()).select_from(missing)) or 0


def _sealed_without_document() -> Select[UUID, UUID, int, datetime]:
    sealed = sealed_revisions()
    kept = select(KeptDocument.revision_id)
    return sealed.where(sealed.selected_columns.revision_id.not_in(kept))


def document_number(found: SealedSheet) -> str:
    """Return the number of a revision's document: it follows from what was sealed, R08-3F2A91C4."""
    year = found.sheet.campaign.fiscal_year.year - FIRST_REIWA_YEAR + 1
    return f"R{year:02d}-{found.digest[:8].upper()}"


def inspection_pdf(found: SealedSheet, *, settings: Settings) -> bytes:
    """Return the PDF of a sealed revision: the same bytes each time."""
    # Here, because ReportLab takes long to import, and the command line mostly makes no document.
    from app.reports.pdf.inspection_result import render  # noqa: PLC0415

    return render(inspection_report(found, settings=settings))


def inspection_workbook(found: SealedSheet, *, settings: Settings) -> bytes:
    """Return the workbook of a sealed revision: the same bytes each time, so it is made anew and not kept."""
    from app.reports.excel.inspection_result import render  # noqa: PLC0415 - as above

    return render(inspection_report(found, settings=settings))


def inspection_report(
    found: SealedSheet, *, settings: Settings, copy_mark: str | None = None
) -> InspectionReport:
    """Return the report of a sealed revision.

    A sheet that was closed unsubmitted or excluded was never judged to the end: its report says how it ended and shows
    the answers as they stood, without a grade, judgements or the names of reviewers.
    """
    sheet, content = found.sheet, found.content
    number = document_number(found)
    edition = sheet.edition
    scores = _Scores(
        score(content.items, answers=content.self_levels(), edition=edition),
        score(content.items, answers=content.reviewed_levels(), edition=edition),
    )
    judged = sheet.state is State.SIGNED_OFF
    final = scores.reviewed if judged else scores.own
    return InspectionReport(
        city=settings.city,
        product_name=settings.product_name,
        form_number="",
        document_number=number,
        classification=settings.classification,
        standing=Standing.SEALED,
        copy_mark=copy_mark,
        title=TITLE,
        fiscal_year=sheet.campaign.fiscal_year.label,
        last_fiscal_year=FiscalYear(sheet.campaign.fiscal_year.year - 1).label,
        campaign_title=sheet.campaign.title,
        kind=CAMPAIGN_KIND[sheet.campaign.kind].removesuffix("自己点検"),
        unit_name=sheet_name(found.path[-1].name if found.path else "", system_name=sheet.system_name),
        unit_path="　".join(unit.name for unit in found.path[:-1]),
        base_date=long_date(sheet.campaign.dates.base_date),
        dates=tuple(
            (label, report_day(getattr(sheet.campaign.dates, name))) for name, label in DATES.items()
        ),
        generated_at=long_instant(found.sealed_at),
        made_at=found.sealed_at,
        checklist_title=edition.title,
        edition_label=edition.label,
        edition_digest=edition.digest,
        method_name=SCORING_METHOD_NAME[edition.scoring.name],
        method_digest=digest_of(
            [edition.scoring.name, edition.scoring.full_points, edition.scoring.mandatory_cap]
        ),
        revision_number=sheet.number,
        revision_digest=found.digest,
        grade=(final.grade or "") if judged else "",
        grade_note=_grade_note(found, final),
        bands=tuple(
            GradeBand(grade=band.grade, range_text=f"{band.at_least}点以上") for band in edition.scoring.bands
        ),
        self_score=figure_of(scores.own.share),
        reviewed_score=figure_of(scores.reviewed.share) if judged else None,
        last_year_score=_last_year(found, content.items),
        answer_rate_text=_rate(answered=len(content.items) - scores.own.unanswered, total=len(content.items)),
        unanswered_items=scores.own.unanswered,
        unknown_items=scores.own.unknown,
        taken_over_text=_taken_over(found),
        time_text=_time(found),
        action_text=_actions(found),
        level_counts=_counts(found, content.items),
        mandatory_total=sum(1 for item in content.items if item.mandatory),
        mandatory_misses=tuple(_miss(found, edition.items[item_id]) for item_id in final.mandatory_missed),
        sections=tuple(_section(found, section, judged=judged) for section in edition.sections),
        items=tuple(
            _item(found, item, section, judged=judged)
            for section in edition.sections
            for item in section.items
        ),
        score_basis="審査後の得点" if judged else "自己点検の得点",
        score_formula=_formula(final),
        score_lines=tuple(_line(found, line_item, final) for line_item in content.items),
        head_statement="\n".join(line.comment for line in found.approvals if line.comment),
        reviewer_statement="",
        approvals=_signatures(found, judged=judged),
        sign_off=_sign_off(found),
        journal_seal=JournalSeal(sequence=found.journal_seal[0], digest=found.journal_seal[1]),
        course=_course(found, judged=judged),
        ending=_ending(found),
        evidence=_evidence(found),
    )


def _evidence(found: SealedSheet) -> tuple[EvidenceLine, ...]:
    return tuple(
        EvidenceLine(
            number=item.number,
            title=link.piece.title,
            whereabouts=link.piece.whereabouts,
            stands_for=plain_date(link.piece.description.stands_for),
            expires_on=plain_date(expires) if (expires := link.piece.description.expires_on) else "",
            digest=link.piece.file.digest if link.piece.file else "",
        )
        for item in found.content.items
        for link in found.content.evidence.of(item.id)
    )


def figure_of(share: Fraction | None) -> ScoreFigure:
    """Return a share (0..1) as documents show it."""
    text = percent(share)
    return ScoreFigure(
        text="―" if share is None else f"{text}点", percent=None if share is None else float(share * 100)
    )


def _rate(*, answered: int, total: int) -> str:
    return f"{percent(Fraction(answered, total) if total else None)}%"


def report_day(day: date) -> ReportDay:
    """Return a day as documents show it."""
    return ReportDay(text=long_date(day), day=day)


def _action_due(found: SealedSheet, item: Item) -> ReportDay | None:
    answer = found.content.answers.get(item.id)
    return report_day(answer.action_due) if answer and answer.action_due else None


def _is_taken_over(found: SealedSheet, item: Item) -> bool:
    answer = found.content.answers.get(item.id)
    return answer is not None and answer.taken_over


def _taken_over(found: SealedSheet) -> str:
    items = found.content.items
    count = sum(1 for item in items if _is_taken_over(found, item))
    return f"{count}件（{_rate(answered=count, total=len(items))}）"


def _time(found: SealedSheet) -> str:
    minutes = whole_minutes(found.spent)
    return f"およそ{minutes}分" if minutes else "記録なし"


def _actions(found: SealedSheet) -> str:
    dues = [due.day for item in found.content.items if (due := _action_due(found, item))]
    return f"{len(dues)}項目（最初は{long_date(min(dues))}）" if dues else "なし"


def _grade_note(found: SealedSheet, final: Score) -> str:
    if found.sheet.state is not State.SIGNED_OFF:
        return "確定した結果ではないため、評価はありません。"
    cap = found.sheet.edition.scoring.mandatory_cap
    return f"未達の重要項目があるため、評価は{cap}までです。" if final.capped else ""


def level_of(level: Level | None) -> ReportLevel:
    """Return a level as documents show it; None is 未回答."""
    return UNANSWERED if level is None else ReportLevel(mark=_MARKS[level.symbol], label=level.label)


def _own_level(found: SealedSheet, item: Item) -> Level | None:
    answer = found.content.answers.get(item.id)
    return found.sheet.edition.level(answer.level) if answer else None


def _last_year(found: SealedSheet, items: Iterable[Item]) -> ScoreFigure | None:
    """Return last year's figure over the items that have a comparable answer; None where there is none."""
    codes = found.sheet.edition.levels_by_code
    known = {
        item.id: before.level.code
        for item in items
        if (before := found.previous.get(item.id)) and before.level and before.level.code in codes
    }
    chosen = [item for item in items if item.id in known]
    return figure_of(score(chosen, answers=known, edition=found.sheet.edition).share) if chosen else None


def _counts(found: SealedSheet, items: Iterable[Item]) -> tuple[LevelCount, ...]:
    levels = [_own_level(found, item) for item in items]
    wanted = (*found.sheet.edition.levels, None)
    return tuple(
        LevelCount(level=level_of(level), items=levels.count(level))
        for level in wanted
        if level or levels.count(None)
    )


def _reviewed_level(found: SealedSheet, item: Item) -> Level | None:
    review = found.content.reviews.get(item.id)
    if review is not None and review.reviewed_level is not None:
        return found.sheet.edition.level(review.reviewed_level)
    return _own_level(found, item)


def _miss(found: SealedSheet, item: Item) -> MandatoryMiss:
    answer = found.content.answers.get(item.id)
    return MandatoryMiss(
        number=item.number,
        statement=item.statement,
        level=level_of(_reviewed_level(found, item)),
        comment=answer.comment if answer else "",
        action_due=_action_due(found, item),
    )


def _section(found: SealedSheet, section: Section, *, judged: bool) -> SectionLine:
    items = [item for item in section.items if item.id in found.content.applicable_ids]
    edition = found.sheet.edition
    return SectionLine(
        number=str(section.number),
        title=section.title,
        self_score=figure_of(score(items, answers=found.content.self_levels(), edition=edition).share),
        reviewed_score=figure_of(score(items, answers=found.content.reviewed_levels(), edition=edition).share)
        if judged
        else None,
        last_year_score=_last_year(found, items),
        counts=_counts(found, items),
    )


def _item(found: SealedSheet, item: Item, section: Section, *, judged: bool) -> ReportItem:
    answer = found.content.answers.get(item.id)
    review = found.content.reviews.get(item.id)
    applies = item.id in found.content.applicable_ids
    return ReportItem(
        number=item.number,
        key=item.key,
        section_number=str(section.number),
        statement=item.statement,
        is_mandatory=item.mandatory,
        weight=item.weight,
        level=level_of(_own_level(found, item)) if applies else NOT_ASKED,
        comment=answer.comment if answer else "",
        action_due=_action_due(found, item) if applies else None,
        is_taken_over=applies and _is_taken_over(found, item),
        last_year=_before(found.previous.get(item.id)),
        judgement=_judgement(review) if judged else None,
        reviewed_level=level_of(_reviewed_level(found, item)) if judged and review else None,
        remark=review.remark if judged and review else "",
        returned_count=found.returns.get(item.id, 0),
        not_applicable_reason="" if applies else _why_not(found, item),
    )


def _before(previous: PreviousAnswer | None) -> ReportLevel | None:
    return level_of(previous.level) if previous and previous.level else None


def _judgement(review: ReviewFact | None) -> ReportJudgement | None:
    if review is None:
        return None
    return ReportJudgement(mark=_JUDGEMENT_MARKS[review.judgement], label=JUDGEMENT[review.judgement])


def _why_not(found: SealedSheet, item: Item) -> str:
    labels = {flag.code: flag.label for flag in found.sheet.edition.flags}
    return f"「{'」「'.join(labels[code] for code in item.applies_if)}」に当たらないため"


def _formula(final: Score) -> str:
    if final.share is None:
        return "満点が0のため、得点はありません。"
    return f"獲得 {final.earned} ÷ 満点 {final.possible} × 100 ＝ {percent(final.share)}点"


def _line(found: SealedSheet, item: Item, final: Score) -> ScoreLine:
    line = next(line for line in final.lines if line.item_id == item.id)
    notes = {LineKind.EXCLUDED: "計算から除く", LineKind.UNANSWERED: "未回答"}
    return ScoreLine(
        number=item.number,
        level=level_of(found.sheet.edition.level(line.level)),
        weight_text=f"×{line.weight}",
        earned_text=str(line.points * line.weight),
        possible_text=str(line.full * line.weight),
        note=notes.get(line.kind, "重要" if line.mandatory_missed else ""),
    )


def _signatures(found: SealedSheet, *, judged: bool) -> tuple[Approval, ...]:
    clerks = [
        _signature(found, person, step="点検担当者", capacity="記録", at=at)
        for person, at in found.recorders.items()
    ]
    heads = [_approval(found, line) for line in found.approvals]
    reviewers: dict[PersonId, ReviewFact] = {}
    for review in found.content.reviews.values() if judged else ():
        if (
            review.reviewed_by not in reviewers
            or reviewers[review.reviewed_by].reviewed_at < review.reviewed_at
        ):
            reviewers[review.reviewed_by] = review
    judges = [
        _signature(found, person, step="審査", capacity="審査担当", at=review.reviewed_at)
        for person, review in reviewers.items()
    ]
    return (*clerks, *heads, *judges)


def _signature(
    found: SealedSheet, person_id: PersonId, *, step: str, capacity: str, at: datetime, digest: str = ""
) -> Approval:
    return Approval(
        step=step,
        post=found.titles.get(person_id, ""),
        name=found.people[person_id].name,
        capacity=capacity,
        at_text=long_instant(at),
        at=at,
        digest=digest,
    )


def _approval(found: SealedSheet, line: ApprovalLine) -> Approval:
    return _signature(
        found, line.person_id, step="所属長", capacity=CAPACITY[line.capacity], at=line.at, digest=line.digest
    )


def _ending(found: SealedSheet) -> Ending | None:
    if found.sheet.state is State.SIGNED_OFF:
        return None
    step = next(step for step in found.steps if step.action is _ENDED_BY[found.sheet.state])
    decision = _signature(
        found,
        step.person_id,
        step=STATE[found.sheet.state],
        capacity="決めた人",
        at=step.at,
        digest=found.digest,
    )
    return Ending(decision=decision, reason=step.reason, sentence=_ENDED[found.sheet.state])


def _sign_off(found: SealedSheet) -> Approval | None:
    if found.sheet.state is not State.SIGNED_OFF:
        return None
    return _signature(
        found, found.sealed_by, step="確定", capacity="確定者", at=found.sealed_at, digest=found.digest
    )


def _course(found: SealedSheet, *, judged: bool) -> tuple[CourseLine, ...]:
    steps = [
        CourseLine(
            at=step.at,
            at_text=long_instant(step.at),
            what=ACTION[step.action],
            item_number="",
            who=_who(found, step.person_id) if judged or step.action not in _OF_REVIEWERS else "",
            words=step.reason,
            due=None,
        )
        for step in found.steps
    ]
    returns = [line for entry in found.content.returns for line in _return(found, entry)]
    return tuple(sorted((*steps, *returns), key=lambda line: line.at))


def _who(found: SealedSheet, person_id: PersonId) -> str:
    return f"{found.titles.get(person_id, '')}　{found.people[person_id].name}".strip("　")


def _return(found: SealedSheet, entry: ReturnFact) -> Iterator[CourseLine]:
    number = found.sheet.edition.items[entry.item_id].number
    yield CourseLine(
        at=entry.returned_at,
        at_text=long_instant(entry.returned_at),
        what="項目の差戻し",
        item_number=number,
        who="",
        words=entry.remark,
        due=report_day(entry.due_on),
    )
    if entry.replied_at is not None:
        yield CourseLine(
            at=entry.replied_at,
            at_text=long_instant(entry.replied_at),
            what="差戻しへの返信",
            item_number=number,
            who="",
            words=entry.reply,
            due=None,
        )
