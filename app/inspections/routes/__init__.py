"""Pages of the year's work. A route parses, calls one command or query, and renders or redirects."""

from flask import Blueprint

blueprint = Blueprint("inspections", __name__, template_folder="../templates")

# Each adds its routes to the blueprint.
from app.inspections.routes import (
    access_log,
    answering,
    board,
    campaigns,
    disposal,
    evidence,
    extension,
    head,
    history,
    next_year,
    questions,
    refusals,
    review,
    review_bulk,
    review_templates,
    sign_off,
    special,
    words,
)
