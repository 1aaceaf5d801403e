"""The list of imports and the faults of one, described."""

from collections.abc import Mapping
from typing import Any

from app.web.reports import Column, Kind, Report

IMPORTS = Report[Any](
    name="imports",
    title="Imports",
    columns=(
        Column("number", "Number", lambda row: row.DataImport.id, Kind.NUMBER, on_page=False),
        Column(
            "file",
            "File",
            lambda row: row.DataImport.file_name,
            sort="file",
            link=lambda row: f"/imports/{row.DataImport.id}",
        ),
        Column("kind", "Records", lambda row: row.DataImport.kind.capitalize(), sort="kind"),
        Column("status", "Status", lambda row: row.DataImport.status, Kind.STATUS, sort="status"),
        Column("rows", "Rows", lambda row: row.DataImport.rows_total, Kind.NUMBER),
        Column(
            "imported",
            "Imported",
            lambda row: row.DataImport.rows_done if row.DataImport.imported_at else 0,
            Kind.NUMBER,
        ),
        Column("sender", "Uploaded by", lambda row: row.sender or "Command line"),
        Column("sent_at", "Sent", lambda row: row.DataImport.created_at, Kind.MOMENT, sort="sent"),
        Column(
            "imported_at", "Imported on", lambda row: row.DataImport.imported_at, Kind.MOMENT, on_page=False
        ),
        Column("undone_at", "Undone on", lambda row: row.DataImport.undone_at, Kind.MOMENT, on_page=False),
    ),
    search="Search by file or person",
    names_people=False,
)
FAULTS = Report[Mapping[str, Any]](
    name="import-faults",
    title="Rows to correct",
    columns=(
        Column("row", "Row", lambda fault: fault["row"], Kind.NUMBER),
        Column("field", "Field", lambda fault: fault["field"]),
        Column("value", "Value", lambda fault: fault["value"]),
        Column("message", "What to do", lambda fault: fault["message"]),
    ),
    # Email addresses and names are among the values.
    names_people=True,
)
