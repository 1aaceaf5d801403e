"""Pages of imports: send a file, choose its columns, look at what would happen, import, undo."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from app.core.errors import Invalid, Problem
from app.core.permissions import Permission, Subject
from app.db.models import DataImport
from app.web import navigation, reports, uploads
from app.web.field_types import PathId, chosen
from app.web.forms import Form, posted
from app.web.imports import jobs, service
from app.web.imports.description import ImportKind
from app.web.imports.parser import MOST_ROWS
from app.web.imports.policy import may_import, may_read
from app.web.imports.reports import FAULTS, IMPORTS
from app.web.listing import Known
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.IMPORTS_RUN, Permission.HISTORY_READ)]
IMPORTS_RUN = [Requires(Permission.IMPORTS_RUN)]
uploads.register("/imports/*/new", "max_import_bytes")
navigation.register(
    NavItem("Imports", "/imports", "file-import", may_read, order=85, section="Administration")
)
LIST = ("Imports", "/imports")


class FileForm(BaseModel):
    """A file to import."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Annotated[UploadFile, chosen("Choose a file: CSV or Excel (.xlsx).")]


class StartForm(BaseModel):
    """Whether bad rows are left out."""

    good_only: bool = False


class AnyForm(BaseModel):
    """A form whose fields depend on the kind of import."""

    model_config = ConfigDict(extra="allow")


@router.get("/imports", dependencies=READS)
def imports(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """What was imported, and what can be."""
    return reports.answer(
        request,
        db,
        subject,
        IMPORTS,
        service.listed(db, subject, paging),
        "imports/list.html",
        kinds=service.possible(subject),
    )


@router.get("/imports/{kind_name}/new", dependencies=IMPORTS_RUN)
def new(request: Request, subject: CurrentSubject, kind_name: str) -> Response:
    """Choose a file."""
    return _new_page(request, service.importable(subject, kind_name), Form.blank(FileForm))


@router.get("/imports/{kind_name}/template.csv", dependencies=READS)
def template(_subject: CurrentSubject, kind_name: str) -> Response:
    """An empty file with the headings, to be filled in."""
    kind = service.kind_of(kind_name)
    return Response(
        service.template(kind),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{kind.name}-template.csv"'},
    )


@router.post("/imports/{kind_name}/new", dependencies=IMPORTS_RUN)
def send(
    request: Request,
    kind_name: str,
    form: Annotated[Form[FileForm], Depends(posted(FileForm))],
    subject: CurrentSubject,
    settings: SettingsDep,
    db: Db,
    files: FilesDep,
) -> Response:
    """Keep the file and check its rows."""
    kind = service.importable(subject, kind_name)

    def keep(values: FileForm) -> Response:
        sent = values.file
        record = service.send(db, subject, settings, files, kind.name, sent.file, sent.filename or "")
        return redirect(f"/imports/{record.id}")

    return form.submit(db, keep, again=lambda: _new_page(request, kind, form))


@router.get("/imports/{data_import_id}", dependencies=READS)
def one(
    request: Request, db: Db, subject: CurrentSubject, files: FilesDep, data_import_id: PathId
) -> Response:
    """What a file would give, or has given."""
    return _page(request, db, subject, files, service.find(db, subject, data_import_id))


@router.get("/imports/{data_import_id}/faults.{form}", dependencies=READS)
def faults(db: Db, subject: CurrentSubject, data_import_id: PathId, form: str) -> Response:
    """The faults as a file, to correct the list by."""
    record = service.find(db, subject, data_import_id)
    if form not in ("csv", "xlsx"):
        raise Invalid("The faults come as csv or xlsx.")
    return reports.file_of(db, subject, FAULTS, Known(record.faults), form, name=f"import-{record.id}-faults")


@router.post("/imports/{data_import_id}/columns", dependencies=IMPORTS_RUN)
def columns(
    request: Request,
    form: Annotated[Form[AnyForm], Depends(posted(AnyForm))],
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    files: FilesDep,
    data_import_id: PathId,
) -> Response:
    """Read the fields from other columns, and check again."""
    kind = service.kind_of(service.find(db, subject, data_import_id).kind)
    chosen = {field.name: form.text(f"column_{field.name}") for field in kind.fields}
    return _act(
        request,
        db,
        subject,
        files,
        data_import_id,
        lambda: service.map_columns(db, subject, settings, files, data_import_id, chosen),
    )


@router.post("/imports/{data_import_id}/start", dependencies=IMPORTS_RUN)
def start(
    request: Request,
    form: Annotated[Form[StartForm], Depends(posted(StartForm))],
    db: Db,
    subject: CurrentSubject,
    files: FilesDep,
    data_import_id: PathId,
) -> Response:
    """Have the rows imported by a job."""
    good_only = form.values is not None and form.values.good_only

    def begin() -> None:
        service.start(db, subject, files, data_import_id, good_only=good_only)
        jobs.begin(db, data_import_id)

    return _act(request, db, subject, files, data_import_id, begin)


@router.post("/imports/{data_import_id}/undo", dependencies=IMPORTS_RUN)
def undo(
    request: Request, db: Db, subject: CurrentSubject, files: FilesDep, data_import_id: PathId
) -> Response:
    """Take away what was imported."""
    return _act(
        request, db, subject, files, data_import_id, lambda: service.undo(db, subject, data_import_id)
    )


@router.post("/imports/{data_import_id}/discard", dependencies=IMPORTS_RUN)
def discard(db: Db, subject: CurrentSubject, data_import_id: PathId) -> Response:
    """Give the file up."""
    service.discard(db, subject, data_import_id)
    return redirect("/imports")


def _act(
    request: Request, db: Session, subject: Subject, files: Any, data_import_id: int, act: Any
) -> Response:
    """Do it, or show the import as it is beside the sentence that says why not."""
    try:
        with db.begin_nested():
            act()
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        db.expire_all()
        record = service.find(db, subject, data_import_id)
        return _page(request, db, subject, files, record, problem)
    return redirect(f"/imports/{data_import_id}")


def _new_page(request: Request, kind: ImportKind, form: Form[FileForm]) -> Response:
    return render(
        request,
        "imports/new.html",
        kind=kind,
        form=form,
        most=MOST_ROWS,
        breadcrumbs=[LIST, (kind.title, None)],
    )


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    files: Any,
    record: DataImport,
    problem: Problem | None = None,
) -> Response:
    return render(
        request,
        "imports/import.html",
        problem.status if problem else 200,
        record=record,
        kind=service.kind_of(record.kind),
        sample=service.preview(db, subject, files, record.id),
        may_import=may_import(subject),
        good=record.rows_total - record.rows_bad,
        may_undo=may_import(subject) and service.may_undo(record),
        problem=problem,
        breadcrumbs=[LIST, (record.file_name, None)],
    )
