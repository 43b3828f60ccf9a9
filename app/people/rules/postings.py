"""Reading in a list of postings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

from app.kernel.errors import InvalidInput, Problem
from app.organisation.rules import Histories, Outcome
from app.people.rules.roles import Position, PostingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingSpan:
    """A post (発令) by staff number and unit code, from one day to another."""

    staff_no: str
    unit_code: str
    title: str
    position: Position
    kind: PostingKind
    valid_from: date
    valid_to: date | None

    @property
    def key(self) -> tuple[str, str, date]:
        """Return what tells one post from another."""
        return self.staff_no, self.unit_code, self.valid_from

    def covers(self, day: date) -> bool:
        """Return whether the post is held on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, other: "PostingSpan") -> bool:
        """Return whether both are held on some day."""
        return (self.valid_to is None or other.valid_from < self.valid_to) and (
            other.valid_to is None or self.valid_from < other.valid_to
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName:
    """A name and its reading, exactly as the personnel office writes them."""

    name: str
    kana: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow:
    """One row of an imported list; `row` counts as Excel does, the header is row 1."""

    row: int
    name: PersonName
    span: PostingSpan
    mail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePlan:
    """What an import would do: names to be written, and each row's post with its outcome."""

    names: Mapping[str, tuple[PersonName, Outcome]]
    postings: tuple[tuple[PostingSpan, Outcome], ...]


def plan_people(
    *,
    names: Mapping[str, PersonName],
    postings: Mapping[str, Sequence[PostingSpan]],
    units: Histories,
    rows: Sequence[PostingRow],
) -> PeoplePlan:
    """Lay a list of postings over the stored ones, or refuse with every problem at once.

    A post is known by staff number, unit and first day. Nothing ends because it is missing from the list.

    Raises:
        InvalidInput: a post twice, two names for one number, no such unit on the first day, two 本務 at once,
            two posts in one unit at once.
    """
    problems = [*_doubled_posts(rows), *_two_names(rows), *_two_addresses(rows), *_unknown_units(rows, units)]
    wanted = {entry.span.staff_no: dict[tuple[str, str, date], PostingSpan]() for entry in rows}
    for staff_no, spans in wanted.items():
        spans.update({span.key: span for span in postings.get(staff_no, ())})
    outcomes = [(entry.span, _posting_outcome(wanted[entry.span.staff_no], entry.span)) for entry in rows]
    for entry in rows:
        wanted[entry.span.staff_no][entry.span.key] = entry.span
    problems += _overlapping_posts(wanted, rows)
    if problems:
        raise InvalidInput(sorted(problems, key=lambda problem: problem.row or 0))
    return PeoplePlan(
        names={entry.span.staff_no: (entry.name, _name_outcome(names, entry)) for entry in rows},
        postings=tuple(outcomes),
    )


def _posting_outcome(held: Mapping[tuple[str, str, date], PostingSpan], wanted: PostingSpan) -> Outcome:
    before = held.get(wanted.key)
    if before is None:
        return Outcome.NEW
    if before == wanted:
        return Outcome.UNCHANGED
    only_ends = wanted.valid_to is not None and replace(before, valid_to=wanted.valid_to) == wanted
    return Outcome.ENDED if only_ends else Outcome.CHANGED


def _name_outcome(names: Mapping[str, PersonName], entry: PostingRow) -> Outcome:
    before = names.get(entry.span.staff_no)
    if before is None:
        return Outcome.NEW
    return Outcome.UNCHANGED if before == entry.name else Outcome.CHANGED


def _doubled_posts(rows: Sequence[PostingRow]) -> list[Problem]:
    first: dict[tuple[str, str, date], int] = {}
    problems = []
    for entry in rows:
        earlier = first.setdefault(entry.span.key, entry.row)
        if earlier != entry.row:
            message = (
                f"同じ職員番号・所属・開始日の行が、{earlier}行目にもあります。どちらかを消してください。"
            )
            problems.append(Problem(message=message, field="職員番号", row=entry.row))
    return problems


def _two_names(rows: Sequence[PostingRow]) -> list[Problem]:
    first: dict[str, PostingRow] = {}
    problems = []
    for entry in rows:
        earlier = first.setdefault(entry.span.staff_no, entry)
        if earlier.name != entry.name:
            message = (
                f"同じ職員番号の{earlier.row}行目と、氏名かかなが違います。同じ書き方にそろえてください。"
            )
            problems.append(Problem(message=message, field="氏名", row=entry.row))
    return problems


def _two_addresses(rows: Sequence[PostingRow]) -> list[Problem]:
    first: dict[str, PostingRow] = {}
    problems = []
    for entry in rows:
        if entry.mail is None:
            continue
        earlier = first.setdefault(entry.span.staff_no, entry)
        if earlier.mail != entry.mail:
            message = (
                f"同じ職員番号の{earlier.row}行目と、メールアドレスが違います。どちらかにそろえてください。"
            )
            problems.append(Problem(message=message, field="メールアドレス", row=entry.row))
    return problems


def _unknown_units(rows: Sequence[PostingRow], units: Histories) -> list[Problem]:
    return [
        Problem(
            message=f"所属コード「{entry.span.unit_code}」は、{entry.span.valid_from.isoformat()}にはありません。"
            "コードと日付を確かめるか、先に所属を登録してください。",
            field="所属コード",
            row=entry.row,
        )
        for entry in rows
        if not any(span.covers(entry.span.valid_from) for span in units.get(entry.span.unit_code, ()))
    ]


def _overlapping_posts(
    wanted: Mapping[str, Mapping[tuple[str, str, date], PostingSpan]], rows: Sequence[PostingRow]
) -> list[Problem]:
    row_of = {entry.span.key: entry.row for entry in rows}
    problems = []
    for spans in wanted.values():
        for one, other in combinations(sorted(spans.values(), key=lambda span: span.valid_from), 2):
            row = row_of.get(other.key, row_of.get(one.key))
            sentence = _overlap_sentence(one, other)
            if row is not None and sentence is not None:
                problems.append(Problem(message=sentence, field="開始日", row=row))
    return problems


def _overlap_sentence(one: PostingSpan, other: PostingSpan) -> str | None:
    if not one.overlaps(other):
        return None
    if one.kind is PostingKind.MAIN and other.kind is PostingKind.MAIN:
        return (
            f"本務が二つ重なります（所属コード「{one.unit_code}」{one.valid_from.isoformat()}から）。"
            "前の本務に終了日を付けた行も加えてください。"
        )
    if one.unit_code == other.unit_code:
        return f"同じ所属の発令（{one.valid_from.isoformat()}から）と重なります。日付を確かめてください。"
    return None
