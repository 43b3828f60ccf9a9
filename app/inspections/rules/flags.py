"""印: why an answer, or a whole sheet, deserves a look before it is accepted.

The rules are data with a version: whoever accepts sheets together is recorded with the version that put them into their lane, and
the page that lists the rules is written from the same rows. A changed threshold, wording or severity is a new version.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.checklists.rules import UNKNOWN, CommentRule, Edition, Item, Level
from app.inspections.rules import Change, asks_for_action, change

FLAG_RULES_VERSION: Final = 1


class Severity(StrEnum):
    """How much of a look."""

    RED = "red"
    AMBER = "amber"


class Lane(StrEnum):
    """Where a sheet waits for its review, by its gravest flag. The order is that of the tabs: the gravest first."""

    ALERT = "alert"
    CHECK = "check"
    CLEAR = "clear"


class FlagCode(StrEnum):
    """The rules by name."""

    MANDATORY_MISSED = "mandatory_missed"
    WORSE = "worse"
    STILL_WEAK = "still_weak"
    EXCLUDED_NOW = "excluded_now"
    EXCLUDED_UNUSUAL = "excluded_unusual"
    UNKNOWN = "unknown"
    SHORT_COMMENT = "short_comment"
    SAME_WORDS = "same_words"
    DUE_MISSING = "due_missing"
    EVIDENCE_MISSING = "evidence_missing"
    TAKEN_OVER = "taken_over"
    TOO_QUICK = "too_quick"


class About(StrEnum):
    """What a rule looks at."""

    ITEM = "item"
    SHEET = "sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The numbers in the rules.

    Attributes:
        short_comment: characters below which a reason hardly says anything.
        peers_at_least: other units that must have answered before 対象外 can be unusual.
        peers_percent: share of the other units that answer an item, above which 対象外 is unusual.
        taken_over_percent: share of answers taken over from last year, above which the sheet is looked at.
        quick_seconds: time at work, below which the sheet is looked at.
    """

    short_comment: int = 10
    peers_at_least: int = 3
    peers_percent: int = 75
    taken_over_percent: int = 80
    quick_seconds: int = 240


THRESHOLDS: Final = Thresholds()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRule:
    """One rule as reviewers read it: the words of its tag, and what it looks at."""

    code: FlagCode
    about: About
    severity: Severity
    label: str
    meaning: str


def _rule(
    code: FlagCode, severity: Severity, label: str, meaning: str, about: About = About.ITEM
) -> FlagRule:
    return FlagRule(code=code, about=about, severity=severity, label=label, meaning=meaning)


_T: Final = THRESHOLDS
FLAG_RULES: Final[tuple[FlagRule, ...]] = (
    _rule(
        FlagCode.MANDATORY_MISSED,
        Severity.RED,
        "重要項目が未達",
        "重要項目の答えが、満点でも対象外でもない。",
    ),
    _rule(FlagCode.WORSE, Severity.AMBER, "前回より悪化", "前回より低い段階で答えている。"),
    _rule(
        FlagCode.STILL_WEAK,
        Severity.AMBER,
        "前回から続く未達",
        "前回も今回も、0点の段階（未実施・わからない）で答えている。",
    ),
    _rule(
        FlagCode.EXCLUDED_NOW,
        Severity.AMBER,
        "対象外に変更",
        "前回は答えていた項目を、今回は対象外としている。",
    ),
    _rule(
        FlagCode.EXCLUDED_UNUSUAL,
        Severity.AMBER,
        "ほかの所属は回答",
        f"対象外としているが、同じ部か全体で、ほかの所属の{_T.peers_percent}%より多くが答えている"
        f"（{_T.peers_at_least}所属以上が回答したときに調べる）。",
    ),
    _rule(FlagCode.UNKNOWN, Severity.AMBER, "わからない", "「わからない」と答えている。"),
    _rule(
        FlagCode.SHORT_COMMENT,
        Severity.AMBER,
        "説明が短い",
        f"理由を書く答えなのに、説明が{_T.short_comment}字より短い。",
    ),
    _rule(
        FlagCode.SAME_WORDS,
        Severity.AMBER,
        "前回と同じ説明",
        "理由を書く答えの説明が、前回と一字も違わない。",
    ),
    _rule(
        FlagCode.DUE_MISSING,
        Severity.AMBER,
        "対応の期限がない",
        "満点でない答えなのに、対応の期限が書かれていないか、もう過ぎている。",
    ),
    _rule(
        FlagCode.EVIDENCE_MISSING,
        Severity.AMBER,
        "証拠がない",
        "証拠を求める項目に満点で答えているのに、証拠が1件も付いていない。",
    ),
    _rule(
        FlagCode.TAKEN_OVER,
        Severity.AMBER,
        "前回の写しが多い",
        f"答えの{_T.taken_over_percent}%より多くが、前回の答えを引き継いだもの。",
        About.SHEET,
    ),
    _rule(
        FlagCode.TOO_QUICK,
        Severity.AMBER,
        "回答が早すぎる",
        f"回答にかかった時間が{_T.quick_seconds // 60}分より短い（5分を超える中断は数えない。回答を1件ずつ保存していない点検票では調べない）。",
        About.SHEET,
    ),
)
RULES_BY_CODE: Final[Mapping[FlagCode, FlagRule]] = {rule.code: rule for rule in FLAG_RULES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """What other units said of an item: how many answered it at all, and how many of these not with 対象外."""

    answered: int = 0
    applied: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSeen:
    """One answer with what it is looked at beside.

    Attributes:
        before, words_before: last year's level and words; None without a comparable answer.
        department, campaign: what the other units of the same 部, and all of them, said.
        action_due: until when the unit means to do what is left.
        evidence: how many pieces of evidence stand beside it.
    """

    item: Item
    level: Level | None
    words: str
    before: Level | None = None
    words_before: str | None = None
    department: Peers = Peers()
    campaign: Peers = Peers()
    action_due: date | None = None
    evidence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSeen:
    """How a sheet was filled in; None where nobody knows."""

    answered: int
    taken_over: int | None = None
    seconds: int | None = None


def is_weak(level: Level | None, *, edition: Edition) -> bool:
    """Below full points, わからない and 未回答 included; an excluded item is not weak."""
    return level is None or (level.points is not None and level.points < edition.scoring.full_points)


def is_excluded(level: Level | None) -> bool:
    """Whether a level takes an item out of the score (対象外)."""
    return level is not None and level.points is None


def flags_of_answer(seen: AnswerSeen, *, edition: Edition, today: date) -> tuple[FlagCode, ...]:
    """Return the flags of one answer, in the order of the rules."""
    level, before = seen.level, seen.before
    weak, excluded = is_weak(level, edition=edition), is_excluded(level)
    asked = level is not None and level.comment is CommentRule.REQUIRED
    words = seen.words.strip()
    compared = change(
        now=level.code if level else None, before=before.code if before else None, edition=edition
    )
    unusual = any(_is_unusual(peers) for peers in (seen.department, seen.campaign))
    holds = {
        FlagCode.MANDATORY_MISSED: seen.item.mandatory and weak,
        FlagCode.WORSE: compared is Change.WORSE,
        FlagCode.STILL_WEAK: _earns_nothing(level) and _earns_nothing(before),
        FlagCode.EXCLUDED_NOW: excluded and before is not None and not is_excluded(before),
        FlagCode.EXCLUDED_UNUSUAL: excluded and unusual,
        FlagCode.UNKNOWN: level is not None and level.code == UNKNOWN,
        FlagCode.SHORT_COMMENT: asked and len(words) < THRESHOLDS.short_comment,
        FlagCode.SAME_WORDS: asked and bool(words) and words == (seen.words_before or "").strip(),
        FlagCode.DUE_MISSING: asks_for_action(level.code if level else None, edition=edition)
        and (seen.action_due is None or seen.action_due < today),
        FlagCode.EVIDENCE_MISSING: lacks_evidence(
            seen.item, level=seen.level, pieces=seen.evidence, edition=edition
        ),
    }
    return tuple(code for code, is_so in holds.items() if is_so)


def _earns_nothing(level: Level | None) -> bool:
    return level is not None and level.points == 0


def _is_unusual(peers: Peers) -> bool:
    most = peers.applied * 100 > peers.answered * THRESHOLDS.peers_percent
    return peers.answered >= THRESHOLDS.peers_at_least and most


def lacks_evidence(item: Item, *, level: Level | None, pieces: int, edition: Edition) -> bool:
    """Return whether an item that demands evidence counts in full without a single piece of it."""
    full = not is_excluded(level) and not is_weak(level, edition=edition)
    return item.evidence_demanded and full and pieces == 0


def flags_of_sheet(seen: SheetSeen) -> tuple[FlagCode, ...]:
    """Return the flags of a sheet as a whole, in the order of the rules."""
    copied, seconds = seen.taken_over or 0, seen.seconds
    holds = {
        FlagCode.TAKEN_OVER: copied * 100 > seen.answered * THRESHOLDS.taken_over_percent,
        FlagCode.TOO_QUICK: seconds is not None and seconds < THRESHOLDS.quick_seconds,
    }
    return tuple(code for code, is_so in holds.items() if is_so)


def lane_of(codes: Iterable[FlagCode]) -> Lane:
    """Return the lane of a sheet with these flags."""
    severities = {RULES_BY_CODE[code].severity for code in codes}
    if Severity.RED in severities:
        return Lane.ALERT
    return Lane.CHECK if severities else Lane.CLEAR
