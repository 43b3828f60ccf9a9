"""Every route has a rule and a readable address, and a view for reading opens no writing transaction."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, BaseConverter, UUIDConverter
from werkzeug.routing import Rule as UrlRule
from werkzeug.routing.converters import IntegerConverter, PathConverter, UnicodeConverter

from app import create_app
from app.access.permissions import Permission
from app.config import Settings
from app.web.access import RULE, Rule, refuse_undeclared_routes, requires

ROOT: Final = Path(__file__).resolve().parents[2]
SEGMENT: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?")
# Codes that stand in the content (the slug of a section, the code and label of an edition), never an id.
TEXT_PARAMETERS: Final = {"slug", "code", "label", "old"}
PUBLIC: Final = {
    "static_file",
    "people.sign_in",
    "people.session_state",
    "home.help_page",
    "home.keys_help",
    "home.accessibility",
}
ROUTE_FILES: Final = sorted({*(ROOT / "app").glob("*/routes.py"), *(ROOT / "app").glob("*/routes/*.py")})


def rules(app: Flask) -> list[UrlRule]:
    return list(app.url_map.iter_rules())


# --------------------------------------------------------------------------------------------- rules


def test_every_route_declares_a_rule(app: Flask) -> None:
    assert all(isinstance(getattr(view, RULE, None), Rule) for view in app.view_functions.values())


def test_only_signing_in_static_files_and_the_help_are_open_to_everybody(app: Flask) -> None:
    opened = {name for name, view in app.view_functions.items() if getattr(view, RULE).permission is None}
    assert opened == PUBLIC


def test_a_route_without_a_rule_keeps_the_application_from_starting(app: Flask) -> None:
    app.add_url_rule("/undeclared", "undeclared", lambda: "")
    with pytest.raises(RuntimeError, match="undeclared"):
        refuse_undeclared_routes(app)


def test_a_route_with_a_rule_is_fine(app: Flask) -> None:
    app.add_url_rule("/declared", "declared", requires(Permission.OWN_ACCOUNT_USE)(lambda: ""))
    refuse_undeclared_routes(app)


def test_create_app_asks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.init_static_files", _with_an_undeclared_route)
    with pytest.raises(RuntimeError, match="forgotten"):
        create_app(settings)


def _with_an_undeclared_route(app: Flask) -> None:
    app.jinja_env.globals["static_url"] = str
    app.add_url_rule("/forgotten", "forgotten", lambda: "")


# ----------------------------------------------------------------------------------------- addresses


def test_addresses_are_kebab_case_nouns_without_a_slash_at_the_end(app: Flask) -> None:
    for rule in rules(app):
        segments = [part for part in rule.rule.split("/") if part and not part.startswith("<")]
        assert all(SEGMENT.fullmatch(part) for part in segments), rule.rule
        assert rule.rule == "/" or not rule.rule.endswith("/"), rule.rule


def test_parameters_are_typed(app: Flask) -> None:
    for rule in rules(app):
        for name, converter in rule._converters.items():
            assert _is_typed(name, converter, rule), f"{rule.rule}: {name}"


def _is_typed(name: str, converter: BaseConverter, rule: UrlRule) -> bool:
    if isinstance(converter, PathConverter):
        return bool(rule.endpoint == "static_file")
    if isinstance(converter, AnyConverter):
        # A closed list of words.
        return True
    if isinstance(converter, UUIDConverter):
        return bool(name.endswith("_id"))
    if isinstance(converter, UnicodeConverter):
        return name in TEXT_PARAMETERS
    return isinstance(converter, IntegerConverter)


def test_a_change_is_a_post_or_the_autosave_of_one_answer(app: Flask) -> None:
    changing = {
        rule.endpoint for rule in rules(app) if rule.methods and rule.methods & {"PUT", "PATCH", "DELETE"}
    }
    assert changing == {"inspections.autosave"}


# ------------------------------------------------------------------------------- reading does not write


WRITERS: Final = {"transaction", "perform"}


def views(path: Path) -> Iterator[tuple[ast.FunctionDef, set[str]]]:
    """Every view of a file with its methods."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            methods = {method for decorator in node.decorator_list for method in _methods(decorator)}
            if methods:
                yield node, methods


def _methods(decorator: ast.expr) -> set[str]:
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return set()
    name = decorator.func.attr
    if name in {"get", "post", "put", "patch", "delete"}:
        return {name.upper()}
    if name != "route":
        return set()
    given = next((word.value for word in decorator.keywords if word.arg == "methods"), None)
    constants = given.elts if isinstance(given, ast.List) else []
    return {str(one.value) for one in constants if isinstance(one, ast.Constant)} or {"GET"}


def writing_calls(node: ast.AST) -> set[str]:
    names = (
        call.func.id
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    )
    return WRITERS.intersection(names)


def test_every_route_of_the_application_is_seen(app: Flask) -> None:
    seen = {view.name for path in ROUTE_FILES for view, _ in views(path)}
    assert {rule.endpoint.rpartition(".")[2] for rule in rules(app)} - {"static_file"} <= seen


@pytest.mark.parametrize("path", ROUTE_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_view_for_reading_opens_no_writing_transaction(path: Path) -> None:
    reading = [view for view, methods in views(path) if methods == {"GET"}]
    assert [view.name for view in reading if writing_calls(view)] == []


@pytest.mark.parametrize("path", ROUTE_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_view_for_both_answers_the_reader_before_anything_is_written(path: Path) -> None:
    for view, methods in views(path):
        if "GET" in methods and len(methods) > 1:
            turn = next(number for number, node in enumerate(view.body) if _is_for_readers(node))
            assert [writing_calls(node) for node in view.body[:turn] if writing_calls(node)] == [], view.name


def _is_for_readers(node: ast.stmt) -> bool:
    """Whether a statement is `if request.method …: … return …`."""
    is_question = isinstance(node, ast.If) and "request.method" in ast.unparse(node.test)
    return is_question and isinstance(node.body[-1], ast.Return)  # type: ignore[attr-defined]  # an If, see above
