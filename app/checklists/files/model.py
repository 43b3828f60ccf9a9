"""The shape of an edition file, field by field: strict types, no unknown fields, nothing left to guess."""

import json
import operator
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.checklists.rules import (
    LONGEST_STATEMENT,
    LONGEST_TEXT,
    Ask,
    CommentRule,
    Confirmation,
    SheetSubject,
    Symbol,
)

EDITION_PATTERN: Final = r"^[0-9]{4}\.[1-9][0-9]?$"
KEY_PATTERN: Final = r"^[A-Z]{1,4}[0-9]{2,4}$"
FLAG_PATTERN: Final = r"^[A-Z][A-Z0-9]{1,9}$"
GRADE_PATTERN: Final = r"^[A-Z]$"
CODE_PATTERN: Final = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
SLUG_PATTERN: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
DATE_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CONTROL_PATTERN: Final = r"^[5-8]\.[1-9][0-9]?$"

Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Statement = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_STATEMENT)]
Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
FlagCode = Annotated[str, StringConstraints(pattern=FLAG_PATTERN)]
Grade = Annotated[str, StringConstraints(pattern=GRADE_PATTERN)]
LevelCode = Annotated[str, StringConstraints(pattern=CODE_PATTERN, max_length=40)]
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN, max_length=40)]
Points = Annotated[int, Field(ge=0, le=10)]


class _Strict(BaseModel):
    """A number is no text, a text is no number, and an unknown field is an error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class GuidelineDocument(_Strict):
    """The guideline that items refer to."""

    name: Name
    edition: Name


class RegulationDocument(_Strict):
    """The regulation whose measures items carry out."""

    name: Name
    effective_on: Annotated[str, StringConstraints(pattern=DATE_PATTERN)] = Field(
        description="施行日。引用符で囲む"
    )


class BasisFile(_Strict):
    """The documents behind the items."""

    guideline: GuidelineDocument
    regulation: RegulationDocument


class LevelFile(_Strict):
    """One step of the scale."""

    code: LevelCode
    label: Name
    symbol: Symbol
    points: Points | None = Field(description="点数。null は分子にも分母にも入れない（対象外）")
    comment: CommentRule


class BandFile(_Strict):
    """One grade."""

    grade: Grade
    at_least: Annotated[int, Field(ge=0, le=100)] = Field(description="この段階になる得点率の下限（%）")


class ScoringFile(_Strict):
    """How answers become a figure."""

    method: Literal["weighted-share-1"]
    full_points: Annotated[int, Field(ge=1, le=10)]
    bands: Annotated[tuple[BandFile, ...], Field(min_length=1, max_length=9)]
    mandatory_cap: Grade


class FlagFile(_Strict):
    """One fact of the profile of a unit or a system."""

    code: FlagCode
    label: Name
    help: Text


class FormFile(_Strict):
    """A form: a named profile that stands for choosing its flags."""

    code: LevelCode
    label: Name
    description: Text
    flags: Annotated[tuple[FlagCode, ...], Field(max_length=30)] = Field(
        description="この様式で当てはまる条件（flags の略号）。どれにも当てはまらない様式は []"
    )


class GuidelineRefFile(_Strict):
    """A section of the guideline."""

    section: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    status: Confirmation


class NewLineage(_Strict):
    """The item is new."""

    kind: Literal["new"]


class SameLineage(_Strict):
    """The item goes on unchanged."""

    kind: Literal["same"]
    of: Key


class RewordedLineage(_Strict):
    """The item goes on in other words."""

    kind: Literal["reworded"]
    of: Key
    comparable: bool
    note: Text


class SplitLineage(_Strict):
    """The item is one part of a former one."""

    kind: Literal["split"]
    of: Key
    comparable: bool
    note: Text


class MergedLineage(_Strict):
    """The item takes several former ones together."""

    kind: Literal["merged"]
    of: Annotated[tuple[Key, ...], Field(min_length=2, max_length=20)]
    comparable: bool
    note: Text


LineageFile = Annotated[
    NewLineage | SameLineage | RewordedLineage | SplitLineage | MergedLineage, Field(discriminator="kind")
]


class ItemFile(_Strict):
    """One question."""

    key: Key = Field(description="版をまたいで変えない番号。使い回さない")
    statement: Statement
    why: Text
    how_to_check: Text
    criteria: dict[LevelCode, Text] = Field(description="点数を持つ段階ごとの判断の目安")
    evidence: Annotated[tuple[Text, ...], Field(min_length=1, max_length=10)]
    evidence_demanded: bool = Field(
        default=False,
        description="満点の回答に証拠を求めるか。なければ false（付けるかどうかは任意）",
        exclude_if=operator.not_,
    )
    misreading: Text
    mandatory: bool
    weight: Annotated[int, Field(ge=1, le=3)]
    guideline: Annotated[tuple[GuidelineRefFile, ...], Field(max_length=20)]
    measure: Annotated[int, Field(ge=1, le=8)] | None = Field(
        description="施行規則第16条の3の号。なければ null"
    )
    iso27002: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=CONTROL_PATTERN)], ...], Field(max_length=20)
    ]
    applies_if: Annotated[tuple[FlagCode, ...], Field(max_length=20)]
    ask: Ask
    lineage: LineageFile


class SectionFile(_Strict):
    """Items on one theme."""

    slug: Slug
    title: Name
    items: Annotated[tuple[ItemFile, ...], Field(min_length=1, max_length=100)]


class RetiredFile(_Strict):
    """An item of the edition before that has no successor."""

    key: Key
    note: Text


def _is_for_units(subject: SheetSubject) -> bool:
    return subject is SheetSubject.UNIT


def _is_empty(forms: tuple[FormFile, ...]) -> bool:
    return not forms


class EditionFile(_Strict):
    """A whole edition file.

    What says no more than its absence (`subject: unit`, no forms, no evidence demanded) is left out of the content: an edition has one
    digest, however it is written, and those from before these fields keep theirs.
    """

    format: Annotated[int, Field(ge=1, le=1)]
    code: LevelCode
    edition: Annotated[str, StringConstraints(pattern=EDITION_PATTERN)] = Field(
        description='版の番号。引用符で囲む（"2026.1"）'
    )
    title: Name
    description: Text
    subject: SheetSubject = Field(
        default=SheetSubject.UNIT,
        description="点検票1枚が何についてのものか。なければ unit（所属）",
        exclude_if=_is_for_units,
    )
    basis: BasisFile
    levels: Annotated[tuple[LevelFile, ...], Field(min_length=2, max_length=5)]
    scoring: ScoringFile
    flags: Annotated[tuple[FlagFile, ...], Field(max_length=30)]
    forms: Annotated[tuple[FormFile, ...], Field(max_length=9)] = Field(
        default=(), description="様式。条件の組に名前を付けたもの", exclude_if=_is_empty
    )
    sections: Annotated[tuple[SectionFile, ...], Field(min_length=1, max_length=30)]
    retired: tuple[RetiredFile, ...] = ()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of an edition file, for editors that check while somebody writes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **EditionFile.model_json_schema()}


def schema_text() -> str:
    """Return the JSON Schema as the file that stands beside the editions."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
