"""Reported absences as JSON."""

from fastapi import APIRouter

from app.compliance.attendance.absences import service
from app.compliance.attendance.absences.schemas import AbsenceDecision, AbsenceIn, AbsenceOut
from app.core.permissions import Permission
from app.core.visibility import Records
from app.web.field_types import PathId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(prefix="/api/v1/absences", tags=["attendance"])


@router.get("", dependencies=[Requires(*Records.ATTENDANCE.value)])
def list_absences(
    db: Db, subject: CurrentSubject, settings: SettingsDep, paging: PageParams
) -> Page[AbsenceOut]:
    """Absences that wait for a decision, the oldest first. Sorts: requested, student, program, starts. `reason` and
    `has_document` are null for those who neither decide the absence nor read withdrawals."""
    return service.list_absences(db, subject, paging, settings.zone).page()


@router.post("", status_code=201)
def report(db: Db, subject: CurrentSubject, settings: SettingsDep, body: AbsenceIn) -> AbsenceOut:
    """Report an absence of one’s own: days, both included, or one class meeting by `class_id` and `meeting_at`. Sent
    again with the same `request`, it is the same report. 409 for one that was reported before."""
    return service.report(db, subject, body, settings.zone)


@router.get("/{absence_id}")
def read(db: Db, subject: CurrentSubject, settings: SettingsDep, absence_id: PathId) -> AbsenceOut:
    """One absence."""
    return service.read(db, subject, absence_id, settings.zone).absence


@router.post("/{absence_id}/decision", dependencies=[Requires(Permission.ATTENDANCE_EXCUSE)])
def decide(
    db: Db, subject: CurrentSubject, settings: SettingsDep, absence_id: PathId, body: AbsenceDecision
) -> AbsenceOut:
    """Excuse it, or not. 409 when it was decided or withdrawn meanwhile."""
    return service.decide(db, subject, absence_id, body, settings.zone)


@router.post("/{absence_id}/withdraw")
def withdraw(db: Db, subject: CurrentSubject, absence_id: PathId) -> AbsenceOut:
    """Withdraw one’s own report that is not decided yet."""
    return service.withdraw(db, subject, absence_id)
