"""Pages that take in content for more than one lesson: several files at once, and a package of another lesson."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.academics import service as academics
from app.content import service
from app.content.schemas import ReuseForm, SeveralForm
from app.core.errors import FieldError, Invalid
from app.core.permissions import Permission, Subject
from app.settings import Settings
from app.web import uploads
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep, uploading

router = APIRouter(include_in_schema=False)
CHANGES = [Requires(Permission.CONTENT_CHANGE)]
PLANS = [Requires(Permission.ACADEMICS_CHANGE)]
Planner = Annotated[Subject, Depends(uploading(Permission.ACADEMICS_CHANGE))]
uploads.register("/modules/*/content")


@router.get("/modules/{module_id}/content", dependencies=PLANS)
def several_page(
    request: Request, module_id: PathId, db: Db, subject: CurrentSubject, settings: SettingsDep
) -> Response:
    """Upload several files, each of which becomes a lesson."""
    return _several(request, db, subject, settings, module_id, Form.blank(SeveralForm))


@router.post("/modules/{module_id}/content")
def upload_several(
    request: Request,
    module_id: PathId,
    subject: Planner,
    settings: SettingsDep,
    files: FilesDep,
    form: Annotated[Form[SeveralForm], Depends(posted(SeveralForm))],
    db: Db,
) -> Response:
    """Take them all in, or show everything that is wrong with any of them."""
    faults: list[FieldError] = []

    def take_in(values: SeveralForm) -> Response:
        try:
            service.import_several(
                db,
                subject,
                files,
                module_id,
                [(one.filename or "", one.file) for one in values.packages if one.filename],
                max_bytes=settings.max_upload_bytes,
            )
        except Invalid as refused:
            faults.extend(refused.errors)
            raise
        _, program = academics.read_module(db, subject, module_id)
        return redirect(f"/programs/{program.id}#module-{module_id}")

    return form.submit(
        db, take_in, again=lambda: _several(request, db, subject, settings, module_id, form, faults)
    )


@router.get("/lessons/{lesson_id}/content/reuse", dependencies=CHANGES)
def reuse_page(request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject) -> Response:
    """Choose a package of another lesson."""
    return _reuse(request, db, subject, lesson_id, Form.blank(ReuseForm))


@router.post("/lessons/{lesson_id}/content/reuse", dependencies=CHANGES)
def reuse_package(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[ReuseForm], Depends(posted(ReuseForm))],
) -> Response:
    """Make it the lesson's current version."""

    def act(values: ReuseForm) -> Response:
        service.reuse(db, subject, lesson_id, values.package_id)
        return redirect(f"/lessons/{lesson_id}/content")

    return form.submit(db, act, again=lambda: _reuse(request, db, subject, lesson_id, form))


def _several(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    module_id: int,
    form: Form[SeveralForm],
    faults: Sequence[FieldError] = (),
) -> Response:
    module, program = academics.read_module(db, subject, module_id)
    return render(
        request,
        "content/several.html",
        form=form,
        module=module,
        program=program,
        faults=faults,
        max_mebibytes=settings.max_upload_bytes // 1024**2,
        breadcrumbs=[
            ("Programs", "/programs"),
            (program.name, f"/programs/{program.id}"),
            (module.name, f"/programs/{program.id}#module-{module.id}"),
            ("Upload files", None),
        ],
    )


def _reuse(request: Request, db: Db, subject: Subject, lesson_id: int, form: Form[ReuseForm]) -> Response:
    lesson = service.lesson(db, lesson_id)
    return render(
        request,
        "content/reuse.html",
        form=form,
        lesson=lesson,
        packages=service.reusable(db, subject, lesson_id),
        breadcrumbs=[
            ("Programs", "/programs"),
            (lesson.program_name, f"/programs/{lesson.program_id}"),
            (lesson.title, f"/lessons/{lesson_id}"),
            ("Content", f"/lessons/{lesson_id}/content"),
            ("From another lesson", None),
        ],
    )
