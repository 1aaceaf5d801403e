"""Pages for the modules and lessons of a program: forms, moves, deletions, and a lesson's own page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.academics import lesson_links, policy, records, service
from app.academics.schemas import ButtonForm, LessonForm, ModuleForm, MoveForm
from app.core.permissions import Permission
from app.db.models import ContentType, Lesson, Module, Program
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter()
CHANGES = [Requires(Permission.ACADEMICS_CHANGE)]
Crumbs = list[tuple[str, str | None]]

KINDS = (
    (ContentType.SCORM.value, "Course package (upload after saving)"),
    (ContentType.H5P.value, "H5P (upload after saving)"),
    (ContentType.VIDEO.value, "Video or audio (upload after saving, or a web address)"),
    (ContentType.DOCUMENT.value, "Document (upload a PDF or write it here after saving, or a web address)"),
)


# Modules


@router.get("/programs/{program_id}/modules/new", dependencies=CHANGES)
def new_module(request: Request, db: Db, subject: CurrentSubject, program_id: PathId) -> Response:
    program = service.read_program(db, subject, program_id)
    return _module_page(request, Form.blank(ModuleForm), program, None)


@router.post("/programs/{program_id}/modules/new", dependencies=CHANGES)
def create_module(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    program_id: PathId,
    form: Annotated[Form[ModuleForm], Depends(posted(ModuleForm))],
) -> Response:
    program = service.read_program(db, subject, program_id)

    def create(values: ModuleForm) -> Response:
        module = service.create_module(db, subject, program_id, values.name, values.description)
        return redirect(f"/programs/{program_id}#module-{module.id}")

    return form.submit(db, create, again=lambda: _module_page(request, form, program, None))


@router.get("/modules/{module_id}/edit", dependencies=CHANGES)
def edit_module(request: Request, db: Db, subject: CurrentSubject, module_id: PathId) -> Response:
    module, program = service.read_module(db, subject, module_id)
    form = Form.filled(ModuleForm, module)
    form.data["version"] = [records.version(module)]
    return _module_page(request, form, program, module)


@router.post("/modules/{module_id}/edit", dependencies=CHANGES)
def update_module(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    module_id: PathId,
    form: Annotated[Form[ModuleForm], Depends(posted(ModuleForm))],
) -> Response:
    module, program = service.read_module(db, subject, module_id)

    def update(values: ModuleForm) -> Response:
        service.update_module(db, subject, module_id, values.model_dump(), values.version)
        return redirect(f"/programs/{program.id}#module-{module_id}")

    return form.submit(db, update, again=lambda: _module_page(request, form, program, module))


@router.get("/modules/{module_id}/delete", dependencies=CHANGES)
def ask_delete_module(request: Request, db: Db, subject: CurrentSubject, module_id: PathId) -> Response:
    module, program = service.read_module(db, subject, module_id)
    reason = service.why_module_stays(db, subject, module_id)
    return _delete_module_page(request, Form.blank(ButtonForm), module, program, reason)


@router.post("/modules/{module_id}/delete", dependencies=CHANGES)
def delete_module(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    module_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    def delete(_values: ButtonForm) -> Response:
        return redirect(f"/programs/{service.delete_module(db, subject, module_id)}")

    def again() -> Response:
        module, program = service.read_module(db, subject, module_id)
        return _delete_module_page(request, form, module, program, None)

    return form.submit(db, delete, again)


@router.post("/modules/{module_id}/move", dependencies=CHANGES)
def move_module(
    db: Db,
    subject: CurrentSubject,
    module_id: PathId,
    form: Annotated[Form[MoveForm], Depends(posted(MoveForm))],
) -> Response:
    direction = form.values.direction if form.values else "up"
    module = service.move_module(db, subject, module_id, direction)
    # Without a fragment: a browser that jumps to one passes over autofocus.
    return redirect(f"/programs/{module.program_id}", moved=f"module-{module_id}-{direction}")


# Lessons


@router.get("/modules/{module_id}/lessons/new", dependencies=CHANGES)
def new_lesson(request: Request, db: Db, subject: CurrentSubject, module_id: PathId) -> Response:
    module, program = service.read_module(db, subject, module_id)
    return _lesson_form_page(request, Form.blank(LessonForm), program, module, None)


@router.post("/modules/{module_id}/lessons/new", dependencies=CHANGES)
def create_lesson(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    module_id: PathId,
    form: Annotated[Form[LessonForm], Depends(posted(LessonForm))],
) -> Response:
    module, program = service.read_module(db, subject, module_id)

    def create(values: LessonForm) -> Response:
        lesson = service.create_lesson(db, subject, module_id, values)
        if not lesson.content_url:
            return redirect(f"/lessons/{lesson.id}/content")
        return redirect(f"/programs/{program.id}#lesson-{lesson.id}")

    return form.submit(db, create, again=lambda: _lesson_form_page(request, form, program, module, None))


@router.get("/lessons/{lesson_id}")
def lesson(request: Request, db: Db, subject: CurrentSubject, lesson_id: PathId) -> Response:
    """What a lesson is, what it plays, and how many have completed it."""
    record, module, program = service.read_lesson(db, subject, lesson_id)
    has_package = lesson_id in service.lessons_with_package(db, subject, program.id)
    empty = not has_package and not record.content_url
    links = lesson_links.links_for(db, subject, record, is_empty=empty)
    first = None if record.after_lesson_id is None else records.find_lesson(db, record.after_lesson_id)
    return render(
        request,
        "academics/lesson.html",
        lesson=record,
        first=first,
        module=module,
        program=program,
        has_package=has_package,
        links=links,
        given=bool(lesson_links.filled(db, [lesson_id])),
        completions=service.completion_count(db, subject, lesson_id),
        may_change=policy.may_change(subject),
        breadcrumbs=_crumbs(program, module, record.title),
    )


@router.get("/lessons/{lesson_id}/edit", dependencies=CHANGES)
def edit_lesson(request: Request, db: Db, subject: CurrentSubject, lesson_id: PathId) -> Response:
    record, module, program = service.read_lesson(db, subject, lesson_id)
    form = Form.filled(LessonForm, record)
    form.data["version"] = [records.version(record)]
    return _lesson_form_page(request, form, program, module, record)


@router.post("/lessons/{lesson_id}/edit", dependencies=CHANGES)
def update_lesson(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    lesson_id: PathId,
    form: Annotated[Form[LessonForm], Depends(posted(LessonForm))],
) -> Response:
    record, module, program = service.read_lesson(db, subject, lesson_id)

    def update(values: LessonForm) -> Response:
        service.update_lesson(db, subject, lesson_id, values.model_dump(), values.version)
        return redirect(f"/lessons/{lesson_id}")

    return form.submit(db, update, again=lambda: _lesson_form_page(request, form, program, module, record))


@router.get("/lessons/{lesson_id}/delete", dependencies=CHANGES)
def ask_delete_lesson(request: Request, db: Db, subject: CurrentSubject, lesson_id: PathId) -> Response:
    found = service.read_lesson(db, subject, lesson_id)
    reason = service.why_lesson_stays(db, subject, lesson_id)
    return _delete_lesson_page(request, Form.blank(ButtonForm), *found, reason)


@router.post("/lessons/{lesson_id}/delete", dependencies=CHANGES)
def delete_lesson(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    lesson_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    def delete(_values: ButtonForm) -> Response:
        return redirect(f"/programs/{service.delete_lesson(db, subject, lesson_id)}")

    def again() -> Response:
        return _delete_lesson_page(request, form, *service.read_lesson(db, subject, lesson_id), None)

    return form.submit(db, delete, again)


@router.post("/lessons/{lesson_id}/move", dependencies=CHANGES)
def move_lesson(
    db: Db,
    subject: CurrentSubject,
    lesson_id: PathId,
    form: Annotated[Form[MoveForm], Depends(posted(MoveForm))],
) -> Response:
    direction = form.values.direction if form.values else "up"
    service.move_lesson(db, subject, lesson_id, direction)
    _lesson, _module, program = service.read_lesson(db, subject, lesson_id)
    return redirect(f"/programs/{program.id}", moved=f"lesson-{lesson_id}-{direction}")


# Pages


def _crumbs(program: Program, module: Module | None, *last: str) -> Crumbs:
    crumbs: Crumbs = [("Programs", "/programs"), (program.name, f"/programs/{program.id}")]
    if module:
        crumbs.append((module.name, f"/programs/{program.id}#module-{module.id}"))
    return [*crumbs, *((label, None) for label in last)]


def _module_page(
    request: Request, form: Form[ModuleForm], program: Program, module: Module | None
) -> Response:
    title = f"Edit {module.name}" if module else "New module"
    return render(
        request,
        "academics/module_form.html",
        form=form,
        title=title,
        subtitle=program.name,
        button="Save the module" if module else "Add the module",
        cancel=f"/programs/{program.id}" + (f"#module-{module.id}" if module else ""),
        breadcrumbs=_crumbs(program, None, title),
    )


def _lesson_form_page(
    request: Request, form: Form[LessonForm], program: Program, module: Module, record: Lesson | None
) -> Response:
    title = f"Edit {record.title}" if record else "New lesson"
    return render(
        request,
        "academics/lesson_form.html",
        form=form,
        title=title,
        subtitle=f"{program.name} · {module.name}",
        kinds=list(KINDS),
        button="Save the lesson" if record else "Add the lesson",
        cancel=f"/lessons/{record.id}" if record else f"/programs/{program.id}#module-{module.id}",
        breadcrumbs=_crumbs(program, module, title),
    )


def _delete_module_page(
    request: Request, form: Form[ButtonForm], module: Module, program: Program, reason: str | None
) -> Response:
    return render(
        request,
        "academics/delete.html",
        form=form,
        kind="module",
        name=module.name,
        consequence="Its lessons and their uploaded packages are deleted with it. The progress of the "
        "program's active students is recalculated.",
        reason=reason,
        cancel=f"/programs/{program.id}#module-{module.id}",
        breadcrumbs=_crumbs(program, module, "Delete"),
    )


def _delete_lesson_page(
    request: Request,
    form: Form[ButtonForm],
    record: Lesson,
    module: Module,
    program: Program,
    reason: str | None,
) -> Response:
    return render(
        request,
        "academics/delete.html",
        form=form,
        kind="lesson",
        name=record.title,
        consequence="Its uploaded packages are deleted with it. The progress of the program's active "
        "students is recalculated.",
        reason=reason,
        cancel=f"/lessons/{record.id}",
        breadcrumbs=_crumbs(program, module, record.title, "Delete"),
    )
