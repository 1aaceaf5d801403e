"""Lists of the system as PDF: read aloud in order, neither numbered nor signed nor kept."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, BinaryIO

from app.core.clock import local
from app.core.permissions import internal
from app.documents.render.printable import REFUSED, canonical
from app.documents.render.service import render_loosely
from app.documents.signing import Signer
from app.settings import Settings
from app.web import formats
from app.web.reports import Column, Kind, Table
from app.web.reports.pdf import WritePdf

LAYOUT = "report.typ"
SECONDS = 60.0
"""Five thousand rows take several seconds."""


def writer(settings: Settings) -> WritePdf:
    """How reports become PDFs."""

    def write(table: Table, file: BinaryIO) -> None:
        rows = [
            [_legible(shown(column, value, table)) for column, value in zip(table.columns, row, strict=True)]
            for row in table.rows
        ]
        data = {
            "title": _legible(table.title),
            "about": [[_legible(label), _legible(text)] for label, text in table.about],
            "headers": [_legible(column.label) for column in table.columns],
            "numeric": [column.kind.numeric for column in table.columns],
            "rows": rows,
            "landscape": table.landscape,
            "made_on": local(table.made_at, table.zone).date().isoformat(),
        }
        file.write(render_loosely(settings, LAYOUT, canonical(data), seconds=SECONDS))

    return write


@internal("makes a file of what somebody may take out")
def signed_list(
    settings: Settings,
    key: Signer,
    *,
    title: str,
    about: Sequence[tuple[str, str]],
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    made_on: date,
    school: str,
) -> bytes:
    """A list as a PDF that the school signs, for what goes with it: unlike a document it has no number of its own.

    What cannot be printed is left out: one odd name must not stop it.
    """
    data = {
        "title": _legible(title),
        "about": [[_legible(label), _legible(text)] for label, text in about],
        "headers": [_legible(header) for header in headers],
        "numeric": [False for _ in headers],
        "rows": [[_legible(cell) for cell in row] for row in rows],
        "landscape": True,
        "made_on": made_on.isoformat(),
    }
    pdf = render_loosely(settings, LAYOUT, canonical(data), seconds=SECONDS)
    from app.documents.pades import sign  # noqa: PLC0415 - 13 MB that most processes never need

    return sign(pdf, key, reason=title, school=school)


def shown(column: Column[Any], value: Any, table: Table) -> str:
    """A value as a reader of the page sees it."""
    if value is None:
        return formats.NOTHING
    match column.kind:
        case Kind.MINUTES:
            return formats.duration_minutes(value)
        case Kind.CENTS:
            return formats.dollars(value)
        case Kind.PERCENT:
            return formats.percent(value)
        case Kind.STATUS:
            return str(value).replace("_", " ").capitalize()
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return formats.local_time(value, table.zone)
    if isinstance(value, date):
        return formats.day(value, table.zone)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(item) for item in value)
    return str(value)


def _legible(text: str) -> str:
    """The text on one line, composed; what cannot be printed is left out, for one odd name must not stop a list."""
    spaced = " ".join(text.split())
    return unicodedata.normalize(
        "NFC", "".join(sign for sign in spaced if unicodedata.category(sign) not in REFUSED)
    )
