"""The shape of a request for documents."""

from typing import Final

from wtforms import RadioField
from wtforms.validators import InputRequired

from app.reports.rules.requests import BundleKind
from app.reports.texts import BUNDLE
from app.web.forms import Form

_CHOICES: Final = {kind.value: label for kind, label in BUNDLE.items()}


class BundleForm(Form):
    """Which kind of documents is wanted."""

    kind = RadioField(
        "書類の種類",
        choices=_CHOICES,
        default=BundleKind.ALL.value,
        validators=[InputRequired("書類の種類を選んでください。")],
    )

    @property
    def chosen(self) -> BundleKind:
        """Return the kind of a valid form."""
        return BundleKind(self.kind.data)
