"""Pages of the staff's lists: the class, who is ready to graduate, which withdrawals wait."""

from fastapi import APIRouter, Request, Response

from app.enrollment import reports as described
from app.enrollment.lists import service
from app.web import reports
from app.web.paging import PageParams
from app.web.request import Db, StaffSubject

router = APIRouter(include_in_schema=False)
LIST = ("Enrollments", "/enrollments")


@router.get("/enrollments/class-list")
def class_list(request: Request, db: Db, staff: StaffSubject, paging: PageParams) -> Response:
    """Active enrollments, newest first."""
    return reports.answer(
        request,
        db,
        staff,
        described.CLASS_LIST,
        service.class_list(db, staff, paging),
        "enrollment/class_list.html",
        breadcrumbs=[LIST, ("Class list", None)],
    )


@router.get("/enrollments/graduation")
def graduation(request: Request, db: Db, staff: StaffSubject, paging: PageParams) -> Response:
    """Who has completed every lesson and has no transcript yet."""
    return reports.answer(
        request,
        db,
        staff,
        described.GRADUATION,
        service.ready_to_graduate(db, staff, paging),
        "enrollment/graduation.html",
        breadcrumbs=[LIST, ("Ready to graduate", None)],
    )


@router.get("/enrollments/withdrawals")
def withdrawals(request: Request, db: Db, staff: StaffSubject, paging: PageParams) -> Response:
    """Withdrawals that wait for the administration, oldest first."""
    return reports.answer(
        request,
        db,
        staff,
        described.WITHDRAWALS,
        service.pending_withdrawals(db, staff, paging),
        "enrollment/withdrawals.html",
        breadcrumbs=[LIST, ("Pending withdrawals", None)],
    )
