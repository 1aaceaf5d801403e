"""The attendance record as pages: which period, a preview, and the button that issues it."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.compliance.attendance.documents import service
from app.compliance.attendance.documents.service import Period
from app.core import clock
from app.core.errors import Invalid
from app.core.permissions import Subject
from app.documents.service import Draft, IssueDeskDep, IssueForm
from app.settings import Settings
from app.web.field_types import Day, OptionalDay, OptionalId, PathId
from app.web.forms import Form, posted
from app.web.render import render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)


class RecordForm(IssueForm):
    """Which period and which program."""

    first: Annotated[Day, Field(title="First day")]
    last: Annotated[Day, Field(title="Last day")]
    enrollment_id: OptionalId = None


@router.get("/people/{user_id}/attendance-record")
def record(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    replaces: Annotated[OptionalId, Query()] = None,
) -> Response:
    enrollments = service.choices(db, subject, user_id)
    form = Form.blank(
        RecordForm,
        request=uuid4(),
        first=min(item.enrolled_at for item in enrollments),
        last=clock.today(settings.zone),
        enrollment_id=enrollments[0].id if len(enrollments) == 1 else None,
        replaces=replaces,
    )
    return _page(request, db, subject, settings, user_id, form)


@router.get("/people/{user_id}/attendance-record/preview")
def preview(
    desk: IssueDeskDep,
    user_id: PathId,
    first: Annotated[OptionalDay, Query()] = None,
    last: Annotated[OptionalDay, Query()] = None,
    enrollment_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """The record as it would look."""

    def draft(session: Session) -> Draft:
        service.choices(session, desk.subject, user_id)
        if first is None or last is None:
            raise Invalid("Choose the first and the last day of the record.")
        return service.draft(session, desk.subject, desk.files, user_id, Period(first, last, enrollment_id))

    return desk.preview(draft)


@router.post("/people/{user_id}/attendance-record")
def issue(
    request: Request,
    desk: IssueDeskDep,
    user_id: PathId,
    form: Annotated[Form[RecordForm], Depends(posted(RecordForm))],
) -> Response:
    return desk.issue(
        form,
        lambda session, values: service.draft(
            session,
            desk.subject,
            desk.files,
            user_id,
            Period(values.first, values.last, values.enrollment_id),
        ),
        lambda session: _page(request, session, desk.subject, desk.settings, user_id, form),
    )


def _page(
    request: Request, db: Db, subject: Subject, settings: Settings, user_id: int, form: Form[RecordForm]
) -> Response:
    enrollments = service.choices(db, subject, user_id)
    student = enrollments[0].full_name
    return render(
        request,
        "attendance/record_document.html",
        student=student,
        user_id=user_id,
        options=[(item.id, item.program_name) for item in enrollments],
        form=form,
        back=f"/people/{user_id}" if not subject.is_student else "/documents",
        breadcrumbs=[
            ("People", "/people") if not subject.is_student else ("Documents", "/documents"),
            *([(student, f"/people/{user_id}")] if not subject.is_student else []),
            ("Attendance record", None),
        ],
    )
