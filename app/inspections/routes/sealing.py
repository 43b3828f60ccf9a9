"""What follows when a sheet is sealed, after the commit: the rooms above are told, and the result's document is made."""

from typing import cast

from flask import current_app

from app.kernel.ids import InspectionId
from app.kernel.ports import Ports
from app.web.access import actor, now


def follow_sealing(inspection_id: InspectionId) -> None:
    """Tell every registered room that a sheet is sealed."""
    for follow in cast("Ports", current_app.extensions["ports"]).after_sealing:
        follow(actor=actor(), inspection_id=inspection_id, now=now())
