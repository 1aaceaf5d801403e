"""When a withdrawal was, by the policy of its day; and whether a request is still within the time to cancel."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.permissions import internal
from app.db.models import Enrollment, Withdrawal
from app.enrollment import policies_in_force
from app.enrollment.dates import first_moment
from app.enrollment.endings import processed
from app.enrollment.endings.processed import Figures, WithdrawalKind
from app.enrollment.withdrawals.figures import counted_until
from app.rules import withdrawals as rules
from app.rules.withdrawals import Moment

InTime = Callable[[Session, int, datetime, ZoneInfo, WithdrawalKind], bool]
"""Whether a withdrawal of a kind, at a moment, is within an enrollment's time to cancel."""
_in_time: list[InTime] = []
HourDecides = Callable[[Session, int, date, ZoneInfo], bool]
"""Whether the hour of a request that came on a day can decide if it came within the time to cancel."""
_hour_decides: list[HourDecides] = []


@internal("wires rooms together at import")
def register(in_time: InTime) -> None:
    """Have the room that keeps agreements say whether a request comes within the time to cancel."""
    _in_time[:] = [in_time]


@internal("wires rooms together at import")
def register_hour(hour_decides: HourDecides) -> None:
    """Have the same room say on which days the hour of a request matters."""
    _hour_decides[:] = [hour_decides]


def needs_hour(session: Session, enrollment_id: int, day: date, zone: ZoneInfo) -> bool:
    """Whether a request that came on this day is recorded with its hour."""
    return any(one(session, enrollment_id, day, zone) for one in _hour_decides)


def kind_of_request(session: Session, record: Enrollment, at: datetime, zone: ZoneInfo) -> WithdrawalKind:
    """What a student's request at this moment is: a cancellation within the time to cancel, else a withdrawal."""
    return "cancellation" if _is_in_time(session, record, at, zone, "student") else "student"


def _is_in_time(
    session: Session, record: Enrollment, at: datetime, zone: ZoneInfo, kind: WithdrawalKind
) -> bool:
    return any(one(session, record.id, at, zone, kind) for one in _in_time)


def find(session: Session, record: Enrollment, withdrawal: Withdrawal, zone: ZoneInfo) -> Moment:
    """The moment by the policy in force, with the sentence that says why.

    What was asked or decided within the time to cancel goes by that moment whatever the policy: by the last attendance
    alone nobody could tell that it came in time (regulations, Standard 13).
    """
    values = policies_in_force.withdrawal(session).values
    kind: WithdrawalKind = withdrawal.kind  # type: ignore[assignment]
    basis: Literal["receipt_of_request", "last_attendance", "notice"] = (
        values.administrative_date if kind == "administrative" else values.student_date
    )
    if kind in ("student", "administrative") and _is_in_time(
        session, record, withdrawal.requested_at, zone, kind
    ):
        basis = "receipt_of_request"
    records = processed.records_until(session, record.id, counted_until(withdrawal.requested_at, zone))
    return rules.moment(
        kind,
        basis,
        requested_at=withdrawal.requested_at,
        # A mark that was undone, and any that attests nothing, leaves a record without length: nobody attended then.
        last_attended=max((one.clock_out for one in records if one.minutes), default=None),
        notified_at=first_moment(withdrawal.notice_on, zone) if withdrawal.notice_on else None,
    )


def progress_sentence(found: Figures) -> str:
    """How the progress at the withdrawal came about, in words."""
    if found.hours.total_minutes:
        return (
            f"{found.hours.completed_minutes:,} of {found.hours.total_minutes:,} minutes completed: "
            f"{found.percent}%."
        )
    return f"{found.lessons_completed:,} of {found.lessons_total:,} lessons completed: {found.percent}%."
