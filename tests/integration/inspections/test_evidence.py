"""Evidence beside answers: who may, when, what a head approves, what is sealed, what a reopened sheet begins with."""

import hashlib
import json
from datetime import date, timedelta
from typing import Final

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.session import Database
from app.evidence.models import Evidence
from app.evidence.rules import CheckedFile, Description, FileKind
from app.inspections.commands.evidence import (
    Attached,
    attach_files,
    attach_reference,
    describe_piece,
    link_pieces,
    unlink_piece,
    withdraw_piece,
)
from app.inspections.commands.hand_over import approve, return_to_clerk
from app.inspections.commands.reopening import confirm_reopening, request_reopening
from app.inspections.commands.review import cancel_return
from app.inspections.models import SealedRevision
from app.inspections.queries.answering import check_page
from app.inspections.queries.evidence import (
    LibraryFilter,
    item_evidence_page,
    library_page,
    piece_page,
    sheet_evidence_page,
)
from app.inspections.queries.evidence_links import links_of
from app.inspections.queries.sheet import content_of_sheet
from app.inspections.rules import State
from app.journal.models import JournalEntry
from app.kernel.clock import business_date
from app.kernel.errors import InvalidInput, NotAllowed, NotFound, NotNow, StaleVersion
from app.kernel.ids import EvidenceId
from tests.factories.inspections import Year
from tests.people import AFFAIRS, COUNTER, ITO, KIMURA, SATO, SUZUKI, TAKAHASHI, TANAKA, Cast, Place
from tests.statements import statements

TODAY: Final = date(2026, 11, 20)
QUOTA: Final = 1 << 30


def a_file(name: str = "規程.pdf", data: bytes = b"x", size: int | None = None) -> CheckedFile:
    digest = hashlib.sha256(data).hexdigest()
    return CheckedFile(name=name, kind=FileKind.PDF, size=size or len(data), digest=digest)


def said(title: str = "規程", **more: date | str) -> Description:
    return Description(**{"title": title, "stands_for": TODAY, **more})  # type: ignore[arg-type]


def attach(
    year: Year,
    *files: CheckedFile,
    cast: Cast = SATO,
    place: Place = AFFAIRS,
    key: str = "D01",
    quota: int = QUOTA,
) -> Attached:
    with year.database.transaction() as session:
        return attach_files(
            session,
            actor=year.actor(cast),
            inspection_id=year.sheets[place.code],
            item_id=year.item_id(key),
            files=[(file, said(file.name)) for file in files],
            quota=quota,
            now=year.now,
        )


def standing(year: Year, key: str = "D01", place: Place = AFFAIRS) -> list[EvidenceId]:
    with year.database.reading() as session:
        links = links_of(session, revision_id=year.sheet(place).revision_id)
    return [link.piece.id for link in links.of(year.item_id(key))]


def unlink(year: Year, evidence_id: EvidenceId, *, cast: Cast = SATO, key: str = "D01") -> None:
    with year.database.transaction() as session:
        unlink_piece(
            session,
            actor=year.actor(cast),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id(key),
            evidence_id=evidence_id,
            now=year.now,
        )


def link(year: Year, *ids: EvidenceId, cast: Cast = SATO, place: Place = AFFAIRS, key: str = "D02") -> int:
    with year.database.transaction() as session:
        return link_pieces(
            session,
            actor=year.actor(cast),
            inspection_id=year.sheets[place.code],
            item_id=year.item_id(key),
            evidence_ids=frozenset(ids),
            now=year.now,
        )


def describe(
    year: Year, evidence_id: EvidenceId, wanted: Description, *, seen: int = 1, cast: Cast = SATO
) -> None:
    with year.database.transaction() as session:
        describe_piece(
            session,
            actor=year.actor(cast),
            evidence_id=evidence_id,
            description=wanted,
            seen_version=seen,
            now=year.now,
        )


def withdraw(year: Year, evidence_id: EvidenceId, *, cast: Cast = SATO) -> None:
    with year.database.transaction() as session:
        withdraw_piece(session, actor=year.actor(cast), evidence_id=evidence_id, now=year.now)


def events(session: Session, prefix: str = "evidence.") -> list[str]:
    payloads = session.scalars(select(JournalEntry.payload).order_by(JournalEntry.recorded_at))
    return [event for one in payloads if (event := json.loads(one)["event"]).startswith(prefix)]


# --------------------------------------------------------------------------------------- who and when


def test_a_clerk_puts_files_and_references_beside_an_item(year: Year, database: Database) -> None:
    assert attach(year, a_file("a.pdf", b"1"), a_file("b.pdf", b"2")).added == 2
    with database.transaction() as session:
        attach_reference(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id("D01"),
            description=said("台帳", place="書庫B-3"),
            now=year.now,
        )
    assert len(standing(year)) == 3
    with database.reading() as session:
        assert sorted(events(session)) == ["evidence.added"] * 3 + ["evidence.linked"] * 3
        words = " ".join(session.scalars(select(JournalEntry.payload)))
    assert not {"a.pdf", "台帳", "書庫B-3", a_file("a.pdf", b"1").digest} & set(words.split('"'))


def test_the_same_bytes_beside_the_same_item_are_one_piece(year: Year) -> None:
    assert attach(year, a_file()) == Attached(added=1, known=())
    again = attach(year, a_file("別名.pdf"), a_file("新.pdf", b"2"), a_file("また.pdf", b"2"))
    assert again == Attached(added=1, known=(("別名.pdf", "規程.pdf"), ("また.pdf", "新.pdf")))
    assert len(standing(year)) == 2
    assert attach(year, a_file(), key="D02").added == 1


@pytest.mark.parametrize(
    ("cast", "refusal"), [(TAKAHASHI, NotFound), (TANAKA, NotAllowed), (ITO, NotAllowed)]
)
def test_others_may_not(year: Year, cast: Cast, refusal: type[Exception]) -> None:
    attach(year, a_file())
    (piece,) = standing(year)
    for act in (
        lambda: attach(year, a_file("b.pdf", b"2"), cast=cast),
        lambda: link(year, piece, cast=cast),
        lambda: unlink(year, piece, cast=cast),
        lambda: describe(year, piece, said("新"), cast=cast),
    ):
        with pytest.raises(refusal):
            act()
    assert standing(year) == [piece]


def test_an_item_of_another_edition_is_not_found(year: Year, database: Database) -> None:
    with pytest.raises(NotFound), database.transaction() as session:
        attach_files(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.sheets[AFFAIRS.code],  # type: ignore[arg-type]
            files=[(a_file(), said())],
            quota=QUOTA,
            now=year.now,
        )


@pytest.mark.parametrize("state", [State.AWAITING_HEAD, State.UNDER_REVIEW, State.SIGNED_OFF])
def test_what_was_handed_over_takes_no_evidence(year: Year, state: State) -> None:
    attach(year, a_file())
    (piece,) = standing(year)
    year.bring(AFFAIRS, to=state)
    with pytest.raises(NotNow):
        attach(year, a_file("b.pdf", b"2"))
    with pytest.raises(NotNow):
        unlink(year, piece)
    with pytest.raises(NotNow, match="提出した点検票"):
        describe(year, piece, said("新しい名前"))


def test_during_a_return_only_the_returned_item_takes_evidence_and_that_answers_it(
    year: Year, database: Database
) -> None:
    year.bring(AFFAIRS, to=State.RETURNED)
    with pytest.raises(NotNow, match="差し戻された項目だけ"):
        attach(year, a_file(), key="D01")
    year.now += timedelta(minutes=1)

    def waiting() -> int:
        with database.reading() as session:
            page = check_page(
                session,
                actor=year.actor(SATO),
                inspection_id=year.sheets[AFFAIRS.code],
                today=business_date(year.now),
            )
        return len(page.returns_open)

    before = waiting()
    attach(year, a_file(), key="D02")
    assert waiting() == before - 1
    unlink(year, *standing(year, "D02"), key="D02")
    assert waiting() == before


def test_a_return_that_is_cancelled_puts_back_the_evidence_that_was_approved(
    year: Year, database: Database
) -> None:
    year.answer(AFFAIRS)
    attach(year, a_file(), key="D02")
    before = standing(year, "D02")
    year.now += timedelta(minutes=1)
    year.bring(AFFAIRS, to=State.RETURNED)
    approved = year.digest(AFFAIRS)
    year.now += timedelta(minutes=1)
    unlink(year, *before, key="D02")
    attach(year, a_file("b.pdf", b"2"), key="D02")
    assert year.digest(AFFAIRS) != approved
    with database.transaction() as session:
        cancel_return(
            session,
            actor=year.actor(TANAKA),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="所属から連絡があったため",
            seen_version=year.sheet(AFFAIRS).version,
            now=year.now,
        )
    assert standing(year, "D02") == before
    assert year.digest(AFFAIRS) == approved
    with database.reading() as session:
        assert events(session).count("evidence.restored") == 2


def test_who_put_evidence_beside_an_answer_does_not_approve_it(year: Year, database: Database) -> None:
    year.answer(AFFAIRS)
    attach(year, a_file(), cast=SUZUKI)
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    with pytest.raises(NotAllowed, match="自分が記録した"), database.transaction() as session:
        approve(
            session,
            actor=year.actor(SUZUKI),
            inspection_id=year.sheets[AFFAIRS.code],
            seen_digest=year.digest(AFFAIRS),
            comment="",
            now=year.now,
        )


# ------------------------------------------------------------------------- approved, sealed, reopened


def test_the_digest_of_a_sheet_without_evidence_is_what_it_was(year: Year) -> None:
    year.answer(AFFAIRS)
    before = year.digest(AFFAIRS)
    attach(year, a_file())
    (piece,) = standing(year)
    linked = year.digest(AFFAIRS)
    assert linked != before
    describe(year, piece, said("別の名前"))
    assert year.digest(AFFAIRS) not in {before, linked}
    unlink(year, piece)
    assert year.digest(AFFAIRS) == before


def test_evidence_is_sealed_with_the_sheet_and_carried_when_it_is_reopened(
    year: Year, database: Database
) -> None:
    year.answer(AFFAIRS)
    attach(year, a_file())
    (piece,) = standing(year)
    digest = year.digest(AFFAIRS)
    year.bring(AFFAIRS, to=State.SIGNED_OFF)
    with database.reading() as session:
        content = json.loads(session.scalars(select(SealedRevision.content)).one())
    (line,) = content["evidence"]
    assert line[:4] == ["D01", str(piece), "file", "規程.pdf"]
    assert line[8] == ["規程.pdf", "pdf", 1, a_file().digest]
    with pytest.raises(NotNow):
        describe(year, piece, said("新しい名前"))
    withdraw(year, piece)
    with database.transaction() as session:
        sheet = year.sheets[AFFAIRS.code]
        request_reopening(session, actor=year.actor(TANAKA), inspection_id=sheet, reason="漏れ", now=year.now)
        confirm_reopening(session, actor=year.actor(KIMURA), inspection_id=sheet, now=year.now)
    assert standing(year) == [piece]
    assert year.sheet(AFFAIRS).number == 2
    assert year.digest(AFFAIRS) == digest


def test_what_a_head_gives_back_takes_evidence_again(year: Year, database: Database) -> None:
    year.bring(AFFAIRS, to=State.AWAITING_HEAD)
    with database.transaction() as session:
        return_to_clerk(
            session,
            actor=year.actor(SUZUKI),
            inspection_id=year.sheets[AFFAIRS.code],
            reason="証跡を付けてください",
            seen_version=year.sheet(AFFAIRS).version,
            now=year.now,
        )
    assert attach(year, a_file()).added == 1


# ------------------------------------------------------------------------------------- one for several


def test_one_piece_stands_beside_several_items_and_comes_off_each_on_its_own(year: Year) -> None:
    attach(year, a_file())
    (piece,) = standing(year)
    assert link(year, piece, key="D02") == 1
    assert link(year, piece, key="D02") == 0
    unlink(year, piece)
    unlink(year, piece)
    assert (standing(year), standing(year, "D02")) == ([], [piece])
    assert link(year, piece, key="D01") == 1
    assert standing(year) == [piece]


def test_another_units_piece_is_not_found_and_a_withdrawn_one_not_taken(
    year: Year, database: Database
) -> None:
    attach(year, a_file(), cast=TAKAHASHI, place=COUNTER)
    (theirs,) = standing(year, place=COUNTER)
    with pytest.raises(NotFound):
        link(year, theirs)
    attach(year, a_file())
    (piece,) = standing(year)
    with pytest.raises(NotNow, match="先に、その項目から"):
        withdraw(year, piece)
    unlink(year, piece)
    withdraw(year, piece)
    with pytest.raises(NotNow, match="取り下げられた"):
        link(year, piece)
    with pytest.raises(NotNow):
        withdraw(year, piece)
    with database.reading() as session:
        assert session.get_one(Evidence, piece).withdrawn_by == SATO.id


def test_nothing_chosen_and_too_many_are_refused(year: Year) -> None:
    with pytest.raises(InvalidInput, match="選んでください"):
        link(year)
    attach(year, *(a_file(f"{n}.pdf", bytes([n])) for n in range(30)))
    with pytest.raises(InvalidInput, match="30件まで"):
        attach(year, a_file("one-more.pdf", b"more"))


def test_a_sheet_has_its_share_of_the_disk(year: Year) -> None:
    attach(year, a_file("a.pdf", b"1", size=60), quota=100)
    attach(year, a_file("a.pdf", b"1", size=60), key="D02", quota=100)
    with pytest.raises(InvalidInput, match="上限を超えます"):
        attach(year, a_file("b.pdf", b"2", size=50), quota=100)


# ------------------------------------------------------------------------------------- words and dates


def test_words_and_dates_change_while_the_sheet_is_answered(year: Year, database: Database) -> None:
    attach(year, a_file())
    (piece,) = standing(year)
    describe(year, piece, said("規程 第3版", expires_on=date(2027, 3, 31)))
    with pytest.raises(StaleVersion):
        describe(year, piece, said("同時に"), seen=1)
    with pytest.raises(InvalidInput, match="有効期限は"):
        describe(year, piece, said("規程", expires_on=date(2026, 1, 1)), seen=2)
    with pytest.raises(InvalidInput, match="1年より先"):
        describe(year, piece, said("規程", stands_for=date(2030, 1, 1)), seen=2)
    with pytest.raises(InvalidInput, match="名前を書いて"):
        describe(year, piece, said(""), seen=2)
    with pytest.raises(InvalidInput, match="向きを変える"):
        describe(year, piece, said("a\u202eb"), seen=2)
    with database.reading() as session:
        page = piece_page(session, actor=year.actor(ITO), evidence_id=piece, today=TODAY)
    assert (page.piece.title, page.may_change, page.piece.expired(date(2027, 4, 1))) == (
        "規程 第3版",
        False,
        True,
    )


def test_a_reference_says_where(year: Year, database: Database) -> None:
    with pytest.raises(InvalidInput, match="どちらかを"), database.transaction() as session:
        attach_reference(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id("D01"),
            description=said("台帳"),
            now=year.now,
        )


# ------------------------------------------------------------------------------------------- the pages


def test_a_piece_with_a_key_from_before_is_found_as_it_was(year: Year, database: Database) -> None:
    attach(year, a_file("嶋田台帳.pdf", b"1"))
    attach(year, a_file("國島台帳.pdf", b"2"), key="D02")
    (before,) = standing(year)
    with database.transaction() as session:
        session.execute(update(Evidence).where(Evidence.id == before).values(search_key="嶋田台帳.pdf"))

    def titles(words: str) -> list[str]:
        with database.reading() as session:
            page = library_page(
                session,
                actor=year.actor(SATO),
                unit_id=AFFAIRS.id,
                wanted=LibraryFilter(words=words),
                number=1,
                today=TODAY,
            )
        return [piece.title for piece in page.found.pieces]

    assert titles("嶋田") == ["嶋田台帳.pdf"]
    assert titles("国嶋") == ["國島台帳.pdf"]


def test_a_library_is_searched_by_name_year_and_item(year: Year, database: Database) -> None:
    attach(year, a_file("ﾀﾞｲﾁｮｳ.pdf", b"1"))
    attach(year, a_file("規程.pdf", b"2"), key="D02")
    (old,) = standing(year, "D02")
    describe(year, old, said("規程", stands_for=date(2025, 5, 1), expires_on=date(2026, 3, 31)))

    def titles(wanted: LibraryFilter) -> list[str]:
        with database.reading() as session:
            page = library_page(
                session, actor=year.actor(SATO), unit_id=AFFAIRS.id, wanted=wanted, number=1, today=TODAY
            )
        return [piece.title for piece in page.found.pieces]

    assert titles(LibraryFilter()) == ["ﾀﾞｲﾁｮｳ.pdf", "規程"]
    assert titles(LibraryFilter(words="だいちょう")) == ["ﾀﾞｲﾁｮｳ.pdf"]
    assert titles(LibraryFilter(words="100%_")) == []
    assert titles(LibraryFilter(year=2025)) == ["規程"]
    assert titles(LibraryFilter(item="D01")) == ["ﾀﾞｲﾁｮｳ.pdf"]
    with database.reading() as session:
        page = library_page(
            session, actor=year.actor(ITO), unit_id=AFFAIRS.id, wanted=LibraryFilter(), number=9, today=TODAY
        )
        assert (page.found.expired, page.found.number) == (1, 1)
        assert [use.item.key for use in page.uses[old]] == ["D02"]
        with pytest.raises(NotFound):
            library_page(
                session,
                actor=year.actor(TAKAHASHI),
                unit_id=AFFAIRS.id,
                wanted=LibraryFilter(),
                number=1,
                today=TODAY,
            )


def test_pages_ask_the_same_however_many_pieces_there_are(year: Year, database: Database) -> None:
    actor, sheet, item = year.actor(SATO), year.sheets[AFFAIRS.code], year.item_id("D01")

    def counts() -> list[int]:
        found = []
        for query in (
            lambda session: content_of_sheet(session, sheet=year_sheet),
            lambda session: sheet_evidence_page(session, actor=actor, inspection_id=sheet, today=TODAY),
            lambda session: item_evidence_page(
                session, actor=actor, inspection_id=sheet, item_id=item, words="", number=1, today=TODAY
            ),
            lambda session: library_page(
                session,
                actor=actor,
                unit_id=AFFAIRS.id,
                wanted=LibraryFilter(item="D01"),
                number=1,
                today=TODAY,
            ),
        ):
            with database.reading() as session, statements() as sent:
                query(session)
            found.append(len(sent))
        return found

    year_sheet = year.sheet(AFFAIRS)
    attach(year, a_file("first.pdf", b"first"))
    counts()
    few = counts()
    attach(year, *(a_file(f"{n}.pdf", bytes([n])) for n in range(25)))
    link(year, *standing(year), key="D02")
    assert counts() == few
    assert few[0] == 3
