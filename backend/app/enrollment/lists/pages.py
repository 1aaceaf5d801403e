"""Pages of the staff's lists: the class, who is ready to graduate, which withdrawals wait."""

from fastapi import APIRouter, Request, Response

from app.core.permissions import Permission
from app.core.visibility import Records
from app.enrollment import reports as described
from app.enrollment.lists import service
from app.enrollment.withdrawals.schemas import KINDS
from app.web import reports
from app.web.paging import PageParams
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
LISTS = [Requires(*Records.ENROLLMENTS.value)]
LIST = ("Enrollments", "/enrollments")


@router.get("/enrollments/class-list", dependencies=LISTS)
def class_list(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """Active enrollments, newest first."""
    return reports.answer(
        request,
        db,
        subject,
        described.CLASS_LIST,
        service.class_list(db, subject, paging),
        "enrollment/class_list.html",
        breadcrumbs=[LIST, ("Active students", None)],
    )


@router.get("/enrollments/graduation", dependencies=LISTS)
def graduation(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """Whose enrollment may be completed, without a transcript yet."""
    return reports.answer(
        request,
        db,
        subject,
        described.GRADUATION,
        service.ready_to_graduate(db, subject, paging),
        "enrollment/graduation.html",
        breadcrumbs=[LIST, ("Ready to graduate", None)],
    )


@router.get("/enrollments/withdrawals", dependencies=[Requires(Permission.WITHDRAWALS_READ)])
def withdrawals(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """Withdrawals that wait for the administration, oldest first."""
    return reports.answer(
        request,
        db,
        subject,
        described.WITHDRAWALS,
        service.pending_withdrawals(db, subject, paging),
        "enrollment/withdrawals.html",
        breadcrumbs=[LIST, ("Pending withdrawals", None)],
        kinds=KINDS,
    )
