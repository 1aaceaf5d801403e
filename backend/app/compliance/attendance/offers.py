"""The reports of attendance, on offer by name."""

from app.compliance.attendance import policy as attendance_policy
from app.compliance.attendance import service as attendance
from app.compliance.attendance.absences import service as absences
from app.compliance.attendance.absences.reports import ABSENCES
from app.compliance.attendance.absences.schemas import AbsenceState
from app.compliance.attendance.corrections import service as corrections
from app.compliance.attendance.corrections.reports import CORRECTIONS
from app.compliance.attendance.corrections.schemas import State
from app.compliance.attendance.reports import HOURS_BY_STUDENT, RECORDS
from app.compliance.attendance.schemas import AttendanceFilter, AttendanceState
from app.compliance.attendance.standings import service as standings
from app.compliance.attendance.standings.reports import STANDINGS
from app.compliance.attendance.summaries import service as summaries
from app.compliance.attendance.summaries.reports import BY_CLASS, BY_PERIOD
from app.web.field_types import days_in_order
from app.web.reports import registry
from app.web.reports.registry import Asked, Group, Offer, Taken


def _days(asked: Asked) -> AttendanceFilter:
    first, last = asked.day("from"), asked.day("to")
    days_in_order(first, last)
    return AttendanceFilter(first=first, last=last)


def _records(asked: Asked) -> Taken:
    days, state = _days(asked), asked.one("state")
    filters = AttendanceFilter(
        user_id=asked.number("user_id"),
        first=days.first,
        last=days.last,
        state=AttendanceState(state) if state else None,
    )
    return Taken(attendance.list_records(asked.session, asked.subject, filters, asked.paging, asked.zone))


def _by_student(asked: Asked) -> Taken:
    days = _days(asked)
    found = attendance.hours_per_student(asked.session, asked.subject, asked.paging, days.first, days.last)
    return Taken(found)


def _by_class(asked: Asked) -> Taken:
    days = _days(asked)
    return Taken(
        summaries.by_class(
            asked.session, asked.subject, asked.paging, asked.zone, first=days.first, last=days.last
        )
    )


def _by_period(asked: Asked) -> Taken:
    days = _days(asked)
    return Taken(
        summaries.by_period(
            asked.session,
            asked.subject,
            asked.paging,
            first=days.first,
            last=days.last,
            unit=asked.one("unit") or "month",
            program_id=asked.number("program_id"),
        )
    )


def _corrections(asked: Asked) -> Taken:
    state = asked.one("state")
    return Taken(
        corrections.list_corrections(
            asked.session,
            asked.subject,
            asked.paging,
            state=State(state) if state and state != "all" else None,
            undecided=state is None,
        )
    )


def _absences(asked: Asked) -> Taken:
    state = asked.one("state") or AbsenceState.REQUESTED
    return Taken(
        absences.list_absences(
            asked.session,
            asked.subject,
            asked.paging,
            asked.zone,
            state=None if state == "all" else AbsenceState(state),
        )
    )


def _standings(asked: Asked) -> Taken:
    return Taken(
        standings.list_standings(
            asked.session,
            asked.subject,
            asked.paging,
            at_risk=asked.one("students") is None,
            program_id=asked.number("program_id"),
        )
    )


registry.register(
    Offer(
        RECORDS,
        Group.ATTENDANCE,
        "/attendance",
        "Every attendance record with its times, for students, programs, months and any days.",
        attendance_policy.may_list,
        _records,
    ),
    Offer(
        HOURS_BY_STUDENT,
        Group.ATTENDANCE,
        "/attendance/students",
        "What each student has attended, in all or within any days.",
        attendance_policy.may_list,
        _by_student,
    ),
    Offer(
        BY_CLASS,
        Group.ATTENDANCE,
        "/attendance/classes",
        "What the students of each class attended, and what its rosters say.",
        attendance_policy.may_list,
        _by_class,
    ),
    Offer(
        BY_PERIOD,
        Group.ATTENDANCE,
        "/attendance/periods",
        "How many students attended in each day, week or month, and for how long.",
        attendance_policy.may_list,
        _by_period,
    ),
    Offer(
        STANDINGS,
        Group.ATTENDANCE,
        "/attendance/at-risk",
        "Who is at risk, and by which rule of the attendance policy.",
        attendance_policy.may_list,
        _standings,
    ),
    Offer(
        CORRECTIONS,
        Group.ATTENDANCE,
        "/attendance/corrections",
        "Requests to correct hours: those that wait, and what was decided.",
        attendance_policy.may_list,
        _corrections,
    ),
    Offer(
        ABSENCES,
        Group.ATTENDANCE,
        "/attendance/absences",
        "Absences that students reported: those that wait, and what was decided.",
        attendance_policy.may_list,
        _absences,
    ),
)
