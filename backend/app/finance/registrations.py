"""What the rooms of money register with lower rooms."""

from app.core.constraints import register_conflict
from app.finance import requirement as _requirement  # noqa: F401 - graduation asks about the balance
from app.finance.agreements import ended as _agreements_ended  # noqa: F401 - nobody signs for who has left
from app.finance.agreements import queue as _queue  # noqa: F401 - what waits for a signature
from app.finance.providers import queue as _payments  # noqa: F401 - what a payment provider reported waits
from app.finance.refunds import due_days as _due_days  # noqa: F401 - lists of withdrawals ask when a refund is due
from app.finance.refunds import time_to_cancel as _time_to_cancel  # noqa: F401 - requests to leave ask
from app.finance.refunds.cases import withdrawn as _withdrawn  # noqa: F401 - processing a withdrawal computes the refund

register_conflict("fk_refunds_withdrawal_id", "This withdrawal has a refund and cannot be deleted.")
