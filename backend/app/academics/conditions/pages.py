"""The page of a lesson’s conditions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.academics import records
from app.academics import service as academics
from app.academics.conditions import service
from app.academics.schemas import ConditionsForm
from app.core.permissions import Permission, Subject
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
CHANGES = [Requires(Permission.ACADEMICS_CHANGE)]


@router.get("/lessons/{lesson_id}/conditions", dependencies=CHANGES)
def conditions(request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject) -> Response:
    """When students may open a lesson, whether it counts, and who completes it."""
    record, _, _ = academics.read_lesson(db, subject, lesson_id)
    form = Form.filled(ConditionsForm, record)
    form.data["version"] = [records.version(record)]
    return _page(request, db, subject, lesson_id, form)


@router.post("/lessons/{lesson_id}/conditions", dependencies=CHANGES)
def change_conditions(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[ConditionsForm], Depends(posted(ConditionsForm))],
) -> Response:
    """Set the conditions."""

    def act(values: ConditionsForm) -> Response:
        service.change(db, subject, lesson_id, values)
        return redirect(f"/lessons/{lesson_id}")

    return form.submit(db, act, again=lambda: _page(request, db, subject, lesson_id, form))


def _page(request: Request, db: Db, subject: Subject, lesson_id: int, form: Form[ConditionsForm]) -> Response:
    record, module, program = academics.read_lesson(db, subject, lesson_id)
    return render(
        request,
        "conditions/conditions.html",
        form=form,
        lesson=record,
        module=module,
        program=program,
        others=service.choices(db, subject, lesson_id),
        breadcrumbs=[
            ("Programs", "/programs"),
            (program.name, f"/programs/{program.id}"),
            (record.title, f"/lessons/{record.id}"),
            ("Conditions", None),
        ],
    )
