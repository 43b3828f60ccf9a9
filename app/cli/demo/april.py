"""Two reorganisations: a division renamed in 令和8年4月, and 令和9年4月1日, prepared in November and waiting for who tries the system out."""

from datetime import date
from typing import Final

from app.cli.demo.city import FIRST_YEAR, MANAGER, REVIEWERS, SECOND_YEAR
from app.cli.demo.desk import People
from app.cli.demo.way import at_minute
from app.inspections.queries.open_work import SHEET, OpenSheets
from app.kernel.ports import Ports
from app.organisation.commands.reorganisations import (
    ReorganisationDraft,
    choose_successors,
    confirm_reorganisation,
    edit_reorganisation,
    prepare_reorganisation,
)
from app.organisation.queries import unit_ids_by_code
from app.organisation.queries.reorganisations import tree_of_day
from app.organisation.rules import (
    AbolishUnit,
    AlterUnit,
    Edit,
    HandTaskOver,
    MergeUnits,
    NewUnit,
    Part,
    PolicyOwner,
    SplitUnit,
    UnitKind,
    edited,
)
from app.systems.queries import OwnedSystems

DAY: Final = date(2027, 4, 1)
PREPARED: Final = at_minute(date(2026, 11, 17), 640)


def _division(code: str, name: str, kana: str, *, parent: str, order: int) -> NewUnit:
    return NewUnit(
        row=0,
        code=code,
        name=name,
        kana=kana,
        kind=UnitKind.DIVISION,
        policy_owner=PolicyOwner.MAYOR,
        parent_code=parent,
        sort_order=order,
    )


ZERO_CARBON: Final = AlterUnit(
    code="7010",
    unit=_division("7010", "ゼロカーボン推進課", "ぜろかーぼんすいしんか", parent="7000", order=710),
)
EDITS: Final[tuple[Edit, ...]] = (
    AlterUnit(code="2050", unit=_division("2050", "危機管理課", "ききかんりか", parent="2000", order=250)),
    SplitUnit(
        code="4010",
        parts=(
            Part(unit=_division("4011", "窓口サービス課", "まどぐちさーびすか", parent="4000", order=410)),
            Part(
                unit=_division("4012", "戸籍住民課", "こせきじゅうみんか", parent="4000", order=411),
                subject="戸籍と住民記録に関する事務",
            ),
        ),
        rest="4011",
    ),
    MergeUnits(
        codes=("7510", "7520"),
        unit=_division("7530", "まちづくり課", "まちづくりか", parent="7500", order=760),
    ),
    AbolishUnit(code="4040", handed_to="4011"),
    HandTaskOver(code="1040", to="1020", subject="統計に関する事務"),
)


def _ports() -> Ports:
    ports = Ports()
    ports.open_work += [OpenSheets(), OwnedSystems()]
    return ports


def rename_in_april(people: People) -> None:
    """環境政策課 becomes ゼロカーボン推進課: prepared by a reviewer, confirmed by the manager."""
    day, ports = date(2026, 4, 1), _ports()
    prepared, decided = at_minute(date(2026, 3, 10), 630), at_minute(date(2026, 3, 12), 600)
    session = people.session
    tree = edited(tree_of_day(session, day=day), ZERO_CARBON, known={"7010"})
    draft = ReorganisationDraft(title="令和8年4月1日の組織改正", effective_on=day, tree=tree)
    made = prepare_reorganisation(
        session,
        actor=people.actor(REVIEWERS[FIRST_YEAR][0], now=prepared),
        draft=draft,
        ports=ports,
        now=prepared,
    )
    confirm_reorganisation(
        session,
        actor=people.actor(MANAGER, now=decided),
        reorganisation_id=made,
        seen_version=1,
        ports=ports,
        now=decided,
    )


def prepare_april(people: People) -> None:
    """A reviewer prepares it step by step, and has given the first of the open things a successor."""
    ports = _ports()
    people.turn_the_page()
    session, actor = people.session, people.actor(REVIEWERS[SECOND_YEAR][0], now=PREPARED)
    draft = ReorganisationDraft(
        title="令和9年4月1日の組織改正", effective_on=DAY, tree=tree_of_day(session, day=DAY)
    )
    made = prepare_reorganisation(session, actor=actor, draft=draft, ports=ports, now=PREPARED)
    for version, edit in enumerate(EDITS, start=1):
        edit_reorganisation(
            session,
            actor=actor,
            reorganisation_id=made,
            seen_version=version,
            edit=edit,
            ports=ports,
            now=PREPARED,
        )
    counter = unit_ids_by_code(session, codes=["4010"])["4010"]
    first = next(
        thing
        for thing in ports.open_things(session, unit_ids=[counter], day=PREPARED.date())
        if thing.kind == SHEET
    )
    choose_successors(
        session,
        actor=actor,
        reorganisation_id=made,
        seen_version=len(EDITS) + 1,
        choices={(first.kind, first.id): "4011"},
        ports=ports,
        now=PREPARED,
    )
