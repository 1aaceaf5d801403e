"""Attendance by class and by period as pages."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator

from app.compliance.attendance.filters import Filters
from app.compliance.attendance.pages import views
from app.compliance.attendance.summaries import service
from app.compliance.attendance.summaries.reports import BY_CLASS, BY_PERIOD
from app.core.visibility import Records
from app.enrollment import service as enrollment
from app.web import reports
from app.web.field_types import OptionalId, blank_is_none
from app.web.paging import PageParams
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
LISTS = [Requires(*Records.ATTENDANCE.value)]
Unit = Annotated[Literal["day", "week", "month"] | None, BeforeValidator(blank_is_none), Query()]


@router.get("/attendance/classes", dependencies=LISTS)
def by_class(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    filters: Filters,
    paging: PageParams,
) -> Response:
    """What the students of each class attended."""
    return reports.answer(
        request,
        db,
        subject,
        BY_CLASS,
        service.by_class(db, subject, paging, settings.zone, first=filters.first, last=filters.last),
        "attendance/summary.html",
        views=views(request),
        subtitle="What students attended while they sat in the class, and what its rosters say. Came is the share of "
        "marks other than excused.",
    )


@router.get("/attendance/periods", dependencies=LISTS)
def by_period(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    filters: Filters,
    paging: PageParams,
    unit: Unit = None,
    program_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """How many students attended in each period, and for how long."""
    return reports.answer(
        request,
        db,
        subject,
        BY_PERIOD,
        service.by_period(
            db,
            subject,
            paging,
            first=filters.first,
            last=filters.last,
            unit=unit or "month",
            program_id=program_id,
        ),
        "attendance/summary.html",
        choices={"program_id": [(str(one.id), one.name) for one in enrollment.program_names(db, subject)]},
        views=views(request),
        subtitle="How many students attended, and for how long. A day counts once for each student. Weeks begin on "
        "Sunday, and end with their month.",
    )
