"""Pages of the imports."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, field_validator
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from app.core import clock
from app.db.models import XapiImport
from app.lrs.desk.imports import service
from app.lrs.desk.imports.ingest import NO_BYTES
from app.settings import Settings
from app.web import uploads
from app.web.csv import csv_response
from app.web.fields import PathId
from app.web.forms import Form, posted
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, FilesDep, SettingsDep, UploadingStaff, admin_subject

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
def imports(
    request: Request, db: Db, _admin: AdminSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    if paging.wants_csv:
        return _file(db, settings, paging)
    return _list_page(request, db, paging, Form.blank(StatementsForm))


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

    return form.submit(db, keep, again=lambda: _list_page(request, db, Paging(), form))


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
def refused(db: Db, _admin: AdminSubject, import_id: PathId) -> Response:
    """The refusals that are kept."""
    record = service.find(db, import_id)
    rows = ((fault["line"], fault["reason"]) for fault in record.faults)
    return csv_response(f"import-{record.id}-refused.csv", ("Line", "Reason"), rows)


@router.post("/{import_id}/remove")
def remove(db: Db, admin: AdminSubject, import_id: PathId) -> Response:
    service.remove(db, admin, import_id)
    return redirect("/lrs/imports")


def _list_page(request: Request, db: Session, paging: Paging, form: Form[StatementsForm]) -> Response:
    return render(
        request,
        "lrs/imports.html",
        page=service.imports(db, paging),
        paging=paging,
        form=form,
        breadcrumbs=[STORE, ("Imports", None)],
    )


def _file(db: Session, settings: Settings, paging: Paging) -> Response:
    header = ("File", "Bytes", "State", "New", "Known", "Refused", "Reason", "Sent by", "Sent", "Ended")
    found = service.imports(db, paging.everything()).items
    rows = (_row(one.XapiImport, one.sender, settings) for one in found)
    return csv_response("imports.csv", header, rows)


def _row(record: XapiImport, sender: str | None, settings: Settings) -> tuple[object, ...]:
    return (
        record.file_name,
        record.size_bytes,
        record.status,
        record.stored,
        record.known,
        record.refused,
        record.error,
        sender or ("" if record.sha256 else "Command"),
        clock.local(record.created_at, settings.zone),
        record.finished_at and clock.local(record.finished_at, settings.zone),
    )
