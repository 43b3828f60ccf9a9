"""Changing the organisation: lists of units, functions of units, reorganisations."""

from app.organisation.commands.choices import end_choices
from app.organisation.commands.functions import assign_unit_function
from app.organisation.commands.installation import INSTALLATION, By, authorised, register_installation
from app.organisation.commands.units import import_units

__all__ = [
    "INSTALLATION",
    "By",
    "assign_unit_function",
    "authorised",
    "end_choices",
    "import_units",
    "register_installation",
]
