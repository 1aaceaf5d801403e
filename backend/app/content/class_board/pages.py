"""The page of a class’s lessons."""

from fastapi import APIRouter, Request, Response

from app.academics.classes import service as classes
from app.content import policy
from app.content.class_board import service
from app.content.class_board.reports import CLASS_LESSONS
from app.core.permissions import Permission
from app.rules.lesson_board import State
from app.web import reports
from app.web.field_types import PathId
from app.web.paging import PageParams
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.CONTENT_READ)]
classes.register_link(
    classes.ClassLink("Lessons", "/lessons", "layout-dashboard", policy.may_read_results, order=12)
)


@router.get("/classes/{class_id}/lessons", dependencies=READS)
def class_lessons(
    request: Request,
    class_id: PathId,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
) -> Response:
    """Students by lessons as a heat map, how each lesson does, and who is stuck."""
    found = service.read(db, subject, class_id, settings.zone)
    return reports.answer(
        request,
        db,
        subject,
        CLASS_LESSONS,
        service.listing(db, found, paging),
        "class_board/board.html",
        file_name=f"lessons-class-{class_id}",
        about={"Class": found.class_name},
        board=found,
        states=list(State),
        breadcrumbs=[
            ("Classes", "/classes"),
            (found.class_name, f"/classes/{class_id}"),
            ("Lessons", None),
        ],
    )
