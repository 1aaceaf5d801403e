"""Who must have a second factor, and who may remove a lost one of another."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Forbidden
from app.core.permissions import Actor, Permission, Role
from app.db.models import User
from app.school import service as school


def due_on(session: Session, user: User) -> date | None:
    """From which day the person needs a factor, by the policy of today; None while nobody asks for one.

    The grace days count from the day the policy's version takes effect, or from the day the account was made.
    """
    if user.role is Role.STUDENT:
        return None
    known = school.facts(session)
    found = school.policies.at(session, school.PolicyKind.SECOND_FACTOR, clock.today(known.zone))
    if found.values.required_of == "nobody":
        return None
    school.policies.used(session, found)
    since = max(found.effective_from, user.created_at.astimezone(known.zone).date())
    return since + timedelta(days=found.values.grace_days)


def may_reset(subject: Actor, user_id: int) -> bool:
    """Ask for, approve or decline the removal of another person's factors."""
    return subject.may(Permission.ACCOUNTS_MANAGE) and user_id != subject.user_id


def may_see_resets(subject: Actor) -> bool:
    """See which resets wait: those who decide, and those who see everything that happens."""
    return subject.may(Permission.ACCOUNTS_MANAGE) or subject.may(Permission.HISTORY_READ)


def require_see_resets(subject: Actor) -> None:
    """Raises Forbidden unless `may_see_resets`."""
    if not may_see_resets(subject):
        raise Forbidden("Only administrators can see the resets of second factors.")


def require_resets(subject: Actor) -> None:
    """Raises Forbidden for those who have no part in the removal of others' factors."""
    if not subject.may(Permission.ACCOUNTS_MANAGE):
        raise Forbidden("Only administrators can remove another person’s second factor.")


def require_reset(subject: Actor, user_id: int) -> None:
    """Raises Forbidden unless `may_reset`."""
    require_resets(subject)
    if not may_reset(subject, user_id):
        raise Forbidden(
            "You cannot have a part in the reset of your own second factor. Ask two other administrators, or the "
            "operator of the server."
        )
