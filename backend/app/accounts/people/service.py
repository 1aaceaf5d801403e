"""People, as an administrator keeps them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import policy
from app.accounts.access import links
from app.accounts.access import queries as access
from app.accounts.access.service import student_id_of
from app.accounts.access.session_ends import Ended, Why, end_sessions, lose_access
from app.accounts.duties import queries as duty_queries
from app.accounts.duties import service as duties
from app.accounts.passwords import APPLICANT, NO_PASSWORD
from app.accounts.people import queries
from app.accounts.profiles import queries as profiles
from app.accounts.tokens import service as tokens
from app.core import clock, history, mail, views, visibility
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, NotFound
from app.core.permissions import Actor, Duty, Role, Subject, internal
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import User
from app.school import service as school
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Invited:
    """A person for whom a one-time link was made.

    `link` is there, to be shown this once, for an invitation that no mail server can deliver, and for the system's
    own commands. A link to replace somebody's password is never shown to whoever asked for it: it would let them
    into the account.
    """

    user: User
    link: str | None


def list_people(
    session: Session,
    subject: Actor,
    paging: Paging,
    role: Role | None = None,
    *,
    deleted: bool = False,
    duty: Duty | None = None,
    today: date | None = None,
) -> Listing[User]:
    """The accounts this person may see, of one role, or with one duty `today` at the school."""
    policy.require_list(subject)
    if deleted:
        policy.require_manage(subject)
    if duty is not None:
        policy.require_read_duties(subject)
    roles = policy.visible_roles(subject)
    wanted: Collection[Role] = roles if role is None else roles & {role}
    held = None if duty is None or today is None else duty_queries.held(duty, today)
    visible = visibility.limit(session, subject, Records.STUDENTS, User.id)
    return queries.people(session, paging, wanted, visible, deleted=deleted, held=held)


@views.opens(Part.FILE, student=lambda user, _given: user.id if user.role is Role.STUDENT else None)
def get_person(session: Session, subject: Actor, user_id: int) -> User:
    """One account. Raises NotFound for one that this person may not see."""
    user = policy.require_see(subject, queries.user(session, user_id))
    if user.role is Role.STUDENT and not visibility.may_see(session, subject, Records.STUDENTS, user_id):
        raise NotFound(policy.NO_SUCH_PERSON)
    return user


def create_person(
    session: Session,
    subject: Actor,
    settings: Settings,
    *,
    email: str,
    full_name: str,
    role: Role,
    duty: Duty | None = None,
    invited: bool = True,
) -> Invited:
    """A new account and its invitation, which is mailed unless `invited` is False.

    A `duty` takes the place of what the role would bring along: so an auditor is a member of staff and no
    instructor. Raises Conflict when the address is in use, or for a student with a duty.
    """
    policy.require_manage(subject, role)
    if duty is not None and role is Role.STUDENT:
        sentence = "Only staff can have duties. Choose the role Staff, or no duty."
        raise Conflict(sentence, errors=[FieldError("duty", sentence)])
    refuse_taken_email(session, email)
    user = User(email=email, full_name=full_name, role=role, hashed_password=NO_PASSWORD)
    session.add(user)
    session.flush()
    history.record(
        session,
        subject,
        Action.USER_CREATED,
        user.id,
        student_id=student_id_of(user),
        email=email,
        name=full_name,
        role=role.value,
    )
    if duty is not None:
        duties.give_first(session, subject, settings, user, duty, "Added with this duty")
    if invited:
        address = links.invite(session, settings, user, subject)
        return Invited(user, address if _may_show(subject, settings) else None)
    address, _link = links.make_link(session, settings, user, links.INVITE, subject)
    return Invited(user, address)


def send_link(session: Session, subject: Actor, settings: Settings, user_id: int) -> Invited:
    """A new one-time link: an invitation while there is no password, else one to set a new password.

    It goes to the person by mail. Raises Conflict for a reset without a mail server: the operator makes a link on
    the server, with `aada user link`.
    """
    user = _manageable(session, subject, user_id)
    if user.hashed_password == APPLICANT:
        raise Conflict(
            f"{user.full_name} is an applicant. The invitation goes out when the application is accepted. "
            "Nothing was sent."
        )
    if user.hashed_password == NO_PASSWORD:
        address = links.invite(session, settings, user, subject)
        return Invited(user, address if _may_show(subject, settings) else None)
    if isinstance(subject, Subject) and settings.smtp_url is None:
        raise Conflict(
            "No mail server is set, so a reset link cannot be emailed, and only its recipient may see "
            f"it. Nothing was changed. On the server, `aada user link {user.email}` prints a link to "
            "hand over."
        )
    address = links.reset(session, settings, user, subject)
    return Invited(user, address if not isinstance(subject, Subject) else None)


def _may_show(subject: Actor, settings: Settings) -> bool:
    return not isinstance(subject, Subject) or settings.smtp_url is None


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
    """Change what is given. A new email address is announced to the old one; the last administrator stays one."""
    policy.require_manage(subject, Role.STUDENT)
    others = queries.other_admins(session, user_id) if role is not None else ()
    user = _manageable(session, subject, user_id)
    before = {"email": user.email, "full_name": user.full_name, "role": user.role.value}
    if role is not None and role is not user.role:
        if user.hashed_password == APPLICANT:
            sentence = "An applicant stays a student until the application is decided."
            raise Conflict(sentence, errors=[FieldError("role", sentence)])
        policy.require_manage_duties(subject)
        if role is Role.ADMIN:
            policy.require_give_duties(subject, user.id)
        if user.role is Role.ADMIN:
            _keep_an_admin(user, others, "role")
        user.role = role
        session.flush()
        duties.follow_role(session, subject, settings, user)
        lose_access(session, user.id)
    if full_name is not None:
        if full_name != user.full_name:
            profiles.forget_name_parts(session, user.id)
        user.full_name = full_name
    if email is not None and email != user.email:
        refuse_taken_email(session, email)
        _move(session, subject, settings, user, email)
    after = {"email": user.email, "full_name": user.full_name, "role": user.role.value}
    changes = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if changes:
        session.flush()
        details: dict[str, Any] = {**changes}
        history.record(
            session, subject, Action.USER_UPDATED, user.id, student_id=student_id_of(user), **details
        )
    return user


def delete_person(session: Session, subject: Actor, user_id: int) -> User:
    """Soft delete: no sign-in, in no list, all records stay."""
    policy.require_manage(subject)
    others = queries.other_admins(session, user_id)
    user = _active(session, user_id)
    if user.role is Role.ADMIN:
        _keep_an_admin(user, others)
    now = clock.now()
    user.deleted_at = now
    access.close_links(session, user.id, now)
    sessions = end_sessions(session, Ended(user.id, Why.ACCOUNT_DELETED))
    revoked = tokens.revoke_all(session, user.id)
    session.flush()
    history.record(
        session,
        subject,
        Action.USER_DELETED,
        user.id,
        student_id=student_id_of(user),
        sessions_ended=sessions,
        tokens_revoked=revoked,
    )
    return user


def restore_person(session: Session, subject: Actor, user_id: int) -> User:
    """Bring a deleted account back, with the password it had. Raises NotFound for one that is not deleted."""
    policy.require_manage(subject)
    user = queries.user(session, user_id, lock=True)
    if user is None or user.deleted_at is None:
        raise NotFound("There is no deleted person with this number.")
    user.deleted_at = None
    session.flush()
    history.record(session, subject, Action.USER_RESTORED, user.id, student_id=student_id_of(user))
    return user


@internal("finds the account that a command names")
def find_by_email(session: Session, email: str) -> User | None:
    """The account with this address, deleted or not."""
    return queries.user_by_email(session, email)


def _active(session: Session, user_id: int) -> User:
    user = queries.user(session, user_id, lock=True)
    if user is None or user.deleted_at is not None:
        raise NotFound(policy.NO_SUCH_PERSON)
    return user


def _manageable(session: Session, subject: Actor, user_id: int) -> User:
    """The account, locked, of somebody whom this person keeps. NotFound for one that they may not even see."""
    policy.require_manage(subject, Role.STUDENT)
    user = _active(session, user_id)
    policy.require_see(subject, user)
    policy.require_manage(subject, user.role)
    return user


def _keep_an_admin(user: User, others: Collection[int], field: str | None = None) -> None:
    if others:
        return
    sentence = (
        f"{user.full_name} is the last administrator who can sign in. Make someone else an "
        "administrator first."
    )
    raise Conflict(sentence, errors=[FieldError(field, sentence)] if field else [])


@internal("checks an address")
def refuse_taken_email(session: Session, email: str) -> None:
    """Raises Conflict for an address that somebody has, deleted people too, with a sentence that says what to do."""
    holder = queries.user_by_email(session, email)
    if holder is None:
        return
    if holder.deleted_at is None:
        sentence = f"{holder.full_name} already has an account with this email address."
        raise Conflict(sentence, errors=[FieldError("email", sentence)])
    sentence = (
        f"This email address belongs to the deleted account of {holder.full_name}. Restore that account; "
        "the records are still in it."
    )
    raise Conflict(sentence, errors=[FieldError("email", sentence)], deleted_user_id=holder.id)


def _move(session: Session, subject: Subject, settings: Settings, user: User, email: str) -> None:
    """Another address: links mailed to the old one stop working, and the old one is notified."""
    old = user.email
    user.email = email
    session.flush()
    access.close_links(session, user.id, clock.now())
    if user.hashed_password == APPLICANT:
        return
    if user.hashed_password == NO_PASSWORD:
        links.invite(session, settings, user, subject)
        return
    mail.send(
        session,
        old,
        "email_changed",
        requested_by=subject.user_id,
        school=school.facts(session).legal_name,
        name=user.full_name,
        by=subject.full_name,
    )
