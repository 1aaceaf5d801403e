"""How many days the refund of a withdrawal has that is not processed yet: fewer where VA paid."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, case

from app.enrollment import service as enrollment
from app.finance.ledger import service as ledger
from app.rules.refunds_policies import VA_DUE_DAYS
from app.rules.withdrawals import REFUND_DAYS


def due_days(enrollment_id: SQLColumnExpression[int]) -> ColumnElement[Any]:
    """As the refund will be computed from what payers have paid until now."""
    return case((enrollment_id.in_(ledger.enrollments_paid_by("va")), VA_DUE_DAYS), else_=REFUND_DAYS)


enrollment.register_refund_days(due_days)
