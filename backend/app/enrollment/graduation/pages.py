"""Pages of graduation: a class with what each student lacks, and the decision for those chosen."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.core import clock
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.enrollment import policy
from app.enrollment.graduation import service
from app.enrollment.graduation.service import Outcome
from app.enrollment.schemas import GraduateForm
from app.settings import Settings
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
LISTS = [Requires(*Records.ENROLLMENTS.value)]
ENDS = [Requires(Permission.ENROLLMENTS_END)]
classes.register_link(
    classes.ClassLink("Graduation", "/graduation", "certificate", policy.may_list, order=40)
)


@router.get("/classes/{class_id}/graduation", dependencies=LISTS)
def preview(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId
) -> Response:
    """Who of the class can graduate, what the others lack, and what the decision does."""
    return _page(request, db, subject, settings, class_id, Form.blank(GraduateForm), None)


@router.post("/classes/{class_id}/graduation", dependencies=ENDS)
def graduate(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[GraduateForm], Depends(posted(GraduateForm))],
) -> Response:
    """Complete the enrollments of the students who were chosen; the page says what became of each."""

    def act(values: GraduateForm) -> Response:
        outcomes = service.graduate(
            db, subject, class_id, values.enrollments, clock.today(settings.zone), settings.zone
        )
        return _page(request, db, subject, settings, class_id, Form.blank(GraduateForm), outcomes)

    return form.submit(db, act, again=lambda: _page(request, db, subject, settings, class_id, form, None))


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    class_id: int,
    form: Form[GraduateForm],
    outcomes: list[Outcome] | None,
) -> Response:
    record = classes.read(db, subject, class_id, settings.zone).record
    return render(
        request,
        "enrollment/graduation_class.html",
        record=record,
        found=service.preview(db, subject, class_id, clock.today(settings.zone), settings.zone),
        form=form,
        outcomes=outcomes,
        may_end=policy.may_end(subject),
        breadcrumbs=[("Classes", "/classes"), (record.code, f"/classes/{class_id}"), ("Graduation", None)],
    )
