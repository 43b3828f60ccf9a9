"""Which rows of a list can be laid over what is stored, and why the others are left out."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain
from typing import Final

from app.kernel.errors import Problem
from app.kernel.fiscal_year import plain_date
from app.kernel.text import hiragana, search_key
from app.organisation.rules import Histories
from app.people.rules.postings import PersonName
from app.people.rules.roles import PostingKind
from app.people.rules.transfers.plans import Duplicate, KnownPerson, NotMatched, NotMatchedReason, PeopleOnDay
from app.people.rules.transfers.rows import ABSENCE_BEGUN, KIND_ENDED, KIND_GIVEN, Change, HrRow

Successors = Mapping[str, Sequence[str]]
"""The codes of the units that took over from one that ended."""


@dataclass(slots=True, kw_only=True)
class Sorted:
    """The rows of a list, each in exactly one place."""

    people: dict[str, list[HrRow]] = field(default_factory=dict)
    duplicates: list[Duplicate] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    not_matched: list[NotMatched] = field(default_factory=list)

    def leave_out(self, rows: Sequence[HrRow], refusals: Mapping[int, "Unmatched"]) -> None:
        """Leave out a person's rows: those with a reason of their own, and the others because of them."""
        first = min(refusals)
        for row in rows:
            refusal = refusals.get(row.row) or held_with(row, first)
            self.not_matched.append(refusal.told_of(row))


class Unmatched(Exception):  # noqa: N818 - a row that waits is no error
    """A row cannot be laid over what is stored."""

    def __init__(
        self, row: HrRow, reason: NotMatchedReason, message: str, *, suggestion: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.row, self.reason, self.message, self.suggestion = row, reason, message, tuple(suggestion)

    def told_of(self, row: HrRow) -> NotMatched:
        """Return it as the plan lists it."""
        return NotMatched(
            row=row.row,
            staff_no=row.staff_no,
            reason=self.reason,
            message=self.message,
            suggestion=self.suggestion,
        )


def held_with(row: HrRow, other: int) -> Unmatched:
    """Return why a sound row waits: another one of the same person does."""
    message = (
        f"同じ職員番号の{other}行目が照合できないため、この行も取り込みません。{other}行目を直してください。"
    )
    return Unmatched(row, NotMatchedReason.SAME_PERSON, message)


def sort_out(
    stored: PeopleOnDay,
    rows: Sequence[HrRow],
    *,
    effective: date,
    confirmed: Collection[str],
    successors: Successors,
) -> Sorted:
    """Put each row where it belongs. What a person's rows order is looked at later, span by span."""
    found = Sorted()
    by_person = _without_duplicates(rows, found)
    without_zeros = _numbers_without_zeros(stored.people)
    for staff_no, own in by_person.items():
        if problems := _contradictions(own):
            found.problems += problems
            told = {problem.row for problem in problems}
            first = min(row.row for row in own if row.row in told)
            rest = [row for row in own if row.row not in told]
            found.not_matched += [held_with(row, first).told_of(row) for row in rest]
            continue
        doubt = _doubt_about(own, stored.people.get(staff_no), without_zeros, confirmed=confirmed)
        refusals = doubt or {
            row.row: refusal
            for row in own
            if (refusal := _refusal(row, stored.units, effective=effective, successors=successors))
        }
        if refusals:
            found.leave_out(own, refusals)
        else:
            found.people[staff_no] = sorted(own, key=_order)
    return found


def _without_duplicates(rows: Sequence[HrRow], found: Sorted) -> dict[str, list[HrRow]]:
    first: dict[HrRow, int] = {}
    by_person: dict[str, list[HrRow]] = {}
    for row in rows:
        same_as = first.setdefault(replace(row, row=0), row.row)
        if same_as == row.row:
            by_person.setdefault(row.staff_no, []).append(row)
        else:
            found.duplicates.append(Duplicate(row=row.row, same_as=same_as))
    return by_person


_RANK: Final[Mapping[Change | None, int]] = {
    Change.DEPART: 0,
    **dict.fromkeys(KIND_ENDED, 1),
    Change.BACK: 2,
    **dict.fromkeys(KIND_GIVEN, 4),
    **dict.fromkeys((Change.HIRE, Change.MOVE), 3),
    **dict.fromkeys(ABSENCE_BEGUN, 5),
    None: 6,
}
"""The order of what is ordered for one day: what ends comes before what begins, a 本務 before what is beside it."""


def _order(row: HrRow) -> tuple[date, int, int]:
    return row.day, _RANK[row.change], row.row


# ------------------------------------------------------------------------------- rows against each other


def _contradictions(rows: Sequence[HrRow]) -> list[Problem]:
    """Return one problem for each row that says otherwise than another one of the same person."""
    claimed: dict[tuple[object, ...], tuple[object, HrRow]] = {}
    problems: dict[int, Problem] = {}
    for row in rows:
        for label, slot, said in _claims(row):
            value, earlier = claimed.setdefault((label, *slot), (said, row))
            if value != said:
                problems.setdefault(row.row, _contradiction(row, earlier, label))
                problems.setdefault(earlier.row, _contradiction(earlier, row, label))
    return list(problems.values())


def _contradiction(row: HrRow, other: HrRow, label: str) -> Problem:
    message = f"同じ職員番号「{row.staff_no}」の{other.row}行目と、{label}が食い違います。正しい行だけを残してください。"
    return Problem(message=message, field=label, row=row.row)


def _claims(row: HrRow) -> Iterator[tuple[str, tuple[object, ...], object]]:
    """Yield what a row says of its person: the column, of what, and what.

    The rows of a whole list all speak of one day, those of a list of changes each of their own; a 退職 row of its
    last one, so that 採用 (再任用) may follow with other terms.
    """
    when = row.day if row.change else None
    if row.change is Change.DEPART:
        when = row.day - timedelta(days=1)
    yield "氏名", (when,), row.name
    if row.kana is not None:
        yield "かな", (when,), hiragana(row.kana)
    if row.employment is not None:
        yield "任用区分", (when,), row.employment
    if row.change is Change.DEPART:
        yield "退職日", (), row.day
    if row.change in {Change.DEPART, Change.MOVE}:
        yield "異動種別", ("place", row.day), row.change
    yield from _claims_of_absence(row, when)
    yield from _claims_of_post(row, when)


def _claims_of_absence(row: HrRow, when: date | None) -> Iterator[tuple[str, tuple[object, ...], object]]:
    if row.change in ABSENCE_BEGUN:
        yield "異動種別", ("absence", when), (row.change, row.until)
    if row.absence is not None:
        yield "休職等", (), row.absence


def _claims_of_post(row: HrRow, when: date | None) -> Iterator[tuple[str, tuple[object, ...], object]]:
    post = row.post
    if post is None or row.change is Change.DEPART:
        return
    ends = row.change in KIND_ENDED
    if row.change in KIND_GIVEN or ends:
        yield "異動種別", ("post", post.unit_code, post.kind, when), ends
    if ends:
        return
    yield "発令", ("unit", post.unit_code, when), (post, row.until, row.day)
    if post.kind is PostingKind.MAIN:
        yield "所属コード", ("main", when), post


# ---------------------------------------------------------------------------- rows against people and units


def _numbers_without_zeros(people: Mapping[str, KnownPerson]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for staff_no in people:
        if staff_no.isascii() and staff_no.isdigit():
            found.setdefault(staff_no.lstrip("0"), []).append(staff_no)
    return found


def _doubt_about(
    rows: Sequence[HrRow],
    known: KnownPerson | None,
    without_zeros: Mapping[str, Sequence[str]],
    *,
    confirmed: Collection[str],
) -> dict[int, Unmatched]:
    """Return why all rows of a person wait: who is meant is not sure, or too little is said of somebody new."""
    last = max(rows, key=_order)
    staff_no = last.staff_no
    if known is None:
        meant = without_zeros.get(staff_no.lstrip("0"), ()) if staff_no not in confirmed else ()
        return _all(rows, lambda row: _stranger(row, rows, meant))
    if staff_no not in confirmed and _another_name(known.name, last):
        return _all(rows, lambda row: _other_name(row, known))
    return {}


def _all(rows: Sequence[HrRow], refuse: Callable[[HrRow], Unmatched | None]) -> dict[int, Unmatched]:
    return {row.row: refusal for row in rows if (refusal := refuse(row))}


def _stranger(row: HrRow, rows: Sequence[HrRow], meant: Sequence[str]) -> Unmatched | None:
    if meant:
        message = (
            f"職員番号「{row.staff_no}」は登録がなく、「{'」「'.join(meant)}」に似ています。先頭の0が消えていないか"
            "（Excelで開くと消えます）確かめて、番号を直してください。本当に別の人なら、確認済みにしてください。"
        )
        return Unmatched(row, NotMatchedReason.LOST_ZERO, message, suggestion=meant)
    if not any(each.change in {None, Change.HIRE} for each in rows):
        message = (
            f"職員番号「{row.staff_no}」の人は登録されていません。番号を確かめてください。"
            "新しく入った人は、異動種別を「採用」にした行を加えてください。"
        )
        return Unmatched(row, NotMatchedReason.UNKNOWN_PERSON, message)
    lacking = [
        label
        for label, said in (
            ("かな", any(each.kana for each in rows)),
            ("任用区分", any(each.employment for each in rows)),
        )
        if not said
    ]
    if lacking:
        message = f"新しく登録する人の{'と'.join(lacking)}がありません。列を加えるか、値を入れてください。"
        return Unmatched(row, NotMatchedReason.INCOMPLETE, message)
    return None


def _other_name(row: HrRow, known: KnownPerson) -> Unmatched:
    message = (
        f"職員番号「{row.staff_no}」に登録されている氏名「{known.name.name}」と、行の氏名「{row.name}」がまったく違います。"
        "番号の間違いでないか確かめてください。同じ人なら、確認済みにしてください。"
    )
    return Unmatched(row, NotMatchedReason.OTHER_NAME, message)


def _another_name(stored: PersonName, row: HrRow) -> bool:
    """Return whether nothing of a name is left: a surname or a given name may change, not both at once."""
    return not (_akin(stored.name, row.name) or (row.kana is not None and _akin(stored.kana, row.kana)))


def _akin(one: str, other: str) -> bool:
    """Return whether two names share a part; written without a space, two characters at either end."""
    parts, others = ({search_key(part) for part in name.split()} for name in (one, other))
    if min(len(parts), len(others)) > 1:
        return bool(parts & others)
    whole, second = search_key(one), search_key(other)
    return whole == second or whole[:2] == second[:2] or whole[-2:] == second[-2:]


def _refusal(row: HrRow, units: Histories, *, effective: date, successors: Successors) -> Unmatched | None:
    """Return why a row cannot hold on its day whoever it is about."""
    if message := _wrong_day(row, effective):
        return Unmatched(row, NotMatchedReason.OTHER_DAY, message)
    if row.post is None or row.change is Change.DEPART:
        return None
    if row.change in KIND_ENDED:
        return None if row.post.unit_code in units else _unknown_unit(row, row.post.unit_code)
    day = row.day if row.change else effective
    return unit_refusal(row, row.post.unit_code, day, units, successors=successors)


def _wrong_day(row: HrRow, effective: date) -> str | None:
    if row.change is None and row.day > effective:
        return f"発令日（{plain_date(row.day)}）が、一覧の基準日（{plain_date(effective)}）より後です。日付を確かめてください。"
    begins = effective if row.change is None else row.day
    ends = [
        (begins, row.until),
        *([(max(row.absence.day, effective), row.absence.until)] if row.absence else []),
    ]
    if any(until is not None and until <= first for first, until in ends):
        return "終わりの日が、始まりの日か一覧の基準日より前です。日付を確かめてください。"
    return None


def unit_refusal(
    row: HrRow, unit_code: str, day: date, units: Histories, *, successors: Successors
) -> Unmatched | None:
    """Return why nobody can hold a post in a unit on a day."""
    spans = units.get(unit_code, ())
    if any(span.covers(day) for span in spans):
        return None
    if not spans:
        return _unknown_unit(row, unit_code)
    if all(span.valid_from > day for span in spans):
        message = f"所属コード「{unit_code}」は、{plain_date(day)}にはまだありません。コードと日付を確かめてください。"
        return Unmatched(row, NotMatchedReason.UNIT_NOT_YET, message)
    heirs = tuple(successors.get(unit_code, ()))
    way = f"引き継いだ所属は「{'」「'.join(heirs)}」です。" if heirs else ""
    message = f"所属コード「{unit_code}」は、{plain_date(day)}にはもうありません。{way}コードと日付を確かめてください。"
    return Unmatched(row, NotMatchedReason.ENDED_UNIT, message, suggestion=heirs)


def _unknown_unit(row: HrRow, unit_code: str) -> Unmatched:
    message = (
        f"所属コード「{unit_code}」は登録されていません。コードを確かめるか、先に所属を登録してください。"
    )
    return Unmatched(row, NotMatchedReason.UNKNOWN_UNIT, message)


def mentioned(rows: Sequence[HrRow], not_matched: Sequence[NotMatched]) -> frozenset[str]:
    """Return the staff numbers of which a list speaks, also those that are only suspected: none of them is missing."""
    suspected = (entry.suggestion for entry in not_matched if entry.reason is NotMatchedReason.LOST_ZERO)
    return frozenset(chain((row.staff_no for row in rows), chain.from_iterable(suspected)))
