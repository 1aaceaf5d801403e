"""Clock hours as pages: the student's hours and clock, the staff's lists and corrections."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from app.compliance.attendance import policy, service
from app.compliance.attendance.absences import service as absences
from app.compliance.attendance.corrections import service as corrections
from app.compliance.attendance.filters import Filters
from app.compliance.attendance.month import Month
from app.compliance.attendance.reports import HOURS_BY_STUDENT, MY_HOURS, RECORDS
from app.compliance.attendance.schemas import AttendanceFilter, AttendanceState
from app.core import clock
from app.core.errors import Conflict, Invalid, Problem
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.settings import Settings
from app.web import navigation, refusals, reports
from app.web.field_types import OptionalId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import MOST_COUNTED, PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("record_id", "attendance", owner="user_id", kind=Records.ATTENDANCE)
LISTS = [Requires(*Records.ATTENDANCE.value)]
CORRECTS = [Requires(Permission.ATTENDANCE_CORRECT)]
navigation.register(
    NavItem("Hours", "/hours", "clock", navigation.STUDENTS, order=30),
    NavItem("Attendance", "/attendance", "clock", policy.may_list, order=30),
)

EVERYTHING = "all"


class ClockForm(BaseModel):
    """The clock's button: which enrollment, when there are several."""

    enrollment_id: OptionalId = None


# The student's


@router.get("/hours")
def hours(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    month: Annotated[str, Query()] = "",
) -> Response:
    if not subject.is_student:
        return redirect("/attendance")
    if paging.format:
        asked = None if month == EVERYTHING else Month.of(month, clock.today(settings.zone))
        filters = AttendanceFilter(first=asked.first, last=asked.last) if asked else AttendanceFilter()
        return reports.file_of(
            db,
            subject,
            MY_HOURS,
            service.list_records(db, subject, filters, paging, settings.zone),
            paging.format,
            name=f"my-hours-{asked.key}" if asked else "my-hours",
            about={"Student": subject.full_name, "Month": asked.name if asked else "All"},
        )
    return _hours_page(request, db, subject, settings, paging, month)


def _hours_page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    paging: Paging,
    month: str = "",
    problem: Problem | None = None,
) -> Response:
    present = Month.of(month, clock.today(settings.zone))
    state = service.clock_state(db, subject, settings.zone)
    filters = AttendanceFilter(user_id=subject.user_id, first=present.first, last=present.last)
    totals = service.totals_of(db, subject, subject.user_id, state.choices, settings.zone)
    return render(
        request,
        "attendance/hours.html",
        problem.status if problem else 200,
        problem=problem,
        clock=state,
        month=present,
        today=clock.today(settings.zone),
        by_day=service.minutes_by_day(
            db, subject, subject.user_id, present.first, present.last, settings.zone
        ),
        records=service.list_records(db, subject, filters, paging, settings.zone).page(),
        clock_hours=service.clock_hours_between(
            db, subject, subject.user_id, present.first, present.last, settings.zone
        ),
        requests=corrections.of_student(db, subject, subject.user_id),
        absences=absences.of_student(db, subject, subject.user_id, settings.zone),
        totals=totals,
        weeks=service.weeks_chart(totals.weeks),
        formats=reports.offered(),
        paging=paging,
    )


@router.post("/hours/clock-in")
def clock_in(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[ClockForm], Depends(posted(ClockForm))],
) -> Response:
    def begin(values: ClockForm) -> Response:
        service.clock_in(db, subject, settings.zone, values.enrollment_id)
        return redirect("/")

    return _punch(request, db, subject, settings, form, begin)


@router.post("/hours/clock-out")
def clock_out(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[ClockForm], Depends(posted(ClockForm))],
) -> Response:
    def end(_values: ClockForm) -> Response:
        service.clock_out(db, subject, settings.zone)
        return redirect("/")

    return _punch(request, db, subject, settings, form, end)


def _punch(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    form: Form[ClockForm],
    action: Callable[[ClockForm], Response],
) -> Response:
    """Do it, or show the hours as they are beside the sentence that says why not."""
    try:
        if form.values is None:
            raise Invalid("Choose the program these hours count for.")
        with db.begin_nested():
            return action(form.values)
    except (Conflict, Invalid) as problem:
        return _hours_page(request, db, subject, settings, Paging(), problem=problem)


# The staff's


@router.get("/attendance", dependencies=LISTS)
def attendance(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    filters: Filters,
    paging: PageParams,
) -> Response:
    return reports.answer(
        request,
        db,
        subject,
        RECORDS,
        service.list_records(db, subject, filters, paging, settings.zone),
        "attendance/list.html",
        filters=filters,
        narrowed=filters != AttendanceFilter(),
        views=views(request),
    )


@router.get("/attendance/here", dependencies=LISTS)
def here(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    return render(
        request,
        "attendance/here.html",
        formats=reports.offered(),
        page=service.who_is_here(db, subject, paging, settings.zone).page(MOST_COUNTED),
        forgotten=service.recent_records(
            db, subject, AttendanceFilter(state=AttendanceState.NEEDS_CORRECTION), settings.zone, limit=50
        ),
        views=views(request),
    )


@router.get("/attendance/students", dependencies=LISTS)
def hours_per_student(
    request: Request, db: Db, subject: CurrentSubject, filters: Filters, paging: PageParams
) -> Response:
    return reports.answer(
        request,
        db,
        subject,
        HOURS_BY_STUDENT,
        service.hours_per_student(db, subject, paging, filters.first, filters.last),
        "attendance/students.html",
        views=views(request),
    )


def views(request: Request) -> list[tuple[str, str, bool]]:
    places = (
        ("Records", "/attendance"),
        ("Here now", "/attendance/here"),
        ("By student", "/attendance/students"),
        ("By class", "/attendance/classes"),
        ("By period", "/attendance/periods"),
        ("At risk", "/attendance/at-risk"),
        ("Corrections", "/attendance/corrections"),
        ("Absences", "/attendance/absences"),
        ("Closed periods", "/attendance/closings"),
        ("Kiosk punches", "/attendance/kiosk-punches"),
        ("Kiosks", "/attendance/kiosks"),
    )
    return [(label, path, request.url.path == path) for label, path in places]
