"""The dated policies of students who are away: withdrawals, and leaves of absence."""

from typing import Annotated, Literal

from pydantic import Field

from app.school.values import Values


class WithdrawalPolicy(Values):
    """Which day a withdrawal goes by, and who processes it."""

    student_date: Literal["receipt_of_request", "last_attendance"] = "receipt_of_request"
    """The moment of a withdrawal that the student asked for. GNPEC leaves it open (Standard 12)."""
    administrative_date: Literal["last_attendance", "notice", "receipt_of_request"] = "last_attendance"
    """The moment of a withdrawal by the school: last attendance, the notice to the student, or the decision."""
    second_person: Literal["anybody", "somebody_else"] = "anybody"
    """Whether somebody else must process a withdrawal than the person who recorded it."""


class LeavePolicy(Values):
    """How long students may be on leave, and when they are reminded to return.

    No Georgia rule seen sets a limit. The default is what schools with Title IV aid go by: all leaves together last at
    most 180 days in any 12 months (34 CFR 668.22(d)).
    """

    longest_leave_days: Annotated[int, Field(ge=1, le=1_000)] = 180
    """Calendar days of all leaves of one enrollment together in the months below."""
    leave_window_months: Annotated[int, Field(ge=1, le=60)] = 12
    """In any window of so many months."""
    remind_before_return_days: Annotated[int, Field(ge=0, le=60)] = 7
    """Days before the expected return on which the student is reminded; 0 for no reminder."""


LEAVE_LABELS = {
    "longest_leave_days": ("Longest leave of absence", "days"),
    "leave_window_months": ("Counted over any", "months"),
    "remind_before_return_days": ("Reminder before the return", "days"),
}
