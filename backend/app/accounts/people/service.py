"""People, as an administrator keeps them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.access import links
from app.accounts.access import queries as access
from app.accounts.passwords import NO_PASSWORD
from app.accounts.people import queries
from app.accounts.policy import may_see, visible_roles
from app.accounts.tokens import service as tokens
from app.core import clock, history, mail, visibility
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, NotFound
from app.core.permissions import Role, Subject
from app.core.visibility import Records
from app.db.models import User
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

NO_SUCH_PERSON = "There is no such person, or none that you may see."


@dataclass(frozen=True, slots=True)
class Invited:
    """A person and the one-time link that was made, to be shown once."""

    user: User
    link: str


def list_people(
    session: Session,
    subject: Subject,
    paging: Paging,
    role: Role | None = None,
    *,
    deleted: bool = False,
) -> Listing[User]:
    """The accounts this person may see. Raises Forbidden for students, and for deleted ones to instructors."""
    roles = visible_roles(subject)
    if not roles:
        raise Forbidden("The list of people is for the school's staff.")
    if deleted:
        _admin_only(subject)
    wanted: Collection[Role] = roles if role is None else roles & {role}
    visible = visibility.limit(session, subject, Records.STUDENTS, User.id)
    return queries.people(session, paging, wanted, visible, deleted=deleted)


def get_person(session: Session, subject: Subject, user_id: int) -> User:
    """One account. Raises NotFound for one that this person may not see."""
    user = queries.user(session, user_id)
    if user is None or not may_see(subject, user):
        raise NotFound(NO_SUCH_PERSON)
    if user.role is Role.STUDENT and not visibility.may_see(session, subject, Records.STUDENTS, user_id):
        raise NotFound(NO_SUCH_PERSON)
    return user


def create_person(
    session: Session,
    subject: Subject | None,
    settings: Settings,
    *,
    email: str,
    full_name: str,
    role: Role,
    invited: bool = True,
) -> Invited:
    """A new account and its invitation, which is mailed unless `invited` is False.

    `subject` is None for the program's own commands. Raises Conflict when the address is in use.
    """
    _admin_only(subject)
    _refuse_taken_email(session, email)
    user = User(email=email, full_name=full_name, role=role, hashed_password=NO_PASSWORD)
    session.add(user)
    session.flush()
    history.record(
        session, subject, Action.USER_CREATED, user.id, email=email, name=full_name, role=role.value
    )
    if invited:
        return Invited(user, links.invite(session, settings, user, subject))
    address, _link = links.make_link(session, settings, user, links.INVITE, subject)
    return Invited(user, address)


def send_link(session: Session, subject: Subject | None, settings: Settings, user_id: int) -> Invited:
    """A new one-time link: an invitation while there is no password, else one to set a new password."""
    _admin_only(subject)
    user = _active(session, user_id)
    make = links.invite if user.hashed_password == NO_PASSWORD else links.reset
    return Invited(user, make(session, settings, user, subject))


def update_person(
    session: Session,
    subject: Subject,
    settings: Settings,
    user_id: int,
    *,
    email: str | None = None,
    full_name: str | None = None,
    role: Role | None = None,
) -> User:
    """Change what is given. The old address is told of a new one; the last administrator stays one."""
    _admin_only(subject)
    user = _active(session, user_id)
    before = {"email": user.email, "full_name": user.full_name, "role": user.role.value}
    if role is not None and role is not user.role:
        if user.role is Role.ADMIN:
            _keep_an_admin(session, user, "role")
        user.role = role
    if full_name is not None:
        user.full_name = full_name
    if email is not None and email != user.email:
        _refuse_taken_email(session, email)
        _move(session, subject, settings, user, email)
    after = {"email": user.email, "full_name": user.full_name, "role": user.role.value}
    changes = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if changes:
        session.flush()
        details: dict[str, Any] = {**changes}
        history.record(session, subject, Action.USER_UPDATED, user.id, **details)
    return user


def delete_person(session: Session, subject: Subject | None, user_id: int) -> User:
    """Soft delete: no sign-in, in no list, all records stay."""
    _admin_only(subject)
    user = _active(session, user_id)
    if user.role is Role.ADMIN:
        _keep_an_admin(session, user)
    now = clock.now()
    user.deleted_at = now
    access.close_links(session, user.id, now)
    sessions = access.revoke_sessions(session, user.id, now)
    revoked = tokens.revoke_all(session, user.id)
    session.flush()
    history.record(
        session, subject, Action.USER_DELETED, user.id, sessions_ended=sessions, tokens_revoked=revoked
    )
    return user


def restore_person(session: Session, subject: Subject | None, user_id: int) -> User:
    """Bring a deleted account back, with the password it had. Raises NotFound for one that is not deleted."""
    _admin_only(subject)
    user = queries.user(session, user_id, lock=True)
    if user is None or user.deleted_at is None:
        raise NotFound("There is no deleted person with this number.")
    user.deleted_at = None
    session.flush()
    history.record(session, subject, Action.USER_RESTORED, user.id)
    return user


def find_by_email(session: Session, email: str) -> User | None:
    """The account with this address, deleted or not."""
    return queries.user_by_email(session, email)


def _active(session: Session, user_id: int) -> User:
    user = queries.user(session, user_id, lock=True)
    if user is None or user.deleted_at is not None:
        raise NotFound(NO_SUCH_PERSON)
    return user


def _admin_only(subject: Subject | None) -> None:
    if subject is not None and not subject.is_admin:
        raise Forbidden("Only administrators change other people's accounts.")


def _keep_an_admin(session: Session, user: User, field: str | None = None) -> None:
    if queries.other_admins(session, user.id):
        return
    sentence = f"{user.full_name} is the last administrator who can sign in. Make somebody else an administrator first."
    raise Conflict(sentence, errors=[FieldError(field, sentence)] if field else [])


def _refuse_taken_email(session: Session, email: str) -> None:
    holder = queries.user_by_email(session, email)
    if holder is None:
        return
    if holder.deleted_at is None:
        sentence = f"{holder.full_name} has an account with this e-mail address already."
        raise Conflict(sentence, errors=[FieldError("email", sentence)])
    sentence = (
        f"This e-mail address belongs to the deleted account of {holder.full_name}. "
        "Restore that account; the records are still in it."
    )
    raise Conflict(sentence, errors=[FieldError("email", sentence)], deleted_user_id=holder.id)


def _move(session: Session, subject: Subject, settings: Settings, user: User, email: str) -> None:
    """Another address: links mailed to the old one stop working, and the old one is told."""
    old = user.email
    user.email = email
    session.flush()
    access.close_links(session, user.id, clock.now())
    if user.hashed_password == NO_PASSWORD:
        links.invite(session, settings, user, subject)
        return
    mail.send(
        session,
        old,
        f"Your e-mail address at {settings.school_name} was changed",
        f"Hello {user.full_name},\n\n{subject.full_name} has changed the e-mail address of your account. "
        "Mail goes to the new address from now on, and you sign in with it.\n\n"
        "If you do not know about this, tell the school's office.\n",
    )
