"""A small edition of two sections with every kind of item, published by two persons."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.checklists.commands import import_edition, publish_edition
from app.checklists.files import from_content, read_edition
from app.checklists.rules import Edition, EditionState
from app.config import ROOT
from app.kernel.ids import EditionId, ItemId, new_id

HEADER: Final = """\
format: 1
code: department
edition: "{label}"
title: 小さな点検票
description: 試験のための小さな点検票です。
basis:
  guideline: {{name: ガイドライン, edition: 令和8年3月27日改定}}
  regulation: {{name: 地方自治法施行規則第16条の3, effective_on: "2027-07-01"}}
levels:
  - {{code: implemented, label: 実施, symbol: circle, points: 2, comment: optional}}
  - {{code: partial, label: 一部実施, symbol: triangle, points: 1, comment: required}}
  - {{code: not_implemented, label: 未実施, symbol: cross, points: 0, comment: required}}
  - {{code: not_applicable, label: 対象外, symbol: dash, points: null, comment: required}}
  - {{code: unknown, label: わからない, symbol: question, points: 0, comment: optional}}
scoring:
  method: weighted-share-1
  full_points: 2
  bands: [{{grade: A, at_least: 90}}, {{grade: B, at_least: 75}}, {{grade: C, at_least: 60}}, {{grade: D, at_least: 0}}]
  mandatory_cap: C
flags:
  - {{code: MN, label: マイナンバー利用事務がある, help: 個人番号を使う事務があれば選ぶ。}}
sections:
"""
ITEM: Final = """\
      - key: {key}
        statement: {key}のことを今年度に行った。
        why: {key}がないと困ります。
        how_to_check: {key}の書類を3枚見ます。
        criteria: {{implemented: "{key}がすべてある。", partial: "{key}が一部ある。", not_implemented: "{key}がない。"}}
        evidence: [{key}の控え, {key}の写真]
        misreading: {key}は要らないと思われがちですが、要ります。
        mandatory: {mandatory}
        weight: {weight}
        guideline: [{{section: "1(4)", status: confirmed}}]
        measure: 1
        iso27002: ["5.2"]
        applies_if: [{flags}]
        ask: head
        lineage: {{kind: new}}
"""
SECTIONS: Final = (
    ("organisation", "体制", (("D01", "true", 2, ""), ("D02", "false", 1, ""), ("D03", "false", 1, "MN"))),
    ("assets", "情報資産", (("D07", "true", 3, ""), ("D08", "false", 1, ""), ("D09", "false", 2, ""))),
)


def small_yaml(label: str = "2026.1") -> bytes:
    """Return the small edition as a file: six items, two of them mandatory, D03 only with マイナンバー."""
    text = HEADER.format(label=label)
    for slug, title, items in SECTIONS:
        text += f"  - slug: {slug}\n    title: {title}\n    items:\n"
        text += "".join(
            ITEM.format(key=key, mandatory=m, weight=w, flags=flags) for key, m, w, flags in items
        )
    return (text + "retired: []\n").encode()


def published_edition(
    session: Session,
    *,
    publisher: Actor,
    confirmer: Actor,
    now: datetime,
    data: bytes | None = None,
    name: str = "department/2026.1.yaml",
) -> EditionId:
    """Import and publish an edition through the real commands."""
    draft = read_edition(data or small_yaml(), name=name)
    edition_id = import_edition(session, actor=publisher, draft=draft, now=now)
    publish_edition(
        session, actor=publisher, confirmed_by=confirmer, edition_id=edition_id, note="初版", now=now
    )
    return edition_id


FURTHER: Final = ("person/2026.1.yaml", "system/2026.1.yaml")
"""The checklists of the repository that no unit answers."""


def further_editions(session: Session, *, publisher: Actor, confirmer: Actor, now: datetime) -> None:
    """Publish the checklists of persons and of systems as they stand in the repository."""
    for name in FURTHER:
        data = (ROOT / "checklists" / name).read_bytes()
        published_edition(session, publisher=publisher, confirmer=confirmer, now=now, data=data, name=name)


def successor_yaml(
    lineages: Mapping[str, str], *, label: str = "2027.1", retired: Mapping[str, str] | None = None
) -> bytes:
    """Return the edition after the small one: one section of items by their keys, each with its lineage."""
    known = {key: rest for _, _, items in SECTIONS for key, *rest in items}
    text = HEADER.format(label=label) + "  - slug: organisation\n    title: 体制\n    items:\n"
    for key, lineage in lineages.items():
        mandatory, weight, flags = known.get(key, ("false", 1, ""))
        item = ITEM.format(key=key, mandatory=mandatory, weight=weight, flags=flags)
        text += item.replace("{kind: new}", lineage)
    gone = "".join(f"\n  - key: {key}\n    note: {note}" for key, note in (retired or {}).items())
    return (text + f"retired:{gone or ' []'}\n").encode()


def edition_value(
    data: bytes, *, label: str = "2026.1", state: EditionState = EditionState.PUBLISHED
) -> Edition:
    """Return an edition file as the value that rules work on, without a database."""
    draft = read_edition(data, name=f"department/{label}.yaml")
    return from_content(
        draft.content,
        edition_id=EditionId(new_id()),
        item_ids=[ItemId(new_id()) for _ in draft.items],
        digest=draft.digest,
        state=state,
    )
