"""The staff's page of an assignment: what it asks for, and until when each class hands in."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy as content_policy
from app.content.assignments import kinds, policy, queries
from app.content.assignments.definitions import service
from app.content.assignments.schemas import AllowanceForm, AssignmentForm, Definition, DueForm
from app.core.permissions import Permission, Subject
from app.db.models import ContentType
from app.rules import skills
from app.web import refusals
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.CONTENT_READ)]
CHANGES = [Requires(Permission.CONTENT_CHANGE)]
GRADES = [Requires(Permission.GRADES_ENTER)]
refusals.register_record("assigned_lesson_id", "lessons")
_EXAMPLE = "Technique [Poor 0, Fair 1, Good 2]\nInfection control [Missed 0, Kept 2]"
academics.register_lesson_link(
    academics.LessonLink(
        "Assignment",
        "Make it an assignment",
        "/assignment",
        "clipboard-list",
        content_policy.may_read,
        queries.pages_of,
        lambda lesson: lesson.content_type is ContentType.DOCUMENT,
    )
)


@router.get("/lessons/{assigned_lesson_id}/assignment", dependencies=READS)
def assignment(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, assigned_lesson_id: PathId
) -> Response:
    """What the assignment asks for, the dates of its classes, and its versions."""
    found = service.definition(db, subject, assigned_lesson_id)
    return _page(request, db, subject, settings.zone, found, _filled(found), Form.blank(DueForm))


@router.post("/lessons/{assigned_lesson_id}/assignment", dependencies=CHANGES)
def save(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    assigned_lesson_id: PathId,
    form: Annotated[Form[AssignmentForm], Depends(posted(AssignmentForm))],
) -> Response:
    """Save the next version."""

    def act(values: AssignmentForm) -> Response:
        service.save(db, subject, assigned_lesson_id, values)
        return redirect(f"/lessons/{assigned_lesson_id}/assignment")

    def again() -> Response:
        found = service.definition(db, subject, assigned_lesson_id)
        return _page(request, db, subject, settings.zone, found, form, Form.blank(DueForm))

    return form.submit(db, act, again)


@router.post("/lessons/{assigned_lesson_id}/assignment/dues", dependencies=READS)
def set_due(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    assigned_lesson_id: PathId,
    form: Annotated[Form[DueForm], Depends(posted(DueForm))],
) -> Response:
    """Set the date of a class."""

    def act(values: DueForm) -> Response:
        service.set_due(db, subject, assigned_lesson_id, values, settings.zone)
        return redirect(f"/lessons/{assigned_lesson_id}/assignment#dates")

    def again() -> Response:
        found = service.definition(db, subject, assigned_lesson_id)
        return _page(request, db, subject, settings.zone, found, _filled(found), form)

    return form.submit(db, act, again)


def _filled(found: Definition) -> Form[AssignmentForm]:
    asked = found.asked
    if asked is None:
        return Form.blank(AssignmentForm, kinds=["picture", "pdf"], criteria=_EXAMPLE, seen=0)
    version = asked.version
    form = Form.filled(AssignmentForm, version)
    form.data["criteria"] = [skills.written(asked.criteria)]
    form.data["max_megabytes"] = [str(version.max_bytes // 1024**2)]
    form.data["seen"] = [str(version.version)]
    return form


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    zone: ZoneInfo,
    found: Definition,
    form: Form[AssignmentForm],
    due: Form[DueForm],
) -> Response:
    lesson = found.lesson
    return render(
        request,
        "assignments/definition.html",
        lesson=lesson,
        found=found,
        form=form,
        due=due,
        lines=service.due_lines(db, subject, lesson.id, zone),
        families=[(one.name, one.label) for one in kinds.FAMILIES],
        may_change=content_policy.may_change(subject),
        may_grade=policy.may_list(subject),
        breadcrumbs=[
            ("Programs", "/programs"),
            (lesson.program_name, f"/programs/{lesson.program_id}"),
            (lesson.title, f"/lessons/{lesson.id}"),
            ("Assignment", None),
        ],
    )


# What one student is allowed


@router.get("/lessons/{assigned_lesson_id}/assignment/students/{enrollment_id}/new", dependencies=GRADES)
def allowance(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    assigned_lesson_id: PathId,
    enrollment_id: PathId,
) -> Response:
    """The form that gives one student more time or another hand-in."""
    return _allowance_page(request, db, subject, assigned_lesson_id, enrollment_id, Form.blank(AllowanceForm))


@router.post("/lessons/{assigned_lesson_id}/assignment/students/{enrollment_id}/new", dependencies=GRADES)
def allow(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    assigned_lesson_id: PathId,
    enrollment_id: PathId,
    form: Annotated[Form[AllowanceForm], Depends(posted(AllowanceForm))],
) -> Response:
    def act(values: AllowanceForm) -> Response:
        service.allow(db, subject, assigned_lesson_id, enrollment_id, values, settings.zone)
        return redirect(f"/lessons/{assigned_lesson_id}/hand-ins")

    return form.submit(
        db, act, lambda: _allowance_page(request, db, subject, assigned_lesson_id, enrollment_id, form)
    )


def _allowance_page(
    request: Request,
    db: Session,
    subject: Subject,
    lesson_id: int,
    enrollment_id: int,
    form: Form[AllowanceForm],
) -> Response:
    found = service.allowed(db, subject, lesson_id, enrollment_id)
    return render(
        request,
        "assignments/allowance.html",
        found=found,
        form=form,
        breadcrumbs=[
            ("Assignments", "/assignments"),
            (found.lesson.title, f"/lessons/{lesson_id}/hand-ins"),
            (found.full_name, None),
        ],
    )
