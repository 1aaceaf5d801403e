"""The skills record as pages: which program, a preview, and the button that issues it."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.compliance.grades.skills.records import service
from app.core.errors import Invalid
from app.core.permissions import Subject
from app.documents.service import Draft, IssueDeskDep, IssueForm
from app.web.field_types import OptionalId, PathId, RecordId
from app.web.forms import Form, posted
from app.web.render import render
from app.web.request import CurrentSubject, Db

router = APIRouter(include_in_schema=False)


class RecordForm(IssueForm):
    """Which program."""

    enrollment_id: RecordId


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
    desk: IssueDeskDep, user_id: PathId, enrollment_id: Annotated[OptionalId, Query()] = None
) -> Response:
    """The record as it would look."""

    def draft(session: Session) -> Draft:
        service.choices(session, desk.subject, user_id)
        if enrollment_id is None:
            raise Invalid("Choose the program of the record.")
        return service.draft(session, desk.subject, desk.files, user_id, enrollment_id)

    return desk.preview(draft)


@router.post("/people/{user_id}/skills-record")
def issue(
    request: Request,
    desk: IssueDeskDep,
    user_id: PathId,
    form: Annotated[Form[RecordForm], Depends(posted(RecordForm))],
) -> Response:
    return desk.issue(
        form,
        lambda session, values: service.draft(
            session, desk.subject, desk.files, user_id, values.enrollment_id
        ),
        lambda session: _page(request, session, desk.subject, user_id, form),
    )


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
