"""How many days the refund of a withdrawal has that is not processed yet: as the policy says that the student signed,
and 40 at most where VA paid."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, select
from sqlalchemy.orm import aliased

from app.db.models import Enrollment
from app.enrollment import service as enrollment
from app.finance.agreements import service as agreements
from app.finance.ledger import service as ledger
from app.rules.refunds_policies import VA_DUE_DAYS
from app.rules.withdrawals import REFUND_DAYS
from app.school import service as school


def due_days(enrollment_id: SQLColumnExpression[int]) -> ColumnElement[Any]:
    """As the refund will be computed from the agreement, else from the policy of the day of enrollment."""
    of = aliased(Enrollment)
    enrolled = select(of.enrolled_at).where(of.id == enrollment_id).correlate_except(of).scalar_subquery()
    filed = func.coalesce(
        agreements.refund_days(enrollment_id), school.policies.refund_days(enrolled), REFUND_DAYS
    )
    return case(
        (enrollment_id.in_(ledger.enrollments_paid_by("va")), func.least(VA_DUE_DAYS, filed)), else_=filed
    )


enrollment.register_refund_days(due_days)
