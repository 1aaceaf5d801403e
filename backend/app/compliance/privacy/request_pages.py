"""Pages of one request, for the office: to see records, to amend one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from app.compliance.privacy import access, amendments
from app.compliance.privacy.archive import Archive
from app.compliance.privacy.schemas import AnswerForm, DecisionForm, HearingForm
from app.core import clock
from app.core.permissions import Permission, Subject
from app.settings import Settings
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.reports.answers import download
from app.web.request import (
    BriefSubject,
    CurrentSubject,
    DatabaseDep,
    Db,
    FilesDep,
    Requires,
    SettingsDep,
    uploading,
)

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.PRIVACY_READ)]
MANAGES = [Requires(Permission.PRIVACY_MANAGE)]
Manager = Annotated[Subject, Depends(uploading(Permission.PRIVACY_MANAGE))]
"""For what works long: who asks is known in a transaction that is over by then."""
PRIVACY = ("Privacy", "/privacy")


@router.get("/privacy/access/{access_request_id}", dependencies=READS)
def access_request(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, access_request_id: PathId
) -> Response:
    form = Form.blank(AnswerForm, how="copy")
    return _access_page(request, db, subject, settings, access_request_id, form)


@router.post("/privacy/access/{access_request_id}")
def answer(
    request: Request,
    database: DatabaseDep,
    subject: Manager,
    settings: SettingsDep,
    store: FilesDep,
    access_request_id: PathId,
    form: Annotated[Form[AnswerForm], Depends(posted(AnswerForm))],
) -> Response:
    """Answer with a copy of the whole file, or say that the student has looked at the records."""

    def act(values: AnswerForm) -> Response:
        if values.how == "copy":
            access.answer_with_copy(database, subject, store, settings, access_request_id, values.answer)
        else:
            with database.begin() as session:
                access.answer_inspected(session, subject, access_request_id, values.answer)
        return redirect(f"/privacy/access/{access_request_id}")

    return form.submit_apart(
        database,
        act,
        lambda session: _access_page(request, session, subject, settings, access_request_id, form),
    )


def _access_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    access_request_id: int,
    form: Form[AnswerForm],
) -> Response:
    found = access.read_request(db, subject, access_request_id, clock.today(settings.zone))
    return render(
        request,
        "privacy/access.html",
        found=found,
        row=found.row,
        form=form,
        breadcrumbs=[
            PRIVACY,
            (found.student, None if found.deleted else f"/people/{found.row.student_id}/privacy"),
            ("Request", None),
        ],
    )


@router.get("/privacy/access/{access_request_id}/copy")
def copy(
    database: DatabaseDep,
    subject: BriefSubject,
    settings: SettingsDep,
    store: FilesDep,
    access_request_id: PathId,
) -> Response:
    """The archive that answered a request, for the student; for the office another with what they may have."""
    row = access.read_copy(database, subject, store, settings, access_request_id)
    if isinstance(row, Archive):
        row.file.seek(row.size)
        return download(row.file, row.name, "application/zip")
    chunks = store.read(row.archive_sha256 or "")
    headers = {
        "Content-Disposition": f'attachment; filename="student-file-{row.student_id}-{row.received_on}.zip"',
        "Content-Length": str(row.archive_bytes),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)


@router.get("/privacy/amendments/{amendment_id}", dependencies=READS)
def amendment(request: Request, db: Db, subject: CurrentSubject, amendment_id: PathId) -> Response:
    return _amendment_page(request, db, subject, amendment_id, Form.blank(DecisionForm))


@router.post("/privacy/amendments/{amendment_id}", dependencies=MANAGES)
def decide(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    amendment_id: PathId,
    form: Annotated[Form[DecisionForm], Depends(posted(DecisionForm))],
) -> Response:
    def act(values: DecisionForm) -> Response:
        amendments.decide_amendment(db, subject, amendment_id, values)
        return redirect(f"/privacy/amendments/{amendment_id}")

    return form.submit(db, act, lambda: _amendment_page(request, db, subject, amendment_id, form))


@router.post("/privacy/amendments/{amendment_id}/hearing", dependencies=MANAGES)
def hear(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    amendment_id: PathId,
    form: Annotated[Form[HearingForm], Depends(posted(HearingForm))],
) -> Response:
    def act(values: HearingForm) -> Response:
        amendments.decide_hearing(db, subject, amendment_id, values)
        return redirect(f"/privacy/amendments/{amendment_id}")

    return form.submit(db, act, lambda: _amendment_page(request, db, subject, amendment_id, form))


def _amendment_page(
    request: Request, db: Session, subject: Subject, amendment_id: int, form: Form[Any]
) -> Response:
    found = amendments.read_amendment(db, subject, amendment_id)
    return render(
        request,
        "privacy/amendment.html",
        found=found,
        row=found.row,
        form=form,
        own=False,
        breadcrumbs=[
            PRIVACY,
            (found.student, None if found.deleted else f"/people/{found.row.student_id}/privacy"),
            ("Amendment", None),
        ],
    )
