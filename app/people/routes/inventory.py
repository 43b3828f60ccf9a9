"""Pages of the account inventory (アカウント棚卸し): its rounds, confirming, how far it is, and lists for any day."""

from collections.abc import Callable, Collection, Sequence
from typing import Final
from urllib.parse import quote
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access.permissions import Permission
from app.access.policy import may
from app.db.session import reading
from app.kernel.errors import InvalidInput, Problem
from app.kernel.ids import AccountId
from app.people import texts
from app.people.commands.inventory import Confirmed, LinesChanged, confirm_accounts, open_round
from app.people.files import account_list_csv
from app.people.forms import (
    ErrorLink,
    InventoryRoundForm,
    TypedLine,
    TypedLines,
    error_links,
    typed_lines,
)
from app.people.queries import inventory, standing
from app.people.routes import blueprint
from app.people.rules.inventory import Decision, offered_quarters
from app.people.rules.standing import CONFLICTS, AccountList
from app.web.access import actor, now, requires, today
from app.web.forms import key_for_page, perform

UNPROCESSABLE: Final = 422


# --------------------------------------------------------------------------------------------- the rounds


@blueprint.get("/account-inventory")
@requires(Permission.CITY_ACCOUNT_INVENTORY_READ)
def inventory_rounds() -> str:
    """List the rounds; an administrator can open one."""
    return _rounds_page(InventoryRoundForm(formdata=None))


def _rounds_page(form: InventoryRoundForm) -> str:
    number = request.args.get("page", default=1, type=int)
    with reading() as session:
        page = inventory.rounds_page(session, actor=actor(), number=number, today=today())
    form.offer(page.quarters)
    if not form.is_submitted():
        form.due_on.data, form.suspend_on.data = page.due_on, page.suspend_on
    return render_template(
        "people/inventory_rounds.html",
        page=page,
        form=form,
        errors=error_links(form),
        key=key_for_page(),
        may_open=may(Permission.CITY_ACCOUNT_INVENTORY_MANAGE, actor=actor()),
        links=_links(
            page.number,
            last=page.last_number,
            total=page.total,
            size=inventory.PAGE_SIZE,
            shown=len(page.lines),
            address=lambda number: url_for("people.inventory_rounds", page=number),
        ),
        lists=texts.ACCOUNT_LIST,
    )


@blueprint.post("/account-inventory")
@requires(Permission.CITY_ACCOUNT_INVENTORY_MANAGE)
def open_inventory() -> ResponseReturnValue:
    """Open the round of a quarter."""
    form = InventoryRoundForm()
    # Whether a quarter has its round is the command's to say: the same form sent twice finds it there, and is content.
    form.offer(offered_quarters(today(), done=()))
    if not form.validate() or form.due_on.data is None or form.suspend_on.data is None:
        return _rounds_page(form), UNPROCESSABLE
    due_on, suspend_on = form.due_on.data, form.suspend_on.data

    def command(session: Session) -> UUID:
        return open_round(
            session, actor=actor(), quarter=form.chosen, due_on=due_on, suspend_on=suspend_on, now=now()
        )

    try:
        return perform(
            command,
            to=lambda round_id: url_for("people.inventory_round", round_id=round_id),
            message=f"{form.chosen.label}の棚卸しを始めました。確かめる人に、お知らせを送りました。",
        )
    except InvalidInput as refusal:
        form.take(refusal)
        return _rounds_page(form), UNPROCESSABLE


@blueprint.get("/account-inventory/<uuid:round_id>")
@requires(Permission.CITY_ACCOUNT_INVENTORY_READ)
def inventory_round(round_id: UUID) -> str:
    """Show how far a round is, by unit, and who is asked."""
    number = request.args.get("page", default=1, type=int)
    with reading() as session:
        page = inventory.progress_page(
            session, actor=actor(), round_id=round_id, number=number, today=today()
        )
    return render_template(
        "people/inventory_round.html",
        page=page,
        may_manage=may(Permission.CITY_ACCOUNT_MANAGE, actor=actor()),
        links=_links(
            page.number,
            last=page.last_number,
            total=page.total,
            size=inventory.PAGE_SIZE,
            shown=len(page.units),
            address=lambda number: url_for("people.inventory_round", round_id=round_id, page=number),
        ),
        texts=texts,
    )


# --------------------------------------------------------------------------------------------- confirming


@blueprint.get("/account-inventory/<uuid:round_id>/lines")
@requires(Permission.UNIT_ACCOUNT_INVENTORY_CONFIRM)
def inventory_lines(round_id: UUID) -> str:
    """Show the accounts for which one is asked."""
    return _lines_page(round_id)


@blueprint.post("/account-inventory/<uuid:round_id>/lines")
@requires(Permission.UNIT_ACCOUNT_INVENTORY_CONFIRM)
def confirm_inventory(round_id: UUID) -> ResponseReturnValue:
    """Write down what was decided about the accounts of a page, all at once."""
    typed = typed_lines(request.form)
    if typed.problems:
        return _lines_page(round_id, typed=typed, problems=typed.problems), UNPROCESSABLE

    def command(session: Session) -> Confirmed:
        return confirm_accounts(session, actor=actor(), round_id=round_id, answers=typed.answers, now=now())

    try:
        return perform(command, to=url_for("people.inventory_lines", round_id=round_id), message=_sentence)
    except InvalidInput as refusal:
        return _lines_page(round_id, typed=typed, problems=refusal.problems), UNPROCESSABLE
    except LinesChanged as refusal:
        page = _lines_page(round_id, typed=typed, changed=refusal.accounts, sentence=refusal.message)
        return page, refusal.status


def _sentence(done: Confirmed) -> str:
    if not done.kept and not done.stopped:
        return "変わったところはありません。"
    stopped = f"、{done.stopped}人を「止める」" if done.stopped else ""
    return f"{done.kept}人を「使う」{stopped}にしました。締切りまで変えられます。"


def _lines_page(
    round_id: UUID,
    *,
    typed: TypedLines | None = None,
    problems: Sequence[Problem] = (),
    changed: Collection[AccountId] = (),
    sentence: str = "",
) -> str:
    number = request.values.get("page", default=1, type=int)
    with reading() as session:
        page = inventory.confirm_page(session, actor=actor(), round_id=round_id, number=number, today=today())
    return render_template(
        "people/inventory_lines.html",
        page=page,
        lines=[(line, _chosen(line, typed=typed), line.asks(actor())) for line in page.lines],
        changed=changed,
        sentence=sentence,
        errors=[ErrorLink(f"#{problem.field or 'main'}", problem.message) for problem in problems],
        wrong={problem.field: problem.message for problem in problems},
        key=key_for_page(),
        links=_links(
            page.number,
            last=page.last_number,
            total=page.total,
            size=inventory.PAGE_SIZE,
            shown=len(page.lines),
            address=lambda number: url_for("people.inventory_lines", round_id=round_id, page=number),
        ),
        conflicts=CONFLICTS,
        texts=texts,
    )


def _chosen(line: inventory.LineView, *, typed: TypedLines | None) -> TypedLine:
    """Return what stands in the fields of a line: as typed, as stored, or 使う where nothing stands out."""
    if typed is not None and line.account_id in typed.lines:
        return typed.lines[line.account_id]
    plain = Decision.KEEP if line.open and not line.concerns and typed is None else None
    return TypedLine(
        account_id=line.account_id,
        decision=line.decision or plain,
        reason=line.reason,
        seen_version=line.version,
    )


# ------------------------------------------------------------------------------------------------ the lists


@blueprint.get("/account-inventory/lists")
@requires(Permission.CITY_ACCOUNT_INVENTORY_READ)
def inventory_lists() -> str:
    """List accounts without a post, unused, with conflicts, or about to end (`?kind=`)."""
    number = request.args.get("page", default=1, type=int)
    chosen = _chosen_list()
    with reading() as session:
        page = standing.account_list_page(session, actor=actor(), chosen=chosen, number=number, today=today())
    return render_template(
        "people/inventory_lists.html",
        page=page,
        may_manage=may(Permission.CITY_ACCOUNT_MANAGE, actor=actor()),
        links=_links(
            page.number,
            last=page.last_number,
            total=page.total,
            size=standing.LIST_SIZE,
            shown=len(page.lines),
            address=lambda number: url_for("people.inventory_lists", kind=chosen.value, page=number),
        ),
        conflicts=CONFLICTS,
        texts=texts,
    )


@blueprint.get("/account-inventory/lists.csv")
@requires(Permission.CITY_ACCOUNT_INVENTORY_READ)
def inventory_list_file() -> Response:
    """Give one of the lists as CSV."""
    chosen = _chosen_list()
    with reading() as session:
        rows = standing.account_list(session, actor=actor(), chosen=chosen, today=today())
    file = quote(f"{texts.ACCOUNT_LIST[chosen]}-{today().isoformat()}.csv")
    headers = {"Content-Disposition": f"attachment; filename=\"accounts.csv\"; filename*=UTF-8''{file}"}
    return Response(account_list_csv(rows), content_type="text/csv; charset=utf-8", headers=headers)


def _chosen_list() -> AccountList:
    wanted = request.args.get("kind", "")
    return AccountList(wanted) if wanted in set(AccountList) else AccountList.NO_POST


def _links(
    number: int, *, last: int, total: int, size: int, shown: int, address: Callable[[int], str]
) -> dict[str, object]:
    near = range(max(1, number - 2), min(last, number + 2) + 1)
    first = (number - 1) * size
    return {
        "total": total,
        "first": first + 1,
        "last": first + shown,
        "previous_url": address(number - 1) if number > 1 else None,
        "next_url": address(number + 1) if number < last else None,
        "links": [
            {"label": str(n), "url": address(n), "current": n == number} for n in sorted({1, last, *near})
        ],
    }
