"""Pages of the imports."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.datastructures import UploadFile

from app.lrs.transfer import service
from app.web.fields import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, FilesDep, UploadingStaff, admin_subject

router = APIRouter(prefix="/records/imports", include_in_schema=False)
STORE = ("Record store", "/records/statements")


class StatementsForm(BaseModel):
    """A file of statements."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    statements: UploadFile

    @field_validator("statements", mode="before")
    @classmethod
    def _chosen(cls, value: object) -> object:
        if not isinstance(value, UploadFile) or not value.filename:
            raise ValueError("Choose the file that the other record store exported.")
        return value


@router.get("")
def imports(request: Request, db: Db, _admin: AdminSubject) -> Response:
    return _list_page(request, db, Form.blank(StatementsForm))


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
        return redirect(f"/records/imports/{record.id}")

    return form.submit(db, keep, again=lambda: _list_page(request, db, form))


@router.get("/{import_id}")
def one(request: Request, db: Db, _admin: AdminSubject, import_id: PathId) -> Response:
    record = service.find(db, import_id)
    return render(
        request,
        "lrs/import.html",
        record=record,
        breadcrumbs=[STORE, ("Imports", "/records/imports"), (record.file_name, None)],
    )


def _list_page(request: Request, db: Db, form: Form[StatementsForm]) -> Response:
    return render(
        request,
        "lrs/imports.html",
        imports=service.imports(db),
        form=form,
        breadcrumbs=[STORE, ("Imports", None)],
    )
