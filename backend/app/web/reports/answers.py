"""The answer of a list's address: its page, or the whole list as a file."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO
from urllib.parse import quote

from fastapi import Request, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from app.core import clock, history, proof
from app.core.actions import Action
from app.core.errors import Invalid
from app.core.permissions import Actor, Subject
from app.core.seals import service as seals
from app.db.replica import failed_itself
from app.settings import Settings
from app.web import formats
from app.web.listing import Listing, Whole
from app.web.paging import MOST_COUNTED
from app.web.render import render
from app.web.reports import files, groups, pdf
from app.web.reports.description import Choice, Column, Filter, Grouping, Kind, Report

_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024

Write = Callable[[pdf.Table, BinaryIO], None]
Choices = Mapping[str, Sequence[Choice]]


@dataclass(frozen=True)
class View:
    """A report as its page's template uses it."""

    title: str
    search: str
    columns: list[dict[str, Any]]
    """What `data_table` takes."""
    described: list[Column[Any]]
    filters: list[dict[str, Any]]
    groupings: list[Choice]
    grouping: str
    formats: list[Choice]
    chart: dict[str, Any] | None
    narrowed: bool
    """Whether a filter is set."""


def answer(
    request: Request,
    session: Session,
    subject: Subject,
    report: Report[Any],
    listing: Listing[Any],
    template: str,
    *,
    choices: Choices | None = None,
    file_name: str | None = None,
    about: Mapping[str, str] | None = None,
    chart: dict[str, Any] | None = None,
    **context: Any,
) -> Response:
    """The page of the list from `template`, or a file when the query asks for a `format`.

    The template gets `page`, `paging`, `report` (a `View`) and `context`. `choices` are the values of filters that
    are known now only; `about` is what else a file should say of itself; `chart` stands over a list that a rule worked
    out. Raises Invalid for a grouping that the
    report does not have and for a file that would be too large.
    """
    paging = listing.paging
    grouping = groups.chosen(report, paging.group)
    filters = _filters(request, subject, report, choices or {})
    shown, filed = report.shown(subject), report.filed(subject)
    if grouping is not None:
        listing = groups.grouped(listing, grouping, _settings(session).zone.key)
        shown = list(groups.columns(report, grouping, named=True))
        filed = list(groups.columns(report, grouping, named=False))
    if paging.format:
        said = {**_said(filters, listing, grouping), **(about or {})}
        return file_of(
            session, subject, report, listing, paging.format, columns=filed, name=file_name, about=said
        )
    if grouping is not None:
        chart = groups.chart_of(report, grouping, listing)
    elif report.chart_by:
        chart = groups.chart_over(report, listing, _settings(session).zone.key)
    view = View(
        title=report.title,
        search=report.search,
        columns=[_heading(column) for column in shown],
        described=shown,
        filters=filters,
        groupings=[(one.name, one.label) for one in report.groupings],
        grouping=paging.group,
        formats=offered(),
        chart=chart,
        narrowed=any(one["value"] for one in filters),
    )
    return render(request, template, page=listing.page(MOST_COUNTED), paging=paging, report=view, **context)


def _settings(session: Session) -> Settings:
    settings: Settings = session.info["settings"]
    return settings


def offered() -> list[Choice]:
    """The formats that a list can be taken out in."""
    known = [("csv", "CSV"), ("xlsx", "Excel (XLSX)"), ("json", "JSON")]
    return known if pdf.writer() is None else [*known[:2], ("pdf", "PDF"), known[2]]


def file_of(
    session: Session,
    subject: Subject,
    report: Report[Any],
    listing: Whole,
    form: str,
    *,
    columns: Sequence[Column[Any]] | None = None,
    name: str | None = None,
    about: Mapping[str, str] | None = None,
) -> Response:
    """The whole list as a file, and a row in the history if it names people.

    The file is written before the answer begins (past 1 MiB to disk), from one snapshot of the database: a slow
    reader holds no transaction, a file is whole or an error page, and memory does not grow with the list.
    """
    if report.names_people:
        # Asked before the work, and not only when it is recorded.
        proof.require(subject, Action.REPORT_EXPORTED, {})
    file: BinaryIO = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # type: ignore[assignment]  # noqa: SIM115
    try:
        media_type, _rows = write_file(
            session, subject, report, listing, form, file, columns=columns, about=about
        )
    except BaseException:
        file.close()
        raise
    return download(file, f"{name or report.name}.{form}", media_type)


def write_file(
    session: Session,
    subject: Actor,
    report: Report[Any],
    listing: Whole,
    form: str,
    file: BinaryIO,
    *,
    columns: Sequence[Column[Any]] | None = None,
    about: Mapping[str, str] | None = None,
) -> tuple[str, int]:
    """Write the whole list into an open file, with a row in the history if it names people.

    Its media type, and how many rows it has.
    """
    settings = _settings(session)
    write, media_type = _writer(form, listing)
    wanted = list(columns if columns is not None else report.filed(subject))
    now = clock.now()
    said = {
        "School": settings.school_name,
        **{label: text for label, text in (about or {}).items() if text},
        "Taken out": f"{formats.local_time(now, settings.zone)} by {subject.full_name}",
        "Time zone": settings.zone.key,
    }
    sealed = dict[str, str]()
    if seal := seals.latest(session):
        # On paper, out of the database's reach: what was sealed by then can be held against it.
        sealed["History seal"] = f"{seal.number} {seal.hash.hex()}"

    def written(source: Whole, behind_seconds: float = 0.0) -> int:
        counted = 0
        # A seal may cover rows that a standby does not have yet.
        of = (
            {"As of": formats.local_time(now - timedelta(seconds=behind_seconds), settings.zone)}
            if behind_seconds
            else sealed
        )

        def values() -> Iterator[list[Any]]:
            nonlocal counted
            for row in source.rows():
                counted += 1
                yield [column.of(row) for column in wanted]

        table = pdf.Table(
            report.title, [*said.items(), *of.items()], wanted, values(), settings.zone, now, report.landscape
        )
        write(table, file)
        return counted

    counted = _from_the_replica(session, subject, listing, file, written)
    if counted is None:
        counted = written(listing)
    if report.names_people:
        details: dict[str, Any] = {"filters": dict(about)} if about else {}
        history.record(
            session, subject, Action.REPORT_EXPORTED, report.name, format=form, rows=counted, **details
        )
    return media_type, counted


def _from_the_replica(
    session: Session, subject: Actor, listing: Whole, file: BinaryIO, written: Callable[[Whole, float], int]
) -> int | None:
    """Write a file from the standby; None where there is none, it cannot be used, or it broke off.

    A student's transaction has a role of its own on the server, which goes nowhere else.
    """
    replica = session.info.get("replica")
    if replica is None or subject.is_student:
        return None
    start = file.tell()
    with replica.reading(session) as reading:
        if reading is None:
            return None
        try:
            return written(listing.on(reading.session), reading.behind_seconds)
        except DBAPIError as error:
            if failed_itself(session):
                raise
            replica.failed(error)
    file.seek(start)
    file.truncate()
    return None


def download(file: BinaryIO, name: str, media_type: str) -> StreamingResponse:
    """A file that is written as an answer; it is closed when it has been sent."""
    size = file.tell()
    file.seek(0)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_chunks(file), media_type=media_type, headers=headers)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _writer(form: str, listing: Whole) -> tuple[Write, str]:
    if form == "csv":
        return files.write_csv, "text/csv; charset=utf-8"
    if form == "json":
        return files.write_json, "application/json"
    if form == "xlsx":
        _bounded(listing, files.MOST_XLSX_ROWS, "An Excel file", "download it as CSV")
        return files.write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    write = pdf.writer()
    if write is None:
        raise Invalid("PDFs are not available on this system. Download the list as CSV or Excel instead.")
    _bounded(listing, pdf.MOST_ROWS, "A PDF", "download it as Excel or CSV")
    return write, "application/pdf"


def _bounded(listing: Whole, most: int, what: str, instead: str) -> None:
    total = listing.total()
    if total > most:
        raise Invalid(
            f"{what} holds {most:,} rows, and this list has {total:,}. Narrow the list with the search or the "
            f"filters, or {instead}."
        )


def _heading(column: Column[Any]) -> dict[str, Any]:
    heading: dict[str, Any] = {"label": column.label}
    if column.sort:
        heading["sort"] = column.sort
    if column.kind.numeric:
        heading["numeric"] = True
    if column.kind is Kind.ACTION:
        heading["hidden_label"] = True
    return heading


def _filters(
    request: Request, subject: Subject, report: Report[Any], choices: Choices
) -> list[dict[str, Any]]:
    return [
        _asked(request, one, choices.get(one.name, one.choices))
        for one in report.filters
        if one.visible(subject)
    ]


def _asked(request: Request, one: Filter, choices: Sequence[Choice]) -> dict[str, Any]:
    """A filter with what the query string says of it; a value that is not among the choices is none."""
    value = request.query_params.get(one.name, "")
    texts = dict(choices)
    known = value in texts if choices else bool(value)
    return {
        "name": one.name,
        "label": one.label,
        "everything": one.everything or f"Any {one.label.lower()}",
        "choices": choices,
        "is_day": one.is_day,
        "hidden": one.hidden,
        "value": value if known else "",
        "text": texts.get(value, value) if known else "",
    }


def _said(
    filters: Sequence[Mapping[str, Any]], listing: Listing[Any], grouping: Grouping | None
) -> dict[str, str]:
    said = {one["label"]: one["text"] for one in filters if one["text"]}
    if listing.paging.q:
        said["Search"] = listing.paging.q
    if grouping is not None:
        said["Grouped by"] = grouping.label
    return said
