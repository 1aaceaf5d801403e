"""Revenue earned and deferred, by hours: what was charged is earned as the hours that it paid for are given.

A method of the school's books, as accrual accounting asks (ASC 606: over time, by the measure of what was delivered);
not GNPEC's refund rule, which says what a student who leaves gets back. Exact: integer cents and minutes, one rounding
half-up for each enrollment.
"""

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How an enrollment stands on the day of the report."""

    ACTIVE = "active"
    COMPLETED = "completed"
    REFUND_PENDING = "refund_pending"
    """The withdrawal was processed, and its refund is not posted: a part of what was charged may be taken off."""
    WITHDRAWN = "withdrawn"
    """The withdrawal was processed, and its refund was posted, or nothing is owed."""
    NO_PROGRAM = "no_program"
    """Charged without naming one of several enrollments: whose hours it is earned by is not known."""


@dataclass(frozen=True, slots=True)
class Charged:
    """Tuition and fees of an enrollment minus refunds and waivers in cents, and its hours in minutes.

    `required_minutes` is None where the program has no hours. What was accepted from another school was neither charged
    nor taught here.
    """

    charged_cents: int
    standing: Standing
    attended_minutes: int = 0
    transferred_minutes: int = 0
    required_minutes: int | None = None

    @property
    def share(self) -> tuple[int, int] | None:
        """The share of the hours that was given, as a fraction; None where it is not known."""
        if self.standing in (Standing.COMPLETED, Standing.WITHDRAWN):
            return 1, 1
        if self.standing is Standing.NO_PROGRAM or not self.required_minutes:
            return None
        here = max(self.required_minutes - self.transferred_minutes, 1)
        return min(self.attended_minutes, here), here

    @property
    def earned_cents(self) -> int:
        """The share of what was charged, half-up away from zero; nothing while the share is not known."""
        if self.share is None:
            return 0
        part, whole = self.share
        earned = (2 * abs(self.charged_cents) * part + whole) // (2 * whole)
        return earned if self.charged_cents >= 0 else -earned

    @property
    def deferred_cents(self) -> int:
        """What is still to be earned: with what is earned, exactly what was charged."""
        return self.charged_cents - self.earned_cents
