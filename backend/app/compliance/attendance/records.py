"""Looking at clock hours and adding them up."""

from collections.abc import Callable, Collection, Hashable, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, true
from sqlalchemy.orm import Session

from app.compliance.attendance import enrolled, policies_in_force, policy, queries
from app.compliance.attendance.lists import queries as lists
from app.compliance.attendance.presentation import present_row
from app.compliance.attendance.schemas import (
    AttendanceFilter,
    AttendanceOut,
    AttendanceState,
    EnrollmentChoice,
    EnrollmentHours,
    StudentHours,
    Totals,
    WeekTotal,
)
from app.compliance.attendance.totals import queries as totals_queries
from app.core import clock, views, visibility
from app.core.errors import NotFound
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.core.visibility import Records
from app.db import ready
from app.db.models import AttendanceStudent, Enrollment
from app.db.ready import Page
from app.rules import hours
from app.rules.clock_hours import clock_hours_by_day
from app.web.field_types import EARLIEST_DAY, LATEST_DAY
from app.web.listing import Listing
from app.web.paging import Paging

WEEKS_SHOWN = 12


# Looking


@views.opens(Part.ATTENDANCE, student=lambda entry, _given: entry.user_id, record=lambda entry: entry.id)
def get(session: Session, subject: Subject, record_id: int, zone: ZoneInfo) -> AttendanceOut:
    """One record. Raises NotFound for an unknown one and for another student's."""
    row = lists.record(session, record_id)
    if row is None or not policy.may_read(session, subject, row.user_id):
        raise NotFound(policy.NO_RECORD)
    return present_row(row, zone, policies_in_force.forgotten_before(session, zone))


def open_in(
    session: Session, subject: Subject, enrollment_id: int, zone: ZoneInfo, *, lock: bool = False
) -> AttendanceOut | None:
    """The time entry of an enrollment that has no end yet, running or forgotten.

    With `lock`, for acts that need it closed: a clock-out under way is waited for, and the enrollment must be
    locked already, so that no clock-in comes after the answer.
    """
    chosen = enrolled.enrollment(session, enrollment_id)
    if chosen is not None:
        policy.require_read(session, subject, chosen.user_id)
    number = queries.open_in(session, enrollment_id, lock=lock)
    return None if number is None else get(session, subject, number, zone)


@views.opens(Part.ATTENDANCE, student=lambda _listing, given: given["filters"].user_id)
def list_records(
    session: Session, subject: Actor, filters: AttendanceFilter, paging: Paging, zone: ZoneInfo
) -> Listing[AttendanceOut]:
    """A page of records; for a student always of their own. Raises NotFound when they ask for another's."""
    visible, kept = _visible(session, subject, filters)
    forgotten = policies_in_force.forgotten_before(session, zone)
    return lists.records_listing(session, filters, visible, paging, zone, forgotten, kept=kept).map(
        lambda row: present_row(row, zone, forgotten)
    )


def recent_records(
    session: Session, subject: Subject, filters: AttendanceFilter, zone: ZoneInfo, *, limit: int = 10
) -> list[AttendanceOut]:
    """The newest records the filter lets through."""
    visible, kept = _visible(session, subject, filters)
    forgotten = policies_in_force.forgotten_before(session, zone)
    rows = lists.records(session, filters, visible, zone, forgotten, kept=kept, limit=limit)
    return [present_row(row, zone, forgotten) for row in rows]


def count_records(session: Session, subject: Subject, filters: AttendanceFilter, zone: ZoneInfo) -> int:
    """How many records the filter lets through."""
    visible, kept = _visible(session, subject, filters)
    forgotten = policies_in_force.forgotten_before(session, zone)
    return lists.count(session, filters, visible, zone, forgotten, kept=kept)


def _visible(
    session: Session, subject: Actor, filters: AttendanceFilter
) -> tuple[Callable[[], ColumnElement[bool]], Hashable | None]:
    """Which records the person may see, and all that decides about it."""
    if filters.user_id is not None:
        policy.require_read(session, subject, filters.user_id)
        if filters.user_id == subject.user_id:
            # One's own are all seen; so every student has the same statement.
            return true, "own"
    kept = visibility.kept_as(session, subject, Records.ATTENDANCE)
    return (lambda: policy.visible(session, subject)), kept


def who_is_here(session: Session, subject: Subject, paging: Paging, zone: ZoneInfo) -> Listing[AttendanceOut]:
    """The students who are clocked in, latest first; forgotten clock-outs are not among them."""
    policy.require_list(subject)
    return list_records(session, subject, AttendanceFilter(state=AttendanceState.OPEN), paging, zone)


def enrollments_of(session: Session, subject: Subject, user_id: int) -> list[EnrollmentChoice]:
    """What a student's hours count for: all their enrollments. Raises NotFound for another student's."""
    policy.require_read(session, subject, user_id)
    return enrolled.enrollments_of(session, user_id)


# Adding up


@views.opens(Part.ATTENDANCE, student="user_id")
def totals(
    session: Session, subject: Subject, user_id: int, zone: ZoneInfo, *, weeks: int = WEEKS_SHOWN
) -> Totals:
    """Minutes of a student in all, by enrollment with the projected date, and by week: three queries.

    Raises NotFound for another student and for a person without enrollments who is not the one asking.
    """
    policy.require_read(session, subject, user_id)
    enrollments = enrolled.enrollments_of(session, user_id)
    if not enrollments and user_id != subject.user_id:
        raise NotFound("This person has no enrollment, so there are no hours.")
    return totals_of(session, subject, user_id, enrollments, zone, weeks=weeks)


def totals_of(
    session: Session,
    subject: Subject,
    user_id: int,
    enrollments: Sequence[EnrollmentChoice],
    zone: ZoneInfo,
    *,
    weeks: int = WEEKS_SHOWN,
    page: Page | None = None,
) -> Totals:
    """The same for enrollments that are known already: two queries, and what the page asks about the first of them."""
    policy.require_read(session, subject, user_id)
    today = clock.today(zone)
    first = hours.week_of(today) - timedelta(weeks=weeks - 1)
    pace_days = policies_in_force.pace_days(session, zone)
    since = min(first, today - timedelta(days=pace_days))
    if page is not None and enrollments:
        numbers = [item.id for item in enrollments]
        ready.ahead(session, page, numbers=numbers, enrollment_id=numbers[0], first=since)
    sums = totals_queries.of_enrollments(session, [item.id for item in enrollments], since)
    of_all: dict[date, int] = {}
    for days in sums.by_day.values():
        for day, minutes in days.items():
            of_all[day] = of_all.get(day, 0) + minutes
    return Totals(
        user_id=user_id,
        time_zone=zone.key,
        total_minutes=sum(sums.attended.values()),
        enrollments=[
            EnrollmentHours.of(
                item,
                hours.project(
                    done_minutes=sums.attended.get(item.id, 0) + sums.transferred.get(item.id, 0),
                    required_hours=item.clock_hours,
                    by_day=sums.by_day.get(item.id, {}),
                    enrolled_on=item.enrolled_at,
                    today=today,
                    pace_days=pace_days,
                    ended=item.status != "active",
                ),
                sums.transferred.get(item.id, 0),
            )
            for item in enrollments
        ],
        weeks=_weeks(of_all, first, today),
    )


def school_weeks(
    session: Session, subject: Subject, zone: ZoneInfo, *, weeks: int = WEEKS_SHOWN
) -> list[WeekTotal]:
    """Minutes by week: of the whole school for those who read everybody's hours; of the students of their own classes
    for others. One query."""
    policy.require_list(subject)
    today = clock.today(zone)
    first = hours.week_of(today) - timedelta(weeks=weeks - 1)
    if policy.may_list_all(subject):
        return _weeks(totals_queries.of_school(session, first, today), first, today)
    visible = policy.visible(session, subject, Enrollment.user_id)
    return _weeks(totals_queries.of_students(session, visible, first, today), first, today)


def _weeks(by_day: dict[date, int], first: date, last: date) -> list[WeekTotal]:
    by_week = hours.totals_by_week(by_day, first, last)
    return [WeekTotal(week_of=week, minutes=minutes) for week, minutes in by_week.items()]


@internal("draws figures that the person has")
def weeks_chart(weeks: Sequence[WeekTotal]) -> dict[str, list[Any]]:
    """Weeks as a chart takes them: labels such as `May 3` for the Sunday, and hours to one decimal."""
    return {
        "labels": [f"{week.week_of:%b} {week.week_of.day}" for week in weeks],
        "hours": [round(week.minutes / 60, 1) for week in weeks],
    }


@internal("adds up hours for reviews of academic progress, whose room asks who may see them")
def minutes_of(session: Session, enrollment_ids: Sequence[int], today: date) -> dict[int, int]:
    """All minutes by enrollment; those without any are left out. One query."""
    return totals_queries.of_enrollments(session, enrollment_ids, today + timedelta(days=1)).attended


@internal("a step of what was allowed before: transcripts, reviews of academic progress")
def transferred_of(session: Session, enrollment_ids: Sequence[int], today: date) -> dict[int, int]:
    """Minutes from another school by enrollment; those without any are left out. One query."""
    return totals_queries.of_enrollments(session, enrollment_ids, today + timedelta(days=1)).transferred


@internal("a part of a report of the school’s books, whose room asks who may read them")
def minutes_through(day: date) -> Select[tuple[int, int, int]]:
    """A statement: enrollment_id, attended and transferred minutes by the end of a day at the school."""
    return totals_queries.minutes_through(day)


@internal("a step of what was allowed before: transcripts")
def entries_of(session: Session, enrollment_ids: Collection[int]) -> dict[int, list[hours.TimeEntry]]:
    """The closed time entries of many enrollments, in order: one query."""
    found: dict[int, list[hours.TimeEntry]] = {}
    for row in queries.entries_of(session, enrollment_ids):
        found.setdefault(row.enrollment_id, []).append(hours.TimeEntry(row.clock_in, row.clock_out))
    return found


def minutes_by_day(
    session: Session, subject: Subject, user_id: int, first: date, last: date, zone: ZoneInfo
) -> dict[date, int]:
    """A student's minutes by day at the school, from `first` to `last`; days without are left out."""
    policy.require_read(session, subject, user_id)
    return totals_queries.of_student(session, user_id, first, last)


def clock_hours_between(
    session: Session, subject: Subject, user_id: int, first: date, last: date, zone: ZoneInfo
) -> int:
    """A student's clock hours from `first` to `last`, each day by its policy (34 CFR 600.2): never more than one in 60
    minutes. Minutes are what is kept; this is worked out from them."""
    policy.require_read(session, subject, user_id)
    start, end = hours.day_bounds(first, last, zone)
    entries = [
        hours.TimeEntry(max(one.clock_in, start), min(one.clock_out, end))
        for _, one in queries.closed_entries(session, user_id, start, end)
    ]
    by_day = clock_hours_by_day(
        entries,
        zone,
        lambda day: policies_in_force.of(session, hours.start_of_day(day, zone), zone).clock_hour_minutes,
    )
    return sum(by_day.values())


def hours_per_student(
    session: Session, subject: Actor, paging: Paging, first: date | None = None, last: date | None = None
) -> Listing[StudentHours]:
    """Total attendance hours of each student who has any record (documented query) and whom the person may see; of the
    days from `first` to `last` alone, if either is given."""
    policy.require_list(subject)
    if first is None and last is None:
        visible = policy.visible(session, subject, AttendanceStudent.user_id)
        found = totals_queries.students_listing(session, visible, paging)
    else:
        visible = policy.visible(session, subject, Enrollment.user_id)
        found = totals_queries.period_listing(
            session, visible, paging, first or EARLIEST_DAY, last or LATEST_DAY
        )
    return found.map(
        lambda row: StudentHours(
            user_id=row.id, student=row.full_name, email=row.email, total_minutes=row.total_minutes
        )
    )
