"""The application: put together here, and refused when a promise is not kept."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask_wtf import CSRFProtect
from sqlalchemy import inspect
from werkzeug.middleware.proxy_fix import ProxyFix

from app.calendar import routes as calendar
from app.calendar.queries import DaysOfTheCity
from app.checklists import routes as checklists
from app.cli import Commands
from app.config import Settings, load_settings
from app.db.engine import make_engine
from app.db.guards import GuardMissing, check
from app.db.registry import GUARDS
from app.db.session import Database, bind, bound
from app.evidence import routes as evidence
from app.home import routes as home
from app.inspections import routes as inspections
from app.inspections.queries.edition_use import UseInSheets
from app.inspections.queries.lists import HeaderCounter
from app.inspections.queries.open_work import OpenSheets
from app.jobs import routes as jobs
from app.jobs.documents import DocumentAfterSealing
from app.kernel.clock import Clock, DemonstrationClock, SystemClock
from app.kernel.ports import Ports
from app.notices import routes as notices
from app.notices.queries import UnreadCounter
from app.organisation import routes as organisation
from app.organisation.queries import installation
from app.people import routes as people
from app.people.queries import names_of
from app.people.queries.inventory import InventoryCounter, InventoryNoticeWords
from app.people.queries.notice_words import PeopleNoticeWords
from app.people.queries.postings import StaffOfUnits
from app.reminders import routes as reminders
from app.reminders.queries.last import LastReminded
from app.reminders.queries.words import SheetNoticeWords
from app.reports import routes as reports
from app.reports.commands.disposal import discard_documents
from app.systems import routes as systems
from app.systems.queries import OwnedSystems
from app.web.access import OneMomentEach, guard, refuse_undeclared_routes
from app.web.addresses import refuse_odd_address
from app.web.errors import init_errors
from app.web.filters import init_filters
from app.web.headers import init_headers
from app.web.layout import init_layout
from app.web.static_files import init_static_files
from app.web.uploads import widen

LARGEST_REQUEST = 2 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application.

    Raises:
        RuntimeError: a route declares no access rule.
    """
    chosen = settings or load_settings()
    app = Flask(__name__, static_folder=None, template_folder="web/templates")
    app.cli = Commands(app.name)
    _configure(app, chosen)
    bind(Database(make_engine(chosen.database)))
    app.extensions["settings"] = chosen
    app.extensions["ports"] = Ports()
    app.extensions["clock"] = _clock(chosen)
    _init_web(app, chosen)
    _init_domains(app, chosen)
    refuse_undeclared_routes(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret(),
        SESSION_COOKIE_NAME="__Host-session" if settings.https else "session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        # The signed cookie may live as long as the server-side session; that one decides.
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.absolute_hours),
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        MAX_FORM_PARTS=2000,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.https,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _init_web(app: Flask, settings: Settings) -> None:
    init_headers(app, strict_transport="max-age=31536000" if settings.https else None)
    init_errors(app)
    init_filters(app)
    init_static_files(app)
    init_layout(app)
    app.before_request(refuse_odd_address)
    app.before_request(_refuse_unguarded(app))
    # Before the token is looked at: it ended with the session, and what was typed is given back.
    app.before_request(guard)
    app.before_request(widen)
    CSRFProtect(app)
    app.wsgi_app = OneMomentEach(app.wsgi_app)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _clock(settings: Settings) -> Clock:
    """Return the machine's clock, or the demonstration's once its city is loaded."""
    if not settings.demo or not inspect(bound().engine).has_table("installation"):
        return SystemClock()
    with bound().reading() as session:
        found = installation(session)
        if found is None or found.story_start is None:
            return SystemClock()
        return DemonstrationClock(real_start=found.created_at, story_start=found.story_start)


def _init_domains(app: Flask, settings: Settings) -> None:
    people.init_login(app)
    for domain in (
        people,
        organisation,
        notices,
        calendar,
        evidence,
        systems,
        checklists,
        inspections,
        reminders,
        reports,
        home,
        jobs,
    ):
        app.register_blueprint(domain.blueprint)
    ports: Ports = app.extensions["ports"]
    ports.edition_use.append(UseInSheets())
    ports.open_work += [OpenSheets(), OwnedSystems()]
    ports.people_names.append(names_of)
    ports.staffing.append(StaffOfUnits())
    ports.work_counters += [HeaderCounter(), UnreadCounter(), InventoryCounter()]
    ports.notice_sources += [SheetNoticeWords(), InventoryNoticeWords(), PeopleNoticeWords()]
    ports.business_days = DaysOfTheCity()
    ports.before_disposal.append(discard_documents)
    ports.reminding.append(LastReminded())
    ports.after_sealing.append(DocumentAfterSealing(settings))


def _refuse_unguarded(app: Flask) -> Callable[[], None]:
    """Return what looks at the database's guards before the first page is served, under whatever server.

    Not at start-up itself: the command line has to start to put missing guards back (`flask database upgrade`).
    """

    def look_once() -> None:
        if app.extensions.get("guards looked at"):
            return
        with bound().engine.connect() as connection:
            missing = check(connection, GUARDS)
        if missing:
            raise GuardMissing(
                "書き換えを防ぐ仕組みが欠けているため、動かせません。管理者は flask database upgrade を実行してください。"
            )
        app.extensions["guards looked at"] = True

    return look_once
