"""Pages of what a lesson’s content reports of its questions and objectives."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.content import service as content
from app.content.answers import service
from app.content.answers.reports import ANSWERS, OBJECTIVES
from app.core.permissions import Permission
from app.web import reports
from app.web.field_types import PathId
from app.web.navigation import Crumb
from app.web.paging import PageParams
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.CONTENT_READ)]
Students = Annotated[str, Query(max_length=20)]


@router.get("/lessons/{lesson_id}/answers", dependencies=READS)
def answers_page(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    students: Students = "",
) -> Response:
    """Every answer, and how each question did."""
    found = service.answers(db, subject, lesson_id, former=students == "all")
    return reports.answer(
        request,
        db,
        subject,
        ANSWERS,
        service.listing(db, found, paging),
        "answers/answers.html",
        file_name=f"answers-lesson-{lesson_id}",
        lesson=content.lesson(db, lesson_id),
        # What is worked out of every answer stands on the first page alone, and in no file.
        questions=[] if paging.page > 1 or paging.format else service.questions(found),
        breadcrumbs=_crumbs(db, lesson_id, "Answers"),
    )


@router.get("/lessons/{lesson_id}/objectives", dependencies=READS)
def objectives_page(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    students: Students = "",
) -> Response:
    """What every attempt reports of objectives."""
    return reports.answer(
        request,
        db,
        subject,
        OBJECTIVES,
        service.goals(db, subject, paging, lesson_id, former=students == "all"),
        "answers/objectives.html",
        file_name=f"objectives-lesson-{lesson_id}",
        lesson=content.lesson(db, lesson_id),
        breadcrumbs=_crumbs(db, lesson_id, "Objectives"),
    )


def _crumbs(db: Db, lesson_id: int, here: str) -> list[Crumb]:
    lesson = content.lesson(db, lesson_id)
    return [
        ("Programs", "/programs"),
        (lesson.program_name, f"/programs/{lesson.program_id}"),
        (lesson.title, f"/lessons/{lesson_id}"),
        (here, None),
    ]
