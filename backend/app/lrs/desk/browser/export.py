"""Statements as files: CSV for a spreadsheet, NDJSON for another LRS.

An answer may take minutes and its reader may pause, so no transaction is held meanwhile: each chunk is read in one
of its own, from the key where the one before ended. Statements never change, so the file is the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from app.core import clock, history
from app.core.actions import Action
from app.core.permissions import Subject
from app.core.visibility import Records
from app.db.session import Database
from app.lrs.desk.browser import queries, service
from app.lrs.desk.browser.filters import FiltersGiven, StatementFilters
from app.lrs.desk.browser.presentation import Line, line_of
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.filters import Filter
from app.settings import Settings
from app.web.pace import EXPORTS, Paced
from app.web.reports import Column, Kind
from app.web.reports.files import csv_stream
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(prefix="/lrs", include_in_schema=False)
READS = [Requires(*Records.STATEMENTS.value)]


def _result(name: str) -> Callable[[Line], Any]:
    return lambda line: (line.payload.get("result") or {}).get(name)


def _score(name: str) -> Callable[[Line], Any]:
    return lambda line: ((line.payload.get("result") or {}).get("score") or {}).get(name)


COLUMNS: list[Column[Line]] = [
    Column("stored", "Stored", lambda line: line.stored, Kind.MOMENT),
    Column("happened", "Happened", lambda line: line.at, Kind.MOMENT),
    Column("person", "Person", lambda line: line.who),
    Column("identifier", "Identifier", lambda line: identity(line.payload.get("actor", {}))),
    Column("verb", "Verb", lambda line: line.did),
    Column("verb_iri", "Verb IRI", lambda line: line.verb),
    Column("activity", "Activity", lambda line: line.what),
    Column("activity_iri", "Activity IRI", lambda line: line.object_id),
    Column("success", "Success", _result("success"), Kind.YES_NO),
    Column("completion", "Completion", _result("completion"), Kind.YES_NO),
    Column("score_scaled", "Score (scaled)", _score("scaled"), Kind.NUMBER),
    Column("score_raw", "Score (raw)", _score("raw"), Kind.NUMBER),
    Column("duration", "Duration", _result("duration")),
    Column(
        "registration", "Registration", lambda line: (line.payload.get("context") or {}).get("registration")
    ),
    Column("statement", "Statement", lambda line: line.id),
]


@router.get("/statements.csv", dependencies=[Paced(EXPORTS), *READS])
def as_csv(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, filters: FiltersGiven
) -> Response:
    """One line a statement, the oldest first."""
    chunks = _chunks(request, db, subject, settings, filters, "csv")
    lines = (line_of(found) for chunk in chunks for found in chunk)
    return _download(csv_stream(COLUMNS, lines, settings.zone), "text/csv; charset=utf-8", "csv")


@router.get("/statements.ndjson", dependencies=[Paced(EXPORTS), *READS])
def as_ndjson(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, filters: FiltersGiven
) -> Response:
    """One statement a line, as it is stored, the oldest first."""
    chunks = _chunks(request, db, subject, settings, filters, "ndjson")
    lines = ("".join(f"{found.payload}\n" for found in chunk).encode() for chunk in chunks)
    return _download(lines, "application/x-ndjson", "ndjson")


def _chunks(
    request: Request, db: Session, subject: Subject, settings: Settings, filters: StatementFilters, form: str
) -> Iterator[list[queries.Found]]:
    # What cannot be read is said now, as a page, and not in the middle of a file.
    sought = service.exported(db, subject, filters, settings.zone)
    query = sought.query
    head = queries.last_key(db) + 1
    bounded = replace(query, before=head if query.before is None else min(head, query.before))
    details: dict[str, Any] = {"format": form, **filters.query()}
    history.record(db, subject, Action.STATEMENTS_EXPORTED, None, **details)
    database: Database = request.app.state.database
    return chunks_of(database, bounded, sought.agents)


def chunks_of(database: Database, query: Filter, agents: list[str] | None) -> Iterator[list[queries.Found]]:
    """All that matches in chunks, each read in a transaction of its own."""
    while True:
        with database.begin() as session:
            found = service.chunk(session, query, agents)
        if not found:
            return
        yield found
        query = service.following(query, found[-1].key)


def _download(chunks: Iterator[bytes], media_type: str, ending: str) -> StreamingResponse:
    name = service.export_name(clock.now(), ending)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(chunks, media_type=media_type, headers=headers)
