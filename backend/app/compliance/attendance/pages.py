"""Clock hours as pages: the student's hours and clock, the staff's lists and corrections."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from app.compliance.attendance import policy, service
from app.compliance.attendance.filters import Filters
from app.compliance.attendance.month import Month
from app.compliance.attendance.reports import HOURS_BY_STUDENT, MY_HOURS, RECORDS
from app.compliance.attendance.schemas import (
    AttendanceFilter,
    AttendanceOut,
    AttendanceState,
    CorrectionForm,
    CorrectionIn,
    HoursForm,
    HoursIn,
)
from app.core import clock
from app.core.errors import Conflict, Invalid, Problem
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.rules import hours as hours_rules
from app.settings import Settings
from app.web import navigation, refusals, reports
from app.web.field_types import OptionalId, PathId
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
    filters = AttendanceFilter(first=present.first, last=present.last)
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
        views=_views(request),
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
        views=_views(request),
    )


@router.get("/attendance/students", dependencies=LISTS)
def hours_per_student(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    return reports.answer(
        request,
        db,
        subject,
        HOURS_BY_STUDENT,
        service.hours_per_student(db, subject, paging),
        "attendance/students.html",
        views=_views(request),
    )


def _entry_page(
    request: Request, db: Db, subject: Subject, form: Form[HoursForm], user_id: int | None, zone: ZoneInfo
) -> Response:
    choices = service.enrollment_choices(db, subject, user_id)
    return render(
        request,
        "attendance/form.html",
        form=form,
        record=None,
        person=choices[0] if user_id is not None else None,
        options=[(item.id, f"{item.full_name} – {item.program_name}") for item in choices],
        twice=_twice(form, zone),
        breadcrumbs=[("Attendance", "/attendance"), ("Enter hours", None)],
    )


@router.get("/attendance/new", dependencies=CORRECTS)
def new_entry(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    return _entry_page(request, db, subject, Form.blank(HoursForm), user_id, settings.zone)


@router.post("/attendance/new", dependencies=CORRECTS)
def enter(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[HoursForm], Depends(posted(HoursForm))],
    user_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    def record(values: HoursForm) -> Response:
        first, last = _instants(values, settings.zone)
        entry = HoursIn(
            enrollment_id=values.enrollment_id, clock_in=first, clock_out=last, reason=values.reason
        )
        return redirect(f"/attendance/{service.enter(db, subject, entry, settings.zone).id}")

    return form.submit(
        db, record, again=lambda: _entry_page(request, db, subject, form, user_id, settings.zone)
    )


def _record_page(
    request: Request, record: AttendanceOut, form: Form[CorrectionForm], zone: ZoneInfo
) -> Response:
    return render(
        request,
        "attendance/form.html",
        form=form,
        record=record,
        person=None,
        options=[],
        twice=_twice(form, zone),
        breadcrumbs=[
            ("Attendance", "/attendance"),
            (record.student, f"/people/{record.user_id}"),
            ("Record", None),
        ],
    )


@router.get("/attendance/{record_id}", dependencies=LISTS)
def show_record(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, record_id: PathId
) -> Response:
    record = service.get(db, subject, record_id, settings.zone)
    return _record_page(request, record, Form.blank(CorrectionForm, **_as_shown(record)), settings.zone)


@router.post("/attendance/{record_id}", dependencies=CORRECTS)
def correct(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    record_id: PathId,
    form: Annotated[Form[CorrectionForm], Depends(posted(CorrectionForm))],
) -> Response:
    record = service.get(db, subject, record_id, settings.zone)

    def put_right(values: CorrectionForm) -> Response:
        first, last = _instants(values, settings.zone)
        no_hours = first == last
        first = _exactly(first, record.clock_in)
        last = first if no_hours else _exactly(last, record.clock_out)
        correction = CorrectionIn(clock_in=first, clock_out=last, reason=values.reason)
        service.correct(db, subject, record_id, correction, settings.zone)
        return redirect(f"/attendance/{record_id}")

    return form.submit(db, put_right, again=lambda: _record_page(request, record, form, settings.zone))


def _as_shown(record: AttendanceOut) -> dict[str, object]:
    """A record's times as the form's fields show them: the school's clock, to the minute."""
    present: dict[str, object] = {}
    for name, moment in (("clock_in", record.clock_in), ("clock_out", record.clock_out)):
        if moment is not None:
            present[name] = moment.replace(tzinfo=None, fold=0, second=0, microsecond=0)
            present[f"{name}_second"] = moment.fold == 1
    return present


def _exactly(typed: datetime, recorded: datetime | None) -> datetime:
    """The recorded instant when the form still shows it: the form knows minutes, the record seconds."""
    same = recorded is not None and recorded.replace(second=0, microsecond=0) == typed
    return recorded if recorded is not None and same else typed


def _instants(values: CorrectionForm, zone: ZoneInfo) -> tuple[datetime, datetime]:
    first = service.instant(values.clock_in, "clock_in", zone, second=values.clock_in_second)
    last = service.instant(values.clock_out, "clock_out", zone, second=values.clock_out_second)
    return first, last


def _twice(form: Form[Any], zone: ZoneInfo) -> set[str]:
    """The names of the fields whose time came twice that day, so that the form asks which one is meant."""
    found = set()
    for name in ("clock_in", "clock_out"):
        try:
            present = datetime.fromisoformat(form.text(name)).replace(tzinfo=None)
        except ValueError:
            continue
        if hours_rules.read_wall_clock(present, zone).ambiguous:
            found.add(name)
    return found


def _views(request: Request) -> list[tuple[str, str, bool]]:
    places = (
        ("Records", "/attendance"),
        ("Here now", "/attendance/here"),
        ("By student", "/attendance/students"),
    )
    return [(label, path, request.url.path == path) for label, path in places]
