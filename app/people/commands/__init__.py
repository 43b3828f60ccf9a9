"""Writing people: the list of staff, duties, functions, accounts, sessions, signing in."""

from app.people.commands.accounts import (
    create_account,
    create_accounts,
    disable_account,
    enable_account,
    end_sessions,
    extend_account,
    reset_password,
)
from app.people.commands.attempts import Origin, forget_old_counts
from app.people.commands.devices import REMEMBERED, Device, read_device, signed_device
from app.people.commands.duties import end_duty, name_for_duty
from app.people.commands.functions import assign_person_function
from app.people.commands.import_ import import_people
from app.people.commands.installation import FirstPeople, FirstPerson, FirstUnit, prepare_installation
from app.people.commands.mail import MailChoice, choose_mail, set_mail_address
from app.people.commands.passwords import hash_password, new_first_password
from app.people.commands.proof import Proof, SignedInAs, change_password, prove_again, sign_in
from app.people.commands.recovery import (
    confirm_recovery,
    decline_recovery,
    lapse_recoveries,
    request_recovery,
    withdraw_recovery,
)
from app.people.commands.sealed_secrets import open_secret
from app.people.commands.search import refresh_search
from app.people.commands.second_factor import (
    Offer,
    check_first_code,
    enrol,
    enter_code,
    offer_secret,
    offered_again,
    remove_own,
)
from app.people.commands.sessions import (
    OpenedSession,
    forget_old_sessions,
    note_seen,
    revoke_other_sessions,
    revoke_session,
    sign_out,
)
from app.people.commands.settings import set_single_keys

__all__ = [
    "REMEMBERED",
    "Device",
    "FirstPeople",
    "FirstPerson",
    "FirstUnit",
    "MailChoice",
    "Offer",
    "OpenedSession",
    "Origin",
    "Proof",
    "SignedInAs",
    "assign_person_function",
    "change_password",
    "check_first_code",
    "choose_mail",
    "confirm_recovery",
    "create_account",
    "create_accounts",
    "decline_recovery",
    "disable_account",
    "enable_account",
    "end_duty",
    "end_sessions",
    "enrol",
    "enter_code",
    "extend_account",
    "forget_old_counts",
    "forget_old_sessions",
    "hash_password",
    "import_people",
    "lapse_recoveries",
    "name_for_duty",
    "new_first_password",
    "note_seen",
    "offer_secret",
    "offered_again",
    "open_secret",
    "prepare_installation",
    "prove_again",
    "read_device",
    "refresh_search",
    "remove_own",
    "request_recovery",
    "reset_password",
    "revoke_other_sessions",
    "revoke_session",
    "set_mail_address",
    "set_single_keys",
    "sign_in",
    "sign_out",
    "signed_device",
    "withdraw_recovery",
]
