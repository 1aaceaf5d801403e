"""Form 1098-T as a page, and the preparer's file."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator

from app.core.permissions import Permission
from app.finance.ledger.figures.pages import REPORTS
from app.finance.ledger.pages import LEDGER
from app.finance.ledger.tax_forms import service
from app.finance.ledger.tax_forms.reports import FORM_1098T
from app.finance.ledger.tax_forms.service import Form
from app.rules.form_1098t import NOT_COMPUTED
from app.web import reports
from app.web.field_types import blank_is_none
from app.web.paging import PageParams
from app.web.reports.answers import download
from app.web.request import BriefSubject, CurrentSubject, DatabaseDep, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
Year = Annotated[str | None, BeforeValidator(blank_is_none), Query(max_length=10)]


@router.get("/ledger/reports/1098-t", dependencies=[Requires(Permission.LEDGER_READ)])
def form_1098t(
    request: Request, db: Db, subject: CurrentSubject, paging: PageParams, year: Year = None
) -> Response:
    """The figures of a calendar year by student."""
    chosen = service.year_of(db, subject, year)
    found = service.forms(db, subject, chosen)
    return reports.answer(
        request,
        db,
        subject,
        FORM_1098T,
        service.listing(db, subject, found, paging),
        "ledger/form_1098t.html",
        choices={"year": [(str(one), str(one)) for one in service.years(db, subject)]},
        about={"Calendar year": str(chosen)},
        chart=_chart(found) if found else None,
        year=chosen,
        forms=found,
        incomplete=sum(bool(one.missing) for one in found),
        not_computed=NOT_COMPUTED,
        may_file=service.may_file(subject),
        breadcrumbs=[LEDGER, REPORTS, (FORM_1098T.title, None)],
    )


@router.get("/ledger/reports/1098-t/preparer.csv")
def preparers_file(
    database: DatabaseDep, subject: BriefSubject, settings: SettingsDep, year: Year = None
) -> Response:
    """The file for a tax preparer, with numbers in full."""
    with database.begin() as session:
        chosen = service.year_of(session, subject, year)
        file = service.preparers_file(session, subject, settings, chosen)
    return download(file, f"form-1098-t-{chosen}.csv", "text/csv; charset=utf-8")


def _chart(found: Sequence[Form]) -> dict[str, Any]:
    figures = (
        ("Box 1", sum(one.boxes.payments for one in found)),
        ("Box 4", sum(one.boxes.adjustments for one in found)),
        ("Box 5", sum(one.boxes.grants for one in found)),
        ("Box 6", sum(one.boxes.grant_adjustments for one in found)),
    )
    return {
        "kind": "bar",
        "title": "All students together",
        "unit": "dollars",
        "labels": [label for label, _cents in figures],
        "series": [{"name": "Sum", "values": [cents / 100 for _label, cents in figures]}],
    }
