"""Pages of the programs: the list, one program's outline, and its forms."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.academics import lesson_links, outline_pages, policy, records, service
from app.academics.reports import PROGRAMS_REPORT
from app.academics.schemas import ButtonForm, ProgramForm
from app.core.permissions import Permission, Subject
from app.db.models import Program
from app.web import navigation, refusals, reports, search
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
CHANGES = [Requires(Permission.ACADEMICS_CHANGE)]
router.include_router(outline_pages.router)
navigation.register(NavItem("Programs", "/programs", "books", Permission.ACADEMICS_READ, order=40))
for parameter, table in (("program_id", "programs"), ("module_id", "modules"), ("lesson_id", "lessons")):
    refusals.register_record(parameter, table)

PROGRAMS = ("Programs", "/programs")


@router.get("/programs")
def programs(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """Every program with its size."""
    return reports.answer(
        request,
        db,
        subject,
        PROGRAMS_REPORT,
        service.list_programs(db, subject, paging),
        "academics/programs.html",
        may_change=policy.may_change(subject),
    )


@router.get("/programs/new", dependencies=CHANGES)
def new_program(request: Request, _subject: CurrentSubject) -> Response:
    return _form_page(request, Form.blank(ProgramForm), None)


@router.post("/programs/new", dependencies=CHANGES)
def create_program(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[ProgramForm], Depends(posted(ProgramForm))],
) -> Response:
    def create(values: ProgramForm) -> Response:
        return redirect(f"/programs/{service.create_program(db, subject, values).id}")

    return form.submit(db, create, again=lambda: _form_page(request, form, None))


@router.get("/programs/{program_id}")
def program(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    program_id: PathId,
    moved: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The outline. `moved` names what was moved last (`module-3-up`), so that the focus stays on its button."""
    record = service.program_outline(db, subject, program_id)
    return render(
        request,
        "academics/program.html",
        program=record,
        lesson_count=sum(len(module.lessons) for module in record.modules),
        minutes=sum(lesson.estimated_minutes or 0 for module in record.modules for lesson in module.lessons),
        with_package=service.lessons_with_package(db, subject, program_id)
        | lesson_links.filled(db, [lesson.id for module in record.modules for lesson in module.lessons]),
        may_change=policy.may_change(subject),
        moved=moved,
        breadcrumbs=[PROGRAMS, (record.name, None)],
    )


@router.get("/programs/{program_id}/edit", dependencies=CHANGES)
def edit_program(request: Request, db: Db, subject: CurrentSubject, program_id: PathId) -> Response:
    record = service.read_program(db, subject, program_id)
    form = Form.filled(ProgramForm, record)
    form.data["version"] = [records.version(record)]
    return _form_page(request, form, record)


@router.post("/programs/{program_id}/edit", dependencies=CHANGES)
def update_program(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    program_id: PathId,
    form: Annotated[Form[ProgramForm], Depends(posted(ProgramForm))],
) -> Response:
    record = service.read_program(db, subject, program_id)

    def update(values: ProgramForm) -> Response:
        service.update_program(db, subject, program_id, values.model_dump(), values.version)
        return redirect(f"/programs/{program_id}")

    return form.submit(db, update, again=lambda: _form_page(request, form, record))


@router.get("/programs/{program_id}/delete", dependencies=CHANGES)
def ask_delete_program(request: Request, db: Db, subject: CurrentSubject, program_id: PathId) -> Response:
    """What the deletion would take with it, or why it is not possible."""
    record = service.program_outline(db, subject, program_id)
    reason = service.why_program_stays(db, subject, program_id)
    return _delete_page(request, Form.blank(ButtonForm), record, reason)


@router.post("/programs/{program_id}/delete", dependencies=CHANGES)
def delete_program(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    program_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    def delete(_values: ButtonForm) -> Response:
        service.delete_program(db, subject, program_id)
        return redirect("/programs")

    def again() -> Response:
        return _delete_page(request, form, service.program_outline(db, subject, program_id), None)

    return form.submit(db, delete, again)


def _form_page(request: Request, form: Form[ProgramForm], record: Program | None) -> Response:
    crumbs = [PROGRAMS, (record.name, f"/programs/{record.id}")] if record else [PROGRAMS]
    title = f"Edit {record.name}" if record else "New program"
    return render(
        request,
        "academics/program_form.html",
        form=form,
        title=title,
        cancel=f"/programs/{record.id}" if record else "/programs",
        button="Save the program" if record else "Create the program",
        breadcrumbs=[*crumbs, (title, None)],
    )


def _delete_page(request: Request, form: Form[ButtonForm], record: Program, reason: str | None) -> Response:
    lessons = sum(len(module.lessons) for module in record.modules)
    return render(
        request,
        "academics/delete.html",
        form=form,
        kind="program",
        name=record.name,
        consequence=f"Its {len(record.modules)} modules and {lessons} lessons are deleted with it."
        if record.modules
        else "It has no modules yet.",
        reason=reason,
        cancel=f"/programs/{record.id}",
        breadcrumbs=[PROGRAMS, (record.name, f"/programs/{record.id}"), ("Delete", None)],
    )


def _find_programs(db: Session, subject: Subject, words: str) -> Found | None:
    if not policy.may_read(subject):
        return None
    found = service.list_programs(db, subject, Paging(q=words, per_page=search.MOST)).page()
    hits = [
        Hit(row.Program.name, f"{row.lessons} lessons", f"/programs/{row.Program.id}", "books")
        for row in found.items
    ]
    return Found("Programs", hits, found.total, "/programs")


search.register("programs", _find_programs, order=20)
