"""Pages of people. A route parses, calls one command or query, and renders or redirects."""

from flask import Blueprint

blueprint: Blueprint = Blueprint("people", __name__, template_folder="../templates")

# Each adds its routes to the blueprint.
from app.people.routes import accounts, directory, duties, inventory, own, second_factor, signing
from app.people.routes.door import origin
from app.people.routes.signing import init_login

__all__ = [
    "accounts",
    "blueprint",
    "directory",
    "duties",
    "init_login",
    "inventory",
    "origin",
    "own",
    "second_factor",
    "signing",
]
