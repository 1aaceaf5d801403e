"""The academic progress letter as pages: what it says, a preview, and the button that issues it."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.compliance.grades.letters import service
from app.core.permissions import Subject
from app.documents.service import Draft, IssueDesk, IssueDeskDep, IssueForm
from app.settings import Settings
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.render import render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)


@router.get("/enrollments/{enrollment_id}/progress-letter")
def letter(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    replaces: Annotated[OptionalId, Query()] = None,
) -> Response:
    form = Form.blank(IssueForm, request=uuid4(), replaces=replaces)
    return _page(request, db, subject, settings, enrollment_id, form)


@router.get("/enrollments/{enrollment_id}/progress-letter/preview")
def preview(desk: IssueDeskDep, enrollment_id: PathId) -> Response:
    """The letter as it would look."""
    return desk.preview(lambda session: _draft(session, desk, enrollment_id))


@router.post("/enrollments/{enrollment_id}/progress-letter")
def issue(
    request: Request,
    desk: IssueDeskDep,
    enrollment_id: PathId,
    form: Annotated[Form[IssueForm], Depends(posted(IssueForm))],
) -> Response:
    return desk.issue(
        form,
        lambda session, _values: _draft(session, desk, enrollment_id),
        lambda session: _page(request, session, desk.subject, desk.settings, enrollment_id, form),
    )


def _draft(session: Session, desk: IssueDesk, enrollment_id: int) -> Draft:
    return service.draft(session, desk.subject, desk.files, enrollment_id, desk.settings.zone)


def _page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[IssueForm],
) -> Response:
    row = service.read(db, subject, enrollment_id, settings.zone).row
    return render(
        request,
        "grades/letter.html",
        row=row,
        form=form,
        breadcrumbs=[
            ("Grades", "/grades"),
            ("Academic progress", f"/academic-progress/{row.id}"),
            ("Letter", None),
        ],
    )
