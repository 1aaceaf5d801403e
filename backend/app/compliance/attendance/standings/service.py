"""Standings: worked out for one student when somebody looks, and for everybody every hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance import enrolled, policy
from app.compliance.attendance.schemas import EnrollmentChoice
from app.compliance.attendance.standings import queries
from app.compliance.attendance.totals import queries as totals
from app.core import clock, views
from app.core.errors import NotFound
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.db.models import Enrollment
from app.enrollment import service as enrollment
from app.rules import hours
from app.rules.attendance_standing import ScheduledMeeting, Standing, Thresholds, standing
from app.school import service as school
from app.school.service import AttendancePolicy, PolicyKind
from app.web.listing import Listing
from app.web.paging import Paging

BATCH = 500
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StudentStanding:
    """One enrollment with its measures and the policy that they are held against."""

    enrollment: EnrollmentChoice
    measures: Standing
    policy: AttendancePolicy


@views.opens(Part.ATTENDANCE, student="user_id")
def of_student(session: Session, subject: Subject, user_id: int, zone: ZoneInfo) -> list[StudentStanding]:
    """A student's enrollments as they stand now: a fixed number of queries. Raises NotFound for other people's, and
    for somebody else without enrollments."""
    policy.require_read(session, subject, user_id)
    enrollments = enrolled.enrollments_of(session, user_id)
    if not enrollments and user_id != subject.user_id:
        raise NotFound("This person has no enrollment, so nothing is measured.")
    values = school.policies.at(session, PolicyKind.ATTENDANCE, clock.today(zone)).values
    found = _measure(session, [one.id for one in enrollments], values, clock.now(), zone)
    return [StudentStanding(one, found[one.id], values) for one in enrollments]


def list_standings(
    session: Session, subject: Actor, paging: Paging, *, at_risk: bool, program_id: int | None = None
) -> Listing[Any]:
    """Active enrollments of those whose hours the person sees, as they last were; of those at risk alone if asked.

    Sorts: student, program, last, pct, row, absences, tardies.
    """
    policy.require_list(subject)
    visible = policy.visible(session, subject, Enrollment.user_id)
    return queries.listing(session, visible, paging, at_risk=at_risk, program_id=program_id)


def count_at_risk(session: Session, subject: Subject) -> int:
    """How many students whose hours the person sees are on the at-risk list; none for who sees no others'."""
    if not policy.may_list(subject):
        return 0
    return queries.count_at_risk(session, policy.visible(session, subject, Enrollment.user_id))


@internal("says when a list was made, and holds nothing of anybody's")
def computed_at(session: Session) -> datetime | None:
    """When the standings of the list were worked out; None before the first time."""
    return queries.computed_at(session)


@internal("the job that works out the standings of everybody")
def refresh(session: Session, zone: ZoneInfo, now: datetime | None = None) -> int:
    """Work out the standings of all active enrollments, and forget the others'. Gives how many there are.

    `now` is another moment than the present, for a history that ends at it.
    """
    now = now or clock.now()
    version = school.policies.at(session, PolicyKind.ATTENDANCE, clock.local(now, zone).date())
    done, after = 0, 0
    while numbers := queries.active(session, after, BATCH):
        found = _measure(session, numbers, version.values, now, zone)
        queries.write(session, [_row(number, found[number], version.id, now) for number in numbers])
        done, after = done + len(numbers), numbers[-1]
    queries.forget_others(session, now)
    return done


def _row(enrollment_id: int, found: Standing, policy_id: int, now: datetime) -> dict[str, Any]:
    return {
        "enrollment_id": enrollment_id,
        "last_attended_on": found.last_attended_on,
        "attended_minutes": found.attended_minutes,
        "scheduled_minutes": found.scheduled_minutes,
        "attendance_pct": found.attendance_pct,
        "absences": found.absences,
        "consecutive_absences": found.consecutive_absences,
        "excused": found.excused,
        "tardies": found.tardies,
        "reasons": list(found.reasons),
        "policy_id": policy_id,
        "computed_at": now,
    }


def _measure(
    session: Session, numbers: Sequence[int], values: AttendancePolicy, now: datetime, zone: ZoneInfo
) -> dict[int, Standing]:
    today = clock.local(now, zone).date()
    since = today - timedelta(days=values.at_risk_days)
    begins = hours.start_of_day(since, zone)
    drops = values.excused_meetings == "not_scheduled"
    # What was excused long ago matters to the percentage alone, where the policy leaves it out.
    known_since, marks_since = (_EVER.date(), _EVER) if drops else (since, begins)
    sums = totals.of_enrollments(session, numbers, known_since)
    last = queries.last_days(session, numbers)
    marks = queries.marks_since(session, numbers, marks_since)
    there = queries.excused_with_hours(session, numbers) if drops else set()
    entries = queries.entries_since(session, numbers, begins)
    met = classes.meetings_by_enrollment(session, numbers, today, zone)
    away = enrollment.leave_days(session, numbers)
    thresholds = Thresholds(
        values.at_risk_consecutive_absences,
        values.at_risk_attendance_pct,
        values.at_risk_tardies,
        values.at_risk_days,
        values.late_after_minutes,
    )
    found = {}
    for number in numbers:
        excused: set[date] = set()
        others: set[date] = set()
        meetings = []
        for one in met.get(number, ()):
            if one.ends > now or any(leave.covers(one.day) for leave in away.get(number, ())):
                continue
            mark = marks.get((number, one.starts))
            is_excused = mark is not None and mark.mark == "excused"
            (excused if is_excused else others).add(one.day)
            left_out = drops and is_excused and (number, one.starts) not in there
            arrived = None if mark is None else mark.arrived_at
            meetings.append(
                ScheduledMeeting(one.starts, one.ends, one.day, mark is not None, arrived, left_out)
            )
        found[number] = standing(
            meetings=meetings,
            by_day=sums.by_day.get(number, {}),
            attended_minutes=sums.attended.get(number, 0),
            last_attended_on=last.get(number),
            # Of a day without hours nothing was attended: one meeting that is not excused makes it an absence.
            excused=excused - others,
            entries=entries.get(number, []),
            since=since,
            thresholds=thresholds,
        )
    return found
