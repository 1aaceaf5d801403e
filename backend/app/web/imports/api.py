"""JSON routes of imports."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import Invalid
from app.web import uploads
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.imports import jobs, service
from app.web.imports.pages import IMPORTS_RUN, READS, FileForm
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, FilesDep, SettingsDep

router = APIRouter(prefix="/api/v1/imports", tags=["Imports"])
uploads.register("/api/v1/imports/*", "max_import_bytes")


class FaultOut(BaseModel):
    """What is wrong with one field of one row, and what to do about it."""

    row: int
    field: str
    value: str
    message: str


class ImportOut(BaseModel):
    """A file and what became of its rows."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    file_name: str
    status: Annotated[str, Field(description="`checked`, `queued`, `imported`, `undone` or `discarded`.")]
    headers: list[str]
    mapping: Annotated[dict[str, int], Field(description="The column of each field, from 0.")]
    rows_total: int
    rows_bad: int
    rows_done: int
    good_only: bool
    error: str | None
    faults: Annotated[list[FaultOut], Field(description="The first thousand.")]
    created_at: datetime
    imported_at: datetime | None
    undone_at: datetime | None


class MappingIn(BaseModel):
    """Which column, from 0, each field is read from."""

    mapping: dict[str, int | None]


@router.get("", summary="Imports, the newest first", dependencies=READS)
def imports(db: Db, subject: CurrentSubject, paging: PageParams) -> Page[ImportOut]:
    return (
        service.listed(db, subject, paging).page().map(lambda row: ImportOut.model_validate(row.DataImport))
    )


@router.post(
    "/{kind_name}",
    status_code=201,
    summary="Send a file (multipart, field `file`) and check it",
    dependencies=IMPORTS_RUN,
)
def send(
    kind_name: str,
    form: Annotated[Form[FileForm], Depends(posted(FileForm))],
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    files: FilesDep,
    dry_run: Annotated[bool, Query(description="Check the file and import nothing.")] = True,
    good_only: Annotated[bool, Query(description="Leave bad rows out.")] = False,
) -> ImportOut:
    """Nothing is imported with `dry_run`, which is the default; `POST /{id}/start` imports a file that was checked.

    Without it, and without bad rows or with `good_only`, a job imports the rows; ask `GET /{id}` how far it is.
    """
    if form.values is None:
        raise Invalid("Send the file as the field “file” of a multipart form.")
    sent = form.values.file
    record = service.send(db, subject, settings, files, kind_name, sent.file, sent.filename or "")
    if not dry_run:
        service.start(db, subject, files, record.id, good_only=good_only)
        jobs.begin(db, record.id)
    db.refresh(record)
    return ImportOut.model_validate(record)


@router.get("/{data_import_id}", summary="One import", dependencies=READS)
def one(db: Db, subject: CurrentSubject, data_import_id: PathId) -> ImportOut:
    return ImportOut.model_validate(service.find(db, subject, data_import_id))


@router.put(
    "/{data_import_id}/mapping",
    summary="Read the fields from other columns, and check again",
    dependencies=IMPORTS_RUN,
)
def map_columns(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    files: FilesDep,
    data_import_id: PathId,
    given: MappingIn,
) -> ImportOut:
    return ImportOut.model_validate(
        service.map_columns(db, subject, settings, files, data_import_id, given.mapping)
    )


@router.post("/{data_import_id}/start", status_code=202, summary="Import the rows", dependencies=IMPORTS_RUN)
def start(
    db: Db, subject: CurrentSubject, files: FilesDep, data_import_id: PathId, good_only: bool = False
) -> ImportOut:
    record = service.start(db, subject, files, data_import_id, good_only=good_only)
    jobs.begin(db, record.id)
    return ImportOut.model_validate(record)


@router.post(
    "/{data_import_id}/undo", summary="Take away what was imported, within a day", dependencies=IMPORTS_RUN
)
def undo(db: Db, subject: CurrentSubject, data_import_id: PathId) -> ImportOut:
    return ImportOut.model_validate(service.undo(db, subject, data_import_id))


@router.delete(
    "/{data_import_id}",
    status_code=204,
    summary="Give a file up that is not imported",
    dependencies=IMPORTS_RUN,
)
def discard(db: Db, subject: CurrentSubject, data_import_id: PathId) -> None:
    service.discard(db, subject, data_import_id)
