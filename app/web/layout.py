"""What every page shows around its content: the city, the menu with its counts, who is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from flask import Flask, current_app, request, url_for

from app.access.actor import Actor
from app.access.permissions import Permission
from app.access.policy import may
from app.config import Settings
from app.db.session import reading
from app.kernel.clock import DemonstrationClock
from app.kernel.fiscal_year import long_date
from app.kernel.ids import PersonId
from app.kernel.ports import Ports
from app.web.access import now, today, visitor_or_none
from app.web.forms import new_key


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One entry of the menu. `key` names its counter; `permission` decides who sees it.

    `also` names pages of another address that belong here: judging a sheet is 審査, though the sheet's address is under 自己点検.
    """

    key: str
    label: str
    endpoint: str
    permission: Permission
    also: frozenset[str] = frozenset()


_REVIEW_PAGES: Final = frozenset(
    f"inspections.{page}"
    for page in (
        "review_page",
        "lane_page",
        "accept_lane",
        "across_page",
        "across_list",
        "judge_across",
        "save_review",
        "plain_items",
        "sign_off_page",
        "confirm_sign_off",
        "reopening_page",
        "extension_list",
        "question_list",
        "answer_many",
    )
)
MENU: Final = (
    MenuEntry("home", "ホーム", "home.index", Permission.OWN_ACCOUNT_USE),
    MenuEntry("inspections", "自己点検", "inspections.inspection_list", Permission.CITY_CAMPAIGN_READ),
    MenuEntry("review", "審査", "inspections.review_queue", Permission.CITY_REVIEW_READ, _REVIEW_PAGES),
    MenuEntry(
        "campaigns",
        "点検実施",
        "inspections.campaign_list",
        Permission.CITY_PROGRESS_READ,
        frozenset({"calendar.closed_days", "calendar.close_day"}),
    ),
    MenuEntry("systems", "台帳", "systems.system_list", Permission.CITY_SYSTEM_MANAGE),
    MenuEntry("checklists", "点検項目", "checklists.checklist_list", Permission.CITY_CHECKLIST_READ),
    MenuEntry(
        "organisation",
        "組織・職員",
        "organisation.tree",
        Permission.CITY_ORGANISATION_READ,
        frozenset(
            {
                "people.person",
                "people.search",
                "people.unit",
                "organisation.reorganisation_list",
                "organisation.new_reorganisation",
                "organisation.prepare_reorganisation",
                "organisation.reorganisation",
                "organisation.revise_reorganisation",
                "organisation.edit_page",
                "organisation.edit_reorganisation",
            }
        ),
    ),
    MenuEntry("accounts", "利用者", "people.account_list", Permission.CITY_ACCOUNT_MANAGE),
    MenuEntry(
        "account-inventory", "棚卸し", "people.inventory_rounds", Permission.CITY_ACCOUNT_INVENTORY_READ
    ),
    MenuEntry(
        "installation",
        "運用",
        "home.installation",
        Permission.CITY_INSTALLATION_READ,
        frozenset({"jobs.job_list", "jobs.resend_page"}),
    ),
)


@dataclass(frozen=True, slots=True)
class MenuLink:
    """A menu entry as this visitor sees it."""

    label: str
    url: str
    current: bool
    count: int | None
    urgent: bool


@dataclass(frozen=True, slots=True)
class Site:
    """The installation. `classification` says on paper how its lists are handled."""

    city: str
    product_name: str
    contact: str
    lead_division: str
    classification: str
    demo_clock: str | None


@dataclass(frozen=True, slots=True)
class ViewerLine:
    """The person in the header, and what the page's script has to know of the session."""

    name: str
    unit_label: str
    role_labels: tuple[str, ...]
    nav: tuple[MenuLink, ...]
    person_id: PersonId
    session_id: UUID
    seconds_left: int
    idle_seconds: int
    single_keys: bool
    unread: int


def init_layout(app: Flask) -> None:
    """Give every template `site`, `viewer` and `new_key`."""
    app.jinja_env.globals["new_key"] = new_key

    @app.context_processor
    def around() -> dict[str, Any]:
        return {"site": _site(), "viewer": _viewer()}


def _site() -> Site:
    settings = cast("Settings", current_app.extensions["settings"])
    clock = current_app.extensions["clock"]
    story = long_date(today()) if isinstance(clock, DemonstrationClock) else None
    return Site(
        city=settings.city,
        product_name=settings.product_name,
        contact=settings.contact,
        lead_division=settings.lead_division_name,
        classification=settings.classification,
        demo_clock=story,
    )


def _viewer() -> ViewerLine | None:
    found = visitor_or_none()
    if found is None:
        return None
    waiting = _waiting(found.actor)
    return ViewerLine(
        name=found.actor.name,
        unit_label=found.unit_label,
        role_labels=found.role_labels,
        nav=_menu(found.actor, waiting=waiting),
        person_id=found.actor.person_id,
        session_id=found.session_id,
        seconds_left=int((found.ends_at - now()).total_seconds()),
        idle_seconds=int(found.idle.total_seconds()),
        single_keys=found.single_keys,
        unread=waiting.get("notices", 0),
    )


def _waiting(actor: Actor) -> dict[str, int]:
    ports = cast("Ports", current_app.extensions["ports"])
    with reading() as session:
        return ports.waiting(session, actor=actor, today=today())


def _menu(actor: Actor, *, waiting: Mapping[str, int]) -> tuple[MenuLink, ...]:
    entries = [(entry, url_for(entry.endpoint)) for entry in MENU if may(entry.permission, actor=actor)]
    here = [url for entry, url in entries if request.endpoint in entry.also]
    here += [url for _, url in entries if url != "/" and (request.path + "/").startswith(url + "/")]
    current = here[0] if here else request.path
    return tuple(
        MenuLink(
            label=entry.label,
            url=url,
            current=url == current,
            count=waiting.get(entry.key) or None,
            urgent=False,
        )
        for entry, url in entries
    )
