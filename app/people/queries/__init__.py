"""Reading people: who holds which post, duty and function on a day, and who therefore may act.

Everything here is of one day. Validity is half-open, `[valid_from, valid_to)`, so a right begins with the
first minute of the first day in Japan and ends with the last minute of the last one.
"""

from app.people.queries.accounts import (
    PAGE_SIZE,
    AccountDetail,
    AccountLine,
    AccountPage,
    Newcomer,
    account_detail,
    account_page,
    people_without_account,
    person_by_staff_no,
)
from app.people.queries.actors import actor_and_unit, actor_by_staff_no, actor_on
from app.people.queries.duties import DutyLine, DutyPage, duty_page, unit_of_code
from app.people.queries.holders import (
    InCharge,
    clerks_on,
    deputies_on,
    heads_on,
    holders_of,
    in_charge_of,
    members_on,
    names_of,
    next_heads,
    next_signers,
    people_by_id,
    people_in_charge,
)
from app.people.queries.in_force import duty_in_force
from app.people.queries.mail import OwnMail, mail_addresses, own_mail
from app.people.queries.notice_words import PeopleNoticeWords, alarms
from app.people.queries.postings import planned_people
from app.people.queries.second_factor import (
    Coverage,
    RecoveryPage,
    coverage,
    enrolled_since,
    recovery_page,
    require_decidable,
    sealed_secrets,
)
from app.people.queries.sessions import (
    ActLine,
    DeviceLine,
    OwnAccount,
    SessionLine,
    SignedIn,
    SignInLine,
    SignInPage,
    own_account,
    previous_sign_in,
    signed_in,
)

__all__ = [
    "PAGE_SIZE",
    "AccountDetail",
    "AccountLine",
    "AccountPage",
    "ActLine",
    "Coverage",
    "DeviceLine",
    "DutyLine",
    "DutyPage",
    "InCharge",
    "Newcomer",
    "OwnAccount",
    "OwnMail",
    "PeopleNoticeWords",
    "RecoveryPage",
    "SessionLine",
    "SignInLine",
    "SignInPage",
    "SignedIn",
    "account_detail",
    "account_page",
    "actor_and_unit",
    "actor_by_staff_no",
    "actor_on",
    "alarms",
    "clerks_on",
    "coverage",
    "deputies_on",
    "duty_in_force",
    "duty_page",
    "enrolled_since",
    "heads_on",
    "holders_of",
    "in_charge_of",
    "mail_addresses",
    "members_on",
    "names_of",
    "next_heads",
    "next_signers",
    "own_account",
    "own_mail",
    "people_by_id",
    "people_in_charge",
    "people_without_account",
    "person_by_staff_no",
    "planned_people",
    "previous_sign_in",
    "recovery_page",
    "require_decidable",
    "sealed_secrets",
    "signed_in",
    "unit_of_code",
]
