"""Who is told of a step, as data beside the table of steps. Pure.

Told is who has to act now, or whose work came to its end. The lead division's desk is not told of each sheet that comes in: a
hundred notices would hide the one that matters. Its queue, the figures in the menu and the reminders of the review tell it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.inspections.rules import Action, State

A, S = Action, State


class Audience(StrEnum):
    """Somebody who is told, by the part played in a sheet.

    CLERKS: 点検担当者; the heads where nobody is named. APPROVERS: heads and deputies who are free to approve, otherwise who stands in.
    REVIEWERS_OF_IT: who judged the sheet. DECIDERS: who grants more time: reviewers and managers of the lead division who are not of the unit; 統括 for its own sheet.
    """

    CLERKS = "clerks"
    HEADS = "heads"
    APPROVERS = "approvers"
    REVIEWERS_OF_IT = "reviewers-of-it"
    DECIDERS = "deciders"


class StepNotice(StrEnum):
    """What a notice about a step says."""

    APPROVAL_WANTED = "step.approval-wanted"
    CORRECTIONS_WANTED = "step.corrections-approval-wanted"
    RETURNED_TO_CLERK = "step.returned-to-clerk"
    ITEMS_RETURNED = "step.items-returned"
    RETURN_CANCELLED = "step.return-cancelled"
    CORRECTIONS_IN = "step.corrections-in"
    REVIEW_RESUMED = "step.review-resumed"
    SIGNED_OFF = "step.signed-off"
    CLOSED = "step.closed-unsubmitted"
    EXCLUDED = "step.excluded"
    REOPENED = "step.reopened"
    QUESTION_ANSWERED = "question.answered"
    EXTENSION_REQUESTED = "extension.requested"
    EXTENSION_GRANTED = "extension.granted"
    EXTENSION_DECLINED = "extension.declined"


_OFFICE: Final = frozenset({Audience.CLERKS, Audience.HEADS})
TOLD: Final[Mapping[tuple[Action, State], tuple[StepNotice, frozenset[Audience]]]] = {
    (A.SUBMIT, S.AWAITING_HEAD): (StepNotice.APPROVAL_WANTED, frozenset({Audience.APPROVERS})),
    (A.SUBMIT, S.AWAITING_REAPPROVAL): (StepNotice.CORRECTIONS_WANTED, frozenset({Audience.APPROVERS})),
    (A.RETURN_TO_CLERK, S.ANSWERING): (StepNotice.RETURNED_TO_CLERK, frozenset({Audience.CLERKS})),
    (A.RETURN_TO_CLERK, S.RETURNED): (StepNotice.RETURNED_TO_CLERK, frozenset({Audience.CLERKS})),
    (A.APPROVE, S.UNDER_REVIEW): (StepNotice.CORRECTIONS_IN, frozenset({Audience.REVIEWERS_OF_IT})),
    (A.RETURN_ITEMS, S.RETURNED): (StepNotice.ITEMS_RETURNED, _OFFICE),
    (A.CANCEL_RETURN, S.UNDER_REVIEW): (StepNotice.RETURN_CANCELLED, _OFFICE),
    (A.RESUME_REVIEW, S.UNDER_REVIEW): (StepNotice.REVIEW_RESUMED, frozenset({Audience.REVIEWERS_OF_IT})),
    (A.SIGN_OFF, S.SIGNED_OFF): (StepNotice.SIGNED_OFF, _OFFICE),
    (A.CLOSE_UNSUBMITTED, S.CLOSED_UNSUBMITTED): (StepNotice.CLOSED, _OFFICE),
    (A.EXCLUDE, S.EXCLUDED): (StepNotice.EXCLUDED, _OFFICE),
}
"""Steps that are not here are told to nobody: withdrawing, the first approval, and what the reviewer does at the own desk."""
REOPENED: Final = (StepNotice.REOPENED, _OFFICE)
"""Opening a sealed sheet again is no step of the table, and tells the office all the same."""
QUESTION_ANSWERED: Final = StepNotice.QUESTION_ANSWERED
"""A reply of the lead division to a question of the unit, told to its clerks."""
EXTENSION_REQUESTED: Final = (StepNotice.EXTENSION_REQUESTED, frozenset({Audience.DECIDERS}))
"""A unit asks for more time: there are few of these, and each waits for a decision."""
EXTENSION_GRANTED: Final = (StepNotice.EXTENSION_GRANTED, _OFFICE)
EXTENSION_DECLINED: Final = (StepNotice.EXTENSION_DECLINED, _OFFICE)
