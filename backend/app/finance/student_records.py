"""What of money is in a student's whole file."""

from sqlalchemy import select

from app.core import student_records as records
from app.db.models import Refund, Withdrawal

records.export(
    Refund,
    "money",
    "Refunds",
    lambda student: Refund.withdrawal_id.in_(select(Withdrawal.id).where(Withdrawal.user_id == student)),
)
