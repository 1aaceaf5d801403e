"""Pages of the staff's lists: the class, who is ready to graduate, which withdrawals wait; each as CSV, too."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.core import clock
from app.enrollment.lists import service
from app.web.csv import csv_response
from app.web.paging import PageParams, Paging
from app.web.render import render
from app.web.request import Db, SettingsDep, StaffSubject

router = APIRouter(include_in_schema=False)
LIST = ("Enrollments", "/enrollments")


@router.get("/enrollments/class-list")
def class_list(request: Request, db: Db, staff: StaffSubject, paging: PageParams) -> Response:
    """Active enrollments, newest first."""
    page = service.class_list(db, staff, _asked(paging))
    if paging.wants_csv:
        header = ("Student", "Program", "Enrolled", "Progress (%)")
        lines = ((row.full_name, row.program_name, row.enrolled_at, row.progress_pct) for row in page.items)
        return csv_response("class-list.csv", header, lines)
    return _list(request, "class_list", "Class list", page, paging)


@router.get("/enrollments/graduation")
def graduation(request: Request, db: Db, staff: StaffSubject, paging: PageParams) -> Response:
    """Who has completed every lesson and has no transcript yet."""
    page = service.ready_to_graduate(db, staff, _asked(paging))
    if paging.wants_csv:
        lines = ((row.full_name, row.program, row.enrolled_at) for row in page.items)
        return csv_response("ready-to-graduate.csv", ("Student", "Program", "Enrolled"), lines)
    return _list(request, "graduation", "Ready to graduate", page, paging)


@router.get("/enrollments/withdrawals")
def withdrawals(
    request: Request, db: Db, staff: StaffSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    """Withdrawals that wait for the administration, oldest first."""
    page = service.pending_withdrawals(db, staff, _asked(paging))
    if paging.wants_csv:
        header = ("Student", "Program", "Requested", "Progress (%)", "Reason")
        lines = (
            (
                row.full_name,
                row.program,
                clock.local(row.requested_at, settings.zone),
                row.progress_pct_at_withdrawal,
                row.reason,
            )
            for row in page.items
        )
        return csv_response("pending-withdrawals.csv", header, lines)
    return _list(request, "withdrawals", "Pending withdrawals", page, paging)


def _asked(paging: Paging) -> Paging:
    return paging.everything() if paging.wants_csv else paging


def _list(request: Request, name: str, title: str, page: Any, paging: Paging) -> Response:
    return render(
        request, f"enrollment/{name}.html", page=page, paging=paging, breadcrumbs=[LIST, (title, None)]
    )
