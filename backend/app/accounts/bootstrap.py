"""The first administrator of a new installation."""

from sqlalchemy.orm import Session

from app.accounts import passwords
from app.accounts.access import links
from app.accounts.access import queries as access
from app.accounts.people import queries, service
from app.accounts.schemas import tidy_email
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import SYSTEM, Role, internal
from app.core.turns import take_turn
from app.settings import Settings

DEFAULT_EMAIL = "admin@school.example"
"""Reserved for examples (RFC 2606): mail to it reaches nobody. Changed under People."""
NAME = "Administrator"


@internal("the first start, when nobody can be asked")
def ensure_first_admin(
    session: Session, settings: Settings, email: str | None = None, password: str | None = None
) -> str | None:
    """See that somebody can administer the school.

    Returns a one-time link for the administrator to set a password, and None when an administrator can sign in
    already or was given `password`. As long as nobody has used the link, each call makes a new one, so a lost one
    locks nobody out. Raises Invalid for a refused password, Conflict for an address that is somebody else's.
    """
    take_turn(session, "accounts.first_admin")
    if queries.other_admins(session, 0):
        return None
    address = tidy_email(email or DEFAULT_EMAIL)
    user = queries.user_by_email(session, address) if email else queries.invited_admin(session)
    link = None
    if user is None:
        made = service.create_person(
            session, SYSTEM, settings, email=address, full_name=NAME, role=Role.ADMIN, invited=False
        )
        user, link = made.user, made.link
    elif user.role is not Role.ADMIN or user.deleted_at is not None:
        raise Conflict(f"{address} is the address of another account; choose another for the administrator.")
    if password is not None:
        passwords.check_new(session, password, user.full_name, user.email)
        access.close_links(session, user.id, clock.now())
        user.hashed_password = passwords.hash_password(settings, password)
        session.flush()
        history.record(session, SYSTEM, Action.USER_PASSWORD_SET, user.id)
        return None
    if link is None:
        link, _row = links.make_link(session, settings, user, links.INVITE, SYSTEM)
    return link
