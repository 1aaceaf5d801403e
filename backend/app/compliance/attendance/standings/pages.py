"""The at-risk list, and one student's standing with its derivation."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.compliance.attendance.pages import views
from app.compliance.attendance.standings import service
from app.compliance.attendance.standings.reports import STANDINGS
from app.core.errors import NotFound
from app.core.permissions import Subject
from app.core.visibility import Records
from app.enrollment import service as enrollment
from app.settings import Settings
from app.web import reports
from app.web.field_types import OptionalId, PathId, blank_is_none
from app.web.paging import PageParams
from app.web.render import render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
LISTS = [Requires(*Records.ATTENDANCE.value)]
Students = Annotated[Literal["all"] | None, BeforeValidator(blank_is_none), Query()]


@router.get("/attendance/at-risk", dependencies=LISTS)
def at_risk(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    students: Students = None,
    program_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """Who is at risk and by which rule; everybody's standing if asked."""
    listing = service.list_standings(db, subject, paging, at_risk=students is None, program_id=program_id)
    programs = [(str(row.id), row.name) for row in enrollment.program_names(db, subject)]
    return reports.answer(
        request,
        db,
        subject,
        STANDINGS,
        listing,
        "attendance/at_risk.html",
        choices={"program_id": programs},
        computed_at=service.computed_at(db),
        views=views(request),
    )


@router.get("/people/{user_id}/attendance", dependencies=LISTS)
def standing(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    """One student's standing, for the staff."""
    return _page(request, db, subject, settings, user_id)


@router.get("/hours/standing")
def own_standing(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    """The student's own."""
    if not subject.is_student:
        raise NotFound("Only students have a standing of their own. Students’ are under Attendance.")
    return _page(request, db, subject, settings, subject.user_id)


def _page(request: Request, db: Session, subject: Subject, settings: Settings, user_id: int) -> Response:
    found = service.of_student(db, subject, user_id, settings.zone)
    own = subject.user_id == user_id
    name = found[0].enrollment.full_name if found else subject.full_name if own else "This person"
    return render(
        request,
        "attendance/standing.html",
        found=found,
        own=own,
        name=name,
        breadcrumbs=[("Hours", "/hours"), ("Attendance", None)]
        if own
        else [("People", "/people"), (name, f"/people/{user_id}"), ("Attendance", None)],
    )
