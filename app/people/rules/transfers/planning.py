"""Laying a list from the personnel office over what is stored, person by person.

An order holds from its own day on and changes nothing before it. What begins on the day of an order that ends
something stays: 退職 and 採用 (再任用) of one person may come in two lists, in any order, and twice.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.kernel.fiscal_year import plain_date
from app.kernel.text import hiragana
from app.people.rules.postings import PersonName, PostingSpan
from app.people.rules.roles import AbsenceKind, AbsenceSpan, EmploymentType, PostingKind
from app.people.rules.transfers.matching import Successors, Unmatched, mentioned, sort_out, unit_refusal
from app.people.rules.transfers.plans import (
    AS_IT_OCCURS,
    AbsentPeople,
    Coverage,
    KnownPerson,
    NotMatchedReason,
    PeopleOnDay,
    PersonOutcome,
    PersonPlan,
    SpanAct,
    TransferPlan,
)
from app.people.rules.transfers.rows import (
    ABSENCE_BEGUN,
    KIND_ENDED,
    Caution,
    Change,
    FileAbsence,
    FilePost,
    FileShape,
    HrRow,
)
from app.people.rules.transfers.timeline import Timeline

MOST_LEAVING: Final = 30
"""Percent of the people whom a whole list covers: more than that is more often a wrong file than a wave of departures."""

_WITHOUT_DAYS: Final = "日付の列を使わずに読み込むと、基準日からの発令になります。"


def plan_transfers(
    stored: PeopleOnDay,
    rows: Sequence[HrRow],
    *,
    effective: date,
    today: date,
    shape: FileShape,
    coverage: Coverage = AS_IT_OCCURS,
    confirmed: Collection[str] = (),
    successors: Successors | None = None,
) -> TransferPlan:
    """Return what reading in a list would do. Read in again, it does nothing.

    Args:
        stored: everybody and every unit.
        rows: as `hr_rows` read them.
        effective: the day of the list; it may lie in the past or ahead.
        today: the day of the import: what holds from an earlier day is marked as late.
        shape: whether who is missing from the list has left.
        coverage: of whom a whole list speaks.
        confirmed: staff numbers of which somebody said that they are right although they look wrong.
        successors: the codes of units that took over from an ended one, to be named beside it.
    """
    heirs = successors or {}
    found = sort_out(stored, rows, effective=effective, confirmed=confirmed, successors=heirs)
    covered = _covered_kinds(rows, coverage)
    people: dict[str, PersonPlan] = {}
    for staff_no, own in found.people.items():
        laying = _Laying(
            person=_Person(staff_no, stored.people.get(staff_no)),
            effective=effective,
            covered=covered,
            refusal=lambda row, post, day: unit_refusal(
                row, post.unit_code, day, stored.units, successors=heirs
            ),
        )
        try:
            laying.lay(own)
        except Unmatched as refused:
            found.leave_out(own, {refused.row.row: refused})
        else:
            people[staff_no] = laying.plan(own, today=today)
    unclear: tuple[str, ...] = ()
    cautions: list[Caution] = []
    if shape is FileShape.WHOLE_LIST:
        named = mentioned(rows, found.not_matched)
        absentees = _Absentees(stored, rows, effective=effective, coverage=coverage, named=named)
        for staff_no, known in absentees.missing.items():
            made = _gone(staff_no, known, effective=effective, covered=covered, today=today)
            if made.outcome is not PersonOutcome.UNCHANGED:
                people[staff_no] = made
        unclear = absentees.unclear
        cautions = [*_too_many_leave(people, absentees), *_unclear(unclear)]
    cautions += [_later_posts(person) for person in people.values() if person.later]
    return TransferPlan(
        shape=shape,
        effective=effective,
        people=people,
        duplicates=tuple(found.duplicates),
        problems=tuple(sorted(found.problems, key=lambda problem: problem.row or 0)),
        not_matched=tuple(sorted(found.not_matched, key=lambda entry: entry.row)),
        unclear=unclear,
        cautions=tuple(cautions),
    )


def _covered_kinds(rows: Sequence[HrRow], coverage: Coverage) -> frozenset[PostingKind]:
    if coverage.kinds is not None:
        return coverage.kinds
    return frozenset(row.post.kind for row in rows if row.post is not None)


# --------------------------------------------------------------------------------------- one person's rows


@dataclass(slots=True)
class _Person:
    staff_no: str
    known: KnownPerson | None

    @property
    def posts(self) -> tuple[PostingSpan, ...]:
        return self.known.posts if self.known else ()

    @property
    def absences(self) -> tuple[AbsenceSpan, ...]:
        return self.known.absences if self.known else ()


class _Laying:
    """The rows of one person, laid one after the other over the stored posts and absences."""

    def __init__(
        self,
        *,
        person: _Person,
        effective: date,
        covered: frozenset[PostingKind],
        refusal: Callable[[HrRow, FilePost, date], Unmatched | None],
    ) -> None:
        self._person, self._effective, self._covered, self._refusal = person, effective, covered, refusal
        self._posts = Timeline(person.posts)
        self._absences = Timeline(person.absences)

    def lay(self, rows: Sequence[HrRow]) -> None:
        """Lay rows in the order of their days.

        Raises:
            Unmatched: a row does not fit what is stored; nothing of the person is to be taken then.
        """
        for row in rows:
            if row.change is not None:
                self._order(row, row.change)
        listed = [row for row in rows if row.change is None]
        if listed:
            self._lay_list(listed)

    def _order(self, row: HrRow, change: Change) -> None:
        if change is Change.DEPART:
            self._depart(row)
        elif change is Change.BACK:
            self._bring_back(row)
        elif change in ABSENCE_BEGUN:
            self._send_away(row, ABSENCE_BEGUN[change])
        elif change in KIND_ENDED:
            self._take(row, row.named_post)
        else:
            self._add(row, row.named_post)

    # ------------------------------------------------------------------------------------------- posts

    def _add(self, row: HrRow, post: FilePost) -> None:
        own = any(
            span.unit_code == post.unit_code and span.kind is PostingKind.MAIN
            for span in self._posts.on(row.day)
        )
        if own and post.kind is not PostingKind.MAIN:
            message = (
                f"所属コード「{post.unit_code}」には、その日に本務があります。同じ所属に二つの発令は登録できません。"
                "所属コードを確かめるか、この行を除いてください。"
            )
            raise Unmatched(row, NotMatchedReason.SAME_UNIT, message)
        self._give(row, post, told_on=row.day)

    def _give(self, row: HrRow, post: FilePost, *, told_on: date) -> None:
        held = next((span for span in self._posts.on(told_on) if span.unit_code == post.unit_code), None)
        if held is not None and _says(held, post):
            if row.until is not None:
                self._posts.last_until(held, row.until, excluded_by=_excluding(post), by=row)
            return
        if refusal := self._refusal(row, post, row.day):
            # The unit of a whole list is there on its day, so it is the row's own day that does not fit.
            way = "" if row.change else _WITHOUT_DAYS
            raise Unmatched(row, refusal.reason, refusal.message + way, suggestion=refusal.suggestion)
        excluded = _excluding(post)
        for span in self._posts.on(row.day):
            if excluded(span):
                self._posts.end(span, row.day, by=row)
        span = PostingSpan(
            staff_no=self._person.staff_no,
            unit_code=post.unit_code,
            title=post.title,
            position=post.position,
            kind=post.kind,
            valid_from=row.day,
            valid_to=None,
        )
        self._posts.last_until(span, row.until, excluded_by=excluded, by=row)

    def _take(self, row: HrRow, post: FilePost) -> None:
        def meant(span: PostingSpan) -> bool:
            return span.unit_code == post.unit_code and span.kind is post.kind

        ending = [span for span in self._posts.begun_before(row.day) if meant(span)]
        if not ending and not _ended_by([span for span in self._posts.spans if meant(span)], row.day):
            raise _nothing(row, f"所属コード「{post.unit_code}」に、終わらせる発令がありません")
        for span in ending:
            self._posts.end(span, row.day, by=row)

    def _depart(self, row: HrRow) -> None:
        ending = self._posts.begun_before(row.day)
        if not ending and not _ended_by(self._posts.spans, row.day):
            raise _nothing(row, f"{plain_date(row.day)}より前の発令がありません")
        for span in ending:
            self._posts.end(span, row.day, by=row)
        for absence in self._absences.begun_before(row.day):
            self._absences.end(absence, row.day, by=row)

    # ---------------------------------------------------------------------------------------- absences

    def _send_away(self, row: HrRow, kind: AbsenceKind) -> None:
        if not self._posts.on(row.day):
            message = f"{plain_date(row.day)}には発令がないため、休職等を登録できません。番号と日付を確かめてください。"
            raise Unmatched(row, NotMatchedReason.NOT_IN_OFFICE, message)
        self._absent(row, FileAbsence(kind=kind, day=row.day, until=row.until), kind, told_on=row.day)

    def _absent(self, row: HrRow, absence: FileAbsence, kind: AbsenceKind, *, told_on: date) -> None:
        held = next(iter(self._absences.on(told_on)), None)
        if held is not None and held.kind is kind:
            if absence.until is not None:
                self._absences.last_until(held, absence.until, excluded_by=_always, by=row)
            return
        for other in self._absences.on(absence.day):
            self._absences.end(other, absence.day, by=row)
        span = AbsenceSpan(staff_no=self._person.staff_no, kind=kind, valid_from=absence.day, valid_to=None)
        self._absences.last_until(span, absence.until, excluded_by=_always, by=row)

    def _bring_back(self, row: HrRow) -> None:
        ending = self._absences.begun_before(row.day)
        if not ending and row.post is None and not _ended_by(self._absences.spans, row.day):
            raise _nothing(row, "終わらせる休職等がありません")
        for absence in ending:
            self._absences.end(absence, row.day, by=row)
        if row.post is not None:
            self._give(row, row.post, told_on=row.day)

    # -------------------------------------------------------------------------------------- whole lists

    def _lay_list(self, rows: Sequence[HrRow]) -> None:
        units: set[str] = set()
        for row in rows:
            self._give(row, row.named_post, told_on=self._effective)
            units.add(row.named_post.unit_code)
        for span in self._posts.on(self._effective):
            if span.unit_code not in units and span.kind in self._covered:
                self._posts.end(span, self._effective, by=None)
        for row in rows:
            self._lay_absence(row)
        for row in rows:
            self._check(row)

    def _lay_absence(self, row: HrRow) -> None:
        absence = row.absence
        if absence is None:
            return
        if absence.kind is not None:
            told_on = max(absence.day, self._effective)
            self._absent(row, absence, absence.kind, told_on=told_on)
            return
        for held in self._absences.on(self._effective):
            self._absences.end(held, self._effective, by=row)

    def _check(self, row: HrRow) -> None:
        """Refuse a row whose own day lies before something stored that still holds on the day of the list."""
        held = any(_fits(span, row.named_post) for span in self._posts.on(self._effective))
        kind = row.absence.kind if row.absence and row.absence.day <= self._effective else None
        away = {span.kind for span in self._absences.on(self._effective)}
        if held and (kind is None or kind in away):
            return
        message = (
            f"行の日付（{plain_date(row.day)}）より後に始まる発令か休職等が、すでに登録されています。"
            f"日付を確かめてください。{_WITHOUT_DAYS}"
        )
        raise Unmatched(row, NotMatchedReason.LATER_POST, message)

    def leave(self) -> None:
        """End what a whole list no longer names, from its day on."""
        held = self._posts.on(self._effective)
        has_main = any(span.kind is PostingKind.MAIN for span in held)
        everything = has_main and PostingKind.MAIN in self._covered
        for span in held:
            if everything or span.kind in self._covered:
                self._posts.end(span, self._effective, by=None)
        if not self._posts.on(self._effective):
            for absence in self._absences.on(self._effective):
                self._absences.end(absence, self._effective, by=None)

    # --------------------------------------------------------------------------------------- the result

    def plan(self, rows: Sequence[HrRow], *, today: date) -> PersonPlan:
        """Return what the rows make of the person."""
        known = self._person.known
        day = max((self._effective, *(row.day for row in rows)))
        name, employment = _described(known, rows)
        before, after = Timeline(self._person.posts).on(day), self._posts.on(day)
        posts, absences = self._posts.operations(today=today), self._absences.operations(today=today)
        acts = {*(entry.act for entry in posts), *(entry.act for entry in absences)}
        described = known is None or (known.name, known.employment) != (name, employment)
        outcome = PersonOutcome.UNCHANGED
        if acts - {SpanAct.KEEP} or described:
            outcome = self._outcome(day, before, after)
        return PersonPlan(
            staff_no=self._person.staff_no,
            outcome=outcome,
            day=day,
            known=(known.name, known.employment) if known else None,
            name=name,
            employment=employment,
            posts=posts,
            absences=absences,
            before=before,
            after=after,
            later=self._later(day) if outcome is PersonOutcome.LEFT else (),
            rows=tuple(sorted(row.row for row in rows)),
        )

    def _later(self, day: date) -> tuple[PostingSpan, ...]:
        return tuple(span for span in self._posts.spans if span.valid_from > day)

    def _outcome(
        self, day: date, before: Sequence[PostingSpan], after: Sequence[PostingSpan]
    ) -> PersonOutcome:
        away_before = any(span.covers(day) for span in self._person.absences)
        away_after = bool(self._absences.on(day))
        earlier = any(span.valid_from < day for span in self._person.posts)
        cases = (
            (self._person.known is None, PersonOutcome.NEW),
            (bool(before) and not after, PersonOutcome.LEFT),
            (not before and bool(after) and not earlier, PersonOutcome.NEW),
            (not before and bool(after), PersonOutcome.RETURNED),
            (away_after and not away_before, PersonOutcome.ABSENT),
            (away_before and not away_after, PersonOutcome.RETURNED),
            (_home(before) != _home(after), PersonOutcome.MOVED),
        )
        return next((outcome for holds, outcome in cases if holds), PersonOutcome.CHANGED)


def _says(span: PostingSpan, post: FilePost) -> bool:
    return (span.title, span.position, span.kind) == (post.title, post.position, post.kind)


def _fits(span: PostingSpan, post: FilePost) -> bool:
    return span.unit_code == post.unit_code and _says(span, post)


def _excluding(post: FilePost) -> Callable[[PostingSpan], bool]:
    """Return what cannot be held beside a post: another one in its unit, and a second 本務."""

    def excludes(span: PostingSpan) -> bool:
        return span.unit_code == post.unit_code or (span.kind is PostingKind.MAIN is post.kind)

    return excludes


def _always(_: AbsenceSpan) -> bool:
    return True


def _ended_by(spans: Iterable[PostingSpan | AbsenceSpan], day: date) -> bool:
    return any(span.valid_to is not None and span.valid_to <= day for span in spans)


def _nothing(row: HrRow, what: str) -> Unmatched:
    message = f"{what}。番号・コード・日付を確かめてください。"
    return Unmatched(row, NotMatchedReason.NOTHING_TO_END, message)


def _home(posts: Sequence[PostingSpan]) -> frozenset[str]:
    """Return where somebody belongs: the unit of the 本務, or without one all units."""
    main = frozenset(span.unit_code for span in posts if span.kind is PostingKind.MAIN)
    return main or frozenset(span.unit_code for span in posts)


def _described(known: KnownPerson | None, rows: Sequence[HrRow]) -> tuple[PersonName, EmploymentType | None]:
    """Return name and employment type by the last row that says them.

    A reading that only changes its kana stays. A 退職 row tells the type that ended: it never replaces what follows.
    """
    stored = known or KnownPerson(name=PersonName(name="", kana=""))
    names = [row.name for row in rows]
    readings = [row.kana for row in rows if row.kana is not None]
    types = [row.employment for row in rows if row.employment is not None and row.change is not Change.DEPART]
    kana = stored.name.kana
    if readings and hiragana(readings[-1]) != hiragana(kana):
        kana = readings[-1]
    name = PersonName(name=names[-1] if names else stored.name.name, kana=kana)
    return name, types[-1] if types else stored.employment


# --------------------------------------------------------------------------- who is missing from a whole list


class _Absentees:
    """Who is in office on the day of a whole list, is covered by it, and is not named in it."""

    def __init__(
        self,
        stored: PeopleOnDay,
        rows: Sequence[HrRow],
        *,
        effective: date,
        coverage: Coverage,
        named: frozenset[str],
    ) -> None:
        types = coverage.employment
        if types is None:
            types = _types_of(stored, rows)
        held = {
            staff_no: known
            for staff_no, known in stored.people.items()
            if any(span.covers(effective) for span in known.posts)
        }
        self.covered = frozenset(staff_no for staff_no, known in held.items() if known.employment in types)
        absent = {staff_no: known for staff_no, known in held.items() if staff_no not in named}
        if coverage.absent is AbsentPeople.LEFT_OUT:
            absent = {
                staff_no: known
                for staff_no, known in absent.items()
                if not any(span.covers(effective) for span in known.absences)
            }
        self.missing = {staff_no: known for staff_no, known in absent.items() if staff_no in self.covered}
        self.unclear = tuple(
            staff_no
            for staff_no, known in absent.items()
            if known.employment is None and staff_no not in self.covered
        )


def _types_of(stored: PeopleOnDay, rows: Sequence[HrRow]) -> frozenset[EmploymentType | None]:
    """Return the employment types that occur in a list: as it says, or else as they are stored."""
    said = {row.staff_no: row.employment for row in rows if row.employment is not None}
    known = {row.staff_no for row in rows if row.staff_no in stored.people} - set(said)
    return frozenset((*said.values(), *(stored.people[staff_no].employment for staff_no in known)))


def _gone(
    staff_no: str, known: KnownPerson, *, effective: date, covered: frozenset[PostingKind], today: date
) -> PersonPlan:
    laying = _Laying(
        person=_Person(staff_no, known), effective=effective, covered=covered, refusal=lambda *_: None
    )
    laying.leave()
    return laying.plan([], today=today)


def _too_many_leave(people: Mapping[str, PersonPlan], absentees: _Absentees) -> list[Caution]:
    leaving = sum(
        person.outcome is PersonOutcome.LEFT and person.staff_no in absentees.covered
        for person in people.values()
    )
    there = len(absentees.covered)
    if leaving * 100 <= there * MOST_LEAVING:
        return []
    message = (
        f"この一覧では、{there}人のうち{leaving}人が退職になります（{MOST_LEAVING}％を超えています）。"
        "全職員の一覧でないファイルや、途中で切れたファイルでないか、必ず確かめてください。"
    )
    return [Caution(message=message)]


def _unclear(unclear: Sequence[str]) -> list[Caution]:
    if not unclear:
        return []
    message = (
        f"一覧にない人のうち、任用区分の登録がない{len(unclear)}人は、退職にしません。"
        "一覧がその人たちも含むものなら、対象の任用区分に「登録なし」を加えてください。"
    )
    return [Caution(message=message)]


def _later_posts(person: PersonPlan) -> Caution:
    first = person.later[0]
    message = (
        f"職員番号「{person.staff_no}」は退職になりますが、{plain_date(first.valid_from)}からの発令"
        f"（所属コード「{first.unit_code}」）が登録されたままです。要らなければ終わらせてください。"
    )
    return Caution(message=message, row=person.rows[0] if person.rows else None)
