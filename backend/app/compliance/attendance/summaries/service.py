"""Attendance by class and by period, of the students whose hours the person sees."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import policy
from app.compliance.attendance.summaries import queries
from app.core.permissions import Actor
from app.db.models import Enrollment
from app.web.field_types import EARLIEST_DAY, LATEST_DAY
from app.web.listing import Listing
from app.web.paging import Paging

UNITS = (("day", "Days"), ("week", "Weeks"), ("month", "Months"))


def by_class(
    session: Session,
    subject: Actor,
    paging: Paging,
    zone: ZoneInfo,
    *,
    first: date | None = None,
    last: date | None = None,
) -> Listing[Any]:
    """Each class: its students, what they attended while they sat in it, and what its rosters say.

    A student who sits in two classes at once counts in both. Sorts: class, program, students, minutes, meetings, pct,
    starts. Raises Forbidden.
    """
    policy.require_list(subject)
    visible = policy.visible(session, subject, Enrollment.user_id)
    return queries.by_class(session, visible, paging, first or EARLIEST_DAY, last or LATEST_DAY, zone)


def by_period(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    first: date | None = None,
    last: date | None = None,
    unit: str = "month",
    program_id: int | None = None,
) -> Listing[Any]:
    """Each day, week or month: how many students attended, on how many days together, for how long.

    Sorts: period, students, days, minutes. Raises Forbidden.
    """
    policy.require_list(subject)
    visible = policy.visible(session, subject, Enrollment.user_id)
    return queries.by_period(
        session, visible, paging, first or EARLIEST_DAY, last or LATEST_DAY, unit, program_id
    )
