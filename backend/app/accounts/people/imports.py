"""Importing people: what a row means. Everybody imported gets an invitation."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from app.accounts import policy
from app.accounts.access import links
from app.accounts.access.service import student_id_of, subject_for
from app.accounts.passwords import NO_PASSWORD
from app.accounts.people import queries
from app.accounts.schemas import tidy_email
from app.core import history, proof
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import Actor, Permission, Role, Subject
from app.db.models import User
from app.db.row_marks import marks, referring
from app.settings import Settings
from app.web import imports
from app.web.imports import Fault, Field, ImportKind, Made, Row, readers

EMAIL, ROLE = "Email", "Role"
_ROLES = {
    "student": Role.STUDENT.value,
    "students": Role.STUDENT.value,
    "learner": Role.STUDENT.value,
    "staff": Role.INSTRUCTOR.value,
    "instructor": Role.INSTRUCTOR.value,
    "teacher": Role.INSTRUCTOR.value,
    "faculty": Role.INSTRUCTOR.value,
    "admin": Role.ADMIN.value,
    "administrator": Role.ADMIN.value,
}


def _email(text: str) -> str:
    if len(text) > 320:
        raise ValueError("This email address is too long.")
    return tidy_email(text)


def _require(subject: Actor) -> None:
    policy.require_manage(subject, Role.STUDENT)


def _check(session: Session, subject: Actor, _settings: Settings, rows: Sequence[Row]) -> Iterable[Fault]:
    """Addresses that are twice in the file or taken, and roles that this person does not give."""
    taken = queries.users_by_emails(session, {row.values["email"] for row in rows})
    seen: dict[str, int] = {}
    for row in rows:
        email, role = row.values["email"], _role(row)
        if not policy.may_manage(subject, role):
            yield Fault(
                row.number,
                ROLE,
                role.label,
                "You add students. Ask an administrator to add this person, or change the role to student.",
            )
        if email in seen:
            yield Fault(
                row.number,
                EMAIL,
                email,
                f"Row {seen[email]:,} has the same address. Delete one of the two rows.",
            )
        elif email in taken:
            yield Fault(row.number, EMAIL, email, _taken(taken[email]))
        seen.setdefault(email, row.number)


def _taken(holder: User) -> str:
    if holder.deleted_at is not None:
        return (
            f"This is the address of the deleted account of {holder.full_name}. Restore that account instead."
        )
    return f"{holder.full_name} has an account with this address already. Delete the row, or correct the address."


def _ask(subject: Actor, rows: Sequence[Row]) -> None:
    """An administrator who is added by a file asks for the proof that one on the page asks for.

    A token adds nobody that it could not add one by one: the job goes by its owner's duties alone.
    """
    if not isinstance(subject, Subject):
        return
    for role in {_role(row) for row in rows}:
        if policy.may_manage(subject, role):
            proof.require(subject, Action.USER_CREATED, {"role": role.value})
        elif Permission.ACCOUNTS_MANAGE in subject.withheld:
            policy.require_manage(subject, role)


def _insert(session: Session, subject: Actor, settings: Settings, rows: Sequence[Row]) -> list[Made]:
    """New accounts with their history and invitations, in a handful of statements whatever their number."""
    for role in {_role(row) for row in rows}:
        policy.require_manage(subject, role)
    users = queries.add_people(
        session,
        [
            {
                "email": row.values["email"],
                "full_name": row.values["full_name"],
                "role": _role(row),
                "hashed_password": NO_PASSWORD,
            }
            for row in rows
        ],
    )
    history.record_all(
        session,
        subject,
        Action.USER_CREATED,
        (
            {
                "target_id": user.id,
                "student_id": student_id_of(user),
                "email": user.email,
                "name": user.full_name,
                "role": user.role.value,
            }
            for user in users
        ),
    )
    links.invite_all(session, settings, users, subject)
    found = marks(session, User, [user.id for user in users])
    return [Made(number, mark) for number, mark in sorted(found.items())]


def _undo(session: Session, subject: Actor, made: Sequence[Made]) -> None:
    """Take the accounts away. Conflict when one was changed, has signed in, or has records."""
    ids = [one.record_id for one in made]
    # Locked, so that nobody is enrolled or signs in between the look and the end.
    for account in queries.lock_people(session, ids):
        policy.require_manage(subject, account.role)
    now = marks(session, User, ids)
    changed = sum(now.get(one.record_id) != one.mark for one in made)
    if changed:
        raise Conflict(
            f"{changed:,} of the {len(made):,} people have been changed, have set a password or were deleted since "
            "the import. Nothing was undone; delete the others under People one by one."
        )
    used = referring(session, User, ids, ignoring={"account_links"})
    if used:
        records = ", ".join(name.replace("_", " ") for name in used)
        raise Conflict(
            f"Some of the {len(made):,} people have records already ({records}). Nothing was undone; take those "
            "records away first, or delete the people under People one by one."
        )
    queries.remove_people(session, ids)


def _role(row: Row) -> Role:
    return Role(row.get("role") or Role.STUDENT)


def _actor(session: Session, settings: Settings, user_id: int) -> Actor | None:
    account = queries.user(session, user_id)
    if account is None or account.deleted_at is not None:
        return None
    return subject_for(session, settings, account)


PEOPLE = ImportKind(
    name="people",
    title="People",
    noun="people",
    fields=(
        Field(
            "full_name",
            "Full name",
            readers.line,
            aliases=("Name", "Full legal name", "Student name", "Student", "Person"),
            example="Maria O'Hara-López",
        ),
        Field(
            "email",
            "Email",
            _email,
            aliases=("Email address", "Mail", "Student email", "Username", "Login"),
            example="maria@example.org",
        ),
        Field(
            "role",
            "Role",
            readers.choice(_ROLES, ("student", "staff", "administrator")),
            required=False,
            aliases=("Type", "User role", "Account type"),
            help="student, staff or administrator; empty for student",
            example="student",
        ),
    ),
    require=_require,
    check=_check,
    insert=_insert,
    undo=_undo,
    ask=_ask,
    back="/people",
    note="Each person gets an invitation by email.",
)
imports.register(PEOPLE)
imports.register_actor(_actor)
