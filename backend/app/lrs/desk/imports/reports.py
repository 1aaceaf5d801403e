"""The list of imports and of what one refused, described."""

from collections.abc import Mapping
from typing import Any

from app.web.reports import Column, Kind, Report


def sender_of(row: Any) -> str:
    """Who sent the file: a person, or the command line."""
    return row.sender or ("" if row.XapiImport.sha256 else "Command")


IMPORTS = Report[Any](
    name="imports",
    title="Imported files",
    columns=(
        Column("file", "File", lambda row: row.XapiImport.file_name, sort="file"),
        Column("size", "Size", lambda row: row.XapiImport.size_bytes, Kind.BYTES, on_page=False),
        Column("state", "Status", lambda row: row.XapiImport.status, Kind.STATUS, sort="state"),
        Column("new", "New", lambda row: row.XapiImport.stored, Kind.NUMBER, sort="new"),
        Column("known", "Known", lambda row: row.XapiImport.known, Kind.NUMBER, sort="known"),
        Column("refused", "Refused", lambda row: row.XapiImport.refused, Kind.NUMBER, sort="refused"),
        Column("reason", "Reason", lambda row: row.XapiImport.error, on_page=False),
        Column("sender", "Sent by", sender_of),
        Column("sent_at", "Sent", lambda row: row.XapiImport.created_at, Kind.MOMENT, sort="sent"),
        Column("ended_at", "Ended", lambda row: row.XapiImport.finished_at, Kind.MOMENT, on_page=False),
    ),
    search="Search by the file’s name",
    names_people=False,
)
REFUSED = Report[Mapping[str, Any]](
    name="refused",
    title="Refused statements",
    columns=(
        Column("line", "Line", lambda fault: fault["line"], Kind.NUMBER),
        Column("reason", "Reason", lambda fault: fault["reason"]),
    ),
    names_people=False,
)
