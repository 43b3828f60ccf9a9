"""Who acts: a person with the posts, duties and functions of one day, as a value.

Nothing here remembers yesterday: the actor is built for each request from the postings valid on that day, so rights
end with the last day of a posting and begin with its first.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from app.journal.rules import ActorMark, Via
from app.kernel.ids import AccountId, PersonId, UnitId


class Function(StrEnum):
    """What somebody does for the whole city, on the day. Labels are settings; these codes are not.

    REVIEWER and MANAGER follow from the posts in the unit that holds the function 情報主管課, AUDITOR from the unit with 監査;
    the others are held by a named person. Who works in the unit with 代替審査 has `substitutes_for` instead.
    """

    REVIEWER = "reviewer"
    MANAGER = "manager"
    CHIEF = "chief"
    CIO = "cio"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person on one day.

    Attributes:
        day: the business date on which all this holds.
        member_of: units in which any post is held (本務 or 兼務).
        head_of: units led as 所属長.
        deputy_of: units for which the head named this person as deputy (代決).
        clerk_of: units for which the head named this person as 点検担当者.
        oversees: every unit below those led, themselves included.
        substitutes_for: units whose sheets this person reviews in place of the lead division (代替審査).
        functions: what the person does for the whole city.
    """

    person_id: PersonId
    account_id: AccountId | None
    staff_no: str
    name: str
    day: date
    member_of: frozenset[UnitId] = field(default=frozenset())
    head_of: frozenset[UnitId] = field(default=frozenset())
    deputy_of: frozenset[UnitId] = field(default=frozenset())
    clerk_of: frozenset[UnitId] = field(default=frozenset())
    oversees: frozenset[UnitId] = field(default=frozenset())
    substitutes_for: frozenset[UnitId] = field(default=frozenset())
    functions: frozenset[Function] = field(default=frozenset())
    via: Via = Via.WEB
    operator: str | None = None

    @property
    def mark(self) -> ActorMark:
        """Return what the journal keeps of the actor."""
        return ActorMark(person_id=str(self.person_id), via=self.via, operator=self.operator)
