"""Each command is refused where the table of steps has no step, and to whoever has no permission; and then nothing is written.

Everything is drawn from STEPS and from the commands' own signatures: a step, a command or a parameter that is new and not
tested here fails.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Final

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.actor import Actor, Function
from app.access.permissions import Permission
from app.access.policy import REASONS, Subject, may, verdict
from app.db.engine import make_engine
from app.db.registry import METADATA
from app.db.session import Database
from app.inspections.commands import (
    answer,
    campaign,
    extension,
    hand_over,
    next_year,
    reopening,
    review,
    sign_off,
    special,
)
from app.inspections.commands.answer import AnswerDraft
from app.inspections.commands.review import JudgementDraft, PageOfJudgements
from app.inspections.queries.sheet import content_of_sheet, find_sheet, profile_version, subject_of
from app.inspections.rules import (
    ANSWERABLE,
    REVIEWABLE,
    SEALED,
    STEPS,
    Action,
    Judgement,
    State,
)
from app.inspections.rules.extension import EXTENDABLE
from app.journal.models import JournalHead
from app.kernel.clock import business_date
from app.kernel.errors import NotAllowed, NotFound, NotNow, Refusal
from app.kernel.ids import UnitId
from app.people.queries import actor_on
from tests.databases import copy_of
from tests.factories.inspections import DATES, WAY, Year, at_grace_end, running_year
from tests.people import AFFAIRS, EVERYBODY, KIMURA

Command = Callable[..., object]
COMMAND_OF: Final[Mapping[Action, Command]] = {
    Action.SUBMIT: hand_over.hand_over,
    Action.WITHDRAW: hand_over.withdraw,
    Action.APPROVE: hand_over.approve,
    Action.RETURN_TO_CLERK: hand_over.return_to_clerk,
    Action.START_REVIEW: review.judge_items,
    Action.RETURN_ITEMS: review.return_items,
    Action.CANCEL_RETURN: review.cancel_return,
    Action.FINISH_REVIEW: review.finish_review,
    Action.RETAKE_REVIEW: review.retake_review,
    Action.RESUME_REVIEW: review.resume_review,
    Action.SIGN_OFF: sign_off.sign_off,
    Action.CLOSE_UNSUBMITTED: sign_off.close_unsubmitted,
    Action.EXCLUDE: sign_off.exclude,
}
"""What carries out each action. The first judgement starts the review."""
_P = Permission


@dataclass(frozen=True, slots=True)
class Rule:
    """What a command asks for, and the states in which it may go on."""

    permission: Permission
    states: frozenset[State]


WITHOUT_A_STEP: Final[Mapping[Command, Rule]] = {
    answer.record_answers: Rule(_P.UNIT_INSPECTION_ANSWER, ANSWERABLE),
    answer.confirm_profile: Rule(_P.UNIT_INSPECTION_ANSWER, frozenset({State.ANSWERING})),
    review.judge_items: Rule(_P.UNIT_INSPECTION_REVIEW, REVIEWABLE),
    review.save_page: Rule(_P.UNIT_INSPECTION_REVIEW, REVIEWABLE),
    review.save_and_return: Rule(_P.UNIT_INSPECTION_REVIEW, REVIEWABLE),
    review.save_and_finish: Rule(_P.UNIT_INSPECTION_REVIEW, REVIEWABLE),
    review.clear_judgement: Rule(_P.UNIT_INSPECTION_REVIEW, frozenset({State.UNDER_REVIEW})),
    reopening.request_reopening: Rule(_P.UNIT_INSPECTION_REOPEN_REQUEST, SEALED),
    # Nobody asked in any of these towns, so nothing can be decided or taken back in any state.
    reopening.confirm_reopening: Rule(_P.UNIT_INSPECTION_REOPEN_CONFIRM, frozenset()),
    reopening.decline_reopening: Rule(_P.UNIT_INSPECTION_REOPEN_CONFIRM, frozenset()),
    reopening.withdraw_reopening: Rule(_P.UNIT_INSPECTION_REOPEN_REQUEST, frozenset()),
    extension.request_extension: Rule(_P.UNIT_EXTENSION_REQUEST, EXTENDABLE),
    extension.grant_extension: Rule(_P.UNIT_EXTENSION_DECIDE, frozenset()),
    extension.decline_extension: Rule(_P.UNIT_EXTENSION_DECIDE, frozenset()),
    extension.withdraw_extension: Rule(_P.UNIT_EXTENSION_REQUEST, frozenset()),
}
"""Commands that change a sheet without moving it on its way."""
ASKED_AT: Final = {
    reopening.confirm_reopening: State.SIGNED_OFF,
    reopening.decline_reopening: State.SIGNED_OFF,
    reopening.withdraw_reopening: State.SIGNED_OFF,
    extension.grant_extension: State.ANSWERING,
    extension.decline_extension: State.ANSWERING,
    extension.withdraw_extension: State.ANSWERING,
}
"""Where the permission is tested of a command that may go on in none of the towns."""


def rules() -> Iterator[tuple[Command, Rule]]:
    """Yield every command with its rule."""
    for action in COMMAND_OF:
        steps = [step for step in STEPS if step.action is action]
        if COMMAND_OF[action] not in WITHOUT_A_STEP:
            [permission] = {step.permission for step in steps}
            yield COMMAND_OF[action], Rule(permission, frozenset(step.source for step in steps))
    yield from WITHOUT_A_STEP.items()


def named(value: object) -> str:
    """Return how a case is called."""
    return str(value) if isinstance(value, State) else getattr(value, "__name__", "rule")


NOT_NOW: Final = [(c, rule, state) for c, rule in rules() for state in State if state not in rule.states]
NOT_ALLOWED: Final = [
    (command, rule, state)
    for command, rule in rules()
    for state in sorted(rule.states or {ASKED_AT[command]})
]


# ------------------------------------------------------------------------------- the towns, one for each state


@dataclass(frozen=True, slots=True)
class People:
    """A town with its people as they are, and what the permission table knows of the sheet."""

    year: Year
    subject: Subject
    real: tuple[Actor, ...]

    @classmethod
    def of(cls, year: Year) -> "People":
        """Look at a town."""
        day = business_date(year.now)
        with year.database.reading() as session:
            manager = actor_on(session, person_id=KIMURA.id, day=day)
            sheet = find_sheet(session, actor=manager, inspection_id=year.sheets[AFFAIRS.code])
            subject = subject_of(session, sheet=sheet, today=day)
            return cls(year, subject, tuple(actor_on(session, person_id=c.id, day=day) for c in EVERYBODY))

    @property
    def imagined(self) -> list[Actor]:
        """Return everybody also with each further role: whoever took part in the sheet would else hold too few."""
        unit = frozenset({AFFAIRS.id})
        nowhere = dict.fromkeys(
            ("member_of", "head_of", "deputy_of", "clerk_of", "oversees"), frozenset[UnitId]()
        )
        roles: list[dict[str, Any]] = [
            {},
            {"head_of": unit, "oversees": unit},
            {"deputy_of": unit},
            {"clerk_of": unit},
            {"substitutes_for": unit},
            *({"functions": frozenset({function})} for function in Function),
            # Somebody who has moved on to another office since.
            *({"functions": frozenset({function}), **nowhere} for function in Function),
        ]
        return [replace(actor, **role) for actor in self.real for role in roles]


Town = Callable[[State], People]


@pytest.fixture(scope="module")
def town(city_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Return a city with 総務課's sheet at a state: made once, for no test changes it."""
    made: dict[State, People] = {}
    with ExitStack() as stack:

        def at(state: State) -> People:
            if state not in made:
                url = stack.enter_context(copy_of(city_template, folder=tmp_path_factory.mktemp("town")))
                database = Database(make_engine(url))
                stack.callback(database.engine.dispose)
                made[state] = People.of(inspection_at(database, state=state))
            return made[state]

        yield at


def inspection_at(database: Database, *, state: State) -> Year:
    """Bring a sheet to any state, by the real commands."""
    year = running_year(database)
    if state in WAY:
        year.bring(AFFAIRS, to=state)
    elif state is State.CLOSED_UNSUBMITTED:
        year.now = at_grace_end()
        year.close_unsubmitted(AFFAIRS)
    else:
        assert state is State.EXCLUDED
        with database.transaction() as session:
            sign_off.exclude(
                session,
                actor=year.actor(KIMURA),
                inspection_id=year.sheets[AFFAIRS.code],
                reason="統合のため",
                now=year.now,
            )
    assert year.sheet(AFFAIRS).state is state
    return year


class Call:
    """A command with arguments that are right for the sheet as it stands: only the state or the person is wrong."""

    def __init__(self, session: Session, *, year: Year, command: Command) -> None:
        self.session, self.year, self.command = session, year, command
        manager = actor_on(session, person_id=KIMURA.id, day=business_date(year.now))
        self.sheet = find_sheet(session, actor=manager, inspection_id=year.sheets[AFFAIRS.code])
        self.content = content_of_sheet(session, sheet=self.sheet)
        # One of the items that are sent back on the way to RETURNED.
        self.item = next(item for item in self.content.items if item.key == "D02")

    def made_by(self, actor: Actor) -> object:
        """Carry the command out; a parameter that nobody thought of here is a KeyError."""
        given: dict[str, Callable[[], Any]] = {
            "session": lambda: self.session,
            "actor": lambda: actor,
            "inspection_id": lambda: self.sheet.id,
            "item_id": lambda: self.item.id,
            "now": lambda: self.year.now,
            "reason": lambda: "理由を書いた。",
            "until": lambda: DATES.review_due,
            "comment": lambda: "",
            "seen_digest": lambda: self.content.digest,
            "seen_version": self._seen_version,
            "flags": lambda: {flag.code: True for flag in self.sheet.edition.flags},
            "drafts": lambda: [
                self._answer() if self.command is answer.record_answers else self._judgement()
            ],
            "page": lambda: PageOfJudgements(drafts=(self._judgement(),), cleared={}),
        }
        wanted = inspect.signature(self.command).parameters
        return self.command(**{name: given[name]() for name in wanted})

    def _seen_version(self) -> int:
        if self.command is answer.confirm_profile:
            return profile_version(self.session, revision_id=self.sheet.revision_id)
        if self.command is review.clear_judgement:
            return self._judged
        return self.sheet.version

    @property
    def _judged(self) -> int:
        stored = self.content.reviews.get(self.item.id)
        return stored.version if stored else 0

    @property
    def _answered(self) -> int:
        stored = self.content.answers.get(self.item.id)
        return stored.version if stored else 0

    def _answer(self) -> AnswerDraft:
        return AnswerDraft(
            item_id=self.item.id,
            level="partial",
            comment="理由を書いた。",
            seen_version=self._answered,
            client_id="refused",
        )

    def _judgement(self) -> JudgementDraft:
        return JudgementDraft(
            item_id=self.item.id,
            judgement=Judgement.RETURNED,
            reviewed_level=None,
            remark="控えの日付を確かめてください。",
            return_due=DATES.review_due,
            seen_answer_version=self._answered,
            seen_version=self._judged,
        )


def written(session: Session) -> tuple[dict[str, int], set[tuple[object, ...]], object]:
    """Return how many rows each table has, every head of the journal, and where the sheets stand."""
    session.flush()
    tables = METADATA.sorted_tables
    rows = select(*(select(func.count()).select_from(table).scalar_subquery() for table in tables))
    counts = dict(zip((table.name for table in tables), session.execute(rows).one(), strict=True))
    heads = session.execute(
        select(JournalHead.subject_type, JournalHead.subject_id, JournalHead.sequence, JournalHead.digest)
    )
    sheets = session.execute(select(METADATA.tables["revision"])).all()
    return counts, {tuple(row) for row in heads}, sorted(map(tuple, sheets), key=repr)


def refused(year: Year, *, command: Command, actor: Actor) -> type[Refusal] | None:
    """Carry a command out and take back what it did; return how it was refused."""
    with _taken_back(year) as session:
        return _refusal(Call(session, year=year, command=command), actor=actor)


def refused_without_a_trace(year: Year, *, command: Command, actor: Actor) -> type[Refusal] | None:
    """The same, and what was written before the refusal would show: it is looked for before it is taken back."""
    with _taken_back(year) as session:
        call, before = Call(session, year=year, command=command), written(session)
        refusal = _refusal(call, actor=actor)
        assert written(session) == before
        return refusal


@contextmanager
def _taken_back(year: Year) -> Iterator[Session]:
    with suppress(_Undone), year.database.transaction() as session:
        yield session
        raise _Undone


class _Undone(Exception):  # noqa: N818 - ends a transaction on purpose
    """Nothing of a transaction stays."""


def _refusal(call: Call, *, actor: Actor) -> type[Refusal] | None:
    try:
        call.made_by(actor)
    except Refusal as found:
        return type(found)
    return None


# ------------------------------------------------------------------------------------------ is all of it here?


def commands_of(module: ModuleType) -> set[Command]:
    """Return the public functions of a module that change one sheet in somebody's name."""
    return {
        function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and {"session", "actor", "inspection_id", "now"} <= inspect.signature(function).parameters.keys()
    }


def test_every_step_of_the_table_has_its_command() -> None:
    assert set(COMMAND_OF) == {step.action for step in STEPS} == set(Action)


def test_every_command_of_a_sheet_is_tested_here() -> None:
    found = set().union(
        *map(commands_of, (answer, hand_over, review, sign_off, reopening, campaign, extension))
    )
    # Opens a campaign again when one of its sheets is reopened: a part of confirm_reopening, with its permission.
    found -= {getattr(campaign, "reopen_for_sheet", None)}
    assert found == {command for command, _ in rules()}


def test_every_state_without_a_step_is_a_case() -> None:
    steps = {(COMMAND_OF[step.action], step.source) for step in STEPS}
    refused_here = {(command, state) for command, _, state in NOT_NOW}
    assert not steps & refused_here
    for action, command in COMMAND_OF.items():
        if action is not Action.START_REVIEW:
            allowed = {state for other, state in steps if other is command}
            assert {state for other, state in refused_here if other is command} == set(State) - allowed


# --------------------------------------------------------------------------------------------- the refusals


@pytest.mark.parametrize(("command", "rule", "state"), NOT_NOW, ids=named)
def test_a_command_waits_where_the_table_has_no_step(
    town: Town, command: Command, rule: Rule, state: State
) -> None:
    people = town(state)
    able = [one for one in people.real if may(rule.permission, actor=one, subject=people.subject)]
    assert able, "nobody holds the permission: the state would not be what refuses"
    assert refused_without_a_trace(people.year, command=command, actor=able[0]) is NotNow


@pytest.mark.parametrize(("command", "rule", "state"), NOT_ALLOWED, ids=named)
def test_a_command_is_refused_to_everybody_without_its_permission(
    town: Town, command: Command, rule: Rule, state: State
) -> None:
    people = town(state)
    cases: dict[tuple[str, type[Refusal]], Actor] = {}
    for actor in (*people.real, *people.imagined):
        outcome = verdict(rule.permission, actor=actor, subject=people.subject)
        if not outcome.allowed:
            seen = may(Permission.UNIT_INSPECTION_READ, actor=actor, subject=people.subject)
            reason = outcome.failed.__name__ if outcome.failed else ""
            cases.setdefault((reason, NotAllowed if seen else NotFound), actor)
    assert {expected for _, expected in cases} == {NotAllowed, NotFound}
    for (reason, expected), actor in cases.items():
        outcome_of_it = refused_without_a_trace(people.year, command=command, actor=actor)
        assert outcome_of_it is expected, (reason, actor.name)


def test_every_reason_of_the_permission_table_is_among_the_refusals(town: Town) -> None:
    reasons = set()
    for _, rule, state in NOT_ALLOWED:
        people = town(state)
        verdicts = (verdict(rule.permission, actor=one, subject=people.subject) for one in people.imagined)
        reasons |= {one.failed.__name__ for one in verdicts if one.failed}
    # Who did not ask, and whose sheet it is, are tested with requests to reopen and with the lead division's own sheet.
    assert reasons >= set(REASONS) - {"did_not_request", "is_another_divisions"}


def test_the_same_call_is_not_refused_where_it_may_go_on(town: Town) -> None:
    """The refusals above come from the state and the person, not from arguments that are wrong anyway."""
    goes_on = {
        (command, state)
        for command, rule, state in NOT_ALLOWED
        if any(
            refused(town(state).year, command=command, actor=actor) is None
            for actor in town(state).real
            if may(rule.permission, actor=actor, subject=town(state).subject)
        )
    }
    waits = {
        (command.__name__, state.value)
        for command, _, state in NOT_ALLOWED
        if (command, state) not in goes_on
    }
    # These wait for a guard in the towns as they are: nothing is answered, marked or past its date, or nobody asked. What was
    # sent back is due when the review is, so it gets no more time.
    assert waits == {
        ("hand_over", "answering"),
        ("hand_over", "returned"),
        ("return_items", "under_review"),
        ("save_and_finish", "submitted"),
        ("save_and_finish", "under_review"),
        ("close_unsubmitted", "answering"),
        ("close_unsubmitted", "awaiting_head"),
        ("confirm_reopening", "signed_off"),
        ("decline_reopening", "signed_off"),
        ("withdraw_reopening", "signed_off"),
        ("request_extension", "returned"),
        ("request_extension", "awaiting_reapproval"),
        ("grant_extension", "answering"),
        ("decline_extension", "answering"),
        ("withdraw_extension", "answering"),
    }


# ---------------------------------------------------------------------------------- commands of a whole campaign


OF_A_CAMPAIGN: Final[Mapping[Command, Permission]] = {
    campaign.prepare_campaign: _P.CITY_CAMPAIGN_PREPARE,
    campaign.change_campaign: _P.CITY_CAMPAIGN_PREPARE,
    campaign.discard_campaign: _P.CITY_CAMPAIGN_PREPARE,
    campaign.open_campaign: _P.CITY_CAMPAIGN_OPEN,
    campaign.add_unit: _P.CITY_CAMPAIGN_OPEN,
    campaign.close_campaign: _P.CITY_CAMPAIGN_OPEN,
    next_year.prepare_next_year: _P.CITY_CAMPAIGN_PREPARE,
    next_year.add_units_to_draft: _P.CITY_CAMPAIGN_PREPARE,
    special.prepare_special: _P.CITY_CAMPAIGN_PREPARE,
    special.change_special: _P.CITY_CAMPAIGN_PREPARE,
    special.open_special: _P.CITY_CAMPAIGN_OPEN,
}
"""What each command that changes a campaign asks for, before it looks at anything else."""


def test_every_command_of_a_campaign_is_tested_here() -> None:
    found = {
        function
        for module in (campaign, next_year, special)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and {"session", "actor", "now"} <= inspect.signature(function).parameters.keys()
    }
    assert found - {campaign.reopen_for_sheet} == set(OF_A_CAMPAIGN)


@pytest.mark.parametrize("command", OF_A_CAMPAIGN, ids=named)
def test_a_campaigns_command_is_refused_to_everybody_without_its_permission(
    town: Town, command: Command
) -> None:
    people = town(State.ANSWERING)
    refused_to = [actor for actor in people.real if not may(OF_A_CAMPAIGN[command], actor=actor)]
    assert refused_to
    given: dict[str, Any] = {
        "campaign_id": people.year.campaign_id,
        "unit_id": AFFAIRS.id,
        "unit_ids": [AFFAIRS.id],
        "reason": "理由を書いた。",
        "seen_version": 2,
        "now": people.year.now,
        # Nothing of it is read before the permission.
        "draft": object(),
    }
    wanted = inspect.signature(command).parameters
    arguments = {name: given[name] for name in wanted if name not in {"session", "actor"}}
    for actor in refused_to:
        with _taken_back(people.year) as session:
            before = written(session)
            with pytest.raises(NotAllowed):
                command(session, actor=actor, **arguments)
            assert written(session) == before
