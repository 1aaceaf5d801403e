"""How many days a refund has after a withdrawal, which depends on who paid: a room above says so."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, literal

from app.core.permissions import internal
from app.rules.withdrawals import REFUND_DAYS

RefundDays = Callable[[SQLColumnExpression[int]], ColumnElement[Any]]
"""The days of an enrollment, by a column with its number, as part of the statement that lists them."""
_days: list[RefundDays] = []


@internal("wires rooms together at import")
def register(days: RefundDays) -> None:
    """Have the room that computes refunds say how many days each has."""
    _days[:] = [days]


@internal("a part of a statement; who runs it asks")
def of(enrollment_id: SQLColumnExpression[int]) -> ColumnElement[Any]:
    """The days for the refund of an enrollment, counted from the withdrawal."""
    return _days[0](enrollment_id) if _days else literal(REFUND_DAYS)
