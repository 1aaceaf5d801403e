"""Pages of outcomes: the counts of a fiscal year, the graduates behind them, one graduate's record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.compliance.outcomes import policy, service
from app.compliance.outcomes.reports import COUNTED, COUNTS, GRADUATES, OUTCOMES
from app.compliance.outcomes.schemas import OutcomeForm
from app.core import clock
from app.core.errors import FieldError, Invalid
from app.core.permissions import Permission, Subject
from app.rules.days import long_date
from app.rules.outcomes import UNAVAILABLE_REASONS, Placement
from app.web import navigation, reports
from app.web.field_types import OptionalId, PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.listing import Known
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("Outcomes", "/outcomes", "chart-bar", policy.may_read, order=59))
READS = [Requires(Permission.REPORTS_READ)]
RECORDS = [Requires(Permission.OUTCOMES_RECORD)]
LIST = ("Outcomes", "/outcomes")
GRADUATE_LIST = ("Employment of graduates", "/outcomes/graduates")
Year = Annotated[str | None, BeforeValidator(blank_is_none), Query(max_length=20)]
Outcome = Annotated[str | None, BeforeValidator(blank_is_none), Query(max_length=20)]


@router.get("/outcomes", dependencies=READS)
def counts(
    request: Request, db: Db, subject: CurrentSubject, paging: PageParams, year: Year = None
) -> Response:
    """The counts of a fiscal year by program, with their sum."""
    chosen = service.year_of(db, subject, year)
    rows = service.counts(db, subject, chosen)
    said = {"Fiscal year": f"{chosen.name}, {long_date(chosen.first)} to {long_date(chosen.last)}"}
    if paging.format:
        name = f"gnpec-outcomes-{chosen.last.year}"
        return reports.file_of(db, subject, COUNTS, Known(rows), paging.format, name=name, about=said)
    programs = rows[:-1]
    return render(
        request,
        "outcomes/counts.html",
        year=chosen,
        years=service.years(db, subject),
        rows=rows,
        counted=COUNTED,
        labels=[row.program for row in programs],
        endings=[
            {"name": label, "values": [getattr(row.counts, name) for row in programs]}
            for name, label, _ in COUNTED[2:5]
        ],
        placements=[
            {"name": label, "values": [getattr(row.counts, name) for row in programs]}
            for name, label, _ in COUNTED[5:]
        ],
        formats=reports.offered(),
    )


@router.get("/outcomes/graduates", dependencies=READS)
def graduates(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    year: Year = None,
    program_id: Annotated[OptionalId, Query()] = None,
    outcome: Outcome = None,
) -> Response:
    """Graduates with what is known of their employment."""
    if outcome is not None and outcome not in dict(OUTCOMES):
        sentence = f"“{outcome}” is none of these: {', '.join(dict(OUTCOMES))}."
        raise Invalid(sentence, errors=[FieldError("outcome", sentence)])
    chosen = service.year_of(db, subject, year) if year else None
    listing = service.list_graduates(db, subject, paging, year=chosen, program_id=program_id, outcome=outcome)
    known = service.years(db, subject)
    return reports.answer(
        request,
        db,
        subject,
        GRADUATES,
        listing,
        "outcomes/graduates.html",
        choices={
            "year": [(one.value, one.name) for one in known],
            "program_id": [(str(number), name) for number, name in service.programs(db, subject)],
        },
        breadcrumbs=[LIST, (GRADUATE_LIST[0], None)],
    )


@router.get("/outcomes/graduates/{enrollment_id}", dependencies=READS)
def graduate(request: Request, db: Db, subject: CurrentSubject, enrollment_id: PathId) -> Response:
    """A graduate's employment, and the form to record what is known now."""
    return _page(request, db, subject, enrollment_id, Form.blank(OutcomeForm))


@router.post("/outcomes/graduates/{enrollment_id}", dependencies=RECORDS)
def record(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[OutcomeForm], Depends(posted(OutcomeForm))],
) -> Response:
    def act(values: OutcomeForm) -> Response:
        service.record_outcome(db, subject, enrollment_id, values, clock.today(settings.zone))
        return redirect(f"/outcomes/graduates/{enrollment_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, enrollment_id, form))


def _page(
    request: Request, db: Session, subject: Subject, enrollment_id: int, form: Form[OutcomeForm]
) -> Response:
    found = service.read_graduate(db, subject, enrollment_id)
    # What the form takes the place of is what is on this page.
    latest = found.records[0].EmploymentOutcome.id if found.records else ""
    if not form.data.get("after"):
        form.data["after"] = [str(latest)]
    return render(
        request,
        "outcomes/graduate.html",
        found=found,
        form=form,
        statuses=[(one.value, one.label) for one in Placement],
        reasons=list(UNAVAILABLE_REASONS.items()),
        reason_names=UNAVAILABLE_REASONS,
        breadcrumbs=[LIST, GRADUATE_LIST, (found.enrollment.full_name, None)],
    )
