"""The page of closed periods."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.compliance.attendance import policy
from app.compliance.attendance.closings import service
from app.compliance.attendance.closings.schemas import ClosingForm
from app.core.permissions import Subject
from app.core.visibility import Records
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
LISTS = [Requires(*Records.ATTENDANCE.value)]


@router.get("/attendance/closings", dependencies=LISTS)
def closings(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """What is closed, and the form to close more."""
    return _page(request, db, subject, Form.blank(ClosingForm))


def _page(request: Request, db: Session, subject: Subject, form: Form[ClosingForm]) -> Response:
    return render(
        request,
        "attendance/closings.html",
        closings=service.list_closings(db, subject),
        may_close=policy.may_close(subject),
        form=form,
        breadcrumbs=[("Attendance", "/attendance"), ("Closed periods", None)],
    )


@router.post("/attendance/closings", dependencies=LISTS)
def close(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[ClosingForm], Depends(posted(ClosingForm))],
) -> Response:
    """Close the hours up to a day."""

    def save(values: ClosingForm) -> Response:
        service.close(db, subject, values, settings.zone)
        return redirect("/attendance/closings")

    return form.submit(db, save, again=lambda: _page(request, db, subject, form))
