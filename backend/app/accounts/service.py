"""What other rooms and desks may ask of accounts."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from app.accounts.access.links import send_password_changed
from app.accounts.access.service import hold_sign_in
from app.accounts.access.session_ends import Ended as SessionsEnded
from app.accounts.access.session_ends import Why as WhySessionsEnded
from app.accounts.access.session_ends import register as on_sessions_ended
from app.accounts.alerts import alert_administrators, people_who_may, send_new_device
from app.accounts.applicants.service import Duplicate, add_applicant, admit, duplicates
from app.accounts.bootstrap import ensure_first_admin
from app.accounts.duties.service import (
    DutyLine,
    duties_of_people,
    end_duty,
    give_duty,
    list_duties,
    own_duties,
)
from app.accounts.factors.resets.service import reset_by_operator as reset_factors
from app.accounts.factors.resets.service import send_request as send_reset_request
from app.accounts.factors.service import APP_KEYS
from app.accounts.factors.service import send_change as send_factor_change
from app.accounts.identifiers.numbers import IdentifierKind
from app.accounts.identifiers.service import NUMBERS as IDENTIFIERS
from app.accounts.identifiers.service import reveal_tax_numbers, tax_numbers
from app.accounts.names import queue as _queue  # noqa: F401 - what waits is in the queue
from app.accounts.names.service import name_on, names_on
from app.accounts.notes.service import Note, gather_notes, notes_of
from app.accounts.passwords import hash_pin, is_pin
from app.accounts.people import imports as _imports  # noqa: F401 - people can be imported
from app.accounts.people import queries
from app.accounts.people.service import (
    create_person,
    delete_person,
    find_by_email,
    get_person,
    list_people,
    restore_person,
    send_link,
)
from app.accounts.policy import may_manage
from app.accounts.profiles import imports as _file_imports  # noqa: F401 - student files can be imported
from app.accounts.profiles.policy import require_own, require_student
from app.accounts.profiles.schemas import NameParts, Phone
from app.accounts.profiles.service import Reached, reached, tax_recipients
from app.accounts.schemas import Email, status_of, tidy_email
from app.accounts.tokens.service import revoke_for as revoke_tokens_for
from app.accounts.tokens.service import send_token_created
from app.core.errors import NotFound
from app.core.permissions import Actor, Role, Subject, internal
from app.db.models import User

__all__ = [
    "APP_KEYS",
    "IDENTIFIERS",
    "Duplicate",
    "DutyLine",
    "Email",
    "IdentifierKind",
    "NameParts",
    "Note",
    "Phone",
    "Reached",
    "SessionsEnded",
    "WhySessionsEnded",
    "add_applicant",
    "admit",
    "alert_administrators",
    "create_person",
    "delete_person",
    "duplicates",
    "duties_of_people",
    "end_duty",
    "ensure_first_admin",
    "find_by_email",
    "gather_notes",
    "get_person",
    "get_student",
    "give_duty",
    "hash_pin",
    "hold_sign_in",
    "is_pin",
    "list_duties",
    "list_people",
    "may_manage",
    "name_on",
    "names_on",
    "notes_of",
    "numbers_of_people_named",
    "on_sessions_ended",
    "own_duties",
    "people_by_id",
    "people_who_may",
    "reached",
    "require_own",
    "reset_factors",
    "restore_person",
    "reveal_tax_numbers",
    "revoke_tokens_for",
    "send_factor_change",
    "send_link",
    "send_new_device",
    "send_password_changed",
    "send_reset_request",
    "send_token_created",
    "status_of",
    "student_named",
    "tax_numbers",
    "tax_recipients",
    "tidy_email",
]


def get_student(session: Session, subject: Subject, user_id: int) -> User:
    """A student's account, for staff or for the student. Raises NotFound for anybody else's and for staff accounts."""
    user = get_person(session, subject, user_id)
    if user.role is not Role.STUDENT or user.deleted_at is not None:
        raise NotFound("There is no such student, or you don’t have access to it.")
    return user


def student_named(session: Session, subject: Actor, user_id: int, *, deleted: bool = False) -> User:
    """A student's account for other parts of the file, without noting that the whole file was opened.

    Raises NotFound for a student whom this person does not see, and for deleted people unless `deleted`.
    """
    return require_student(session, subject, user_id, deleted=deleted)


@internal("names beside records that the person may see")
def people_by_id(session: Session, user_ids: Collection[int]) -> Mapping[int, User]:
    """Accounts by number, deleted or not, in one query: for names beside records."""
    return {user.id: user for user in queries.users(session, user_ids)}


@internal("search words of the audit page, which has asked")
def numbers_of_people_named(session: Session, word: str, *, most: int = 500) -> Sequence[int]:
    """The numbers of the first accounts, deleted or not, whose name or address holds the word."""
    return queries.numbers_named(session, word, most)
