"""Deferred revenue as a page."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.core.permissions import Permission
from app.finance.ledger.figures.pages import REPORTS
from app.finance.ledger.pages import LEDGER
from app.finance.ledger.revenue import service
from app.finance.ledger.revenue.reports import DEFERRED
from app.finance.ledger.revenue.service import Revenue
from app.web import reports
from app.web.field_types import OptionalDay
from app.web.paging import PageParams
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)


@router.get("/ledger/reports/deferred-revenue", dependencies=[Requires(Permission.LEDGER_READ)])
def deferred_revenue(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    day: Annotated[OptionalDay, Query()] = None,
) -> Response:
    """What was charged for hours that are still to be given."""
    found = service.revenue(db, subject, day)
    return reports.answer(
        request,
        db,
        subject,
        DEFERRED,
        service.listing(db, subject, found, paging),
        "ledger/deferred_revenue.html",
        about=found.about,
        chart=_chart(found) if found.lines else None,
        found=found,
        breadcrumbs=[LEDGER, REPORTS, (DEFERRED.title, None)],
    )


def _chart(found: Revenue) -> dict[str, Any]:
    rows = found.by_program()
    return {
        "kind": "bar",
        "title": "Earned and deferred by program",
        "unit": "dollars",
        "labels": [program for program, _earned, _deferred in rows],
        "series": [
            {"name": "Earned", "values": [earned / 100 for _program, earned, _deferred in rows]},
            {"name": "Deferred", "values": [deferred / 100 for _program, _earned, deferred in rows]},
        ],
    }
