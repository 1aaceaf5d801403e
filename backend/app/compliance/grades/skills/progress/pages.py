"""Pages of what students have passed: one student's skills, all students, all attempts."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.grades.skills.progress import service
from app.compliance.grades.skills.progress.reports import ATTEMPTS, STUDENTS
from app.core.permissions import Subject
from app.documents import service as documents
from app.enrollment import service as enrollment
from app.settings import Settings
from app.web import reports
from app.web.field_types import OptionalId, PathId, blank_is_none
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.reports.description import Choice
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
CHECK_OFFS = ("Check-offs", "/check-offs")
Standing = Annotated[Literal["missing", "passed"] | None, BeforeValidator(blank_is_none), Query()]
Outcome = Annotated[Literal["passed", "failed", "voided"] | None, BeforeValidator(blank_is_none), Query()]


@router.get("/skills")
def students(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    program_id: Annotated[OptionalId, Query()] = None,
    class_id: Annotated[OptionalId, Query()] = None,
    standing: Standing = None,
) -> Response:
    """How many skills each student has passed; a student's own page for students."""
    if subject.is_student:
        return redirect(f"/skills/students/{subject.user_id}")
    listing = service.list_students(
        db, subject, paging, program_id=program_id, class_id=class_id, standing=standing
    )
    return reports.answer(
        request,
        db,
        subject,
        STUDENTS,
        listing,
        "skills/students.html",
        choices=_choices(db, subject, settings),
        breadcrumbs=[CHECK_OFFS, ("Skills by student", None)],
    )


@router.get("/skills/attempts")
def attempts(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    program_id: Annotated[OptionalId, Query()] = None,
    class_id: Annotated[OptionalId, Query()] = None,
    outcome: Outcome = None,
) -> Response:
    """Every attempt that the person may see."""
    listing = service.list_attempts(
        db, subject, paging, program_id=program_id, class_id=class_id, outcome=outcome
    )
    return reports.answer(
        request,
        db,
        subject,
        ATTEMPTS,
        listing,
        "skills/attempts.html",
        choices=_choices(db, subject, settings),
        breadcrumbs=[CHECK_OFFS, ("Attempts", None)],
    )


def _choices(db: Session, subject: Subject, settings: Settings) -> dict[str, list[Choice]]:
    """The programs, and the classes that one sees."""
    known = classes.list_classes(db, subject, Paging(per_page=200), settings.zone).page()
    return {
        "program_id": [(str(row.id), row.name) for row in enrollment.program_names(db, subject)],
        "class_id": [(str(row.id), row.code) for row in known.items],
    }


@router.get("/skills/students/{user_id}")
def student(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    """A student's skills: passed, attempted and open ones, with every attempt."""
    found = service.skills_of(db, subject, user_id)
    own = subject.user_id == user_id
    name = found[0].enrollment.full_name if found else subject.full_name
    return render(
        request,
        "skills/student.html",
        found=found,
        own=own,
        name=name,
        user_id=user_id,
        may_issue=documents.may_issue(subject, user_id) and any(one.skills for one in found),
        # Evaluators see skills and no grades, so the way back leads through the check-offs.
        breadcrumbs=[("Grades", "/grades"), ("Skills", None)]
        if own
        else [CHECK_OFFS, ("Skills by student", "/skills"), (name, None)],
    )
