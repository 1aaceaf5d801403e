"""Clock hours as JSON."""

from typing import Annotated

from fastapi import APIRouter, Body

from app.compliance.attendance import service
from app.compliance.attendance.corrections import service as corrections
from app.compliance.attendance.corrections.schemas import CorrectionOut, DecisionIn
from app.compliance.attendance.filters import Filters
from app.compliance.attendance.schemas import (
    AttendanceOut,
    ClockIn,
    CorrectionIn,
    HoursIn,
    StudentHours,
    Totals,
)
from app.core.permissions import Permission
from app.core.visibility import Records
from app.web.field_types import OptionalId, PathId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(prefix="/api/v1/attendance", tags=["attendance"])
LISTS = [Requires(*Records.ATTENDANCE.value)]
CORRECTS = [Requires(Permission.ATTENDANCE_CORRECT)]


@router.post("/clock-in", status_code=201)
def clock_in(
    db: Db, subject: CurrentSubject, settings: SettingsDep, body: Annotated[ClockIn | None, Body()] = None
) -> AttendanceOut:
    """Begin a time entry now. 409 while one is open; 422 when several programs are active and none is named."""
    return service.clock_in(db, subject, settings.zone, body.enrollment_id if body else None)


@router.post("/clock-out")
def clock_out(db: Db, subject: CurrentSubject, settings: SettingsDep) -> AttendanceOut:
    """End the open time entry now. 409 when there is none."""
    return service.clock_out(db, subject, settings.zone)


@router.get("")
def list_records(
    db: Db, subject: CurrentSubject, settings: SettingsDep, filters: Filters, paging: PageParams
) -> Page[AttendanceOut]:
    """Records, newest first; a student sees their own. Sorts: clock_in, clock_out, minutes, student, program."""
    return service.list_records(db, subject, filters, paging, settings.zone).page()


@router.get("/totals")
def totals(db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: OptionalId = None) -> Totals:
    """Minutes in all, by enrollment with the projected finish date, and by week; of oneself unless named."""
    return service.totals(db, subject, user_id or subject.user_id, settings.zone)


@router.get("/hours-per-student", dependencies=LISTS)
def hours_per_student(
    db: Db, subject: CurrentSubject, filters: Filters, paging: PageParams
) -> Page[StudentHours]:
    """Total attendance of every student with any record, most hours first; `from` and `to` narrow it to days. Sorts:
    hours, student, email."""
    return service.hours_per_student(db, subject, paging, filters.first, filters.last).page()


@router.get("/corrections", dependencies=LISTS)
def list_corrections(db: Db, subject: CurrentSubject, paging: PageParams) -> Page[CorrectionOut]:
    """Requests that wait for a decision, the oldest first. Sorts: asked, student, program, kind."""
    return corrections.list_corrections(db, subject, paging, undecided=True).page()


@router.post("/corrections/{correction_id}/decision", dependencies=CORRECTS)
def decide(
    db: Db, subject: CurrentSubject, settings: SettingsDep, correction_id: PathId, body: DecisionIn
) -> CorrectionOut:
    """Approve or decline a request of somebody else's. 409 when it is decided, or the record has changed since."""
    return corrections.decide(db, subject, correction_id, body, settings.zone)


@router.get("/{record_id}")
def get_record(db: Db, subject: CurrentSubject, settings: SettingsDep, record_id: PathId) -> AttendanceOut:
    """One record."""
    return service.get(db, subject, record_id, settings.zone)


@router.post("", status_code=202, dependencies=CORRECTS)
def request_hours(db: Db, subject: CurrentSubject, settings: SettingsDep, body: HoursIn) -> CorrectionOut:
    """Request hours that the clock missed; someone else reviews them. 409 for an overlap with another record."""
    return corrections.request_hours(db, subject, body, settings.zone)


@router.put("/{record_id}", status_code=202, dependencies=CORRECTS)
def request_change(
    db: Db, subject: CurrentSubject, settings: SettingsDep, record_id: PathId, body: CorrectionIn
) -> CorrectionOut:
    """Request other times for a record, with the reason. It does not change until someone else approves."""
    return corrections.request_change(db, subject, record_id, body, settings.zone)
