"""Pages of the organisation."""

from flask import Blueprint

blueprint = Blueprint("organisation", __name__, template_folder="../templates")

# Each adds its routes to the blueprint.
from app.organisation.routes import reorganisations, tree
