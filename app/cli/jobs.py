"""flask jobs: one round of the regular work, for a scheduler of the machine."""

from typing import Final, cast

import click
from flask import current_app
from flask.cli import AppGroup

from app.cli.terminal import now
from app.config import Settings
from app.health.texts import JOB
from app.jobs.round import Ending, Outcome, Round, run_round

jobs = AppGroup("jobs", help="定期の仕事")
NOT_DONE: Final = frozenset({Ending.FAILED, Ending.BROKEN_OFF})


@jobs.command("run", help="定期の仕事を一回りする（できないものがあれば 1 で終わる）")
def run_command() -> None:
    """Run every job once and print what each did; exit with 1 when one failed."""
    settings = cast("Settings", current_app.extensions["settings"])
    outcomes = run_round(Round(settings=settings, now=now(), ports=current_app.extensions["ports"]))
    for outcome in outcomes:
        click.echo(_line(outcome), err=outcome.ending in NOT_DONE)
    if any(outcome.ending in NOT_DONE for outcome in outcomes):
        raise SystemExit(1)


def _line(outcome: Outcome) -> str:
    if outcome.ending is Ending.ELSEWHERE:
        return f"― {JOB[outcome.job]}：ほかの処理が、いま行っています。"
    if outcome.ending in NOT_DONE:
        return f"× {JOB[outcome.job]}：できませんでした。上の記録に理由があります。次の回でやり直します。"
    return f"○ {JOB[outcome.job]}：{outcome.done} 件"


COMMANDS: Final = (jobs,)
