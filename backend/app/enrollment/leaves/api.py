"""Leaves of absence as JSON."""

from fastapi import APIRouter

from app.core.permissions import Subject
from app.enrollment.leaves import service
from app.enrollment.leaves.schemas import DecideForm, ExtendForm, LeaveForm, LeaveOut, ReturnForm
from app.settings import Settings
from app.web.field_types import PathId
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1", tags=["enrollments"])


@router.get("/enrollments/{enrollment_id}/leaves")
def of_enrollment(
    db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId
) -> list[LeaveOut]:
    """The leaves of absence of an enrollment, the latest first."""
    found = service.of_enrollment(db, subject, enrollment_id, settings.zone)
    return [LeaveOut.model_validate(one) for one in found]


@router.post("/enrollments/{enrollment_id}/leaves")
def enter(
    db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId, body: LeaveForm
) -> LeaveOut:
    """Ask for a leave of one's own, or record one for a student, which is approved with that. Sent again with the same
    `request`, it is the same leave. 422 for days that another leave covers, or above the policy's limit."""
    leave = service.enter(db, subject, enrollment_id, body, settings.zone)
    return _out(db, subject, settings, leave.id)


@router.get("/leaves/{leave_id}")
def read(db: Db, subject: CurrentSubject, settings: SettingsDep, leave_id: PathId) -> LeaveOut:
    """One leave of absence."""
    return _out(db, subject, settings, leave_id)


@router.post("/leaves/{leave_id}/decide")
def decide(
    db: Db, subject: CurrentSubject, settings: SettingsDep, leave_id: PathId, body: DecideForm
) -> LeaveOut:
    """Approve or decline a request. 409 when it was decided or canceled meanwhile."""
    approve = body.decision == "approve"
    service.decide(db, subject, leave_id, approve=approve, note=body.note, zone=settings.zone)
    return _out(db, subject, settings, leave_id)


@router.post("/leaves/{leave_id}/extend")
def extend(
    db: Db, subject: CurrentSubject, settings: SettingsDep, leave_id: PathId, body: ExtendForm
) -> LeaveOut:
    """Move the expected return to a later day, within the limit."""
    service.extend(db, subject, leave_id, return_on=body.return_on, note=body.note, zone=settings.zone)
    return _out(db, subject, settings, leave_id)


@router.post("/leaves/{leave_id}/return")
def note_return(
    db: Db, subject: CurrentSubject, settings: SettingsDep, leave_id: PathId, body: ReturnForm
) -> LeaveOut:
    """Record that the student is back."""
    service.note_return(db, subject, leave_id, returned_on=body.returned_on, zone=settings.zone)
    return _out(db, subject, settings, leave_id)


@router.post("/leaves/{leave_id}/cancel")
def cancel(db: Db, subject: CurrentSubject, settings: SettingsDep, leave_id: PathId) -> LeaveOut:
    """Cancel a leave that has not begun: students theirs, the office any."""
    service.cancel(db, subject, leave_id, zone=settings.zone)
    return _out(db, subject, settings, leave_id)


def _out(db: Db, subject: Subject, settings: Settings, leave_id: int) -> LeaveOut:
    return LeaveOut.model_validate(service.read(db, subject, leave_id, settings.zone))
