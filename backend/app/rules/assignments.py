"""Assignments: when work is late, what that costs, what a hand-in scores, and what completes the lesson."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

_DAY = timedelta(days=1)
_CENT = Decimal("0.01")


class Late(StrEnum):
    """What is done with work that comes late."""

    ACCEPT = "accept"
    REDUCE = "reduce"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """`pct` are the percentage points that each started day costs; `most_days` how late work may be, None for any."""

    late: Late
    pct: int = 0
    most_days: int | None = None


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late work is: started days, whether it is still taken, and the percentage points that it loses."""

    days: int
    accepted: bool
    deduction_pct: int


def due_for(class_dues: Iterable[datetime], own: datetime | None) -> datetime | None:
    """When work is due for a student: their own date if they have one and it is later, else the latest of their
    classes.

    None where nobody has set a date: then nothing is late.
    """
    dates = list(class_dues)
    if own is not None and dates:
        dates.append(own)
    return max(dates, default=None)


def lateness(due_at: datetime | None, at: datetime, policy: LatePolicy) -> Lateness:
    """How late work is that comes at this moment. The due moment itself is in time; a day is 24 hours, started ones
    count whole."""
    if due_at is None or at <= due_at:
        return Lateness(0, accepted=True, deduction_pct=0)
    days = -((due_at - at) // _DAY)
    if policy.late is Late.REFUSE or (policy.most_days is not None and days > policy.most_days):
        return Lateness(days, accepted=False, deduction_pct=0)
    cost = min(100, days * policy.pct) if policy.late is Late.REDUCE else 0
    return Lateness(days, accepted=True, deduction_pct=cost)


def score(points: int, possible: int, deduction_pct: int) -> Decimal:
    """The score in percent, less what late work costs, never below 0; rounded once, half-up, to two decimals."""
    exact = Fraction(points * 100, possible) if possible else Fraction(0)
    left = max(Fraction(0), exact - deduction_pct)
    return (Decimal(left.numerator) / Decimal(left.denominator)).quantize(_CENT, ROUND_HALF_UP)


def passes(points: int, possible: int, deduction_pct: int, pass_pct: int, *, missed_critical: bool) -> bool:
    """Whether work passes: enough points after what late work costs, and no critical criterion missed.

    Compared exactly."""
    return not missed_critical and points * 100 - deduction_pct * possible >= pass_pct * possible


def may_hand_in_again(
    last: int, *, several: bool, again_after: int | None, on_time: bool, graded: bool
) -> str | None:
    """Why a student who has handed in `last` times may not once more, in a sentence; None where they may.

    An instructor's permission holds for one hand-in and at any time. Without it, work may be replaced until it is due
    where the assignment says so, and not once it is graded.
    """
    if last == 0 or again_after == last:
        return None
    if not several:
        return "You have handed this in. Ask your instructor if you need to hand it in again."
    if graded:
        return "Your work has been graded, so it is not replaced. Ask your instructor if you may hand it in again."
    if not on_time:
        return "It was due, and you have handed it in. Ask your instructor if you need to hand it in again."
    return None
