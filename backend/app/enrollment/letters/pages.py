"""The enrollment verification letter as pages: what it is to say, a preview, and the button that issues it."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from app.core.permissions import Subject
from app.enrollment.letters import service
from app.web.downloads import pdf_response
from app.web.field_types import OptionalId, PathId, Text
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import BriefSubject, CurrentSubject, DatabaseDep, Db, FilesDep, SettingsDep

router = APIRouter(include_in_schema=False)


def _few_lines(text: str) -> str:
    if len(text.splitlines()) > 6:
        raise ValueError("Use at most six lines.")
    return text


Recipient = Annotated[Text, Field(max_length=400), AfterValidator(_few_lines)]


class LetterForm(BaseModel):
    """What a letter is to say beside the records. `request` names this act, so that sent twice it is one letter."""

    request: UUID
    recipient: Recipient | None = None
    replaces: OptionalId = None


@router.get("/enrollments/{enrollment_id}/letter")
def letter(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    enrollment_id: PathId,
    replaces: Annotated[OptionalId, Query()] = None,
) -> Response:
    form = Form.blank(LetterForm, request=uuid4(), replaces=replaces)
    return _page(request, db, subject, enrollment_id, form)


@router.get("/enrollments/{enrollment_id}/letter/preview")
def preview(
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    enrollment_id: PathId,
    recipient: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """The letter as it would look. No connection is held while it is rendered."""
    with database.begin() as session:
        draft = service.draft(session, subject, files, enrollment_id, recipient)
    return pdf_response(service.preview(settings, draft), "preview.pdf", inline=True)


@router.post("/enrollments/{enrollment_id}/letter")
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
            recipient=values.recipient,
            request=values.request,
            replaces=values.replaces,
        )
        return redirect(f"/documents/{made.id}")

    return form.submit_apart(
        database, act, lambda session: _page(request, session, subject, enrollment_id, form)
    )


def _page(request: Request, db: Db, subject: Subject, enrollment_id: int, form: Form[LetterForm]) -> Response:
    record = service.read(db, subject, enrollment_id)
    back = f"/enrollments/{enrollment_id}"
    return render(
        request,
        "letters/letter.html",
        record=record,
        form=form,
        back=back,
        breadcrumbs=[
            ("Enrollments", "/enrollments") if not subject.is_student else ("Documents", "/documents"),
            (record.full_name if not subject.is_student else record.program_name, back),
            ("Enrollment letter", None),
        ],
    )
