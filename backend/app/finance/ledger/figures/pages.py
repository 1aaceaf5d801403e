"""Reports of the ledger as pages and files."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.core.permissions import Permission
from app.finance.ledger.figures import beancount, service
from app.finance.ledger.figures.reports import AGEING, LINES, RECEIPTS
from app.finance.ledger.pages import LEDGER
from app.web import reports
from app.web.field_types import OptionalDay
from app.web.paging import PageParams
from app.web.reports.answers import download
from app.web.request import BriefSubject, CurrentSubject, DatabaseDep, Db, Requires

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.LEDGER_READ)]
REPORTS = ("Reports", "/reports")
_Day = Annotated[OptionalDay, Query()]


@router.get("/ledger/reports/ageing", dependencies=READS)
def ageing(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """What students owe, by age."""
    return reports.answer(
        request,
        db,
        subject,
        AGEING,
        service.ageing(db, subject, paging),
        "ledger/ageing.html",
        totals=service.ageing_totals(db, subject),
        breadcrumbs=[LEDGER, REPORTS, (AGEING.title, None)],
    )


@router.get("/ledger/reports/receipts", dependencies=READS)
def receipts(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    first: _Day = None,
    last: _Day = None,
) -> Response:
    """What came in by day and method."""
    return reports.answer(
        request,
        db,
        subject,
        RECEIPTS,
        service.receipts(db, subject, paging, first=first, last=last),
        "ledger/report.html",
        subtitle="What came in by day, method and account, less what was taken back or paid out.",
        breadcrumbs=[LEDGER, REPORTS, (RECEIPTS.title, None)],
    )


@router.get("/ledger/reports/journal-lines", dependencies=READS)
def lines(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    first: _Day = None,
    last: _Day = None,
) -> Response:
    """Every line, as accounting software imports it."""
    return reports.answer(
        request,
        db,
        subject,
        LINES,
        service.lines(db, subject, paging, first=first, last=last),
        "ledger/report.html",
        subtitle="Download as CSV for QuickBooks, or as a Beancount file.",
        beancount=True,
        breadcrumbs=[LEDGER, REPORTS, (LINES.title, None)],
    )


@router.get("/ledger/reports/journal.beancount")
def journal_file(
    database: DatabaseDep, subject: BriefSubject, first: _Day = None, last: _Day = None
) -> Response:
    """The journal as a Beancount file."""
    with database.snapshot() as session:
        file = service.beancount_file(session, subject, first=first, last=last)
    return download(file, f"journal-{beancount.days_of(first, last)}.beancount", "text/plain; charset=utf-8")
