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
from app.people.commands.devices import REMEMBERED, read_device, signed_device
from app.people.commands.duties import end_duty, name_for_duty
from app.people.commands.functions import assign_person_function
from app.people.commands.import_ import import_people
from app.people.commands.installation import FirstPeople, FirstPerson, FirstUnit, prepare_installation
from app.people.commands.mail import MailChoice, choose_mail, set_mail_address
from app.people.commands.passwords import hash_password, new_first_password
from app.people.commands.proof import change_password, prove_again, sign_in
from app.people.commands.search import refresh_search
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
    "FirstPeople",
    "FirstPerson",
    "FirstUnit",
    "MailChoice",
    "OpenedSession",
    "Origin",
    "assign_person_function",
    "change_password",
    "choose_mail",
    "create_account",
    "create_accounts",
    "disable_account",
    "enable_account",
    "end_duty",
    "end_sessions",
    "extend_account",
    "forget_old_counts",
    "forget_old_sessions",
    "hash_password",
    "import_people",
    "name_for_duty",
    "new_first_password",
    "note_seen",
    "prepare_installation",
    "prove_again",
    "read_device",
    "refresh_search",
    "reset_password",
    "revoke_other_sessions",
    "revoke_session",
    "set_mail_address",
    "set_single_keys",
    "sign_in",
    "sign_out",
    "signed_device",
]
