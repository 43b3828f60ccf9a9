"""Importing and publishing editions: who may, what is refused, and that a sealed edition stays as it is."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import UpdateBase, delete, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.checklists.commands import (
    LONGEST_NOTE,
    EditionDraft,
    discard_draft,
    draft_of,
    import_edition,
    publish_edition,
)
from app.checklists.files import read_edition
from app.checklists.models import Checklist, ChecklistEdition, ChecklistItem
from app.checklists.queries import (
    Ancestry,
    ancestry,
    content_of,
    edition_content,
    edition_named,
    edition_page,
    editions,
    load_edition,
    newest_published,
    published_edition,
)
from app.checklists.queries.loading import _Shelf
from app.checklists.rules import EditionState
from app.db.session import Database
from app.journal.queries import lines_of, verify
from app.journal.rules import Subject, SubjectType
from app.kernel.digest import canonical, digest_text
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow, Refusal
from app.kernel.ids import EditionId
from tests.conftest import ActorOf
from tests.factories.editions import small_yaml
from tests.people import ITO, KIMURA, NAKAMURA, OGAWA, SATO, STORY, TANAKA, Cast

Change = Callable[[dict[str, Any]], None]


def draft(label: str = "2026.1") -> EditionDraft:
    return read_edition(small_yaml(label), name=f"department/{label}.yaml")


def nothing(content: dict[str, Any]) -> None:
    """Leave the content as it is."""


def next_draft(label: str = "2027.1", change: Change = nothing) -> EditionDraft:
    """Return an edition in which every item goes on, unless the change says otherwise."""
    content = json.loads(draft(label).content)
    for section in content["sections"]:
        for item in section["items"]:
            item["lineage"] = {"kind": "same", "of": item["key"]}
    change(content)
    return draft_of(canonical(content))


def imported(database: Database, actor_of: ActorOf, given: EditionDraft, *, by: Cast = TANAKA) -> EditionId:
    actor = actor_of(by)
    with database.transaction() as session:
        return import_edition(session, actor=actor, draft=given, now=STORY)


def published(
    database: Database,
    actor_of: ActorOf,
    given: EditionDraft,
    *,
    by: Cast = TANAKA,
    confirmed_by: Cast = KIMURA,
) -> EditionId:
    edition_id = imported(database, actor_of, given)
    publish(database, actor_of, edition_id, by=by, confirmed_by=confirmed_by)
    return edition_id


def publish(
    database: Database,
    actor_of: ActorOf,
    edition_id: EditionId,
    *,
    by: Cast = TANAKA,
    confirmed_by: Cast = KIMURA,
    note: str = "初版",
) -> None:
    publisher, confirmer = actor_of(by), actor_of(confirmed_by)
    with database.transaction() as session:
        publish_edition(
            session, actor=publisher, confirmed_by=confirmer, edition_id=edition_id, note=note, now=STORY
        )


def events(session: Session) -> list[str]:
    checklist_id = session.scalars(select(Checklist.id)).one()
    subject = Subject(type=SubjectType.CHECKLIST, id=str(checklist_id))
    return [line.event for line in lines_of(session, subject=subject)]


# ------------------------------------------------------------------------------------------------- import


def test_an_imported_edition_is_a_draft_with_a_row_for_each_item(
    database: Database, actor_of: ActorOf
) -> None:
    edition_id = imported(database, actor_of, draft())
    with database.reading() as session:
        edition = load_edition(session, edition_id=edition_id)
        rows = session.scalars(select(ChecklistItem).order_by(ChecklistItem.position)).all()
        assert events(session) == ["checklist.imported"]
        assert verify(session).faults == ()
    assert not edition.published
    assert [(item.id, item.key, item.position) for item in edition.items.values()] == [
        (row.id, row.item_key, row.position) for row in rows
    ]
    assert [item.number for item in edition.items.values()] == ["1-1", "1-2", "1-3", "2-1", "2-2", "2-3"]


def test_the_same_file_again_changes_nothing(database: Database, actor_of: ActorOf) -> None:
    first = imported(database, actor_of, draft())
    assert imported(database, actor_of, draft()) == first
    publish(database, actor_of, first)
    assert imported(database, actor_of, draft()) == first
    with database.reading() as session:
        assert events(session) == ["checklist.imported", "checklist.published"]


@pytest.mark.parametrize(
    ("state", "word"), [(EditionState.DRAFT, "取込み済み"), (EditionState.PUBLISHED, "公開済み")]
)
def test_a_label_is_never_given_to_another_content(
    database: Database, actor_of: ActorOf, state: EditionState, word: str
) -> None:
    edition_id = imported(database, actor_of, draft())
    if state is EditionState.PUBLISHED:
        publish(database, actor_of, edition_id)
    other = next_draft("2026.1", lambda content: content.update(title="別の点検票"))
    with pytest.raises(InvalidInput, match=rf"別の内容で{word}です.*新しい版の番号"):
        imported(database, actor_of, other)


@pytest.mark.parametrize("cast", [SATO, ITO, OGAWA, NAKAMURA], ids=lambda cast: cast.name)
def test_only_the_lead_division_imports(database: Database, actor_of: ActorOf, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        imported(database, actor_of, draft(), by=cast)


def test_a_city_may_begin_with_any_edition(database: Database, actor_of: ActorOf) -> None:
    published(database, actor_of, next_draft("2026.1"))
    with pytest.raises(InvalidInput, match="どこにも続いていません"):
        imported(database, actor_of, next_draft("2027.1", change=lambda content: content["sections"].pop()))


def test_a_new_edition_answers_for_every_item_before_it(database: Database, actor_of: ActorOf) -> None:
    published(database, actor_of, draft())

    def forget(content: dict[str, Any]) -> None:
        content["sections"][0]["items"].pop(0)

    def retire(content: dict[str, Any]) -> None:
        forget(content)
        content["retired"] = [{"key": "D01", "note": "法律が変わった。"}]

    with pytest.raises(InvalidInput, match=r"D01.*どこにも続いていません"):
        imported(database, actor_of, next_draft(change=forget))
    imported(database, actor_of, next_draft(change=retire))


def test_a_retired_key_never_comes_back(database: Database, actor_of: ActorOf) -> None:
    published(database, actor_of, draft())

    def retire(content: dict[str, Any]) -> None:
        content["sections"][0]["items"].pop(0)
        content["retired"] = [{"key": "D01", "note": "法律が変わった。"}]

    def revive(content: dict[str, Any]) -> None:
        content["sections"][0]["items"][0]["lineage"] = {"kind": "new"}

    published(database, actor_of, next_draft("2027.1", retire))
    with pytest.raises(InvalidInput, match=r"D01.*前の版で使われています"):
        imported(database, actor_of, next_draft("2028.1", revive))
    with database.reading() as session:
        known = ancestry(session, code="department")
        assert ancestry(session, code="system") == Ancestry()
    assert known.label == "2027.1"
    assert known.used - known.keys == {"D01"}


def test_labels_go_forward(database: Database, actor_of: ActorOf) -> None:
    published(database, actor_of, draft("2026.2"))
    published(database, actor_of, next_draft("2026.10"))
    with pytest.raises(
        InvalidInput, match=r"「2026\.9」は、公開済みの最新の版「2026\.10」より新しくありません"
    ):
        imported(database, actor_of, next_draft("2026.9"))


# ------------------------------------------------------------------------------------------------ publish


def test_publishing_seals_the_edition_in_the_name_of_two_persons(
    database: Database, actor_of: ActorOf
) -> None:
    edition_id = published(database, actor_of, draft())
    viewer = actor_of(SATO)
    with database.reading() as session:
        page = edition_page(session, actor=viewer, code="department", label="2026.1", answers={edition_id: 7})
        row = session.get_one(ChecklistEdition, edition_id)
        assert events(session) == ["checklist.imported", "checklist.published"]
        assert verify(session).faults == ()
        assert digest_text(row.content) == row.digest == page.edition.digest
    line = page.line
    assert page.edition.published
    assert (line.state, line.published_at, line.note, line.answers) == (
        EditionState.PUBLISHED,
        STORY,
        "初版",
        7,
    )
    assert (line.published_by, line.confirmed_by) == (TANAKA.name, KIMURA.name)
    assert (line.sections, line.items) == (2, 6)


def test_the_chief_confirms_what_the_manager_publishes(database: Database, actor_of: ActorOf) -> None:
    published(database, actor_of, draft(), by=KIMURA, confirmed_by=OGAWA)


@pytest.mark.parametrize(
    ("by", "confirmed_by"),
    [
        (KIMURA, KIMURA),
        (TANAKA, TANAKA),
        (KIMURA, TANAKA),
        (OGAWA, KIMURA),
        (SATO, KIMURA),
        (NAKAMURA, KIMURA),
    ],
    ids=lambda cast: cast.name,
)
def test_nobody_publishes_alone_or_without_the_right(
    database: Database, actor_of: ActorOf, by: Cast, confirmed_by: Cast
) -> None:
    edition_id = imported(database, actor_of, draft())
    with pytest.raises(NotAllowed):
        publish(database, actor_of, edition_id, by=by, confirmed_by=confirmed_by)
    with database.reading() as session:
        assert not load_edition(session, edition_id=edition_id).published
        assert events(session) == ["checklist.imported"]


@pytest.mark.parametrize("note", ["", "  \n", "あ" * (LONGEST_NOTE + 1), "制御\0文字"])
def test_a_publication_says_why(database: Database, actor_of: ActorOf, note: str) -> None:
    edition_id = imported(database, actor_of, draft())
    with pytest.raises(InvalidInput):
        publish(database, actor_of, edition_id, note=note)


def test_an_edition_is_published_once(database: Database, actor_of: ActorOf) -> None:
    edition_id = published(database, actor_of, draft())
    with pytest.raises(NotNow, match="もう公開されています"):
        publish(database, actor_of, edition_id)


def test_an_unknown_edition_cannot_be_published(database: Database, actor_of: ActorOf) -> None:
    with pytest.raises(NotFound):
        publish(database, actor_of, EditionId(uuid4()))


def test_a_draft_that_was_altered_in_the_database_is_not_published(
    database: Database, actor_of: ActorOf
) -> None:
    edition_id = imported(database, actor_of, draft())
    with database.transaction() as session:
        session.execute(update(ChecklistEdition).values(content=next_draft("2026.1").content))
    with pytest.raises(NotNow, match="取り込んだ内容が、そのあとに変わっています"):
        publish(database, actor_of, edition_id)


def test_a_draft_whose_rows_were_altered_is_not_published(database: Database, actor_of: ActorOf) -> None:
    edition_id = imported(database, actor_of, draft())
    with database.transaction() as session:
        session.execute(update(ChecklistItem).where(ChecklistItem.item_key == "D03").values(item_key="D99"))
    with pytest.raises(NotNow, match="項目の行が"):
        publish(database, actor_of, edition_id)


def test_a_draft_overtaken_by_another_edition_is_not_published(database: Database, actor_of: ActorOf) -> None:
    published(database, actor_of, draft())

    def add(content: dict[str, Any]) -> None:
        extra = dict(content["sections"][0]["items"][0], key="D50", lineage={"kind": "new"})
        content["sections"][0]["items"].append(extra)

    older = imported(database, actor_of, next_draft("2027.1"))
    newer = imported(database, actor_of, next_draft("2027.3"))
    published(database, actor_of, next_draft("2027.2", add))
    with pytest.raises(InvalidInput, match="より新しくありません"):
        publish(database, actor_of, older)
    with pytest.raises(InvalidInput, match=r"D50.*どこにも続いていません"):
        publish(database, actor_of, newer)


@pytest.mark.parametrize(
    "statement",
    [
        update(ChecklistEdition).values(content="{}"),
        update(ChecklistEdition).values(note="あとから書いた理由"),
        update(ChecklistItem).values(item_key="D98").where(ChecklistItem.item_key == "D01"),
        delete(ChecklistItem),
    ],
)
def test_the_database_refuses_to_change_a_published_edition(
    database: Database, actor_of: ActorOf, statement: UpdateBase
) -> None:
    published(database, actor_of, draft())
    with pytest.raises(DatabaseError, match="immutable row"), database.transaction() as session:
        session.execute(statement)


# ------------------------------------------------------------------------------------------------- discard


def discard(database: Database, actor_of: ActorOf, edition_id: EditionId, *, by: Cast = TANAKA) -> None:
    actor = actor_of(by)
    with database.transaction() as session:
        discard_draft(session, actor=actor, edition_id=edition_id, now=STORY)


def labels(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.scalars(select(ChecklistEdition.label)))


def test_a_discarded_draft_leaves_the_checklist_and_its_published_edition(
    database: Database, actor_of: ActorOf
) -> None:
    first = published(database, actor_of, draft())
    following = imported(database, actor_of, next_draft())
    discard(database, actor_of, following)
    assert labels(database) == ["2026.1"]
    with database.reading() as session:
        newest = newest_published(session, code="department")
        left = set(session.scalars(select(ChecklistItem.edition_id)))
        assert events(session)[-1] == "checklist.draft_discarded"
        assert verify(session).faults == ()
    assert newest is not None
    assert (newest.id, left) == (first, {first})
    # The label is free again: nothing of the draft is left.
    imported(database, actor_of, next_draft())


def test_the_only_draft_of_a_checklist_takes_it_along(database: Database, actor_of: ActorOf) -> None:
    edition_id = imported(database, actor_of, draft())
    with database.reading() as session:
        checklist_id = session.scalars(select(Checklist.id)).one()
    discard(database, actor_of, edition_id)
    with database.reading() as session:
        for table in (Checklist.id, ChecklistEdition.id, ChecklistItem.id):
            assert session.scalars(select(table)).all() == []
        subject = Subject(type=SubjectType.CHECKLIST, id=str(checklist_id))
        kept = [line.event for line in lines_of(session, subject=subject)]
    assert kept == ["checklist.imported", "checklist.draft_discarded"]


@pytest.mark.parametrize("cast", [ITO, SATO, NAKAMURA])
def test_only_who_prepares_checklists_discards_a_draft(
    database: Database, actor_of: ActorOf, cast: Cast
) -> None:
    edition_id = imported(database, actor_of, draft())
    with pytest.raises(NotAllowed):
        discard(database, actor_of, edition_id, by=cast)
    assert labels(database) == ["2026.1"]


def test_a_published_edition_is_not_discarded(database: Database, actor_of: ActorOf) -> None:
    edition_id = published(database, actor_of, draft())
    with pytest.raises(NotNow):
        discard(database, actor_of, edition_id)
    assert labels(database) == ["2026.1"]


# ------------------------------------------------------------------------------------------------- reading


def test_a_published_edition_is_read_once(database: Database, actor_of: ActorOf) -> None:
    edition_id = published(database, actor_of, draft())
    with database.reading() as session:
        first = load_edition(session, edition_id=edition_id)
        assert load_edition(session, edition_id=edition_id) is first
        assert published_edition(session, code="department", label="2026.1") is first
        assert newest_published(session, code="department") is first


def test_a_draft_is_read_each_time_and_is_not_the_newest(database: Database, actor_of: ActorOf) -> None:
    edition_id = imported(database, actor_of, draft())
    with database.reading() as session:
        first = load_edition(session, edition_id=edition_id)
        assert load_edition(session, edition_id=edition_id) is not first
        assert newest_published(session, code="department") is None
        with pytest.raises(NotFound, match=r"「department」の公開済みの版「2026\.1」"):
            published_edition(session, code="department", label="2026.1")


def test_the_newest_edition_is_the_one_with_the_highest_label(database: Database, actor_of: ActorOf) -> None:
    for label in ("2026.2", "2026.10"):
        published(database, actor_of, draft(label) if label == "2026.2" else next_draft(label))
    with database.reading() as session:
        newest = newest_published(session, code="department")
    assert newest is not None
    assert newest.label == "2026.10"


def test_lists_show_drafts_only_to_those_who_prepare_them(database: Database, actor_of: ActorOf) -> None:
    published(database, actor_of, draft())
    imported(database, actor_of, next_draft())
    preparing, reading = actor_of(TANAKA), actor_of(SATO)
    with database.reading() as session:
        (group,) = editions(session, actor=preparing, answers={})
        assert [line.label for line in group.editions] == ["2027.1", "2026.1"]
        (group,) = editions(session, actor=reading, answers={})
        assert [line.label for line in group.editions] == ["2026.1"]
        edition_page(session, actor=preparing, code="department", label="2027.1", answers={})
        assert edition_content(session, actor=preparing, code="department", label="2027.1")
        with pytest.raises(NotFound):
            edition_page(session, actor=reading, code="department", label="2027.1", answers={})
        with pytest.raises(NotFound):
            edition_content(session, actor=reading, code="department", label="2027.1")


def test_an_administrator_reads_no_checklists(database: Database, actor_of: ActorOf) -> None:
    published(database, actor_of, draft())
    administrator = actor_of(NAKAMURA)
    with database.reading() as session:
        for query in (
            lambda: editions(session, actor=administrator, answers={}),
            lambda: edition_page(session, actor=administrator, code="department", label="2026.1", answers={}),
            lambda: edition_content(session, actor=administrator, code="department", label="2026.1"),
        ):
            with pytest.raises(NotAllowed):
                query()


def test_unknown_editions_are_not_found(database: Database) -> None:
    with database.reading() as session:
        unknown: tuple[Callable[[], object], ...] = (
            lambda: load_edition(session, edition_id=EditionId(uuid4())),
            lambda: content_of(session, edition_id=EditionId(uuid4())),
            lambda: edition_named(session, code="department", label="2026.1"),
        )
        for query in unknown:
            with pytest.raises(Refusal) as refused:
                query()
            assert refused.value.status == NotFound.status


def test_the_shelf_of_published_editions_stays_small(database: Database, actor_of: ActorOf) -> None:
    shelf = _Shelf(size=2)
    edition_id = imported(database, actor_of, draft())
    with database.reading() as session:
        edition = load_edition(session, edition_id=edition_id)
    first, second, third = (replace(edition, id=EditionId(uuid4())) for _ in range(3))
    shelf.put(first)
    shelf.put(second)
    assert shelf.get(first.id) is first
    shelf.put(third)
    assert shelf.get(second.id) is None
    assert (shelf.get(first.id), shelf.get(third.id)) == (first, third)
