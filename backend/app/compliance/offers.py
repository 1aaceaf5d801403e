"""The reports of compliance, on offer by name."""

from app.compliance.attendance import policy as attendance_policy
from app.compliance.attendance import service as attendance
from app.compliance.attendance.corrections import service as corrections
from app.compliance.attendance.corrections.reports import CORRECTIONS
from app.compliance.attendance.corrections.schemas import State
from app.compliance.attendance.reports import HOURS_BY_STUDENT, RECORDS
from app.compliance.attendance.schemas import AttendanceFilter, AttendanceState
from app.compliance.attendance.standings import service as standings
from app.compliance.attendance.standings.reports import STANDINGS
from app.compliance.attendance.summaries import service as summaries
from app.compliance.attendance.summaries.reports import BY_CLASS, BY_PERIOD
from app.compliance.credentials import policy as credentials_policy
from app.compliance.credentials.awards import service as credentials
from app.compliance.credentials.reports import CREDENTIALS
from app.compliance.externships import policy as externships_policy
from app.compliance.externships.hours import service as externship_hours
from app.compliance.externships.placements import service as externships
from app.compliance.externships.placements.reports import EXTERNSHIPS, HOURS
from app.compliance.externships.sites import service as sites
from app.compliance.externships.sites.reports import SITES
from app.compliance.grades import policy as grades_policy
from app.compliance.grades.finals import service as finals
from app.compliance.grades.finals.reports import FINALS
from app.compliance.grades.reviews import service as reviews
from app.compliance.grades.reviews.reports import PROGRESS
from app.compliance.outcomes import policy as outcomes_policy
from app.compliance.outcomes import service as outcomes
from app.compliance.outcomes.reports import COUNTS, GRADUATES
from app.compliance.transcripts import policy as transcripts_policy
from app.compliance.transcripts import service as transcripts
from app.compliance.transcripts.reports import REQUESTS_REPORT, TRANSCRIPTS_REPORT
from app.compliance.transcripts.requests import service as transcript_requests
from app.core import clock
from app.web.field_types import days_in_order
from app.web.formats import long_date
from app.web.listing import Known
from app.web.reports import registry
from app.web.reports.registry import Asked, Group, Offer, Taken

# Attendance


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
)

# Grades and progress


def _finals(asked: Asked) -> Taken:
    return Taken(
        finals.list_finals(
            asked.session,
            asked.subject,
            asked.paging,
            class_id=asked.number("class_id"),
            program_id=asked.number("program_id"),
            status=asked.one("status"),
        )
    )


def _reviews(asked: Asked) -> Taken:
    risk = asked.one("risk")
    return Taken(
        reviews.list_reviews(
            asked.session,
            asked.subject,
            asked.paging,
            state=asked.one("state"),
            at_risk=risk == "yes",
            appeals=risk == "appeals",
        )
    )


registry.register(
    Offer(
        PROGRESS,
        Group.PROGRESS,
        "/academic-progress",
        "Satisfactory academic progress (SAP): the latest review of each active student, and why.",
        grades_policy.may_list,
        _reviews,
    ),
    Offer(
        FINALS,
        Group.PROGRESS,
        "/grades",
        "Final grades by student, class and letter.",
        grades_policy.may_list,
        _finals,
    ),
)

# Externships


def _externships(asked: Asked) -> Taken:
    return Taken(
        externships.list_externships(
            asked.session,
            asked.subject,
            asked.paging,
            clock.today(asked.zone),
            state=asked.one("state"),
            program_id=asked.number("program_id"),
        )
    )


def _externship_hours(asked: Asked) -> Taken:
    return Taken(
        externship_hours.list_hours(
            asked.session,
            asked.subject,
            asked.paging,
            state=asked.one("state"),
            first=asked.day("first"),
            last=asked.day("last"),
            program_id=asked.number("program_id"),
        )
    )


def _sites(asked: Asked) -> Taken:
    return Taken(
        sites.list_sites(
            asked.session,
            asked.subject,
            asked.paging,
            clock.today(asked.zone),
            standing=asked.one("standing"),
            archived=asked.one("archived") is not None,
        )
    )


registry.register(
    Offer(
        EXTERNSHIPS,
        Group.EXTERNSHIPS,
        "/externships",
        "Who is at which site, with the hours confirmed and required.",
        externships_policy.may_list,
        _externships,
    ),
    Offer(
        HOURS,
        Group.EXTERNSHIPS,
        "/externships/hours",
        "Every day logged at a site, and whether it was confirmed and verified.",
        externships_policy.may_list,
        _externship_hours,
    ),
    Offer(
        SITES,
        Group.EXTERNSHIPS,
        "/externships/sites",
        "Sites with their agreements, how long those are valid, and how many students are there.",
        externships_policy.may_read_sites,
        _sites,
    ),
)

# Transcripts, credentials and outcomes


def _transcripts(asked: Asked) -> Taken:
    return Taken(
        transcripts.listed(
            asked.session,
            asked.subject,
            asked.paging,
            status=asked.one("status"),
            program_id=asked.number("program_id"),
        )
    )


def _transcript_requests(asked: Asked) -> Taken:
    found = transcript_requests.listed(asked.session, asked.subject, asked.paging, state=asked.one("state"))
    return Taken(found)


def _credentials(asked: Asked) -> Taken:
    return Taken(
        credentials.list_credentials(
            asked.session,
            asked.subject,
            asked.paging,
            asked.zone,
            standing=asked.one("standing"),
            program_id=asked.number("program_id"),
        )
    )


def _counts(asked: Asked) -> Taken:
    year = outcomes.year_of(asked.session, asked.subject, asked.text("year"))
    rows = outcomes.counts(asked.session, asked.subject, year)
    return Taken(
        Known(rows), {"Fiscal year": f"{year.name}, {long_date(year.first)} to {long_date(year.last)}"}
    )


def _graduates(asked: Asked) -> Taken:
    year = asked.text("year")
    return Taken(
        outcomes.list_graduates(
            asked.session,
            asked.subject,
            asked.paging,
            year=outcomes.year_of(asked.session, asked.subject, year) if year else None,
            program_id=asked.number("program_id"),
            outcome=asked.one("outcome"),
        )
    )


registry.register(
    Offer(
        TRANSCRIPTS_REPORT,
        Group.GRADUATES,
        "/transcripts",
        "Transcripts that were issued, with their numbers and hashes.",
        transcripts_policy.may_read_all,
        _transcripts,
    ),
    Offer(
        REQUESTS_REPORT,
        Group.GRADUATES,
        "/transcripts/requests",
        "Requests for transcripts, with their recipients, fees and answers.",
        transcripts_policy.may_read_all,
        _transcript_requests,
    ),
    Offer(
        CREDENTIALS,
        Group.GRADUATES,
        "/credentials",
        "Credentials that were issued, by type, program and month.",
        credentials_policy.may_list,
        _credentials,
    ),
    Offer(
        COUNTS,
        Group.GRADUATES,
        "/outcomes",
        "GNPEC’s counts by program and fiscal year: carried in, new, completed, withdrawn, still enrolled, employment.",
        outcomes_policy.may_read,
        _counts,
    ),
    Offer(
        GRADUATES,
        Group.GRADUATES,
        "/outcomes/graduates",
        "Graduates with what is known of their employment.",
        outcomes_policy.may_read,
        _graduates,
    ),
)
