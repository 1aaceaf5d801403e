"""The page of the versions that students are on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from app.content import policy
from app.content import service as content
from app.content.versions import service
from app.core.permissions import Permission
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.CONTENT_READ)]
CHANGES = [Requires(Permission.CONTENT_CHANGE)]


class MoveForm(BaseModel):
    """A student who is moved to the newest version of the lesson; nobody named means all."""

    enrollment_id: OptionalId = None


@router.get("/lessons/{lesson_id}/content/students", dependencies=READS)
def students(request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject) -> Response:
    """Which version each student of one's own is on."""
    lesson = content.lesson(db, lesson_id)
    return render(
        request,
        "versions/students.html",
        lesson=lesson,
        students=service.students_on_versions(db, subject, lesson_id),
        may_change=policy.may_change(subject),
        breadcrumbs=[
            ("Programs", "/programs"),
            (lesson.program_name, f"/programs/{lesson.program_id}"),
            (lesson.title, f"/lessons/{lesson_id}"),
            ("Students", None),
        ],
    )


@router.post("/lessons/{lesson_id}/content/students", dependencies=CHANGES)
def move_students(
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[MoveForm], Depends(posted(MoveForm))],
) -> Response:
    """Move a student to the newest version, or everybody who is on an older one."""
    service.move(db, subject, lesson_id, form.checked().enrollment_id)
    return redirect(f"/lessons/{lesson_id}/content/students")
