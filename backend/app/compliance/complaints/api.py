"""Complaints as JSON."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.compliance.complaints import service
from app.compliance.complaints.schemas import ComplaintIn, ComplaintOut
from app.core import clock
from app.core.errors import NotFound
from app.web.field_types import PathId
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1/complaints", tags=["complaints"])


@router.get("")
def list_complaints(
    db: Db, subject: CurrentSubject, student_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> list[ComplaintOut]:
    """A student's complaints, the newest first; one's own unless a student is named."""
    found = service.of_student(db, subject, student_id or subject.user_id)
    return [ComplaintOut.model_validate(one) for one in found]


@router.get("/{complaint_id}")
def get_complaint(
    db: Db, subject: CurrentSubject, settings: SettingsDep, complaint_id: PathId
) -> ComplaintOut:
    """One complaint. 404 for other people's, and for one about oneself."""
    found = service.read(db, subject, complaint_id, clock.today(settings.zone))
    return ComplaintOut.model_validate(found.row)


def _student(subject: CurrentSubject) -> None:
    if not subject.is_student:
        raise NotFound("Students make complaints here. The office enters complaints of others on its pages.")


@router.post("", status_code=201, dependencies=[Depends(_student)])
def file_complaint(db: Db, subject: CurrentSubject, settings: SettingsDep, body: ComplaintIn) -> ComplaintOut:
    """A student complains. The same `request` sent twice is one complaint."""
    return ComplaintOut.model_validate(service.file_own(db, subject, body, clock.today(settings.zone)))
