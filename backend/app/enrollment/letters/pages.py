"""The enrollment verification letter as pages: what it is to say, a preview, and the button that issues it."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, Field

from app.core.permissions import Subject
from app.documents.service import IssueDeskDep, IssueForm
from app.enrollment.letters import service
from app.web.field_types import OptionalId, PathId, Text
from app.web.forms import Form, posted
from app.web.render import render
from app.web.request import CurrentSubject, Db

router = APIRouter(include_in_schema=False)


def _few_lines(text: str) -> str:
    if len(text.splitlines()) > 6:
        raise ValueError("Use at most six lines.")
    return text


Recipient = Annotated[Text, Field(max_length=400), AfterValidator(_few_lines)]


class LetterForm(IssueForm):
    """What a letter is to say beside the records."""

    recipient: Recipient | None = None


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
    desk: IssueDeskDep, enrollment_id: PathId, recipient: Annotated[str, Query(max_length=400)] = ""
) -> Response:
    """The letter as it would look."""
    return desk.preview(
        lambda session: service.draft(session, desk.subject, desk.files, enrollment_id, recipient)
    )


@router.post("/enrollments/{enrollment_id}/letter")
def issue(
    request: Request,
    desk: IssueDeskDep,
    enrollment_id: PathId,
    form: Annotated[Form[LetterForm], Depends(posted(LetterForm))],
) -> Response:
    return desk.issue(
        form,
        lambda session, values: service.draft(
            session, desk.subject, desk.files, enrollment_id, values.recipient
        ),
        lambda session: _page(request, session, desk.subject, enrollment_id, form),
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
