"""Differences between two editions as plain text for people and as JSON for programs."""

import json
from collections.abc import Iterator
from typing import Any, Final

from app.checklists import texts
from app.checklists.queries import DiffEntry, DiffPage
from app.checklists.rules import (
    Edition,
    EditionDiff,
    EntryKind,
    Facet,
    Item,
    ItemChange,
    Mark,
    Marking,
    TextChange,
)

FORMAT: Final = 1
"""Of the JSON: raised when a field changes its meaning or goes."""
_BRACKETS: Final = {Mark.SAME: "{}", Mark.OLD: "[-{}-]", Mark.NEW: "{{+{}+}}"}


# -------------------------------------------------------------------------------------------------- for people


def diff_as_text(page: DiffPage) -> str:
    """Return the differences as plain text; what went stands in [-…-], what came in {+…+}."""
    return "\n".join(_text(page)) + "\n"


def _text(page: DiffPage) -> Iterator[str]:
    diff = page.diff
    yield f"{diff.after.title}（{diff.after.code}）　{_edition_name(diff.before)} → {_edition_name(diff.after)}"
    if diff.is_empty:
        yield "違いはありません。"
        return
    counts = page.counts
    yield "、".join(f"{texts.FACET[facet]} {count}" for facet, count in counts.items())
    yield texts.SCALE[diff.scale]
    if diff.edition:
        yield from ("", "■ 版全体")
        yield from (f"  {line}" for line in _edition_lines(diff))
    for one in page.showing(None):
        yield ""
        yield from _entry_lines(one, diff=diff)


def _edition_name(edition: Edition) -> str:
    return f"{edition.label}版" + ("" if edition.published else "（下書き）")


def _edition_lines(diff: EditionDiff) -> Iterator[str]:
    for change in diff.edition:
        name = texts.edition_aspect(change, diff=diff)
        was, now = (texts.edition_value(change.aspect, value) for value in (change.before, change.after))
        yield f"{name}：{was} → {now}"


def _entry_lines(one: DiffEntry, *, diff: EditionDiff) -> Iterator[str]:
    entry = one.entry
    keys = _keys(entry.before), _keys(entry.after)
    names = keys[0] if keys[0] == keys[1] else " → ".join(key for key in keys if key)
    touched = f"　回答 {one.answers:,} 件に関わります" if one.answers else ""
    yield f"■ {names}　{texts.ENTRY_KIND[entry.kind]}{touched}"
    if entry.kind in {EntryKind.REWORDED, EntryKind.CHANGED, EntryKind.SAME}:
        if Facet.REWORDED not in entry.facets or not entry.changes[0].texts:
            yield f"  {entry.after[0].number} {entry.after[0].statement}"
        yield from _change_lines(entry.changes[0], diff=diff)
    else:
        yield from (f"  - {item.number} {item.key} {item.statement}" for item in entry.before)
        yield from (f"  + {item.number} {item.key} {item.statement}" for item in entry.after)
    if entry.note:
        yield f"  {entry.note}"
    for sentence in dict.fromkeys(texts.decision(made) + made.note for made in entry.decisions.values()):
        yield f"  {sentence}"


def _keys(items: tuple[Item, ...]) -> str:
    return "、".join(item.key for item in items)


def _change_lines(change: ItemChange, *, diff: EditionDiff) -> Iterator[str]:
    for text in change.texts:
        yield f"  {_text_name(text, diff=diff)}：{_bracketed(text.marking)}"
    for value in change.values:
        was = texts.item_value(value.aspect, value.before, edition=diff.before)
        now = texts.item_value(value.aspect, value.after, edition=diff.after)
        yield f"  {texts.ASPECT[value.aspect]}：{was} → {now}"


def _text_name(text: TextChange, *, diff: EditionDiff) -> str:
    level = diff.after.level(text.level) or diff.before.level(text.level)
    return texts.ASPECT[text.aspect] + (f"（{level.label}）" if level else "")


def _bracketed(marking: Marking) -> str:
    return "".join(_BRACKETS[part.mark].format(part.text) for part in marking.parts)


# ------------------------------------------------------------------------------------------------ for programs


def diff_as_json(page: DiffPage) -> str:
    """Return the differences as JSON: codes and not words, every item of both editions in one entry."""
    diff = page.diff
    data = {
        "format": FORMAT,
        "code": diff.after.code,
        "before": _edition(diff.before),
        "after": _edition(diff.after),
        "scale": diff.scale.value,
        "counts": {facet.value: count for facet, count in page.counts.items()},
        "edition": [
            {"aspect": one.aspect.value, "subject": one.subject, "before": one.before, "after": one.after}
            for one in diff.edition
        ],
        "entries": [_entry(one) for one in page.entries],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _edition(edition: Edition) -> dict[str, Any]:
    state = "published" if edition.published else "draft"
    return {"label": edition.label, "digest": edition.digest, "state": state}


def _entry(one: DiffEntry) -> dict[str, Any]:
    entry = one.entry
    return {
        "kind": entry.kind.value,
        "facets": sorted(facet.value for facet in entry.facets),
        "before": [_item(item) for item in entry.before],
        "after": [_item(item) for item in entry.after],
        "lineage": {
            key: {
                "kind": made.kind.value,
                "of": made.of,
                "comparable": made.comparable,
                "obstacle": made.obstacle.value if made.obstacle else None,
                "note": made.note,
            }
            for key, made in entry.decisions.items()
        },
        "changes": [_change(change) for change in entry.changes],
        "note": entry.note,
        "answers": {"before": one.answers_before, "after": one.answers_after},
    }


def _item(item: Item) -> dict[str, str]:
    return {"key": item.key, "number": item.number, "statement": item.statement}


def _change(change: ItemChange) -> dict[str, Any]:
    return {
        "before": change.before.key,
        "after": change.after.key,
        "texts": [
            {
                "aspect": text.aspect.value,
                "level": text.level or None,
                "parts": [[part.mark.value, part.text] for part in text.marking.parts],
            }
            for text in change.texts
        ],
        "values": [
            {"aspect": value.aspect.value, "before": value.before, "after": value.after}
            for value in change.values
        ],
    }
