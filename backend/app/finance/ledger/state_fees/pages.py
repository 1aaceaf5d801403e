"""The base of state fees and the fees as pages."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.core.permissions import Permission
from app.finance.ledger.figures.pages import REPORTS
from app.finance.ledger.pages import LEDGER
from app.finance.ledger.state_fees import service
from app.finance.ledger.state_fees.reports import STATE_FEES, TUITION_AND_FEES
from app.finance.ledger.state_fees.service import StateFees
from app.web import reports
from app.web.field_types import OptionalDay
from app.web.paging import PageParams
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.LEDGER_READ)]
_Day = Annotated[OptionalDay, Query()]


@router.get("/ledger/reports/tuition-and-fees", dependencies=READS)
def tuition_and_fees(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    first: _Day = None,
    last: _Day = None,
) -> Response:
    """The base of state fees by month and program, and the fees of the period."""
    period = service.fees_due(db, subject, first=first, last=last)
    return reports.answer(
        request,
        db,
        subject,
        TUITION_AND_FEES,
        service.months(db, subject, paging, period),
        "ledger/state_fees.html",
        about=service.about(period),
        period=period,
        terms=service.settings_of(period.policy),
        waived_off=period.waived_off,
        breadcrumbs=[LEDGER, REPORTS, (TUITION_AND_FEES.title, None)],
    )


@router.get("/ledger/reports/state-fees", dependencies=READS)
def state_fees(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """The fees of each fiscal year."""
    listing = service.year_listing(db, subject, paging)
    oldest_first = sorted(listing.items, key=lambda one: one.first)
    in_force = service.policy_today(db, subject)
    return reports.answer(
        request,
        db,
        subject,
        STATE_FEES,
        listing,
        "ledger/state_fees.html",
        chart=_chart(oldest_first) if oldest_first else None,
        period=None,
        terms=service.settings_of(in_force),
        waived_off=service.takes_waivers_off(in_force),
        breadcrumbs=[LEDGER, REPORTS, (STATE_FEES.title, None)],
    )


def _chart(rows: list[StateFees]) -> dict[str, Any]:
    return {
        "kind": "bar",
        "title": "Fees by fiscal year",
        "unit": "dollars",
        "labels": [one.year for one in rows],
        "series": [
            {"name": "Authorization fee", "values": [one.authorization_cents / 100 for one in rows]},
            {"name": "Trust-fund fee", "values": [one.trust_fund_cents / 100 for one in rows]},
        ],
    }
