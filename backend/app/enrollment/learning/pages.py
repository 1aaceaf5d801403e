"""The student's Learn pages: the checklist, and the lessons that are a video or a document."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Subject
from app.db.models import EnrollmentStatus
from app.enrollment import service as enrollment
from app.enrollment.learning import service
from app.enrollment.schemas import EmptyForm
from app.web import navigation, search
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("Learn", "/learn", "book", navigation.STUDENTS, order=20))


@router.get("/learn")
def learn(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """Programs, modules and lessons with what is done and what comes next."""
    return render(request, "learning/learn.html", programs=service.checklist(db, subject))


@router.get("/learn/materials/{lesson_id}")
def material(request: Request, db: Db, subject: CurrentSubject, lesson_id: PathId) -> Response:
    """A video or document: where it is, and the button that marks it as done."""
    return _material_page(request, db, subject, lesson_id, Form.blank(EmptyForm))


@router.post("/learn/materials/{lesson_id}")
def mark_done(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    lesson_id: PathId,
    form: Annotated[Form[EmptyForm], Depends(posted(EmptyForm))],
) -> Response:
    def mark(_values: EmptyForm) -> Response:
        service.mark_done(db, subject, lesson_id, at=clock.now())
        return redirect(f"/learn/materials/{lesson_id}")

    return form.submit(db, mark, again=lambda: _material_page(request, db, subject, lesson_id, form))


def _material_page(
    request: Request, db: Db, subject: CurrentSubject, lesson_id: int, form: Form[EmptyForm]
) -> Response:
    lesson, module, enrollment = service.open_material(db, subject, lesson_id)
    page = service.page_of(db, lesson)
    if page is not None:
        return redirect(page)
    program = next(lines for lines in service.checklist(db, subject) if lines.enrollment_id == enrollment.id)
    line = next(line for line in program.lessons if line.id == lesson_id)
    return render(
        request,
        "learning/material.html",
        lesson=lesson,
        module=module,
        line=line,
        form=form,
        host=urlsplit(lesson.content_url or "").hostname,
        may_mark=enrollment.status is EnrollmentStatus.ACTIVE and line.state in ("open", "started"),
        program=program,
        breadcrumbs=[("Learn", "/learn"), (lesson.title, None)],
    )


def _find_own_lessons(db: Session, subject: Subject, words: str) -> Found | None:
    if not subject.is_student:
        return None
    hits = []
    own = enrollment.list_enrollments(db, subject, Paging(per_page=50), user_id=subject.user_id).page()
    for item in own.items:
        _progress, lessons = enrollment.read_progress(db, subject, item.id)
        for lesson in lessons:
            everything = f"{lesson.title} {lesson.module_name}".casefold()
            if all(word in everything for word in words.casefold().split()):
                place = f"{lesson.module_name} · {item.program_name}"
                hits.append(Hit(lesson.title, place, f"/learn/lessons/{lesson.id}", "book"))
    return Found("Lessons", hits[: search.MOST], len(hits), "/learn")


search.register("own lessons", _find_own_lessons, order=30, listed=False)
