"""Which absences can be reported: days within the policy's time on which a class of the student's meets."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import checks, policies_in_force
from app.compliance.attendance.absences import meetings
from app.compliance.attendance.absences.schemas import AbsenceIn
from app.compliance.attendance.schemas import EnrollmentChoice
from app.core import clock
from app.web import formats

AHEAD = timedelta(days=120)
LONGEST = timedelta(days=30)
"""Whoever is away for longer asks for a leave of absence."""


def require(
    session: Session, chosen: EnrollmentChoice, values: AbsenceIn, zone: ZoneInfo
) -> tuple[int, Any] | None:
    """The meeting by class and start, if one is named. Raises Invalid for what cannot be reported."""
    today = clock.today(zone)
    first, last = values.starts_on, values.ends_on
    field = "starts_on" if values.meeting_at is None else "meeting"
    if last < first:
        raise checks.wrong("ends_on", "The last day is before the first day.")
    if last - first > LONGEST:
        raise checks.wrong(
            "ends_on",
            "For more than 31 days, ask for a leave of absence on the page of your program instead.",
        )
    if last > today + AHEAD:
        raise checks.wrong(field, f"Choose a day up to {formats.day(today + AHEAD, zone)}.")
    since = earliest(session, zone)
    if first < since:
        raise checks.wrong(
            field,
            f"An absence can be reported until {(today - since).days} days afterwards, so from "
            f"{formats.day(since, zone)} on. For an earlier day, talk to the office.",
        )
    if meetings.is_closed(session, first, zone):
        raise checks.wrong(field, "Attendance of this day is closed. Talk to the office.")
    held = meetings.held(session, chosen.id, first, last, zone)
    if values.meeting_at is None and values.class_id is None:
        if not held:
            raise checks.wrong(
                field,
                "None of your classes meets on these days, so there is nothing to excuse. Check the dates.",
            )
        return None
    for record, meeting in held:
        if (record.id, meeting.starts) == (values.class_id, values.meeting_at):
            return record.id, meeting.starts
    raise checks.wrong(
        "meeting", "This class does not meet then; the schedule may have changed. Choose again."
    )


def earliest(session: Session, zone: ZoneInfo) -> date:
    """The first day that can be reported today."""
    values = policies_in_force.of(session, clock.now(), zone, use=False)
    return clock.today(zone) - timedelta(days=values.absence_report_days)
