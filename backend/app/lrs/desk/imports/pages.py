"""Pages of the imports."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from app.core.permissions import Permission, Subject
from app.lrs.desk.imports import service
from app.lrs.desk.imports.ingest import NO_BYTES
from app.lrs.desk.imports.reports import IMPORTS, REFUSED
from app.web import reports, uploads
from app.web.field_types import PathId, chosen
from app.web.forms import Form, posted
from app.web.listing import Known
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, uploading

router = APIRouter(prefix="/lrs/imports", include_in_schema=False)
READS = [Requires(Permission.LRS_READ_ALL)]
MANAGES = [Requires(Permission.LRS_MANAGE)]
uploads.register("/lrs/imports")
STORE = ("Learning record store", "/lrs/statements")


class StatementsForm(BaseModel):
    """A file of statements."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    statements: Annotated[UploadFile, chosen("Choose the file that the other LRS exported.")]


@router.get("", dependencies=READS)
def imports(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    return _list_page(request, db, subject, paging, Form.blank(StatementsForm))


@router.post("")
def send(
    request: Request,
    subject: Annotated[Subject, Depends(uploading(Permission.LRS_MANAGE))],
    form: Annotated[Form[StatementsForm], Depends(posted(StatementsForm))],
    db: Db,
    files: FilesDep,
) -> Response:
    """Keep the file, and have it taken in by a job."""

    def keep(values: StatementsForm) -> Response:
        sent = values.statements
        record = service.begin(db, subject, files, sent.file, sent.filename or "")
        return redirect(f"/lrs/imports/{record.id}")

    return form.submit(db, keep, again=lambda: _list_page(request, db, subject, Paging(), form))


@router.get("/{import_id}", dependencies=READS)
def one(request: Request, db: Db, subject: CurrentSubject, import_id: PathId) -> Response:
    record = service.find(db, subject, import_id)
    return render(
        request,
        "lrs/import.html",
        record=record,
        lacks_bytes=any(NO_BYTES in fault["reason"] for fault in record.faults),
        breadcrumbs=[STORE, ("Imports", "/lrs/imports"), (record.file_name, None)],
    )


@router.get("/{import_id}/refused.csv", dependencies=READS)
def refused(db: Db, subject: CurrentSubject, import_id: PathId) -> Response:
    """The refusals that are kept."""
    record = service.find(db, subject, import_id)
    name = f"import-{record.id}-refused"
    return reports.file_of(db, subject, REFUSED, Known(record.faults), "csv", name=name)


@router.post("/{import_id}/remove", dependencies=MANAGES)
def remove(db: Db, subject: CurrentSubject, import_id: PathId) -> Response:
    service.remove(db, subject, import_id)
    return redirect("/lrs/imports")


def _list_page(
    request: Request, db: Session, subject: Subject, paging: Paging, form: Form[StatementsForm]
) -> Response:
    return reports.answer(
        request,
        db,
        subject,
        IMPORTS,
        service.imports(db, subject, paging),
        "lrs/imports.html",
        form=form,
        breadcrumbs=[STORE, ("Imports", None)],
    )
