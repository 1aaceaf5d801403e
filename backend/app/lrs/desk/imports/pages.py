"""Pages of the imports."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, field_validator
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from app.core.permissions import Subject
from app.lrs.desk.imports import service
from app.lrs.desk.imports.ingest import NO_BYTES
from app.lrs.desk.imports.reports import IMPORTS, REFUSED
from app.web import reports, uploads
from app.web.fields import PathId
from app.web.forms import Form, posted
from app.web.listing import Known
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, FilesDep, UploadingStaff, admin_subject

router = APIRouter(prefix="/lrs/imports", include_in_schema=False)
uploads.register("/lrs/imports")
STORE = ("Learning record store", "/lrs/statements")


class StatementsForm(BaseModel):
    """A file of statements."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    statements: UploadFile

    @field_validator("statements", mode="before")
    @classmethod
    def _chosen(cls, value: object) -> object:
        if not isinstance(value, UploadFile) or not value.filename:
            raise ValueError("Choose the file that the other LRS exported.")
        return value


@router.get("")
def imports(request: Request, db: Db, admin: AdminSubject, paging: PageParams) -> Response:
    return _list_page(request, db, admin, paging, Form.blank(StatementsForm))


@router.post("")
def send(
    request: Request,
    staff: UploadingStaff,
    form: Annotated[Form[StatementsForm], Depends(posted(StatementsForm))],
    db: Db,
    files: FilesDep,
) -> Response:
    """Keep the file, and have it taken in by a job."""
    admin = admin_subject(staff)

    def keep(values: StatementsForm) -> Response:
        sent = values.statements
        record = service.begin(db, admin, files, sent.file, sent.filename or "")
        return redirect(f"/lrs/imports/{record.id}")

    return form.submit(db, keep, again=lambda: _list_page(request, db, admin, Paging(), form))


@router.get("/{import_id}")
def one(request: Request, db: Db, _admin: AdminSubject, import_id: PathId) -> Response:
    record = service.find(db, import_id)
    return render(
        request,
        "lrs/import.html",
        record=record,
        lacks_bytes=any(NO_BYTES in fault["reason"] for fault in record.faults),
        breadcrumbs=[STORE, ("Imports", "/lrs/imports"), (record.file_name, None)],
    )


@router.get("/{import_id}/refused.csv")
def refused(db: Db, admin: AdminSubject, import_id: PathId) -> Response:
    """The refusals that are kept."""
    record = service.find(db, import_id)
    name = f"import-{record.id}-refused"
    return reports.file_of(db, admin, REFUSED, Known(record.faults), "csv", name=name)


@router.post("/{import_id}/remove")
def remove(db: Db, admin: AdminSubject, import_id: PathId) -> Response:
    service.remove(db, admin, import_id)
    return redirect("/lrs/imports")


def _list_page(
    request: Request, db: Session, admin: Subject, paging: Paging, form: Form[StatementsForm]
) -> Response:
    return reports.answer(
        request,
        db,
        admin,
        IMPORTS,
        service.imports(db, paging),
        "lrs/imports.html",
        form=form,
        breadcrumbs=[STORE, ("Imports", None)],
    )
