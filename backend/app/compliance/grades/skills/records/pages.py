"""The skills record as pages: which program, a preview, and the button that issues it."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from app.compliance.grades.skills.records import service
from app.core.errors import Invalid
from app.core.permissions import Subject
from app.web.downloads import pdf_response
from app.web.field_types import OptionalId, PathId, RecordId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import BriefSubject, CurrentSubject, DatabaseDep, Db, FilesDep, SettingsDep

router = APIRouter(include_in_schema=False)


class RecordForm(BaseModel):
    """Which program. `request` names this act, so that sent twice it is one document."""

    request: UUID
    enrollment_id: RecordId
    replaces: OptionalId = None


@router.get("/people/{user_id}/skills-record")
def record(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    replaces: Annotated[OptionalId, Query()] = None,
) -> Response:
    known = service.choices(db, subject, user_id)
    form = Form.blank(RecordForm, request=uuid4(), enrollment_id=known[0].enrollment.id, replaces=replaces)
    return _page(request, db, subject, user_id, form)


@router.get("/people/{user_id}/skills-record/preview")
def preview(
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    user_id: PathId,
    enrollment_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """The record as it would look. No connection is held while it is rendered."""
    with database.begin() as session:
        service.choices(session, subject, user_id)
        if enrollment_id is None:
            raise Invalid("Choose the program of the record.")
        draft = service.draft(session, subject, files, user_id, enrollment_id)
    return pdf_response(service.preview(settings, draft), "preview.pdf", inline=True)


@router.post("/people/{user_id}/skills-record")
def issue(
    request: Request,
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    user_id: PathId,
    form: Annotated[Form[RecordForm], Depends(posted(RecordForm))],
) -> Response:
    def act(values: RecordForm) -> Response:
        made = service.issue(
            database,
            subject,
            files,
            settings,
            user_id,
            values.enrollment_id,
            request=values.request,
            replaces=values.replaces,
        )
        return redirect(f"/documents/{made.id}")

    return form.submit_apart(database, act, lambda session: _page(request, session, subject, user_id, form))


def _page(request: Request, db: Db, subject: Subject, user_id: int, form: Form[RecordForm]) -> Response:
    known = service.choices(db, subject, user_id)
    student = known[0].enrollment.full_name
    own = subject.user_id == user_id
    return render(
        request,
        "skills/record.html",
        student=student,
        user_id=user_id,
        options=[(one.enrollment.id, one.enrollment.program_name) for one in known],
        form=form,
        breadcrumbs=[
            ("Grades", "/grades"),
            ("Skills" if own else f"Skills of {student}", f"/skills/students/{user_id}"),
            ("Skills record", None),
        ],
    )
