"""Pages of the statements: the list with its live tail, one statement, charts."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.core.errors import Invalid
from app.lrs.records import service
from app.lrs.records.asked import AskedFor, Key
from app.lrs.records.service import PERIODS, Asked, Statements
from app.web.render import render, url
from app.web.request import Db, SettingsDep, StaffSubject

router = APIRouter(prefix="/records", include_in_schema=False)
STORE = ("Record store", "/records/statements")


@router.get("/statements")
def statements(
    request: Request, db: Db, _staff: StaffSubject, settings: SettingsDep, asked: AskedFor, before: Key = None
) -> Response:
    """Statements that match, the newest first. What cannot be read is said beside the filters."""
    fault = ""
    try:
        found = service.newest(db, asked, settings.zone, before=before)
    except Invalid as problem:
        found, fault = Statements(), problem.detail
    return render(
        request,
        "lrs/statements.html",
        422 if fault else 200,
        asked=asked,
        found=found,
        fault=fault,
        verbs=service.verb_choices(db),
        first_page=before is None and not asked.until and not fault,
        tail_url=url("/records/statements/tail", **asked.query()),
        older_url=url("/records/statements", **asked.query(), before=found.older),
        newest_url=url("/records/statements", **asked.query()),
        csv_url=url("/records/statements.csv", **asked.query()),
        ndjson_url=url("/records/statements.ndjson", **asked.query()),
        breadcrumbs=[(STORE[0], None)],
    )


@router.get("/statements/tail")
def tail(
    request: Request, db: Db, _staff: StaffSubject, settings: SettingsDep, asked: AskedFor, after: Key = None
) -> Response:
    """The rows that have come after a key, as a piece of a page; `X-Last-Key` is where to go on."""
    found = service.arrived(db, asked, settings.zone, after=after or 0)
    headers = {"X-Last-Key": str(found.newest), "X-Count": str(len(found.lines)), "Cache-Control": "no-store"}
    return render(request, "lrs/statement_rows.html", found=found, headers=headers)


@router.get("/statements/{statement_id}")
def statement(request: Request, db: Db, _staff: StaffSubject, statement_id: str) -> Response:
    """One statement: in plain words, and as it is stored."""
    line = service.read(db, statement_id)
    return render(
        request,
        "lrs/statement.html",
        line=line,
        json=service.pretty(line),
        breadcrumbs=[STORE, ("Statement", None)],
    )


@router.get("/charts")
def charts(
    request: Request,
    db: Db,
    _staff: StaffSubject,
    settings: SettingsDep,
    days: Annotated[str, Query(max_length=4)] = "30",
    person: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Verbs over time, time on task, scores; of one person with her number."""
    chosen = int(days) if days.isascii() and days.isdigit() and int(days) in PERIODS else 30
    user_id = int(person) if person.isascii() and person.isdigit() and len(person) < 10 else None
    return render(
        request,
        "lrs/charts.html",
        charts=service.charts(db, settings.zone, chosen, user_id),
        days=chosen,
        periods=PERIODS,
        user_id=user_id,
        breadcrumbs=[STORE, ("Charts", None)],
    )


__all__ = ["Asked", "router"]
