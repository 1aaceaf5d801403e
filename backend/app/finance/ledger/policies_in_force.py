"""The billing policy of today at the school."""

from sqlalchemy.orm import Session

from app.core import clock
from app.school import service as school
from app.school.service import BillingPolicy, PolicyKind


def billing(session: Session) -> BillingPolicy:
    """The version in force."""
    return school.policies.at(session, PolicyKind.BILLING, clock.today(school.facts(session).zone)).values
