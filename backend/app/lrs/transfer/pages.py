"""Pages of the imports."""

from typing import Annotated

from fastapi import APIRouter, File, Request, Response, UploadFile

from app.core.errors import Problem
from app.lrs.transfer import service
from app.web.fields import PathId
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, FilesDep

router = APIRouter(prefix="/records/imports", include_in_schema=False)
STORE = ("Record store", "/records/statements")


@router.get("")
def imports(request: Request, db: Db, _admin: AdminSubject) -> Response:
    return _list_page(request, db, "")


@router.post("")
def send(
    request: Request,
    db: Db,
    admin: AdminSubject,
    files: FilesDep,
    statements: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep the file, and have it taken in by a job."""
    if statements is None or not statements.filename:
        return _list_page(request, db, "Choose the file that the other record store exported.", 422)
    try:
        record = service.begin(db, admin, files, statements.file, statements.filename)
    except Problem as problem:
        return _list_page(request, db, problem.detail, problem.status)
    return redirect(f"/records/imports/{record.id}")


@router.get("/{import_id}")
def one(request: Request, db: Db, _admin: AdminSubject, import_id: PathId) -> Response:
    record = service.find(db, import_id)
    return render(
        request,
        "lrs/import.html",
        record=record,
        breadcrumbs=[STORE, ("Imports", "/records/imports"), (record.file_name, None)],
    )


def _list_page(request: Request, db: Db, fault: str, status: int = 200) -> Response:
    return render(
        request,
        "lrs/imports.html",
        status,
        imports=service.imports(db),
        fault=fault,
        breadcrumbs=[STORE, ("Imports", None)],
    )
