"""A leave of absence as it is shown."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.core import clock
from app.core.permissions import Subject
from app.db.models import LeaveOfAbsence
from app.enrollment import policy
from app.rules import leaves as rules

STATES = {
    "requested": ("Requested", "warn"),
    "approved": ("Approved", "good"),
    "overdue": ("Return day passed", "bad"),
    "returned": ("Returned", "neutral"),
    "declined": ("Declined", "neutral"),
    "canceled": ("Canceled", "neutral"),
    "withdrawn": ("Ended with the enrollment", "neutral"),
}
"""What a page calls each state, and the tone of its badge; an approved leave whose return day has passed is overdue."""


def state_of(state: str, overdue: bool) -> tuple[str, str]:
    """Label and tone of a leave's state."""
    return STATES["overdue" if overdue else state]


@dataclass(frozen=True, slots=True)
class LeaveView:
    """A leave as it is shown; reason and note are None for who may not know why students are away."""

    id: int
    enrollment_id: int
    user_id: int
    state: str
    starts_on: date
    return_on: date
    returned_on: date | None
    days: int
    overdue: bool
    reason: str | None
    decision_note: str | None
    requested_at: datetime
    decided_at: datetime | None
    entered_by: str | None
    decided_by: str | None
    by_student: bool
    began: bool

    @property
    def badge(self) -> tuple[str, str]:
        """Label and tone of the state."""
        return state_of(self.state, self.overdue)


def shown(row: Any, subject: Subject, zone: ZoneInfo) -> LeaveView:
    """A row of `queries.of_enrollment` as this person sees it."""
    one: LeaveOfAbsence = row.LeaveOfAbsence
    knows = policy.may_read_withdrawals(subject, one.user_id)
    today = clock.today(zone)
    return LeaveView(
        id=one.id,
        enrollment_id=one.enrollment_id,
        user_id=one.user_id,
        state=one.state,
        starts_on=one.starts_on,
        return_on=one.return_on,
        returned_on=one.returned_on,
        days=rules.excused(one.starts_on, one.return_on, one.returned_on).days,
        overdue=one.state == "approved" and one.return_on < today,
        reason=one.reason if knows else None,
        decision_note=one.decision_note if knows else None,
        requested_at=one.requested_at,
        decided_at=one.decided_at,
        entered_by=row.entered_by,
        decided_by=row.decided_by,
        by_student=one.entered_by == one.user_id,
        began=one.starts_on <= today,
    )
