"""Who is what on a day, and who stands in: no step ends in nobody."""

from datetime import date

import pytest

from app.access.actor import Function
from app.db.session import Database
from app.kernel.ids import PersonId
from app.organisation.queries import tree_on
from app.people.queries import (
    clerks_on,
    deputies_on,
    heads_on,
    holders_of,
    next_heads,
    next_signers,
    people_by_id,
)
from tests.integration.people.conftest import Office
from tests.people import (
    AFFAIRS,
    BRANCH,
    COUNTER,
    FIRST_DAY,
    GENERAL,
    HAYASHI,
    HIGASHI,
    ITO,
    KIMURA,
    LEAD,
    NAKAMURA,
    OGAWA,
    ONO,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    WATANABE,
    YAMADA,
    YOSHIDA,
    Cast,
    Place,
)

DAY = date(2026, 11, 20)
UNITS = [AFFAIRS.id, COUNTER.id, GENERAL.id]


def who(*people: Cast) -> frozenset[PersonId]:
    return frozenset(cast.id for cast in people)


def heads_instead(database: Database, unit: Place, *barred: Cast) -> frozenset[PersonId]:
    with database.reading() as session:
        tree = tree_on(session, day=DAY)
        [found] = next_heads(session, sheets=[(unit.id, who(*barred))], day=DAY, tree=tree)
        return found


def signers_instead(database: Database, unit: Place, *barred: Cast) -> frozenset[PersonId]:
    with database.reading() as session:
        [found] = next_signers(session, sheets=[(unit.id, who(*barred))], day=DAY)
        return found


def test_heads_deputies_and_clerks_by_unit(database: Database, office: Office) -> None:
    office.name(YOSHIDA, AFFAIRS, "deputy")
    with database.reading() as session:
        assert heads_on(session, unit_ids=UNITS, day=DAY) == {
            AFFAIRS.id: who(SUZUKI),
            COUNTER.id: who(YAMADA),
            GENERAL.id: who(ONO),
        }
        assert deputies_on(session, unit_ids=UNITS, day=DAY) == {AFFAIRS.id: who(YOSHIDA)}
        assert clerks_on(session, unit_ids=UNITS, day=DAY) == {
            AFFAIRS.id: who(SATO),
            COUNTER.id: who(TAKAHASHI),
        }
        assert heads_on(session, unit_ids=UNITS, day=FIRST_DAY.replace(year=2025)) == {}


@pytest.mark.parametrize(
    ("function", "people"),
    [
        # 中村 sits in the lead division too, and as an administrator is nothing else.
        (Function.REVIEWER, (TANAKA, KIMURA, HAYASHI)),
        (Function.MANAGER, (KIMURA,)),
        (Function.CHIEF, (OGAWA,)),
        (Function.CIO, (WATANABE,)),
        (Function.AUDITOR, (ITO,)),
        (Function.ADMINISTRATOR, (NAKAMURA,)),
    ],
)
def test_holders_of_functions(database: Database, function: Function, people: tuple[Cast, ...]) -> None:
    with database.reading() as session:
        assert holders_of(session, function=function, day=DAY) == who(*people)
        assert not holders_of(session, function=function, day=FIRST_DAY.replace(year=2025))


def test_an_auditor_may_be_named_too(database: Database, office: Office) -> None:
    office.function(YOSHIDA, "auditor")
    with database.reading() as session:
        assert holders_of(session, function=Function.AUDITOR, day=DAY) == who(ITO, YOSHIDA)


def test_people_by_id(database: Database) -> None:
    with database.reading() as session:
        found = people_by_id(session, person_ids=[TAKAHASHI.id, SATO.id])
    assert {one.name for one in found.values()} == {"髙橋 次郎", "佐藤 花子"}
    assert found[SATO.id].kana == "さとう はなこ"


def test_nobody_stands_in_while_the_head_is_free(database: Database) -> None:
    assert not heads_instead(database, AFFAIRS, SATO)


def test_nobody_stands_in_while_a_deputy_is_free(database: Database, office: Office) -> None:
    office.name(YOSHIDA, AFFAIRS, "deputy")
    assert not heads_instead(database, AFFAIRS, SUZUKI)


def test_the_next_higher_head_stands_in(database: Database) -> None:
    assert heads_instead(database, AFFAIRS, SUZUKI) == who(ONO)


def test_a_one_person_office_is_approved_from_above(database: Database) -> None:
    assert heads_instead(database, BRANCH, YOSHIDA) == who(HIGASHI)


def test_without_any_free_head_above_the_chief_stands_in(database: Database) -> None:
    assert heads_instead(database, AFFAIRS, SUZUKI, ONO) == who(OGAWA)
    assert heads_instead(database, GENERAL, ONO) == who(OGAWA)


def test_a_vacant_post_is_passed_over(database: Database, office: Office) -> None:
    office.leave(YAMADA, COUNTER, day=DAY)
    assert heads_instead(database, COUNTER) == who(HIGASHI)
    office.leave(HIGASHI, HIGASHI.unit, day=DAY)
    assert heads_instead(database, COUNTER) == who(OGAWA)


def test_a_head_who_is_administrator_cannot_be_counted_on(database: Database, office: Office) -> None:
    office.function(SUZUKI, "administrator")
    assert heads_instead(database, AFFAIRS) == who(ONO)


def test_nobody_signs_in_place_of_a_free_manager(database: Database) -> None:
    assert not signers_instead(database, AFFAIRS, SATO, SUZUKI, TANAKA)


def test_the_chief_signs_when_the_manager_reviewed(database: Database) -> None:
    assert signers_instead(database, AFFAIRS, KIMURA) == who(OGAWA)


def test_the_chief_signs_when_the_manager_has_a_post_or_duty_in_the_unit(
    database: Database, office: Office
) -> None:
    office.post(KIMURA, AFFAIRS, since=DAY)
    assert signers_instead(database, AFFAIRS) == who(OGAWA)
    office.name(KIMURA, COUNTER, "deputy")
    assert signers_instead(database, COUNTER) == who(OGAWA)


def test_the_lead_divisions_own_sheet_is_signed_one_level_higher(database: Database) -> None:
    assert signers_instead(database, LEAD) == who(OGAWA)


def test_the_cio_signs_when_the_chief_cannot(database: Database) -> None:
    assert signers_instead(database, LEAD, OGAWA) == who(WATANABE)
    assert signers_instead(database, AFFAIRS, KIMURA, OGAWA) == who(WATANABE)
