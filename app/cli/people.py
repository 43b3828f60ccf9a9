"""flask people: the list of staff, functions, duties and accounts."""

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Final

import click
from flask.cli import AppGroup

from app.cli.terminal import (
    FILE,
    OUTCOME,
    Day,
    by_whom,
    count_line,
    day_after,
    named_actor,
    now,
    refusals,
    today,
)
from app.db.session import reading, transaction
from app.kernel.errors import InvalidInput
from app.organisation.commands import assign_unit_function
from app.organisation.files import RowsRefused
from app.organisation.rules import Outcome, UnitFunction
from app.people.commands import (
    assign_person_function,
    confirm_recovery,
    create_account,
    create_accounts,
    hash_password,
    import_people,
    name_for_duty,
    new_first_password,
    request_recovery,
)
from app.people.files import FirstPassword, first_passwords_csv, posting_rows
from app.people.queries import (
    Newcomer,
    people_without_account,
    person_by_staff_no,
    planned_people,
    unit_of_code,
)
from app.people.rules import STAFF_TERM, Duty, PersonFunction, PostingRow, Term, contractor_term

people_cli = AppGroup("people", help="職員、役割、利用者")

_FUNCTIONS: Final = [function.value for function in (*UnitFunction, *PersonFunction)]


@people_cli.command(
    "import", help="職員の一覧（CSV）を取り込む。直すところが一つでもあれば、何も取り込まない"
)
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="確かめるだけで、取り込まない")
@click.option("--by", "staff_no", help="取り込むシステム管理者の職員番号（なければOSの利用者名だけを記録）")
def import_command(file: Path, *, dry_run: bool, staff_no: str | None) -> None:
    """Read in a list of staff, or say what that would do."""
    with refusals():
        rows = _rows(file)
        if dry_run:
            with reading() as session:
                plan = planned_people(session, rows=rows, today=today())
        else:
            with transaction() as session:
                by = by_whom(session, staff_no=staff_no)
                plan = import_people(session, rows=rows, by=by, now=now())
    heading = "確かめました（取り込んでいません）" if dry_run else "取り込みました"
    new = sum(outcome is Outcome.NEW for _, outcome in plan.names.values())
    renamed = sum(outcome is Outcome.CHANGED for _, outcome in plan.names.values())
    click.echo(f"{heading}：{count_line(Counter(outcome for _, outcome in plan.postings))}")
    click.echo(f"職員 {len(plan.names)}名（新しい職員 {new}名、氏名の変更 {renamed}名）")


def _rows(file: Path) -> tuple[PostingRow, ...]:
    """Read the list; a refusal names every problem, of the rows and of how they fit what is stored."""
    try:
        return posting_rows(file.read_bytes())
    except RowsRefused as refusal:
        with reading() as session:
            found = refusal.with_problems_of(lambda rows: planned_people(session, rows=rows, today=today()))
        raise found from refusal


@people_cli.command("function", help="所属か職員に、期間を決めて役割を与える")
@click.argument("function", type=click.Choice(_FUNCTIONS))
@click.option("--unit", "unit_code", help="所属コード")
@click.option("--person", "staff_no", help="職員番号")
@click.option("--from", "first_day", type=Day(), required=True, help="最初の日")
@click.option("--to", "last_day", type=Day(), help="最後の日（なければ続く）")
@click.option("--by", required=True, help="与えるシステム管理者の職員番号")
def function_command(
    *,
    function: str,
    unit_code: str | None,
    staff_no: str | None,
    first_day: date,
    last_day: date | None,
    by: str,
) -> None:
    """Give a function to a unit or to a person."""
    of_unit = function in {one.value for one in UnitFunction}
    if (unit_code is None) is of_unit or (staff_no is None) is not of_unit:
        wanted = "--unit 所属コード" if of_unit else "--person 職員番号"
        raise click.UsageError(f"{function} には {wanted} を付けてください。")
    with refusals(), transaction() as session:
        actor = named_actor(session, staff_no=by)
        if unit_code is not None:
            outcome = assign_unit_function(
                session,
                unit_code=unit_code,
                function=UnitFunction(function),
                valid_from=first_day,
                valid_to=day_after(last_day),
                by=actor,
                now=now(),
            )
        else:
            outcome = assign_person_function(
                session,
                staff_no=staff_no or "",
                function=PersonFunction(function),
                valid_from=first_day,
                valid_to=day_after(last_day),
                by=actor,
                now=now(),
            )
    click.echo(f"{OUTCOME[outcome]}：{function}　{unit_code or staff_no}")


@people_cli.command("duty", help="点検担当者（clerk）か代決者（deputy）を指名する")
@click.argument("unit_code")
@click.argument("duty", type=click.Choice([duty.value for duty in Duty]))
@click.argument("staff_no")
@click.option("--from", "first_day", type=Day(), required=True, help="最初の日")
@click.option("--to", "last_day", type=Day(), help="最後の日（なければ続く）")
@click.option("--by", required=True, help="指名する所属長の職員番号")
def duty_command(
    *, unit_code: str, duty: str, staff_no: str, first_day: date, last_day: date | None, by: str
) -> None:
    """Name somebody for a duty, in the name of the head."""
    with refusals(), transaction() as session:
        unit = unit_of_code(session, code=unit_code, day=first_day)
        name_for_duty(
            session,
            actor=named_actor(session, staff_no=by),
            unit_id=unit.id,
            staff_no=staff_no,
            duty=Duty(duty),
            valid_from=first_day,
            valid_to=day_after(last_day),
            now=now(),
        )
    click.echo(f"指名しました：{unit.name}　{duty}　{staff_no}")


@people_cli.command("account", help="利用者を作る。最初のパスワードは一度だけ示す")
@click.argument("staff_no", required=False)
@click.option("--all", "everybody", is_flag=True, help="いま所属のある、利用者でない職員の全員")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="--all の最初のパスワードを書くCSV"
)
@click.option("--contractor", is_flag=True, help="外部委託の利用者。--until が要る")
@click.option("--until", type=Day(), help="外部委託の利用者の、利用の最後の日")
@click.option("--by", help="作るシステム管理者の職員番号（なければOSの利用者名だけを記録）")
def account_command(
    staff_no: str | None,
    *,
    everybody: bool,
    output: Path | None,
    contractor: bool,
    until: date | None,
    by: str | None,
) -> None:
    """Create one account, or one for everybody with a post."""
    if contractor is not (until is not None):
        raise click.UsageError("--contractor と --until 日付 は、いつも一緒に付けてください。")
    if everybody:
        if staff_no is not None or output is None or until is not None:
            raise click.UsageError("--all には --output ファイル だけを付けてください。")
        with refusals():
            _accounts_for_all(output, by=by)
        return
    if staff_no is None or output is not None:
        raise click.UsageError("職員番号か、--all --output ファイル を付けてください。")
    with refusals():
        term = contractor_term(until, today=today()) if until else STAFF_TERM
        _one_account(staff_no, term=term, by=by)


def _one_account(staff_no: str, *, term: Term, by: str | None) -> None:
    first = new_first_password()
    first_hash = hash_password(first)
    with transaction() as session:
        person = person_by_staff_no(session, staff_no=staff_no)
        create_account(
            session,
            person_id=person.id,
            first_hash=first_hash,
            by=by_whom(session, staff_no=by),
            now=now(),
            term=term,
        )
    click.echo(f"利用者を作りました：{person.staff_no}　{person.name}")
    click.echo(f"最初のパスワード（もう表示できません）：{first}")


def _accounts_for_all(output: Path, *, by: str | None) -> None:
    with reading() as session:
        newcomers = people_without_account(session, day=today())
    if not newcomers:
        click.echo("利用者でない職員はいません。")
        return
    firsts = [new_first_password() for _ in newcomers]
    # Argon2 releases the interpreter's lock, so every core helps.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        hashes = list(pool.map(hash_password, firsts))
    descriptor = _private_file(output)
    try:
        with transaction() as session, os.fdopen(descriptor, "wb") as file:
            created = create_accounts(
                session,
                hashes={one.person.id: first for one, first in zip(newcomers, hashes, strict=True)},
                by=by_whom(session, staff_no=by),
                now=now(),
            )
            lines = [
                _first_password(one, first)
                for one, first in zip(newcomers, firsts, strict=True)
                if one.person.id in created
            ]
            # On the disk before the commit: passwords that nobody knows would be worth nothing.
            file.write(first_passwords_csv(lines))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        output.unlink()
        raise
    click.echo(f"利用者を{len(created)}名作りました。最初のパスワードは {output} にあります。")
    click.echo("手渡したら、このファイルを消してください。")


def _private_file(path: Path) -> int:
    """Create a file that only its owner reads; one that exists is never overwritten."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InvalidInput.of(f"{path} はもうあります。別の名前にしてください。") from error
    except OSError as error:
        raise InvalidInput.of(f"{path} に書けません。書けるフォルダーを選んでください。") from error


def _first_password(one: Newcomer, first: str) -> FirstPassword:
    return FirstPassword(
        staff_no=one.person.staff_no, name=one.person.name, unit_name=one.unit_name, password=first
    )


@people_cli.command(
    "second-factor-remove", help="二段階認証を解除する。2人の名前が要る（端末をなくしたとき）"
)
@click.argument("staff_no")
@click.option("--by", required=True, help="申し出るシステム管理者の職員番号")
@click.option(
    "--confirmed-by",
    required=True,
    help="本人を確かめた、もう一人の職員番号（ほかのシステム管理者、本人の所属長、その上の所属長）",
)
@click.option("--reason", required=True, help="解除の理由。本人にも見える")
def second_factor_remove_command(staff_no: str, *, by: str, confirmed_by: str, reason: str) -> None:
    """Remove somebody's second factor, in the name of two persons."""
    with refusals(), transaction() as session:
        person = person_by_staff_no(session, staff_no=staff_no)
        recovery_id = request_recovery(
            session,
            actor=named_actor(session, staff_no=by),
            person_id=person.id,
            reason=reason,
            day=today(),
            now=now(),
        )
        confirm_recovery(
            session,
            actor=named_actor(session, staff_no=confirmed_by),
            recovery_id=recovery_id,
            day=today(),
            now=now(),
        )
    click.echo(f"二段階認証を解除しました：{person.staff_no}　{person.name}（次のログインで登録し直します）")


COMMANDS: Final[Sequence[click.Command]] = (people_cli,)
