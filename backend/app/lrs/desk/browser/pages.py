"""Pages of the statements: the list with its live tail, one statement, charts."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.permissions import Subject
from app.core.visibility import Records
from app.lrs.desk.browser import charts as summaries
from app.lrs.desk.browser import service
from app.lrs.desk.browser.attachments import attachments_of
from app.lrs.desk.browser.charts import PERIODS
from app.lrs.desk.browser.filters import FiltersGiven, Key, StatementFilters, key_given
from app.lrs.desk.browser.lookup import MOST, Sought, seek
from app.lrs.desk.browser.scope import scope_of
from app.lrs.desk.browser.service import Statements
from app.web.render import render, url
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(prefix="/lrs", include_in_schema=False)
READS = [Requires(*Records.STATEMENTS.value)]
STORE = ("Learning record store", "/lrs/statements")


@router.get("/statements", dependencies=READS)
def statements(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    filters: FiltersGiven,
    before: str = "",
) -> Response:
    """Statements that match, the newest first. What cannot be read is said beside the filters."""
    fault: Invalid | None = None
    try:
        found = service.newest(db, subject, filters, settings.zone, before=key_given(before))
    except Invalid as problem:
        found, fault = Statements(), problem
    return render(
        request,
        "lrs/statements.html",
        422 if fault else 200,
        found=found,
        first_page=not before,
        # A list that ends with a day is looked at, not followed.
        follows=not before and not filters.until,
        # What follows live need not look the words up again every few seconds.
        tail_url=url("/lrs/statements/tail", **_narrowed(filters, found.sought).query()),
        older_url=url("/lrs/statements", **filters.query(), before=found.older),
        newest_url=url("/lrs/statements", **filters.query()),
        csv_url=url("/lrs/statements.csv", **filters.query()),
        ndjson_url=url("/lrs/statements.ndjson", **filters.query()),
        breadcrumbs=[(STORE[0], None)],
        **_context(db, subject, filters, found.sought, fault),
    )


def _context(
    db: Session, subject: Subject, filters: StatementFilters, sought: Sought | None, fault: Invalid | None
) -> dict[str, Any]:
    """What the filters and the tabs of the pages need: what was typed, what it means, what is wrong with it."""
    faults = {error.field: error.message for error in fault.errors} if fault else {}
    return {
        "filters": filters,
        "sought": sought,
        "most": MOST,
        "verbs": service.verb_choices(db, subject),
        "faults": faults,
        "fault": fault.detail if fault and not faults else "",
    }


def _narrowed(filters: StatementFilters, sought: Sought | None) -> StatementFilters:
    """The same filter with the one person and the one activity that its words mean."""
    if sought is None:
        return filters
    person = sought.people.only if sought.people else None
    activity = sought.activities.only if sought.activities else None
    return replace(
        filters,
        person=person.value if person else filters.person,
        activity=activity.value if activity else filters.activity,
    )


@router.get("/statements/tail", dependencies=READS)
def tail(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    filters: FiltersGiven,
    after: Key = None,
) -> Response:
    """The rows that have come after a key, as a piece of a page; `X-Last-Key` is where to go on."""
    found = service.arrived(db, subject, filters, settings.zone, after=after or 0)
    headers = {"X-Last-Key": str(found.newest), "X-Count": str(len(found.lines)), "Cache-Control": "no-store"}
    return render(request, "lrs/statement_rows.html", found=found, headers=headers)


@router.get("/statements/{statement_id}", dependencies=READS)
def statement(request: Request, db: Db, subject: CurrentSubject, statement_id: str) -> Response:
    """One statement: in plain words, and as it is stored."""
    line = service.read(db, subject, statement_id)
    return render(
        request,
        "lrs/statement.html",
        line=line,
        attachments=attachments_of(db, line),
        json=service.pretty(line),
        breadcrumbs=[STORE, ("Statement", None)],
    )


@router.get("/charts", dependencies=READS)
def charts(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    filters: FiltersGiven,
    days: str = "30",
) -> Response:
    """Verbs over time, time spent, scores; of everybody, or of those a filter means."""
    chosen = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 30
    chosen = chosen if chosen in PERIODS else 30
    # The period is the page's own choice, and a registration has no charts.
    filters = replace(filters, since="", until="", registration="")
    fault: Invalid | None = None
    sought: Sought | None = None
    try:
        sought = seek(db, scope_of(db, subject), filters, settings.zone)
    except Invalid as problem:
        fault = problem
    return render(
        request,
        "lrs/charts.html",
        422 if fault else 200,
        charts=None if fault else summaries.charts(db, subject, settings.zone, chosen, sought),
        days=chosen,
        periods={
            number: (words, url("/lrs/charts", **filters.query(), days=number))
            for number, words in PERIODS.items()
        },
        breadcrumbs=[STORE, ("Charts", None)],
        **_context(db, subject, filters, sought, fault),
    )
