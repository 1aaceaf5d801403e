"""The policies of billing and of payment plans of today at the school."""

from sqlalchemy.orm import Session

from app.core import clock
from app.school import service as school
from app.school.service import BillingPolicy, DatedPolicy, PaymentPlanPolicy, PolicyKind


def payment_plans(session: Session) -> DatedPolicy[PaymentPlanPolicy]:
    """The version in force for plans that are made today."""
    return school.policies.at(session, PolicyKind.PAYMENT_PLANS, clock.today(school.facts(session).zone))


def billing(session: Session) -> BillingPolicy:
    """The version in force."""
    return school.policies.at(session, PolicyKind.BILLING, clock.today(school.facts(session).zone)).values
