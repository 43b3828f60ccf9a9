"""The shape of a question, of a reply, and of a division of work."""

from uuid import UUID

from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired

from app.inspections.rules.questions import LONGEST_MESSAGE
from app.kernel.ids import InspectionId, ItemId, PersonId
from app.web.forms import Form, Longest


class MessageForm(Form):
    """One message of a thread."""

    text = TextAreaField(
        "書くこと",
        validators=[
            InputRequired("聞きたいことや返事を書いてから送ってください。"),
            Longest(LONGEST_MESSAGE),
        ],
        description="所属と情報主管課の両方が読みます。個人の名前や番号は書きません。",
    )


class AssignForm(Form):
    """Who looks after the ticked items."""

    person = SelectField("担当", validate_choice=False)

    @property
    def person_id(self) -> PersonId | None:
        """Return the chosen person; None for 担当なし, and for what our page did not send."""
        found = ids_of([self.person.data or ""])
        return PersonId(found[0]) if found else None


def ids_of(typed: list[str]) -> list[UUID]:
    """Return the ids among what was sent; anything else did not come from our page and is left out."""
    found = []
    for one in typed:
        try:
            found.append(UUID(one))
        except ValueError:
            continue
    return found


def item_ids_of(typed: list[str]) -> list[ItemId]:
    """Return the items that were ticked."""
    return [ItemId(one) for one in ids_of(typed)]


def inspection_ids_of(typed: list[str]) -> list[InspectionId]:
    """Return the sheets whose questions were ticked."""
    return [InspectionId(one) for one in ids_of(typed)]
