"""What has to agree between the fields of an edition file.

The checks look at the raw values, so that they find what they can even while other fields are still wrong:
what has not the expected type is passed over here and reported by the model.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import PurePath
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from app.checklists.commands import DraftItem, ancestry_faults
from app.checklists.files.model import LineageFile
from app.checklists.files.tree import Fault, Path, Tree
from app.checklists.files.wording import where
from app.checklists.queries import Ancestry, lineage_of
from app.checklists.rules import UNKNOWN, Lineage
from app.kernel.fiscal_year import EARLIEST_DAY, LATEST_DAY, is_reckoned

_LINEAGE: Final[TypeAdapter[Any]] = TypeAdapter(LineageFile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file to be checked: its tree, its name, and the editions before it where they are known."""

    tree: Tree
    name: str
    ancestry: Ancestry | None

    def fault(self, path: Path, message: str) -> Fault:
        """Return a fault at a place, which begins the sentence."""
        return Fault(self.tree.line(path), where(path, tree=self.tree) + message)

    def entries(self, *path: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield the groups in a list, as far as they are such."""
        yield from _entries(_at(self.tree.value, path), path)

    def items(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield the items of all sections, as far as they are such."""
        for path, section in self.entries("sections"):
            yield from _entries(section.get("items"), (*path, "items"))

    def texts(self, entries: Iterable[tuple[Path, dict[str, Any]]], field: str) -> Iterator[tuple[Path, str]]:
        """Yield one field of many groups, where it is a text."""
        for path, entry in entries:
            value = entry.get(field)
            if isinstance(value, str):
                yield (*path, field), value


def _at(value: Any, path: Iterable[str]) -> Any:  # noqa: ANN401 - any YAML value
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _entries(value: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:  # noqa: ANN401 - any YAML value
    for place, entry in enumerate(value if isinstance(value, list) else ()):
        if isinstance(entry, dict):
            yield (*path, place), entry


# ------------------------------------------------------------------------------------------- the file itself


def _name(document: Document) -> Iterator[Fault]:
    place = PurePath(document.name)
    code, edition = document.tree.value.get("code"), document.tree.value.get("edition")
    if isinstance(code, str) and place.parent.name != code:
        message = f"は「{code}」ですが、フォルダーは「{place.parent.name}」です。同じ名前にしてください。"
        yield document.fault(("code",), message)
    if isinstance(edition, str) and place.name != f"{edition}.yaml":
        message = f"は「{edition}」ですが、ファイル名は「{place.name}」です。{edition}.yaml にしてください。"
        yield document.fault(("edition",), message)


def _blank_texts(document: Document) -> Iterator[Fault]:
    for path, value in _scalars(document.tree.value, ()):
        if isinstance(value, str) and value and value != value.strip():
            yield document.fault(path, "の前か後ろに空白があります。消してください。")


def _scalars(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - any YAML value
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _scalars(part, (*path, key))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _scalars(part, (*path, place))
    else:
        yield path, value


def _effective_date(document: Document) -> Iterator[Fault]:
    value = _at(document.tree.value, ("basis", "regulation", "effective_on"))
    if not isinstance(value, str):
        return
    place = ("basis", "regulation", "effective_on")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        yield document.fault(place, "は、暦にない日です。")
        return
    if not is_reckoned(day):
        sentence = f"は、{EARLIEST_DAY.year}年から{LATEST_DAY.year}年までの日にしてください。"
        yield document.fault(place, sentence)


# ----------------------------------------------------------------------------------------- nothing twice


def _unique(document: Document) -> Iterator[Fault]:
    groups = (
        document.texts(document.items(), "key"),
        document.texts(document.entries("sections"), "slug"),
        document.texts(document.entries("flags"), "code"),
        document.texts(document.entries("forms"), "code"),
        document.texts(document.entries("forms"), "label"),
        document.texts(document.entries("levels"), "code"),
        document.texts(document.entries("levels"), "label"),
        document.texts(document.entries("scoring", "bands"), "grade"),
        document.texts(document.entries("retired"), "key"),
    )
    for group in groups:
        yield from _repeated(document, group)


def _repeated(document: Document, values: Iterable[tuple[Path, str]]) -> Iterator[Fault]:
    first: dict[str, Path] = {}
    for path, value in values:
        if value in first:
            line = document.tree.line(first[value])
            message = f"の「{value}」は{line}行目でも使われています。別の名前にしてください。"
            yield document.fault(path, message)
        first.setdefault(value, path)


# ----------------------------------------------------------------------------------------- scale and scoring


def _points(document: Document) -> Iterator[Fault]:
    full = _at(document.tree.value, ("scoring", "full_points"))
    levels = [
        (path, level["points"]) for path, level in document.entries("levels") if _is_int(level.get("points"))
    ]
    if not _is_int(full) or not levels:
        return
    for path, points in levels:
        if points > full:
            yield document.fault((*path, "points"), f"は満点（full_points の {full}）までです。")
    if all(points < full for _, points in levels):
        yield document.fault(("scoring", "full_points"), f"の {full} 点になる段階（levels）がありません。")


def _bands(document: Document) -> Iterator[Fault]:
    bands = [
        (path, band["at_least"])
        for path, band in document.entries("scoring", "bands")
        if _is_int(band.get("at_least"))
    ]
    for (_, higher), (path, lower) in pairwise(bands):
        if lower >= higher:
            yield document.fault((*path, "at_least"), f"の {lower} は、上の {higher} より小さくします。")
    if bands and bands[-1][1] != 0:
        message = "は 0 にします。一番下の段階は、どんなに低い得点も受け止めます。"
        yield document.fault((*bands[-1][0], "at_least"), message)


def _cap(document: Document) -> Iterator[Fault]:
    cap = _at(document.tree.value, ("scoring", "mandatory_cap"))
    grades = {grade for _, grade in document.texts(document.entries("scoring", "bands"), "grade")}
    if isinstance(cap, str) and grades and cap not in grades:
        message = f"の「{cap}」は、bands の段階（grade）にありません。"
        yield document.fault(("scoring", "mandatory_cap"), message)


def _is_int(value: Any) -> bool:  # noqa: ANN401 - any YAML value
    return isinstance(value, int) and not isinstance(value, bool)


# ------------------------------------------------------------------------------------- flags, forms and items


def _flags(document: Document) -> Iterator[Fault]:
    known = {code for _, code in document.texts(document.entries("flags"), "code")}
    for path, code in _codes_used(document):
        if code not in known:
            yield document.fault(path, f"の「{code}」は、flags にありません。")


def _codes_used(document: Document) -> Iterator[tuple[Path, str]]:
    for path, entry in document.items():
        yield from _codes(entry.get("applies_if"), (*path, "applies_if"))
    for path, entry in document.entries("forms"):
        yield from _codes(entry.get("flags"), (*path, "flags"))


def _codes(values: Any, path: Path) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - any YAML value
    for place, code in enumerate(values if isinstance(values, list) else ()):
        if isinstance(code, str):
            yield (*path, place), code


def _forms(document: Document) -> Iterator[Fault]:
    asked = [{code for _, code in _codes(item.get("applies_if"), ())} for _, item in document.items()]
    for path, form in document.entries("forms"):
        used = list(_codes(form.get("flags"), (*path, "flags")))
        yield from _repeated(document, used)
        flags = {code for _, code in used}
        if asked and all(wanted and not wanted & flags for wanted in asked):
            yield document.fault(path, "の様式では、どの項目も出ません。flags を確かめてください。")


_SUPERFLUOUS: Final = "は余分です。目安を書くのは、点数を持つ段階（わからないを除く）だけです。"


def _criteria(document: Document) -> Iterator[Fault]:
    wanted = [
        level["code"]
        for _, level in document.entries("levels")
        if isinstance(level.get("code"), str) and _is_int(level.get("points")) and level["code"] != UNKNOWN
    ]
    for path, item in document.items():
        criteria = item.get("criteria")
        if isinstance(criteria, dict):
            here = (*path, "criteria")
            for code in wanted:
                if code not in criteria:
                    yield document.fault((*here, code), "がありません。点数を持つ段階には目安を書きます。")
            for code in criteria:
                if code not in wanted:
                    yield document.fault((*here, code), _SUPERFLUOUS)


def _retired(document: Document) -> Iterator[Fault]:
    alive = {key for _, key in document.texts(document.items(), "key")}
    for path, key in document.texts(document.entries("retired"), "key"):
        if key in alive:
            yield document.fault(path, f"の「{key}」が、この版の項目にもあります。どちらかを消してください。")


def _ancestry(document: Document) -> Iterator[Fault]:
    if document.ancestry is None:
        return
    lines = {key: path for path, key in document.texts(document.entries("retired"), "key")}
    retired = tuple(lines)
    items = []
    for path, key in document.texts(document.items(), "key"):
        lines[key] = path
        lineage = _lineage(_at_path(document.tree.value, (*path[:-1], "lineage")))
        if lineage is not None:
            items.append(DraftItem(key=key, lineage=lineage))
    for fault in ancestry_faults(items, retired=retired, of=document.ancestry):
        line = document.tree.line(lines.get(fault.key, ("retired",)))
        yield Fault(line, f"項目 {fault.key}：{fault.message}")


def _lineage(value: Any) -> Lineage | None:  # noqa: ANN401 - any YAML value
    try:
        lineage = _LINEAGE.validate_python(value, strict=False)
    except ValidationError:
        return None
    return lineage_of(lineage.model_dump(mode="json"))


def _at_path(value: Any, path: Path) -> Any:  # noqa: ANN401 - any YAML value
    for part in path[:-1]:
        value = value[part]
    return value.get(path[-1])


CHECKS: Final[tuple[Callable[[Document], Iterator[Fault]], ...]] = (
    _name,
    _blank_texts,
    _effective_date,
    _unique,
    _points,
    _bands,
    _cap,
    _flags,
    _forms,
    _criteria,
    _retired,
    _ancestry,
)
"""Every agreement that is checked, in the order of the file."""
