"""The academic progress letter as pages: what it says, a preview, and the button that issues it."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from app.compliance.grades.letters import service
from app.core.permissions import Subject
from app.settings import Settings
from app.web.downloads import pdf_response
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import BriefSubject, CurrentSubject, DatabaseDep, Db, FilesDep, SettingsDep

router = APIRouter(include_in_schema=False)


class LetterForm(BaseModel):
    """The letter says what the review found. `request` names this act, so that sent twice it is one letter."""

    request: UUID
    replaces: OptionalId = None


@router.get("/enrollments/{enrollment_id}/progress-letter")
def letter(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    replaces: Annotated[OptionalId, Query()] = None,
) -> Response:
    form = Form.blank(LetterForm, request=uuid4(), replaces=replaces)
    return _page(request, db, subject, settings, enrollment_id, form)


@router.get("/enrollments/{enrollment_id}/progress-letter/preview")
def preview(
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    enrollment_id: PathId,
) -> Response:
    """The letter as it would look. No connection is held while it is rendered."""
    with database.begin() as session:
        draft = service.draft(session, subject, files, enrollment_id, settings.zone)
    return pdf_response(service.preview(settings, draft), "preview.pdf", inline=True)


@router.post("/enrollments/{enrollment_id}/progress-letter")
def issue(
    request: Request,
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[LetterForm], Depends(posted(LetterForm))],
) -> Response:
    def act(values: LetterForm) -> Response:
        made = service.issue(
            database,
            subject,
            files,
            settings,
            enrollment_id,
            request=values.request,
            replaces=values.replaces,
        )
        return redirect(f"/documents/{made.id}")

    return form.submit_apart(
        database, act, lambda session: _page(request, session, subject, settings, enrollment_id, form)
    )


def _page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[LetterForm],
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
