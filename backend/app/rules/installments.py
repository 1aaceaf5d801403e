"""Payment plans: how a sum is split, what of the installments is paid, and what a late one costs.

Money is whole cents. A late fee is a term of the plan that the student agreed to, so it comes in as figures.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Every = Literal["month", "two_weeks", "week"]
MOST_INSTALLMENTS = 60


def split(total_cents: int, count: int) -> list[int]:
    """Equal installments in cents that add up to the total; the cents that do not divide are in the first.

    Raises ValueError where an installment would be nothing.
    """
    if count < 1 or total_cents < count:
        raise ValueError("There are more installments than cents.")
    each, rest = divmod(total_cents, count)
    return [each + rest] + [each] * (count - 1)


def due_dates(first: date, count: int, every: Every) -> list[date]:
    """The days on which installments are due. Months keep the day of the first, or end with a shorter month."""
    if every != "month":
        step = timedelta(days=7 if every == "week" else 14)
        return [first + step * number for number in range(count)]
    found = []
    for number in range(count):
        year, month = divmod(first.year * 12 + first.month - 1 + number, 12)
        found.append(date(year, month + 1, min(first.day, monthrange(year, month + 1)[1])))
    return found


def unpaid(amounts: Sequence[int], paid_cents: int) -> list[int]:
    """What is left of each installment when money pays them in their order, the oldest first."""
    found, rest = [], max(paid_cents, 0)
    for amount in amounts:
        taken = min(amount, rest)
        found.append(amount - taken)
        rest -= taken
    return found


@dataclass(frozen=True, slots=True)
class LateFee:
    """What a late installment costs: an amount, or a percentage of what is unpaid, half a cent rounded up.

    `grace_days` are the days after the due date that cost nothing. `cap_cents` is the most for one installment, 0 for
    no limit.
    """

    kind: Literal["no_fee", "fee_amount", "fee_percent"]
    amount_cents: int = 0
    percent: int = 0
    grace_days: int = 0
    cap_cents: int = 0

    def last_day(self, due_on: date, agreed_on: date) -> date:
        """The last day on which an installment is paid without a fee; the clock never starts before the agreement."""
        return max(due_on, agreed_on) + timedelta(days=self.grace_days)

    def of(self, unpaid_cents: int) -> int:
        """The fee in cents for what is unpaid after the last day: never above what is unpaid."""
        if self.kind == "no_fee" or unpaid_cents <= 0:
            return 0
        fee = self.amount_cents
        if self.kind == "fee_percent":
            fee = (unpaid_cents * self.percent + 50) // 100
        if self.cap_cents:
            fee = min(fee, self.cap_cents)
        return max(0, min(fee, unpaid_cents))
