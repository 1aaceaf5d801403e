"""Which states an enrollment may pass through.

An enrollment begins active and ends once: completed or withdrawn. An end is final, because the state's report
and the refund are worked out from its date; a student who comes back is enrolled again, with hours and lessons
of their own (GNPEC Standard 12 asks for a form for each withdrawal).
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.rules.days import long_date
from app.rules.hours import day_bounds
from app.rules.progress import Progress

ACTIVE = "active"
COMPLETED = "completed"
WITHDRAWN = "withdrawn"

_ENDS = {
    COMPLETED: "This enrollment is completed and cannot be reopened. To bring the student back, create "
    "a new enrollment.",
    WITHDRAWN: "This enrollment is withdrawn and cannot be reopened. To bring the student back, create "
    "a new enrollment.",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and the sentence that says why."""

    allowed: bool
    reason: str


def may_complete(status: str, progress: Progress, threshold_percent: int) -> Decision:
    """Completion needs an active enrollment and the share of lessons that the progress policy asks for."""
    if status != ACTIVE:
        return Decision(False, _ENDS[status])
    if not progress.reaches(threshold_percent):
        needed = "every lesson is" if threshold_percent == 100 else f"{threshold_percent}% of the lessons are"
        return Decision(False, f"An enrollment is completed when {needed}. {progress.explanation}")
    return Decision(True, progress.explanation)


def may_withdraw(status: str) -> Decision:
    """An active enrollment may be withdrawn at any progress."""
    if status != ACTIVE:
        return Decision(False, _ENDS[status])
    return Decision(True, "The enrollment is active.")


def may_count_hours(
    clock_in: datetime,
    clock_out: datetime,
    *,
    status: str,
    begins: date,
    ended_on: date | None,
    zone: ZoneInfo,
) -> Decision:
    """Hours count for an enrollment from its first day to its last, both whole days at the school.

    `begins` is the enrollment date, `ended_on` the date of completion, or that on which the request to withdraw
    arrived; None while the enrollment is active. Hours within these days may be entered later, too: the state's report
    asks when the student was there, not when somebody wrote it down.
    """
    first, _ = day_bounds(begins, begins, zone)
    if clock_in < first:
        return Decision(
            False,
            f"The enrollment began on {long_date(begins)}; hours before that day do not count toward it.",
        )
    if status == ACTIVE:
        return Decision(True, "The hours lie within the enrollment.")
    if ended_on is None:
        return Decision(
            False,
            f"This enrollment is {status}, and its last day is not on record, so no hours can be added.",
        )
    _, after = day_bounds(ended_on, max(ended_on, begins), zone)
    if clock_out > after:
        return Decision(
            False,
            f"The enrollment was {status} on {long_date(ended_on)}; hours after that day do not count toward it.",
        )
    return Decision(True, "The hours lie within the enrollment.")
