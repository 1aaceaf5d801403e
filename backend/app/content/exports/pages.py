"""The page of an export: what is in it, for which standard, and the package itself."""

import tempfile
from typing import Annotated, BinaryIO, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.content import service as content
from app.content.exports import service
from app.content.exports.service import STANDARDS, Standard
from app.core.files import FileStore, quota
from app.core.permissions import Permission, Subject
from app.settings import Settings
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import render
from app.web.reports.answers import download
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
api_router = APIRouter(prefix="/api/v1", tags=["content"])
CHANGES = [Requires(Permission.CONTENT_CHANGE)]


class ExportForm(BaseModel):
    """Which standard a package is for."""

    standard: Annotated[Standard, Field(title="Standard")]


@router.get("/lessons/{lesson_id}/write/export/new", dependencies=CHANGES)
def export_page(
    request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject, settings: SettingsDep
) -> Response:
    """What an export would hold, and the choice of its standard."""
    form = Form.blank(ExportForm, standard="scorm2004")
    return _page(request, db, subject, settings, lesson_id, form)


@router.post("/lessons/{lesson_id}/write/export/new", dependencies=CHANGES)
def export(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    files: FilesDep,
    form: Annotated[Form[ExportForm], Depends(posted(ExportForm))],
) -> Response:
    """The published lesson as a package."""
    return form.submit(
        db,
        lambda values: _package(db, subject, settings, files, lesson_id, values.standard),
        again=lambda: _page(request, db, subject, settings, lesson_id, form),
    )


@api_router.post(
    "/lessons/{lesson_id}/exports",
    dependencies=CHANGES,
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "The package"}},
)
def export_lesson(
    lesson_id: PathId,
    asked: ExportForm,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    files: FilesDep,
) -> Response:
    """The published lesson as a package for another learning system. The right answers of its quiz are in it."""
    return _package(db, subject, settings, files, lesson_id, asked.standard)


def _package(
    db: Session, subject: Subject, settings: Settings, files: FileStore, lesson_id: int, standard: Standard
) -> Response:
    files.scratch.mkdir(parents=True, exist_ok=True)
    target = cast(BinaryIO, tempfile.TemporaryFile(dir=files.scratch))  # noqa: SIM115 - closed when it is sent
    try:
        name = service.export(
            db, subject, files, lesson_id, standard, origin=settings.app_origin, target=target
        )
        target.seek(0, 2)
    except BaseException:
        target.close()
        raise
    return download(target, name, "application/zip")


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    lesson_id: int,
    form: Form[ExportForm],
) -> Response:
    offer = service.offer(db, subject, lesson_id, settings.app_origin)
    lesson = content.lesson(db, lesson_id)
    return render(
        request,
        "exports/new.html",
        lesson=lesson,
        offer=offer,
        standards=[(name, label) for name, label in STANDARDS if name not in offer.refused],
        size=quota.amount(offer.size_bytes),
        form=form,
        breadcrumbs=[
            ("Programs", "/programs"),
            (lesson.program_name, f"/programs/{lesson.program_id}"),
            (lesson.title, f"/lessons/{lesson_id}"),
            ("Write", f"/lessons/{lesson_id}/write"),
            ("Export", None),
        ],
    )
